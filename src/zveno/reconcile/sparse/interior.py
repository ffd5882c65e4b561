"""Solve: a primal-dual interior point on the masses and component flows of a large network.

The algorithm is that of :mod:`zveno.reconcile.kernel`, for one period and with sparse arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from zveno.reconcile.names import Bools, Floats, Ints
from zveno.reconcile.sparse.condensed import Condensation, condensation
from zveno.reconcile.sparse.layout import Layout
from zveno.reconcile.sparse.misfit import Misfit, centre_shift, gradient, misfit
from zveno.reconcile.sparse.newton import Barrier, System, curvature, system
from zveno.reconcile.sparse.start import start

MAX_ITERATIONS = 100
_LINEAR_STAGE = 12
_PROX_START, _PROX_FLOOR, _PROX_TOP, _PROX_HELD = 1e-3, 1e-7, 1e3, 1e-3
_CUTS = 14
_GONE = 1e-6
_HOLD, _GROWTH = 1e3, 9.0
_FAR, _NEAR = 1e4, 1e2
_COMPLEMENTARITY, _SLOPE, _BALANCE, _STANDING = 1e-8, 1e-5, 1e-9, 3e-9
_CREEPING = 0.2


@dataclass(frozen=True)
class Solved:
    """Where the iterations ended; without ``converged`` the numbers must not be used.

    ``u`` (variables,), multipliers of the bounds, where it began, and each equation's residual relative to the sum
    of its terms. ``unbounded`` are streams whose masses the readings would let grow without end: they were held.
    """

    u: Floats
    dual: Floats
    origin: Floats
    converged: bool
    iterations: int
    imbalance: Floats
    half: float
    unbounded: Ints


@dataclass(frozen=True)
class _State:
    """Variables, multipliers of bounds and equations, prox, stage, half the sum of squares."""

    u: Floats
    z: Floats
    l: Floats  # noqa: E741
    prox: float
    linear: bool
    half: float


@dataclass(frozen=True)
class _Step:
    """A direction and the barrier it aims at."""

    du: Floats
    dz: Floats
    l: Floats  # noqa: E741
    mu: float


@dataclass(frozen=True)
class _Task:
    """What stays the same over the iterations."""

    layout: Layout
    analysed: Condensation
    origin: Floats
    held: Ints
    size: Floats
    far: float = _FAR

    def miss(self, u: Floats) -> tuple[Misfit, Floats, Floats]:
        """Misfit, masses and assays at a point."""
        mass, assay = self.layout.expand(u)
        return self._anchored(misfit(self.layout, mass, assay), mass), mass, assay

    def _anchored(self, miss: Misfit, mass: Floats) -> Misfit:
        """Pull masses that are held at their size: one where none is known, so that the flows keep a size, and those
        that grow without end.
        """
        if not len(self.held):
            return miss
        off, weight = mass[self.held] - self.size, (_HOLD / self.size) ** 2
        slope, curve = miss.slope.copy(), miss.curve.copy()
        slope[self.held] += weight * off
        curve[self.held] += weight
        return replace(miss, half=miss.half + 0.5 * float(weight @ off**2), slope=slope, curve=curve)

    def holding(self, u: Floats) -> _Task:
        """The same with further masses held, if some have run away."""
        masses = u[: len(self.layout.mass_free)]
        far = np.flatnonzero(masses > self.far * self.origin[: len(masses)].max(initial=0.0))
        more = np.setdiff1d(self.layout.mass_free[far], self.held)
        if not len(more):
            return self
        size = u[self.layout.mass_column[more]]
        return replace(self, held=np.concatenate([self.held, more]), size=np.concatenate([self.size, size]))

    def slack(self, u: Floats) -> Floats:
        """Distance to the bounds: each variable above zero, then each cap."""
        return np.concatenate([u, self.caps(u)])

    def caps(self, u: Floats) -> Floats:
        """``total x mass - flow`` of the capped flows."""
        layout = self.layout
        mass = layout.mass_fixed.copy()
        mass[layout.mass_free] = u[: len(layout.mass_free)]
        flows = u[len(layout.mass_free) :]
        return np.asarray((layout.assay_total * mass[layout.owner] - flows)[layout.capped])

    def moved(self, du: Floats) -> Floats:
        """Change of the slacks with a step."""
        layout = self.layout
        mass = np.zeros(layout.n_streams)
        mass[layout.mass_free] = du[: len(layout.mass_free)]
        cap = layout.assay_total * mass[layout.owner] - du[len(layout.mass_free) :]
        return np.concatenate([du, cap[layout.capped]])

    def push(self, by_slack: Floats) -> Floats:
        """A weight on each slack as a slope by the variables."""
        layout = self.layout
        n = layout.n_variables
        out = by_slack[:n].copy()
        cap = np.zeros(len(layout.owner))
        cap[layout.capped] = by_slack[n:]
        out[: len(layout.mass_free)] += layout.assay_total * layout.by_owner(cap)[layout.mass_free]
        out[len(layout.mass_free) :] -= cap
        return out

    def barrier(self, state: _State, s: Floats, mass: Floats) -> Barrier:
        """Curvature that bounds and the proximal term add."""
        layout = self.layout
        n_m, n = len(layout.mass_free), layout.n_variables
        weight = state.z / s
        prox = np.full(layout.n_streams, state.prox)
        prox[self.held] = np.maximum(state.prox, _PROX_HELD)
        by_mass = prox / mass**2
        by_mass[layout.mass_free] += weight[:n_m]
        cap = np.zeros(len(layout.owner))
        cap[layout.capped] = weight[n:]
        return Barrier(by_mass, weight[n_m:n] + prox[layout.owner] / state.u[n_m:] ** 2, cap)

    def residual(self, u: Floats) -> Floats:
        """What each equation still lacks."""
        return np.asarray(self.layout.b - self.layout.G @ u)

    def imbalance(self, u: Floats) -> Floats:
        """Residual of each equation over the sum of the sizes of its terms, which counts as no less than a
        millionth of its size at the start: where all streams have vanished there is nothing to balance.
        """
        size = abs(self.layout.G) @ np.maximum(np.abs(u), _GONE * self.origin) + np.abs(self.layout.b)
        return np.asarray(np.abs(self.residual(u)) / np.maximum(size, 1e-300))


def interior_point(layout: Layout, analysed: Condensation | None = None, origin: Floats | None = None) -> Solved:
    """Best masses and flows within bounds and balances; a second try without the linearised stage.

    Masses that the readings would let grow without end are held where they are ten thousand times what is usual, a
    hundred times where that loses digits.

    References
    ----------
    Mehrotra (1992), SIAM J. Optim. 2, 575-601 (predictor and centring); Crowe (1986), AIChE J. 32, 616-623
    (linearised first stage).
    """
    origin = start(layout) if origin is None else origin
    held = _anchor(layout)
    task = _Task(layout, analysed or condensation(layout), origin, held, origin[layout.mass_column[held]])
    with np.errstate(all="ignore"):
        best = _run(task, _first(task, linear=True))
        if best.converged:
            return best
        second = _run(task, _first(task, linear=False))
        best = second if second.converged or second.half < best.half else best
        if best.converged or not len(best.unbounded):
            return best
        # masses that grow without end are held so far out that digits are lost: hold them nearer
        third = _run(replace(task, far=_NEAR), _first(task, linear=False))
        return third if third.converged else best


def _anchor(layout: Layout) -> Ints:
    """The stream to hold where no mass is known at all."""
    read = layout.readings
    if len(layout.mass_free) < layout.n_streams or np.any(read.of[read.values] < layout.n_streams):
        return np.zeros(0, dtype=np.int64)
    return np.array([np.argmax(np.sum(layout.ends >= 0, axis=1))])


def _run(task: _Task, state: _State) -> Solved:
    """Iterate until done or failed."""
    done, iteration, known = False, 0, task.held
    for iteration in range(1, MAX_ITERATIONS + 1):
        try:
            state, done = _iterate(task, state, iteration)
        except np.linalg.LinAlgError:
            break
        if done or not np.isfinite(state.half):
            break
        task = task.holding(state.u)
        if state.linear and iteration >= _LINEAR_STAGE and task.imbalance(state.u).max(initial=0.0) > 1e-2:
            break
    half = misfit(task.layout, *task.layout.expand(state.u)).half
    unbounded = np.setdiff1d(task.held, known)
    return Solved(state.u, state.z, task.origin, done, iteration, task.imbalance(state.u), half, unbounded)


def _first(task: _Task, *, linear: bool) -> _State:
    """Start inside the bounds with multipliers on the central path."""
    s = task.slack(task.origin)
    half = task.miss(task.origin)[0].half
    mu = max(1.0, 2 * half / max(len(s), 1))
    return _State(task.origin, mu / s, np.zeros(task.analysed.rows), _PROX_START, linear, half)


def reference(half: float) -> float:
    """The sum of squares to which tolerances refer; never so small that rounding decides."""
    return max(2 * half, 1e-3)


def _iterate(task: _Task, state: _State, iteration: int) -> tuple[_State, bool]:
    """One predictor-corrector step; also says whether it is done."""
    layout = task.layout
    miss, mass, assay = task.miss(state.u)
    linear = state.linear and iteration <= _LINEAR_STAGE and task.imbalance(state.u).max(initial=0.0) > 1e-7
    s = task.slack(state.u)
    curved = curvature(layout, miss, mass, assay, task.barrier(state, s, mass), linear)
    shift = centre_shift(layout, miss, frozen=linear)
    slope = gradient(layout, miss, mass, assay - shift[layout.n_streams :] if linear else assay)
    step = _direction(task, system(task.analysed, curved, state.u, (mass, assay)), slope, state, s)
    keep = max(0.99, 1 - step.mu)
    moved = task.moved(step.du)
    alpha, beta = _longest(s, moved, keep), _longest(state.z, step.dz, keep)
    alpha = min(alpha, _growth(task, state.u, step.du))
    alpha, cuts = _line_search(task, replace(state, linear=linear), step, slope, alpha)
    u = state.u + alpha * step.du
    s = task.slack(u)
    # a multiplier may not leave its slack by more than ten decades: such a pair would never come back
    z = np.clip(state.z + beta * step.dz, 1e-10 * step.mu / s, 1e10 * step.mu / s)
    new = _State(u, z, step.l, state.prox, linear, task.miss(u)[0].half)
    standing, flat = _settled(task, new, s, state.half)
    prox = state.prox * 0.2 if alpha > 0.4 and cuts <= 1 else state.prox
    # a point that stands while its slopes do not vanish suffers from rounding in weak directions: damp them
    if cuts > 3 or (standing and not flat):
        prox = state.prox * 10
    return replace(new, prox=float(np.clip(prox, _PROX_FLOOR, _PROX_TOP))), standing and flat


def _direction(task: _Task, newton: System, slope: Floats, state: _State, s: Floats) -> _Step:
    """Predictor, then a centred and corrected step; a pure centring where that would be short."""
    n = max(len(s), 1)
    now = float(s @ state.z) / n
    ds = task.moved(newton.solve(slope, task.residual(state.u))[0])
    dz = -state.z - state.z / s * ds
    after = float((s + _longest(s, ds) * ds) @ (state.z + _longest(state.z, dz) * dz)) / n
    floor = 0.1 * _COMPLEMENTARITY * reference(state.half) / n
    mu = max(now * min(max(after / now, 0.0), 1.0) ** 3, now / 500, floor)
    step = _towards(task, newton, slope, state, (mu - np.clip(ds * dz, -mu, mu)) / s, mu)
    if _longest(s, task.moved(step.du)) >= 0.1:
        return step
    return _towards(task, newton, slope, state, now / s, now)


def _towards(task: _Task, newton: System, slope: Floats, state: _State, target: Floats, mu: float) -> _Step:
    """Step after which the multipliers of the bounds would be near ``target``."""
    du, l = newton.solve(slope - task.push(target), task.residual(state.u))  # noqa: E741
    return _Step(du, target - state.z - state.z / task.slack(state.u) * task.moved(du), l, mu)


def _longest(s: Floats, ds: Floats, share: float = 1.0) -> float:
    """Longest step, at most 1, that keeps a share of the distance to every bound."""
    falling = ds < 0
    if not falling.any():
        return 1.0
    return min(1.0, share * float(np.min(-s[falling] / ds[falling])))


def _growth(task: _Task, u: Floats, du: Floats) -> float:
    """Longest step in which no mass grows tenfold beyond all that is usual: some would grow without end."""
    n_m = len(task.layout.mass_free)
    usual = np.maximum(u[:n_m], task.origin[:n_m].max(initial=0.0))
    return float(_GROWTH / np.maximum(du[:n_m] / usual, _GROWTH).max(initial=_GROWTH))


def _line_search(task: _Task, state: _State, step: _Step, slope: Floats, alpha: float) -> tuple[float, int]:
    """Halve the step until the barrier function with weighted balances falls (Armijo).

    The linearised stage takes its steps whole.
    """
    if state.linear:
        return alpha, 0
    weight = 2 * np.abs(step.l[: len(task.layout.b)])

    def merit(u: Floats) -> float:
        barrier = step.mu * float(np.sum(np.log(task.slack(u))))
        return task.miss(u)[0].half - barrier + float(weight @ np.abs(task.residual(u)))

    before = merit(state.u)
    fall = float((slope - task.push(step.mu / task.slack(state.u))) @ step.du)
    fall = min(fall - float(weight @ np.abs(task.residual(state.u))), 0.0)
    for cuts in range(_CUTS):
        if merit(state.u + alpha * step.du) <= before + 1e-4 * alpha * fall + 1e-9 * abs(before):
            return alpha, cuts
        alpha *= 0.5
    return alpha, _CUTS


def _settled(task: _Task, state: _State, s: Floats, before: float) -> tuple[bool, bool]:
    """Stopping rule: complementarity, balances and objective stand; slopes vanish."""
    layout = task.layout
    miss, mass, assay = task.miss(state.u)
    pull = layout.G.T @ state.l[: len(layout.b)]
    slope = np.abs(state.u * (gradient(layout, miss, mass, assay) + pull - task.push(state.z)))
    slope[_vanished(task, state.u)] = 0.0
    size = reference(state.half)
    steep = float(slope.max(initial=0.0)) / (_SLOPE * np.sqrt(size))
    # where slopes have all but vanished a point creeps along what nothing tells: digits of less than one are enough
    told = max(size, 1.0) if steep < _CREEPING else size
    standing = (
        not state.linear
        and float(s @ state.z) < _COMPLEMENTARITY * size
        and task.imbalance(state.u).max(initial=0.0) < _BALANCE
        and 2 * abs(state.half - before) < _STANDING * told
    )
    return standing, steep < 1


def _vanished(task: _Task, u: Floats) -> Bools:
    """Variables of streams that have shrunk to nothing: their assays are free and never settle."""
    layout = task.layout
    gone = np.zeros(layout.n_streams, dtype=bool)
    n_m = len(layout.mass_free)
    gone[layout.mass_free] = u[:n_m] < _GONE * task.origin[:n_m]
    return np.concatenate([gone[layout.mass_free], gone[layout.owner]])
