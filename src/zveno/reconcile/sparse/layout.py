"""Build for large networks: names become sparse arrays.

Variables and equations are those of :mod:`zveno.reconcile.arrays`: masses and component flows that are not fixed, and
balances that are linear in them. No matrix here has both many rows and many columns unless it is sparse.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array, eye_array
from scipy.sparse.csgraph import connected_components

from zveno.model.network import Network
from zveno.reconcile.equations import CLOSURE, CONSTRAINT, Row, closed_pairs, equations, stream_ends
from zveno.reconcile.names import (
    Bools,
    Floats,
    Ints,
    Names,
    check,
    contradictory,
    covariance_pairs,
    reading_of,
    reading_values,
)


@dataclass(frozen=True)
class Tied:
    """Readings whose errors are correlated.

    Their errors are ``own + common f`` with independent ``f`` of unit variance.

    Parameters
    ----------
    number
        Numbers of these readings, (k,).
    own
        Variance of the part of each error that no other reading shares, (k,).
    common
        What each factor adds to each error, (k, factors).
    inverse
        Inverse covariance of all of them, (k, k).
    least
        Curvature that each keeps at least, whatever the others of its group do: one over the variance that it would
        have along the widest direction of the group's correlations, (k,).
    """

    number: Ints
    own: Floats
    least: Floats
    common: csc_array
    inverse: csr_array

    @cached_property
    def pull(self) -> csc_array:
        """``common`` over the own variances, (k, factors)."""
        return csc_array(self.common.multiply(1 / self.own[:, None]))

    @cached_property
    def stiffness(self) -> csr_array:
        """Curvature of the objective by the factors, (factors, factors)."""
        return csr_array(eye_array(self.common.shape[1]) + self.common.T @ self.pull)

    def some(self, keep: Bools) -> Tied:
        """Some of these readings, (k,): what is left has the same covariances."""
        own, common = self.own[keep], csr_array(self.common)[keep]
        joined = (common @ common.T).tocsr()
        groups, label = connected_components(joined, directed=False) if keep.any() else (0, np.zeros(0))
        blocks = []
        for group in range(groups):
            mine = np.flatnonzero(label == group)
            V = joined[mine][:, mine].toarray() + np.diag(own[mine])
            blocks.append((mine, mine, np.linalg.inv(V)))
        inverse = _put(blocks, joined.shape).tocsr()
        return Tied(self.number[keep], own, self.least[keep], csc_array(common), inverse)


@dataclass(frozen=True)
class Readings:
    """What is read, by quantity: masses first, then pairs of stream and component.

    Parameters
    ----------
    of, value, sigma, censored
        Quantity, value (or limit), standard deviation and kind of each reading, (readings,).
    weight, centre
        Of each quantity (quantities,): sum of 1/sigma^2 and weighted mean of its independent readings.
    apart
        What independent readings of one quantity miss each other by: a constant part of the objective.
    """

    of: Ints
    value: Floats
    sigma: Floats
    censored: Bools
    weight: Floats
    centre: Floats
    apart: float
    tied: Tied

    @cached_property
    def limits(self) -> Ints:
        """Numbers of the readings that are limits only."""
        return np.flatnonzero(self.censored)

    @cached_property
    def values(self) -> Ints:
        """Numbers of the readings that have a value."""
        return np.flatnonzero(~self.censored)


@dataclass(frozen=True)
class Layout:
    """One large network as arrays; see :class:`zveno.reconcile.arrays.Problem` for the variables.

    Parameters
    ----------
    pair_stream, pair_component
        Stream and component of each pair, (pairs,).
    mass_fixed, assay_fixed
        Exactly known masses (streams,) and assays (pairs,); NaN where free.
    capped
        Free flows that need the bound ``flow <= total x mass``, (flows,).
    G, b, rows
        Equations ``G u = b`` with the place and quantity that each one balances.
    ends
        Numbers of the nodes at which each stream begins and ends, (streams, 2), -1 outside.
    """

    n_streams: int
    n_components: int
    pair_stream: Ints
    pair_component: Ints
    mass_fixed: Floats
    assay_fixed: Floats
    capped: Bools
    assay_total: float
    G: csr_array
    b: Floats
    rows: tuple[Row, ...]
    ends: Ints
    readings: Readings

    @cached_property
    def mass_free(self) -> Ints:
        """Streams whose mass is a variable."""
        return np.flatnonzero(np.isnan(self.mass_fixed))

    @cached_property
    def flow_free(self) -> Ints:
        """Pairs whose component flow is a variable."""
        return np.flatnonzero(np.isnan(self.assay_fixed))

    @cached_property
    def owner(self) -> Ints:
        """Stream of each free flow."""
        return self.pair_stream[self.flow_free]

    @cached_property
    def mass_column(self) -> Ints:
        """Variable of each stream's mass, -1 where it is fixed."""
        column = np.full(self.n_streams, -1)
        column[self.mass_free] = np.arange(len(self.mass_free))
        return column

    @property
    def n_quantities(self) -> int:
        """Masses and pairs together."""
        return self.n_streams + len(self.pair_stream)

    @property
    def n_variables(self) -> int:
        """Free masses and free flows."""
        return len(self.mass_free) + len(self.flow_free)

    def expand(self, u: Floats) -> tuple[Floats, Floats]:
        """Masses (streams,) and assays (pairs,) of variables."""
        n_m = len(self.mass_free)
        mass, assay = self.mass_fixed.copy(), self.assay_fixed.copy()
        mass[self.mass_free] = u[:n_m]
        with np.errstate(divide="ignore", invalid="ignore"):
            assay[self.flow_free] = u[n_m:] / mass[self.owner]
        return mass, assay

    def by_owner(self, values: Floats) -> Floats:
        """Sums over the free flows of each stream, (streams,)."""
        return np.asarray(np.bincount(self.owner, values, minlength=self.n_streams), dtype=np.float64)

    @cached_property
    def owned(self) -> csr_array:
        """1 where a free flow belongs to a stream, (streams, flows)."""
        at = np.arange(len(self.owner))
        return csr_array((np.ones(len(at)), (self.owner, at)), shape=(self.n_streams, len(at)))

    @cached_property
    def vertex(self) -> Ints:
        """Vertex of each equation in the graph of eliminations: its node, or one of its own."""
        places: dict[tuple[str, int], int] = {}
        own = (CLOSURE, CONSTRAINT)
        keys = ((place, k if quantity in own else -1) for k, (place, quantity) in enumerate(self.rows))
        return np.array([places.setdefault(key, len(places)) for key in keys], dtype=np.int64)

    def without_idle(self, closed: Bools) -> Layout:
        """The same without correlated assays of streams that carry nothing, (streams,): they tell nothing of others."""
        tied = self.readings.tied
        pair = self.readings.of[tied.number] - self.n_streams
        keep = (pair < 0) | ~closed[self.pair_stream[np.maximum(pair, 0)]] if len(self.pair_stream) else pair < 0
        if keep.all():
            return self
        return replace(self, readings=replace(self.readings, tied=tied.some(keep)))

    def some_rows(self, rows: Ints) -> Layout:
        """The same with some of the equations."""
        return replace(self, G=self.G[rows], b=self.b[rows], rows=tuple(self.rows[k] for k in rows))


def layout(network: Network) -> Layout:
    """Turn a large network into arrays; equations may still depend on each other.

    Raises
    ------
    DataError
        As :func:`zveno.reconcile.arrays.arrays` does.
    """
    check(network)
    names = Names(network)
    found = equations(network, names)
    return Layout(
        n_streams=len(network.streams),
        n_components=len(network.components),
        pair_stream=names.pair_stream,
        pair_component=names.pair_component,
        mass_fixed=found.mass_fixed,
        assay_fixed=found.assay_fixed,
        capped=~closed_pairs(network, names)[np.isnan(found.assay_fixed)],
        assay_total=network.assay_total,
        G=found.G,
        b=found.b,
        rows=found.rows,
        ends=stream_ends(network),
        readings=_readings(network, names),
    )


def _readings(network: Network, names: Names) -> Readings:
    """All readings, those of one quantity put together where their errors are independent."""
    of, value = reading_of(network, names), reading_values(network)
    sigma = np.array([one.sigma for one in network.readings], dtype=float)
    censored = np.array([one.below is not None for one in network.readings], dtype=bool)
    tied = _tied(network, sigma)
    alone = ~censored
    alone[tied.number] = False
    size = len(names.streams) + len(names.pairs)
    w = sigma[alone] ** -2.0
    weight = np.bincount(of[alone], w, minlength=size).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(weight > 0, np.bincount(of[alone], w * value[alone], minlength=size) / weight, 0.0)
    apart = float(np.sum(w * (value[alone] - centre[of[alone]]) ** 2))
    return Readings(of, value, sigma, censored, weight, centre, apart, tied)


def _tied(network: Network, sigma: Floats) -> Tied:
    """Readings that covariances join, with their errors split into an own and a common part, group by group."""
    pairs = covariance_pairs(network)
    number = np.unique(np.concatenate([pairs.first, pairs.second]))
    at = np.searchsorted(number, pairs.first), np.searchsorted(number, pairs.second)
    k = len(number)
    links = coo_array((np.ones(len(pairs.value)), at), shape=(k, k))
    groups, label = connected_components(links, directed=False) if k else (0, np.zeros(0, dtype=np.int64))
    members = np.split(np.argsort(label, kind="stable"), np.cumsum(np.bincount(label, minlength=groups))[:-1])
    of_pair = label[at[0]]
    by_group = np.split(np.argsort(of_pair, kind="stable"), np.cumsum(np.bincount(of_pair, minlength=groups))[:-1])
    own, least = np.empty(k), np.empty(k)
    inverses, commons = [], []
    factors = 0
    for group in range(groups):
        mine, which = members[group], by_group[group]
        C = np.eye(len(mine))
        i, j = np.searchsorted(mine, at[0][which]), np.searchsorted(mine, at[1][which])
        s = sigma[number[mine]]
        C[i, j] = C[j, i] = pairs.value[which] / (s[i] * s[j])
        size, turn = np.linalg.eigh(C)
        if size[0] <= 1e-12:
            raise contradictory()
        own[mine], least[mine] = size[0] * s**2, 1 / (size[-1] * s**2)
        inverses.append((mine, (turn / size) @ turn.T / np.outer(s, s)))
        shared = size > size[0] * (1 + 1e-9)
        commons.append((mine, factors, s[:, None] * turn[:, shared] * np.sqrt(size[shared] - size[0])))
        factors += int(shared.sum())
    inverse = _put([(m, m, block) for m, block in inverses], (k, k)).tocsr()
    common = _put([(m, first + np.arange(B.shape[1]), B) for m, first, B in commons], (k, factors)).tocsc()
    return Tied(number, own, least, common, inverse)


def _put(blocks: list[tuple[Ints, Ints, Floats]], shape: tuple[int, int]) -> coo_array:
    """A sparse matrix of small dense blocks."""
    empty: list[Ints] = [np.zeros(0, dtype=np.int64)]
    rows = np.concatenate([*empty, *(np.repeat(r, len(c)) for r, c, _ in blocks)])
    columns = np.concatenate([*empty, *(np.tile(c, len(r)) for r, c, _ in blocks)])
    values = np.concatenate([np.zeros(0), *(block.ravel() for _, _, block in blocks)])
    return coo_array((values, (rows, columns)), shape=shape)
