"""Kind ``limit``: a value outside low or high, after a short delay that lets single spikes pass."""

from __future__ import annotations

from pydantic import Field

from zveno.rules.kinds.kind import KindParams, Level, Line, Minutes, require_order


class Limit(KindParams):
    """A value outside its limits for at least the delay.

    The episode begins at the first sample outside and ends at the first one back inside. With a delay
    of 0 a single sample outside is an episode.

    Examples
    --------
    >>> Limit(low=10.8, high=11.8, on_delay_min=10).lines()[1]
    Line(side='low', limit=10.8, clear=None, hold_min=10.0)
    """

    low: Level = Field(default=None, description="lowest value allowed")
    high: Level = Field(default=None, description="highest value allowed")
    on_delay_min: Minutes = Field(default=0.0, description="how long the value may stay outside")

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        require_order(self.low, self.high)

    def lines(self) -> tuple[Line, ...]:
        """An upper line, a lower line, or both."""
        hold = self.on_delay_min
        upper = () if self.high is None else (Line("high", self.high, None, hold),)
        lower = () if self.low is None else (Line("low", self.low, None, hold),)
        return (*upper, *lower)
