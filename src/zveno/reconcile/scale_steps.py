"""A meter that begins to read otherwise than its fellows: cumulative sums over the readings of a period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from zveno.model.chain import ChainModel
from zveno.model.types import Meter
from zveno.periods import Period
from zveno.reconcile.arrays import Floats
from zveno.reconcile.records import Book, Series, of_meter

FALSE_STEP = 0.02
"""Chance that any meter of a period is said to have changed although none has."""
_LEAST = 16
_EDGE = 4
_CLIP = 2.0
_AROUND, _USUAL, _STOOD = 7, 0.7, 0.05
_TO_SD, _MEDIAN = 1.4826, 1.2533
_MASSES = ("wet_mass", "mass")


@dataclass(frozen=True)
class ScaleStep:
    """A meter that reads otherwise than its fellows from a moment on.

    ``size_frac`` is the step against them, ``z`` its cumulative sum in standard deviations, ``fellows`` the meters that
    it was compared with; where there is only one, either of the two may have changed.
    """

    meter: str
    quantity: str
    since: float
    size_frac: float
    size_sd_frac: float
    z: float
    limit: float
    fellows: tuple[str, ...]


def scale_steps(model: ChainModel, book: Book, period: Period) -> tuple[ScaleStep, ...]:
    """Scales of like lines whose readings step away from each other within a period.

    Fellows share an error by name, or weigh streams between the same two places, reading by reading. Each scale is
    compared with the middle of its fellows where both ran as usual for the time: the logarithm of their ratio, less its
    middle, over its spread, cut at two. Summed from the beginning, that wanders as a bridge between two zeros where
    nothing changed; where the sum is farthest from zero for its length, the step began, and the means before and after
    are compared by their spread (Student). The limit keeps the chance of any false alarm, over all meters and moments,
    at 2 % (Bonferroni).

    That the balance closes does not matter here: a step of one scale among four shows in its ratio to the others
    long before it shows in metal. Whether the scale or the line changed, the ratio does not say.

    References
    ----------
    Page (1954), Biometrika 41, 100-115 (cumulative sums); Hinkley (1971), Biometrika 58, 509-523 (the moment of a
    change); Huber (1981), Robust Statistics, ch. 3.
    """
    groups = [group for group in _groups(model) if len(group) > 1]
    count = sum(len(group) for group in groups)
    found = [one for group in groups for one in _of_group(_series(model, book, period, group), group, count)]
    return tuple(sorted(found, key=lambda one: -abs(one.z)))


def _groups(model: ChainModel) -> list[list[Meter]]:
    """Scales that may be compared with each other."""
    groups: dict[tuple[str, ...], list[Meter]] = {}
    for one in model.chain.meters:
        if one.quantity not in _MASSES or not one.accounting or one.period not in ("hour", "shift", "day"):
            continue
        stream = model.streams.get(one.stream)
        if one.shared_error is not None:
            key: tuple[str, ...] = ("shared", one.shared_error.name, one.quantity, one.period)
        elif stream is not None:
            key = ("between", model.place_of(stream.source), model.place_of(stream.target), one.quantity, one.period)
        else:
            continue
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _series(model: ChainModel, book: Book, period: Period, group: Sequence[Meter]) -> dict[str, Series]:
    """Readings of the scales of a group in the report days of a period."""
    return {one.id: of_meter(model, book, one, one.quantity, period) for one in group}


def _of_group(series: Mapping[str, Series], group: Sequence[Meter], count: int) -> Iterator[ScaleStep]:
    """Scales of a group that stepped away from the others."""
    moments = sorted(set.intersection(*({*map(float, one.start)} for one in series.values())))
    if len(moments) < _LEAST:
        return
    at = np.array(moments)
    values = np.array([dict(zip(one.start, one.value, strict=True))[t] for one in series.values() for t in at])
    values = values.reshape(len(group), len(at))
    with np.errstate(divide="ignore"):
        logs = np.log(values)
    for k, one in enumerate(group):
        others = np.median(np.delete(logs, k, axis=0), axis=0)
        stood = max(_STOOD, 5 * one.sd_rel_pct / 100)
        usable = _running(logs[k], stood) & _running(others, stood)
        if usable.sum() < _LEAST:
            continue
        fellows = tuple(other.id for other in group if other.id != one.id)
        found = _step(at[usable], logs[k][usable] - others[usable], len(at) * count)
        if found is not None:
            since, size, sd, z, limit = found
            yield ScaleStep(one.id, one.quantity, since, size, sd, z, limit, fellows)


def _running(logs: Floats, stood: float) -> NDArray[np.bool_]:
    """Readings of a line that ran about as usual for the time: one that stood an hour has no ratio to others."""
    level = np.array([
        np.quantile(logs[max(k - _AROUND, 0) : k + _AROUND + 1], _USUAL, method="lower") for k in range(len(logs))
    ])  # fmt: skip
    return np.asarray(np.isfinite(logs) & (logs > level - stood))


def _step(at: Floats, ratio: Floats, tests: int) -> tuple[float, float, float, float, float] | None:
    """Moment, size, its standard deviation, z and limit of a step; None where the ratio only wanders by chance."""
    n = len(ratio)
    limit = float(stdtrit(n - 2, 1 - FALSE_STEP / (2 * tests)))
    spread = _TO_SD * float(np.median(np.abs(np.diff(ratio)))) / np.sqrt(2)
    if spread <= 0:
        return None
    scores = np.clip((ratio - np.median(ratio)) / spread, -_CLIP, _CLIP)
    first = np.arange(1, n)
    z = -np.cumsum(scores - scores.mean())[:-1] / (max(float(scores.std()), 1e-12) * np.sqrt(first * (n - first) / n))
    z[: _EDGE - 1] = z[n - _EDGE :] = 0.0
    k = int(np.argmax(np.abs(z)))
    t = float(z[k] * np.sqrt((n - 2) / max(n - z[k] ** 2, 1e-9)))
    if abs(t) <= limit:
        return None
    before, after = ratio[: k + 1], ratio[k + 1 :]
    size = float(np.median(after) - np.median(before))
    sd = float(_MEDIAN * spread * np.sqrt(1 / len(before) + 1 / len(after)))
    return float(at[k + 1]), float(np.expm1(size)), sd, t, limit
