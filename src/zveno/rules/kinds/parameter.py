"""Kind ``parameter``: a dated number that the law or a contract sets, for plans, reports and other rules."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zveno.rules.kinds.kind import KindParams, Line, Style

Number = Annotated[float, Field(json_schema_extra={"uom": "of the rule"})]


class Parameter(KindParams):
    """A number with its clause, source and dates, such as a tax rate or a permitted concentration.

    It judges nothing by itself. Other rules take it as a level by its id (``high: ENV-01``), and plans and
    reports ask for it by its id and a day.

    Examples
    --------
    >>> Parameter(value=12).value
    12.0
    """

    tags = (0, 0)
    excepts = False

    value: Number = Field(description="the number, in the unit of measure of the rule")

    @property
    def style(self) -> Style:
        """Nothing is judged."""
        return "number"

    def require_sense(self) -> None:
        """One number cannot contradict itself."""

    def lines(self) -> tuple[Line, ...]:
        """No line."""
        return ()
