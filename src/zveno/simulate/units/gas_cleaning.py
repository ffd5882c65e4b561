"""Gas cleaning behind a furnace: hoods, dust that goes back, dust that leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.element_unit import GASES, ElementUnit
from zveno.simulate.units.unit import Spec, Values, vector


@dataclass(frozen=True, kw_only=True)
class GasCleaning(ElementUnit):
    """Gas is caught by the hoods up to a share; what it carries of metals is caught apart from that.

    Of the caught metals ``bleed`` leaves as lead dust, cake and sludge, the rest goes back to the furnace. What
    is not caught, gas or metal, is fugitive.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> hood = GasCleaning(capture=0.9, dust_capture=0.99, bleed=0.5)
    >>> hood.run(np.array([10.0, 1.0, 0.0]), element_basis("S", "Pb"))["fugitive"].round(3)
    array([[1.  , 0.01, 0.  ]])
    """

    outlets: ClassVar = ("gas", "fugitive", "dust", "bleed")
    home: ClassVar = "gas"

    capture: Annotated[Values, Spec("frac", "share of the gas that is caught", high=1.0)]
    dust_capture: Annotated[Values, Spec("frac", "share of the metals that is caught", high=1.0)] = 1.0
    bleed: Annotated[Values, Spec("frac", "share of the caught metals that leaves", high=1.0)] = 0.0

    def split(self, drivers: Floats, basis: Basis) -> Floats:  # noqa: ARG002
        """Gas one way, metals another."""
        gas, caught, bleed = np.broadcast_arrays(vector(self.capture), vector(self.dust_capture), vector(self.bleed))
        metals = [n for name, n in basis.elements.items() if name not in GASES]
        shares = np.zeros((len(gas), len(self.outlets), len(basis)))
        shares[:, 0], shares[:, 1] = gas[:, None], 1 - gas[:, None]
        shares[:, :, metals] = np.stack([0 * gas, 1 - caught, caught * (1 - bleed), caught * bleed], axis=1)[:, :, None]
        return shares
