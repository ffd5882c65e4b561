"""What the columns of a table are of: the points that their headings speak of, wet or dry, parts of a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zveno.sources.learning.found import LearntColumn, Rule
from zveno.sources.learning.guesses import Guess, known_rules
from zveno.sources.learning.points import Asked, Match, PointIndex, common_begin
from zveno.text.tradeconcepts import category, concepts
from zveno.text.tradewords import MELTS, PARTS

_COUNTED = {"ladles": frozenset({"ladle"}), "cells": frozenset({"cells"}), "voltage": frozenset({"cells"})}
"""What a heading speaks of when it says what is counted."""
_HOURS = ("run_hours", "downtime")
_MASSES = {"wet_mass": "mass_wet", "mass": "mass_dry"}


@dataclass(frozen=True)
class Place:
    """What is known around the columns of a table: its titles, plants, and for what time its values are."""

    index: PointIndex
    around: tuple[str, ...]
    plants: tuple[str, ...]
    period: str
    line: str = ""
    """Begin of the points of a numbered line, with ``{line}``, where rows or columns tell the line."""
    number: str = ""
    """Number of one line that is there, by which points are found."""

    def match(
        self, own: Sequence[str], quantities: frozenset[str], uoms: frozenset[str] = frozenset(), *, loose: bool = False
    ) -> Match:
        """The point that words speak of; of a line, the part of it."""
        own = (*own, f"№ {self.number}") if self.number else tuple(own)
        found = self.index.find(Asked(tuple(own), self.around, quantities, self.period, uoms, self.plants, loose))
        if not self.line:
            return found
        begin = self.line.replace("{line}", self.number)
        likely = tuple(one.removeprefix(begin) for one in found.likely if one.startswith(f"{begin}."))
        inside = found.point.startswith(f"{begin}.")
        return Match(found.point.removeprefix(begin) if inside else "", found.sure and inside, likely)

    def part(self, text: str, quantity: str) -> str | None:
        """The end of a point of a line or plant that is no stream; None where it is none."""
        said = concepts(text)
        return next((end for name, only, end in PARTS if (name in said if name else only == quantity)), None)


def resolved(
    columns: Sequence[LearntColumn], place: Place, *, labelled: bool
) -> tuple[tuple[LearntColumn, ...], Match | None]:
    """Columns with their rules, or with rules to choose from; and the point of all those that name none.

    ``labelled`` says that the rows name points, so that a heading that names none needs none.
    """
    groups: dict[frozenset[str], list[LearntColumn]] = {}
    for one in columns:
        if _is_value(one):
            groups.setdefault(_words(one), []).append(one)
    matches = {words: _match(words, group, place, labelled=labelled) for words, group in groups.items()}
    base = _base([one.point for one in matches.values() if one.sure], place)
    done = tuple(
        _finished(one, matches[_words(one)], place, base) if _is_value(one) else replace(one, rule=short(one.guess))
        for one in columns
    )
    done = tuple(_as_known(one, place) if one.asked else one for one in done)
    silent = [one for one in groups.get(frozenset(), ()) if place.part(one.heading, one.guess.quantity) is None]
    return done, matches[frozenset()] if silent and not labelled else None


def _as_known(one: LearntColumn, place: Place) -> LearntColumn:
    """A column that is asked for, with what other mappings say of the same heading before what is likely."""
    rules = known_rules(place.index.model.mappings, one.heading)
    told = [f"{rule.point} {rule.quantity}" for rule in rules if rule.point and rule.quantity and "{" not in rule.point]
    return replace(one, likely=(*dict.fromkeys(told), *(each for each in one.likely if each not in told))[:4])


def _is_value(one: LearntColumn) -> bool:
    return one.guess.role == "value"


def _words(one: LearntColumn) -> frozenset[str]:
    said = concepts(one.heading)
    return said - _COUNTED.get(one.guess.quantity, frozenset())


def _match(words: frozenset[str], group: Sequence[LearntColumn], place: Place, *, labelled: bool) -> Match:
    """The point of columns whose headings speak of the same thing."""
    quantities = frozenset(one.guess.quantity for one in group)
    uoms = frozenset(one.guess.uom for one in group)
    counters = any(one.startswith("counter") for one in quantities)
    if labelled and not counters and not any(category(one) != "word" for one in words):
        return Match("", sure=not words, likely=("",))
    if words or labelled:
        whole = next((one for one in group if concepts(one.heading) == words), None)
        own = whole.heading.split(" / ") if whole is not None else group[0].heading.split(" / ")[:-1]
        return place.match(own, _read(quantities), uoms)
    found = Match()
    for n in range(1, len(place.around) + 1):
        found = place.match(place.around[:n], _read(quantities), uoms, loose=True)
        if found.sure:
            break
    return found


def _read(quantities: frozenset[str]) -> frozenset[str]:
    """Quantities that meters may read, of those of a group."""
    plain = ("mass", "moisture", "grade_", "metal_", "counter", "concentration_")
    return frozenset(one for one in quantities if one.startswith(plain) and one != "mass_uncertainty")


def _base(points: Sequence[str], place: Place) -> str:
    """The begin of points of equipment: that of the line, or what all points of the table have in common."""
    if place.line:
        return ""
    found = [one for one in points if one and not one.startswith(".")]
    inside = [one for one in found if not place.plants or one.split(".")[0] in place.plants]
    return common_begin(inside) if inside else (place.plants[0] if len(place.plants) == 1 else "")


def _finished(one: LearntColumn, match: Match, place: Place, base: str) -> LearntColumn:
    """A column of values with its rule, or with rules to choose from."""
    guess = one.guess
    part = place.part(one.heading, guess.quantity)
    if part is not None:
        known = bool(base or place.line)
        point, quantity = f"{base}{part}" if known else "", "mass_dry" if guess.quantity == "mass" else guess.quantity
        whole = known and bool(guess.uom) and (guess.sure or guess.quantity == "mass")
        rule = said(point, quantity, guess) if whole else ""
        return _answered(one, rule, point, quantity, _with_uoms((point,), (quantity,), guess))
    quantity, sure = _mass(one, match, place) if guess.quantity == "mass" else (guess.quantity, guess.sure)
    if not _words(one) and not match.point.startswith("."):
        match = Match(sure=True)
    points = (match.point,) if match.sure else match.likely or ("?",)
    fixed = match.sure and sure and guess.uom
    likely = [each for point in points for each in _with_uoms((point,), _names(one, point, place), guess)]
    return _answered(one, said(match.point, quantity, guess) if fixed else "", match.point, quantity, likely)


def _answered(one: LearntColumn, rule: Rule, point: str, quantity: str, likely: Sequence[Rule]) -> LearntColumn:
    """A column with a rule, or without one and with those to choose from."""
    few = () if rule else tuple(likely)[:4]
    return replace(one, rule=rule, point=point if rule else "", quantity=quantity, likely=few)


def _names(one: LearntColumn, point: str, place: Place) -> tuple[str, ...]:
    """Quantities of a point to choose from."""
    if one.guess.quantity != "mass":
        return (one.guess.quantity,)
    quantity, sure = _mass(one, Match(point), place)
    return (quantity,) if sure else (quantity, "mass_dry" if quantity == "mass_wet" else "mass_wet")


def _with_uoms(points: Sequence[str], quantities: Sequence[str], guess: Guess) -> list[Rule]:
    """Rules to choose from, with the units that a value without one may be in."""
    found = []
    for point in points:
        for quantity in quantities:
            masses = quantity.startswith(("mass", "counter", "metal"))
            uoms = (
                (guess.uom,) if guess.uom else ("t", "kg") if masses else ("h",) if quantity in _HOURS else ("%", "g/t")
            )
            own = guess.own_uom or not guess.uom
            found += [said(point, quantity, replace(guess, uom=uom, own_uom=own)) for uom in uoms]
    return found


def _mass(one: LearntColumn, match: Match, place: Place) -> tuple[str, bool]:
    """Whether a mass is wet or dry, where its heading does not say: as the meters of the point are described."""
    melt = bool(concepts(one.heading) & MELTS)
    if not match.point:
        return "mass_dry", melt
    begin = place.line.replace("{line}", place.number) if match.point.startswith(".") else ""
    full = f"{begin}{match.point}"
    meters = {meter.quantity for point in place.index.points if point.id == full for meter in point.meters}
    names = {name for quantity, name in _MASSES.items() if quantity in meters}
    return (names.pop(), True) if len(names) == 1 else ("mass_dry", melt)


def said(point: str, quantity: str, guess: Guess) -> Rule:
    """A rule in its short form, or in the long one where a unit but no point is said."""
    own = f" {guess.uom}" if guess.own_uom and guess.uom else ""
    if own and not point:
        return {"quantity": quantity, "uom": guess.uom}
    return f"{point} {quantity}{own}".strip()


def short(guess: Guess) -> Rule:
    """The rule of a column that holds no values."""
    told: Mapping[str, str] = {"stamp": guess.stamp, "zone": guess.zone}
    if any(told.values()):
        return {"is": guess.role, **{key: value for key, value in told.items() if value}}
    return f"{guess.role} {guess.name}".strip()
