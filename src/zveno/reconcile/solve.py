"""Reconcile one network: solve it, test its readings, name what does not fit."""

from __future__ import annotations

from zveno.model.network import Network
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.gross_errors import find
from zveno.reconcile.moisture import has_water
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.wet_result import WetResult


def solve_network(network: Network) -> NetworkResult:
    """Reconciled masses and assays of a network with their standard deviations, classes and suspects.

    Minimises the sum of squared standardised adjustments subject to all balances, with masses and assays
    inside their bounds. No start values are needed.

    Raises
    ------
    DataError
        If the network names things that do not exist or contradicts itself: all faults in one error.
    SolveError
        If no balanced point was found; an unconverged answer is never returned.

    References
    ----------
    Kuehn & Davidson (1961), Chem. Eng. Prog. 57, 44-47 (the problem); Narasimhan & Jordache (2000), Data
    Reconciliation and Gross Error Detection.

    Examples
    --------
    >>> from zveno.model.network import NetNode, NetReading, NetStream
    >>> streams = (NetStream("feed", None, "mill"), NetStream("product", "mill", None))
    >>> readings = (NetReading("feed", "mass", 102.0, 1.0), NetReading("product", "mass", 100.0, 1.0))
    >>> result = solve_network(Network((NetNode("mill"),), streams, readings))
    >>> round(result.value("feed", "mass"), 6), round(result.objective, 6), result.dof
    (101.0, 2.0, 1)
    """
    fit = fit_any(network)
    kind = WetResult if has_water(network) else NetworkResult
    return kind(network, fit, find(network, fit))
