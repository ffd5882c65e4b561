"""Acid plant: SO2 to sulphuric acid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.chemistry import formula
from zveno.simulate.thermo import enthalpies
from zveno.simulate.units.element_unit import NM3_PER_T, O_PER_S, ElementUnit, drivers_of, share
from zveno.simulate.units.unit import Report, Spec, Values, vector

_ACID = formula("H2SO4")
_WATER = formula("H2O")
_GASES = ("SO2(g)", "O2(g)", "N2(g)", "CO2(g)")
_SHARES = ("h_acid", "o_acid", "o_effluent")
_O_PER_S_IN_SO3 = 1.5 * O_PER_S


_OXIDATION_KJ = 98.96
"""SO2 + 1/2 O2 = SO3 at 298 K: -395.77 + 296.81 kJ/mol, NIST WebBook (Chase 1998), recalled."""
_CATALYST_K = (700.0, 900.0)


@dataclass(frozen=True, kw_only=True)
class AcidPlant(ElementUnit):
    """SO2 + 1/2 O2 + H2O = H2SO4 in a contact plant.

    Of the sulphur that enters, ``scrub_loss`` leaves with the weak acid of gas cleaning (as SO3); of the rest
    ``conversion`` times ``absorption`` becomes acid of the given strength, and what is left goes to the stack.
    Water is asked for, and air as far as the gas holds less oxygen than that takes, or than ``o2_ratio`` times its
    SO2 by volume.

    Of the dry gas before the contact stage are reported: SO2, O2/SO2, the *temperature rise* if all of it were
    converted, x 98.96 kJ/mol / cp with the heat capacity of the gas between 700 and 900 K, and by how much SO2 lies
    above ``autothermal_so2``, below which a plant has to burn fuel. That limit hangs on the plant; 4.5 % is an
    estimate for single contact. A negative value is a warning, no more: flows do not change.

    References
    ----------
    Stoichiometry. Davenport & King (2006), Sulfuric Acid Manufacture, ch. 12: gas of 10 % SO2, 11 % O2 and 79 % N2
    goes from 690 to 893 K while 69.2 % of it are oxidised (recalled), which is 293 K for all of it.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import element_basis
    >>> AcidPlant(scrub_loss=0.0).run(np.array([32.06, 32.0, 0.0]), element_basis("S", "O"))["stack"].round(2)
    array([[0.5, 0. , 0. ]])

    10 % SO2, 11 % O2, 79 % N2:

    >>> gas = np.array([[10 * 32.06, (2 * 10 + 2 * 11) * 15.999, 2 * 79 * 14.007, 0.0]])
    >>> basis, plant = element_basis("S", "O", "N"), AcidPlant(scrub_loss=0.0)
    >>> found = plant.report(gas, plant.observe(gas, basis), basis)
    >>> [found[name][0].round(3).tolist() for name in ("gas_so2", "o2_so2", "autothermal_room")]
    [[0.1], [1.1], [0.055]]
    >>> found["adiabatic_rise"][0].round()
    array([293.])
    """

    inlets: ClassVar = ("air", "water")
    outlets: ClassVar = ("acid", "stack", "effluent")
    home: ClassVar = "stack"
    drivers: ClassVar = drivers_of(_SHARES, inlets)

    conversion: Annotated[Values, Spec("frac", "SO2 that becomes SO3", low=0.5, high=1.0)] = 0.985
    absorption: Annotated[Values, Spec("frac", "SO3 that is absorbed", low=0.5, high=1.0)] = 0.9995
    scrub_loss: Annotated[Values, Spec("frac", "sulphur lost to the weak acid of gas cleaning", high=0.2)] = 0.006
    strength: Annotated[Values, Spec("frac", "H2SO4 in the product", low=0.5, high=1.0)] = 0.93
    o2_ratio: Annotated[Values, Spec("-", "O2/SO2 that air is asked for, by volume; 0: none", high=5.0)] = 0.0
    autothermal_so2: Annotated[
        Values, Spec("frac", "SO2 in dry gas with which the contact stage runs on its own heat", high=0.2)
    ] = 0.045

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
        wanted = oxygen + weak * _O_PER_S_IN_SO3 + to_stack - there
        free = self.free_oxygen(feed, basis)
        ratio = vector(self.o2_ratio) * (sulphur - weak) * O_PER_S + weak * (_O_PER_S_IN_SO3 - O_PER_S)
        wanted = np.maximum(np.maximum(wanted, ratio - free), 0)
        air_o = self.supply("air", basis, "O")
        air = np.divide(wanted, air_o, out=np.zeros(np.broadcast(wanted, air_o).shape), where=air_o > 0)
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
        """Acid as monohydrate, SO2 at the stack, and what the contact stage gets."""
        acid, stack, _ = self.products(feed, drivers, basis)
        so2 = self.of(stack, basis, "S") * (1 + O_PER_S)
        rest = np.maximum(self.free_oxygen(stack, basis), 0) * NM3_PER_T["O2"] + self.inert(stack, basis)
        volume = so2 * NM3_PER_T["SO2"] + rest
        return {
            "acid_100": (self.of(acid, basis, "S") / _ACID["S"], "t/h"),
            "stack_so2": (so2, "t/h"),
            "stack_content": (1e9 * np.divide(so2, volume, out=np.zeros(len(feed)), where=volume > 0), "mg/Nm3"),
            **self._contact(feed, self.asked(drivers, "air"), basis),
        }

    def _contact(self, feed: Floats, air: Floats, basis: Basis) -> Report:
        """Strength of the dry gas before the contact stage, and the heat that is in it."""
        kept = 1 - vector(self.scrub_loss)
        gas = feed + air[:, None] * self._at("air") if self.connected("air") else feed
        sulphur = self.of(feed, basis, "S")
        weak = sulphur * (1 - kept) * (_O_PER_S_IN_SO3 - O_PER_S)
        so2 = sulphur * kept * (1 + O_PER_S) * NM3_PER_T["SO2"]
        oxygen = np.maximum(self.free_oxygen(gas, basis) - weak, 0) * NM3_PER_T["O2"]
        nitrogen = self.of(gas, basis, "N") * NM3_PER_T["N2"]
        carbonic = self.inert(gas, basis) - nitrogen
        strength = share(so2, so2 + oxygen + nitrogen + carbonic)
        cold, hot = _CATALYST_K
        heats = enthalpies(_GASES, np.array([hot])) - enthalpies(_GASES, np.array([cold]))
        takes = sum((n * heat for n, heat in zip((so2, oxygen, nitrogen, carbonic), heats[0], strict=True)), 0 * so2)
        rise = np.divide(so2 * _OXIDATION_KJ * (hot - cold), takes, out=np.zeros(len(feed)), where=takes > 0)
        ratio = np.divide(oxygen, so2, out=np.zeros(len(feed)), where=so2 > 0)
        return {
            "gas_so2": (strength, "frac"), "o2_so2": (ratio, "-"), "adiabatic_rise": (rise, "K"),
            "autothermal_room": (strength - vector(self.autothermal_so2), "frac"),
        }  # fmt: skip

    def _to_acid(self) -> Floats:
        """Share of the sulphur that becomes acid, shape (S or 1,)."""
        return np.asarray((1 - vector(self.scrub_loss)) * vector(self.conversion) * vector(self.absorption))
