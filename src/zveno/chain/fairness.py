"""The same for everyone: shifts of a period compared under the same ore, feed and hours; breaches by their cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from zveno.chain.answering import Answering
from zveno.chain.closing import Closing
from zveno.duty import acts
from zveno.duty.breach import Breach
from zveno.duty.compare import Comparison, causes, compare_shifts, events
from zveno.errors import DataError
from zveno.log import Draft, Signer
from zveno.model.chain import ChainModel
from zveno.model.roster import Conditions
from zveno.model.types import Meter
from zveno.model.worktime import shifts_of
from zveno.periods import Period, Shift
from zveno.rules import Watchlist, read_signals, watchlist
from zveno.rules.build import microseconds
from zveno.rules.signals import Signal
from zveno.rules.solve import coverage
from zveno.tables import frame

_LEAD = timedelta(days=2)
_BEFORE = timedelta(hours=6)
_HOUR = 3600e6
_MASSES = ("wet_mass", "mass")


@dataclass(frozen=True)
class Fairness:
    """Shifts of a chain compared."""

    closing: Closing

    def exposures(self, period: str | Period) -> pl.DataFrame:
        """Table ``shift_exposures``: what each shift had to keep, its ore, and the breaches that began in it.

        Voided breaches are not counted, and lists that are due less often than once a shift are nobody's own.
        """
        chain = self.closing.chain
        span = period if isinstance(period, Period) else chain.period(period)
        breaches = self._counted(chain.check(span).breaches)
        hours = _Judged.of(chain.model, chain.store.read("readings", Period(span.start - _LEAD, span.end)))
        feeds = _Feeds(chain.model, chain.store.read("records", span))
        began = events(breaches)
        rows = []
        for plant in chain.links:
            watched = hours.of_plant(plant)
            for shift in shifts_of(chain.model, plant, span) if watched.bindings else ():
                start, end = (one.astimezone(UTC) for one in (shift.period.start, shift.period.end))
                judged_h, off_h = hours.within(watched, start, end)
                feed_t, grade = feeds.of(plant, start, end)
                rows.append(
                    {
                        "plant": plant, "shift": f"{shift.day.isoformat()} {shift.slot}", "slot": shift.slot,
                        "crew": shift.crew, "exposed_h": judged_h,
                        "events": sum(one == plant and start <= at < end for one, at in began),
                        "breach_h": _overlap_h(breaches.filter(pl.col("plant") == plant), shift),
                        "feed_t": feed_t, "feed_grade_frac": grade,
                        "running_frac": judged_h / (judged_h + off_h) if judged_h + off_h else None,
                    }
                )  # fmt: skip
        return frame("shift_exposures", rows)

    def compare(self, period: str | Period, plant: str = "", *, seed: int = 1) -> Comparison:
        """Crews of a plant, or of all, compared over a period.

        Raises
        ------
        DataError
            If the plant is not known, or nothing was judged.
        """
        if plant and plant not in self.closing.chain.links:
            raise DataError("there is no plant '{name}'", name=plant)
        return compare_shifts(self.exposures(period), plant=plant, seed=seed)

    def causes(self, period: str | Period) -> pl.DataFrame:
        """Table ``breach_causes`` of the breaches entered that began in a period."""
        return causes(
            [(_cause(one), float(one.judged.facts["duration_h"])) for one in self._entered(period)], acts.CAUSES
        )

    def persons(self, period: str | Period, reason: str, signer: Signer, at: datetime) -> pl.DataFrame:
        """Table ``breach_persons``: sums by person, which are shown only to who signs for looking at them, and why.

        Raises
        ------
        DataError
            If there is no reason.
        StoreError
            If the person may not, or the disk refuses.
        """
        self.require_reason(reason)
        span = period if isinstance(period, Period) else self.closing.chain.period(period)
        body = {"period": span.name, "reason": reason.strip()}
        self.closing.log.enter(signer, Draft(acts.PERSONS, body, at))
        found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for one in self._entered(span):
            hours: dict[str, float] = defaultdict(float)
            for part in one.judged.parts:
                length = datetime.fromisoformat(part["end"]) - datetime.fromisoformat(part["start"])
                hours[part["person"]] += length.total_seconds() / 3600
            blamed = one.cause.parties or one.parties if one.cause and one.cause.cause == "operator" else ()
            for person, length_h in hours.items():
                row = found[person]
                row[0], row[1], row[2] = row[0] + 1, row[1] + length_h, row[2] + (person in blamed)
        rows = [
            {"person": person, "breaches": int(n), "hours": hours_, "as_cause": int(blamed)}
            for person, (n, hours_, blamed) in sorted(found.items())
        ]
        return frame("breach_persons", rows)

    def require_reason(self, reason: str) -> None:
        """Refuse a look at persons without a reason: asked before the pass-phrase is."""
        if not reason.strip():
            raise DataError("breaches are summed by person only for a reason in words, which is kept for good")

    def _entered(self, period: str | Period) -> list[Breach]:
        """Breaches of the log that began in a period and are still found."""
        start, end = (period if isinstance(period, Period) else self.closing.chain.period(period)).instants
        found = Answering(self.closing).all().values()
        return [one for one in found if start <= one.judged.start < end and not one.gone]

    def _counted(self, breaches: pl.DataFrame) -> pl.DataFrame:
        """Breaches of shifts, without those that are voided."""
        model = self.closing.chain.model
        by_role = pl.col("role").is_in([one.id for one in model.roles.values() if one.on_shift]) & (
            pl.col("crew") == ""
        )
        counted = breaches.filter(~by_role)
        void = {
            (*one.judged.alarm, one.judged.start)
            for one in Answering(self.closing).all().values() if one.voided is not None
        }  # fmt: skip
        keep = [key not in void for key in counted.select("rule", "tag", "side", "start").iter_rows()]
        return counted.filter(pl.Series(keep, dtype=pl.Boolean))


def _cause(one: Breach) -> str:
    if one.voided is not None:
        return "void"
    return "open" if one.cause is None else one.cause.cause


def _overlap_h(breaches: pl.DataFrame, shift: Shift) -> float:
    """Hours of breaches within a shift."""
    start, end = (one.astimezone(UTC) for one in (shift.period.start, shift.period.end))
    length = pl.min_horizontal("end", pl.lit(end)) - pl.max_horizontal("start", pl.lit(start))
    hours = breaches.select((length.dt.total_microseconds() / _HOUR).clip(lower_bound=0).sum())
    return float(hours.item() or 0.0)


@dataclass(frozen=True)
class _Judged:
    """For how long rules were judged in a stretch of time."""

    model: ChainModel
    bound: Watchlist
    signals: Mapping[str, Signal]

    @classmethod
    def of(cls, model: ChainModel, readings: pl.DataFrame) -> _Judged:
        bound = watchlist(model)
        return cls(model, bound, read_signals(readings, bound.tags))

    def of_plant(self, plant: str) -> Watchlist:
        """Rules on values of a plant: lists and silences have no time of their own."""
        own = {
            tag: kept for tag, bindings in self.bound.bindings.items()
            if self.model.plant_of(self.model.tags[tag].unit) == plant
            and (kept := tuple(one for one in bindings if one.style == "value"))
        }  # fmt: skip
        return replace(self.bound, bindings=own, lacks=())

    def within(self, watched: Watchlist, start: datetime, end: datetime) -> tuple[float, float]:
        """Hours judged, and hours in which the operating state did not ask, of all rules and signals together."""
        first, last = microseconds(start), microseconds(end)
        before = microseconds(start - _BEFORE)
        part = {}
        for tag in watched.tags:
            if tag in self.signals:
                signal = self.signals[tag]
                a, b = np.searchsorted(signal.ts, (before, last)).tolist()
                part[tag] = signal.part(a, b)
        covers = coverage(watched, part, first, last)
        return sum(one.judged for one in covers) / _HOUR, sum(one.off for one in covers) / _HOUR


@dataclass(frozen=True)
class _Feeds:
    """Feed of plants and its content, from the records of meters."""

    model: ChainModel
    records: pl.DataFrame

    def of(self, plant: str, start: datetime, end: datetime) -> tuple[float | None, float | None]:
        """Feed in t and content of the first component in a stretch of time; None where a meter told nothing."""
        said = next((one for one in self.model.duty.conditions if one.plant == plant), None) or self._usual(plant)
        masses = [self._mass(self.model.meters[one], start, end) for one in said.feed]
        known = [one for one in masses if one is not None]
        grades = [self._grade(one, start, end) for one in said.grade]
        told = [one for one in grades if one is not None]
        feed = sum(known) if known and len(known) == len(masses) else None
        return feed, sum(told) / len(told) if told else None

    def _usual(self, plant: str) -> Conditions:
        """Meters of the streams that the plant's recovery is counted from, which tell every shift."""
        feeds = {one for rule in self.model.chain.recoveries if rule.plant == plant for one in rule.feeds}
        own = [one for one in self.model.chain.meters if one.stream in feeds and one.period in ("shift", "hour", "day")]
        masses: dict[str, str] = {}
        for one in own:
            if one.quantity in _MASSES:
                masses.setdefault(one.stream, one.id)
        return Conditions(
            plant=plant, feed=tuple(masses.values()), grade=tuple(one.id for one in own if one.quantity == "assay")
        )

    def _mass(self, meter: Meter, start: datetime, end: datetime) -> float | None:
        """Mass of a meter in a stretch, records shared by time where they reach beyond it."""
        rows = self._rows(meter.id, meter.quantity, start, end)
        if rows.is_empty():
            return None
        share = [_share(a, b, start, end) for a, b in rows.select("start", "end").iter_rows()]
        return float(sum(value * one for value, one in zip(rows["value"], share, strict=True)))

    def _grade(self, name: str, start: datetime, end: datetime) -> float | None:
        """Content that a sampler tells of a stretch, by the time that its samples stand for."""
        rows = self._rows(name, self.model.chain.components[0] if self.model.chain.components else "", start, end)
        weights = [
            _share(a, b, start, end) * (b - a).total_seconds() for a, b in rows.select("start", "end").iter_rows()
        ]
        total = sum(weights)
        if not total:
            return None
        return float(sum(value * one for value, one in zip(rows["value"], weights, strict=True)) / total)

    def _rows(self, point: str, quantity: str, start: datetime, end: datetime) -> pl.DataFrame:
        return self.records.filter(
            pl.col("point") == point, pl.col("quantity") == quantity, pl.col("start") < end, pl.col("end") > start,
            pl.col("value").is_not_null(), pl.col("qualifier") != "<",
        )  # fmt: skip


def _share(a: datetime, b: datetime, start: datetime, end: datetime) -> float:
    """Part of a record's time that lies in a stretch."""
    length = (b - a).total_seconds()
    return max((min(b, end) - max(a, start)).total_seconds(), 0.0) / length if length else 1.0
