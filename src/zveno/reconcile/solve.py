"""Reconcile one network: solve it, test its readings, name what does not fit."""

from __future__ import annotations

from zveno.model.network import Network
from zveno.reconcile.fit import fit_network
from zveno.reconcile.gross_errors import Scrutiny, find, screened
from zveno.reconcile.gross_errors.robust import screen
from zveno.reconcile.result import NetworkResult


def solve_network(network: Network, scrutiny: Scrutiny | None = None) -> NetworkResult:
    """Reconciled masses and assays of a network with their standard deviations, classes and suspects.

    ``scrutiny`` chooses how tests are kept from accusing by chance, and whether a robust screen leaves readings out.

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
    chosen = scrutiny or Scrutiny()
    if chosen.robust is None:
        fit = fit_network(network)
        return NetworkResult(network, fit, find(network, fit, chosen))
    found = screen(network, chosen.robust)
    left_out = tuple(network.readings[one.reading] for one in found.set_aside)
    return NetworkResult(found.network, found.fit, screened(network, found, chosen), left_out)
