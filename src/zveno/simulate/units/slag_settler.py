"""Slag settler: droplets of matte settle out of slag until it holds a given share of copper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.chemistry import matte_of_grade
from zveno.simulate.units.element_unit import ElementUnit, drivers_of, share
from zveno.simulate.units.unit import Report, Spec, Values, vector


@dataclass(frozen=True, kw_only=True)
class SlagSettler(ElementUnit):
    """Electric settler behind a furnace: the droplets are matte of a grade, by Matousek's composition.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> SlagSettler(slag_cu=0.006).run(np.array([0.8, 99.2, 0.0]), element_basis("Cu", "Fe"))["matte"].round(3)
    array([[0.202, 0.094, 0.   ]])
    """

    outlets: ClassVar = ("slag", "matte")
    home: ClassVar = "slag"
    phases: ClassVar = {"slag": "slag", "matte": "matte"}
    drivers: ClassVar = drivers_of(("cu_matte", "fe_matte", "s_matte", "o_matte"))

    slag_cu: Annotated[Values, Spec("frac", "copper in slag after settling", high=0.15)]
    matte_grade: Annotated[Values, Spec("frac", "copper in the droplets", low=0.15, high=0.79)] = 0.5

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Shares of Cu, Fe, S and O that settle."""
        grade, left = vector(self.matte_grade), vector(self.slag_cu)
        copper = self.of(feed, basis, "Cu")
        matte = np.maximum((copper - left * basis.solids(feed)) / (grade - left), 0)
        parts = (grade, *matte_of_grade(grade))
        return np.stack(
            [
                share(part * matte, self.of(feed, basis, one))
                for one, part in zip(("Cu", "Fe", "S", "O"), parts, strict=True)
            ],
            axis=1,
        )

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Shares of the elements of matte; all else stays in slag."""
        balance = {one: {"matte": drivers[:, n]} for n, one in enumerate(("Cu", "Fe", "S", "O"))}
        return self.shared(basis, balance, len(drivers))

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Copper in settled slag."""
        slag = self.products(feed, drivers, basis)[0]
        return {"slag_cu": (share(self.of(slag, basis, "Cu"), basis.solids(slag)), "frac")}
