"""Kind ``sustained``: a value outside low or high for long, cleared only well inside (hysteresis)."""

from __future__ import annotations

from pydantic import Field

from zveno.rules.kinds.kind import (
    DEADBAND,
    MERGE_GAP,
    OFF_DELAY,
    Count,
    Difference,
    KindParams,
    Level,
    Line,
    Minutes,
    require_band,
    require_inside,
    require_order,
    two_lines,
)


class Sustained(KindParams):
    """A value outside its limits without a break for at least the hold time.

    A sample back inside the limit breaks the hold. Once the hold has passed, the episode lasts until a
    sample lies beyond the clear level too: below ``clear_below`` for the upper limit, above
    ``clear_above`` for the lower one. It begins at the first sample of the run that fulfilled the hold.

    Where readings are few, such as one a tapping, time alone may pass between two of them: with
    ``min_readings`` the run must hold as many readings outside too, however long one of them speaks for.

    Examples
    --------
    >>> line = Sustained(high=120, clear_below=115, hold_min=60).lines()[0]
    >>> line.limit, line.clear, line.hold_min
    (120.0, 115.0, 60.0)
    """

    low: Level = Field(default=None, description="lowest value allowed")
    high: Level = Field(default=None, description="highest value allowed")
    hold_min: Minutes = Field(description="how long the value may stay outside")
    min_readings: Count = Field(default=1, description="how many readings outside make an episode")
    clear_below: Level = Field(default=None, description="level under which an episode above `high` ends")
    clear_above: Level = Field(default=None, description="level over which an episode below `low` ends")
    deadband: Difference = DEADBAND
    off_delay_min: Minutes = OFF_DELAY
    merge_gap_min: Minutes = MERGE_GAP

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        require_order(self.low, self.high)
        require_band(self.low, self.high, self.deadband)
        require_inside("clear_below", self.clear_below, self.low, self.high)
        require_inside("clear_above", self.clear_above, self.low, self.high)

    def lines(self) -> tuple[Line, ...]:
        """An upper line, a lower line, or both."""
        return two_lines(vars(self), self.hold_min, self.min_readings)
