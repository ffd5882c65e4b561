"""What is signed elsewhere is shown in the time of the plant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from zveno.cli.booked import BookedAnswers
from zveno.close.steps import PeriodStage, Version
from zveno.log import Signed


def test_a_version_signed_in_another_zone_is_told_in_the_time_of_the_plant(capsys):
    at = datetime(2026, 4, 2, 21, 30, tzinfo=UTC)
    drawn = Signed(4, "accountant", "Metal accountant", at)
    version = Version("2026-03", 1, at, "00", "", drawn, None)
    for lang, told in (("en", "3 Apr 2026 02:30"), ("ru", "03.04.2026 02:30")):
        screen = BookedAnswers.of(lang, timezone(timedelta(hours=5)))
        screen.stages(
            {"2026-03": PeriodStage("2026-03", (), version)}, {}, as_json=False, looked_into=(),
            today=at.date(),
        )  # fmt: skip
        said = capsys.readouterr().out
        assert told in said
        assert "+00:00" not in said
