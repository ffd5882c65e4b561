"""Every kind of rule: declared parameters, a passing case, a breaching one, one with missing data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from zveno.rules.build import FOREVER, Binding, Key
from zveno.rules.kinds import RULE_KINDS
from zveno.rules.signals import Signal
from zveno.rules.solve import check_tag

MINUTE = 60_000_000
NAN = float("nan")


@dataclass(frozen=True)
class Case:
    """Parameters, and values of one minute each; the breaching ones with the minutes of their episodes."""

    params: dict[str, Any]
    passing: list[float]
    breaching: list[float]
    episodes: list[tuple[int, int]]


CASES = {
    "limit": Case(
        {"low": 1.0, "high": 2.0, "on_delay_min": 3.0},
        passing=[1.5, 2.5, 2.5, 1.0, 2.0, 0.5, 1.5],
        breaching=[1.5, 2.5, 2.6, 2.5, 1.5, 0.5, 0.5, 0.5, 1.5],
        episodes=[(1, 4), (5, 8)],
    ),
    "sustained": Case(
        {"high": 2.0, "hold_min": 4.0, "clear_below": 1.5},
        passing=[1.5, 2.5, 2.5, 2.5, 1.9, 2.5, 1.0],
        breaching=[1.0, 2.5, 2.5, 2.5, 2.5, 1.9, 2.1, 1.5, 1.4, 2.5],
        episodes=[(1, 8)],
    ),
}


def episodes(kind: str, values: list[float]) -> list[tuple[int, int, int]]:
    """Start, end and known minutes of the episodes that end within the values."""
    value = np.array(values)
    signal = Signal.of(np.arange(len(values)) * MINUTE, value, ~np.isnan(value))
    lines = RULE_KINDS[kind].model_validate(CASES[kind].params).lines()
    bindings = [Binding(Key("R", 1, "t", line.side), line, 0, FOREVER, 3 * MINUTE, None, ()) for line in lines]
    found, _ = check_tag(signal, bindings, {"t": signal}, {})
    columns = [(one.spans.start, one.spans.end, one.spans.known) for one in found]
    return sorted(row for one in columns for row in zip(*((each // MINUTE).tolist() for each in one), strict=True))


def test_every_kind_has_its_cases() -> None:
    assert set(CASES) == set(RULE_KINDS)


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_passing(kind: str) -> None:
    assert episodes(kind, CASES[kind].passing) == []


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_breaching(kind: str) -> None:
    assert [one[:2] for one in episodes(kind, CASES[kind].breaching)] == CASES[kind].episodes


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_missing_data_makes_no_episode_and_ends_none(kind: str) -> None:
    case = CASES[kind]
    first = case.episodes[0][0]
    assert episodes(kind, [NAN] * len(case.breaching)) == []
    assert episodes(kind, [*case.breaching[: first + 1], *[NAN] * 60, *case.passing[-1:]]) == []
    hole = [*case.breaching[: first + 2], *[NAN] * 60, *case.breaching[first + 1 :]]
    start, end, known = episodes(kind, hole)[0]
    assert (start, end) == (first, case.episodes[0][1] + 61)
    assert end - start - known == 60


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_every_parameter_declares_what_it_means_and_its_unit(kind: str) -> None:
    parameters = RULE_KINDS[kind]
    assert parameters.__doc__
    for name, declared in parameters.model_json_schema()["properties"].items():
        assert declared["description"], name
        assert declared["uom"] in {"of the rule", "min", "-"}
        assert (declared["uom"] == "min") == name.endswith("_min")
    assert parameters.levels() | parameters.tables() <= set(parameters.model_fields)
    assert not parameters.levels() & parameters.tables()


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_parameters_survive_their_own_schema(kind: str) -> None:
    made = RULE_KINDS[kind].model_validate(CASES[kind].params)
    made.require_sense()
    assert RULE_KINDS[kind].model_validate(made.model_dump()) == made
