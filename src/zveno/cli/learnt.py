"""How a mapping that was learnt is shown on a screen: what was understood, what is asked, what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zveno.chain import Learnt, LearntTable
from zveno.cli.screen import Screen
from zveno.reports import uom_words
from zveno.text.mark import tr

_ROLE_WORDS = {
    "date": tr("date"),
    "shift": tr("shift"),
    "label": tr("name of the row"),
    "id": tr("number or name"),
    "person": tr("person"),
    "note": tr("note"),
    "uom": tr("unit of measure"),
    "derived": tr("computed: left out"),
    "total": tr("total: left out"),
    "cumulative": tr("sum since the month began: left out"),
    "plan": tr("plan: left out"),
}
_PERIOD_WORDS = {
    "shift": tr("shift"),
    "day": tr("day"),
    "lot": tr("lot"),
    "moment": tr("moment"),
}


class LearntAnswers(Screen):
    """A screen that knows how a learnt mapping is shown."""

    def learnt(self, found: Learnt, path: Path, source: Path, folder: Path, *, as_json: bool) -> None:
        """What was understood of a layout, what is asked, and where the proposed mapping was written."""
        if as_json:
            tables = [{"title": one.title, "calendar": one.calendar, "point": one.point} for one in found.tables]
            self.json({"path": str(path), "tables": tables, "columns": found.columns(), "cells": dict(found.counts),
                       "questions": found.questions})  # fmt: skip
            return
        for table in found.tables:
            self._understood(table)
        asked = [line for table in found.tables for line in self._questions(table)]
        if asked:
            self.say(tr("Questions: {n}. Until they are answered their cells are not taken."), n=len(asked))
            for n, line in enumerate(asked, start=1):
                self.line(f"  {n}. {line}")
            self.line()
        if found.known_as:
            self.say(tr("mapping '{layout}' knows this layout already"), layout=found.known_as)
        imported, rejected, other = (
            self.text.number(found.counts.get(name, 0), 0) for name in ("imported", "rejected", "context")
        )
        message = tr("with it: imported {imported}, rejected {rejected}, context {context} cells")
        self.say(message, imported=imported, rejected=rejected, context=other)
        if found.held:
            self.say(tr("of the rejected ones {n} wait for answers"), n=self.text.number(found.held, 0))
        self.say(tr("written: {path}"), path=path)
        if asked:
            self.say(tr("Next: open it, and take '#: ' off the right line below each '# ?', or write your own there."))
        self.say(tr("Then: {command}"), command=f'zveno import "{source}" -c "{folder}"')

    def _understood(self, table: LearntTable) -> None:
        """A table: where it stands, its time, its columns and its labels."""
        sheet = table.columns[0].sheet if table.columns else ""
        self.say(tr("table '{title}', sheet '{sheet}'"), title=table.section or table.title, sheet=sheet or "–")
        if table.none_of:
            self.say(tr("it holds no values of production: nothing is taken"))
            self.line()
            return
        period = self.text(_PERIOD_WORDS.get(table.stands_for, table.stands_for))
        self.say(tr("values stand for: {period}; calendar {calendar}; date: {date}"),
                 period=period, calendar=table.calendar or "?", date=self._date(table))  # fmt: skip
        rows = [
            [one.heading, one.point or (table.point if one.quantity and not one.asked else ""), self._holds(one),
             uom_words(one.guess.uom, self.text) if one.guess.uom and one.guess.role == "value" else "",
             "; ".join(one.values)]
            for one in table.columns
        ]  # fmt: skip
        self.table([tr("heading"), tr("point"), tr("holds"), tr("unit of measure"), tr("first values")], rows)
        if table.rows:
            labels = [[one.pattern, "?" if one.asked else said(one.rule)] for one in table.rows]
            self.table([tr("name of the row"), tr("point")], labels)
        self.line()

    def _date(self, table: LearntTable) -> str:
        """Where the date of a table is, for readers."""
        if table.undated and table.date == "above":
            return "?"
        if not table.date:
            return self.text(tr("in the table"))
        return self.text(tr("above the table")) if table.date == "above" else table.date.partition(" ")[2] or table.date

    def _holds(self, one: Any) -> str:
        """What a column holds: a quantity, or its role; a question mark where it is asked."""
        if one.asked:
            return "?"
        return one.quantity or one.guess.quantity or self.text(_ROLE_WORDS.get(one.guess.role, ""))

    def _questions(self, table: LearntTable) -> Iterator[str]:
        """What is asked of a table, each with the likeliest answers."""
        for key, choices in table.asks.items():
            yield self._asked(f"{table.title}: {key}", list(choices))
        if table.undated and table.date == "above":
            yield self.text(tr("'{title}': no date was found; write it in the line 'date'"), title=table.title)
        if table.date_order == "?":
            message = tr("'{title}': does the day or the month stand first? Write it in the line 'date_order'")
            yield self.text(message, title=table.title)
        for column in table.columns:
            if column.asked:
                shown = f"{column.cell} «{column.heading}» {'; '.join(column.values)}"
                yield self._asked(shown, [said(one) for one in column.likely])
        for row in table.rows:
            if row.asked:
                yield self._asked(f"{row.cell} «{row.pattern}»", [said(one) for one in row.likely])

    def _asked(self, what: str, choices: list[str]) -> str:
        """A question with what may be answered."""
        answers = [one for one in choices if not one.startswith("?")]
        if not answers:
            return self.text(tr("{what}: nothing of the description is like it; write its point"), what=what)
        return f"{what}: {' | '.join(answers)}?"


def said(rule: Any) -> str:
    """A rule in one line."""
    if isinstance(rule, Mapping):
        return ", ".join(f"{key}: {said(one)}" if isinstance(one, Mapping) else f"{one}" for key, one in rule.items())
    return str(rule)
