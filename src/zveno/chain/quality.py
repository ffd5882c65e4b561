"""Quality of a chain's measurements: its laboratory in a period, its suppliers' assays against its own."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from zveno.chain.facade import VERSION, Chain
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.quality import AssayQuality, Lot, assay_quality, days_of, supplier_biases
from zveno.reports import Report, assay_report, instrument_report, supplier_report
from zveno.sources import read_lots

__all__ = ["AssayQuality", "assays", "assays_page", "instruments_page", "last_day", "suppliers", "suppliers_page"]


def last_day(chain: Chain, period: str | None, on: date | None) -> date:
    """The day for which instruments are listed: that named, else the last one of the period, else today in plant time.

    Raises
    ------
    DataError
        If both are named.
    """
    if period is not None and on is not None:
        raise DataError("name a period or a day with --on, not both")
    if period is not None:
        return days_of(chain.period(period))[1] - timedelta(days=1)
    return on or chain.now().astimezone(chain.model.tz).date()


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


def instruments_page(chain: Chain, table: pl.DataFrame, day: date, lang: str) -> Report:
    """The list of instruments as a report, for an inspector."""
    return instrument_report(chain.model, table, day, lang, version=VERSION)


def assays_page(chain: Chain, found: AssayQuality, lang: str) -> Report:
    """Quality of the assays as a report, with control charts."""
    return assay_report(chain.model, found.period, found.tables(), lang, version=VERSION)


def suppliers_page(chain: Chain, table: pl.DataFrame, name: str, lang: str) -> Report:
    """Suppliers' assays against ours as a report."""
    return supplier_report(chain.model, table, name, lang, version=VERSION)
