"""Meet specifications: the parameters with which results are what is wanted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from zveno.errors import SolveError, fault
from zveno.model.chain import ChainModel
from zveno.simulate.basis import Floats
from zveno.simulate.cases import Cases
from zveno.simulate.degrees import DegreesOfFreedom, degrees_of_freedom
from zveno.simulate.engine import simulate
from zveno.simulate.result import Simulation
from zveno.simulate.results import read_results
from zveno.simulate.seek import seek
from zveno.simulate.specifications import Free, Specification
from zveno.simulate.unmet import unmet_faults
from zveno.tables import frame

MET = "met"
"""Name of the scenario with which specifications are met, unless another is given."""


@dataclass(frozen=True)
class Met:
    """Specifications (R) that are met by free parameters (K).

    Parameters
    ----------
    degrees
        What was free and what was wanted; the description beside.
    cases
        The scenario that meets them, with all that was set besides: simulated again it gives the same.
    simulation
        Its steady state.
    values
        Free parameters in their own uom, shape (K,).
    reached
        Results, shape (R,).
    """

    degrees: DegreesOfFreedom
    cases: Cases
    simulation: Simulation = field(repr=False)
    values: Floats
    reached: Floats

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return self.cases.names[0]

    @cached_property
    def parameters(self) -> pl.DataFrame:
        """Table ``met_parameters``: each free parameter, where it stood and where it stands now."""
        rows = [
            {
                "scenario": self.scenario, "key": one.key, "described": one.start, "value": float(value),
                "uom": one.uom, "low": _end(one.low.value), "high": _end(one.high.value),
            }
            for one, value in zip(self.degrees.free, self.values, strict=True)
        ]  # fmt: skip
        return frame("met_parameters", rows)

    @cached_property
    def specifications(self) -> pl.DataFrame:
        """Table ``met_specifications``: each result as described, as wanted, as reached."""
        rows = [
            {
                "scenario": self.scenario, "result": one.result, "described": float(self.degrees.base[n]),
                "wanted": one.wanted, "value": float(self.reached[n]), "uom": self.degrees.uoms[n],
            }
            for n, one in enumerate(self.degrees.specifications)
        ]  # fmt: skip
        return frame("met_specifications", rows)


def meet(
    model: ChainModel,
    specifications: Sequence[Specification],
    free: Sequence[Free],
    *,
    common: Mapping[str, float] | None = None,
    day: date | None = None,
    name: str = MET,
) -> Met:
    """Move free parameters so that results are what is wanted of them.

    There must be as many free parameters as specifications, independent of each other; nothing is chosen among several
    answers. Each parameter stays within the range of the unit model and that which its figure states, or which is
    given in place of that. The answer nearest to the description is sought first; where one parameter does not lead
    there, its whole range is searched, where several do not, from other points of the ranges.

    Parameters
    ----------
    specifications, free
        What is wanted, and what may move for it.
    common
        What is set besides, by key; where a free parameter starts, if it is among them.
    day
        Date on which dated figures are read.
    name
        Of the scenario that meets them.

    Raises
    ------
    SolveError
        If there are degrees of freedom left or too few, or specifications cannot be met: names them, the nearest values
        reached, the bounds that are in the way, and the units involved.
    ModelError, DataError
        As :func:`~zveno.simulate.degrees.degrees_of_freedom`.
    """
    degrees = degrees_of_freedom(model, specifications, free, common=common, day=day)
    if not degrees.specifications:
        raise SolveError("nothing is specified: name a result and what is wanted of it")
    degrees.require_determined()
    goal = degrees.goal
    found = seek(goal.misses(degrees.base), goal.start, goal.box)
    if not found.met:
        raise SolveError(unmet_faults(degrees, found))
    values = goal.values(found.point)
    cases = goal.cases((name,), values[None])
    simulation = simulate(model, scenarios=cases, day=day)
    reached, _ = read_results(simulation, goal.results)
    return Met(degrees, cases, simulation, values, reached[0])


def meet_each(
    model: ChainModel,
    specifications: Sequence[Specification],
    free: Sequence[Free],
    cases: Cases,
    *,
    common: Mapping[str, float] | None = None,
    day: date | None = None,
) -> tuple[Met, ...]:
    """The same for each of several scenarios: what it sets is set besides.

    Raises
    ------
    SolveError
        Of the first scenario in which specifications cannot be met, naming it.
    """
    found = []
    for n, name in enumerate(cases.names):
        own = {key: float(values[n]) for key, values in cases.values.items() if not np.isnan(values[n])}
        try:
            found.append(meet(model, specifications, free, common={**(common or {}), **own}, day=day, name=name))
        except SolveError as error:
            raise SolveError([fault("in scenario '{scenario}':", scenario=name), *error.faults]) from error
    return tuple(found)


def _end(value: float) -> float | None:
    """An end of a range; None where there is none."""
    return float(value) if np.isfinite(value) else None
