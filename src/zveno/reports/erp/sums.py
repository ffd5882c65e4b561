"""Figures of one quantity with the sums that hold between them: streams, owners, sections, accounts, dues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from zveno.close.rounded import Equation, controlled_rounding
from zveno.model.rounding import LastPlace
from zveno.quantities import convert
from zveno.reconcile.topology import topology
from zveno.reports.shown import MASS
from zveno.reports.streams import CLOSING, OPENING
from zveno.reports.workbook.given import PeriodBooks

Key = tuple[str, ...]
ENDS = ("opening", "in", "out", "closing")
LINES = ("opening", "received", "delivered", "lost", "closing")
_SIGN = {"opening": 1, "in": 1, "received": 1, "out": -1, "delivered": -1, "lost": -1, "closing": -1}
_HOLDS = 1e-7


@dataclass
class Figures:
    """Figures by key, in t, and the sums between them; a sum that the books do not hold is not taken."""

    values: dict[Key, float] = field(default_factory=dict)
    equations: list[dict[Key, int]] = field(default_factory=list)

    def add(self, key: Key, value: float | None) -> bool:
        """Take a figure that is known; whether it is."""
        if value is not None:
            self.values[key] = float(value)
        return value is not None

    def total(self, key: Key, parts: Sequence[Key], value: float | None = None) -> bool:
        """A figure that is the sum of others; whether all of them are known."""
        if any(one not in self.values for one in parts):
            return False
        summed = sum(self.values[one] for one in parts)
        self.values[key] = summed if value is None else value
        return self.hold({**dict.fromkeys(parts, 1), key: -1})

    def hold(self, equation: Mapping[Key, int]) -> bool:
        """Take a sum, if it holds."""
        terms = [sign * self.values[key] for key, sign in equation.items()]
        holds = abs(sum(terms)) <= _HOLDS * max(1.0, *(abs(one) for one in terms))
        if holds:
            self.equations.append(dict(equation))
        return holds


@dataclass(frozen=True)
class Published:
    """Rounded figures of a quantity, in its unit; ``moved`` are not the nearest ones: exact, nearest, published."""

    place: LastPlace
    values: Mapping[Key, float]
    moved: Mapping[Key, tuple[float, float, float]]

    def get(self, key: Key) -> float | None:
        """A figure; None where it is not known."""
        return self.values.get(key)


def published(figures: Figures, place: LastPlace) -> Published:
    """Round the figures of a quantity with all their sums.

    Raises
    ------
    SolveError
        If no rounding keeps the sums.
    """
    keys = list(figures.values)
    number = {key: k for k, key in enumerate(keys)}
    scale = convert(1.0, "t", place.uom) * 10.0**place.decimals
    equations: list[Equation] = [{number[key]: sign for key, sign in one.items()} for one in figures.equations]
    exact = [figures.values[key] * scale for key in keys]
    found = controlled_rounding(exact, equations)

    def told(units: float) -> float:
        return units / 10.0**place.decimals if place.decimals >= 0 else units * 10.0**-place.decimals

    values = {key: told(int(found.published[k])) for key, k in number.items()}
    moved = {keys[k]: (told(exact[k]), told(int(found.nearest[k])), told(int(found.published[k]))) for k in found.moved}
    return Published(place, values, moved)


def figures_of(given: PeriodBooks, quantity: str) -> Figures:
    """Everything of a quantity that is published."""
    figures = Figures()
    for row in given.results.flows.filter(pl.col("component") == quantity).iter_rows(named=True):
        figures.add(("stream", row["stream"]), row["mass_t"])
    _sections(given, quantity, figures)
    if quantity != MASS:
        _owners(given, quantity, figures)
        _accounts(given, quantity, figures)
        _dues(given, quantity, figures)
    return figures


def section_ends(given: PeriodBooks, quantity: str) -> Iterable[tuple[str, Mapping[str, Sequence[str]]]]:
    """Sections that balance a quantity, each with its streams and stocks."""
    found = topology(given.model)
    for node in found.nodes:
        if not (node.mass if quantity == MASS else node.components is None or quantity in node.components):
            continue
        stocks = [one.id for one in given.model.chain.stocks if one.section == node.id]
        ends = {
            "opening": [one + OPENING for one in stocks],
            "in": [one.id for one in found.streams if one.target == node.id],
            "out": [one.id for one in found.streams if one.source == node.id],
            "closing": [one + CLOSING for one in stocks],
        }
        there = {name: [one for one in ids if (one, quantity) in given.flows] for name, ids in ends.items()}
        if any(there.values()):
            yield node.id, there


def _sections(given: PeriodBooks, quantity: str, figures: Figures) -> None:
    """Each section's streams add up to its ends, and these close."""
    for section, ends in section_ends(given, quantity):
        parts = {name: [("stream", one) for one in ids] for name, ids in ends.items()}
        if any(one not in figures.values for ones in parts.values() for one in ones):
            continue
        for name, ones in parts.items():
            figures.total(("section", section, name), ones)
        closes = figures.hold({("section", section, name): _SIGN[name] for name in ENDS})
        if not closes:
            for name in ENDS:
                figures.values.pop(("section", section, name))
            gone = {("section", section, name) for name in ENDS}
            figures.equations[:] = [one for one in figures.equations if not gone & one.keys()]


def _owners(given: PeriodBooks, quantity: str, figures: Figures) -> None:
    """Owners add up to the physical mass of each stream."""
    table = given.books.owner_flows.filter(pl.col("component") == quantity)
    for (stream,), part in table.group_by("stream", maintain_order=True):
        if ("stream", str(stream)) not in figures.values or part["mass_t"].null_count():
            continue
        keys: list[Key] = []
        for owner, mass in part.select("owner", "mass_t").iter_rows():
            keys.append(("owner", str(stream), owner))
            figures.add(keys[-1], mass)
        figures.hold({**dict.fromkeys(keys, 1), ("stream", str(stream)): -1})


def _accounts(given: PeriodBooks, quantity: str, figures: Figures) -> None:
    """Each account's lines add up from its streams, and close."""
    table = given.books.owner_accounts.filter(pl.col("component") == quantity, pl.col("line") != "left")
    for (owner,), part in table.group_by("owner", maintain_order=True):
        lines: dict[str, list[Key]] = defaultdict(list)
        if part["mass_t"].null_count():
            continue
        for line, stream, mass in part.select("line", "stream", "mass_t").iter_rows():
            lines[line] += _parts(figures, str(owner), line, stream, mass)
        for line in LINES:
            figures.total(("account", str(owner), line), lines[line])
        figures.hold({("account", str(owner), line): _SIGN[line] for line in LINES})


def _parts(figures: Figures, owner: str, line: str, stream: str, mass: float) -> list[Key]:
    """The published streams that a line consists of; a figure of its own where it is none of them."""
    if line in ("opening", "closing"):
        end = OPENING if line == "opening" else CLOSING
        found = [key for key in figures.values if key[0] == "owner" and key[2] == owner and key[1].endswith(end)]
        summed = sum(figures.values[key] for key in found)
        if abs(summed - mass) <= _HOLDS * max(1.0, abs(mass)):
            return found
    elif ("owner", stream, owner) in figures.values:
        return [("owner", stream, owner)]
    key = ("line", owner, line, stream)
    figures.add(key, mass)
    return [key]


def _dues(given: PeriodBooks, quantity: str, figures: Figures) -> None:
    """What contracts make owed."""
    returns = given.books.owner_returns.filter(pl.col("component") == quantity)
    for row in given.books.owner_dues.filter(pl.col("component") == quantity).iter_rows(named=True):
        owner = row["owner"]
        if row["returnable_t"] is None:
            continue
        parts: list[Key] = []
        for stream, mass in returns.filter(pl.col("owner") == owner).select("stream", "returnable_t").iter_rows():
            parts.append(("returnable", owner, stream))
            figures.add(parts[-1], mass)
        figures.total(("due", owner, "returnable"), parts)
        for name, value in (("opening", row["opening_due_t"]), ("returned", row["returned_t"] or 0.0)):
            figures.add(("due", owner, name), value)
        figures.add(("due", owner, "closing"), row["closing_due_t"])
        figures.hold({
            ("due", owner, "opening"): 1, ("due", owner, "returnable"): 1, ("due", owner, "returned"): -1,
            ("due", owner, "closing"): -1,
        })  # fmt: skip
