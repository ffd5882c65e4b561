"""The month's report: metal balance, discipline and plan in one document."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reconcile import Nominal
from zveno.reports.addresses import SourceCells
from zveno.reports.belongings import Belongings
from zveno.reports.charts import Estimate, recovery_by_day_svg
from zveno.reports.document import Block, Document, Figure, Heading, half_width
from zveno.reports.flowsheet import flowsheet_svg
from zveno.reports.parts.balance import balance_part
from zveno.reports.parts.changed import counters_part, steps_part, swaps_part
from zveno.reports.parts.discipline import breaches_part
from zveno.reports.parts.evidence import eliminations_part, fit_paragraph, gaps_part, suspects_part
from zveno.reports.parts.headline import counts, headline_part
from zveno.reports.parts.index import BalanceIndex
from zveno.reports.parts.links import links_table
from zveno.reports.parts.nominal import nominal_paragraphs
from zveno.reports.parts.overdue import overdue_part
from zveno.reports.parts.plan import plan_part
from zveno.reports.parts.readings import readings_part
from zveno.reports.parts.recovery import recovery_part, unaccounted_part
from zveno.reports.parts.sources import provenance_part, reading_part
from zveno.reports.parts.words import quantity_words
from zveno.reports.shown import MASS, plants_in_order
from zveno.reports.standing import Standing, notice_with, signatures_part, standing_callout
from zveno.tables import frame
from zveno.text.catalogue import Catalogue, title_in
from zveno.text.mark import tr


@dataclass(frozen=True)
class Provenance:
    """What the results were made from: program version, SHA-256 of the inputs, as known on when."""

    version: str
    model_hash: str = ""
    rulebook_hash: str = ""
    data_hash: str = ""
    known: datetime | None = None


@dataclass(frozen=True)
class MonthResults:
    """Everything the month's report says; tables as declared in ``zveno.tables``.

    ``objective``, ``dof`` and ``p_value`` are those of the global test; ``separating`` lists the
    (stream, quantity) whose measurement would tell the suspects of one class apart; ``daily_recoveries``
    is the table ``recoveries`` with a day as period; ``castings`` is the table ``foundry_needs`` at the described
    throughput; ``link`` names the plant that the tables are cut down to; ``swaps`` are samples taken for each other,
    ``scale_steps`` scales that step away from their fellows, ``counters`` what counters tell;
    ``nominal`` says what leaves the tests a guide only;
    ``overdue`` are readings of instruments with an expired verification, ``widened`` flows less sure because of them.
    ``standing`` where the period stood, to be said on every page; ``sources`` the cells that all was read from.
    """

    model: ChainModel
    period: Period
    flows: pl.DataFrame
    adjustments: pl.DataFrame
    suspects: pl.DataFrame
    eliminations: pl.DataFrame
    recoveries: pl.DataFrame
    unaccounted: pl.DataFrame
    gaps: pl.DataFrame
    breaches: pl.DataFrame
    not_checked: pl.DataFrame
    coverage: pl.DataFrame
    plan_fact: pl.DataFrame
    rejected: pl.DataFrame
    objective: float
    dof: int
    p_value: float | None
    separating: tuple[tuple[str, str], ...]
    provenance: Provenance
    daily_recoveries: pl.DataFrame | None = None
    castings: pl.DataFrame | None = None
    link: str = ""
    swaps: pl.DataFrame = field(default_factory=lambda: frame("swaps"))
    scale_steps: pl.DataFrame = field(default_factory=lambda: frame("scale_steps"))
    counters: pl.DataFrame = field(default_factory=lambda: frame("counters"))
    nominal: Nominal = field(default_factory=Nominal)
    overdue: pl.DataFrame = field(default_factory=lambda: frame("overdue_readings"))
    widened: pl.DataFrame = field(default_factory=lambda: frame("widened_flows"))
    standing: Standing | None = None
    sources: SourceCells | None = None


def month_report(results: MonthResults, text: Catalogue) -> Document:
    """Build the month's report in the language of the catalogue.

    Every figure that follows from others carries its formula; what can't be known is said in words. The report of
    several plants tells what asks for attention before the balances.
    """
    model, lang = results.model, text.lang
    chain, index = model.chain, BalanceIndex.of(results.model, results.flows)
    several = len(chain.plants) > 1
    heading, *facts = headline_part(
        index, results.recoveries, results.unaccounted, text, plant="" if several else chain.plants[0].id
    )
    suspects = [
        *suspects_part(model, results.adjustments, results.suspects, results.separating, text),
        *steps_part(model, results.scale_steps, text),
        *counters_part(model, results.counters, text),
        *swaps_part(model, results.swaps, text),
        *eliminations_part(model, results.eliminations, text),
        *overdue_part(model, results.overdue, results.widened, text),
    ]
    gaps = gaps_part(index, results.gaps, results.rejected, text)
    breaches = breaches_part(model, results.breaches, results.not_checked, results.coverage, text)
    evidence = readings_part(index, results.adjustments, results.suspects, text)
    blocks: list[Block] = [
        heading,
        *standing_callout(results.standing, text),
        *facts,
        *_links(index, results, text),
        counts(
            suspects=results.suspects,
            breaches=results.breaches,
            gaps=results.gaps,
            rejected=results.rejected,
            text=text,
        ),
        *fit_paragraph(results.objective, results.dof, results.p_value, text),
        *nominal_paragraphs(model, results.nominal, text),
        *pictures(results, text),
        *((*suspects, *breaches) if several else ()),
        *balance_part(index, text),
        *recovery_part(index, results.recoveries, text),
        *unaccounted_part(model, results.unaccounted, text),
        *evidence,
        *((*gaps,) if several else (*suspects, *gaps, *breaches)),
        *plan_part(model, results.plan_fact, text),
        *reading_part(text),
        *signatures_part(results.standing, text),
        *made_from(results, text),
    ]
    return Document(
        title=text("Metal balance, {period}", period=period_words(results.period, text)),
        subtitle=title_in({str(key): value for key, value in chain.title.items()}, lang, chain.id),
        lang=lang,
        notice=notice_of(results, text),
        blocks=tuple(blocks),
        footer=(f"Zveno {results.provenance.version}", results.period.name, results.provenance.data_hash[:12]),
    ).settled()


def notice_of(results: MonthResults, text: Catalogue) -> str:
    """What every page says."""
    said = title_in({str(key): value for key, value in results.model.chain.notice.items()}, text.lang, "")
    return notice_with(results.standing, said, text)


def _links(index: BalanceIndex, results: MonthResults, text: Catalogue) -> list[Block]:
    """The links of a chain of several plants, side by side."""
    plants = plants_in_order(results.model)
    if len(plants) < 2:
        return []
    found = {"": (results.suspects["class_id"].n_unique(), results.breaches.height)}
    for one in plants:
        own = Belongings.of(results.model, one.id)
        suspects, breaches = (own.rows(name, getattr(results, name)) for name in ("suspects", "breaches"))
        found[one.id] = (suspects["class_id"].n_unique(), breaches.height)
    return [links_table(index, found, results.recoveries, results.unaccounted, text)]


def period_words(period: Period, text: Catalogue) -> str:
    """A month by name, any other period by its first and last day."""
    if period.kind == "month":
        return text.month(period.start.date())
    if period.kind == "day":
        return text.day(period.start.date())
    return f"{text.moment(period.start)} – {text.moment(period.end)}"


def pictures(results: MonthResults, text: Catalogue) -> list[Block]:
    """The flowsheet, of one plant where the results are cut down to it, and the recovery by day where it is given.

    A plant that the first component does not pass is drawn with dry masses.
    """
    component = results.model.chain.components[0]
    quantity = component if not results.link or _passes(results, component) else MASS
    name = quantity_words(quantity, text)
    sheet = flowsheet_svg(
        results.model, results.flows, component=quantity, lang=text.lang, text=text, plant=results.link
    )
    caption = text(
        "{component} in the streams, t ± half the 95 % interval. Thicker lines carry more; dashed lines run back.",
        component=name[:1].upper() + name[1:],
    )
    if results.link or len(results.model.chain.plants) > 1:
        caption = f"{caption} {_left_out(quantity, text)}"
    found: list[Block] = [
        Heading("flowsheet", text("Flowsheet with {component}", component=name), text("Flowsheet")),
        Figure(sheet, caption, wide=True),
    ]
    if results.daily_recoveries is not None and results.daily_recoveries.height:
        found.extend(_daily_figures(results, results.daily_recoveries, component, text))
    return found


def _left_out(quantity: str, text: Catalogue) -> str:
    """What the picture does not show."""
    if quantity == MASS:
        return text("What is not followed by its dry mass is left out; a sum of several streams has no ±.")
    return text("What carries no {component} is left out; a sum of several streams has no ±.", component=quantity)


def _passes(results: MonthResults, component: str) -> bool:
    """Whether a section of the plant that the results are cut down to balances a component."""
    plant = next(one for one in results.model.chain.plants if one.id == results.link)
    return any(one.components is None or component in one.components for one in plant.sections)


def _daily_figures(results: MonthResults, table: pl.DataFrame, component: str, text: Catalogue) -> list[Block]:
    """A chart of the overall recovery by day for each plant."""
    rows = table.filter(pl.col("component") == component, pl.col("kind") == "overall").sort("period")
    found: list[Block] = []
    for (plant,), group in rows.group_by("plant", maintain_order=True):
        title = text(
            "{component} recovery by day, %: {plant}",
            component=component,
            plant=results.model.title(str(plant), text.lang),
        )
        days = [
            Estimate(
                datetime.fromisoformat(row["period"]).date(),
                row["recovery_frac"],
                half_width(row["recovery_sd_frac"]),
            )
            for row in group.iter_rows(named=True)
        ]
        found.append(Figure(recovery_by_day_svg(days, title=title, text=text), title))
    return found


def made_from(results: MonthResults, text: Catalogue) -> list[Block]:
    """The last part."""
    made = results.provenance
    hashes = (
        (tr("Description, SHA-256"), made.model_hash),
        (tr("Rulebook, SHA-256"), made.rulebook_hash),
        (tr("Readings, SHA-256"), made.data_hash),
    )
    return provenance_part(results.model, version=made.version, hashes=hashes, known=made.known, text=text)
