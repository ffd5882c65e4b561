"""The answer to a problem file as one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from zveno.errors import DataError
from zveno.model.network import Network
from zveno.reconcile.closed_lines import closed_lines, with_closed_lines, without_closed_lines
from zveno.reconcile.gross_errors import Scrutiny, Suspect, balance_tests, critical_z, flat, smallest_shown
from zveno.reconcile.nominal import nominal_of
from zveno.reconcile.result import NetworkResult, ReadingResult
from zveno.reconcile.solve import LARGE, solve
from zveno.reconcile.sparse.result import LargeResult


def network_report(network: Network, scrutiny: Scrutiny | None = None) -> dict[str, Any]:
    """Reconcile a network of a problem file; the answer as in :func:`problem_report`.

    Streams fixed at no mass are closed lines: they leave the balances and are told as 0.

    Raises
    ------
    DataError
        If the network contradicts itself, or ``scrutiny`` puts a reading in question that there is not.
    SolveError
        If the problem was not solved.
    """
    asked = () if scrutiny is None else scrutiny.asked
    _require_known(asked, network)
    closed = closed_lines(network)
    if not closed:
        return problem_report(network, solve(network, scrutiny), asked)
    rest = without_closed_lines(network, closed)
    return with_closed_lines(problem_report(rest, solve(rest, scrutiny), asked), network, closed)


def _require_known(asked: Sequence[str], network: Network) -> None:
    """Refuse names of no meter and no reading."""
    known = {name for one in network.readings for name in (one.meter, f"{one.stream}.{one.quantity}") if name}
    for name in asked:
        if name not in known:
            near = get_close_matches(name, sorted(known), n=1)
            raise DataError("there is no meter '{name}' in this problem: name a meter, or a reading as stream.quantity",
                            name=name, near=near[0] if near else "")  # fmt: skip


def problem_report(network: Network, result: NetworkResult | LargeResult, asked: Sequence[str] = ()) -> dict[str, Any]:
    """The answer to a problem file as one JSON object; null for what is unobservable.

    Keys: objective, dof, p_value, tests (``as stated``, or ``nominal`` where a bound holds or a limit counts) with
    nominal_because, reconciled, sigma_reconciled, classification, suspects (single readings), other_local_optima,
    suspect_classes, eliminations, gross_errors, swaps, balance_tests, in_question (readings ``asked`` for, by meter or
    as stream.quantity, tested among themselves).

    Of a large network neither swapped samples nor (above 1500 masses and assays) balances at the readings are looked
    for, and ``unbounded`` lists streams whose masses would grow without end.
    """
    streams = [one.id for one in network.streams]
    return {
        "objective": result.objective,
        "dof": result.dof,
        "p_value": result.p_value,
        **nominal_of(result).told(),
        "reconciled": {
            one: {quantity: result.value(one, quantity) for quantity in result.quantities(one)} for one in streams
        },
        "sigma_reconciled": {
            one: {quantity: result.sd(one, quantity) for quantity in result.quantities(one)} for one in streams
        },
        "classification": result.classification,
        "suspects": [
            {"stream": one.stream, "quantity": one.quantity, "z": one.z} for one in flat(result.suspect_classes)
        ],
        "other_local_optima": [
            {"objective": one.objective, "reconciled": _values(one)} for one in _others(network, result)
        ],
        **_gross_errors(result),
        "in_question": [
            _in_question(name, one, len(asked))
            for name in asked
            for one in result.readings
            if name in (one.meter, f"{one.stream}.{one.quantity}")
        ],
        **({"unbounded": list(result.unbounded)} if isinstance(result, LargeResult) else {}),
    }


def _in_question(name: str, one: ReadingResult, asked: int) -> dict[str, Any]:
    """A reading that was in question beforehand; nulls where nothing tests it."""
    limit = critical_z(asked)
    told = {"name": name, "stream": one.stream, "quantity": one.quantity, "z": one.z, "bias": one.bias}
    if one.z is None or one.bias is None:
        return told | {"off": None, "shows_from": None, "status": one.status}
    sd = abs(one.bias / one.z) if one.z else None
    shows = one.shows_from if sd is None else float(smallest_shown(np.array(sd), limit))
    return told | {"off": abs(one.z) > limit, "shows_from": shows, "status": one.status}


def _others(network: Network, result: NetworkResult | LargeResult) -> list[NetworkResult | LargeResult]:
    """Other local optima as results."""
    if isinstance(result, LargeResult):
        return [LargeResult(network, one) for one in result.other_optima]
    return [NetworkResult(network, one) for one in result.other_optima]


def _values(result: NetworkResult | LargeResult) -> dict[str, dict[str, float | None]]:
    """Reconciled values by stream and quantity."""
    return {
        one.id: {quantity: result.value(one.id, quantity) for quantity in result.quantities(one.id)}
        for one in result.network.streams
    }


def _gross_errors(result: NetworkResult | LargeResult) -> dict[str, Any]:
    """What does not fit: classes, the search, sizes together, swapped samples, balances at the readings."""
    return {
        "suspect_classes": [
            {
                "members": [_told(one) for one in group.everything],
                "checks": [{"stream": stream, "quantity": quantity} for stream, quantity in group.checks],
                "checked_again": group.again,
            }
            for group in result.suspect_classes
        ],
        "eliminations": [
            {
                "action": step.action,
                "members": [_told(one) for one in step.set_aside.everything],
                "objective": step.objective,
                "dof": step.dof,
                "p_value": step.p_value,
            }
            for step in result.eliminations
        ],
        "gross_errors": [_told(one) for one in result.gross_errors.errors],
        "swaps": [
            {
                "first": one.first,
                "second": one.second,
                "components": list(one.components),
                "gain": one.gain,
                "needed": one.needed,
                "objective": one.objective,
                "p_value": one.p_value,
                "instead": [list(pair) for pair in one.instead],
            }
            for one in result.gross_errors.swaps
        ],
        "balance_tests": [
            {
                "place": one.place,
                "quantity": one.quantity,
                "residual": one.residual,
                "sd": one.sd,
                "z": one.z,
                "nodes": list(one.nodes),
                "without": one.without,
            }
            for one in (balance_tests(result.network) if _told_whole(result) else ())
        ],
    }


def _told_whole(result: NetworkResult | LargeResult) -> bool:
    """Whether every balance of all nodes merged is looked at: their number grows with the square of the nodes."""
    return isinstance(result, NetworkResult) or result.fit.layout.n_quantities <= LARGE


def _told(one: Suspect) -> dict[str, Any]:
    """One thing that may be wrong."""
    return {
        "kind": one.kind,
        "name": one.name,
        "stream": one.stream,
        "quantity": one.quantity,
        "z": one.z,
        "bias": one.bias,
        "bias_sd": one.bias_sd,
    }
