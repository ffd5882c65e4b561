"""Networks in which an error is no longer taken as small: the reading is gone, shared errors and losses are free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from zveno.model.network import NetCommon, NetCovariance, Network
from zveno.reconcile.gross_errors.hypotheses import Hypothesis

_WIDE = 100.0


@dataclass(frozen=True)
class Freed:
    """A network with some hypotheses let go.

    ``wide`` counts shared errors that are let go: their readings stay, with errors so wide that they no longer say
    anything of it, so that each takes one degree of freedom that the fit still counts. ``kept`` are the numbers that
    the readings had.
    """

    network: Network
    kept: tuple[int, ...]
    wide: int


def freed(network: Network, gone: Sequence[tuple[Hypothesis, float]]) -> Freed:
    """The network without what some hypotheses, each with the standard deviation of its size, say is wrong."""
    single = {n for one, _ in gone if one.kind == "reading" for n in one.readings}
    for one, sd in gone:
        if one.kind == "loss":
            network = _released(network, one.name, one.quantity)
        elif one.kind == "common":
            network = _widened(network, one, _WIDE * sd)
    kept = tuple(n for n in range(len(network.readings)) if n not in single)
    return Freed(without(network, single), kept, sum(one.kind == "common" for one, _ in gone))


def without(network: Network, gone: set[int]) -> Network:
    """The network without some readings, their covariances and their part in common errors."""
    names = {(one.stream, one.quantity, one.meter) for k, one in enumerate(network.readings) if k in gone}
    covariances = tuple(
        one for one in network.covariances
        if not any(
            (stream, quantity) == end and meter in ("", name)
            for stream, quantity, name in names
            for end, meter in ((one.first, one.first_meter), (one.second, one.second_meter))
        )
    )  # fmt: skip
    kept = [k for k in range(len(network.readings)) if k not in gone]
    number = {k: n for n, k in enumerate(kept)}
    common = tuple(
        NetCommon(one.name, tuple((number[k], effect) for k, effect in one.effects if k in number))
        for one in network.common
    )
    return replace(
        network, readings=tuple(network.readings[k] for k in kept), covariances=covariances, common=common
    )  # fmt: skip


def _released(network: Network, node: str, quantity: str) -> Network:
    """The network without one balance of a node."""
    nodes = []
    for one in network.nodes:
        followed = network.components if one.components is None else one.components
        if one.id != node:
            nodes.append(one)
        elif quantity == "mass":
            nodes.append(replace(one, mass=False))
        else:
            nodes.append(replace(one, components=tuple(name for name in followed if name != quantity)))
    return replace(network, nodes=tuple(nodes))


def _widened(network: Network, one: Hypothesis, width: float) -> Network:
    """The network in which a shared error has a standard deviation of ``width``."""
    known = {
        frozenset(((pair.first, pair.first_meter), (pair.second, pair.second_meter))): pair
        for pair in network.covariances
    }
    readings = list(network.readings)
    for n, moved in one.effects:
        readings[n] = replace(readings[n], sigma=float(np.hypot(readings[n].sigma, width * moved)))
    for a, (n, first) in enumerate(one.effects):
        for m, second in one.effects[a + 1 :]:
            ends = [(readings[k].stream, readings[k].quantity) for k in (n, m)]
            meters = [readings[k].meter for k in (n, m)]
            old = known.pop(frozenset(zip(ends, meters, strict=True)), None)
            value = (old.value if old else 0.0) + width**2 * first * second
            pair = NetCovariance(ends[0], ends[1], value, meters[0], meters[1])
            known[frozenset(zip(ends, meters, strict=True))] = pair
    return replace(network, readings=tuple(readings), covariances=tuple(known.values()))
