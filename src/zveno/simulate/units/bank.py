"""Flotation bank: equal mixed cells in series, true flotation by rate constants, and entrainment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.kinetics import mixed_cells_recovery
from zveno.simulate.units.unit import (
    WATER_ADDED,
    Driver,
    Report,
    Spec,
    UnitModel,
    Values,
    column,
    per_basis,
    two_ways,
    vector,
    water_needed,
)

_LEAST_PULP_M3H = 1e-9  # an empty bank still has a residence time, so that zero feed gives zero products
_MOST_COLLECTOR_GAIN = 0.1  # more collector than design brings little


@dataclass(frozen=True, kw_only=True)
class Bank(UnitModel):
    """A flotation bank of ``cells`` equal cells.

    True flotation of a component with rate k: R = 1 - (1 + k t)^-N, with t the residence time in one cell,
    effective volume over the pulp flow of the feed (with its dilution water). With the water recovery Rw,
    R + (1 - R) e s Rw is recovered in all, where e is the degree of entrainment of gangue and s how the
    mineral follows it. Rw is such that the concentrate has ``conc_solids``, but at most
    ``water_recovery_cap``; since entrained solids carry water too, it is solved in closed form. With
    ``water_rule`` *floated_solids* only truly floated solids carry water, at
    Rw = Wc / (Wc + water of the feed).

    Rates are those of the ore times the multiplier of the mineral group, over ``k_divisor``, and change with
    pH (pyrite; other sulphides), air, collector and froth depth relative to their design values.

    References
    ----------
    Bu et al. (2017), Physicochem. Probl. Miner. Process. 53, 342-365 (rate models);
    Polat & Chander (2000), Int. J. Miner. Process. 58, 145-166.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("bornite", "fast"), ("quartz", "non")], sg=[5.07, 2.65], k_per_min=[0.6, 0.0],
    ...     groups=["cu_sulphide", "gangue"])
    >>> bank = Bank(cells=5, cell_m3=50.0, conc_solids=0.25, entrain=0.12)
    >>> conc = bank.run(np.array([2.0, 98.0, 200.0]), ore)["conc"]
    >>> conc.round(3)
    array([[2.   , 0.428, 7.285]])
    """

    outlets: ClassVar = ("conc", "tail")
    drivers: ClassVar = (
        Driver("pulp_m3h", "log", _LEAST_PULP_M3H),
        Driver("water_recovery_frac", "logit", 0, 1),
        WATER_ADDED,
    )

    cells: Annotated[Values, Spec("-", "cells in series", low=1.0, high=100.0)]
    cell_m3: Annotated[Values, Spec("m3", "volume of one cell", high=1000.0)]
    conc_solids: Annotated[Values, Spec("frac", "share of solids in the concentrate", low=0.01, high=0.95)]
    effective_volume: Annotated[Values, Spec("frac", "cell volume less air and rotor", low=0.1, high=1)] = 0.85
    running: Annotated[
        Values, Spec("frac", "share of the time in which the flow passes; it is a mean over all time", low=0.01, high=1)
    ] = 1.0
    feed_solids: Annotated[
        Values, Spec("frac", "water is added to the feed down to this share of solids; 1: none", low=0.01, high=1)
    ] = 1.0
    entrain: Annotated[Values, Spec("-", "degree of entrainment of gangue", high=1.0)] = 0.0
    water_recovery_cap: Annotated[Values, Spec("frac", "largest water recovery", low=0.01, high=0.99)] = 0.6
    water_rule: Annotated[Literal["product_solids", "floated_solids"], Spec("", "what carries water")] = (
        "product_solids"
    )
    k_mult_sulphide: Annotated[Values, Spec("-", "factor on rates of sulphides and copper oxides")] = 1.0
    k_mult_pyrite: Annotated[Values, Spec("-", "factor on rates of pyrite")] = 1.0
    k_mult_gangue: Annotated[Values, Spec("-", "factor on rates of gangue")] = 1.0
    k_divisor: Annotated[Values, Spec("-", "all rates are divided by it", low=0.01)] = 1.0
    ph: Annotated[Values, Spec("pH", "pH of the pulp", low=1.0, high=14.0)] = 10.0
    ph_design: Annotated[Values, Spec("pH", "pH at which the rates hold", low=1.0, high=14.0)] = 10.0
    ph_pyrite_k: Annotated[Values, Spec("-", "relative change of pyrite rates per pH", low=-2.0)] = 0.0
    ph_cu_k: Annotated[Values, Spec("-", "relative change of other sulphide rates per pH", low=-2.0)] = 0.0
    air_m3h: Annotated[Values, Spec("m3/h", "air")] = 1.0
    air_design_m3h: Annotated[Values, Spec("m3/h", "air at which the rates hold", low=1e-6)] = 1.0
    air_k: Annotated[Values, Spec("-", "relative change of rates per relative change of air")] = 0.0
    collector_g_t: Annotated[Values, Spec("g/t", "collector dose")] = 1.0
    collector_design_g_t: Annotated[Values, Spec("g/t", "dose at which the rates hold", low=1e-6)] = 1.0
    collector_k: Annotated[
        Values, Spec("-", "relative change of rates per relative change of dose; a gain stops at 10 %")
    ] = 0.0
    froth_mm: Annotated[Values, Spec("mm", "froth depth")] = 1.0
    froth_design_mm: Annotated[Values, Spec("mm", "froth depth at which the rates hold", low=1e-6)] = 1.0
    froth_k: Annotated[Values, Spec("-", "relative change of rates per relative change of depth", low=-2)] = 0.0
    froth_water: Annotated[
        Values, Spec("-", "relative change of the concentrate's water per relative change of depth", low=-2.0)
    ] = 0.0

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Pulp flow, water recovery and dilution water of a feed."""
        added = water_needed(feed, basis, self.feed_solids)
        pulp = np.maximum(basis.volume(feed) + added * basis.solids(feed), _LEAST_PULP_M3H)
        water = feed[:, -1] + added * basis.solids(feed)
        return np.stack([pulp, self._water_recovery(feed, water, self._floated(pulp, basis), basis), added], axis=1)

    def water_added(self, drivers: Floats) -> Floats | None:
        """Dilution water of the feed."""
        return drivers[:, 2]

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """True flotation and entrainment of solids; water recovery."""
        floated = self._floated(drivers[:, 0], basis)
        conc = floated + (1 - floated) * self._entrained(basis) * drivers[:, 1:2]
        conc[:, -1] = drivers[:, 1]
        return two_ways(conc)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Residence time of the whole bank, water recovery, pulp, dilution water."""
        return {
            "residence_time": (vector(self.cells) * self._cell_minutes(drivers[:, 0]), "min"),
            "water_recovery": (drivers[:, 1], "frac"),
            "pulp": (drivers[:, 0], "m3/h"),
            "water_added": (drivers[:, 2] * basis.solids(feed), "t/h"),
        }

    def _water_recovery(self, feed: Floats, water: Floats, floated: Floats, basis: Basis) -> Floats:
        """Share of the water that the concentrate carries away, shape (S,)."""
        ratio = (1 / vector(self.conc_solids) - 1) * self._froth_water()
        carries = ratio * basis.solids(feed * floated)
        if self.water_rule == "floated_solids":
            share = carries / np.maximum(carries + water, _LEAST_PULP_M3H)
        else:
            # water = ratio (floated + entrained Rw) and Rw = water / water of the feed: linear in Rw
            drag = ratio * basis.solids(feed * (1 - floated) * self._entrained(basis))
            left = water - drag
            cap = vector(self.water_recovery_cap)
            share = np.divide(carries, left, out=cap + 0 * left, where=left > carries * 1e-6)
        return np.minimum(share, vector(self.water_recovery_cap))

    def _floated(self, pulp: Floats, basis: Basis) -> Floats:
        """Share recovered by true flotation, shape (S, C)."""
        kt = self._rates(basis) * self._cell_minutes(pulp)[:, None]
        return mixed_cells_recovery(kt, column(self.cells))

    def _cell_minutes(self, pulp: Floats) -> Floats:
        """Residence time in one cell while the bank runs, min."""
        return 60 * vector(self.cell_m3) * vector(self.effective_volume) * vector(self.running) / pulp

    @per_basis
    def _rates(self, basis: Basis) -> Floats:
        """Rate constants in this bank, 1/min, shape (S or 1, C)."""
        return np.maximum(basis.k_per_min * self._rate_factor(basis), 0)

    @per_basis
    def _entrained(self, basis: Basis) -> Floats:
        """Share of what does not float that follows the water, over the water recovery, shape (S or 1, C)."""
        return column(self.entrain) * basis.entrainment

    def _rate_factor(self, basis: Basis) -> Floats:
        """Factor on the rates of the ore, shape (S or 1, C)."""
        pyrite, gangue = basis.among("pyrite"), basis.among("gangue")
        ph = column(self.ph) - column(self.ph_design)
        factor = np.where(
            pyrite,
            column(self.k_mult_pyrite) * (1 + column(self.ph_pyrite_k) * ph),
            np.where(
                gangue, column(self.k_mult_gangue), column(self.k_mult_sulphide) * (1 + column(self.ph_cu_k) * ph)
            ),
        )
        return factor * column(self._bank_factor())

    def _bank_factor(self) -> Floats:
        """Factor common to all components: air, collector, froth, divisor."""
        air = vector(self.air_k) * _relative(self.air_m3h, self.air_design_m3h)
        dose = vector(self.collector_k) * _relative(self.collector_g_t, self.collector_design_g_t)
        froth = vector(self.froth_k) * _relative(self.froth_mm, self.froth_design_mm)
        gained = (1 + air) * (1 + np.minimum(dose, _MOST_COLLECTOR_GAIN)) * (1 + froth)
        return np.asarray(gained / vector(self.k_divisor))

    def _froth_water(self) -> Floats:
        """Factor on the water that the concentrate carries."""
        return np.asarray(np.maximum(1 + vector(self.froth_water) * _relative(self.froth_mm, self.froth_design_mm), 0))


def _relative(value: Values, design: Values) -> Floats:
    """Change relative to design."""
    return vector(value) / vector(design) - 1
