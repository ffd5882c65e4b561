"""Dewatering: one thick outlet of a given density, one clear outlet with a few solids."""

from __future__ import annotations

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.unit import Driver, Values, two_ways, vector

CLEAR_SHARES = (Driver("clear_solids_frac", "linear", 0, 1), Driver("clear_water_frac", "linear", 0, 1))


def clear_shares(feed: Floats, basis: Basis, *, thick_solids: Values, clear_g_l: Values) -> Floats:
    """Shares of solids and of water that leave by the clear outlet, shape (S, 2).

    Solids S and water W of the clear outlet follow from its solids content c, t per m3 of pulp,
    S = c (W + S / density), and from the density of the thick one. Feed that is thick enough all goes there.
    """
    solids, water = basis.solids(feed), feed[:, -1]
    carried = 1 / vector(thick_solids) - 1
    volume = np.maximum(basis.volume(feed) - water, 0)
    density = np.divide(solids, volume, out=np.full(len(feed), np.inf), where=volume > 0)
    per_water = vector(clear_g_l) / 1000
    per_water = per_water / (1 - per_water / density)
    spare = np.maximum(water - carried * solids, 0)
    clear_water = np.minimum(spare / (1 - per_water * carried), water)
    clear_solids = np.minimum(clear_water * per_water, solids)
    return np.stack([_over(clear_solids, solids), _over(clear_water, water)], axis=1)


def clear_split(drivers: Floats, basis: Basis) -> Floats:
    """Shares (S, 2, C) of the thick and the clear outlet; solids of both have the make of the feed."""
    thick = np.repeat(1 - drivers[:, :1], len(basis), axis=1)
    thick[:, -1] = 1 - drivers[:, 1]
    return two_ways(thick)


def _over(part: Floats, whole: Floats) -> Floats:
    """Part over whole; 0 where there is nothing."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
