"""Words that stand in workbooks: headings, quantities and units of measure, in any of the three languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from zveno.text.catalogue import catalogue
from zveno.text.mark import LANGUAGES, tr

HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "date": tr("Date"),
        "shift": tr("Shift"),
        "crew": tr("Crew"),
        "point": tr("Point"),
        "name": tr("Name"),
        "quantity": tr("Quantity"),
        "uom": tr("Unit of measure"),
        "value": tr("Value"),
        "note": tr("Note"),
    }
)
QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "wet_mass": tr("wet mass"),
        "mass": tr("dry mass"),
        "moisture": tr("moisture"),
        "survey_mass": tr("surveyed dry mass"),
    }
)
UOM_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "%": tr("%"),
        "g/t": tr("g/t"),
        "ppm": tr("ppm"),
        "pH": tr("pH"),
        "t": tr("t"),
        "kg": tr("kg"),
        "g": tr("g"),
        "kt": tr("kt"),
        "Mt": tr("Mt"),
        "t/h": tr("t/h"),
        "kg/h": tr("kg/h"),
        "t/d": tr("t/d"),
        "kt/y": tr("kt/y"),
        "Mt/y": tr("Mt/y"),
        "h": tr("h"),
        "min": tr("min"),
        "s": tr("s"),
        "d": tr("d"),
        "1/min": tr("1/min"),
        "1/h": tr("1/h"),
        "um": tr("um"),
        "mm": tr("mm"),
        "m": tr("m"),
        "m2": tr("m2"),
        "m3": tr("m3"),
        "m3/h": tr("m3/h"),
        "t/m3": tr("t/m3"),
        "kg/m3": tr("kg/m3"),
        "g/l": tr("g/l"),
        "kg/t": tr("kg/t"),
        "kWh/t": tr("kWh/t"),
        "kWh": tr("kWh"),
        "MWh": tr("MWh"),
        "kW": tr("kW"),
        "MW": tr("MW"),
        "V": tr("V"),
        "A/m2": tr("A/m2"),
        "K": tr("K"),
        "C": tr("C"),
    }
)
ELEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "Cu": tr("copper"),
        "Fe": tr("iron"),
        "S": tr("sulphur"),
        "Au": tr("gold"),
        "Ag": tr("silver"),
        "Pb": tr("lead"),
        "Zn": tr("zinc"),
        "As": tr("arsenic"),
        "Sb": tr("antimony"),
        "Bi": tr("bismuth"),
        "Ni": tr("nickel"),
        "Se": tr("selenium"),
        "Te": tr("tellurium"),
        "Mo": tr("molybdenum"),
    }
)
_LOOKALIKES = str.maketrans("АВЕКМНОРСТХаеорсху", "ABEKMHOPCTXaeopcxy")
NO_DATA = frozenset({"н/д", "нет данных", "деректер жоқ", "д/ж", "n/a", "no data", "-", "–", "—"})


@lru_cache
def spoken(kind: str) -> Mapping[str, str]:
    """What each word means: lower-case word in any language to key, for headings, quantities, uoms or elements."""
    words = {"headings": HEADINGS, "quantities": QUANTITIES, "uoms": UOM_WORDS, "elements": ELEMENTS}[kind]
    return MappingProxyType(_every_language(words.items()))


def _every_language(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Keys and their words in all catalogues, to the key."""
    found: dict[str, str] = {}
    for key, word in pairs:
        found[key.lower()] = key
        for lang in LANGUAGES:
            found[catalogue(lang)(word).strip().lower()] = key
    return found


def as_latin(word: str) -> str:
    """A word with the Cyrillic letters that look like Latin ones replaced by them.

    >>> as_latin("Сu") == "Cu"
    True
    """
    return word.translate(_LOOKALIKES)
