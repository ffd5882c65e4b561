"""Words and cells that several parts share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from zveno.model.chain import ChainModel
from zveno.reports.document import Cell, Kind, half_width
from zveno.reports.shown import MASS
from zveno.reports.streams import content_of
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr
from zveno.text.words import QUANTITIES, RULE_KIND_WORDS

LARGE_Z = 3.0
_PPM_BELOW = 1e-3

STATUS_WORDS = {
    "measured": tr("measured"),
    "adjusted": tr("adjusted"),
    "estimated": tr("estimated from others"),
    "unobservable": tr("unobservable"),
}


UOM_MARKS = (tr("h"), tr("kW"), tr("MWh"), tr("kWh/t"), tr("kg/t"), tr("g/l"), tr("µm"), tr("°C"), tr("m³/h"))
"""Units of measure that reports say in the reader's letters; those of workbooks stand in ``text.words``."""
_UOM_SHOWN = {"um": "µm", "C": "°C", "m3/h": "m³/h", "m3": "m³", "t/m3": "t/m³", "-": ""}


def uom_words(uom: str, text: Catalogue) -> str:
    """A unit of measure as people write it; nothing for plain numbers."""
    return text(_UOM_SHOWN.get(uom, uom))


def quantity_words(quantity: str, text: Catalogue) -> str:
    """Name of a quantity: a component keeps its symbol."""
    return text(QUANTITIES[quantity]) if quantity in QUANTITIES else quantity


def measured_words(model: ChainModel, stream: str, quantity: str, text: Catalogue) -> str:
    """What is measured in a stream or stock: where one component alone is followed, the mass of that component."""
    content = content_of(model, stream)
    if content and quantity.endswith(MASS):
        return text("mass of {component}", component=content)
    return quantity_words(quantity, text)


def quantity_kind(quantity: str, size: float | None = None) -> Kind:
    """How a quantity is shown: t for masses, per cent for fractions, g/t for very small ones."""
    if quantity.endswith(MASS):
        return Kind.MASS
    return grade_kind(size)


def grade_kind(largest: float | None) -> Kind:
    """Per cent, or g/t where all grades are small."""
    return Kind.PPM if largest is not None and 0 < abs(largest) < _PPM_BELOW else Kind.FRACTION


def title_or_dash(model: ChainModel, id_: str, text: Catalogue, site: str = "") -> str:
    """Title of a thing, said at a site without its name; a dash where no thing is named.

    Meters joined by + are named one by one.
    """
    place = f", {model.title(site, text.lang)}" if site else ""
    return " + ".join(model.title(one, text.lang).removesuffix(place) for one in id_.split("+")) if id_ else "–"


def plain_moment(moment: datetime, model: ChainModel, text: Catalogue) -> str:
    """A moment in plant time."""
    return text.moment(moment.astimezone(model.tz))


def within_error(value: float | None, sd: float | None) -> bool | None:
    """Whether zero lies in the 95 % interval; None where that can't be said."""
    half = half_width(sd)
    return None if value is None or half is None else abs(value) <= half


def lack_detail(row: Mapping[str, Any], text: Catalogue) -> str:
    """What a row of ``not_checked`` concerns; a kind of rule has its words."""
    detail = str(row["detail"] or "")
    return text(RULE_KIND_WORDS.get(detail, detail)) if detail == row["kind"] else detail


def words(value: str) -> Cell:
    """A cell of text."""
    return Cell(value)
