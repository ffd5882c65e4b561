"""Heat of a furnace from the streams at it, without its own balance."""

from __future__ import annotations

import numpy as np

from zveno.simulate import Simulation
from zveno.simulate.heat import arrivals, products
from zveno.simulate.thermo import parts_of, total
from zveno.simulate.units import UnitModel
from zveno.simulate.units.furnace import Furnace
from zveno.simulate.units.unit import vector


def streams_heat(found: Simulation, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Heat of what enters and of what leaves, MW while the furnace works, each (S,).

    A furnace that closes its heat by temperatures is as much hotter than described as it reports of its slag.
    """
    build, solution = next((b, s) for b, s in found._parts if unit in b.circuit.ids)
    circuit, number = build.circuit, build.circuit.ids.index(unit)
    units = tuple(_hotter(found, name, one) for name, one in zip(circuit.ids, circuit.units, strict=True))
    flows, furnace = solution.flows, units[number]
    assert isinstance(furnace, Furnace)
    entering = sum(
        total(parts_of(one.phase, one.flow, circuit.basis, one.melts), one.temp_k)
        for one in arrivals(number, units, circuit.links, flows)
    )
    out = products(number, furnace, circuit.links, flows)
    made = furnace.made_of(out, circuit.basis)
    leaving = sum(total(part, furnace.temp_of(one)) for part, one in zip(made, furnace.outlets, strict=True))
    running = vector(furnace.running)
    return entering / running, leaving / running


def _hotter(found: Simulation, name: str, unit: UnitModel) -> UnitModel:
    """A furnace at the temperatures that close its heat."""
    if not isinstance(unit, Furnace) or unit.heat != "temperature":
        return unit
    shift = found.unit_result(name, "bath_temp") - vector(unit.slag_temp)
    return unit._with({one: vector(getattr(unit, one)) + shift for one in dict.fromkeys(unit.temps.values())})
