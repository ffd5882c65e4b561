"""Owners of metal and the contracts by which metal is returned to them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from zveno.model.record import Id, Record, Titles


class Terms(Record):
    """What a contract returns of a component from a date on: of what is received, less a deduction from its grade.

    Returnable metal = dry mass x (grade - deduction) x recovery, never less than nothing.
    """

    start: date = Field(alias="from", description="first day on which the terms hold")
    component: str = Field(description="component they are about")
    recovery_pct: Annotated[float, Field(ge=0, le=100, description="share of the metal that is returned, %")]
    deduct_pct: Annotated[float, Field(ge=0, le=100, description="points taken off the grade beforehand, %")] = 0.0


class Limit(Record):
    """How much of a component what is received may hold by contract, from a date on, lot by lot."""

    start: date = Field(alias="from", description="first day on which the limit holds")
    component: str = Field(description="component it is about")
    max_pct: Annotated[float, Field(gt=0, le=100, description="most that a lot may hold, % of dry mass")]


class Contract(Record):
    """A contract with an owner: its terms by date, and by which meters what was returned is weighed."""

    number: str = Field(description="number of the contract")
    terms: tuple[Terms, ...] = Field(description="what is returned, by component and date")
    returned: dict[str, tuple[Id, ...]] = Field(
        default={}, description="by component, meters that weigh the metal handed over to the owner"
    )
    limits: tuple[Limit, ...] = Field(default=(), description="most that a lot may hold, by component and date")
    due_days: Annotated[int, Field(ge=0, description="days from receipt to return")] = 0
    note: str = ""


class StockOwners(Record):
    """Whose metal lies in a stock when a period begins. What a closed period hands on goes before it."""

    on: date = Field(description="first day of the period that begins with it")
    components: tuple[str, ...] = Field(default=(), description="components it is about; empty = all others")
    share_pct: dict[Id, Annotated[float, Field(ge=0, le=100)]] = Field(
        description="share of each owner, %; together 100"
    )
    sd_pct: Annotated[float, Field(ge=0, le=50)] = Field(
        description="standard deviation of each share, points of per cent"
    )


class Owner(Record):
    """Who owns metal in the chain; the first one listed is the company itself."""

    id: Id
    title: Titles = {}
    contract: Contract | None = Field(default=None, description="by which the owner's metal is returned")

    def limit(self, component: str, day: date) -> Limit | None:
        """Limit of a component in force on a day."""
        mine = [one for one in (self.contract.limits if self.contract else ()) if one.component == component]
        return max((one for one in mine if one.start <= day), key=lambda one: one.start, default=None)

    def terms(self, component: str, day: date) -> Terms | None:
        """Terms in force on a day."""
        mine = [one for one in (self.contract.terms if self.contract else ()) if one.component == component]
        begun = [one for one in mine if one.start <= day]
        return max(begun, key=lambda one: one.start, default=None)
