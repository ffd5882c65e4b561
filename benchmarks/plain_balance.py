"""The peer of the reconciliation: the same least squares handed to ``scipy.optimize.minimize``.

It is written as well as we know how. Variables are masses and assays in standard deviations from their readings, so
that the cost is a plain sum of squares; slopes are exact, dependent balances are left out, and what nobody reads
begins where Zveno begins, which a user would have to find by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.linalg import qr
from scipy.sparse import diags_array

from zveno.model.network import MASS, Network
from zveno.reconcile.arrays import arrays
from zveno.reconcile.objective import data_of
from zveno.reconcile.start import start

_minimize: Any = optimize.minimize  # its stubs do not know these forms of cost and constraints

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LEAST = 1e-9  # of the start: a mass of zero has no assay
_RANK = 1e-10
_BALANCED = 1e-7
_UNREAD = 0.1  # of its start: how far one step of what nobody reads goes
_MOST_STEPS = 3000


class NotSolved(Exception):  # noqa: N818
    """The minimiser did not settle."""


@dataclass(frozen=True)
class PlainBalance:
    """Minimise the sum of squared standardised adjustments of one network.

    Quantities are masses, then the assays of each stream.

    Parameters
    ----------
    owner
        Stream of each assay.
    readings
        Quantity of each reading of the network.
    centre, scale
        Quantities at the start and the size of one step of each: reading and standard deviation.
    read, free
        Whether a quantity has a reading, and whether it may move.
    balances
        Coefficients of masses and component flows.
    total
        Largest assay.
    """

    owner: Ints
    readings: Ints
    centre: Floats
    scale: Floats
    read: Bools
    free: Bools
    balances: Floats
    total: float

    @classmethod
    def of(cls, network: Network) -> PlainBalance:
        """A network whose quantities have one reading each, and that has no closures, covariances or limits."""
        plain = not (network.closure or network.covariances or network.constraints)
        once = len({(one.stream, one.quantity) for one in network.readings}) == len(network.readings)
        if not (plain and once and all(one.value is not None for one in network.readings)):
            raise ValueError(f"{network.name}: only balances and fixed values are written out here")
        streams = {one.id: n for n, one in enumerate(network.streams)}
        pairs = [(one.id, c) for one in network.streams for c in network.carries(one)]
        place = {(name, MASS): n for name, n in streams.items()}
        place |= {pair: len(streams) + n for n, pair in enumerate(pairs)}
        centre = _begin(network)
        scale, read, free = _UNREAD * centre, np.zeros(len(centre), bool), np.ones(len(centre), bool)
        readings = np.array([place[one.stream, one.quantity] for one in network.readings], dtype=np.int64)
        centre[readings] = [one.value for one in network.readings]
        scale[readings] = [one.sigma for one in network.readings]
        read[readings] = True
        for key, value in network.fixed.items():
            if key in place:
                centre[place[key]], free[place[key]] = value, False
        owner = np.array([streams[name] for name, _ in pairs], dtype=np.int64)
        return cls(owner, readings, centre, scale, read, free, _balances(network, place), network.assay_total)

    def hour(self, value: Floats, sigma: Floats) -> PlainBalance:
        """The same network with other readings in the same order; NaN = none."""
        there = np.isfinite(value)
        here, gone = self.readings[there], self.readings[~there]
        read, centre, scale = self.read.copy(), self.centre.copy(), self.scale.copy()
        read[gone], scale[gone] = False, _UNREAD * centre[gone]
        centre[here], scale[here] = value[there], sigma[there]
        return replace(self, read=read, centre=centre, scale=scale)

    @property
    def streams(self) -> int:
        """Number of masses."""
        return len(self.centre) - len(self.owner)

    def shown(self, steps: Floats) -> Floats:
        """Masses and assays."""
        found = self.centre.copy()
        found[self.free] += self.scale[self.free] * steps
        return found

    def lacks(self, steps: Floats) -> Floats:
        """What each balance lacks."""
        shown, m = self.shown(steps), self.streams
        return np.asarray(self.balances @ np.concatenate([shown[:m], shown[m:] * shown[self.owner]]))

    def cost(self, shown: Floats) -> float:
        """Sum of squared standardised adjustments at masses and assays."""
        return float(np.sum(((shown - self.centre) / self.scale)[self.read] ** 2))

    def slopes(self, steps: Floats) -> Floats:
        """Slopes of the balances by the steps."""
        shown, m = self.shown(steps), self.streams
        slopes = self.balances.copy()
        slopes[:, m:] *= shown[self.owner]
        np.add.at(slopes.T, self.owner, (self.balances[:, m:] * shown[m:]).T)
        return np.asarray((slopes * self.scale)[:, self.free])

    def slsqp(self) -> Floats:
        """Masses and assays by sequential quadratic programming."""
        weight, size, keep = self.read[self.free].astype(float), *self._independent()
        found = _minimize(
            lambda y: (float(weight @ y**2), 2 * weight * y),
            np.zeros(len(weight)),
            jac=True,
            method="SLSQP",
            bounds=self._bounds(),
            constraints={
                "type": "eq",
                "fun": lambda y: self.lacks(y)[keep] / size,
                "jac": lambda y: self.slopes(y)[keep] / size[:, None],
            },
            options={"maxiter": _MOST_STEPS, "ftol": 1e-12},
        )
        return self._answer(found, keep)

    def trust_constr(self) -> Floats:
        """Masses and assays by a trust-region interior point, the curvature of the cost exact."""
        weight, size, keep = self.read[self.free].astype(float), *self._independent()
        curvature = diags_array(2 * weight)
        found = _minimize(
            lambda y: (float(weight @ y**2), 2 * weight * y),
            np.zeros(len(weight)),
            jac=True,
            hess=lambda _: curvature,
            method="trust-constr",
            bounds=self._bounds(),
            constraints=optimize.NonlinearConstraint(
                lambda y: self.lacks(y)[keep] / size, 0.0, 0.0, jac=lambda y: self.slopes(y)[keep] / size[:, None]
            ),
            options={"maxiter": _MOST_STEPS, "gtol": 1e-8, "xtol": 1e-10},
        )
        return self._answer(found, keep)

    def _answer(self, found: optimize.OptimizeResult, keep: Ints) -> Floats:
        """Masses and assays at the point found, which must balance."""
        shown = self.shown(found.x)
        if not np.abs(self.lacks(found.x)[keep]).max() < _BALANCED * shown[: self.streams].max():
            raise NotSolved(str(found.message))
        return shown

    def _independent(self) -> tuple[Floats, Ints]:
        """Balances that are not combinations of others, and the size of each at the start."""
        slopes = self.slopes(np.zeros(int(self.free.sum())))
        size = np.linalg.norm(slopes, axis=1)
        _, triangle, order = qr((slopes / size[:, None]).T, mode="economic", pivoting=True)
        keep = np.sort(order[: int(np.sum(np.abs(np.diag(triangle)) > _RANK))])
        return size[keep], keep

    def _bounds(self) -> optimize.Bounds:
        """Masses above zero, assays from zero to the largest."""
        m = self.streams
        low = np.concatenate([_LEAST * np.abs(self.centre[:m]), np.zeros(len(self.owner))])
        high = np.concatenate([np.full(m, np.inf), np.full(len(self.owner), self.total)])
        low, high = ((end - self.centre) / self.scale for end in (low, high))
        return optimize.Bounds(low[self.free], high[self.free])


def _begin(network: Network) -> Floats:
    """Masses and assays where Zveno begins."""
    problem = arrays(network)
    unknowns = start(problem, data_of(problem, problem.value[None], problem.sigma[None]))
    mass, _, assay = (one[0] for one in problem.expand(unknowns))
    return np.concatenate([mass, np.where(assay > 0, assay, 1e-3)])


def _balances(network: Network, place: dict[tuple[str, str], int]) -> Floats:
    """What enters less what leaves, for each node and quantity."""
    rows = []
    for node in network.nodes:
        inside = network.components if node.components is None else node.components
        for quantity in ((MASS,) if node.mass else ()) + tuple(inside):
            row = np.zeros(len(place))
            for one in network.streams:
                at = place.get((one.id, quantity))
                if at is not None:
                    row[at] += (one.target == node.id) - (one.source == node.id)
            if row.any():
                rows.append(row)
    return np.array(rows)
