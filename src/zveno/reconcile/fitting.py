"""Which way a network is solved."""

from __future__ import annotations

from zveno.model.network import Network
from zveno.reconcile.curved import fit_dry
from zveno.reconcile.fit import Fit
from zveno.reconcile.moisture import has_water
from zveno.reconcile.wet_fit import fit_wet


def fit_any(network: Network) -> Fit:
    """Solve a network, whatever it holds.

    Raises
    ------
    DataError
        If the network is not usable.
    SolveError
        If no point within the bounds balances, or none was found: names the worst balance.
    """
    return fit_wet(network) if has_water(network) else fit_dry(network)
