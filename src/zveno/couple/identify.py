"""Identify: which coordinates the data determine, how well, and which only move together. Arrays to arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr
from scipy.sparse.csgraph import connected_components

from zveno.couple.coordinates import Bools, Floats, Ints
from zveno.couple.solve import UNSEEN, seen

LOOSE = 0.5
"""Standard deviation (in coordinates) above which a coordinate is not determined: 95 % of a factor of 2.7."""
LEAK = 0.2
"""The same, of what a coordinate has from directions that are not seen: how far these may go is only a convention."""
_OPEN = 0.35
_TAKES_PART = 0.05


@dataclass(frozen=True)
class Group:
    """Coordinates that only move together.

    Parameters
    ----------
    members
        Their numbers.
    open_moves
        Directions along which the data change little, each (members,) with 1 as its largest entry.
    known
        Combinations that the data do determine, likewise, with their standard deviations.
    """

    members: tuple[int, ...]
    open_moves: Floats
    known: tuple[tuple[Floats, float], ...]


@dataclass(frozen=True)
class Identified:
    """Covariance (N, N) of coordinates, and what is determined (N,); groups of what is not."""

    covariance: Floats
    determined: Bools
    groups: tuple[Group, ...]

    @property
    def sds(self) -> Floats:
        """Standard deviations, shape (N,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def unidentified(n: int) -> Identified:
    """What is known of coordinates of a search that did not end."""
    return Identified(np.zeros((n, n)), np.zeros(n, dtype=bool), ())


def identify(jacobian: Floats, at_bound: Bools, limit: float, asked: Sequence[int]) -> Identified:
    """What the derivatives of independent errors (R, N) say of each coordinate.

    A direction that is not seen counts with the standard deviation 3, so that what hangs on it is not called known.
    A coordinate that a bound holds is not determined, and does not move.

    Parameters
    ----------
    limit
        Standard deviation up to which directions were followed.
    asked
        Coordinates of which groups are told; others appear in them as members only.

    References
    ----------
    Belsley, Kuh & Welsch (1980), Regression Diagnostics, ch. 3 (singular values and what they tie together).
    """
    n = jacobian.shape[1]
    free = np.flatnonzero(~at_bound)
    covariance = np.zeros((n, n))
    directions, sds = seen(jacobian[:, free], limit)
    hidden = np.eye(len(free)) - directions @ directions.T
    covariance[np.ix_(free, free)] = (directions * sds**2) @ directions.T + UNSEEN**2 * hidden
    leak = np.zeros(n)
    leak[free] = UNSEEN * np.sqrt(np.maximum(np.diag(hidden), 0.0))
    determined = ~at_bound & (np.sqrt(np.diag(covariance)) <= LOOSE) & (leak <= LEAK)
    moves = np.zeros((0, n))
    if len(free):
        size, axes = np.linalg.eigh(covariance[np.ix_(free, free)])
        moves = np.zeros((int(np.sum(np.sqrt(np.maximum(size, 0)) > _OPEN)), n))
        moves[:, free] = axes[:, len(size) - len(moves) :].T
    groups = _groups(moves, covariance, np.flatnonzero(~determined & ~at_bound), asked)
    return Identified(covariance, determined, groups)


def _groups(moves: Floats, covariance: Floats, open_: Ints, asked: Sequence[int]) -> tuple[Group, ...]:
    """Open coordinates, parted by which of them take part in the same moves."""
    if not len(moves) or not len(open_):
        return ()
    simple = _simplest(moves[:, open_])
    joint = simple != 0
    count, labels = connected_components(joint.T.astype(int) @ joint.astype(int), directed=False)
    found = []
    for label in range(count):
        members = open_[labels == label]
        if not set(members.tolist()) & set(asked):
            continue
        mine = simple[:, labels == label]
        mine = mine[np.any(mine != 0, axis=1)]
        found.append(Group(tuple(int(one) for one in members), mine, _known(covariance[np.ix_(members, members)])))
    return tuple(sorted(found, key=lambda one: one.members))


def _simplest(moves: Floats) -> Floats:
    """The same moves, combined so that each has as few members as elimination finds; small entries are dropped."""
    _, _, order = qr(moves, pivoting=True)
    pivots = order[: len(moves)]
    simple = np.linalg.lstsq(moves[:, pivots], moves, rcond=None)[0]
    simple = simple / np.maximum(np.abs(simple).max(axis=1, keepdims=True), 1e-300)
    return np.asarray(np.where(np.abs(simple) < _TAKES_PART, 0.0, simple))


def _known(covariance: Floats) -> tuple[tuple[Floats, float], ...]:
    """Combinations of the members of a group that are determined, the best known first."""
    size, axes = np.linalg.eigh(covariance)
    sds = np.sqrt(np.maximum(size, 0))
    found = []
    for n in np.flatnonzero(sds <= _OPEN):
        axis = axes[:, n]
        largest = float(np.abs(axis).max())
        axis = np.where(np.abs(axis) < _TAKES_PART * largest, 0.0, axis / axis[np.argmax(np.abs(axis))])
        found.append((axis, float(sds[n]) / largest))
    return tuple(one for one in found if one[1] <= LOOSE)


def separating(
    jacobian: Floats, group: Group, candidates: Floats, sds: Floats, *, at_bound: Bools
) -> tuple[tuple[int, float], ...]:
    """Up to three further measurements that would part the members of a group, the best first.

    Parameters
    ----------
    candidates
        Derivatives of what could be measured, (C, N).
    sds
        Standard deviations with which it would be, (C,).

    Returns
    -------
    found
        Number of the measurement, and the largest standard deviation that would be left in the group; only those that
        make all of it determined.
    """
    free = np.flatnonzero(~at_bound)
    mine = [int(np.flatnonzero(free == one)[0]) for one in group.members]
    rows = candidates[:, free] / sds[:, None]
    information = jacobian[:, free].T @ jacobian[:, free] + np.eye(len(free)) / UNSEEN**2
    base = np.linalg.inv(information)
    found = []
    for number, row in enumerate(rows):
        along = base @ row
        left = np.diag(base)[mine] - along[mine] ** 2 / (1 + row @ along)
        worst = float(np.sqrt(np.maximum(left, 0).max()))
        if worst <= LOOSE:
            found.append((number, worst))
    return tuple(sorted(found, key=lambda one: one[1])[:3])
