"""Reconcile one network: solve it, test its readings, name what does not fit."""

from __future__ import annotations

from zveno.errors import SolveError
from zveno.model.network import Network
from zveno.reconcile.fit import BOUND_CONFLICT
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.gross_errors import Scrutiny, find, screened
from zveno.reconcile.gross_errors.robust import screen
from zveno.reconcile.moisture import has_water
from zveno.reconcile.optima import optima
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.sparse.result import LargeResult
from zveno.reconcile.sparse.solve import solve_large
from zveno.reconcile.wet_result import WetResult

MIDDLE, LARGE = 500, 1500
"""Masses and assays of a network: above the first it is solved with sparse arrays, which is then faster, and where its
readings contradict each other again with dense ones, which tell more of what does not fit; above the second never.
"""


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

    Of a large network, wet masses and a robust screen are not sparse: it is solved whole. So is
    one of middle size whose readings contradict each other, for swapped samples and the next check, and one of which
    common errors or certain meters are asked for.
    """
    chosen = scrutiny or Scrutiny()
    size = sum(1 + len(network.carries(one)) for one in network.streams)
    if size <= MIDDLE or has_water(network) or chosen.robust is not None:
        return solve_network(network, scrutiny)
    if size > LARGE:
        return solve_large(network, chosen.correction)
    if network.common or chosen.asked:
        return solve_network(network, scrutiny)
    result = solve_large(network, chosen.correction)
    contradicted = result.p_value is None and result.objective > BOUND_CONFLICT
    if not (result.suspect_classes or contradicted or result.unbounded):
        return result
    try:
        return solve_network(network, scrutiny)
    except SolveError:  # sparse arrays hold masses that would grow without end
        return result
