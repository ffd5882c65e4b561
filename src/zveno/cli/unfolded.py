"""How an explained figure is shown on a screen: short first, every record with ``--deep``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from zveno.chain import ChainModel
from zveno.chain.explaining import Explaining
from zveno.cli.screen import Screen
from zveno.explain import Bearing, Explanation, Input, Recomputed
from zveno.explain.unfold import records_of
from zveno.reports import stream_title
from zveno.reports.figures import derivation, figure_words, leaf_title, origin_words, uom_of
from zveno.reports.parts.words import measured_words
from zveno.tables.figure import Figure, Read, Solved
from zveno.text.mark import tr

_FEW, _MANY = 6, 10_000
_ROLES = {
    "sum": tr("sum of"), "factor": tr("product of"), "above": tr("numerator"), "below": tr("denominator"),
    "input": tr("worked from"), "itself": tr("is"),
}  # fmt: skip


class UnfoldedAnswers(Screen):
    """A screen that knows how figures are explained."""

    def figures(self, model: ChainModel, found: Sequence[Figure], *, as_json: bool) -> None:
        """Addresses with values."""
        if as_json:
            self.json([self._plain(model, one) for one in found])
            return
        if not found:
            self.say(tr("no figure has such an address"))
            return
        rows = [[one.address, self.value(one, one.value, one.sd), figure_words(model, one, self.text)] for one in found]
        self.table([tr("address"), tr("value"), ""], rows)

    def explanation(
        self, about: Explaining, found: Explanation, again: Recomputed | None, *, deep: bool, as_json: bool
    ) -> None:
        """A figure, what it is calculated from, what it rests on, where that stands."""
        if as_json:
            self.json(self._whole(about, found, again))
            return
        model, figure = about.chain.model, found.figure
        self.line(f"{figure.address}")
        said = figure_words(model, figure, self.text)
        self.line(f"{said}: {self.value(figure, figure.value, figure.sd)}")
        self.line(f"= {derivation(figure, self.text)}")
        self._inputs(about, found, deep=deep)
        self._bearings(model, found, deep=deep)
        self._records(about, found, deep=deep)
        self._again(figure, again)

    def value(self, figure: Figure, value: float | None, sd: float | None) -> str:
        """A value in its unit with its interval."""
        if value is None:
            return "–"
        if uom_of(figure) == "frac":
            return f"{self.measured(value, sd, 100, 4)} {self.text('%')}"
        return f"{self.measured(value, sd, 1, 3)} {self.text('t')}" if uom_of(figure) else self.text.number(value, 3)

    # ---- parts -------------------------------------------------------------------------------------------------------

    def _inputs(self, about: Explaining, found: Explanation, *, deep: bool) -> None:
        inputs = found.inputs
        if len(inputs) == 1 and inputs[0].role == "itself" and isinstance(inputs[0].leaf, Solved):
            return
        shown = inputs[: _MANY if deep else 2 * _FEW]
        rows = [
            [f"{self.text(_ROLES[one.role])} {'−' if one.sign < 0 else ''}{self._title(about, one)}",
             self._amount(one), one.address]
            for one in shown
        ]  # fmt: skip
        self.line()
        self.table([tr("calculated from"), tr("value"), tr("address")], rows)
        self._more(len(inputs) - len(shown))

    def _title(self, about: Explaining, one: Input) -> str:
        """An input in words: as the figure that it is, or by its names."""
        model = about.chain.model
        if one.address:
            return figure_words(model, about.ground.figure(one.address), self.text)
        return leaf_title(model, one.leaf, self.text)

    def _amount(self, one: Input) -> str:
        """An input as it is: a grade or share in per cent, a mass in t."""
        leaf = one.leaf
        share = (isinstance(leaf, Solved) and leaf.grade) or (isinstance(leaf, Read) and leaf.quantity != "mass")
        if share:
            return f"{self.text.percent(one.value, 4)} {self.text('%')}"
        return self.text.number(one.value, 3)

    def _bearings(self, model: ChainModel, found: Explanation, *, deep: bool) -> None:
        if not found.bearings:
            self.say(tr("no reading bears on it"))
            return
        shown = found.bearings[: _MANY if deep else _FEW]
        self.line()
        self.table(
            [tr("rests on the readings"), tr("as read"), tr("reconciled"), tr("change by 1 % of it"),
             tr("share of variance, %"), tr("moved by reconciling")],
            [self._bearing(model, found.figure, one) for one in shown],
        )  # fmt: skip
        rest = found.bearings[len(shown) :]
        if rest:
            self.line(self.text.count(
                "and {n} reading more, together {share} % of the variance",
                "and {n} readings more, together {share} % of the variance",
                len(rest), share=self.text.percent(sum(one.share_frac for one in rest), 1),
            ))  # fmt: skip

    def _bearing(self, model: ChainModel, figure: Figure, one: Bearing) -> list[str]:
        """A reading with what it does to the figure."""
        stream, quantity, meter = one.key
        name = (
            f"{measured_words(model, stream, quantity, self.text)}, {stream_title(model, stream, self.text)} [{meter}]"
        )
        scale, uom, digits = (1.0, "t", 1) if quantity == "mass" else (100.0, "%", 4)
        read = f"{self.measured(one.value, one.sd, scale, digits)} {self.text(uom)}"
        after = "–" if one.reconciled is None else self.text.number(one.reconciled * scale, digits)
        return [
            name, read, after, self._signed(figure, one.slope * one.value * 0.01),
            self.text.percent(one.share_frac, 1), "–" if one.moved is None else self._signed(figure, one.moved),
        ]  # fmt: skip

    def _signed(self, figure: Figure, value: float) -> str:
        """A change of a figure in its unit."""
        scaled = value * 100 if uom_of(figure) == "frac" else value
        digits = 4 if abs(scaled) < 0.1 else 2
        return f"{'+' if scaled > 0 else ''}{self.text.number(scaled, digits)}"

    def _records(self, about: Explaining, found: Explanation, *, deep: bool) -> None:
        """What the readings were made from, and the cells; every record where asked."""
        records = found.records
        self.line()
        for row in about.persons(found).iter_rows(named=True):
            self.say(tr("put in by persons: {point}, approved by {person} (record {record} of the log)"), **row)
        made = [self._made(one, records) for one in found.bearings[: _MANY if deep else _FEW]]
        for line in dict.fromkeys(filter(None, made)):
            self.line(line)
        cells = self.text.count("{n} record", "{n} records", records.height)
        files = self.text.count("in {n} file", "in {n} files", len(found.files))
        self.line(f"{self.text('in all')}: {cells} {files}")
        old = about.superseded(found)
        if deep and records.height:
            self.table(
                [tr("file"), tr("sheet"), tr("cell"), tr("point"), tr("quantity"), tr("value"), tr("from"),
                 tr("known since")],
                [self._record(about.chain.model, row) for row in records.iter_rows(named=True)],
            )  # fmt: skip
        if old.height:
            self.line(self.text.count(
                "{n} earlier value was replaced by a later file", "{n} earlier values were replaced by later files",
                old.height,
            ))  # fmt: skip
            for row in (old if deep else old.head(3)).iter_rows(named=True):
                self.line("  " + "  ".join(self._record(about.chain.model, row)))

    def _made(self, one: Bearing, records: pl.DataFrame) -> str:
        """A reading: how it was made, and the cells of its own meter."""
        uses = one.uses
        if one.origin is None or not uses:
            return ""
        own = records_of(records, [uses[0]])
        first = own.row(0, named=True) if own.height else {"file": "–", "sheet": "", "cell": ""}
        place = ", ".join(filter(None, (first["file"], first["sheet"] and f"'{first['sheet']}'", first["cell"])))
        more = f" … {own.row(-1, named=True)['file']}, {own.row(-1, named=True)['cell']}" if own.height > 1 else ""
        return f"  [{one.key[2]}] {origin_words(one.origin, self.text)}: {place}{more}"

    def _record(self, model: ChainModel, row: dict[str, Any]) -> list[str]:
        """A record with its cell."""
        mass = row["quantity"] in ("wet_mass", "mass", "survey_mass")
        value = self.text.number(row["value"], 3) if mass else self.text.percent(row["value"], 4)
        shown = "–" if row["value"] is None else f"{row['qualifier']}{value} {self.text('t' if mass else '%')}"
        moments = [self.text.moment(row[name].astimezone(model.tz)) for name in ("start", "known")]
        return [row["file"], row["sheet"], row["cell"], row["point"], row["quantity"], shown, *moments]

    def _more(self, count: int) -> None:
        if count > 0:
            self.say(tr("and {n} more: --deep shows them"), n=count)

    def _again(self, figure: Figure, again: Recomputed | None) -> None:
        if again is None:
            return
        self.line()
        apart = self.text.plain(again.apart_frac, 2)
        if again.agrees:
            self.say(
                tr("made again from the cells of the source files: the same (apart by {apart} of it)"), apart=apart
            )
        else:
            self.say(
                tr("! made again from the cells of the source files it is {value}: apart by {apart} of it"),
                value=self.value(figure, again.value, None), apart=apart,
            )  # fmt: skip

    # ---- JSON --------------------------------------------------------------------------------------------------------

    def _plain(self, model: ChainModel, one: Figure) -> dict[str, Any]:
        return {
            "address": one.address, "value": one.value, "sd": one.sd, "uom": uom_of(one),
            "words": figure_words(model, one, self.text), "derivation": derivation(one, self.text),
        }  # fmt: skip

    def _whole(self, about: Explaining, found: Explanation, again: Recomputed | None) -> dict[str, Any]:
        model = about.chain.model
        return {
            **self._plain(model, found.figure),
            "formula_value": found.formula_value,
            "inputs": [
                {"role": one.role, "sign": one.sign, "what": leaf_title(model, one.leaf, self.text), "value": one.value,
                 "address": one.address}
                for one in found.inputs
            ],
            "tables": {name: one.to_dicts() for name, one in about.tables(found).items()},
            "again": None if again is None else {
                "value": again.value, "sd": again.sd, "apart_frac": again.apart_frac, "agrees": again.agrees,
            },
        }  # fmt: skip


def in_plant_time(model: ChainModel, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Tables with plant time, as workbooks know it: without a time zone."""
    found = {}
    for name, table in tables.items():
        moments = [one for one, kind in table.schema.items() if isinstance(kind, pl.Datetime)]
        plain = {one: [at and at.astimezone(model.tz).replace(tzinfo=None) for at in table[one]] for one in moments}
        local = [pl.Series(one, values, pl.Datetime("us")) for one, values in plain.items()]
        found[name] = table.with_columns(local)
    return found
