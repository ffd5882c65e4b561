"""The register of instruments: which verification holds on a day, from the description and from imported registers."""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl

from zveno.model.quality import Instrument, QualityFile, RegisterColumns
from zveno.tables import frame

State = Literal["valid", "due_soon", "expired", "unknown"]
POINT = "instr."
_EPOCH = date(1970, 1, 1)
_CELL = re.compile(r"^([A-Z]+)(\d+)$")
DESCRIBED = "quality.yaml"


@dataclass(frozen=True)
class Checked:
    """A verification: the day it was done, the last day on which it holds, and where that was read."""

    on: date
    until: date
    file: str = DESCRIBED
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True)
class Lapse:
    """Days on which no verification held: from ``since`` to the day before ``until`` (None: still)."""

    since: date
    until: date | None

    @property
    def valid_until(self) -> date:
        """Last day on which the verification before held."""
        return self.since - timedelta(days=1)


@dataclass(frozen=True)
class Registered:
    """An instrument with all its verifications that are known, the oldest first.

    ``meters`` are named by the description alone; those that follow from the accounting point are found by its links.
    """

    id: str
    name: str = ""
    titles: Mapping[str, str] = field(default_factory=dict, hash=False)
    site: str = ""
    point: str = ""
    accuracy_class: str = ""
    limit_pct: float | None = None
    interval_mo: float = 12.0
    checks: tuple[Checked, ...] = ()
    meters: tuple[str, ...] = ()
    retired: date | None = None

    def last(self, day: date) -> Checked | None:
        """The verification that reaches furthest of those done up to a day."""
        return max((one for one in self.checks if one.on <= day), key=lambda one: (one.until, one.on), default=None)

    def state(self, day: date, due_soon_days: int = 30) -> State:
        """How it stands on a day."""
        last = self.last(day)
        if last is None:
            return "unknown"
        if last.until < day:
            return "expired"
        return "due_soon" if (last.until - day).days < due_soon_days else "valid"

    def lapses(self, first: date, end: date) -> tuple[Lapse, ...]:
        """Times without a verification in force that overlap the days from ``first`` to before ``end``.

        Examples
        --------
        >>> belt = Registered("7", checks=(Checked(date(2025, 3, 5), date(2026, 3, 5)),))
        >>> belt.lapses(date(2026, 3, 1), date(2026, 4, 1))
        (Lapse(since=datetime.date(2026, 3, 6), until=None),)
        """
        if not self.in_use(first):
            return ()
        found: list[Lapse] = []
        reach: date | None = None
        for one in sorted(self.checks, key=lambda each: each.on):
            if reach is not None and one.on > reach + timedelta(days=1):
                found.append(Lapse(reach + timedelta(days=1), one.on))
            reach = one.until if reach is None else max(reach, one.until)
        if reach is not None:
            found.append(Lapse(reach + timedelta(days=1), None))
        stop = end if self.retired is None else min(end, self.retired)
        return tuple(one for one in found if one.since < stop and (one.until is None or one.until > first))

    def days_without(self, first: date, end: date) -> int:
        """How many days from ``first`` to before ``end`` no verification was in force, after one had been."""
        stop = end if self.retired is None else min(end, self.retired)
        return sum(
            max((min(one.until or stop, stop) - max(one.since, first)).days, 0) for one in self.lapses(first, end)
        )

    def in_use(self, day: date) -> bool:
        """Whether it is still in use on a day."""
        return self.retired is None or day < self.retired

    @property
    def permissible_pct(self) -> float:
        """Largest permissible error, %: as described, else the accuracy class where that is a number; 0 = not known."""
        return self.limit_pct if self.limit_pct is not None else class_pct(self.accuracy_class)


def class_pct(text: str) -> float:
    """An accuracy class as per cent; 0 where it is a word.

    Examples
    --------
    >>> class_pct("0,5"), class_pct("I")
    (0.5, 0.0)
    """
    try:
        return max(float(text.replace(",", ".").strip()), 0.0)
    except ValueError:
        return 0.0


def months_after(day: date, months: float) -> date:
    """The same day of a later month, or its last one.

    Examples
    --------
    >>> months_after(date(2025, 8, 31), 6)
    datetime.date(2026, 2, 28)
    """
    whole = round(months)
    year, month = divmod(day.year * 12 + day.month - 1 + whole, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# ---- reading ---------------------------------------------------------------------------------------------------------


def register(quality: QualityFile | None, cells: pl.DataFrame) -> tuple[Registered, ...]:
    """All instruments, in the order of their ids.

    Parameters
    ----------
    quality
        The description; its instruments stand beside those of imported registers. Of one that is in both, the
        verifications of both count, and what the description says of it otherwise goes before.
    cells
        Table ``mapped_cells``. A row of a register has the quantities ``verified_on``, ``valid_until``, ``interval``
        (months) and ``accuracy_class`` of a point ``instr.SERIAL``. Files read later speak last.
    """
    found: dict[str, Registered] = {}
    columns = quality.register_ if quality is not None else None
    for one in _imported(cells, columns):
        before = found.get(one.id)
        found[one.id] = one if before is None else replace(one, checks=_together(before.checks, one.checks))
    for described in quality.instruments if quality is not None else ():
        found[described.id] = _described(described, found.get(described.id))
    return tuple(found[name] for name in sorted(found))


def _together(old: Iterable[Checked], new: Iterable[Checked]) -> tuple[Checked, ...]:
    """Verifications of both, each day once; of one day the one that is said later."""
    return tuple(sorted({one.on: one for one in (*old, *new)}.values(), key=lambda one: one.on))


def _described(one: Instrument, imported: Registered | None) -> Registered:
    """An instrument of the description, with what a register adds."""
    base = imported or Registered(one.id)
    checks = tuple(
        Checked(each.on, each.until or months_after(each.on, one.interval_mo), cell=each.certificate)
        for each in one.verified
    )
    titles = {str(lang): name for lang, name in one.title.items()}
    return replace(
        base,
        titles=titles or base.titles, site=one.site or base.site, point=one.point or base.point,
        accuracy_class=one.accuracy_class or base.accuracy_class, limit_pct=one.limit_pct,
        interval_mo=base.interval_mo if imported and "interval_mo" not in one.model_fields_set else one.interval_mo,
        checks=_together(base.checks, checks), meters=one.meters, retired=one.retired,
    )  # fmt: skip


def _imported(cells: pl.DataFrame, columns: RegisterColumns | None) -> Iterator[Registered]:
    """Instruments of imported registers, row by row, in the order in which the files were kept."""
    named = cells.filter(pl.col("point").str.starts_with(POINT))
    if named.is_empty():
        return
    files = named.select("file", "file_hash").unique()
    beside = _beside(cells.join(files, on=["file", "file_hash"], how="semi"), columns)
    rows: dict[tuple[str, str, str, str], dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for cell in named.sort("known", maintain_order=True).iter_rows(named=True):
        place = _CELL.match(cell["cell"])
        key = (cell["file_hash"], cell["sheet"], place[2] if place else cell["cell"], cell["point"])
        rows[key][cell["quantity"]] = cell
    for (file_hash, sheet, row, point), by in rows.items():
        one = _of_row(point.removeprefix(POINT), by)
        if one is not None:
            told = beside.get((file_hash, sheet, row), {})
            yield replace(one, name=told.get("name", ""), site=told.get("site", ""), point=told.get("point", ""))


def _of_row(serial: str, by: Mapping[str, Mapping[str, Any]]) -> Registered | None:
    """An instrument from the cells of its row; None where the row counts for nothing (a copy, a replaced file)."""
    verified = by.get("verified_on")
    if verified is None or verified["status"] != "imported":
        return None
    interval = _number(by.get("interval")) or 12.0
    accuracy = by.get("accuracy_class")
    checks: tuple[Checked, ...] = ()
    if verified["value"] is not None:
        on = _EPOCH + timedelta(days=int(verified["value"]))
        said = _number(by.get("valid_until"))
        until = months_after(on, interval) if said is None else _EPOCH + timedelta(days=int(said))
        checks = (Checked(on, until, verified["file"], verified["sheet"], verified["cell"]),)
    return Registered(
        serial, accuracy_class=str(accuracy["text"]) if accuracy else "", interval_mo=interval, checks=checks
    )


def _number(cell: Mapping[str, Any] | None) -> float | None:
    """What an imported cell holds."""
    if cell is None or cell["status"] != "imported" or cell["value"] is None:
        return None
    return float(cell["value"])


def _beside(cells: pl.DataFrame, columns: RegisterColumns | None) -> dict[tuple[str, str, str], dict[str, str]]:
    """Name, site and point by row, from the columns with the headings that the description names."""
    if columns is None:
        return {}
    wanted = {_plain(text): name for name in ("name", "site", "point") if (text := getattr(columns, name))}
    heads: dict[tuple[str, str, str], str] = {}
    found: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    context = cells.filter(pl.col("status") == "context", pl.col("mapping") == columns.mapping)
    for cell in context.iter_rows(named=True):
        place = _CELL.match(cell["cell"])
        if place is None:
            continue
        where = (cell["file_hash"], cell["sheet"])
        if cell["role"] == "header" and _plain(cell["text"]) in wanted:
            heads[*where, place[1]] = wanted[_plain(cell["text"])]
    for cell in context.filter(pl.col("role") != "header").iter_rows(named=True):
        place = _CELL.match(cell["cell"])
        name = heads.get((cell["file_hash"], cell["sheet"], place[1])) if place else None
        if place and name:
            found[cell["file_hash"], cell["sheet"], place[2]][name] = cell["text"].strip()
    return found


def _plain(text: str) -> str:
    """A heading without case and needless blanks."""
    return " ".join(text.split()).casefold()


# ---- the list --------------------------------------------------------------------------------------------------------


def instrument_rows(
    instruments: Iterable[Registered],
    days: tuple[date, date],
    meters: Mapping[str, tuple[str, ...]],
    *,
    due_soon_days: int,
    lang: str,
) -> pl.DataFrame:
    """Table ``instruments`` for the last of some days: the expired ones first, the longest overdue at the top.

    Parameters
    ----------
    days
        First and last day of the time asked for.
    """
    first, day = days
    rows = []
    for one in instruments:
        if not one.in_use(first):
            continue
        last = one.last(day)
        rows.append({
            "on": day, "instrument": one.id, "name": one.titles.get(lang) or one.titles.get("en") or one.name,
            "site": one.site, "point": one.point, "accuracy_class": one.accuracy_class,
            "verified_on": last.on if last else None, "interval_mo": one.interval_mo,
            "valid_until": last.until if last else None, "status": one.state(day, due_soon_days),
            "days_overdue": (day - last.until).days if last else None,
            "days_without": one.days_without(first, day + timedelta(days=1)),
            "meters": "+".join(meters.get(one.id, ())),
            "file": last.file if last else "", "sheet": last.sheet if last else "", "cell": last.cell if last else "",
        })  # fmt: skip
    return frame("instruments", rows).sort("days_overdue", descending=True, nulls_last=False, maintain_order=True)
