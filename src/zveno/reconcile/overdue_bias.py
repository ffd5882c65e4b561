"""Systematic error of readings whose instrument was not verified in time.

While a verification holds, the largest permissible error D of the instrument is vouched for: what the description says
of the meter stands. After it nobody vouches for D. It is taken to go on growing as it was allowed to grow over the
interval T: at an age a after the last verification D x a/T (steady drift), or D x sqrt(a/T) (random walk), see decision
0017. Half of it is one standard deviation, as with every bias limit, and it is the same for all readings of a meter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo

import numpy as np

from zveno.model.quality import Overdue
from zveno.model.types import Meter
from zveno.reconcile.arrays import Floats

_DAY_S = 86400.0


def bias_limit_pct(
    meter: Meter, component: str, overdue: Sequence[Overdue], start: Floats, end: Floats, tz: tzinfo
) -> Floats:
    """Largest systematic error of each reading, %, over its time from start to end (seconds since 1970), shape (n,).

    A mass was weighed all the time, so the share of it that lies after the expiry counts; an assay, a moisture or a
    survey is as good as the instrument was at its end. Of several instruments of a meter the one that is furthest off
    counts: which of them gave a reading is not known.

    Examples
    --------
    >>> from datetime import UTC
    >>> belt = Meter(id="belt", stream="ore", quantity="mass", uom="t", sd_rel_pct=1.0, bias_limit_pct=0.4)
    >>> late = Overdue(instrument="7", since=date(2026, 3, 6), interval_days=365, limit_pct=0.5)
    >>> moments = np.array([datetime(2026, 3, 1, tzinfo=UTC).timestamp(), datetime(2027, 3, 6, tzinfo=UTC).timestamp()])
    >>> bias_limit_pct(belt, "", [late], moments, moments, UTC)
    array([0.4, 1. ])
    """
    found = np.full_like(start, meter.bias_limit_pct, dtype=float)
    at_end = meter.quantity in ("assay", "moisture", "survey_mass")
    for one in overdue:
        since = datetime.combine(one.since, time(), tz).timestamp()
        until = np.inf if one.until is None else datetime.combine(one.until, time(), tz).timestamp()
        first, last = np.maximum(end if at_end else start, since), np.minimum(end, until)
        length = np.where(at_end, 0.0, end - start)
        within = (first < until) & (since <= last) & (last >= first)
        share = np.divide(last - first, length, out=np.where(within, 1.0, 0.0), where=length > 0)
        late_days = np.clip((0.5 * (first + last) - since) / _DAY_S, 0.0, None)
        grown = np.maximum(meter.bias_limit_pct, _vouched_pct(meter, one, component) * _growth(one, late_days))
        share = np.where(within, share, 0.0)
        found = np.maximum(found, (1 - share) * meter.bias_limit_pct + share * grown)
    return np.asarray(found)


def grown_pct(meter: Meter, one: Overdue, day: date) -> float:
    """The largest systematic error that is taken for a meter at the end of a day, %."""
    late_days = np.array(float(max((day - one.since).days + 1, 0)))
    return float(_vouched_pct(meter, one, "") * _growth(one, late_days))


def _vouched_pct(meter: Meter, one: Overdue, component: str) -> float:
    """What the verification vouched for: the permissible error, or the bias limit described, whichever is larger.

    Where neither is known, two standard deviations of a reading.
    """
    known = max(one.limit_pct, meter.bias_limit_pct)
    return known or 2 * meter.sd_rel_pcts.get(component, meter.sd_rel_pct)


def _growth(one: Overdue, late_days: Floats) -> Floats:
    """By what the permissible error has grown so many days after the verification expired; 1 on that day."""
    age = 1.0 + late_days / one.interval_days
    if one.growth == "none":
        return np.ones_like(age)
    return age if one.growth == "linear" else np.sqrt(age)
