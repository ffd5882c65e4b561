"""Every value as it was imported, with its file and cell, and what it counts for in the period: dry mass, weight."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from zveno.reports.document import (
    UOM_OF_KIND,
    Block,
    Calc,
    Cell,
    Column,
    Expr,
    Heading,
    Kind,
    Paragraph,
    Ref,
    Row,
    TableBlock,
    Total,
)
from zveno.reports.parts.words import quantity_kind, quantity_words, title_or_dash, words
from zveno.reports.workbook.given import PeriodBooks
from zveno.reports.workbook.trace import AssayTrace, Dried, Spot, Weighed
from zveno.text.catalogue import Catalogue

RAW, VALUES = "raw", "values"
_DIGITS = {Kind.MASS: 3, Kind.FRACTION: 4, Kind.PPM: 4}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def value_key(meter: str, quantity: str) -> str:
    """Key of a value of the period."""
    return f"{meter}|{quantity}"


@dataclass(frozen=True)
class RawRows:
    """Records in the order of the sheet, and where each of them stands.

    Parameters
    ----------
    rows
        Records of the table ``records``.
    places
        Keys of the rows of each spot; several where the same lot was written down twice.
    """

    rows: tuple[Mapping[str, Any], ...]
    places: Mapping[Spot, Sequence[str]] = field(repr=False)

    @classmethod
    def of(cls, given: PeriodBooks) -> RawRows:
        """Records of the period, and the last surveys before it, by meter and time."""
        start, end = given.results.period.instants
        order = {one.id: k for k, one in enumerate(given.model.chain.meters)}
        stocks = {one.id for one in given.model.chain.stocks}
        surveyed = stocks | {one.id for one in given.model.chain.meters if one.stream in stocks}
        within = given.records.filter(pl.col("start") >= start, pl.col("start") <= end)
        before = given.records.filter(pl.col("start") < start, pl.col("point").is_in(list(surveyed)))
        before = before.sort("start", "known").unique(["point", "quantity"], keep="last", maintain_order=True)
        found = pl.concat([before, within]).filter(pl.col("value").is_not_null())
        rows = found.sort("start", "known", maintain_order=True).rows(named=True)
        rows.sort(key=lambda row: (order.get(row["point"], len(order)), row["point"], row["quantity"]))
        places: dict[Spot, list[str]] = defaultdict(list)
        for k, row in enumerate(rows):
            places[spot_of(row)].append(str(k))
        return cls(tuple(rows), places)

    def refs(self, spots: Iterable[Spot], column: str) -> tuple[Ref, ...]:
        """Cells of some records; the second of two alike is the second row."""
        seen: Counter[Spot] = Counter()
        found = []
        for spot in spots:
            keys = self.places[spot]
            found.append(Ref(RAW, keys[min(seen[spot], len(keys) - 1)], column))
            seen[spot] += 1
        return tuple(found)


def spot_of(row: Mapping[str, Any]) -> Spot:
    """Which record a row is."""
    start, end = ((row[one] - _EPOCH) // timedelta(microseconds=1) / 1e6 for one in ("start", "end"))
    return Spot(row["point"], row["quantity"], start, end, row["value"])


def raw_part(given: PeriodBooks, rows: RawRows, text: Catalogue) -> list[Block]:
    """The sheet of raw values."""
    weighed = _weighed(given.trace.assays)
    columns = (
        Column("point", text("Point")),
        Column("title", text("Meter or stock")),
        Column("quantity", text("Quantity")),
        Column("start", text("From"), Kind.MOMENT),
        Column("end", text("To"), Kind.MOMENT),
        Column("value", text("Value"), Kind.NUMBER),
        Column("uom", text("Unit of measure")),
        Column("qualifier", text("Qualifier")),
        Column("moisture", text("Moisture"), Kind.FRACTION, digits=4),
        Column("dry", text("Dry mass"), Kind.MASS, digits=3),
        Column("counts", text("Counts as"), Kind.NUMBER, digits=4),
        Column("weight", text("Weight: dry mass"), Kind.MASS, digits=3),
        Column("metal", text("Weight × assay"), Kind.MASS, digits=5),
        Column("file", text("File")),
        Column("sheet", text("Sheet")),
        Column("cell", text("Cell of the file")),
        Column("known", text("Known since"), Kind.MOMENT),
    )
    seen: Counter[Spot] = Counter()
    made = []
    for k, row in enumerate(rows.rows):
        spot = spot_of(row)
        cells = _said(given, row, text)
        if spot in given.trace.dried:
            cells |= _dry_cells(rows, str(k), given.trace.dried[spot])
        elif len(weighed.get(spot, ())) > seen[spot]:
            cells |= _weight_cells(rows, str(k), weighed[spot][seen[spot]], limit=quantity_kind(row["quantity"]))
            seen[spot] += 1
        made.append(Row(str(k), cells))
    return [
        Heading("raw", text("Values as imported"), text("Raw values")),
        Paragraph(text(
            "Each value with the file, sheet and cell that it was read from. Dry mass = value × (1 − moisture). An "
            "assay counts with the dry mass of its time; less than a limit counts as what the others make likely, or "
            "half of it where they are few."
        )),
        TableBlock(RAW, "", columns, tuple(made)),
    ]  # fmt: skip


def _said(given: PeriodBooks, row: Mapping[str, Any], text: Catalogue) -> dict[str, Cell]:
    """What was imported."""
    kind = quantity_kind(row["quantity"], row["value"])
    zone = given.model.tz
    return {
        "point": words(row["point"]),
        "title": words(title_or_dash(given.model, row["point"], text)),
        "quantity": words(quantity_words(row["quantity"], text)),
        "start": Cell(row["start"].astimezone(zone)),
        "end": Cell(row["end"].astimezone(zone)),
        "value": Cell(row["value"], digits=_DIGITS[kind], kind=kind),
        "uom": words(text(UOM_OF_KIND[kind])),
        "qualifier": words(row["qualifier"]),
        "file": words(row["file"]),
        "sheet": words(row["sheet"]),
        "cell": words(row["cell"]),
        "known": Cell(row["known"].astimezone(zone)),
    }  # fmt: skip


def _dry_cells(rows: RawRows, key: str, one: Dried) -> dict[str, Cell]:
    """Moisture and dry mass of a reading of a scale."""
    value = Ref(RAW, key, "value")
    moisture: Cell | None = None
    if len(one.moistures) == 1:
        moisture = Cell(one.moistures[0].value, formula=rows.refs(one.moistures, "value")[0])
    elif one.moistures:
        mean = Ref(VALUES, value_key(one.moistures[0].point, "moisture"), "value")
        moisture = Cell(sum(each.value for each in one.moistures) / len(one.moistures), formula=mean)
    elif one.described is not None:
        moisture = Cell(one.described)
    if moisture is None:
        return {"dry": Cell(one.dry_t, formula=value)}
    solids = Calc("-", 1.0, Ref(RAW, key, "moisture"))
    return {"moisture": moisture, "dry": Cell(one.dry_t, formula=Calc("*", value, solids))}


def _weight_cells(rows: RawRows, key: str, one: Weighed, *, limit: Kind) -> dict[str, Cell]:
    """What an assay counts as, the mass that it stands for, and their product."""
    value: Expr = Ref(RAW, key, "value")
    weight: Expr | None = None
    if one.usual:
        weight = Ref(VALUES, value_key(one.spot.point, one.spot.quantity), "usual")
    elif one.of:
        refs = rows.refs([spot for spot, _ in one.of], "dry")
        terms = tuple(
            ref if share == 1.0 else Calc("*", ref, share) for ref, (_, share) in zip(refs, one.of, strict=True)
        )
        weight = Total(terms) if len(terms) > 1 else terms[0]
    kind = limit if one.counts_as >= 1e-3 else Kind.PPM
    counts = Calc("*", 0.5, value) if one.halved else value if one.counts_as == one.spot.value else None
    return {
        "counts": Cell(one.counts_as, formula=counts, kind=kind, digits=4),
        "weight": Cell(one.weight, formula=weight),
        "metal": Cell(one.counts_as * one.weight, formula=Calc("*", Ref(RAW, key, "counts"), Ref(RAW, key, "weight"))),
    }


def _weighed(assays: Mapping[tuple[str, str], AssayTrace]) -> dict[Spot, list[Weighed]]:
    """Assays by their record."""
    found: dict[Spot, list[Weighed]] = defaultdict(list)
    for one in assays.values():
        for reading in one.readings:
            found[reading.spot].append(reading)
    return found
