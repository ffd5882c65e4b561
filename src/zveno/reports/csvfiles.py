"""The books of a period as text tables, one for each table, with a description of every column beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import polars as pl

from zveno.reports.erp.build import version_of
from zveno.reports.month import notice_of
from zveno.reports.workbook.given import PeriodBooks
from zveno.tables import TABLES
from zveno.text.catalogue import Catalogue, title_in

_DECLARED = {"coverage": "rule_coverage", "daily_recoveries": "recoveries", "castings": "foundry_needs"}
"""Tables of results that are declared under another name."""
_KINDS = {
    pl.String: "string", pl.Float64: "number", pl.Int64: "integer", pl.Int8: "integer", pl.Boolean: "boolean",
    pl.Date: "date",
}  # fmt: skip


@dataclass(frozen=True)
class CsvForm:
    """How text tables are written.

    Parameters
    ----------
    decimal_comma
        Numbers with a decimal comma, columns parted by semicolons, as a Russian or Kazakh Excel reads them.
    bom
        A mark at the beginning by which Excel knows UTF-8.
    """

    decimal_comma: bool = False
    bom: bool = False

    @classmethod
    def for_excel(cls, lang: str) -> CsvForm:
        """As Excel in a language opens it by a double click."""
        return cls(decimal_comma=lang != "en", bom=True)


def csv_files(given: PeriodBooks, form: CsvForm, text: Catalogue) -> dict[str, bytes]:
    """Files by name: a table each, and ``datapackage.json``, which describes columns, version and signatures.

    The description has the form of a Data Package (Frictionless Standards, version 1).
    """
    tables = tables_of(given)
    files = {f"{name}.csv": csv_bytes(table, form) for name, table in tables.items()}
    files["datapackage.json"] = _package(given, tables, files, form, text)
    return files


def tables_of(given: PeriodBooks) -> dict[str, pl.DataFrame]:
    """Every table of a period that holds anything, by name."""
    results = {name: one for name, one in vars(given.results).items() if isinstance(one, pl.DataFrame)}
    start, end = given.results.period.instants
    records = given.records.filter(pl.col("start") >= start, pl.col("start") <= end)
    found = {**results, **given.books.tables(), "records": records}
    return {name: one for name, one in found.items() if not one.is_empty()}


def csv_bytes(table: pl.DataFrame, form: CsvForm) -> bytes:
    """A table as text: UTF-8, times in ISO 8601, numbers to the last digit that they have.

    Examples
    --------
    >>> csv_bytes(pl.DataFrame({"a": ["x"], "b": [1.5]}), CsvForm(decimal_comma=True)).decode()
    'a;b\\nx;1,5\\n'
    """
    if form.decimal_comma:
        floats = pl.selectors.float().cast(pl.String).str.replace(".", ",", literal=True)
        table = table.with_columns(floats)
    separator = ";" if form.decimal_comma else ","
    content = table.write_csv(separator=separator, datetime_format="%Y-%m-%dT%H:%M:%S%.f%:z").encode()
    return b"\xef\xbb\xbf" + content if form.bom else content


def _package(
    given: PeriodBooks, tables: Mapping[str, pl.DataFrame], files: Mapping[str, bytes], form: CsvForm, text: Catalogue
) -> bytes:
    chain, results = given.model.chain, given.results
    said: dict[str, Any] = {
        "profile": "tabular-data-package",
        "name": f"{chain.id}-{results.period.name}".lower().replace("_", "-").replace("/", "-").replace(":", ""),
        "title": title_in({str(key): value for key, value in chain.title.items()}, text.lang, chain.id),
        "description": notice_of(results, text),
        "version": str(given.standing.number),
        "zveno": {
            "program": results.provenance.version,
            "period": results.period.name,
            "version": version_of(given, text.lang).model_dump(mode="json"),
            "model_sha256": results.provenance.model_hash,
            "data_sha256": results.provenance.data_hash,
        },
        "resources": [_resource(name, table, files[f"{name}.csv"], form) for name, table in tables.items()],
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"


def _resource(name: str, table: pl.DataFrame, content: bytes, form: CsvForm) -> dict[str, Any]:
    """One file: its columns with type and meaning, how it is written, and its hash."""
    meanings = {one.name: one.meaning for one in TABLES.get(_DECLARED.get(name, name), ())}
    decimal = {"decimalChar": ","} if form.decimal_comma else {}
    fields = []
    for column, kind in table.schema.items():
        type_ = "datetime" if isinstance(kind, pl.Datetime) else _KINDS[type(kind)]
        extra = decimal if type_ == "number" else {}
        fields.append({"name": column, "type": type_, "description": meanings.get(column, ""), **extra})
    return {
        "profile": "tabular-data-resource", "name": name, "path": f"{name}.csv", "encoding": "utf-8", "format": "csv",
        "dialect": {"delimiter": ";" if form.decimal_comma else ",", "lineTerminator": "\n"},
        "bytes": len(content), "hash": f"sha256:{sha256(content).hexdigest()}", "rows": table.height,
        "schema": {"fields": fields},
    }  # fmt: skip
