"""Flotation column: collection zone with axial mixing, froth zone, wash water."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.roots import falling_root
from zveno.simulate.units.unit import (
    Driver,
    Report,
    Spec,
    UnitModel,
    Values,
    column,
    per_basis,
    two_ways,
    vector,
)

_LEAST_PULP_M3H = 1e-9
_MOST_KT = 1e9  # everything has floated long before
_DISPERSION, _GAS_CM_S = 0.063, 1.6  # vessel dispersion number of Dobby & Finch


def dispersed_recovery(kt: Floats, peclet: Floats) -> Floats:
    """Share that floats in a vessel with axial mixing.

    1 - 4 a e^(Pe/2) / ((1 + a)^2 e^(a Pe/2) - (1 - a)^2 e^(-a Pe/2)) with a = (1 + 4 k t / Pe)^1/2; Pe to 0
    is a perfect mixer, to infinity plug flow. Shapes broadcast.

    References
    ----------
    Wehner & Wilhelm (1956), Chem. Eng. Sci. 6, 89-93; Dobby & Finch (1986), Can. Metall. Q. 25, 9-13.

    Examples
    --------
    >>> dispersed_recovery(np.array([2.0, 2.0, 2.0]), np.array([1e-6, 4.0, 1e6])).round(4)
    array([0.6667, 0.7853, 0.8647])
    """
    kt = np.minimum(kt, _MOST_KT)
    root = np.sqrt(1 + 4 * kt / peclet)
    # (1 - a) Pe / 2 = -2 k t / (1 + a), which keeps its digits; divided through by e^(a Pe/2)
    left = 4 * root * np.exp(-2 * kt / (1 + root)) / ((1 + root) ** 2 - (1 - root) ** 2 * np.exp(-root * peclet))
    return np.asarray(np.clip(1 - left, 0, 1))


@dataclass(frozen=True, kw_only=True)
class Column(UnitModel):
    """A flotation column, or several alike.

    The collection zone floats Rc by ``dispersed_recovery``; its time is the volume below the froth, less gas, over the
    flow of tailings. Its Peclet number is 1 / (0.063 (d / h) (Jg / 1.6)^0.5), d and h being diameter and height in m,
    Jg the gas velocity in cm/s. Of what the collection zone floats, the froth delivers ``froth_recovery`` and drops
    the rest back: R = Rc Rf / (1 - Rc + Rc Rf). A square metre carries ``carrying_t_m2h`` of floated solids at most:
    beyond, the froth drops more of all minerals alike, and the report tells the froth recovery that is left.

    Concentrate leaves at ``conc_solids``. Wash water, ``wash_t_t`` per t of feed solids, replaces feed water in it, so
    that grains are entrained only with the feed water that is still needed: (1 - R) e s Rw, as in a bank.

    References
    ----------
    Dobby & Finch (1985), Chem. Eng. Sci. 40, 1061-1068 (mixing), (1986), Can. Metall. Q. 25, 9-13; Finch & Dobby
    (1990), Column Flotation (froth zone, carrying capacity).

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("bornite", "fast"), ("quartz", "non")], sg=[5.0, 2.65], k_per_min=[0.3, 0.0],
    ...     groups=["cu_sulphide", "gangue"])
    >>> cleaner = Column(columns=1, diameter_m=2.0, height_m=10.0, conc_solids=0.25, wash_t_t=0.5, entrain=0.2)
    >>> cleaner.run(np.array([5.0, 5.0, 30.0]), ore)["conc"].round(3)
    array([[ 5.   ,  0.37 , 16.111]])
    """

    outlets: ClassVar = ("conc", "tail")
    drivers: ClassVar = (
        Driver("tail_m3h", "log", _LEAST_PULP_M3H),
        Driver("froth_recovery_frac", "linear", 0, 1),
        Driver("feed_water_recovery_frac", "linear", 0, 1),
        Driver("water_recovery_frac", "logit", 0, 1),
    )

    columns: Annotated[Values, Spec("-", "columns side by side", low=1.0, high=100.0)]
    diameter_m: Annotated[Values, Spec("m", "diameter of a column", low=0.1, high=10.0)]
    height_m: Annotated[Values, Spec("m", "height of the collection zone", low=0.5, high=30.0)]
    conc_solids: Annotated[Values, Spec("frac", "share of solids in the concentrate", low=0.01, high=0.95)]
    gas_holdup: Annotated[Values, Spec("frac", "share of gas in the collection zone", high=0.6)] = 0.15
    gas_cm_s: Annotated[Values, Spec("cm/s", "superficial velocity of the gas", low=0.1, high=5.0)] = _GAS_CM_S
    froth_recovery: Annotated[
        Values, Spec("frac", "share of what reaches the froth that it delivers", low=0.01, high=1)
    ] = 1.0
    wash_t_t: Annotated[Values, Spec("frac", "wash water per t of feed solids", high=20.0)] = 0.0
    entrain: Annotated[Values, Spec("-", "degree of entrainment of gangue", high=1.0)] = 0.0
    water_recovery_cap: Annotated[Values, Spec("frac", "largest water recovery", low=0.01, high=0.99)] = 0.9
    carrying_t_m2h: Annotated[
        Values, Spec("t/m2/h", "most floated solids that a square metre carries", low=0.01, high=100.0)
    ] = 100.0
    k_factor: Annotated[Values, Spec("-", "factor on the rates of the ore", high=100.0)] = 1.0
    running: Annotated[
        Values, Spec("frac", "share of the time in which the flow passes; it is a mean over all time", low=0.01, high=1)
    ] = 1.0

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Flow of tailings, froth recovery, recovery of feed water and of all water."""
        most = basis.volume(feed) + self._wash(feed, basis)

        def surplus(tail: Floats) -> Floats:
            return most - self._conc(feed, tail, basis)[2] - tail

        least = np.full(len(feed), _LEAST_PULP_M3H)
        tail = falling_root(surplus, least, np.maximum(most, least))
        froth, feed_water, _, water = self._conc(feed, tail, basis)
        return np.stack([tail, froth, feed_water, water], axis=1)

    def water_added(self, drivers: Floats) -> Floats | None:  # noqa: ARG002
        """Wash water."""
        return vector(self.wash_t_t)

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """True flotation and entrainment of solids; water recovery."""
        floated = _delivered(self._collected(drivers[:, 0], basis), drivers[:, 1:2])
        conc = floated + (1 - floated) * self._entrained(basis) * drivers[:, 2:3]
        conc[:, -1] = drivers[:, 3]
        return two_ways(conc)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Residence time, froth recovery, carrying rate, water."""
        floated = _delivered(self._collected(drivers[:, 0], basis), drivers[:, 1:2])
        return {
            "residence_time": (self._minutes(drivers[:, 0]), "min"),
            "froth_recovery": (drivers[:, 1], "frac"),
            "carrying_rate": (basis.solids(feed * floated) / self._area_m2(), "t/m2/h"),
            "water_recovery": (drivers[:, 3], "frac"),
            "water_added": (self._wash(feed, basis), "t/h"),
        }

    def _conc(self, feed: Floats, tail: Floats, basis: Basis) -> tuple[Floats, Floats, Floats, Floats]:
        """Froth recovery, recovery of feed water, pulp of the concentrate, m3/h, and recovery of all water."""
        collected = self._collected(tail, basis)
        froth = self._froth(feed, collected, basis)
        floated = _delivered(collected, froth[:, None])
        ratio = 1 / vector(self.conc_solids) - 1
        carries = ratio * basis.solids(feed * floated)
        dragged = feed * (1 - floated) * self._entrained(basis)
        wash = self._wash(feed, basis)
        # feed water in the concentrate = ratio (floated + entrained Rw) - wash, and Rw = it / feed water: linear in Rw
        left = feed[:, -1] - ratio * basis.solids(dragged)
        wanted = np.maximum(carries - wash, 0)
        cap = vector(self.water_recovery_cap)
        share = np.divide(wanted, left, out=cap * (wanted > 0), where=left > wanted * 1e-6)
        feed_water = np.minimum(share, cap)
        solids = feed * floated + dragged * feed_water[:, None]
        total = feed[:, -1] + wash
        water = np.minimum(ratio * basis.solids(solids), cap * total)
        volume = (solids / basis.sg)[:, :-1].sum(axis=1) + water
        return froth, feed_water, volume, np.divide(water, total, out=np.zeros(len(feed)), where=total > 0)

    def _froth(self, feed: Floats, collected: Floats, basis: Basis) -> Floats:
        """Share that the froth delivers: less than it could where it cannot carry so much, shape (S,)."""
        usual = np.array(np.broadcast_to(vector(self.froth_recovery), len(feed)))
        most = np.broadcast_to(vector(self.carrying_t_m2h) * self._area_m2(), len(feed))
        binds = basis.solids(feed * _delivered(collected, usual[:, None])) > most
        if binds.any():
            charged, floats = feed[binds], np.broadcast_to(collected, feed.shape)[binds]
            usual[binds] = falling_root(
                lambda froth: most[binds] - basis.solids(charged * _delivered(floats, froth[:, None])),
                np.zeros(len(charged)), usual[binds],
            )  # fmt: skip
        return usual

    def _collected(self, tail: Floats, basis: Basis) -> Floats:
        """Share that the collection zone floats, shape (S, C)."""
        mixing = _DISPERSION * vector(self.diameter_m) / vector(self.height_m)
        peclet = 1 / (mixing * np.sqrt(vector(self.gas_cm_s) / _GAS_CM_S))
        return dispersed_recovery(self._rates(basis) * self._minutes(tail)[:, None], peclet[:, None])

    def _minutes(self, tail: Floats) -> Floats:
        """Residence time in the collection zone while the column runs, min."""
        volume = self._area_m2() * vector(self.height_m) * (1 - vector(self.gas_holdup))
        return np.asarray(60 * volume / tail)

    def _area_m2(self) -> Floats:
        """Cross-section of all columns, times the share of the time in which they run."""
        return np.pi / 4 * vector(self.diameter_m) ** 2 * vector(self.columns) * vector(self.running)

    def _wash(self, feed: Floats, basis: Basis) -> Floats:
        """Wash water, t/h."""
        return vector(self.wash_t_t) * basis.solids(feed)

    @per_basis
    def _rates(self, basis: Basis) -> Floats:
        """Rate constants in this column, 1/min, shape (S or 1, C)."""
        return column(self.k_factor) * basis.k_per_min

    @per_basis
    def _entrained(self, basis: Basis) -> Floats:
        """Share of what does not float that follows the feed water, over its recovery, shape (S or 1, C)."""
        return column(self.entrain) * basis.entrainment


def _delivered(collected: Floats, froth: Floats) -> Floats:
    """Share recovered by both zones: what the froth drops is collected again."""
    leaves = 1 - collected + collected * froth
    return np.divide(collected * froth, leaves, out=np.zeros_like(leaves), where=leaves > 0)
