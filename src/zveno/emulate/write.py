"""Files that a played plant writes: shift workbooks, laboratory journal, surveys, readings, hidden truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from zveno.emulate.engine import Played
from zveno.emulate.instruments import Said
from zveno.errors import DataError
from zveno.periods import Shift
from zveno.quantities import convert, uom_of
from zveno.store import write_readings
from zveno.text.catalogue import Catalogue, catalogue, title_in
from zveno.text.mark import tr
from zveno.text.words import HEADINGS, QUANTITIES, UOM_WORDS

# A fixed creation date makes the bytes repeatable: the same seed gives the same files.
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)


def write_plant(
    played: Played, folder: Path, *, lang: str = "ru", progress: Callable[[float], None] | None = None
) -> list[Path]:
    """Write ``plant/`` (what the plant sends) and ``truth/`` (hidden) under a folder.

    Parameters
    ----------
    played
        The played period.
    folder
        Made if missing; it must not hold a played plant already.
    lang
        Language of the workbooks.
    progress
        Called with the share done.

    Returns
    -------
    paths
        Files of ``plant/``, in order.

    Raises
    ------
    DataError
        If the folder already holds a played plant.
    """
    plant, truth = folder / "plant", folder / "truth"
    if plant.exists() and any(plant.iterdir()):
        raise DataError(
            "'{folder}' already holds a played plant: choose another folder or remove it", folder=str(plant)
        )
    for path in (plant / "shifts", plant / "readings", truth):
        path.mkdir(parents=True, exist_ok=True)
    text = catalogue(lang)
    paths: list[Path] = []
    shifts = list(dict.fromkeys(one.shift for one in played.said))
    for index, shift in enumerate(shifts):
        paths += _write_shift(played, shift, plant / "shifts", text)
        if progress:
            progress(0.8 * (index + 1) / len(shifts))
    paths += [_write_journal(played, plant, text), *_write_surveys(played, plant, text)]
    paths += _write_readings(played, plant / "readings")
    _write_truth(played, truth)
    if progress:
        progress(1.0)
    return paths


def _book(path: Path) -> xlsxwriter.Workbook:
    book = xlsxwriter.Workbook(str(path), {"in_memory": True})
    book.set_properties({"created": _CREATED.replace(tzinfo=None)})
    return book


def _is_listed(played: Played, one: Said) -> bool:
    """Whether a value stands in the shift workbook (masses and moistures of the shift)."""
    meter = played.model.meters[one.meter]
    return meter.quantity != "assay" and meter.period not in ("month", "month_end")


def _write_shift(played: Played, shift: Shift, folder: Path, text: Catalogue) -> list[Path]:
    """The shift report: date, shift, crew, then one row a reading."""
    rows = [one for one in played.said if one.shift == shift and _is_listed(played, one)]
    if not rows:
        return []
    path = folder / f"{shift.day}_{shift.slot}.xlsx"
    with _book(path) as book:
        sheet = book.add_worksheet(text(tr("Shift report")))
        bold = book.add_format({"bold": True})
        _title(sheet, played, text(tr("Shift report")), text, bold)
        facts = (("date", shift.day.isoformat()), ("shift", _slot(played, shift, text.lang)), ("crew", shift.crew))
        for row, (key, value) in enumerate(facts, start=1):
            sheet.write(row, 0, text(HEADINGS[key]))
            sheet.write(row, 1, value)
        columns = ("point", "name", "quantity", "uom", "value", "note")
        _heading(sheet, 5, [text(HEADINGS[key]) for key in columns], bold)
        for row, one in enumerate(rows, start=6):
            sheet.write_row(row, 0, _listed(played, one, text))
        sheet.set_column(0, 1, 34)
        sheet.set_column(2, 5, 16)
    return [path]


def _listed(played: Played, one: Said, text: Catalogue) -> list[Any]:
    """Cells of a list row: point, name, quantity, uom, value."""
    meter = played.model.meters[one.meter]
    share = meter.quantity == "moisture"
    value, base = one.value, "frac" if share else "t"
    if uom_of(meter.uom).dimension == "mass_flow":  # the mean rate of the shift
        value, base = value / one.shift.period.hours, "t/h"
    value = convert(value, base, meter.uom)
    name = played.model.title(meter.id, text.lang)
    uom = text(UOM_WORDS[meter.uom]) if meter.uom in UOM_WORDS else meter.uom
    return [meter.id, name, text(QUANTITIES[one.quantity]), uom, float(f"{value:.10g}")]


def _write_journal(played: Played, folder: Path, text: Catalogue) -> Path:
    """The laboratory journal: one row a sample, one column a component and uom."""
    meters = [one for one in played.model.chain.meters if one.quantity == "assay" and one.accounting]
    columns = list(dict.fromkeys((c, one.uoms.get(c, one.uom)) for one in meters for c in one.components))
    samples: dict[tuple[Shift, str], dict[str, float]] = {}
    for said in played.said:
        if played.model.meters[said.meter].quantity == "assay":
            samples.setdefault((said.shift, said.meter), {})[said.quantity] = said.value
    path = folder / "laboratory_journal.xlsx"
    with _book(path) as book:
        sheet = book.add_worksheet(text(tr("Journal")))
        bold = book.add_format({"bold": True})
        _title(sheet, played, text(tr("Laboratory journal")), text, bold)
        words = [text(HEADINGS[key]) for key in ("date", "shift", "point", "name")]
        uoms = [text(UOM_WORDS.get(uom, uom)) for _, uom in columns]
        _heading(sheet, 2, [*words, *(f"{c}, {uom}" for (c, _), uom in zip(columns, uoms, strict=True))], bold)
        for row, ((shift, meter_id), values) in enumerate(sorted(samples.items(), key=_sample_order), start=3):
            title = played.model.title(meter_id, text.lang)
            whole_period = played.model.meters[meter_id].period == "month"
            slot = "" if whole_period else _slot(played, shift, text.lang)
            sheet.write_row(row, 0, [shift.day.isoformat(), slot, meter_id, title])
            own = played.model.meters[meter_id]
            for column, (component, uom) in enumerate(columns, start=4):
                if component in values and uom == own.uoms.get(component, own.uom):
                    sheet.write_number(row, column, float(f"{convert(values[component], 'frac', uom):.10g}"))
        sheet.set_column(0, 1, 12)
        sheet.set_column(2, 3, 30)
    return path


def _sample_order(item: tuple[tuple[Shift, str], dict[str, float]]) -> tuple[datetime, str]:
    return item[0][0].period.start, item[0][1]


def _write_surveys(played: Played, folder: Path, text: Catalogue) -> list[Path]:
    """Surveys of stocks at the end of the shift named, and masses that are told once a month."""
    meters = played.model.meters
    rows = [
        one for one in played.said
        if one.quantity == "survey_mass" or (one.quantity == "mass" and meters[one.meter].period == "month")
    ]  # fmt: skip
    if not rows:
        return []
    path = folder / "stock_surveys.xlsx"
    with _book(path) as book:
        sheet = book.add_worksheet(text(tr("Surveys")))
        bold = book.add_format({"bold": True})
        _title(sheet, played, text(tr("Stocks surveyed at the end of the shift named")), text, bold)
        columns = ("date", "shift", "point", "name", "quantity", "uom", "value")
        _heading(sheet, 2, [text(HEADINGS[key]) for key in columns], bold)
        for row, one in enumerate(rows, start=3):
            whole_period = meters[one.meter].period == "month"
            day, slot = one.shift.day.isoformat(), "" if whole_period else _slot(played, one.shift, text.lang)
            sheet.write_row(row, 0, [day, slot, *_listed(played, one, text)])
        sheet.set_column(0, 6, 22)
    return [path]


def _title(sheet: Any, played: Played, words: str, text: Catalogue, style: Any) -> None:
    """The name of the sheet, and beside it what must stand on everything made from the description."""
    sheet.write(0, 0, words, style)
    sheet.write(0, 2, title_in({str(key): value for key, value in played.model.chain.notice.items()}, text.lang, ""))


def _heading(sheet: Any, row: int, words: Sequence[str], style: Any) -> None:
    sheet.write_row(row, 0, words, style)
    sheet.freeze_panes(row + 1, 0)


def _slot(played: Played, shift: Shift, lang: str) -> str:
    """Name of the shift in the language of the workbook."""
    slots = played.model.people.shifts.slots if played.model.people else ()
    titles = {one.id: one.title for one in slots}
    return titles.get(shift.slot, {}).get(lang, shift.slot)  # type: ignore[call-overload,no-any-return]


def _write_readings(played: Played, folder: Path) -> list[Path]:
    """One Parquet file for each UTC day."""
    paths = []
    days = played.readings.with_columns(day=pl.col("ts").dt.date()).partition_by("day", as_dict=True)
    for (day,), rows in sorted(days.items()):
        path = folder / f"{day}.parquet"
        write_readings(rows.drop("day"), path)
        paths.append(path)
    return paths


def _write_truth(played: Played, folder: Path) -> None:
    """The hidden truth: what moved, what lay in stock and on the way, planted events, drawn errors."""
    truth = played.truth
    names = [f"{one.day}/{one.slot}" for one in truth.shifts]
    _long(truth.flows, names, truth.columns, "stream").write_parquet(folder / "flows.parquet")
    at = ["opening", *names]
    if truth.stocks:
        _long(truth.stocks, at, truth.columns, "stock").write_parquet(folder / "stocks.parquet")
    planted = {
        "seed": played.seed,
        "period": played.period.name,
        "model": played.model.hash,
        "events": [one.model_dump(mode="json") for one in played.play.events],
        "systematic_errors": [asdict(one) for one in played.drawn],
    }
    (folder / "planted.json").write_text(json.dumps(planted, ensure_ascii=False, indent=1), encoding="utf-8")


def _long(arrays: Any, names: Sequence[str], columns: Sequence[str], key: str) -> pl.DataFrame:
    """Arrays by name as a long table: shift, name, component, mass_t."""
    parts: Iterable[pl.DataFrame] = (
        pl.DataFrame(
            {
                "shift": [one for one in names for _ in columns],
                key: [name] * (len(names) * len(columns)),
                "component": list(columns) * len(names),
                "mass_t": values.reshape(-1),
            }
        )
        for name, values in arrays.items()
    )
    return pl.concat(parts)
