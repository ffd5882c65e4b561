"""One table of a report never seen before: its time, its calendar, its columns, its labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from zveno.sources.cells import cell_name
from zveno.sources.dates import date_in, figures_in, moment_of, month_in
from zveno.sources.grid import RawCell, Sheet
from zveno.sources.headings import uom_in
from zveno.sources.learning.calendars import Timed, likely_calendars
from zveno.sources.learning.columns import Place, resolved
from zveno.sources.learning.cross import Across, find_across, learn_rows
from zveno.sources.learning.find import Block, title_pattern
from zveno.sources.learning.found import LearntColumn, LearntRow, LearntTable
from zveno.sources.learning.guesses import Guess, guess_column, quantity_of
from zveno.sources.learning.known import Known
from zveno.sources.learning.labels import Labels, line_rows, numbers_of
from zveno.sources.learning.registers import (
    is_instruments,
    is_wagons,
    learn_instruments,
    learn_wagons,
    stated_alone,
)
from zveno.sources.mappedrows import as_word
from zveno.sources.patterns import caught
from zveno.text.sheetwords import tidy
from zveno.text.tradeconcepts import category, concepts
from zveno.text.tradewords import CHECK_SIGNS, CLOSING, OPENING, ROSTER, STOCKTAKE, holds

_SHOWN = 3
_MANY = 0.6
_CLOCK = re.compile(r"\d{1,2}:\d\d|\d\d-\d\d,")
_PRODUCT = re.compile(r"^(?:of:)?=\[?\.?\$?([A-Z]+)\$?\d+\]?\*\[?\.?\$?([A-Z]+)\$?\d+\]?$")
"""A formula that multiplies two cells."""


def roster(sheet: Sheet) -> str:
    """The title of a sheet that holds hours of persons and nothing of the production; empty if it is none."""
    titles = [
        tidy(cell.value) for (row, _), cell in sorted(sheet.cells.items()) if row < 3 and isinstance(cell.value, str)
    ]
    return next((one for one in titles if holds(one, ROSTER) and not holds(one, ("поверк", "отбор"))), "")


def title_of(block: Block, known: Known) -> str:
    """The title that tells a table: one that names a plant or speaks of the trade, else the longest; no list of shifts.

    The first heading of a table without titles.
    """

    def worth(title: str) -> tuple[bool, bool, bool, int]:
        plants, words = known.index.plants_in(title)
        told = any(category(one) != "word" for one in concepts(title) - words)
        return not _CLOCK.search(title), bool(plants), told, len(title_pattern(title))

    return max(block.titles, key=worth, default=next(iter(block.heads.values()))[0])


def learn_table(block: Block, known: Known) -> LearntTable:
    """One table: its columns, its labels, its date and its place in the chain."""
    columns = _weighed_by_volume(block, [_column(block, column, known) for column in block.heads])
    title = title_of(block, known)
    context = tuple(dict.fromkeys(filter(None, (block.section if block.section != title else "", title))))
    plants = known.plants(*context, block.sheet.name, known.file)
    across = find_across(block, known.calendars)
    shift = _shift_place(block.above, known)
    table = LearntTable(
        title_pattern(title), heading_rows=block.last - block.first + 1,
        date=_date_place(block, known), shift=shift[0], slot=_slot(title, columns),
    )  # fmt: skip
    if table.date == "above" and not any(moment_of(cell.value) for cell in block.above.values()):
        table = replace(table, undated=True)
    months = any("{month}" in one.guess.pattern for one in columns)
    if any(one.guess.role == "date" for one in columns) and (months or not _day_numbers(block, columns)):
        table = replace(table, date="")
    if any(one.guess.role == "shift" for one in columns) or (across is not None and across.shifts):
        table = replace(table, shift="")
    table = replace(table, date_order=_order(block, columns))
    timed = bool(shift[0]) or _timed(block, columns, known)
    lot = "{lot}" in table.slot
    period = (
        "lot"
        if lot
        else "shift"
        if timed or (across and across.shifts)
        else "moment"
        if holds_stock(context)
        else "day"
    )
    table = replace(table, stands_for=period, period="moment" if period == "moment" else "")
    time = Timed(block, columns, known, plants, shift[1], period, across)
    place = Place(known.index, context, plants, period)
    if is_instruments(columns):
        return _on_calendar(learn_instruments(table, columns), time)
    if is_wagons(columns):
        return _on_calendar(learn_wagons(block, table, columns, place), time)
    if across is not None:
        return _on_calendar(_crossed(block, table, columns, across, place, known), time)
    return _on_calendar(_plain(block, table, columns, place), time)


def _on_calendar(table: LearntTable, time: Timed) -> LearntTable:
    """The table with its calendar, or with those to choose from; where no title names a plant, its points do."""
    found = likely_calendars(time)
    if not time.plants and time.period in ("shift", "day"):
        rules = [one.rule for one in table.rows if isinstance(one.rule, str)]
        points = [one for one in (table.point, *(each.point for each in table.columns), *rules) if one]
        index = time.known.index
        homes = {plant for one in points for plant in index.home.get(one.split(" ")[0], ())}
        found = sorted({name for plant in homes for name in likely_calendars(replace(time, plants=(plant,)))} or found)
    if len(found) == 1:
        return replace(table, calendar=found[0])
    return replace(table, asks={**table.asks, "calendar": tuple(found)}) if found else table


def _timed(block: Block, columns: Sequence[LearntColumn], known: Known) -> bool:
    """Whether a column of shifts names some, not whole days only; or a column of dates their ends."""
    heads = [one for one in columns if one.guess.role == "shift"]
    words = [as_word(cell.value) for one in heads for cell in block.cells(one.column).values()]
    return any(one.guess.stamp for one in columns) or (bool(heads) and (not words or any(map(known.is_shift, words))))


def beside(table: LearntTable) -> list[LearntTable]:
    """A table whose dates stand in several columns as several beside each other, each with dates of its own.

    Dates without values of their own, such as those of departure and arrival, are left as they are: an import that
    finds two of them different takes nothing.
    """
    dates = [n for n, one in enumerate(table.columns) if one.guess.role == "date"]
    if len(dates) < 2 or table.rows:
        return [table]
    ends = [*dates[1:], len(table.columns)]
    parts = [
        table.columns[0 if n == 0 else start : end] for n, (start, end) in enumerate(zip(dates, ends, strict=True))
    ]
    valued = [any(one.guess.role == "value" for one in part) for part in parts]
    heads = {table.columns[n].guess.pattern for n in dates}
    if not all(valued) or len(heads) < len(dates):
        return [table]
    return [replace(table, columns=part) for part in parts]


def _order(block: Block, columns: Sequence[LearntColumn]) -> str:
    """Order of day and month in dates of figures: ``mdy`` where no other can be, ``?`` where both may be meant."""
    cells = [cell.value for one in columns if one.guess.role == "date" for cell in block.cells(one.column).values()]
    pairs = [pair for one in cells if isinstance(one, str) and (pair := figures_in(one)) is not None]
    if not pairs or (all(second <= 12 for _, second in pairs) and any(first > 12 for first, _ in pairs)):
        return ""
    if any(second > 12 for _, second in pairs):
        return "mdy" if all(first <= 12 for first, _ in pairs) else "?"
    months, days = {second for _, second in pairs}, {first for first, _ in pairs}
    return "?" if len(months) > 2 and len(months) > len(days) else ""


def holds_stock(texts: Iterable[str]) -> bool:
    """Whether titles say that what lies was counted."""
    return any(holds(one, STOCKTAKE) for one in texts)


def _column(block: Block, column: int, known: Known) -> LearntColumn:
    """One column with its first values."""
    path, cells = tuple("{month}" if month_in(one) else one for one in block.heads[column]), block.cells(column)
    guess = guess_column(path, list(cells.values()), known.model.mappings, known.words, section=block.section)
    if guess.role != "shift" and cells and all(isinstance(one.value, str) for one in cells.values()):
        shifts = sum(known.is_shift(tidy(one.value)) for one in cells.values())
        if shifts > _MANY * len(cells):
            guess = replace(guess, role="shift", name="", sure=True)
    shown = tuple(tidy(one.value if one.value is not None else one.formula) for one in list(cells.values())[:_SHOWN])
    place = cell_name(next(iter(cells)), column) if cells else cell_name(block.last, column)
    return LearntColumn(block.sheet.name, " / ".join(path), guess, place, shown)


def _weighed_by_volume(block: Block, columns: Sequence[LearntColumn]) -> list[LearntColumn]:
    """Columns, with masses that are computed from volume and density, and nowhere else stated, as values."""
    letters = {one.guess.quantity: one.cell.rstrip("0123456789") for one in columns if one.guess.role == "value"}
    wanted = {letters.get("volume"), letters.get("bulk_density")}
    found = []
    for one in columns:
        formulas = [_PRODUCT.match(cell.formula) for cell in block.cells(one.column).values() if cell.formula]
        product = bool(formulas) and all(each is not None and {each[1], each[2]} == wanted for each in formulas)
        if one.guess.role == "derived" and product:
            path = tuple(one.heading.split(" / "))
            uom = uom_in(path)
            quantity, sure = quantity_of(one.heading, uom, path)
            found.append(replace(one, guess=replace(one.guess, role="value", quantity=quantity, uom=uom, sure=sure)))
        else:
            found.append(one)
    return found


def _plain(block: Block, table: LearntTable, columns: list[LearntColumn], place: Place) -> LearntTable:
    """A table whose columns are quantities."""
    texts = _labels(block, columns)
    columns = [replace(one, guess=replace(one.guess, role="note")) if one.guess.role == "label" and not texts else one
               for one in columns]  # fmt: skip
    rows: tuple[LearntRow, ...] = ()
    numbers = numbers_of(texts)
    if texts and len(numbers) > _MANY * len(texts):
        number = next(iter(numbers.values()))
        line = place.index.line(number, place.plants or tuple(p.id for p in place.index.model.chain.plants))
        if line:
            rows = line_rows(numbers, line)
            place = replace(place, line=line, number=number)
    elif texts:
        rows = Labels(texts, _quantities(block, columns), place).rows()
    done, point = resolved(columns, place, labelled=bool(texts))
    if point is not None and point.sure:
        table = replace(table, point=point.point)
    elif point is not None:
        table = replace(table, asks={**table.asks, "point": point.likely or ("?",)})
    signs = tuple(sign for sign in CHECK_SIGNS if any(sign in one for one in texts))
    done = tuple({one.guess.pattern: one for one in reversed(done)}.values())[::-1]
    found = replace(table, columns=_told_apart(_elements(done)), rows=rows, checks=signs)
    return stated_alone(block, found)


def _crossed(
    block: Block, table: LearntTable, columns: Sequence[LearntColumn], across: Across, place: Place, known: Known
) -> LearntTable:
    """A table whose columns are shifts or days and whose rows are quantities."""
    heads = {" / ".join(block.heads[column]) for column in across.columns}
    if across.line:
        line = place.index.line(across.line, place.plants)
        place = replace(place, line=line, number=across.line) if line else place
    rows = learn_rows(block, across.columns, place, (known.model.mappings, known.words))
    first = next(one for one in columns if one.heading in heads)
    whole = replace(
        first, guess=Guess(across.pattern, "value"), rule={"point": place.line} if place.line else {"is": "value"}
    )
    rest, _ = resolved([one for one in columns if one.heading not in heads], place, labelled=True)
    side = min(across.columns)
    kept = [one for one in rest if not (one.asked and one.column > side)]
    return replace(table, columns=(*_labelled(kept), whole), rows=rows)


def _labelled(columns: Sequence[LearntColumn]) -> list[LearntColumn]:
    """Columns of the side: the first one of texts holds the labels."""
    if any(one.guess.role == "label" for one in columns):
        return list(columns)
    named = next((n for n, one in enumerate(columns) if one.guess.role in ("note", "value") and one.values), None)
    return [replace(one, rule="label", likely=(), guess=replace(one.guess, role="label")) if n == named else one
            for n, one in enumerate(columns)]  # fmt: skip


def _elements(columns: Sequence[LearntColumn]) -> list[LearntColumn]:
    """Columns of elements under one heading, with the same rule but for the element, as one."""
    found: list[LearntColumn] = []
    seen: dict[tuple[str, str], int] = {}
    for one in columns:
        symbol = one.quantity.rpartition("_")[2] if one.quantity.startswith(("grade_", "concentration_")) else ""
        tail = one.guess.pattern.rpartition(" / ")[2]
        if (
            not symbol
            or one.asked
            or not isinstance(one.rule, str)
            or not tail.startswith(f"{symbol}")
            or one.guess.own_uom
        ):
            found.append(one)
            continue
        head = one.guess.pattern.removesuffix(tail)
        general = (f"{head}{{el}}{tail.removeprefix(symbol)}", one.rule.replace(f"_{symbol}", "_{el}"))
        if general in seen:
            continue
        seen[general] = len(found)
        found.append(replace(one, guess=replace(one.guess, pattern=general[0]), rule=general[1]))
    return found


def _told_apart(columns: Sequence[LearntColumn]) -> tuple[LearntColumn, ...]:
    """Columns whose patterns take no other column's heading: a pattern that does is made literal."""
    found = []
    for n, one in enumerate(columns):
        others = [each.heading for m, each in enumerate(columns) if m != n and each.heading != one.heading]
        if "{month}" in one.guess.pattern:
            found.append(one)
            continue
        greedy = "{el}" not in one.guess.pattern and any(caught(one.guess.pattern, each) is not None for each in others)
        found.append(replace(one, guess=replace(one.guess, pattern=one.heading)) if greedy else one)
    return tuple(found)


def _labels(block: Block, columns: Sequence[LearntColumn]) -> dict[str, str]:
    """Texts of the columns that hold labels, with their first cells."""
    letters = {one.cell.rstrip("0123456789") for one in columns if one.guess.role == "label"}
    found: dict[str, str] = {}
    for (row, column), cell in sorted(block.sheet.cells.items()):
        name = cell_name(row, column)
        if block.last < row < block.end and isinstance(cell.value, str) and name.rstrip("0123456789") in letters:
            found.setdefault(tidy(cell.value), name)
    return found


def _quantities(block: Block, columns: Sequence[LearntColumn]) -> dict[str, frozenset[str]]:
    """Quantities that stand in the rows of every label."""
    valued = {one.column: one.guess.quantity for one in columns if one.guess.role == "value"}
    labelled = [one.column for one in columns if one.guess.role == "label"]
    found: dict[str, set[str]] = {}
    for row in range(block.last + 1, block.end):
        cells = dict(block.sheet.row(row))
        names = {valued[column] for column in cells if column in valued}
        for column in labelled:
            if column in cells:
                found.setdefault(tidy(cells[column].value), set()).update(names)
    plain_ones = ("mass", "moisture", "grade_", "metal_", "concentration_")
    return {label: frozenset(n for n in names if n.startswith(plain_ones) and n != "mass_uncertainty")
            for label, names in found.items()}  # fmt: skip


def _slot(title: str, columns: Sequence[LearntColumn]) -> str:
    """The name of the time of a value that is neither a shift nor a day: a lot, the begin or end of a month."""
    if any(one.guess.name == "lot" for one in columns):
        return "{lot}"
    if holds(title, STOCKTAKE):
        return "open" if holds(title, OPENING) else "close" if holds(title, CLOSING) else ""
    return ""


def _shift_place(above: Mapping[tuple[int, int], RawCell], known: Known) -> tuple[str, str]:
    """Where the shift of a table stands above its heading, and the word there; empty if nowhere."""
    for (row, column), cell in sorted(above.items()):
        if not isinstance(cell.value, str) or not cell.value.strip().endswith(":"):
            continue
        right = next((above[row, c] for r, c in sorted(above) if r == row and c > column), None)
        if right is None or right.value is None or moment_of(right.value) is not None:
            continue
        word = as_word(right.value)
        if known.is_shift(word) or known.is_shift(word.split(" ")[0]):
            return f"beside {tidy(cell.value)}", word
    return "", ""


def _day_numbers(block: Block, columns: Sequence[LearntColumn]) -> bool:
    """Whether the dates of a table are days of a month only."""
    for one in columns:
        if one.guess.role == "date":
            cells = block.cells(one.column)
            return bool(cells) and all(
                as_word(cell.value).isdigit() and len(as_word(cell.value)) < 3 for cell in cells.values()
            )
    return False


def _date_place(block: Block, known: Known) -> str:
    """Where the date of a table, or its month, stands above its heading."""
    above = block.above
    moments = [moment for cell in above.values() if (moment := moment_of(cell.value)) is not None]
    if moments:
        known.days.add(moments[0].date())
        return "above"
    texts = [tidy(cell.value) for _, cell in sorted(above.items()) if isinstance(cell.value, str)]
    dated = next((one for one in texts if date_in(one)), "") or next((one for one in texts if month_in(one)), "")
    if dated and date_in(dated):
        known.days.add(date_in(dated) or date.min)
    return f"within {title_pattern(dated)}" if dated else "above"
