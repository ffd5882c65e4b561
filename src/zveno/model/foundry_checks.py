"""Cross-checks of foundry.yaml: every name leads somewhere, needs and routings hold together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from zveno.errors import Fault, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import line_of, unknown
from zveno.model.foundry import Driver, FoundryFile, Need, Product, WorkCentre
from zveno.text.mark import tr

_CALENDAR_H = 8784.0
"""Hours of a leap year."""


def foundry_faults(model: ChainModel) -> list[Fault]:
    """Everything in foundry.yaml that does not hold together with itself and with the chain."""
    if model.foundry is None:
        return []
    checks: tuple[Callable[[ChainModel, FoundryFile], Iterator[Fault]], ...] = (
        _plant_faults,
        _id_faults,
        _work_centre_faults,
        _driver_faults,
        _product_faults,
        _relining_faults,
        _customer_faults,
    )
    return [one for check in checks for one in check(model, model.foundry)]


def _plant_faults(model: ChainModel, foundry: FoundryFile) -> Iterator[Fault]:
    """The plant is one of the chain, and a foundry."""
    plants = {one.id: one.kind for one in model.chain.plants}
    where = model.places.get("plant", "")
    if foundry.plant not in plants:
        yield replace(unknown(model, "foundry.yaml", "plant", foundry.plant, plants), where=where)
    elif plants[foundry.plant] != "foundry":
        message = tr("plant '{plant}' is of the kind '{kind}': foundry.yaml needs one of the kind 'foundry'")
        yield fault(message, where, plant=foundry.plant, kind=plants[foundry.plant])


def _id_faults(model: ChainModel, foundry: FoundryFile) -> Iterator[Fault]:
    """Every id once, also among the units and streams of the chain: messages and reports name them alike."""
    chain = model.chain
    taken = {one.id for group in (chain.plants, chain.units, chain.streams, chain.boundaries) for one in group}
    for id_, times in Counter(one.id for one in foundry.titled).items():
        if times > 1 or id_ in taken:
            message = tr("the id '{id}' is given {times} times: make each id unique")
            yield fault(message, model.places.get(id_, ""), id=id_, times=times + (id_ in taken))


def _work_centre_faults(model: ChainModel, foundry: FoundryFile) -> Iterator[Fault]:
    """Work centres stand in sections of the plant and work no longer than the calendar and their shifts allow."""
    sections = [each.id for one in model.chain.plants if one.id == foundry.plant for each in one.sections]
    for one in foundry.work_centres:
        if one.section not in sections:
            yield unknown(model, one.id, "section", one.section, sections)
        try:
            hours = model.number(one.available, "h")
        except ZvenoError:  # told with the other numbers
            continue
        if hours > _longest_h(one):
            message = tr("work centre '{centre}' is available {hours} h a year, but can be only {limit} h at most")
            where = line_of(model, one.id, "available")
            yield fault(message, where, centre=one.id, hours=hours, limit=round(_longest_h(one), 1))


def _longest_h(centre: WorkCentre) -> float:
    """Hours of a leap year that all places of a work centre can be manned."""
    at = centre.attendance
    share = 1.0 if at is None else min(at.shifts_a_day * at.hours / 24, 1) * at.days_a_week / 7
    return centre.count * _CALENDAR_H * share


def _driver_faults(model: ChainModel, foundry: FoundryFile) -> Iterator[Fault]:
    """Drivers count streams or units that exist, and not both."""
    flows = {*model.streams, *(one.id for one in model.chain.groups)}
    for one in foundry.drivers:
        for n, part in enumerate(one.parts):
            if part.stream and part.stream not in flows:
                yield unknown(model, one.id, f"parts.{n}.stream", part.stream, flows)
            if part.unit and not any(fnmatchcase(unit, part.unit) for unit in model.units):
                yield unknown(model, one.id, f"parts.{n}.unit", part.unit, model.units)
            if part.stream and part.unit:
                message = tr("a part of driver '{driver}' names a stream and a unit: count the one or the other")
                yield fault(message, line_of(model, one.id, f"parts.{n}.unit"), driver=one.id)
        if len({bool(part.stream) for part in one.parts}) > 1:
            message = tr("driver '{driver}' adds tonnes to hours: let all its parts name streams, or none")
            yield fault(message, line_of(model, one.id, "parts"), driver=one.id)


def _product_faults(model: ChainModel, foundry: FoundryFile) -> Iterator[Fault]:
    """Products name metals, drivers, operations and work centres that exist."""
    metals = [one.id for one in foundry.metals]
    drivers = {one.id: one for one in foundry.drivers}
    known = {
        "operation": [one.id for one in foundry.operations],
        "work_centre": [one.id for one in foundry.work_centres],
    }
    for one in foundry.products:
        if one.metal not in metals:
            yield unknown(model, one.id, "metal", one.metal, metals)
        for n, need in enumerate(one.needs):
            yield from _need_faults(model, one, n, need, drivers)
        for n, step in enumerate(one.routing):
            for key, names in known.items():
                name = getattr(step, key)
                if name not in names:
                    yield unknown(model, one.id, f"routing.{n}.{key}", name, names)


def _need_faults(
    model: ChainModel, product: Product, n: int, need: Need, drivers: dict[str, Driver]
) -> Iterator[Fault]:
    """A need has one rate: kg per tonne, or pieces or mass for every amount."""
    where = line_of(model, product.id, f"needs.{n}")
    if need.driver not in drivers:
        yield unknown(model, product.id, f"needs.{n}.driver", need.driver, drivers)
        return
    given = [key for key in ("rate", "pieces", "mass") if getattr(need, key) is not None]
    if len(given) != 1:
        message = tr("a need of '{product}' must have one of 'rate', 'pieces' and 'mass'")
        yield fault(message, where, product=product.id)
    elif (need.every is None) != (need.rate is not None):
        message = tr("a need of '{product}': 'pieces' and 'mass' are for 'every' amount of the driver, a 'rate' is not")
        yield fault(message, where, product=product.id)
    elif need.rate is not None and not drivers[need.driver].parts[0].stream:
        message = tr("a need of '{product}' is a rate per tonne, but driver '{driver}' counts hours")
        yield fault(message, where, product=product.id, driver=need.driver)


def _relining_faults(model: ChainModel, foundry: FoundryFile) -> Iterator[Fault]:
    """Relinings name units and products; a campaign is a time or a number of charges."""
    products = [one.id for one in foundry.products]
    for one in foundry.relinings:
        if not any(fnmatchcase(unit, one.units) for unit in model.units):
            yield unknown(model, one.id, "units", one.units, model.units)
        for n, lining in enumerate(one.campaigns):
            if (lining.lasts is None) == (lining.charges is None):
                message = tr("a campaign of relining '{relining}' needs either 'lasts' or 'charges'")
                yield fault(message, line_of(model, one.id, f"campaigns.{n}"), relining=one.id)
        for n, casting in enumerate(one.castings):
            if casting.product and casting.product not in products:
                yield unknown(model, one.id, f"castings.{n}.product", casting.product, products)


def _customer_faults(model: ChainModel, foundry: FoundryFile) -> Iterator[Fault]:
    """Who takes castings is a plant or a boundary, and what is hauled or kept ready is a product."""
    takers = {*(one.id for one in model.chain.plants), *model.boundaries}
    products = [one.id for one in foundry.products]
    named: list[tuple[str, str, tuple[str, ...], Collection[str]]] = []
    for driver in foundry.drivers:
        named += [(driver.id, f"parts.{n}.customer", (one.customer,), takers) for n, one in enumerate(driver.parts)]
    for haul in foundry.transport:
        named += [(haul.id, "customers", haul.customers, takers), (haul.id, "products", haul.products, products)]
    for n, spare in enumerate(foundry.spares.critical):
        named += [("spares", f"critical.{n}.product", (spare.product,), products)]
        named += [("spares", f"critical.{n}.at", spare.at, takers)]
    for owner, key, names, known in named:
        for name in names:
            if name not in known:
                yield unknown(model, owner, key, name, known)
