"""Plan against fact by day, from what the meters and signals of a plan line recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, timedelta
from fnmatch import fnmatchcase

import polars as pl

from zveno import tables
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.types import Meter, PlanLine, Tag
from zveno.periods import Period
from zveno.quantities import INTEGRALS, convert, uom_of, uom_phrase
from zveno.store import latest

_DAY_H = 24.0
_FACT = {"day": pl.Date, "fact": pl.Float64, "hours": pl.Float64}


def plan_fact(model: ChainModel, records: pl.DataFrame, readings: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Plan and fact of every plan line on every day of a period, in the line's unit of measure.

    The plan of a line is spread evenly over the days of its own period. A record counts for the plant day
    on which it starts, so a plant day of shifts runs from its first shift to the first one of the next day;
    signals are summed over the same hours. The fact of a weight is dry: a wet weight loses the moisture read
    over the same time on the same stream or the nearest one above it, or, where that reading is missing, the mean
    moisture of the period; without any moisture the dry weight of that meter is not known. The fact of a
    signal is its integral, each good reading standing for one sampling interval.

    Parameters
    ----------
    records, readings
        Tables ``records`` (masses in t, fractions) and ``readings``; other times and points may be in them.

    Returns
    -------
    plan_fact
        Table ``plan_fact``; a day without reading has a null fact, and sums to date count what is there.
    """
    days = _day_starts(period)
    kept = _with_day(_started(records, period), "start", days)
    turn = _first_shift(model)
    before = pl.col("ts") < period.instants[1] + turn
    good = readings.filter(pl.col("quality") == 0, pl.col("value").is_not_null(), before)
    usable = _with_day(good, "ts", days.with_columns(pl.col("moment") + turn))
    rows: list[dict[str, object]] = []
    for line in model.chain.plans:
        plan = Period.parse(line.period, model.tz)
        inside = [day for day in days["day"] if plan.start.date() <= day < plan.end.date()]
        if inside:
            found = _facts(model, line, kept, usable)
            planned = line.value / (plan.end.date() - plan.start.date()).days
            rows.extend(_line_rows(line, inside, planned, {row["day"]: row for row in found.iter_rows(named=True)}))
    return tables.frame("plan_fact", rows)


def _first_shift(model: ChainModel) -> timedelta:
    """How long after midnight the first shift of a plant day begins; at midnight where there are no shifts."""
    if model.people is None:
        return timedelta()
    first = min(one.start for one in model.shift_pattern.slots)
    return timedelta(hours=first.hour, minutes=first.minute)


def _day_starts(period: Period) -> pl.DataFrame:
    """First moment of each plant day of the period."""
    starts = [one.start for one in period.split("day")]
    moments = pl.Series("moment", [one.astimezone(UTC) for one in starts], dtype=tables.INSTANT)
    return pl.DataFrame([moments, pl.Series("day", [one.date() for one in starts], dtype=pl.Date)])


def _with_day(rows: pl.DataFrame, moment: str, days: pl.DataFrame) -> pl.DataFrame:
    """Rows with the plant day of a moment; those before the first day fall away."""
    joined = rows.sort(moment).join_asof(days, left_on=moment, right_on="moment", strategy="backward")
    return joined.filter(pl.col("day").is_not_null())


def _line_rows(
    line: PlanLine, days: Sequence[date], planned: float, found: Mapping[date, Mapping[str, float]]
) -> Iterable[dict[str, object]]:
    """Rows of one line, summed to date."""
    done, covered, known = 0.0, 0.0, False
    for k, day in enumerate(days, start=1):
        fact = found[day]["fact"] if day in found else None
        known = known or fact is not None
        done += fact or 0.0
        covered += min(found[day]["hours"], _DAY_H) if day in found else 0.0
        yield {
            "day": day,
            "line": line.id,
            "uom": line.uom,
            "plan_day": planned,
            "fact_day": fact,
            "plan_to_date": planned * k,
            "fact_to_date": done if known else None,
            "coverage_frac": covered / (k * _DAY_H),
        }


def _facts(model: ChainModel, line: PlanLine, records: pl.DataFrame, readings: pl.DataFrame) -> pl.DataFrame:
    """Fact and covered hours by day, in the line's unit of measure; days without data are not there."""
    if line.meter:
        meters = [one for one in model.chain.meters if fnmatchcase(one.id, line.meter)]
        scale = convert(1.0, "t", line.uom)
        parts = [_dry(model, one, records).with_columns(pl.col("fact") * scale) for one in meters]
    else:
        tags = [one for one in model.chain.tags if line.tag and fnmatchcase(one.id, line.tag)]
        parts = [_integrated(one, readings, line.uom) for one in tags]
    joined = pl.concat([pl.DataFrame(schema=_FACT), *parts])
    return joined.group_by("day").agg(pl.col("fact").sum(), pl.col("hours").sum() / max(len(parts), 1))


# ---- meters --------------------------------------------------------------------------------------------


def _started(records: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Records that start in the period as the file that spoke last gives them, with the hours each stands for."""
    inside = records.filter(pl.col("start").is_between(*period.instants, closed="left"))
    kept = latest(inside.sort("known", maintain_order=True))
    hours = ((pl.col("end") - pl.col("start")).dt.total_seconds() / 3600).alias("hours")
    return kept.filter(pl.col("value").is_not_null()).with_columns(hours)


def _dry(model: ChainModel, meter: Meter, records: pl.DataFrame) -> pl.DataFrame:
    """Dry tonnes and hours of one meter by day; a lot covers the day on which it is weighed."""
    own = records.filter(pl.col("point") == meter.id, pl.col("quantity") == meter.quantity)
    if meter.quantity == "wet_mass":
        moisture = _moisture_meter(model, meter)
        read = records.filter(pl.col("point") == moisture, pl.col("quantity") == "moisture")
        at = read.group_by("start", "end").agg(pl.col("value").mean().alias("moisture"))
        water = pl.col("moisture").fill_null(pl.lit(read["value"].mean(), dtype=pl.Float64))
        own = own.join(at, on=["start", "end"], how="left").with_columns(pl.col("value") * (1 - water))
    hours = pl.lit(_DAY_H) if meter.period == "lot" else pl.col("hours").sum()
    known = own.filter(pl.col("value").is_not_null())
    return known.group_by("day").agg(pl.col("value").sum().alias("fact"), hours.alias("hours"))


def _moisture_meter(model: ChainModel, meter: Meter) -> str:
    """The moisture meter of the same stream, else of the nearest stream above it; empty if there is none."""
    by_stream = {one.stream: one.id for one in model.chain.meters if one.quantity == "moisture"}
    wave = {meter.stream}
    seen: set[str] = set()
    while wave:
        for stream in sorted(wave):
            if stream in by_stream:
                return by_stream[stream]
        seen |= wave
        wave = {name for stream in wave for name in _above(model, stream)} - seen
    return ""


def _above(model: ChainModel, stream: str) -> set[str]:
    """Streams, and their groups, that end where a stream or group begins."""
    own = [one for one in model.chain.streams if stream in (one.id, one.group)]
    starts = {one.source.partition(":")[0] for one in own}
    return {name for one in model.chain.streams if one.target in starts for name in (one.id, one.group) if name}


# ---- signals -------------------------------------------------------------------------------------------


def _integrated(tag: Tag, readings: pl.DataFrame, uom: str) -> pl.DataFrame:
    """Integral in ``uom`` and covered hours of a signal by day."""
    hours, scale = tag.every_min / 60, _integral_scale(tag, uom)
    own = readings.filter(pl.col("tag") == tag.id).group_by("day")
    return own.agg((pl.col("value").sum() * hours * scale).alias("fact"), (pl.len() * hours).alias("hours"))


def _integral_scale(tag: Tag, uom: str) -> float:
    """What one unit of a signal over one hour is in ``uom``."""
    dimension = uom_of(tag.uom).dimension
    if dimension not in INTEGRALS:
        raise DataError(
            "signal '{tag}' in '{uom}' cannot be summed over time: a plan line needs a power or a flow",
            tag=tag.id,
            uom=uom_phrase(tag.uom),
        )
    rate, amount = INTEGRALS[dimension]
    return convert(1.0, tag.uom, rate) * convert(1.0, amount, uom)
