"""Meters that are read by instruments whose verification has expired: which readings, and how far they may be off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.quality import InstrumentLink, Overdue, OverdueRule
from zveno.model.types import Meter
from zveno.periods import Period
from zveno.quality.register import Lapse, Registered, months_after
from zveno.reconcile import grown_pct
from zveno.tables import frame


def days_of(period: Period) -> tuple[date, date]:
    """First day of a period and the first one after it."""
    last = (period.end - timedelta(microseconds=1)).date()
    return period.start.date(), last + timedelta(days=1)


def meters_of(model: ChainModel, instruments: Iterable[Registered]) -> dict[str, tuple[str, ...]]:
    """Meters that each instrument gives readings of; those without any are left out."""
    links = model.quality.links if model.quality else ()
    found = {one.id: one.meters or _at_point(model, one, links) for one in instruments}
    return {name: meters for name, meters in found.items() if meters}


def _at_point(model: ChainModel, one: Registered, links: Sequence[InstrumentLink]) -> tuple[str, ...]:
    """Meters at the accounting point of an instrument of which it can be one."""
    point, link = one.point.lower(), _link(one, links)
    if not point or link is None or not any(fnmatchcase(point, part.casefold()) for part in link.points or ("*",)):
        return ()
    return tuple(
        meter.id for meter in model.chain.meters
        if meter.quantity in link.quantities and (meter.stream == point or meter.stream.startswith(f"{point}."))
    )  # fmt: skip


def _link(one: Registered, links: Sequence[InstrumentLink]) -> InstrumentLink | None:
    """The first link whose pattern fits the name."""
    name = one.name.casefold()
    for link in links:
        if any(fnmatchcase(name, part.strip().casefold()) for part in link.name.split("|")):
            return link
    return None


def overdue_meters(
    model: ChainModel, instruments: Sequence[Registered], period: Period
) -> dict[str, tuple[Overdue, ...]]:
    """Times of a period in which meters are read by instruments whose verification has expired, by meter."""
    rule = model.quality.overdue if model.quality else OverdueRule()
    links = model.quality.links if model.quality else ()
    first, end = days_of(period)
    found: dict[str, list[Overdue]] = defaultdict(list)
    by_id = {one.id: one for one in instruments}
    for name, meters in meters_of(model, instruments).items():
        one, link = by_id[name], _link(by_id[name], links)
        limit = one.limit_pct or (link.limit_pct if link and link.limit_pct else one.permissible_pct)
        for lapse in one.lapses(first, end):
            for meter in meters:
                found[meter].append(_overdue(one, lapse, limit, rule))
    return {name: tuple(several) for name, several in found.items()}


def _overdue(one: Registered, lapse: Lapse, limit_pct: float, rule: OverdueRule) -> Overdue:
    """A lapse as it counts; the interval is that by the calendar before the lapse."""
    days = max((months_after(lapse.valid_until, one.interval_mo) - lapse.valid_until).days, 1)
    return Overdue(
        instrument=one.id, since=lapse.since, until=lapse.until, interval_days=days, limit_pct=limit_pct,
        growth=rule.growth,
    )  # fmt: skip


def overdue_rows(
    model: ChainModel, records: pl.DataFrame, period: Period, instruments: Sequence[Registered]
) -> pl.DataFrame:
    """Table ``overdue_readings``: every meter with the instruments that were overdue, and the readings concerned."""
    names = {one.id: one for one in instruments}
    first, end = days_of(period)
    start, stop = period.instants
    within = records.filter(pl.col("start") >= start, pl.col("end") <= stop, pl.col("value").is_not_null())
    rows = []
    for meter in (one for one in model.chain.meters if one.id in model.overdue):
        mine = within.filter(pl.col("point") == meter.id)
        for one in model.overdue[meter.id]:
            last = min(end, one.until or end) - timedelta(days=1)
            rows.append({
                "period": period.name, "meter": meter.id, "stream": meter.stream, "quantity": meter.quantity,
                "instrument": one.instrument,
                "name": names[one.instrument].name or names[one.instrument].titles.get("en", ""),
                "valid_until": one.since - timedelta(days=1), "days_overdue": (last - one.since).days + 1,
                "readings": mine.height, "overdue_readings": _after(mine, one, model).height,
                "limit_pct": _held_pct(meter, one), "grown_pct": grown_pct(meter, one, max(last, first)),
            })  # fmt: skip
    return frame("overdue_readings", rows)


def _held_pct(meter: Meter, one: Overdue) -> float:
    """Largest permissible error while the verification held."""
    return grown_pct(meter, one, one.since - timedelta(days=1))


def _after(readings: pl.DataFrame, one: Overdue, model: ChainModel) -> pl.DataFrame:
    """Readings that reach into the time without a verification; those of a moment if it lies there."""
    since = _midnight(one.since, model)
    found = readings.filter((pl.col("end") > since) | (pl.col("start") >= since))
    return found if one.until is None else found.filter(pl.col("start") < _midnight(one.until, model))


def _midnight(day: date, model: ChainModel) -> datetime:
    return datetime.combine(day, time(), model.tz)


def with_overdue(model: ChainModel, overdue: Mapping[str, tuple[Overdue, ...]]) -> ChainModel:
    """The model whose meters are read by such instruments."""
    return model.model_copy(update={"overdue": dict(overdue)}) if overdue != model.overdue else model
