"""Sparse symmetric systems by fronts: elimination in order of the tree, all fronts of one size and height at once.

A balance network gives matrices of small dense blocks, one for each node. They are eliminated by least degree; what
one front leaves is added to the front above it (multifrontal). Fronts of one height do not touch each other, so that
those of equal size are worked as one stack of small matrices: few calls, no compiled code.

References
----------
Duff & Reid (1983), ACM Trans. Math. Softw. 9, 302-325 (multifrontal); Liu (1990), SIAM J. Matrix Anal. Appl. 11,
134-172 (elimination trees); Vanderbei (1995), SIAM J. Optim. 5, 100-113 (quasidefinite matrices factor in any order);
Erisman & Tinney (1975), Commun. ACM 18, 177-179 (selected inverse).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg.blas import dtrsm
from scipy.sparse import coo_array, csc_array, csr_array
from scipy.sparse.linalg import splu

from zveno.reconcile.arrays import Bools, Floats, Ints

_WIDEST = 96
_MANY = 40


@dataclass(frozen=True)
class _Group:
    """Fronts of one height, size and sign: ``pivots`` (B, p) and ``beyond`` (B, q) are rows of the matrix.

    ``target`` (B q q,) says where in the memory of all fronts each entry of what is left over belongs.
    """

    offset: int
    sign: float
    pivots: Ints
    beyond: Ints
    target: Ints

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of fronts, pivots and rows beyond."""
        return len(self.pivots), self.pivots.shape[1], self.beyond.shape[1]


@dataclass(frozen=True)
class Pattern:
    """Order of elimination of a symmetric matrix whose rows belong to vertices of a graph.

    ``positions`` gives, for the entries (row, column) that were announced, their place in the memory of the fronts;
    an entry between two pivots of one front has a second place, across the diagonal (``mirrored``).
    """

    n: int
    size: int
    groups: tuple[_Group, ...]
    positions: Ints
    mirrored: tuple[Ints, Ints]
    diagonal: Ints

    @property
    def entries(self) -> int:
        """Entries of the factor."""
        return sum(B * (p * (p + 1) // 2 + p * q) for B, p, q in (one.shape for one in self.groups))


def pattern(vertex: Ints, rows: Ints, columns: Ints, negative: Bools | None = None) -> Pattern:
    """Analyse a symmetric matrix.

    Parameters
    ----------
    vertex
        Vertex of each row of the matrix, (n,); rows of one vertex are eliminated together.
    rows, columns
        Entries that may differ from zero, one triangle of them (the diagonal may be left out), each once.
    negative
        Vertices whose part of the matrix is negative definite; the rest is positive definite. None: all positive.
    """
    count = int(vertex.max(initial=-1)) + 1
    sizes = np.bincount(vertex, minlength=count)
    below = np.zeros(count, dtype=bool) if negative is None else negative
    graph = _graph(count, vertex[rows], vertex[columns])
    order = _order(graph, below)
    fronts = _fronts(order, _reach(graph, order), sizes, below)
    return _Places(vertex, fronts).pattern(rows, columns)


def _graph(count: int, first: Ints, second: Ints) -> csr_array:
    """Which vertices share an entry, both ways."""
    off = first != second
    graph = coo_array((np.ones(int(off.sum())), (first[off], second[off])), shape=(count, count)).tocsr()
    return csr_array(graph + graph.T)


def _order(graph: csr_array, below: Bools) -> Ints:
    """Vertices by least degree; those ``below`` as soon as all that they touch has met.

    A common factor of errors far apart is one row. Eliminated early it would join all rows of all nodes that it
    touches; behind the first front that is above all of them it joins nothing that is not joined already.
    """
    if not below.any():
        return _least_degree(graph)
    above = np.flatnonzero(~below)
    order = above[_least_degree(csr_array(graph[above][:, above]))]
    parent = [min(one, default=-1) for one in _reach(csr_array(graph[order][:, order]), np.arange(len(order)))]
    place = np.full(graph.shape[0], -1)
    place[order] = np.arange(len(order))
    behind = np.zeros(graph.shape[0])
    behind[order] = np.arange(len(order))
    for one in np.flatnonzero(below):
        touched = place[graph.indices[graph.indptr[one] : graph.indptr[one + 1]]]
        behind[one] = _meeting(set(touched[touched >= 0].tolist()), parent) + 0.5
    return np.argsort(behind, kind="stable")


def _meeting(places: set[int], parent: list[int]) -> int:
    """The lowest front above all of some; beyond the last where they never meet."""
    while len(places) > 1:
        lowest = min(places)
        places.discard(lowest)
        if parent[lowest] < 0:
            return len(parent)
        places.add(parent[lowest])
    return places.pop() if places else len(parent)


def _reach(graph: csr_array, order: Ints) -> list[set[int]]:
    """For each place in an order of elimination the later places that its front reaches."""
    count = len(order)
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    reach: list[set[int]] = [set() for _ in range(count)]
    children: list[list[int]] = [[] for _ in range(count)]
    indptr, indices = graph.indptr, graph.indices
    for at in range(count):
        near = place[indices[indptr[order[at]] : indptr[order[at] + 1]]]
        mine = set(near[near > at].tolist())
        for child in children[at]:
            mine |= reach[child]
        mine.discard(at)
        reach[at] = mine
        if mine:
            children[min(mine)].append(at)
    return reach


def _least_degree(graph: csr_array) -> Ints:
    """Order by multiple minimum degree, from the analysis that SuperLU makes."""
    count = graph.shape[0]
    if count < 3 or graph.nnz == 0:
        return np.arange(count)
    degree = np.asarray(graph.astype(bool).sum(axis=1)).ravel()
    ones = csc_array((np.full(graph.nnz, -1.0), graph.indices, graph.indptr), shape=graph.shape)
    ones.setdiag(degree + 1.0)
    factors = splu(ones.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return np.argsort(factors.perm_c).astype(np.int64)


def _fronts(order: Ints, reach: Sequence[set[int]], sizes: Ints, negative: Bools) -> list[_Front]:
    """Fronts in order of elimination: a vertex joins the one above it where both reach the same rows."""
    width, below = sizes[order], negative[order]
    inside: list[list[int]] = [[k] for k in range(len(order))]
    for at, mine in enumerate(reach):
        above = min(mine, default=-1)
        if above < 0 or len(mine) - 1 != len(reach[above]) or below[at] != below[above]:
            continue
        if width[inside[at]].sum() + width[inside[above]].sum() <= _WIDEST:
            inside[above] = inside[at] + inside[above]
            inside[at] = []
    return [
        _Front(order[sorted(mine)].tolist(), order[sorted(reach[at])].tolist(), -1.0 if below[at] else 1.0)
        for at, mine in enumerate(inside)
        if mine
    ]


@dataclass(frozen=True)
class _Front:
    """Vertices that are eliminated together, and those that their rows reach beyond."""

    inside: list[int]
    beyond: list[int]
    sign: float


class _Places:
    """Where everything lies in the memory of the fronts."""

    def __init__(self, vertex: Ints, fronts: Sequence[_Front]) -> None:
        self.n = len(vertex)
        by_vertex = np.argsort(vertex, kind="stable")
        starts = np.searchsorted(vertex[by_vertex], np.arange(int(vertex.max(initial=-1)) + 2))
        rows_of = [by_vertex[a:b] for a, b in pairwise(starts)]
        empty = np.zeros(0, dtype=np.int64)
        self.inside = [np.concatenate([rows_of[v] for v in one.inside]) for one in fronts]
        self.beyond = [np.concatenate([rows_of[v] for v in one.beyond] or [empty]) for one in fronts]
        self.sign = [one.sign for one in fronts]
        self.front_of = np.zeros(self.n, dtype=np.int64)
        for k, rows in enumerate(self.inside):
            self.front_of[rows] = k
        self.above = [int(min(self.front_of[rows])) if len(rows) else -1 for rows in self.beyond]
        width = [len(a) + len(b) for a, b in zip(self.inside, self.beyond, strict=True)]
        self.width = np.array(width, dtype=np.int64)
        self._number_rows()
        self._arrange()

    def _number_rows(self) -> None:
        """A table from (front, row) to the row's number within the front."""
        fronts = np.repeat(np.arange(len(self.width)), self.width)
        none = np.zeros(0, dtype=np.int64)
        rows = np.concatenate([none, *(part for pair in zip(self.inside, self.beyond, strict=True) for part in pair)])
        starts = np.cumsum(self.width) - self.width
        key = fronts * self.n + rows
        order = np.argsort(key)
        self._keys, self._local = key[order], (np.arange(len(rows)) - starts[fronts])[order]

    def local(self, front: Ints, row: Ints) -> Ints:
        """Number of rows within their fronts; -1 where a front does not hold a row."""
        key = front * self.n + row
        at = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        return np.where(self._keys[at] == key, self._local[at], -1)

    def _arrange(self) -> None:
        """Fronts of one height and size side by side."""
        height = np.zeros(len(self.width), dtype=np.int64)
        for k, above in enumerate(self.above):  # children come before their parents
            if above >= 0:
                height[above] = max(height[above], height[k] + 1)
        self.height = height
        kinds: dict[tuple[int, int, int, float], list[int]] = {}
        for k in range(len(self.width)):
            kind = (int(height[k]), len(self.inside[k]), len(self.beyond[k]), self.sign[k])
            kinds.setdefault(kind, []).append(k)
        self.kinds = [kinds[key] for key in sorted(kinds)]
        self.offset = np.zeros(len(self.width), dtype=np.int64)
        at = 0
        for members in self.kinds:
            for k in members:
                self.offset[k] = at
                at += int(self.width[k]) ** 2
        self.size = at

    def pattern(self, rows: Ints, columns: Ints) -> Pattern:
        """The finished analysis."""
        diagonal = self._place(self.front_of, np.arange(self.n), np.arange(self.n))
        front = np.minimum(self.front_of[rows], self.front_of[columns])
        positions = self._place(front, rows, columns)
        within = np.flatnonzero(self.front_of[rows] == self.front_of[columns])
        across = self._place(front[within], columns[within], rows[within])
        return Pattern(
            self.n, self.size, tuple(self._group(one) for one in self.kinds), positions, (within, across), diagonal
        )

    def _place(self, front: Ints, rows: Ints, columns: Ints) -> Ints:
        """Place of entries; an entry with one row beyond stands above the diagonal."""
        a, b = self.local(front, rows), self.local(front, columns)
        beyond = self.front_of[rows] != front
        a, b = np.where(beyond, b, a), np.where(beyond, a, b)
        return self.offset[front] + a * self.width[front] + b

    def _group(self, members: Sequence[int]) -> _Group:
        """One stack of fronts."""
        beyond = np.array([self.beyond[k] for k in members], dtype=np.int64)
        above = np.array([self.above[k] for k in members], dtype=np.int64)
        pivots = np.array([self.inside[k] for k in members], dtype=np.int64)
        local = self.local(above[:, None], beyond)
        row, column = local[:, :, None], local[:, None, :]
        target = self.offset[above][:, None, None] + row * self.width[above][:, None, None] + column
        return _Group(int(self.offset[members[0]]), self.sign[members[0]], pivots, beyond, target.ravel())


@dataclass(frozen=True)
class Factors:
    """A factored matrix: of each front the inverse of its triangle, and that times the entries beyond."""

    pattern: Pattern
    inverse: tuple[Floats, ...]
    pull: tuple[Floats, ...]

    def solve(self, rhs: Floats) -> Floats:
        """Solution for right hand sides (n,) or (n, k)."""
        y = rhs[:, None].copy() if rhs.ndim == 1 else rhs.copy()
        k = y.shape[1]
        for one, inverse, pull in zip(self.pattern.groups, self.inverse, self.pull, strict=True):
            x = inverse @ y[one.pivots]
            y[one.pivots] = x
            if one.beyond.size:
                push = one.sign * (pull.transpose(0, 2, 1) @ x)
                if k == 1:
                    np.subtract.at(y[:, 0], one.beyond.ravel(), push.ravel())
                else:
                    np.subtract.at(y, one.beyond.ravel(), push.reshape(one.beyond.size, k))
        for one, inverse, pull in zip(self.pattern.groups[::-1], self.inverse[::-1], self.pull[::-1], strict=True):
            x = y[one.pivots]
            if one.beyond.size:
                x -= pull @ y[one.beyond]
            y[one.pivots] = one.sign * (inverse.transpose(0, 2, 1) @ x)
        return y if rhs.ndim == 2 else y[:, 0]

    def selected(self, positions: Ints) -> Floats:
        """Entries of the inverse at places of the pattern."""
        memory = np.zeros(self.pattern.size)
        for one, inverse, pull in zip(self.pattern.groups[::-1], self.inverse[::-1], self.pull[::-1], strict=True):
            B, p, q = one.shape
            front = memory[one.offset : one.offset + B * (p + q) ** 2].reshape(B, p + q, p + q)
            turned = inverse.transpose(0, 2, 1)
            front[:, :p, :p] = one.sign * (turned @ inverse)
            if q:
                beyond = memory[one.target].reshape(B, q, q)
                share = one.sign * (turned @ pull)
                across = share @ beyond
                front[:, :p, p:] = -across
                front[:, p:, :p] = -across.transpose(0, 2, 1)
                front[:, p:, p:] = beyond
                front[:, :p, :p] += across @ share.transpose(0, 2, 1)
        return memory[positions]


def factor(pattern: Pattern, values: Floats) -> Factors:
    """Factor a symmetric matrix from its announced entries.

    Raises
    ------
    LinAlgError
        If the pivots of a front are not definite.
    """
    memory = _laid_out(pattern, values)
    inverses, pulls = [], []
    for one in pattern.groups:
        B, p, q = one.shape
        front = memory[one.offset : one.offset + B * (p + q) ** 2].reshape(B, p + q, p + q)
        lower = np.asarray(np.linalg.cholesky(one.sign * front[:, :p, :p]), dtype=np.float64)
        # triangles are solved, not multiplied by an inverse of the pivots: that would lose twice the digits
        solved = _forward(lower, front[:, :p, p:])
        inverse, pull = solved[:, :, :p], solved[:, :, p:]
        inverses.append(np.ascontiguousarray(inverse))
        pulls.append(np.ascontiguousarray(pull))
        if q:
            rest = one.sign * (pulls[-1].transpose(0, 2, 1) @ pulls[-1]) - front[:, p:, p:]
            np.subtract.at(memory, one.target, rest.ravel())
    return Factors(pattern, tuple(inverses), tuple(pulls))


def _forward(lower: Floats, right: Floats) -> Floats:
    """``inv(lower)`` times the identity and ``right`` side by side."""
    B, p = right.shape[:2]
    out = np.concatenate([np.broadcast_to(np.eye(p), (B, p, p)), right], axis=2)
    if B < _MANY:
        for triangle, one in zip(lower, out, strict=True):  # transposed views are as BLAS wants them: nothing is copied
            dtrsm(1.0, triangle.T, one.T, side=1, lower=0, overwrite_b=1)
        return out
    share = 1 / np.einsum("bii->bi", lower)
    for k in range(p):
        if k:
            out[:, k] -= (lower[:, k : k + 1, :k] @ out[:, :k])[:, 0]
        out[:, k] *= share[:, k, None]
    return out


def dependent(pattern: Pattern, values: Floats, least: float) -> Bools:
    """Rows of a positive semidefinite matrix with a unit diagonal that follow from the rows before them, (n,).

    Where a front has such rows they are eliminated one by one, and one of which less than ``least`` is left is set
    aside.
    """
    memory = _laid_out(pattern, values)
    out = np.zeros(pattern.n, dtype=bool)
    for one in pattern.groups:
        B, p, q = one.shape
        front = memory[one.offset : one.offset + B * (p + q) ** 2].reshape(B, p + q, p + q)
        rest = _whole(front, p, least, one.sign)
        if rest is None:
            out[one.pivots[_one_by_one(front, p, least)]] = True
            rest = front[:, p:, p:]
        if q:
            np.add.at(memory, one.target, rest.ravel())
    return out


def _whole(front: Floats, p: int, least: float, sign: float) -> Floats | None:
    """What a stack of fronts leaves beyond its pivots; None where one of them has a pivot below the least."""
    try:
        lower = np.linalg.cholesky(sign * front[:, :p, :p])
    except np.linalg.LinAlgError:
        return None
    if np.min(np.einsum("bii->bi", lower), initial=np.inf) < np.sqrt(least):
        return None
    pull = np.linalg.solve(lower, front[:, :p, p:])
    return np.asarray(front[:, p:, p:] - sign * (pull.transpose(0, 2, 1) @ pull))


def _one_by_one(front: Floats, p: int, least: float) -> Bools:
    """Eliminate the pivots of a stack of fronts in place; which of them were below the least, (B, p)."""
    out = np.zeros((len(front), p), dtype=bool)
    for k in range(p):
        left = front[:, k, k].copy()
        gone = np.abs(left) < least
        out[gone, k] = True
        row = front[:, k, k + 1 :]
        share = row / np.where(gone, np.inf, left)[:, None]
        front[:, k + 1 :, k + 1 :] -= row[:, :, None] * share[:, None, :]
    return out


def _laid_out(pattern: Pattern, values: Floats) -> Floats:
    """Announced entries in the memory of the fronts."""
    memory = np.zeros(pattern.size)
    memory[pattern.positions] = values
    within, across = pattern.mirrored
    memory[across] = values[within]
    return memory
