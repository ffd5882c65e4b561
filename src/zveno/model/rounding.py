"""To which last place figures are published, by quantity: what a person writes for an export."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zveno.model.record import Record, UomName


class LastPlace(Record):
    """Unit of measure and decimals in which a quantity is published."""

    uom: UomName = Field(default="t", description="unit of measure of mass: t, kg or g")
    decimals: Annotated[int, Field(ge=-3, le=9, description="decimals; -1 rounds to tens")] = 0


class Rounding(Record):
    """The content of rounding.yaml: last places by quantity (``mass`` is dry mass, others are components)."""

    quantities: dict[str, LastPlace] = Field(default={}, description="last place of a quantity")
    other: LastPlace = Field(default=LastPlace(decimals=1), description="last place of every other one")

    def of(self, quantity: str) -> LastPlace:
        """Last place of a quantity.

        Examples
        --------
        >>> Rounding(quantities={"Cu": LastPlace(decimals=2)}).of("Cu").decimals
        2
        """
        return self.quantities.get(quantity) or _USUAL.get(quantity, self.other)


_USUAL = {
    "mass": LastPlace(), "Ag": LastPlace(uom="kg"), "Au": LastPlace(uom="kg", decimals=1),
    "Re": LastPlace(uom="kg"), "Se": LastPlace(uom="kg"), "Te": LastPlace(uom="kg"),
}  # fmt: skip
