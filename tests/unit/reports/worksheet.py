"""A second opinion on a workbook: its formulas computed from its cells alone, by a program that knows nothing of Zveno."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?)|(?P<name>SUM|MAX|MIN)\(|(?P<ref>(?:'[^']+'!)?[A-Z]{1,3}\d+(?::[A-Z]{1,3}\d+)?)"
    r"|(?P<sign>[-+*/(),]))"
)
Place = tuple[str, str]


@dataclass
class Worksheet:
    """Cells of a workbook with their formulas; a value is computed when it is asked for."""

    formulas: dict[Place, Any]
    stored: dict[Place, Any]
    found: dict[Place, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, content: bytes) -> Worksheet:
        return cls(_cells(load_workbook(BytesIO(content))), _cells(load_workbook(BytesIO(content), data_only=True)))

    def computed(self) -> Iterator[tuple[Place, float, float, float]]:
        """Every formula: its place, what it gives, what was stored beside it, and the largest figure that it reads."""
        for place, one in self.formulas.items():
            if isinstance(one, str) and one.startswith("="):
                formula = _Formula(self, place[0], one[1:])
                yield place, formula.value(), self.stored[place], formula.largest

    def value(self, place: Place) -> Any:
        if place not in self.found:
            one = self.formulas.get(place)
            formula = isinstance(one, str) and one.startswith("=")
            self.found[place] = _Formula(self, place[0], one[1:]).value() if formula else one
        return self.found[place]

    def range(self, sheet: str, ref: str) -> list[Any]:
        left, top, right, bottom = range_boundaries(ref)
        return [
            self.value((sheet, f"{_letters(column)}{row}")) for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        ]  # fmt: skip


class _Formula:
    """One formula, read from left to right."""

    def __init__(self, sheets: Worksheet, sheet: str, text: str) -> None:
        self.sheets, self.sheet, self.text, self.at = sheets, sheet, text, 0
        self.largest = 0.0

    def value(self) -> float:
        found = self._sum()
        assert self.at == len(self.text), self.text
        return found

    def _next(self) -> re.Match[str] | None:
        return TOKEN.match(self.text, self.at)

    def _sign(self, signs: str) -> str:
        token = self._next()
        if token is None or token["sign"] is None or token["sign"] not in signs:
            return ""
        self.at = token.end()
        return token["sign"]

    def _sum(self) -> float:
        found = self._product()
        while sign := self._sign("+-"):
            other = self._product()
            found = found + other if sign == "+" else found - other
        return found

    def _product(self) -> float:
        found = self._term()
        while sign := self._sign("*/"):
            other = self._term()
            found = found * other if sign == "*" else found / other
        return found

    def _term(self) -> float:
        if self._sign("-"):
            return -self._term()
        if self._sign("("):
            found = self._sum()
            assert self._sign(")"), self.text
            return found
        token = self._next()
        assert token is not None, self.text
        self.at = token.end()
        if token["number"]:
            return float(token["number"])
        if token["name"]:
            return self._function(token["name"])
        (found,) = self._cells(token["ref"])
        assert isinstance(found, (int, float)), (self.sheet, self.text, found)
        return float(found)

    def _function(self, name: str) -> float:
        """A function over cells; like a worksheet it passes over words in them."""
        found: list[Any] = []
        while True:
            token = self._next()
            if token and token["ref"]:
                self.at = token.end()
                after = self._next()
                if after and after["sign"] in (",", ")"):
                    found += self._cells(token["ref"])
                else:
                    self.at = token.start()
                    found.append(self._sum())
            else:
                found.append(self._sum())
            if self._sign(")"):
                break
            assert self._sign(","), self.text
        numbers = [float(one) for one in found if isinstance(one, (int, float))]
        return {"SUM": sum, "MAX": max, "MIN": min}[name](numbers) if numbers else 0.0

    def _cells(self, ref: str) -> list[Any]:
        sheet, mark, cells = ref.rpartition("!")
        found = self.sheets.range(sheet.strip("'") if mark else self.sheet, cells)
        self.largest = max([self.largest, *(abs(one) for one in found if isinstance(one, (int, float)))])
        return found


def _cells(book: Any) -> dict[Place, Any]:
    return {
        (sheet.title, cell.coordinate): cell.value for sheet in book for row in sheet.iter_rows() for cell in row
        if cell.value is not None
    }  # fmt: skip


def _letters(column: int) -> str:
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found
