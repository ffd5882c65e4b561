"""Every kind of rule: declared parameters, a passing case, a breaching one, one with missing data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from zveno.rules.build import Binding, Key
from zveno.rules.kinds import RULE_KINDS
from zveno.rules.runs import FOREVER
from zveno.rules.signals import Signal
from zveno.rules.solve import check_tag

MINUTE = 60_000_000
NAN = float("nan")


@dataclass(frozen=True)
class Case:
    """Parameters, and values of one minute each.

    The breaching ones come with the minutes of their episodes, those with missing data with start, end and known
    minutes. ``other`` is what a second signal reads all the time.
    """

    params: dict[str, Any]
    passing: list[float] = field(default_factory=list)
    breaching: list[float] = field(default_factory=list)
    episodes: list[tuple[int, int]] = field(default_factory=list)
    missing: list[float] = field(default_factory=list)
    suspended: list[tuple[int, int, int]] = field(default_factory=list)
    other: float | None = None


CASES = {
    "limit": Case(
        {"low": 1.0, "high": 2.0, "on_delay_min": 3.0},
        passing=[1.5, 2.5, 2.5, 1.0, 2.0, 0.5, 1.5],
        breaching=[1.5, 2.5, 2.6, 2.5, 1.5, 0.5, 0.5, 0.5, 1.5],
        episodes=[(1, 4), (5, 8)],
        missing=[1.5, 2.5, 2.5, *[NAN] * 60, 2.5, 1.5],
        suspended=[(1, 64, 3)],
    ),
    "sustained": Case(
        {"high": 2.0, "hold_min": 4.0, "clear_below": 1.5},
        passing=[1.5, 2.5, 2.5, 2.5, 1.9, 2.5, 1.0],
        breaching=[1.0, 2.5, 2.5, 2.5, 2.5, 1.9, 2.1, 1.5, 1.4, 2.5],
        episodes=[(1, 8)],
        missing=[1.0, 2.5, 2.5, *[NAN] * 60, 2.5, 2.5, 1.9, 1.4],
        suspended=[(1, 66, 5)],
    ),
    "deadband": Case(
        {"band": 1.0},
        passing=[1.0, 2.0, 0.0, 1.0],
        breaching=[1.0, 2.5, 2.6, 1.0, -0.5, 0.0],
        episodes=[(1, 3), (4, 5)],
        missing=[1.0, 2.5, NAN, NAN, 1.0],
        suspended=[(1, 4, 1)],
        other=1.0,
    ),
    "rate": Case(
        {"max_per_h": 60.0, "window_min": 2.0},
        passing=[0, 1, 2, 3, 4, 0, 0],
        breaching=[0, 0, 0, 3, 6, 6, 6],
        episodes=[(3, 6)],
        missing=[0, 0, NAN, 3, NAN, 3],
        suspended=[(3, 5, 1)],
    ),
    "window_mean": Case(
        {"high": 2.0, "window_min": 3.0},
        passing=[1, 1, 3, 2, 1],
        breaching=[1, 1, 4, 4, 1, 1, 1],
        episodes=[(3, 5)],
        missing=[1, 1, 4, 4, NAN, NAN, NAN, 1, 1],
        suspended=[(3, 8, 1)],
    ),
    "cumulative_time": Case(
        {"high": 2.0, "most_min": 2.0, "window_min": 5.0},
        passing=[1, 3, 3, 1, 1, 1, 1],
        breaching=[1, 3, 3, 3, 1, 1, 1, 1, 1],
        episodes=[(4, 7)],
        missing=[1, 3, 3, NAN, 3, 1, 1, 1, 1, 1],
        suspended=[(5, 7, 2)],
    ),
    "count": Case(
        {"high": 2.0, "most": 1, "window_min": 6.0},
        passing=[1, 3, 1, 1, 1, 1, 1, 1, 3, 1],
        breaching=[1, 3, 1, 3, 1, 1, 1, 1, 1],
        episodes=[(3, 7)],
        missing=[1, 3, NAN, 3, 1, 3, 1, 1, 1, 1],
        suspended=[(5, 7, 2)],
    ),
    "cross_tag": Case(
        {"expr": "a / b", "high": 1.0},
        passing=[2, 2, 1],
        breaching=[1, 3, 3, 1],
        episodes=[(1, 3)],
        missing=[1, 3, NAN, 1],
        suspended=[(1, 3, 1)],
        other=2.0,
    ),
    "no_data": Case(
        {"gap_min": 3.0},
        passing=[1, NAN, NAN, 1, 1],
        breaching=[1, NAN, NAN, NAN, 1, 1],
        episodes=[(0, 4)],
        missing=[1, NAN, NAN, NAN, NAN, 1, NAN, NAN, 1],
        suspended=[(0, 5, 5)],
    ),
    "checklist": Case(
        {"every": "PT5M", "items": ["dry", "warm"]},
        passing=[2, 0, 1, 0, 0, 2, 0],
        breaching=[2, 0, 0, 1, 0, 0, 0, 2],
        episodes=[(5, 7)],
        missing=[2, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 2],
        suspended=[(5, 8, 3)],
    ),
    "parameter": Case({"value": 12.0}),
}
JUDGED = [kind for kind, case in CASES.items() if case.breaching]


def episodes(kind: str, values: list[float]) -> list[tuple[int, int, int]]:
    """Start, end and known minutes of the episodes that end within the values."""
    value = np.array(values, dtype=float)
    ts = np.arange(len(values)) * MINUTE
    case, params = CASES[kind], RULE_KINDS[kind].model_validate(CASES[kind].params)
    signals = {"t": Signal.of(ts, value, ~np.isnan(value))}
    others: tuple[tuple[str, int], ...] = ()
    if case.other is not None:
        signals["o"] = Signal.of(ts, np.full(len(ts), case.other), np.ones(len(ts), bool))
        others = (("o", 3 * MINUTE),)
    bindings = [
        Binding(Key("R", 1, "t", line.side), line, 0, FOREVER, 3 * MINUTE, None, (), params, others)
        for line in params.lines()
    ]
    found, _ = check_tag(signals["t"], bindings, signals, {})
    columns = [(one.spans.start, one.spans.end, one.spans.known) for one in found]
    return sorted(row for one in columns for row in zip(*((each // MINUTE).tolist() for each in one), strict=True))


def test_every_kind_has_its_cases() -> None:
    assert set(CASES) == set(RULE_KINDS)
    assert set(JUDGED) == set(RULE_KINDS) - {"parameter"}


@pytest.mark.parametrize("kind", JUDGED)
def test_passing(kind: str) -> None:
    assert episodes(kind, CASES[kind].passing) == []


@pytest.mark.parametrize("kind", JUDGED)
def test_breaching(kind: str) -> None:
    assert [one[:2] for one in episodes(kind, CASES[kind].breaching)] == CASES[kind].episodes


@pytest.mark.parametrize("kind", JUDGED)
def test_missing_data_suspends_an_episode_and_its_known_time_is_told(kind: str) -> None:
    assert episodes(kind, CASES[kind].missing) == CASES[kind].suspended


@pytest.mark.parametrize("kind", JUDGED)
def test_without_any_data_nothing_is_told(kind: str) -> None:
    assert episodes(kind, [NAN] * 20) == []


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_every_parameter_declares_what_it_means_and_its_unit(kind: str) -> None:
    parameters = RULE_KINDS[kind]
    assert parameters.__doc__
    for name, declared in parameters.model_json_schema()["properties"].items():
        assert declared["description"], name
        assert declared["uom"] in {"of the rule", "of the rule, as a difference", "min", "-", "%", "text"}
        assert (declared["uom"] == "min") == name.endswith("_min")
    named = [parameters.levels(), parameters.tables(), parameters.differences()]
    assert frozenset().union(*named) <= set(parameters.model_fields)
    assert sum(map(len, named)) == len(frozenset().union(*named))


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_parameters_survive_their_own_schema(kind: str) -> None:
    made = RULE_KINDS[kind].model_validate(CASES[kind].params)
    made.require_sense()
    assert RULE_KINDS[kind].model_validate(made.model_dump()) == made
