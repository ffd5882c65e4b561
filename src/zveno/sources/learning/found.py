"""What was understood of a layout: its tables, their columns and labels, and the questions that are left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zveno.sources.learning.guesses import Guess

Rule = str | Mapping[str, str | Mapping[str, str]]
"""What a mapping says of a column or row: the short form or the long one."""


@dataclass(frozen=True)
class LearntColumn:
    """A column as it was understood, with its first values.

    Parameters
    ----------
    rule
        What the mapping says of it; empty where a person is asked.
    likely
        Rules to choose from where a person is asked, the likeliest first.
    point
        The point of its values, for readers.
    """

    sheet: str
    heading: str
    guess: Guess
    cell: str
    values: tuple[str, ...]
    rule: Rule = ""
    likely: tuple[Rule, ...] = ()
    point: str = ""
    quantity: str = ""

    @property
    def column(self) -> int:
        """Number of the column, from 0."""
        number = 0
        for letter in self.cell.rstrip("0123456789"):
            number = number * 26 + ord(letter) - 64
        return number - 1

    @property
    def asked(self) -> bool:
        """Whether a person must say what it holds."""
        return not self.rule


@dataclass(frozen=True)
class LearntRow:
    """A label, or several that are spelt differently, as a pattern with its rule or with the rules to choose from."""

    pattern: str
    rule: Rule = ""
    likely: tuple[Rule, ...] = ()
    cell: str = ""

    @property
    def asked(self) -> bool:
        """Whether a person must say what it is."""
        return not self.rule


@dataclass(frozen=True)
class LearntTable:
    """A table found on one or more sheets, and what was understood of it.

    ``asks`` are keys of the table whose values a person must choose, with the choices; ``none_of`` says that the
    sheet holds no values of production.
    """

    title: str
    section: str = ""
    heading_rows: int = 1
    calendar: str = ""
    point: str = ""
    date: str = ""
    date_order: str = ""
    shift: str = ""
    period: str = ""
    slot: str = ""
    columns: tuple[LearntColumn, ...] = ()
    rows: tuple[LearntRow, ...] = ()
    checks: tuple[str, ...] = ()
    asks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    none_of: str = ""
    stands_for: str = "day"
    """What a value of it stands for, for readers: shift, day, lot or moment."""
    undated: bool = False
    """Whether nothing on the sheet says its date."""

    @property
    def keys(self) -> dict[str, Any]:
        """The keys of the table that are not its columns and rows."""
        names = ("title", "section", "calendar", "point", "date", "date_order", "shift", "period", "slot")
        named = {"is": self.none_of, **{name: getattr(self, name) for name in names}}
        found: dict[str, Any] = {key: named[key] for key in ("title", "is", *names[1:]) if named[key]}
        if self.heading_rows > 1:
            found["heading_rows"] = self.heading_rows
        return found

    @property
    def questions(self) -> int:
        """How many questions are asked of it."""
        dates = int(self.undated and self.date == "above") + int(self.date_order == "?")
        rules = sum(one.asked for one in self.columns) + sum(one.asked for one in self.rows)
        return len(self.asks) + dates + rules

    def as_data(self) -> dict[str, Any]:
        """The table as the keys of a mapping; questions are left out."""
        found = self.keys | ({"calendar": "?"} if "calendar" in self.asks else {})
        columns = {one.guess.pattern: one.rule for one in self.columns if not one.asked}
        rows = {one.pattern: one.rule for one in self.rows if not one.asked}
        if not self.none_of:
            found["columns"] = columns
        if rows:
            found["rows"] = rows
        elif self.rows:
            found["rows"] = {NO_LABEL: "note"}
        return found


NO_LABEL = "?"
"""Label of a rule that stands where all labels are asked for, so that no row is taken without one."""
