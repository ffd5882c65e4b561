"""Precision of a laboratory from samples assayed twice, beside what the description says of it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray
from scipy.special import chdtrc, gammaincinv, stdtr

from zveno.model.chain import ChainModel
from zveno.quality.holm import holm
from zveno.quality.samples import Pair
from zveno.quantities import convert, uom_of
from zveno.tables import frame

Floats = NDArray[np.float64]
LEVEL = 0.05
FEW, ENOUGH = 3, 8
_NORMAL_MEDIAN = 0.6744897501960817  # median of |N(0, 1)|
_UNLIKELY = 2.5758293035489004  # 99 of 100 within


@dataclass(frozen=True)
class Group:
    """Pairs that are judged together: of a material, or of all in a decade of content (``material`` empty)."""

    material: str
    component: str
    pairs: tuple[Pair, ...]

    @property
    def first(self) -> Floats:
        """First assays, shape (n,)."""
        return np.array([one.first_frac for one in self.pairs])

    @property
    def control(self) -> Floats:
        """Control assays, shape (n,)."""
        return np.array([one.control_frac for one in self.pairs])

    @property
    def mean(self) -> Floats:
        """Means of the pairs, shape (n,)."""
        return 0.5 * (self.first + self.control)

    @property
    def relative(self) -> Floats:
        """Control less first over their mean, shape (n,)."""
        mean = self.mean
        return np.divide(self.control - self.first, mean, out=np.zeros_like(mean), where=mean > 0)


def duplicate_table(model: ChainModel, pairs: Sequence[Pair], period: str) -> pl.DataFrame:
    """Table ``assay_duplicates``: by material and component, then of all materials together by decades of the content.

    Notes
    -----
    The difference of a pair has twice the variance of one assay, so s^2 = sum(r^2) / 2n of the relative differences r,
    with a chi-square interval of n degrees of freedom. Against the standard deviation c that the description states of
    a reading, sum(r^2 / 2c^2) is chi-square with n degrees of freedom if the laboratory is as described: a control
    assay repeats only a part of what c covers (not the sampling), so a laboratory that is found worse is so indeed,
    while one that is found within says nothing of the sampler. The chances are corrected for all groups (Holm).
    ``HARD`` is the half absolute relative difference |a - b| / (a + b).

    References
    ----------
    Thompson & Howarth (1978), J. Geochem. Explor. 9, 23-30.
    """
    by_material: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    by_decade: dict[tuple[str, int], list[Pair]] = defaultdict(list)
    for one in pairs:
        by_material[one.material, one.component].append(one)
        mean = 0.5 * (one.first_frac + one.control_frac)
        if mean > 0:
            by_decade[one.component, math.floor(math.log10(mean))].append(one)
    groups = [Group(material, component, tuple(found)) for (material, component), found in sorted(by_material.items())]
    decades = [Group("", component, tuple(found)) for (component, _), found in sorted(by_decade.items())]
    rows = [_row(model, one, period) for one in groups]
    tested = [row for row in rows if row["p_value"] is not None]
    for row, p in zip(tested, holm([row["p_value"] for row in tested]), strict=True):
        row["p_value"] = p
        row["verdict"] = "worse" if p < LEVEL else row["verdict"]
    rows += [{**_row(model, one, period), "p_value": None, "verdict": ""} for one in decades]
    return frame("assay_duplicates", rows)


def _row(model: ChainModel, group: Group, period: str) -> dict[str, Any]:
    relative, mean = group.relative, group.mean
    count = len(relative)
    sd = math.sqrt(float(np.mean(relative**2)) / 2)
    claimed = claimed_sd_rel(model, group)
    few = count < FEW
    low, high = (sd * math.sqrt(count / (2 * gammaincinv(count / 2, q))) for q in (0.975, 0.025))
    return {
        "period": period, "material": group.material, "component": group.component,
        "low_frac": float(mean.min()), "high_frac": float(mean.max()), "pairs": count, "sd_rel_frac": sd,
        "sd_low_frac": None if few else float(low), "sd_high_frac": None if few else float(high),
        "robust_sd_rel_frac": _robust(relative), "hard_p90_frac": float(np.quantile(np.abs(relative) / 2, 0.9)),
        "bias_rel_frac": float(relative.mean()), "bias_p": _bias_p(relative),
        "claimed_sd_rel_frac": None if claimed is None else float(np.sqrt(np.mean(claimed**2))),
        "p_value": None if few or claimed is None else float(
            chdtrc(count, float(np.sum((relative / claimed) ** 2)) / 2)
        ),
        "verdict": "too_few" if few else "not_described" if claimed is None else "within",
    }  # fmt: skip


def _robust(relative: Floats) -> float | None:
    """Standard deviation of one assay from the median of the differences, which a few mistakes do not move."""
    if len(relative) < ENOUGH:
        return None
    return float(np.median(np.abs(relative)) / (_NORMAL_MEDIAN * math.sqrt(2)))


def _bias_p(relative: Floats) -> float | None:
    """Chance of a larger mean difference between first and control assays, if both assay alike."""
    if len(relative) < FEW or float(relative.std(ddof=1)) == 0:
        return None
    t = float(relative.mean() / relative.std(ddof=1) * math.sqrt(len(relative)))
    return float(2 * stdtr(len(relative) - 1, -abs(t)))


def claimed_sd_rel(model: ChainModel, group: Group) -> Floats | None:
    """Relative standard deviation of a reading that the description states for each pair; None where it states none."""
    found = []
    for one, mean in zip(group.pairs, group.mean, strict=True):
        said = _claim(model, one, float(mean))
        if said is None:
            return None
        found.append(said)
    return np.array(found)


def _claim(model: ChainModel, pair: Pair, mean: float) -> float | None:
    """That of one pair."""
    for meter in model.chain.meters:
        if meter.stream == pair.material and meter.quantity == "assay" and pair.component in meter.components:
            relative = meter.sd_rel_pcts.get(pair.component, meter.sd_rel_pct) / 100
            uom = meter.uoms.get(pair.component, meter.uom)
            floor = convert(meter.sd_abs, uom, "frac") if meter.sd_abs and uom_of(uom).dimension == "fraction" else 0.0
            said = max(relative, floor / mean if mean > 0 else 0.0)
            return said or None
    return None


# ---- precision over the content --------------------------------------------------------------------------------------


def precision_table(pairs: Sequence[Pair], period: str) -> pl.DataFrame:
    """Table ``assay_precision``: how the standard deviation of an assay grows with the content, by component.

    s(c)^2 = floor^2 + (slope x c)^2, by maximum likelihood over the pairs; it needs eight of them.

    References
    ----------
    Thompson & Howarth (1976), Analyst 101, 690-698 (the idea); Eurachem/CITAC CG 4 (2012), appendix E.5 (the form).
    """
    by_component: dict[str, list[Pair]] = defaultdict(list)
    for one in pairs:
        by_component[one.component].append(one)
    rows = []
    for component, found in sorted(by_component.items()):
        group = Group("", component, tuple(found))
        if len(found) < ENOUGH or not np.any(group.control != group.first):
            continue
        floor, slope = precision(group.mean, group.control - group.first)
        sd = np.hypot(floor, slope * group.mean)
        unlikely = np.abs(group.control - group.first) > _UNLIKELY * math.sqrt(2) * sd
        rows.append({
            "period": period, "component": component, "pairs": len(found), "floor_frac": floor, "slope_frac": slope,
            "unlikely": int(unlikely.sum()),
        })  # fmt: skip
    return frame("assay_precision", rows)


def precision(mean: Floats, difference: Floats) -> tuple[float, float]:
    """Floor and slope of the standard deviation of one assay that make the differences of pairs likeliest.

    Parameters
    ----------
    mean, difference
        Means and differences of the pairs, mass fractions, shape (n,).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> content = np.linspace(0.001, 0.3, 400)
    >>> drawn = rng.normal(0, np.sqrt(2) * 0.01 * content)
    >>> 0.0085 < precision(content, drawn)[1] < 0.0115
    True
    """
    size = float(np.median(np.abs(difference))) or float(np.abs(difference).max())
    typical = max(float(np.median(np.abs(difference) / np.maximum(mean, 1e-12))), 1e-6)
    square = difference**2 / 2

    def surprise(logs: Floats) -> float:
        variance = math.exp(2 * logs[0]) + (math.exp(logs[1]) * mean) ** 2
        return float(np.sum(np.log(variance) + square / variance))

    starts = [(math.log(size * part), math.log(typical)) for part in (1.0, 1e-2, 1e-4)]
    best = min(
        (scipy.optimize.minimize(surprise, start, method="Nelder-Mead") for start in starts), key=lambda one: one.fun
    )
    return math.exp(best.x[0]), math.exp(best.x[1])
