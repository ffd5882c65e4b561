"""Stages of a component: sections, joined wherever what passes between them is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zveno.model.network import Network
from zveno.reconcile import NetworkResult, unsurveyed
from zveno.reconcile.topology import CLOSING, OPENING

Floats = NDArray[np.float64]
OUTSIDE = -1


@dataclass(frozen=True)
class Lane:
    """A stream, or an end of a stock, between two stages (``OUTSIDE`` = -1), with its number among the masses known."""

    stream: str
    source: int
    target: int
    number: int

    @property
    def stock(self) -> str:
        """The stock whose end this is, or nothing."""
        for end in (OPENING, CLOSING):
            if self.stream.endswith(end):
                return self.stream.removesuffix(end)
        return ""


@dataclass(frozen=True)
class Stages:
    """How a component runs through a period.

    ``sections`` of each stage; ``lanes`` with a known mass, ``mass`` (lanes,) in t and ``slopes`` (lanes, variables) of
    the balance by which their errors hang together; ``unknown`` are streams across the outer border whose mass is
    unobservable, with their source and target stage: what they carry out together is what the others leave.
    """

    component: str
    sections: tuple[tuple[str, ...], ...]
    lanes: tuple[Lane, ...]
    mass: Floats
    slopes: Floats
    unknown: tuple[tuple[str, int, int], ...]


def stages_of(network: Network, result: NetworkResult, component: str) -> Stages:
    """Stages of a component; streams that cannot carry it are left out."""
    followed = [one.id for one in network.nodes if one.components is None or component in one.components]
    streams = [one for one in network.streams if component in network.carries(one)]
    hidden = unsurveyed(network)
    found = {one.id: None if one.id in hidden else result.linearised([(one.id, component, 1.0)]) for one in streams}
    number = _joined(followed, [
        (one.source, one.target)
        for one in streams
        if found[one.id] is None and one.source in followed and one.target in followed
    ])  # fmt: skip
    lanes: list[Lane] = []
    mass: list[float] = []
    slopes: list[Floats] = []
    unknown: list[tuple[str, int, int]] = []
    for one in streams:
        source, target = (OUTSIDE if end is None else number.get(end, OUTSIDE) for end in (one.source, one.target))
        if source == target:
            continue
        known = found[one.id]
        if known is None:
            unknown.append((one.id, source, target))
            continue
        lanes.append(Lane(one.id, source, target, len(mass)))
        mass.append(known[0])
        slopes.append(known[1])
    width = result.fit.linear.slopes.shape[1]
    sections: list[tuple[str, ...]] = [
        tuple(name for name in followed if number[name] == k) for k in range(len(set(number.values())))
    ]
    return Stages(
        component, tuple(sections), tuple(lanes), np.array(mass), np.array(slopes).reshape(len(mass), width),
        tuple(unknown),
    )  # fmt: skip


def _joined(names: Sequence[str], pairs: Sequence[tuple[str | None, str | None]]) -> Mapping[str, int]:
    """A number for each name, the same for those that pairs join, in order of their first."""
    leader = {name: name for name in names}

    def first(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for a, b in pairs:
        if a is not None and b is not None:
            leader[first(b)] = first(a)
    numbers: dict[str, int] = {}
    return {name: numbers.setdefault(first(name), len(numbers)) for name in names}
