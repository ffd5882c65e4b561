"""Check the units of a description against the unit models, and the streams against their outlets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

import numpy as np

from zveno.errors import Fault, Phrase, QuantityError, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import DECIMAL_COMMA, has_decimal_comma, near_match
from zveno.model.types import Figure, Stream, Unit
from zveno.quantities import convert, uom_phrase
from zveno.simulate.by_size import figures_by_size, twofold_faults
from zveno.simulate.units import UNIT_MODELS, UNIT_PARAMETERS, ElementUnit, Parameter, UnitModel, Yard
from zveno.simulate.units.furnace import Furnace
from zveno.simulate.units.unit import TABLE_ROUNDING
from zveno.text.mark import tr


def unit_faults(model: ChainModel, day: date | None = None) -> list[Fault]:
    """Every fault of the simulated part of a description; empty if it can be simulated.

    Units without ``model`` are left alone. ``where`` of a fault is the place of the unit or stream.
    """
    faults = [one for unit in model.units.values() if unit.model for one in _faults_of(model, unit, day)]
    faults += [one for stream in model.streams.values() for one in _stream_faults(model, stream)]
    return [*faults, *_sieve_faults(model), *_mineral_faults(model), *_drive_faults(model)]


def _sieve_faults(model: ChainModel) -> Iterator[Fault]:
    """Sieves that do not fall, and ores with sizes where there are no sieves."""
    sieves, where = model.chain.sieves_um, model.places.get("sieves_um", "")
    if any(fine >= coarse for coarse, fine in pairwise(sieves)) or any(one <= 0 for one in sieves):
        yield fault("'sieves_um' must fall from the coarsest opening to the finest, all above 0", where)
    for ore in model.ores.values():
        if ore.sizes and not sieves:
            message = tr("ore '{ore}' has 'sizes': name the sieves in the key 'sieves_um' of the chain")
            yield fault(message, model.places.get(f"{ore.id}/sizes") or model.places.get(ore.id, ""), ore=ore.id)


def _mineral_faults(model: ChainModel) -> Iterator[Fault]:
    """Minerals that reach a unit which shares out elements, without a yard on the way."""
    for name in reached_by(model, list(model.ores)):
        if issubclass(UNIT_MODELS.get(model.units[name].model, UnitModel), ElementUnit):
            message = tr("minerals reach '{unit}', which counts elements: lead them through a unit of the model 'yard'")
            yield fault(message, model.places.get(name, ""), unit=name)


def reached_by(model: ChainModel, ores: Sequence[str]) -> tuple[str, ...]:
    """Simulated units that minerals of some ores reach; those after a yard or another element unit are not."""
    onward: dict[str, list[str]] = {unit: [] for unit in model.units}
    for stream in model.streams.values():
        onward.setdefault(stream.source.partition(":")[0], []).append(stream.target.partition(":")[0])
    reached = {one.target for one in model.streams.values() if one.ore in ores}
    found, open_ = [], sorted(reached)
    while open_:
        unit = model.units.get(open_.pop())
        if unit is None or not unit.model:
            continue
        found.append(unit.id)
        if not issubclass(UNIT_MODELS.get(unit.model, UnitModel), (Yard, ElementUnit)):
            open_ += [one for one in onward[unit.id] if one not in reached]
            reached.update(onward[unit.id])
    return tuple(found)


def _faults_of(model: ChainModel, unit: Unit, day: date | None) -> Iterator[Fault]:
    """Faults of one unit."""
    where = model.places.get(unit.id, "")
    found = UNIT_MODELS.get(unit.model)
    if found is None:
        near = near_match(unit.model, UNIT_MODELS)
        yield fault("unit '{unit}' has the unknown model '{name}'", where, unit=unit.id, name=unit.model, near=near)
        return
    wrong = list(_parameter_faults(model, unit, day))
    yield from wrong
    if not wrong:
        yield from instance_faults(model, unit, base_unit(model, unit, day))
    yield from _outlet_faults(model, unit, found)
    yield from _inlet_faults(model, unit, found)
    if found.by_size:
        yield from _unsized_faults(model, unit)


def _unsized_faults(model: ChainModel, unit: Unit) -> Iterator[Fault]:
    """A unit that works by size class, with ores in the description that have none."""
    where = model.places.get(unit.id, "")
    if not model.chain.sieves_um:
        message = tr("unit '{unit}' works by size class: name the sieves in the key 'sieves_um' of the chain")
        yield fault(message, where, unit=unit.id)
        return
    for ore in model.ores.values():
        if not ore.sizes and unit.id in reached_by(model, [ore.id]):
            message = tr("unit '{unit}' works by size class, but ore '{ore}' that reaches it has no 'sizes'")
            yield fault(message, where, unit=unit.id, ore=ore.id)


def instance_faults(model: ChainModel, unit: Unit, ready: UnitModel) -> Iterator[Fault]:
    """Faults that show once a unit has its values: they do not fit together, or an open outlet leaks."""
    where = model.places.get(unit.id, "")
    conflict = ready.conflict()
    if conflict:
        yield fault(conflict, where, unit=unit.id)
    if isinstance(ready, Furnace):
        fed = {one.target.partition(":")[2] for one in model.entering.get(unit.id, ())}
        idle = ready.idle_inlet(fed)
        if idle:
            yield fault(idle, where, unit=unit.id)
    wired = {outlet_of(one, type(ready)) for one in model.leaving.get(unit.id, ())}
    for outlet in ready.optional:
        if outlet not in wired and ready.flows_at(outlet):
            message = tr("outlet '{unit}:{outlet}' has no stream, but material goes there")
            yield fault(message, where, unit=unit.id, outlet=outlet)


def base_unit(model: ChainModel, unit: Unit, day: date | None = None) -> UnitModel:
    """The unit model of a unit with the values of the description."""
    found = UNIT_MODELS[unit.model]
    values: dict[str, object] = {}
    for one in UNIT_PARAMETERS[unit.model]:
        if one.name in unit.parameters:
            given = unit.parameters[one.name]
            if not one.table:
                if one.choices:
                    values[one.name] = str(given)
                elif names := figures_by_size(model, one, given):
                    values[one.name] = np.array([[model.number(name, one.uom, day) for name in names]])
                else:
                    values[one.name] = model.number(given, one.uom, day)
    return found(**values)


def _parameter_faults(model: ChainModel, unit: Unit, day: date | None) -> Iterator[Fault]:
    """Unknown, missing, misfit and out-of-range parameters."""
    where = model.places.get(f"{unit.id}/parameters") or model.places.get(unit.id, "")
    known = {one.name: one for one in UNIT_PARAMETERS[unit.model]}
    for name in unit.parameters:
        if name not in known:
            near = near_match(name, known)
            message = tr("unit '{unit}': model '{model}' has no parameter '{name}'")
            yield fault(message, where, unit=unit.id, model=unit.model, name=name, near=near)
    for name, one in known.items():
        if name in unit.parameters:
            yield from _value_faults(model, unit, one, unit.parameters[name], day)
        elif one.default is None:
            message = tr("unit '{unit}': parameter '{name}' ({meaning}) is missing")
            yield fault(message, where, unit=unit.id, name=name, meaning=Phrase(one.meaning))


def _value_faults(
    model: ChainModel, unit: Unit, one: Parameter, given: float | str | Figure, day: date | None
) -> Iterator[Fault]:
    """Faults of one value."""
    where = model.places.get(unit.id, "")
    if one.choices:
        if given not in one.choices:
            message = tr("unit '{unit}': parameter '{name}' must be one of {choices}")
            yield fault(message, where, unit=unit.id, name=one.name, choices=one.choices)
        return
    if one.table:
        yield from _table_faults(model, unit, given, where)
        return
    if isinstance(given, str) and has_decimal_comma(given):
        yield fault(DECIMAL_COMMA, where, key=one.name, got=given, point=given.replace(",", "."))
        return
    if one.by_size and isinstance(given, str):
        yield from twofold_faults(model, given, model.chain.sieves_um)
    if names := figures_by_size(model, one, given):
        yield from _sized_faults(model, unit, one, names, day)
        return
    if isinstance(given, str) and given not in model.parameters:
        message = tr("unit '{unit}': parameter '{name}' names the figure '{figure}', which does not exist")
        near = near_match(given, model.parameters)
        yield fault(message, where, unit=unit.id, name=one.name, figure=given, near=near)
        return
    try:
        value = model.number(given, one.uom, day)
    except QuantityError:
        uom = (model.parameters[given] if isinstance(given, str) else given).uom  # type: ignore[union-attr]
        message = tr(
            "unit '{unit}': parameter '{name}' is given in '{uom}', but must be in '{wanted}' or a unit like it"
        )
        yield fault(message, where, unit=unit.id, name=one.name, uom=uom_phrase(uom), wanted=uom_phrase(one.uom))
        return
    except ZvenoError as error:
        yield from (Fault(each.message, each.fields, where) for each in error.faults)
        return
    yield from range_faults(unit.id, one, value, where)


def _sized_faults(
    model: ChainModel, unit: Unit, one: Parameter, names: Sequence[str], day: date | None
) -> Iterator[Fault]:
    """Figures by size class: one for each class, each as the parameter must be."""
    missing = [name for name in names if name not in model.parameters]
    if missing:
        message = tr("unit '{unit}': parameter '{name}' is given by size class, but lacks the figures {missing}")
        where = model.places.get(unit.id, "")
        yield fault(message, where, unit=unit.id, name=one.name, missing=", ".join(missing))
        return
    for name in names:
        yield from _value_faults(model, unit, one, name, day)


def _table_faults(model: ChainModel, unit: Unit, given: float | str | Figure, where: str) -> Iterator[Fault]:
    """Figures of a table are there, and the shares of each element add up to 1."""
    found = UNIT_MODELS[unit.model]
    words = tuple(found.words) if issubclass(found, ElementUnit) else ()
    table = table_of(model, str(given), words)
    if not table:
        message = tr("unit '{unit}': no figures begin with '{prefix}', which its table of deportment names")
        yield fault(message, where, unit=unit.id, prefix=f"{given}.", near=near_match(str(given), model.parameters))
    for element, names in table.items():
        missing = [name for name in names if name not in model.parameters]
        if missing:
            message = tr("unit '{unit}': its table of deportment needs the figures {missing}")
            yield fault(message, where, unit=unit.id, missing=", ".join(missing))
            continue
        total = sum(model.number(name, "frac") for name in names)
        if abs(total - 1) > TABLE_ROUNDING:
            message = tr("shares of {element} in the table '{prefix}' add up to {total}, but must to 1")
            yield fault(message, where, element=element, prefix=given, total=round(total, 6))


def table_of(model: ChainModel, prefix: str, words: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Names of the figures of a table, by element, in the order of the words."""
    start = f"{prefix}."
    elements = dict.fromkeys(
        name[len(start) :].partition(".")[0] for name in model.parameters if name.startswith(start)
    )
    return {element: tuple(f"{start}{element}.{word}" for word in words) for element in elements}


def range_faults(unit: str, one: Parameter, value: float, where: str) -> Iterator[Fault]:
    """A value outside the range of its parameter."""
    if not one.low <= value <= one.high:
        yield fault(
            "unit '{unit}': parameter '{name}' is {value} {uom}, outside {low} to {high}",
            where,
            unit=unit,
            name=one.name,
            value=value,
            uom=uom_phrase(one.uom),
            low=one.low,
            high="∞" if one.high == np.inf else one.high,
        )


def _outlet_faults(model: ChainModel, unit: Unit, found: type[UnitModel]) -> Iterator[Fault]:
    """Outlets without a stream or with several, streams from outlets that do not exist, no feed at all."""
    where = model.places.get(unit.id, "")
    leaving: dict[str, list[str]] = {}
    for stream in model.leaving.get(unit.id, ()):
        leaving.setdefault(outlet_of(stream, found), []).append(stream.id)
    for outlet, streams in leaving.items():
        if outlet not in found.outlets:
            message = tr(
                "stream '{stream}' begins at '{unit}:{outlet}', but the outlets of model '{model}' are {outlets}"
            )
            outlets = ", ".join(found.outlets)
            place = model.places.get(streams[0], where)
            yield fault(
                message, place, stream=streams[0], unit=unit.id, outlet=outlet, model=unit.model, outlets=outlets
            )
        elif len(streams) > 1:
            message = tr("outlet '{unit}:{outlet}' has several streams ({streams}): divide it with a splitter")
            yield fault(message, where, unit=unit.id, outlet=outlet, streams=", ".join(streams))
    for outlet in found.outlets:
        if outlet not in leaving and outlet not in found.optional:
            message = tr("outlet '{unit}:{outlet}' has no stream: say where it goes")
            yield fault(message, where, unit=unit.id, outlet=outlet)
    if not any(stream.target == unit.id for stream in model.entering.get(unit.id, ())):
        yield fault("nothing enters unit '{unit}'", where, unit=unit.id)


def _inlet_faults(model: ChainModel, unit: Unit, found: type[UnitModel]) -> Iterator[Fault]:
    """Streams to inlets that do not exist."""
    for stream in model.entering.get(unit.id, ()):
        inlet = stream.target.partition(":")[2]
        if inlet and inlet not in found.inlets:
            place = model.places.get(stream.id, "")
            message = tr("stream '{stream}' ends at '{unit}:{inlet}', but the inlets of model '{model}' are {inlets}")
            inlets = ", ".join(found.inlets) or "–"
            yield fault(message, place, stream=stream.id, unit=unit.id, inlet=inlet, model=unit.model, inlets=inlets)


def outlet_of(stream: Stream, found: type[UnitModel]) -> str:
    """Outlet at which a stream begins; a unit with one outlet needs no name for it."""
    outlet = stream.source.partition(":")[2]
    return outlet or (found.outlets[0] if len(found.outlets) == 1 else "")


def _stream_faults(model: ChainModel, stream: Stream) -> Iterator[Fault]:
    """Feeds without a value, values on streams that are calculated."""
    where = model.places.get(stream.id, "")
    if is_calculated(model, stream):
        if stream.feed is not None:
            message = tr("stream '{stream}' is calculated by unit '{unit}' and cannot have a feed")
            yield fault(message, where, stream=stream.id, unit=stream.source.partition(":")[0])
    elif is_simulated(model, stream.target) and ":" in stream.target:
        if stream.feed is not None or not stream.material:
            message = tr("stream '{stream}' is asked for by unit '{unit}': it needs 'material', and no 'feed'")
            yield fault(message, where, stream=stream.id, unit=stream.target.partition(":")[0])
    elif is_simulated(model, stream.target):
        if stream.feed is None:
            message = tr("stream '{stream}' feeds unit '{unit}', so it needs 'feed'")
            yield fault(message, where, stream=stream.id, unit=stream.target)
        elif not stream.ore and not stream.material and stream.kind != "water":
            message = tr("feed '{stream}' needs 'ore' or 'material', or kind 'water'")
            yield fault(message, where, stream=stream.id)


def is_simulated(model: ChainModel, place: str) -> bool:
    """A unit, or unit:outlet, that has a unit model."""
    unit = model.units.get(place.partition(":")[0])
    return unit is not None and bool(unit.model)


def is_calculated(model: ChainModel, stream: Stream) -> bool:
    """A stream that comes from a simulated unit."""
    return is_simulated(model, stream.source)


def _drive_faults(model: ChainModel) -> Iterator[Fault]:
    """A tag that moves a parameter which its unit's model does not have, or which is measured otherwise."""
    for tag in model.tags.values():
        where = model.places.get(f"{tag.id}/drives") or model.places.get(tag.id, "")
        for drive in tag.drives:
            unit = model.units.get(drive.unit)
            if unit is None or (unit.model not in UNIT_MODELS and unit.model):  # told elsewhere
                continue
            known = {one.name: one for one in UNIT_PARAMETERS.get(unit.model, ()) if not one.choices}
            if drive.parameter not in known:
                message = tr("tag '{tag}' drives '{name}' of unit '{unit}', which has no such parameter")
                near = near_match(drive.parameter, known)
                yield fault(message, where, tag=tag.id, name=drive.parameter, unit=drive.unit, near=near)
                continue
            try:
                convert(0.0, tag.uom, known[drive.parameter].uom)
            except QuantityError as error:
                yield from (Fault(one.message, one.fields, where) for one in error.faults)
