"""Search for the best blend: relaxations over ranges of the shares, cut where they are furthest from the truth."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from zveno.model.pooling import PoolingProblem
from zveno.plan.linear import INF, Floats
from zveno.plan.pooling.build import Layout, Product, Relaxation
from zveno.plan.pooling.local import Neighbourhood, neighbourhood, step
from zveno.plan.pooling.mixing import excess, shares_of

FEASIBLE = 1e-7
"""Largest breach of a limit, over the size of the problem."""
_INSIDE = 0.1
"""A range is cut no nearer to its ends than this part of it."""
_EXACT = 1e-9
_CLIMB_EVERY = 20
_TRUST = 0.6
"""Weight of the relaxed share against the middle of its range where it is cut."""


@dataclass(frozen=True)
class Terms:
    """When to stop: proven to ``gap`` (of the value, or of 1 where it is smaller), out of time, or out of ``nodes``."""

    gap: float = 1e-5
    seconds: float = INF
    nodes: int = 1_000_000


@dataclass
class Search:
    """What is known so far: the best flows with their cost, and how many parts of the ranges have been looked at."""

    problem: PoolingProblem
    relaxation: Relaxation
    terms: Terms
    spent: Callable[[], float]
    best: float = INF
    flows: Floats | None = None
    nodes: int = 0
    near: Neighbourhood = field(init=False)
    scale: float = 1.0
    _low: Floats = field(default_factory=lambda: np.empty(0))
    _high: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        n = self.relaxation.layout.columns
        self.near = neighbourhood(self.problem, self.relaxation.layout)
        self._low, self._high = np.zeros(n), np.ones(n)
        self.scale = max(1.0, float(np.max(self.relaxation.layout.capacity, initial=1.0)))

    def within(self, low: Floats, high: Floats) -> tuple[float, Floats]:
        """The relaxation with shares between ``low`` and ``high`` (entries by column): its bound and values."""
        shares, program = self.relaxation.shares, self.relaxation.program
        moved = (low[shares] != self._low[shares]) | (high[shares] != self._high[shares])
        if moved.any():
            columns = shares[moved]
            program.bound(columns, low[columns], high[columns])
            changed = set(columns.tolist())
            for one in self.relaxation.products:
                if one.share in changed:
                    self._enclose(one, float(low[one.share]), float(high[one.share]))
            self._low, self._high = low.copy(), high.copy()
        answer = program.solve()
        self.nodes += 1
        return (answer.objective, answer.values) if answer.status == "optimal" else (INF, np.empty(0))

    def _enclose(self, one: Product, low: float, high: float) -> None:
        """The four lines for a share between ``low`` and ``high``."""
        program, above, below = self.relaxation.program, *one.rows[-2:]
        for flow in one.flows:
            program.coefficient(above, flow, -high)
            program.coefficient(below, flow, -low)
        program.row(above, -one.cap * high, INF)
        program.row(below, -INF, -one.cap * low)
        if len(one.rows) > 2:
            program.coefficient(one.rows[0], one.flows[0], -low)
            program.coefficient(one.rows[1], one.flows[0], -high)

    def offer(self, flows: Floats) -> bool:
        """Take flows as the best ones if they keep every limit and cost less."""
        flows = np.maximum(flows, 0.0)
        cost = float(self.relaxation.layout.cost @ flows)
        if cost >= self.best - 1e-12 or excess(self.problem, self.relaxation.layout, flows) > FEASIBLE * self.scale:
            return False
        self.best, self.flows = cost, flows
        return True

    def closed(self, bound: float) -> bool:
        """Whether nothing that begins with this bound can matter."""
        return bound == INF or (self.best < INF and bound >= self.best - self.terms.gap * max(1.0, abs(self.best)))


def climb(search: Search, values: Floats, rounds: int = 20) -> None:
    """Better flows near relaxed ones: the best flows at their mixture, then straight lines through where we are, within
    a box around the mixture that shrinks where they lead nowhere.
    """
    near, layout = search.near, search.relaxation.layout
    flows, shares = np.maximum(values[: len(layout.arcs)], 0.0), _mixed(layout, values)
    fixed = step(near, flows, shares, 0.0)
    if fixed is None:
        return
    search.offer(fixed)
    here, reach = float(layout.cost @ fixed), 0.5
    for _ in range(rounds):
        tried = step(near, fixed, shares, reach)
        mixture = shares if tried is None else _mixed(layout, np.concatenate([tried, shares.ravel()]), shares)
        settled = None if tried is None else step(near, tried, mixture, 0.0)
        cost = INF if settled is None else float(layout.cost @ settled)
        if settled is not None and cost < here - 1e-9 * max(1.0, abs(here)):
            fixed, shares, here, reach = settled, mixture, cost, min(1.0, 2 * reach)
            search.offer(fixed)
        else:
            reach /= 4
            if reach < 1e-3:
                return


def _mixed(layout: Layout, values: Floats, otherwise: Floats | None = None) -> Floats:
    """Shares that flows come to; where nothing passes, those given, or those of the relaxation."""
    shares = shares_of(layout, np.maximum(values[: len(layout.arcs)], 0.0))
    for pool in np.flatnonzero(shares.sum(axis=1) < 0.5):
        if otherwise is not None:
            shares[pool] = otherwise[pool]
            continue
        for k in range(layout.sources):
            column = layout.share.get((int(pool) + layout.sources, k))
            shares[pool, k] = 0.0 if column is None else values[column]
    return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12))


def errors(search: Search, values: Floats) -> Floats:
    """How far each share's products are from what they stand for, by column."""
    found = np.zeros(search.relaxation.layout.columns)
    for one in search.relaxation.products:
        if len(one.flows) == 1:
            found[one.share] += abs(values[one.parts[0]] - values[one.share] * values[one.flows[0]])
    return found


def tighten(search: Search, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Narrower ranges of the shares, outside of which nothing better than the best flows can lie."""
    layout, program = search.relaxation.layout, search.relaxation.program
    arcs = np.arange(len(layout.arcs))
    low, high = low.copy(), high.copy()
    limit = program.limit_cost(layout.cost, search.best)
    program.price(arcs, np.zeros(len(arcs)))
    for column in search.relaxation.shares:
        for sign, ends in ((1.0, low), (-1.0, high)):
            one = np.array([column])
            program.price(one, np.array([sign]))
            bound, _ = search.within(low, high)
            program.price(one, np.array([0.0]))
            if bound < INF:
                ends[column] = max(ends[column], bound - 1e-7) if sign > 0 else min(ends[column], -bound + 1e-7)
    program.price(arcs, layout.cost)
    program.row(limit, -INF, INF)
    return np.minimum(low, high), np.maximum(low, high)


def seek(search: Search) -> float:
    """Search until it is proven or the terms are up; the proven bound on the cost."""
    n = search.relaxation.layout.columns
    low, high = np.zeros(n), np.ones(n)
    bound, values = search.within(low, high)
    if bound == INF:
        return INF
    climb(search, values)
    if search.best < INF and not search.closed(bound):
        low, high = tighten(search, low, high)
        bound, values = search.within(low, high)
        if bound == INF:
            return search.best
    heap = [(bound, 0, low, high, values)]
    lost = INF
    """Lowest bound of what cannot be cut any finer."""
    while heap:
        bound, _, low, high, values = heapq.heappop(heap)
        over = search.spent() > search.terms.seconds or search.nodes > search.terms.nodes
        if search.closed(bound) or over:
            return min(bound, lost, search.best)
        column = int(np.argmax(errors(search, values)))
        for ends in _halves(low, high, values, column):
            below, found = search.within(*ends)
            below = max(below, bound)
            if search.closed(below):
                continue
            _try(search, found)
            if float(errors(search, found).max()) <= _EXACT * search.scale:
                lost = min(lost, below)
            else:
                heapq.heappush(heap, (below, search.nodes, *ends, found))
    return min(lost, search.best)


def _try(search: Search, found: Floats) -> None:
    """Flows from a relaxation: as they are, and now and then the best ones near them."""
    search.offer(found[: len(search.relaxation.layout.arcs)])
    if search.best == INF or search.nodes % _CLIMB_EVERY < 2:
        climb(search, found, 4)


def _halves(low: Floats, high: Floats, values: Floats, column: int) -> list[tuple[Floats, Floats]]:
    """The range of one share in two."""
    width = high[column] - low[column]
    middle = (low[column] + high[column]) / 2
    cut = _TRUST * values[column] + (1 - _TRUST) * middle
    cut = min(max(cut, low[column] + _INSIDE * width), high[column] - _INSIDE * width)
    below, above = high.copy(), low.copy()
    below[column] = above[column] = cut
    return [(low, below), (above, high)]
