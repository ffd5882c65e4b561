"""Parts of a circuit that are built alike, such as the lines of a concentrator: solved as rows of one problem."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import fields, replace
from typing import TypeVar

import numpy as np

from zveno.simulate.basis import Floats
from zveno.simulate.network import Wiring
from zveno.simulate.plan import OUTSIDE, Link, Part
from zveno.simulate.units import Table, UnitModel
from zveno.simulate.units.furnace import Furnace

Model = TypeVar("Model", bound=UnitModel)


def alike(parts: Sequence[Part], units: Sequence[UnitModel], links: Sequence[Link]) -> tuple[tuple[Part, ...], ...]:
    """Parts in the order of flow, those together that have the same units and wiring and do not feed one another.

    They may differ in the values of parameters. A part with a furnace that closes its heat stands alone.
    """
    depths = _depths(parts, links)
    found: dict[Hashable, list[Part]] = {}
    for n in sorted(range(len(parts)), key=depths.__getitem__):
        part = parts[n]
        alone = any(isinstance(units[one], Furnace) and units[one].heat != "none" for one in part.units)  # type: ignore[attr-defined]
        makes = tuple(_make(units[one]) for one in part.units)
        found.setdefault((depths[n], n if alone else -1, Wiring.of(part, links), makes), []).append(part)
    return tuple(tuple(one) for one in found.values())


def _depths(parts: Sequence[Part], links: Sequence[Link]) -> list[int]:
    """How many parts stand before each in a row; ``parts`` are in the order of flow."""
    home = {unit: n for n, part in enumerate(parts) for unit in part.units}
    before: list[set[int]] = [set() for _ in parts]
    for one in links:
        if OUTSIDE not in (one.source, one.target) and home[one.source] != home[one.target]:
            before[home[one.target]].add(home[one.source])
    depths: list[int] = []
    for each in before:
        depths.append(max((depths[n] + 1 for n in each), default=0))
    return depths


def _make(unit: UnitModel) -> Hashable:
    """All of a unit but the values of its parameters."""
    return type(unit), tuple(_kind(getattr(unit, one.name)) for one in fields(unit))


def _kind(value: object) -> Hashable:
    """What must be the same in units alike: everything that is no number."""
    if isinstance(value, Table):
        return value.elements
    if isinstance(value, np.ndarray):
        return tuple(value.shape[1:])
    return () if isinstance(value, float) else str(value)


def side_by_side(units: Sequence[Model], rows: int) -> Model:
    """Units alike (K) as one, whose scenarios are those of the first, then those of the second: K x ``rows``."""
    first = units[0]
    if len(units) == 1:
        return first
    values = {one.name: [getattr(unit, one.name) for unit in units] for one in fields(first)}
    return replace(first, **{name: _joined(each, rows) for name, each in values.items()})


def _joined(values: Sequence[object], rows: int) -> object:
    """One field of units alike."""
    if isinstance(values[0], Table):
        shares = [one.shares for one in values if isinstance(one, Table)]
        return Table(values[0].elements, _stacked(shares, rows))
    if isinstance(values[0], (float, np.ndarray)):
        return _stacked([np.atleast_1d(np.asarray(one, dtype=float)) for one in values], rows)
    return values[0]


def _stacked(arrays: Sequence[Floats], rows: int) -> Floats:
    """Arrays (S or 1, ...) one after another; one row where all are that row."""
    first = arrays[0]
    if len(first) == 1 and all(one is first or np.array_equal(one, first) for one in arrays):
        return first
    return np.concatenate([np.broadcast_to(one, (rows, *one.shape[1:])) for one in arrays])
