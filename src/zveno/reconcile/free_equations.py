"""Reconcile readings of variables that free equations join: starts, bounds, and what the readings tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.linalg import cholesky, svd
from scipy.special import chdtrc

from zveno.errors import DataError, SolveError, rounded
from zveno.model.free import FreeProblem
from zveno.reconcile.arrays import Bools, Floats
from zveno.reconcile.derivatives import equations_of
from zveno.reconcile.objective import Misfit
from zveno.reconcile.observability import Adjustments, Linear, adjustments, split
from zveno.reconcile.trust_region import Found, Readings, Task, descend, imbalance, rank

_STARTS, _STARTS_OF_MANY, _MANY, _MOST_STARTS, _AGREEING = 12, 4, 150, 60, 3
_PLAIN, _CLOSE, _SIGNED, _WILD = 2, 3, 10, 20
_SAME, _APART = 1e-7, 1e-4
_ROUNDS, _LOOSE = 50, 1e-9
_DEPENDENT = 1e-10
_SHOWN = 60


@dataclass(frozen=True)
class Optimum:
    """A point where all equations hold and no small step lowers the sum of squares."""

    objective: float
    x: Floats


@dataclass(frozen=True)
class FreeFit:
    """The best point with its linearisation and tests.

    Parameters
    ----------
    x
        Variables in the order of the problem.
    active
        Variables that stand at a bound.
    others
        Other optima that some of the starts led to: worse ones, and equally good ones with other values.
    """

    problem: FreeProblem
    x: Floats
    active: Bools
    objective: float
    linear: Linear = field(repr=False)
    tests: Adjustments = field(repr=False)
    others: tuple[Optimum, ...] = ()

    @property
    def dof(self) -> int:
        """Rank of the slopes of the equations less that of their columns that nothing reads."""
        return self.linear.dof

    @property
    def p_value(self) -> float | None:
        """Chance of a larger objective if all errors are as stated; None without degrees of freedom."""
        return float(chdtrc(self.dof, self.objective)) if self.dof > 0 else None


def fit_free(problem: FreeProblem) -> FreeFit:
    """Adjust the readings so that all equations hold, by the least sum of squared standardised adjustments.

    No start values are needed: variables that nothing reads begin at several sizes until the best point has been
    reached three times, and other optima are told.

    Raises
    ------
    DataError
        If the covariances are of no possible errors.
    SolveError
        If no point was found where all equations hold: names the worst one. An unconverged answer is never returned.
    """
    task, limits = _task(problem), _limits(problem)
    best, others = _search(task, limits, problem)
    x = best.x
    linear = _linearise(task, x)
    error = x[task.readings.of] - task.readings.value
    nothing = np.zeros((1, 0))
    miss = Misfit(np.array([best.half]), nothing, nothing, (task.readings.inverse @ error)[None], nothing)
    active = (x <= limits[0]) | (x >= limits[1])
    return FreeFit(
        problem=problem, x=x, active=active, objective=2 * best.half, linear=linear,
        tests=adjustments(linear, miss, held=active), others=_others(best, others, linear),
    )  # fmt: skip


def _task(problem: FreeProblem) -> Task:
    """The problem as arrays."""
    names = [one.id for one in problem.variables]
    read = [k for k, one in enumerate(problem.variables) if one.reading is not None]
    sigma = np.array([problem.variables[k].sigma for k in read], dtype=float)
    place = {names[k]: i for i, k in enumerate(read)}
    V = np.diag(sigma**2)
    for first, second, value in problem.covariances:
        V[place[first], place[second]] = V[place[second], place[first]] = value
    correlation = V / np.outer(sigma, sigma)
    if read and np.linalg.eigvalsh(correlation)[0] <= 1e-12:
        raise DataError("the covariances of the readings contradict each other: no errors can be correlated like this")
    readings = Readings(
        of=np.array(read, dtype=np.int64),
        value=np.array([problem.variables[k].reading for k in read], dtype=float),
        sigma=sigma,
        inverse=np.linalg.inv(correlation) / np.outer(sigma, sigma),
        covariance=V,
    )
    size = np.array([abs(one.start) if one.start else 1.0 for one in problem.variables]) * 1e-3
    size[read] = sigma
    return Task(equations_of(problem.equations, names), readings, size, np.ones(len(names), dtype=bool))


def _limits(problem: FreeProblem) -> Floats:
    """Lower and upper bounds, (2, variables)."""
    lower = [-np.inf if one.lower is None else one.lower for one in problem.variables]
    upper = [np.inf if one.upper is None else one.upper for one in problem.variables]
    return np.array([lower, upper])


def _search(task: Task, limits: Floats, problem: FreeProblem) -> tuple[Found, list[Found]]:
    """The best of the points that several starts lead to, and all of them."""
    least = _STARTS if len(problem.variables) <= _MANY else _STARTS_OF_MANY
    if task.equations.linear:
        least = 1
    solved: list[Found] = []
    failed: list[Found] = []
    best = None
    for tried, x in enumerate(_starts(problem, limits), start=1):
        if not np.all(np.isfinite(task.equations.values(x))):
            continue
        found = _within_limits(task, limits, x, together=tried % 2 == 0)
        (solved if found.solved else failed).append(found)
        best = min(solved, key=lambda one: one.half, default=None)
        if best is None or tried < least:
            continue
        if least == 1 or sum(_alike(one, best) for one in solved) >= _AGREEING:
            break
    if best is None:
        raise _unsolved(task, problem, failed)
    return best, solved


def _alike(one: Found, best: Found) -> bool:
    """Whether two points are equally good."""
    return one.half - best.half <= _SAME * (best.half + 1e-6)


def _starts(problem: FreeProblem, limits: Floats) -> Iterator[Floats]:
    """Points to start from: as the file says, then readings with the other variables at many sizes."""
    rng = np.random.default_rng(0)
    read = np.array([np.nan if one.reading is None else one.reading for one in problem.variables])
    told = np.array([np.nan if one.start is None else one.start for one in problem.variables])
    sigma = np.array([one.sigma or 0.0 for one in problem.variables])
    unread = np.isnan(read)
    sizes = np.abs(read[~unread & (read != 0)])
    middle = float(np.exp(np.mean(np.log(sizes)))) if len(sizes) else 1.0
    for k in range(_MOST_STARTS):
        decades = 0.0 if k < _PLAIN else 1.0 if k < _WILD else 1.5
        away = decades * rng.standard_normal(len(read))
        sign = np.where((k >= _SIGNED) & (rng.random(len(read)) < 0.25), -1.0, 1.0)
        guess = np.where(np.isnan(told), (middle if k == 1 else 1.0) * sign * 10**away, told * 10 ** (0.4 * away))
        near = read + (k // _CLOSE) * sigma * rng.standard_normal(len(read))
        x = np.where(unread, guess, near)
        if k == 0:
            x = np.where(np.isnan(told), x, told)
        yield np.clip(x, *limits)


def _within_limits(task: Task, limits: Floats, x: Floats, *, together: bool) -> Found:
    """A stationary point within the bounds: what passes one is held there, what is pushed back in is let go.

    Variables are held one by one, the farthest first, or ``together``: one way may lead to an end where the other does
    not.
    """
    free = task.free.copy()
    found = descend(task, x)
    for _ in range(_ROUNDS):
        if not found.solved:
            break
        past = np.maximum(limits[0] - found.x, found.x - limits[1]) / np.maximum(np.abs(found.x), task.size)
        beyond = free & (past > 0)
        if beyond.any():
            free &= ~(beyond & (together | (past == past[beyond].max())))
        else:
            push = _push(task, found.x, free)
            inward = np.where(found.x <= limits[0], -push, push)
            if not np.any(~free & (inward > _LOOSE)):
                return found
            free[int(np.argmax(np.where(free, -np.inf, inward)))] = True
        found = descend(replace(task, free=free), np.clip(found.x, *limits))
    return replace(found, solved=False)


def _push(task: Task, x: Floats, free: Bools) -> Floats:
    """Slope of the sum of squares along each variable when the free ones follow, (variables,) in their sizes."""
    J = task.equations.jacobian(x)
    slope = np.zeros(len(x))
    slope[task.readings.of] = task.readings.inverse @ (x[task.readings.of] - task.readings.value)
    scale = np.maximum(np.abs(x), task.size)
    multipliers = np.linalg.lstsq((J * scale)[:, free].T, -(slope * scale)[free], rcond=None)[0]
    return np.asarray((slope + J.T @ multipliers) * scale)


def _linearise(task: Task, x: Floats) -> Linear:
    """What small errors of the readings do at the solution; bounds are left out."""
    readings = task.readings
    scale = np.maximum(np.abs(x), task.size)
    A = task.equations.jacobian(x) * scale
    A = A / np.maximum(np.linalg.norm(A, axis=1), 1e-300)[:, None]
    _, S, Vt = svd(A)
    null = Vt[rank(S, _DEPENDENT) :].T
    rows = np.eye(len(x))[readings.of]
    seen, hidden, leverage = split(rows @ null)
    return Linear(
        used=np.arange(len(readings.of)), of=readings.of, slopes=np.eye(len(x)), scale=scale, seen=null @ seen,
        hidden=null @ hidden, rows=rows, root=cholesky(readings.covariance, lower=True), redundant=1 - leverage > 1e-12,
    )  # fmt: skip


def _others(best: Found, solved: Sequence[Found], linear: Linear) -> tuple[Optimum, ...]:
    """Optima besides the best, each once; what is unobservable may differ without making another one.

    Worse ones with the same objective are one: far out, where nothing depends on a variable any more, a start ends
    anywhere.
    """
    known = linear.observables(linear.slopes)
    kept = [best]
    for one in sorted(solved, key=lambda found: found.half):
        apart = (np.abs(one.x - two.x)[known] / linear.scale[known] for two in kept)
        level = not _alike(one, best) and _alike(one, kept[-1])
        if not level and all(gap.max(initial=0.0) > _APART for gap in apart):
            kept.append(one)
    return tuple(Optimum(2 * one.half, one.x) for one in kept[1:])


def _unsolved(task: Task, problem: FreeProblem, failed: Sequence[Found]) -> SolveError:
    """What to say where no start led to a solution."""
    if not failed:
        values = task.equations.values(next(_starts(problem, _limits(problem))))
        bad = int(np.argmin(np.isfinite(values)))
        return SolveError(
            "equation {number} ({text}) has no value at the readings, whatever the other variables: it divides by "
            "zero, or takes a root, a logarithm or a power that does not exist",
            number=bad + 1, text=_short(problem, bad),
        )  # fmt: skip
    nearest = min((imbalance(task, one.x) for one in failed), key=lambda off: float(off.max(initial=0.0)))
    worst = int(np.argmax(nearest))
    return SolveError(
        "the equations were not solved from any of {starts} starts; the worst is equation {number} ({text}), off by "
        "{residual} of its terms: check it and its readings, or give the variables that are not measured a 'start'",
        starts=len(failed), number=worst + 1, text=_short(problem, worst), residual=rounded(nearest[worst], 3),
    )  # fmt: skip


def _short(problem: FreeProblem, number: int) -> str:
    """An equation as written, cut where it is long."""
    text = problem.equations[number].text.strip()
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
