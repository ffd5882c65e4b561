"""Unit models, one file each: frozen parameters and pure functions that know nothing of the flowsheet."""

from __future__ import annotations

from zveno.simulate.units.acid_plant import AcidPlant
from zveno.simulate.units.anode_furnace import AnodeFurnace
from zveno.simulate.units.bank import Bank
from zveno.simulate.units.classifier import Classifier
from zveno.simulate.units.column import Column
from zveno.simulate.units.conditioner import Conditioner
from zveno.simulate.units.converter import Converter
from zveno.simulate.units.crusher import Crusher
from zveno.simulate.units.cyclone import Cyclone
from zveno.simulate.units.dryer import Dryer
from zveno.simulate.units.element_unit import ElementUnit
from zveno.simulate.units.filter import Filter
from zveno.simulate.units.fixed_recovery import FixedRecovery
from zveno.simulate.units.foundry import Foundry
from zveno.simulate.units.gas_cleaning import GasCleaning
from zveno.simulate.units.matte_furnace import MatteFurnace
from zveno.simulate.units.mill import Mill
from zveno.simulate.units.mixer import Mixer
from zveno.simulate.units.nageswararao_cyclone import NageswararaoCyclone
from zveno.simulate.units.perfect_mixing_mill import PerfectMixingMill
from zveno.simulate.units.plitt_cyclone import PlittCyclone
from zveno.simulate.units.regrind import Regrind
from zveno.simulate.units.reid_mill import ReidMill
from zveno.simulate.units.screen import Screen
from zveno.simulate.units.slag_flotation import SlagFlotation
from zveno.simulate.units.slag_settler import SlagSettler
from zveno.simulate.units.splitter import Splitter
from zveno.simulate.units.tankhouse import Tankhouse
from zveno.simulate.units.thickener import Thickener
from zveno.simulate.units.unit import Parameter, Table, UnitModel, parameters_of
from zveno.simulate.units.yard import Yard

UNIT_MODELS: dict[str, type[UnitModel]] = {
    "acid_plant": AcidPlant,
    "anode_furnace": AnodeFurnace,
    "bank": Bank,
    "classifier": Classifier,
    "column": Column,
    "conditioner": Conditioner,
    "converter": Converter,
    "crusher": Crusher,
    "cyclone": Cyclone,
    "dryer": Dryer,
    "filter": Filter,
    "fixed_recovery": FixedRecovery,
    "foundry": Foundry,
    "gas_cleaning": GasCleaning,
    "matte_furnace": MatteFurnace,
    "mill": Mill,
    "mixer": Mixer,
    "nageswararao_cyclone": NageswararaoCyclone,
    "perfect_mixing_mill": PerfectMixingMill,
    "plitt_cyclone": PlittCyclone,
    "regrind": Regrind,
    "reid_mill": ReidMill,
    "screen": Screen,
    "slag_flotation": SlagFlotation,
    "slag_settler": SlagSettler,
    "splitter": Splitter,
    "tankhouse": Tankhouse,
    "thickener": Thickener,
    "yard": Yard,
}

UNIT_PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    name: tuple(parameters_of(model)) for name, model in UNIT_MODELS.items()
}

__all__ = ["UNIT_MODELS", "UNIT_PARAMETERS", "ElementUnit", "Parameter", "Table", "UnitModel", "Yard"]
