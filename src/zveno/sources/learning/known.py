"""What is known before a file is looked at: the description, its points, calendars and words; and the file's dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from zveno.model.chain import ChainModel
from zveno.sources.learning.points import PointIndex
from zveno.sources.reportdays import ReportCalendar
from zveno.text.sheetwords import plain


@dataclass
class Known:
    """What is known before a file is looked at: the description, its points, words for shifts; and the file's dates."""

    model: ChainModel
    file: str
    days: set[date] = field(default_factory=set)

    @cached_property
    def index(self) -> PointIndex:
        """Points of the description."""
        return PointIndex(self.model)

    @cached_property
    def calendars(self) -> Mapping[str, ReportCalendar]:
        """Calendars of reports."""
        return {name: ReportCalendar.of(one, self.model.tz) for name, one in self.model.mappings.calendars.items()}

    @cached_property
    def words(self) -> set[str]:
        """Words that name shifts or whole days."""
        found = {plain(word) for one in self.model.mappings.calendars.values() for word in one.day_words}
        return found | {
            plain(word) for one in self.model.mappings.calendars.values() for each in one.shifts for word in each.words
        }

    def is_shift(self, text: str) -> bool:
        """Whether a text is the name of a shift of some calendar."""
        return any(one.slot(text) not in ("", "day") for one in self.calendars.values())

    def plants(self, *texts: str) -> tuple[str, ...]:
        """Plants that the first text that names one names."""
        return next((tuple(found) for one in texts if (found := self.index.plants_in(one)[0])), ())
