"""Bias of a laboratory from its standard samples, and their control charts; blanks."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from zveno.model.quality import Blank, QualityFile, Standard
from zveno.quality.holm import holm
from zveno.quality.samples import Assay
from zveno.quantities import convert
from zveno.tables import frame

Floats = NDArray[np.float64]
LEVEL = 0.05
FEW = 3
_MOVING_RANGE = 1.1283791670955126  # mean of |difference of two| over their standard deviation
RULES = ("1_3s", "2_2s", "R_4s", "4_1s", "10_x")


@dataclass(frozen=True)
class Chart:
    """An individuals chart: one standard in one laboratory, in the order of time."""

    standard: str
    laboratory: str
    component: str
    assays: tuple[Assay, ...]
    described: Standard | None

    @property
    def values(self) -> Floats:
        """Assays as mass fractions, shape (n,)."""
        return np.array([one.value_frac for one in self.assays])

    @property
    def certified_frac(self) -> float | None:
        """Certified value."""
        return None if self.described is None else convert(self.described.certified, self.described.uom, "frac")

    @property
    def centre_frac(self) -> float:
        """Centre line: the certified value, or the mean where none is described."""
        return self.certified_frac if self.certified_frac is not None else float(self.values.mean())

    @property
    def sd_frac(self) -> float:
        """What one standard deviation is on the chart: as described, else from the moving ranges; 0 = not known.

        Moving ranges know of the scatter from one assay to the next, not of a drift, which is to be found.
        """
        if self.described is not None and self.described.sd_rel_pct is not None:
            return self.described.sd_rel_pct / 100 * self.centre_frac
        if len(self.assays) < 2:
            return 0.0
        return float(np.abs(np.diff(self.values)).mean()) / _MOVING_RANGE

    @property
    def z(self) -> Floats:
        """Distances from the centre in standard deviations, shape (n,)."""
        return (self.values - self.centre_frac) / self.sd_frac if self.sd_frac > 0 else np.zeros(len(self.assays))


def charts_of(quality: QualityFile | None, assays: Sequence[Assay]) -> tuple[Chart, ...]:
    """A chart for every standard, laboratory and component; values below a limit are left out."""
    known = {(one.id, one.component): one for one in (quality.standards if quality else ())}
    found: dict[tuple[str, str, str], list[Assay]] = defaultdict(list)
    for one in assays:
        if not one.below:
            found[one.sample, one.laboratory, one.component].append(one)
    return tuple(
        Chart(sample, laboratory, component, tuple(several), known.get((sample, component)))
        for (sample, laboratory, component), several in sorted(found.items())
    )


def standard_table(charts: Sequence[Chart], period: str) -> pl.DataFrame:
    """Table ``assay_standards``: bias of each standard with its interval; a t test, corrected for all (Holm).

    The uncertainty of the certified value widens the interval: its half is taken as one standard deviation.
    """
    rows, chances = [], []
    for chart in charts:
        values, certified = chart.values, chart.certified_frac
        mean, count = float(values.mean()), len(values)
        sd = float(values.std(ddof=1)) if count > 1 else None
        row = {
            "period": period, "standard": chart.standard, "laboratory": chart.laboratory, "component": chart.component,
            "certified_frac": certified, "assays": count, "mean_frac": mean, "sd_frac": sd,
            "bias_frac": None if certified is None else mean - certified, "bias_low_frac": None,
            "bias_high_frac": None, "p_value": None, "verdict": "too_few" if count < FEW else "within",
        }  # fmt: skip
        if certified is None:
            row["verdict"] = "not_described"
        elif count >= FEW and sd:
            half, p = _bias(mean - certified, sd, count, _certificate_sd(chart))
            row |= {"bias_low_frac": mean - certified - half, "bias_high_frac": mean - certified + half, "p_value": p}
            chances.append(row)
        rows.append(row)
    for row, p in zip(chances, holm([one["p_value"] for one in chances]), strict=True):  # type: ignore[misc]
        row["p_value"] = p
        row["verdict"] = "biased" if p < LEVEL else "within"
    return frame("assay_standards", rows)


def _certificate_sd(chart: Chart) -> float:
    """Standard deviation of the certified value."""
    one = chart.described
    return convert(one.expanded_uncertainty, one.uom, "frac") / 2 if one is not None else 0.0


def _bias(bias: float, sd: float, count: int, certificate_sd: float) -> tuple[float, float]:
    """Half the 95 % interval of a bias, and the chance of a larger one (degrees of freedom by Welch-Satterthwaite)."""
    own = sd**2 / count
    se = math.sqrt(own + certificate_sd**2)
    dof = (own + certificate_sd**2) ** 2 / (own**2 / (count - 1))
    return float(stdtrit(dof, 0.975)) * se, float(2 * stdtr(dof, -abs(bias) / se))


def point_table(charts: Sequence[Chart], period: str) -> pl.DataFrame:
    """Table ``control_points``: every assay of a standard with the rules that it breaks."""
    rows = []
    for chart in charts:
        z = chart.z
        for n, (one, broken) in enumerate(zip(chart.assays, broken_rules(z), strict=True)):
            rows.append({
                "period": period, "standard": chart.standard, "laboratory": chart.laboratory,
                "component": chart.component, "number": n + 1, "at": one.at, "value_frac": one.value_frac,
                "centre_frac": chart.centre_frac, "sd_frac": chart.sd_frac, "z": float(z[n]),
                "rules": " ".join(broken), "file": one.place.file, "sheet": one.place.sheet, "cell": one.place.cell,
            })  # fmt: skip
    return frame("control_points", rows)


def broken_rules(z: Floats) -> list[tuple[str, ...]]:
    """Rules that each point of a chart breaks together with those before it.

    ``1_3s`` one beyond 3 standard deviations; ``2_2s`` two in a row beyond 2 on one side; ``R_4s`` two in a row more
    than 2 on opposite sides; ``4_1s`` four in a row beyond 1 on one side; ``10_x`` ten in a row on one side.

    References
    ----------
    Westgard et al. (1981), Clin. Chem. 27, 493-501; Shewhart's chart of individuals: ISO 7870-2:2023.

    Examples
    --------
    >>> broken_rules(np.array([0.1, 3.2, -2.4]))
    [(), ('1_3s',), ('R_4s',)]
    """
    found = []
    for n in range(len(z)):
        two, four, ten = (z[max(n + 1 - size, 0) : n + 1] for size in (2, 4, 10))
        tests = (
            abs(z[n]) > 3,
            len(two) == 2 and _one_side(two, 2),
            len(two) == 2 and bool(two.min() < -2 and two.max() > 2),
            len(four) == 4 and _one_side(four, 1),
            len(ten) == 10 and _one_side(ten, 0),
        )
        found.append(tuple(name for name, broken in zip(RULES, tests, strict=True) if broken))
    return found


def _one_side(z: Floats, limit: float) -> bool:
    """Whether all are beyond a limit on one side."""
    return bool(np.all(z > limit) or np.all(z < -limit))


def blank_table(quality: QualityFile | None, assays: Sequence[Assay], period: str) -> pl.DataFrame:
    """Table ``assay_blanks``: blanks that show more than they may."""
    limits: dict[str, Blank] = {one.component: one for one in (quality.blanks if quality else ())}
    rows = []
    for one in assays:
        said = limits.get(one.component)
        limit = None if said is None else convert(said.limit, said.uom, "frac")
        dirty = limit is not None and not one.below and one.value_frac > limit
        rows.append({
            "period": period, "point": one.sample, "component": one.component, "at": one.at,
            "value_frac": one.value_frac, "limit_frac": limit,
            "verdict": "not_described" if limit is None else "contaminated" if dirty else "clean",
            "file": one.place.file, "sheet": one.place.sheet, "cell": one.place.cell,
        })  # fmt: skip
    return frame("assay_blanks", rows)
