"""Words of untidy sheets in three languages: totals, missing values, months, estimates, corrections, copies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from zveno.text.words import as_latin

_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
DASHES = frozenset("-–—−")
MISSING = frozenset({"н/д", "нет данных", "н.д.", "нд", "деректер жоқ", "д/ж", "n/a", "na", "no data", "#н/д"})
"""A cell that says in as many words that there is no value."""
_MONTHS = (
    ("январ", "янв", "қаңтар", "january", "jan"),
    ("феврал", "фев", "ақпан", "february", "feb"),
    ("март", "мар", "наурыз", "march", "mar"),
    ("апрел", "апр", "сәуір", "april", "apr"),
    ("ма", "май", "мая", "мамыр", "may"),
    ("июн", "маусым", "june", "jun"),
    ("июл", "шілде", "july", "jul"),
    ("август", "авг", "тамыз", "august", "aug"),
    ("сентябр", "сен", "сент", "қыркүйек", "september", "sep", "sept"),
    ("октябр", "окт", "қазан", "october", "oct"),
    ("ноябр", "ноя", "қараша", "november", "nov"),
    ("декабр", "дек", "желтоқсан", "december", "dec"),
)
_ENDINGS = ("", "а", "я", "ь", "е", "й")
MONTHS: Mapping[str, int] = MappingProxyType(
    {
        stem + end: n
        for n, stems in enumerate(_MONTHS, start=1)
        for stem in stems
        for end in _ENDINGS
        if stem + end != "ма"
    }
)
"""Names of months, in the forms that dates have, to their number."""
_TOTALS = (
    "итого",
    "всего",
    "среднее",
    "средняя",
    "средневзвеш",
    "сумма",
    "барлығы",
    "жиыны",
    "орташа",
    "total",
    "sum ",
    "average",
    "mean",
)
_ESTIMATED = (
    "по среднему",
    "ориентировочн",
    "оценк",
    "оценочн",
    "расчетн",
    "расчётн",
    "принято",
    "бағала",
    "орташа бойынша",
    "estimate",
    "assumed",
)
_CORRECTED = ("исправ", "испр.", "испр ", "взамен", "повторно", "уточнен", "түзет", "correct", "revis", "amended")
_COPY = re.compile(r"(^|\W)(копия|copy|көшірме)(\W|$)|\(\d+\)\s*$", re.IGNORECASE)
DRAFT = ("черновик", "қаралама", "draft")


def plain(text: object) -> str:
    """A text as patterns see it: one space between words, no case, letters that look Latin made Latin.

    >>> plain("Питание~с.1".replace("~", chr(160))) == plain("питание  с.1")
    True
    """
    return as_latin(_SPACES.sub(" ", str(text)).strip().lower().replace("ё", "е"))


def tidy(text: object) -> str:
    """A text with single spaces only."""
    return _SPACES.sub(" ", str(text)).strip()


def is_total(text: str) -> bool:
    """Whether a label says that its row adds up or averages others.

    >>> is_total("ИТОГО за сутки"), is_total("Барлығы"), is_total("Секция 1")
    (True, True, False)
    """
    return _begins(text, _TOTALS)


def is_estimate(text: str) -> bool:
    """Whether a comment says that the value was not measured.

    >>> is_estimate("весы на поверке, принято по среднему за сутки"), is_estimate("новый датчик")
    (True, False)
    """
    low = tidy(text).lower()
    return any(word in low for word in _ESTIMATED)


def is_correction(text: str) -> bool:
    """Whether a title or the name of a file says that it corrects an earlier one.

    >>> is_correction("ЖОФ_суточный_12.03.2026 испр.xlsx"), is_correction("ЖОФ_суточный_12.03.2026.xlsx")
    (True, False)
    """
    low = tidy(text).lower().replace("_", " ").replace(".", " ") + " "
    return any(word.replace(".", " ") in low for word in _CORRECTED)


def is_draft(text: str) -> bool:
    """Whether a note says that its row is a draft."""
    return _begins(text, DRAFT)


def is_copy(stem: str) -> bool:
    """Whether the name of a file, without its suffix, looks like that of a copy.

    >>> is_copy("Балхаш ОФ 1 декада (1)"), is_copy("Копия ЖОФ"), is_copy("ЖОФ")
    (True, True, False)
    """
    return bool(_COPY.search(stem))


def _begins(text: str, words: tuple[str, ...]) -> bool:
    low = tidy(text).lower()
    return low.startswith(words)
