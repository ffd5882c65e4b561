"""A value that somebody wants to change: found in the records, checked against the description, in their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from zveno.close.proposals import PutIn
from zveno.errors import DataError, QuantityError, some_names
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.types import Meter
from zveno.periods import Period
from zveno.quantities import convert, uom_phrase

MASSES = ("wet_mass", "mass", "survey_mass")
_RATES = ("t/h", "kg/h", "t/d")


@dataclass(frozen=True)
class Asked:
    """What a person types: a point and quantity, a time, the value in a unit.

    Parameters
    ----------
    quantity
        Empty where the meter has one only.
    start, end
        Plant time, ``2026-03-07`` or ``2026-03-07T08:00``; a day alone is the whole day. Empty: the only record of
        the period.
    value
        None withdraws the value that is there.
    below
        Whether only "less than the value" is known.
    uom
        Unit of the value; that of the meter if empty.
    """

    point: str
    value: float | None
    quantity: str = ""
    start: str = ""
    end: str = ""
    uom: str = ""
    below: bool = False


def put_in(model: ChainModel, records: pl.DataFrame, period: Period, asked: Asked) -> PutIn:
    """The record that a person wants to be put in, with what counts now.

    Parameters
    ----------
    records
        Records of the period that count now.

    Raises
    ------
    DataError
        If there is no such meter or quantity, the time is not one of its records or overlaps some, or the value cannot
        be a reading.
    """
    meter = _meter(model, asked.point)
    quantity = _quantity(meter, asked.quantity)
    mine = records.filter(pl.col("point") == meter.id, pl.col("quantity") == quantity)
    start, end = _span(model, mine, period, asked, meter.id)
    here = mine.filter(pl.col("start") == start, pl.col("end") == end)
    if here.is_empty():
        _require_apart(mine, start, end, asked.point)
    value = None if asked.value is None else in_store(meter, quantity, asked.value, asked.uom, end - start)
    qualifier = "<" if asked.below else ""
    return PutIn(meter.id, quantity, start, end, value, qualifier, tuple(here["value"].to_list()))


def in_store(meter: Meter, quantity: str, value: float, uom: str, lasting: timedelta = timedelta()) -> float:
    """A value in the unit of the records: t, or mass fraction.

    Raises
    ------
    DataError
        If the unit is not one of the quantity, or the value cannot be a reading.
    """
    unit = uom or meter.uoms.get(quantity, meter.uom)
    try:
        if quantity in MASSES and unit in _RATES:
            found = convert(value, unit, "t/h") * lasting.total_seconds() / 3600
        else:
            found = convert(value, unit, "t" if quantity in MASSES else "frac")
    except QuantityError as error:
        raise DataError(error.faults) from error
    if found < 0 or (quantity not in MASSES and found > 1):
        raise DataError(
            "{value} {uom} cannot be a reading of '{meter}': check the value and its unit of measure",
            value=value, uom=uom_phrase(unit), meter=meter.id,
        )  # fmt: skip
    return found


def moment_of(model: ChainModel, text: str) -> tuple[datetime, bool]:
    """A moment of plant time that was typed, and whether it is a day alone.

    Raises
    ------
    DataError
        If it is neither.
    """
    try:
        whole = len(text) == len("2026-03-07")
        found = datetime.combine(date.fromisoformat(text), datetime.min.time()) if whole else None
        found = found or datetime.fromisoformat(text)
    except ValueError:
        raise DataError("'{text}' is no date and time: write it as 2026-03-07 or 2026-03-07T08:00", text=text) from None
    return (found if found.tzinfo else found.replace(tzinfo=model.tz)), whole


def _meter(model: ChainModel, point: str) -> Meter:
    found = model.meters.get(point)
    if found is None:
        raise DataError(
            "'{point}' is not a meter of this chain", point=point, near=near_match(point, model.meters)
        )  # fmt: skip
    return found


def _quantity(meter: Meter, asked: str) -> str:
    known = meter.components if meter.quantity == "assay" else (meter.quantity,)
    if not asked and len(known) == 1:
        return known[0]
    if asked in known:
        return asked
    raise DataError(
        "'{meter}' gives {known}: name one of them with --quantity", meter=meter.id, known=some_names(list(known))
    )


def _span(model: ChainModel, mine: pl.DataFrame, period: Period, asked: Asked, point: str) -> tuple[datetime, datetime]:
    """The time of the record that is meant."""
    spans = mine.select("start", "end").unique(maintain_order=True).sort("start").rows()
    if not asked.start:
        if len(spans) == 1:
            return spans[0]
        raise DataError(
            "'{point}' has {n} records in {period}: name one with --start ({spans})",
            point=point, n=len(spans), period=period.name,
            spans=some_names([f"{one[0].astimezone(model.tz):%Y-%m-%dT%H:%M}" for one in spans], 6),
        )  # fmt: skip
    start, whole = moment_of(model, asked.start)
    known = [one for one in spans if one[0] == start]
    if not asked.end and len(known) == 1:
        return known[0]
    end = moment_of(model, asked.end)[0] if asked.end else start + timedelta(days=1) if whole else None
    if end is None or end < start:
        raise DataError("'{point}' has no record that begins at {start}: give --end as well", point=point, start=start)
    if not period.start <= start or not end <= period.end:
        raise DataError("{start} to {end} is not within {period}", start=start, end=end, period=period.name)
    return start, end


def _require_apart(mine: pl.DataFrame, start: datetime, end: datetime, point: str) -> None:
    """A new value must not cover some that are there: they would count twice."""
    covered = mine.filter(pl.col("value").is_not_null(), pl.col("start") < end, pl.col("end") > start)
    if covered.height:
        first = covered.sort("start").row(0, named=True)
        raise DataError(
            "'{point}' has a record from {start} to {end} already: adjust that one, or withdraw it first",
            point=point, start=first["start"], end=first["end"],
        )  # fmt: skip


def by_key(records: pl.DataFrame, one: PutIn) -> tuple[float | None, ...]:
    """Values that count for the key of a proposed one."""
    wanted: Mapping[str, object] = {"point": one.point, "quantity": one.quantity, "start": one.start, "end": one.end}
    return tuple(records.filter(*(pl.col(name) == each for name, each in wanted.items()))["value"].to_list())
