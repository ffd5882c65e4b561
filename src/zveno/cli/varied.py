"""How many scenarios are shown on a screen and written to files: cases, spreads of draws, sensitivities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from zveno.chain import CaseResults, Sensitivities, Spread
from zveno.cli.numerals import decimals, plain, shown_uom
from zveno.cli.screen import Screen
from zveno.reports import uom_words
from zveno.text.mark import tr

_SHOWN_CASES = 40
_SHOWN_KEYS = 15


class VariedAnswers(Screen):
    """A screen that knows how scenarios are shown."""

    def cases(self, found: CaseResults, out: Path | None, *, as_json: bool) -> None:
        """Scenarios with what they set and what follows."""
        self.doubts(found.doubts)
        units_of = pl.DataFrame({"result": found.results, "uom": [uom_words(one, self.text) for one in found.uoms]})
        self.save({"cases": found.table, "uoms": units_of}, out, alone="cases")
        if as_json:
            uoms = dict(zip(found.results, found.uoms, strict=True))
            self.json({"uoms": uoms, "cases": found.table.to_dicts()})
            return
        units = [shown_uom(uom, found.of(result)) for result, uom in zip(found.results, found.uoms, strict=True)]
        keys = list(found.cases.values)
        columns = [[plain(value, self.text) for value in found.cases.values[key]] for key in keys]
        columns += [
            self._column([value * scale for value in found.of(result)])
            for result, (_, scale) in zip(found.results, units, strict=True)
        ]
        head = [self.text(tr("scenario")), *keys]
        head += [
            f"{result}, {uom_words(uom, self.text)}" for result, (uom, _) in zip(found.results, units, strict=True)
        ]
        rows = [list(row) for row in zip(found.cases.names, *columns, strict=True)]
        self.table(head, rows[:_SHOWN_CASES])
        if len(rows) > _SHOWN_CASES:
            self.say(tr("{n} scenarios more: --out FILE.csv or --json gives all"), n=len(rows) - _SHOWN_CASES)

    def spread(self, found: Spread, out: Path | None, *, as_json: bool) -> None:
        """Statistics of results over draws, each with the error that the number of draws leaves."""
        table, drawn = found.result_spreads, found.drawn
        self.doubts(found.results.doubts)
        self.save(
            {"result_spreads": table, "draws": found.results.table.with_columns(counted=pl.Series(found.used))},
            out,
            alone="draws",
        )
        unused = int((~found.used).sum())
        if as_json:
            self.json(
                {
                    "draws": len(drawn.cases), "not_counted": unused, "varied": list(drawn.varied),
                    "fixed": list(drawn.fixed), "result_spreads": table.to_dicts(),
                }
            )  # fmt: skip
            return
        rows = []
        for n, result in enumerate(found.results.results):
            uom, scale = shown_uom(found.results.uoms[n], found.results.values[:, n])
            values = {row[1]: (row[2], row[3]) for row in table.filter(result=result).iter_rows()}
            base = float(found.base[n]) * scale
            cells = [self.measured(*one, scale, decimals([one[0] * scale])) for one in values.values()]
            shown = self.text.number(base, decimals([base]))
            rows.append([f"{result}, {uom_words(uom, self.text)}", shown, *cells])
        head = [tr("result"), tr("as described"), tr("mean"), tr("standard deviation"), "5 %", tr("median"), "95 %"]
        self.table(head, rows)
        message = (
            tr("{n} draws of {varied} figures, too few to tell how far these numbers are off: ask for 32 or more")
            if table["sampling_se"].null_count()
            else tr("{n} draws of {varied} figures; ± is half of the 95 % interval that this number of draws leaves")
        )
        self.say(message, n=len(drawn.cases), varied=len(drawn.varied))
        self.say(tr("varied: {keys}"), keys=", ".join(drawn.varied))
        self.say(tr("not varied: {n} figures, which state no uncertainty or were not asked for"), n=len(drawn.fixed))
        if unused:
            self.say(tr("not counted: {n} draws that did not settle or gave a result no value"), n=unused)

    def sensitivities(self, found: Sensitivities, out: Path | None, *, as_json: bool) -> None:
        """How each result answers to each key."""
        table = found.sensitivities
        self.doubts(found.results.doubts)
        self.save({"sensitivities": table}, out, alone="sensitivities")
        if as_json:
            reasons = {key: [self.text.fault(one) for one in faults] for key, faults in found.left_out.items()}
            self.json({"sensitivities": table.to_dicts(), "left_out": reasons})
            return
        for result in found.results.results:
            self._ranked(found, result, table.filter(result=result))
        for key, faults in found.left_out.items():
            for one in faults:
                self.say(tr("'{key}' cannot be changed by itself: {problem}"), key=key, problem=self.text.fault(one))

    def _ranked(self, found: Sensitivities, result: str, rows: pl.DataFrame) -> None:
        """The keys that move one result most."""
        effects = rows["effect"].drop_nulls().to_numpy()
        uom, scale = shown_uom(found.results.uoms[found.results.results.index(result)], found.results.of(result))
        value, said = float(found.results.of(result)[0]) * scale, uom_words(uom, self.text)
        told = self.text.number(value, decimals([value]))
        self.line(f"{result}: {told} {said}")
        digits = decimals([max(abs(effects), default=0.0) * scale])
        head = [
            tr("key"), tr("value"), tr("unit of measure"), tr("changed by"),
            tr("change, percentage points") if uom == "%" else f"{self.text(tr('change'))}, {said}",
            tr("% for 1 %"), tr("share of the variance, %"), tr("kink: change for less, for more"),
        ]  # fmt: skip
        cells = []
        for row in rows.head(_SHOWN_KEYS).iter_rows(named=True):
            by = abs(row["key_value"]) / 100 if row["key_sd"] is None else row["key_sd"]
            share = row["variance_frac"]
            sides = (-row["left"] * by * scale, row["right"] * by * scale) if row["kink"] else ()
            cells.append(
                [
                    row["key"],
                    plain(row["key_value"], self.text),
                    uom_words(row["key_uom"], self.text),
                    "+1 %" if row["key_sd"] is None else f"+{self.text.number(by, decimals([by], 3))}",
                    "–" if row["effect"] is None else self.text.number(row["effect"] * scale, digits),
                    self.text.number(row["elasticity"], 3),
                    "–" if share is None else self.text.percent(share, 1),
                    "; ".join(self.text.number(one, digits) for one in sides),
                ]
            )
        self.table(head, cells)
        if rows.height > _SHOWN_KEYS:
            self.say(tr("{n} keys more: --out FILE.csv or --json gives all"), n=rows.height - _SHOWN_KEYS)
        sd = found.first_order_sd(result) * scale
        if rows["key_sd"].null_count() < rows.height and math.isfinite(sd):
            self.say(
                tr("standard deviation of the result, to first order: {sd} {uom}"),
                sd=self.text.number(sd, decimals([sd])), uom=said,
            )  # fmt: skip
        self.line("")

    def _column(self, values: Sequence[float]) -> list[str]:
        """Numbers of one column with the same decimals."""
        digits = decimals(values)
        return [self.text.number(one, digits) for one in values]
