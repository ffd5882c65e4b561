"""Shifts compared under the same conditions: what ore, feed, running time and the hour of the day explain is taken out.

The unit of counting is an event: breaches of one rule in one plant that lie over each other (six lines of one reagent
tank) are one. The table says what each crew's count is beside what any crew would have had with its ore and hours; it
names crews, never persons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import erfc, sqrt
from typing import Any, Literal

import numpy as np
import polars as pl

from zveno.duty.poisson import Floats, chance_of_groups, fit, holm
from zveno.tables import frame

_Z = 1.959963984540054
_LEAST_EVENTS = 5
_COVARIATES = ("feed_t", "feed_grade_frac", "running_frac")
Status = Literal["difference", "no difference shown", "too few events", "one crew"]


@dataclass(frozen=True)
class Comparison:
    """Crews of one plant, or of all, compared.

    Parameters
    ----------
    rates
        Table ``shift_rates``.
    status
        What may be said of all crews together.
    p_value
        Chance of crews that differ as much if none of them matters; None where it cannot be asked.
    explained_by
        Conditions that were taken out.
    left_out
        Conditions that are not known for every shift, or do not vary.
    dispersion
        How much more the counts scatter than by chance alone.
    """

    rates: pl.DataFrame
    status: Status
    p_value: float | None
    explained_by: tuple[str, ...]
    left_out: tuple[str, ...]
    dispersion: float = 1.0
    events: int = 0
    exposures: pl.DataFrame = field(default_factory=lambda: frame("shift_exposures"), repr=False)


def compare_shifts(exposures: pl.DataFrame, *, plant: str = "", draws: int = 999, seed: int = 1) -> Comparison:
    """Crews compared.

    Parameters
    ----------
    exposures
        Table ``shift_exposures``: shifts without judged hours tell nothing and are left aside.
    plant
        One plant; all together if empty, each with a level of its own.
    draws, seed
        Of the test by simulation.
    """
    rows = exposures.filter(pl.col("exposed_h") > 0, pl.col("crew") != "")
    if plant:
        rows = rows.filter(pl.col("plant") == plant)
    crews, events = sorted(rows["crew"].unique()), int(rows["events"].sum())
    told, left = _conditions(rows)
    if len(crews) < 2 or events < _LEAST_EVENTS:
        status: Status = "one crew" if len(crews) < 2 else "too few events"
        return Comparison(_plain_rates(rows, plant, crews), status, None, (), left, events=events, exposures=rows)
    counts = rows["events"].to_numpy().astype(float)
    log_exposure = np.log(rows["exposed_h"].to_numpy())
    design = np.column_stack([np.ones(rows.height), *(column for _, column in told)])
    groups = np.column_stack([(rows["crew"] == crew).to_numpy().astype(float) for crew in crews])
    p_value, null = chance_of_groups(groups[:, 1:], design, counts, log_exposure, draws=draws, seed=seed)
    ratios = _ratios(groups, design[:, 1:], counts, log_exposure)
    expected = null.mean * (events / null.mean.sum())  # the bias reduction adds half an event for each condition
    table = _rates(rows, plant, crews, expected, ratios, differs=p_value <= 0.05)
    status = "difference" if p_value <= 0.05 else "no difference shown"
    return Comparison(
        table, status, p_value, tuple(dict.fromkeys(name for name, _ in told)), left, null.dispersion, events, rows
    )


def _conditions(rows: pl.DataFrame) -> tuple[list[tuple[str, Floats]], tuple[str, ...]]:
    """What any crew's count is explained by, as columns: plants, slots, ore and feed within each plant."""
    found: list[tuple[str, Floats]] = []
    left = []
    plants = sorted(rows["plant"].unique())
    for name in plants[1:]:
        found.append(("plant", (rows["plant"] == name).to_numpy().astype(float)))
    for name in sorted(rows["slot"].unique())[1:]:
        found.append(("slot", (rows["slot"] == name).to_numpy().astype(float)))
    for name in _COVARIATES:
        column = _within(rows, name, plants)
        if column is None:
            left.append(name)
        else:
            found.append((name, column))
    kept: list[tuple[str, Floats]] = []
    base = np.ones((rows.height, 1))
    for name, column in found:  # what another column says already is of no use
        wider = np.column_stack([base, column])
        if np.linalg.matrix_rank(wider) > base.shape[1] and wider.shape[1] < rows.height / 2:
            base = wider
            kept.append((name, column))
    return kept, tuple(left)


def _within(rows: pl.DataFrame, name: str, plants: Sequence[str]) -> Floats | None:
    """A condition in standard deviations of its plant; None where it is not known everywhere, or nowhere varies."""
    values = rows[name].to_numpy().astype(float)
    found = np.zeros(rows.height)
    varies = False
    for plant in plants:
        own = (rows["plant"] == plant).to_numpy()
        known = values[own]
        if np.isnan(known).any():
            if np.isnan(known).all() and len(plants) > 1:
                continue  # a plant of which it is not told: its level stands for it
            return None
        spread = float(known.std())
        if spread > 1e-9 * max(abs(float(known.mean())), 1e-12):
            found[own] = (known - known.mean()) / spread
            varies = True
    return found if varies else None


@dataclass(frozen=True)
class _Ratio:
    """Rate of a crew over that of the mean crew, on the log scale."""

    log: float
    sd: float


def _ratios(groups: Floats, conditions: Floats, counts: Floats, log_exposure: Floats) -> list[_Ratio]:
    """Each crew against the mean of all crews, under the same conditions."""
    design = np.column_stack([groups, conditions])
    found = fit(design, counts, log_exposure)
    size = groups.shape[1]
    contrast = np.zeros((size, design.shape[1]))
    contrast[:, :size] = np.eye(size) - 1 / size
    logs = contrast @ found.beta
    variances = np.einsum("ij,jk,ik->i", contrast, found.covariance, contrast) * found.dispersion
    return [_Ratio(float(log), sqrt(max(float(one), 1e-12))) for log, one in zip(logs, variances, strict=True)]


def _rates(
    rows: pl.DataFrame, plant: str, crews: Sequence[str], expected: Floats, ratios: Sequence[_Ratio], *, differs: bool
) -> pl.DataFrame:
    """Table ``shift_rates``; a crew is said to differ only where crews do at all, and its own chance is below 5 %."""
    chances = holm(np.array([erfc(abs(one.log) / one.sd / sqrt(2)) for one in ratios]))
    said = []
    for crew, one, chance in zip(crews, ratios, chances.tolist(), strict=True):
        own = (rows["crew"] == crew).to_numpy()
        shown = differs and chance <= 0.05
        said.append(
            {
                **_counted(rows.filter(own), plant, crew), "expected": float(expected[own].sum()),
                "ratio": float(np.exp(one.log)), "ratio_low": float(np.exp(one.log - _Z * one.sd)),
                "ratio_high": float(np.exp(one.log + _Z * one.sd)), "p_value": chance,
                "verdict": ("more" if one.log > 0 else "fewer") if shown else "no difference shown",
            }
        )  # fmt: skip
    return frame("shift_rates", said)


def _plain_rates(rows: pl.DataFrame, plant: str, crews: Sequence[str]) -> pl.DataFrame:
    """Counts alone, where nothing can be compared."""
    nothing = dict.fromkeys(("expected", "ratio", "ratio_low", "ratio_high", "p_value"))
    said = [
        {**_counted(rows.filter(pl.col("crew") == crew), plant, crew), **nothing, "verdict": "no difference shown"}
        for crew in crews
    ]
    return frame("shift_rates", said)


def _counted(own: pl.DataFrame, plant: str, crew: str) -> dict[str, Any]:
    """Counts of a crew with the interval of its rate (square roots of counts: Freeman and Tukey)."""
    hours, events = float(own["exposed_h"].sum()), int(own["events"].sum())
    low = max(sqrt(events) - _Z / 2, 0.0) ** 2 if events else 0.0
    high = (sqrt(events + 1) + _Z / 2) ** 2
    scale = 1000 / hours
    return {
        "plant": plant, "crew": crew, "shifts": own.height, "exposed_h": hours, "events": events,
        "rate": events * scale, "rate_low": low * scale, "rate_high": high * scale,
    }  # fmt: skip


# ---- events and causes -----------------------------------------------------------------------------------------------


def events(breaches: pl.DataFrame) -> list[tuple[str, datetime]]:
    """Plant and first moment of every event of table ``breaches``: what of one rule lies over each other is one."""
    found = []
    for (_, plant), rows in breaches.sort("start").group_by("rule", "plant", maintain_order=True):
        until = None
        for start, end in rows.select("start", "end").iter_rows():
            if until is None or start > until:
                found.append((str(plant), start))
                until = end
            until = max(until, end)
    return sorted(found, key=lambda one: (one[1], one[0]))


def causes(said: Iterable[tuple[str, float]], order: Sequence[str]) -> pl.DataFrame:
    """Table ``breach_causes`` from causes with hours, in an order; shares are of those with a confirmed cause."""
    found: dict[str, list[float]] = {}
    for cause, hours in said:
        found.setdefault(cause, []).append(hours)
    confirmed = sum(len(found.get(one, ())) for one in order)
    rows = []
    for cause in (*order, "void", "open"):
        n = len(found.get(cause, ()))
        share: Mapping[str, float | None] = dict.fromkeys(("share_frac", "share_low_frac", "share_high_frac"))
        if cause in order and confirmed:
            share = _wilson(n, confirmed)
        rows.append({"cause": cause, "breaches": n, "hours": float(sum(found.get(cause, ()))), **share})
    return frame("breach_causes", rows)


def _wilson(k: int, n: int) -> dict[str, float | None]:
    """A share with its 95 % interval (Wilson 1927)."""
    share, z2 = k / n, _Z**2
    middle, half = (share + z2 / (2 * n)), _Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = ((middle + sign * half) / (1 + z2 / n) for sign in (-1, 1))
    return {"share_frac": share, "share_low_frac": max(low, 0.0), "share_high_frac": min(high, 1.0)}
