"""A proposed mapping as a file: rules that are sure as they are, the others as questions with rules to choose from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from zveno.sources.learning.found import LearntColumn, LearntRow, LearntTable

_INTRODUCTION = (
    "# Lines with '# ?' ask something. Take '#: ' off the line that is right, or write your own in its place.",
    "# What is not answered is not taken: its cells are listed as left out.",
)
_NO_POINT = "?"


def as_yaml(id_: str, name: str, tables: Sequence[LearntTable], *, dated: bool = False) -> str:
    """The proposed mapping as a file."""
    lines = [f"# Proposed from '{name}'. Look it through, then import.", *_INTRODUCTION, f"id: {id_}"]
    signs = dict.fromkeys(sign for one in tables for sign in one.checks)
    lines += [f"marks: {{{', '.join(f'{quoted(one)}: qc_duplicate' for one in signs)}}}"] if signs else []
    if dated:
        lines.append("dated_file: true")
    common = {one.calendar for one in tables}
    if len(common) == 1 and "" not in common:
        lines.append(f"calendar: {common.pop()}")
        tables = [replace(one, calendar="") for one in tables]
    lines.append("tables:")
    written_before: dict[tuple[str, ...], str] = {}
    for table in tables:
        lines += _shared(list(_table(table)), written_before)
    return "\n".join(lines) + "\n"


def _shared(lines: list[str], before: dict[tuple[str, ...], str]) -> Iterator[str]:
    """Lines of a table, whose columns or rows are named where they are those of a table above."""
    starts = [n for n, one in enumerate(lines) if one in ("    columns:", "    rows:")]
    yield from lines[: starts[0]] if starts else lines
    if not starts:
        return
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        key, body = lines[start].strip(" :"), tuple(lines[start + 1 : end])
        if body in before:
            yield f"    {key}: *{before[body]}"
            continue
        before[body] = f"{key}_{len(before) + 1}"
        yield f"    {key}: &{before[body]}"
        yield from body


def _table(table: LearntTable) -> Iterator[str]:
    """Lines of one table."""
    mark = "  - "
    for key, value in table.keys.items():
        yield f"{mark}{key}: {quoted(value) if isinstance(value, str) else value}{_missing(table, key, value)}"
        mark = "    "
        if key == "title":
            yield from _asks(table)
    if table.none_of:
        return
    yield "    columns:"
    for column in table.columns:
        yield from _rule(column.guess.pattern, column, _evidence(column))
    if table.rows:
        yield "    rows:"
        if all(one.asked for one in table.rows):
            yield '      "?": note'
        for row in table.rows:
            yield from _rule(row.pattern, row, f"{row.cell} «{row.pattern}»".strip())


def _asks(table: LearntTable) -> Iterator[str]:
    """Questions about the whole of a table."""
    for asked, choices in table.asks.items():
        if asked == "calendar":
            yield f'    calendar: "?"  # ? one of: {", ".join(choices)}'
        else:
            yield f"    # ? {asked}"
            yield from (f"    #: {asked}: {quoted(one)}" for one in choices)


def _missing(table: LearntTable, key: str, value: object) -> str:
    """What a person must write in a line that says something no file can tell."""
    if key == "date" and value == "above" and table.undated:
        return "  # ? no date was found: write it, such as 2026-03-31"
    return "  # ? one of: dmy, mdy" if (key, value) == ("date_order", "?") else ""


def _rule(pattern: str, one: LearntColumn | LearntRow, evidence: str) -> Iterator[str]:
    """A rule, or a question with rules to choose from."""
    if not one.asked:
        yield f"      {quoted(pattern)}: {written(one.rule)}"
        return
    yield f"      # ? {evidence}"
    for each in one.likely or (_NO_POINT,):
        yield f"      #: {quoted(pattern)}: {written(each)}"


def _evidence(column: LearntColumn) -> str:
    """Where a column stands and what its first values are."""
    return " ".join(filter(None, (column.cell, f"«{column.heading}»", "; ".join(column.values))))


def written(rule: Any) -> str:
    """A rule as YAML has it on one line."""
    if isinstance(rule, Mapping):
        return "{" + ", ".join(f"{quoted(key)}: {written(one)}" for key, one in rule.items()) + "}"
    return str(rule) if rule == "true" else quoted(str(rule))


def quoted(text: str) -> str:
    """A text as YAML has it, in quotes where it would mean something else."""
    odd = re.search(r"[:#{}\[\]&*!|>'\"%@`,]|^[-?\d]|^\s|\s$", text) or text.lower() in (
        "yes",
        "no",
        "on",
        "off",
        "null",
        "",
    )
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if odd else text
