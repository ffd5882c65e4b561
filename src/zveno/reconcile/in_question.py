"""What was in question before the readings were seen: that it is there, and why it cannot be tested where it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

import numpy as np

from zveno.errors import Fault, fault
from zveno.model.chain import ChainModel
from zveno.model.network import Network
from zveno.reconcile.detectability import NOTHING_CHECKS, TOO_WIDE
from zveno.reconcile.result import NetworkResult
from zveno.text.mark import tr

NO_READING = tr("it has no reading in the period")
TOGETHER = tr("it is read only together with others, as {meters}: put that in question")


def unknown_names(model: ChainModel, asked: Sequence[str]) -> Iterator[Fault]:
    """A fault for each name of no meter and of no error that meters share; names joined by + are read together."""
    shared = {one.shared_error.name for one in model.chain.meters if one.shared_error is not None}
    known = {*model.meters, *shared}
    for name in asked:
        if name not in known and not all(part in model.meters for part in name.split("+")):
            near = get_close_matches(name, sorted(known), n=1)
            yield fault("there is no such meter or shared error as '{name}'", name=name, near=near[0] if near else "")


def untested_reason(result: NetworkResult, name: str) -> str:
    """Why the tests of a solved network say nothing of a meter, or of an error that several share."""
    network = result.network
    numbers = _numbers(network, name)
    if not numbers:
        return absent_reason([network], name)
    position = {int(n): k for k, n in enumerate(result.fit.linear.used)}
    z = [result.fit.tests.z[position[n]] for n in numbers if n in position]
    return TOO_WIDE if np.isfinite(z).any() else NOTHING_CHECKS


def absent_reason(networks: Iterable[Network], name: str) -> str:
    """Why a meter has no reading of its own in some networks."""
    joined = (one.meter for network in networks for one in network.readings if name in one.meter.split("+"))
    meters = next(joined, "")
    return TOGETHER.format(meters=meters) if meters else NO_READING


def _numbers(network: Network, name: str) -> list[int]:
    """Readings that a meter, or an error by name, moves."""
    common = [n for one in network.common if one.name == name for n, _ in one.effects]
    return common or [n for n, one in enumerate(network.readings) if one.meter == name]
