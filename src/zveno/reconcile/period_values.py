"""The value of a period from the records of a meter, with the error that the meter's description gives it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property

import numpy as np

from zveno.errors import QuantityError
from zveno.model.chain import ChainModel
from zveno.model.types import Meter
from zveno.periods import Period
from zveno.quantities import convert, uom_of, uom_phrase
from zveno.reconcile.arrays import Bools, Floats
from zveno.reconcile.censored import filled
from zveno.reconcile.measured import BIAS, SHARED, Measured
from zveno.reconcile.origin import Averaged, Dryness, Gauge, Summed
from zveno.reconcile.overdue_bias import bias_limit_pct
from zveno.reconcile.records import EMPTY, Book, Series, apart, of_meter
from zveno.text.mark import tr

MEAN_OF_PRESENT = tr("completed by the mean of those present, with a wider error")
LEFT_OUT = tr("left out")
OVERLAPPING = tr("records overlap: the longer ones left out")
LONG = 27 * 24
_LEAST_SD = {"mass": 1e-3, "assay": 1e-9}  # 1 kg, 1 mg/t: a zero is a reading too
TAKEN_AS_DRY = tr("no moisture: taken as dry, with 5 % added to the error")
_DRY_SD = 0.05
_DESCRIBED_SD = 0.1
_LONE_SPREAD = 0.5
_ENOUGH, _TOO_ALIKE = 12, 0.5
"""So many assays tell how those of neighbouring shifts hang together, unless they scatter less than half their
error.
"""


@dataclass(frozen=True)
class Gap:
    """Readings that a meter should have given and did not, and what was done about it."""

    meter: str
    quantity: str
    expected: int
    present: int
    treatment: str


@dataclass(frozen=True)
class Masses:
    """Dry masses of a meter by interval, as read: what assays are weighted with."""

    start: Floats
    end: Floats
    dry: Floats

    def between(self, start: Floats, end: Floats) -> tuple[Floats, Bools]:
        """Mass within each of some stretches of time, spread evenly over its own; whether any falls there."""
        length = np.maximum(self.end - self.start, 1.0)
        from_, to = np.maximum(start[:, None], self.start), np.minimum(end[:, None], self.start + length)
        share = np.clip(to - from_, 0.0, None) / length
        return share @ self.dry, np.any(share > 1e-9, axis=1)


@dataclass
class PeriodValues:
    """Values of one period; notes every gap that it had to close."""

    model: ChainModel
    book: Book
    period: Period
    gaps: list[Gap] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._weights: dict[str, Masses | None] = {}
        self._weighers: dict[str, tuple[Summed, ...]] = {}

    # ---- masses ------------------------------------------------------------------------------------------

    def mass(self, meter: Meter) -> Measured | None:
        """Dry mass of the period; None without a reading.

        Missing readings are taken as the mean of those present; their error is the scatter between readings.
        """
        series = self._read(meter, meter.quantity)
        expected = self._expected(meter, series)
        if len(series) == 0:
            self.gaps.append(Gap(meter.id, meter.quantity, max(expected, 1), 0, LEFT_OUT))
            return None
        solids, parts, drying = self._solids(meter, series)
        dry = series.value * solids
        sd = self._reading_sd(meter, "", series.value, series) * solids
        own = float(np.sum(sd**2))
        sum_dry, spread = float(dry.sum()), _spread(dry)
        missing, scale = max(expected - len(series), 0), 1.0
        if missing:
            self.gaps.append(Gap(meter.id, meter.quantity, expected, len(series), MEAN_OF_PRESENT))
            own += spread**2 * (missing + missing**2 / len(series))
            scale = expected / len(series)
            parts = {name: one * scale for name, one in parts.items()}
            sum_dry *= scale
        parts |= self._systematic(meter, "", sum_dry, series, dry)
        origin = Summed(meter.id, meter.quantity, series, drying, scale)
        return Measured(sum_dry, math.sqrt(own), parts, meter.id, spread=spread, origin=origin)

    def weighed(self, meter: Meter) -> Summed:
        """All weights of a meter with what dries them, those too that longer ones cover."""
        series = self.within(meter, meter.quantity)
        return Summed(meter.id, meter.quantity, series, self._solids_quietly(meter, series)[1])

    def within(self, meter: Meter, quantity: str) -> Series:
        """Values of a meter in the report days of the period, as its plant counts them."""
        return of_meter(self.model, self.book, meter, quantity, self.period)

    def _read(self, meter: Meter, quantity: str) -> Series:
        """Values of the period that do not cover each other; a month's value is none of a shorter period."""
        if meter.period in ("month", "month_end") and self.period.hours < LONG:
            return EMPTY
        series = self.within(meter, quantity)
        if meter.period == "lot":
            return series
        alone = apart(series)
        if len(alone) < len(series):
            self.gaps.append(Gap(meter.id, quantity, len(series), len(alone), OVERLAPPING))
        return alone

    def _solids(self, meter: Meter, series: Series) -> tuple[Floats, dict[str, float], Gauge | Dryness]:
        """Share of solids in each reading, the errors that the moisture brings to their dry sum, and its origin."""
        wet = series.value
        if meter.quantity != "wet_mass":
            return np.ones_like(wet), {}, Dryness()
        fallback = self._described_moisture(meter)
        gauge = self._gauge(meter, own_only=fallback is not None)
        if gauge is None:
            if fallback is None:
                self.gaps.append(Gap(meter.id, "moisture", max(len(series), 1), 0, TAKEN_AS_DRY))
                return np.ones_like(wet), {f"dry:{meter.id}": _DRY_SD * float(wet.sum())}, Dryness()
            parts = {f"described:{meter.stream}": _DESCRIBED_SD * fallback * float(wet.sum())}
            return np.full_like(wet, 1 - fallback), parts, Dryness(fallback)
        instrument, moisture = gauge
        found, at = _lookup(moisture, series.start)
        share = np.where(found, moisture.value[at], moisture.value.mean())
        sd = self._reading_sd(instrument, "moisture", share, series.lasting_no_time())
        missing = int((~found).sum())
        if missing:
            self.gaps.append(Gap(instrument.id, "moisture", len(series), len(series) - missing, MEAN_OF_PRESENT))
            sd = np.where(found, sd, np.hypot(sd, _spread(moisture.value)))
        parts = {f"moisture:{instrument.id}": -float(np.sqrt(np.sum((wet * sd) ** 2)))}
        water = wet * share
        systematic = self._systematic(instrument, "", float(water.sum()), series, water)
        parts |= {name: -one for name, one in systematic.items()}
        return 1 - share, parts, Gauge(instrument.id, moisture, at, found)

    def _gauge(self, meter: Meter, *, own_only: bool) -> tuple[Meter, Series] | None:
        """Moisture meter with readings: of the stream or its group, else of a stream of the same sections."""
        mine = _near(self.model, meter.stream)
        for same_stream in (True,) if own_only else (True, False):
            for other in self.model.chain.meters:
                if other.quantity != "moisture" or not other.accounting:
                    continue
                theirs = _near(self.model, other.stream)
                if (theirs.streams & mine.streams) if same_stream else (theirs.sections & mine.sections):
                    series = self.within(other, "moisture")
                    if len(series):
                        return other, series
        return None

    def _described_moisture(self, meter: Meter) -> float | None:
        """Moisture of the feed as described (its error taken as 10 % of it), where nothing measures it."""
        stream = self.model.streams.get(meter.stream)
        if stream is None or stream.feed_water is None:
            return None
        return self.model.number(stream.feed_water, "frac", self.period.start.date())

    # ---- assays ------------------------------------------------------------------------------------------

    def assay(self, meter: Meter, component: str) -> Measured | None:
        """Assay of the period, weighted with the dry masses of the stream; None without a reading.

        A reading "less than L" among others is filled in (``censored.filled``); if all are such, the period's value is
        a limit itself.
        """
        series = self._read(meter, component)
        expected = self._expected(meter, series)
        if len(series):
            weight = self._weight(meter, series)
            series, weight = series.take(np.flatnonzero(weight > 0)), weight[weight > 0]
            if len(series) < expected:
                expected = self._running(meter, expected)
        if len(series) == 0:
            self.gaps.append(Gap(meter.id, component, max(expected, 1), 0, LEFT_OUT))
            return None
        if series.below.all():
            return self._limit(meter, component, series, weight / weight.sum())
        mean = self._mean(meter, component, series, weight / weight.sum())
        missing = max(expected - len(series), 0)
        if not missing:
            return mean
        self.gaps.append(Gap(meter.id, component, expected, len(series), MEAN_OF_PRESENT))
        return mean.with_own(
            math.hypot(mean.own, mean.spread * missing / expected * math.sqrt(1 / len(series) + 1 / missing))
        )

    def _limit(self, meter: Meter, component: str, series: Series, share: Floats) -> Measured:
        """A period in which only limits were reported."""
        limit = float(share @ series.value)
        sd = self._reading_sd(meter, component, series.value, series)
        own = float(np.linalg.norm(share * sd))
        origin = Averaged(meter.id, component, series, self._weighing(meter, series), limit=True)
        return Measured(limit, max(own, 1e-3 * limit), {}, meter.id, below=True, origin=origin)

    def _mean(self, meter: Meter, component: str, series: Series, share: Floats) -> Measured:
        """Weighted mean of the assays present."""
        whole = filled(series)
        sd = np.hypot(self._reading_sd(meter, component, whole.value, series), whole.own)
        mean = float(share @ whole.value)
        own = math.hypot(float(np.linalg.norm(share * sd)), float(share @ whole.common))
        systematic = self._systematic(meter, component, mean, series, share * whole.value)
        origin = Averaged(meter.id, component, series, self._weighing(meter, series))
        return Measured(mean, own, systematic, meter.id, spread=_spread(whole.value), origin=origin)

    def scatter_of_mean(self, meter: Meter, component: str, share: float) -> float | None:
        """Standard deviation of the mean assay over a stretch that is a share of the period.

        None where too few were assayed to tell, or the values are more alike than their own errors would let them be:
        one figure written down for every shift. A share above 1 counts as 1: of older material the readings know no
        more.
        """
        series = self.within(meter, component)
        if len(series) < _ENOUGH:
            return None
        value = filled(series).value
        own = self._reading_sd(meter, component, value, series)
        if value.std(ddof=1) < _TOO_ALIKE * math.sqrt(float(np.mean(np.square(own)))):
            return None
        return sd_of_mean(value, min(share, 1.0) * len(series))

    def _weight(self, meter: Meter, series: Series) -> Floats:
        """Dry mass that each assay stands for: of its stream, else of the plant's feed, else equal."""
        key = self._weight_key(meter) if len(series) > 1 else ""
        masses = self._masses(key) if key else None
        if masses is None:
            return np.ones(len(series))
        weight, covered = masses.between(series.start, np.maximum(series.end, series.start + 1))
        usual = float(weight[weight > 0].mean()) if np.any(weight > 0) else 1.0
        return np.where(covered, np.maximum(weight, 0.0), usual)

    def _weight_key(self, meter: Meter) -> str:
        """Whose masses weight the assays of a meter: those of its stream, else of the plant's feed, else nothing's."""
        keys = (meter.stream, _feed_key(self.model, meter.stream))
        return next((one for one in keys if self._masses(one) is not None), "")

    def _weighing(self, meter: Meter, series: Series) -> tuple[Summed, ...]:
        """The weights that these assays were weighted with; a single assay needs none."""
        return self._weighers.get(self._weight_key(meter), ()) if len(series) > 1 else ()

    def _running(self, meter: Meter, expected: int) -> int:
        """How many of the expected assays had material to sample: a stream at rest gives no sample."""
        if meter.period not in ("shift", "hour"):
            return expected
        masses = self._masses(meter.stream)
        return expected if masses is None else max(expected - int(np.sum(masses.dry <= 0)), 1)

    def _masses(self, key: str) -> Masses | None:
        """Dry masses by interval that the weighers of a stream, group or plant give together."""
        if key not in self._weights:
            self._weights[key] = self._sum_masses(key)
        return self._weights[key]

    def _sum_masses(self, key: str) -> Masses | None:
        starts: list[Floats] = []
        ends: list[Floats] = []
        dries: list[Floats] = []
        origins: list[Summed] = []
        for meter in _weighers(self.model, key):
            series = self.within(meter, meter.quantity)
            if len(series):
                starts.append(series.start)
                ends.append(series.end)
                solids, drying = self._solids_quietly(meter, series)
                dries.append(series.value * solids)
                origins.append(Summed(meter.id, meter.quantity, series, drying))
        self._weighers[key] = tuple(origins)
        if not starts:
            return None
        spans = np.stack([np.concatenate(starts), np.concatenate(ends)], axis=1)
        span, where = np.unique(spans, axis=0, return_inverse=True)
        return Masses(span[:, 0], span[:, 1], np.bincount(where.ravel(), weights=np.concatenate(dries)).astype(float))

    def _solids_quietly(self, meter: Meter, series: Series) -> tuple[Floats, Gauge | Dryness]:
        """Shares of solids without noting gaps a second time."""
        noted = len(self.gaps)
        solids, _, drying = self._solids(meter, series)
        del self.gaps[noted:]
        return solids, drying

    # ---- surveys -----------------------------------------------------------------------------------------

    def survey(self, meter: Meter, value: float, component: str = "") -> Measured:
        """A single survey or assay of a stock; the systematic part is shared by opening and closing."""
        moment = np.array([self.period.end.timestamp()])
        once = Series(moment, moment, np.array([value]), np.zeros(1, dtype=bool))
        sd = float(self._reading_sd(meter, component, once.value, once)[0])
        return Measured(value, max(sd, 1e-9), self._systematic(meter, component, value, once, once.value), meter.id)

    # ---- errors of one reading ---------------------------------------------------------------------------

    def _reading_sd(self, meter: Meter, component: str, value: Floats, times: Series) -> Floats:
        """Standard deviation of each reading: relative, with the absolute floor; wider for a time where described."""
        least = _LEAST_SD["assay" if component else "mass"]
        relative = meter.sd_rel_pcts.get(component, meter.sd_rel_pct) / 100 * np.abs(value)
        sd = np.maximum(np.maximum(relative, self._floor(meter, component, times.end - times.start)), least)
        for one in meter.widened:
            first, last = (datetime.combine(day, time(), self.model.tz).timestamp() for day in (one.start, one.end))
            sd = np.where((first <= times.start) & (times.start < last), one.factor * sd, sd)
        return np.asarray(sd)

    def _systematic(
        self, meter: Meter, component: str, value: float, times: Series, weight: Floats
    ) -> dict[str, float]:
        """Errors that do not average out: the meter's own bias, and what it shares with others.

        Half the bias limit is taken as one standard deviation; that of readings whose instrument was not verified in
        time counts by their weight. A shared error of laboratories is a calibration per component, so it joins assays
        of one component only.
        """
        suffix = f":{component}" if component else ""
        parts = {}
        limit = self._bias_limit(meter, component, times, weight)
        if limit:
            parts[f"{BIAS}{meter.id}{suffix}"] = limit / 200 * value
        if meter.shared_error and meter.shared_error.sd_rel_pct:
            parts[f"{SHARED}{meter.shared_error.name}{suffix}"] = meter.shared_error.sd_rel_pct / 100 * value
        return parts

    def _bias_limit(self, meter: Meter, component: str, times: Series, weight: Floats) -> float:
        """Largest systematic error of the period's value, %."""
        late = self.model.overdue.get(meter.id, ())
        if not late:
            return meter.bias_limit_pct
        each = bias_limit_pct(meter, component, late, times.start, times.end, self.model.tz)
        size = np.abs(weight)
        return float(np.average(each, weights=size if size.sum() > 0 else None))

    def _floor(self, meter: Meter, component: str, duration: Floats) -> Floats:
        """``sd_abs`` in t or mass fraction; a rate counts over the reading's duration."""
        if not meter.sd_abs:
            return np.zeros_like(duration)
        uom = meter.uoms.get(component, meter.uom)
        dimension = uom_of(uom).dimension
        if dimension == "mass_flow":
            return convert(meter.sd_abs, uom, "t/h") * duration / 3600
        into = {"mass": "t", "fraction": "frac"}.get(dimension)
        if into is None:
            raise QuantityError(
                "meter '{meter}' gives its error in '{uom}', which is neither a mass nor a fraction",
                meter=meter.id, uom=uom_phrase(uom),
            )  # fmt: skip
        return np.full_like(duration, convert(meter.sd_abs, uom, into))

    def _expected(self, meter: Meter, series: Series) -> int:
        """How many readings the period should have; as many as there are where that cannot be said."""
        hours = self.period.hours
        if meter.period == "hour":
            return max(round(hours), 1)
        if meter.period == "day":
            return max(round(hours / 24), 1)
        if meter.period in ("month", "month_end"):
            return 1
        if meter.period == "shift":
            return self._shifts or _as_long(series, hours)
        return len(series)

    @cached_property
    def _shifts(self) -> int:
        """Shifts that begin in the period; 0 where there is no shift pattern."""
        if self.model.people is None:
            return 0
        begin, end = self.period.start, self.period.end
        return sum(begin <= one.period.start < end for one in self.model.shift_pattern.shifts(self.period))


def _as_long(series: Series, hours: float) -> int:
    """How many readings as long as most of these a period of so many hours has; no fewer than there are."""
    length = float(np.median(series.end - series.start)) / 3600 if len(series) else 0.0
    return max(round(hours / length), len(series)) if length > 0 else len(series)


def _spread(values: Floats) -> float:
    """Scatter between readings; half the value where there is only one."""
    if len(values) < 2:
        return _LONE_SPREAD * float(np.abs(values).sum())
    return float(values.std(ddof=1))


def sd_of_mean(values: Floats, count: float) -> float:
    """Standard deviation of the mean of so many successive values, neighbours alike as they are here.

    The sum over lags ends with the first pair of autocovariances whose sum is not positive (Geyer 1992, Stat. Sci. 7,
    473-483); a single value or less has the scatter of the values.

    Examples
    --------
    >>> alternating = np.array([1.0, -1.0] * 8)
    >>> round(sd_of_mean(alternating, 4.0), 3)
    0.516
    """
    off = values - values.mean()
    n = len(values)
    whole = np.correlate(off, off, "full")[n - 1 :] / (n - 1)
    if count <= 1 or whole[0] <= 0:
        return math.sqrt(float(max(whole[0], 0.0)))
    inflation, lag = 1.0, 1
    while lag + 1 < min(n, count):
        pair = (1 - lag / count) * whole[lag] + (1 - (lag + 1) / count) * whole[lag + 1]
        if pair <= 0:
            break
        inflation += 2 * pair / whole[0]
        lag += 2
    return math.sqrt(float(whole[0]) * inflation / count)


def _lookup(series: Series, moments: Floats) -> tuple[Bools, np.ndarray]:
    """Which moments fall into a record, and into which one."""
    at = np.maximum(np.searchsorted(series.start, moments + 1e-6) - 1, 0)
    inside = (series.start[at] <= moments + 1e-6) & (moments < np.maximum(series.end[at], series.start[at] + 1))
    return inside, at


@dataclass(frozen=True)
class _Nearness:
    """Streams and groups that a meter's place stands for, and the sections that they touch."""

    streams: frozenset[str]
    sections: frozenset[str]


def _near(model: ChainModel, place: str) -> _Nearness:
    """Where a stream, group or stock belongs."""
    members = [one for one in model.chain.streams if place in (one.id, one.group)]
    ends = {model.place_of(end) for one in members for end in (one.source, one.target)}
    if place in model.stocks:
        ends.add(model.stocks[place].section)
    names = {place, *(one.id for one in members), *(one.group for one in members if one.group)}
    return _Nearness(frozenset(names), frozenset(ends & set(model.sections)))


def _feed_key(model: ChainModel, place: str) -> str:
    """Plant of a stream, group or stock, as a key for its weighed feed."""
    sections = sorted(_near(model, place).sections)
    return f"plant:{model.plant_of(sections[0])}" if sections else ""


def _weighers(model: ChainModel, key: str) -> Sequence[Meter]:
    """Meters of mass of a stream or group, or of the ore and feeds of a plant (``plant:id``)."""
    meters = [
        one for one in model.chain.meters
        if one.quantity in ("wet_mass", "mass") and one.accounting and one.period in ("hour", "shift", "day")
    ]  # fmt: skip
    if not key.startswith("plant:"):
        members = {one.id for one in model.chain.streams if one.group == key}
        return [one for one in meters if one.stream == key or one.stream in members]
    plant = key.partition(":")[2]
    feeds = {name for one in model.chain.recoveries if one.plant == plant for name in one.feeds}
    feeds |= {
        one.id for one in model.chain.streams if one.kind == "ore" and plant and model.plant_of(one.target) == plant
    }
    return [one for one in meters if _near(model, one.stream).streams & feeds]
