"""Equations of a network: balances, closures and extra constraints as one sparse matrix.

Unknowns are masses and component flows, in which all of them are linear; what is fixed or can only be zero is
substituted and never becomes a variable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack

from zveno.errors import DataError, Fault, fault
from zveno.model.network import MASS, NetConstraint, Network
from zveno.reconcile.names import Bools, Floats, Ints, Names
from zveno.text.words import quantity_phrase

Row = tuple[str, str]
CLOSURE, CONSTRAINT = "closure", "constraint"


@dataclass(frozen=True)
class Equations:
    """``G u = b`` over the variables ``u``: free masses, then free component flows.

    ``rows`` says of each equation which place and quantity it balances; ``mass_fixed`` (streams,) and ``assay_fixed``
    (pairs,) hold what is known exactly, NaN where free. Equations may depend on each other.
    """

    G: csr_array
    b: Floats
    rows: tuple[Row, ...]
    mass_fixed: Floats
    assay_fixed: Floats


def equations(network: Network, names: Names) -> Equations:
    """All equations of a network.

    Raises
    ------
    DataError
        If fixed values contradict a closure, or a balance in which they alone are left.
    """
    mass_fixed, assay_fixed = _fixed(network, names)
    matrix, rhs, rows, balances = _all_rows(network, names)
    _force_zero(network, names, matrix[:balances], rows, assay_fixed)
    G, b = _substituted(names, matrix, rhs, mass_fixed, assay_fixed)
    some = np.diff(G.indptr) > 0
    _require_kept(rows, b, some)
    keep = np.flatnonzero(some)
    if not G.shape[1] and len(names.streams):
        raise DataError("every mass and every assay is fixed: nothing is left to reconcile")
    return Equations(G[keep], b[keep], tuple(rows[k] for k in keep), mass_fixed, assay_fixed)


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
    for stream, components in closures(network):
        pairs = [names.pairs[stream, one] for one in components]
        open_ = [pair for pair in pairs if np.isnan(assay[pair])]
        rest = network.closure.total - float(np.nansum(assay[pairs])) if network.closure else 0.0
        most = len(open_) * network.assay_total
        if rest < -1e-12 or rest > most + 1e-9:
            raise DataError(
                "the fixed assays of stream '{stream}' leave {rest} for the others: check them against the total",
                stream=stream, rest=rest,
            )  # fmt: skip
        if len(open_) == 1 or (open_ and rest < 1e-12):
            assay[open_] = max(rest, 0.0)
    return mass, assay


def closures(network: Network) -> list[tuple[str, tuple[str, ...]]]:
    """Streams under a closure with the components that sum up."""
    closure = network.closure
    if closure is None:
        return []
    wanted = None if closure.streams is None else set(closure.streams)
    summed = set(closure.components)
    rows = [
        (one.id, tuple(c for c in network.carries(one) if c in summed))
        for one in network.streams
        if wanted is None or one.id in wanted
    ]
    return [row for row in rows if row[1]]


def closed_pairs(network: Network, names: Names) -> Bools:
    """Pairs that a closure keeps below the total by itself, (pairs,)."""
    closed = np.zeros(len(names.pairs), dtype=bool)
    if network.closure is not None and network.closure.total <= network.assay_total:
        closed[[names.pairs[stream, one] for stream, components in closures(network) for one in components]] = True
    return closed


def stream_ends(network: Network) -> Ints:
    """Numbers of the nodes at which each stream begins and ends, (streams, 2); -1 is outside."""
    number: dict[str | None, int] = {one.id: n for n, one in enumerate(network.nodes)}
    number[None] = -1
    ends = [(number[one.source], number[one.target]) for one in network.streams]
    return np.array(ends, dtype=np.int64).reshape(-1, 2)


def _all_rows(network: Network, names: Names) -> tuple[csr_array, Floats, list[Row], int]:
    """Every equation in all masses and pairs, fixed or not, with how many of them are balances of nodes."""
    first = len(names.streams)
    entries, labels = _balances(network, names)
    balances = len(labels)
    rhs = [0.0] * balances
    extra: list[tuple[int, int, float]] = []
    for stream, components in closures(network):
        total = network.closure.total if network.closure else 0.0
        extra.append((len(labels), names.streams[stream], -total))
        extra += [(len(labels), first + names.pairs[stream, one], 1.0) for one in components]
        labels.append((stream, CLOSURE))
        rhs.append(0.0)
    for constraint in network.constraints:
        terms, right, label = _constraint(constraint, names)
        extra += [(len(labels), at, coef) for at, coef in terms]
        labels.append(label)
        rhs.append(right)
    found = np.array(extra, dtype=float).reshape(-1, 3)
    at = [np.concatenate([entries[k], found[:, k].astype(np.int64)]) for k in (0, 1)]
    values = np.concatenate([entries[2], found[:, 2]])
    matrix = coo_array((values, (at[0], at[1])), shape=(len(labels), first + len(names.pairs))).tocsr()
    matrix.eliminate_zeros()  # a stream from a node to itself
    return matrix, np.array(rhs), labels, balances


def _balances(network: Network, names: Names) -> tuple[tuple[Ints, Ints, Floats], list[Row]]:
    """Balances of the nodes: what comes in less what goes out, as (row, quantity, sign), with their labels."""
    layers = (MASS, *network.components)
    balanced = np.zeros((len(network.nodes), len(layers)), dtype=bool)
    for n, node in enumerate(network.nodes):
        balanced[n, 0] = node.mass
        balanced[n, 1:] = True if node.components is None else [c in node.components for c in network.components]
    number = np.where(balanced, np.cumsum(balanced).reshape(balanced.shape) - 1, -1)
    number = np.vstack([number, np.full(len(layers), -1)])  # the last line is outside
    ends = stream_ends(network)
    owner = np.concatenate([np.arange(len(names.streams)), names.pair_stream])
    layer = np.concatenate([np.zeros(len(names.streams), dtype=np.int64), 1 + names.pair_component])
    rows = np.concatenate([number[ends[owner, 1], layer], number[ends[owner, 0], layer]])
    sign = np.repeat([1.0, -1.0], len(owner))
    quantity = np.tile(np.arange(len(owner)), 2)
    some = rows >= 0
    labels = [(node.id, layers[c]) for n, node in enumerate(network.nodes) for c in np.flatnonzero(balanced[n])]
    return (rows[some], quantity[some], sign[some]), labels


def _constraint(one: NetConstraint, names: Names) -> tuple[list[tuple[int, float]], float, Row]:
    """An extra equation in quantities: masses of any streams, or assays of one stream times its mass."""
    label = " + ".join(f"{term.stream}.{term.quantity}" for term in one.terms)
    assayed = {term.stream for term in one.terms if term.quantity != MASS}
    if not assayed:
        return [(names.streams[term.stream], term.coef) for term in one.terms], one.rhs, (label, CONSTRAINT)
    if one.of_flows:
        quantities = [(names.quantity(term.stream, term.quantity), term.coef) for term in one.terms]
        return [(at, coef) for at, coef in quantities if at is not None], one.rhs, (label, CONSTRAINT)
    if len(assayed) > 1 or any(term.quantity == MASS for term in one.terms):
        raise DataError(
            "the constraint on {terms} joins assays of several streams, or assays and masses: only masses, or "
            "assays of one stream, can be joined",
            terms=label,
        )
    found = [(names.quantity(term.stream, term.quantity), term.coef) for term in one.terms]
    terms = [(at, coef) for at, coef in found if at is not None]
    return [*terms, (names.streams[assayed.pop()], -one.rhs)], 0.0, (label, CONSTRAINT)


def _force_zero(network: Network, names: Names, balances: csr_array, rows: list[Row], assay_fixed: Floats) -> None:
    """Fix assays at zero where a balance with one sign only leaves no other choice."""
    first = len(names.streams)
    components = set(network.components)
    of_component = np.array([quantity in components for _, quantity in rows[: balances.shape[0]]], dtype=bool)
    entries = balances.tocoo()
    some = of_component[entries.row] & (entries.col >= first)
    row, pair, sign = entries.row[some], entries.col[some] - first, entries.data[some]
    while True:
        left = assay_fixed[pair] != 0
        enters, leaves = (np.bincount(row[left & (sign * way > 0)], minlength=len(of_component)) for way in (1, -1))
        caught = left & ((enters == 0) != (leaves == 0))[row]
        wrong = np.flatnonzero(caught & ~np.isnan(assay_fixed[pair]))
        if len(wrong):
            place, component = rows[row[wrong[0]]]
            raise DataError(
                "node '{node}': nothing can take up {component}, but an assay of it is fixed above zero",
                node=place, component=component,
            )  # fmt: skip
        if not caught.any():
            return
        assay_fixed[pair[caught]] = 0.0


def _substituted(
    names: Names, matrix: csr_array, rhs: Floats, mass_fixed: Floats, assay_fixed: Floats
) -> tuple[csr_array, Floats]:
    """Put fixed values in: a fixed assay makes its flow a share of the mass."""
    first = len(names.streams)
    known = np.flatnonzero(np.nan_to_num(assay_fixed) != 0)
    share = coo_array((assay_fixed[known], (known, names.pair_stream[known])), shape=(len(names.pairs), first)).tocsr()
    by_mass = (matrix[:, :first] + matrix[:, first:] @ share).tocsc()
    masses = np.flatnonzero(~np.isnan(mass_fixed))
    b = rhs - by_mass[:, masses] @ mass_fixed[masses]
    free_m, free_f = np.flatnonzero(np.isnan(mass_fixed)), np.flatnonzero(np.isnan(assay_fixed))
    G = hstack([by_mass[:, free_m], matrix.tocsc()[:, first + free_f]]).tocsr()
    size = np.abs(by_mass[:, masses]) @ np.abs(mass_fixed[masses]) + np.abs(rhs)
    b[np.abs(b) <= 1e-12 * size] = 0.0
    G.data[np.abs(G.data) < 1e-14] = 0.0
    G.eliminate_zeros()
    return G, b


def _require_kept(rows: list[Row], b: Floats, some: Bools) -> None:
    """Equations in which nothing is left to choose must hold."""
    wrong = np.flatnonzero(~some & (np.abs(b) > 1e-8 * (1.0 + np.abs(b).max(initial=0.0))))
    if len(wrong):
        raise DataError(contradiction(rows[k]) for k in wrong)


def contradiction(row: Row) -> Fault:
    """What to say of an equation that the fixed values, or other equations, contradict."""
    if row[1] == CONSTRAINT:
        return fault("the extra equation on {terms} contradicts the other equations, the balances or the fixed values",
                     terms=row[0])  # fmt: skip
    if row[1] == CLOSURE:
        return fault("the assays of stream '{stream}' cannot sum up to the total of the closure: fixed values or extra "
                     "equations contradict it", stream=row[0])  # fmt: skip
    return fault("the fixed values contradict the balance of {quantity} at '{place}'",
                 place=row[0], quantity=quantity_phrase(row[1]))  # fmt: skip
