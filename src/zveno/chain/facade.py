"""Chain: the description with its store, and the verbs. Each fetches, calls one engine, and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import polars as pl

from zveno.chain.calibrated import calibrated
from zveno.chain.checked import breaches_of, checked, ruled_faults
from zveno.chain.imports import Imported, import_files
from zveno.chain.installed import add_installed_unit_models
from zveno.chain.instruments import instrument_list, measured, overdue_tables
from zveno.chain.kept import hash_of, lots_of, rejected_of
from zveno.chain.lasting import Detection, Drifts, LastingErrors, detection_of, drifts_of, lasting_errors_of
from zveno.chain.many import simulate_many
from zveno.chain.scenarios import cases_of_file
from zveno.close import Books, Carried, books_of
from zveno.couple import Calibration, Choices
from zveno.emulate import Played, emulate, play_faults, write_plant
from zveno.errors import DataError, Fault, ModelError
from zveno.model.chain import ChainModel
from zveno.model.load import PLAY, load_play, read_description, read_play
from zveno.model.play import Play
from zveno.periods import Period
from zveno.reconcile import Balance, PeriodSeries, Scrutiny, flow_faults, reconcile, reconcile_many
from zveno.reports import (
    MonthResults,
    Provenance,
    Report,
    SourceCells,
    build_report,
    plan_fact,
    plants_in_order,
    require_link,
    require_report,
)
from zveno.reports.standing import OPEN
from zveno.rules import Breaches, case_faults
from zveno.simulate import (
    BASE,
    CaseResults,
    Cases,
    Correlations,
    DegreesOfFreedom,
    Draws,
    FoundryNeeds,
    Given,
    Met,
    Origins,
    PeriodTotals,
    Sampling,
    Sensitivities,
    Simulation,
    Spread,
    degrees_of_freedom,
    draws,
    foundry_needs,
    meet,
    meet_each,
    origins,
    read_free,
    read_specification,
    sensitivities,
    simulate,
    simulate_period,
    simulation_faults,
    usual_results,
    with_common,
)
from zveno.sources import Learnt, learn
from zveno.store import MemoryStore, Store, open_store

VERSION = version("zveno")
_LOOK_BACK = timedelta(days=100)
"""How far before a period the opening survey of a stock is sought."""
_LOOK_ON = timedelta(days=1)
"""How far after a period its last shifts may begin, and its closing surveys stand."""


@dataclass(frozen=True)
class Chain:
    """A description and its store.

    Parameters
    ----------
    model
        The checked description.
    folder
        Where it was read from.
    store
        Where records and readings are kept.
    now
        Tells the time at which values become known.
    """

    model: ChainModel
    folder: Path
    store: Store = field(repr=False)
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)

    def period(self, text: str | None = None) -> Period:
        """A period from text such as ``2026-03``; without text, all the time that has records.

        A survey is taken at a moment and does not stretch the period.
        """
        if text is not None:
            return Period.parse(text, self.model.tz)
        records = self.store.read("records").filter(pl.col("start") < pl.col("end"))
        if records.is_empty():
            raise DataError("there are no records yet: import some, or name a period")
        start, end = records["start"].min(), records["end"].max()
        return Period(start.astimezone(self.model.tz), end.astimezone(self.model.tz))  # type: ignore[union-attr]

    def simulate(self, scenarios: Given | None = None, *, day: date | None = None) -> Simulation:
        """Steady state of the whole chain; ``scenarios`` change feeds and parameters by name."""
        return simulate(self.model, scenarios=scenarios, day=day)

    def simulate_many(
        self,
        scenarios: Given,
        results: Sequence[str] = (),
        *,
        common: Mapping[str, float] | None = None,
        day: date | None = None,
        processes: int | None = None,
        allow_unconverged: bool = False,
    ) -> CaseResults:
        """Results of many scenarios, worked through by several processes; the usual results unless some are named.

        ``common`` is set in all of them, where they do not set it themselves.
        """
        wanted = tuple(results) or usual_results(self.model)
        cases = with_common(self.model, Cases.of(scenarios), common or {})
        return simulate_many(
            self.model, cases, wanted, day=day, processes=processes, allow_unconverged=allow_unconverged
        )

    def draws(
        self,
        count: int,
        seed: int = 1,
        keys: Sequence[str] | None = None,
        *,
        without: Sequence[str] = (),
        sampling: Sampling = "latin",
        correlations: Correlations | None = None,
        day: date | None = None,
    ) -> Draws:
        """Random scenarios, in which uncertain figures (those of ``keys``, or all) take values as the model says."""
        return draws(
            self.model, count, seed, keys, without=without, sampling=sampling, correlations=correlations, day=day
        )

    def spread(
        self,
        drawn: Draws,
        results: Sequence[str] = (),
        *,
        common: Mapping[str, float] | None = None,
        day: date | None = None,
        processes: int | None = None,
    ) -> Spread:
        """What the uncertainty of figures makes of results; ``common`` is set in all draws.

        Draws that do not settle are not counted; the description itself must.
        """
        wanted = tuple(results) or usual_results(self.model)
        base = self.simulate_many(Cases((BASE,)), wanted, common=common, day=day)
        cases = with_common(self.model, drawn.cases, common or {})
        found = simulate_many(self.model, cases, wanted, day=day, processes=processes, allow_unconverged=True)
        return Spread(drawn, found, base.values[0])

    def sensitivities(
        self,
        results: Sequence[str] = (),
        keys: Sequence[str] | None = None,
        *,
        common: Mapping[str, float] | None = None,
        day: date | None = None,
        processes: int | None = None,
    ) -> Sensitivities:
        """How results answer to keys (to all uncertain figures, unless some are named), most telling first."""

        def run(cases: Cases, wanted: Sequence[str]) -> CaseResults:
            return self.simulate_many(cases, wanted, day=day, processes=processes)

        wanted = tuple(results) or usual_results(self.model)
        return sensitivities(self.model, wanted, keys, common=common, day=day, run=run)

    def origins(
        self, stream: str, components: Sequence[str] = (), scenarios: Given | None = None, *, day: date | None = None
    ) -> Origins:
        """From which feeds, inlets and added water the components of a stream or group came, and by which recycles."""
        return origins(self.simulate(scenarios, day=day), stream, components)

    def degrees_of_freedom(
        self,
        specifications: Sequence[str] = (),
        free: Sequence[str] = (),
        *,
        common: Mapping[str, float] | None = None,
        day: date | None = None,
    ) -> DegreesOfFreedom:
        """Unknowns, equations, and whether specifications and free parameters (as for ``meet``) fit together."""
        wanted, moving = [read_specification(one) for one in specifications], [read_free(one) for one in free]
        return degrees_of_freedom(self.model, wanted, moving, common=common, day=day)

    def meet(
        self,
        specifications: Sequence[str],
        free: Sequence[str],
        scenarios: Given | None = None,
        *,
        common: Mapping[str, float] | None = None,
        day: date | None = None,
    ) -> tuple[Met, ...]:
        """Parameters with which results are what is wanted of them, in every scenario.

        A specification is ``RESULT=VALUE`` (``recovery.Cu:conc=87%``), a free parameter ``KEY`` or ``KEY=LOW:HIGH``.
        """
        wanted, moving = [read_specification(one) for one in specifications], [read_free(one) for one in free]
        if scenarios is None:
            return (meet(self.model, wanted, moving, common=common, day=day),)
        return meet_each(self.model, wanted, moving, Cases.of(scenarios), common=common, day=day)

    def read_cases(self, path: Path | str) -> Cases:
        """Scenarios of a text table or workbook; every wrong cell and key is told with its place."""
        return cases_of_file(self.model, Path(path))

    def calibrate(
        self, period: str | Period, fit: Sequence[str] | Choices, *, backcast: Sequence[str | Period] = ()
    ) -> Calibration:
        """Parameters of the simulation that agree best with a reconciled period; other periods predicted with them.

        ``fit`` names the parameters as scenarios do, or holds all that can be chosen; a period of ``backcast`` counts
        as clean if its readings agree and it has no breach.
        """
        others = [self._span(one) for one in backcast]
        return calibrated(
            self.model,
            self._span(period),
            fit,
            others,
            reconcile=self.reconcile,
            check=lambda span: breaches_of(self.model, self.store, span),
        )

    def simulate_period(self, period: str, overrides: Mapping[str, float] | None = None) -> PeriodTotals:
        """What the chain makes in a period, and published figures of it beside that; ``overrides`` by name."""
        return simulate_period(self.model, self.period(period), overrides)

    def foundry_needs(self, scenarios: Given | None = None, *, day: date | None = None) -> FoundryNeeds:
        """Castings that a year at the simulated throughput takes, and how they load the foundry's work centres."""
        return foundry_needs(self.model, self.simulate(scenarios, day=day), scenarios, day=day)

    def emulate(
        self,
        period: str,
        folder: Path | str,
        *,
        seed: int = 1,
        lang: str = "ru",
        play: Play | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Played:
        """Play the chain over a period and write what the plant would write under ``folder``."""
        plan = play or load_play(self.folder)
        faults = play_faults(self.model, plan)
        if faults:
            raise ModelError(faults)
        played = emulate(self.model, plan, self.period(period), seed)
        write_plant(played, Path(folder), lang=lang, progress=progress)
        return played

    def import_files(
        self,
        paths: Sequence[Path | str],
        *,
        keep_going: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> Imported:
        """Read files into the store; all of them or, where a cell is at fault, none.

        With ``keep_going`` the cells at fault are left out and everything else is kept.

        Raises
        ------
        DataError
            Listing every cell at fault, unless ``keep_going``.
        """
        return import_files(self.model, self.store, paths, self.now, keep_going=keep_going, progress=progress)

    def learn(self, path: Path | str) -> Learnt:
        """A mapping proposed for the layout of a file, with what was understood; nothing is kept."""
        source = Path(path)
        if not source.is_file():
            raise DataError("'{path}' does not exist: give a file to learn from", path=str(source))
        return learn(self.model, source.read_bytes(), source.name)

    def reconcile(self, period: str | Period, *, scrutiny: Scrutiny | None = None) -> Balance:
        """Flows and assays that fit together, with their uncertainty; suspects; what cannot be known."""
        span = self._span(period)
        return reconcile(self.model_for(span), self.records_for(span), span, scrutiny)

    def reconcile_each(self, period: str | Period, each: Literal["hour", "day"] = "hour") -> PeriodSeries:
        """A balance for every hour or day of a period."""
        span = self._span(period)
        return reconcile_many(self.model_for(span), self.records_for(span), list(span.split(each)))

    def lasting_errors(self, period: str | Period, *, asked: Sequence[str] = ()) -> LastingErrors:
        """Errors of meters that are the same in all months of a period, tested over all of them together."""
        span = self._span(period)
        return lasting_errors_of(self.model_for(span), self.records_for(span), span, asked)

    def drifts(self, period: str | Period, each: Literal["hour", "day"] = "day") -> Drifts:
        """Meters that are off for good, since when and by how much, from every hour or day of a period."""
        span = self._span(period)
        return drifts_of(self.model_for(span), self.records_for(span), span, each)

    def detect(self, period: str | Period, months: Sequence[int] = (1, 3, 12)) -> Detection:
        """Smallest errors of the meters that show in some months like this one; what one more reading would buy."""
        span = self._span(period)
        return detection_of(self.model_for(span), self.records_for(span), span, months)

    def require_rule_cases(self) -> int:
        """Run the small examples beside the rules; how many there are.

        Raises
        ------
        ModelError
            With every example in which something else is found than it says.
        """
        faults = case_faults(self.model)
        if faults:
            raise ModelError(faults)
        return sum(len(rule.cases) for rule in self.model.rulebook.rules)

    def check(self, period: str | Period) -> Breaches:
        """Breaches of the rules with unit, shift, crew and role; rules not checked, with the reason.

        Raises
        ------
        DataError
            If there are no rules, or no signal has a reading in the period.
        """
        return checked(self.model, self.store, self._span(period))

    def report(self, name: str, period: str | Period, *, link: str = "", lang: str = "en") -> Report:
        """A report that saves as .html, .xlsx or .pdf; ``link`` names the plant of the report ``link``."""
        self.require_report(name, link)
        return self.report_of(name, self.results(period), link=link, lang=lang)

    def require_report(self, name: str, link: str = "") -> None:
        """Refuse a report or a link that is not known, before any work is done for it."""
        require_report(name, link)
        if link:
            require_link(self.model, link)

    def report_of(self, name: str, results: MonthResults, *, link: str = "", lang: str = "en") -> Report:
        """A report of results already at hand, for several languages or links; a draft unless they say a version."""
        told = results if results.standing is not None else replace(results, standing=OPEN)
        return build_report(name, told, lang, link=link)

    @property
    def links(self) -> tuple[str, ...]:
        """Names of the plants in the order of the process."""
        return tuple(one.id for one in plants_in_order(self.model))

    def results(self, period: str | Period, balance: Balance | None = None) -> MonthResults:
        """Balance (made here, if it is not given), breaches and plan against fact of a period, together."""
        span = self._span(period)
        balance, records = balance or self.reconcile(span), self.records_for(span)
        breaches = breaches_of(self.model, self.store, span)
        start, end = span.instants
        readings = self.store.read("readings", Period(span.start, span.end + timedelta(days=1)))
        overdue, widened = self.overdue(balance)
        return MonthResults(
            model=self.model,
            period=span,
            flows=balance.flows,
            adjustments=balance.adjustments,
            suspects=balance.suspects,
            eliminations=balance.eliminations,
            swaps=balance.swaps,
            scale_steps=balance.scale_steps,
            counters=balance.counters,
            recoveries=balance.recoveries,
            unaccounted=balance.unaccounted,
            gaps=balance.gaps,
            breaches=breaches.breaches,
            not_checked=breaches.not_checked,
            coverage=breaches.coverage,
            daily_recoveries=self._daily_recoveries(span),
            castings=self.foundry_needs(day=span.start.date()).needs if self.model.foundry else None,
            plan_fact=plan_fact(self.model, records, readings, span),
            rejected=rejected_of(self.store, span),
            objective=balance.objective,
            dof=balance.dof,
            p_value=balance.p_value,
            nominal=balance.nominal,
            separating=balance.separating,
            overdue=overdue,
            widened=widened,
            sources=SourceCells.of(records.filter(pl.col("end") >= start, pl.col("start") < end)),
            provenance=Provenance(
                version=VERSION,
                model_hash=self.model.hash,
                rulebook_hash=self.model.rulebook.hash,
                data_hash=hash_of(records, readings),
                known=self.now(),
            ),
        )

    def _daily_recoveries(self, span: Period) -> pl.DataFrame | None:
        """Recoveries by day; None where stocks lie between feed and product, for they are not surveyed daily."""
        if self.model.chain.stocks or span.hours < 48:
            return None
        return self.reconcile_each(span, "day").recoveries

    def books(self, period: str | Period, carried: Carried | None = None, balance: Balance | None = None) -> Books:
        """The month as books: both balances, stocks, owners, and what contracts return."""
        span = self._span(period)
        balance, lots = balance or self.reconcile(span), lots_of(self.store, span)
        return books_of(self.model, balance, self.records_for(span), carried, lots)

    def with_data(self, paths: Sequence[Path | str]) -> tuple[Chain, Imported]:
        """The same chain over files that are read into memory and not kept."""
        other = Chain(self.model, self.folder, MemoryStore(), self.now)
        return other, other.import_files(paths)

    def _span(self, period: str | Period) -> Period:
        return period if isinstance(period, Period) else self.period(period)

    def overdue(self, balance: Balance) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Tables ``overdue_readings`` and ``widened_flows``: what expired verifications do to a balance."""
        return overdue_tables(self.model, self.store, self.records_for(balance.period), balance)

    def instruments(self, day: date, lang: str = "en", *, since: date | None = None) -> pl.DataFrame:
        """Table ``instruments``: how each stands on a day, and its days ``since`` then without a verification."""
        return instrument_list(self.model, self.store, (since or day, day), lang)

    def model_for(self, span: Period) -> ChainModel:
        """The model in which meters err as their instruments were verified in a period."""
        return measured(self.model, self.store, span)

    def records_for(self, period: Period) -> pl.DataFrame:
        """Records of a period, with those before it that may hold opening surveys and the surveys at its very end.

        A plant whose report day begins in the morning ends its month on the next one.
        """
        return self.store.read("records", Period(period.start - _LOOK_BACK, period.end + _LOOK_ON))


def load(folder: Path | str, *, store: Path | str | None = None) -> Chain:
    """Read and check a description.

    Parameters
    ----------
    folder
        Folder with chain.yaml.
    store
        Folder or ``postgresql://`` address of the store; ``store`` inside the description if not given.

    Raises
    ------
    ModelError
        One error that lists every fault: file, line, key, what to do.

    Examples
    --------
    >>> from zveno.chain import example
    >>> load(example("one_concentrator")).model.chain.title["ru"]
    'Одна обогатительная фабрика'
    """
    path = Path(folder)
    model, faults = read_description(path)
    if model is None:
        raise ModelError(faults)
    faults += add_installed_unit_models(model)
    faults += [*simulation_faults(model, sound=not faults), *flow_faults(model), *ruled_faults(model)]
    faults += _faults_of_play(path, model)
    if faults:
        raise ModelError(faults)
    return Chain(model, path, open_store(store or path / "store"))


def _faults_of_play(folder: Path, model: ChainModel) -> list[Fault]:
    """Faults of data/play.yaml, where there is one."""
    if not (folder / PLAY).is_file():
        return []
    play, places, faults = read_play(folder)
    return faults if play is None else play_faults(model, play, places)
