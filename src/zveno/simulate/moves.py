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
            if len(self):
                order = np.argsort(self.source, kind="stable")
                sources, starts = np.unique(self.source[order], return_index=True)
                given[:, sources] = np.add.reduceat(self.share[:, order], starts, axis=1)
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
        arrived[..., self._all.targets] = self._all.amounts(flow, self.share)
        return arrived

    def inflow(self, at: Ints, columns: Ints) -> Inflow:
        """Some of the moves, whose targets stand among the columns, in rising order."""
        at = at[np.argsort(self.target[at], kind="stable")]
        targets, starts = np.unique(self.target[at], return_index=True)
        lone = len(targets) == len(at)
        return Inflow(at, self.source[at], np.searchsorted(columns, targets), None if lone else starts)

    def matrix(self, count: int) -> Floats:
        """Matrix (S or 1, C to, C from) of the conversion, columns summing to 1."""
        found = np.zeros((len(self.share), count, count))
        found[:, np.arange(count), np.arange(count)] = self.kept(count)
        found[:, self.target, self.source] = self.share
        return found

    @cached_property
    def _all(self) -> Inflow:
        """All moves, into all components."""
        return self.inflow(np.arange(len(self)), np.arange(int(self.target.max()) + 1))


@dataclass(frozen=True)
class Inflow:
    """Moves ``at`` of a conversion in the order of their targets: sources by component, ``targets`` by column.

    ``starts`` is where each target begins; None where each target has one source.
    """

    at: Ints
    sources: Ints
    targets: Ints
    starts: Ints | None

    def amounts(self, flow: Floats, share: Floats) -> Floats:
        """What arrives at each target from flows (..., S, C), shape (..., S, targets)."""
        moved = flow[..., self.sources] * share[:, self.at]
        return moved if self.starts is None else np.add.reduceat(moved, self.starts, axis=-1)


NOTHING_MOVES = Moves(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros((1, 0)))
"""Every component stays what it is."""


def rows_of(values: Floats, rows: Ints | slice) -> Floats:
    """Some rows of an array whose first axis is the scenario; what holds for all scenarios stays as it is."""
    return values if values.ndim == 0 or len(values) == 1 else values[rows]
