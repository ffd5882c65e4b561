"""Kind ``no_data``: a signal that is silent for longer than allowed."""

from __future__ import annotations

from pydantic import Field

from zveno.errors import RuleError
from zveno.rules.kinds.kind import MERGE_GAP, MICROSECONDS, KindParams, Line, Minutes, Shown, Style


class NoData(KindParams):
    """No usable reading for longer than the gap, of time in which the rule binds.

    The episode begins with the last usable reading and ends with the next one; bad readings do not end it. While
    a signal is silent other rules on it are suspended, not ended. Its worst value is its length in minutes. A
    signal that has never spoken is listed as not checked.

    Examples
    --------
    >>> NoData(gap_min=60).silence()
    (3600000000, 0)
    """

    excepts = False

    gap_min: Minutes = Field(gt=0, description="longest silence allowed")
    merge_gap_min: Minutes = MERGE_GAP

    @property
    def style(self) -> Style:
        """Nothing is judged but that nothing came."""
        return "silence"

    def require_sense(self) -> None:
        """Raise RuleError where the parameters contradict each other."""
        if self.gap_min <= 0:
            raise RuleError("'gap_min' must be more than 0")

    def lines(self) -> tuple[Line, ...]:
        """One line: the silence allowed."""
        return (Line("high", self.gap_min, None, self.gap_min, 1, 0.0, self.merge_gap_min),)

    def silence(self) -> tuple[int, int]:
        """The gap; the episode begins with the last reading."""
        return round(self.gap_min * MICROSECONDS), 0

    @property
    def lookback(self) -> int:
        """The gap."""
        return round(self.gap_min * MICROSECONDS)

    def shown(self, rule_uom: str, tag_uom: str) -> Shown:
        """In minutes."""
        del rule_uom, tag_uom
        return Shown("min")

    def sd_of(self, sds: tuple[float | None, ...], values: tuple[float, ...]) -> float | None:
        """A silence has no error."""
        del sds, values
        return 0.0
