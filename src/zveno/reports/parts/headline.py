"""The month in a few figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from zveno.model.types import Recovery
from zveno.reports.document import Block, Cell, Fact, Facts, Heading, Kind, Tone, measured
from zveno.reports.parts.index import BalanceIndex, recovery_rule
from zveno.reports.parts.recovery import verdict
from zveno.reports.shown import MASS
from zveno.reports.streams import balanced_name, stream_title
from zveno.tables.figure import row_address
from zveno.text.catalogue import Catalogue

_MOST_FACTS = 6
_PURE = 0.9995
"""Grade above which two decimals of a per cent would say 100."""


def headline_part(
    index: BalanceIndex, recoveries: pl.DataFrame, unaccounted: pl.DataFrame, text: Catalogue, plant: str = ""
) -> list[Block]:
    """Feed, product, recovery and unaccounted copper of a plant, or of the whole chain where none is named.

    A plant without a recovery to report has what is weighed on its way in and out; a chain without one, a heading.
    """
    component = index.model.chain.components[0]
    heading = Heading("summary", text("Key figures"), text("Summary"))
    rule = recovery_rule(index.model, plant, component)
    if rule is None:
        weighed = _weighed(index, plant, unaccounted, text) if plant else []
        return [heading, Facts(tuple(weighed))] if weighed else [heading]
    return [heading, Facts(tuple(_facts(index, rule, recoveries, unaccounted, text)))]


def _facts(
    index: BalanceIndex, rule: Recovery, recoveries: pl.DataFrame, unaccounted: pl.DataFrame, text: Catalogue
) -> list[Fact]:
    """Facts of a plant in order of weight; the chain's dry masses are of too many kinds to be added."""
    component = index.model.chain.components[0]

    def mass(label: str, ids: tuple[str, ...], quantity: str, said: str = "") -> Fact:
        return Fact(label, index.sum_cell(rule, ids, quantity, text), Kind.MASS, "t", said)

    into, out = text("{component} in feed", component=component), text("{component} in product", component=component)
    recovery = _recovery_fact(index, rule, component, recoveries, text)
    left = unaccounted_fact(rule.plant, component, unaccounted, text)
    if not rule.plant:
        return [
            recovery,
            mass(into, rule.feeds, component, _names(index, rule.feeds, text)),
            mass(out, rule.products, component, _names(index, rule.products, text)),
            left,
        ]
    return [
        recovery,
        mass(text("Dry feed"), rule.feeds, MASS),
        mass(into, rule.feeds, component, _grade_words(index, rule.feeds, text)),
        mass(text("Product dispatched, dry"), rule.products, MASS),
        mass(out, rule.products, component, _grade_words(index, rule.products, text)),
        left,
    ]


def _weighed(index: BalanceIndex, plant: str, unaccounted: pl.DataFrame, text: Catalogue) -> list[Fact]:
    """Dry masses known to come in and go out, then what is unaccounted of the first component where it is balanced."""
    component, found = index.model.chain.components[0], []
    site = next(one.site for one in index.model.chain.plants if one.id == plant)
    sides = index.streams[plant].sides
    for stream in (*sides["in"], *sides["out"])[:_MOST_FACTS]:
        row = index.flows.get((stream, MASS), {})
        if row.get("mass_t") is not None:
            address = row_address("flows", row, "mass_t")
            cell = measured(row["mass_t"], row["mass_sd_t"], Kind.MASS, address=address)
            found.append(Fact(stream_title(index.model, stream, text, site), cell, Kind.MASS, "t", text("dry mass")))
    if _row(unaccounted, plant=plant, component=component):
        found.append(unaccounted_fact(plant, component, unaccounted, text))
    return found


def _names(index: BalanceIndex, ids: tuple[str, ...], text: Catalogue) -> str:
    """What is added up, without the places it comes from."""
    model = index.model
    found = []
    for one in ids:
        ends = (model.streams[one].source, model.streams[one].target)
        plants = {model.plant_of(end) for end in ends}
        site = next((plant.site for plant in model.chain.plants if plant.id in plants), "")
        found.append(stream_title(model, balanced_name(model, one), text, site))
    return ", ".join(dict.fromkeys(found))


def unaccounted_fact(plant: str, component: str, unaccounted: pl.DataFrame, text: Catalogue) -> Fact:
    """What the readings of a plant leave open, with the verdict in words."""
    row = _row(unaccounted, plant=plant, component=component)
    judged = verdict(row.get("mass_t"), row.get("mass_sd_t"), text)
    mass = measured(row.get("mass_t"), row.get("mass_sd_t"), Kind.MASS, word=text("unobservable"))
    address = row_address("unaccounted", row, "mass_t")
    cell = Cell(mass.value, mass.half_width, mass.digits, word=mass.word, tone=judged.tone, address=address)
    return Fact(text("{component} unaccounted", component=component), cell, Kind.MASS, "t", str(judged.value))


def _recovery_fact(
    index: BalanceIndex, rule: Recovery, component: str, recoveries: pl.DataFrame, text: Catalogue
) -> Fact:
    """Overall recovery with the direct one in words."""
    overall = _row(recoveries, plant=rule.plant, component=component, kind="overall")
    direct = _row(recoveries, plant=rule.plant, component=component, kind="direct")
    shown = text.percent(direct.get("recovery_frac"), 1)
    return Fact(
        text("{component} recovery, overall", component=component),
        measured(
            overall.get("recovery_frac"),
            overall.get("recovery_sd_frac"),
            Kind.FRACTION,
            word=text("unobservable"),
            formula=index.recovery(rule, component, "overall"),
            address=row_address("recoveries", overall, "recovery_frac"),
        ),
        Kind.FRACTION,
        "%",
        text("direct {value} %", value=shown),
    )


def _row(table: pl.DataFrame, **keys: str) -> Mapping[str, Any]:
    """The row with these keys, or an empty one."""
    found = table.filter(*(pl.col(name) == value for name, value in keys.items())).rows(named=True)
    return found[0] if found else {}


def _grade_words(index: BalanceIndex, ids: tuple[str, ...], text: Catalogue) -> str:
    """Mean grade in words; nothing where it can't be known."""
    component = index.model.chain.components[0]
    names = {balanced_name(index.model, one) for one in ids}
    masses = [index.flows.get((one, MASS), {}).get("mass_t") for one in names]
    parts = [index.flows.get((one, component), {}).get("mass_t") for one in names]
    if None in masses or None in parts or not sum(one or 0.0 for one in masses):
        return ""
    grade = sum(one or 0.0 for one in parts) / sum(one or 0.0 for one in masses)
    digits = 4 if grade > _PURE else 2
    return text("at {value} % {component}", value=text.percent(grade, digits), component=component)


def counts(
    *,
    suspects: pl.DataFrame,
    breaches: pl.DataFrame,
    gaps: pl.DataFrame,
    rejected: pl.DataFrame | None,
    text: Catalogue,
) -> Facts:
    """How many things ask for attention; rejected cells where they are given."""
    classes = suspects["class_id"].n_unique() if suspects.height else 0
    missing = int((gaps["expected"] - gaps["present"]).sum()) if gaps.height else 0
    rows: list[tuple[str, int, str, Tone]] = [
        (text("Suspects"), classes, text("classes of readings that do not fit"), "bad"),
        (text("Breaches"), breaches.height, text("episodes against the rules"), "warn"),
        (text("Missing readings"), missing, text("did not come"), "warn"),
    ]
    if rejected is not None:
        rows.append((text("Rejected cells"), rejected.height, text("could not be read"), "warn"))
    return Facts(tuple(_count_fact(*row, text) for row in rows))


def _count_fact(label: str, n: int, words: str, tone: Tone, text: Catalogue) -> Fact:
    """A number of things; none is good."""
    shown = Cell(float(n), digits=0, tone=tone if n else "good")
    return Fact(label, shown, Kind.COUNT, "", words if n else text("none"))
