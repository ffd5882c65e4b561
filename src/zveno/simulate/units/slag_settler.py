"""Slag settler: droplets of matte settle out of slag until it holds a given share of copper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.chemistry import matte_of_grade
from zveno.simulate.units.element_unit import MELTS_K, ElementUnit, drivers_of, share
from zveno.simulate.units.unit import Report, Spec, Values, vector
from zveno.text.mark import tr


@dataclass(frozen=True, kw_only=True)
class SlagSettler(ElementUnit):
    """Electric settler behind a furnace: the droplets are matte of a grade, by Matousek's composition.

    Of slag with m_cu of copper in m of solids, droplets with a share g of copper settle until c is left:

        matte = (m_cu - c m) / (g - c)

    and nothing settles where slag holds less than that already. Fe, S and O follow the composition of matte, as far
    as slag has them. Melts leave at ``melt_temp``; cold if it is not given.

    References
    ----------
    Sums; composition of matte: Matousek (1996), see :func:`zveno.simulate.chemistry.matte_of_grade`.

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
    temps: ClassVar = {"slag": "melt_temp", "matte": "melt_temp"}
    drivers: ClassVar = drivers_of(("cu_matte", "fe_matte", "s_matte", "o_matte"))

    slag_cu: Annotated[Values, Spec("frac", "copper in slag after settling", high=0.15)]
    matte_grade: Annotated[Values, Spec("frac", "copper in the droplets", low=0.15, high=0.79)] = 0.5
    melt_temp: Annotated[Values, Spec("K", "temperature of slag and matte; 0: not given", high=1750.0)] = 0.0

    def conflict(self) -> str:
        """A melt has the temperature of one, or none is given."""
        temp = vector(self.melt_temp)
        if np.all((temp == 0) | ((temp >= MELTS_K[0]) & (temp <= MELTS_K[1]))):
            return ""
        return tr("unit '{unit}' has a melt_temp that no melt has: give 1350 to 1750 K, or 0")

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Shares of Cu, Fe, S and O that settle."""
        grade, left = vector(self.matte_grade), vector(self.slag_cu)
        copper = self.of(feed, basis, "Cu")
        above, apart = copper - left * basis.solids(feed), np.broadcast_to(grade - left, copper.shape)
        matte = np.maximum(np.divide(above, apart, out=np.zeros(len(feed)), where=apart > 0), 0)
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
