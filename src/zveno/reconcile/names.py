"""Names become numbers: streams, quantities and readings of a network, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zveno.errors import DataError, Fault, fault
from zveno.model.network import MASS, Network
from zveno.text.words import quantity_phrase

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Names:
    """Numbers of streams and quantities by name: masses first, then pairs of stream and component."""

    def __init__(self, network: Network) -> None:
        self.streams = {one.id: i for i, one in enumerate(network.streams)}
        self.components = {one: k for k, one in enumerate(network.components)}
        carried = [(one.id, component) for one in network.streams for component in network.carries(one)]
        self.pairs: dict[tuple[str, str], int] = {pair: k for k, pair in enumerate(carried)}

    def quantity(self, stream: str, quantity: str) -> int | None:
        """Number of a mass or pair; None for a component that the stream does not carry."""
        if quantity == MASS:
            return self.streams[stream]
        pair = self.pairs.get((stream, quantity))
        return None if pair is None else len(self.streams) + pair

    @cached_property
    def pair_stream(self) -> Ints:
        """Stream of each pair."""
        return np.array([self.streams[stream] for stream, _ in self.pairs], dtype=np.int64)

    @cached_property
    def pair_component(self) -> Ints:
        """Component of each pair."""
        return np.array([self.components[one] for _, one in self.pairs], dtype=np.int64)


def check(network: Network) -> None:
    """Raise one DataError that lists everything that makes the network unusable."""
    faults = [*_name_faults(network), *_reading_faults(network), *_end_faults(network)]
    if faults:
        raise DataError(faults)


def _name_faults(network: Network) -> list[Fault]:
    """Names that do not exist."""
    nodes = {one.id for one in network.nodes}
    streams = {one.id for one in network.streams}
    faults = [
        fault("stream '{stream}' joins node '{node}', which does not exist", stream=one.id, node=end)
        for one in network.streams
        for end in (one.source, one.target)
        if end is not None and end not in nodes
    ]
    if len(streams) < len(network.streams):
        faults.append(fault("two streams of the network have the same name: give each its own"))
    known = {MASS, *network.components}
    used = [(one.stream, one.quantity) for one in network.readings]
    used += list(network.fixed)
    used += [(term.stream, term.quantity) for one in network.constraints for term in one.terms]
    used += [end for one in network.covariances for end in (one.first, one.second)]
    for stream, quantity in dict.fromkeys(used):
        if stream not in streams:
            faults.append(fault("stream '{stream}' does not exist in the network", stream=stream))
        elif quantity not in known:
            faults.append(
                fault("quantity '{quantity}' of stream '{stream}' is neither 'mass' nor a component",
                      quantity=quantity, stream=stream)
            )  # fmt: skip
    return faults


def _reading_faults(network: Network) -> list[Fault]:
    """Readings without a usable value or error."""
    sigma = np.array([one.sigma for one in network.readings], dtype=float)
    value = reading_values(network)
    one_of = np.array([(one.value is None) != (one.below is None) for one in network.readings], dtype=bool)
    with np.errstate(invalid="ignore"):
        bad = ~(np.isfinite(sigma) & (sigma > 0) & one_of & np.isfinite(value))
    return [
        fault("the reading of {quantity} of stream '{stream}' needs a value (or a limit) and a standard "
              "deviation above zero", quantity=quantity_phrase(network.readings[k].quantity),
              stream=network.readings[k].stream)
        for k in np.flatnonzero(bad)
    ]  # fmt: skip


def _end_faults(network: Network) -> list[Fault]:
    """Nodes whose mass cannot balance because material only enters or only leaves."""
    enters, leaves = set(), set()
    for one in network.streams:
        if one.source != one.target:
            enters.add(one.target)
            leaves.add(one.source)
    return [
        fault("node '{node}' has streams on one side only, so its mass cannot balance: add the missing "
              "stream, or write mass: false", node=node.id)
        for node in network.nodes
        if node.mass and (node.id in enters) != (node.id in leaves)
    ]  # fmt: skip


def reading_values(network: Network) -> Floats:
    """Value of each reading, or its limit; NaN where it has neither."""
    values = [one.below if one.value is None else one.value for one in network.readings]
    return np.array([np.nan if one is None else one for one in values], dtype=float)


def reading_of(network: Network, names: Names) -> Ints:
    """Quantity of each reading."""
    used = [names.quantity(one.stream, one.quantity) for one in network.readings]
    missing = [one for one, at in zip(network.readings, used, strict=True) if at is None]
    if missing:
        raise DataError(
            fault(
                "stream '{stream}' does not carry {quantity}, but there is a reading of it",
                stream=one.stream,
                quantity=quantity_phrase(one.quantity),
            )
            for one in missing
        )
    return np.array(used, dtype=np.int64)


@dataclass(frozen=True)
class CovariancePairs:
    """Covariances between readings: numbers of the two readings, and values, each (pairs,)."""

    first: Ints
    second: Ints
    value: Floats


def covariance_pairs(network: Network) -> CovariancePairs:
    """Covariances of a network by the numbers of the readings."""
    of: dict[tuple[str, str], list[int]] = {}
    if network.covariances:
        for k, reading in enumerate(network.readings):
            of.setdefault((reading.stream, reading.quantity), []).append(k)
    ends = [
        (
            reading_number(network, one.first, one.first_meter, of.get(one.first, ())),
            reading_number(network, one.second, one.second_meter, of.get(one.second, ())),
        )
        for one in network.covariances
    ]
    values = np.array([one.value for one in network.covariances], dtype=float)
    both = np.array(ends, dtype=np.int64).reshape(-1, 2)
    return CovariancePairs(both[:, 0], both[:, 1], values)


def reading_number(
    network: Network, quantity: tuple[str, str], meter: str = "", among: Sequence[int] | None = None
) -> int:
    """Number of the only reading of a quantity (by that meter, if one is named); ``among`` those that may be it."""
    found = [
        k for k in (range(len(network.readings)) if among is None else among)
        if (network.readings[k].stream, network.readings[k].quantity) == quantity
        and meter in ("", network.readings[k].meter)
    ]  # fmt: skip
    if len(found) != 1 or network.readings[found[0]].below is not None:
        raise DataError(
            "the covariance names {quantity} of stream '{stream}', which needs exactly one reading with a value",
            stream=quantity[0], quantity=quantity_phrase(quantity[1]),
        )  # fmt: skip
    return found[0]


def contradictory() -> DataError:
    """What to say of covariances that no errors can have."""
    return DataError("the covariances of the readings contradict each other: no errors can be correlated like this")
