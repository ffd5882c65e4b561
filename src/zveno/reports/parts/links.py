"""Links of the chain: side by side, and where one of them stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import polars as pl

from zveno.model.types import Plant
from zveno.reports.document import Block, Cell, Column, Heading, Kind, Row, TableBlock, measured
from zveno.reports.parts.index import BalanceIndex, recovery_rule
from zveno.reports.parts.recovery import role_of, verdict
from zveno.reports.parts.words import words
from zveno.reports.shown import MASS, joint_places, plants_in_order, without_place
from zveno.reports.streams import balance_streams, stream_title
from zveno.tables.figure import row_address
from zveno.text.catalogue import Catalogue

# ---- side by side --------------------------------------------------------------------------------------


def links_table(
    index: BalanceIndex,
    counts: Mapping[str, tuple[int, int]],
    recoveries: pl.DataFrame,
    unaccounted: pl.DataFrame,
    text: Catalogue,
) -> TableBlock:
    """A row for each plant in the order of the process, and one for the whole chain where it reports a recovery.

    Parameters
    ----------
    counts
        Classes of suspects and breaches of each plant, and under no name those of the whole chain.
    recoveries, unaccounted
        Tables of those names.
    """
    model = index.model
    component = model.chain.components[0]
    shares = {
        (row["plant"], row["kind"]): row
        for row in recoveries.filter(pl.col("component") == component).iter_rows(named=True)
    }
    masses = {row["plant"]: row for row in unaccounted.filter(pl.col("component") == component).iter_rows(named=True)}
    plants = [one.id for one in plants_in_order(model)]
    if recovery_rule(model, "", component):
        plants.append("")
    return TableBlock(
        "links",
        text("Links of the chain"),
        _link_columns(component, text),
        tuple(
            Row(
                one or "chain",
                {
                    "link": words(model.title(one, text.lang)),
                    **_recovery_cells(index, one, component, shares, text),
                    **_unaccounted_cells(masses.get(one), text),
                    **{
                        name: Cell(float(n), digits=0, tone="warn" if n else "plain")
                        for name, n in zip(("suspects", "breaches"), counts[one], strict=True)
                    },
                },
                role_of(one),
            )
            for one in plants
        ),
        notes=(
            text(
                "A reading between two links counts for both, and so does a suspect that cannot be told from another."
            ),
        ),
    )


def _link_columns(component: str, text: Catalogue) -> tuple[Column, ...]:
    """Masses, recoveries, what is unaccounted for, and how much asks for attention."""
    named = {"component": component}
    share, mass = text("{component} recovery", **named), text("{component}, mass", **named)
    return (
        Column("link", text("Link"), broad=True),
        Column("feed", text("In feed"), Kind.MASS, paired=True, group=mass),
        Column("product", text("In product"), Kind.MASS, paired=True, group=mass),
        Column("overall", text("Overall"), Kind.FRACTION, paired=True, group=share),
        Column("direct", text("Direct"), Kind.FRACTION, paired=True, group=share),
        Column("unaccounted", text("{component} unaccounted", **named), Kind.MASS, paired=True),
        Column("verdict", text("Verdict")),
        Column("suspects", text("Suspects"), Kind.COUNT, digits=0),
        Column("breaches", text("Breaches"), Kind.COUNT, digits=0),
    )


def _recovery_cells(
    index: BalanceIndex,
    plant: str,
    component: str,
    shares: Mapping[tuple[str, str], Mapping[str, float | None]],
    text: Catalogue,
) -> dict[str, Cell]:
    """What a plant took in and gave, and both recoveries; a plant without one to report has a dash."""
    rule = recovery_rule(index.model, plant, component)
    if rule is None:
        return {name: Cell(word="–") for name in ("feed", "product", "overall", "direct")}
    recovered = {
        kind: measured(
            shares.get((plant, kind), {}).get("recovery_frac"),
            shares.get((plant, kind), {}).get("recovery_sd_frac"),
            Kind.FRACTION,
            word=text("unobservable"),
            formula=index.recovery(rule, component, kind),
            address=row_address("recoveries", shares.get((plant, kind), {}), "recovery_frac"),
        )
        for kind in ("overall", "direct")
    }
    return {
        "feed": index.sum_cell(rule, rule.feeds, component, text),
        "product": index.sum_cell(rule, rule.products, component, text),
        **recovered,
    }


def _unaccounted_cells(row: Mapping[str, float | None] | None, text: Catalogue) -> dict[str, Cell]:
    """What is unaccounted for, and the verdict on it; dashes where no section balances the component."""
    if row is None:
        return {name: Cell(word="–") for name in ("unaccounted", "verdict")}
    mass, sd = row.get("mass_t"), row.get("mass_sd_t")
    return {
        "unaccounted": measured(
            mass, sd, Kind.MASS, word=text("unobservable"), address=row_address("unaccounted", row, "mass_t")
        ),
        "verdict": verdict(mass, sd, text),
    }


# ---- where one stands ----------------------------------------------------------------------------------


def neighbours_part(index: BalanceIndex, plant: Plant, text: Catalogue) -> list[Block]:
    """What a plant receives from whom and hands on to whom: links of the chain first, then places outside."""
    model, inside = index.model, {one.id for one in plant.sections}
    comes: dict[str, list[str]] = defaultdict(list)
    goes: dict[str, list[str]] = defaultdict(list)
    for one in balance_streams(model):
        if one.target in inside and one.source not in inside:
            comes[one.id].append(one.source)
        if one.source in inside and one.target not in inside:
            goes[one.id].append(one.target)
    component = model.chain.components[0]
    carried = any(index.has(one, component) for one in (*comes, *goes)) and component in _carried(index, plant)
    rows: list[Row] = []
    for side, title, streams in (("in", text("Receives"), comes), ("out", text("Hands on"), goes)):
        if streams:
            rows.append(Row(f"head.{side}", {"place": words(title)}, "head"))
            rows.extend(_rows(index, plant, side, streams, text))
    columns = [
        Column("place", text("From or to"), broad=True),
        Column("what", text("What it is")),
        Column("stream", text("Stream"), broad=True),
        Column("mass", text("Dry mass"), Kind.MASS, digits=0, paired=True),
    ]
    if carried:
        columns.append(Column("component", component, Kind.MASS, paired=True))
    block = TableBlock(
        "neighbours",
        text("What it receives and hands on"),
        tuple(columns),
        tuple(rows),
        notes=_split_note(comes, goes, text),
        empty=text("No stream leads to or from this link."),
    )
    return [Heading("neighbours", text("Place in the chain"), text("Place in chain")), block]


def _carried(index: BalanceIndex, plant: Plant) -> set[str]:
    """Components of a plant's balance."""
    return {one for chunk in index.chunks[plant.id] for one in chunk}


def _split_note(comes: Mapping[str, list[str]], goes: Mapping[str, list[str]], text: Catalogue) -> tuple[str, ...]:
    """A note where one measured stream goes to several places."""
    several = any(len(ends) > 1 for ends in (*comes.values(), *goes.values()))
    return (text("What goes to several places is weighed together; the parts are not known."),) if several else ()


def _rows(index: BalanceIndex, plant: Plant, side: str, streams: Mapping[str, list[str]], text: Catalogue) -> list[Row]:
    """A row for each stream, those of other links first; a dash for what a stream is not followed by."""
    model, unknown, found = index.model, text("unobservable"), []
    component = model.chain.components[0]
    for stream, ends in sorted(streams.items(), key=lambda pair: not model.plant_of(pair[1][0])):
        mass, part = index.flows.get((stream, MASS), {}), index.flows.get((stream, component), {})
        silent = index.says_nothing_of(stream)
        links = [model.plant_of(end) for end in ends]
        places = [
            without_place(model.title(link or end, text.lang), [_site(index, plant, text)])
            for link, end in zip(links, ends, strict=True)
        ]
        found.append(
            Row(
                f"{side}.{stream}",
                {
                    "place": words(joint_places(places)),
                    "what": words(text("link") if any(links) else text("outside")),
                    "stream": words(stream_title(model, stream, text, plant.site)),
                    "mass": measured(
                        mass.get("mass_t"),
                        mass.get("mass_sd_t"),
                        Kind.MASS,
                        word=unknown if mass or silent else "–",
                        address=row_address("flows", mass, "mass_t"),
                    ),
                    "component": measured(
                        part.get("mass_t"),
                        part.get("mass_sd_t"),
                        Kind.MASS,
                        word=unknown if part or silent else "–",
                        address=row_address("flows", part, "mass_t"),
                    ),
                },
            )
        )
    return found


def _site(index: BalanceIndex, plant: Plant, text: Catalogue) -> str:
    """Name of the plant's site; empty where it stands on none."""
    return index.model.title(plant.site, text.lang) if plant.site else ""
