"""What hydrocyclone models share: a cluster, the sump before it, the efficiency curve, and what is reported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Bools, Floats
from zveno.simulate.units.classification import Curve, to_coarse
from zveno.simulate.units.unit import (
    WATER_ADDED,
    Driver,
    Report,
    Spec,
    UnitModel,
    Values,
    two_ways,
    vector,
    water_needed,
)
from zveno.text.mark import tr

_LEAST_PULP_M3H = 1e-9
_LEAST_CUT_UM = 1e-3
_ROPES = 0.6  # solids by volume in the underflow


@dataclass(frozen=True)
class Pulp:
    """What one cyclone of a cluster is fed with, each (S,): pulp m3/h, solids by volume, density of solids and pulp."""

    m3h: Floats
    solids_frac: Floats
    solids_sg: Floats
    sg: Floats


@dataclass(frozen=True)
class Cut:
    """What a model makes of a pulp, each (S,): d50c of grains of 2.6 t/m3, pressure drop, and the underflow.

    A model states either the share of the pulp by volume that the underflow takes, or that of the water.
    """

    d50c_um: Floats
    pressure_kpa: Floats
    pulp_frac: Floats | None = None
    water_frac: Floats | None = None


@dataclass(frozen=True, kw_only=True)
class Hydrocyclone(UnitModel, ABC):
    """A cluster of equal hydrocyclones; a model says where they cut and how the pulp divides."""

    by_size: ClassVar[bool] = True
    outlets: ClassVar = ("overflow", "underflow")
    drivers: ClassVar = (
        WATER_ADDED,
        Driver("d50c_um", "log", _LEAST_CUT_UM),
        Driver("underflow_water_frac", "logit", 0, 1),
    )

    cyclones: Annotated[Values, Spec("-", "cyclones that work", low=1.0, high=500.0)]
    diameter_mm: Annotated[Values, Spec("mm", "diameter of the cyclone", low=10.0, high=3000.0)]
    inlet_mm: Annotated[Values, Spec("mm", "diameter of the inlet, or of a circle of its area", low=2.0, high=1500.0)]
    vortex_finder_mm: Annotated[Values, Spec("mm", "diameter of the vortex finder", low=2.0, high=1500.0)]
    spigot_mm: Annotated[Values, Spec("mm", "diameter of the spigot", low=2.0, high=1500.0)]
    sharpness: Annotated[Values, Spec("-", "alpha of Whiten's curve, or slope of Rosin-Rammler's", low=0.1, high=50.0)]
    feed_solids: Annotated[
        Values, Spec("frac", "sump water is added down to this share of solids by mass; 1: none", low=0.01, high=1)
    ] = 1.0
    curve: Annotated[Curve, Spec("", "form of the efficiency curve")] = "whiten"
    density_exponent: Annotated[Values, Spec("-", "how the cut falls with density over water", high=2.0)] = 0.5
    running: Annotated[
        Values, Spec("frac", "share of the time in which the feed comes; it is a mean over all time", low=0.01, high=1)
    ] = 1.0

    @abstractmethod
    def cut(self, pulp: Pulp) -> Cut:
        """Cut size, pressure and division of a pulp."""

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Sump water, cut size and share of the water that goes to the underflow."""
        added = water_needed(feed, basis, self.feed_solids)
        pulp = self._pulp(feed, added, basis)
        found = self.cut(pulp)
        cut_um = np.maximum(found.d50c_um, _LEAST_CUT_UM)
        water = found.water_frac
        if found.pulp_frac is not None:
            coarse = to_coarse(basis, cut_um, self.curve, self.sharpness, self.density_exponent)
            volume = feed / basis.sg
            solids = volume[:, :-1].sum(axis=1)
            caught = np.divide((volume * coarse)[:, :-1].sum(axis=1), solids, out=np.zeros(len(feed)), where=solids > 0)
            classified = pulp.solids_frac * caught
            water = (found.pulp_frac - classified) / np.maximum(1 - classified, _LEAST_PULP_M3H)
        return np.stack([added, cut_um, np.clip(water if water is not None else 0 * added, 0, 1)], axis=1)

    def water_added(self, drivers: Floats) -> Floats | None:
        """Sump water."""
        return drivers[:, 0]

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Solids by the by-pass, which is the share of the water, and the efficiency curve."""
        coarse = to_coarse(basis, drivers[:, 1], self.curve, self.sharpness, self.density_exponent)
        over = (1 - drivers[:, 2:3]) * (1 - coarse)
        over[:, -1] = 1 - drivers[:, 2]
        return two_ways(over)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Cut size, pressure, water, loads."""
        pulp = self._pulp(feed, drivers[:, 0], basis)
        solids = basis.solids(feed)
        over, under = (self.split(drivers, basis)[:, n] * feed for n in (0, 1))
        rows = len(feed)

        def ratio(one: Floats, other: Floats) -> Floats:
            return np.divide(one, other, out=np.zeros(rows), where=other > 0)

        water = (feed[:, -1] + drivers[:, 0] * solids) * drivers[:, 2]
        volume = (under / basis.sg)[:, :-1].sum(axis=1)
        return {
            "feed": (solids, "t/h"),
            "cut_size": (drivers[:, 1], "um"),
            "pressure": (self.cut(pulp).pressure_kpa * np.sign(solids), "kPa"),
            "circulating_load": (ratio(basis.solids(under), basis.solids(over)), "frac"),
            "underflow_water": (drivers[:, 2], "frac"),
            "underflow_volume_solids": (ratio(volume, volume + water), "frac"),
            "pulp": (pulp.m3h * vector(self.cyclones) * vector(self.running), "m3/h"),
            "water_added": (drivers[:, 0] * solids, "t/h"),
        }

    def strained(self, told: Report) -> tuple[str, Bools]:
        """Spigots that rope: the underflow holds more solids than can turn in it."""
        message = tr(
            "the spigots of '{unit}' are overloaded in {n} scenarios, first '{scenario}': above 60 % solids by volume "
            "in the underflow a cyclone ropes, and its cut is no longer what the equations say"
        )
        return message, told["underflow_volume_solids"][0] > _ROPES

    def _pulp(self, feed: Floats, added: Floats, basis: Basis) -> Pulp:
        """Feed of one cyclone while it runs."""
        solids = basis.solids(feed)
        water = feed[:, -1] + added * solids
        volume = np.maximum(basis.volume(feed) - feed[:, -1], 0)
        total = np.maximum(volume + water, _LEAST_PULP_M3H)
        sg = np.divide(solids, volume, out=np.full(len(feed), 2.6), where=volume > 0)
        frac = volume / total
        each = total / vector(self.cyclones) / vector(self.running)
        return Pulp(each, frac, sg, 1 + frac * (sg - 1))
