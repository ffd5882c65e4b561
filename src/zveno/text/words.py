"""Words that stand in workbooks: headings, quantities and units of measure, in any of the three languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from zveno.errors import Phrase
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
        "error": tr("± (95 %)"),
    }
)
QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "wet_mass": tr("wet mass"),
        "mass": tr("dry mass"),
        "moisture": tr("moisture"),
        "survey_mass": tr("surveyed dry mass"),
        "counter": tr("counter"),
        "counter_start": tr("counter at the start"),
        "counter_end": tr("counter at the end"),
    }
)
UOM_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "%": tr("%"),
        "g/t": tr("g/t"),
        "ppm": tr("ppm"),
        "pH": tr("pH"),
        "pcs": tr("pcs"),
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
        "mo": tr("mo"),
        "y": tr("y"),
        "1/min": tr("1/min"),
        "1/h": tr("1/h"),
        "1/d": tr("1/d"),
        "um": tr("um"),
        "mm": tr("mm"),
        "m": tr("m"),
        "m2": tr("m2"),
        "m3": tr("m3"),
        "m3/h": tr("m3/h"),
        "m3/t": tr("m3/t"),
        "t/m3": tr("t/m3"),
        "kg/m3": tr("kg/m3"),
        "t/m2/d": tr("t/m2/d"),
        "t/m2/h": tr("t/m2/h"),
        "cm/s": tr("cm/s"),
        "deg": tr("deg"),
        "g/l": tr("g/l"),
        "mg/m3": tr("mg/m3"),
        "Nm3": tr("Nm3"),
        "kNm3": tr("kNm3"),
        "Nm3/h": tr("Nm3/h"),
        "Nm3/min": tr("Nm3/min"),
        "Nm3/t": tr("Nm3/t"),
        "mg/Nm3": tr("mg/Nm3"),
        "Pa": tr("Pa"),
        "kPa": tr("kPa"),
        "kg/t": tr("kg/t"),
        "kWh/t": tr("kWh/t"),
        "GJ/t": tr("GJ/t"),
        "kJ/mol": tr("kJ/mol"),
        "kWh": tr("kWh"),
        "MWh": tr("MWh"),
        "kW": tr("kW"),
        "MW": tr("MW"),
        "V": tr("V"),
        "mV": tr("mV"),
        "A": tr("A"),
        "kA": tr("kA"),
        "A/m2": tr("A/m2"),
        "K": tr("K"),
        "C": tr("C"),
        "K/h": tr("K/h"),
        "HRC": tr("HRC"),
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
RULE_KIND_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "limit": tr("limit of a value"),
        "sustained": tr("lasting excursion"),
        "deadband": tr("distance from the set point"),
        "rate": tr("rate of change"),
        "window_mean": tr("mean over a time"),
        "cross_tag": tr("two signals together"),
        "no_data": tr("missing data"),
        "checklist": tr("checklist"),
        "cumulative_time": tr("time outside, added up"),
        "count": tr("number of excursions"),
        "parameter": tr("dated number"),
    }
)
_EQUATIONS: Mapping[str, str] = MappingProxyType({"closure": tr("sum of the assays"), "constraint": tr("constraint")})
_ALSO_WRITTEN: Mapping[str, str] = MappingProxyType(
    {"µm": "um", "\u03bcm": "um", "\u0421": "C", "\u00b0\u0421": "C", "\u041a": "K", "\u0440\u041d": "pH"}
)
"""Letters of other alphabets that look the same (Cyrillic С, К, рН; both signs for micro)."""
NO_DATA = frozenset({"н/д", "нет данных", "деректер жоқ", "д/ж", "n/a", "no data", "-", "–", "—"})


def quantity_phrase(quantity: str) -> Phrase:
    """A quantity as a message says it; a component keeps its symbol."""
    return Phrase(QUANTITIES.get(quantity) or _EQUATIONS.get(quantity, quantity))


def uom_code(word: str) -> str:
    """The code of a unit of measure that is written in any language; what is not known stays as it is.

    The case of letters counts: ``Mt`` is a million tonnes, ``mt`` is nothing.

    Examples
    --------
    >>> uom_code("т/ч"), uom_code("кВт*ч/т"), uom_code("мың т/жыл"), uom_code("mt")
    ('t/h', 'kWh/t', 'kt/y', 'mt')
    """
    return word if word in UOM_WORDS else _uom_codes().get(_without_signs(word), word)


@lru_cache
def _uom_codes() -> Mapping[str, str]:
    """Words of all languages to their codes."""
    pairs = [*UOM_WORDS.items(), ("frac", "frac"), ("frac", "fraction")]
    words = {catalogue(lang)(word): key for key, word in pairs for lang in LANGUAGES}
    return MappingProxyType({_without_signs(word): key for word, key in (*words.items(), *_ALSO_WRITTEN.items())})


def _without_signs(word: str) -> str:
    """A unit of measure without what is hard to type: spaces, raised digits, the dot of a product."""
    return "".join(word.split()).replace("³", "3").replace("·", "").replace("*", "")


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
