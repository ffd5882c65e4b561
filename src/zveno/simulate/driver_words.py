"""Drivers in words: what an iteration moves, and in which unit of measure a person reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from zveno.errors import Phrase, rounded
from zveno.simulate.units.unit import Driver


@dataclass(frozen=True)
class DriverWords:
    """What a driver is, its unit of measure, and the factor into that."""

    name: Phrase
    uom: Phrase
    scale: float = 1.0

    def value(self, value: float, digits: int = 5) -> float:
        """A value of the driver as a message says it."""
        return rounded(value * self.scale, digits)


def _share(name: Phrase, **fields: object) -> DriverWords:
    """A share, read in per cent."""
    return DriverWords(Phrase(name.message, fields), Phrase("%"), 100.0)


_TO: Mapping[str, Phrase] = MappingProxyType(
    {
        "slag": Phrase("share of {element} that goes to slag"),
        "matte": Phrase("share of {element} that goes to matte"),
        "blister": Phrase("share of {element} that goes to blister"),
        "anode": Phrase("share of {element} that goes to anodes"),
        "acid": Phrase("share of {element} that goes to acid"),
        "effluent": Phrase("share of {element} that goes to the effluent"),
    }
)
_FLOWS: Mapping[str, Phrase] = MappingProxyType(
    {
        "flux": Phrase("flow of flux"),
        "limestone": Phrase("flow of limestone"),
        "air": Phrase("flow of air"),
        "oxygen": Phrase("flow of oxygen"),
        "fuel": Phrase("flow of fuel"),
        "coal": Phrase("flow of coal"),
        "cold_charge": Phrase("flow of cold charge"),
        "reductant": Phrase("flow of reductant"),
        "water": Phrase("flow of water"),
    }
)
DRIVER_WORDS: Mapping[str, DriverWords] = MappingProxyType(
    {
        "pulp_m3h": DriverWords(Phrase("pulp flow"), Phrase("m3/h")),
        "water_recovery_frac": _share(Phrase("water recovery")),
        "water_added_t_t": DriverWords(Phrase("water added to a tonne of solids"), Phrase("t")),
        "underflow_water_frac": _share(Phrase("share of the water in the underflow")),
        "clear_solids_frac": _share(Phrase("share of the solids in the clear outlet")),
        "clear_water_frac": _share(Phrase("share of the water in the clear outlet")),
        "tail_m3h": DriverWords(Phrase("flow of tailings pulp"), Phrase("m3/h")),
        "carried_frac": _share(Phrase("share of the floated solids that the froth can carry")),
        "feed_water_recovery_frac": _share(Phrase("share of the feed's water in the concentrate")),
        "d50c_um": DriverWords(Phrase("cut size"), Phrase("um")),
        "oversize_water_frac": _share(Phrase("share of the water in the oversize")),
        "water_kept": _share(Phrase("share of the water that stays")),
        "rest_share": _share(Phrase("share of all but copper that goes to concentrate")),
        "blister_frozen": _share(Phrase("share of the blister that freezes")),
        "slag_frozen": _share(Phrase("share of the slag that freezes")),
        **{
            f"{element.lower()}_{product}": _share(phrase, element=element)
            for product, phrase in _TO.items()
            for element in ("Cu", "Fe", "S", "O", "H")
        },
        **{f"{inlet}_tph": DriverWords(phrase, Phrase("t/h")) for inlet, phrase in _FLOWS.items()},
    }
)


def words_of(driver: Driver) -> DriverWords:
    """A driver in words; one that has none by its own name, such as that of a unit model made elsewhere."""
    return DRIVER_WORDS.get(driver.name) or DriverWords(Phrase(driver.name), Phrase(""))
