"""Conversion of components into one another: who becomes whom, and which share of it.

Mass is conserved by construction: what a component does not give away it keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_WHOLE = 1e-12  # shares that add up to 1 within this leave nothing behind


@dataclass(frozen=True)
class Moves:
    """Shares of components that become other components.

    Parameters
    ----------
    source, target
        Components, shape (M,); never the same, and a pair stands once. They must not depend on the drivers of a
        unit, only the shares may.
    share
        Share of the source that becomes the target, shape (S or 1, M), from 0 to 1; those of one source add up
        to at most 1.

    Examples
    --------
    >>> moves = Moves(np.array([0]), np.array([1]), np.array([[0.25]]))
    >>> moves.applied(np.array([[8.0, 1.0]]), 2)
    array([[6., 3.]])
    """

    source: Ints
    target: Ints
    share: Floats

    def __len__(self) -> int:
        return len(self.source)

    def take(self, rows: Ints) -> Moves:
        """The same moves for some of the scenarios."""
        return self if len(self.share) == 1 else Moves(self.source, self.target, self.share[rows])

    def pick(self, columns: Ints) -> Moves:
        """The moves among some of the components, given in rising order and numbered anew.

        A source that is picked must bring its targets along.
        """
        last = max(int(columns[-1]) if len(columns) else -1, int(self.source.max(initial=-1)),
                   int(self.target.max(initial=-1)))  # fmt: skip
        new = np.full(last + 1, -1)
        new[columns] = np.arange(len(columns))
        stays = new[self.source] >= 0
        return Moves(new[self.source[stays]], new[self.target[stays]], self.share[:, stays])

    def kept(self, count: int) -> Floats:
        """Share of each of ``count`` components that stays what it is, shape (S or 1, count)."""
        known: tuple[int, Floats] | None = self.__dict__.get("_kept")
        if known is None or known[0] != count:
            given = np.zeros((len(self.share), count))
            for n, source in enumerate(self.source):
                given[:, source] += self.share[:, n]
            known = self.__dict__["_kept"] = (count, np.where(given > 1 - _WHOLE, 0.0, 1 - given))
        return known[1]

    def applied(self, flow: Floats, count: int) -> Floats:
        """Flows (..., S, C) after the moves."""
        if not len(self):
            return flow
        return flow * self.kept(count) + self.arriving(flow, count)

    def arriving(self, flow: Floats, count: int) -> Floats:
        """What arrives at each component from flows (..., S, C), same shape."""
        arrived = np.zeros((*flow.shape[:-1], count))
        order, starts, targets = self._by_target
        moved = flow[..., self.source[order]] * self.share[:, order]
        arrived[..., targets] = np.add.reduceat(moved, starts, axis=-1)
        return arrived

    def matrix(self, count: int) -> Floats:
        """Matrix (S or 1, C to, C from) of the conversion, columns summing to 1."""
        found = np.zeros((len(self.share), count, count))
        found[:, np.arange(count), np.arange(count)] = self.kept(count)
        found[:, self.target, self.source] = self.share
        return found

    @cached_property
    def _by_target(self) -> tuple[Ints, Ints, Ints]:
        """Moves in the order of their targets, where each target begins, and the targets."""
        order = np.argsort(self.target, kind="stable")
        targets, starts = np.unique(self.target[order], return_index=True)
        return order, starts, targets


NOTHING_MOVES = Moves(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros((1, 0)))
"""Every component stays what it is."""


def rows_of(values: Floats, rows: Ints) -> Floats:
    """Some rows of an array whose first axis is the scenario; what holds for all scenarios stays as it is."""
    return values if values.ndim == 0 or len(values) == 1 else values[rows]
