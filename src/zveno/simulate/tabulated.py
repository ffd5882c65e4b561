"""Cases tabulated: only the results that were asked for, as arrays, so that many cases take little room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from zveno.errors import Fault, ModelError, Phrase, fault
from zveno.model.chain import ChainModel
from zveno.simulate.basis import Bools, Floats, Ints
from zveno.simulate.build import build
from zveno.simulate.cases import BASE, Cases
from zveno.simulate.engine import simulate, unsettled_faults
from zveno.simulate.results import read_results
from zveno.simulate.scenario import read_scenarios
from zveno.text.mark import tr


@dataclass(frozen=True)
class CaseResults:
    """Results (R) of cases (S).

    Parameters
    ----------
    cases
        What was set.
    results, uoms
        Names of the results (see ``zveno.simulate.results``) and their units of measure.
    values
        Shape (S, R); NaN where a result has no meaning, such as the grade of nothing.
    converged
        Which cases settled, shape (S,).
    doubts
        Values set outside the range that their figure states, units driven beyond what their equations say.
    unsettled
        Why cases did not settle, where that was allowed; their values are NaN.
    """

    cases: Cases
    results: tuple[str, ...]
    uoms: tuple[str, ...]
    values: Floats
    converged: Bools
    doubts: tuple[Fault, ...] = ()
    unsettled: tuple[Fault, ...] = ()

    def of(self, result: str) -> Floats:
        """Values of one result, shape (S,)."""
        return np.asarray(self.values[:, self.results.index(result)])

    def take(self, rows: Ints | slice) -> CaseResults:
        """The same for some of the cases."""
        return CaseResults(
            self.cases.take(rows), self.results, self.uoms, self.values[rows], self.converged[rows], self.doubts,
            self.unsettled,
        )  # fmt: skip

    @property
    def table(self) -> pl.DataFrame:
        """A row for each case: its name, what it sets, and the results."""
        return self.cases.with_results(self.results, self.values)


def tabulate(
    model: ChainModel,
    cases: Cases,
    results: Sequence[str],
    *,
    day: date | None = None,
    allow_unconverged: bool = False,
) -> CaseResults:
    """Simulate cases in one batch and keep the results that were asked for.

    Raises
    ------
    ModelError
        If a case cannot be simulated; names the first such case.
    SolveError
        If a case does not settle, unless ``allow_unconverged``.
    DataError
        If a result is not known.
    """
    read_scenarios(model, cases, None, day)  # wrong keys are no fault of one case
    try:
        found = simulate(model, scenarios=cases, day=day, allow_unconverged=allow_unconverged)
    except ModelError as error:
        raise ModelError(_blamed(model, cases, day, error)) from error
    values, uoms = read_results(found, results)
    values = np.where(found.converged[:, None], values, np.nan)
    why = tuple(unsettled_faults(found)) if allow_unconverged else ()
    return CaseResults(cases, tuple(results), uoms, values, found.converged, found.doubts, why)


def joined(parts: Sequence[CaseResults], cases: Cases) -> CaseResults:
    """Results of parts of the cases, in their order, as those of all."""
    return CaseResults(
        cases,
        parts[0].results,
        parts[0].uoms,
        np.concatenate([one.values for one in parts]),
        np.concatenate([one.converged for one in parts]),
        tuple({str(doubt): doubt for one in parts for doubt in one.doubts}.values()),
        tuple(why for one in parts for why in one.unsettled),
    )


def _blamed(model: ChainModel, cases: Cases, day: date | None, error: ModelError) -> list[Fault]:
    """The faults as those of the first case that has them; as they are where every case does.

    The case is found by halving what is built, which takes no iteration.
    """
    if len(cases) == 1 or refusal(model, Cases((BASE,)), day) or refusal(model, cases, day) is None:
        return list(error.faults)
    rows = np.arange(len(cases))
    while len(rows) > 1:
        half = rows[: len(rows) // 2]
        rows = half if refusal(model, cases.take(half), day) else rows[len(rows) // 2 :]
    found = refusal(model, cases.take(rows), day)
    if found is None:  # only all of them together are at fault
        return list(error.faults)
    message = tr("scenario '{scenario}' cannot be simulated: {problem}")
    return [
        fault(message, one.where, scenario=cases.names[int(rows[0])], problem=Phrase(one.message, one.fields))
        for one in found.faults
    ]


def refusal(model: ChainModel, cases: Cases, day: date | None) -> ModelError | None:
    """Why cases cannot be built; None if they can."""
    try:
        build(model, read_scenarios(model, cases, None, day))
    except ModelError as error:
        return error
    return None
