"""Hydrocyclone by Plitt's equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from zveno.simulate.basis import Floats
from zveno.simulate.units.hydrocyclone import Cut, Hydrocyclone, Pulp
from zveno.simulate.units.unit import Spec, Values, vector

_G = 9.81
_L_MIN_PER_M3H = 1000 / 60


@dataclass(frozen=True, kw_only=True)
class PlittCyclone(Hydrocyclone):
    """A cluster of hydrocyclones by the equations of Plitt, each with a factor to calibrate.

    With lengths in cm, flow Q of one cyclone in L/min, solids Cv in % by volume, viscosity 1 cP and d the density of
    each mineral:

    * d50c = F1 39.7 Dc^0.46 Di^0.6 Do^1.21 e^(0.063 Cv) / (Du^0.71 h^0.38 Q^0.45 ((d - 1) / 1.6)^k), um
    * P = F2 1.88 Q^1.78 e^(0.0055 Cv) / (Dc^0.37 Di^0.94 h^0.28 (Du^2 + Do^2)^0.87), kPa
    * S = F3 1.9 (Du / Do)^3.31 h^0.54 (Du^2 + Do^2)^0.36 e^(0.0054 Cv) / (Dc^1.11 H^0.24): underflow over overflow by
      volume, H being the pressure in metres of pulp

    The share of the water in the underflow, which by-passes solids too, follows from S, once the curve has said how
    much is classified. Where S is less than the classified solids take up, no water is left: an underflow of solids
    alone (``underflow_volume_solids``) means that the spigot is too small and the cyclone ropes. The three factors must
    come from a survey.

    References
    ----------
    Plitt (1976), CIM Bulletin 69 (776), 114-123; Flintoff, Plitt & Turak (1987), CIM Bulletin 80 (905), 39-50
    (calibration factors, exponent of density).

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")] * 3, sg=[2.6] * 3, k_per_min=[0.0] * 3, groups=["gangue"] * 3,
    ...     sizes=([150.0, 75.0], [0, 1, 2]))
    >>> cyclone = PlittCyclone(cyclones=1, diameter_mm=500.0, inlet_mm=140.0, vortex_finder_mm=200.0, spigot_mm=100.0,
    ...     vortex_height_mm=1500.0, sharpness=2.5)
    >>> feed = np.array([[80.0, 40.0, 36.0, 240.0]])
    >>> told = cyclone.report(feed, cyclone.observe(feed, ore), ore)
    >>> float(told["cut_size"][0].round(1)[0]), float(told["pressure"][0].round(0)[0])
    (97.3, 175.0)
    """

    vortex_height_mm: Annotated[Values, Spec("mm", "from the vortex finder down to the spigot", low=10.0, high=10000.0)]
    d50c_factor: Annotated[Values, Spec("-", "factor on the cut size", low=0.01, high=100.0)] = 1.0
    pressure_factor: Annotated[Values, Spec("-", "factor on the pressure", low=0.01, high=100.0)] = 1.0
    split_factor: Annotated[Values, Spec("-", "factor on underflow over overflow", low=0.01, high=100.0)] = 1.0

    def cut(self, pulp: Pulp) -> Cut:
        """Cut size, pressure and division of a pulp."""
        dc, di, do, du, h = (
            vector(one) / 10
            for one in (
                self.diameter_mm, self.inlet_mm, self.vortex_finder_mm, self.spigot_mm, self.vortex_height_mm
            )
        )  # fmt: skip
        q, cv = pulp.m3h * _L_MIN_PER_M3H, 100 * pulp.solids_frac
        area = du**2 + do**2
        d50c = 39.7 * dc**0.46 * di**0.6 * do**1.21 * np.exp(0.063 * cv) / (du**0.71 * h**0.38 * q**0.45)
        pressure = 1.88 * q**1.78 * np.exp(0.0055 * cv) / (dc**0.37 * di**0.94 * h**0.28 * area**0.87)
        pressure = vector(self.pressure_factor) * pressure
        head_m = pressure / (_G * pulp.sg)
        ratio: Floats = 1.9 * (du / do) ** 3.31 * h**0.54 * area**0.36 * np.exp(0.0054 * cv)
        ratio = vector(self.split_factor) * ratio / (dc**1.11 * np.maximum(head_m, 1e-12) ** 0.24)
        return Cut(vector(self.d50c_factor) * d50c, pressure, ratio / (1 + ratio))
