"""The commands ``zveno rules``: texts on a day, differences, faults with file and line, replays, the way of an amendment."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.amended_plant import DRAFT, LOW
from tests.signed_books import LIGHT
from tests.unit.rules.small_plant import description, rule, series, version

from zveno.cli import run
from zveno.log import persons
from zveno.store import Batch, EmbeddedStore
from zveno.tables import frame

WORDS = "a pass-phrase of several words"
PEOPLE = {"author": "technologist", "checker": "metallurgist", "engineer": "chief_engineer"}
NEXT_YEAR = str(date.today() + timedelta(days=365))
Say = Callable[..., str]


@pytest.fixture
def say(tmp_path, monkeypatch, capsys) -> Say:
    """Run a command over the small plant; what it printed."""
    monkeypatch.chdir(tmp_path)
    for name, value in (("ZVENO_LANG", "en"), ("ZVENO_PASSPHRASE", WORDS), ("ZVENO_NEW_PASSPHRASE", WORDS)):
        monkeypatch.setenv(name, value)
    heavy = persons.Persons
    monkeypatch.setattr("zveno.log.Persons", lambda log: heavy(log, LIGHT))
    description(tmp_path, rule(version(low=10.6)))

    def said(*arguments: str, code: int = 0) -> str:
        assert run(arguments) == code, capsys.readouterr()
        printed = capsys.readouterr()
        return printed.out + printed.err

    return said


@pytest.fixture
def office(say, tmp_path) -> Say:
    """The same with persons who sign, and the readings of 7 March."""
    batch = Batch("day.csv", "0" * 64, frame("records"), frame("rejected"), series("conc.line1.ph", LOW))
    EmbeddedStore(tmp_path / "store").append([batch], batch.readings["ts"].max())
    say("person", "add", "registrar", "--name", "Registrar", "--role", "registrar", "--from", "2020-01-01")
    for name, role in PEOPLE.items():
        say("person", "add", name, "--name", name, "--role", role, "--as", "registrar", "--from", "2020-01-01")
    return say


def draft(low: float = 10.8, effective: str = NEXT_YEAR, *, correction: bool = False) -> str:
    """A draft in the folder; its name."""
    text = DRAFT.format(id="a", low=low, effective=effective, correction=str(correction).lower())
    Path("draft.yaml").write_text(text, encoding="utf-8")
    return "draft.yaml"


def test_list_and_show_tell_the_text_of_a_day_in_the_language_asked(say):
    assert "rules in force on 7 Mar 2026: 1" in say("rules", "list", "--on", "2026-03-07")
    assert "rules in force on 7 Mar 2025: 0" in say("rules", "list", "--on", "2025-03-07")
    shown = say("rules", "show", "R-1", "--text", "kk", "--text", "ru")
    assert all(words in shown for words in ("kk: мәтін", "ru: текст", "low = 10.6"))
    assert "did you mean 'R-1'" in say("rules", "show", "r-1", code=5)


def test_validate_lists_every_fault_at_once_also_those_of_a_rule_that_does_not_parse(say, tmp_path):
    wrong = [
        rule(version(1, end="2026-02-01", low=1), version(2, start="2026-03-01", low=1)),  # gap
        rule(version(1, end="2026-04-01", low=1), version(2, start="2026-03-01", low=1), id="R-2"),  # overlap
        rule(version(low=1), id="R-3", tag="conc.line9.ph"),  # unknown tag
        rule(version(low=1), id="R-4", uom="g/l"),  # wrong unit of measure
        rule({**version(low=1), "source": ""}, id="R-5"),  # no source
        rule(version(low="P-1"), id="R-6"),  # a number that is not defined
        rule(version(low=1), id="R-7", severity="huge"),  # does not parse
    ]
    places = description(tmp_path, *wrong)
    shown = say("rules", "validate", code=3)
    lines = shown.strip().splitlines()
    for name, words in (
        ("R-1/versions", "no version is in force from 2026-02-01 to 2026-03-01"), ("R-2/versions", "are both in force"),
        ("R-3/tag", "names 'conc.line9.ph', which does not exist"), ("R-4/uom", "'g/l' measures concentration"),
        ("R-5/versions", "no source is named"), ("R-6/versions", "'low' is 'P-1', but must be a number"),
        ("R-7/severity", "'huge' is not allowed"),
    ):  # fmt: skip
        assert [one for one in lines if words in one and one.startswith(f"rules/book.yaml:{places[name]}: ")], shown
    assert (lines[-1], len(lines)) == ("faults: 7", 8)
    assert len(json.loads(say("rules", "validate", "--json", code=3))["faults"]) == 7


def test_validate_needs_no_sound_chain_and_no_store(say, tmp_path):
    path = tmp_path / "chain.yaml"
    said = json.loads(path.read_text())
    said["streams"] = [{"id": "lost", "from": "nowhere", "to": "nothing"}]
    path.write_text(json.dumps(said))
    say("validate", code=3)
    assert "no faults; rules: 1, versions without gap or overlap: 1" in say("rules", "validate")
    assert "draft.yaml:10: " in say("rules", "validate", "--draft", draft(float("nan")), code=3)
    assert "no faults" in say("rules", "validate", "--draft", draft())


def test_an_amendment_goes_its_way_by_commands(office):
    number = office("rules", "propose", draft(), "--as", "author").split()[1]
    assert "cannot review it" in office("rules", "review", number, "--as", "author", code=4)
    assert "reviewed; takes effect" in office("rules", "review", number, "--as", "checker", "--text", "seen")
    assert "approved, not yet in force" in office("rules", "approve", number, "--as", "engineer")
    shown = office("rules", "amendments")
    for words in ("(a): approved, not yet in force", "author, ", "I approve this amendment"):
        assert words in shown
    shown = office("rules", "diff", "2026-03-07", NEXT_YEAR)
    for words in ("R-1: changed (1 → 2)", "params.low: 10.6 → 10.8", "kk - мәтін", "kk + кемінде 10.8", "ru + не ниже"):
        assert words in shown
    assert "no rule differs" in office("rules", "diff", "2026-03-07", NEXT_YEAR, "--as-known", "2026-03-01")
    assert "withdrawn" in office("rules", "withdraw", number, "--as", "engineer", "--reason", "no lime")


def test_a_day_that_has_passed_is_refused(office):
    said = office("rules", "propose", draft(effective="2026-03-01"), "--as", "author", code=4)
    assert "takes effect on 2026-03-01 at 00:00 cannot be approved on" in said


def test_a_replay_tells_what_appears_and_changes_with_both_texts(office):
    shown = office("rules", "replay", draft(), "--period", "2026-03-07", "--out", "replay.csv")
    for words in ("under the book in force: 2, under the draft: 3", "appears", "10.60 → 10.80",
                  "2026-03-06 night", "en - text", "en + at least 10.8"):  # fmt: skip
        assert words in shown
    assert Path("replay.csv").read_text().count("\n") == 4
    said = json.loads(office("rules", "replay", "draft.yaml", "--period", "2026-03-07", "--json"))
    assert said["by"]["rule"] == [["R-1", 1, 0, 2]]
    kazakh = office("rules", "replay", "draft.yaml", "--period", "2026-03-07", "--lang", "kk", "--text", "kk")
    assert "пайда болады" in kazakh


def test_a_correction_is_in_force_at_once_and_check_answers_as_known_before_it(office):
    before = office("check", "2026-03-07")
    number = office("rules", "propose", draft(effective="2026-03-01", correction=True), "--as", "author").split()[1]
    office("rules", "review", number, "--as", "checker")
    assert "in force" in office("rules", "approve", number, "--as", "engineer")
    assert "it corrects the past" in office("rules", "amendments")
    after = office("check", "2026-03-07")
    assert after.count("R-1") == before.count("R-1") + 1
    assert office("check", "2026-03-07", "--as-known", "2026-03-31") == before


def test_an_adopted_book_is_not_edited(office, tmp_path):
    assert "the rulebook is adopted" in office("rules", "adopt", "--as", "engineer")
    description(tmp_path, rule(version(low=10.5)))
    assert "rules/book.yaml:" in (said := office("rules", "list", code=4))
    assert "are not those adopted in record" in said


def test_the_draft_of_the_how_to_page_is_sound(say, tmp_path):
    page = (Path(__file__).parents[3] / "docs/how-to/amend-the-rulebook.md").read_text(encoding="utf-8")
    (tmp_path / "draft.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    assert "no faults" in say("rules", "validate", "--draft", "draft.yaml", "-c", "one_concentrator")
