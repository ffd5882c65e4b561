"""Classification by size: efficiency curves of cyclones, classifiers and screens."""

from __future__ import annotations

from typing import Literal

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.unit import Values, vector

Curve = Literal["whiten", "rosin_rammler"]


def whiten_efficiency(size_over_d50c: Floats, alpha: Floats) -> Floats:
    """Share of a size that goes to the coarse product, by-pass apart: 1 - (e^a - 1) / (e^(a x) + e^a - 2).

    References
    ----------
    Whiten, in Lynch (1977), Mineral Crushing and Grinding Circuits; Nageswararao, Wiseman & Napier-Munn (2004),
    Minerals Engineering 17, 671-687.

    Examples
    --------
    >>> whiten_efficiency(np.array([0.5, 1.0, 2.0]), np.array([2.5])).round(4)
    array([0.1821, 0.5   , 0.9295])
    """
    # divided through by e^a, so that a steep curve does not overflow
    rising = np.exp(np.minimum(alpha * (size_over_d50c - 1), 700))
    return np.asarray(1 + np.expm1(-alpha) / (rising + 1 - 2 * np.exp(-alpha)))


def rosin_rammler_efficiency(size_over_d50c: Floats, slope: Floats) -> Floats:
    """The same by 1 - exp(-ln 2 x^m).

    References
    ----------
    Plitt (1976), CIM Bulletin 69, 114-123 (after Rosin & Rammler).

    Examples
    --------
    >>> rosin_rammler_efficiency(np.array([0.5, 1.0, 2.0]), np.array([2.2])).round(4)
    array([0.14  , 0.5   , 0.9586])
    """
    return np.asarray(-np.expm1(-np.log(2) * size_over_d50c**slope))


def to_coarse(basis: Basis, d50c_um: Floats, curve: Curve, sharpness: Values, density_exponent: Values) -> Floats:
    """Share of each component that a curve sends to the coarse product, by-pass apart, shape (S, C).

    ``d50c_um`` (S,) is that of grains of 2.6 t/m3; a component of density d has d50c (1.6 / (d - 1))^exponent. What has
    no size, and water, is left to the by-pass.
    """
    if basis.sizing is None:
        return np.zeros((len(d50c_um), len(basis)))
    heavy = np.maximum(basis.sg - 1, _LEAST_EXCESS) / _REFERENCE_EXCESS
    relative = basis.sizing.grain_um / d50c_um[:, None] * heavy ** vector(density_exponent)[:, None]
    steep = vector(sharpness)[:, None]
    found = whiten_efficiency(relative, steep) if curve == "whiten" else rosin_rammler_efficiency(relative, steep)
    return np.where(basis.sizing.sized, np.clip(found, 0, 1), 0.0)


_REFERENCE_EXCESS = 1.6  # t/m3 above water: Plitt's reference density
_LEAST_EXCESS = 0.05
