"""Elements of a smelter's streams: which are followed, what minerals, assays and supplies consist of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zveno.errors import ModelError, QuantityError
from zveno.model.chain import ChainModel
from zveno.model.types import Material, Ore, Stream, Unit
from zveno.simulate.basis import Basis, Floats, Ints
from zveno.simulate.chemistry import ATOMIC_WEIGHT, OTHER, contents
from zveno.simulate.moves import NOTHING_MOVES, Moves
from zveno.simulate.ore import OreMake, stacked
from zveno.simulate.scenario import Scenarios
from zveno.simulate.units import UNIT_MODELS, ElementUnit, Table, Yard
from zveno.simulate.units.unit import TABLE_ROUNDING

_ROUNDING = 1e-9


def followed(
    model: ChainModel, units: Sequence[Unit], streams: Sequence[Stream], ores: Sequence[Ore]
) -> tuple[str, ...]:
    """Elements that the streams of a circuit are counted in, ``other`` last; none where nobody counts elements."""
    counts = any(issubclass(UNIT_MODELS[one.model], (ElementUnit, Yard)) for one in units)
    materials = [model.materials[one.material] for one in streams if one.material]
    if not counts and not materials:
        return ()
    found: dict[str, None] = {}
    for material in materials:
        for name in material.contents:
            found.update(dict.fromkeys(_elements_of(name, model.places.get(material.id, ""))))
    for ore in ores:
        for mineral in (*ore.copper, *ore.minerals, ore.balance):
            found.update(dict.fromkeys(one for one in model.minerals[mineral].composition if one in ATOMIC_WEIGHT))
        found.update(dict.fromkeys(ore.trace))
    found.pop(OTHER, None)
    return (*found, OTHER)


def _elements_of(name: str, where: str) -> Mapping[str, float]:
    """Elements of an assayed component; a fault with its place where it is none."""
    try:
        return contents(name)
    except QuantityError as error:
        raise ModelError(error.faults[0].message, where=where, **error.faults[0].fields) from error


def composition(model: ChainModel, makes: Sequence[OreMake], traced: Sequence[str], basis: Basis) -> Moves:
    """Minerals into their elements.

    What a mineral's composition leaves is ``other``. Trace elements that a mineral of full composition carries
    besides take the place of as much of it.
    """
    rows = max([1, *(len(make.trace) for make in makes)])
    at = basis.elements
    found: list[tuple[Ints, Ints, Floats]] = []
    start = 0
    for make in makes:
        for k, mineral in enumerate(make.minerals):
            held = np.zeros((rows, len(basis)))
            for element, part in model.minerals[mineral].composition.items():
                if element in at:
                    held[:, at[element]] = part
            trace = np.zeros_like(held)
            for m, element in enumerate(traced):
                if element in at:
                    trace[:, at[element]] = make.trace[:, m, k]
            room = np.maximum(1 - trace.sum(axis=1, keepdims=True), 0)
            held *= np.minimum(1, room / np.maximum(held.sum(axis=1, keepdims=True), _ROUNDING))
            held += trace
            held[:, at[OTHER]] += 1 - held.sum(axis=1)
            width, made = make.width, np.flatnonzero((held != 0).any(axis=0))
            sources = np.repeat(np.arange(start, start + width), len(made))
            found.append((sources, np.tile(made, width), np.tile(held[:, made], width)))
            start += width
    if not found:
        return NOTHING_MOVES
    sources, targets, shares = (np.concatenate(one, axis=-1) for one in zip(*found, strict=True))
    return Moves(sources, targets, shares)


def assays(model: ChainModel, composition: Moves, basis: Basis) -> Floats:
    """Mass fraction of each component of the chain in each component of the streams, (S or 1, components, C)."""
    rows = np.zeros((len(composition.share), len(model.chain.components), len(basis)))
    for n, name in enumerate(model.chain.components):
        parts = _elements_of(name, model.places.get("components", ""))
        key = next((one for one in parts if one != "O"), "O")
        if key in basis.elements:
            at = composition.target == basis.elements[key]
            rows[:, n, composition.source[at]] = composition.share[:, at]
            rows[:, n, basis.elements[key]] = 1
            rows[:, n] /= parts[key]
    return rows


def fractions(material: Material, scenarios: Scenarios, basis: Basis) -> Floats:
    """Mass fractions (S or 1, C) of a material.

    Raises
    ------
    ModelError
        If they add up to more than one, or one is negative.
    """
    where = scenarios.model.places.get(material.id, "")
    names = list(material.contents)
    values = stacked([scenarios.values(material.contents[name], "frac") for name in names])
    if (values < 0).any() or (values.sum(axis=1) > 1 + _ROUNDING).any():
        total = float(values.sum(axis=1).max())
        raise ModelError(
            "the contents of material '{material}' must not be negative nor add up to more than 1, but give {total}",
            where=where, material=material.id, total=round(total, 6),
        )  # fmt: skip
    made = np.zeros((len(values), len(basis)))
    for n, name in enumerate(names):
        for element, part in _elements_of(name, where).items():
            made[:, basis.elements[element]] += part * values[:, n]
    made[:, basis.elements[OTHER]] += np.maximum(1 - values.sum(axis=1), 0)
    return made


def table(names: Mapping[str, tuple[str, ...]], scenarios: Scenarios) -> Table:
    """Shares of a table of deportment; the rounding of its figures is spread over the outlets."""
    values = [stacked([scenarios.values(name, "frac") for name in row]) for row in names.values()]
    rows = max(len(one) for one in values)
    shares = np.stack([np.broadcast_to(one, (rows, one.shape[1])) for one in values], axis=2)
    totals = shares.sum(axis=1)
    off = np.argwhere(np.abs(totals - 1) > TABLE_ROUNDING)
    if len(off):
        row, n = off[0]
        element, figures = list(names.items())[n]
        raise ModelError(
            "shares of {element} in the table '{prefix}' add up to {total}, but must to 1",
            element=element, prefix=figures[0].rsplit(".", 2)[0], total=round(float(totals[row, n]), 6),
        )  # fmt: skip
    return Table(tuple(names), shares / totals[:, None])
