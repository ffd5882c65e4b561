"""Rows of what does not fit: suspects, the search, sizes, swapped samples, balances at the readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from zveno.model.chain import ChainModel
from zveno.reconcile.counters import CounterFinding
from zveno.reconcile.gross_errors import Suspect, Swap, balance_tests, critical_z, smallest_shown
from zveno.reconcile.in_question import untested_reason
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.sample_swaps import SampleSwap, SampleSwaps
from zveno.reconcile.scale_steps import ScaleStep
from zveno.tables import schema

Row = dict[str, Any]


@dataclass(frozen=True)
class Doubts:
    """What the readings of the period say of themselves, reading by reading.

    Swapped samples of single times, with the objective and its chance where one was exchanged back; scales that step
    away from their fellows; ``asked`` are meters and shared errors in question; ``counters`` what counters tell;
    ``exchanged`` whether the balance has the swapped samples back in their places.
    """

    swaps: SampleSwaps
    after: Mapping[SampleSwap, tuple[float, float | None]]
    scale_steps: tuple[ScaleStep, ...] = ()
    asked: tuple[str, ...] = ()
    counters: tuple[CounterFinding, ...] = ()
    exchanged: bool = False


def suspect_rows(result: NetworkResult, period: str) -> Iterator[Row]:
    """Suspects by class, the loudest class first."""
    for number, group in enumerate(result.suspect_classes, start=1):
        for one in group.everything:
            yield {"period": period, "class_id": number, **_suspect(one)}


def error_rows(result: NetworkResult, period: str) -> Iterator[Row]:
    """Errors that the search ends with, each with its size beside the others."""
    for one in result.gross_errors.errors:
        yield {"period": period, **_suspect(one)}


def _suspect(one: Suspect) -> Row:
    """One thing that may be wrong; a common error is a fraction of what it moves."""
    fraction = one.kind == "common"
    return {
        "kind": one.kind,
        "name": one.name,
        "meter": one.meter,
        "stream": one.stream,
        "quantity": one.quantity,
        "z": one.z,
        "bias": None if fraction else one.bias,
        "bias_sd": None if fraction else one.bias_sd,
        "bias_rel_frac": one.relative,
    }


def common_error_rows(result: NetworkResult, period: str, asked: Sequence[str]) -> Iterator[Row]:
    """Named errors that several readings share, and meters in question, loud or not; last what was in question and
    cannot be tested, with the reason.
    """
    told = {name for one in result.gross_errors.common for name in (one.name, one.meter)}
    for one in result.gross_errors.common:
        mine = one.name in asked or (one.kind == "reading" and one.meter in asked)
        limit = critical_z(len(asked)) if mine else result.gross_errors.limit
        size = 1.0 if one.kind == "common" else one.bias / one.relative if one.relative else np.nan
        sd = one.bias_sd / abs(size)
        yield {
            "period": period,
            "name": one.name or one.meter,
            "meter": one.meter,
            "stream": one.stream,
            "quantity": one.quantity,
            "size_frac": one.bias / size,
            "size_sd_frac": sd,
            "z": one.z,
            "asked": mine,
            "off": abs(one.z) > limit,
            "shows_from_frac": float(smallest_shown(np.array(sd), limit)),
            "reason": "",
        }
    nothing = dict.fromkeys(schema("common_errors"))
    for name in asked:
        if name not in told:
            words = {"name": name, "meter": name, "stream": "", "quantity": "", "asked": True, "off": False}
            yield nothing | {"period": period, **words, "reason": untested_reason(result, name)}


def elimination_rows(result: NetworkResult, period: str) -> Iterator[Row]:
    """What was let go or taken back, step by step, with the test of what is left."""
    for number, step in enumerate(result.eliminations, start=1):
        for one in step.set_aside.everything:
            yield {
                "period": period,
                "step": number,
                "action": step.action,
                "kind": one.kind,
                "name": one.name,
                "meter": one.meter,
                "stream": one.stream,
                "quantity": one.quantity,
                "z": one.z,
                "objective": step.objective,
                "dof": step.dof,
                "p_value": step.p_value,
            }


def swap_rows(result: NetworkResult, checked: Doubts, period: str) -> Iterator[Row]:
    """Samples swapped all period or at one time, then those of which a swap at one time would not show."""
    empty = dict.fromkeys(schema("swaps")) | {"period": period}
    rows = [*map(_of_period, result.gross_errors.swaps), *(_of_time(one, checked) for one in checked.swaps.found)]
    for number, row in enumerate(rows, start=1):
        done = checked.exchanged and row.get("start") is not None
        yield empty | {"swap_id": number, "status": "exchanged" if done else "swapped"} | row
    for first, second in checked.swaps.unseen:
        yield empty | {"status": "unseen", "first_meter": first, "second_meter": second}


def _of_period(one: Swap) -> Row:
    """Samples swapped all period."""
    return {
        "first_meter": one.first,
        "second_meter": one.second,
        "components": ", ".join(one.components),
        "gain": one.gain,
        "needed": one.needed,
        "objective": one.objective,
        "p_value": one.p_value,
        "instead": _pairs(one.instead),
    }


def _of_time(one: SampleSwap, checked: Doubts) -> Row:
    """Samples swapped at one time."""
    objective, p_value = checked.after.get(one, (None, None))
    return {
        "first_meter": one.first,
        "second_meter": one.second,
        "start": datetime.fromtimestamp(one.start, UTC),
        "end": datetime.fromtimestamp(one.end, UTC),
        "components": ", ".join(one.components),
        "gain": 2 * one.evidence,
        "needed": 2 * one.needed,
        "objective": objective,
        "p_value": p_value,
        "instead": _pairs(one.instead),
    }


def _pairs(found: Sequence[tuple[str, str]]) -> str:
    """Pairs in one text."""
    return ", ".join(f"{first}/{second}" for first, second in found)


def step_rows(found: Sequence[ScaleStep], period: str) -> Iterator[Row]:
    """Scales that step away from their fellows."""
    for one in found:
        row = {"period": period, **vars(one)}
        yield row | {"since": datetime.fromtimestamp(one.since, UTC), "fellows": ", ".join(one.fellows)}


def counter_rows(found: Sequence[CounterFinding], period: str) -> Iterator[Row]:
    """What counters tell."""
    for one in found:
        start, end = (datetime.fromtimestamp(at, UTC) for at in (one.start, one.end))
        tonnes = {name: None if np.isnan(value) else value for name, value in vars(one).items() if name.endswith("_t")}
        yield {"period": period, "meter": one.meter, "kind": one.kind, "start": start, "end": end} | tonnes


def balance_test_rows(model: ChainModel, result: NetworkResult, period: str) -> Iterator[Row]:
    """Balances at the readings: of sections, plants, the chain, and of sections merged."""
    there = {one.id for one in result.network.nodes}
    groups = {plant.id: [one.id for one in plant.sections if one.id in there] for plant in model.chain.plants}
    groups = {name: nodes for name, nodes in groups.items() if nodes}
    tests = balance_tests(result.network, groups | {"": list(there)})
    limit = critical_z(len(tests))
    for one in tests:
        yield {
            "period": period,
            "place": one.place,
            "quantity": one.quantity,
            "residual_t": one.residual,
            "residual_sd_t": one.sd,
            "z": one.z,
            "off": abs(one.z) > limit,
            "sections": ", ".join(one.nodes),
            "without": one.without.replace("+", ", "),
        }
