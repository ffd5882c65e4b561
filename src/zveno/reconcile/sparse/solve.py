"""Reconcile one large network, and name what does not fit."""

from __future__ import annotations

from zveno.model.network import Network
from zveno.reconcile.curved import curved
from zveno.reconcile.gross_errors.critical import Correction
from zveno.reconcile.sparse.curved import solved_curved
from zveno.reconcile.sparse.fit import fit_point
from zveno.reconcile.sparse.optima import LargeOptima, large_optima
from zveno.reconcile.sparse.result import LargeResult
from zveno.reconcile.sparse.suspects import suspects


def solve_large(network: Network, correction: Correction = "sidak") -> LargeResult:
    """Reconciled masses and assays of a large network with their standard deviations, classes and suspects.

    Where the readings contradict each other, a few other starts are tried for a better optimum, and those found are
    told.

    Raises
    ------
    DataError
        If the network is not usable.
    SolveError
        If no balanced point was found; an unconverged answer is never returned.

    Examples
    --------
    >>> from zveno.model.network import NetNode, NetReading, NetStream
    >>> streams = (NetStream("feed", None, "mill"), NetStream("product", "mill", None))
    >>> readings = (NetReading("feed", "mass", 102.0, 1.0), NetReading("product", "mass", 100.0, 1.0))
    >>> result = solve_large(Network((NetNode("mill"),), streams, readings))
    >>> round(result.value("feed", "mass"), 6), round(result.objective, 6), result.dof
    (101.0, 2.0, 1)
    """
    analysed, solved = solved_curved(network)
    bent = any(curved(one) for one in network.constraints)
    found = LargeOptima(fit_point(analysed, solved)) if bent else large_optima(analysed, solved)
    return LargeResult(network, found.best, suspects(network, found.best, correction), found.others)
