"""Units of measure, converted at the edge; inside Zveno numbers are plain floats in fixed units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from zveno.errors import Phrase, QuantityError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Amount = TypeVar("Amount", float, NDArray[np.float64])


@dataclass(frozen=True)
class Uom:
    """A unit of measure: value in base units = value x factor + offset."""

    dimension: str
    factor: float
    offset: float = 0.0


UOMS: dict[str, Uom] = {
    # fractions; a percentage of solids, moisture or copper is a fraction too
    "frac": Uom("fraction", 1.0),
    "fraction": Uom("fraction", 1.0),
    "%": Uom("fraction", 0.01),
    "g/t": Uom("fraction", 1e-6),
    "ppm": Uom("fraction", 1e-6),
    "-": Uom("number", 1.0),
    "pcs": Uom("number", 1.0),
    "pH": Uom("ph", 1.0),
    # mass, mass flow
    "t": Uom("mass", 1.0),
    "kg": Uom("mass", 1e-3),
    "g": Uom("mass", 1e-6),
    "kt": Uom("mass", 1e3),
    "Mt": Uom("mass", 1e6),
    "t/h": Uom("mass_flow", 1.0),
    "kg/h": Uom("mass_flow", 1e-3),
    "t/d": Uom("mass_flow", 1 / 24),
    "Mt/y": Uom("mass_flow", 1e6 / 8760),
    "kt/y": Uom("mass_flow", 1e3 / 8760),
    # time
    "h": Uom("time", 1.0),
    "min": Uom("time", 1 / 60),
    "s": Uom("time", 1 / 3600),
    "d": Uom("time", 24.0),
    "mo": Uom("time", 8760 / 12),
    "y": Uom("time", 8760.0),
    "1/min": Uom("rate", 1.0),
    "1/h": Uom("rate", 1 / 60),
    "1/d": Uom("rate", 1 / 1440),
    # length, volume
    "um": Uom("length", 1.0),
    "mm": Uom("length", 1e3),
    "m": Uom("length", 1e6),
    "m2": Uom("area", 1.0),
    "m3": Uom("volume", 1.0),
    "m3/h": Uom("volume_flow", 1.0),
    "m3/t": Uom("specific_volume", 1.0),
    "t/m3": Uom("density", 1.0),
    "kg/m3": Uom("density", 1e-3),
    "t/m2/d": Uom("area_load", 1.0),
    "t/m2/h": Uom("area_load", 24.0),
    "cm/s": Uom("velocity", 1.0),
    "deg": Uom("angle", 1.0),
    "g/l": Uom("concentration", 1.0),
    "mg/m3": Uom("concentration", 1e-6),
    "kg/t": Uom("specific_mass", 1.0),
    # gas at 0 C and 101.325 kPa: never turned into a volume as it is, which needs its temperature and pressure
    "Nm3": Uom("gas", 1.0),
    "kNm3": Uom("gas", 1e3),
    "Nm3/h": Uom("gas_flow", 1.0),
    "Nm3/min": Uom("gas_flow", 60.0),
    "Nm3/t": Uom("gas_per_tonne", 1.0),
    "mg/Nm3": Uom("gas_concentration", 1.0),
    "Pa": Uom("pressure", 1.0),
    "kPa": Uom("pressure", 1e3),
    # energy, power, temperature
    "kWh/t": Uom("specific_energy", 1.0),
    "GJ/t": Uom("specific_energy", 1e3 / 3.6),
    "kJ/mol": Uom("molar_energy", 1.0),
    "kWh": Uom("energy", 1.0),
    "MWh": Uom("energy", 1e3),
    "kW": Uom("power", 1.0),
    "MW": Uom("power", 1e3),
    "V": Uom("voltage", 1.0),
    "mV": Uom("voltage", 1e-3),
    "A": Uom("current", 1.0),
    "kA": Uom("current", 1e3),
    "A/m2": Uom("current_density", 1.0),
    "K": Uom("temperature", 1.0),
    "C": Uom("temperature", 1.0, 273.15),
    "K/h": Uom("heating_rate", 1.0),
    "HRC": Uom("hardness", 1.0),
}


INTEGRALS = {"power": ("kW", "kWh"), "mass_flow": ("t/h", "t"), "volume_flow": ("m3/h", "m3")}
"""What can be summed over hours: by dimension, its unit of measure and that of the sum."""
DIMENSIONS: dict[str, Phrase] = {
    "fraction": Phrase("fraction"),
    "number": Phrase("number"),
    "ph": Phrase("pH"),
    "mass": Phrase("mass"),
    "mass_flow": Phrase("mass flow"),
    "time": Phrase("time"),
    "rate": Phrase("rate"),
    "length": Phrase("length"),
    "area": Phrase("area"),
    "volume": Phrase("volume"),
    "volume_flow": Phrase("volume flow"),
    "specific_volume": Phrase("volume per tonne"),
    "density": Phrase("density"),
    "area_load": Phrase("load of an area"),
    "velocity": Phrase("velocity"),
    "angle": Phrase("angle"),
    "concentration": Phrase("concentration"),
    "gas": Phrase("volume of gas"),
    "gas_flow": Phrase("gas flow"),
    "gas_per_tonne": Phrase("gas per tonne"),
    "gas_concentration": Phrase("concentration in gas"),
    "pressure": Phrase("pressure"),
    "specific_mass": Phrase("specific consumption"),
    "specific_energy": Phrase("specific energy"),
    "molar_energy": Phrase("energy per mole"),
    "energy": Phrase("energy"),
    "power": Phrase("power"),
    "voltage": Phrase("voltage"),
    "current": Phrase("current"),
    "current_density": Phrase("current density"),
    "temperature": Phrase("temperature"),
    "heating_rate": Phrase("rate of heating"),
    "hardness": Phrase("hardness"),
}


def uom_phrase(name: str) -> Phrase:
    """A unit of measure as a message says it, in the reader's letters."""
    return Phrase("frac") if name == "fraction" else Phrase(name)


def convert(value: Amount, uom: str, into: str) -> Amount:
    """Express ``value`` of unit ``uom``, a number or an array of them, in unit ``into``.

    Raises
    ------
    QuantityError
        If a unit is unknown or the two measure different things.

    Examples
    --------
    >>> round(convert(17.5, "%", "frac"), 9)
    0.175
    >>> round(convert(2.0, "kt/y", "t/d"), 3)
    5.479
    """
    source, target = uom_of(uom), uom_of(into)
    if source.dimension != target.dimension:
        raise QuantityError(
            "'{uom}' measures {got}, but {wanted} is needed: give the value in '{into}' or a unit like it",
            uom=uom_phrase(uom),
            got=DIMENSIONS[source.dimension],
            wanted=DIMENSIONS[target.dimension],
            into=uom_phrase(into),
        )
    if uom == into:
        return value
    base = value * source.factor + source.offset
    return (base - target.offset) / target.factor


def uom_of(name: str) -> Uom:
    """Look a unit of measure up by name; raises QuantityError when it is not known."""
    try:
        return UOMS[name]
    except KeyError:
        raise QuantityError(
            "unit of measure '{uom}' is not known: use one of {known}",
            uom=name,
            known=tuple(uom_phrase(one) for one in UOMS if one != "fraction"),
        ) from None


def typed_number(text: str) -> float:
    """A number as somebody types it: ``1.1`` or ``1,1``, ``1200`` or ``1 200``.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> typed_number("1,1"), typed_number("1 200,5")
    (1.1, 1200.5)
    """
    digits = "".join(text.split())
    return float(digits.replace(",", ".") if digits.count(",") == 1 and "." not in digits else digits)
