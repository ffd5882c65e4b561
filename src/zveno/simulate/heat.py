"""Heat of the furnaces of a circuit whose flows are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from zveno.simulate.basis import Basis, Bools, Floats
from zveno.simulate.plan import OUTSIDE, Link
from zveno.simulate.units import ElementUnit, UnitModel
from zveno.simulate.units.furnace import Arrival, Furnace
from zveno.simulate.units.unit import Report, vector

_PASSES = 20
_SAME = 1e-10
FUEL_STANDS = 1e-11
"""Relative change of fuel that counts as none."""


def heated(units: Sequence[UnitModel]) -> list[int]:
    """Numbers of the units that balance their heat."""
    return [n for n, one in enumerate(units) if isinstance(one, Furnace) and one.heat != "none"]


def closed(
    units: Sequence[UnitModel], links: Sequence[Link], flows: Floats, basis: Basis, part: Sequence[int]
) -> tuple[UnitModel, ...]:
    """Units in which every furnace of a part has the enrichment, fuel or temperatures that close its heat.

    ``flows`` has the shape (streams, S, C). A furnace that feeds another may change its heat, so it is asked
    again until nothing moves.
    """
    now = list(units)
    mine = {
        number: unit
        for number, unit in enumerate(units)
        if number in part and isinstance(unit, Furnace) and unit.closes
    }
    leaves_hotter = any(unit.heat == "temperature" for unit in mine.values())
    for _ in range(_PASSES):
        before = list(now)
        for number, unit in mine.items():
            now[number] = unit.closed(arrivals(number, now, links, flows), products(number, unit, links, flows), basis)
        if not leaves_hotter or all(_alike(before[number], now[number]) for number in mine):
            break
    return tuple(now)


def moved_fuel(before: Sequence[UnitModel], after: Sequence[UnitModel], rows: int) -> Bools:
    """Scenarios in which fuel that joins the flows has moved, shape (S,)."""
    moved = np.zeros(rows, dtype=bool)
    for one, other in zip(before, after, strict=True):
        if isinstance(one, Furnace) and isinstance(other, Furnace) and other.burns:
            old, new = vector(one.fuel_tph), vector(other.fuel_tph)
            moved |= np.abs(new - old) > FUEL_STANDS * np.maximum(np.abs(new), FUEL_STANDS)
    return moved


def heat_report(number: int, units: Sequence[UnitModel], links: Sequence[Link], flows: Floats, basis: Basis) -> Report:
    """Heat balance of a furnace; nothing for other units."""
    unit = units[number]
    if not isinstance(unit, Furnace) or unit.heat == "none":
        return {}
    return unit.heat_report(arrivals(number, units, links, flows), products(number, unit, links, flows), basis)


def arrivals(number: int, units: Sequence[UnitModel], links: Sequence[Link], flows: Floats) -> list[Arrival]:
    """Every stream that enters a unit, with what it is and how hot."""
    return [_arrival(link, units, flow) for link, flow in zip(links, flows, strict=True) if link.target == number]


def products(number: int, unit: UnitModel, links: Sequence[Link], flows: Floats) -> list[Floats]:
    """Flows (S, C) that leave a unit, by outlet; zero where no stream starts."""
    found = [np.zeros(flows.shape[1:]) for _ in unit.outlets]
    for link, flow in zip(links, flows, strict=True):
        if link.source == number:
            found[link.outlet] = flow
    return found


def _arrival(link: Link, units: Sequence[UnitModel], flow: Floats) -> Arrival:
    """A stream as the furnace where it ends sees it."""
    target = units[link.target]
    if link.inlet >= 0:
        inlet = target.inlets[link.inlet]
        kind = target.fed_as(inlet) if isinstance(target, Furnace) else "charge"
        return Arrival(flow, kind, main=False, inlet=inlet)
    if link.source == OUTSIDE:
        return Arrival(flow, "charge")
    source = units[link.source]
    outlet = source.outlets[link.outlet]
    phase = source.phases.get(outlet, "charge")
    if not isinstance(source, ElementUnit):
        return Arrival(flow, phase)
    if not isinstance(source, Furnace):
        return Arrival(flow, phase, source.temp_of(outlet))
    temp = None if outlet in source.cools else source.temp_of(outlet)
    return Arrival(flow, phase, temp, melts=source.counted)


def _alike(one: UnitModel, other: UnitModel) -> bool:
    """Nothing of a unit moved."""
    if one is other:
        return True
    pairs = ((getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    return all(
        np.allclose(a, b, rtol=_SAME, atol=0) for a, b in pairs if isinstance(b, (float, np.ndarray)) and a is not b
    )
