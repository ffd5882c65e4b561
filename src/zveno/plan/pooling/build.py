"""A pooling problem as arrays: the multi-commodity form with its relaxation.

Every source is a commodity. With ``f`` the flow of an arc, ``x`` the part of it that began at one source and ``y`` the
share of that source in the pool where the arc begins, ``x = y f``; all else is linear. The relaxation puts ``x``
between the four lines that enclose ``y f`` where ``y`` is between bounds; it becomes exact when these meet. Stronger
than the form in qualities, whose relaxation knows nothing of what sources have in common.

References
----------
Alfaki & Haugland (2013), A multi-commodity flow formulation for the generalized pooling problem, J. Global Optim. 56.
McCormick (1976), Math. Program. 10.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.model.pooling import PoolingProblem
from zveno.plan.linear import INF, Floats, Ints, Program, Rows


@dataclass(frozen=True)
class Product:
    """``sum of x = y * sum of f`` over some arcs of one pool and one source, the flows within ``cap`` in sum.

    ``rows`` are the rows of the relaxation: x >= low f, x <= high f, x >= high f + cap (y - high), x <= low f +
    cap (y - low); of several arcs only the last two say anything new.
    """

    share: int
    flows: tuple[int, ...]
    parts: tuple[int, ...]
    cap: float
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """Which column is what: ``flow`` of arc a is column a."""

    arcs: Ints
    """Origin and target of each arc, shape (n, 2): sources first, then pools, then terminals."""
    cost: Floats
    capacity: Floats
    part: dict[tuple[int, int], int]
    """Column by (arc, source)."""
    share: dict[tuple[int, int], int]
    """Column by (pool, source)."""
    columns: int
    sources: int
    pools: int


@dataclass(frozen=True)
class Relaxation:
    """The programme, what is bilinear in it, and where its columns stand."""

    layout: Layout
    program: Program
    products: tuple[Product, ...]
    shares: Ints
    """Columns of the shares."""


def lay_out(problem: PoolingProblem) -> Layout:
    """Columns of a problem: arcs that nothing can reach carry nothing."""
    places = [one.id for one in problem.places]
    number = {name: k for k, name in enumerate(places)}
    arcs = np.array([(number[one.origin], number[one.target]) for one in problem.arcs]).reshape(-1, 2)
    n, p = len(problem.sources), len(problem.pools)
    reach = _reach(arcs, n, n + p)
    part, share, column = {}, {}, len(arcs)
    for a, (origin, _) in enumerate(arcs):
        if origin >= n:
            for k in reach[origin]:
                part[a, k] = column
                column += 1
    for pool in range(n, n + p):
        for k in reach[pool]:
            share[pool, k] = column
            column += 1
    top = np.array([one.high for one in problem.places])
    capacity = np.minimum(top[arcs[:, 0]], top[arcs[:, 1]])
    all_in = float(top[:n].sum())
    capacity = np.where(np.isfinite(capacity), capacity, all_in)
    cost = np.array([one.cost for one in problem.arcs])
    return Layout(arcs, cost, capacity, part, share, column, n, p)


def _reach(arcs: Ints, sources: int, end: int) -> dict[int, list[int]]:
    """Sources whose material can come to each pool."""
    found: dict[int, set[int]] = {pool: set() for pool in range(sources, end)}
    changed = True
    while changed:
        changed = False
        for origin, target in arcs:
            if target in found:
                new = {int(origin)} if origin < sources else found[int(origin)]
                if not new <= found[int(target)]:
                    found[int(target)] |= new
                    changed = True
    return {pool: sorted(one) for pool, one in found.items()}


def relax(problem: PoolingProblem) -> Relaxation:
    """The relaxation with every share between 0 and 1."""
    layout, rows = lay_out(problem), Rows()
    _places(problem, layout, rows)
    _mixing(layout, rows)
    _qualities(problem, layout, rows)
    products = _products(problem, layout, rows)
    high = np.full(layout.columns, INF)
    high[: len(layout.arcs)] = layout.capacity
    shares = np.array(sorted(layout.share.values()), dtype=np.int64)
    high[shares] = 1.0
    cost = np.zeros(layout.columns)
    cost[: len(layout.arcs)] = layout.cost
    program = Program(cost, np.zeros(layout.columns), high, rows)
    return Relaxation(layout, program, products, shares)


def _places(problem: PoolingProblem, layout: Layout, rows: Rows) -> None:
    """What sources give, pools let through and terminals take."""
    for k, one in enumerate(problem.places):
        side = 0 if k < layout.sources else 1
        here = np.flatnonzero(layout.arcs[:, side] == k)
        low = getattr(one, "low", 0.0)
        rows.add(here, np.ones(len(here)), low, one.high if np.isfinite(one.high) else INF)


def _mixing(layout: Layout, rows: Rows) -> None:
    """Every commodity leaves a pool as it came; the parts of a flow make it up; shares make up the whole."""
    for pool in range(layout.sources, layout.sources + layout.pools):
        into, out = (np.flatnonzero(layout.arcs[:, side] == pool) for side in (1, 0))
        here = [k for i, k in layout.share if i == pool]
        for k in here:
            columns = [int(a) if layout.arcs[a, 0] == k else layout.part.get((int(a), k), -1) for a in into]
            came = [one for one in columns if one >= 0]
            left = [layout.part[int(a), k] for a in out]
            rows.add([*came, *left], [1.0] * len(came) + [-1.0] * len(left), 0.0, 0.0)
        for a in out:
            rows.add([int(a), *(layout.part[int(a), k] for k in here)], [-1.0] + [1.0] * len(here), 0.0, 0.0)
        rows.add([layout.share[pool, k] for k in here], [1.0] * len(here), 1.0, 1.0)


def _qualities(problem: PoolingProblem, layout: Layout, rows: Rows) -> None:
    """No terminal takes more of a quality than it may."""
    quality = np.array([one.quality for one in problem.sources])
    for t, terminal in enumerate(problem.terminals):
        into = np.flatnonzero(layout.arcs[:, 1] == layout.sources + layout.pools + t)
        for q, most in enumerate(terminal.quality_max):
            if not np.isfinite(most):
                continue
            columns, values = [], []
            for a in into:
                origin = int(layout.arcs[a, 0])
                direct = [(int(a), origin)] if origin < layout.sources else []
                for column, k in direct or [(c, k) for (arc, k), c in layout.part.items() if arc == a]:
                    columns.append(column)
                    values.append(quality[k, q] - most)
            rows.add(columns, values, -INF, 0.0)


def _products(problem: PoolingProblem, layout: Layout, rows: Rows) -> tuple[Product, ...]:
    """The enclosing lines of each arc's parts, and of all arcs of a pool together."""
    found = []
    for (pool, k), share in layout.share.items():
        out = [int(a) for a in np.flatnonzero(layout.arcs[:, 0] == pool)]
        for group in [*([a] for a in out), out] if len(out) > 1 else [out]:
            parts = tuple(layout.part[a, k] for a in group)
            cap = float(layout.capacity[group].sum())
            if len(group) == len(out):
                cap = min(cap, problem.pools[pool - layout.sources].high)
            columns, ones = [*parts, *group, share], [1.0] * len(parts)
            n = len(group)
            lines = [
                rows.add(columns, [*ones, *([-1.0] * n), -cap], -cap, INF),
                rows.add(columns, [*ones, *([0.0] * n), -cap], -INF, 0.0),
            ]
            if n == 1:
                lines = [
                    rows.add(columns, [*ones, 0.0, 0.0], 0.0, INF),
                    rows.add(columns, [*ones, -1.0, 0.0], -INF, 0.0),
                    *lines,
                ]
            found.append(Product(share, tuple(group), parts, cap, tuple(lines)))
    return tuple(found)
