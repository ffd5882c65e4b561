"""Which units have a part in it: where a key acts, where a result comes from, and what lies between."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from zveno.errors import some_names
from zveno.model.chain import ChainModel
from zveno.model.types import Ore
from zveno.simulate.checks import is_simulated
from zveno.simulate.keys import Target
from zveno.simulate.results import Result

_NUMBER = re.compile(r"(\d+)")


def acts_on(model: ChainModel, target: Target) -> tuple[str, ...]:
    """Simulated units in which something that can be set acts: those that have it, or that a feed of it enters.

    Examples
    --------
    A parameter of a mill acts in the mill; a figure in all units whose parameters name it; the grade of an ore in the
    units that the ore enters.
    """
    if target.kind == "unit":
        return (target.owner,)
    if target.kind == "stream":
        return (_end(model.streams[target.owner].target),)
    found = dict.fromkeys(
        unit.id
        for unit in model.units.values()
        if unit.model and any(_names(value, target.owner) for value in unit.parameters.values())
    )
    ores = {one.id for one in model.ores.values() if _of_ore(one, target.owner)}
    materials = {one.id for one in model.materials.values() if target.owner in one.contents.values()}
    for stream in model.streams.values():
        given = target.owner in (stream.feed, stream.feed_water) or stream.ore in ores or stream.material in materials
        if given and is_simulated(model, stream.target):
            found[_end(stream.target)] = None
    return tuple(found)


def comes_from(model: ChainModel, result: Result) -> tuple[str, ...]:
    """Simulated units that give a result: those that its streams or products leave, or that report it."""
    return tuple(dict.fromkeys(_giving(model, result.of)))


def between(model: ChainModel, starts: Iterable[str], ends: Iterable[str]) -> tuple[str, ...]:
    """Simulated units on any way from some units to others, both among them, in the order of the description.

    A way begins at the last of the starts and ends at the first of the ends that it comes to; without one it is those
    two sets.
    """
    starts, ends = set(starts), set(ends)
    onward: dict[str, set[str]] = {}
    back: dict[str, set[str]] = {}
    for stream in model.streams.values():
        source, target = _end(stream.source), _end(stream.target)
        if is_simulated(model, source) and is_simulated(model, target):
            onward.setdefault(source, set()).add(target)
            back.setdefault(target, set()).add(source)
    found = (_reached(starts, onward, ends) & _reached(ends, back, starts)) | starts | ends
    return tuple(one for one in model.units if one in found)


def alike(names: Iterable[str]) -> dict[str, list[str]]:
    """Names by what they have in common: those that differ in numbers alone, such as of parallel lines, as one.

    Examples
    --------
    >>> alike(["line1.mill", "line2.mill", "line1.cell1", "filter"])
    {'line*.mill': ['line1.mill', 'line2.mill'], 'line1.cell1': ['line1.cell1'], 'filter': ['filter']}
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for one in dict.fromkeys(names):
        groups.setdefault(tuple(_NUMBER.split(one)[::2]), []).append(one)
    found = {}
    for words, members in groups.items():
        numbers = zip(*(_NUMBER.split(one)[1::2] for one in members), strict=True)
        said = [one[0] if len(set(one)) == 1 else "*" for one in numbers]
        found["".join(part for pair in zip(words, (*said, ""), strict=True) for part in pair)] = members
    return found


def named(names: Iterable[str], most: int = 12) -> str:
    """Names in quotes for a message, those of parallel lines as one.

    >>> named(["line1.mill", "line2.mill", "filter"])
    "'line*.mill', 'filter'"
    """
    return quoted(list(alike(names)), most)


def quoted(names: Sequence[str], most: int = 12) -> str:
    """Names in quotes for a message, the first ones only where they are many."""
    return some_names([f"'{one}'" for one in names], most) or "–"


def _reached(starts: set[str], ways: Mapping[str, set[str]], stops: set[str]) -> set[str]:
    """What can be come to without passing through the stops; the starts are among it."""
    found, waiting = set(starts), [one for one in starts if one not in stops]
    while waiting:
        new = ways.get(waiting.pop(), set()) - found
        found |= new
        waiting += new - stops
    return found


def _giving(model: ChainModel, places: Iterable[str]) -> Iterator[str]:
    """Units that streams, groups or units stand for."""
    for place in places:
        if is_simulated(model, place):
            yield place
        for stream in model.streams.values():
            if place in (stream.id, stream.group):
                source, target = _end(stream.source), _end(stream.target)
                if is_simulated(model, source):
                    yield source
                elif is_simulated(model, target):
                    yield target


def _names(value: object, figure: str) -> bool:
    """A parameter names a figure, or a prefix of it (a table of deportment)."""
    return isinstance(value, str) and (value == figure or figure.startswith(f"{value}."))


def _of_ore(ore: Ore, figure: str) -> bool:
    """A figure is part of what an ore is made of, how it floats or breaks."""
    stated = ore.model_dump(exclude={"id", "title"}).values()
    named = (one for value in stated for one in (value.values() if isinstance(value, dict) else (value,)))
    return any(one and _names(one, figure) for one in named)


def _end(place: str) -> str:
    """The unit of ``unit:port``."""
    return place.partition(":")[0]
