"""When lines run and stop, and how far tags stray from their normal value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from zveno.model.chain import ChainModel
from zveno.model.play import Excursion, Omission, Play, Silence, Train
from zveno.model.types import Tag
from zveno.periods import Period

Floats = npt.NDArray[np.float64]

_QUIET = timedelta(hours=2)
_APPROACH_MIN: Mapping[str, tuple[float, float]] = {
    # minutes of approach before the limit is passed, minutes of return: chosen so that a tag crosses its
    # limit within a minute or two and the noise cannot make it cross twice
    "step": (0.0, 0.0),
    "plateau": (5.0, 5.0),
    "ramp": (60.0, 60.0),
    "drift": (45.0, 15.0),
}


@dataclass(frozen=True)
class Stops:
    """Stretches during which a train stands, in order, as hours since the period began."""

    start_h: Floats
    end_h: Floats

    def standing_h(self, first_h: float, last_h: float) -> float:
        """Hours of standing between two moments."""
        overlap = np.minimum(self.end_h, last_h) - np.maximum(self.start_h, first_h)
        return float(np.maximum(overlap, 0.0).sum())

    def stands(self, hours: Floats) -> npt.NDArray[np.bool_]:
        """Whether the train stands at these moments, shape of ``hours``."""
        index = np.searchsorted(self.start_h, hours, side="right") - 1
        held = index >= 0
        return held & (hours < self.end_h[np.maximum(index, 0)]) if len(self.start_h) else np.zeros(len(hours), bool)


def train_stops(model: ChainModel, play: Play, train: Train, period: Period, rng: np.random.Generator) -> Stops:
    """Draw stops of a train: running and standing alternate, exponential, with the train's availability.

    No stop touches a planted excursion of the train's own tags (or two hours around it): an episode is
    planted to be found whole.
    """
    availability = model.number(train.availability, "frac", period.start.date())
    mean_run_h = train.mean_stop_h * availability / max(1.0 - availability, 1e-9)
    busy = [
        (_hours(one.start - _QUIET, period), _hours(one.end + _QUIET, period))
        for one in play.events
        if isinstance(one, Excursion) and any(fnmatchcase(tag.unit, train.units) for tag in moved_tags(model, one))
    ]
    starts, ends = [], []
    at = float(rng.exponential(mean_run_h))
    while at < period.hours:
        end = min(at + float(rng.exponential(train.mean_stop_h)), period.hours)
        if not any(at < last and end > first for first, last in busy):
            starts.append(at)
            ends.append(end)
        at = end + float(rng.exponential(mean_run_h))
    return Stops(np.array(starts), np.array(ends))


def moved_tags(model: ChainModel, event: Excursion | Silence | Omission) -> list[Tag]:
    """Tags that an excursion moves, that fall silent, or whose lists are not signed."""
    patterns = [one.strip() for one in event.tags.split(",")]
    return [tag for tag in model.chain.tags if any(fnmatchcase(tag.id, one) for one in patterns)]


def tag_profile(model: ChainModel, tag: Tag, events: Sequence[Excursion], period: Period, hours: Floats) -> Floats:
    """What a tag would read without noise at moments given in hours since the period began."""
    profile = _normal(model, tag, period, hours)
    for event in events:
        profile = _strayed(profile, event, period, hours)
    return profile


def _normal(model: ChainModel, tag: Tag, period: Period, hours: Floats) -> Floats:
    """The normal value, day by day where it is dated."""
    days = np.floor(hours / 24).astype(int)
    by_day = np.array(
        [_normal_on(model, tag, period.start.date() + timedelta(days=int(d))) for d in range(days.max() + 1)]
    )
    return np.asarray(by_day[days], dtype=float)


def _normal_on(model: ChainModel, tag: Tag, day: date) -> float:
    """The normal value of a tag on a day, in its own uom."""
    return model.number(tag.normal, tag.uom, day)


def _strayed(profile: Floats, event: Excursion, period: Period, hours: Floats) -> Floats:
    """The profile with one excursion laid over it.

    The tag passes the limit at ``start`` and at ``end``. *step* jumps; the others approach ``value``
    exponentially (*drift*) or linearly (*ramp*, *plateau*) at the pace of the shape, and return alike.
    """
    first, last = _hours(event.start, period), _hours(event.end, period)
    paces = _APPROACH_MIN[event.shape] if event.approach_min is None else (event.approach_min,) * 2
    away, back = (minutes / 60 for minutes in paces)
    normal, limit, value = profile, event.limit, event.value
    share = np.abs((limit - normal) / (value - normal))  # share of the way at which the limit is passed
    if event.shape == "drift":
        begun = first + away * np.log1p(-share)
        gone = 1.0 - np.exp(-np.maximum(hours - begun, 0.0) / away)
        returning = last + back * np.log(share)
        kept = np.exp(-np.maximum(hours - returning, 0.0) / back)
    else:
        gone = np.clip((hours - first) / away + share, 0, 1) if away else (hours >= first).astype(float)
        kept = np.clip((last - hours) / back + share, 0, 1) if back else (hours < last).astype(float)
    return np.asarray(normal + (value - normal) * np.minimum(gone, 1.0) * kept)


def _hours(moment: datetime, period: Period) -> float:
    """Hours since the period began."""
    return (moment - period.start).total_seconds() / 3600
