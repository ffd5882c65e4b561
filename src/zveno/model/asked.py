"""Cross-checks of what a description asks to be reported: plans, published figures, recoveries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

from zveno.errors import Fault, QuantityError, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import line_of, unknown, uom_faults
from zveno.model.types import PlanLine, Recovery
from zveno.periods import Period, zone
from zveno.quantities import INTEGRALS, uom_of
from zveno.text.mark import tr

_WEIGHTS = ("wet_mass", "mass")
_DIRECTIONS: Mapping[tuple[str, bool], str] = MappingProxyType(
    {
        ("feeds", True): tr("a recovery names '{name}' as a feed, but it does not enter the plant '{plant}'"),
        ("products", True): tr("a recovery names '{name}' as a product, but it does not leave the plant '{plant}'"),
        ("feeds", False): tr("the chain's recovery names '{name}' as a feed, but it does not come from a boundary"),
        ("products", False): tr("the chain's recovery names '{name}' as a product, but it ends at no boundary"),
    }
)


def asked_faults(model: ChainModel) -> list[Fault]:
    """Plan lines, published figures and recoveries that do not hold together with the chain."""
    checks: tuple[Callable[[ChainModel], Iterator[Fault]], ...] = (_plan_faults, _published_faults, _recovery_faults)
    return [one for check in checks for one in check(model)]


def _plan_faults(model: ChainModel) -> Iterator[Fault]:
    """Plan lines have a period, a fact to be held against, and a line to be divided by."""
    lines = {one.id for one in model.chain.plans}
    for line in model.chain.plans:
        if line.per and line.per not in lines - {line.id}:
            yield unknown(model, line.id, "per", line.per, lines - {line.id})
        yield from _fact_faults(model, line)
        yield from _period_faults(model, line.id, line.period)


def _period_faults(model: ChainModel, owner: str, text: str) -> Iterator[Fault]:
    """A period can be read."""
    try:
        Period.parse(text, zone("UTC+00:00"))
    except ZvenoError as error:
        yield Fault(error.faults[0].message, error.faults[0].fields, line_of(model, owner, "period"))


def _published_faults(model: ChainModel) -> Iterator[Fault]:
    """A published figure is a mass of streams that exist, in a period, with its source."""
    owners = {one.id for one in model.chain.owners}
    for one in model.chain.published:
        known = model.streams if one.owner else {**model.streams, **{group.id: group for group in model.chain.groups}}
        for name in one.streams:
            if name not in known:
                yield unknown(model, one.id, "streams", name, known)
        if one.component not in ("solids", *model.chain.components):
            yield unknown(model, one.id, "component", one.component, model.chain.components)
        if one.owner and one.owner not in owners:
            yield unknown(model, one.id, "owner", one.owner, owners)
        if one.source not in model.chain.sources:
            yield unknown(model, one.id, "source", one.source, model.chain.sources)
        yield from uom_faults(line_of(model, one.id, "uom"), one.id, one.uom, ("mass",))
        yield from _period_faults(model, one.id, one.period)


def _fact_faults(model: ChainModel, line: PlanLine) -> Iterator[Fault]:
    """A plan line names either meters or tags, they exist, and can be summed in the unit of measure of the line."""
    if bool(line.meter) == bool(line.tag):
        message = tr("plan line '{line}' must name its fact: either 'meter' or 'tag', not both and not neither")
        yield fault(message, line_of(model, line.id), line=line.id)
        return
    key, pattern = ("meter", line.meter) if line.meter else ("tag", line.tag)
    known: Mapping[str, object] = model.meters if line.meter else model.tags
    found = [one for one in known if fnmatchcase(one, pattern)]
    where = line_of(model, line.id, key)
    if not found:
        yield unknown(model, line.id, key, pattern, known)
    for name in found if line.meter else ():
        if model.meters[name].quantity not in _WEIGHTS:
            message = tr("plan line '{line}' sums '{meter}', which reads '{quantity}': name meters of a mass")
            yield fault(message, where, line=line.id, meter=name, quantity=model.meters[name].quantity)
    for name in found if line.tag else ():
        if _dimension(model.tags[name].uom) not in {"", *INTEGRALS}:
            message = tr("plan line '{line}' sums '{tag}' in '{uom}' over time: name tags of a power or a flow")
            yield fault(message, where, line=line.id, tag=name, uom=model.tags[name].uom)
    rates = {_dimension(model.tags[name].uom) for name in found} if line.tag else set()
    sums = {"mass"} if line.meter else {_dimension(INTEGRALS[one][1]) for one in rates if one in INTEGRALS}
    yield from uom_faults(line_of(model, line.id, "uom"), line.id, line.uom, tuple(sorted(sums)))


def _dimension(uom: str) -> str:
    """What a unit of measure measures; empty where it is not known."""
    try:
        return uom_of(uom).dimension
    except QuantityError:
        return ""


def _direction_faults(model: ChainModel, one: Recovery, owner: str) -> Iterator[Fault]:
    """Feeds enter the plant (or the chain), products leave it."""
    for key, names, inner, outer in (
        ("feeds", one.feeds, "target", "source"),
        ("products", one.products, "source", "target"),
    ):
        for name in names:
            members = [each for each in model.chain.streams if name in (each.id, each.group)]
            within = [each for each in members if model.plant_of(getattr(each, inner)) == one.plant]
            if not one.plant:
                within = [each for each in members if getattr(each, outer).partition(":")[0] in model.boundaries]
            if members and not within:
                where = line_of(model, owner, key)
                yield fault(_DIRECTIONS[key, bool(one.plant)], where, name=name, plant=one.plant)
            if key == "feeds" and name in one.products:
                message = tr("a recovery names '{name}' both as feed and as product")
                yield fault(message, line_of(model, owner, "products"), name=name)


def _recovery_faults(model: ChainModel) -> Iterator[Fault]:
    """Recoveries name plants, streams, groups and stocks that exist."""
    plants = {one.id for one in model.chain.plants}
    flows = {*model.streams, *(one.id for one in model.chain.groups)}
    for index, one in enumerate(model.chain.recoveries):
        owner = f"recoveries/{index}"
        if one.plant and one.plant not in plants:
            yield unknown(model, owner, "plant", one.plant, plants)
        for key, names, known in (
            ("feeds", one.feeds, flows),
            ("products", one.products, flows),
            ("stocks", one.stocks, set(model.stocks)),
            ("components", one.components, set(model.chain.components)),
        ):
            for name in names:
                if name not in known:
                    yield unknown(model, owner, key, name, known)
        yield from _direction_faults(model, one, owner)
        for key, names in (("feeds", one.feeds), ("products", one.products)):
            if not names:
                message = tr("'{key}' of a recovery is empty: a recovery needs feeds and products")
                yield fault(message, line_of(model, owner, key), key=key)
            for group in {model.streams[name].group for name in names if name in model.streams} - {""}:
                left_out = sorted({each.id for each in model.chain.streams if each.group == group} - {*names})
                if left_out and group not in names:
                    yield fault(
                        "'{key}' of a recovery names a part of the group '{group}', which is balanced as one: name "
                        "the group, or also {left_out}",
                        line_of(model, owner, key), key=key, group=group, left_out=", ".join(left_out),
                    )  # fmt: skip
