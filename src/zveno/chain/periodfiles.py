"""What an archive holds of a period: its versions as they were signed, and everything that they were made of.

======================  ================================================================================================
versions/N.zip          each version, byte for byte what was signed: its tables, and its description
signatures.txt          who signed each version, when, and what it means, in three languages
description/            the description that the version was made with
records.csv             the values that counted in it, with file, sheet and cell
late.csv                values that came after it and wait for a restatement
rejected.csv            cells that were not read, with the reason
mapped_cells.csv        every cell of the reports read by mappings, with what became of it; mapped_files.csv every file
sources.csv             each source file with its SHA-256
ledger.csv              what persons did, as the store kept it
readings.parquet        signals of the control system
reports/                the metal balance as a page, the books as a workbook of formulas, the figures for an ERP
======================  ================================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from zveno import store
from zveno.chain.closing import Closing
from zveno.chain.entered import records_until
from zveno.chain.exports import books_report
from zveno.chain.facade import Chain
from zveno.chain.kept import description_of, rejected_of
from zveno.chain.versions import Versions
from zveno.close.steps import Version
from zveno.log import VERSIONS, stamp
from zveno.log.canonical import Json
from zveno.model.rounding import Rounding
from zveno.periods import Period
from zveno.reports.erp import erp_export
from zveno.reports.workbook import PeriodBooks, RawRows
from zveno.store import Store
from zveno.tables import SAID_LAST, frame
from zveno.text.catalogue import catalogue
from zveno.text.mark import LANGUAGES

_REPORT = "metal_balance"
Files = dict[str, bytes | Path]


@dataclass(frozen=True)
class Asked:
    """A period, its version (the one in force if empty), and the language of its reports."""

    period: str
    version: str = ""
    lang: str = "en"


def period_files(chain: Chain, folder: Path, asked: Asked, scratch: Path) -> tuple[Files, dict[str, Json]]:
    """Files of a period by name, and what the record of the archive says of it.

    A period that nobody drew up has its description and values alone.

    Parameters
    ----------
    folder
        Folder of the store, where log and versions lie.
    scratch
        Folder in which files may be made until the archive is written.
    """
    closing = Closing(chain, folder)
    versions, span = Versions(closing), chain.period(asked.period)
    about: dict[str, Json] = {"period": span.name}
    version = versions.asked(span, asked.version)
    if version is None:
        return _values(chain, span, records_until(chain.store, span), scratch), about
    with versions.chain_of(version) as seen:
        given = versions.books(span, asked.version)
        records = frame("records", list(RawRows.of(given).rows))
        files = _values(seen, span, records, scratch)
        files |= {
            name: one.read_bytes() for name, one in files.items() if isinstance(one, Path) and one.suffix == ".yaml"
        }
    late = closing.late(span.name) if version == closing.stage(span.name).closed else None
    if late is not None and late.records.height:
        files["late.csv"] = _csv(late.records)
    stage = closing.stage(span.name)
    every = (*stage.versions, *([stage.draft] if stage.draft else []))
    files |= {f"{VERSIONS.removeprefix('period/')}{one.number}.zip": closing.packed(one) for one in every}
    files["signatures.txt"] = _signatures(closing, every)
    files |= _reports(versions, given, asked.lang)
    return files, {**about, "version": version.number, "content": version.content}


def _values(chain: Chain, span: Period, records: pl.DataFrame, scratch: Path) -> Files:
    """The description, and the values of a period with all cells of the files that they came from."""
    files: Files = {
        f"description/{one.relative_to(chain.folder).as_posix()}": one for one in description_of(chain.folder)
    }
    files["records.csv"] = _csv(records)
    files["rejected.csv"] = _csv(rejected_of(chain.store, span))
    hashes = sorted({*records["file_hash"], *_speaking(chain.store, span)})
    for name in SAID_LAST:
        rows = _of_files(chain.store, name, hashes)
        if not rows.is_empty():
            files[f"{name}.csv"] = _csv(rows)
    files["sources.csv"] = _csv(_sources(records))
    ledger = _ledger(chain.store)
    if not ledger.is_empty():
        files["ledger.csv"] = _csv(ledger)
    readings = chain.store.read("readings", span)
    if not readings.is_empty():
        store.write_readings(readings, scratch / "readings.parquet")
        files["readings.parquet"] = scratch / "readings.parquet"
    return files


def _csv(table: pl.DataFrame) -> bytes:
    return table.write_csv().encode()


def _speaking(kept: Store, span: Period) -> list[str]:
    """Hashes of the reports with a cell of the period, whether any of their values counts or not."""
    if "mapped_cells" not in kept.tables():
        return []
    days = pl.col("day").is_between(span.start.date(), span.end.date(), closed="left")
    return kept.read("mapped_cells").filter(days)["file_hash"].unique().to_list()


def _of_files(kept: Store, table: str, hashes: list[str]) -> pl.DataFrame:
    """Rows of some files; none where the store has no such table."""
    if table not in kept.tables():
        return frame(table)
    return kept.read(table).filter(pl.col("file_hash").is_in(hashes))


def _sources(records: pl.DataFrame) -> pl.DataFrame:
    """Each source file with its hash and how many values came from it."""
    return records.group_by("file", "file_hash").agg(values=pl.len()).sort("file", "file_hash")


def _ledger(kept: Store) -> pl.DataFrame:
    """Entries of persons."""
    if "ledger" not in kept.tables():
        return frame("ledger")
    return kept.read("ledger")


def _signatures(closing: Closing, versions: tuple[Version, ...]) -> bytes:
    """The signatures as they are printed, in every language."""
    lines = []
    for lang in LANGUAGES:
        text = catalogue(lang)
        for one in versions:
            lines.append(text("Version {number} of {period}", number=one.number, period=one.period))
            if one.reason:
                lines.append("  " + text("Reason of the restatement: {reason}", reason=one.reason))
            steps = [step for step in (one.drawn, one.approved) if step is not None]
            lines += [f"  {stamp(closing.log.records[step.record], lang)}" for step in steps]
            if one.approved is None:
                lines.append("  " + text("DRAFT: the period is not closed"))
            lines.append("  " + text("SHA-256 of the version that was signed: {hash}", hash=one.content))
        lines.append("")
    return "\n".join(lines).encode()


def _reports(versions: Versions, given: PeriodBooks, lang: str) -> Files:
    """The version as people and programs read it."""
    text = catalogue(lang)
    page = versions.closing.chain.report_of(_REPORT, given.results, lang=lang)
    erp = erp_export(given, Rounding(), text).model_dump_json(indent=1)
    return {
        f"reports/{_REPORT}_{lang}.html": page.render(".html"),
        f"reports/books_{lang}.xlsx": books_report(given, lang).render(".xlsx"),
        "reports/erp.json": erp.encode() + b"\n",
    }
