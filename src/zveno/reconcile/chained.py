"""Least squares along a chain: each link ties the state before it, the state after it and biases that last.

Every link brings equations in triangular form; the states are eliminated one after the other by orthogonal
transformations, and found again backwards with their covariance. No normal equations are formed, so that what is
known to a millionth and what is hardly known at all stand side by side.

References
----------
Bierman (1977), Factorization Methods for Discrete Sequential Estimation, ch. 5 and 10 (square root information filter
and smoother).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr, solve_triangular

from zveno.reconcile.arrays import Bools, Floats


@dataclass(frozen=True)
class Walks:
    """Biases of the chain: which of them move from link to link, and by how much (J,)."""

    sd: Floats

    @property
    def moving(self) -> Bools:
        """Biases that are not the same in every link."""
        return self.sd > 0


@dataclass(frozen=True)
class Smoothed:
    """States before and after every link and its biases: ``x`` (T, 2 q + J), and factors with ``cov = root root'``.

    ``before`` (J,) are the biases before the first link; ``carry`` is the information on the last state and biases,
    triangular with the right-hand side in its last column; ``decrement`` how far everything lies from zero, in
    standard deviations.
    """

    x: Floats
    root: Floats
    before: Floats
    carry: Floats
    decrement: float


def smoothed(
    links: Floats, prior: Floats, walks: Walks, jumps: Sequence[Floats | None], *, covariance: bool = True
) -> Smoothed:
    """Solve the chain.

    Parameters
    ----------
    links
        Equations of each link in (state before, state after, biases | right-hand side), (T, rows, 2 q + J + 1), all
        with a standard deviation of one.
    prior
        Equations of the first state and the first biases, (rows, q + J + 1).
    walks
        How biases move.
    jumps
        Right-hand sides of the walks into each link, (moving,), over their standard deviations; None where the
        biases before a link are those of the link.
    covariance
        Whether factors are wanted.
    """
    q = (links.shape[2] - 1 - len(walks.sd)) // 2
    steps, carry = [], prior
    for t, link in enumerate(links):
        stacked, e = _stacked(carry, link, walks, jumps[t], q)
        R = np.asarray(qr(stacked, mode="r", check_finite=False)[0], dtype=float)
        steps.append(R[:e])
        carry = _square(R[e:, e:], links.shape[2] - q)
    return _back(steps, carry, walks, q, covariance=covariance)


def _square(rows: Floats, width: int) -> Floats:
    """Rows that matter: as many as there are unknowns."""
    out = np.zeros((width - 1, width))
    kept = rows[: width - 1]
    out[: len(kept)] = kept
    return out


def _stacked(carry: Floats, link: Floats, walks: Walks, jump: Floats | None, q: int) -> tuple[Floats, int]:
    """Equations on (state before, moving biases before | state after, biases, right-hand side)."""
    J, moving = len(walks.sd), walks.moving if jump is not None else np.zeros(len(walks.sd), dtype=bool)
    w = int(moving.sum())
    before = np.zeros((len(carry), q + w + q + J + 1))
    before[:, :q] = carry[:, :q]
    biases = carry[:, q : q + J]
    before[:, q : q + w] = biases[:, moving]
    before[:, q + w + q : -1] = np.where(moving, 0.0, biases)
    before[:, -1] = carry[:, -1]
    walk = np.zeros((w, before.shape[1]))
    if jump is not None and w:
        own = np.arange(w)
        walk[own, q + own] = -1 / walks.sd[moving]
        walk[own, q + w + q + np.flatnonzero(moving)] = 1 / walks.sd[moving]
        walk[:, -1] = jump
    now = np.zeros((len(link), before.shape[1]))
    now[:, :q] = link[:, :q]
    now[:, q + w :] = link[:, q:]
    return np.concatenate([before, walk, now]), q + w


def _back(steps: Sequence[Floats], carry: Floats, walks: Walks, q: int, *, covariance: bool) -> Smoothed:
    """From the last state to the first one, each with the factor of its covariance."""
    J, moving = len(walks.sd), walks.moving
    later = solve_triangular(carry[:, :-1], carry[:, -1])
    root = solve_triangular(carry[:, :-1], np.eye(q + J)) if covariance else np.zeros((q + J, 0))
    found = []
    for R in reversed(steps):
        e = len(R)
        along = solve_triangular(R[:, :e], np.column_stack([R[:, e:], np.eye(e)] if covariance else [R[:, e:]]))
        M, c, D = along[:, : q + J], along[:, q + J], along[:, q + J + 1 :]
        gone = c - M @ later
        gone_root = np.concatenate([D, -M @ root], axis=1)
        wide = np.concatenate([np.zeros((q + J, D.shape[1])), root], axis=1)
        found.append((np.concatenate([gone[:q], later]), np.concatenate([gone_root[:q], wide])))
        biases, bias_root = later[q:].copy(), wide[q:].copy()
        if e > q:
            biases[moving], bias_root[moving] = gone[q:], gone_root[q:]
        later = np.concatenate([gone[:q], biases])
        root = _narrow(np.concatenate([gone_root[:q], bias_root]))
    found.reverse()
    width = max(one.shape[1] for _, one in found)
    roots = np.zeros((len(found), 2 * q + J, width))
    for t, (_, one) in enumerate(found):
        roots[t, :, : one.shape[1]] = one
    pull = np.concatenate([*(R[:, -1] for R in steps), carry[:, -1]])
    return Smoothed(np.array([x for x, _ in found]), roots, later[q:], carry, float(np.linalg.norm(pull)))


def _narrow(root: Floats) -> Floats:
    """The same covariance from as many columns as rows."""
    if root.shape[1] <= root.shape[0]:
        return root
    return np.asarray(qr(root.T, mode="r", check_finite=False)[0][: root.shape[0]].T)
