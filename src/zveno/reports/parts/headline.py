"""The month in a few figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.types import Recovery
from zveno.reports.document import Block, Cell, Fact, Facts, Heading, Kind, Paragraph, Tone, measured
from zveno.reports.parts.balance import Flows, by_stream, recovery_formula, sum_cell, verdict
from zveno.reports.parts.words import MASS
from zveno.reports.shown import plants_in_order
from zveno.reports.streams import balanced_name
from zveno.text.catalogue import Catalogue


def headline_part(
    model: ChainModel,
    flows: pl.DataFrame,
    recoveries: pl.DataFrame,
    unaccounted: pl.DataFrame,
    text: Catalogue,
    plant: str = "",
) -> list[Block]:
    """Feed, product, recovery and unaccounted copper of each plant that has a recovery to report, or of one."""
    component = model.chain.components[0]
    found: list[Block] = [Heading("summary", text("Key figures"), text("Summary"))]
    order = [one.id for one in plants_in_order(model) if plant in ("", one.id)]
    rules = [one for one in model.chain.recoveries if component in one.components and one.plant in order]
    rules.sort(key=lambda one: order.index(one.plant))
    for rule in rules:
        if len(rules) > 1:
            found.append(Paragraph(model.title(rule.plant, text.lang)))
        found.append(Facts(tuple(_plant_facts(model, rule, by_stream(flows), recoveries, unaccounted, text))))
    return found


def _plant_facts(
    model: ChainModel,
    rule: Recovery,
    flows: Flows,
    recoveries: pl.DataFrame,
    unaccounted: pl.DataFrame,
    text: Catalogue,
) -> list[Fact]:
    """Facts of one plant, in order of weight."""
    component = model.chain.components[0]
    facts = [
        _recovery_fact(model, rule, component, recoveries, text),
        Fact(text("Dry feed"), sum_cell(model, rule, rule.feeds, MASS, flows, text), Kind.MASS, "t"),
        Fact(
            text("{component} in feed", component=component),
            sum_cell(model, rule, rule.feeds, component, flows, text),
            Kind.MASS,
            "t",
            _grade_words(model, rule.feeds, flows, text),
        ),
        Fact(text("Product dispatched, dry"), sum_cell(model, rule, rule.products, MASS, flows, text), Kind.MASS, "t"),
        Fact(
            text("{component} in product", component=component),
            sum_cell(model, rule, rule.products, component, flows, text),
            Kind.MASS,
            "t",
            _grade_words(model, rule.products, flows, text),
        ),
    ]
    return [*facts, unaccounted_fact(rule.plant, component, unaccounted, text)]


def unaccounted_fact(plant: str, component: str, unaccounted: pl.DataFrame, text: Catalogue) -> Fact:
    """What the readings of a plant leave open, with the verdict in words."""
    row = _row(unaccounted, plant=plant, component=component)
    judged = verdict(row.get("mass_t"), row.get("mass_sd_t"), text)
    mass = measured(row.get("mass_t"), row.get("mass_sd_t"), Kind.MASS, word=text("unobservable"))
    cell = Cell(mass.value, mass.half_width, mass.digits, word=mass.word, tone=judged.tone)
    return Fact(text("{component} unaccounted", component=component), cell, Kind.MASS, "t", str(judged.value))


def _recovery_fact(
    model: ChainModel, rule: Recovery, component: str, recoveries: pl.DataFrame, text: Catalogue
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
            formula=recovery_formula(model, rule, component, "overall"),
        ),
        Kind.FRACTION,
        "%",
        text("direct {value} %", value=shown),
    )


def _row(table: pl.DataFrame, **keys: str) -> Mapping[str, Any]:
    """The row with these keys, or an empty one."""
    found = table.filter(*(pl.col(name) == value for name, value in keys.items())).rows(named=True)
    return found[0] if found else {}


def _grade_words(model: ChainModel, ids: tuple[str, ...], flows: Flows, text: Catalogue) -> str:
    """Mean grade in words; nothing where it can't be known."""
    component = model.chain.components[0]
    names = {balanced_name(model, one) for one in ids}
    masses = [flows.get((one, MASS), {}).get("mass_t") for one in names]
    parts = [flows.get((one, component), {}).get("mass_t") for one in names]
    if None in masses or None in parts or not sum(one or 0.0 for one in masses):
        return ""
    grade = sum(one or 0.0 for one in parts) / sum(one or 0.0 for one in masses)
    return text("at {value} % {component}", value=text.percent(grade, 2), component=component)


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
