"""Everything that a simulation would refuse before it iterates, on every day on which a number changes."""

from __future__ import annotations

from collections.abc import Iterator

from zveno.errors import Fault, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.model.values import days_of_change
from zveno.simulate.build import build
from zveno.simulate.checks import is_simulated, unit_faults
from zveno.simulate.ore import ore_faults
from zveno.simulate.scenario import Scenarios, by_day


def simulation_faults(model: ChainModel, *, sound: bool = True) -> list[Fault]:
    """Faults of units, ores, feeds and circuits; of units alone where other names are not ``sound``.

    A description in which every name leads somewhere and every number has a fitting unit of measure is sound;
    ores and feeds can only be tried in such a one.
    """
    days = days_of_change(model)
    faults = unit_faults(model, days[0])
    if sound and not faults:
        faults = [*_array_faults(model, by_day(model, days)), *_trapped_faults(model)]
    return list({str(one): one for one in faults}.values())


def _array_faults(model: ChainModel, scenarios: Scenarios) -> list[Fault]:
    """What the ores do not allow; with sound ores, what units and feeds do not."""
    faults = [one for ore in model.ores.values() for one in ore_faults(model, ore, scenarios)]
    if faults or not any(unit.model for unit in model.units.values()):
        return faults
    try:
        build(model, scenarios)
    except ZvenoError as error:
        return list(error.faults)
    return []


def _trapped_faults(model: ChainModel) -> Iterator[Fault]:
    """Simulated units from which no stream leads out of the circuit: what enters them could never leave."""
    following: dict[str, set[str]] = {}
    free = set()
    for stream in model.streams.values():
        source = stream.source.partition(":")[0]
        following.setdefault(source, set()).add(stream.target)
        if not is_simulated(model, stream.target):
            free.add(source)
    grown = True
    while grown:
        more = {one for one, targets in following.items() if one not in free and targets & free}
        free |= more
        grown = bool(more)
    trapped = [unit.id for unit in model.units.values() if unit.model and unit.id not in free]
    if trapped:
        yield fault(
            "what enters {units} can never leave: let a stream lead from there to a boundary",
            model.places.get(trapped[0], ""),
            units=", ".join(f"'{one}'" for one in trapped),
        )
