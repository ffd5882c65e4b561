"""A balance solved again, a short way: Newton's method on masses and flows from a point near by.

It shares no arithmetic with the reconciliation: equations are set up from the network by names, what is fixed and what
stands at a bound becomes an equation, and the covariance of the readings is inverted as it is. Where the point that was
published is the optimum, the steps vanish; where it is not, they lead away from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import log_ndtr

from zveno.errors import SolveError, rounded
from zveno.model.network import MASS, NetReading, Network
from zveno.tables.figure import Score, Solved

Floats = NDArray[np.float64]
Name = tuple[str, str]
_STEPS, _SETTLED, _SMALL, _UNFELT, _DIVERGED = 12, 1e-13, 1e-9, 1e-8, 0.5
_RANK, _SEEN = 1e-10, 1e-9
_NOTHING, _THIN = 1e-12, 1e-3
_ROOT_2_PI = float(np.log(np.sqrt(2 * np.pi)))


@dataclass(frozen=True)
class Start:
    """Where to begin: masses and component flows, t, and which of them stand at a bound; ``closed`` carry nothing."""

    at: Mapping[Name, float]
    held: frozenset[Name]
    closed: frozenset[str]


@dataclass(frozen=True)
class Resolved:
    """The point found: masses and flows by (stream, quantity), and how far the last and all steps went, relatively.

    ``linear`` turns slopes by the variables into slopes by the readings named ``keys``. ``read`` is what these show and
    ``seen`` what the point would, ``shown`` its slopes by the variables, ``root`` the Cholesky factor of their
    covariance.
    """

    names: tuple[Name, ...]
    x: Floats
    moved: float
    last_step: float
    keys: tuple[tuple[str, str, str], ...]
    linear: Floats
    read: Floats
    seen: Floats
    shown: Floats
    root: Floats

    def largest(self, leaf: Score) -> float:
        """What the reading adds to a test that adds most to it: the adjustments that are left are small beside it."""
        return float(np.abs(self.tested(leaf)[1] * self.read).max(initial=0.0))

    def tested(self, leaf: Score) -> tuple[float, Floats]:
        """The test of an error with its slopes by the readings: by generalised least squares on what is left over."""
        effects = {(stream, quantity, meter): by for stream, quantity, meter, by in leaf.along}
        error = np.array([effects.get(one, 0.0) for one in self.keys])
        left = error - self.shown @ (self.linear @ error)  # what no change of the point explains
        white = solve_triangular(self.root, left, lower=True)
        slopes = solve_triangular(self.root, white, lower=True, trans="T")
        slopes = slopes / (white @ white if leaf.size else np.sqrt(white @ white))
        return float(slopes @ (self.read - self.seen)), np.asarray(slopes)

    def value(self, leaf: Solved) -> float:
        """A mass, a flow or a grade."""
        at = {name: n for n, name in enumerate(self.names)}
        n = at.get((leaf.stream, leaf.quantity))
        if n is None:
            return 0.0
        return (
            float(self.x[n] / self.x[at[leaf.stream, MASS]])
            if leaf.grade and leaf.quantity != MASS
            else float(self.x[n])
        )

    def slopes(self, leaf: Solved) -> Floats:
        """Slopes of it by the variables."""
        at = {name: n for n, name in enumerate(self.names)}
        out = np.zeros(len(self.names))
        n = at.get((leaf.stream, leaf.quantity))
        if n is None:
            return out
        if leaf.grade and leaf.quantity != MASS:
            m = at[leaf.stream, MASS]
            out[n], out[m] = 1 / self.x[m], -self.x[n] / self.x[m] ** 2
        else:
            out[n] = 1.0
        return out


def resolved(network: Network, start: Start) -> Resolved:
    """Solve a network from a point near its solution.

    What rounding leaves of a step may be no more than a billionth of a variable, or, where a variable is the small
    difference of large ones, a hundred-millionth of its standard deviation.

    Raises
    ------
    SolveError
        If the steps do not settle, or lead far away: the point was no solution.
    """
    task = _Task(network, start)
    x = task.feasible(np.array([start.at[name] for name in task.names]))
    first, step, in_sd = x.copy(), np.inf, np.inf
    for _ in range(_STEPS):
        move, sd = task.step(x)
        x, before, step = x + move, step, float(np.abs(move / task.size).max(initial=0.0))
        in_sd = float(np.divide(np.abs(move), sd, out=np.zeros_like(sd), where=sd > 0).max(initial=0.0))
        if step < _SETTLED or (step >= 0.5 * before and (step < _SMALL or in_sd < _UNFELT)):
            break
    away = float(np.abs((x - first) / task.size).max(initial=0.0))
    if (step > _SMALL and in_sd > _UNFELT) or away > _DIVERGED:
        raise SolveError("the balance does not come out again: a step of {step} is left", step=rounded(step, 2))
    return Resolved(task.names, x, away, step, task.keys, task.linear(x), *task.compared(x), task.root)


class _Task:
    """One network as equations and readings in masses and flows, all of them."""

    def __init__(self, network: Network, start: Start) -> None:
        carried = {one.id: network.carries(one) for one in network.streams}
        self.names = tuple((one.id, q) for one in network.streams for q in (MASS, *carried[one.id]))
        self.at = {name: n for n, name in enumerate(self.names)}
        values = np.array([abs(start.at[name]) for name in self.names])
        mass = np.array([abs(start.at[stream, MASS]) for stream, _ in self.names])
        self.size = np.maximum(np.maximum(values, 1e-9 * mass), 1e-12 * float(mass.max(initial=1.0)))
        self.usual = _sizes(self.names, start)
        self.measure = (self.size / self.usual) ** 2
        free = list(_equations(network, self.at, carried))
        rows = free + list(_bounds(network, start, self.at))
        self.E = np.array([row for row, _ in rows]).reshape(len(rows), len(self.names))
        self.b = np.array([right for _, right in rows])
        self.readings = tuple(
            one for one in network.readings
            if (one.stream, one.quantity) in self.at and (one.quantity == MASS or one.stream not in start.closed)
        )  # fmt: skip
        self.exact = [n for n, one in enumerate(self.readings) if one.below is None]
        self.limits = [n for n, one in enumerate(self.readings) if one.below is not None]
        self.keys = tuple((one.stream, one.quantity, one.meter) for one in map(self.readings.__getitem__, self.exact))
        self.root: Floats = np.asarray(np.linalg.cholesky(_covariance(network, [self.readings[n] for n in self.exact])))
        self.scaled, self.norm = _evened(self.E * self.size)
        self.Z = _level(self.scaled)
        self.free = _evened(self.E[: len(free)] * self.usual)[0]

    def feasible(self, x: Floats) -> Floats:
        """The nearest point that meets the equations."""
        for _ in range(2):
            left = (self.b - self.E @ x) / self.norm
            x = x + self.size * np.linalg.lstsq(self.scaled, left, rcond=_RANK)[0]
        return x

    def _read(self, x: Floats) -> tuple[Floats, Floats]:
        """What each reading would show, and its slopes."""
        values, J = np.zeros(len(self.readings)), np.zeros((len(self.readings), len(x)))
        for n, one in enumerate(self.readings):
            q, m = self.at[one.stream, one.quantity], self.at[one.stream, MASS]
            if one.quantity == MASS:
                values[n], J[n, q] = x[q], 1.0
            else:
                values[n] = x[q] / x[m]
                J[n, q], J[n, m] = 1 / x[m], -x[q] / x[m] ** 2
        return values, J

    def compared(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """What the readings in use show, what they would show at a point, and the slopes of that."""
        values, J = self._read(x)
        return np.array([self.readings[n].value or 0.0 for n in self.exact]), values[self.exact], J[self.exact]

    def _bend(self, x: Floats, pull: Floats) -> Floats:
        """Second derivatives of the readings, each times its pull."""
        out = np.zeros((len(x), len(x)))
        for one, force in zip(self.readings, pull, strict=True):
            if one.quantity == MASS:
                continue
            q, m = self.at[one.stream, one.quantity], self.at[one.stream, MASS]
            out[q, m] -= force / x[m] ** 2
            out[m, q] -= force / x[m] ** 2
            out[m, m] += 2 * force * x[q] / x[m] ** 3
        return out

    def _forces(self, values: Floats) -> tuple[Floats, Floats]:
        """First derivative of the objective by each reading's value; curvature of limits, 0 elsewhere."""
        pull, curve = np.zeros(len(self.readings)), np.zeros(len(self.readings))
        error = np.array([values[n] - (self.readings[n].value or 0.0) for n in self.exact])
        pull[self.exact] = self._white(self._white(error), back=True)
        for n in self.limits:
            pull[n], curve[n] = _limit(self.readings[n], float(values[n]))
        return pull, curve

    def _white(self, of: Floats, *, back: bool = False) -> Floats:
        """Values of the readings without what their errors have in common, each in standard deviations.

        Done by substitution, which keeps its digits however different the standard deviations are.
        """
        return np.asarray(solve_triangular(self.root, of, lower=True, trans="T" if back else "N"))

    def _seen(self, J: Floats) -> tuple[Floats, Floats, Floats]:
        """Directions that the readings see, of the scaled variables along ``Z``; how strongly; and in what they show.

        What limits alone hold back is unobservable: it stays where it is.
        """
        seen, strength, shown, hidden = _ranked(self._white(J[self.exact] * self.size) @ self.Z)
        return self._aside(self.Z @ seen, self.Z @ hidden), strength, shown

    def _aside(self, seen: Floats, hidden: Floats) -> Floats:
        """Directions seen, each turned so that in the measure of the reconciliation nothing hidden moves with it."""
        if not hidden.shape[1]:
            return seen
        weighed = hidden.T * self.measure
        return np.asarray(seen - hidden @ np.linalg.lstsq(weighed @ hidden, weighed @ seen, rcond=None)[0])

    def step(self, x: Floats) -> tuple[Floats, Floats]:
        """A Newton step along the equations, in the directions that the readings see; standard deviations of x."""
        values, J = self._read(x)
        pull, curve = self._forces(values)
        along, strength, shown = self._seen(J)
        held = J[self.limits] * self.size @ along
        bend = along.T @ (self._bend(x, pull) * np.outer(self.size, self.size)) @ along
        bend += held.T @ (curve[self.limits][:, None] * held)
        error = np.array([values[n] - (self.readings[n].value or 0.0) for n in self.exact])
        slope = shown.T @ self._white(error) + held.T @ pull[self.limits] / strength
        K = np.eye(len(strength)) + bend / np.outer(strength, strength)
        y = -np.linalg.solve(K, slope) / strength
        return np.asarray(self.size * (along @ y)), self.size * np.linalg.norm(along / strength, axis=1)

    def linear(self, x: Floats) -> Floats:
        """Derivatives of the variables by the readings in use, without second order, (variables, readings).

        No bound is held: what stands at one is as uncertain as the readings leave it, and so is all that is published.
        What stands at nothing has therefore the size here that it might have.
        """
        _, J = self._read(x)
        Z = _level(self.free)
        seen, strength, shown, _ = _ranked(self._white(J[self.exact] * self.usual) @ Z)
        return np.asarray(self.usual[:, None] * (Z @ seen @ (self._white(shown, back=True) / strength).T))


def _sizes(names: tuple[Name, ...], start: Start) -> Floats:
    """Size of each variable: the mass, and of a flow the mass times the largest assay of its component.

    In this measure what no reading sees stands still; the reconciliation takes the same. A stream that carries nothing
    has the size of a thin one.
    """
    top: dict[str, float] = {}
    for stream, quantity in names:
        mass = start.at[stream, MASS]
        if quantity != MASS and mass > 0:
            top[quantity] = max(top.get(quantity, 0.0), start.at[stream, quantity] / mass)
    most = max((start.at[name] for name in names), default=1.0)
    least = {stream: _THIN if stream in start.closed else _NOTHING for stream, _ in names}
    masses = np.array([max(start.at[stream, MASS], least[stream] * most) for stream, _ in names])
    return np.asarray(
        masses * np.array([1.0 if quantity == MASS else top.get(quantity) or 1.0 for _, quantity in names])
    )


def _evened(rows: Floats) -> tuple[Floats, Floats]:
    """Equations over their largest coefficients, and these."""
    norm = np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-300)
    return rows / norm[:, None], norm


def _level(rows: Floats) -> Floats:
    """Orthonormal directions, (variables, k), in which no equation changes."""
    if not len(rows):
        return np.eye(rows.shape[1])
    _, found, V = np.linalg.svd(rows)
    return np.asarray(V[int(np.sum(found > _RANK * found[0])) :].T)


def _ranked(rows: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Directions that the readings see, how strongly, in what they show; and those that they do not see."""
    n = rows.shape[1]
    if 0 in rows.shape:
        return np.zeros((n, 0)), np.zeros(0), np.zeros((len(rows), 0)), np.eye(n)
    U, strength, V = np.linalg.svd(rows)
    rank = int(np.sum(strength > _SEEN * strength[0]))
    return V[:rank].T, strength[:rank], U[:, :rank], V[rank:].T


def _equations(
    network: Network, at: Mapping[Name, int], carried: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[Floats, float]]:
    """Balances of nodes, what is fixed: rows over all variables with their right sides."""
    for node in network.nodes:
        followed = network.components if node.components is None else node.components
        for quantity in ((MASS,) if node.mass else ()) + tuple(c for c in network.components if c in followed):
            row = np.zeros(len(at))
            for one in network.streams:
                if quantity == MASS or quantity in carried[one.id]:
                    row[at[one.id, quantity]] += float(one.target == node.id) - float(one.source == node.id)
            if row.any():
                yield row, 0.0
    yield from _fixed(network, at)


def _fixed(network: Network, at: Mapping[Name, int]) -> Iterator[tuple[Floats, float]]:
    """What is known exactly."""
    for (stream, quantity), value in network.fixed.items():
        if quantity == MASS:
            yield _unit(at, {(stream, MASS): 1.0}), value
        elif (stream, quantity) in at:
            yield _unit(at, {(stream, quantity): 1.0, (stream, MASS): -value}), 0.0


def _bounds(network: Network, start: Start, at: Mapping[Name, int]) -> Iterator[tuple[Floats, float]]:
    """What stands at a bound: nothing, or a stream of one component alone.

    The reconciliation stops a millionth short of a bound, where an assay is still a number; it is held there.
    """
    for stream, quantity in at:
        name = stream, quantity
        flow, mass = start.at[name], start.at[stream, MASS]
        if stream in start.closed or (quantity != MASS and flow <= _NOTHING * mass):
            yield _unit(at, {name: 1.0}), 0.0
        elif name in start.held:
            half = quantity == MASS or flow < 0.5 * network.assay_total * mass
            short = flow if half else flow - network.assay_total * mass
            yield _unit(at, {name: 1.0} if half else {name: 1.0, (stream, MASS): -network.assay_total}), short


def _unit(at: Mapping[Name, int], coefs: Mapping[Name, float]) -> Floats:
    row = np.zeros(len(at))
    for name, coef in coefs.items():
        row[at[name]] = coef
    return row


def _covariance(network: Network, readings: list[NetReading]) -> Floats:
    """Covariance of some readings by names."""
    number = {(one.stream, one.quantity, one.meter): n for n, one in enumerate(readings)}
    V = np.diag([one.sigma**2 for one in readings])
    for one in network.covariances:
        i, j = number.get((*one.first, one.first_meter)), number.get((*one.second, one.second_meter))
        if i is not None and j is not None:
            V[i, j] = V[j, i] = one.value
    return V


def _limit(one: NetReading, value: float) -> tuple[float, float]:
    """First and second derivative of -ln Phi((limit - value) / sigma) by the value."""
    z = ((one.below or 0.0) - value) / one.sigma
    hazard = float(np.exp(-z * z / 2 - _ROOT_2_PI - log_ndtr(z)))
    return hazard / one.sigma, max(hazard * (hazard + z), 0.0) / one.sigma**2
