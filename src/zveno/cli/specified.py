"""How specifications that are met, and degrees of freedom, are shown on a screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from zveno.chain import DegreesOfFreedom, Met
from zveno.cli.numerals import decimals, plain, shown_uom
from zveno.cli.screen import Screen
from zveno.reports import uom_words
from zveno.text.mark import tr


class SpecifiedAnswers(Screen):
    """A screen that knows how specifications are shown."""

    def met(self, found: Sequence[Met], out: Path | None, *, as_json: bool) -> None:
        """Free parameters and results of each scenario."""
        self.doubts([doubt for one in found for doubt in one.simulation.doubts])
        cases = pl.concat([one.cases.table for one in found], how="diagonal")
        parameters, specifications = (
            pl.concat([getattr(one, name) for one in found]) for name in ("parameters", "specifications")
        )
        tables = {"cases": cases, "met_parameters": parameters, "met_specifications": specifications}
        if as_json:
            self.save(tables, out, alone="cases")
            self.json({name: table.to_dicts() for name, table in tables.items()})
            return
        for one in found:
            if len(found) > 1:
                self.line(f"{self.text(tr('scenario'))}: {one.scenario}")
            self._parameters(one)
            self.line()
            self._specifications(one)
            self.line()
        self.save(tables, out, alone="cases")
        if out is None:
            self.say(tr("--out FILE.csv writes the scenario; --cases FILE.csv simulates it again"))

    def _parameters(self, found: Met) -> None:
        """What is to be set."""
        rows = []
        for row in found.parameters.iter_rows(named=True):
            low, high = ("–" if row[end] is None else plain(row[end], self.text) for end in ("low", "high"))
            digits = decimals([row["value"]], 5)
            value = self.text.number(row["value"], digits)
            rows.append(
                [row["key"], plain(row["described"], self.text), value, uom_words(row["uom"], self.text), low, high]
            )
        head = [
            tr("free parameter"),
            tr("as described"),
            tr("to be set"),
            tr("unit of measure"),
            tr("least"),
            tr("most"),
        ]
        self.table(head, rows)

    def _specifications(self, found: Met) -> None:
        """What is met."""
        rows = []
        for row in found.specifications.iter_rows(named=True):
            values = [row["described"], row["wanted"], row["value"]]
            uom, scale = shown_uom(row["uom"], values)
            digits = decimals([one * scale for one in values], 5)
            shown = [self.text.number(one * scale, digits) for one in values]
            rows.append([row["result"], *shown, uom_words(uom, self.text)])
        self.table([tr("specification"), tr("as described"), tr("wanted"), tr("reached"), tr("unit of measure")], rows)

    def degrees_of_freedom(self, found: DegreesOfFreedom, *, as_json: bool) -> None:
        """Counts, which specification moves with which parameter, and what does not fit."""
        counts = {
            "unknowns": found.unknowns, "equations": found.equations, "settable": found.settable,
            "free": len(found.free), "specified": len(found.specifications), "dof": found.dof, "rank": found.rank,
        }  # fmt: skip
        if as_json:
            faults = [self.text.fault(one) for one in found.faults]
            self.json({**counts, "dependences": found.dependences.to_dicts(), "faults": faults})
            return
        self.say(
            tr("unknowns of the steady state (flows and what units iterate): {unknowns}; equations: {equations}"),
            unknowns=self.text.number(found.unknowns, 0),
            equations=self.text.number(found.equations, 0),
        )
        self.say(tr("feeds, parameters and figures that can be set: {n}"), n=self.text.number(found.settable, 0))
        self.say(
            tr("free: {free}; specified: {specified}; degrees of freedom: {dof}"),
            free=counts["free"], specified=counts["specified"], dof=counts["dof"],
        )  # fmt: skip
        if found.dependences.height:
            self.line()
            self._dependences(found)
        for one in found.faults:
            self.line(self.text.fault(one))

    def _dependences(self, found: DegreesOfFreedom) -> None:
        """Derivatives of each specification, with a dash where it does not move."""
        rows = []
        for row in found.dependences.iter_rows(named=True):
            uom, scale = shown_uom(row["result_uom"], [1.0])
            change = row["derivative"] * scale
            shown = self.text(tr("does not move"))
            if row["moves"]:
                shown = f"{self.text.number(change, decimals([change]))} {uom_words(uom, self.text)}".strip()
            rows.append([row["result"], row["key"], f"+1 {uom_words(row['key_uom'], self.text)}".strip(), shown])
        self.table([tr("specification"), tr("free parameter"), tr("changed by"), tr("change")], rows)
