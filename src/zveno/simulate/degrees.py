"""Degrees of freedom: what is unknown, what is stated, and whether free parameters and specifications fit together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from zveno.errors import Fault, Phrase, SolveError, fault
from zveno.model.chain import ChainModel
from zveno.simulate.basis import Bools, Floats
from zveno.simulate.cases import BASE, Cases
from zveno.simulate.engine import simulate
from zveno.simulate.goal import Goal
from zveno.simulate.involved import acts_on, named, quoted
from zveno.simulate.keys import settable, with_common
from zveno.simulate.result import Simulation
from zveno.simulate.results import read_results
from zveno.simulate.seek import Sought, slopes
from zveno.simulate.specifications import Free, FreeParameter, Specification, amount, free_parameters, sense_faults
from zveno.tables import frame

_POINTS = 2  # beside the description, within the ranges, at which derivatives are tried
_STILL = 1e-9  # relative change of a result that counts as none
_RANK = 1e-5  # of the largest singular value
_CONCERNED = 0.1  # of the largest part in a combination
_AGREES = 1e-6  # relative: specifications that say the same


@dataclass(frozen=True)
class DegreesOfFreedom:
    """What a description leaves open.

    Parameters
    ----------
    unknowns, equations
        Of the steady state: flows of all components in all streams, and drivers of units. As many of one as of the
        other: units state shares, so that nothing is left open once feeds and parameters are set.
    settable
        Feeds, parameters and figures that can be set.
    goal
        Specifications (R) and free parameters (K).
    base
        Results as described, shape (R,).
    slopes
        Derivatives of the results at the description and at other points of the ranges, each relative to what is wanted
        and for a whole move of the parameter, shape (points, R, K).
    moves
        Whether a result moves with a parameter anywhere, shape (R, K).
    """

    unknowns: int
    equations: int
    settable: int
    goal: Goal = field(repr=False)
    simulation: Simulation = field(repr=False)
    base: Floats
    uoms: tuple[str, ...]
    slopes: Floats = field(repr=False)
    moves: Bools

    @property
    def free(self) -> tuple[FreeParameter, ...]:
        """Free parameters."""
        return self.goal.free

    @property
    def specifications(self) -> tuple[Specification, ...]:
        """Specifications."""
        return self.goal.specifications

    @property
    def dof(self) -> int:
        """Free parameters less specifications: 0 where one set of parameters can meet them."""
        return len(self.free) - len(self.specifications)

    @cached_property
    def rank(self) -> int:
        """How many specifications the free parameters can move independently of each other."""
        return max((_rank(one) for one in self.slopes), default=0)

    @cached_property
    def dependences(self) -> pl.DataFrame:
        """Table ``dependences``: which specification moves with which free parameter."""
        rows = [
            {
                "result": one.result, "key": key.key, "moves": bool(self.moves[r, k]),
                "derivative": float(self.slopes[0, r, k]) * self.scale[r] / key.width,
                "result_uom": self.uoms[r], "key_uom": key.uom,
            }
            for r, one in enumerate(self.specifications)
            for k, key in enumerate(self.free)
        ]  # fmt: skip
        return frame("dependences", rows)

    @cached_property
    def scale(self) -> Floats:
        """By what results are made relative, shape (R,)."""
        return self.goal.scale(self.base)

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """Why specifications and free parameters cannot determine each other; none if they can."""
        keys, results = [one.key for one in self.free], [one.result for one in self.specifications]
        found = [
            fault("specification '{result}' does not depend on what is free ({keys}, in {units}): see what it answers"
                  " to with --sensitivity --result '{result}'", result=result, keys=quoted(keys),
                  units=named(self._acting))
            for r, result in enumerate(results) if keys and not self.moves[r].any()
        ]  # fmt: skip
        if self.moves.any():
            found += [
                fault("free parameter '{key}' moves none of the specifications ({results}): keep it as it is, or free"
                      " another", key=key, results=quoted(results))
                for k, key in enumerate(keys) if not self.moves[:, k].any()
            ]  # fmt: skip
        if self.dof:
            found.append(_count_fault(self.dof, keys, results))
        if not found or self.dof < 0:
            found += self._tied()
        return tuple(found)

    def require_determined(self) -> None:
        """Raise SolveError unless there are as many specifications as free parameters, independent of each other."""
        if self.faults:
            raise SolveError(self.faults)

    @property
    def _acting(self) -> list[str]:
        """Units in which free parameters act."""
        found = (unit for one in self.free for target in one.targets for unit in acts_on(self.goal.model, target))
        return list(dict.fromkeys(found))

    def _tied(self) -> Iterator[Fault]:
        """Specifications that move together whatever is free, and parameters that act alike."""
        best = max(self.slopes, key=_rank)
        left, _, right = np.linalg.svd(_levelled(best))
        rank = _rank(best)
        if rank < len(self.specifications):
            tied = self._concerned(left[:, rank:].T)
            names = quoted([self.specifications[n].result for n in tied])
            yield (
                fault("specifications {results} move together whatever is free, and at the description they say the"
                      " same: one of them is redundant", results=names)
                if self._agree(tied)
                else fault("specifications {results} move together whatever is free, and contradict each other: the"
                           " description has {base}, but {wanted} is wanted", results=names,
                           base=self._said(tied, self.base), wanted=self._said(tied, self.goal.wanted))
            )  # fmt: skip
        if rank < len(self.free) <= len(self.specifications):
            tied = self._concerned(right[rank:])
            yield fault("free parameters {keys} act alike on all specifications: keep one of them as it is",
                        keys=quoted([self.free[n].key for n in tied]))  # fmt: skip

    @staticmethod
    def _concerned(combinations: Floats) -> list[int]:
        """Which things have a part in combinations that come to nothing (combinations, n)."""
        part = np.abs(combinations).max(axis=0)
        return [int(n) for n in np.flatnonzero(part > _CONCERNED * part.max())]

    def _agree(self, tied: Sequence[int]) -> bool:
        """Whether what is wanted of results that move together can be had, to first order from the description."""
        miss = ((self.goal.wanted - self.base) / self.scale)[list(tied)]
        slope = self.slopes[0][list(tied)]
        step = np.linalg.lstsq(slope, miss, rcond=_RANK)[0]
        return bool(np.abs(slope @ step - miss).max() <= _AGREES)

    def _said(self, chosen: Sequence[int], values: Floats) -> tuple[Phrase | str, ...]:
        """Values of some results for a message."""
        return tuple(amount(values[n], self.uoms[n]) for n in chosen)


def degrees_of_freedom(
    model: ChainModel,
    specifications: Sequence[Specification] = (),
    free: Sequence[Free] = (),
    *,
    common: Mapping[str, float] | None = None,
    day: date | None = None,
) -> DegreesOfFreedom:
    """What a description leaves open, and whether free parameters and specifications fit together.

    Results are tried where the description stands, at two more points within the ranges, and with each parameter at
    the ends of its range; that two things hang together is told by the rank of derivatives at these points.

    Parameters
    ----------
    specifications
        Results that are wanted.
    free
        Keys that may move.
    common
        What is set besides, by key.
    day
        Date on which dated figures are read.

    Raises
    ------
    ModelError
        If a key cannot be set or has no range, or the description itself cannot be simulated.
    DataError
        If a result is not known.
    SolveError
        If something is specified that no plant could meet, or a result has no value as described.
    """
    fixed = dict(common or {})
    parameters = free_parameters(model, free, fixed, day)
    goal = Goal(model, tuple(specifications), parameters, fixed, day)
    found = simulate(model, scenarios=with_common(model, Cases((BASE,)), fixed), day=day)
    values, uoms = read_results(found, goal.results)
    faults = [*sense_faults(model, goal.specifications, uoms), *_valueless(goal.results, values[0])]
    if faults:
        raise SolveError(faults)
    slope, moves = _tried(goal, values[0])
    unknowns = sum(_unknowns(found))
    return DegreesOfFreedom(
        unknowns=unknowns,
        equations=unknowns,
        settable=sum(1 for _ in settable(model)),
        goal=goal,
        simulation=found,
        base=values[0],
        uoms=uoms,
        slopes=slope,
        moves=moves,
    )


def _unknowns(found: Simulation) -> Iterator[int]:
    """Flows of components in each stream, and drivers of each unit."""
    for build, solution in found.circuits:
        yield from (len(solution.streams.columns(n)) for n in range(len(build.streams)))
        yield from (len(one.drivers) for one in build.circuit.units)


def _valueless(results: Sequence[str], values: Floats) -> Iterator[Fault]:
    """Results that have no value, such as the grade of nothing."""
    for name, value in zip(results, values, strict=True):
        if np.isnan(value):
            yield fault("'{result}' has no value as described, so nothing leads to what is wanted of it", result=name)


def _tried(goal: Goal, base: Floats) -> tuple[Floats, Bools]:
    """Derivatives (points, R, K), and which results move with which parameters (R, K)."""
    count = len(goal.free)
    if not (count and goal.specifications):
        return np.zeros((1, len(goal.specifications), count)), np.zeros((len(goal.specifications), count), dtype=bool)
    points = np.concatenate([goal.start[None], goal.box.points(_POINTS, goal.start)])
    moves = _moved(goal, points)
    misses = goal.misses(base)
    at = [Sought(one, miss) for one, miss in zip(points, misses(points), strict=True)]
    found = [slopes(misses, one, goal.box) for one in at if np.isfinite(one.miss).all()]
    return np.array(found) * moves, moves


def _moved(goal: Goal, points: Floats) -> Bools:
    """Which results (R, K) change when one parameter goes to an end of its range, from any of some points."""
    low, high = goal.box.ends(goal.start)
    trials = [points]
    for k in range(len(goal.free)):
        for end in (low[k], high[k]):
            moved = points.copy()
            moved[:, k] = end
            trials.append(moved)
    values = goal.found(np.concatenate(trials)).reshape(len(trials), len(points), -1)
    change = np.abs(values[1:] - values[0]) > _STILL * np.maximum(np.abs(values[1:]), np.abs(values[0]))
    return np.asarray(change.reshape(len(goal.free), -1, change.shape[-1]).any(axis=1).T)


def _levelled(slope: Floats) -> Floats:
    """The same matrix with rows and columns of like size: what barely moves is not taken for what does not."""
    for axis in (1, 0, 1, 0):
        size = np.abs(slope).max(axis=axis, keepdims=True, initial=0.0)
        slope = np.divide(slope, size, out=np.zeros_like(slope), where=size > 0)
    return slope


def _rank(slope: Floats) -> int:
    """Rank of derivatives."""
    return int(np.linalg.matrix_rank(_levelled(slope), tol=_RANK * max(1, *slope.shape))) if slope.size else 0


def _count_fault(dof: int, keys: Sequence[str], results: Sequence[str]) -> Fault:
    """Too few or too many specifications."""
    numbers: dict[str, Any] = {
        "free": len(keys),
        "specified": len(results),
        "keys": quoted(keys),
        "results": quoted(results),
    }
    if dof > 0:
        return fault(
            "degrees of freedom left: {dof} (free: {free}, {keys}; specified: {specified}, {results}). Specify as many"
            " results more, or keep as many parameters as they are",
            dof=dof, **numbers,
        )  # fmt: skip
    return fault(
        "specifications too many: {dof} (free: {free}, {keys}; specified: {specified}, {results}). Take as many away,"
            " or free as many parameters more",
        dof=-dof, **numbers,
    )  # fmt: skip
