"""How a calibration is shown on a screen and written to files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import typer

from zveno.chain import Calibration
from zveno.cli.answers import Answers
from zveno.reports import digits_for, half_width, uom_words
from zveno.text.mark import tr

_SMALL_FRACTION = 1e-4
_WORST = 5
_SHOWN = 16
_LOUD = 2.0
_STATUS_WORDS = {
    "determined": tr("determined"),
    "rough": tr("determined, interval is rough"),
    "not determined": tr("not determined by these data"),
    "at bound": tr("at its bound"),
}
_FIT_WORDS = {
    "agrees": tr(
        "the simulation agrees with the balance: sum of squares {objective}, {dof} degrees of freedom, p = {p}"
    ),
    "misfit": tr(
        "the simulation does not agree with the balance: sum of squares {objective}, {dof} degrees of freedom, "
        "p = {p}; all intervals are widened {widened} times"
    ),
    "not testable": tr("nothing is left to test the simulation: there are as many parameters as independent values"),
}


class CalibratedAnswers(Answers):
    """A screen that knows how a calibration is shown."""

    def calibration(self, found: Calibration, out: Path | None, *, as_json: bool) -> None:
        """Parameters, what they hang together with, how well all fits, and other periods predicted."""
        for one in found.doubts:
            typer.echo(self.text.fault(one), err=True)
        self._save_calibration(found, out)
        if as_json:
            self._as_json(found)
            return
        table = found.parameters
        self.say(
            tr("calibrated to {period}: {values} values of the balance, {independent} of them independent"),
            period=found.period, values=found.residuals.height, independent=found.independent,
        )  # fmt: skip
        self._fitted_parameters(tr("parameter"), table.filter(pl.col("role") != "input"), found)
        self._only_together(found)
        self._hanging_together(found)
        self.line("")
        self._fitted_parameters(tr("feed or head grade of the period"), table.filter(role="input"), found)
        self.line("")
        self._agreement(found)
        self._other_periods(found)

    def _as_json(self, found: Calibration) -> None:
        """Everything, with names of tables as keys."""
        names = ("parameters", "correlations", "groups", "checks", "residuals", "backcast")
        self.json(
            {
                "period": found.period, "status": found.status, "objective": found.objective, "dof": found.dof,
                "p_value": found.p_value, "widened": found.widened, "iterations": found.iterations,
                "set_aside": list(found.set_aside), "doubts": [self.text.fault(one) for one in found.doubts],
                "scenario": found.scenario, "inputs": found.inputs,
                **{name: getattr(found, name).to_dicts() for name in names},
            }
        )  # fmt: skip

    def _fitted_parameters(self, title: str, table: pl.DataFrame, found: Calibration) -> None:
        """Values beside those described, with their intervals."""
        prior = table["prior"].any()
        rows = []
        for row in table.iter_rows(named=True):
            half = half_width(row["sd"])
            digits = digits_for(half, _digits(row["described"]))
            cells = [self.text.number(row[name], digits) for name in ("value", "low_95", "high_95")]
            words = [self.text(_STATUS_WORDS[row["status"]])]
            words += [self.text(tr("with prior knowledge"))] if row["prior"] else []
            rows.append([
                row["key"], self.text.number(row["described"], max(digits, _digits(row["described"]))), *cells,
                uom_words(row["uom"], self.text), ", ".join(words),
            ])  # fmt: skip
        if not rows:
            return
        head = [title, tr("as described"), tr("found"), tr("95 % from"), tr("95 % to"), tr("unit of measure"), ""]
        self.table(head, rows)
        if prior:
            message = tr(
                "with prior knowledge: the stated uncertainty of the figure counts besides the data of {period}"
            )
            self.say(message, period=found.period)

    def _only_together(self, found: Calibration) -> None:
        """Parameters that only move together, and what would part them."""
        for (number,), rows in found.groups.group_by("group", maintain_order=True):
            members = list(dict.fromkeys(rows["key"]))
            if len(members) == 1:
                self.say(tr("'{key}' hardly changes anything that is compared"), key=members[0])
            else:
                self.say(tr("only together: {keys}"), keys=", ".join(members))
            for (kind, _), move in rows.group_by("kind", "number", maintain_order=True):
                if len(members) > 1:
                    self._one_move(str(kind), move)
            checks = found.checks.filter(group=number)["result"].to_list()
            if checks:
                self.say(tr("  would be determined by measuring besides: {results}"), results=self._either(checks))

    def _one_move(self, kind: str, move: pl.DataFrame) -> None:
        """One move that the data do not see, or one combination that they determine."""
        if kind == "open":
            terms = ", ".join(
                f"{key} {'+' if one > 0 else '−'}{self.text.number(abs(one), 2)}"
                for key, one in zip(move["key"], move["coefficient"], strict=True)
            )
            self.say(tr("  not seen by the data: {terms}, in logarithms (of a share: of its odds)"), terms=terms)
            return
        product = " · ".join(
            key if one == 1 else f"{key}^{self.text.number(one, 2)}"
            for key, one in zip(move["key"], move["coefficient"], strict=True)
        )
        half = half_width(move["sd"][0]) or 0.0
        self.say(
            tr("  determined: {product}, to ± {half} % (of a share its odds)"),
            product=product,
            half=self.text.percent(half, 1),
        )

    def _either(self, names: Sequence[str]) -> str:
        """Names of which one is enough."""
        return f" {self.text(tr('or'))} ".join(names)

    def _hanging_together(self, found: Calibration) -> None:
        """Pairs whose errors hang together."""
        for row in found.correlations.iter_rows(named=True):
            if abs(row["correlation"]) > 0.8:
                self.say(
                    tr("errors of '{key}' and '{other}' hang together: correlation {value}"),
                    key=row["key"], other=row["other"], value=self.text.number(row["correlation"], 2),
                )  # fmt: skip

    def _agreement(self, found: Calibration) -> None:
        """Whether the simulation agrees, and what fits worst."""
        self.say(
            _FIT_WORDS[found.status],
            objective=self.text.number(found.objective, 1),
            dof=self.text.number(found.dof, 0),
            p=self.text.number(found.p_value, 3),
            widened=self.text.number(found.widened, 2),
        )
        rows: list[list[str]] = []
        seen: set[float] = set()
        for row in found.residuals.filter(pl.col("z").abs() > _LOUD).iter_rows(named=True):
            if round(row["z"], 3) in seen or len(rows) == _WORST:
                continue
            seen.add(round(row["z"], 3))
            uom, scale = _shown_uom(row["uom"], row["balance"])
            digits = digits_for((half_width(row["balance_sd"]) or 0.0) * scale, 2)
            rows.append([
                f"{row['result']}, {uom_words(uom, self.text)}", self.text.number(row["balance"] * scale, digits),
                self.text.number(row["simulated"] * scale, digits), self.text.number(row["z"], 1),
            ])  # fmt: skip
        if rows:
            self.table([tr("fits worst"), tr("balance"), tr("simulated"), tr("in standard deviations")], rows)

    def _other_periods(self, found: Calibration) -> None:
        """Other periods: what their balances say, what was predicted, and the error."""
        for (period,), table in found.backcast.group_by("period", maintain_order=True):
            self.line("")
            self.say(tr("{period}, predicted from its feeds:"), period=period)
            if not table["clean"].all():
                self.say(tr("  not a clean period: readings disagree, or rules were broken"))
            rows = []
            known = table.filter(pl.col("error").is_not_null())
            for row in known.head(_SHOWN).iter_rows(named=True):
                uom, scale = _shown_uom(row["uom"], row["balance"])
                half = (half_width(row["error_sd"]) or 0.0) * scale
                digits = digits_for(half, 2)
                rows.append([
                    f"{row['result']}, {uom_words(uom, self.text)}", self.text.number(row["balance"] * scale, digits),
                    self.text.number(row["predicted"] * scale, digits), self.text.number(row["error"] * scale, digits),
                    self.text.number(half, digits), self.text.number(row["z"], 1),
                ])  # fmt: skip
            head = [tr("result"), tr("balance"), tr("predicted"), tr("error"), tr("95 % of errors within ±"),
                    tr("in standard deviations")]  # fmt: skip
            self.table(head, rows)
            if known.height > _SHOWN:
                self.say(tr("  {n} results more: --json gives all"), n=known.height - _SHOWN)
            unknown = table.filter(pl.col("error").is_null())["result"].to_list()
            if unknown:
                self.say(tr("  not predicted, for the feeds do not tell: {results}"), results=", ".join(unknown))

    def _save_calibration(self, found: Calibration, out: Path | None) -> None:
        """Figures for parameters.yaml, or scenarios for --cases, and where they are."""
        if out is None:
            return
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix.lower() == ".yaml":
            out.write_text(found.figures_yaml, encoding="utf-8")
        else:
            found.cases.table.write_csv(out)
        self.say(tr("written: {path}"), err=True, path=out)


def _digits(value: float) -> int:
    """Decimals that a number of the description has."""
    return len(f"{value:.6g}".partition("e")[0].partition(".")[2])


def _shown_uom(uom: str, value: float) -> tuple[str, float]:
    """Unit of measure on the screen and the factor to it: fractions as per cent, small ones as g/t."""
    if uom != "frac":
        return uom, 1.0
    return ("g/t", 1e6) if 0 < abs(value) < _SMALL_FRACTION and math.isfinite(value) else ("%", 100.0)
