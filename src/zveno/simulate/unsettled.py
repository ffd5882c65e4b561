"""What still moves in a scenario that did not settle: the unit, its driver, from where to where, and its loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zveno.simulate.accelerate import Settled
from zveno.simulate.basis import Floats
from zveno.simulate.heat import FUEL_STANDS
from zveno.simulate.scaling import Scaling
from zveno.simulate.units import UnitModel
from zveno.simulate.units.furnace import Furnace
from zveno.simulate.units.unit import Driver, vector

_FUEL = Driver("fuel_tph", "linear")


@dataclass(frozen=True)
class Unsettled:
    """The driver of one scenario that moves most.

    Parameters
    ----------
    row
        Scenario by number.
    unit, loop
        Its unit, and the units of its loop, by number in the circuit.
    driver
        What moves.
    before, after
        Its value at the last step and what follows from that; NaN where no number does.
    residual
        How far it moves: on the scale of the driver (its logarithm or logit), or relative for fuel.
    """

    row: int
    unit: int
    loop: tuple[int, ...]
    driver: Driver
    before: float
    after: float
    residual: float

    def moved(self, rows: int) -> Unsettled:
        """The same with its scenario counted from elsewhere."""
        return replace(self, row=self.row + rows)


def unsettled(settled: Settled, scaling: Scaling, loop: Sequence[int]) -> Iterator[Unsettled]:
    """What moves most in each scenario of a loop that did not settle."""
    rows = np.flatnonzero(~settled.converged)
    if not len(rows):
        return
    gap = settled.gap[rows]
    after = np.concatenate(scaling.decode(settled.unknowns[rows]), axis=1)
    with np.errstate(invalid="ignore"):
        before = np.concatenate(scaling.decode(settled.unknowns[rows] - gap), axis=1)
    worst = np.argmax(np.abs(gap), axis=1)
    for n, (row, at) in enumerate(zip(rows, worst, strict=True)):
        known = bool(np.isfinite(gap[n, at]))
        yield Unsettled(
            row=int(row),
            unit=loop[scaling.owners[at]],
            loop=tuple(loop),
            driver=scaling.drivers[at],
            before=float(before[n, at]) if known else np.nan,
            after=float(after[n, at]) if known else np.nan,
            residual=float(settled.residual[row]),
        )


def unsettled_fuel(
    before: Sequence[UnitModel], after: Sequence[UnitModel], loop: Sequence[int], rows: int
) -> Iterator[Unsettled]:
    """The furnace of a loop whose fuel moves most, in each of some scenarios (S) in which fuel does not stand."""
    furnaces = [n for n, one in enumerate(after) if isinstance(one, Furnace) and one.burns]
    old, new = (_fuel(units, furnaces, rows) for units in (before, after))
    size = np.abs(new - old) / np.maximum(np.abs(new), FUEL_STANDS)
    for row in np.flatnonzero((size > FUEL_STANDS).any(axis=0)):
        at = int(np.argmax(size[:, row]))
        yield Unsettled(
            row=int(row),
            unit=loop[furnaces[at]],
            loop=tuple(loop),
            driver=_FUEL,
            before=float(old[at, row]),
            after=float(new[at, row]),
            residual=float(size[at, row]),
        )


def _fuel(units: Sequence[UnitModel], furnaces: Sequence[int], rows: int) -> Floats:
    """Fuel of furnaces, t/h, shape (furnaces, S)."""
    return np.array([np.broadcast_to(vector(getattr(units[n], "fuel_tph")), (rows,)) for n in furnaces])  # noqa: B009
