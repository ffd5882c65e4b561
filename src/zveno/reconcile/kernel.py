"""Solve: a primal-dual interior point on masses and component flows, many periods side by side.

All equations are linear in these variables and all nonlinearity sits in ``assay = flow / mass``, one stream
at a time. No start values are needed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from zveno.reconcile.arrays import Bools, Floats, Ints, Problem
from zveno.reconcile.newton import Bounds, Newton, Point, bounds, gradient, newton
from zveno.reconcile.objective import Data, Misfit, anchor, misfit
from zveno.reconcile.start import start

MAX_ITERATIONS = 100
_LINEAR_STAGE = 12
_LOST = 1e-2
_PROX_START, _PROX_FLOOR, _PROX_TOP = 1e-3, 1e-7, 1e3
_CUTS = 14
_GONE = 1e-6
_COMPLEMENTARITY, _SLOPE, _BALANCE, _STANDING = 1e-8, 1e-5, 1e-9, 3e-9


@dataclass(frozen=True)
class Solved:
    """Where the periods ended: variables (P, n), bound multipliers, which converged, how far off they are.

    ``origin`` (P, n) is where they began; ``imbalance`` (P, equations) each equation's residual relative to the
    sum of its terms.
    """

    u: Floats
    dual: Floats
    origin: Floats
    converged: Bools
    iterations: Ints
    imbalance: Floats

    def some(self, periods: Ints) -> Solved:
        """Some of the periods."""
        return Solved(*(getattr(self, one.name)[periods] for one in fields(self)))

    def put(self, periods: Ints, other: Solved) -> None:
        """Replace some of the periods."""
        for one in fields(self):
            getattr(self, one.name)[periods] = getattr(other, one.name)


@dataclass(frozen=True)
class _State:
    """Periods still at work: variables, bound and balance multipliers, prox, stage, half the sum of squares."""

    u: Floats
    z: Floats
    l: Floats  # noqa: E741
    prox: Floats
    linear: Bools
    half: Floats

    def take(self, which: Ints) -> _State:
        """The same for some of the periods."""
        return _State(*(getattr(self, one.name)[which] for one in fields(self)))


@dataclass(frozen=True)
class _Step:
    """A direction and the barrier it aims at."""

    du: Floats
    dz: Floats
    l: Floats  # noqa: E741
    mu: Floats


@dataclass(frozen=True)
class _Task:
    """What stays the same over the iterations of some periods."""

    problem: Problem
    limits: Bounds
    data: Data
    origin: Floats
    exact: bool = False

    def take(self, which: Ints) -> _Task:
        """The same for some of the periods."""
        return replace(self, data=self.data.take(which), origin=self.origin[which])

    def miss(self, u: Floats) -> tuple[Misfit, Floats, Floats]:
        """Misfit, masses and assays at a point."""
        mass, _, assay = self.problem.expand(u)
        return anchor(misfit(self.problem, self.data, mass, assay), self.data, mass), mass, assay

    def residual(self, u: Floats) -> Floats:
        """What each equation still lacks."""
        return self.problem.b - u @ self.problem.G.T

    def imbalance(self, u: Floats) -> Floats:
        """Residual of each equation over the sum of the sizes of its terms, which counts as no less than a
        millionth of its size at the start: where all streams have vanished there is nothing to balance.
        """
        size = np.maximum(np.abs(u), _GONE * self.origin) @ np.abs(self.problem.G.T) + np.abs(self.problem.b)
        return np.asarray(np.abs(self.residual(u)) / np.maximum(size, 1e-300))


def interior_point(problem: Problem, data: Data) -> Solved:
    """Best masses and flows of each period within bounds and balances.

    A period that does not meet the stopping rule is tried again without the linearised stage, which can run to
    the bounds where readings contradict each other wildly, and then from where it stands with exact second
    derivatives, which do not creep where the readings miss by far. One that fails even so is returned with
    ``converged`` false; its numbers must not be used.

    References
    ----------
    Mehrotra (1992), SIAM J. Optim. 2, 575-601 (predictor and centring); Crowe (1986), AIChE J. 32, 616-623
    (linearised first stage).
    """
    task = _Task(problem, bounds(problem), *_anchored(problem, data))
    with np.errstate(all="ignore"):
        out = _run(task, _first(task, linear=data.inverse is None))
        again = np.flatnonzero(~out.converged)
        if len(again):
            part = task.take(again)
            second = _better(part, out.some(again), _run(part, _first(part, linear=False)))
            creeping = np.flatnonzero(~second.converged)
            if len(creeping):
                part = replace(part.take(creeping), exact=True)
                second.put(creeping, _run(part, _resumed(part, second.some(creeping))))
            out.put(again, second)
    return out


def _run(task: _Task, state: _State) -> Solved:
    """Iterate until every period is done or has failed."""
    periods = len(state.u)
    out = Solved(
        u=state.u.copy(),
        dual=state.z.copy(),
        origin=task.origin.copy(),
        converged=np.zeros(periods, dtype=bool),
        iterations=np.zeros(periods, dtype=np.int64),
        imbalance=task.imbalance(state.u),
    )
    active = np.arange(periods)
    for iteration in range(1, MAX_ITERATIONS + 1):
        state, done = _iterate(task, state, iteration)
        out.u[active], out.dual[active] = state.u, state.z
        out.converged[active], out.iterations[active] = done, iteration
        out.imbalance[active] = task.imbalance(state.u)
        going = np.flatnonzero(~done & ~_hopeless(task, state, iteration))
        if len(going) == 0:
            break
        if len(going) < len(active):
            state, task, active = state.take(going), task.take(going), active[going]
    return out


def _better(task: _Task, first: Solved, second: Solved) -> Solved:
    """Of two tries each period's converged one, or the one that balances with the smaller sum of squares."""
    cost = [
        np.where(one.imbalance.max(axis=1, initial=0.0) < _BALANCE, task.miss(one.u)[0].half, np.inf)
        for one in (first, second)
    ]
    keep = np.flatnonzero(~second.converged & (cost[0] < cost[1]))
    second.put(keep, first.some(keep))
    return second


def _resumed(task: _Task, solved: Solved) -> _State:
    """The state from which a try that ran out of steps goes on; one that broke down begins anew."""
    fresh = _first(task, linear=False)
    s = task.limits.slack(solved.u)
    sound = np.all(np.isfinite(solved.u), axis=1) & np.all(s > 0, axis=1)
    u, z = (np.where(sound[:, None], a, b) for a, b in ((solved.u, fresh.u), (solved.dual, fresh.z)))
    return replace(fresh, u=u, z=z, half=task.miss(u)[0].half)


def _hopeless(task: _Task, state: _State, iteration: int) -> Bools:
    """Periods that broke down, or that left the linearised stage without a balance."""
    lost = state.linear & (iteration >= _LINEAR_STAGE)
    far: Bools = task.imbalance(state.u).max(axis=1, initial=0.0) > _LOST
    return ~np.isfinite(state.half) | (lost & far)


def _anchored(problem: Problem, data: Data) -> tuple[Data, Floats]:
    """Start of each period; where no mass is known at all, one is held so that the flows keep a size."""
    origin = start(problem, data)
    held = np.zeros((len(origin), problem.n_streams))
    weighed = (data.present & (problem.reading_of < problem.n_streams)).any(axis=1)
    if len(problem.mass_free) == problem.n_streams:
        widest = int(np.argmax(problem.near.sum(axis=1)))
        held[~weighed, widest] = origin[~weighed, widest]
    return replace(data, anchor=held), origin


def reference(half: Floats) -> Floats:
    """The sum of squares to which tolerances refer; never so small that rounding decides."""
    return np.maximum(2 * half, 1e-3)


def _first(task: _Task, *, linear: bool) -> _State:
    """Start inside the bounds with multipliers on the central path."""
    u = task.origin
    s = task.limits.slack(u)
    half = task.miss(u)[0].half
    mu = np.maximum(1.0, 2 * half / max(s.shape[1], 1))
    n = len(u)
    return _State(
        u=u, z=mu[:, None] / s, l=np.zeros((n, len(task.problem.b))), prox=np.full(n, _PROX_START),
        linear=np.full(n, linear), half=half,
    )  # fmt: skip


def _iterate(task: _Task, state: _State, iteration: int) -> tuple[_State, Bools]:
    """One predictor-corrector step of every period; also says which of them are done."""
    miss, mass, assay = task.miss(state.u)
    linear = state.linear & (task.imbalance(state.u).max(axis=1, initial=0.0) > 1e-7)
    linear &= iteration <= _LINEAR_STAGE
    s = task.limits.slack(state.u)
    at = Point(state.u, mass, assay, s, state.z, state.prox, linear, task.exact)
    system, slope = newton(task.problem, task.limits, task.data, miss, at)
    step = _direction(task, system, slope, state, s)
    D = task.limits.D
    alpha = _longest(s, step.du @ D.T, np.maximum(0.99, 1 - step.mu))
    beta = _longest(state.z, step.dz, np.maximum(0.99, 1 - step.mu))
    alpha, cuts = _line_search(task, replace(state, linear=linear), step, slope, alpha)
    u = state.u + alpha[:, None] * step.du
    s = task.limits.slack(u)
    # a multiplier may not leave its slack by more than ten decades: such a pair would never come back
    z = np.clip(state.z + beta[:, None] * step.dz, 1e-10 * step.mu[:, None] / s, 1e10 * step.mu[:, None] / s)
    new = _State(u, z, step.l, state.prox, linear, task.miss(u)[0].half)
    standing, flat = _settled(task, new, s, state.half)
    prox = np.where((alpha > 0.4) & (cuts <= 1), state.prox * 0.2, state.prox)
    # a point that stands while its slopes do not vanish suffers from rounding in weak directions: damp them
    prox = np.where((cuts > 3) | (standing & ~flat), state.prox * 10, prox)
    return replace(new, prox=np.clip(prox, _PROX_FLOOR, _PROX_TOP)), standing & flat


def _direction(task: _Task, system: Newton, slope: Floats, state: _State, s: Floats) -> _Step:
    """Predictor, then a centred and corrected step; a pure centring where that would be short."""
    D, n = task.limits.D, max(s.shape[1], 1)
    now = np.sum(s * state.z, axis=1) / n
    ds = system.solve(slope, task.residual(state.u))[0] @ D.T
    dz = -state.z - state.z / s * ds
    a, b = _longest(s, ds), _longest(state.z, dz)
    after = np.sum((s + a[:, None] * ds) * (state.z + b[:, None] * dz), axis=1) / n
    floor = 0.1 * _COMPLEMENTARITY * reference(state.half) / n
    mu = np.maximum(np.maximum(now * np.clip(after / now, 0.0, 1.0) ** 3, now / 500), floor)
    bend = np.clip(ds * dz, -mu[:, None], mu[:, None])
    step = _towards(task, system, slope, state, target=(mu[:, None] - bend) / s, mu=mu)
    short = _longest(s, step.du @ D.T) < 0.1
    if not short.any():
        return step
    centred = _towards(task, system, slope, state, target=now[:, None] / s, mu=now)
    return _Step(
        np.where(short[:, None], centred.du, step.du), np.where(short[:, None], centred.dz, step.dz),
        np.where(short[:, None], centred.l, step.l), np.where(short, centred.mu, step.mu),
    )  # fmt: skip


def _towards(task: _Task, system: Newton, slope: Floats, state: _State, *, target: Floats, mu: Floats) -> _Step:
    """Step after which the bound multipliers would be near ``target``."""
    D = task.limits.D
    du, l = system.solve(slope - target @ D, task.residual(state.u))  # noqa: E741
    dz = target - state.z - state.z / task.limits.slack(state.u) * (du @ D.T)
    return _Step(du, dz, l, mu)


def _longest(s: Floats, ds: Floats, share: Floats | float = 1.0) -> Floats:
    """Longest step, at most 1, that keeps a share of the distance to every bound."""
    ratio = np.where(ds < 0, -s / np.where(ds < 0, ds, -1.0), np.inf).min(axis=1, initial=np.inf)
    return np.asarray(np.minimum(1.0, share * ratio))


def _line_search(task: _Task, state: _State, step: _Step, slope: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Halve the step until the barrier function with weighted balances falls (Armijo).

    The linearised stage takes its steps whole.
    """
    weight = 2 * np.abs(step.l)

    def merit(u: Floats) -> Floats:
        barrier = step.mu * np.sum(np.log(task.limits.slack(u)), axis=1)
        return np.asarray(task.miss(u)[0].half - barrier + np.sum(weight * np.abs(task.residual(u)), axis=1))

    before = merit(state.u)
    push = step.mu[:, None] / task.limits.slack(state.u)
    fall = np.sum((slope - push @ task.limits.D) * step.du, axis=1)
    fall = np.minimum(fall - np.sum(weight * np.abs(task.residual(state.u)), axis=1), 0.0)
    alpha, cuts, searching = alpha.copy(), np.zeros(len(alpha)), ~state.linear
    for _ in range(_CUTS):
        good = merit(state.u + alpha[:, None] * step.du) <= before + 1e-4 * alpha * fall + 1e-9 * np.abs(before)
        searching = searching & ~good
        if not searching.any():
            break
        alpha[searching] *= 0.5
        cuts[searching] += 1
    return alpha, cuts


def _settled(task: _Task, state: _State, s: Floats, before: Floats) -> tuple[Bools, Bools]:
    """Stopping rule: complementarity, balances and objective stand; slopes vanish."""
    miss, mass, assay = task.miss(state.u)
    slope = gradient(task.problem, miss, mass, assay) + state.l @ task.problem.G - state.z @ task.limits.D
    slope = np.where(_vanished(task, state.u), 0.0, np.abs(state.u * slope))
    size = reference(state.half)
    standing = (
        ~state.linear
        & (np.sum(s * state.z, axis=1) < _COMPLEMENTARITY * size)
        & (task.imbalance(state.u).max(axis=1, initial=0.0) < _BALANCE)
        & (2 * np.abs(state.half - before) < _STANDING * size)
    )
    return standing, slope.max(axis=1, initial=0.0) < _SLOPE * np.sqrt(size)


def _vanished(task: _Task, u: Floats) -> Bools:
    """Variables of streams that have shrunk to nothing: their assays are free and never settle."""
    problem = task.problem
    gone = np.zeros((len(u), problem.n_streams), dtype=bool)
    n_m = len(problem.mass_free)
    gone[:, problem.mass_free] = u[:, :n_m] < _GONE * task.origin[:, :n_m]
    return np.concatenate([gone[:, problem.mass_free], gone[:, problem.pair_stream[problem.flow_free]]], axis=1)
