"""Kind ``deadband``: a value that stays within so much of what it is set to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zveno.errors import RuleError
from zveno.rules.feed import Feed
from zveno.rules.kinds.kind import (
    DIFFERENCE_UOM,
    MERGE_GAP,
    OFF_DELAY,
    ON_DELAY,
    Difference,
    KindParams,
    Line,
    Minutes,
    require_same_uom,
)
from zveno.rules.runs import Floats
from zveno.rules.signals import Bools

Inner = Annotated[float | None, Field(ge=0, json_schema_extra=DIFFERENCE_UOM)]


class Deadband(KindParams):
    """A value that strays from its set point by more than the band, which is a signal as well.

    The rule names two tags: the value and its set point. What is judged, and told as the worst value, is
    the difference between them. A set point that is not known leaves the difference unknown.

    Examples
    --------
    >>> [(one.side, one.limit) for one in Deadband(band=0.5).lines()]
    [('high', 0.5), ('low', -0.5)]
    """

    tags = (2, 2)
    excepts = False

    band: Difference = Field(description="how far the value may be from its set point")
    return_band: Inner = Field(
        default=None, description="how near it must come for the episode to end; the band itself if not given"
    )
    on_delay_min: Minutes = ON_DELAY
    off_delay_min: Minutes = OFF_DELAY
    merge_gap_min: Minutes = MERGE_GAP

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        if self.return_band is not None and self.return_band > self.band:
            raise RuleError(
                "'return_band' is {inner}, more than the 'band' {band}", inner=self.return_band, band=self.band
            )

    def require_uoms(self, rule_uom: str, tag_uoms: tuple[str, ...]) -> None:
        """Value and set point are told in the same unit of measure."""
        del rule_uom
        require_same_uom(*tag_uoms)

    def lines(self) -> tuple[Line, ...]:
        """One line above the set point and one below."""
        inner = self.return_band
        rest = (self.on_delay_min, 1, self.off_delay_min, self.merge_gap_min)
        return (
            Line("high", self.band, inner, *rest),
            Line("low", -self.band, None if inner is None else -inner, *rest),
        )

    def derived(self, feed: Feed) -> tuple[Floats, Bools]:
        """Value less set point, by the last set point at or before each reading."""
        new = feed.own.part(feed.first)
        signal, reach = feed.others[0]
        target, known = signal.at(new.ts, reach)
        return new.value - target, new.good & known

    def sd_of(self, sds: tuple[float | None, ...], values: tuple[float, ...]) -> float | None:
        """A set point has no error."""
        del values
        return sds[0]
