"""Which point of a description a heading, label or title speaks of; several that may be meant are a question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from zveno.model.chain import ChainModel
from zveno.model.types import Meter
from zveno.text.sheetwords import plain, tidy
from zveno.text.tradeconcepts import MATERIALS, PLACES, WAYS, category, concepts, weight

_ACRONYM = re.compile(r"(?<![^\W\d_])[^\W\d_a-zа-яё]{2,5}(?![^\W\d_])")
_ENOUGH, _MARGIN = 2.0, 1.0
_SHOWN = 3
_READS = {
    "mass_wet": ("wet_mass", "survey_mass"), "mass_dry": ("mass", "survey_mass"),
    "mass": ("mass", "wet_mass", "survey_mass"),
    "moisture": ("moisture", "wet_mass", "survey_mass"), "counter_start": ("counter",), "counter_end": ("counter",),
}  # fmt: skip
"""Quantities of meters that a quantity of a report can be a reading of."""
_NOWHERE: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
_PERIODS = {"shift": ("shift",), "day": ("day",), "moment": ("month_end", "month", "day"), "lot": ("lot",)}


@dataclass(frozen=True)
class Asked:
    """What is known of a value: words of its own heading or label, words around it, its quantities and period.

    Parameters
    ----------
    own
        Texts that must be explained by the point.
    around
        Texts that may tell it: titles of the section, the table, the sheet.
    quantities
        Quantities that stand under these words; ``mass`` where wet or dry is not said.
    period
        ``shift``, ``day``, ``lot`` or ``moment``; empty where it is not known.
    uoms
        Units of measure of the masses.
    """

    own: tuple[str, ...]
    around: tuple[str, ...] = ()
    quantities: frozenset[str] = frozenset()
    period: str = ""
    uoms: frozenset[str] = frozenset()
    plants: tuple[str, ...] = ()
    loose: bool = False
    """Whether the own words are those of a title, of which only words of the trade must be explained."""


@dataclass(frozen=True)
class Match:
    """The point that is probably meant, whether it is sure, and the likeliest ones, best first."""

    point: str = ""
    sure: bool = False
    likely: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Point:
    """A point of the description with what its names speak of."""

    id: str
    names: tuple[frozenset[str], ...]
    near: frozenset[str]
    plants: frozenset[str]
    ways: Mapping[str, str]
    ends: tuple[frozenset[str], frozenset[str]]
    meters: tuple[Meter, ...]
    stock: bool


@dataclass(frozen=True)
class PointIndex:
    """All points of a description, to be found by words."""

    model: ChainModel

    @cached_property
    def plant_of(self) -> Mapping[str, str]:
        """Plant of every unit, section and stock."""
        sections = {one.id: plant.id for plant in self.model.chain.plants for one in plant.sections}
        units = {one.id: sections.get(one.section, "") for one in self.model.chain.units}
        return {**sections, **units, **{one.id: sections.get(one.section, "") for one in self.model.chain.stocks}}

    @cached_property
    def points(self) -> tuple[_Point, ...]:
        """Streams, stocks, and what meters call their point."""
        meters: dict[str, list[Meter]] = {}
        for one in self.model.chain.meters:
            meters.setdefault(one.point or one.stream, []).append(one)
        found = [self._stream(one.id, tuple(meters.get(one.id, ()))) for one in self.model.chain.streams]
        found += [self._stock(one.id, tuple(meters.get(one.id, ()))) for one in self.model.chain.stocks]
        known = {one.id for one in found}
        for name, own in meters.items():
            if name not in known:
                found.append(self._metered(name, tuple(own)))
        return tuple(found)

    @cached_property
    def home(self) -> Mapping[str, frozenset[str]]:
        """Plants of every point."""
        return {one.id: one.plants for one in self.points}

    def _stream(self, id_: str, meters: tuple[Meter, ...]) -> _Point:
        stream = self.model.streams[id_]
        ends = [one.partition(":")[0] for one in (stream.source, stream.target)]
        plants = [self.plant_of.get(one, "") for one in ends]
        places = [self._place(one) for one in ends]
        near = places[0] | places[1]
        only = (places[0] - places[1], places[1] - places[0])
        ways = {plants[0]: "out", plants[1]: "in"} if plants[0] != plants[1] else {}
        names = self._names(stream.title.values())
        return _Point(id_, names, near, frozenset(filter(None, plants)), ways, only, meters, stock=False)

    def _stock(self, id_: str, meters: tuple[Meter, ...]) -> _Point:
        stock = self.model.stocks[id_]
        made_of = self.model.streams[stock.material].title.values() if stock.material in self.model.streams else ()
        stuff = {one for names in self._names(made_of) for one in names if one in MATERIALS}
        near = self._place(stock.section) | stuff | {"transit" if stock.kind == "transit" else "store"}
        names = self._names(stock.title.values())
        return _Point(id_, names, near, frozenset({self.plant_of.get(id_, "")}), {}, _NOWHERE, meters, stock=True)

    def _metered(self, name: str, meters: tuple[Meter, ...]) -> _Point:
        """A point that only meters have: as their stream or stock, with the names of the meters."""
        base = self._stream(meters[0].stream, meters) if meters[0].stream in self.model.streams else None
        base = base or (self._stock(meters[0].stream, meters) if meters[0].stream in self.model.stocks else None)
        named = self._names(text.partition(":")[0] for one in meters for text in one.title.values())
        if base is None:
            return _Point(name, named, frozenset(), frozenset(), {}, _NOWHERE, meters, stock=False)
        here = frozenset({name.partition(".")[0]}) & frozenset(one.id for one in self.model.chain.plants)
        return _Point(name, (*named, *base.names), base.near, here or base.plants, base.ways, base.ends, meters,
                      stock=base.stock)  # fmt: skip

    def _place(self, id_: str) -> frozenset[str]:
        """What the names of a unit, its section and its boundary speak of."""
        unit, plant = self.model.units.get(id_), self.plant_of.get(id_, "")
        about = [id_, unit.section if unit is not None else "", plant]
        texts = [text for one in about if one for text in self.model.titles.get(one, {}).values()]
        found = frozenset().union(*(self._named(one) for one in texts))
        return found | (frozenset({f"plant:{plant}"}) if plant else frozenset())

    def _names(self, titles: Iterable[str]) -> tuple[frozenset[str], ...]:
        return tuple(dict.fromkeys(self._named(one) for one in titles)) or (frozenset(),)

    def _named(self, text: str) -> frozenset[str]:
        """Concepts of a text, names and letters of plants as one."""
        plants, words = self.plants_in(text)
        return frozenset(concepts(text) - words) | frozenset(f"plant:{one}" for one in plants)

    @cached_property
    def _plant_stems(self) -> Mapping[str, str]:
        """Stems that stand in the names of one plant only, and mean nothing else."""
        owners: dict[str, set[str]] = {}
        for plant in self.model.chain.plants:
            for title in plant.title.values():
                for one in concepts(title):
                    if category(one) == "word" or one == "tankhouse":
                        owners.setdefault(one, set()).add(plant.id)
        return {stem: next(iter(ids)) for stem, ids in owners.items() if len(ids) == 1}

    def plants_in(self, text: str) -> tuple[list[str], frozenset[str]]:
        """Plants that a text names, by a word of theirs or by their letters, and the concepts that are these names."""
        found: dict[str, None] = {}
        words: set[str] = set()
        for stem, plant in self._plant_stems.items():
            if stem in concepts(text):
                found[plant] = None
                words.add(stem)
        for match in _ACRONYM.finditer(tidy(text)):
            owners = [one.id for one in self.model.chain.plants
                      if any(_abbreviates(match[0], title) for title in one.title.values())]  # fmt: skip
            if len(owners) == 1:
                found[owners[0]] = None
                words |= concepts(match[0])
        return list(found), frozenset(words)

    def find(self, asked: Asked) -> Match:
        """The point that is meant; sure where one alone explains every word, or is alone in being measured so."""
        own = frozenset().union(*(self._named(one) for one in asked.own))
        own = frozenset(one for one in own if category(one) != "word") if asked.loose else own
        if not own:
            return Match()
        around = frozenset().union(*(self._named(one) for one in asked.around)) | {
            f"plant:{one}" for one in asked.plants
        }
        scores = {}
        for one in self.points:
            score = _score(one, own, around, asked)
            if score is not None:
                scores[one.id] = score
        best = sorted(scores, key=lambda name: (-scores[name][0], len(name), name))
        best = [name for name in best if scores[name][0] > 0]
        if not best or scores[best[0]][0] < _ENOUGH:
            return Match(likely=tuple(best[:_SHOWN]))
        value, explained, reads = scores[best[0]]
        second = scores[best[1]][0] if len(best) > 1 else 0.0
        sure = explained and (value - second >= _MARGIN) and (reads or not asked.quantities)
        return Match(best[0], sure, tuple(best[:_SHOWN]))

    def line(self, number: str, plants: Sequence[str]) -> str:
        """Common begin of the ids of streams of a numbered line of a plant, with ``{line}`` for its number.

        Empty where the streams of a line have none.
        """
        for plant in plants:
            ids = [one.id for one in self.points if not one.stock and plant in one.plants
                   and any(f"#{number}" in names for names in one.names)]  # fmt: skip
            base = common_begin(ids)
            if len(ids) > 1 and number in base:
                head, _, tail = base.rpartition(number)
                return f"{head}{{line}}{tail}"
        return ""


def common_begin(ids: Sequence[str]) -> str:
    """The dotted parts with which all ids begin.

    >>> common_begin(["bof.l1.feed", "bof.l1.conc"]), common_begin(["a.b"]), common_begin([])
    ('bof.l1', 'a', '')
    """
    parts = [one.split(".")[:-1] for one in ids]
    if not parts:
        return ""
    same = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        same.append(column[0])
    return ".".join(same)


def _abbreviates(letters: str, title: str) -> bool:
    """Whether letters are those of a name: the first of every word, others of the words between.

    >>> _abbreviates("МПЗ", "Медеплавильный завод"), _abbreviates("ЦЭМ", "Цех электролиза меди")
    (True, True)
    >>> _abbreviates("МЗ", "Балхашский медеплавильный завод")
    False
    """
    words = plain(title).split()
    rest = list(plain(letters))
    for n, word in enumerate(words):
        if not rest or rest[0] != word[0]:
            return False
        rest.pop(0)
        later = [one[0] for one in words[n + 1 :]]
        place = 1
        while len(rest) > len(later):
            place = word.find(rest[0], place) + 1
            if not place:
                return False
            rest.pop(0)
    return not rest and len(words) > 1


def _score(one: _Point, own: frozenset[str], around: frozenset[str], asked: Asked) -> tuple[float, bool, bool] | None:
    """How well a point fits, whether it explains all own words, and whether it is read as the report says."""
    if asked.plants and not one.plants & set(asked.plants):
        return None
    ways = {one.ways[plant] for plant in asked.plants if plant in one.ways}
    if not asked.plants:
        ways = set(one.ways.values())
    nearby = one.near | ways | _turned(one, own | around)
    materials = {name for name in own if name in MATERIALS}
    best: tuple[float, bool] | None = None
    for names in one.names:
        stuff = {name for name in names if name in MATERIALS}
        if materials - stuff - one.near or (materials and not materials & (stuff | (one.near if one.stock else stuff))):
            continue
        if stuff and not materials and not stuff & around:
            continue
        score, explained = _compared(names, nearby, own, around)
        if best is None or score > best[0]:
            best = score, explained
    if best is None:
        return None
    fit, reads = _fit(one, asked)
    return best[0] + fit, best[1], reads


def _turned(one: _Point, said: frozenset[str]) -> frozenset[str]:
    """``charge`` where the report speaks of the place to which a stream goes, ``made`` where of that it comes from."""
    source, target = one.ends
    places = {word for word in said if word in PLACES}
    return frozenset(way for way, end in (("made", source), ("charge", target)) if places & end)


def _compared(
    names: frozenset[str], nearby: frozenset[str], own: frozenset[str], around: frozenset[str]
) -> tuple[float, bool]:
    """Score of one name of a point against the words; whether all of them are explained."""
    score, explained = 0.0, True
    for word in own:
        if word in names:
            score += weight(word)
        elif word in nearby:
            score += 0.7 * weight(word)
        else:
            score -= weight(word)
            explained = False
    for word in names - own:
        if word in around:
            score += 0.4 * weight(word)
        elif category(word) != "word":
            score -= 0.5 * weight(word)
    wrong = {word for word in around if word in WAYS} - names - nearby
    score -= 0.3 * len(wrong - own)
    return score, explained


def _fit(one: _Point, asked: Asked) -> tuple[float, bool]:
    """How well meters of a point read what the report gives, and whether any of them does."""
    if not asked.quantities:
        return 0.0, True
    fitting = [meter for meter in one.meters for quantity in asked.quantities if _reads(meter, quantity)]
    if not fitting:
        return -2.5, False
    periods = _PERIODS.get(asked.period, ())
    right = not periods or any(meter.period in periods for meter in fitting)
    uom = 0.5 if any(meter.uom in asked.uoms for meter in fitting) else 0.0
    return (1.5 if right else -2.0 if one.stock else -0.5) + uom, right or not one.stock


def _reads(meter: Meter, quantity: str) -> bool:
    """Whether a meter can be what gives a quantity."""
    if quantity.startswith("grade_"):
        return (
            meter.quantity == "assay" and quantity.removeprefix("grade_").removesuffix("_express") in meter.components
        )
    if quantity.startswith(("metal_", "concentration_")):
        return meter.quantity == ("mass" if quantity.startswith("metal_") else "survey_mass")
    return meter.quantity in _READS.get(quantity, ())
