"""A version of a period handed out: a workbook of formulas, text tables, figures for an ERP."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from zveno.chain.versions import Versions
from zveno.errors import DataError, refusal
from zveno.model.load import read_rounding
from zveno.model.rounding import Rounding
from zveno.reports import Report
from zveno.reports.csvfiles import CsvForm, csv_files
from zveno.reports.erp import erp_export
from zveno.reports.workbook import PeriodBooks, books_document
from zveno.text.catalogue import catalogue

Form = Literal["workbook", "csv", "erp"]
FORMS: tuple[Form, ...] = ("workbook", "csv", "erp")
_SUFFIXES: dict[str, Form] = {".xlsx": "workbook", ".json": "erp", "": "csv"}


@dataclass(frozen=True)
class ExportForm:
    """In which form a period is handed out.

    Parameters
    ----------
    form
        ``workbook`` (.xlsx), ``csv`` (a folder) or ``erp`` (.json).
    lang
        Language of titles.
    csv
        How text tables are written.
    rounding
        Last places of the figures for an ERP.
    """

    form: Form
    lang: str = "en"
    csv: CsvForm = field(default=CsvForm())
    rounding: Rounding = field(default=Rounding())


def form_of(asked: str, out: Path) -> Form:
    """The form that is asked for, or that the name of the file says.

    Raises
    ------
    DataError
        If there is no such form, or the name says none.

    Examples
    --------
    >>> form_of("", Path("march.xlsx")), form_of("", Path("march"))
    ('workbook', 'csv')
    """
    found = next((one for one in FORMS if one == asked), None) if asked else _SUFFIXES.get(out.suffix.lower())
    if found is None:
        raise DataError(
            "'{form}' is no form of an export: use {known}", form=asked or out.name, known=", ".join(FORMS)
        )  # fmt: skip
    return found


def rounding_of(path: Path | None) -> Rounding:
    """Last places by a file, or the usual ones.

    Raises
    ------
    ModelError
        With every fault of the file.
    """
    return Rounding() if path is None else read_rounding(path)


def export(versions: Versions, period: str, version: str, form: ExportForm, out: Path) -> tuple[Path, ...]:
    """Hand out a version of a period; the files written.

    Raises
    ------
    DataError
        If there is no such version, or the place cannot be written to.
    StoreError
        If the version is not what was signed.
    """
    given = versions.books(period, version)
    try:
        return _written(given, form, out)
    except OSError as error:
        raise DataError(
            "'{path}' cannot be used: {problem}. Give another place", path=str(out), problem=refusal(error)
        ) from error


def books_report(given: PeriodBooks, lang: str) -> Report:
    """The books as a document, which saves as a workbook."""
    text = catalogue(lang)
    return Report(books_document(given, text), text)


def _written(given: PeriodBooks, form: ExportForm, out: Path) -> tuple[Path, ...]:
    if form.form == "workbook":
        return (books_report(given, form.lang).save(out),)
    text = catalogue(form.lang)
    if form.form == "erp":
        out.parent.mkdir(parents=True, exist_ok=True)
        said = erp_export(given, form.rounding, text).model_dump_json(indent=1)
        out.write_text(said + "\n", encoding="utf-8")
        return (out,)
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in csv_files(given, form.csv, text).items():
        (out / name).write_bytes(content)
        written.append(out / name)
    return tuple(written)
