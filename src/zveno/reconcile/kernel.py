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
_PART = 1_500_000
_LINEAR_STAGE = 12
_LOST = 1e-2
_PROX_START, _PROX_FLOOR, _PROX_TOP = 1e-3, 1e-7, 1e3
_CUTS = 14
_GONE = 1e-6
_LAST_DIGITS = 4 * np.finfo(float).eps
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
class _Place:
    """A point (P, variables) with all that is computed there once.

    ``slope`` is that of the misfit by the variables; ``left`` what each equation still lacks; ``off`` the largest
    imbalance.
    """

    u: Floats
    mass: Floats
    assay: Floats
    miss: Misfit
    slope: Floats
    slack: Floats
    left: Floats
    off: Floats

    def take(self, which: Ints) -> _Place:
        """The same for some of the periods."""
        return _Place(
            self.u[which], self.mass[which], self.assay[which], self.miss.take(which), self.slope[which],
            self.slack[which], self.left[which], self.off[which],
        )  # fmt: skip


@dataclass(frozen=True)
class _State:
    """Periods still at work: place, bound and balance multipliers, prox, stage."""

    at: _Place
    z: Floats
    l: Floats  # noqa: E741
    prox: Floats
    linear: Bools

    def take(self, which: Ints) -> _State:
        """The same for some of the periods."""
        return _State(self.at.take(which), self.z[which], self.l[which], self.prox[which], self.linear[which])


@dataclass(frozen=True)
class _Step:
    """A direction, the change of the slacks along it, and the barrier it aims at."""

    du: Floats
    ds: Floats
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

    def at(self, u: Floats) -> _Place:
        """Everything about a point."""
        mass, _, assay = self.problem.expand(u)
        miss = anchor(misfit(self.problem, self.data, mass, assay), self.data, mass)
        left = self.problem.b - u @ self.problem.G.T
        return _Place(
            u, mass, assay, miss, gradient(self.problem, miss, mass, assay), self.limits.slack(u), left,
            self._relative(u, left).max(axis=1, initial=0.0),
        )  # fmt: skip

    def imbalance(self, u: Floats) -> Floats:
        """Residual of each equation over the sum of the sizes of its terms, which counts as no less than a
        millionth of its size at the start: where all streams have vanished there is nothing to balance.
        """
        return self._relative(u, self.problem.b - u @ self.problem.G.T)

    def _relative(self, u: Floats, left: Floats) -> Floats:
        size = np.maximum(np.abs(u), _GONE * self.origin) @ np.abs(self.problem.G.T) + np.abs(self.problem.b)
        return np.asarray(np.abs(left) / np.maximum(size, 1e-300))


def interior_point(problem: Problem, data: Data, origin: Floats | None = None) -> Solved:
    """Best masses and flows of each period within bounds and balances.

    A period that does not meet the stopping rule is tried again without the linearised stage, which can run to
    the bounds where readings contradict each other wildly, and then from where it stands with exact second
    derivatives, which do not creep where the readings miss by far. One that fails even so is returned with
    ``converged`` false; its numbers must not be used. ``origin`` (P, variables) are starts inside the bounds in
    place of the usual ones.

    References
    ----------
    Mehrotra (1992), SIAM J. Optim. 2, 575-601 (predictor and centring); Crowe (1986), AIChE J. 32, 616-623
    (linearised first stage).
    """
    n = len(problem.mass_free) + len(problem.flow_free)
    size = max(_PART // max(n * (n + len(problem.b)), 1), 1)
    parts = [np.arange(k, min(k + size, len(data.value))) for k in range(0, len(data.value), size)]
    if len(parts) < 2:
        return _solved(problem, data, origin)
    found = [_solved(problem, data.take(part), None if origin is None else origin[part]) for part in parts]
    return Solved(*(np.concatenate([getattr(part, one.name) for part in found]) for one in fields(Solved)))


def _solved(problem: Problem, data: Data, origin: Floats | None) -> Solved:
    """The same for as many periods as the processor's cache holds."""
    task = _Task(problem, bounds(problem), *_anchored(problem, data, origin))
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
    periods = len(state.z)
    out = Solved(
        u=state.at.u.copy(),
        dual=state.z.copy(),
        origin=task.origin.copy(),
        converged=np.zeros(periods, dtype=bool),
        iterations=np.zeros(periods, dtype=np.int64),
        imbalance=np.zeros((periods, len(task.problem.b))),
    )
    active = np.arange(periods)
    for iteration in range(1, MAX_ITERATIONS + 1):
        state, done = _iterate(task, state, iteration)
        over = done | _hopeless(state, iteration) | (iteration == MAX_ITERATIONS)
        if over.any():
            ended = np.flatnonzero(over)
            which, u = active[ended], state.at.u[ended]
            out.u[which], out.dual[which] = u, state.z[ended]
            out.converged[which], out.iterations[which] = done[ended], iteration
            out.imbalance[which] = task.take(ended).imbalance(u)
        going = np.flatnonzero(~over)
        if len(going) == 0:
            break
        if len(going) < len(active):
            state, task, active = state.take(going), task.take(going), active[going]
    return out


def _better(task: _Task, first: Solved, second: Solved) -> Solved:
    """Of two tries each period's converged one, or the one that balances with the smaller sum of squares."""
    cost = [
        np.where(one.imbalance.max(axis=1, initial=0.0) < _BALANCE, task.at(one.u).miss.half, np.inf)
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
    u, z = (np.where(sound[:, None], a, b) for a, b in ((solved.u, fresh.at.u), (solved.dual, fresh.z)))
    return replace(fresh, at=task.at(u), z=z)


def _hopeless(state: _State, iteration: int) -> Bools:
    """Periods that broke down, or that left the linearised stage without a balance."""
    lost = state.linear & (iteration >= _LINEAR_STAGE)
    return np.asarray(~np.isfinite(state.at.miss.half) | (lost & (state.at.off > _LOST)))


def _anchored(problem: Problem, data: Data, origin: Floats | None) -> tuple[Data, Floats]:
    """Start of each period; where no mass is known at all, one is held so that the flows keep a size."""
    origin = start(problem, data) if origin is None else origin
    held = np.zeros((len(origin), problem.n_streams))
    weighed = (data.present & (problem.reading_of < problem.n_streams)).any(axis=1)
    if len(problem.mass_free) == problem.n_streams:
        widest = int(np.argmax(problem.near.sum(axis=1)))
        held[~weighed, widest] = origin[~weighed, widest]
    return replace(data, anchor=held if held.any() else None), origin


def reference(half: Floats) -> Floats:
    """The sum of squares to which tolerances refer; never so small that rounding decides."""
    return np.maximum(2 * half, 1e-3)


def _first(task: _Task, *, linear: bool) -> _State:
    """Start inside the bounds with multipliers on the central path."""
    at = task.at(task.origin)
    mu = np.maximum(1.0, 2 * at.miss.half / max(len(task.limits), 1))
    n = len(mu)
    return _State(
        at=at, z=mu[:, None] / at.slack, l=np.zeros((n, len(task.problem.b))), prox=np.full(n, _PROX_START),
        linear=np.full(n, linear),
    )  # fmt: skip


def _iterate(task: _Task, state: _State, iteration: int) -> tuple[_State, Bools]:
    """One predictor-corrector step of every period; also says which of them are done."""
    at = state.at
    linear = state.linear & (at.off > 1e-7) & (iteration <= _LINEAR_STAGE)
    point = Point(at.u, at.mass, at.assay, at.slack, state.z, state.prox, linear, task.exact)
    system, slope = newton(task.problem, task.limits, task.data, at.miss, point)
    step = _direction(task, system, slope, state)
    most = np.maximum(0.99, 1 - step.mu)
    alpha, beta = _longest(at.slack, step.ds, most), _longest(state.z, step.dz, most)
    alpha, cuts, there = _line_search(task, replace(state, linear=linear), step, slope, alpha)
    # a multiplier may not leave its slack by more than ten decades: such a pair would never come back
    middle = step.mu[:, None] / there.slack
    z = np.clip(state.z + beta[:, None] * step.dz, 1e-10 * middle, 1e10 * middle)
    new = _State(there, z, step.l, state.prox, linear)
    standing, flat = _settled(task, new, at.miss.half)
    prox = np.where((alpha > 0.4) & (cuts <= 1), state.prox * 0.2, state.prox)
    # a point that stands while its slopes do not vanish suffers from rounding in weak directions: damp them
    prox = np.where((cuts > 3) | (standing & ~flat), state.prox * 10, prox)
    done = standing & flat
    if done.any():
        which = np.flatnonzero(done)
        there.u[which] = _last(task.take(which), system.take(which), new.take(which))
    return replace(new, prox=np.clip(prox, _PROX_FLOOR, _PROX_TOP)), done


def _last(task: _Task, system: Newton, state: _State) -> Floats:
    """Variables of converged periods after one more step without the barrier: only bounds that hold push back.

    A step that does not bring the slopes nearer to zero is not taken.
    """
    at = state.at
    holds = holding(state.z, at.slack, task.limits.slack(task.origin), at.miss.half)
    push = task.limits.pull(np.where(holds, state.z, 0.0))
    du, l = system.solve(at.slope - push, at.left)  # noqa: E741
    there = task.at(at.u + du)
    before, after = (np.abs(at.u * (one.slope - push + l @ task.problem.G)).max(axis=1) for one in (at, there))
    better = np.all(there.slack > 0, axis=1) & (after < before) & (there.off < _BALANCE)
    return np.where(better[:, None], there.u, at.u)


def holding(z: Floats, slack: Floats, size: Floats, half: Floats) -> Bools:
    """Bounds whose multiplier outweighs their slack, both by their sizes."""
    return np.asarray(z * size / reference(half)[:, None] > slack / size)


def _direction(task: _Task, system: Newton, slope: Floats, state: _State) -> _Step:
    """Predictor, then a centred and corrected step; a pure centring where that would be short."""
    s, z = state.at.slack, state.z
    n = max(s.shape[1], 1)
    now = np.einsum("pi,pi->p", s, z) / n
    ds = task.limits.along(system.solve(slope, state.at.left, rough=True)[0])
    dz = -z - z / s * ds
    a, b = _longest(s, ds), _longest(z, dz)
    after = np.einsum("pi,pi->p", s + a[:, None] * ds, z + b[:, None] * dz) / n
    floor = 0.1 * _COMPLEMENTARITY * reference(state.at.miss.half) / n
    mu = np.maximum(np.maximum(now * np.clip(after / now, 0.0, 1.0) ** 3, now / 500), floor)
    bend = np.clip(ds * dz, -mu[:, None], mu[:, None])
    step = _towards(task, system, slope, state, target=(mu[:, None] - bend) / s, mu=mu)
    short = _longest(s, step.ds) < 0.1
    if not short.any():
        return step
    centred = _towards(task, system, slope, state, target=now[:, None] / s, mu=now)
    chosen = [
        np.where(short.reshape(-1, *(1,) * (getattr(step, one.name).ndim - 1)),
                 getattr(centred, one.name), getattr(step, one.name))
        for one in fields(step)
    ]  # fmt: skip
    return _Step(*chosen)


def _towards(task: _Task, system: Newton, slope: Floats, state: _State, *, target: Floats, mu: Floats) -> _Step:
    """Step after which the bound multipliers would be near ``target``."""
    du, l = system.solve(slope - task.limits.pull(target), state.at.left)  # noqa: E741
    ds = task.limits.along(du)
    return _Step(du, ds, target - state.z - state.z / state.at.slack * ds, l, mu)


def _longest(s: Floats, ds: Floats, share: Floats | float = 1.0) -> Floats:
    """Longest step, at most 1, that keeps a share of the distance to every bound."""
    shrinks = -(ds / s).min(axis=1, initial=0.0)
    return np.asarray(np.minimum(1.0, share / np.maximum(shrinks, 1e-300)))


def _line_search(
    task: _Task, state: _State, step: _Step, slope: Floats, alpha: Floats
) -> tuple[Floats, Floats, _Place]:
    """Halve the step until the barrier function with weighted balances falls (Armijo); also says where that is.

    The linearised stage takes its steps whole.
    """
    weight = 2 * np.abs(step.l)

    def merit(at: _Place) -> Floats:
        barrier = step.mu * np.sum(np.log(at.slack), axis=1)
        return np.asarray(at.miss.half - barrier + np.einsum("pi,pi->p", weight, np.abs(at.left)))

    before = merit(state.at)
    push = step.mu[:, None] / state.at.slack
    fall = np.einsum("pi,pi->p", slope - task.limits.pull(push), step.du)
    fall = np.minimum(fall - np.einsum("pi,pi->p", weight, np.abs(state.at.left)), 0.0)
    alpha, cuts, searching = alpha.copy(), np.zeros(len(alpha)), ~state.linear
    there = task.at(state.at.u + alpha[:, None] * step.du)
    for _ in range(_CUTS):
        if not searching.any():
            break
        searching &= ~(merit(there) <= before + 1e-4 * alpha * fall + 1e-9 * np.abs(before))
        if not searching.any():
            break
        alpha[searching] *= 0.5
        cuts[searching] += 1
        there = task.at(state.at.u + alpha[:, None] * step.du)
    return alpha, cuts, there


def _settled(task: _Task, state: _State, before: Floats) -> tuple[Bools, Bools]:
    """Stopping rule: complementarity, balances and objective stand; slopes vanish."""
    at = state.at
    slope = at.slope + state.l @ task.problem.G - task.limits.pull(state.z)
    slope = np.where(_vanished(task, at.u), 0.0, np.abs(at.u * slope))
    size = reference(at.miss.half)
    standing = (
        ~state.linear
        & (np.einsum("pi,pi->p", at.slack, state.z) < _COMPLEMENTARITY * size)
        & (at.off < _BALANCE)
        & (2 * np.abs(at.miss.half - before) < _STANDING * size)
    )
    flat = slope.max(axis=1, initial=0.0) < _SLOPE * np.sqrt(size)
    if (standing & ~flat).any():
        least = _SLOPE * np.sqrt(size)[:, None] + _rounding(task, at)
        flat = np.all(slope < least, axis=1)
    return standing, flat


def _rounding(task: _Task, at: _Place) -> Floats:
    """What the digits of a number leave of the slopes (P, variables), each by the size of its variable.

    A reading adjusted by less than its last digit still pulls by that digit over its variance: a standard deviation of
    a millionth of the reading leaves a slope of a ten-thousandth.
    """
    problem, free = task.problem, task.problem.flow_free
    point = np.concatenate([at.mass, at.assay], axis=1)
    pull = (np.where(task.data.weight > 0, task.data.weight, 0.0) @ problem.select) * point**2 * _LAST_DIGITS
    by_pair = pull[:, problem.n_streams :]
    by_mass = pull[:, : problem.n_streams].copy()
    np.add.at(by_mass.T, problem.pair_stream, by_pair.T)
    return np.concatenate([by_mass[:, problem.mass_free], by_pair[:, free]], axis=1)


def _vanished(task: _Task, u: Floats) -> Bools:
    """Variables of streams that have shrunk to nothing: their assays are free and never settle."""
    problem = task.problem
    n_m = len(problem.mass_free)
    gone = np.zeros((len(u), problem.n_streams), dtype=bool)
    gone[:, problem.mass_free] = u[:, :n_m] < _GONE * task.origin[:, :n_m]
    return np.concatenate([gone[:, problem.mass_free], gone[:, problem.carrier]], axis=1)
