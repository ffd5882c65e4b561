"""What a column of a report never seen before probably holds: by its heading, unit, cells and the mappings at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from zveno.model.mapping import CellRule, Mappings
from zveno.sources.dates import day_second, moment_of
from zveno.sources.grid import RawCell
from zveno.sources.headings import code_of, uom_in
from zveno.sources.patterns import caught
from zveno.sources.written import read_written
from zveno.text.sheetwords import tidy
from zveno.text.tradewords import (
    BY_UOM,
    COUNT_WORDS,
    DRY,
    END_OF_SHIFT,
    EXPRESS,
    LOT,
    MASS_WORDS,
    MOISTURE,
    MOSCOW,
    ROLE_WORDS,
    RUNNING,
    SHARE_WORDS,
    STOPPED,
    WAGON,
    WET,
    holds,
)
from zveno.text.words import ELEMENTS, as_latin, spoken

_PERSON = re.compile(r"^[А-ЯӘҒҚҢӨҰҮҺІA-Z][\w-]+\s+[А-ЯӘҒҚҢӨҰҮҺІA-Z]\.\s?([А-ЯӘҒҚҢӨҰҮҺІA-Z]\.)?$")
_DIFFERENCE = re.compile(r"^(of:)?=\[?\.?\$?[A-Z]+\$?\d+\]?-\[?\.?\$?[A-Z]+\$?\d+\]?$")
_SYMBOL = re.compile(r"(?<![A-Za-z])([A-Z][a-z]?(?:O\d?|O2)?)(?![A-Za-z])")
_FINES = re.compile(r"-\s*0[.,]074|[-−–]\s*74\s*(?:мкм|микр|um|µm)")
"""What passes 74 micrometres."""
_ZONE = re.compile(r"UTC\s*([+-])(\d{1,2})(?!\d)")
_OXIDES = ("SiO2", "CaO", "MgO", "Al2O3", "FeO")
_MOST = 0.6
_OF_ALL = ("cumulative", "plan", "total", "derived")
"""Roles that an upper heading tells too."""


@dataclass(frozen=True)
class Guess:
    """What a column probably holds; ``sure`` says whether more than its unit tells it."""

    pattern: str
    role: str
    quantity: str = ""
    uom: str = ""
    sure: bool = True
    stamp: str = ""
    zone: str = ""
    name: str = ""
    """Name by which other rules use the texts of the column: lot, wagon."""
    own_uom: bool = False
    """Whether its unit of measure must stand in the rule, for the heading does not say it."""


def guess_column(
    path: Sequence[str],
    cells: Sequence[RawCell],
    mappings: Mappings,
    shift_words: Iterable[str],
    *,
    section: str = "",
) -> Guess:
    """The likeliest rule of a column.

    Parameters
    ----------
    path
        Its heading texts from top to bottom.
    cells
        Its cells below the heading.
    mappings
        Mappings at hand: words that they know mean the same here.
    shift_words
        Words that name shifts, lower case.
    section
        Title right above the table: it may say the unit of measure for columns that do not.
    """
    pattern = pattern_of(path)
    text = " / ".join(path)
    uom = uom_in(tuple(path))
    role = _role_by_cells(cells, set(shift_words)) or _role_by_words(path, cells) or _role_known(text, path, mappings)
    if role == "date":
        zone = _ZONE.search(text)
        stamp = "end" if holds(text, END_OF_SHIFT) else ""
        named = "UTC+03:00" if holds(text, MOSCOW) else ""
        return Guess(pattern, role, stamp=stamp, zone=f"UTC{zone[1]}{int(zone[2]):02d}:00" if zone else named)
    if role in ("note", "person", "label", "uom") and cells and _mostly(cells, _is_number):
        return Guess(pattern, "value", quantity="reading", sure=False)
    if role and role != "value":
        named = "lot" if holds(path[-1], LOT) else "wagon" if holds(path[-1], WAGON) and "№" in path[-1] else ""
        return Guess(pattern, role, name=named if role == "id" else "")
    if cells and not _mostly(cells, _is_number):
        return Guess(pattern, "label" if _repeats(cells) else "note", sure=False)
    if not cells and not uom:
        return Guess(pattern, "note", sure=False)
    if not uom and path[-1].strip().lower() in ("ph", "рн"):
        return Guess(pattern, "value", "pH", "pH", own_uom=True)
    counted = next((name for name, words in COUNT_WORDS if holds(path[-1], words)), "")
    if counted and uom in ("", "pcs"):
        return Guess(pattern, "value", counted, "pcs", own_uom=not uom)
    lent = "" if uom else uom_in((section,))
    if lent:
        quantity, sure = quantity_of(f"{section} {text}", lent, (section, *path))
        return Guess(pattern, "value", quantity, lent, sure=sure, own_uom=True)
    quantity, sure = quantity_of(text, uom, path)
    return Guess(pattern, "value", quantity, uom, sure=sure and bool(uom), own_uom=False)


def pattern_of(path: Sequence[str]) -> str:
    """A heading as a pattern: units of measure may change, so that ``*`` stands for them.

    >>> pattern_of(("Концентрат, кг (сух.)",)), pattern_of(("Анализ", "Cu, %"))
    ('Концентрат, * (сух.)', 'Анализ / Cu, *')
    """
    return " / ".join(_without_uom(part) for part in path)


def _without_uom(part: str) -> str:
    """A heading text with its unit after the comma replaced."""
    head, comma, tail = part.rpartition(", ")
    word = tail.split(" ")[0] if tail else ""
    if comma and code_of(word):
        return f"{head}, *{tail[len(word) :]}"
    if comma and code_of("".join(tail.split())):
        return f"{head}, *"
    words = part.split(" ")
    if (
        not comma
        and code_of(words[-1]) != "frac"
        and len(words) > 1
        and code_of(words[-1])
        and words[-1] not in ("А", "В", "A", "V", "K")
    ):
        return " ".join([*words[:-1], "*"])
    return part


def _role_by_cells(cells: Sequence[RawCell], shift_words: set[str]) -> str:
    """A role that the cells themselves tell."""
    if is_computed(cells):
        formulas = [one.formula for one in cells if one.formula]
        sums = sum("SUM(" in one.upper() or "AVERAGE(" in one.upper() for one in formulas)
        return "total" if sums > len(formulas) / 2 else "derived"
    if _mostly(cells, lambda one: isinstance(one.value, str) and bool(_PERSON.match(tidy(one.value)))):
        return "person"
    if _mostly(cells, lambda one: tidy(one.value).lower() in shift_words and isinstance(one.value, str)):
        return "shift"
    dates = sum(_dates(one) for one in cells)
    return "date" if cells and dates >= _MOST * len(cells) else ""


def _dates(cell: RawCell) -> bool:
    """Whether a cell is a date, in whatever order of day and month."""
    if isinstance(cell.value, (int, float)):
        return False
    return moment_of(cell.value) is not None or moment_of(day_second(cell.value)) is not None


def is_computed(cells: Sequence[RawCell]) -> bool:
    """Whether most cells are formulas that do more than take one number from another, as counters ask for."""
    formulas = [one.formula for one in cells if one.formula]
    return bool(cells) and len(formulas) >= _MOST * len(cells) and not all(_DIFFERENCE.match(one) for one in formulas)


def _role_by_words(path: Sequence[str], cells: Sequence[RawCell]) -> str:
    """A role that the heading tells; ids and dates only where the cells can be such."""
    text = " / ".join(path)
    for role, words in ROLE_WORDS:
        if not holds(text if role in _OF_ALL else path[-1], words):
            continue
        if role == "shift" and uom_in(tuple(path)):
            continue
        if role == "date" and cells and _mostly(cells, _is_number) and not (_dated(cells) or _days(cells)):
            continue
        if role == "derived" and uom_in(tuple(path)) not in ("", "%", "frac"):
            continue
        return role
    return ""


def _role_known(text: str, path: Sequence[str], mappings: Mappings) -> str:
    """A role that another mapping gives to the same heading."""
    for rule in known_rules(mappings, text, path[-1]):
        if rule.is_ != "value":
            return rule.is_
    return ""


def known_rules(mappings: Mappings, *texts: str) -> Iterator[CellRule]:
    """Rules of columns in mappings at hand whose pattern fits one of the texts."""
    for layout in mappings.layouts:
        for table in layout.tables:
            for pattern, rule in table.columns.items():
                if not pattern.startswith(("{", "*")) and any(caught(pattern, one) is not None for one in texts):
                    yield rule


def quantity_of(text: str, uom: str, path: Sequence[str]) -> tuple[str, bool]:
    """The quantity of a column, and whether its words tell it too."""
    symbol = next((one for one in map(_symbol, reversed(path)) if one), "")
    if symbol and uom in ("%", "g/t", "frac", "ppm"):
        return f"grade_{symbol}" + ("_express" if holds(text, EXPRESS) else ""), True
    if symbol and uom == "g/l":
        return f"concentration_{symbol}", True
    if uom == "%" and _FINES.search(text):
        return "pass_74um", True
    share = next((name for name, words in SHARE_WORDS if uom == "%" and holds(text, words)), "")
    if share:
        return share, True
    if uom in ("t", "kg", "g", "kt"):
        return _mass_of(text, symbol)
    if uom == "h":
        stopped = holds(text, STOPPED)
        return ("downtime" if stopped else "run_hours"), stopped or holds(text, RUNNING)
    if uom in BY_UOM:
        return BY_UOM[uom], True
    return ("share", False) if uom == "%" else (_unmeasured(text, symbol) if not uom else "reading", False)


def _unmeasured(text: str, symbol: str) -> str:
    """The quantity that words alone tell, where no unit is said."""
    share = next((name for name, words in SHARE_WORDS if holds(text, words)), "")
    if holds(text, STOPPED) or holds(text, RUNNING):
        return "downtime" if holds(text, STOPPED) else "run_hours"
    if share == "moisture" and holds(text, WET) and not holds(text, MOISTURE):
        return "mass_wet"
    if share or symbol:
        return share or f"grade_{symbol}"
    return _mass_of(text, "")[0]


def _mass_of(text: str, symbol: str) -> tuple[str, bool]:
    """Which mass a column gives, and whether its words tell it."""
    special = next((name for name, words in MASS_WORDS if holds(text, words)), "")
    if special:
        return special, True
    if symbol or (holds(text, ("медь", "мыс", "copper")) and holds(text, ("в ", "in "))):
        return f"metal_{symbol or 'Cu'}", True
    wet, dry = holds(text, WET), holds(text, DRY)
    return ("mass" if wet == dry else "mass_wet" if wet else "mass_dry"), wet != dry


def _symbol(part: str) -> str:
    """The component that a heading names, by its symbol, or by its name if it says nothing else; empty if none."""
    bare = [one for one in re.split(r"[\s,()]+", part) if one and not code_of(one)]
    named = spoken("elements").get(bare[0].lower(), "") if len(bare) == 1 else ""
    if named:
        return named
    for found in _SYMBOL.finditer(as_latin(part)):
        if found[1] in ELEMENTS or found[1] in _OXIDES:
            return found[1]
    return ""


def _is_number(one: RawCell) -> bool:
    written = read_written(one, "number")
    if written.reason == "garbage":
        return not any(sign.isalpha() for sign in str(one.value))
    return not written.reason or written.reason in ("dash", "no_data", "date_in_number", "formula_error")


def _dated(cells: Sequence[RawCell]) -> bool:
    return _mostly(cells, lambda one: moment_of(one.value) is not None)


def _days(cells: Sequence[RawCell]) -> bool:
    """Whether cells are days of a month that go on."""
    days = [one.value for one in cells]
    whole = all(isinstance(one, (int, float)) and one in range(1, 32) for one in days)
    return whole and len(days) > 2 and days == sorted(days)


def _repeats(cells: Sequence[RawCell]) -> bool:
    """Whether texts of a column are few words for many rows, or short names."""
    texts = [tidy(one.value) for one in cells if isinstance(one.value, str)]
    return bool(texts) and (len(set(texts)) < len(texts) or max(map(len, texts)) < 50)


def _mostly(cells: Sequence[RawCell], test: object) -> bool:
    """Whether most cells pass a test."""
    assert callable(test)
    return bool(cells) and sum(bool(test(one)) for one in cells) >= _MOST * len(cells)
