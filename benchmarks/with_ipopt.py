"""A balance handed to IPOPT through CasADi: masses and assays as variables, sparse, with exact derivatives.

It is written as well as we know how. Variables count in units of their start and equations in units of what passes
their node; what nobody reads begins at the average of the logarithms over the streams that share a node, as a user
would otherwise have to find by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import casadi as ca
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from zveno.model.network import MASS, Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SWEEPS = 200
_LEAST = 1e-9  # of the start: a mass of zero has no assay
_STARTS, _JITTER = 4, 0.3
_BALANCED = 1e-8
_FAR, _LEVELS = -4.0, 40
_OPTIONS = {
    "ipopt.tol": 1e-10,
    "ipopt.acceptable_tol": 1e-7,
    "ipopt.acceptable_constr_viol_tol": 1e-10,
    "ipopt.acceptable_obj_change_tol": 1e-10,
    "ipopt.constr_viol_tol": 1e-11,
    "ipopt.bound_relax_factor": 0.0,
    "ipopt.honor_original_bounds": "yes",
    "ipopt.max_iter": 1000,
    "ipopt.print_level": 0,
    "ipopt.sb": "yes",
    "print_time": False,
    "error_on_fail": False,
}


class NotSolved(Exception):  # noqa: N818
    """IPOPT did not settle from any start."""


@dataclass(frozen=True)
class Answer:
    """What it found: the sum of squared standardised adjustments, masses and then assays, and its iterations."""

    objective: float
    shown: Floats
    iterations: int
    starts: int


@dataclass
class IpoptBalance:
    """One network: ``build`` writes the equations and their derivatives, ``solve`` runs."""

    network: Network
    built: Any = None
    last: Answer | None = None
    place: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Number masses and assays."""
        streams = [(one.id, MASS) for one in self.network.streams]
        pairs = [(one.id, c) for one in self.network.streams for c in self.network.carries(one)]
        self.place = {key: n for n, key in enumerate([*streams, *pairs])}
        number = {one.id: n for n, one in enumerate(self.network.streams)}
        self.owner = np.array([number[name] for name, _ in pairs], dtype=np.int64)
        self.begin = _begin(self.network, self.place, self.owner)

    @property
    def streams(self) -> int:
        """Number of masses."""
        return len(self.network.streams)

    def build(self) -> None:
        """Write it down and let CasADi differentiate it."""
        size = self.begin
        steps = ca.SX.sym("steps", len(size))
        shown = ca.DM(size) * steps
        mass, assay = shown[: self.streams], shown[self.streams :]
        flows = ca.vertcat(mass, mass[self.owner.tolist()] * assay)
        rows, rhs = _balances(self.network, self.place)
        passing = np.concatenate([size[: self.streams], size[self.owner] * size[self.streams :]])
        scale = np.maximum(abs(rows) @ passing, 1e-300)
        balances = (ca.mtimes(_matrix(rows), flows) - ca.DM(rhs)) / ca.DM(scale)
        sums, total = _closures(self.network, self.place)
        closures = ca.mtimes(_matrix(sums), shown) - ca.DM(total)
        problem = {"x": steps, "f": self._cost(shown), "g": ca.vertcat(balances, closures)}
        self.built = ca.nlpsol("balance", "ipopt", problem, _OPTIONS)

    def solve(self) -> Answer:
        """Masses and assays at the least sum of squares.

        Raises
        ------
        NotSolved
            If no start led to a point that IPOPT calls solved and that balances.
        """
        low, high = self._bounds()
        rng = np.random.default_rng(0)
        said = ""
        for start in range(1, _STARTS + 1):
            away = np.ones(len(low)) if start == 1 else np.exp(_JITTER * rng.standard_normal(len(low)))
            found = self.built(x0=np.clip(away, low, high), lbx=low, ubx=high, lbg=0.0, ubg=0.0)
            stats = self.built.stats()
            said = stats["return_status"]
            if stats["success"] and float(ca.norm_inf(found["g"])) < _BALANCED:
                shown = self.begin * np.asarray(found["x"]).ravel()
                self.last = Answer(float(found["f"]), shown, int(stats["iter_count"]), start)
                return self.last
        raise NotSolved(said)

    def told(self) -> str:
        """Objective and iterations of the last run."""
        return f"objective {self.last.objective:.10g}, {self.last.iterations} iterations" if self.last else ""

    def _cost(self, shown: ca.SX) -> ca.SX:
        """Sum of squared standardised adjustments; "less than" readings by the chance of what was told."""
        read = [one for one in self.network.readings if one.value is not None]
        at = [self.place[one.stream, one.quantity] for one in read]
        misses = (shown[at] - ca.DM([one.value for one in read])) / ca.DM([one.sigma for one in read])
        cost = ca.sumsqr(misses)
        number = {(one.stream, one.quantity): n for n, one in enumerate(read)}
        for one in self.network.covariances:  # each reading is in one pair at most
            i, j = number[one.first], number[one.second]
            rho = one.value / (read[i].sigma * read[j].sigma)
            together = misses[i] ** 2 - 2 * rho * misses[i] * misses[j] + misses[j] ** 2
            cost += together / (1 - rho**2) - misses[i] ** 2 - misses[j] ** 2
        for one in self.network.readings:
            if one.below is not None:
                z = (one.below - shown[self.place[one.stream, one.quantity]]) / one.sigma
                cost -= 2 * _log_normal(z)
        return cost

    def _bounds(self) -> tuple[Floats, Floats]:
        """In units of the start: masses above zero, assays from zero to the largest, fixed values as they are."""
        low, high = np.full(len(self.begin), 0.0), np.full(len(self.begin), np.inf)
        low[: self.streams] = _LEAST
        high[self.streams :] = self.network.assay_total / self.begin[self.streams :]
        for key, value in self.network.fixed.items():
            low[self.place[key]] = high[self.place[key]] = value / self.begin[self.place[key]]
        return low, high


def _log_normal(z: ca.SX) -> ca.SX:
    """Logarithm of the normal distribution; far out by its continued fraction, where ``1 + erf`` loses its digits."""
    near = ca.log(0.5 * (1 + ca.erf(ca.fmax(z, _FAR) / np.sqrt(2))))
    t = -ca.fmin(z, _FAR)
    mills = t
    for k in range(_LEVELS, 0, -1):
        mills = t + k / mills
    return ca.if_else(z > _FAR, near, -0.5 * t**2 - 0.5 * np.log(2 * np.pi) - ca.log(mills))


def _matrix(rows: csr_array) -> ca.DM:
    """A sparse matrix in CasADi's form."""
    columns = rows.tocsc()
    sparsity = ca.Sparsity(*columns.shape, columns.indptr.tolist(), columns.indices.tolist())
    return ca.DM(sparsity, columns.data)


def _balances(network: Network, place: dict[tuple[str, str], int]) -> tuple[csr_array, Floats]:
    """What enters less what leaves, for each node and quantity, over masses and component flows.

    Where all assays of all streams sum to one, the mass follows from the components and is left out. Extra equations
    join masses only.
    """
    entries: list[tuple[int, int, float]] = []
    rhs: list[float] = []
    closed = network.closure is not None and set(network.closure.components) == set(network.components)
    ends: dict[str, list[tuple[str, float]]] = {one.id: [] for one in network.nodes}
    for one in network.streams:
        for node, sign in ((one.target, 1.0), (one.source, -1.0)):
            if node is not None:
                ends[node].append((one.id, sign))
    for node in network.nodes:
        inside = network.components if node.components is None else node.components
        for quantity in ((MASS,) if node.mass and not closed else ()) + tuple(inside):
            found = [(place[name, quantity], sign) for name, sign in ends[node.id] if (name, quantity) in place]
            entries += [(len(rhs), at, sign) for at, sign in found]
            rhs += [0.0] if found else []
    for constraint in network.constraints:
        entries += [(len(rhs), place[term.stream, MASS], term.coef) for term in constraint.terms]
        rhs.append(constraint.rhs)
    return _sparse(entries, len(rhs), len(place)), np.array(rhs)


def _closures(network: Network, place: dict[tuple[str, str], int]) -> tuple[csr_array, Floats]:
    """Sums of assays, over masses and assays."""
    closure = network.closure
    if closure is None:
        return _sparse([], 0, len(place)), np.zeros(0)
    names = [one.id for one in network.streams if closure.streams is None or one.id in closure.streams]
    entries = [(n, place[name, c], 1.0) for n, name in enumerate(names) for c in closure.components]
    return _sparse(entries, len(names), len(place)), np.full(len(names), closure.total)


def _sparse(entries: list[tuple[int, int, float]], rows: int, columns: int) -> csr_array:
    """A matrix from its entries."""
    i, j, value = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array(coo_array((value, (i, j)), shape=(rows, columns)))


def _begin(network: Network, place: dict[tuple[str, str], int], owner: Ints) -> Floats:
    """Readings where there are any, elsewhere averages of logarithms over streams that share a node."""
    streams, found = len(network.streams), np.full(len(place), np.nan)
    for one in network.readings:
        value = one.value if one.value is not None else 0.5 * (one.below or 0.0)
        found[place[one.stream, one.quantity]] = value if value > 0 else np.nan
    for key, value in network.fixed.items():
        found[place[key]] = value
    number = {one.id: n for n, one in enumerate(network.nodes)}
    ends = [(n, number[node]) for n, one in enumerate(network.streams) for node in (one.source, one.target) if node]
    touch = _sparse([(n, node, 1.0) for n, node in ends], streams, len(network.nodes))
    found[:streams] = np.exp(_spread(np.log(found[:streams]), touch))
    component = {name: n for n, name in enumerate(network.components)}
    kind = np.array([component[c] for _, c in list(place)[streams:]], dtype=np.int64)
    for n in range(len(network.components)):
        mine = np.flatnonzero(kind == n)
        known = np.full(streams, np.nan)
        known[owner[mine]] = np.log(found[streams + mine])
        found[streams + mine] = np.clip(np.exp(_spread(known, touch)), 1e-9, 0.9 * network.assay_total)[owner[mine]]
    return found


def _spread(logs: Floats, touch: csr_array) -> Floats:
    """Fill NaN by repeated averages over nodes."""
    known = np.isfinite(logs)
    filled = np.where(known, logs, logs[known].mean() if known.any() else 0.0)
    by_node, by_stream = np.maximum(touch.sum(axis=0), 1), np.maximum(touch.sum(axis=1), 1)
    for _ in range(_SWEEPS):
        filled = np.where(known, filled, touch @ (touch.T @ filled / by_node) / by_stream)
    return filled
