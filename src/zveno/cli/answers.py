"""What each command answers, in words and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from zveno.chain import Balance, Breaches, ChainModel, MonthResults, PeriodSeries
from zveno.cli.doubted import DoubtedAnswers
from zveno.cli.explained import ExplainedAnswers
from zveno.cli.imported import ImportedAnswers
from zveno.cli.simulated import SimulatedAnswers, grade_uoms
from zveno.cli.specified import SpecifiedAnswers
from zveno.cli.varied import VariedAnswers
from zveno.reports import (
    BOUND_CONFLICT,
    half_width,
    lack_detail,
    nominal_sentences,
    nominal_words,
    overdue_words,
    stream_title,
)
from zveno.text.mark import tr
from zveno.text.words import RULE_KIND_WORDS

_RIVAL = 25.0  # an objective that is worse by more is out of the question: five standard deviations
KIND_WORDS = {"direct": tr("direct"), "overall": tr("overall")}
STATUS_WORDS = {
    "consistent": tr("the readings agree"),
    "suspect": tr("the readings disagree"),
    "not testable": tr("nothing is measured twice"),
    "no data": tr("no data"),
    "not solved": tr("not solved"),
}


class Answers(DoubtedAnswers, SimulatedAnswers, VariedAnswers, ExplainedAnswers, SpecifiedAnswers, ImportedAnswers):
    """A screen that knows how each answer is shown."""

    def balance(
        self, model: ChainModel, balance: Balance, overdue: tuple[pl.DataFrame, pl.DataFrame], *, as_json: bool
    ) -> None:
        """Reconciled flows, recoveries, unaccounted metal, suspects; what expired verifications do to it."""
        names = (
            "flows", "recoveries", "unaccounted", "adjustments", "suspects", "eliminations", "gross_errors",
            "common_errors", "swaps", "scale_steps", "counters", "balance_tests", "gaps",
        )  # fmt: skip
        if as_json:
            content = {name: getattr(balance, name).to_dicts() for name in names}
            content |= {"overdue_readings": overdue[0].to_dicts(), "widened_flows": overdue[1].to_dicts()}
            tests = {"objective": balance.objective, "dof": balance.dof, "p_value": balance.p_value}
            self.json(tests | balance.nominal.told() | content)
            return
        self._flows(model, balance.flows)
        self._gaps(model, balance.gaps)
        self.recoveries(model, balance.recoveries)
        self.unaccounted(model, balance.unaccounted)
        self.fit(model, balance)
        self.suspects(model, balance)
        self.asked(model, balance.common_errors)
        self.together(model, balance)
        self.off_balances(model, balance)
        self.scale_steps(model, balance.scale_steps)
        self.counters(model, balance.counters)
        self.swaps(model, balance.swaps)
        if overdue[0].height:
            self.line(f"! {overdue_words(model, *overdue, self.text)}")

    def _gaps(self, model: ChainModel, gaps: pl.DataFrame) -> None:
        """Readings that did not come and what was done instead, by treatment."""
        for (treatment,), rows in gaps.group_by("treatment", maintain_order=True):
            names = dict.fromkeys(model.title(one, self.lang) for one in rows["meter"])
            if not (rows["expected"] > 0).any():
                self.line(f"{', '.join(names)}: {self.text(str(treatment))}")
                continue
            self.say(
                tr("missing {missing} of {expected} readings ({names}): {treatment}"),
                missing=self.text.number(rows.select(pl.sum("expected") - pl.sum("present")).item(), 0),
                expected=self.text.number(rows.select(pl.sum("expected")).item(), 0),
                names=", ".join(names),
                treatment=self.text(str(treatment)),
            )

    def recoveries(self, model: ChainModel, table: pl.DataFrame) -> None:
        """Recoveries, a sentence each; the direct one only where stocks make it differ."""
        differ = {one.plant for one in model.chain.recoveries if one.stocks}
        for row in table.iter_rows(named=True):
            if row["kind"] == "direct" and row["plant"] not in differ:
                continue
            self.say(
                tr("recovery of {component} ({kind}), {plant}: {value}"),
                component=row["component"],
                kind=self.text(KIND_WORDS[row["kind"]]),
                plant=model.title(row["plant"], self.lang),
                value=self._recovered(row["recovery_frac"], row["recovery_sd_frac"]),
            )

    def unaccounted(self, model: ChainModel, table: pl.DataFrame) -> None:
        """Unaccounted masses, a sentence each; what cannot be known in one sentence a plant."""
        for row in table.filter(pl.col("mass_t").is_not_null()).iter_rows(named=True):
            self.say(
                tr("unaccounted {component}, {plant}: {value}"),
                component=row["component"],
                plant=model.title(row["plant"], self.lang),
                value=f"{self.measured(row['mass_t'], row['mass_sd_t'])} {self.text('t')}",
            )
        unknown = table.filter(pl.col("mass_t").is_null())
        for (plant,), rows in unknown.group_by("plant", maintain_order=True):
            self.say(
                tr("unaccounted {components}, {plant}: unobservable"),
                components=", ".join(rows["component"]),
                plant=model.title(str(plant), self.lang),
            )

    def _recovered(self, share: float | None, sd: float | None) -> str:
        """A recovery in per cent, or that it is unobservable."""
        shown = self.measured(share, sd, 100)
        return shown if share is None else f"{shown} %"

    def fit(self, model: ChainModel, balance: Balance | MonthResults) -> None:
        """The global test in a sentence, and what leaves it a guide only."""
        if balance.p_value is None and balance.objective > BOUND_CONFLICT:
            misfit = self.text.number(balance.objective, 1)
            self.say(tr("the readings would need a negative flow or stock: misfit {objective}"), objective=misfit)
            return
        if balance.p_value is None:
            self.say(tr("nothing is measured twice: the readings cannot contradict each other"))
            return
        self.say(
            tr("global test: objective {objective}, degrees of freedom {dof}, p {p}"),
            objective=self.text.number(balance.objective, 2),
            dof=balance.dof,
            p=self.chance(balance.p_value),
        )
        self.nominal(nominal_words(model, balance.nominal, self.text))

    def nominal(self, words: Iterable[str]) -> None:
        """Why p and z are only a guide."""
        for one in words:
            self.line(one)

    def _flows(self, model: ChainModel, flows: pl.DataFrame) -> None:
        """Reconciled masses and grades, a row a stream; a dash where a stream does not carry a component.

        Of a content that is followed alone there is its mass, under its name.
        """
        known = flows.filter(pl.col("grade_frac").is_not_null())["component"].to_list()
        components = [one for one in model.chain.components if one in known]
        uoms = grade_uoms(flows.select("component", "grade_frac").iter_rows())
        wide: dict[str, dict[str, Any]] = {}
        for row in flows.iter_rows(named=True):
            wide.setdefault(row["stream"], {})[row["component"]] = row
        rows = []
        for stream, found in wide.items():
            name, mass = ("", found["mass"]) if "mass" in found else next(iter(found.items()))
            grades = []
            for one in components:
                scale, digits = (1e6, 2) if uoms[one] == "g/t" else (100, 3)
                grade = found.get(one) if "mass" in found else None
                shown = (
                    "–" if grade is None else self.measured(grade["grade_frac"], grade["grade_sd_frac"], scale, digits)
                )
                grades.append(shown)
            size = self.measured(mass["mass_t"], mass["mass_sd_t"], 1, 0)
            rows.append([stream_title(model, stream, self.text), f"{size} {name}".rstrip(), *grades])
        self.table([tr("stream"), tr("dry mass, t"), *(f"{one}, {self.text(uoms[one])}" for one in components)], rows)

    def series(self, model: ChainModel, series: PeriodSeries, *, as_json: bool) -> None:
        """Balances of many periods: how many were solved, and the recoveries' spread."""
        if as_json:
            content = {name: getattr(series, name).to_dicts() for name in ("periods", "flows", "recoveries")}
            self.json(content)
            return
        counts = series.periods.group_by("status").len().sort("status")
        for status, count in counts.iter_rows():
            words = self.text(STATUS_WORDS[status])
            self.line(self.text.count("{n} period: {status}", "{n} periods: {status}", count, status=words))
        known = series.recoveries.filter(pl.col("recovery_frac").is_not_null())
        middle = known.group_by("plant", "component", "kind", maintain_order=True).agg(
            pl.col("recovery_frac").median(), pl.col("recovery_sd_frac").median().alias("sd"), pl.len()
        )
        rows = [
            [
                model.title(plant, self.lang),
                component,
                self.text(KIND_WORDS[kind]),
                self.text.percent(value),
                self.text.percent(half_width(sd)),
                self.text.number(n, 0),
            ]
            for plant, component, kind, value, sd, n in middle.iter_rows()
        ]
        self.table(
            [tr("plant"), tr("component"), tr("kind"), tr("median recovery, %"), tr("median ±, points"), tr("periods")],
            rows,
        )

    def problem(self, report: dict[str, Any], *, as_json: bool) -> None:
        """The answer to a self-contained problem."""
        if as_json:
            self.json(report)
            return
        sd = dict(_by_name(report["sigma_reconciled"]))
        rows = [[name, self._general(value), self._general(sd[name])] for name, value in _by_name(report["reconciled"])]
        self.table([tr("quantity"), tr("reconciled"), tr("standard deviation")], rows)
        p = report["p_value"]
        self.say(
            tr("global test: objective {objective}, degrees of freedom {dof}, p {p}"),
            objective=self._general(report["objective"]),
            dof=report["dof"],
            p="–" if p is None else f"= {self.text.plain(p, 4)}",
        )
        for one in report["suspects"]:
            self.say(tr("suspect: {name}, z = {z}"), name=_whole_name(one), z=self.text.number(one["z"], 2))
        because = report["nominal_because"]
        named = {kind: [_whole_name(one) for one in because[kind]] for kind in ("bounds", "limits")}
        self.nominal(nominal_sentences(named["bounds"], named["limits"], self.text))
        for one in report["in_question"]:
            self._in_question(one)
        for one in report.get("other_local_optima", []):
            if one["objective"] > report["objective"] + _RIVAL:
                continue
            self.say(
                tr("another solution was found, with objective {objective}: --json shows its values"),
                objective=self._general(one["objective"]),
            )
        for one in report.get("swaps", ()):
            self.say(tr("samples swapped: {first} and {second}"), first=one["first"], second=one["second"])

    def _in_question(self, one: dict[str, Any]) -> None:
        """A reading of a problem that was in question beforehand."""
        if one["z"] is None:
            bound = one["status"] == "redundant"
            reason = tr("it stands at a bound, where errors do not show") if bound else tr("nothing checks it")
            reason = tr("only a limit was reported") if one["status"] == "censored" else reason
            self.say(tr("in question, {name}: not tested, {reason}"), name=_whole_name(one), reason=self.text(reason))
            return
        self.say(
            tr("in question, {name}: {size}, z = {z}, beyond chance")
            if one["off"]
            else tr("in question, {name}: {size}, z = {z}, within chance; {least} would show"),
            name=_whole_name(one), size=self._general(one["bias"]), z=self.text.number(one["z"], 2),
            least=self._general(one["shows_from"]),
        )  # fmt: skip

    def _general(self, value: float | None) -> str:
        return self.text(tr("unobservable")) if value is None else self.text.plain(value, 6)

    def breaches(self, model: ChainModel, found: Breaches, *, as_json: bool) -> None:
        """Breaches, then the rules that were not checked."""
        if as_json:
            self.json({"breaches": found.breaches.to_dicts(), "not_checked": found.not_checked.to_dicts()})
            return
        rows = [self._breach_cells(model, row) for row in found.breaches.iter_rows(named=True)]
        if rows:
            self.table([tr("rule"), tr("tag"), tr("start"), tr("end"), tr("peak"), tr("limit"), tr("on duty")], rows)
        else:
            self.say(tr("breaches: none"))
        once = found.not_checked.unique(["rule", "kind", "reason", "detail"], keep="first", maintain_order=True)
        for row in once.iter_rows(named=True):  # versions that lack the same need no line each
            self.say(
                tr("not checked: {rule} ({kind}): {reason}"),
                rule=row["rule"],
                kind=self.text(RULE_KIND_WORDS.get(row["kind"], row["kind"])),
                reason=self.text(row["reason"], detail=lack_detail(row, self.text)),
            )

    def breach(self, model: ChainModel, row: dict[str, Any]) -> None:
        """One breach as a line."""
        rule, tag, start, end, peak, limit, person = self._breach_cells(model, row)
        message = tr("  {rule} {tag}: {start} to {end}, peak {peak} (limit {limit}); {person}")
        self.say(message, rule=rule, tag=tag, start=start, end=end, peak=peak, limit=limit, person=person)

    def _breach_cells(self, model: ChainModel, row: dict[str, Any]) -> list[str]:
        """Rule, tag, start, end, peak, limit, who was on duty."""
        start, end = (self.text.moment(row[key].astimezone(model.tz)) for key in ("start", "end"))
        role = model.title(row["role"], self.lang)
        person = self.text(tr("{role}, crew {crew}"), role=role, crew=row["crews"]) if row["crews"] else role
        peak, limit = self.text.number(row["peak"], 2), self.text.number(row["limit"], 2)
        return [row["rule"], model.title(row["tag"], self.lang), start, end, peak, limit, person]


def _whole_name(one: dict[str, Any]) -> str:
    """A variable, or a stream and its quantity."""
    return str(one.get("variable") or f"{one['stream']} {one['quantity']}")


def _by_name(found: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Values of a problem's answer: by stream and quantity, or by variable."""
    for name, value in found.items():
        if isinstance(value, dict):
            yield from ((f"{name} {quantity}", one) for quantity, one in value.items())
        else:
            yield name, value
