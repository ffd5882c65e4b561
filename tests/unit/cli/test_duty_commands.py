"""The commands breaches, breach, handover, orders, shelve, shifts: a day at the desk of the shift."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.signed_books import LIGHT
from tests.unit.rules.small_plant import series

from zveno.chain import load
from zveno.cli import run
from zveno.log import persons
from zveno.store import Batch, EmbeddedStore
from zveno.tables import frame

WORDS = "a pass-phrase of several words"
PEOPLE = {
    "foreman": "foreman",
    "tech": "technologist",
    "head": "head",
    "floater.a": "operator",
    "floater.c": "operator",
}
PH = "conc.line1.ph"
CHAIN = """
format: zveno/chain-1
id: bench
title: {en: Bench, ru: Стенд, kk: Стенд}
timezone: "UTC+05:00"
components: [Cu]
plants:
  - {id: conc, kind: concentrator, title: {en: Concentrator, ru: Фабрика, kk: Фабрика}, sections: [{id: conc.flotation}]}
boundaries: [{id: mine}, {id: yard}]
units:
  - {id: conc.cell1, section: conc.flotation, title: {en: Cell 1, ru: Машина 1, kk: 1-машина}}
streams: [{id: feed, from: mine, to: conc.cell1}, {id: out, from: conc.cell1, to: yard}]
tags:
  - {id: conc.line1.ph, unit: conc.cell1, uom: pH, normal: 11.2, title: {en: pH, ru: pH, kk: pH}}
"""
OTHERS = {
    "people.yaml": """
shifts:
  slots: [{id: day, start: "08:00", hours: 12}, {id: night, start: "20:00", hours: 12}]
  crews: [A, B, C, D]
  cycle: [day, night, "off", "off"]
  reference: {day: 2026-03-01}
roles:
  - {id: conc.floater, plant: conc, title: {en: Floater, ru: Флотатор, kk: Флотаторшы}}
  - {id: conc.head, plant: conc, on_shift: false, title: {en: Head, ru: Начальник, kk: Бастық}}
""",
    "roster.yaml": """
persons: [{id: floater.a}, {id: floater.b}, {id: floater.c}, {id: floater.d}, {id: head}]
posts:
  - {role: conc.floater, crew: A, person: floater.a}
  - {role: conc.floater, crew: B, person: floater.b}
  - {role: conc.floater, crew: C, person: floater.c}
  - {role: conc.floater, crew: D, person: floater.d}
  - {role: conc.head, person: head}
""",
    "duty.yaml": """
terms: [{reply_days: 3}]
escalation: [{step: notify, after_h: 0, to: "*.head"}]
""",
    "rules/own.yaml": """
rules:
  - id: R-1
    kind: limit
    unit: conc.flotation
    tag: conc.line1.ph
    uom: pH
    owner_role: conc.floater
    severity: high
    acts_on: {not_priced: outcome}
    versions:
      - {version: 1, from: 2026-01-01, params: {high: 11.8}, source: made up, status: estimate, text: {en: "pH at most 11.8.", ru: "pH не выше 11,8.", kk: "pH 11,8-ден аспайды."}}
""",
}
ID = "R-1/2026-03-07/1"


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Run a command over a plant of one cell whose pH was out from six to ten on the 7th; what it printed."""
    monkeypatch.chdir(tmp_path)
    for name, value in (("ZVENO_LANG", "en"), ("ZVENO_PASSPHRASE", WORDS), ("ZVENO_NEW_PASSPHRASE", WORDS)):
        monkeypatch.setenv(name, value)
    heavy = persons.Persons
    monkeypatch.setattr("zveno.log.Persons", lambda log: heavy(log, LIGHT))
    (tmp_path / "chain.yaml").write_text(CHAIN, "utf-8")
    (tmp_path / "rules").mkdir()
    for name, text in OTHERS.items():
        (tmp_path / name).write_text(text, "utf-8")

    def out(ts: datetime) -> bool:
        return datetime(2026, 3, 7, 1, tzinfo=UTC) <= ts < datetime(2026, 3, 7, 5, tzinfo=UTC)

    table = series(PH, lambda ts: 12.5 if out(ts) else 11.0, start="06 00:00", hours=96, every_min=5)
    EmbeddedStore(tmp_path / "store").append(
        [Batch("first", "f" * 64, frame("records"), frame("rejected"), table)], datetime(2026, 3, 11, tzinfo=UTC)
    )

    def said(*arguments: str, code: int = 0) -> str:
        assert run(arguments) == code, capsys.readouterr()
        printed = capsys.readouterr()
        return printed.out + printed.err

    said("person", "add", "registrar", "--name", "Registrar", "--role", "registrar", "--from", "2020-01-01")
    for name, role in PEOPLE.items():
        said("person", "add", name, "--name", name, "--role", role, "--as", "registrar", "--from", "2020-01-01")
    return said


def test_a_breach_goes_from_found_to_closed(say):
    shown = say("breaches", "2026-03")
    assert ID in shown
    assert "Floater, crew A (floater.a)" in shown
    assert "Floater, crew C (floater.c)" in shown
    assert "found, not entered" in shown
    assert "1 breach is not entered yet" in shown
    assert "say who signs" in say("breaches", "2026-03", "--enter", code=5)
    assert "1 new, 0 changed, 0 no longer found" in say("breaches", "2026-03", "--enter", "--as", "tech")
    assert "late: goes to head" in say("breaches", "2026-03")
    assert ID in say("breaches", "2026-03", "--late")
    assert "those on duty are told" in say("breach", "notify", ID, "--as", "foreman")
    assert "acknowledged" not in say("breach", "acknowledge", ID, "--as", "floater.c")
    replied = say("breach", "reply", ID, "--text", "the valve stuck", "--as", "floater.a")
    assert "acknowledged" in replied
    early = ("breach", "cause", ID, "--cause", "operator", "--text", "x", "--as", "tech")
    assert "'floater.c' has a right of reply" in say(*early, code=5)
    assert "is no cause" in say("breach", "cause", ID, "--cause", "moon", "--text", "x", "--as", "tech", code=5)
    say("breach", "cause", ID, "--cause", "equipment", "--text", "valve", "--as", "tech")
    due = str(datetime.now(UTC).date() + timedelta(days=9))
    ordered = say("breach", "act", ID, "--text", "change it", "--owner", "tech", "--due", due, "--as", "head")
    assert "action to be done tech" in ordered
    number = json.loads(say("breach", "show", ID, "--json"))["actions"][0]["signed"]["record"]
    say("breach", "done", ID, "--action", str(number), "--text", "changed", "--as", "tech")
    assert f"{ID}: closed" in say("breach", "close", ID, "--as", "head")
    whole = say("breach", "show", ID)
    for words in ("judged by R-1, version 1: pH at most 11.8.", "reply of floater.a: the valve stuck",
                  "cause: equipment; valve", "action: change it; tech", "done: changed", "closed"):  # fmt: skip
        assert words in whole


def test_a_shift_is_handed_over_with_its_orders_and_shelved_alarms(say):
    say("breaches", "2026-03", "--enter", "--as", "tech")
    given = say("orders", "give", "--plant", "conc", "--text", "pH by hand", "--until", "2099-01-01", "--as", "foreman")
    order = given.split()[1]
    shelved = say("shelve", "start", "R-1", "--hours", "2", "--reason", "electrode", "--as", "tech")
    assert "its breaches are found and marked" in shelved
    assert "for 8 h at most" in say("shelve", "start", "R-1", "--hours", "20", "--reason", "x", "--as", "tech", code=5)
    assert "R-1" in say("shelve", "list")
    left = say("handover", "leave", "conc", "--out", "conc.cell1=gearbox", "--notes", "no lime", "--as", "floater.a")
    for words in (
        f"breach {ID}: entered",
        "alarm shelved: R-1",
        "pH by hand",
        "out of work: conc.cell1: gearbox",
        "notes: no lime",
    ):
        assert words in left
    number = left.rpartition("(record ")[2].split(")")[0]
    assert "cannot take it over as well" in say("handover", "take", number, "--as", "floater.a", code=5)
    assert "is taken over" in say("handover", "take", number, "--remarks", "seen", "--as", "floater.c")
    assert "remarks: seen" in say("handover", "show", number)
    today = datetime.now(UTC).date()
    span = f"{today - timedelta(days=1)}/{today + timedelta(days=2)}"
    rows = json.loads(say("handover", "list", "conc", span, "--json"))
    assert [one["state"] for one in rows if one["handover"]] == ["taken"]
    assert "orders not read" in say("handover", "list", "conc", span)
    assert "is read with the shift" in say("orders", "read", order, "--plant", "conc", "--as", "floater.c")
    assert "pH by hand" in say("orders", "list")
    say("orders", "end", order, "--reason", "analyser back", "--as", "foreman")
    assert "no order is in force" in say("orders", "list")
    number = json.loads(say("shelve", "list", "--json"))[0]["number"]
    assert "in force again" in say("shelve", "end", str(number), "--reason", "clean", "--as", "tech")


def test_shifts_are_shown_and_compared_and_persons_only_for_a_reason(say):
    say("breaches", "2026-03", "--enter", "--as", "tech")
    shown = say("shifts", "show", "conc", "2026-03-07", "--role", "conc.floater")
    assert shown.splitlines()[2].split() == [
        *("6", "Mar", "2026", "night"),
        *("6", "Mar", "2026", "20:00"),
        "A",
        "Floater",
        "floater.a",
    ]
    compared = say("shifts", "compare", "2026-03")
    assert "1 event: too few" in compared
    assert "not confirmed yet" in compared
    assert "floater.a" not in compared  # crews, never persons
    assert "only for a named person" in say("shifts", "compare", "2026-03", "--persons", code=5)
    assert "only for a reason" in say("shifts", "compare", "2026-03", "--persons", "--as", "head", code=5)
    summed = say("shifts", "compare", "2026-03", "--persons", "--as", "head", "--reason", "who needs training")
    assert "floater.a" in summed
    refused = say("shifts", "compare", "2026-03", "--persons", "--as", "floater.a", "--reason", "curious", code=6)
    assert "may not sign this" in refused


def test_a_roster_comes_from_a_table_and_wrong_cells_are_named(say, tmp_path):
    head = "Запись;Роль;Бригада;Лицо;Вместо;С;По;Причина\n"
    (tmp_path / "r.csv").write_text(
        head
        + "отсутствие;;;floater.c;;05.03.2026;06.03.2026;отпуск\nзамена;;;spare;floater.c;05.03.2026;06.03.2026;отпуск\n",
        "utf-8",
    )
    assert "2 entries are written" in say("shifts", "import", "r.csv", "--out", "roster/2026-03.yaml")
    text = (tmp_path / "roster" / "2026-03.yaml").read_text("utf-8")
    assert 'person: "spare", for: "floater.c"' in text
    assert "r.csv:3" in text
    assert load(tmp_path).model.roster.substitutions[0].person == "spare"
    (tmp_path / "r.csv").write_text(head + "отсутствие;;;floater.c;;вчера;;\nотпуск;;;floater.c;;;;\n", "utf-8")
    wrong = say("shifts", "import", "r.csv", "--out", "roster/x.yaml", code=5)
    assert "r.csv:2: 'вчера' is no date" in wrong
    assert "r.csv:3: 'отпуск' is no entry" in wrong
    assert not (tmp_path / "roster" / "x.yaml").exists()


def test_every_answer_is_told_in_russian_and_kazakh(say):
    say("breaches", "2026-03", "--enter", "--as", "tech")
    assert "внесено" in say("breaches", "2026-03", "--lang", "ru")
    assert "енгізілді" in say("breaches", "2026-03", "--lang", "kk")
    assert "pH не выше 11,8" in say("breach", "show", ID, "--lang", "ru")
