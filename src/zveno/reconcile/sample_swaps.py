"""Samples of one shift whose labels were exchanged, by what each stream usually looks like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import lgamma, log, pi

import numpy as np
import polars as pl
from scipy.linalg import solve_triangular

from zveno.model.chain import ChainModel
from zveno.model.types import Meter
from zveno.periods import Period
from zveno.reconcile.arrays import Floats
from zveno.reconcile.records import Book, of_meter

FALSE_SWAP = 0.02
"""Chance that any two samples of a period are said to be swapped although none are."""
_LEAST = 8
_FREEDOM = 4.0
_SHOWN = 0.8
_ALIKE = log(20)
_STEPS = 50
_SAMPLED = ("hour", "shift", "day", "lot")

Moment = tuple[float, float]
Samples = dict[Moment, float]


@dataclass(frozen=True)
class SampleSwap:
    """Two samples of one time, taken for each other.

    Parameters
    ----------
    first, second
        Meters whose assays were exchanged.
    start, end
        Time that the samples stand for, s since 1970.
    components
        Assays that were compared, all of them jointly.
    evidence
        Logarithm of how much likelier the assays are if exchanged.
    needed
        How much chance cannot explain, whatever pair and time is looked at.
    instead
        Other pairs of that time that explain the assays about as well.
    """

    first: str
    second: str
    start: float
    end: float
    components: tuple[str, ...]
    evidence: float
    needed: float
    instead: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SampleSwaps:
    """Swaps found, and pairs of meters whose samples are so alike that a swap of one time would not show."""

    found: tuple[SampleSwap, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Pair:
    """Two meters with the times that both have a sample of, and the evidence of each.

    ``alike`` is the share of all their assays that both have: 1 for two samples of one kind.
    """

    first: str
    second: str
    components: tuple[str, ...]
    moments: tuple[Moment, ...]
    evidence: Floats
    alike: float


def sample_swaps(model: ChainModel, book: Book, period: Period) -> SampleSwaps:
    """Swaps among the samples of a period.

    Each meter's assays of the period say what its stream usually looks like: middle and scatter of their logarithms,
    by a Student distribution of 4 degrees of freedom, so that a few odd ones count little. Two samples of one time are
    as likely swapped as their assays, all components jointly, are likelier under each other's distribution than under
    their own. Where nothing is swapped, the mean of that likelihood ratio is one; so the chance that it exceeds
    ``n / 0.02`` for any of ``n`` pairs and times is at most 2 %.

    A meter needs 8 assays; swaps that last all period are a matter of the balance (``gross_errors.swaps``).

    References
    ----------
    Lange, Little & Taylor (1989), J. Am. Stat. Assoc. 84, 881-896 (robust estimation by the t distribution); Royall
    (1997), Statistical Evidence, ch. 1 (the bound).
    """
    assays = _assays(model, book, period)
    pairs = list(_pairs(model, assays))
    if not pairs:
        return SampleSwaps()
    needed = log(sum(len(one.moments) for one in pairs) / FALSE_SWAP)
    return SampleSwaps(tuple(_found(pairs, needed)), tuple(_unseen(pairs, needed)))


def exchanged(records: pl.DataFrame, swap: SampleSwap) -> pl.DataFrame:
    """Records with the assays of a swap exchanged back."""
    other = {swap.first: swap.second, swap.second: swap.first}
    here = (
        pl.col("point").is_in(list(other))
        & pl.col("quantity").is_in(list(swap.components))
        & ((pl.col("start").dt.epoch("us") / 1e6 - swap.start).abs() < 1)
        & ((pl.col("end").dt.epoch("us") / 1e6 - swap.end).abs() < 1)
    )
    return records.with_columns(point=pl.when(here).then(pl.col("point").replace(other)).otherwise(pl.col("point")))


def _assays(model: ChainModel, book: Book, period: Period) -> dict[str, dict[str, Samples]]:
    """Logarithms of assays by meter, component and time."""
    found: dict[str, dict[str, Samples]] = {}
    for meter in model.chain.meters:
        if meter.quantity != "assay" or not meter.accounting or meter.period not in _SAMPLED:
            continue
        for component in meter.components:
            series = of_meter(model, book, meter, component, period)
            values = {
                (start, end): log(value)
                for start, end, value, below in zip(series.start, series.end, series.value, series.below, strict=True)
                if value > 0 and not below
            }
            if len(values) >= _LEAST:
                found.setdefault(meter.id, {})[component] = values
    return found


def _pairs(model: ChainModel, assays: Mapping[str, dict[str, Samples]]) -> Iterator[_Pair]:
    """Meters of different streams with components and times in common."""
    usual: dict[tuple[str, tuple[str, ...]], _Usual | None] = {}

    def looks(meter: str, components: tuple[str, ...]) -> _Usual | None:
        if (meter, components) not in usual:
            usual[meter, components] = _Usual.of(model.meters[meter], assays[meter], components)
        return usual[meter, components]

    for first, second in combinations(assays, 2):
        if model.meters[first].stream == model.meters[second].stream:
            continue
        for components in _sampled_together(assays[first], assays[second]):
            mine, theirs = (looks(one, components) for one in (first, second))
            if mine is None or theirs is None:
                continue
            moments = tuple(one for one in mine.samples if one in theirs.samples)
            if not moments:
                continue
            x, y = (np.array([one.samples[at] for at in moments]) for one in (mine, theirs))
            evidence = theirs.log_likelihood(x) + mine.log_likelihood(y)
            evidence -= mine.log_likelihood(x) + theirs.log_likelihood(y)
            alike = len(components) / len({*assays[first], *assays[second]})
            yield _Pair(first, second, components, moments, evidence, alike)


def _sampled_together(mine: Mapping[str, Samples], theirs: Mapping[str, Samples]) -> list[tuple[str, ...]]:
    """Components that two meters have in common, by kind of sample: those of shifts apart from those of composites."""
    kinds: list[tuple[list[str], set[Moment]]] = []
    for component in (one for one in mine if one in theirs):
        times = set(mine[component]) & set(theirs[component])
        kind = next((one for one in kinds if 2 * len(one[1] & times) > max(len(one[1]), len(times))), None)
        if kind is None:
            kinds.append(([component], times))
        else:
            kind[0].append(component)
    return [tuple(names) for names, _ in kinds]


@dataclass(frozen=True)
class _Usual:
    """What a stream usually looks like: middle and scatter of the logarithms of some assays."""

    samples: Mapping[Moment, Floats]
    middle: Floats
    root: Floats
    share: float

    @classmethod
    def of(cls, meter: Meter, by: Mapping[str, Mapping[Moment, float]], components: Sequence[str]) -> _Usual | None:
        """From the assays of a period; None where too few samples have all of them."""
        times = set.intersection(*(set(by[one]) for one in components))
        samples = {at: np.array([by[one][at] for one in components]) for at in sorted(times)}
        if len(samples) < _LEAST:
            return None
        values = np.array(list(samples.values()))
        floor = np.array([meter.sd_rel_pcts.get(one, meter.sd_rel_pct) / 100 for one in components])
        middle, scatter, share = _student(values, floor)
        return cls(samples, middle, np.asarray(np.linalg.cholesky(scatter), dtype=float), share)

    def log_likelihood(self, values: Floats) -> Floats:
        """Logarithm of the density of samples (n, components)."""
        count = len(self.middle)
        far = np.sum(solve_triangular(self.root, (values - self.middle).T, lower=True) ** 2, axis=0)
        constant = lgamma((_FREEDOM + count) / 2) - lgamma(_FREEDOM / 2) - count / 2 * log(_FREEDOM * pi)
        size = float(np.log(np.diag(self.root)).sum())
        return np.asarray(self.share * (constant - size - (_FREEDOM + count) / 2 * np.log1p(far / _FREEDOM)))


def _student(values: Floats, floor: Floats) -> tuple[Floats, Floats, float]:
    """Middle and scatter of a multivariate t distribution, and what a density of it may claim.

    The scatter is at least that of the described errors (tenth of their variance). Too few samples for their
    correlations take the components one by one; as these may be one and the same thing, their joint evidence then
    counts as that of one.
    """
    n, d = values.shape
    middle, scatter = np.median(values, axis=0), np.diag(np.maximum(values.var(axis=0), floor**2))
    alone = n < 3 * d + _LEAST - 3
    least = np.diag(0.1 * floor**2 + 1e-12)
    for _ in range(_STEPS):
        off = values - middle
        far = np.sum(np.linalg.solve(scatter, off.T) * off.T, axis=0)
        weight = (_FREEDOM + d) / (_FREEDOM + far)
        middle = weight @ values / weight.sum()
        off = values - middle
        scatter = (weight * off.T) @ off / n
        scatter = (np.diag(np.diag(scatter)) if alone else scatter) + least
    return middle, np.asarray(scatter), 1 / d if alone else 1.0


def _found(pairs: Sequence[_Pair], needed: float) -> list[SampleSwap]:
    """Swaps by time; a sample is in one swap only, the likeliest."""
    loud = [
        SampleSwap(one.first, one.second, *one.moments[k], one.components, float(one.evidence[k]), needed)
        for one in pairs
        for k in np.flatnonzero(one.evidence >= needed)
    ]
    loud.sort(key=lambda one: -one.evidence)
    taken: dict[tuple[str, Moment], SampleSwap] = {}
    for one in loud:
        ends = [(name, (one.start, one.end)) for name in (one.first, one.second)]
        if not any(end in taken for end in ends):
            taken |= dict.fromkeys(ends, one)
    best = list({id(one): one for one in taken.values()}.values())
    return sorted(
        (replace(one, instead=_instead(one, loud, taken)) for one in best), key=lambda one: (one.start, one.first)
    )


def _instead(
    one: SampleSwap, loud: Sequence[SampleSwap], taken: Mapping[tuple[str, Moment], SampleSwap]
) -> tuple[tuple[str, str], ...]:
    """Pairs that explain a sample of a swap about as well, and touch no other swap."""
    return tuple(
        (other.first, other.second)
        for other in loud
        if other is not one
        and other.evidence > one.evidence - _ALIKE
        and (other.start, other.end) == (one.start, one.end)
        and {other.first, other.second} & {one.first, one.second}
        and all(taken.get((name, (one.start, one.end)), one) is one for name in (other.first, other.second))
    )


def _unseen(pairs: Sequence[_Pair], needed: float) -> Iterator[tuple[str, str]]:
    """Pairs of which a swap would show less than four times out of five: exchanging turns the evidence round.

    Of two meters with several kinds of samples in common the most frequent kind counts; samples alike come first.
    """
    usual: dict[tuple[str, str], _Pair] = {}
    for one in pairs:
        before = usual.get((one.first, one.second))
        if before is None or len(before.moments) < len(one.moments):
            usual[one.first, one.second] = one
    for one in sorted(usual.values(), key=lambda one: -one.alike):
        if float(np.mean(-one.evidence >= needed)) < _SHOWN:
            yield one.first, one.second
