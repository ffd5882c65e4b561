"""Breaches of rules and the rules that could not be checked."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.rulebook import Rule
from zveno.reports.document import Block, Callout, Cell, Column, Heading, Kind, Paragraph, Row, TableBlock, Tone
from zveno.reports.parts.words import lack_detail, title_or_dash, uom_words, words
from zveno.text.catalogue import Catalogue, title_in
from zveno.text.mark import tr

SEVERITY_WORDS = {
    "low": tr("low"),
    "medium": tr("medium"),
    "high": tr("high"),
    "critical": tr("critical"),
}
_TONES: dict[str, Tone] = {"high": "warn", "critical": "bad"}


def breaches_part(
    model: ChainModel, breaches: pl.DataFrame, not_checked: pl.DataFrame, coverage: pl.DataFrame, text: Catalogue
) -> list[Block]:
    """Breaches in order of time, then how long each rule was judged, and what was not checked and why."""
    rules = {one.id: one for one in model.rulebook.rules}
    found: list[Block] = [Heading("breaches", text("Breaches of rules"), text("Breaches"))]
    if breaches.is_empty():
        found.append(Callout(text("No breach was found in the rules that could be checked."), "good"))
    else:
        found.append(Paragraph(text("Who was on duty is named by role and crew; it does not say who caused it.")))
        found.append(_breach_table(model, rules, breaches, text))
    if text.lang == "kk" and not model.rulebook.kk_reviewed:
        found.append(
            Paragraph(text("The Kazakh wording of the rules has not been reviewed yet; the Russian wording counts."))
        )
    return [*found, _coverage_table(model, rules, coverage, text), _not_checked_table(rules, not_checked, text)]


def _coverage_table(model: ChainModel, rules: dict[str, Rule], coverage: pl.DataFrame, text: Catalogue) -> TableBlock:
    """How long each rule could be judged: no data is not the same as no breach."""
    return TableBlock(
        "coverage",
        text("How long each rule was judged"),
        (
            Column("rule", text("Rule")),
            Column("text", text("What it demands"), broad=True),
            Column("tag", text("Signal")),
            Column("judged", text("Judged"), Kind.NUMBER, uom="h", digits=1),
            Column("off", text("Did not bind (equipment stood, exception)"), Kind.NUMBER, uom="h", digits=1),
            Column("unknown", text("Without data"), Kind.NUMBER, uom="h", digits=1),
        ),
        tuple(
            Row(
                str(k),
                {
                    "rule": words(f"{row['rule']} v{row['version']}"),
                    "text": words(rule_text(rules.get(row["rule"]), row["version"], text)),
                    "tag": words(title_or_dash(model, row["tag"], text)),
                    "judged": Cell(row["judged_h"], digits=1),
                    "off": Cell(row["off_h"], digits=1),
                    "unknown": Cell(row["unknown_h"], digits=1, tone="warn" if row["unknown_h"] > 0 else "plain"),
                },
            )
            for k, row in enumerate(coverage.iter_rows(named=True))
        ),
        empty=text("No rule was judged."),
        folded=True,
    )


def _breach_table(model: ChainModel, rules: dict[str, Rule], breaches: pl.DataFrame, text: Catalogue) -> TableBlock:
    """One row an episode."""
    return TableBlock(
        "breaches",
        text("Breaches in plant time"),
        (
            Column("rule", text("Rule")),
            Column("text", text("What it demands"), broad=True),
            Column("tag", text("Signal")),
            Column("start", text("Start"), Kind.MOMENT),
            Column("end", text("End"), Kind.MOMENT),
            Column("peak", text("Worst value"), Kind.NUMBER),
            Column("limit", text("Limit"), Kind.NUMBER),
            Column("uom", text("Unit of measure")),
            Column("role", text("Role")),
            Column("crew", text("Crews")),
            Column("shift", text("Shift")),
            Column("duration", text("Duration"), Kind.NUMBER, uom="h", digits=1),
            Column("unknown", text("Of it without data"), Kind.NUMBER, uom="h", digits=1),
            Column("unit", text("Unit")),
            Column("severity", text("Severity")),
        ),
        tuple(
            _breach_row(model, rules.get(row["rule"]), k, row, text)
            for k, row in enumerate(breaches.sort("start", "rule", "tag").iter_rows(named=True))
        ),
    )


def _breach_row(model: ChainModel, rule: Rule | None, k: int, row: dict[str, Any], text: Catalogue) -> Row:
    """One episode; times are turned into plant time."""
    end = Cell(word=text("still open"), tone="warn") if row["open"] else Cell(row["end"].astimezone(model.tz))
    return Row(
        str(k),
        {
            "rule": words(f"{row['rule']} v{row['version']}"),
            "text": words(rule_text(rule, row["version"], text)),
            "tag": words(title_or_dash(model, row["tag"], text)),
            "start": Cell(row["start"].astimezone(model.tz)),
            "end": end,
            "duration": Cell(row["duration_h"], digits=1),
            "unknown": Cell(row["unknown_h"], digits=1, word="–"),
            "peak": Cell(row["peak"], digits=2, tone="bad", word="–"),
            "limit": Cell(row["limit"], digits=2, word="–"),
            "uom": words(uom_words(rule.uom, text) if rule else ""),
            "unit": words(title_or_dash(model, row["unit"], text)),
            "shift": words(shift_words(model, row["shift"] or "", text)),
            "crew": words(row["crews"] or row["crew"] or "–"),
            "role": words(title_or_dash(model, row["role"] or "", text)),
            "severity": Cell(
                text(SEVERITY_WORDS.get(row["severity"], row["severity"])),
                tone=_TONES.get(row["severity"], "plain"),
            ),
        },
    )


def rule_text(rule: Rule | None, version: int, text: Catalogue) -> str:
    """The clause of the version judged by, in the reader's language."""
    for one in rule.versions if rule else ():
        if one.version == version:
            return title_in({str(key): value for key, value in one.text.items()}, text.lang, "")
    return ""


def shift_words(model: ChainModel, shift: str, text: Catalogue) -> str:
    """Date and title of a shift."""
    slots = model.people.shifts.slots if model.people else ()
    for slot in slots:
        day = shift.removesuffix(slot.id)
        if day != shift:
            titles = {str(key): value for key, value in slot.title.items()}
            return f"{text.day(date.fromisoformat(day.strip(' /:')))} {title_in(titles, text.lang, slot.id)}"
    return shift or "–"


def _not_checked_table(rules: dict[str, Rule], not_checked: pl.DataFrame, text: Catalogue) -> TableBlock:
    """Rules that the data could not answer."""
    return TableBlock(
        "not_checked",
        text("Rules not checked"),
        (
            Column("rule", text("Rule")),
            Column("text", text("What it demands"), broad=True),
            Column("reason", text("Why it was not checked")),
            Column("detail", text("Concerns")),
        ),
        tuple(
            Row(
                str(k),
                {
                    "rule": words(f"{row['rule']} v{row['version']}"),
                    "text": words(rule_text(rules.get(row["rule"]), row["version"], text) or "–"),
                    "reason": words(text(row["reason"], detail=lack_detail(row, text))),
                    "detail": words(lack_detail(row, text)),
                },
            )
            for k, row in enumerate(not_checked.iter_rows(named=True))
        ),
        empty=text("Every rule in force was checked."),
        folded=not_checked.height > 12,
    )
