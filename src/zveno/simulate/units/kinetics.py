"""First-order flotation kinetics in mixed cells, in plug flow, and by Klimpel's batch model.

``k t`` is the rate constant times the residence time, both in the same unit of time.
"""

from __future__ import annotations

import numpy as np

from zveno.simulate.basis import Floats
from zveno.simulate.units.unit import Values, vector

_MOST_SUMMED = 64  # cells in series beyond which logarithms are quicker


def mixed_cells_recovery(kt_per_cell: Floats, cells: Floats) -> Floats:
    """Share ``1 - (1 + k t)^-n`` that floats in ``n`` equal, perfectly mixed cells; shapes broadcast.

    References
    ----------
    Levenspiel (1999), Chemical Reaction Engineering, 3rd ed., ch. 6 (tanks in series).

    Examples
    --------
    >>> mixed_cells_recovery(np.array([0.9]), np.array([7.0])).round(4)
    array([0.9888])
    """
    count = float(cells.flat[0])
    if count == int(count) and 1 <= count <= _MOST_SUMMED and (cells == count).all():
        stays = 1 / (1 + kt_per_cell)
        return np.minimum(kt_per_cell * stays * _geometric(stays, int(count)), 1.0)
    return np.asarray(-np.expm1(-cells * np.log1p(kt_per_cell)))


def _geometric(ratio: Floats, terms: int) -> Floats:
    """Sum of the powers of a ratio from 0 to ``terms`` - 1: exact where 1 - ratio^n would cancel, and quick."""
    total, power = np.ones_like(ratio), ratio
    for digit in bin(terms)[3:]:
        total, power = total * (1 + power), power * power
        if digit == "1":
            total, power = total + power, power * ratio
    return total


def plug_flow_recovery(kt: Values) -> Floats:
    """Share ``1 - exp(-k t)`` that floats without back-mixing: the limit of many cells, or a batch, shape (n,).

    Examples
    --------
    >>> plug_flow_recovery(6.3).round(4)
    array([0.9982])
    """
    return np.asarray(-np.expm1(-vector(kt)))


def klimpel_recovery(k_max_t: Values) -> Floats:
    """Share ``1 - (1 - exp(-K t)) / (K t)`` that floats where rates are spread evenly from 0 to ``K``, shape (n,).

    References
    ----------
    Klimpel (1980), in Mineral Processing Plant Design, 2nd ed., 907-934; Bu et al. (2017), Physicochem. Probl.
    Miner. Process. 53, 342-365 (review of the family).

    Examples
    --------
    >>> klimpel_recovery(6.3).round(4)
    array([0.8416])
    """
    x = vector(k_max_t)
    safe = np.where(x > 0, x, 1.0)
    return np.where(x > 0, 1 + np.expm1(-safe) / safe, 0.0)
