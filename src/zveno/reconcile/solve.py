"""Reconcile one network: solve it, test its readings, name what does not fit."""

from __future__ import annotations

from zveno.model.network import Network
from zveno.reconcile.curved import curved
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.gross_errors import Scrutiny, find, screened
from zveno.reconcile.gross_errors.robust import screen
from zveno.reconcile.moisture import has_water
from zveno.reconcile.optima import optima
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.sparse.result import LargeResult
from zveno.reconcile.sparse.solve import solve_large
from zveno.reconcile.wet_result import WetResult

LARGE = 1500
"""A network with more masses and assays than this is solved with sparse arrays, which is faster from about 500."""


def solve_network(network: Network, scrutiny: Scrutiny | None = None) -> NetworkResult:
    """Reconciled masses and assays of a network with their standard deviations, classes and suspects.

    ``scrutiny`` chooses how tests are kept from accusing by chance, and whether a robust screen leaves readings out.

    Minimises the sum of squared standardised adjustments subject to all balances, with masses and assays
    inside their bounds. No start values are needed; where the readings contradict each other, other starts are tried
    for a better optimum, and those found are told.

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
    kind = WetResult if has_water(network) else NetworkResult
    if chosen.robust is None:
        found = optima(network, fit_any(network))
        return kind(network, found.best, find(network, found.best, chosen), other_optima=found.others)
    rest = screen(network, chosen.robust)
    left_out = tuple(network.readings[one.reading] for one in rest.set_aside)
    return kind(rest.network, rest.fit, screened(network, rest, chosen), left_out)


def solve(network: Network, scrutiny: Scrutiny | None = None) -> NetworkResult | LargeResult:
    """The same for a network of any size: large ones are solved with sparse arrays.

    Of a large network, wet masses, curved constraints and a robust screen are not sparse: it is solved whole.
    """
    if not is_large(network) or (scrutiny is not None and scrutiny.robust is not None):
        return solve_network(network, scrutiny)
    return solve_large(network, "sidak" if scrutiny is None else scrutiny.correction)


def is_large(network: Network) -> bool:
    """Whether a network is better solved with sparse arrays, and can be."""
    size = len(network.streams) + sum(len(network.carries(one)) for one in network.streams)
    return size > LARGE and not has_water(network) and not any(curved(one) for one in network.constraints)
