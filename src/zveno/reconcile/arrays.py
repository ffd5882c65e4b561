"""Build: a network with names becomes arrays without them.

Variables are masses and component flows, so that every balance is linear; what is fixed or can only be zero
is substituted and never becomes a variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from zveno.errors import DataError, Fault, fault
from zveno.model.network import MASS, NetConstraint, NetReading, NetStream, Network
from zveno.reconcile.correlation import correlation
from zveno.text.words import quantity_phrase

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

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


class Names:
    """Numbers of streams and quantities by name."""

    def __init__(self, network: Network) -> None:
        self.streams = {one.id: i for i, one in enumerate(network.streams)}
        self.components = {one: k for k, one in enumerate(network.components)}
        self.pairs: dict[tuple[str, str], int] = {}
        for stream in network.streams:
            for component in network.carries(stream):
                self.pairs[stream.id, component] = len(self.pairs)

    def quantity(self, stream: str, quantity: str) -> int | None:
        """Number of a mass or pair; None for a component that the stream does not carry."""
        if quantity == MASS:
            return self.streams[stream]
        pair = self.pairs.get((stream, quantity))
        return None if pair is None else len(self.streams) + pair


@dataclass
class _Equations:
    """Linear equations in quantities, before fixed values are put in."""

    coefficients: list[Floats]
    rhs: list[float]
    rows: list[tuple[str, str]]

    def add(self, row: Floats, rhs: float, name: tuple[str, str]) -> None:
        if np.any(row) or rhs:
            self.coefficients.append(row)
            self.rhs.append(rhs)
            self.rows.append(name)

    def matrix(self, n: int) -> Floats:
        return np.array(self.coefficients, dtype=float).reshape(len(self.rows), n)


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
    mass_fixed, assay_fixed = _fixed(network, names)
    equations = _equations(network, names)
    _force_zero(network, names, equations, assay_fixed)
    G, b, rows = _reduce(equations, names, mass_fixed, assay_fixed)
    closed = _closed_streams(network)
    pairs = list(names.pairs)
    return Problem(
        n_streams=len(network.streams),
        n_components=len(network.components),
        pair_stream=np.array([names.streams[stream] for stream, _ in pairs], dtype=np.int64),
        pair_component=np.array([names.components[one] for _, one in pairs], dtype=np.int64),
        mass_fixed=mass_fixed,
        assay_fixed=assay_fixed,
        capped=np.array([pair not in closed for pair in pairs], dtype=bool) & np.isnan(assay_fixed),
        assay_total=network.assay_total,
        G=G,
        b=b,
        rows=rows,
        near=_neighbours(network, names) if like is None else like.near,
        reading_of=_reading_of(network, names),
        value=np.array([_number(one) for one in network.readings], dtype=float),
        sigma=np.array([one.sigma for one in network.readings], dtype=float),
        censored=np.array([one.below is not None for one in network.readings], dtype=bool),
        correlation=correlation(network) if like is None else like.correlation,
    )


def check(network: Network) -> None:
    """Raise one DataError that lists everything that makes the network unusable."""
    faults = [*_name_faults(network), *_reading_faults(network), *_end_faults(network)]
    if faults:
        raise DataError(faults)


def _name_faults(network: Network) -> list[Fault]:
    """Names that do not exist."""
    nodes = {one.id for one in network.nodes}
    streams = {one.id for one in network.streams}
    faults = [
        fault("stream '{stream}' joins node '{node}', which does not exist", stream=one.id, node=end)
        for one in network.streams
        for end in (one.source, one.target)
        if end is not None and end not in nodes
    ]
    if len(streams) < len(network.streams):
        faults.append(fault("two streams of the network have the same name: give each its own"))
    known = {MASS, *network.components}
    used = [(one.stream, one.quantity) for one in network.readings]
    used += list(network.fixed)
    used += [(term.stream, term.quantity) for one in network.constraints for term in one.terms]
    used += [end for one in network.covariances for end in (one.first, one.second)]
    for stream, quantity in dict.fromkeys(used):
        if stream not in streams:
            faults.append(fault("stream '{stream}' does not exist in the network", stream=stream))
        elif quantity not in known:
            faults.append(
                fault("quantity '{quantity}' of stream '{stream}' is neither 'mass' nor a component",
                      quantity=quantity, stream=stream)
            )  # fmt: skip
    return faults


def _reading_faults(network: Network) -> list[Fault]:
    """Readings without a usable value or error."""
    return [
        fault("the reading of {quantity} of stream '{stream}' needs a value (or a limit) and a standard "
              "deviation above zero", quantity=quantity_phrase(one.quantity), stream=one.stream)
        for one in network.readings
        if not (np.isfinite(one.sigma) and one.sigma > 0) or (one.value is None) == (one.below is None)
        or not np.isfinite(one.value if one.value is not None else one.below or 0.0)
    ]  # fmt: skip


def _end_faults(network: Network) -> list[Fault]:
    """Nodes whose mass cannot balance because material only enters or only leaves."""
    faults = []
    for node in network.nodes:
        ends = [(one.target == node.id) - (one.source == node.id) for one in network.streams]
        signs = {sign for sign in ends if sign}
        if node.mass and len(signs) == 1:
            faults.append(
                fault("node '{node}' has streams on one side only, so its mass cannot balance: add the missing "
                      "stream, or write mass: false", node=node.id)
            )  # fmt: skip
    return faults


def _fixed(network: Network, names: Names) -> tuple[Floats, Floats]:
    """Exactly known masses and assays, with the assay that a closure leaves no choice."""
    mass = np.full(len(names.streams), np.nan)
    assay = np.full(len(names.pairs), np.nan)
    for (stream, quantity), value in network.fixed.items():
        if quantity == MASS:
            if value <= 0:
                raise DataError("the fixed mass of stream '{stream}' must be above zero", stream=stream)
            mass[names.streams[stream]] = value
        elif (stream, quantity) in names.pairs:
            assay[names.pairs[stream, quantity]] = value
    for stream, components in _closures(network):
        pairs = [names.pairs[stream, one] for one in components]
        open_ = [pair for pair in pairs if np.isnan(assay[pair])]
        rest = network.closure.total - float(np.nansum(assay[pairs])) if network.closure else 0.0
        if rest < -1e-12 or (not open_ and abs(rest) > 1e-9):
            raise DataError(
                "the fixed assays of stream '{stream}' leave {rest} for the others: check them against the total",
                stream=stream, rest=rest,
            )  # fmt: skip
        if len(open_) == 1 or (open_ and rest < 1e-12):
            assay[open_] = max(rest, 0.0)
    return mass, assay


def _closures(network: Network) -> list[tuple[str, tuple[str, ...]]]:
    """Streams under a closure with the components that sum up."""
    closure = network.closure
    if closure is None:
        return []
    wanted = closure.streams
    rows = [
        (one.id, tuple(c for c in network.carries(one) if c in closure.components))
        for one in network.streams
        if wanted is None or one.id in wanted
    ]
    return [row for row in rows if row[1]]


def _closed_streams(network: Network) -> set[tuple[str, str]]:
    """Pairs that a closure keeps below the total by itself."""
    if network.closure is None or network.closure.total > network.assay_total:
        return set()
    return {(stream, one) for stream, components in _closures(network) for one in components}


def _equations(network: Network, names: Names) -> _Equations:
    """Balances of nodes, closures and extra constraints."""
    n = len(names.streams) + len(names.pairs)
    found = _Equations([], [], [])
    for node in network.nodes:
        inside = network.components if node.components is None else node.components
        for quantity in ((MASS,) if node.mass else ()) + tuple(inside):
            row = np.zeros(n)
            for stream in network.streams:
                at = names.quantity(stream.id, quantity)
                if at is not None:
                    row[at] += (stream.target == node.id) - (stream.source == node.id)
            found.add(row, 0.0, (node.id, quantity))
    for stream_id, components in _closures(network):
        row = np.zeros(n)
        row[names.streams[stream_id]] = -network.closure.total if network.closure else 0.0
        for component in components:
            row[len(names.streams) + names.pairs[stream_id, component]] = 1.0
        found.add(row, 0.0, (stream_id, "closure"))
    for constraint in network.constraints:
        found.add(*_constraint(constraint, names, n))
    return found


def _constraint(one: NetConstraint, names: Names, n: int) -> tuple[Floats, float, tuple[str, str]]:
    """An extra equation in quantities: masses of any streams, or assays of one stream times its mass."""
    row = np.zeros(n)
    label = " + ".join(f"{term.stream}.{term.quantity}" for term in one.terms)
    assayed = {term.stream for term in one.terms if term.quantity != MASS}
    if not assayed:
        for term in one.terms:
            row[names.streams[term.stream]] += term.coef
        return row, one.rhs, (label, "constraint")
    if len(assayed) > 1 or any(term.quantity == MASS for term in one.terms):
        raise DataError(
            "the constraint on {terms} joins assays of several streams, or assays and masses: only masses, or "
            "assays of one stream, can be joined",
            terms=label,
        )
    for term in one.terms:
        at = names.quantity(term.stream, term.quantity)
        if at is not None:
            row[at] += term.coef
    row[names.streams[assayed.pop()]] -= one.rhs
    return row, 0.0, (label, "constraint")


def _force_zero(network: Network, names: Names, equations: _Equations, assay_fixed: Floats) -> None:
    """Fix assays at zero where a balance with one sign only leaves no other choice."""
    first = len(names.streams)
    matrix = equations.matrix(first + len(names.pairs))
    rhs = np.array(equations.rhs)
    components = set(network.components)
    candidates = [k for k, (_, quantity) in enumerate(equations.rows) if quantity in components]
    changed = True
    while changed:
        changed = False
        for k in candidates:
            row = matrix[k, first:].copy()
            row[assay_fixed == 0] = 0.0
            used = np.flatnonzero(row)
            if len(used) == 0 or rhs[k] or (row.max() > 0 and row.min() < 0):
                continue
            if np.any(~np.isnan(assay_fixed[used])):
                raise DataError(
                    "node '{node}': nothing can take up {component}, but an assay of it is fixed above zero",
                    node=equations.rows[k][0], component=equations.rows[k][1],
                )  # fmt: skip
            assay_fixed[used] = 0.0
            changed = True


def _reduce(
    equations: _Equations, names: Names, mass_fixed: Floats, assay_fixed: Floats
) -> tuple[Floats, Floats, tuple[tuple[str, str], ...]]:
    """Put fixed values in and keep independent rows of the equations."""
    first = len(names.streams)
    matrix = equations.matrix(first + len(names.pairs))
    rhs = np.array(equations.rhs)
    owner = np.array([names.streams[stream] for stream, _ in names.pairs], dtype=np.int64)
    known = np.flatnonzero(~np.isnan(assay_fixed))
    for pair in known:
        matrix[:, owner[pair]] += assay_fixed[pair] * matrix[:, first + pair]
    masses = np.flatnonzero(~np.isnan(mass_fixed))
    rhs = rhs - matrix[:, masses] @ mass_fixed[masses]
    columns = np.concatenate([np.flatnonzero(np.isnan(mass_fixed)), first + np.flatnonzero(np.isnan(assay_fixed))])
    G = matrix[:, columns]
    keep = independent(G)
    _require_consistent(equations.rows, G, rhs, keep)
    return G[keep], rhs[keep], tuple(equations.rows[k] for k in keep)


def independent(G: Floats) -> Ints:
    """Rows of ``G`` that are linearly independent, in order."""
    norms = np.linalg.norm(G, axis=1)
    real = np.flatnonzero(norms > 0)
    if len(real) == 0:
        return real
    _, R, order = qr((G[real] / norms[real, None]).T, mode="economic", pivoting=True)
    rank = int(np.sum(np.abs(np.diag(R)) > _RANK))
    return np.sort(real[order[:rank]])


def _require_consistent(rows: Sequence[tuple[str, str]], G: Floats, b: Floats, keep: Ints) -> None:
    """Dependent equations must follow from the independent ones."""
    rest = np.setdiff1d(np.arange(len(b)), keep)
    if len(rest) == 0:
        return
    factor = np.linalg.lstsq(G[keep].T, G[rest].T, rcond=None)[0] if len(keep) else np.zeros((0, len(rest)))
    size = 1.0 + np.abs(b).max()
    wrong = np.flatnonzero(np.abs(b[rest] - b[keep] @ factor) > 1e-8 * size)
    if len(wrong):
        raise DataError(
            fault("the fixed values contradict the balance of {quantity} at '{place}'",
                  place=rows[rest[k]][0], quantity=quantity_phrase(rows[rest[k]][1]))
            for k in wrong
        )  # fmt: skip


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


def _reading_of(network: Network, names: Names) -> Ints:
    """Quantity of each reading."""
    used = [names.quantity(one.stream, one.quantity) for one in network.readings]
    missing = [one for one, at in zip(network.readings, used, strict=True) if at is None]
    if missing:
        raise DataError(
            fault(
                "stream '{stream}' does not carry {quantity}, but there is a reading of it",
                stream=one.stream,
                quantity=quantity_phrase(one.quantity),
            )
            for one in missing
        )
    return np.array(used, dtype=np.int64)


def _number(one: NetReading) -> float:
    """Value of a reading, or its limit."""
    return float(one.value if one.value is not None else one.below or 0.0)


def carried(network: Network, stream: NetStream) -> tuple[str, ...]:
    """Mass and the components of a stream, in order."""
    return (MASS, *network.carries(stream))
