"""Which flows of a component a flowsheet draws, and under what names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.types import Plant, Stream
from zveno.reports.streams import BalanceStream, balance_streams

Found = tuple[float | None, float | None]
"""A mass with its standard deviation, t."""
_KINDS = ("concentrator", "smelter", "refinery", "foundry", "other")
MASS = "mass"
"""Quantity of the table ``flows`` that is no component: dry solids."""
_NONE = 1e-9
"""Share of the largest flow below which a known flow is none."""
_ELEMENT = re.compile(r"[A-Z][a-z]?")


@dataclass(frozen=True)
class ShownFlow:
    """One line of a flowsheet: the streams it stands for, and their mass, None where it can't be known.

    The sum of several streams carries no standard deviation, for their errors are correlated. ``also`` are further
    places outside that it is weighed for together; ``part`` counts lines of one measured flow that stand apart.
    """

    streams: tuple[str, ...]
    source: str
    target: str
    mass_t: float | None = None
    mass_sd_t: float | None = None
    also: tuple[str, ...] = ()
    part: int = 0

    @property
    def id(self) -> str:
        """Id of the line."""
        return "+".join(self.streams) + (f"#{self.part}" if self.part else "")


def plants_in_order(model: ChainModel) -> tuple[Plant, ...]:
    """Plants site by site in the order of the process: concentrators, smelters, refineries, foundries."""
    lanes = lanes_of(model)
    place = {one: k for k, one in enumerate(dict.fromkeys(lanes.values()))}
    declared = {f"site {one.id}": k - len(model.chain.sites) for k, one in enumerate(model.chain.sites)}

    def rank(plant: Plant) -> tuple[int, int]:
        lane = lanes[plant.id]
        return declared.get(lane, place[lane]), _KINDS.index(plant.kind)

    return tuple(sorted(model.chain.plants, key=rank))


def lanes_of(model: ChainModel) -> dict[str, str]:
    """Lane of each plant: its site, or its own where it stands on none."""
    return {one.id: f"site {one.site}" if one.site else one.id for one in model.chain.plants}


def is_loop(model: ChainModel, source: str, target: str) -> bool:
    """Whether a flow from one section to another runs against the order of the process and closes a loop.

    All streams count, gas and water too: what dust a furnace gives goes back to it.
    """
    order = [section.id for plant in plants_in_order(model) for section in plant.sections]
    if source not in order or target not in order or order.index(target) > order.index(source):
        return False
    after: dict[str, set[str]] = defaultdict(set)
    for one in model.chain.streams:
        after[model.place_of(one.source)].add(model.place_of(one.target))
    found, open_ = {target}, [target]
    while open_:
        new = {one for one in after[open_.pop()] if one not in model.boundaries} - found
        found |= new
        open_.extend(new)
    return source in found


# ---- what is shown -------------------------------------------------------------------------------------


def shown_flows(model: ChainModel, flows: pl.DataFrame | None, *, component: str, lang: str) -> tuple[ShownFlow, ...]:
    """Flows that can carry a component, alike ones between the same two places as one.

    What one meter weighs for several places is not known at each. Left out are streams that by their ``components``,
    ``content`` or ``material`` can't hold it, and those known to carry none.
    """
    table = component_flows(flows, component)
    most = max((mass for mass, _ in table.values() if mass), default=0.0)
    apart: dict[str, list[BalanceStream]] = defaultdict(list)
    for one in balance_streams(model):
        mass = table.get(one.id, (None, None))[0]
        carried = any(_can_carry(model, member, component) for member in _members(model, one.id))
        if carried and (mass is None or abs(mass) > _NONE * most):
            apart[one.id].append(one)
    alike: dict[tuple[str, ...], list[BalanceStream]] = defaultdict(list)
    found: list[ShownFlow] = []
    for name, ends in apart.items():
        if len(ends) > 1:
            found.extend(_spread(model, ends, table.get(name, (None, None))))
        else:
            alike[ends[0].source, ends[0].target, *_likeness(model, name, lang)].append(ends[0])
    return (*(_merged(group, table) for group in alike.values()), *found)


def _spread(model: ChainModel, ends: Sequence[BalanceStream], found: Found) -> list[ShownFlow]:
    """A flow weighed as one between several places: one line where they lie outside, else lines of unknown mass."""
    first = ends[0]
    outside = {one.target for one in ends} <= {*model.boundaries}
    if outside and len({one.source for one in ends}) == 1:
        return [ShownFlow((first.id,), first.source, first.target, *found, also=tuple(one.target for one in ends[1:]))]
    return [ShownFlow((one.id,), one.source, one.target, part=k) for k, one in enumerate(ends, start=1)]


def component_flows(flows: pl.DataFrame | None, component: str) -> dict[str, Found]:
    """Mass and standard deviation of a component by stream."""
    if flows is None:
        return {}
    rows = flows.filter(pl.col("component") == component).iter_rows(named=True)
    return {row["stream"]: (row["mass_t"], row["mass_sd_t"]) for row in rows}


def _members(model: ChainModel, id_: str) -> list[Stream]:
    """The streams of a group, or the one stream."""
    return [model.streams[id_]] if id_ in model.streams else [one for one in model.chain.streams if one.group == id_]


def _can_carry(model: ChainModel, stream: Stream, component: str) -> bool:
    """Whether a stream can hold a component."""
    if component == MASS:
        return not stream.content
    if stream.carries is not None:
        return component in stream.carries
    if stream.material in model.materials:
        wanted = _elements(component)
        return any(wanted <= _elements(one) for one in model.materials[stream.material].contents)
    return True


def _elements(formula: str) -> set[str]:
    """Elements of a formula; oxygen counts only where it stands alone."""
    found = set(_ELEMENT.findall(formula))
    return found - {"O"} or found


def _likeness(model: ChainModel, id_: str, lang: str) -> tuple[str, ...]:
    """What streams share that are drawn as one: products only those that differ by a number."""
    kind = _members(model, id_)[0].kind
    return (kind, re.sub(r"\d+", "#", model.title(id_, lang))) if kind == "product" else (kind,)


def _merged(group: Sequence[BalanceStream], table: Mapping[str, Found]) -> ShownFlow:
    """Several streams as one."""
    names = tuple(one.id for one in group)
    found = [table.get(one, (None, None)) for one in names]
    masses = [mass for mass, _ in found if mass is not None]
    whole = sum(masses) if len(masses) == len(found) else None
    return ShownFlow(names, group[0].source, group[0].target, whole, found[0][1] if len(found) == 1 else None)


def joint_title(titles: Sequence[str]) -> str:
    """One name for several things: numbers that differ become a range, other names stand side by side.

    Examples
    --------
    >>> joint_title(["Mill feed, line 1", "Mill feed, line 2", "Mill feed, line 3"])
    'Mill feed, line 1–3'
    >>> joint_title(["Furnace dust", "Converter dust"])
    'Furnace dust + Converter dust'
    """
    parts = {tuple(re.split(r"\d+", one)) for one in titles}
    numbers = list(zip(*(re.findall(r"\d+", one) for one in titles), strict=False))
    if len(parts) != 1 or sum(len({*one}) > 1 for one in numbers) != 1:
        return " + ".join(dict.fromkeys(titles))
    shown = [_range([int(one) for one in column]) for column in numbers]
    words = parts.pop()
    return "".join([words[0], *(number + word for number, word in zip(shown, words[1:], strict=True))])


def joint_titles(titles: Sequence[str]) -> list[str]:
    """Names of several things, as few as can be: where two numbers differ, a range for each value of one of them.

    Examples
    --------
    >>> joint_titles([f"Furnace {k}, jacket {n}" for k in (1, 2) for n in (1, 2, 3)])
    ['Furnace 1, jacket 1–3', 'Furnace 2, jacket 1–3']
    """
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in titles:
        alike[tuple(re.split(r"\d+", one))].append(one)
    return [name for group in alike.values() for name in _fewest_ranges(group)]


def joint_places(titles: Sequence[str]) -> str:
    """Names of several places; those of one name before a comma share it.

    Examples
    --------
    >>> joint_places(["Castings in service, Balkhash", "Castings in service, mines"])
    'Castings in service: Balkhash, mines'
    """
    names = list(dict.fromkeys(titles))
    parts = [one.partition(", ") for one in names]
    if len(names) > 1 and len({head for head, _, _ in parts}) == 1 and all(rest for _, _, rest in parts):
        return f"{parts[0][0]}: {', '.join(rest for _, _, rest in parts)}"
    return "; ".join(names)


def _fewest_ranges(titles: Sequence[str]) -> list[str]:
    """Titles that differ by numbers alone, grouped so that one number of a group differs."""
    places = range(len(re.findall(r"\d+", titles[0])))
    choices = []
    for place in places:
        groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for one in titles:
            numbers = re.findall(r"\d+", one)
            groups[tuple(numbers[:place] + numbers[place + 1 :])].append(one)
        choices.append([joint_title(group) for group in groups.values()])
    return min(choices, key=len) if choices else list(dict.fromkeys(titles))


def _range(numbers: Sequence[int]) -> str:
    """``1–6`` for a run of numbers, else all of them."""
    found = sorted({*numbers})
    run = len(found) > 2 and found == list(range(found[0], found[-1] + 1))
    return f"{found[0]}–{found[-1]}" if run else ", ".join(str(one) for one in found)


def without_place(title: str, places: Iterable[str]) -> str:
    """A title without the place it is said to stand at, where the lane says so.

    Examples
    --------
    >>> without_place("Flotation, Balkhash", ["Balkhash"])
    'Flotation'
    """
    for place in places:
        if place and title.endswith(f", {place}"):
            return title.removesuffix(f", {place}")
    return title
