"""Flows of all streams of a circuit, each kept in the components that can be in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from zveno.simulate.basis import Basis, Bools, Floats, Ints
from zveno.simulate.plan import OUTSIDE, Link
from zveno.simulate.units import UnitModel


class Flows:
    """Flows of ``len(self)`` streams in ``rows`` scenarios and ``width`` components, t/h."""

    def __init__(self, count: int, rows: int, width: int) -> None:
        self._rows, self._width = rows, width
        self._columns: list[Ints] = [np.array([width - 1])] * count
        self._values: list[Floats] = [np.zeros((rows, 1))] * count

    def __len__(self) -> int:
        return len(self._values)

    def put(self, stream: int, columns: Ints, values: Floats) -> None:
        """Set a stream: values (S, columns), in rising order of the columns."""
        self._columns[stream], self._values[stream] = columns, np.broadcast_to(values, (self._rows, len(columns)))

    def columns(self, stream: int) -> Ints:
        """Components that can be in a stream; water, the last, always is among them."""
        return self._columns[stream]

    def kept(self, stream: int) -> Floats:
        """Flow of a stream in its own columns."""
        return self._values[stream]

    def of(self, stream: int, columns: Ints | None = None) -> Floats:
        """Flow (S, columns) of a stream; all components where none are named.

        Components of the stream that are not among the columns are taken for empty.
        """
        own, values = self._columns[stream], self._values[stream]
        if columns is None:
            columns = np.arange(self._width)
        if own is columns or np.array_equal(own, columns):
            return values
        found = np.zeros((self._rows, len(columns)))
        there, place, source = np.intersect1d(columns, own, assume_unique=True, return_indices=True)
        if len(there):
            found[:, place] = values[:, source]
        return found

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Flows of batches of scenarios as one."""
        first = parts[0]
        found = cls(len(first), sum(one._rows for one in parts), first._width)
        for stream in range(len(first)):
            columns = first._columns[stream]
            if all(np.array_equal(one._columns[stream], columns) for one in parts):
                values = [one._values[stream] for one in parts]
            else:
                columns = np.unique(np.concatenate([one._columns[stream] for one in parts]))
                values = [one.of(stream, columns) for one in parts]
            found.put(stream, columns, np.concatenate(values))
        return found


def present(units: Sequence[UnitModel], links: Sequence[Link], feeds: Mapping[int, Floats], basis: Basis) -> Bools:
    """Components that can enter or leave each unit in any scenario, shape (units, C); water always can."""
    enter = np.zeros((len(units), len(basis)), dtype=bool)
    enter[:, -1] = True
    for n, unit in enumerate(units):
        supplied = unit.requested(np.ones((1, len(unit.drivers))), basis)
        if supplied is not None:
            enter[n] |= (supplied != 0).any(axis=(0, 1))
    for number, feed in feeds.items():
        if links[number].target != OUTSIDE:
            enter[links[number].target] |= (feed != 0).any(axis=0)
    changes = [_changes(unit, basis) for unit in units]
    leave = np.array([_after(one, change) for one, change in zip(enter, changes, strict=True)])
    onward: dict[int, set[int]] = {n: set() for n in range(len(units))}
    for link in links:
        if OUTSIDE not in (link.source, link.target):
            onward[link.source].add(link.target)
    waiting = list(range(len(units)))
    while waiting:
        source = waiting.pop()
        for target in onward[source]:
            if (leave[source] & ~enter[target]).any():
                enter[target] |= leave[source]
                leave[target] = _after(enter[target], changes[target])
                waiting.append(target)
    return np.asarray(enter | leave)


_Changes = tuple[Ints, Ints, Bools]


def _changes(unit: UnitModel, basis: Basis) -> _Changes | None:
    """What a unit makes of components: sources, targets, and which components nothing is left of."""
    moves = unit.convert(np.ones((1, len(unit.drivers))), basis)
    if moves is None or not len(moves):
        return None
    return moves.source, moves.target, ~(moves.kept(len(basis)) != 0).any(axis=0)


def _after(there: Bools, changes: _Changes | None) -> Bools:
    """Components there after a conversion; one that becomes another may become a third."""
    if changes is None:
        return there.copy()
    source, target, gone = changes
    found = there & ~gone
    found[target[there[source]]] = True
    return found
