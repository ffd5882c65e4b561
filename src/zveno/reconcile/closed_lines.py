"""Closed lines: a stream whose mass is fixed at nothing carries nothing, and so does what hangs on such streams alone.

A closed line leaves its nodes. It stays in the network as a stream by itself, of a fixed mass that its readings are
shifted by: what they miss nothing by counts as before, correlated or not, while assays of nothing say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from zveno.errors import DataError
from zveno.model.network import MASS, WET_MASS, NetConstraint, NetReading, NetStream, Network

_WEIGHED = (MASS, WET_MASS)


def closed_lines(network: Network) -> tuple[str, ...]:
    """Streams that carry nothing: those fixed at no mass, and all that pass a node on whose other side nothing is left.

    Examples
    --------
    >>> from zveno.model.network import NetNode
    >>> streams = (NetStream("in", None, "a"), NetStream("out", "a", None))
    >>> closed_lines(Network((NetNode("a"),), streams, (), fixed={("in", "mass"): 0.0}))
    ('in', 'out')
    """
    closed = {stream for (stream, quantity), value in network.fixed.items() if quantity == MASS and value == 0}
    balanced = {one.id for one in network.nodes if one.mass}
    while closed:
        sides: dict[tuple[str, bool], list[str]] = {}
        for one in network.streams:
            if one.source != one.target:
                for node, enters in ((one.target, True), (one.source, False)):
                    if node in balanced:
                        sides.setdefault((str(node), enters), []).append(one.id)
        empty = [
            other
            for (node, enters), mine in sides.items()
            if closed.issuperset(mine)
            for other in sides.get((node, not enters), ())
            if other not in closed
        ]
        if not empty:
            break
        closed.update(empty)
    return tuple(one.id for one in network.streams if one.id in closed)


def without_closed_lines(network: Network, closed: tuple[str, ...]) -> Network:
    """The same network with closed lines out of the balances.

    Raises
    ------
    DataError
        If a closed line would have to carry something by a fixed value or an extra equation.
    """
    gone = set(closed)
    fixed = {place: value for place, value in network.fixed.items() if place[0] not in gone}
    for (stream, quantity), value in network.fixed.items():
        if stream in gone and quantity in _WEIGHED and value > 0:
            raise DataError("stream '{stream}' can carry nothing, for what it comes from or goes to is fixed at zero, "
                            "but its mass is fixed at {value}", stream=stream, value=value)  # fmt: skip
    shifts = {one: _shift(network, one) for one in closed}
    readings = tuple(_kept_readings(network, shifts))
    return replace(
        network,
        nodes=tuple(one for one in network.nodes if _touched(network, one.id, gone)),
        streams=tuple(
            NetStream(one.id, None, None, (), one.role) if one.id in gone else one for one in network.streams
        ),
        readings=readings,
        fixed=fixed | {(one, MASS): shift for one, shift in shifts.items()},
        covariances=tuple(
            one for one in network.covariances
            if all(end[0] not in gone or end[1] == MASS for end in (one.first, one.second))
        ),
        constraints=tuple(_constraints(network, gone)),
    )  # fmt: skip


def _touched(network: Network, node: str, gone: set[str]) -> bool:
    """Whether a node still has a stream, or never had one."""
    mine = [one.id for one in network.streams if node in (one.source, one.target)]
    return not mine or not gone.issuperset(mine)


def _shift(network: Network, stream: str) -> float:
    """A mass that keeps every reading of a closed line above nothing."""
    sizes = [
        abs((one.below if one.value is None else one.value) or 0.0) + one.sigma
        for one in network.readings
        if one.stream == stream and one.quantity in _WEIGHED
    ]
    return max(sizes, default=1.0)


def _kept_readings(network: Network, shifts: dict[str, float]) -> Iterator[NetReading]:
    """Readings, those of closed lines shifted; assays and moistures of nothing left out."""
    for one in network.readings:
        if one.stream not in shifts:
            yield one
        elif one.quantity in _WEIGHED:
            shift = shifts[one.stream]
            value, below = (None if size is None else size + shift for size in (one.value, one.below))
            yield replace(one, quantity=MASS, value=value, below=below)


def _constraints(network: Network, gone: set[str]) -> Iterator[NetConstraint]:
    """Extra equations without what closed lines carry."""
    for one in network.constraints:
        if not any(term.stream in gone for term in one.terms):
            yield one
            continue
        kept = tuple(term for term in one.terms if term.stream not in gone)
        if kept:
            yield replace(one, terms=kept)
        elif one.rhs and all(term.quantity == MASS for term in one.terms):
            terms = " + ".join(f"{term.stream}.{term.quantity}" for term in one.terms)
            raise DataError("the equation on {terms} wants {rhs}, but all of these streams are fixed at zero",
                            terms=terms, rhs=one.rhs)  # fmt: skip


def with_closed_lines(report: dict[str, Any], network: Network, closed: tuple[str, ...]) -> dict[str, Any]:
    """The answer with closed lines in it: no mass, and assays of nothing unknown."""
    carried = {one.id: (MASS, *network.carries(one)) for one in network.streams if one.id in closed}
    read = {(one.stream, one.quantity) for one in network.readings if one.value is not None}
    answers = [report, *report["other_local_optima"]]
    for stream, quantities in carried.items():
        for one in answers:
            one["reconciled"][stream] = {quantity: 0.0 if quantity == MASS else None for quantity in quantities}
        report["sigma_reconciled"][stream] = dict(report["reconciled"][stream])
        for quantity in quantities[1:]:
            part, word = ("measured", "non_redundant") if (stream, quantity) in read else ("unmeasured", "unobservable")
            report["classification"][part].setdefault(stream, {})[quantity] = word
        if (stream, MASS) not in read and (stream, MASS) not in network.fixed:
            report["classification"]["unmeasured"].setdefault(stream, {})[MASS] = "observable"
    return report
