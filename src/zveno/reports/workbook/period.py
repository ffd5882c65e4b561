"""Values of the period from the raw ones, and what reconciliation made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
    measured,
)
from zveno.reports.parts.words import grade_kind, measured_words, quantity_kind, quantity_words, title_or_dash, words
from zveno.reports.shown import MASS
from zveno.reports.streams import CLOSING, OPENING, stream_title
from zveno.reports.workbook.given import PeriodBooks
from zveno.reports.workbook.raw import RAW, VALUES, RawRows, spot_of, value_key
from zveno.reports.workbook.reconciled import grade_ref, mass_ref
from zveno.reports.workbook.trace import AssayTrace, MassTrace, Spot
from zveno.text.catalogue import Catalogue

READINGS = "readings"


def values_part(given: PeriodBooks, rows: RawRows, text: Catalogue) -> list[Block]:
    """Sums of dry masses and weighted means of assays, meter by meter."""
    columns = (
        Column("id", text("Point")),
        Column("meter", text("Meter"), broad=True),
        Column("quantity", text("Quantity")),
        Column("present", text("Readings"), Kind.COUNT, digits=0),
        Column("expected", text("Expected"), Kind.COUNT, digits=0),
        Column("weight", text("Sum of weights"), Kind.MASS, digits=3),
        Column("sum", text("Sum of masses"), Kind.MASS, digits=5),
        Column("usual", text("Usual weight"), Kind.MASS, digits=3),
        Column("value", text("Value of the period"), Kind.NUMBER),
        Column("uom", text("Unit of measure")),
    )
    made = [
        *(_mass_row(given, rows, meter, one, text) for meter, one in given.trace.masses.items()),
        *(_mean_row(given, rows, spots, text) for spots in _means(given)),
        *(_assay_row(given, rows, key, one, text) for key, one in given.trace.assays.items()),
    ]
    return [
        Heading("values", text("Values of the period by meter"), text("Period values")),
        Paragraph(text(
            "Masses: the sum of dry masses, times readings expected over readings there are, where some are missing. "
            "Assays: the sum of weight × assay over the sum of weights."
        )),
        TableBlock(VALUES, "", columns, tuple(made)),
    ]  # fmt: skip


def _named(given: PeriodBooks, meter: str, quantity: str, text: Catalogue) -> dict[str, Cell]:
    return {
        "id": words(meter), "meter": words(title_or_dash(given.model, meter, text)),
        "quantity": words(quantity_words(quantity, text)),
    }  # fmt: skip


def _mass_row(given: PeriodBooks, rows: RawRows, meter: str, one: MassTrace, text: Catalogue) -> Row:
    key, present = value_key(meter, MASS), len(one.spots)
    summed: Expr = Ref(VALUES, key, "sum")
    if one.expected > present:
        share = Calc("/", Ref(VALUES, key, "expected"), Ref(VALUES, key, "present"))
        summed = Calc("*", summed, share)
    return Row(key, {
        **_named(given, meter, MASS, text),
        "present": Cell(present), "expected": Cell(one.expected),
        "sum": Cell(formula=Total(rows.refs(one.spots, "dry"))),
        "value": Cell(one.value_t, formula=summed, kind=Kind.MASS, digits=3), "uom": words(text("t")),
    })  # fmt: skip


def _means(given: PeriodBooks) -> Iterator[tuple[Spot, ...]]:
    """Moistures of which the mean serves readings without one of their own, each meter once."""
    seen = set()
    for one in given.trace.dried.values():
        if len(one.moistures) > 1 and one.moistures[0].point not in seen:
            seen.add(one.moistures[0].point)
            yield one.moistures


def _mean_row(given: PeriodBooks, rows: RawRows, spots: tuple[Spot, ...], text: Catalogue) -> Row:
    key = value_key(spots[0].point, "moisture")
    mean = Calc("/", Total(rows.refs(spots, "value")), Ref(VALUES, key, "present"))
    return Row(key, {
        **_named(given, spots[0].point, "moisture", text),
        "present": Cell(len(spots)),
        "value": Cell(formula=mean, kind=Kind.FRACTION, digits=4), "uom": words(text("%")),
    })  # fmt: skip


def _assay_row(given: PeriodBooks, rows: RawRows, key: tuple[str, str], one: AssayTrace, text: Catalogue) -> Row:
    name, spots = value_key(*key), [each.spot for each in one.readings]
    cells = {
        **_named(given, *key, text),
        "present": Cell(len(spots)),
        "weight": Cell(formula=Total(rows.refs(spots, "weight"))),
        "sum": Cell(formula=Total(rows.refs(spots, "metal"))),
        "value": Cell(
            one.value_frac, formula=Calc("/", Ref(VALUES, name, "sum"), Ref(VALUES, name, "weight")),
            kind=grade_kind(one.value_frac), digits=4,
        ),
        "uom": words(text(UOM_OF_KIND[grade_kind(one.value_frac)])),
    }  # fmt: skip
    covered = [each.spot for each in one.readings if each.of]
    if len(covered) < len(spots) and any(each.usual for each in one.readings):
        mean = sum(each.weight for each in one.readings if each.of) / max(len(covered), 1)
        refs = Total(rows.refs(covered, "weight"))
        cells["usual"] = Cell(mean, formula=Calc("/", refs, float(len(covered)))) if covered else Cell(1.0)
    return Row(name, cells)


# ---- reconciliation --------------------------------------------------------------------------------------------------


def readings_part(given: PeriodBooks, rows: RawRows, values: TableBlock, text: Catalogue) -> list[Block]:
    """Each value as read beside its reconciled one, with the adjustment."""
    columns = (
        Column("meter", text("Meter"), broad=True),
        Column("stream", text("Stream"), broad=True),
        Column("quantity", text("Quantity")),
        Column("uom", text("Unit of measure")),
        Column("reading", text("As read"), Kind.NUMBER, paired=True),
        Column("reconciled", text("Reconciled"), Kind.NUMBER, paired=True),
        Column("adjustment", text("Adjustment"), Kind.NUMBER),
        Column("z", "z", Kind.NUMBER),
    )
    found = _Readings(given, rows, values)
    made = tuple(_reading_row(found, str(k), row, text) for k, row in enumerate(found.table))
    return [
        Heading("readings", text("Readings and adjustments"), text("Readings")),
        TableBlock(READINGS, "", columns, made, empty=text("There are no readings in this period.")),
    ]


def _reading_row(found: _Readings, key: str, row: Mapping[str, Any], text: Catalogue) -> Row:
    model, stream, quantity = found.given.model, row["stream"], row["quantity"]
    kind = quantity_kind(quantity, row["reading"])
    flow = mass_ref(stream, MASS) if quantity == MASS else grade_ref(stream, quantity)
    apart = Calc("-", Ref(READINGS, key, "reconciled"), Ref(READINGS, key, "reading"))
    return Row(key, {
        "meter": words(title_or_dash(model, row["meter"], text)),
        "stream": words(stream_title(model, stream, text)),
        "quantity": words(measured_words(model, stream, quantity, text)),
        "uom": words(text(UOM_OF_KIND[kind])),
        "reading": measured(row["reading"], row["sd"], kind, formula=found.formula(row)),
        "reconciled": measured(row["reconciled"], row["reconciled_sd"], kind, formula=flow,
                               word=text("unobservable")),
        "adjustment": Cell(formula=apart, kind=kind, digits=3),
        "z": Cell(row["z"], digits=2, word="–"),
    })  # fmt: skip


@dataclass(frozen=True)
class _Readings:
    """Readings of the balance, and the cells that they come from."""

    given: PeriodBooks
    rows: RawRows
    values: TableBlock

    @property
    def table(self) -> list[dict[str, Any]]:
        """Rows of ``adjustments``."""
        return self.given.results.adjustments.rows(named=True)

    def formula(self, row: Mapping[str, Any]) -> Expr | None:
        """Where a reading comes from; None where it is not one of the cells, such as a stock as described."""
        meters = row["meter"].split("+")
        if len(meters) > 1:
            return self._joined(meters, row["quantity"])
        key = value_key(row["meter"], row["quantity"])
        if key in self.values.by_key:
            return Ref(VALUES, key, "value")
        return self._survey(row)

    def _joined(self, meters: list[str], quantity: str) -> Expr | None:
        """A group of streams: masses add, assays are weighted with the masses of their streams."""
        if any(value_key(one, quantity) not in self.values.by_key for one in meters):
            return None
        refs = [Ref(VALUES, value_key(one, quantity), "value") for one in meters]
        if quantity == MASS:
            return Total(tuple(refs))
        weights = [self._weight(one) for one in meters]
        if None in weights:
            return Calc("/", Total(tuple(refs)), float(len(refs)))
        limits = [self.given.trace.assays[one, quantity].below for one in meters]
        terms: list[Expr] = [
            Calc("*", ref, 0.5) if below and not all(limits) else ref for ref, below in zip(refs, limits, strict=True)
        ]
        products = tuple(Calc("*", one, weight) for one, weight in zip(terms, weights, strict=True) if weight)
        return Calc("/", Total(products), Total(tuple(one for one in weights if one)))

    def _weight(self, meter: str) -> Ref | None:
        """Mass of the stream that a laboratory assays; None where it is not weighed, or nothing passed."""
        stream = self.given.model.meters[meter].stream
        scales = [one.id for one in self.given.model.chain.meters
                  if one.accounting and one.stream == stream and one.id in self.given.trace.masses]  # fmt: skip
        if not scales:
            return None
        return Ref(VALUES, value_key(scales[-1], MASS), "value")

    def _survey(self, row: Mapping[str, Any]) -> Expr | None:
        """The survey of a stock at either end."""
        stream = row["stream"]
        if not stream.endswith((OPENING, CLOSING)):
            return None
        begin, end = self.given.results.period.instants
        quantities = ("survey_mass", "wet_mass", MASS) if row["quantity"] == MASS else (row["quantity"],)
        found = None
        for k, one in enumerate(self.rows.rows):
            if one["point"] != row["meter"] or one["quantity"] not in quantities:
                continue
            instant = one["start"] == one["end"]
            early = one["start"] <= begin if instant else one["start"] < begin
            late = not early and (one["start"] <= end if instant else one["start"] < end)
            if (early if stream.endswith(OPENING) else late) and spot_of(one) in self.rows.places:
                found = Ref(RAW, str(k), "value")
        return found
