"""Sensitivities: how any result answers to any feed or parameter, by extra cases in the same batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial

import numpy as np
import polars as pl

from zveno.errors import Fault, ModelError
from zveno.model.chain import ChainModel
from zveno.simulate.basis import Floats
from zveno.simulate.cases import BASE, Cases
from zveno.simulate.draws import known_of, uncertain
from zveno.simulate.keys import base_value, require_targets, with_common
from zveno.simulate.tabulated import CaseResults, refusal, tabulate
from zveno.tables import frame

Run = Callable[[Cases, Sequence[str]], CaseResults]
"""How cases are simulated: cases and names of results to results."""

STEP = 1e-3
"""Smaller step, relative to the value of a key; the larger one is twice as long."""
SD_STEP = 1e-2
"""The same relative to the standard deviation, for a key that is 0."""
KINK = 1e-2
"""How far left and right derivative may differ, relative to the larger, before it is called a kink."""
NOISE = 1e-10
"""Relative round-off of a result, such as a loop leaves that has settled to 1e-11."""


_SIDES = ((-2, -1), (1, 2))


@dataclass(frozen=True)
class Steps:
    """Steps of one key: where it stands, how far it goes, and which ways are open."""

    key: str
    uom: str
    value: float
    length: float
    sd: float | None
    ways: tuple[int, ...] = (-2, -1, 1, 2)

    def case(self, way: int) -> str:
        """Name of the case of one step."""
        return f"{self.key} {way:+d}"


@dataclass(frozen=True)
class Slope:
    """Derivatives of results (R): the best there is, its error, and those to either side (NaN where closed)."""

    derivative: Floats
    error: Floats
    left: Floats
    right: Floats
    kink: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Sensitivities:
    """Derivatives of results by keys.

    Parameters
    ----------
    results
        Results of the description (first row) and of every step.
    steps
        Keys with their steps.
    left_out
        Key -> why it cannot be changed by itself, such as a share of a whole.
    """

    results: CaseResults
    steps: tuple[Steps, ...]
    left_out: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)

    @cached_property
    def slopes(self) -> dict[str, Slope]:
        """Slopes of all results by key."""
        row = {name: n for n, name in enumerate(self.results.cases.names)}
        values = self.results.values
        return {
            one.key: _slope(one, values[0], {way: values[row[one.case(way)]] for way in one.ways}) for one in self.steps
        }

    @cached_property
    def sensitivities(self) -> pl.DataFrame:
        """Table ``sensitivities``: for each result the keys, those of the largest effect first.

        The effect is that of one standard deviation more of the key, where the description states one, else of 1 %
        more; at a kink it follows from the derivative to the right.
        Shares of the variance are of first order: keys without a standard deviation, correlations and curvature are
        left out.
        """
        rows = list(self._rows())
        place = {name: n for n, name in enumerate(self.results.results)}
        rows.sort(key=lambda row: (place[str(row["result"])], -_size(row["effect"])))
        return frame("sensitivities", rows)

    def derivative(self, result: str, key: str) -> float:
        """Derivative of one result by one key."""
        return float(self.slopes[key].derivative[self.results.results.index(result)])

    def first_order_sd(self, result: str) -> float:
        """Standard deviation of a result that follows from those of the keys, to first order."""
        return float(np.sqrt(self._variances()[:, self.results.results.index(result)].sum()))

    def _variances(self) -> Floats:
        """Variance of each result (R) that is due to each key (K), shape (K, R)."""
        each = [(self.slopes[one.key].derivative * (one.sd or 0.0)) ** 2 for one in self.steps]
        return np.reshape(each, (len(self.steps), len(self.results.results)))

    def _rows(self) -> Iterator[dict[str, object]]:
        """Rows of the table, in the order of keys."""
        variances = self._variances()
        totals = variances.sum(axis=0)
        for k, one in enumerate(self.steps):
            slope = self.slopes[one.key]
            for n, result in enumerate(self.results.results):
                value, derivative = float(self.results.values[0, n]), float(slope.derivative[n])
                whole = float(totals[n])
                by = one.sd if one.sd is not None else abs(one.value) / 100
                yield {
                    "result": result,
                    "key": one.key,
                    "result_value": _known(value),
                    "result_uom": self.results.uoms[n],
                    "key_value": one.value,
                    "key_uom": one.uom,
                    "derivative": _known(derivative),
                    "derivative_error": _known(float(slope.error[n])),
                    "elasticity": _known(derivative * one.value / value) if value and one.value else None,
                    "left": _known(slope.left[n]),
                    "right": _known(slope.right[n]),
                    "kink": bool(slope.kink[n]),
                    "key_sd": one.sd,
                    "effect": _known(by * (float(slope.right[n]) if slope.kink[n] else derivative)),
                    "effect_per": "%" if one.sd is None else "sd",
                    "variance_frac": None if one.sd is None or not whole else _known(float(variances[k, n]) / whole),
                }


def sensitivities(
    model: ChainModel,
    results: Sequence[str],
    keys: Sequence[str] | None = None,
    *,
    common: Mapping[str, float] | None = None,
    day: date | None = None,
    run: Run | None = None,
) -> Sensitivities:
    """Derivatives of results by feeds and parameters.

    Each key makes four cases: one and two steps down and up, a step being 0.1 % of its value. The derivative is the
    central difference, extrapolated from both sizes of step; its error is by how much extrapolation changed it, and
    what round-off allows. Where left and right differ by more than 1 % there is a kink; the derivative is then the
    mean of both, and its error half their difference. Where a step to one side is refused (a share above 1), the
    other side is used alone; where both are, the key is listed as left out.

    Parameters
    ----------
    results
        Names of results, see ``zveno.simulate.results``.
    keys
        What is changed, as scenarios set it. None: all figures that state their uncertainty.
    common
        What is set in all cases, by key.
    day
        Date on which dated figures are read.
    run
        How cases are simulated, if not in one batch.

    Raises
    ------
    ModelError
        If a key cannot be set or has no value, or the description itself cannot be simulated.
    DataError
        If a result is not known.

    References
    ----------
    Richardson (1911), Phil. Trans. R. Soc. A 210, 307-357, for the extrapolation; JCGM 100:2008 (GUM), 5.1.2, for
    variances to first order.
    """
    known = uncertain(model, day)
    asked = tuple(dict.fromkeys(known if keys is None else keys))
    if not asked:
        raise ModelError("no figure states its uncertainty: name the keys whose effect is wanted")
    fixed = dict(common or {})
    planned = [_steps(model, one, fixed, day) for one in asked]
    refused = refusal(model, with_common(model, Cases((BASE,)), fixed), day)
    if refused:
        raise refused
    planned = _opened(model, planned, fixed, day)
    open_ = tuple(one for one in planned if one.ways)
    left_out = {one.key: _reason(model, one, fixed, day) for one in planned if not one.ways}
    found = (run or partial(_at_once, model, day))(_cases(model, open_, fixed), results)
    return Sensitivities(found, open_, left_out)


def _at_once(model: ChainModel, day: date | None, cases: Cases, results: Sequence[str]) -> CaseResults:
    """All cases in one batch."""
    return tabulate(model, cases, results, day=day)


def _steps(model: ChainModel, key: str, common: Mapping[str, float], day: date | None) -> Steps:
    """Steps of a key, all ways open."""
    value = base_value(model, key, day, common)
    known = known_of(model, key, day)
    sd = None if known is None else known.sd
    return Steps(
        key=key,
        uom=require_targets(model, key)[0].uom(model),
        value=value,
        length=STEP * abs(value) if value else SD_STEP * (sd or 1.0),
        sd=sd,
    )


def _cases(model: ChainModel, steps: Sequence[Steps], common: Mapping[str, float]) -> Cases:
    """The description and every open step of every key."""
    names, rows = [BASE], [(-1, 0.0)]
    for n, one in enumerate(steps):
        names += [one.case(way) for way in one.ways]
        rows += [(n, one.value + way * one.length) for way in one.ways]
    values = {}
    for n, one in enumerate(steps):
        values[one.key] = np.array([value if owner == n else np.nan for owner, value in rows])
    return with_common(model, Cases(tuple(names), values), common)


def _opened(model: ChainModel, steps: list[Steps], common: Mapping[str, float], day: date | None) -> list[Steps]:
    """Steps of keys as far as the description allows them; keys that all may move are tried together."""
    if not steps or not refusal(model, _cases(model, steps, common), day):
        return steps
    if len(steps) > 1:
        half = len(steps) // 2
        return [*_opened(model, steps[:half], common, day), *_opened(model, steps[half:], common, day)]
    sides = [side for side in _SIDES if not refusal(model, _cases(model, [_only(steps[0], side)], common), day)]
    return [_only(steps[0], tuple(way for side in sides for way in side))]


def _only(steps: Steps, ways: tuple[int, ...]) -> Steps:
    """The same key with some ways only."""
    return Steps(steps.key, steps.uom, steps.value, steps.length, steps.sd, ways)


def _reason(model: ChainModel, steps: Steps, common: Mapping[str, float], day: date | None) -> tuple[Fault, ...]:
    """Why a key cannot be changed by itself."""
    refused = refusal(model, _cases(model, [_only(steps, _SIDES[1])], common), day)
    return refused.faults if refused else ()


def _slope(steps: Steps, base: Floats, at: Mapping[int, Floats]) -> Slope:
    """Derivatives from the results of the steps (way -> (R,)) and of the description (R,)."""
    h = steps.length
    nothing = np.full(base.shape, np.nan)
    side = {
        sign: (4 * at[sign] - at[2 * sign] - 3 * base) / (2 * h * sign) if sign in at else nothing for sign in (-1, 1)
    }
    noise = NOISE * np.abs(base) / h
    if len(at) < 4:
        sign = 1 if 1 in at else -1
        error = np.abs(side[sign] - (at[sign] - base) / (h * sign)) + 4 * noise
        return Slope(side[sign], error, side[-1], side[1], np.zeros(base.shape, dtype=bool))
    near, far = (at[1] - at[-1]) / (2 * h), (at[2] - at[-2]) / (4 * h)
    best = (4 * near - far) / 3
    gap = np.abs(side[1] - side[-1])
    kink = gap > KINK * np.maximum(np.abs(side[1]), np.abs(side[-1])) + 10 * noise
    error = np.where(kink, gap / 2, np.abs(best - near)) + noise
    return Slope(best, error, side[-1], side[1], kink)


def _size(effect: object) -> float:
    """How far an effect reaches; one without a value comes last."""
    return abs(effect) if isinstance(effect, float) else -1.0


def _known(value: float) -> float | None:
    """A number, or None where there is none."""
    return None if np.isnan(value) else float(value)
