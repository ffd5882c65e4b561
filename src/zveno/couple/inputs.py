"""Inputs: feeds and head grades of a period, fitted beside what is asked for, since the balance only measures them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

import numpy as np
from scipy.optimize import linear_sum_assignment

from zveno.errors import ModelError
from zveno.model.chain import ChainModel
from zveno.model.types import COPPER, Ore, Stream
from zveno.reconcile.topology import topology
from zveno.simulate.checks import is_simulated
from zveno.simulate.keys import base_value
from zveno.simulate.ore import mineral_fractions
from zveno.simulate.scenario import Scenarios
from zveno.simulate.units.splitter import Splitter

_PASSING = (
    "classifier", "conditioner", "crusher", "cyclone", "mill", "nageswararao_cyclone", "perfect_mixing_mill",
    "plitt_cyclone", "reid_mill", "splitter",
)  # fmt: skip
"""Unit models that leave what material is made of as it is."""
_TELLING = 0.05
"""Share of an element that a mineral must hold for the element to tell how much of the mineral there is."""


def input_keys(model: ChainModel, observed: Collection[str], day: date | None) -> tuple[str, ...]:
    """Keys of the feeds, head grades and shares of lines that a balance tells of.

    Each feed whose mass is known is one; so is, for each component that is known of the feed (of a single feed: known
    anywhere), the figure of the ore or material that holds most of it; so are the shares of a splitter whose outlets
    are all known.

    Parameters
    ----------
    observed
        Names of what is compared.
    """
    place = topology(model).place
    known = {name.partition(":")[2].removeprefix("grade.").removeprefix("share.") for name in observed} - {"solids"}
    found: list[str] = []
    feeds = list(_feeds(model))
    for stream in feeds:
        if f"{place.get(stream.id)}:solids" in observed:
            found.append(f"{stream.id}.feed")
        told = known if len(feeds) == 1 else _told(model, observed, stream)
        if stream.ore:
            found += _of_ore(model, model.ores[stream.ore], told, day)
        elif stream.material:
            found += _of_material(model, stream, told)
    found += _shares(model, observed)
    return tuple(one for one in dict.fromkeys(found) if _is_above_zero(model, one, day))


def _feeds(model: ChainModel) -> Iterator[Stream]:
    """Feeds from outside to simulated units."""
    return (one for one in model.streams.values() if one.feed is not None and is_simulated(model, one.target))


def _told(model: ChainModel, observed: Collection[str], feed: Stream) -> set[str]:
    """Components that are known of a feed itself, or of what is still the same material."""
    place, names, seen = topology(model).place, {feed.id}, {""}
    while names != seen:
        seen = set(names)
        passed = {model.streams[one].target.partition(":")[0] for one in names}
        units = {one for one in passed if one in model.units and model.units[one].model in _PASSING}
        names |= {one.id for one in model.streams.values() if one.source.partition(":")[0] in units}
    same = {place[one] for one in names if one in place}
    split = [name.partition(":") for name in observed]
    return {quantity.removeprefix("grade.") for stream, _, quantity in split if stream in same} - {"solids"}


def _of_ore(model: ChainModel, ore: Ore, followed: Collection[str], day: date | None) -> list[str]:
    """Figures of an ore, one for each component: copper by its grade, traces by theirs, others by a mineral each.

    Which mineral stands for which component is the choice that leaves the largest shares together.
    """
    found = [ore.grade] if COPPER in followed else []
    found += [figure for element, figure in ore.trace.items() if element in followed]
    elements = [one for one in model.chain.components if one in followed and one not in (COPPER, *ore.trace)]
    minerals = list(ore.minerals)
    if not (elements and minerals):
        return found
    fractions = {
        name: float(one[0]) for name, one in mineral_fractions(model, ore, Scenarios(model, ("",), day)).items()
    }
    held = {
        one: {name: share * _content(model, name, one) for name, share in fractions.items()} for one in elements
    }  # fmt: skip
    share = np.array([[held[one][name] / (sum(held[one].values()) or 1.0) for name in minerals] for one in elements])
    rows, columns = linear_sum_assignment(-np.log(share + 1e-9))
    return found + [ore.minerals[minerals[m]] for e, m in zip(rows, columns, strict=True) if share[e, m] > _TELLING]


def _content(model: ChainModel, mineral: str, element: str) -> float:
    """Mass fraction of an element in a mineral."""
    return model.minerals[mineral].composition.get(element, 0.0)


def _of_material(model: ChainModel, stream: Stream, components: Collection[str]) -> list[str]:
    """Figures of a material's contents."""
    contents = model.materials[stream.material].contents
    named = [contents.get(one) for one in model.chain.components if one in components]
    return [one for one in named if isinstance(one, str) and one in model.parameters]


def _shares(model: ChainModel, observed: Collection[str]) -> Iterator[str]:
    """Shares of splitters all of whose outlets are known."""
    place = topology(model).place
    for unit in model.units.values():
        if unit.model != "splitter":
            continue
        outlets = [one for one in model.streams.values() if one.source.partition(":")[0] == unit.id]
        if all(place.get(one.id) == one.id and f"{one.id}:solids" in observed for one in outlets):
            yield from (f"{unit.id}.share_{one}" for one in Splitter.outlets[1:] if f"share_{one}" in unit.parameters)


def _is_above_zero(model: ChainModel, key: str, day: date | None) -> bool:
    """Whether the description has it, and above zero: what is not there cannot grow by a factor."""
    try:
        return base_value(model, key, day) > 0
    except ModelError:
        return False
