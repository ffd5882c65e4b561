"""Hydrocyclone by the equations of Nageswararao."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from zveno.simulate.units.hydrocyclone import Cut, Hydrocyclone, Pulp
from zveno.simulate.units.unit import Spec, Values, vector

_G = 9.81
_MOST_SOLIDS = 0.6  # by volume; hindered settling has no meaning beyond


@dataclass(frozen=True, kw_only=True)
class NageswararaoCyclone(Hydrocyclone):
    """A cluster of hydrocyclones by the equations of Nageswararao; three constants come from a survey of the plant.

    With lengths in m, flow Q of one cyclone in m3/h, pressure P in kPa, density of the pulp p in t/m3, solids Cv by
    volume, cone angle t in degrees, Eu = P / (p g Dc) and hindered settling l = 10^(1.82 Cv) / (8.05 (1 - Cv)^2):

    * Q = KQ Dc^2 (P / p)^0.5 (Do/Dc)^0.68 (Di/Dc)^0.45 (Lc/Dc)^0.2 t^-0.1 Dc^-0.1, solved for P
    * d50c / Dc = KD (Do/Dc)^0.52 (Du/Dc)^-0.47 Eu^-0.22 (Di/Dc)^-0.5 (Lc/Dc)^0.2 t^0.15 l^0.93 Dc^-0.65
    * water to the underflow: KW (Do/Dc)^-1.19 (Du/Dc)^2.4 Eu^-0.53 (Di/Dc)^-0.5 (Lc/Dc)^0.22 t^-0.24 l^0.27

    KD is that of grains of 2.6 t/m3; others are cut by their density.

    References
    ----------
    Nageswararao (1978), Ph.D. thesis, University of Queensland; Nageswararao, Wiseman & Napier-Munn (2004), Minerals
    Engineering 17, 671-687.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")] * 3, sg=[2.6] * 3, k_per_min=[0.0] * 3, groups=["gangue"] * 3,
    ...     sizes=([150.0, 75.0], [0, 1, 2]))
    >>> cyclone = NageswararaoCyclone(cyclones=1, diameter_mm=500.0, inlet_mm=140.0, vortex_finder_mm=200.0,
    ...     spigot_mm=100.0, cylinder_mm=500.0, cone_deg=20.0, sharpness=2.5, kd=1e-4, kq=450.0, kw=20.0)
    >>> feed = np.array([[80.0, 40.0, 36.0, 240.0]])
    >>> told = cyclone.report(feed, cyclone.observe(feed, ore), ore)
    >>> [float(told[one][0].round(2)[0]) for one in ("cut_size", "pressure", "underflow_water")]
    [71.81, 162.66, 0.17]
    """

    cylinder_mm: Annotated[Values, Spec("mm", "length of the cylindrical part", low=10.0, high=10000.0)]
    cone_deg: Annotated[Values, Spec("deg", "full angle of the cone", low=1.0, high=180.0)]
    kd: Annotated[Values, Spec("-", "constant of the cut size", low=1e-9, high=1.0)]
    kq: Annotated[Values, Spec("-", "constant of the flow", low=1.0, high=10000.0)]
    kw: Annotated[Values, Spec("-", "constant of the water to the underflow", low=0.001, high=1000.0)]

    def cut(self, pulp: Pulp) -> Cut:
        """Cut size, pressure and division of a pulp."""
        dc = vector(self.diameter_mm) / 1000
        di, do, du, lc = (
            vector(one) / 1000 / dc for one in (self.inlet_mm, self.vortex_finder_mm, self.spigot_mm, self.cylinder_mm)
        )
        cone = vector(self.cone_deg)
        open_flow = vector(self.kq) * dc**2 * do**0.68 * di**0.45 * lc**0.2 * cone**-0.1 * dc**-0.1
        pressure = pulp.sg * (pulp.m3h / open_flow) ** 2
        euler = np.maximum(pressure / (pulp.sg * _G * dc), 1e-30)
        cv = np.minimum(pulp.solids_frac, _MOST_SOLIDS)
        hindered = 10 ** (1.82 * cv) / (8.05 * (1 - cv) ** 2)
        d50c = do**0.52 * du**-0.47 * euler**-0.22 * di**-0.5 * lc**0.2 * cone**0.15 * hindered**0.93 * dc**-0.65
        water = do**-1.19 * du**2.4 * euler**-0.53 * di**-0.5 * lc**0.22 * cone**-0.24 * hindered**0.27
        return Cut(1e6 * vector(self.kd) * dc * d50c, pressure, water_frac=vector(self.kw) * water)
