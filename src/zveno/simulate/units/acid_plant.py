"""Acid plant: SO2 to sulphuric acid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.chemistry import formula
from zveno.simulate.units.element_unit import O_PER_S, ElementUnit, drivers_of, share
from zveno.simulate.units.unit import Report, Spec, Values, vector

_ACID = formula("H2SO4")
_WATER = formula("H2O")
_SHARES = ("h_acid", "o_acid", "o_effluent")
_O_PER_S_IN_SO3 = 1.5 * O_PER_S


@dataclass(frozen=True, kw_only=True)
class AcidPlant(ElementUnit):
    """SO2 + 1/2 O2 + H2O = H2SO4 in a contact plant.

    Of the sulphur that enters, ``scrub_loss`` leaves with the weak acid of gas cleaning (as SO3); of the rest
    ``conversion`` times ``absorption`` becomes acid of the given strength, and what is left goes to the stack.
    Water and, where the gas does not hold enough oxygen, air are asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> AcidPlant(scrub_loss=0.0).run(np.array([32.06, 32.0, 0.0]), element_basis("S", "O"))["stack"].round(2)
    array([[0.5, 0. , 0. ]])
    """

    inlets: ClassVar = ("air", "water")
    outlets: ClassVar = ("acid", "stack", "effluent")
    home: ClassVar = "stack"
    drivers: ClassVar = drivers_of(_SHARES, inlets)

    conversion: Annotated[Values, Spec("frac", "SO2 that becomes SO3", low=0.5, high=1.0)] = 0.985
    absorption: Annotated[Values, Spec("frac", "SO3 that is absorbed", low=0.5, high=1.0)] = 0.9995
    scrub_loss: Annotated[Values, Spec("frac", "sulphur lost to the weak acid of gas cleaning", high=0.2)] = 0.006
    strength: Annotated[Values, Spec("frac", "H2SO4 in the product", low=0.5, high=1.0)] = 0.93

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Shares of H and O, and what is asked for."""
        sulphur = self.of(feed, basis, "S")
        made = sulphur * self._to_acid()
        weak = sulphur * vector(self.scrub_loss)
        acid = made / _ACID["S"]
        dilution = acid * (1 / vector(self.strength) - 1)
        hydrogen = acid * _ACID["H"] + dilution * _WATER["H"]
        oxygen = acid * _ACID["O"] + dilution * _WATER["O"]
        gives = self.supply("water", basis, "H")
        water = np.divide(hydrogen, gives, out=np.zeros(len(feed)), where=gives > 0)
        to_stack = self.oxygen_to_burn(feed, np.maximum(sulphur - made - weak, 0), basis)
        there = self.of(feed, basis, "O") + water * self.supply("water", basis, "O")
        wanted = np.maximum(oxygen + weak * _O_PER_S_IN_SO3 + to_stack - there, 0)
        air_o = self.supply("air", basis, "O")
        air = np.divide(wanted, air_o, out=np.zeros(len(feed)), where=air_o > 0)
        there = there + air * air_o
        h_total = self.of(feed, basis, "H") + water * gives
        shares = (share(hydrogen, h_total), share(oxygen, there), share(weak * _O_PER_S_IN_SO3, there))
        return np.stack(np.broadcast_arrays(*shares, air, water), axis=1)

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Shares of S, H and O; all else goes to the stack."""
        rows = len(drivers)
        balance = {
            "S": {
                "acid": np.broadcast_to(self._to_acid(), (rows,)),
                "effluent": np.broadcast_to(vector(self.scrub_loss), (rows,)),
            },
            "H": {"acid": drivers[:, 0]},
            "O": {"acid": drivers[:, 1], "effluent": drivers[:, 2]},
        }
        return self.shared(basis, balance, rows)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Acid as monohydrate, SO2 at the stack."""
        acid, stack, _ = self.products(feed, drivers, basis)
        return {
            "acid_100": (self.of(acid, basis, "S") / _ACID["S"], "t/h"),
            "stack_so2": (self.of(stack, basis, "S") * (1 + O_PER_S), "t/h"),
        }

    def _to_acid(self) -> Floats:
        """Share of the sulphur that becomes acid, shape (S or 1,)."""
        return np.asarray((1 - vector(self.scrub_loss)) * vector(self.conversion) * vector(self.absorption))
