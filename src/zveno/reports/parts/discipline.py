"""Breaches of rules and the rules that could not be checked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.rulebook import Rule
from zveno.reports.document import Block, Callout, Cell, Column, Heading, Kind, Paragraph, Row, TableBlock, Tone
from zveno.reports.parts.words import lack_detail, title_or_dash, uom_words, words
from zveno.reports.shown import joint_titles
from zveno.text.catalogue import Catalogue, title_in
from zveno.text.mark import tr

SEVERITY_WORDS = {
    "low": tr("low"),
    "medium": tr("medium"),
    "high": tr("high"),
    "critical": tr("critical"),
}
_MANY, _FEW = 12, 3
_HOURS = ("judged_h", "off_h", "unknown_h")
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
    return [*found, *_coverage(model, rules, coverage, text), _not_checked_table(rules, not_checked, text)]


def _coverage(model: ChainModel, rules: dict[str, Rule], coverage: pl.DataFrame, text: Catalogue) -> list[Block]:
    """How long each rule could be judged: no data is not the same as no breach.

    Where signals are many, a row for each rule comes before the signals, alike ones together.
    """
    title = text("How long each rule was judged")
    if coverage.height <= _MANY:
        found = [_Judged((row["tag"],), row) for row in coverage.iter_rows(named=True)]
        return [_coverage_table(model, rules, "coverage", title, found, text)]
    by_rule = [
        _Judged(tuple(group["tag"]), {**group.row(0, named=True), **_mean_hours(group)})
        for _, group in coverage.group_by("rule", "version", maintain_order=True)
    ]
    alike = [
        _Judged(tuple(group["tag"]), group.row(0, named=True))
        for _, group in coverage.group_by("rule", "version", *_HOURS, maintain_order=True)
    ]
    groups = Counter((one.row["rule"], one.row["version"]) for one in alike)
    unlike = [one for one in alike if groups[one.row["rule"], one.row["version"]] > 1]
    tables = [_coverage_table(model, rules, "coverage", title, by_rule, text, mean=True)]
    if unlike:
        one_by_one = text("Signals that differ, one by one")
        tables.append(_coverage_table(model, rules, "coverage.signals", one_by_one, unlike, text, told=False))
    return [*tables]


@dataclass(frozen=True)
class _Judged:
    """Signals judged alike by a version of a rule, and for how long."""

    tags: tuple[str, ...]
    row: Mapping[str, Any]


def _mean_hours(group: pl.DataFrame) -> dict[str, float]:
    """Hours of a signal in the mean."""
    return {name: float(group[name].mean() or 0.0) for name in _HOURS}  # type: ignore[arg-type]


def _coverage_table(
    model: ChainModel,
    rules: dict[str, Rule],
    id_: str,
    title: str,
    found: Sequence[_Judged],
    text: Catalogue,
    *,
    mean: bool = False,
    told: bool = True,
) -> TableBlock:
    """Rules with the hours in which their signals were judged; what they demand, where it is not told before."""
    demand = (Column("text", text("What it demands"), broad=True),) if told else ()
    return TableBlock(
        id_,
        title,
        (
            Column("rule", text("Rule")),
            *demand,
            Column("tag", text("Signal"), broad=mean or not told),
            Column("judged", text("Judged"), Kind.NUMBER, uom="h", digits=1),
            Column("off", text("Did not bind (equipment stood, exception)"), Kind.NUMBER, uom="h", digits=1),
            Column("unknown", text("Without data"), Kind.NUMBER, uom="h", digits=1),
        ),
        tuple(
            Row(
                str(k),
                {
                    "rule": words(f"{one.row['rule']} v{one.row['version']}"),
                    "text": words(rule_text(rules.get(one.row["rule"]), one.row["version"], text)),
                    "tag": words(_signals(model, one.tags, text, _FEW if mean else None)),
                    "judged": Cell(one.row["judged_h"], digits=1),
                    "off": Cell(one.row["off_h"], digits=1),
                    "unknown": Cell(
                        one.row["unknown_h"], digits=1, tone="warn" if one.row["unknown_h"] > 0 else "plain"
                    ),
                },
            )
            for k, one in enumerate(found)
        ),
        notes=(text("Hours of one signal, in the mean where a rule watches several."),) if mean else (),
        empty=text("No rule was judged."),
        folded=True,
    )


def _signals(model: ChainModel, tags: Sequence[str], text: Catalogue, most: int | None = None) -> str:
    """Names of signals, those that differ by a number as a range, with their count where they are several."""
    names = joint_titles([title_or_dash(model, one, text) for one in tags])
    shown = names if most is None or len(names) <= most else [*names[:most], "…"]
    said = "; ".join(shown)
    return f"{said} ({text.number(len(tags), 0)})" if len(tags) > 1 else said


def _breach_table(model: ChainModel, rules: dict[str, Rule], breaches: pl.DataFrame, text: Catalogue) -> TableBlock:
    """One row an episode; what would be empty or nought in every row is left out."""
    columns = [
        Column("rule", text("Rule")),
        Column("text", text("What it demands"), broad=True),
        Column("tag", text("Signal")),
        Column("start", text("Start"), Kind.MOMENT),
        Column("end", text("End"), Kind.MOMENT),
        Column("duration", text("Duration"), Kind.NUMBER, uom="h", digits=1),
        Column("peak", text("Worst value"), Kind.NUMBER),
        Column("limit", text("Limit"), Kind.NUMBER),
        Column("uom", text("Unit of measure")),
        Column("duty", text("On duty: role (crews)")),
        Column("shift", text("Shift")),
        Column("severity", text("Severity")),
    ]
    if breaches["unknown_h"].sum() > 0:
        columns.insert(6, Column("unknown", text("Of it without data"), Kind.NUMBER, uom="h", digits=1))
    return TableBlock(
        "breaches",
        text("Breaches in plant time"),
        tuple(columns),
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
            "tag": words(title_or_dash(model, row["tag"] or row["unit"], text)),
            "start": Cell(row["start"].astimezone(model.tz)),
            "end": end,
            "duration": Cell(row["duration_h"], digits=1),
            "unknown": Cell(row["unknown_h"], digits=1, word="–"),
            "peak": Cell(row["peak"], digits=2, tone="bad", word="–"),
            "limit": Cell(row["limit"], digits=2, word="–"),
            "uom": words(uom_words(row["uom"] or rule.uom, text) if rule else ""),
            "duty": words(_duty(model, row, text)),
            "shift": words(shift_words(model, row["shift"] or "", text)),
            "severity": Cell(
                text(SEVERITY_WORDS.get(row["severity"], row["severity"])),
                tone=_TONES.get(row["severity"], "plain"),
            ),
        },
    )


def _duty(model: ChainModel, row: dict[str, Any], text: Catalogue) -> str:
    """Role that answers for the rule, with the crews on shift while the episode lasted."""
    role, crews = title_or_dash(model, row["role"] or "", text), row["crews"] or row["crew"]
    return f"{role} ({crews})" if crews else role


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
    """Rules that the data could not answer; where they are many, those with one reason stand together."""
    many = not_checked.height > _MANY
    columns = [Column("rule", text("Rule")), Column("text", text("What it demands"), broad=True)]
    if not many:
        columns.append(Column("reason", text("Why it was not checked")))
        columns.append(Column("detail", text("Concerns")))
    by_reason: dict[str, list[Row]] = defaultdict(list)
    for k, row in enumerate(not_checked.iter_rows(named=True)):
        reason = text(row["reason"], detail=lack_detail(row, text))
        cells = {
            "rule": words(f"{row['rule']} v{row['version']}"),
            "text": words(rule_text(rules.get(row["rule"]), row["version"], text) or "–"),
            "reason": words(reason),
            "detail": words(lack_detail(row, text)),
        }
        by_reason[reason if many else ""].append(Row(str(k), cells))
    rows: list[Row] = []
    for reason, alike in by_reason.items():
        if many:
            rows.append(Row(f"head.{reason}", {"rule": words(reason[:1].upper() + reason[1:])}, "head"))
        rows.extend(alike)
    return TableBlock(
        "not_checked",
        text("Rules not checked"),
        tuple(columns),
        tuple(rows),
        empty=text("Every rule in force was checked."),
        folded=many,
    )
