"""How healthy an alarm system is: rates, floods, chatters, stale and standing alarms, the most frequent ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from zveno.periods import Period
from zveno.rules.alarm_targets import (
    BUSY_HOUR,
    CHATTER_COUNT,
    CHATTER_S,
    FLEETING_S,
    FLOOD_ABOVE,
    FLOOD_BELOW,
    METRICS,
    STALE_H,
    TOP,
)
from zveno.rules.runs import Ints
from zveno.rules.signals import Bools
from zveno.tables import frame

_SECOND = 1_000_000
_TEN = 600 * _SECOND
_HOUR = 3600 * _SECOND
_SUPPRESSED = ("suppressed", "unauthorised")


@dataclass(frozen=True)
class AlarmHealth:
    """What a journal of alarms says about a period.

    Parameters
    ----------
    metrics, floods, actors, days
        Tables ``alarm_metrics``, ``alarm_floods``, ``alarm_actors`` (most frequent first) and ``alarm_days``.
    period
        Over which rates are taken, whole: no alarm means none was raised.
    """

    period: Period
    metrics: pl.DataFrame
    floods: pl.DataFrame
    actors: pl.DataFrame
    days: pl.DataFrame


@dataclass(frozen=True)
class _Part:
    """Alarms of a scope as arrays in order of time, within a period; those that were not announced are apart."""

    start: int
    end: int
    raised: Ints
    returned: Ints
    code: Ints
    priority: Any
    suppressed: int
    unauthorised: int | None

    @cached_property
    def chattering(self) -> Bools:
        """Alarms that are one of three or more of the same kind within a minute."""
        return _chattering(self.raised, self.code, self.start)


def alarms_of_breaches(breaches: pl.DataFrame) -> pl.DataFrame:
    """Table ``alarms`` of the table ``breaches``: each episode raises at its start and returns at its end."""
    open_ = pl.when(pl.col("open")).then(None).otherwise(pl.col("end"))
    table = breaches.select(
        alarm=pl.format("{} {} {}", "rule", "tag", "side"), raised="start", returned=open_, priority="severity",
        plant="plant", unit="unit", position="role", suppression=pl.lit(""), authorised=pl.lit(None, pl.Boolean),
    )  # fmt: skip
    return frame("alarms", table)


def alarm_health(alarms: pl.DataFrame, period: Period, *, suppression_known: bool = True) -> AlarmHealth:
    """Metrics of an alarm journal over a period, for all alarms, each operator position and each unit.

    Alarms raised in the period count; one that was raised before and still active counts as standing and stale only.
    Periods of ten minutes, hours and days run from the start of the period.

    Parameters
    ----------
    alarms
        Table ``alarms``, in any order.
    suppression_known
        Whether the source tells which alarms were suppressed; where it does not, there is no figure of them.
    """
    start, end = (round(one.timestamp()) * _SECOND for one in period.instants)
    table = frame("alarms", alarms).filter(pl.col("raised") < period.instants[1]).sort("raised", "alarm")
    table = table.filter(pl.col("returned").is_null() | (pl.col("returned") > period.instants[0])
                         | (pl.col("raised") >= period.instants[0]))  # fmt: skip
    codes = table["alarm"].rank("dense").cast(pl.Int64) if table.height else pl.Series([], dtype=pl.Int64)
    table = table.with_columns(code=codes)
    metrics: list[dict[str, Any]] = []
    floods: list[dict[str, Any]] = []
    days: list[dict[str, Any]] = []
    whole = _part(table, start, end)
    metrics += _rows("all", "", whole, one_position=table["position"].n_unique() < 2)
    for scope in ("position", "unit"):
        for (name,), rows in sorted(table.partition_by(scope, as_dict=True).items()):
            part = _part(rows, start, end)
            if scope == "position":
                floods += _flood_rows(str(name), part)
                days += _day_rows(str(name), part, period)
            if name:
                metrics += _rows(scope, str(name), part)
    if not suppression_known:
        metrics = [{**one, "value": None, "verdict": ""} if one["metric"] in _SUPPRESSED else one for one in metrics]
    return AlarmHealth(
        period, frame("alarm_metrics", metrics), frame("alarm_floods", floods),
        frame("alarm_actors", _actors(table, whole)), frame("alarm_days", days),
    )  # fmt: skip


def _part(table: pl.DataFrame, start: int, end: int) -> _Part:
    """The arrays of some rows."""
    announced = table.filter(pl.col("suppression") == "")
    silent = table.filter(pl.col("suppression") != "", pl.col("raised").dt.epoch("us") >= start)
    known = silent["authorised"].drop_nulls()
    unauthorised = int((~known).sum()) if silent.is_empty() or len(known) else None
    returned = announced["returned"].dt.epoch("us").fill_null(end).clip(upper_bound=end).to_numpy()
    raised = announced["raised"].dt.epoch("us").to_numpy()
    return _Part(
        start, end, raised, np.maximum(returned, raised), announced["code"].to_numpy(),
        announced["priority"].to_numpy(), silent.height, unauthorised,
    )  # fmt: skip


def _rows(scope: str, name: str, part: _Part, *, one_position: bool = True) -> list[dict[str, Any]]:
    """Metrics of a scope against their targets, most of which are meant for one operator position.

    Among ten kinds of alarms or fewer the ten most frequent are always all.
    """
    values = _values(part)
    few = len(np.unique(part.code[part.raised >= part.start])) <= TOP
    rows = []
    for metric, target in METRICS.items():
        value = values[metric]
        row = {"scope": scope, "name": name, "metric": metric, "value": value, "uom": target.uom}
        meant = scope != "unit" and (one_position or target.of_all) and not (few and metric == "top_ten_pct")
        verdict = _verdict(value, target.target, target.most) if meant else ""
        rows.append({**row, "target": target.target, "most": target.most, "verdict": verdict,
                     "status": target.status, "source": target.source})  # fmt: skip
    return rows


def _verdict(value: float | None, target: float | None, most: float | None) -> str:
    if value is None or target is None:
        return ""
    if value <= target:
        return "pass"
    return "manageable" if most is not None and value <= most else "fail"


def _values(part: _Part) -> dict[str, float | None]:
    """All metrics of a scope."""
    new = part.raised >= part.start
    n, hours = int(new.sum()), (part.end - part.start) / _HOUR
    ten, hour, day = (_counts(part, width) for width in (_TEN, _HOUR, 24 * _HOUR))
    floods = _floods(ten)
    chattering, fleeting = part.chattering, _fleeting(part)
    mean, peak = _standing(part)
    share = {one: int((part.priority[new] == one).sum()) for one in ("", "low", "medium", "high", "critical")}
    told = n - share[""]
    percent = {one: 100 * count / told if told else None for one, count in share.items()}
    high = None if not told else 100 * (share["high"] + share["critical"]) / told
    top = np.sort(np.unique(part.code[new], return_counts=True)[1])[-TOP:].sum()
    return {
        "alarms": n, "per_10_min_mean": n / hours / 6, "per_10_min_peak": int(ten.max(initial=0)),
        "per_hour_mean": n / hours, "per_hour_peak": int(hour.max(initial=0)),
        "hours_over_30_pct": 100 * float((hour > BUSY_HOUR).mean()), "per_day_mean": n / hours * 24,
        "per_day_peak": int(day.max(initial=0)), "over_10_pct": 100 * float((ten > FLOOD_ABOVE).mean()),
        "floods": len(floods), "in_flood_pct": 100 * sum(b - a for a, b in floods) / max(len(ten), 1),
        "top_ten_pct": 100 * float(top) / n if n else None, "chattering": len(np.unique(part.code[chattering])),
        "fleeting": int(fleeting.sum()), "stale_per_day_peak": max(_stale_by_day(part), default=0),
        "standing_mean": mean, "standing_peak": peak, "low_pct": percent["low"], "medium_pct": percent["medium"],
        "high_pct": high, "suppressed": part.suppressed, "unauthorised": part.unauthorised,
    }  # fmt: skip


def _counts(part: _Part, width: int) -> Ints:
    """Alarms raised in each stretch of a period; the last one may be short."""
    stretches = -((part.start - part.end) // width)
    new = part.raised[part.raised >= part.start]
    return np.bincount((new - part.start) // width, minlength=stretches)


def _floods(ten: Ints) -> list[tuple[int, int]]:
    """First and last-but-one place of each flood: from more than ten in ten minutes to fewer than five."""
    found: list[tuple[int, int]] = []
    over, below = np.flatnonzero(ten > FLOOD_ABOVE), np.flatnonzero(ten < FLOOD_BELOW)
    at = 0
    while (k := int(np.searchsorted(over, at))) < len(over):
        first = int(over[k])
        m = int(np.searchsorted(below, first))
        at = int(below[m]) if m < len(below) else len(ten)
        found.append((first, at))
    return found


def _chattering(raised: Ints, code: Ints, start: int) -> Bools:
    """Which alarms are one of three or more of the same kind within a minute, all since the start."""
    order = np.lexsort((raised, code))
    raised, code = raised[order], code[order]
    marked = np.zeros(len(order), bool)
    back = CHATTER_COUNT - 1
    if len(order) > back:
        close = (code[back:] == code[:-back]) & (raised[back:] - raised[:-back] <= CHATTER_S * _SECOND)
        close &= raised[:-back] >= start
        for shift in range(CHATTER_COUNT):
            marked[shift : len(order) - back + shift] |= close
    found = np.zeros(len(order), bool)
    found[order] = marked
    return found


def _fleeting(part: _Part) -> Bools:
    """Alarms that returned within a minute, and are no part of a chatter."""
    short = (part.returned < part.end) & (part.returned - part.raised <= FLEETING_S * _SECOND)
    return short & (part.raised >= part.start) & ~part.chattering


def _stale(part: _Part) -> Bools:
    """Alarms that were active for longer than a day, at some moment of the period."""
    return part.returned - np.maximum(part.raised + STALE_H * _HOUR, part.start) > 0


def _stale_by_day(part: _Part) -> list[int]:
    """How many alarms were stale at some moment of each day of the period."""
    width, stale = 24 * _HOUR, _stale(part)
    first = (np.maximum(part.raised[stale] + STALE_H * _HOUR, part.start) - part.start) // width
    last = (part.returned[stale] - 1 - part.start) // width
    stretches = -((part.start - part.end) // width)
    change = np.bincount(first, minlength=stretches + 1)[: stretches + 1]
    change = change - np.bincount(last + 1, minlength=stretches + 1)[: stretches + 1]
    return [int(one) for one in np.cumsum(change)[:stretches]]


def _standing(part: _Part) -> tuple[float, int]:
    """How many alarms were active at a time, in the mean and at most."""
    begun, ended = np.maximum(part.raised, part.start), part.returned
    keep = ended > begun
    begun, ended = begun[keep], ended[keep]
    mean = float((ended - begun).sum()) / (part.end - part.start)
    moments = np.concatenate((begun, ended))
    steps = np.concatenate((np.ones(len(begun), int), -np.ones(len(ended), int)))
    order = np.lexsort((steps, moments))  # one that returns makes room before another one is raised
    return mean, int(np.cumsum(steps[order]).max(initial=0))


def _flood_rows(position: str, part: _Part) -> list[dict[str, Any]]:
    ten = _counts(part, _TEN)
    moment = np.array([part.start + k * _TEN for k in range(len(ten) + 1)], dtype="datetime64[us]")
    return [
        {"position": position, "start": moment[a].item(), "end": moment[b].item(), "alarms": int(ten[a:b].sum()),
         "peak": int(ten[a:b].max())}
        for a, b in _floods(ten)
    ]  # fmt: skip


def _day_rows(position: str, part: _Part, period: Period) -> list[dict[str, Any]]:
    """A row for each day that begins in the period."""
    counts, ten, stale = _counts(part, 24 * _HOUR), _counts(part, _TEN), _stale_by_day(part)
    return [
        {"day": (period.start + timedelta(days=k)).date(), "position": position, "alarms": int(counts[k]),
         "peak": int(ten[k * 144 : (k + 1) * 144].max(initial=0)), "stale": stale[k]}
        for k in range(len(counts))
    ]  # fmt: skip


def _actors(table: pl.DataFrame, part: _Part) -> list[dict[str, Any]]:
    """Each alarm with what it did, most frequent first."""
    n, new = table["alarm"].n_unique() + 1, part.raised >= part.start

    def tally(which: Bools, weights: Any = None) -> Any:
        return np.bincount(part.code[which], weights=weights, minlength=n)

    active = part.returned - np.maximum(part.raised, part.start)
    found = {
        "alarms": tally(new), "chattering": tally(part.chattering), "fleeting": tally(_fleeting(part)),
        "stale": tally(_stale(part)), "active": tally(active > 0, active[active > 0]),
    }  # fmt: skip
    silent = table.filter(pl.col("suppression") != "", pl.col("raised").dt.epoch("us") >= part.start)
    suppressed = np.bincount(silent["code"].to_numpy(), minlength=n)
    named = table.unique("code", keep="first", maintain_order=True).sort("alarm")
    total = max(int(new.sum()), 1)
    rows = [
        {**{key: row[key] for key in ("alarm", "plant", "unit", "position", "priority")},
         **{key: int(found[key][row["code"]]) for key in ("alarms", "chattering", "fleeting", "stale")},
         "share_frac": float(found["alarms"][row["code"]]) / total,
         "active_h": float(found["active"][row["code"]]) / _HOUR, "suppressed": int(suppressed[row["code"]])}
        for row in named.iter_rows(named=True)
    ]  # fmt: skip
    rows.sort(key=lambda one: (-one["alarms"], one["alarm"]))
    return [{"rank": rank, **one} for rank, one in enumerate(rows, start=1)]
