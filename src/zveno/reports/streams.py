"""Names of what a balance is drawn over: streams between sections, and stocks at both ends of a period."""

from __future__ import annotations

from dataclasses import dataclass

from zveno.model.chain import ChainModel
from zveno.text.catalogue import Catalogue

OPENING, CLOSING = ".opening", ".closing"
"""Endings of a stock's id under which the table ``flows`` holds it at either end of the period."""


@dataclass(frozen=True)
class BalanceStream:
    """A stream or a group of streams between two places (section or boundary ids)."""

    id: str
    source: str
    target: str


def balance_streams(model: ChainModel) -> tuple[BalanceStream, ...]:
    """Streams that pass from one section or boundary to another, those of one group as one.

    Water and gas that carry no component are no part of a balance.
    """
    found = {
        BalanceStream(one.group or one.id, model.place_of(one.source), model.place_of(one.target)): None
        for one in model.chain.streams
        if one.is_balanced
    }
    return tuple(one for one in found if one.source != one.target)


def balanced_name(model: ChainModel, stream: str) -> str:
    """The id under which a stream is balanced: its group's, if it has one."""
    one = model.streams.get(stream)
    return one.group if one and one.group else stream


def content_of(model: ChainModel, id_: str) -> str:
    """The component that alone is followed in a stream, a group or a stock at either end; empty: the whole mass."""
    name = id_ if id_ in model.titles else id_.removesuffix(OPENING).removesuffix(CLOSING)
    if name in model.streams:
        return model.streams[name].content
    found = (one.content for one in model.chain.stocks if one.id == name)
    return next(found, next((one.content for one in model.chain.streams if one.group == name), ""))


def stream_title(model: ChainModel, id_: str, text: Catalogue, site: str = "") -> str:
    """Title of a stream, or of a stock at one end of the period; said at a site, without that site's name."""
    place = f", {model.title(site, text.lang)}" if site else ""
    known = id_ in model.titles
    if not known and id_.endswith(OPENING):
        return text("{stock}, opening", stock=stream_title(model, id_.removesuffix(OPENING), text, site))
    if not known and id_.endswith(CLOSING):
        return text("{stock}, closing", stock=stream_title(model, id_.removesuffix(CLOSING), text, site))
    return model.title(id_, text.lang).removesuffix(place)
