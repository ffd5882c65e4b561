"""``python -m benchmarks.flotation_hours``: every figure of docs/explanation/flotation-plant.md, section by section.

The 800 hours of a working flotation plant, read in place (``../shared/data/flotation-plant/readings.csv``). Each hour
has three unknown shares of solids (what each bank gives to its concentrate) and 24 assays; four nodes balance three
metals, so nine surplus equations are left. An assay that reads wrong by the same share in all hours is one more unknown
for all of them. All hours are solved together: Levenberg-Marquardt, the shares of each hour eliminated from the common
unknowns.

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
_EDGE, _HOPELESS = 8.0, 1e8


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

    ``shares`` (hours, 3) are the solids that each bank gives to its concentrate, ``objective`` (hours,) the sum of
    squared standardised adjustments, ``bias`` (unknowns,) the common factors less 1, ``scores`` (hours, unknowns) what
    each hour pulls at them, ``information`` (unknowns, unknowns) their curvature.
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


@dataclass(frozen=True)
class _Point:
    """Where the search stands: logits of the shares, common factors less 1, and the residuals there."""

    logits: Floats
    bias: Floats
    off: Floats

    @property
    def total(self) -> float:
        """Sum of squares over all hours."""
        return float((self.off**2).sum())


@dataclass(frozen=True)
class _Problem:
    """Readings, where the common factors act, and the nodes whose balances count."""

    assay: Floats
    effects: Floats
    nodes: Sequence[int]

    def at(self, logits: Floats, bias: Floats) -> _Point:
        """Residuals of a point."""
        logits, bias = np.clip(logits, -_EDGE, _EDGE), np.clip(bias, -0.9, 5.0)
        factor = 1 + np.tensordot(bias, self.effects, axes=1)
        return _Point(logits, bias, residuals(self.assay / factor, 1 / (1 + np.exp(-logits)), self.nodes))

    def slopes(self, point: _Point) -> tuple[Floats, Floats]:
        """Slopes of the residuals by the hour's own logits and by the common factors."""
        own = [self.at(point.logits + h, point.bias).off - self.at(point.logits - h, point.bias).off
               for h in _STEP * np.eye(3)]  # fmt: skip
        common = [self.at(point.logits, point.bias + h).off - self.at(point.logits, point.bias - h).off
                  for h in _STEP * np.eye(len(point.bias))]  # fmt: skip
        shared = np.stack(common, axis=-1) / (2 * _STEP) if common else np.zeros((*point.off.shape, 0))
        return np.stack(own, axis=-1) / (2 * _STEP), shared


@dataclass(frozen=True)
class _Normal:
    """Normal equations of a point, the hours' own unknowns apart from the common ones."""

    inner: Floats
    cross: Floats
    outer: Floats
    pull: Floats
    pull_shared: Floats

    @classmethod
    def of(cls, off: Floats, own: Floats, shared: Floats) -> _Normal:
        """From residuals and slopes."""
        return cls(
            np.einsum("tij,tik->tjk", own, own), np.einsum("tij,tik->tjk", own, shared),
            np.einsum("tij,tik->jk", shared, shared), np.einsum("tij,ti->tj", own, off),
            np.einsum("tij,ti->tj", shared, off),
        )  # fmt: skip

    def eliminated(self, damping: float) -> tuple[Floats, Floats, Floats]:
        """Damped matrix of the hours, and curvature and scores of the common unknowns without them."""
        damped = self.inner + damping * (self.inner * np.eye(3) + 1e-3 * np.eye(3))
        gain = np.linalg.solve(damped, self.cross)
        curvature = self.outer - np.einsum("tji,tjk->ik", self.cross, gain)
        return damped, curvature, self.pull_shared - np.einsum("tji,tj->ti", gain, self.pull)

    def step(self, damping: float) -> tuple[Floats, Floats]:
        """Steps of the logits and of the common factors."""
        damped, curvature, scores = self.eliminated(damping)
        move = -np.linalg.solve(curvature * (1 + damping), scores.sum(axis=0)) if len(curvature) else np.zeros(0)
        logits = -np.linalg.solve(damped, (self.pull + self.cross @ move)[..., None])[..., 0]
        return np.clip(logits, -1, 1), move


def fit(
    hours: Hours, effects: Floats | None = None, nodes: Sequence[int] = (0, 1, 2, 3), like: Fit | None = None
) -> Fit:
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
    problem = _Problem(hours.assay_pct, effects, nodes)
    logits = np.zeros((len(hours.assay_pct), 3)) if like is None else _logit(like.shares)
    point, damping = problem.at(logits, np.zeros(len(effects))), 1e-3
    for _ in range(_ROUNDS):
        normal, before = _Normal.of(point.off, *problem.slopes(point)), point.total
        while damping < _HOPELESS:
            step, move = normal.step(damping)
            trial = problem.at(point.logits + step, point.bias + move)
            if trial.total <= before:
                break
            damping *= 6
        else:
            break
        point, damping = trial, damping / 4
        if before - point.total < _SAME * before:
            break
    _, curvature, scores = _Normal.of(point.off, *problem.slopes(point)).eliminated(0.0)
    return Fit(1 / (1 + np.exp(-point.logits)), (point.off**2).sum(axis=1), point.bias, scores, curvature)


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share / (1 - share)))


# ---- statistics ----------------------------------------------------------------------------------------------


def effect(stream: str, metals: Sequence[str] = METALS) -> Floats:
    """Where a factor common to a sample's metals acts, shape (streams, metals)."""
    found = np.zeros((len(STREAMS), len(METALS)))
    found[STREAMS.index(stream), [METALS.index(one) for one in metals]] = 1
    return found


def standardised(hours: Hours, found: Fit) -> Floats:
    """Adjustment of each assay in each hour in the maximum-power form, reading less balance, (hours, streams, metals).

    Tamhane & Mah (1985), Technometrics 27, 409-422. The shares of the hour are counted as unknown.
    """
    assay, shares = hours.assay_pct, found.shares
    rows = balances(shares)
    off = np.einsum("tks,tsm->tmk", rows, assay)
    n, metals, nodes = off.shape
    covariance = np.einsum("tks,tsm,tls->tmkl", rows, (SD_REL * assay) ** 2, rows)
    weight = np.zeros((n, metals * nodes, metals * nodes))
    for m in range(metals):
        part = slice(m * nodes, (m + 1) * nodes)
        weight[:, part, part] = np.linalg.inv(covariance[:, m])
    slopes = [
        np.einsum("tks,tsm->tmk", balances(shares + h) - balances(shares - h), assay).reshape(n, -1) / (2 * _STEP)
        for h in _STEP * np.eye(3)
    ]
    own = np.stack(slopes, axis=-1)
    inner = np.einsum("tij,tik,tkl->tjl", own, weight, own) + 1e-12 * np.eye(3)
    aside = weight @ own
    weight = weight - aside @ np.linalg.solve(inner, np.swapaxes(aside, 1, 2))
    pulled = np.einsum("tij,tj->ti", weight, off.reshape(n, -1)).reshape(n, metals, nodes)
    z = np.empty_like(assay)
    for m in range(metals):
        part = slice(m * nodes, (m + 1) * nodes)
        size = np.einsum("tks,tkl,tls->ts", rows, weight[:, part, part], rows)
        z[:, :, m] = np.einsum("tks,tk->ts", rows, pulled[:, m]) / np.sqrt(np.maximum(size, 1e-30))
    return z


def effective(series: Floats) -> float:
    """How many independent values say as much about the mean: n / (1 + 2 sum of autocorrelations).

    The sum ends with the first pair of lags whose sum is not positive (Geyer 1992, Stat. Sci. 7, 473-483). Gaps between
    the hours are passed over.
    """
    off = series - series.mean()
    n = len(off)
    whole = np.correlate(off, off, "full")[n - 1 :] / np.dot(off, off)
    pairs = whole[1 : n - 1 : 2] + whole[2:n:2][: len(whole[1 : n - 1 : 2])]
    stop = int(np.argmax(pairs <= 0)) if np.any(pairs <= 0) else len(pairs)
    return float(n / max(1 + 2 * pairs[:stop].sum(), 1.0))


def student(values: Floats) -> float:
    """Mean over its standard error, by the effective number of values."""
    return float(values.mean() / (values.std(ddof=1) / np.sqrt(effective(values))))


def by_day(hours: Hours, values: Floats) -> Floats:
    """Sums over the hours of each day."""
    return np.array([values[hours.day == one].sum() for one in np.unique(hours.day)])


def preferred(hours: Hours, one: Fit, other: Fit) -> tuple[float, int]:
    """Student's t of the daily difference of two fits (below 0: the first is better), and days in which the first is.

    Vuong (1989), Econometrica 57, 307-333, with the day in place of the single reading.
    """
    difference = by_day(hours, one.objective - other.objective)
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    return float(difference.mean() / error), int(np.sum(difference < 0))


def two_product(hours: Hours) -> Mapping[str, Floats]:
    """Share of solids to the concentrate of each bank by each metal alone, (hours, metals)."""
    at = {name: hours.assay_pct[:, k] for k, name in enumerate(STREAMS)}
    banks = {
        "rougher": ("feed", "rougher_conc", "rougher_tail"),
        "primary": ("rougher_conc", "primary_conc", "primary_tail"),
        "secondary": ("primary_conc", "final_conc", "secondary_tail"),
        "whole plant": ("feed", "final_conc", "final_tail"),
    }
    return {name: (at[f] - at[t]) / (at[c] - at[t]) for name, (f, c, t) in banks.items()}


def recoveries(hours: Hours) -> Floats:
    """Recovery of each metal in the whole plant by the two-product formula, (hours, metals)."""
    concentrate, feed = (hours.assay_pct[:, STREAMS.index(one)] for one in ("final_conc", "feed"))
    return two_product(hours)["whole plant"] * concentrate / feed


# ---- the door ------------------------------------------------------------------------------------------------


def _show_hours(hours: Hours, base: Fit) -> None:
    """Shares and recoveries by metal, imbalance, and the adjustments of each assay over all hours."""
    n = len(hours.assay_pct)
    print(f"{n} hours with all 24 assays, on {hours.days} days")
    for name, share in two_product(hours).items():
        quartiles = np.percentile(share, [25, 50, 75], axis=0).T
        words = "  ".join(f"{m} {q[1]:.3f} ({q[0]:.3f}-{q[2]:.3f})" for m, q in zip(METALS, quartiles, strict=True))
        print(f"solids to concentrate, {name:12} {words}")
    medians = np.median(recoveries(hours), axis=0)
    print("recovery, median of the hours:  " + "  ".join(f"{m} {v:.3f}" for m, v in zip(METALS, medians, strict=True)))
    print(f"objective an hour: mean {base.total / n:.1f}, median {np.median(base.objective):.1f}, 9 degrees of freedom")
    for nodes in ((0, 1, 2), (0, 1, 3)):
        part = fit(hours, nodes=nodes, like=base)
        words = " + ".join(NODES[k] for k in nodes)
        print(f"  {words}, 6 degrees of freedom: mean {part.total / n:.1f}, median {np.median(part.objective):.1f}")
    print(f"\n{'adjustments over all hours':28}{'mean z':>8}{'lag 1':>7}{'n eff':>7}{'t':>8}{'hours > 0':>11}")
    z = standardised(hours, base)
    for s, stream in enumerate(STREAMS):
        for m, metal in enumerate(METALS):
            one = z[:, s, m]
            lag = float(np.corrcoef(one[1:], one[:-1])[0, 1])
            name = f"{stream} {metal}"
            words = f"{one.mean():8.2f}{lag:7.2f}{effective(one):7.0f}{student(one):8.1f}{np.mean(one > 0):11.2f}"
            print(f"{name:28}{words}")


def _show_factors(hours: Hours, base: Fit) -> dict[tuple[str, tuple[str, ...]], Fit]:
    """One common factor at a time, and which of the best cannot be told apart."""
    n = len(hours.assay_pct)
    asked = [(stream, metals) for stream in STREAMS for metals in (("Au",), ("Ag",), ("Pb",), METALS)]
    found = {one: fit(hours, effect(*one)[None], like=base) for one in asked}
    ranked = sorted(found, key=lambda one: found[one].total)
    best = {alone: next(one for one in ranked if (len(one[1]) == 1) == alone) for alone in (True, False)}
    heads = ("one factor in all hours", "objective", "reads, %", "+/- 95 %", "t to best", "days")
    print("\n{:28}{:>10}{:>10}{:>9}{:>11}{:>6}".format(*heads))
    for one in ranked:
        t, days = preferred(hours, found[one], found[best[len(one[1]) == 1]]) if one not in best.values() else (0.0, 0)
        sd = found[one].bias_sd(hours.day)[0]
        name = f"{one[0]} {'+'.join(one[1])}"
        print(f"{name:28}{found[one].total / n:10.1f}{100 * found[one].bias[0]:10.1f}{196 * sd:9.1f}{t:11.2f}{days:6}")
    return found


def main() -> int:
    """Print every figure; 1 where the readings are not there."""
    if not READINGS.is_file():
        print(f"the readings are not there: {READINGS}")
        return 1
    hours = read_hours()
    base = fit(hours)
    _show_hours(hours, base)
    found = _show_factors(hours, base)
    pairs = combinations([("final_tail", METALS), ("rougher_tail", METALS), ("final_tail", ("Ag",)),
                          ("rougher_tail", ("Ag",)), ("rougher_conc", ("Pb",))], 2)  # fmt: skip
    print("\nare two factors told apart? (t of daily differences; days in which the first is better)")
    for one, other in pairs:
        t, days = preferred(hours, found[one], found[other])
        names = [f"{k[0]} {'+'.join(k[1])}" for k in (one, other)]
        print(f"  {names[0]:26}{names[1]:26}{t:7.2f}{days:4} of {hours.days}")
    for stream in ("final_tail", "rougher_tail"):
        each = fit(hours, np.stack([effect(stream, (metal,)) for metal in METALS]), like=base)
        sd = each.bias_sd(hours.day)
        words = "  ".join(f"{m} {100 * b:.1f} +/- {196 * s:.1f}" for m, b, s in zip(METALS, each.bias, sd, strict=True))
        print(f"{stream}, a factor for each metal, %: {words}; objective {each.total / len(hours.assay_pct):.1f}")
    several = (("final_tail", ("Ag",)), ("rougher_conc", ("Pb",)), ("secondary_tail", ("Au",)))
    three = fit(hours, np.stack([effect(*one) for one in several]), like=base)
    words = "  ".join(f"{k[0]} {k[1][0]} {100 * b:.1f}" for k, b in zip(several, three.bias, strict=True))
    print(f"three factors at once, %: {words}; objective {three.total / len(hours.assay_pct):.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
