"""A cell of a workbook or text table turned into a value, rejected with a reason, or a fault."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zveno.errors import Fault, QuantityError, fault
from zveno.model.chain import ChainModel
from zveno.model.types import Meter
from zveno.quantities import convert, uom_of, uom_phrase
from zveno.text.mark import tr
from zveno.text.words import NO_DATA, quantity_phrase

_LESS = re.compile(r"^\s*[<≤]\s*(\d+(?:[.,]\d+)?)\s*$")
_NUMBER = re.compile(r"^[+-]?(\d+|\d{1,3}( \d{3})+)([.,]\d+)?([eE][+-]?\d+)?$")
_SPACES = re.compile(r"[\u00a0\u2007\u2009\u202f]")
_FAR_UOM = 100
NO_DATA_REASON = tr("marked as 'no data'")
RANGE_REASON = tr("outside the valid range of the meter: an instrument fault, not a reading")


@dataclass(frozen=True)
class Place:
    """Where a value stands."""

    file: str
    sheet: str
    cell: str

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.file, self.sheet and f"'{self.sheet}'", self.cell)))


@dataclass
class Cells:
    """Collects records, rejected cells and faults of one file."""

    model: ChainModel
    file_hash: str
    records: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    doubts: dict[object, Fault] = field(default_factory=dict)
    _seen: dict[tuple[object, ...], Place] = field(default_factory=dict)

    def add(
        self,
        meter: Meter,
        quantity: str,
        raw: object,
        uom: str,
        span: tuple[datetime, datetime],
        place: Place,
    ) -> None:
        """Take one cell: empty is nothing, text and wrong units are faults.

        A cell that says 'no data', or shows what the meter cannot read, is rejected and withdraws what an
        earlier file said of the same time: it is kept as a record without a value.
        """
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return
        if isinstance(raw, str) and raw.strip().lower() in NO_DATA:
            self.reject(raw, NO_DATA_REASON, place)
            self._keep(meter, quantity, None, span, place)
            return
        below = _LESS.match(raw) if isinstance(raw, str) else None
        if isinstance(raw, str):
            raw = number(below[1] if below else raw)
        if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not math.isfinite(raw):
            message = tr("'{text}' is not a number: write a number, or 'n/a' where there is none")
            self.faults.append(fault(message, str(place), text=_shown(raw)))
            return
        if self._out_of_range(meter, quantity, float(raw), uom, place):
            self._keep(meter, quantity, None, span, place)
            return
        value = self._converted(meter, quantity, float(raw), uom, span, place)
        if value is not None:
            self._keep(meter, quantity, value, span, place, below=bool(below))

    def fits(self, meter: Meter, quantity: str, uom: str, place: Place) -> bool:
        """Whether values in a uom can be the meter's; a fault at the place of the uom if not, a doubt if far off."""
        own = meter.uoms.get(quantity, meter.uom)
        try:
            given, described = uom_of(uom), uom_of(own)
        except QuantityError as error:
            self.faults.append(Fault(error.faults[0].message, error.faults[0].fields, str(place)))
            return False
        if given.dimension != described.dimension:
            message = tr(
                "'{uom}' is no unit for '{meter}', which chain.yaml describes in '{own}': write its values in '{own}'"
            )
            said = {"uom": uom_phrase(uom), "own": uom_phrase(own)}
            self.faults.append(fault(message, str(place), meter=meter.id, **said))
            return False
        if not 1 / _FAR_UOM < given.factor / described.factor < _FAR_UOM:
            message = tr("values of '{meter}' are given in '{uom}', but chain.yaml describes it in '{own}': is it so?")
            key = (place.sheet, meter.id, quantity, uom)
            self.doubts.setdefault(
                key, fault(message, str(place), uom=uom_phrase(uom), meter=meter.id, own=uom_phrase(own))
            )
        return True

    def _keep(
        self,
        meter: Meter,
        quantity: str,
        value: float | None,
        span: tuple[datetime, datetime],
        place: Place,
        *,
        below: bool = False,
    ) -> None:
        """Add a record; None withdraws. Only lots may come several times in one shift."""
        key = (meter.id, quantity, *span)
        if key in self._seen and meter.period != "lot":
            message = tr("'{meter}' has a second value of {quantity} for the same time; the first stands at {first}")
            fields = {"meter": meter.id, "quantity": quantity_phrase(quantity), "first": str(self._seen[key])}
            self.faults.append(fault(message, str(place), **fields))
            return
        self._seen[key] = place
        self.records.append(
            {
                "point": meter.id,
                "quantity": quantity,
                "start": span[0],
                "end": span[1],
                "value": value,
                "qualifier": "<" if below else "",
                "file": place.file,
                "sheet": place.sheet,
                "cell": place.cell,
                "file_hash": self.file_hash,
                "known": None,
            }
        )

    def _out_of_range(self, meter: Meter, quantity: str, value: float, uom: str, place: Place) -> bool:
        """Reject a value beyond the meter's valid range, which is given in the uom of the meter."""
        low = -math.inf if meter.valid_low is None else meter.valid_low
        high = math.inf if meter.valid_high is None else meter.valid_high
        try:
            own = convert(value, uom, meter.uoms.get(quantity, meter.uom))
        except QuantityError:  # said where the value is converted
            return False
        if low <= own <= high:
            return False
        self.reject(value, RANGE_REASON, place)
        return True

    def _converted(
        self, meter: Meter, quantity: str, value: float, uom: str, span: tuple[datetime, datetime], place: Place
    ) -> float | None:
        """The value in t or as a mass fraction; a rate becomes the mass of its period."""
        try:
            if quantity in ("wet_mass", "mass", "survey_mass"):
                if uom in ("t/h", "kg/h", "t/d"):
                    return convert(value, uom, "t/h") * (span[1].timestamp() - span[0].timestamp()) / 3600
                result = convert(value, uom, "t")
            else:
                result = convert(value, uom, "frac")
        except QuantityError as error:
            self.faults.append(Fault(error.faults[0].message, error.faults[0].fields, str(place)))
            return None
        share = quantity not in ("wet_mass", "mass", "survey_mass")
        if result < 0 or (share and result > 1):
            message = tr("{value} {uom} cannot be a reading of '{meter}': check the value and its unit of measure")
            self.faults.append(fault(message, str(place), value=value, uom=uom_phrase(uom), meter=meter.id))
            return None
        return result

    def reject(self, raw: object, reason: str, place: Place) -> None:
        """List a cell that is left out."""
        self.rejected.append(
            {
                "file": place.file,
                "sheet": place.sheet,
                "cell": place.cell,
                "text": str(raw),
                "reason": reason,
                "file_hash": self.file_hash,
                "known": None,
            }
        )


def number(text: str) -> float | str:
    """A number written as text, with a decimal point or comma and spaces between thousands; else the text itself.

    >>> number("2 898,5"), number("about 3")
    (2898.5, 'about 3')
    """
    plain = _SPACES.sub(" ", text).strip().replace("\u2212", "-")
    return float(plain.replace(" ", "").replace(",", ".")) if _NUMBER.match(plain) else text


def _shown(raw: object) -> str:
    """A cell's content, shortened."""
    text = str(raw)
    return text if len(text) <= 40 else text[:39] + "…"


def cell_name(row: int, column: int) -> str:
    """Spreadsheet name of a cell, counted from zero.

    >>> cell_name(0, 0), cell_name(11, 27)
    ('A1', 'AB12')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def spoken_slots(model: ChainModel) -> Mapping[str, str]:
    """Shift names in every language, lower case, to the slot id."""
    if model.people is None:
        return {}
    slots = model.people.shifts.slots
    return {word.lower(): one.id for one in slots for word in (one.id, *one.title.values())}
