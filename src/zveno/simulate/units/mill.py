"""Mill: energy by Bond's law; what its product size does to floatability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.moves import Moves
from zveno.simulate.units.grinding import bond_energy
from zveno.simulate.units.liberation import lose_fast
from zveno.simulate.units.unit import (
    WATER_ADDED,
    Report,
    Spec,
    UnitModel,
    Values,
    per_basis,
    vector,
    water_needed,
)
from zveno.text.mark import tr


@dataclass(frozen=True, kw_only=True)
class Mill(UnitModel):
    """A grinding mill, usually in closed circuit with a cyclone.

    The rates of an ore hold at the size ``p80_design_um``. A coarser product loses ``p80_rec`` per cent of
    recovery per micrometre, one below ``overgrind_um`` loses ``overgrind_rec``; relative to
    ``recovery_design`` that loss is taken from the fast class of copper sulphides and given to the
    non-floating one. ``circulating_load`` must be that of the cyclone which closes the circuit: energy
    counts new feed only, and the loss is spread over the passes.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")], sg=[2.65], k_per_min=[0.0], groups=["gangue"])
    >>> mill = Mill(work_index_kwh_t=15.0, f80_um=14000.0, p80_um=105.0, p80_design_um=105.0, solids=0.74,
    ...     efficiency_factor=1.05, drive_efficiency=0.93)
    >>> feed = np.array([[100.0, 3.0]])
    >>> mill.report(feed, mill.observe(feed, ore), ore)["specific_energy"][0].round(3)
    array([15.096])
    """

    drivers: ClassVar = (WATER_ADDED,)

    work_index_kwh_t: Annotated[Values, Spec("kWh/t", "Bond work index per tonne", low=0.1, high=100.0)]
    f80_um: Annotated[Values, Spec("um", "80 % passing size of the new feed", low=1.0)]
    p80_um: Annotated[Values, Spec("um", "80 % passing size of the product of the circuit", low=1.0)]
    p80_design_um: Annotated[Values, Spec("um", "product size at which the rates of the ore hold", low=1.0)]
    solids: Annotated[Values, Spec("frac", "share of solids in the mill by mass", low=0.2, high=1.0)]
    efficiency_factor: Annotated[Values, Spec("-", "product of Rowland's factors", low=0.1, high=5)] = 1.0
    drive_efficiency: Annotated[Values, Spec("frac", "efficiency of the drive", low=0.1, high=1.0)] = 1.0
    circulating_load: Annotated[Values, Spec("frac", "returned solids over new feed")] = 0.0
    running: Annotated[
        Values, Spec("frac", "share of the time in which the feed comes; it is a mean over all time", low=0.01, high=1)
    ] = 1.0
    p80_rec: Annotated[Values, Spec("-", "% recovery per um above the design size", low=-1.0)] = 0.0
    overgrind_rec: Annotated[Values, Spec("-", "% recovery per um below overgrind_um", low=-1.0)] = 0.0
    overgrind_um: Annotated[Values, Spec("um", "size below which slimes begin to cost recovery")] = 85.0
    recovery_design: Annotated[Values, Spec("frac", "recovery of copper at design size", low=0.05, high=1.0)] = 1.0

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Water to reach the density in the mill."""
        return water_needed(feed, basis, self.solids)[:, None]

    def water_added(self, drivers: Floats) -> Floats | None:
        """Water to reach the density in the mill."""
        return drivers[:, 0]

    def convert(self, drivers: Floats, basis: Basis) -> Moves | None:  # noqa: ARG002
        """Fast copper sulphides that the product size leaves unfloatable."""
        return self._moves(basis)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:  # noqa: ARG002
        """Specific energy of the new feed, and power while the mill runs."""
        energy = bond_energy(self.work_index_kwh_t, self.f80_um, self.p80_um)
        energy = energy * vector(self.efficiency_factor) / vector(self.drive_efficiency)
        new = basis.solids(feed) / (1 + vector(self.circulating_load))
        return {"specific_energy": (energy, "kWh/t"), "power": (energy * new / vector(self.running), "kW")}

    def conflict(self) -> str:
        """A product coarser than the feed."""
        coarser = vector(self.p80_um) >= vector(self.f80_um)
        return tr("unit '{unit}': p80_um must be below f80_um") if coarser.any() else ""

    @per_basis
    def _moves(self, basis: Basis) -> Moves | None:
        """Fast copper sulphides that the product size leaves unfloatable."""
        coarse = np.maximum(vector(self.p80_um) - vector(self.p80_design_um), 0) * vector(self.p80_rec)
        fine = np.maximum(vector(self.overgrind_um) - vector(self.p80_um), 0) * vector(self.overgrind_rec)
        loss = -(coarse + fine) / 100 / vector(self.recovery_design)
        return lose_fast(basis, loss, self.circulating_load)
