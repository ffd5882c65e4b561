"""What truly mixes when the flows are given: the check of every answer, written apart from the search."""

from __future__ import annotations

import numpy as np

from zveno.model.pooling import PoolingProblem
from zveno.plan.linear import Floats
from zveno.plan.pooling.build import Layout

_NOTHING = 1e-9


def shares_of(layout: Layout, flows: Floats) -> Floats:
    """Share of each source in each pool, shape (pools, sources); 0 where nothing passes.

    Solves ``out_i y_i - sum over pools j of f_ji y_j = what came from sources``.
    """
    n, p = layout.sources, layout.pools
    matrix, right = np.zeros((p, p)), np.zeros((p, n))
    for (origin, target), flow in zip(layout.arcs, flows, strict=True):
        if n <= target < n + p:
            matrix[target - n, target - n] += flow
            if origin < n:
                right[target - n, origin] += flow
            else:
                matrix[target - n, origin - n] -= flow
    still = np.diag(matrix) <= _NOTHING
    matrix[still] = np.eye(p)[still]
    right[still] = 0.0
    return np.asarray(np.linalg.lstsq(matrix, right, rcond=None)[0])


def excess(problem: PoolingProblem, layout: Layout, flows: Floats) -> float:
    """The largest breach of any limit by these flows: flows in their own uom, qualities times flow."""
    n, p = layout.sources, layout.pools
    shares = np.vstack([np.eye(n), shares_of(layout, flows)])
    quality = np.array([one.quality for one in problem.sources]).reshape(n, -1)
    worst = float(max(0.0, -flows.min(initial=0.0)))
    places = problem.places
    came = np.bincount(layout.arcs[:, 1], flows, len(places))
    left = np.bincount(layout.arcs[:, 0], flows, len(places))
    for k, one in enumerate(places):
        passed = left[k] if k < n else came[k]
        worst = max(worst, passed - one.high, getattr(one, "low", 0.0) - passed)
        if n <= k < n + p:
            worst = max(worst, abs(came[k] - left[k]))
    for t, terminal in enumerate(problem.terminals):
        into = np.flatnonzero(layout.arcs[:, 1] == n + p + t)
        got = flows[into] @ (shares[layout.arcs[into, 0]] @ quality)
        worst = max(worst, float(np.max(got - np.array(terminal.quality_max) * came[n + p + t], initial=0.0)))
    return worst
