"""Rulebooks by chance: every kind with every manner of timing, gates, exceptions, dated numbers and versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from tests.unit.rules.small_plant import TEXTS, at, model, rule, version

from zveno.model.chain import ChainModel
from zveno.rules.build import microseconds

MINUTE = 60_000_000
START = microseconds(at("07 18:00"))  # versions change at midnight of plant time, days of sums at midnight of UTC
_LEVELS = (10.2, 10.8, 11.0, 11.2, 11.3, 11.45, 11.6, 12.0)
_TAGS = (("line1.ph", 1), ("line2.ph", 2), ("line1.pump", 5), ("line2.pump", 7), ("line1.power", 5), ("moisture", 10))
_EXPRESSIONS = ("a / b", "a - b", "(a - b) ** 2 - 0.3", "abs(a - b)", "sqrt(a - 11) + b / (a - 11.3)", "ln(a / b) * 5",
                "hours(a - b)", "exp(a - b) - 1")  # fmt: skip

Draw = np.random.Generator


def random_plant(rng: Draw, rules: int = 6) -> ChainModel:
    """The small plant with a rulebook by chance."""
    number = rule(
        *(version(n, start, end, value=float(rng.choice([11.3, 11.4, 11.5])))
          for n, start, end in ((1, "2026-01-01", "2026-03-08"), (2, "2026-03-08", None))),
        id="LAW", kind="parameter", tag=[],
    )  # fmt: skip
    return model(number, *(_rule(rng, n) for n in range(rules)))


def random_readings(rng: Draw, hours: float = 12) -> pl.DataFrame:
    """Values and switches in clumps: some bad, null, infinite, told twice or lost, at uneven moments."""
    return pl.concat([_readings(rng, f"conc.{tag}", every, hours) for tag, every in _TAGS])


def _readings(rng: Draw, tag: str, every: int, hours: float) -> pl.DataFrame:
    minutes = np.arange(0, hours * 60, every).astype(float)
    n = len(minutes)
    minutes += rng.random(n) * 0.8 if rng.random() < 0.5 else 0
    clump = np.cumsum(rng.random(n) < rng.choice([0.05, 0.12, 0.5]))
    if tag.endswith("ph"):
        value = rng.choice(_LEVELS, clump[-1] + 1)[clump] + (rng.normal(0, 0.05, n) if rng.random() < 0.7 else 0)
    else:
        value = rng.choice([0.0, 1.0, 1.0, 3.0, 4.0] if "power" in tag else [0.0, 1.0, 1.0], clump[-1] + 1)[clump]
    lost = (rng.random(n) < 0.05) | (
        rng.choice([False, False, False, True], clump[-1] + 1)[clump] & (rng.random() < 0.4)
    )
    odd = rng.random(n)
    table = pl.DataFrame(
        {
            "tag": [tag] * n,
            "ts": START + np.round(minutes * MINUTE).astype(np.int64),
            "value": np.where(odd < 0.01, np.inf, np.where(odd < 0.02, np.nan, value)),
            "quality": (rng.random(n) < 0.05).astype(np.int8),
        }
    ).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")), pl.col("value").replace(12.0, None))
    table = table.filter(~pl.Series(lost))
    again = table.filter(pl.Series(rng.random(table.height) < 0.02))
    return pl.concat([table, again.with_columns(pl.col("value") + rng.choice([0.0, 0.5]))])


def _some(rng: Draw, chance: float, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return make() if rng.random() < chance else {}


def _timing(rng: Draw) -> dict[str, Any]:
    return {
        **_some(rng, 0.4, lambda: {"off_delay_min": float(rng.choice([0.5, 3, 9]))}),
        **_some(rng, 0.4, lambda: {"merge_gap_min": float(rng.choice([2, 7, 30]))}),
    }


def _delay(rng: Draw, name: str = "on_delay_min") -> dict[str, Any]:
    return _some(rng, 0.6, lambda: {name: float(rng.choice([0.5, 2, 5]))})


def _levels(rng: Draw) -> dict[str, Any]:
    low, high = sorted(rng.choice([10.5, 10.9, 11.1, 11.3, 11.4, 11.5], 2, replace=False).tolist())
    return [{"high": high}, {"low": low}, {"low": low, "high": high}, {"high": "LAW"}][rng.integers(4)]


def _plain_levels(rng: Draw) -> dict[str, Any]:
    low, high = sorted(rng.choice([10.5, 10.9, 11.1, 11.3, 11.5], 2, replace=False).tolist())
    return [{"high": high}, {"low": low}, {"low": low, "high": high}][rng.integers(3)]


def _window(rng: Draw) -> dict[str, Any]:
    return {"window_min": float(rng.choice([7, 20, 45, 200]))}


def _band(rng: Draw) -> dict[str, Any]:
    return _some(rng, 0.4, lambda: {"deadband": 0.1})


def _mean(rng: Draw) -> dict[str, Any]:
    span = _window(rng) if rng.random() < 0.7 else {"window_lot": int(rng.choice([1, 3, 8]))}
    least = _some(rng, 0.3, lambda: {"least_pct": 80.0})
    return {**_levels(rng), **span, **least, **_band(rng), **_delay(rng), **_timing(rng)}


def _sustained(rng: Draw) -> dict[str, Any]:
    return {
        "high": 11.4, **_some(rng, 0.5, lambda: {"clear_below": 11.1}), "hold_min": float(rng.choice([0, 3, 8])),
        **_some(rng, 0.4, lambda: {"min_readings": int(rng.integers(2, 5))}), **_timing(rng),
    }  # fmt: skip


def _rate(rng: Draw) -> dict[str, Any]:
    sides = [{"max_per_h": 5.0}, {"max_fall_per_h": 4.0}, {"max_per_h": 5.0, "max_fall_per_h": 5.0}][rng.integers(3)]
    return {**sides, **_window(rng), **_delay(rng), **_timing(rng)}


def _cross(rng: Draw) -> dict[str, Any]:
    low, high = sorted(rng.choice([-0.5, 0.1, 0.4, 1.0, 1.05], 2, replace=False).tolist())
    sides = {"low": low, "high": high} if rng.random() < 0.5 else {"high": high}
    return {"expr": str(rng.choice(_EXPRESSIONS)), **sides, **_delay(rng, "hold_min"), **_timing(rng)}


_LINE: dict[str, Any] = {"tag": "conc.line*.ph"}
_PAIR: dict[str, Any] = {"tag": ["conc.line1.ph", "conc.line2.ph"]}
_KINDS: dict[str, tuple[dict[str, Any], Callable[[Draw], dict[str, Any]]]] = {
    "limit": (_LINE, lambda rng: {**_levels(rng), **_delay(rng), **_band(rng), **_timing(rng)}),
    "sustained": (_LINE, _sustained),
    "deadband": (_PAIR, lambda rng: {"band": 0.4, **_some(rng, 0.5, lambda: {"return_band": 0.3}), **_delay(rng),
                                     **_timing(rng)}),
    "rate": (_LINE, _rate),
    "window_mean": (_LINE, _mean),
    "cumulative_time": (_LINE, lambda rng: {**_plain_levels(rng), "most_min": float(rng.choice([0, 2, 6])),
                                            **_window(rng), **_timing(rng)}),
    "count": (_LINE, lambda rng: {**_plain_levels(rng), "most": int(rng.integers(0, 4)), **_window(rng), **_timing(rng)}),
    "cross_tag": ({**_PAIR, "uom": "-"}, _cross),
    "no_data": (_LINE, lambda rng: {"gap_min": float(rng.choice([2, 4, 9])),
                                    **_some(rng, 0.4, lambda: {"merge_gap_min": 10.0})}),
    "checklist": ({"tag": "conc.line1.pump", "uom": "-"}, lambda rng: {"every": str(rng.choice(["PT30M", "PT2H"])),
                                                                       "items": ["one"]}),
    "checklist before": ({"tag": ["conc.line1.pump", "conc.line2.pump"], "uom": "-"},
                         lambda _: {"before": "start", "items": ["one"], "valid_min": 60.0, "same_min": 8.0}),
}  # fmt: skip
_EXCEPT = ("limit", "sustained", "rate", "window_mean", "cross_tag")
_STATES: tuple[dict[str, Any], ...] = (
    {"tag": "conc.line*.pump", "above": 0.5}, {"tag": "conc.line1.power", "equals": 3.0},
    {"tag": "conc.line*.power", "below": 3.5}, {"tag": "conc.moisture", "above": 0.5},
)  # fmt: skip


def _exceptions(rng: Draw, kind: str, params: dict[str, Any]) -> dict[str, Any]:
    """Up to two states, each with another upper level."""
    if kind not in _EXCEPT or rng.random() < 0.5:
        return {}
    name = "max_per_h" if kind == "rate" else "high"
    if name in params and params.get("low") is None:
        levels = [3.0, 8.0] if kind == "rate" else [0.8, 1.2] if kind == "cross_tag" else [11.45, 11.7]
        states = rng.choice(len(_STATES), int(rng.integers(1, 3)), replace=False).tolist()
        return {
            "exceptions": [
                {"when": _STATES[n], "params": {name: levels[place]}, "why": TEXTS} for place, n in enumerate(states)
            ]
        }
    return {}


def _rule(rng: Draw, number: int) -> dict[str, Any]:
    """A rule of a kind by chance, in one version or two."""
    name = str(rng.choice(list(_KINDS)))
    kind = name.split(maxsplit=1)[0]
    fields, make = _KINDS[name]
    gate = _some(rng, 0.4, lambda: {"gate": str(rng.choice(["pumping", "grinding"]))})
    params = make(rng)
    first = {**params, **_exceptions(rng, kind, params)}
    if rng.random() < 0.5:
        versions = [version(1, **first)]
    else:
        later = make(rng)
        versions = [
            version(1, end="2026-03-08", **first),
            version(2, start="2026-03-08", **later, **_exceptions(rng, kind, later)),
        ]
    return rule(*versions, id=f"R-{number}", kind=kind, **{**fields, **gate})
