"""Figures made again from the cells of the source files, another way than they were made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zveno.explain.again import Cells, made_again
from zveno.explain.ground import Ground, Key
from zveno.explain.resolve import Resolved, Start, resolved
from zveno.model.network import MASS, NetReading, Network
from zveno.reconcile import MonthInput, NetworkResult
from zveno.tables.figure import (
    ErrorOf,
    Figure,
    Formula,
    Handed,
    Leaf,
    Of,
    Over,
    Plus,
    Read,
    Recorded,
    Score,
    Solved,
    Times,
    Worked,
    slopes_of,
    value_of,
)

Floats = NDArray[np.float64]
EXACT = 1e-9
_MICRO = 1e6


@dataclass(frozen=True)
class Recomputed:
    """A figure made again.

    ``value`` and ``sd`` from the cells; ``size`` is that of the largest term that the figure is made of: what a
    difference of large numbers can be known to.
    """

    figure: Figure
    value: float
    sd: float | None
    size: float

    @property
    def apart_frac(self) -> float:
        """Difference to what was published, over the size."""
        return abs(self.value - self.figure.value) / (self.size or 1.0)

    @property
    def relative(self) -> float:
        """The same over the figure itself."""
        return abs(self.value - self.figure.value) / (abs(self.figure.value) or 1.0)

    @property
    def agrees(self) -> bool:
        """Whether both are the same."""
        return self.apart_frac <= EXACT


@dataclass
class Again:
    """Makes figures of a period again from cells.

    Parameters
    ----------
    ground
        The figures.
    cells
        Values read again from the source files.
    errors
        The readings as the engine makes them from the same cells: their standard deviations and covariances.
    """

    ground: Ground
    cells: Cells
    errors: MonthInput
    _views: dict[str, Resolved] = field(default_factory=dict)
    _values: dict[str, float] = field(default_factory=dict)
    _readings: dict[Key, float] = field(default_factory=dict)

    def reading(self, key: Key) -> float:
        """A reading of the period from cells."""
        if key not in self._readings:
            origin = self.ground.measured(key).origin
            assert origin is not None, key
            self._readings[key] = made_again(origin, self.cells)
        return self._readings[key]

    def view(self, name: str) -> Resolved:
        """A balance solved again with the readings made again."""
        if name not in self._views:
            result = self.ground.result(name)
            self._views[name] = resolved(self._network(result.network), start_of(result))
        return self._views[name]

    def _network(self, network: Network) -> Network:
        """The network with readings from cells; their errors and what they share from the same."""
        fresh = {(one.stream, one.quantity, one.meter): one for one in self.errors.network.readings}
        readings = []
        for one in network.readings:
            key = one.stream, one.quantity, one.meter
            value = self.reading(key)
            below = one.below is not None
            readings.append(
                NetReading(*key[:2], None if below else value, fresh[key].sigma, value if below else None, key[2])
            )
        kept = {(one.stream, one.quantity, one.meter) for one in network.readings}
        shared = tuple(
            one for one in self.errors.network.covariances
            if (*one.first, one.first_meter) in kept and (*one.second, one.second_meter) in kept
        )  # fmt: skip
        return replace(network, readings=tuple(readings), covariances=shared, common=())

    def known(self, leaf: Leaf) -> float:
        """Value of a leaf from cells."""
        if isinstance(leaf, Of):
            return self.figure(leaf.address)
        if isinstance(leaf, ErrorOf):
            return self.sd(self.ground.figure(leaf.address))
        if isinstance(leaf, Solved):
            return self.view(leaf.view).value(leaf)
        if isinstance(leaf, Score):
            return self.view("").tested(leaf)[0]
        if isinstance(leaf, Read):
            key = leaf.stream, leaf.quantity, leaf.meter
            return self.errors.measured[self._number[key]].sd if leaf.sd else self.reading(key)
        if isinstance(leaf, Handed):
            rows = self.ground.handed(leaf)
            keys = zip(rows["point"], rows["quantity"], rows["start"], rows["end"], strict=True)
            found = {(p, q, round(a.timestamp() * _MICRO), round(b.timestamp() * _MICRO)) for p, q, a, b in keys}
            return math.fsum(one for key in sorted(found) for one in self.cells.values[key])
        if isinstance(leaf, Recorded):
            return self.cells.single[leaf]
        return leaf.value

    @cached_property
    def _number(self) -> Mapping[Key, int]:
        return {(one.stream, one.quantity, one.meter): n for n, one in enumerate(self.errors.network.readings)}

    def figure(self, address: str) -> float:
        """A figure from cells."""
        if address not in self._values:
            self._values[address] = value_of(self.ground.figure(address).formula, self.known)
        return self._values[address]

    def sd(self, figure: Figure) -> float:
        """Its standard deviation from cells: slopes of the point found again, covariance of the readings."""
        slopes = np.zeros(len(self.ground.network.readings))
        for leaf, slope in self._by_leaves(figure).items():
            if isinstance(leaf, Read) and not leaf.sd:
                slopes[self.ground.readings[leaf.stream, leaf.quantity, leaf.meter]] += slope
            elif isinstance(leaf, Solved | Score):
                found = self.view("" if isinstance(leaf, Score) else leaf.view)
                by = slope * (found.tested(leaf)[1] if isinstance(leaf, Score) else found.slopes(leaf) @ found.linear)
                for key, one in zip(found.keys, by, strict=True):
                    slopes[self.ground.readings[key]] += one
        read = math.sqrt(max(float(slopes @ self.ground.covariance @ slopes), 0.0))
        return math.hypot(read, self._told(figure.formula))

    def _told(self, formula: Formula) -> float:
        """The part of a standard deviation that comes from what was stated and is not read."""
        if not isinstance(formula, Worked) or formula.told_sd is None:
            return 0.0
        return formula.told_sd(np.array([value_of(one, self.known) for one in formula.inputs]))

    def _by_leaves(self, figure: Figure) -> dict[Leaf, float]:
        found: dict[Leaf, float] = {}
        for leaf, slope in slopes_of(figure.formula, self.known).items():
            inner = self._by_leaves(self.ground.figure(leaf.address)) if isinstance(leaf, Of) else {leaf: 1.0}
            for one, by in inner.items():
                found[one] = found.get(one, 0.0) + slope * by
        return found


def recompute(again: Again, address: str) -> Recomputed:
    """Make a figure again from cells.

    Raises
    ------
    DataError
        If there is no such figure, or a cell is missing.
    SolveError
        If a balance behind it does not come out again.
    """
    figure = again.ground.figure(address)
    value = again.figure(address)
    sd = again.sd(figure) if figure.sd is not None else None
    return Recomputed(figure, value, sd, max(_size(again, figure.formula), abs(figure.value)))


def _size(again: Again, formula: Formula) -> float:
    """Largest term that is added up in a formula, times what it is multiplied with."""
    if isinstance(formula, Plus):
        return max((abs(sign) * _size(again, one) for sign, one in formula.terms), default=0.0)
    if isinstance(formula, Times):
        return _size(again, formula.left) * _size(again, formula.right)
    if isinstance(formula, Over):
        return _size(again, formula.above) / abs(value_of(formula.below, again.known))
    if isinstance(formula, Of):
        return max(_size(again, again.ground.figure(formula.address).formula), abs(again.figure(formula.address)))
    if isinstance(formula, Score):
        return again.view("").largest(formula)
    if isinstance(formula, Leaf):
        return abs(value_of(formula, again.known))
    return max((_size(again, one) for one in formula.inputs), default=0.0)


def start_of(result: NetworkResult) -> Start:
    """The point of a balance by names, with what stands at a bound."""
    fit, network = result.fit, result.network
    at: dict[tuple[str, str], float] = {}
    held: set[tuple[str, str]] = set()
    closed = {one.id for n, one in enumerate(network.streams) if fit.closed[n]}
    pair = 0
    for n, one in enumerate(network.streams):
        at[one.id, MASS] = 0.0 if fit.closed[n] else float(fit.mass[n])
        if fit.held[n]:
            held.add((one.id, MASS))
        for component in network.carries(one):
            at[one.id, component] = 0.0 if fit.closed[n] else float(fit.flow[pair])
            if fit.held[fit.problem.n_streams + pair]:
                held.add((one.id, component))
            pair += 1
    return Start(at, frozenset(held), frozenset(closed))
