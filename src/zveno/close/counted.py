"""Counted stocks as records: which record of the period a count takes the place of, with the error told with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from zveno.close.proposals import PutIn
from zveno.close.putin import by_key, in_store
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.types import Meter, Stock
from zveno.periods import Period
from zveno.reconcile.topology import CLOSING

_HALF = 1.959963984540054
_NEAR = timedelta(hours=36)
"""How far before the end of a period stocks may be counted that stand for it."""
MASS = "survey_mass"


@dataclass(frozen=True)
class Count:
    """A value that was counted: in the unit of its meter where ``uom`` is empty; ``error`` is half the 95 % interval.

    ``moment`` is None for the end of the period.
    """

    stock: str
    quantity: str
    value: float
    error: float | None = None
    uom: str = ""
    moment: datetime | None = None
    where: str = ""


def counted(model: ChainModel, records: pl.DataFrame, period: Period, counts: Sequence[Count]) -> tuple[PutIn, ...]:
    """Counts as values to be put in.

    A count takes the place of the survey that closes the period, if there is one; otherwise it stands at its moment.

    Raises
    ------
    DataError
        If a stock has no meter to which a count can go, was counted at another time, or the value cannot be one.
    """
    return tuple(_put_in(model, records, period, one) for one in counts)


def _put_in(model: ChainModel, records: pl.DataFrame, period: Period, one: Count) -> PutIn:
    meter = meter_of(model, model.stocks[one.stock], one.quantity)
    quantity = meter.quantity if one.quantity == MASS else one.quantity
    at = one.moment or period.end
    if not period.end - _NEAR <= at <= period.end:
        raise DataError(
            "'{stock}' was counted at {at:%Y-%m-%d %H:%M}, not at the end of {period}: give the period that ends with "
            "the count, such as {start:%Y-%m-%d}/{at:%Y-%m-%dT%H:%M}",
            one.where, stock=one.stock, at=at, period=period.name, start=period.start,
        )  # fmt: skip
    value = in_store(meter, quantity, one.value, one.uom)
    sd = _sd(meter, quantity, one, value)
    start, end = _closing_key(records, period, meter.id, quantity) or (period.instants[1], period.instants[1])
    made = PutIn(meter.id, quantity, start, end, value, f"±{sd!r}")
    return PutIn(meter.id, quantity, start, end, value, made.qualifier, by_key(records, made))


def _sd(meter: Meter, quantity: str, one: Count, value: float) -> float:
    """Standard deviation as told, or all that the meter's description says of its error."""
    if one.error is not None:
        return in_store(meter, quantity, one.error, one.uom) / _HALF
    relative = meter.sd_rel_pcts.get(quantity, meter.sd_rel_pct) / 100
    floor = in_store(meter, quantity, meter.sd_abs, "") if meter.sd_abs else 0.0
    return float(max(abs(value) * (relative**2 + (meter.bias_limit_pct / 200) ** 2) ** 0.5, floor, 1e-9))


def meter_of(model: ChainModel, stock: Stock, quantity: str) -> Meter:
    """The meter under which a count is kept.

    Raises
    ------
    DataError
        If the description has none.
    """
    for one in model.chain.meters:
        surveys = one.quantity != "assay" if quantity == MASS else quantity in one.components
        if one.stream == stock.id and one.accounting and surveys:
            return one
    raise DataError(
        "'{stock}' has no meter for {quantity}: describe its survey in chain.yaml, with the error that it has",
        stock=stock.id, quantity=quantity,
    )  # fmt: skip


def _closing_key(records: pl.DataFrame, period: Period, point: str, quantity: str) -> tuple[datetime, datetime] | None:
    """Time of the record that closes the period now."""
    begin, end = period.instants
    instant = (pl.col("start") == pl.col("end")) & (pl.col("start") > begin) & (pl.col("start") <= end)
    lasting = (pl.col("start") < pl.col("end")) & (pl.col("start") >= begin) & (pl.col("start") < end)
    mine = records.filter(pl.col("point") == point, pl.col("quantity") == quantity, pl.col("value").is_not_null())
    rows = mine.filter(instant | lasting).sort("start", maintain_order=True)
    return None if rows.is_empty() else (rows["start"][-1], rows["end"][-1])


def with_counts(records: pl.DataFrame, values: Sequence[PutIn]) -> pl.DataFrame:
    """Records in which counts stand in the place of what was there, for a trial."""
    given = pl.DataFrame([_row(one) for one in values], schema=records.schema)
    keys = ["point", "quantity", "start", "end"]
    return pl.concat([records.join(given.select(keys), on=keys, how="anti"), given])


def _row(one: PutIn) -> dict[str, object]:
    """A trial record; a stock of nothing at all would not be in the balance."""
    value = max(one.value or 0.0, 1e-6)
    blank = {"file": "", "sheet": "", "cell": "", "file_hash": "", "known": None}
    return {"point": one.point, "quantity": one.quantity, "start": one.start, "end": one.end, "value": value,
            "qualifier": one.qualifier, **blank}  # fmt: skip


def streams_counted(model: ChainModel, values: Sequence[PutIn]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each counted stock, the stream that its closing is, and the meters of what was counted of it."""
    found: dict[str, dict[str, str]] = {}
    for one in values:
        meter = model.meters[one.point]
        found.setdefault(meter.stream, {})["mass" if meter.quantity != "assay" else one.quantity] = one.point
    for stock, meters in found.items():
        yield stock, stock + CLOSING, meters
