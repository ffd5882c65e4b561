"""``python -m benchmarks.flotation_hours``: every figure of docs/explanation/flotation-plant.md, section by section.

The 800 hours of a working flotation plant, read in place (``../shared/data/flotation-plant/readings.csv``). Each hour has
three unknown shares of solids (what each bank gives to its concentrate) and 24 assays; four nodes balance three metals,
so nine surplus equations are left. An assay that reads wrong by the same share in all hours is one more unknown for all of
them. All hours are solved together: Levenberg-Marquardt, the shares of each hour eliminated from the common unknowns.

Neighbouring hours err alike, so hours are not counted as independent: standard errors come from sums over days.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
READINGS = Path(__file__).parents[2] / "shared" / "data" / "flotation-plant" / "readings.csv"
METALS = ("Au", "Ag", "Pb")
COLUMNS = {
    "feed": "rougher.input.feed", "rougher_conc": "rougher.output.concentrate", "rougher_tail": "rougher.output.tail",
    "primary_conc": "primary_cleaner.output.concentrate", "primary_tail": "primary_cleaner.output.tail",
    "final_conc": "final.output.concentrate", "secondary_tail": "secondary_cleaner.output.tail",
    "final_tail": "final.output.tail",
}  # fmt: skip
STREAMS = tuple(COLUMNS)
NODES = ("rougher", "primary", "secondary", "launder")
SD_REL = float(np.hypot(0.05, 0.01))
"""Relative standard deviation of one assay as described: 5 % at random, half of the 2 % limit of bias."""
_LEAST, _RATE = 0.001, 1.0
_ROUNDS, _SAME = 80, 1e-7
_STEP = 1e-5
_EDGE = 8.0


@dataclass(frozen=True)
class Hours:
    """Hours in which all 24 assays were read: per cent, shape (hours, streams, metals), and the day of each."""

    assay_pct: Floats
    day: Ints

    @property
    def days(self) -> int:
        """How many days have such an hour."""
        return len(np.unique(self.day))


@dataclass(frozen=True)
class Fit:
    """All hours solved together.

    ``shares`` (hours, 3) are the solids that each bank gives to its concentrate, ``objective`` (hours,) the sum of squared
    standardised adjustments, ``bias`` (unknowns,) the common factors less 1, ``scores`` (hours, unknowns) what each hour
    pulls at them, ``information`` (unknowns, unknowns) their curvature.
    """

    shares: Floats
    objective: Floats
    bias: Floats
    scores: Floats
    information: Floats

    @property
    def total(self) -> float:
        """Objective of all hours."""
        return float(self.objective.sum())

    def bias_sd(self, day: Ints) -> Floats:
        """Standard errors of the factors, from sums over days (hours of a day may err alike in any way)."""
        sums = np.stack([self.scores[day == one].sum(axis=0) for one in np.unique(day)])
        inverse = np.linalg.inv(self.information)
        return np.asarray(np.sqrt(np.diag(inverse @ (sums.T @ sums) @ inverse)))


def read_hours(path: Path = READINGS) -> Hours:
    """The hours of a file with every assay and a running feed, as the description cleans them."""
    table = pl.read_csv(path, try_parse_dates=True, infer_schema_length=None)
    names = [[f"{column}_{metal.lower()}" for metal in METALS] for column in COLUMNS.values()]
    assay = np.stack([table.select(one).cast(pl.Float64).fill_null(np.nan).to_numpy() for one in names], axis=1)
    rate = table["rougher.input.feed_rate"].cast(pl.Float64).fill_null(0.0).to_numpy()
    whole = (assay > _LEAST).all(axis=(1, 2)) & (rate >= _RATE)
    day = table["date"].dt.ordinal_day().cast(pl.Int64).to_numpy()
    return Hours(assay[whole], day[whole])


# ---- the circuit ---------------------------------------------------------------------------------------------


def balances(shares: Floats) -> Floats:
    """Coefficients of the assays in the balance of each node per tonne of its feed, (hours, nodes, streams)."""
    first, second, third = shares.T
    at = {name: k for k, name in enumerate(STREAMS)}
    rows = np.zeros((len(shares), len(NODES), len(STREAMS)))
    banks = (
        ("feed", "rougher_conc", "rougher_tail"),
        ("rougher_conc", "primary_conc", "primary_tail"),
        ("primary_conc", "final_conc", "secondary_tail"),
    )
    for k, ((feed, conc, tail), share) in enumerate(zip(banks, shares.T, strict=True)):
        rows[:, k, at[feed]], rows[:, k, at[conc]], rows[:, k, at[tail]] = 1.0, -share, share - 1
    tailings = 1 - first * second * third
    rows[:, 3, at["final_tail"]] = 1.0
    rows[:, 3, at["rougher_tail"]] = (first - 1) / tailings
    rows[:, 3, at["primary_tail"]] = first * (second - 1) / tailings
    rows[:, 3, at["secondary_tail"]] = first * second * (third - 1) / tailings
    return rows


def residuals(assay: Floats, shares: Floats, nodes: Sequence[int], sd_rel: float = SD_REL) -> Floats:
    """Imbalances in independent standard deviations, (hours, metals x nodes)."""
    rows = balances(shares)[:, list(nodes)]
    off = np.einsum("tks,tsm->tmk", rows, assay)
    covariance = np.einsum("tks,tsm,tls->tmkl", rows, (sd_rel * assay) ** 2, rows)
    white = np.linalg.solve(np.linalg.cholesky(covariance), off[..., None])[..., 0]
    return np.asarray(white.reshape(len(assay), -1))


def fit(hours: Hours, effects: Floats | None = None, nodes: Sequence[int] = (0, 1, 2, 3), like: Fit | None = None) -> Fit:
    """Solve all hours with common factors on some assays.

    Parameters
    ----------
    effects
        Shape (unknowns, streams, metals): 1 where an unknown factor acts.
    nodes
        Nodes whose balances count.
    like
        A fit whose shares to begin with.
    """
    effects = np.zeros((0, len(STREAMS), len(METALS))) if effects is None else effects
    state = np.full((len(hours.assay_pct), 3), 0.0) if like is None else _logit(like.shares)
    bias, damping = np.zeros(len(effects)), 1e-3

    def at(state: Floats, bias: Floats) -> Floats:
        factor = 1 + np.tensordot(bias, effects, axes=1) if len(bias) else 1.0
        return residuals(hours.assay_pct / factor, 1 / (1 + np.exp(-state)), nodes)

    found = at(state, bias)
    for _ in range(_ROUNDS):
        own = np.stack([(at(state + h, bias) - at(state - h, bias)) / (2 * _STEP) for h in _STEP * np.eye(3)], axis=-1)
        common = [(at(state, bias + h) - at(state, bias - h)) / (2 * _STEP) for h in _STEP * np.eye(len(bias))]
        shared = np.stack(common, axis=-1) if common else np.zeros((*found.shape, 0))
        inner = np.einsum("tij,tik->tjk", own, own)
        cross = np.einsum("tij,tik->tjk", own, shared)
        pull, pull_shared = np.einsum("tij,ti->tj", own, found), np.einsum("tij,ti->tj", shared, found)
        now = float((found**2).sum())
        for _ in range(12):
            damped = inner + damping * (inner * np.eye(3) + 1e-3 * np.eye(3))
            gain = np.linalg.solve(damped, cross)
            curvature = np.einsum("tij,tik->jk", shared, shared) - np.einsum("tji,tjk->ik", cross, gain)
            scores = pull_shared - np.einsum("tji,tj->ti", gain, pull)
            move = -np.linalg.solve(curvature * (1 + damping), scores.sum(axis=0)) if len(bias) else bias
            step = -np.linalg.solve(damped, (pull + cross @ move)[..., None])[..., 0]
            trial = np.clip(state + np.clip(step, -1, 1), -_EDGE, _EDGE)
            then = at(trial, np.clip(bias + move, -0.9, 5.0))
            if (then**2).sum() <= now:
                break
            damping = min(damping * 6, 1e8)
        else:
            break
        if len(bias) == 0:  # each hour stands alone: it keeps its own better point
            better = (then**2).sum(axis=1) <= (found**2).sum(axis=1)
            trial, then = np.where(better[:, None], trial, state), np.where(better[:, None], then, found)
        state, bias, found, damping = trial, np.clip(bias + move, -0.9, 5.0), then, damping / 4
        if now - float((found**2).sum()) < _SAME * now:
            break
    return Fit(1 / (1 + np.exp(-state)), (found**2).sum(axis=1), bias, scores, curvature)


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share / (1 - share)))
