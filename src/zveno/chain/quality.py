"""Quality of a chain's measurements: its laboratory in a period, its suppliers' assays against its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from zveno.chain.facade import VERSION, Chain
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.quality import AssayQuality, Lot, assay_quality, days_of, supplier_biases
from zveno.quality.authorised import Authorisation
from zveno.reports import Report, assay_report, instrument_report, supplier_report
from zveno.sources import read_lots

__all__ = ["AssayQuality", "assays", "assays_page", "instruments_page", "listed_days", "suppliers", "suppliers_page"]


def listed_days(chain: Chain, period: str | None, on: date | None) -> tuple[date, date]:
    """First and last day for which instruments are listed: those of the period, the day named, or today in plant time.

    Raises
    ------
    DataError
        If both are named.
    """
    if period is not None and on is not None:
        raise DataError("name a period or a day with --on, not both")
    if period is not None:
        first, end = days_of(chain.period(period))
        return first, end - timedelta(days=1)
    day = on or chain.now().astimezone(chain.model.tz).date()
    return day, day


def assays(chain: Chain, period: str) -> AssayQuality:
    """Precision, bias and blanks of the laboratory, from the control samples that mappings mark.

    Raises
    ------
    DataError
        If none was imported for the period.
    """
    span = chain.period(period)
    around = Period(span.start - timedelta(days=1), span.end + timedelta(days=1))
    found = assay_quality(chain.model, chain.store.read("mapped_cells", around), span)
    if found.duplicates.is_empty() and found.points.is_empty() and found.blanks.is_empty():
        raise DataError(
            "no control sample of {period} was imported: a mapping marks them qc_duplicate, qc_standard or qc_blank",
            period=span.name,
        )
    return found


def suppliers(model: ChainModel, path: Path) -> pl.DataFrame:
    """Table ``supplier_biases`` from a table of lots with both assays.

    Raises
    ------
    DataError
        If the file is no such table.
    """
    lots = [Lot(**row) for row in read_lots(path, model.chain.components).iter_rows(named=True)]
    return supplier_biases(lots)


def instruments_page(
    chain: Chain, table: pl.DataFrame, day: date, lang: str, given: Sequence[Authorisation] = ()
) -> Report:
    """The list of instruments as a report, for an inspector, with what was authorised."""
    answers = [(one.name, one.at, len(one.instruments), one.reason, one.record) for one in given]
    return instrument_report(chain.model, table, day, lang, version=VERSION, answers=answers)


def assays_page(chain: Chain, found: AssayQuality, lang: str) -> Report:
    """Quality of the assays as a report, with control charts."""
    return assay_report(chain.model, found.period, found.tables(), lang, version=VERSION)


def suppliers_page(chain: Chain, table: pl.DataFrame, name: str, lang: str) -> Report:
    """Suppliers' assays against ours as a report."""
    return supplier_report(chain.model, table, name, lang, version=VERSION)
