"""What is balanced: sections become nodes, and what crosses between them becomes streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zveno.errors import Fault, ModelError, fault
from zveno.model.chain import ChainModel
from zveno.model.network import NetNode, NetStream
from zveno.model.types import Stream

OPENING, CLOSING = ".opening", ".closing"
NO_SURVEY = ":no-survey"
BY_THE_BOOK = ":by-the-book"
"""Ends of the names of what stands in for a reading of a stock: neither end was surveyed, or the other one was."""


@dataclass(frozen=True)
class Topology:
    """Nodes and streams of a chain, and which streams of the chain each one stands for.

    ``members`` gives the chain's streams of each balanced stream; ``place`` the balanced stream of each
    stream, group and balanced stream itself. Streams inside a section are in neither.
    """

    nodes: tuple[NetNode, ...]
    streams: tuple[NetStream, ...]
    members: Mapping[str, tuple[str, ...]]
    place: Mapping[str, str]


def contents(model: ChainModel) -> dict[str, str]:
    """The component whose mass alone is followed, by balanced stream and by end of stock."""
    found = {one.group or one.id: one.content for one in model.chain.streams if one.content}
    for stock in model.chain.stocks:
        if stock.content:
            found |= {stock.id + OPENING: stock.content, stock.id + CLOSING: stock.content}
    return found


def topology(model: ChainModel) -> Topology:
    """Sections as nodes; streams between sections or boundaries, those of one group merged under its id.

    Streams inside a section vanish, and so do streams of water or gas that carry no component.

    Raises
    ------
    ModelError
        If the streams of one group do not all join the same two places.
    """
    groups = _groups(model)
    faults = _group_faults(model, groups)
    if faults:
        raise ModelError(faults)
    streams = tuple(_merged(model, name, found) for name, found in groups.items())
    ends_used = {end for one in streams for end in (one.source, one.target)}
    nodes = tuple(NetNode(one.id, one.mass, one.components) for one in model.sections.values() if one.id in ends_used)
    members = {name: tuple(one.id for one in found) for name, found in groups.items()}
    place = {member: name for name, found in members.items() for member in (name, *found)}
    return Topology(nodes, streams, members, place)


def flow_faults(model: ChainModel) -> list[Fault]:
    """Groups of streams that cannot be balanced as one; one that stays partly within a section is none either."""
    named: dict[str, list[Stream]] = {}
    for stream in model.chain.streams:
        if stream.group and stream.is_balanced:
            named.setdefault(stream.group, []).append(stream)
    return _group_faults(model, named)


def _groups(model: ChainModel) -> dict[str, list[Stream]]:
    """Streams that take part in the balance, by their group or their own id."""
    groups: dict[str, list[Stream]] = {}
    for stream in model.chain.streams:
        ends = model.place_of(stream.source), model.place_of(stream.target)
        if ends[0] != ends[1] and stream.is_balanced:
            groups.setdefault(stream.group or stream.id, []).append(stream)
    return groups


def _group_faults(model: ChainModel, groups: Mapping[str, list[Stream]]) -> list[Fault]:
    """A fault for each group whose streams do not all join the same two places."""
    wrong = [name for name, found in groups.items() if len({_ends(model, one) for one in found}) > 1]
    mixed = [name for name, found in groups.items() if len({one.content for one in found}) > 1]
    contents = [
        fault("the streams of group '{group}' have different contents: give all of them the same 'content', or none",
              where=model.places.get(name, ""), group=name)
        for name in mixed
    ]  # fmt: skip
    return contents + [
        fault("the streams of group '{group}' join different sections: give each pair of sections its own group",
              where=model.places.get(name, ""), group=name)
        for name in wrong
    ]  # fmt: skip


def _ends(model: ChainModel, stream: Stream) -> tuple[str | None, str | None]:
    """Sections of a stream; None for a boundary."""
    source, target = model.place_of(stream.source), model.place_of(stream.target)
    return (source if source in model.sections else None), (target if target in model.sections else None)


def _merged(model: ChainModel, name: str, found: Sequence[Stream]) -> NetStream:
    """One balanced stream; it carries what any of its members carries."""
    source, target = _ends(model, found[0])
    components: tuple[str, ...] | None = None
    if all(one.carries is not None for one in found):
        listed = {component for one in found for component in one.carries or ()}
        components = tuple(one for one in model.chain.components if one in listed)
    return NetStream(name, source, target, components)


def stock_streams(model: ChainModel, stock: str, topo: Topology) -> tuple[NetStream, NetStream]:
    """Opening and closing stock as streams from and to outside; they carry what their material carries.

    A material within a section carries what is told of it.
    """
    one = model.stocks[stock]
    material = topo.place.get(one.material)
    inner = model.streams[one.material].carries if one.material in model.streams else None
    carried = next((stream.components for stream in topo.streams if stream.id == material), inner)
    if one.content:
        carried = (one.content,)
    return (
        NetStream(stock + OPENING, None, one.section, carried, "opening_stock"),
        NetStream(stock + CLOSING, one.section, None, carried, "closing_stock"),
    )
