"""What may be wrong in a large network: one reading, readings that share an error, or something lost at a node.

The hypotheses are those of :mod:`zveno.reconcile.gross_errors.hypotheses`. That something is lost at a balance shifts
nothing but its multiplier, so that the multipliers and the selected inverse test all losses at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csc_array

from zveno.model.network import MASS, Network
from zveno.reconcile.gross_errors.adjusted import Columns
from zveno.reconcile.gross_errors.hypotheses import FAR, Family, Hypothesis, commons, loss, single
from zveno.reconcile.names import Floats, Ints
from zveno.reconcile.sparse.condensed import slopes_of_readings
from zveno.reconcile.sparse.fit import LargeFit

_SEEN = 1e-9


@dataclass(frozen=True)
class LargeFamily:
    """Hypotheses that the data of a large network can test: readings, then common errors, then losses.

    Parameters
    ----------
    reading, common, equation
        Number of the reading, the common error, and number of the equation at which something is lost: one of them
        for each hypothesis, in this order.
    passing
        What passes each equation, (equations,).
    score, weight, least
        As in :class:`zveno.reconcile.gross_errors.hypotheses.Family`; below the ``least`` weight the data do not test
        a hypothesis.
    """

    network: Network
    fit: LargeFit
    reading: Ints
    common: tuple[Hypothesis, ...]
    equation: Ints
    passing: Floats
    score: Floats
    weight: Floats
    least: Floats

    def __len__(self) -> int:
        return len(self.score)

    @property
    def effects(self) -> csc_array:
        """How far one unit of each hypothesis moves each reading, (readings, k); losses move none."""
        k = len(self.reading)
        row = [self.reading, *(np.array(one.readings) for one in self.common)]
        column = [np.arange(k), *(np.full(len(one.effects), k + n) for n, one in enumerate(self.common))]
        data = [np.ones(k), *(np.array([moved for _, moved in one.effects]) for one in self.common)]
        shape = (len(self.network.readings), len(self))
        return coo_array((np.concatenate(data), (np.concatenate(row), np.concatenate(column))), shape=shape).tocsc()

    def named(self, which: Ints) -> Family:
        """Some of the hypotheses by names."""
        members = tuple(self._member(int(k)) for k in which)
        none = np.zeros((0, len(which)))
        return Family(members, Columns(none, none), self.score[which], self.weight[which])

    def _member(self, k: int) -> Hypothesis:
        """A hypothesis by name."""
        if k < len(self.reading):
            return single(self.network, int(self.reading[k]))
        k -= len(self.reading)
        if k < len(self.common):
            return self.common[k]
        at = int(self.equation[k - len(self.common)])
        return loss(self.fit.layout.rows[at], float(self.passing[at]))

    def products(self, which: Ints) -> Floats:
        """Covariances of the scores of all hypotheses with those of some, (all, k)."""
        fit, first = self.fit, len(self.reading) + len(self.common)
        pulls = np.zeros((len(self.network.readings), len(which)))
        forces = np.zeros((len(fit.layout.b), len(which)))
        lost = which >= first
        rows = slopes_of_readings(fit.layout, fit.layout.readings.of, (fit.mass, fit.assay))
        if not lost.all():
            pulls[:, ~lost] = fit.pulls(self.effects[:, which[~lost]])
            forces[:, ~lost] = fit.spread.multipliers(np.asarray(rows.T @ pulls[:, ~lost]))
        if lost.any():
            moved, forces[:, lost] = fit.spread.unit_losses(self.equation[which[lost] - first])
            pulls[:, lost] = fit.weights @ (rows @ moved)
        out = np.asarray(self.effects.T @ pulls)
        out[first:] = forces[self.equation]
        return out


def large_family(network: Network, fit: LargeFit) -> LargeFamily:
    """All hypotheses that these readings can test."""
    built, read = fit.layout, fit.layout.readings
    most = np.maximum(np.abs(read.value), FAR * read.sigma)
    with np.errstate(invalid="ignore"):
        alone = np.flatnonzero(fit.tested & (np.nan_to_num(fit.slope_variance) * most**2 >= 1))
    passing = _passing(network, fit)
    nodes, known = {one.id for one in network.nodes}, {MASS, *network.components}
    of_nodes = np.array([place in nodes and quantity in known for place, quantity in built.rows], dtype=bool)
    lost = np.flatnonzero(of_nodes & (passing > 0) & (fit.spread.losses * passing**2 >= 1))
    rows = slopes_of_readings(built, read.of, (fit.mass, fit.assay))
    pull = np.nan_to_num(fit.slope)
    multipliers = fit.spread.multipliers(np.asarray(rows.T @ pull)[:, None])[:, 0]
    score = np.concatenate([fit.slope[alone], multipliers[lost]])
    weight = np.concatenate([fit.slope_variance[alone], fit.spread.losses[lost]])
    least = np.concatenate([most[alone], passing[lost]]) ** -2.0
    out = LargeFamily(network, fit, alone, (), lost, passing, score, weight, least)
    return _with_commons(out, pull)


def _with_commons(found: LargeFamily, pull: Floats) -> LargeFamily:
    """The same with the errors that several readings share, where the data test them."""
    fit, network = found.fit, found.network
    told = ~fit.layout.readings.censored & fit.structure.read[fit.layout.readings.of]
    told &= fit.tested | ~fit.structure.redundant[fit.layout.readings.of]
    shared = commons(network, set(np.flatnonzero(told).tolist()))
    if not shared:
        return found
    none = np.zeros(0, dtype=np.int64)
    unit = np.ones(len(shared))
    columns = LargeFamily(network, fit, none, tuple(shared), none, found.passing, unit, unit, unit).effects
    weight = np.asarray(columns.multiply(fit.pulls(columns)).sum(axis=0)).ravel()
    whole = np.asarray(columns.multiply(fit.weights @ columns).sum(axis=0)).ravel()
    kept = np.flatnonzero((weight > _SEEN * whole) & (weight >= 1))
    k = len(found.reading)
    score = np.asarray(columns.T @ pull)
    return LargeFamily(
        network, fit, found.reading, tuple(shared[n] for n in kept), found.equation, found.passing,
        np.concatenate([found.score[:k], score[kept], found.score[k:]]),
        np.concatenate([found.weight[:k], weight[kept], found.weight[k:]]),
        np.concatenate([found.least[:k], unit[kept], found.least[k:]]),
    )  # fmt: skip


def _passing(network: Network, fit: LargeFit) -> Floats:
    """How much of its quantity enters the node of each equation, (equations,); zero where it is none of a node."""
    built = fit.layout
    number = {one.id: n for n, one in enumerate(network.nodes)}
    kind = {MASS: 0, **{one: n + 1 for n, one in enumerate(network.components)}}
    table = np.zeros((len(number) + 1, len(kind)))  # the last row is that of all equations that are none of a node
    into = built.ends[:, 1]
    mass = np.where(fit.closed, 0.0, fit.mass)
    np.add.at(table[:, 0], into[into >= 0], mass[into >= 0])
    node = into[built.pair_stream]
    flow = np.nan_to_num(mass[built.pair_stream] * fit.assay)
    np.add.at(table, (node[node >= 0], 1 + built.pair_component[node >= 0]), flow[node >= 0])
    known = [(number.get(place, -1), kind.get(quantity, -1)) for place, quantity in built.rows]
    at = np.array(known, dtype=np.int64).reshape(-1, 2)
    return np.asarray(table[np.where(np.all(at >= 0, axis=1), at[:, 0], -1), at[:, 1]])
