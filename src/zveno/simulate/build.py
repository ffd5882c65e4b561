"""From the description to arrays: names become numbers, ores become components, units get their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy

from zveno.errors import Fault, ModelError
from zveno.model.chain import ChainModel
from zveno.model.types import Figure, Stream, Unit
from zveno.simulate.basis import ENTRAINMENT, Basis, FloatClass, Floats
from zveno.simulate.by_size import figures_by_size
from zveno.simulate.checks import (
    instance_faults,
    is_calculated,
    is_simulated,
    outlet_of,
    range_faults,
    table_of,
    unit_faults,
)
from zveno.simulate.materials import assays, composition, followed, fractions, table
from zveno.simulate.ore import OreMake, make_of, stacked
from zveno.simulate.plan import OUTSIDE, Link
from zveno.simulate.scenario import Scenarios
from zveno.simulate.sizing import Sizing
from zveno.simulate.solve import Circuit
from zveno.simulate.units import UNIT_MODELS, UNIT_PARAMETERS, ElementUnit, UnitModel
from zveno.simulate.units.furnace import FUEL_ELEMENTS, Furnace


@dataclass(frozen=True)
class Build:
    """A circuit with the names of its streams and the element matrix (S or 1, elements, C)."""

    circuit: Circuit
    streams: tuple[str, ...]
    elements: Floats


def build(model: ChainModel, scenarios: Scenarios) -> tuple[Build, ...]:
    """Circuits of a description, one for each set of units that streams join.

    Raises
    ------
    ModelError
        If units, streams or ores are wrong; lists every fault found at that stage.
    """
    faults = unit_faults(model, scenarios.day)
    if faults:
        raise ModelError(faults)
    units = [one for one in model.units.values() if one.model]
    if not units:
        raise ModelError("no unit has a model, so there is nothing to simulate")
    return tuple(_build_one(model, scenarios, group) for group in _joined(model, units))


def _joined(model: ChainModel, units: Sequence[Unit]) -> list[list[Unit]]:
    """Units grouped by the streams that join them."""
    at = {one.id: n for n, one in enumerate(units)}
    ends = [(one.source.partition(":")[0], one.target.partition(":")[0]) for one in model.streams.values()]
    pairs = np.array([(at[a], at[b]) for a, b in ends if a in at and b in at], dtype=int).reshape(-1, 2)
    graph = scipy.sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(at), len(at)))
    count, labels = scipy.sparse.csgraph.connected_components(graph, directed=False)
    return [[one for one, label in zip(units, labels, strict=True) if label == n] for n in range(count)]


def _build_one(model: ChainModel, scenarios: Scenarios, units: Sequence[Unit]) -> Build:
    """One circuit."""
    at = {one.id: n for n, one in enumerate(units)}
    streams = [
        one
        for one in model.streams.values()
        if one.target.partition(":")[0] in at or one.source.partition(":")[0] in at
    ]
    ores = [model.ores[one] for one in dict.fromkeys(one.ore for one in streams if one.ore)]
    elements = followed(model, units, streams, ores)
    traced = tuple(dict.fromkeys((*model.chain.components, *(name for ore in ores for name in ore.trace))))
    makes = [make_of(model, ore, scenarios, traced if elements else model.chain.components) for ore in ores]
    basis = _basis(model, makes, elements)
    if elements:
        basis = replace(basis, composition=composition(model, makes, traced, basis))
    circuit = Circuit(
        basis=basis,
        ids=tuple(at),
        units=tuple(_supplied(model, one, streams, basis, scenarios) for one in units),
        links=tuple(_link(model, one, at) for one in streams),
        feeds={
            n: _feed(one, makes, basis, scenarios)
            for n, one in enumerate(streams)
            if not is_calculated(model, one) and not _asked_for(model, one)
        },
        scenarios=scenarios.names,
    )
    assayed = (
        _element_matrix(model, makes, basis) if basis.composition is None else assays(model, basis.composition, basis)
    )
    return Build(circuit, tuple(one.id for one in streams), assayed)


def _asked_for(model: ChainModel, stream: Stream) -> bool:
    """A stream that a simulated unit asks for at one of its inlets."""
    return ":" in stream.target and is_simulated(model, stream.target)


def _basis(model: ChainModel, makes: Sequence[OreMake], elements: Sequence[str]) -> Basis:
    """Components of a circuit: every ore's minerals by class and size, elements if they are followed, and water."""
    rows = [
        (make.id, mineral, name)
        for make in makes
        for mineral in make.minerals
        for name in make.floats.classes
        for _ in range(make.sizes.shape[1])
    ]
    minerals = [model.minerals[mineral] for _, mineral, _ in rows]
    groups = (*(one.group for one in minerals), *("element" for _ in elements), "water")
    rates = [_flat(make.floats.k_per_min) for make in makes]
    rest: list[tuple[str, str, FloatClass]] = [*(("", one, "element") for one in elements), ("", "water", "water")]
    keys = [*rows, *rest]
    return Basis(
        ores=tuple(ore for ore, _, _ in keys),
        minerals=tuple(mineral for _, mineral, _ in keys),
        classes=tuple(name for _, _, name in keys),
        groups=groups,
        sg=np.array([*(one.sg for one in minerals), *np.ones(len(rest))]),
        k_per_min=_side_by_side([*rates, np.zeros((1, len(rest)))]),
        entrainment=_side_by_side([*(_followed(model, one) for one in makes), np.zeros((1, len(rest)))]),
        sizing=_sizing(makes, len(rest)),
    )


def _followed(model: ChainModel, make: OreMake) -> Floats:
    """How the components of an ore follow the water, shape (S or 1, components)."""
    group = np.array([ENTRAINMENT.get(model.minerals[one].group, 0.5) for one in make.minerals])
    sizes = make.followers[:, None, None, :]
    shape = (len(sizes), len(group), len(make.floats.classes), sizes.shape[-1])
    return _flat(np.broadcast_to(group[:, None, None] * sizes, shape))


def _sizing(makes: Sequence[OreMake], rest: int) -> Sizing | None:
    """Size classes of the components of the ores, and of the ``rest``, which have none."""
    if not any(len(one.sieves_um) for one in makes):
        return None
    at, ore, redrawn, shares = [], [], [], []
    for n, make in enumerate(makes):
        count, sizes = len(make.minerals) * make.width, make.sizes.shape[1]
        sized = bool(len(make.sieves_um))
        at += [k % sizes if sized else -1 for k in range(count)]
        ore += [n] * count
        redrawn += [sized and bool(one) for one in np.repeat(make.floats.by_size, make.width)]
        shares.append(_flat(make.floats.share))
    breaks = [make.breakage for make in makes]
    return Sizing(
        sieves_um=next(make.sieves_um for make in makes if len(make.sieves_um)),
        at=np.array([*at, *[-1] * rest]),
        ore=np.array([*ore, *[0] * rest]),
        class_share=_side_by_side([*shares, np.ones((1, rest))]),
        redrawn=np.array([*redrawn, *[False] * rest]),
        breakage=stacked(breaks),
    )


def _flat(values: Floats) -> Floats:
    """Values (S or 1, M, classes, sizes) by component, shape (S or 1, components)."""
    return values.reshape(len(values), -1)


def _side_by_side(blocks: Sequence[Floats]) -> Floats:
    """Arrays (S or 1, columns) joined along the columns."""
    rows = max(len(one) for one in blocks)
    return np.concatenate([np.broadcast_to(one, (rows, one.shape[1])) for one in blocks], axis=1)


def _element_matrix(model: ChainModel, makes: Sequence[OreMake], basis: Basis) -> Floats:
    """Mass fraction of each followed element in each component, shape (S or 1, elements, C)."""
    elements = model.chain.components
    stoichiometric = np.zeros((1, len(elements), len(basis)))
    for n, mineral in enumerate(basis.minerals[:-1]):
        composition = model.minerals[mineral].composition
        stoichiometric[0, :, n] = [composition.get(one, 0.0) for one in elements]
    matrix = np.repeat(stoichiometric, max([1, *(len(make.trace) for make in makes)]), axis=0)
    start = 0
    for make in makes:
        traces = np.repeat(make.trace, make.width, axis=2)
        matrix[:, :, start : start + traces.shape[2]] += traces
        start += traces.shape[2]
    return matrix


def _feed(stream: Stream, makes: Sequence[OreMake], basis: Basis, scenarios: Scenarios) -> Floats:
    """Mass flows of a feed stream, t/h, shape (S, C)."""
    flow = np.zeros((len(scenarios.names), len(basis)))
    dry = scenarios.stream_values(stream.id, "feed", stream.feed or 0.0)
    _refuse_negative(stream, dry)
    if stream.material:
        flow[:] = dry[:, None] * fractions(scenarios.model.materials[stream.material], scenarios, basis)
        _wet(stream, flow, dry, stream.feed_water or 0.0, scenarios)
        return flow
    if not stream.ore:
        flow[:, -1] = dry
        return flow
    make = next(one for one in makes if one.id == stream.ore)
    at = np.flatnonzero([one == stream.ore for one in basis.ores])
    flow[:, at] = dry[:, None] * make.mass
    moisture = stream.feed_water
    if moisture is None:
        moisture = scenarios.model.ores[stream.ore].moisture
    _wet(stream, flow, dry, moisture, scenarios)
    return flow


def _wet(stream: Stream, flow: Floats, dry: Floats, moisture: float | str | Figure, scenarios: Scenarios) -> None:
    """Add the water of a feed."""
    wet = scenarios.stream_values(stream.id, "feed_water", moisture)
    if not ((wet >= 0) & (wet < 1)).all():
        where = scenarios.model.places.get(stream.id, "")
        raise ModelError("moisture of feed '{stream}' must be at least 0 and less than 1", where, stream=stream.id)
    flow[:, -1] = dry * wet / (1 - wet)


def _refuse_negative(stream: Stream, dry: Floats) -> None:
    """A feed cannot be negative."""
    if (dry < 0).any():
        raise ModelError("feed '{stream}' is negative: {value} t/h", stream=stream.id, value=float(dry.min()))


def _supplied(
    model: ChainModel, unit: Unit, streams: Sequence[Stream], basis: Basis, scenarios: Scenarios
) -> UnitModel:
    """A unit model that knows what stands ready at its inlets, and its table of deportment."""
    ready = _unit(model, unit, scenarios)
    if not isinstance(ready, ElementUnit):
        return ready
    given = unit.parameters.get("deportment")
    if given:
        ready = replace(ready, deportment=table(table_of(model, str(given), tuple(ready.words)), scenarios))
    at_inlet = {one.target.partition(":")[2]: one for one in streams if one.target.partition(":")[0] == unit.id}
    made = [
        fractions(model.materials[at_inlet[inlet].material], scenarios, basis)
        if inlet in at_inlet
        else np.zeros((1, len(basis)))
        for inlet in ready.inlets
    ]
    if not any(one.any() for one in made):
        return ready
    rows = max(len(one) for one in made)
    ready = replace(ready, supplies=np.stack([np.broadcast_to(one, (rows, len(basis))) for one in made], axis=1))
    _refuse_ash(model, unit, ready, basis)
    return ready


def _refuse_ash(model: ChainModel, unit: Unit, ready: ElementUnit, basis: Basis) -> None:
    """Fuel that closes the heat is no part of the balance of slag, so it must burn away."""
    if isinstance(ready, Furnace) and ready.burns:
        ash = [name for name in basis.elements if name not in FUEL_ELEMENTS and ready.supply("fuel", basis, name).any()]
        if ash:
            raise ModelError(
                "fuel that closes the heat of unit '{unit}' leaves ash ({elements}), which its slag does not count:"
                " give coal at the inlet 'coal', or a fuel of C, H, O, N and S alone",
                where=model.places.get(unit.id, ""), unit=unit.id, elements=", ".join(ash),
            )  # fmt: skip


def _unit(model: ChainModel, unit: Unit, scenarios: Scenarios) -> UnitModel:
    """A unit model with one value per scenario where they differ."""
    found = UNIT_MODELS[unit.model]
    values: dict[str, object] = {}
    faults: list[Fault] = []
    where = model.places.get(unit.id, "")
    for one in UNIT_PARAMETERS[unit.model]:
        reference = unit.parameters.get(one.name, one.default)
        if one.table:
            continue
        if one.choices or reference is None:
            values[one.name] = reference
            continue
        names = figures_by_size(model, one, reference)
        array = (
            scenarios.sized_values(names, one.uom)
            if names
            else scenarios.unit_values(unit.id, one.name, reference, one.uom)
        )
        values[one.name] = array
        faults += [each for value in np.unique(array) for each in range_faults(unit.id, one, float(value), where)]
    if faults:
        raise ModelError(faults)
    ready = found(**values)
    faults += instance_faults(model, unit, ready)
    if faults:
        raise ModelError(faults)
    return ready


def _link(model: ChainModel, stream: Stream, at: dict[str, int]) -> Link:
    """A stream by numbers."""
    source = stream.source.partition(":")[0]
    outlet = 0
    if is_simulated(model, source):
        found = UNIT_MODELS[model.units[source].model]
        outlet = found.outlets.index(outlet_of(stream, found))
    target, _, inlet = stream.target.partition(":")
    at_inlet = UNIT_MODELS[model.units[target].model].inlets.index(inlet) if inlet and target in at else -1
    return Link(at.get(source, OUTSIDE), outlet, at.get(target, OUTSIDE), at_inlet)
