"""The answer to a problem file as one JSON object."""

from __future__ import annotations

from typing import Any

from zveno.model.network import Network
from zveno.reconcile.gross_errors import Suspect, balance_tests, flat
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.solve import LARGE
from zveno.reconcile.sparse.result import LargeResult


def problem_report(network: Network, result: NetworkResult | LargeResult) -> dict[str, Any]:
    """The answer to a problem file as one JSON object; null for what is unobservable.

    Keys: objective, dof, p_value, reconciled, sigma_reconciled, classification, suspects (single readings),
    other_local_optima, suspect_classes, eliminations, gross_errors, swaps, balance_tests.

    Of a large network neither swapped samples nor (above 1500 masses and assays) balances at the readings are looked
    for, and ``unbounded`` lists streams whose masses would grow without end.
    """
    streams = [one.id for one in network.streams]
    return {
        "objective": result.objective,
        "dof": result.dof,
        "p_value": result.p_value,
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
        **({"unbounded": list(result.unbounded)} if isinstance(result, LargeResult) else {}),
    }


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
