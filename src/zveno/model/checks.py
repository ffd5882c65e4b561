"""Cross-checks of a description: every name leads somewhere, every unit of measure fits.

What numbers may be stands in ``values``, who works when in ``crews``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from zveno.errors import Fault, QuantityError, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.model.types import COPPER, Figure, Meter, Ore, Stock, Stream
from zveno.periods import zone
from zveno.quantities import DIMENSIONS, uom_of, uom_phrase
from zveno.text.mark import tr

_DIMENSIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "wet_mass": ("mass", "mass_flow"),
        "mass": ("mass", "mass_flow"),
        "survey_mass": ("mass",),
        "moisture": ("fraction",),
        "assay": ("fraction",),
        "counter": ("mass",),
    }
)
_OF_STOCKS = ("survey_mass", "assay")


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
        _site_faults,
        _section_faults,
        _stream_faults,
        _stock_faults,
        _group_faults,
        _meter_faults,
        _tag_faults,
        _ore_faults,
        _reference_faults,
    )
    return [one for check in checks for one in check(model)]


def line_of(model: ChainModel, id_: str, key: str = "") -> str:
    """Place of a key of a thing (``needs.0.rate`` inside it), else of the thing."""
    inner, outer = f"{id_}/{key.replace('.', '/')}", f"{id_}/{key.partition('.')[0]}"
    return model.places.get(inner) or model.places.get(outer) or model.places.get(id_, "")


def unknown(model: ChainModel, owner: str, key: str, name: str, known: Iterable[str]) -> Fault:
    """A name that leads nowhere."""
    return fault(
        "'{key}' of '{owner}' names '{name}', which does not exist",
        line_of(model, owner, key),
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
        [one.id for one in chain.ores],
        [one.id for one in chain.owners],
        [*(one.id for one in chain.sites), *(one.id for one in chain.plants)],
        [one.id for one in chain.gates],
        [one.id for one in chain.plans],
        list(chain.components),
        [one.id for one in model.people.roles] if model.people else [],
    ):
        for id_, times in Counter(ids).items():
            if times > 1:
                yield fault(
                    "the id '{id}' is given {times} times: make each id unique",
                    model.places.get(id_) or model.places.get("components", ""),
                    id=id_,
                    times=times,
                )


def _zone_faults(model: ChainModel) -> Iterator[Fault]:
    """The time zone can be read."""
    try:
        zone(model.chain.timezone)
    except ZvenoError as error:
        yield from (Fault(one.message, one.fields, model.places.get("timezone", "")) for one in error.faults)


def _site_faults(model: ChainModel) -> Iterator[Fault]:
    """Plants stand on sites that exist."""
    sites = {one.id for one in model.chain.sites}
    for plant in model.chain.plants:
        if plant.site and plant.site not in sites:
            yield unknown(model, plant.id, "site", plant.site, sites)


def _section_faults(model: ChainModel) -> Iterator[Fault]:
    """Units stand in sections that exist; every plant has sections, and something stands in each."""
    for unit in model.chain.units:
        if unit.section not in model.sections:
            yield unknown(model, unit.id, "section", unit.section, model.sections)
    used = {unit.section for unit in model.chain.units}
    for plant in model.chain.plants:
        if not plant.sections:
            message = tr("plant '{plant}' has no sections: give it one at least, in which its units stand")
            yield fault(message, line_of(model, plant.id, "sections"), plant=plant.id)
        for section in plant.sections:
            if section.id not in used:
                message = tr(
                    "section '{section}' is declared, but no unit stands in it: delete it, or name it as the 'section' "
                    "of a unit"
                )
                yield fault(message, _line_of_section(model, section.id, plant.id), section=section.id)


def _line_of_section(model: ChainModel, section: str, plant: str) -> str:
    """Place of a section: its own line, else the sections of its plant."""
    return model.places.get(section) or line_of(model, plant, "sections")


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
                where = line_of(model, stream.id, key)
                yield fault(message, where, stream=stream.id, end=name, near=near_match(name, ends))
        place, _, inlet = stream.target.partition(":")
        if inlet and not (place in model.units and model.units[place].model):  # unit models know their inlets
            message = tr("stream '{stream}' ends at '{end}', but only a 'from' names an outlet: write '{unit}'")
            yield fault(message, line_of(model, stream.id, "to"), stream=stream.id, end=stream.target, unit=place)
        for key, name, known in (
            ("group", stream.group, groups),
            ("owner", stream.owner, owners),
            ("ore", stream.ore, set(model.ores)),
            ("material", stream.material, set(model.materials)),
            ("assayed_as", stream.assayed_as, {*model.streams, *groups} - {stream.id}),
        ):
            if name and name not in known:
                yield unknown(model, stream.id, key, name, known)
        yield from _component_faults(model, stream)
        yield from _content_faults(model, stream)
        if stream.source == stream.target:
            yield fault(
                "stream '{stream}' begins and ends at the same unit", line_of(model, stream.id, "to"), stream=stream.id
            )


def _component_faults(model: ChainModel, owner: Stream | Meter) -> Iterator[Fault]:
    """Components are listed in the chain."""
    for name in owner.components or ():
        if name not in model.chain.components:
            yield unknown(model, owner.id, "components", name, model.chain.components)


def _content_faults(model: ChainModel, owner: Stream | Stock) -> Iterator[Fault]:
    """The component whose mass alone is followed is one of the chain."""
    if owner.content and owner.content not in model.chain.components:
        yield unknown(model, owner.id, "content", owner.content, model.chain.components)


def _stock_faults(model: ChainModel) -> Iterator[Fault]:
    """Stocks lie in sections and are made of a stream or group."""
    materials = {*model.streams, *(one.id for one in model.chain.groups)}
    for stock in model.chain.stocks:
        if stock.section not in model.sections:
            yield unknown(model, stock.id, "section", stock.section, model.sections)
        if stock.material not in materials:
            yield unknown(model, stock.id, "material", stock.material, materials)
        yield from _content_faults(model, stock)


def _group_faults(model: ChainModel) -> Iterator[Fault]:
    """Every group has streams."""
    named = {stream.group for stream in model.chain.streams}
    for group in model.chain.groups:
        if group.id not in named:
            message = tr("group '{group}' is declared, but no stream names it: delete it, or name it as a 'group'")
            yield fault(message, line_of(model, group.id), group=group.id)


def _meter_faults(model: ChainModel) -> Iterator[Fault]:
    """Meters measure something that exists, in a unit of measure that fits."""
    known = {*model.streams, *model.stocks, *(one.id for one in model.chain.groups)}
    for meter in model.chain.meters:
        if meter.stream not in known:
            yield unknown(model, meter.id, "stream", meter.stream, known)
        yield from _component_faults(model, meter)
        yield from _assay_faults(model, meter)
        yield from _kind_faults(model, meter)
        yield from _widened_faults(model, meter)
        yield from _counter_faults(model, meter)
        wanted = _DIMENSIONS[meter.quantity]
        for uom in (meter.uom, *meter.uoms.values()):
            yield from uom_faults(line_of(model, meter.id, "uom"), meter.id, uom, wanted)


def _assay_faults(model: ChainModel, meter: Meter) -> Iterator[Fault]:
    """Assays list components, other quantities none; what is told by component is told of those listed."""
    if meter.quantity == "assay" and not meter.components:
        yield fault("meter '{meter}' measures assays but lists no components", line_of(model, meter.id), meter=meter.id)
    if meter.quantity != "assay" and meter.components:
        message = tr("meter '{meter}' lists components, but reads '{quantity}': only an assay has components")
        yield fault(message, line_of(model, meter.id, "components"), meter=meter.id, quantity=meter.quantity)
    columns = meter.column if isinstance(meter.column, dict) else {}
    for key, names in (("uoms", meter.uoms), ("sd_rel_pcts", meter.sd_rel_pcts), ("column", columns)):
        for name in names:
            if name not in meter.components:
                yield unknown(model, meter.id, key, name, meter.components)


def _widened_faults(model: ChainModel, meter: Meter) -> Iterator[Fault]:
    """Times of wider errors begin before they end."""
    for one in meter.widened:
        if one.start >= one.end:
            message = tr("meter '{meter}' is widened from {start} to {end}: the end must come later")
            yield fault(message, line_of(model, meter.id, "widened"), meter=meter.id, start=one.start, end=one.end)


def _kind_faults(model: ChainModel, meter: Meter) -> Iterator[Fault]:
    """A stock is surveyed and assayed; only a stock is surveyed. No reading is without error."""
    if meter.accounting and not (meter.sd_rel_pct or meter.sd_abs or meter.bias_limit_pct):
        message = tr("meter '{meter}' has no error at all: give its 'sd_rel_pct' or 'sd_abs', or 'accounting: false'")
        yield fault(message, line_of(model, meter.id, "sd_rel_pct"), meter=meter.id)
    where = line_of(model, meter.id, "quantity")
    if meter.stream in model.stocks and meter.quantity not in _OF_STOCKS:
        message = tr("meter '{meter}' reads '{quantity}' of the stock '{stock}': a stock takes only {known}")
        known = ", ".join(_OF_STOCKS)
        yield fault(message, where, meter=meter.id, quantity=meter.quantity, stock=meter.stream, known=known)
    if meter.quantity == "survey_mass" and meter.stream not in model.stocks:
        message = tr("meter '{meter}' surveys '{stream}', which is no stock: name a stock, or read a mass")
        near = near_match(meter.stream, model.stocks)
        yield fault(message, where, meter=meter.id, stream=meter.stream, near=near)


def _counter_faults(model: ChainModel, meter: Meter) -> Iterator[Fault]:
    """A counter stands beside a scale of its stream; only a counter turns over."""
    if meter.quantity == "counter":
        if not any(one.stream == meter.stream and one.quantity in ("wet_mass", "mass") for one in model.chain.meters):
            message = tr("counter '{meter}' has no scale beside it: describe the meter of mass that '{stream}' has")
            yield fault(message, line_of(model, meter.id, "stream"), meter=meter.id, stream=meter.stream)
    elif meter.turns_over_at is not None:
        message = tr("meter '{meter}' turns over, but reads '{quantity}': only a counter does")
        yield fault(message, line_of(model, meter.id, "turns_over_at"), meter=meter.id, quantity=meter.quantity)


def uom_faults(where: str, owner: str, uom: str, wanted: tuple[str, ...] = ()) -> Iterator[Fault]:
    """A unit of measure is known and of the wanted dimension."""
    try:
        dimension = uom_of(uom).dimension
    except QuantityError as error:
        yield Fault(error.faults[0].message, error.faults[0].fields, where)
        return
    if wanted and dimension not in wanted:
        yield fault(
            "'{owner}' needs a unit of {wanted}, but '{uom}' measures {dimension}",
            where,
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
            yield unknown(model, tag.id, "unit", tag.unit, known)
        yield from uom_faults(line_of(model, tag.id, "uom"), tag.id, tag.uom)
        for drive in tag.drives:
            if drive.unit not in model.units:
                yield unknown(model, tag.id, "drives", drive.unit, model.units)


def _ore_faults(model: ChainModel) -> Iterator[Fault]:
    """Ores name minerals, each once; copper minerals hold copper; trace elements are followed."""
    for ore in model.chain.ores:
        for key, names in (("copper", ore.copper), ("minerals", ore.minerals), ("balance", (ore.balance,))):
            for name in names:
                if name not in model.minerals:
                    yield unknown(model, ore.id, key, name, model.minerals)
        for name in ore.trace:
            if name not in model.chain.components:
                yield unknown(model, ore.id, "trace", name, model.chain.components)
        if ore.copper_balance and ore.copper_balance not in ore.copper:
            yield unknown(model, ore.id, "copper_balance", ore.copper_balance, ore.copper)
        yield from _mineral_faults(model, ore)


def _mineral_faults(model: ChainModel, ore: Ore) -> Iterator[Fault]:
    """No mineral of an ore is given twice, and copper is only shared among minerals that hold some."""
    named = Counter([*ore.copper, *ore.minerals, ore.balance])
    for name in (one for one, times in named.items() if times > 1):
        message = tr("ore '{ore}' gives '{mineral}' twice: name a mineral in one of 'copper', 'minerals', 'balance'")
        yield fault(message, line_of(model, ore.id), ore=ore.id, mineral=name)
    for name in ore.copper:
        if name in model.minerals and not model.minerals[name].composition.get(COPPER):
            message = tr("ore '{ore}' shares its copper with '{mineral}', whose composition holds no Cu")
            yield fault(message, line_of(model, ore.id, "copper"), ore=ore.id, mineral=name)


def numbers_of(model: ChainModel) -> Iterator[tuple[str, str, float | str | Figure | None]]:
    """Every (owner, key, number, figure or name of a figure) of chain.yaml and foundry.yaml."""
    chain = model.chain
    owners: list[tuple[str, Mapping[str, float | str | Figure | None]]] = [
        *((one.id, dict(one.parameters)) for one in chain.units),
        *((one.id, {"feed": one.feed, "feed_water": one.feed_water}) for one in chain.streams),
        *((one.id, {"opening": one.opening, "capacity": one.capacity}) for one in chain.stocks),
        *((one.id, dict(one.contents)) for one in chain.materials),
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
            yield owner, key, value
    for number in model.foundry.numbers if model.foundry else ():
        yield number.owner, number.key, number.value


def figures_are_missing(model: ChainModel) -> bool:
    """There are no figures at all, but the description names some."""
    return not model.parameters and any(isinstance(value, str) for _, _, value in numbers_of(model))


def _reference_faults(model: ChainModel) -> Iterator[Fault]:
    """Named parameters exist; one fault for all of them where there are no figures at all."""
    for owner, key, name in numbers_of(model):
        if not isinstance(name, str) or name in model.parameters:
            continue
        if owner in model.units and model.units[owner].model and not figures_are_missing(model):
            continue  # a choice or a table has a word that is no figure: the unit models know theirs
        where = line_of(model, owner, "parameters" if owner in model.units else key)
        if has_decimal_comma(name):
            yield fault(DECIMAL_COMMA, where, key=key, got=name, point=name.replace(",", "."))
            continue
        if figures_are_missing(model):
            message = tr(
                "'{key}' of '{owner}' names the parameter '{name}', but parameters.yaml is missing or empty: write "
                "the figures there"
            )
            yield fault(message, where, key=key, owner=owner, name=name)
            return
        yield fault(
            "'{key}' of '{owner}' names the parameter '{name}', which parameters.yaml does not hold",
            where,
            key=key,
            owner=owner,
            name=name,
            near=near_match(name, model.parameters),
        )
