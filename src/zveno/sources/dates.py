"""Dates as people write them in reports: figures, words of three languages, serial numbers of spreadsheets."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from zveno.text.sheetwords import MONTHS, tidy

_FIGURES = re.compile(r"(?<![\d.,])(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?![\d])")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_WORDS = re.compile(r"(?<!\d)(\d{1,2})\s+([^\W\d_]+)\.?\s+(\d{4})")
_KAZAKH = re.compile(r"(?<!\d)(\d{4})\s*(?:ж\.|жыл\w*)\s*(\d{1,2})\s+([^\W\d_]+)")
_MONTH_YEAR = re.compile(r"([^\W\d_]+)\.?\s+(20\d\d)(?!\d)")
_YEAR_MONTH = re.compile(r"(?<!\d)(20\d\d)\s*(?:ж\.|жыл\w*)?\s*([^\W\d_]+)")
_FIGURE_MONTH = re.compile(r"(?<![\d.])(\d{1,2})[./-](20\d\d)(?![\d.])")
_CLOCK = re.compile(r"(?<![\d.])([01]?\d|2[0-4]):([0-5]\d)(?::[0-5]\d)?(?!\d)")
_FILLERS = re.compile(r"\b(г|год|года|ж|жыл|жылы|жылғы|за|на|от|дата|күні|date|for)\b[.:]?", re.IGNORECASE)
"""Words that may stand beside a date in a cell that is nothing but a date."""
_EPOCH = datetime(1899, 12, 30)
_SERIALS = range(20000, 80000)
"""Serial numbers from 1954 to 2119: others are no dates."""


def date_in(text: str) -> date | None:
    """The one date that a text holds, or None.

    >>> date_in("по состоянию на 00:00 1 марта 2026 г."), date_in("2026 ж. 21 наурыз"), date_in("нет")
    (datetime.date(2026, 3, 1), datetime.date(2026, 3, 21), None)
    """
    return _found(text)[0]


def _found(text: str) -> tuple[date | None, str]:
    """The date of a text and what is left of the text without it."""
    plain = tidy(text)
    for pattern, order in ((_ISO, "ymd"), (_FIGURES, "dmy"), (_WORDS, "dmy"), (_KAZAKH, "ydm")):
        match = pattern.search(plain)
        if match is None:
            continue
        part = dict(zip(order, match.groups(), strict=True))
        month = MONTHS.get(part["m"].lower(), 0) if not part["m"].isdigit() else int(part["m"])
        year = int(part["y"]) + (2000 if len(part["y"]) == 2 else 0)
        try:
            return date(year, month, int(part["d"])), plain[: match.start()] + plain[match.end() :]
        except ValueError:
            return None, plain
    return None, plain


def month_in(text: str) -> date | None:
    """The first day of the one month that a text names without a day, or None.

    >>> month_in("Журнал за март 2026 г."), month_in("2026 ж. наурыз"), month_in("03.2026"), month_in("5 марта 2026")
    (datetime.date(2026, 3, 1), datetime.date(2026, 3, 1), datetime.date(2026, 3, 1), None)
    """
    low = tidy(text).lower()
    found = set()
    for pattern, order in ((_MONTH_YEAR, "my"), (_YEAR_MONTH, "ym"), (_FIGURE_MONTH, "my")):
        for match in pattern.finditer(low):
            part = dict(zip(order, match.groups(), strict=True))
            month = int(part["m"]) if part["m"].isdigit() else MONTHS.get(part["m"], 0)
            if 1 <= month <= 12:
                found.add((int(part["y"]), month))
    return date(*found.pop(), 1) if len(found) == 1 and date_in(text) is None else None


def moment_of(value: object) -> datetime | None:
    """A cell that is a date, with or without a time, and nothing else; 24:00 is the end of its day.

    >>> moment_of("01.03.26 13:34"), moment_of("за 1 марта 2026 г."), moment_of("ночная")
    (datetime.datetime(2026, 3, 1, 13, 34), datetime.datetime(2026, 3, 1, 0, 0), None)
    >>> moment_of(46084)
    datetime.datetime(2026, 3, 3, 0, 0)
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if int(value) not in _SERIALS:
            return None
        minutes = round((value - int(value)) * 1440)
        return _EPOCH + timedelta(days=int(value), minutes=minutes)
    if not isinstance(value, str):
        return None
    return moment_in(value, whole=True)


def moment_in(text: str, *, whole: bool = False) -> datetime | None:
    """Date and time that a text holds; with ``whole`` it may hold nothing else."""
    day, rest = _found(text)
    if day is None:
        return None
    clock = _CLOCK.search(rest)
    if whole:
        left = _FILLERS.sub("", rest[: clock.start()] + rest[clock.end() :] if clock else rest)
        if left.strip(" .,"):
            return None
    start = datetime.combine(day, time())
    return start + timedelta(hours=int(clock[1]), minutes=int(clock[2])) if clock else start


def day_second(value: object) -> object:
    """A date of figures whose month stands first, with the day first; anything else as it is.

    >>> day_second("03/25/2026 14:00"), day_second("25 March 2026")
    ('25/03/2026 14:00', '25 March 2026')
    """
    return _FIGURES.sub(r"\2/\1/\3", value) if isinstance(value, str) else value


def figures_in(text: str) -> tuple[int, int] | None:
    """The first two numbers of a date of figures, in the order in which they stand; None where there is none.

    >>> figures_in("03/25/2026"), figures_in("2026-03-25")
    ((3, 25), None)
    """
    found = _FIGURES.search(tidy(text)) if not _ISO.search(text) else None
    return (int(found[1]), int(found[2])) if found else None
