"""Better blends near a given one: successive linear programmes in flows and shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.model.pooling import PoolingProblem
from zveno.plan.linear import INF, Floats, Ints, Program, Rows
from zveno.plan.pooling.build import Layout


@dataclass(frozen=True)
class Neighbourhood:
    """What stays the same from programme to programme.

    ``pool`` and ``source`` tell of each share whose it is; ``into`` is the sources' own part of each share's inflow.
    """

    layout: Layout
    pool: Ints
    source: Ints
    high: Floats
    places: Floats
    place_low: Floats
    place_high: Floats
    quality: Floats
    quality_max: Floats
    terminal: Ints


def neighbourhood(problem: PoolingProblem, layout: Layout) -> Neighbourhood:
    """The parts of the programmes that no mixture changes."""
    n, p = layout.sources, layout.pools
    all_places = problem.places
    keys = sorted(layout.share, key=lambda one: layout.share[one])
    places = np.zeros((len(all_places), len(layout.arcs)))
    for k in range(len(all_places)):
        places[k, layout.arcs[:, 0 if k < n else 1] == k] = 1.0
    return Neighbourhood(
        layout,
        np.array([pool for pool, _ in keys], dtype=np.int64),
        np.array([source for _, source in keys], dtype=np.int64),
        layout.capacity,
        places,
        np.array([getattr(one, "low", 0.0) for one in all_places]),
        np.array([min(one.high, INF) for one in all_places]),
        np.array([one.quality for one in problem.sources]).reshape(n, -1),
        np.array([one.quality_max for one in problem.terminals]).reshape(len(problem.terminals), -1),
        np.arange(len(problem.terminals)) + n + p,
    )


def step(near: Neighbourhood, flows: Floats, shares: Floats, reach: float) -> Floats | None:
    """Flows that cost least where ``y f`` is ``y0 f + f0 (y - y0)``, the shares within ``reach`` of ``shares``.

    With a reach of 0 the mixture is given and the answer exact. ``shares`` is of shape (pools, sources). None if there
    are no such flows.
    """
    layout = near.layout
    n, a, s = layout.sources, len(layout.arcs), len(near.pool)
    mixed = np.vstack([np.eye(n), shares])
    origin, target = layout.arcs[:, 0], layout.arcs[:, 1]
    part = mixed[origin]
    """Part of each arc's flow that began at each source, (arcs, sources)."""
    kept = np.zeros((s, a + s))
    kept[:, :a] = np.where(target == near.pool[:, None], part[:, near.source].T, 0.0)
    kept[:, :a] -= np.where(origin == near.pool[:, None], part[:, near.source].T, 0.0)
    taken = np.zeros((near.quality_max.size, a + s))
    excess = part[None] @ near.quality - near.quality_max[:, None]
    ends = target == near.terminal[:, None]
    taken[:, :a] = np.where(ends[..., None], excess, 0.0).transpose(0, 2, 1).reshape(-1, a)
    if reach > 0:
        _curve(near, flows, kept, taken)
    rows = Rows()
    for line, low, high in zip(near.places, near.place_low, near.place_high, strict=True):
        _row(rows, line, low, high)
    right = kept[:, a:] @ shares[near.pool - n, near.source]
    for line, value in zip(kept, right, strict=True):
        _row(rows, line, value, value)
    for pool in range(n, n + layout.pools):
        _row(rows, np.where(target == pool, 1.0, 0.0) - np.where(origin == pool, 1.0, 0.0), 0.0, 0.0)
    most = taken[:, a:] @ shares[near.pool - n, near.source]
    for line, limit, value in zip(taken, near.quality_max.ravel(), most, strict=True):
        if np.isfinite(limit):
            _row(rows, line, -INF, value)
    here = shares[near.pool - n, near.source]
    low = np.concatenate([np.zeros(a), np.maximum(here - reach, 0.0)])
    high = np.concatenate([near.high, np.minimum(here + reach, 1.0)])
    answer = Program(np.concatenate([layout.cost, np.zeros(s)]), low, high, rows).solve()
    return answer.values[:a] if answer.status == "optimal" else None


def _curve(near: Neighbourhood, flows: Floats, kept: Floats, taken: Floats) -> None:
    """What a change of shares does to what passes, in the columns of the shares."""
    layout, a = near.layout, len(near.layout.arcs)
    origin, target = layout.arcs[:, 0], layout.arcs[:, 1]
    for column, (pool, source) in enumerate(zip(near.pool, near.source, strict=True)):
        out = np.flatnonzero(origin == pool)
        for arc in out:
            kept[(near.pool == target[arc]) & (near.source == source), a + column] += flows[arc]
        kept[column, a + column] -= flows[out].sum()
        for t, terminal in enumerate(near.terminal):
            passed = flows[out[target[out] == terminal]].sum()
            size = near.quality.shape[1]
            taken[t * size : (t + 1) * size, a + column] += passed * near.quality[source]


def _row(rows: Rows, line: Floats, low: float, high: float) -> None:
    """A row from a line of numbers."""
    used = np.flatnonzero(line)
    rows.add(used, line[used], low, high)
