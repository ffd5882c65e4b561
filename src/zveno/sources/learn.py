"""A mapping proposed for a layout never seen before, with what it understood; a person looks and edits it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.mapping import Calendar, LayoutMapping, MappedTable, Mappings
from zveno.periods import zone
from zveno.sources.books import is_book, open_book, text_books
from zveno.sources.cells import cell_name
from zveno.sources.dates import date_in, moment_of
from zveno.sources.fates import counted
from zveno.sources.grid import Book, RawCell, Sheet
from zveno.sources.guesses import Guess, guess_column, point_of
from zveno.sources.headings import heading_path
from zveno.sources.learntcross import find_cross
from zveno.sources.learntrows import learn_labels, likely_plants, slug
from zveno.sources.mapped import read_mapped, recognise
from zveno.sources.mappedrows import as_word
from zveno.sources.patterns import alike
from zveno.sources.reportdays import ReportCalendar
from zveno.sources.written import read_written
from zveno.text.sheetwords import MONTHS, is_total, plain, tidy
from zveno.text.tradewords import CHECK_SIGNS, MATERIAL_WORDS, OUT, holds

_MOST_HEADING_ROWS = 3
_SHOWN = 3
_TITLE_ROWS = 12
_NUMBERED = re.compile(r"\d")


@dataclass(frozen=True)
class LearntColumn:
    """A column as it was understood, with its first values."""

    sheet: str
    heading: str
    guess: Guess
    cell: str
    values: tuple[str, ...]
    point: str = ""


@dataclass(frozen=True)
class LearntTable:
    """A table found on one or more sheets, and what was understood of it."""

    title: str
    heading_rows: int
    calendar: str
    date: str
    shift: str
    point: str
    columns: tuple[LearntColumn, ...]
    rows: Mapping[str, str]
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Learnt:
    """A proposed mapping as YAML, the columns it rests on, and what it does with the cells of the file."""

    id: str
    text: str
    tables: tuple[LearntTable, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    known_as: str = ""

    def columns(self) -> list[dict[str, object]]:
        """All columns as rows: what was understood, with the first values."""
        return [
            {"table": n, "sheet": one.sheet, "heading": one.heading, "holds": one.guess.role, "point": one.point,
             "quantity": one.guess.quantity, "uom": one.guess.uom, "sure": one.guess.sure, "cell": one.cell,
             "values": list(one.values)}
            for n, table in enumerate(self.tables) for one in table.columns
        ]  # fmt: skip


def learn(model: ChainModel, content: bytes, name: str) -> Learnt:
    """Propose a mapping for a file.

    Parameters
    ----------
    model
        The description: its points, calendars and mappings tell words and names.
    content, name
        The file.

    Raises
    ------
    DataError
        If it cannot be opened, or no table with headings above numbers is found.
    """
    books = [open_book(content, name)] if is_book(content) else list(text_books(content))
    if not books:
        raise DataError("'{file}' is neither a workbook nor a text table: nothing can be learnt from it", file=name)
    book = books[0]
    tables = tuple(_merged(one for sheet in book.sheets for one in _tables(sheet, model)))
    if not tables:
        raise DataError("no table with headings above numbers was found in '{file}'", file=name)
    known = recognise(book, model.mappings)
    id_ = _id_of(name)
    text = as_yaml(id_, name, tables)
    return Learnt(id_, text, tables, _tried(model, book, name, id_, tables), known.layout.id if known else "")


def _tried(model: ChainModel, book: Book, name: str, id_: str, tables: Sequence[LearntTable]) -> Mapping[str, int]:
    """What the proposed mapping makes of the cells of its own file."""
    marks = dict.fromkeys((sign for one in tables for sign in one.checks), "qc_duplicate")
    layout = LayoutMapping(
        id=id_, marks=marks, tables=tuple(MappedTable.model_validate(as_data(one)) for one in tables)
    )
    own = Mappings(layouts=(layout,), calendars=model.mappings.calendars)
    found = recognise(book, own)
    return counted(read_mapped(book, name, found, own, model.tz).fates) if found else {}


def _tables(sheet: Sheet, model: ChainModel) -> Iterator[LearntTable]:
    """Tables of a sheet: rows of texts with numbers under them."""
    row = 0
    while row < sheet.height:
        last = _heading_ends(sheet, row)
        if last is None:
            row += 1
            continue
        end = next((n for n in range(last + 2, sheet.height) if _heading_ends(sheet, n) is not None), sheet.height)
        yield _table(sheet, model, (row, last, end))
        row = end


def _heading_ends(sheet: Sheet, first: int) -> int | None:
    """The last heading row of a table that begins in a row; None where none begins."""
    texts = [column for column, cell in sheet.row(first) if isinstance(cell.value, str) and not _number(cell)]
    if (
        len(texts) < 2
        or len(texts) < sum(1 for _ in sheet.row(first))
        or any(is_total(str(sheet.cells[first, column].value)) for column in texts[:1])
    ):
        return None
    last = first
    while last - first < _MOST_HEADING_ROWS - 1 and _goes_on(sheet, first, last + 1):
        last += 1
    below = [cell for row in range(last + 1, last + 4) for _, cell in sheet.row(row)]
    numbers = sum(_number(one) or bool(one.formula) for one in below)
    return last if numbers >= max(2, len(below) // 4) else None


def _goes_on(sheet: Sheet, first: int, row: int) -> bool:
    """Whether a row is a lower row of a heading: texts only, under headings that are merged."""
    cells = list(sheet.row(row))
    wide = any(at[0] == first and top[1] != at[1] for at, top in sheet.merged.items())
    texts = all(isinstance(cell.value, str) and not _number(cell) for _, cell in cells)
    return bool(cells) and texts and wide


def _number(cell: RawCell) -> bool:
    written = read_written(cell, "number")
    return not written.reason or moment_of(cell.value) is not None


def _table(sheet: Sheet, model: ChainModel, rows: tuple[int, int, int]) -> LearntTable:
    """One table: its columns, its labels, its date and its place in the chain."""
    first, last, end = rows
    words = {
        word for one in model.mappings.calendars.values() for shift in one.shifts for word in map(plain, shift.words)
    }
    days = {plain(word) for one in model.mappings.calendars.values() for word in one.day_words}
    end = _ends(sheet, last, end)
    above = {at: cell for at, cell in sheet.cells.items() if at[0] < first}
    section = next((tidy(cell.value) for at, cell in sorted(above.items(), reverse=True) if _is_title(cell)), "")
    columns = []
    for column in range(sheet.width):
        path = heading_path(sheet, column, first, last)
        if path:
            columns.append(_column(sheet, column, (path, section), (last, end), (model.mappings, words | days)))
    titles = [tidy(cell.value) for at, cell in sorted(above.items()) if _is_title(cell) and at[0] < _TITLE_ROWS]
    title = max(titles, key=lambda one: len(title_pattern(one)), default=columns[0].heading.split(" / ")[0])
    likely = likely_plants(title, model)
    shift = _shift_place(above, words)
    calendar = _calendar(sheet, columns, (last, end), model, likely, shift)
    plants = sorted(likely, key=lambda one: one != calendar)
    texts = _labels(sheet, columns, (last, end))
    labels = learn_labels(texts, plants, model)
    point, columns = _placed(title, columns, plants, model, labelled=bool(labels))
    heads = {column: path for column in range(sheet.width) if (path := heading_path(sheet, column, first, last))}
    cross = find_cross(sheet, heads, (last, end), plants, model)
    if cross is not None:
        names = {" / ".join(heads[column]) for column in cross.columns}
        whole = Guess(cross.pattern, "value", cross.point)
        head = next(one for one in columns if one.heading in names)
        columns = [
            replace(head, heading=cross.pattern, guess=whole),
            *(one for one in columns if one.heading not in names),
        ]
        point, labels, calendar = "", dict(cross.rows), cross.calendar
    dated = any(one.guess.role == "date" for one in columns)
    return LearntTable(
        title_pattern(title), last - first + 1, calendar,
        "" if dated else _date_place(above),
        "" if any(one.guess.role == "shift" for one in columns) else shift[0],
        point,
        tuple(replace(one, point=point + one.guess.part) if one.guess.role == "value" else one for one in columns),
        labels, tuple(sign for sign in CHECK_SIGNS if any(sign in one for one in texts)),
    )  # fmt: skip


def _ends(sheet: Sheet, last: int, end: int) -> int:
    """The first empty row after the numbers of a table: what stands below are notes and signatures."""
    filled = {row for row, _ in sheet.cells}
    return next((row for row in range(last + 2, end) if row not in filled), end)


def _placed(
    title: str, columns: list[LearntColumn], plants: Sequence[str], model: ChainModel, *, labelled: bool
) -> tuple[str, list[LearntColumn]]:
    """The point of a table, and its columns with what is left of theirs."""
    if labelled:
        return "", columns
    ends = [one.guess.part for one in columns if one.guess.role == "value"]
    material = next((part for part, word in MATERIAL_WORDS if holds(title, word)), "")
    own = ".dispatch" if holds(title, OUT) else material
    point = point_of(plants, [*ends, own], {**model.streams, **model.stocks})
    alone = (
        own and f"{point}{own}" in model.streams and not any(f"{point}{one}" in model.streams for one in ends if one)
    )
    if not alone:
        return point, columns
    return f"{point}{own}", [replace(one, guess=replace(one.guess, part="")) for one in columns]


def _shift_place(above: Mapping[tuple[int, int], RawCell], words: set[str]) -> tuple[str, str]:
    """Where the shift of a table stands above its heading, and the word there; empty if nowhere."""
    for (row, column), cell in sorted(above.items()):
        if not isinstance(cell.value, str) or not cell.value.strip().endswith(":"):
            continue
        right = next((above[row, c] for r, c in sorted(above) if r == row and c > column), None)
        dated = right is None or right.value is None or moment_of(right.value) is not None
        word = as_word(right.value) if right is not None and not dated else ""
        if plain(word) in words or plain(word.split(" ")[0]) in words:
            return f"beside {tidy(cell.value)}", word
    return "", ""


def _column(
    sheet: Sheet,
    column: int,
    head: tuple[tuple[str, ...], str],
    rows: tuple[int, int],
    known: tuple[Mappings, set[str]],
) -> LearntColumn:
    """One column with its first values; ``head`` is its heading and the title of its section."""
    path, section = head
    places = [(row, column) for row in range(rows[0] + 1, rows[1]) if (row, column) in sheet.cells]
    totals = {row for row, _ in places if any(is_total(str(cell.value)) for _, cell in sheet.row(row))}
    cells = [sheet.cells[at] for at in places if at[0] not in totals]
    guess = guess_column(path, cells, *known, section=section)
    shown = tuple(tidy(one.value if one.value is not None else one.formula) for one in cells[:_SHOWN])
    return LearntColumn(sheet.name, " / ".join(path), guess, _name(places), shown)


def _name(places: Sequence[tuple[int, int]]) -> str:
    return cell_name(*places[0]) if places else ""


def _is_title(cell: RawCell) -> bool:
    """Whether a text is a title: words that are more than a name of the company or a label."""
    return isinstance(cell.value, str) and len(cell.value) > 12 and moment_of(cell.value) is None


def title_pattern(title: str) -> str:
    """A title as a pattern: what changes from file to file is left open.

    >>> title_pattern("Цех электролиза меди. Журнал за марта 2026")
    'Цех электролиза меди. Журнал за *'
    """
    words = title.split(" ")
    changing = [bool(_NUMBERED.search(word)) or word.lower().strip(".,") in MONTHS for word in words]
    first = next((n for n, one in enumerate(changing) if one), len(words))
    if first:
        return " ".join([*words[:first], "*"]) if first < len(words) else title
    open_ = " ".join("*" if one else word for word, one in zip(words, changing, strict=True))
    return open_ if not all(changing) else title


def _labels(sheet: Sheet, columns: Sequence[LearntColumn], rows: tuple[int, int]) -> list[str]:
    """Texts of the columns that hold labels."""
    letters = {one.cell.rstrip("0123456789") for one in columns if one.guess.role == "label"}
    return [
        str(cell.value)
        for (row, column), cell in sorted(sheet.cells.items())
        if rows[0] < row < rows[1] and isinstance(cell.value, str) and _letters(column) in letters
    ]


def _calendar(
    sheet: Sheet,
    columns: Sequence[LearntColumn],
    rows: tuple[int, int],
    model: ChainModel,
    plants: Sequence[str],
    shift: tuple[str, str],
) -> str:
    """The calendar that knows the shifts of a table, by their words or by their ends; plain days where it has none.

    Of several that know them, one whose hours stand above the table, then one that is called like its plant.
    """
    calendars = model.mappings.calendars
    heads = [one for one in columns if one.guess.role == "shift" or one.guess.stamp]
    if not heads and not shift[1]:
        return next((one.id for one in calendars.values() if not one.shifts), "")
    guess = heads[0].guess if heads else Guess("", "shift")
    letters = heads[0].cell.rstrip("0123456789") if heads else ""
    found = [cell.value for (row, column), cell in sheet.cells.items()
             if rows[0] < row < rows[1] and _letters(column) == letters] or [shift[1]]  # fmt: skip
    own = zone(guess.zone) if guess.zone else model.tz

    def knows(one: ReportCalendar, value: Any) -> bool:
        if not guess.stamp:
            return one.slot(str(value)) not in ("", "day")
        moment = moment_of(value)
        return moment is not None and one.ending(moment.replace(tzinfo=own)) is not None

    scores = {
        one.id: sum(knows(ReportCalendar.of(one, model.tz), value) for value in found) for one in calendars.values()
    }
    said = " ".join(str(cell.value) for (row, _), cell in sheet.cells.items() if row <= rows[0])

    def hours(one: Calendar) -> int:
        return sum(
            f"{shift.starts[:2]}-{shift.ends[:2]}" in said or f"{shift.starts}-{shift.ends}" in said
            for shift in one.shifts
        )

    return max(calendars, key=lambda one: (scores[one], hours(calendars[one]), one in plants), default="")


def _letters(column: int) -> str:
    return cell_name(0, column).rstrip("0123456789")


def _date_place(above: Mapping[tuple[int, int], RawCell]) -> str:
    """Where the date of a table stands above its heading."""
    if any(moment_of(cell.value) is not None for cell in above.values()):
        return "above"
    text = next(
        (tidy(cell.value) for cell in above.values() if isinstance(cell.value, str) and date_in(cell.value)), ""
    )
    return f"within {title_pattern(text)}" if text else "above"


def _merged(tables: Iterator[LearntTable]) -> Iterator[LearntTable]:
    """Tables with the same title and headings once."""
    found: dict[tuple[str, tuple[str, ...]], LearntTable] = {}
    for one in tables:
        key = (alike(one.title).lower(), tuple(column.guess.pattern for column in one.columns))
        if key not in found:
            found[key] = one
        else:
            found[key] = replace(found[key], rows={**found[key].rows, **one.rows})
    yield from found.values()


def _id_of(name: str) -> str:
    """A name for the mapping from that of the file, without its date."""
    words = [
        one for one in re.split(r"[\s_.\-]+", name.rpartition("/")[2].rpartition(".")[0]) if not _NUMBERED.search(one)
    ]
    named = slug(" ".join(one for one in words if one.lower() not in MONTHS))
    return named if named[:1].isalpha() else f"layout_{named}"


def as_data(table: LearntTable) -> dict[str, Any]:
    """A table as the keys of a mapping."""
    data: dict[str, Any] = {"title": table.title}
    named = (("calendar", table.calendar), ("point", table.point), ("date", table.date), ("shift", table.shift))
    for key, value in named:
        if value:
            data[key] = value
    if any(one.startswith("stock.") for one in table.rows.values()):
        data["period"] = "moment"
    if table.heading_rows > 1:
        data["heading_rows"] = table.heading_rows
    data["columns"] = dict(_short(one.guess) for one in table.columns)
    if table.rows:
        data["rows"] = dict(table.rows)
    return data


def _short(guess: Guess) -> tuple[str, Any]:
    """A rule of a column in its short form."""
    if guess.stamp or guess.zone:
        return guess.pattern, {"is": guess.role, **{key: value for key, value in (
            ("stamp", guess.stamp), ("zone", guess.zone)) if value}}  # fmt: skip
    if guess.role != "value":
        return guess.pattern, guess.role
    if not guess.quantity:
        return guess.pattern, {"point": guess.part}
    own = f" {guess.uom}" if guess.own_uom and guess.part else ""
    if guess.own_uom and not guess.part:
        return guess.pattern, {"quantity": guess.quantity, "uom": guess.uom}
    return guess.pattern, f"{guess.part} {guess.quantity}{own}".strip()


def as_yaml(id_: str, name: str, tables: Sequence[LearntTable]) -> str:
    """The proposed mapping as a file, with a question mark where it is not sure."""
    lines = [f"# Proposed from '{name}'. Look at the points and at every line with a question mark, then rename it.",
             f"id: {id_}"]  # fmt: skip
    signs = dict.fromkeys(sign for one in tables for sign in one.checks)
    lines += [f"marks: {{{', '.join(f'{_quoted(one)}: qc_duplicate' for one in signs)}}}"] if signs else []
    lines.append("tables:")
    for table in tables:
        data = as_data(table)
        unsure = {one.guess.pattern for one in table.columns if not one.guess.sure}
        unsure |= {label for label, point in table.rows.items() if point.startswith(".") and " " not in point}
        mark = "  - "
        for key, value in data.items():
            if isinstance(value, dict):
                lines.append(f"    {key}:")
                for pattern, rule in value.items():
                    lines.append(f"      {_quoted(pattern)}: {_said(rule)}" + ("  # ?" if pattern in unsure else ""))
                continue
            lines.append(f"{mark}{key}: {_quoted(value) if isinstance(value, str) else value}")
            mark = "    "
    return "\n".join(lines) + "\n"


def _said(rule: Any) -> str:
    """A rule as YAML has it on one line."""
    return (
        _quoted(rule)
        if isinstance(rule, str)
        else "{" + ", ".join(f"{key}: {_quoted(one)}" for key, one in rule.items()) + "}"
    )


def _quoted(text: str) -> str:
    """A text as YAML has it, in quotes where it would mean something else."""
    odd = re.search(r"[:#{}\[\]&*!|>'\"%@`,]|^[-?\d]|^\s|\s$", text) or text.lower() in (
        "yes",
        "no",
        "on",
        "off",
        "null",
        "",
    )
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if odd else text
