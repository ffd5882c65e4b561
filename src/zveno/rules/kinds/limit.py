"""Kind ``limit``: a value outside low or high, after a short delay that lets single spikes pass."""

from __future__ import annotations

from collections import Counter
from typing import Self

from pydantic import Field

from zveno.errors import RuleError
from zveno.rules.kinds.kind import (
    DEADBAND,
    MERGE_GAP,
    OFF_DELAY,
    ON_DELAY,
    Difference,
    KindParams,
    Level,
    LevelsByName,
    Line,
    Minutes,
    require_band,
    require_order,
    two_lines,
)


class Limit(KindParams):
    """A value outside its limits for at least the delay.

    The episode begins at the first sample outside and ends at the first one back inside. With a delay
    of 0 a single sample outside is an episode.

    One rule may hold the limits of a whole analysis: ``high_by_element`` stands in place of ``high``, and
    what the last star of the tag stands for chooses the level, small or capital letters alike. A tag whose
    name is not among them is not judged.

    Examples
    --------
    >>> low = Limit(low=10.8, high=11.8, on_delay_min=10).lines()[1]
    >>> low.side, low.limit, low.hold_min
    ('low', 10.8, 10.0)
    >>> Limit(high_by_element={"As": 5, "Pb": 4}).chosen("pb").lines()[0].limit
    4.0
    """

    low: Level = Field(default=None, description="lowest value allowed")
    high: Level = Field(default=None, description="highest value allowed")
    high_by_element: LevelsByName = Field(
        default={}, description="highest value allowed by what the last `*` of the tag stands for"
    )
    on_delay_min: Minutes = ON_DELAY
    off_delay_min: Minutes = OFF_DELAY
    deadband: Difference = DEADBAND
    merge_gap_min: Minutes = MERGE_GAP

    def chosen(self, name: str) -> Self:
        """The parameters of a tag whose last star stands for ``name``; none of its own: no upper limit."""
        if not self.high_by_element:
            return self
        levels = {one.casefold(): level for one, level in self.high_by_element.items()}
        return self.model_copy(update={"high": levels.get(name.casefold()), "high_by_element": {}})

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        require_band(self.low, self.high, self.deadband)
        if not self.high_by_element:
            require_order(self.low, self.high)
            return
        if self.high is not None:
            raise RuleError("'high' and 'high_by_element' are both given: leave one")
        repeated = [name for name, n in Counter(one.casefold() for one in self.high_by_element).items() if n > 1]
        if repeated:
            raise RuleError("'high_by_element' gives '{name}' more than once: leave one", name=repeated[0])
        for level in self.high_by_element.values():
            require_order(self.low, level)

    def lines(self) -> tuple[Line, ...]:
        """An upper line, a lower line, or both."""
        return two_lines(vars(self), self.on_delay_min)
