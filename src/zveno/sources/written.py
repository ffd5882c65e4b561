"""What stands in a cell that should hold a measurement: a number with its marks, or the reason why it is none."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from zveno.sources.cells import number
from zveno.sources.dates import moment_of
from zveno.sources.grid import RawCell
from zveno.text.sheetwords import DASHES, MISSING, is_estimate, tidy

_BELOW = re.compile(r"^[<≤]\s*(.+)$")
_STARS = re.compile(r"^(.*?\d)\s*(\*+|[¹²³])\s*$")
_AMBIGUOUS = re.compile(r"^[1-9]\d{0,2}[.,]\d{3}$")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Written:
    """A value with its qualifiers, or a reason; ``meant`` is a number to be confirmed by a person."""

    value: float | None = None
    reason: str = ""
    qualifiers: tuple[str, ...] = ()
    meant: float | None = None
    percent: bool = False
    text: str = ""


def read_written(cell: RawCell, kind: str) -> Written:
    """A cell read as a number, a date or a text.

    >>> read_written(RawCell("<0,01"), "number").value, read_written(RawCell("0,35*"), "number").qualifiers
    (0.01, ('footnote',))
    >>> read_written(RawCell("0,,56,"), "number").reason, read_written(RawCell("0,,56,"), "number").meant
    ('garbage', 0.56)
    """
    if cell.error:
        return Written(reason="formula_error")
    if cell.formula and cell.value is None:
        return Written(reason="formula_no_value")
    found = _of_kind(cell, kind)
    if found.reason:
        return found
    marks = [*found.qualifiers]
    if cell.formula:
        marks.append("formula")
    if cell.comment and is_estimate(cell.comment):
        marks.append("estimated")
    return replace(found, qualifiers=tuple(marks))


def _of_kind(cell: RawCell, kind: str) -> Written:
    """By what the rule says that the cell holds."""
    if kind == "text":
        text = tidy(cell.value)
        read = _text_number(text)
        return replace(read, reason="", text=text) if read.reason else read
    if kind == "date":
        moment = moment_of(cell.value)
        if moment is None:
            return _number(cell) if isinstance(cell.value, str) and _word(cell.value) else Written(reason="not_a_date")
        return Written(float((moment.date() - _EPOCH).days))
    return _number(cell)


def _number(cell: RawCell) -> Written:
    """A cell that should hold a number."""
    value = cell.value
    if isinstance(value, bool):
        return Written(reason="text_note")
    if isinstance(value, (int, float)):
        return Written(round(float(value) * 100, 12) if cell.percent else float(value), percent=cell.percent)
    if isinstance(value, (date, datetime)):
        return Written(reason="date_in_number", meant=float(f"{value.day}.{value.month:02d}"))
    return _text_number(str(value))


def _text_number(raw: str) -> Written:
    """A number written as text."""
    text = tidy(raw)
    word = _word(text)
    if word:
        return Written(reason=word)
    marks: list[str] = []
    below = _BELOW.match(text)
    if below:
        marks.append("lt")
        text = below[1]
    starred = _STARS.match(text)
    if starred:
        marks.append("footnote")
        text = starred[1]
    percent = text.endswith("%")
    found = number(text.removesuffix("%").strip())
    if isinstance(found, float):
        return Written(found, qualifiers=tuple(marks), percent=percent)
    return Written(reason="garbage", meant=_meant(text))


def _word(text: str) -> str:
    """The reason why a text is no number, where it is none at first sight."""
    low = tidy(text).lower()
    if low in DASHES:
        return "dash"
    if low in MISSING:
        return "no_data"
    if low.startswith("#"):
        return "formula_error"
    return "" if any(one.isdigit() for one in low) else "text_note"


def _meant(text: str) -> float | None:
    """The number that a slip of the finger probably hides: the last comma parts the decimals; None if it may not."""
    left = text.strip(" ,.;")
    if is_ambiguous(left):
        return None
    head, comma, tail = left.replace(";", ",").rpartition(",")
    digits = re.sub(r"[\s,]", "", head) + ("." if comma else "") + tail
    found = number(digits)
    return found if isinstance(found, float) else None


def is_ambiguous(text: str) -> bool:
    """Whether a comma or point may part decimals as well as thousands.

    >>> is_ambiguous("1,189"), is_ambiguous("0,189"), is_ambiguous("11,89")
    (True, False, False)
    """
    return bool(_AMBIGUOUS.match(tidy(text)))
