"""The command ``zveno alarms``: the breaches of the rules as alarms, and a journal of the control system."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.cli.test_rules_commands import office, say
from tests.unit.sources.test_alarmjournal import ALARMS

__all__ = ["office", "say"]


def test_breaches_are_shown_as_alarms_with_targets_in_three_languages(office):
    shown = office("alarms", "2026-03-07")
    for words in ("operator position: Floater", "alarms in an hour, mean", "≤ 6 (≤ 12)", "meets the target", "verified",
                  "floods: none", "R-1 conc.line1.ph low", "shorter than 30 days", "does not tell which alarms"):  # fmt: skip
        assert words in shown
    assert "в пределах целевого" in office("alarms", "2026-03-07", "--lang", "ru")
    assert "мақсатқа сай" in office("alarms", "2026-03-07", "--lang", "kk")
    said = json.loads(office("alarms", "2026-03-07", "--json"))
    assert {"metric": "alarms", "value": 2.0}.items() <= said["metrics"][0].items()
    assert said["actors"][0]["alarms"] == 2


def test_a_journal_is_read_by_its_map(say, tmp_path):
    page = (Path(__file__).parents[3] / "docs/how-to/read-alarm-health.md").read_text(encoding="utf-8")
    text = page.partition("```yaml\n")[2].partition("```")[0]
    for ours, theirs in (("[Tag, Condition]", "[Tag, Kind]"), ("ActiveTime", "On"), ("ClearTime", "Off"),
                         (": Priority", ": Prio"), ("Station", "Desk"), (": State", ": Shelf"), ("SHELVED", "S")):  # fmt: skip
        assert ours in text
        text = text.replace(ours, theirs)
    Path("map.yaml").write_text(text + 'separator: ";"\n', encoding="utf-8")
    Path("journal.csv").write_text(ALARMS, encoding="utf-8")
    shown = say(
        "alarms", "2026-03-07", "--journal", "journal.csv", "--map", "map.yaml", "--units", "--out", "alarms.csv"
    )
    assert "mill.ph LO" in shown
    assert "unit: mill" in shown
    assert "does not tell which alarms" not in shown
    assert "alarms shelved or suppressed" in shown
    assert Path("alarms.csv").read_text(encoding="utf-8").startswith("scope,name,metric")
    assert "has no alarm in 2026-05" in say(
        "alarms", "2026-05", "--journal", "journal.csv", "--map", "map.yaml", code=5
    )
    assert "needs --map" in say("alarms", "2026-03", "--journal", "journal.csv", code=5)
