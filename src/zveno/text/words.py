"""Words that stand in workbooks: headings, quantities and units of measure, in any of the three languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from zveno.text.catalogue import LANGUAGES, catalogue, tr

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
    {"t": tr("t"), "kg": tr("kg"), "kt": tr("kt"), "%": tr("%"), "g/t": tr("g/t"), "t/h": tr("t/h"), "ppm": tr("ppm")}
)
NO_DATA = frozenset({"н/д", "нет данных", "деректер жоқ", "д/ж", "n/a", "no data", "-", "–", "—"})


@lru_cache
def spoken(kind: str) -> Mapping[str, str]:
    """What each word means: lower-case word in any language to key, for headings, quantities or uoms."""
    words = {"headings": HEADINGS, "quantities": QUANTITIES, "uoms": UOM_WORDS}[kind]
    return MappingProxyType(_every_language(words.items()))


def _every_language(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Keys and their words in all catalogues, to the key."""
    found: dict[str, str] = {}
    for key, word in pairs:
        found[key.lower()] = key
        for lang in LANGUAGES:
            found[catalogue(lang)(word).strip().lower()] = key
    return found
