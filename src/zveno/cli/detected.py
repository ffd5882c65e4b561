"""How it is shown what meters can show, and what one more reading would buy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from textwrap import shorten
from typing import Any

import polars as pl

from zveno.chain import ChainModel, Detection
from zveno.cli.answers import Answers
from zveno.reports import half_width, measured_words, stream_title, suspect_name
from zveno.text.mark import tr

_TABLES = ("detectability", "added_meters", "added_gains")
_SPOKEN = 3
_MOST_ROWS, _MOST_CLASSES, _WIDEST = 60, 6, 60
_TOLD = 0.99
_AIMS = {
    "recovery": tr("± of the recovery of {component}, {place}: {before} before, {after} after, points"),
    "unaccounted": tr("± of unaccounted {component}, {place}: {before} before, {after} after, t"),
    "product": tr("± of {component} in {place}: {before} before, {after} after, t"),
}
_MADE_KNOWN = {
    "recovery": tr("the recovery of {component}, {place}, becomes known"),
    "unaccounted": tr("unaccounted {component}, {place}, becomes known"),
    "product": tr("{component} in {place} becomes known"),
}


class DetectedAnswers(Answers):
    """A screen that knows how ``zveno detect`` answers."""

    def detection(self, model: ChainModel, found: Detection, added: int, out: Path | None, *, as_json: bool) -> None:
        """Smallest errors, then added readings, the best first."""
        self.save({name: getattr(found, name) for name in _TABLES}, out, alone="detectability")
        if as_json:
            tables = {name: getattr(found, name).to_dicts() for name in _TABLES}
            self.json({"period": found.period.name, "limit": found.limit, "dof": found.dof, **tables})
            return
        self._smallest(model, found.detectability)
        self._tied(model, found.detectability)
        self._silent(model, found.detectability)
        self._added(model, found, added)

    def _smallest(self, model: ChainModel, table: pl.DataFrame) -> None:
        """Smallest errors by number of months, a row for each thing that may be wrong."""
        shown = table.filter(pl.col("shows_from_frac").is_not_null().any().over(_KEYS))
        if shown.is_empty():
            self.say(tr("no reading is checked by others: no error shows"))
            return
        self.say(tr("smallest error that is found four times out of five, % of the reading:"))
        months = shown["months"].unique(maintain_order=True).to_list()
        parts = [part for _, part in shown.group_by(_KEYS, maintain_order=True)]
        parts.sort(key=lambda part: part["kind"][0] == "reading" and part["stream"][0] not in model.titles)
        rows = []
        for part in parts[:_MOST_ROWS]:
            last = part.row(-1, named=True)
            cells = [self.text.percent(one, 1) for one in part["shows_from_frac"]]
            name = shorten(self._what(model, last), _WIDEST, placeholder="…")
            rows.append([name, *cells, self.text.percent(last["never_below_frac"], 1), self._whose(last)])
        heads = [self.text.count("{n} month", "{n} months", one) for one in months]
        self.table([tr("meter or error"), *heads, tr("never below"), tr("told from the rest")], rows)
        if len(parts) > _MOST_ROWS:
            more = len(parts) - _MOST_ROWS
            self.line(self.text.count("and {n} more: see --json or --out", "and {n} more: see --json or --out", more))

    def _whose(self, row: dict[str, Any]) -> str:
        """From which size on the error has a name, or the class that hides it."""
        if row["class_id"] is not None:
            return self.text(tr("no: class {number}"), number=row["class_id"])
        size = row["named_from_frac"]
        return "–" if size is None else self.text(tr("from {size} %"), size=self.text.percent(size, 1))

    def _tied(self, model: ChainModel, table: pl.DataFrame) -> None:
        """Classes of errors that look the same, however long one waits."""
        last = table.filter(pl.col("months") == table["months"].max(), pl.col("class_id").is_not_null())
        for (number,), rows in last.filter(pl.col("class_id") <= _MOST_CLASSES).group_by(
            "class_id", maintain_order=True
        ):
            self.say(
                tr("class {number}, which these data never tell apart: {names}"),
                number=number, names=self._listed(model, rows),
            )  # fmt: skip
        more = last["class_id"].n_unique() - _MOST_CLASSES
        if more > 0:
            self.line(
                self.text.count(
                    "and {n} class more: see --json or --out", "and {n} classes more: see --json or --out", more
                )
            )

    def _silent(self, model: ChainModel, table: pl.DataFrame) -> None:
        """Readings of which no error ever shows, by the reason."""
        last = table.filter(
            pl.col("months") == table["months"].max(), pl.col("shows_from_frac").is_null(), pl.col("kind") == "reading"
        )
        for (reason,), rows in last.group_by("reason", maintain_order=True):
            self.line(f"{self.text(str(reason))}: {self._listed(model, rows)}")

    def _added(self, model: ChainModel, found: Detection, count: int) -> None:
        """Added readings, the best first, and what the first ones do for the numbers that count; nothing of them where
        none was asked for.
        """
        if count == 0:
            return
        table = found.added_meters.head(count)
        if table.is_empty():
            self.say(tr("no added reading would better anything"))
            return
        self.say(tr("what one more reading would buy, the best first:"))
        rows = [
            [
                f"{row['rank']}. {self._measured(model, row)}",
                self.text.percent(row["sd_rel_frac"], 1),
                self.text.percent(row["sd_less_frac"], 1),
                self.text.percent(row["shows_less_frac"], 1),
                self.text.number(row["checked"], 0),
                f"{self.text.number(row['told_before'], 0)} → {self.text.number(row['told_after'], 0)}",
            ]
            for row in table.iter_rows(named=True)
        ]
        heads = [
            tr("reading"), tr("its sd, %"), tr("± less by, %"), tr("errors show less by, %"), tr("checked then"),
            tr("told by name"),
        ]  # fmt: skip
        self.table(heads, rows)
        for row in table.head(_SPOKEN).iter_rows(named=True):
            gains = found.added_gains.filter(pl.col("rank") == row["rank"], pl.col("of") != "reading")
            for gain in self._best(gains):
                self.line(f"{row['rank']}. {self._gain(model, gain)}")

    def _best(self, gains: pl.DataFrame) -> Iterable[dict[str, Any]]:
        """What becomes known, and of each kind of number the one that gains most."""
        most = gains.with_columns(left=(pl.col("after") / pl.col("before")).fill_null(0.0)).sort("left")
        first = pl.int_range(pl.len()).over("of") == 0
        return most.filter((pl.col("left") == 0.0) | (first & (pl.col("left") < _TOLD))).iter_rows(named=True)

    def _gain(self, model: ChainModel, row: dict[str, Any]) -> str:
        """A number that gets better, in words."""
        title = stream_title(model, row["what"], self.text) if row["what"] else self.text(tr("whole chain"))
        fields = {"component": row["component"], "place": title}
        if row["before"] is None or row["after"] is None:
            return self.text(_MADE_KNOWN[row["of"]], **fields)
        scale, digits = (100, 3) if row["of"] == "recovery" else (1, 1)
        before, after = (self.text.number((half_width(row[one]) or 0.0) * scale, digits) for one in ("before", "after"))
        return self.text(_AIMS[row["of"]], before=before, after=after, **fields)

    def _measured(self, model: ChainModel, row: dict[str, Any]) -> str:
        """What is to be measured."""
        quantity = measured_words(model, row["stream"], row["quantity"], self.text)
        name = f"{stream_title(model, row['stream'], self.text)}, {quantity}"
        return self.text(tr("{name}, a second time"), name=name) if row["again"] else name

    def _listed(self, model: ChainModel, rows: pl.DataFrame) -> str:
        """Things that may be wrong in a row."""
        return self._names([self._what(model, row) for row in rows.iter_rows(named=True)])

    def _what(self, model: ChainModel, row: dict[str, Any]) -> str:
        """A thing that may be wrong, with the end of the stock where it is a survey."""
        name = suspect_name(model, row, self.text)
        if row["kind"] != "reading" or row["stream"] in model.titles:
            return name
        return f"{name}, {stream_title(model, row['stream'], self.text)}"


_KEYS = ("kind", "name", "meter", "stream", "quantity")
