"""The list of instruments for an inspector: which verifications hold on a day, which expired, what they measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.reports.document import (
    Block,
    Callout,
    Cell,
    Column,
    Document,
    Fact,
    Facts,
    Heading,
    Kind,
    Paragraph,
    Row,
    TableBlock,
    Tone,
)
from zveno.reports.parts.words import words
from zveno.reports.report import Report
from zveno.text.catalogue import Catalogue, catalogue, title_in
from zveno.text.mark import tr

STATE_WORDS = {
    "valid": tr("verification holds"), "due_soon": tr("due soon"), "expired": tr("expired"),
    "unknown": tr("no verification is known"),
}  # fmt: skip
_TONES: Mapping[str, Tone] = {"expired": "bad", "unknown": "warn", "due_soon": "warn"}
_ORDER = ("expired", "unknown", "due_soon", "valid")


Answer = tuple[str, datetime, int, str, int]
"""Who answers, since when, for how many instruments, why, and the record of the log."""


def instrument_report(
    model: ChainModel, table: pl.DataFrame, day: date, lang: str, *, version: str, answers: Sequence[Answer] = ()
) -> Report:
    """The list as a page, workbook or document.

    Parameters
    ----------
    table
        Table ``instruments`` of the day.
    answers
        Authorisations of the period, where it is listed for one.
    """
    text = catalogue(lang)
    blocks: list[Block] = [Heading("instruments", text("Instruments on {day}", day=text.day(day)), text("Instruments"))]
    blocks.append(_counts(table, text))
    late = table.filter(pl.col("status") == "expired")
    if late.height:
        blocks.append(Callout(text.count(
            "The verification of {n} instrument of {all} has expired.",
            "The verification of {n} instruments of {all} has expired.", late.height, all=table.height,
        ), "bad"))  # fmt: skip
    blocks += [Paragraph(answer_words(model, one, text)) for one in answers]
    for state in _ORDER:
        part = table.filter(pl.col("status") == state)
        if part.height:
            blocks.append(_table(model, state, part, text))
    return Report(document_of(model, text("Instruments on {day}", day=text.day(day)), blocks, text, version), text)


def answer_words(model: ChainModel, answer: Answer, text: Catalogue) -> str:
    """An authorisation in a sentence."""
    name, at, count, reason, record = answer
    return text(
        "{name} has answered for {count} of them on {at} (record {record} of the log): {reason}",
        name=name, at=text.moment(at.astimezone(model.tz)), count=count, reason=reason, record=record,
    )  # fmt: skip


def document_of(model: ChainModel, title: str, blocks: list[Block], text: Catalogue, version: str) -> Document:
    """A report of the chain with its names and its notice."""
    chain = model.chain
    return Document(
        title=title,
        subtitle=title_in({str(key): value for key, value in chain.title.items()}, text.lang, chain.id),
        lang=text.lang,
        notice=title_in({str(key): value for key, value in chain.notice.items()}, text.lang, ""),
        blocks=tuple(blocks),
        footer=(f"Zveno {version}", model.hash[:12]),
    ).settled()


def _counts(table: pl.DataFrame, text: Catalogue) -> Facts:
    """How many stand how."""
    found = dict(table["status"].value_counts().iter_rows())
    counted = (Fact(text(STATE_WORDS[one]), Cell(float(found.get(one, 0)), digits=0), Kind.COUNT) for one in _ORDER)
    return Facts((*counted, Fact(text("all instruments"), Cell(float(table.height), digits=0), Kind.COUNT)))


def _table(model: ChainModel, state: str, part: pl.DataFrame, text: Catalogue) -> TableBlock:
    """The instruments that stand alike."""
    columns = (
        Column("instrument", text("Instrument")),
        Column("name", text("Name"), broad=True),
        Column("site", text("Place")),
        Column("point", text("Accounting point")),
        Column("class", text("Accuracy class")),
        Column("verified", text("Verified on"), Kind.DAY),
        Column("until", text("Valid until"), Kind.DAY),
        Column("days", text("Days overdue"), Kind.COUNT),
        Column("without", text("Days unverified in this time"), Kind.COUNT),
        Column("meters", text("Meters"), broad=True),
        Column("from", text("Read from"), broad=True),
    )
    rows = tuple(_row(model, row, text) for row in part.iter_rows(named=True))
    return TableBlock(f"instruments_{state}", text(STATE_WORDS[state]), columns, rows)


def _row(model: ChainModel, row: Mapping[str, Any], text: Catalogue) -> Row:
    days = row["days_overdue"]
    meters = [model.title(one, text.lang) for one in row["meters"].split("+") if one]
    place = ", ".join(filter(None, (row["file"], row["sheet"], row["cell"])))
    return Row(row["instrument"], {
        "instrument": words(row["instrument"]), "name": words(row["name"]), "site": words(row["site"]),
        "point": words(row["point"]), "class": words(row["accuracy_class"]), "verified": Cell(row["verified_on"]),
        "until": Cell(row["valid_until"]),
        "days": Cell(None if days is None else float(days), digits=0, tone=_TONES.get(row["status"], "plain")),
        "without": Cell(float(row["days_without"]), digits=0, tone="bad" if row["days_without"] else "plain"),
        "meters": words(", ".join(meters)), "from": words(place),
    })  # fmt: skip
