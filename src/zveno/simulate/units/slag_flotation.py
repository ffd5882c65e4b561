"""Slag flotation: copper floated from slow-cooled slag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.element_unit import ElementUnit, drivers_of, share
from zveno.simulate.units.unit import Report, Spec, Values, vector

_COPPER: Final = "Cu"


@dataclass(frozen=True, kw_only=True)
class SlagFlotation(ElementUnit):
    """Copper by its recovery, minor elements by the table; all else follows so that the concentrate has its grade.

    References
    ----------
    Subramanian & Themelis (1972), J. Met. 24 (4), 33-38.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> plant = SlagFlotation(cu_recovery=0.9, conc_cu=0.2)
    >>> plant.run(np.array([4.0, 96.0, 0.0]), element_basis("Cu", "Fe"))["conc"].round(2)
    array([[ 3.6, 14.4,  0. ]])
    """

    outlets: ClassVar = ("conc", "tail")
    words: ClassVar = {"conc": "conc", "tail": "tail"}
    home: ClassVar = "tail"
    drivers: ClassVar = drivers_of(("rest_share",))

    cu_recovery: Annotated[Values, Spec("frac", "copper recovered", high=1.0)]
    conc_cu: Annotated[Values, Spec("frac", "copper in the concentrate", low=0.02, high=0.9)]

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Share of all else that goes to the concentrate."""
        copper = self.of(feed, basis, _COPPER) * vector(self.cu_recovery)
        known = copper + self.minor(feed, basis, "conc")
        listed = () if self.deportment is None else self.deportment.elements
        rest = basis.solids(feed) - sum((self.of(feed, basis, one) for one in (*listed, _COPPER)), np.zeros(len(feed)))
        return share(np.maximum(copper / vector(self.conc_cu) - known, 0), rest)[:, None]

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Copper by recovery, listed elements by the table, the rest alike."""
        conc = np.repeat(drivers, len(basis), axis=1)
        if _COPPER in basis.elements:
            conc[:, basis.elements[_COPPER]] = vector(self.cu_recovery)
        for n, name in enumerate(self.deportment.elements if self.deportment is not None else ()):
            if name in basis.elements:
                conc[:, basis.elements[name]] = self.deportment.shares[:, 0, n]  # type: ignore[union-attr]
        return np.stack([conc, 1 - conc], axis=1)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Mass pull, copper in tailings."""
        conc, tail = self.products(feed, drivers, basis)
        return {
            "mass_pull": (share(basis.solids(conc), basis.solids(conc + tail)), "frac"),
            "tail_cu": (share(self.of(tail, basis, "Cu"), basis.solids(tail)), "frac"),
        }
