"""Cross-checks of a description: every name leads somewhere, every unit of measure fits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from zveno.errors import Fault, QuantityError, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.model.types import Figure, Meter, Stream
from zveno.periods import Period, zone
from zveno.quantities import DIMENSIONS, uom_of, uom_phrase
from zveno.text.mark import tr

_DIMENSIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "wet_mass": ("mass", "mass_flow"),
        "mass": ("mass", "mass_flow"),
        "survey_mass": ("mass",),
        "moisture": ("fraction",),
        "assay": ("fraction",),
    }
)


DECIMAL_COMMA = tr("'{key}' is '{got}', with a decimal comma: write a decimal point, {point}")


def has_decimal_comma(value: object) -> bool:
    """Whether a text is a number but for its comma."""
    return isinstance(value, str) and re.fullmatch(r"\s*[-+]?\d+,\d+\s*", value) is not None


def near_match(word: str, known: Iterable[str]) -> str:
    """The known word most like this one whatever its case, or an empty text."""
    by_lower = {one.lower(): one for one in known}
    found = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""


def chain_faults(model: ChainModel) -> list[Fault]:
    """Everything in the description that does not hold together."""
    checks: tuple[Callable[[ChainModel], Iterator[Fault]], ...] = (
        _identity_faults,
        _zone_faults,
        _section_faults,
        _stream_faults,
        _stock_faults,
        _meter_faults,
        _tag_faults,
        _ore_faults,
        _reference_faults,
        _figure_faults,
        _people_faults,
        _plan_faults,
        _recovery_faults,
    )
    return [one for check in checks for one in check(model)]


def _where(model: ChainModel, id_: str, key: str = "") -> str:
    """Place of a key of a thing, else of the thing."""
    return model.places.get(f"{id_}/{key}") or model.places.get(id_, "")


def _unknown(model: ChainModel, owner: str, key: str, name: str, known: Iterable[str]) -> Fault:
    """A name that leads nowhere."""
    return fault(
        "'{key}' of '{owner}' names '{name}', which does not exist",
        _where(model, owner, key),
        key=key,
        owner=owner,
        name=name,
        near=near_match(name, known),
    )


def _identity_faults(model: ChainModel) -> Iterator[Fault]:
    """Every id once."""
    chain = model.chain
    groups = (
        chain.units,
        chain.streams,
        chain.groups,
        chain.stocks,
        chain.boundaries,
        model.sections.values(),
    )
    balance = [one.id for group in groups for one in group]
    sections = [one.id for plant in chain.plants for one in plant.sections]
    for ids in (
        [*balance, *sections[len(model.sections) :]],
        [one.id for one in chain.meters],
        [one.id for one in chain.tags],
        [one.id for one in chain.minerals],
        [one.id for one in model.people.roles] if model.people else [],
    ):
        for id_, times in Counter(ids).items():
            if times > 1:
                yield fault(
                    "the id '{id}' is given {times} times: make each id unique",
                    model.places.get(id_, ""),
                    id=id_,
                    times=times,
                )


def _zone_faults(model: ChainModel) -> Iterator[Fault]:
    """The time zone can be read."""
    try:
        zone(model.chain.timezone)
    except ZvenoError as error:
        yield from (Fault(one.message, one.fields, model.places.get("timezone", "")) for one in error.faults)


def _section_faults(model: ChainModel) -> Iterator[Fault]:
    """Units stand in sections that exist."""
    for unit in model.chain.units:
        if unit.section not in model.sections:
            yield _unknown(model, unit.id, "section", unit.section, model.sections)


def _stream_faults(model: ChainModel) -> Iterator[Fault]:
    """Streams join units and boundaries; groups, owners, ores and components exist."""
    ends = {*model.units, *model.boundaries}
    groups = {one.id for one in model.chain.groups}
    owners = {one.id for one in model.chain.owners}
    for stream in model.chain.streams:
        for key, end, message in (
            ("from", stream.source, tr("stream '{stream}' begins at '{end}', which does not exist")),
            ("to", stream.target, tr("stream '{stream}' ends at '{end}', which does not exist")),
        ):
            name = end.partition(":")[0]
            if name not in ends:
                where = _where(model, stream.id, key)
                yield fault(message, where, stream=stream.id, end=name, near=near_match(name, ends))
        for key, name, known in (
            ("group", stream.group, groups),
            ("owner", stream.owner, owners),
            ("ore", stream.ore, set(model.ores)),
        ):
            if name and name not in known:
                yield _unknown(model, stream.id, key, name, known)
        yield from _component_faults(model, stream)
        if stream.source == stream.target:
            yield fault(
                "stream '{stream}' begins and ends at the same unit", _where(model, stream.id, "to"), stream=stream.id
            )


def _component_faults(model: ChainModel, owner: Stream | Meter) -> Iterator[Fault]:
    """Components are listed in the chain."""
    for name in owner.components or ():
        if name not in model.chain.components:
            yield _unknown(model, owner.id, "components", name, model.chain.components)


def _stock_faults(model: ChainModel) -> Iterator[Fault]:
    """Stocks lie in sections and are made of a stream or group."""
    materials = {*model.streams, *(one.id for one in model.chain.groups)}
    for stock in model.chain.stocks:
        if stock.section not in model.sections:
            yield _unknown(model, stock.id, "section", stock.section, model.sections)
        if stock.material not in materials:
            yield _unknown(model, stock.id, "material", stock.material, materials)


def _meter_faults(model: ChainModel) -> Iterator[Fault]:
    """Meters measure something that exists, in a unit of measure that fits."""
    known = {*model.streams, *model.stocks, *(one.id for one in model.chain.groups)}
    for meter in model.chain.meters:
        if meter.stream not in known:
            yield _unknown(model, meter.id, "stream", meter.stream, known)
        yield from _component_faults(model, meter)
        if meter.quantity == "assay" and not meter.components:
            yield fault(
                "meter '{meter}' measures assays but lists no components", _where(model, meter.id), meter=meter.id
            )
        wanted = _DIMENSIONS[meter.quantity]
        for uom in (meter.uom, *meter.uoms.values()):
            yield from _uom_faults(model, meter.id, "uom", uom, wanted)


def _uom_faults(model: ChainModel, owner: str, key: str, uom: str, wanted: tuple[str, ...] = ()) -> Iterator[Fault]:
    """A unit of measure is known and of the wanted dimension."""
    try:
        dimension = uom_of(uom).dimension
    except QuantityError as error:
        yield Fault(error.faults[0].message, error.faults[0].fields, _where(model, owner, key))
        return
    if wanted and dimension not in wanted:
        yield fault(
            "'{owner}' needs a unit of {wanted}, but '{uom}' measures {dimension}",
            _where(model, owner, key),
            owner=owner,
            wanted=DIMENSIONS[wanted[0]],
            uom=uom_phrase(uom),
            dimension=DIMENSIONS[dimension],
        )


def _tag_faults(model: ChainModel) -> Iterator[Fault]:
    """Tags sit on units and drive units that exist."""
    known = {*model.units, *model.sections}
    for tag in model.chain.tags:
        if tag.unit not in known:
            yield _unknown(model, tag.id, "unit", tag.unit, known)
        yield from _uom_faults(model, tag.id, "uom", tag.uom)
        for drive in tag.drives:
            if drive.unit not in model.units:
                yield _unknown(model, tag.id, "drives", drive.unit, model.units)


def _ore_faults(model: ChainModel) -> Iterator[Fault]:
    """Ores name minerals; shares of copper sum to one."""
    for ore in model.chain.ores:
        for key, names in (("copper", ore.copper), ("minerals", ore.minerals), ("balance", (ore.balance,))):
            for name in names:
                if name not in model.minerals:
                    yield _unknown(model, ore.id, key, name, model.minerals)
    for mineral in model.chain.minerals:
        total = sum(mineral.composition.values())
        if total > 1.0005:
            yield fault(
                "the composition of '{mineral}' sums to {total}, more than 1",
                _where(model, mineral.id),
                mineral=mineral.id,
                total=round(total, 5),
            )


def _references(model: ChainModel) -> Iterator[tuple[str, str, str]]:
    """Every (owner, key, parameter name) of the description."""
    chain = model.chain
    owners: list[tuple[str, Mapping[str, object]]] = [
        *((one.id, dict(one.parameters)) for one in chain.units),
        *((one.id, {"feed": one.feed, "feed_water": one.feed_water}) for one in chain.streams),
        *((one.id, {"opening": one.opening, "capacity": one.capacity}) for one in chain.stocks),
        *((one.id, {"normal": one.normal}) for one in chain.tags),
        *(
            (
                one.id,
                {"grade": one.grade, "moisture": one.moisture, **one.copper, **one.minerals, **one.trace},
            )
            for one in chain.ores
        ),
    ]
    for owner, values in owners:
        for key, value in values.items():
            if isinstance(value, str):
                yield owner, key, value


def _reference_faults(model: ChainModel) -> Iterator[Fault]:
    """Named parameters exist."""
    for owner, key, name in _references(model):
        if name not in model.parameters:
            inner = "parameters" if owner in model.units else key
            if has_decimal_comma(name):
                where = _where(model, owner, inner)
                yield fault(DECIMAL_COMMA, where, key=key, got=name, point=name.replace(",", "."))
                continue
            yield fault(
                "'{key}' of '{owner}' names the parameter '{name}', which parameters.yaml does not hold",
                _where(model, owner, inner),
                key=key,
                owner=owner,
                name=name,
                near=near_match(name, model.parameters),
            )


def _figure_faults(model: ChainModel) -> Iterator[Fault]:
    """Figures have a value, a known uom, a source that is listed, and lie within their range."""
    for name, figure in model.parameters.items():
        yield from _uom_faults(model, name, "uom", figure.uom)
        yield from _value_faults(model, name, figure)
        for source in filter(None, (part.strip() for part in figure.source.split(","))):
            if source not in model.chain.sources:
                yield _unknown(model, name, "source", source, model.chain.sources)
        days = [one.start for one in figure.dated]
        if len(set(days)) < len(days):
            yield fault("parameter '{name}' has two values from the same day", _where(model, name, "dated"), name=name)


def _value_faults(model: ChainModel, name: str, figure: Figure) -> Iterator[Fault]:
    """There is a value, and every value lies within low and high."""
    values = [one for one in (figure.value, *(step.value for step in figure.dated)) if one is not None]
    if not values:
        yield fault("parameter '{name}' has no value", _where(model, name), name=name)
    for value in values:
        if (figure.low is not None and value < figure.low) or (figure.high is not None and value > figure.high):
            yield fault(
                "parameter '{name}' is {value}, outside its own range {low} to {high}",
                _where(model, name),
                name=name,
                value=value,
                low=figure.low,
                high=figure.high,
            )


def _people_faults(model: ChainModel) -> Iterator[Fault]:
    """Shifts fill the day, the cycle uses them, roles and duties exist."""
    if model.people is None:
        return
    shifts = model.people.shifts
    where = model.places.get("shifts", "")
    hours = sum(one.hours for one in shifts.slots)
    if abs(hours - 24) > 1e-9:
        yield fault("the shifts of a day last {hours} h together, not 24", where, hours=hours)
    slots = {one.id for one in shifts.slots} | {"off"}
    for name in set(shifts.cycle) - slots:
        yield fault(
            "the shift cycle names '{name}', which is no shift",
            where,
            name=name,
            near=near_match(name, slots),
        )
    if len(shifts.crews) != len(shifts.cycle):
        yield fault(
            "{crews} crews cannot take turns through a cycle of {cycle} places: give as many crews as places",
            where,
            crews=len(shifts.crews),
            cycle=len(shifts.cycle),
        )
    for duty in model.people.duties:
        if duty.unit not in {*model.units, *model.sections}:
            yield _unknown(model, "duties", "unit", duty.unit, model.sections)
        if duty.role not in model.roles:
            yield _unknown(model, "duties", "role", duty.role, model.roles)


def _plan_faults(model: ChainModel) -> Iterator[Fault]:
    """Plan lines have a period, a unit of measure and a line to be divided by."""
    lines = {one.id for one in model.chain.plans}
    for line in model.chain.plans:
        yield from _uom_faults(model, line.id, "uom", line.uom)
        if line.per and line.per not in lines:
            yield _unknown(model, line.id, "per", line.per, lines)
        try:
            Period.parse(line.period, zone("UTC+00:00"))
        except Exception as error:
            if not hasattr(error, "faults"):
                raise
            yield Fault(error.faults[0].message, error.faults[0].fields, _where(model, line.id, "period"))


def _recovery_faults(model: ChainModel) -> Iterator[Fault]:
    """Recoveries name plants, streams, groups and stocks that exist."""
    plants = {one.id for one in model.chain.plants}
    flows = {*model.streams, *(one.id for one in model.chain.groups)}
    for index, one in enumerate(model.chain.recoveries):
        owner = f"recoveries/{index}"
        if one.plant not in plants:
            yield _unknown(model, owner, "plant", one.plant, plants)
        for key, names, known in (
            ("feeds", one.feeds, flows),
            ("products", one.products, flows),
            ("stocks", one.stocks, set(model.stocks)),
            ("components", one.components, set(model.chain.components)),
        ):
            for name in names:
                if name not in known:
                    yield _unknown(model, owner, key, name, known)
        for key, names in (("feeds", one.feeds), ("products", one.products)):
            for group in {model.streams[name].group for name in names if name in model.streams} - {""}:
                left_out = sorted({each.id for each in model.chain.streams if each.group == group} - {*names})
                if left_out and group not in names:
                    yield fault(
                        "'{key}' of a recovery names a part of the group '{group}', which is balanced as one: name "
                        "the group, or also {left_out}",
                        _where(model, owner, key), key=key, group=group, left_out=", ".join(left_out),
                    )  # fmt: skip
