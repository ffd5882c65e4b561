"""Laws of grinding that several models and people at a desk use."""

from __future__ import annotations

import numpy as np

from zveno.errors import DataError
from zveno.simulate.basis import Floats
from zveno.simulate.units.unit import Values, vector


def bond_energy(work_index: Values, f80_um: Values, p80_um: Values) -> Floats:
    """Specific energy ``W = 10 Wi (P80^-1/2 - F80^-1/2)``, in the units of the work index, shape (n,).

    References
    ----------
    Bond (1952), third theory of comminution; Rowland (1976), SME-AIME Fall Meeting. A work index per short
    ton becomes one per tonne when multiplied by 1.102.

    Examples
    --------
    >>> bond_energy(14.5, 2400.0, 106.0).round(4)
    array([11.1238])
    """
    return 10 * vector(work_index) * (vector(p80_um) ** -0.5 - vector(f80_um) ** -0.5)


def bond_work_index(grindability: Values, closing_um: Values) -> Floats:
    """Work index ``16 / Gbp^0.82 (Pi / 100)^1/2`` from the early ball mill grindability test, kWh per short ton.

    Parameters
    ----------
    grindability
        Net grams of undersize per revolution (Gbp), shape (n,).
    closing_um
        Opening of the closing screen, shape (n,); 74 um gives Bond's 13.76 / Gbp^0.82.

    Raises
    ------
    DataError
        If a grindability or an opening is not above zero.

    References
    ----------
    Bond (1952), third theory of comminution. His later form (1961) also takes the 80 % sizes of feed and product.

    Examples
    --------
    >>> bond_work_index(np.array([1.0, 2.0]), 74.0).round(2)
    array([13.76,  7.8 ])
    """
    gbp, opening = vector(grindability), vector(closing_um)
    if np.any(gbp <= 0) or np.any(opening <= 0):
        raise DataError("grindability and screen opening must be above zero")
    return 16 / gbp**0.82 * np.sqrt(opening / 100)


def pulp_solids(density: Values, solids_sg: Values) -> Floats:
    """Mass fraction d (p - 1) / (p (d - 1)) of solids of density d in a pulp of density p, both t/m3, shape (n,).

    Raises
    ------
    DataError
        If a pulp is lighter than water or heavier than its solids.

    Examples
    --------
    >>> pulp_solids(np.array([1.14, 1.29, 1.03]), 3.0).round(4)
    array([0.1842, 0.3372, 0.0437])
    """
    pulp, solid = vector(density), vector(solids_sg)
    if np.any(pulp < 1) or np.any(pulp > solid):
        raise DataError("the density of a pulp must lie between that of water and that of its solids")
    return np.asarray(solid * (pulp - 1) / (pulp * (solid - 1)))


def load_by_dilution(feed_solids: Values, overflow_solids: Values, underflow_solids: Values) -> Floats:
    """Circulating load, underflow over overflow, from the mass fractions of solids around a cyclone, shape (n,).

    Water over solids D = 1 / s - 1 balances as solids do: load = (D overflow - D feed) / (D feed - D underflow).

    Raises
    ------
    DataError
        If the feed is not thinner than the underflow and thicker than the overflow.

    Examples
    --------
    >>> load_by_dilution(0.5, 0.25, 0.75)
    array([3.])
    """
    feed, over, under = (1 / vector(one) - 1 for one in (feed_solids, overflow_solids, underflow_solids))
    if np.any(feed <= under) or np.any(feed >= over):
        raise DataError("a cyclone's feed must be thinner than its underflow and thicker than its overflow")
    return np.asarray((over - feed) / (feed - under))
