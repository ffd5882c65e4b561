"""Unit models, one file each: frozen parameters and pure functions that know nothing of the flowsheet."""

from __future__ import annotations

from zveno.simulate.units.bank import Bank
from zveno.simulate.units.conditioner import Conditioner
from zveno.simulate.units.crusher import Crusher
from zveno.simulate.units.cyclone import Cyclone
from zveno.simulate.units.filter import Filter
from zveno.simulate.units.fixed_recovery import FixedRecovery
from zveno.simulate.units.mill import Mill
from zveno.simulate.units.mixer import Mixer
from zveno.simulate.units.regrind import Regrind
from zveno.simulate.units.splitter import Splitter
from zveno.simulate.units.thickener import Thickener
from zveno.simulate.units.unit import Parameter, UnitModel, parameters_of

UNIT_MODELS: dict[str, type[UnitModel]] = {
    "bank": Bank,
    "conditioner": Conditioner,
    "crusher": Crusher,
    "cyclone": Cyclone,
    "filter": Filter,
    "fixed_recovery": FixedRecovery,
    "mill": Mill,
    "mixer": Mixer,
    "regrind": Regrind,
    "splitter": Splitter,
    "thickener": Thickener,
}

UNIT_PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    name: tuple(parameters_of(model)) for name, model in UNIT_MODELS.items()
}

__all__ = ["UNIT_MODELS", "UNIT_PARAMETERS", "Parameter", "UnitModel"]
