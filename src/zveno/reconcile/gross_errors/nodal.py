"""Balances at the readings: how far each one is off, as read, and whether its readings' errors allow that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from zveno.model.network import MASS, NetStream, Network
from zveno.reconcile.arrays import Floats

Quantity = tuple[str, str]
_Residual = tuple[float, Floats, str]
_EXACT = 1e-9


@dataclass(frozen=True)
class BalanceTest:
    """A balance at the readings: in less out, its standard deviation and their ratio.

    ``nodes`` are those that the balance goes around, ``place`` their name. ``without`` names streams (joined by +)
    that are not weighed, and whose masses balances of mass give. Positive: more came in than is read to go out.
    ``slopes`` are those of the residual by the readings, (readings,); it is linear in the assays.
    """

    place: str
    quantity: str
    residual: float
    sd: float
    nodes: tuple[str, ...]
    without: str = ""
    slopes: Floats = field(default_factory=lambda: np.zeros(0), repr=False, compare=False)

    @property
    def z(self) -> float:
        """Residual over its standard deviation."""
        return self.residual / self.sd


def balance_tests(network: Network, groups: Mapping[str, Sequence[str]] | None = None) -> tuple[BalanceTest, ...]:
    """Every balance of which all terms are read: of each node, of named groups of nodes, of nodes merged.

    Nodes are merged over streams of which a term is not read, so that it cancels; the mass of a stream that is
    assayed but not weighed is taken from balances of mass, where they give it.

    Parameters
    ----------
    network
        With its readings; several readings of one quantity count by their errors.
    groups
        Nodes of each plant, and of the whole, by name.

    References
    ----------
    Reilly & Carpani (1963), 13th Can. Chem. Eng. Conf.; Mah, Stanley & Downing (1976), Ind. Eng. Chem. Process Des.
    Dev. 15, 175-183 (nodal tests, merged nodes).

    Examples
    --------
    >>> from zveno.model.network import NetNode, NetReading
    >>> streams = (NetStream("feed", None, "mill"), NetStream("product", "mill", None))
    >>> readings = (NetReading("feed", "mass", 103.0, 0.6), NetReading("product", "mass", 100.0, 0.8))
    >>> [round(one.z, 6) for one in balance_tests(Network((NetNode("mill"),), streams, readings))]
    [3.0]
    """
    table = _Table(network)
    found: dict[tuple[frozenset[str], str], BalanceTest] = {}
    named = {frozenset((one.id,)): one.id for one in network.nodes}
    named |= {frozenset(nodes): name for name, nodes in (groups or {}).items()}
    for quantity in (MASS, *network.components):
        for nodes in (*named, *_merged(table, quantity)):
            name = named.get(nodes, "+".join(one.id for one in network.nodes if one.id in nodes))
            key = (nodes, quantity)
            if key not in found and (test := _test(table, name, nodes, quantity)) is not None:
                found[key] = test
    return tuple(found.values())


@dataclass(frozen=True)
class _Value:
    """A quantity at the readings, and how it follows from them (readings,); a fixed value follows from none."""

    value: float
    slopes: Floats


class _Table:
    """A network by name, with what is read of it."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.node = {one.id: one for one in network.nodes}
        self.read: dict[Quantity, list[int]] = {}
        for n, one in enumerate(network.readings):
            if one.value is not None:
                self.read.setdefault((one.stream, one.quantity), []).append(n)

    @cached_property
    def covariance(self) -> Floats:
        """Covariance of all readings."""
        V = np.diag([one.sigma**2 for one in self.network.readings])
        for pair in self.network.covariances:
            i, j = (
                next(n for n in self.read[end] if meter in ("", self.network.readings[n].meter))
                for end, meter in ((pair.first, pair.first_meter), (pair.second, pair.second_meter))
            )
            V[i, j] = V[j, i] = pair.value
        return np.asarray(V)

    def value(self, stream: NetStream, quantity: str) -> _Value | None:
        """A mass or assay at the readings; None where nothing reads it."""
        none = np.zeros(len(self.network.readings))
        if quantity != MASS and quantity not in self.network.carries(stream):
            return _Value(0.0, none)
        if (stream.id, quantity) in self.network.fixed:
            return _Value(self.network.fixed[stream.id, quantity], none)
        numbers = self.read.get((stream.id, quantity), [])
        if not numbers:
            return None
        weight = np.array([self.network.readings[n].sigma ** -2 for n in numbers])
        none[numbers] = weight / weight.sum()
        return _Value(float(sum(none[n] * (self.network.readings[n].value or 0.0) for n in numbers)), none)

    def follows(self, node: str, quantity: str) -> bool:
        """Whether a node balances a quantity."""
        one = self.node[node]
        if quantity == MASS:
            return one.mass
        return one.components is None or quantity in one.components

    def around(self, nodes: frozenset[str]) -> list[tuple[NetStream, float]]:
        """Streams that enter (+1) or leave (-1) a group of nodes."""
        found = []
        for stream in self.network.streams:
            sign = (stream.target in nodes) - (stream.source in nodes)
            if sign:
                found.append((stream, float(sign)))
        return found

    def without(self, names: Sequence[str]) -> Floats | None:
        """Masses that are not weighed, of all that are: (streams, names); None where the balances do not give them.

        ``mass(name) = sum(out[stream, name] mass(stream))`` over the streams that are weighed.
        """
        streams = self.network.streams
        if not names:
            return np.zeros((len(streams), 0))
        nodes = [one.id for one in self.network.nodes if one.mass]
        ends = np.array([[(one.target == n) - (one.source == n) for n in nodes] for one in streams], dtype=float)
        hidden = [k for k, one in enumerate(streams) if self.value(one, MASS) is None]
        wanted = np.array([[streams[k].id == name for name in names] for k in hidden], dtype=float)
        factor = np.linalg.lstsq(ends[hidden], -wanted, rcond=None)[0]
        if np.abs(ends[hidden] @ factor + wanted).max(initial=0.0) > _EXACT:
            return None
        found = ends @ factor
        found[hidden] = 0.0
        return np.asarray(found)

    def unread(self, stream: NetStream, quantity: str) -> bool:
        """Whether nothing reads a term that cannot be taken out: a mass in the mass balance, an assay in another."""
        if quantity != MASS and quantity not in self.network.carries(stream):
            return False
        return self.value(stream, quantity) is None


def _merged(table: _Table, quantity: str) -> Iterator[frozenset[str]]:
    """Nodes merged over streams whose term is not read; what is merged with the outside has no balance."""
    nodes = [one.id for one in table.network.nodes if table.follows(one.id, quantity)]
    group = {one: frozenset((one,)) for one in nodes}
    outside: set[str] = set()
    for stream in table.network.streams:
        if table.unread(stream, quantity):
            ends = [end for end in (stream.source, stream.target) if end in group]
            joined = frozenset().union(*(group[end] for end in ends)) if ends else frozenset()
            for one in joined:
                group[one] = joined
            if len(ends) < 2:
                outside |= joined
    for nodes_of_one in dict.fromkeys(group.values()):
        if not nodes_of_one & outside:
            yield nodes_of_one


def _test(table: _Table, name: str, nodes: frozenset[str], quantity: str) -> BalanceTest | None:
    """The balance around some nodes; None where a term is not read."""
    if not all(table.follows(one, quantity) for one in nodes):
        return None
    around = table.around(nodes)
    if quantity == MASS:
        found = _mass(table, around)
        return found and _told(table, name, nodes, quantity, found)
    carried = [(stream, sign) for stream, sign in around if quantity in table.network.carries(stream)]
    assays = {stream.id: table.value(stream, quantity) for stream, _ in carried}
    if any(one is None for one in assays.values()):
        return None
    known = {name: one for name, one in assays.items() if one is not None}
    found = _component(table, carried, known)
    return found and _told(table, name, nodes, quantity, found)


def _mass(table: _Table, around: Sequence[tuple[NetStream, float]]) -> _Residual | None:
    """The balance of mass."""
    residual, slopes = 0.0, np.zeros(len(table.network.readings))
    for stream, sign in around:
        mass = table.value(stream, MASS)
        if mass is None:
            return None
        residual, slopes = residual + sign * mass.value, slopes + sign * mass.slopes
    return residual, slopes, ""


def _component(
    table: _Table, carried: Sequence[tuple[NetStream, float]], assays: Mapping[str, _Value]
) -> _Residual | None:
    """Sum of ``sign mass assay``, with masses that are not weighed from balances of mass: ``sum(mass c)``."""
    unweighed = [(stream, sign) for stream, sign in carried if table.value(stream, MASS) is None]
    taken = table.without([stream.id for stream, _ in unweighed])
    if taken is None:
        return None
    shares = {stream.id: taken[:, k] * sign for k, (stream, sign) in enumerate(unweighed)}
    residual, slopes = 0.0, np.zeros(len(table.network.readings))
    signs = {stream.id: sign for stream, sign in carried}
    for k, stream in enumerate(table.network.streams):
        mass = table.value(stream, MASS)
        if mass is None:
            continue
        factor = 0.0
        if stream.id in signs:
            factor = signs[stream.id] * assays[stream.id].value
            slopes = slopes + signs[stream.id] * mass.value * assays[stream.id].slopes
        for name, share in shares.items():
            factor += share[k] * assays[name].value
            slopes = slopes + share[k] * mass.value * assays[name].slopes
        residual, slopes = residual + mass.value * factor, slopes + factor * mass.slopes
    return residual, slopes, "+".join(stream.id for stream, _ in unweighed)


def _told(table: _Table, name: str, nodes: frozenset[str], quantity: str, found: _Residual) -> BalanceTest | None:
    """A residual with its standard deviation; nothing where no reading takes part."""
    residual, slopes, without = found
    sd = float(np.sqrt(max(float(slopes @ table.covariance @ slopes), 0.0)))
    order = tuple(one.id for one in table.network.nodes if one.id in nodes)
    return BalanceTest(name, quantity, residual, sd, order, without, slopes) if sd > 0 else None
