"""How the quality of measurement is shown on a screen: instruments, assays, suppliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from zveno.chain import ChainModel
from zveno.chain.quality import AssayQuality
from zveno.cli.screen import Screen
from zveno.log import Entry
from zveno.quality.authorised import Authorisation, Lapsed
from zveno.reports import (
    BIASES,
    KINDS,
    STATE_WORDS,
    SUPPLIER_VERDICTS,
    VERDICTS,
    Report,
    answer_words,
    biased_words,
    worse_words,
)
from zveno.text.mark import tr

_MOST = 30


class MeasuredAnswers(Screen):
    """A screen that knows how the quality of measurement is shown."""

    def pages(self, report: Report, out: Sequence[Path]) -> None:
        """Write a report to files and say where."""
        for path in out:
            self.say(tr("written: {path}"), err=True, path=report.save(path))

    def instruments(
        self, model: ChainModel, table: pl.DataFrame, day: date, status: str, given: Sequence[Authorisation], *,
        as_json: bool,
    ) -> None:  # fmt: skip
        """Counts, then the instruments that need attention, or all of one status; what was authorised."""
        shown = table.filter(pl.col("status") == status) if status else table
        if as_json:
            answers = [
                {"person": one.person, "name": one.name, "at": one.at, "reason": one.reason, "record": one.record,
                 "instruments": sorted(each.instrument for each in one.instruments)}
                for one in given
            ]  # fmt: skip
            self.json({"on": day, "instruments": shown.to_dicts(), "authorised": answers})
            return
        if table.is_empty():
            self.say(tr("no instrument is known: list them in quality.yaml, or import a register with a mapping"))
            return
        counts = dict(table["status"].value_counts().iter_rows())
        parts = [f"{self.text(word)} {counts[name]}" for name, word in STATE_WORDS.items() if name in counts]
        self.say(
            tr("{all} instruments on {day}: {parts}"), all=table.height, day=self.text.day(day), parts=", ".join(parts)
        )
        shown = shown if status else shown.filter((pl.col("status") != "valid") | (pl.col("days_without") > 0))
        rows = [
            [
                row["instrument"], row["name"], row["site"], row["point"], row["accuracy_class"],
                "–" if row["valid_until"] is None else self.text.day(row["valid_until"]),
                self.text.number(row["days_overdue"], 0), self.text.number(row["days_without"], 0),
                self.text(STATE_WORDS[row["status"]]),
            ]
            for row in shown.head(_MOST).iter_rows(named=True)
        ]  # fmt: skip
        if rows:
            self.table(
                [tr("instrument"), tr("name"), tr("place"), tr("accounting point"), tr("accuracy class"),
                 tr("valid until"), tr("days overdue"), tr("days unverified"), ""],
                rows,
            )  # fmt: skip
        if shown.height > _MOST:
            self.say(tr("and {n} more: --out list.xlsx writes all"), n=shown.height - _MOST)
        for one in given:
            answer = (one.name, one.at, len(one.instruments), one.reason, one.record)
            self.line(answer_words(model, answer, self.text))

    def authorised(self, period: str, found: Sequence[Lapsed], entry: Entry) -> None:
        """What was signed for."""
        self.line(self.text.count(
            "{name} answers for {n} instrument in {period} (record {record})",
            "{name} answers for {n} instruments in {period} (record {record})", len(found),
            name=entry.record.name, period=period, record=entry.number,
        ))  # fmt: skip

    def assays(self, model: ChainModel, found: AssayQuality, *, as_json: bool) -> None:
        """Precision by material, bias by standard, rules broken, blanks."""
        if as_json:
            self.json({name: one.to_dicts() for name, one in found.tables().items()})
            return
        self._duplicates(model, found.duplicates)
        self._standards(found.standards)
        self._broken(model, found.points)
        dirty = found.blanks.filter(pl.col("verdict") == "contaminated").height
        if found.blanks.height:
            self.say(tr("blanks: {n} of {all} contaminated"), n=dirty, all=found.blanks.height)

    def _duplicates(self, model: ChainModel, table: pl.DataFrame) -> None:
        rows = [
            [
                self._material(model, row),
                row["component"], self.text.number(row["pairs"], 0), self.text.percent(row["sd_rel_frac"]),
                self._range(row["sd_low_frac"], row["sd_high_frac"]), self.text.percent(row["claimed_sd_rel_frac"]),
                self.text.number(row["p_value"], 3), self.text(VERDICTS[row["verdict"]]),
            ]
            for row in table.iter_rows(named=True)
        ]  # fmt: skip
        if rows:
            self.table(
                [tr("material"), tr("component"), tr("pairs"), tr("standard deviation, %"), tr("interval, %"),
                 tr("described, %"), tr("chance"), ""],
                rows,
            )  # fmt: skip
        for row in table.filter(pl.col("verdict") == "worse").iter_rows(named=True):
            self.line(f"! {worse_words(model, row, self.text)}")

    def _material(self, model: ChainModel, row: Mapping[str, Any]) -> str:
        """A material by its name; all together by their range of content."""
        if row["material"]:
            return model.title(row["material"], self.lang)
        low, high = (self.text.percent(row[one], 2) for one in ("low_frac", "high_frac"))
        return self.text(tr("all materials, {low} to {high} %"), low=low, high=high)

    def _standards(self, table: pl.DataFrame) -> None:
        rows = [
            [
                " ".join(filter(None, (row["standard"], row["laboratory"]))), row["component"],
                self.text.number(row["assays"], 0), self.text.percent(row["certified_frac"], 3),
                self.text.percent(row["mean_frac"], 3), self.text.percent(row["bias_frac"], 3),
                self._range(row["bias_low_frac"], row["bias_high_frac"], 3), self.text(BIASES[row["verdict"]]),
            ]
            for row in table.iter_rows(named=True)
        ]  # fmt: skip
        if rows:
            self.line("")
            self.table(
                [tr("standard"), tr("component"), tr("assays"), tr("certified, %"), tr("mean, %"), tr("bias, %"),
                 tr("interval, %"), ""],
                rows,
            )  # fmt: skip

    def _broken(self, model: ChainModel, points: pl.DataFrame) -> None:
        for row in points.filter(pl.col("rules") != "").iter_rows(named=True):
            self.say(
                tr("! standard {standard} on {day}: {value} %, {z} standard deviations from the centre: {rules}"),
                standard=row["standard"], day=self.text.day(row["at"].astimezone(model.tz).date()),
                value=self.text.percent(row["value_frac"]), z=self.text.number(row["z"], 1), rules=row["rules"],
            )  # fmt: skip

    def suppliers(self, table: pl.DataFrame, *, as_json: bool) -> None:
        """Who is biased, then all that was compared."""
        if as_json:
            self.json(table.to_dicts())
            return
        named = table.filter(pl.col("verdict") == "biased")
        for row in named.iter_rows(named=True):
            self.line(f"! {biased_words(row, self.text)}")
        if named.is_empty():
            self.say(tr("No supplier, sampler or pair of both is biased beyond what chance allows."))
        rows = [
            [
                self.text(KINDS[row["kind"]]), row["supplier"], row["sampler"], row["component"],
                self.text.number(row["lots"], 0), self.text.percent(row["bias_rel_frac"]),
                self._range(row["bias_low_frac"], row["bias_high_frac"]), self.text.number(row["p_holm"], 4),
                self.text.number(row["content_t"], 1), self.text(SUPPLIER_VERDICTS[row["verdict"]]),
            ]
            for row in table.iter_rows(named=True)
        ]  # fmt: skip
        self.table(
            [tr("compared"), tr("supplier"), tr("sampler"), tr("component"), tr("lots"), tr("bias, %"),
             tr("interval, %"), tr("chance"), tr("metal, t"), ""],
            rows,
        )  # fmt: skip

    def _range(self, low: float | None, high: float | None, digits: int = 2) -> str:
        return "–" if low is None else f"{self.text.percent(low, digits)} … {self.text.percent(high, digits)}"
