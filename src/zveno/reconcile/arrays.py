"""Build: a network with names becomes arrays without them.

Variables are masses and component flows, so that every balance is linear; what is fixed or can only be zero
is substituted and never becomes a variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import qr

from zveno.errors import DataError
from zveno.model.network import Network
from zveno.reconcile.equations import Row, closed_pairs, contradiction, equations
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

__all__ = ["Bools", "Floats", "Ints", "Names", "Problem", "arrays", "check", "independent"]

_RANK = 1e-10
_LARGE = 200_000


@dataclass(frozen=True)
class Problem:
    """One network as arrays.

    Quantities are numbered masses first (``n_streams`` of them), then the component flows that streams can
    carry ("pairs"). Variables ``u`` are the masses and flows that are not fixed: ``u = [mass, flow]``.

    Parameters
    ----------
    pair_stream, pair_component
        Stream and component of each pair, shape (pairs,).
    mass_fixed, assay_fixed
        Exactly known masses (streams,) and assays (pairs,); NaN where free.
    capped
        Pairs whose flow needs the bound ``flow <= total x mass``, shape (pairs,).
    G, b, rows
        Independent equations ``G u = b``, with the place and quantity that each one balances.
    reading_of, value, sigma, censored
        Quantity, value (or limit), standard deviation and kind of each reading, shape (readings,).
    correlation
        Correlation matrix of the readings, or None where all are independent.
    """

    n_streams: int
    n_components: int
    pair_stream: Ints
    pair_component: Ints
    mass_fixed: Floats
    assay_fixed: Floats
    capped: Bools
    assay_total: float
    G: Floats
    b: Floats
    rows: tuple[tuple[str, str], ...]
    near: Floats
    reading_of: Ints
    value: Floats
    sigma: Floats
    censored: Bools
    correlation: Floats | None

    @cached_property
    def mass_free(self) -> Ints:
        """Streams whose mass is a variable."""
        return np.flatnonzero(np.isnan(self.mass_fixed))

    @cached_property
    def flow_free(self) -> Ints:
        """Pairs whose component flow is a variable."""
        return np.flatnonzero(np.isnan(self.assay_fixed))

    @cached_property
    def carrier(self) -> Ints:
        """Stream of each free flow."""
        return self.pair_stream[self.flow_free]

    @cached_property
    def mass_column(self) -> Ints:
        """Variable of each stream's mass, -1 where it is fixed, (streams,)."""
        column = np.full(self.n_streams, -1)
        column[self.mass_free] = np.arange(len(self.mass_free))
        return column

    @cached_property
    def flow_column(self) -> Ints:
        """Variable of each pair's flow, -1 where its assay is fixed, (pairs,)."""
        column = np.full(len(self.pair_stream), -1)
        column[self.flow_free] = len(self.mass_free) + np.arange(len(self.flow_free))
        return column

    @cached_property
    def owner(self) -> Floats:
        """1 where a free flow belongs to a stream, (free flows, streams)."""
        owner = np.zeros((len(self.carrier), self.n_streams))
        owner[np.arange(len(self.carrier)), self.carrier] = 1.0
        return owner

    @cached_property
    def select(self) -> Floats:
        """1 where a reading is of a quantity, (readings, quantities)."""
        select = np.zeros((len(self.reading_of), self.n_quantities))
        select[np.arange(len(self.reading_of)), self.reading_of] = 1.0
        return select

    @cached_property
    def all_free(self) -> bool:
        """Whether every mass and flow is a variable, so that variables are quantities in order."""
        return len(self.mass_free) == self.n_streams and len(self.flow_free) == len(self.pair_stream)

    @cached_property
    def mass_terms(self) -> Floats:
        """Coefficients of the masses in the equations, 0 where fixed, (equations, streams)."""
        G = np.zeros((len(self.b), self.n_streams))
        G[:, self.mass_free] = self.G[:, : len(self.mass_free)]
        return G

    @cached_property
    def flow_terms(self) -> tuple[Floats, Floats] | None:
        """For each free flow its coefficients times each other, (flows, equations x equations), and put at its
        stream, (flows, equations x streams); None where that would be large.
        """
        G = self.G[:, len(self.mass_free) :].T
        n, r = G.shape
        if n * r * max(r, self.n_streams) > _LARGE:
            return None
        products = G[:, :, None] * G[:, None, :]
        return products.reshape(n, r * r), (G[:, :, None] * self.owner[:, None, :]).reshape(n, r * self.n_streams)

    @property
    def n_quantities(self) -> int:
        """Masses and pairs together."""
        return self.n_streams + len(self.pair_stream)

    def expand(self, u: Floats) -> tuple[Floats, Floats, Floats]:
        """Masses, component flows and assays, each (..., n), of variables ``u`` (..., variables)."""
        if self.all_free:
            mass, flow = u[..., : self.n_streams], u[..., self.n_streams :]
            with np.errstate(divide="ignore", invalid="ignore"):
                return mass, flow, flow / mass[..., self.pair_stream]
        free_m, free_f = self.mass_free, self.flow_free
        mass = np.broadcast_to(self.mass_fixed, (*u.shape[:-1], self.n_streams)).copy()
        mass[..., free_m] = u[..., : len(free_m)]
        carrier = mass[..., self.pair_stream]
        assay = np.broadcast_to(self.assay_fixed, carrier.shape).copy()
        with np.errstate(divide="ignore", invalid="ignore"):
            assay[..., free_f] = u[..., len(free_m) :] / carrier[..., free_f]
        flow = assay * carrier
        flow[..., free_f] = u[..., len(free_m) :]
        return mass, flow, assay


def arrays(network: Network, like: Problem | None = None) -> Problem:
    """Turn a network into arrays.

    ``like`` is the problem of a network with the same streams and readings, of which only the balances differ.

    Raises
    ------
    DataError
        With every fault of the network: names that do not exist, a node that nothing leaves, fixed values
        or equations that contradict each other, a covariance that no errors can have.
    """
    check(network)
    names = Names(network)
    found = equations(network, names)
    G, b, rows = _independent_rows(found.G.toarray(), found.b, found.rows)
    return Problem(
        n_streams=len(network.streams),
        n_components=len(network.components),
        pair_stream=names.pair_stream,
        pair_component=names.pair_component,
        mass_fixed=found.mass_fixed,
        assay_fixed=found.assay_fixed,
        capped=~closed_pairs(network, names) & np.isnan(found.assay_fixed),
        assay_total=network.assay_total,
        G=G,
        b=b,
        rows=rows,
        near=_neighbours(network, names) if like is None else like.near,
        reading_of=reading_of(network, names),
        value=reading_values(network),
        sigma=np.array([one.sigma for one in network.readings], dtype=float),
        censored=np.array([one.below is not None for one in network.readings], dtype=bool),
        correlation=_correlation(network) if like is None else like.correlation,
    )


def _independent_rows(G: Floats, b: Floats, rows: Sequence[Row]) -> tuple[Floats, Floats, tuple[Row, ...]]:
    """Equations that do not follow from others."""
    keep = independent(G)
    _require_consistent(rows, G, b, keep)
    return G[keep], b[keep], tuple(rows[k] for k in keep)


def independent(G: Floats) -> Ints:
    """Rows of ``G`` that are linearly independent, in order."""
    norms = np.linalg.norm(G, axis=1)
    real = np.flatnonzero(norms > 0)
    if len(real) == 0:
        return real
    _, R, order = qr((G[real] / norms[real, None]).T, mode="economic", pivoting=True)
    rank = int(np.sum(np.abs(np.diag(R)) > _RANK))
    return np.sort(real[order[:rank]])


def _require_consistent(rows: Sequence[Row], G: Floats, b: Floats, keep: Ints) -> None:
    """Dependent equations must follow from the independent ones."""
    rest = np.setdiff1d(np.arange(len(b)), keep)
    if len(rest) == 0:
        return
    factor = np.linalg.lstsq(G[keep].T, G[rest].T, rcond=None)[0] if len(keep) else np.zeros((0, len(rest)))
    size = 1.0 + np.abs(b).max()
    wrong = np.flatnonzero(np.abs(b[rest] - b[keep] @ factor) > 1e-8 * size)
    if len(wrong):
        raise DataError(contradiction(rows[rest[k]]) for k in wrong)


def _neighbours(network: Network, names: Names) -> Floats:
    """1 where two streams share a node or a constraint."""
    near = np.zeros((len(names.streams),) * 2)
    sets: list[list[int]] = [
        [names.streams[one.id] for one in network.streams if node.id in (one.source, one.target)]
        for node in network.nodes
    ]
    sets += [[names.streams[term.stream] for term in one.terms] for one in network.constraints]
    for members in sets:
        near[np.ix_(members, members)] = 1.0
    np.fill_diagonal(near, 0.0)
    return near


def _correlation(network: Network) -> Floats | None:
    """Correlation matrix of the readings; None where nothing is correlated."""
    if not network.covariances:
        return None
    sigma = np.array([one.sigma for one in network.readings])
    V = np.diag(sigma**2)
    pairs = covariance_pairs(network)
    V[pairs.first, pairs.second] = V[pairs.second, pairs.first] = pairs.value
    correlation = V / np.outer(sigma, sigma)
    if np.linalg.eigvalsh(correlation)[0] <= 1e-12:
        raise contradictory()
    return np.asarray(correlation)
