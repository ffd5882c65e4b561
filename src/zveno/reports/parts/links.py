"""Links of the chain: side by side, and where one of them stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.types import Plant
from zveno.reports.document import Block, Cell, Column, Heading, Kind, Row, TableBlock, measured
from zveno.reports.parts.balance import Flows, by_stream, recovery_formula, verdict
from zveno.reports.parts.words import MASS, words
from zveno.reports.shown import plants_in_order
from zveno.reports.streams import BalanceStream, balance_streams
from zveno.text.catalogue import Catalogue

# ---- side by side --------------------------------------------------------------------------------------


def links_table(
    model: ChainModel,
    counts: Mapping[str, tuple[int, int]],
    recoveries: pl.DataFrame,
    unaccounted: pl.DataFrame,
    text: Catalogue,
) -> TableBlock:
    """A row for each plant in the order of the process.

    Parameters
    ----------
    counts
        Classes of suspects and breaches of each plant.
    recoveries, unaccounted
        Tables of those names.
    """
    component = model.chain.components[0]
    shares = {
        (row["plant"], row["kind"]): row
        for row in recoveries.filter(pl.col("component") == component).iter_rows(named=True)
    }
    masses = {row["plant"]: row for row in unaccounted.filter(pl.col("component") == component).iter_rows(named=True)}
    named = {"component": component}
    return TableBlock(
        "links",
        text("Links of the chain"),
        (
            Column("link", text("Link"), broad=True),
            Column("overall", text("Overall"), Kind.FRACTION, paired=True, group=text("{component} recovery", **named)),
            Column("direct", text("Direct"), Kind.FRACTION, paired=True, group=text("{component} recovery", **named)),
            Column("unaccounted", text("{component} unaccounted", **named), Kind.MASS, paired=True),
            Column("verdict", text("Verdict")),
            Column("suspects", text("Suspects"), Kind.COUNT, digits=0),
            Column("breaches", text("Breaches"), Kind.COUNT, digits=0),
        ),
        tuple(
            Row(
                one.id,
                {
                    "link": words(model.title(one.id, text.lang)),
                    **_recovery_cells(model, one.id, component, shares, text),
                    **_unaccounted_cells(masses.get(one.id, {}), text),
                    **{
                        name: Cell(float(n), digits=0, tone="warn" if n else "plain")
                        for name, n in zip(("suspects", "breaches"), counts[one.id], strict=True)
                    },
                },
            )
            for one in plants_in_order(model)
        ),
        notes=(
            text(
                "A reading between two links counts for both, and so does a suspect that cannot be told from another."
            ),
        ),
    )


def _recovery_cells(
    model: ChainModel,
    plant: str,
    component: str,
    shares: Mapping[tuple[str, str], Mapping[str, float | None]],
    text: Catalogue,
) -> dict[str, Cell]:
    """Both recoveries of a plant; a plant without one to report has a dash."""
    rules = (one for one in model.chain.recoveries if one.plant == plant and component in one.components)
    rule = next(rules, None)
    if rule is None:
        return {kind: Cell(word="–") for kind in ("overall", "direct")}
    return {
        kind: measured(
            shares.get((plant, kind), {}).get("recovery_frac"),
            shares.get((plant, kind), {}).get("recovery_sd_frac"),
            Kind.FRACTION,
            word=text("unobservable"),
            formula=recovery_formula(model, rule, component, kind),
        )
        for kind in ("overall", "direct")
    }


def _unaccounted_cells(row: Mapping[str, float | None], text: Catalogue) -> dict[str, Cell]:
    """What is unaccounted for, and the verdict on it."""
    mass, sd = row.get("mass_t"), row.get("mass_sd_t")
    return {
        "unaccounted": measured(mass, sd, Kind.MASS, word=text("unobservable")),
        "verdict": verdict(mass, sd, text),
    }


# ---- where one stands ----------------------------------------------------------------------------------


def neighbours_part(model: ChainModel, plant: Plant, flows: pl.DataFrame, text: Catalogue) -> list[Block]:
    """What a plant receives from whom and hands on to whom: links of the chain first, then places outside."""
    inside = {one.id for one in plant.sections}
    comes = [one for one in balance_streams(model) if one.target in inside and one.source not in inside]
    goes = [one for one in balance_streams(model) if one.source in inside and one.target not in inside]
    component, table = model.chain.components[0], by_stream(flows)
    rows: list[Row] = []
    for side, title, ends in (
        ("in", text("Receives"), [(one, one.source) for one in comes]),
        ("out", text("Hands on"), [(one, one.target) for one in goes]),
    ):
        if ends:
            rows.append(Row(f"head.{side}", {"place": words(title)}, "head"))
            rows.extend(_rows(model, side, ends, component, table, text))
    block = TableBlock(
        "neighbours",
        text("What it receives and hands on"),
        (
            Column("place", text("From or to"), broad=True),
            Column("what", text("What it is")),
            Column("stream", text("Stream"), broad=True),
            Column("mass", text("Dry mass"), Kind.MASS, digits=0, paired=True),
            Column("component", component, Kind.MASS, paired=True),
        ),
        tuple(rows),
        empty=text("No stream leads to or from this link."),
    )
    return [Heading("neighbours", text("Place in the chain"), text("Place in chain")), block]


def _rows(
    model: ChainModel,
    side: str,
    ends: Iterable[tuple[BalanceStream, str]],
    component: str,
    table: Flows,
    text: Catalogue,
) -> list[Row]:
    """A row for each stream, those of other links first."""
    unknown = text("unobservable")
    found = []
    for one, end in sorted(ends, key=lambda pair: not model.plant_of(pair[1])):
        link = model.plant_of(end)
        mass, part = table.get((one.id, MASS), {}), table.get((one.id, component), {})
        none = "–" if mass and not part else unknown  # a stream that is balanced without the component carries none
        found.append(
            Row(
                f"{side}.{one.id}.{end}",
                {
                    "place": words(model.title(link or end, text.lang)),
                    "what": words(text("link") if link else text("outside")),
                    "stream": words(model.title(one.id, text.lang)),
                    "mass": measured(mass.get("mass_t"), mass.get("mass_sd_t"), Kind.MASS, word=unknown),
                    "component": measured(part.get("mass_t"), part.get("mass_sd_t"), Kind.MASS, word=none),
                },
            )
        )
    return found
