"""The commands adjust, stocktake, investigate, and what close, stages and books say of them."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.signed_books import LIGHT
from tests.unit.close.heap import FOLDER, chain

from zveno.cli import run
from zveno.log import persons
from zveno.store import EmbeddedStore

WORDS = "a pass-phrase of several words"
PEOPLE = {"accountant": "accountant", "chief": "chief_accountant", "foreman": "foreman", "metro": "metrologist"}
HEAP = ("--stock", "heap", "--mass", "1750", "--error", "60", "--assay", "Cu=40±1")
DUE = str(date.today() + timedelta(days=30))


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Run a command over the smelter with a heap of reverts; what it printed."""
    monkeypatch.chdir(tmp_path)
    for name, value in (("ZVENO_LANG", "en"), ("ZVENO_PASSPHRASE", WORDS), ("ZVENO_NEW_PASSPHRASE", WORDS)):
        monkeypatch.setenv(name, value)
    heavy = persons.Persons
    monkeypatch.setattr("zveno.log.Persons", lambda log: heavy(log, LIGHT))
    shutil.copy(FOLDER / "chain.yaml", tmp_path)
    chain(EmbeddedStore(tmp_path / "store"), known=datetime(2020, 1, 1, tzinfo=UTC))

    def said(*arguments: str, code: int = 0) -> str:
        assert run(arguments) == code, capsys.readouterr()
        printed = capsys.readouterr()
        return printed.out + printed.err

    said("person", "add", "registrar", "--name", "Registrar", "--role", "registrar", "--from", "2020-01-01")
    for name, role in PEOPLE.items():
        by = ("--as", "registrar", "--from", "2020-01-01")
        said("person", "add", name, "--name", name, "--role", role, *by)
    return said


def test_a_count_goes_from_the_act_to_the_books(say):
    assert "written: act.xlsx" in say("stocktake", "2026-03", "--template", "act.xlsx")
    shown = say("stocktake", "2026-03", *HEAP)
    for words in ("700 ± 30", "1,000 ± 84", "−300 ± 89", "beyond both errors", "heap.survey (dry mass), Reverts, opening",
                  "explains 100 % alone", "loss at melt (Cu)", "nothing was kept", "by other means"):  # fmt: skip
        assert words in shown
    assert "record 5 waits" in say("stocktake", "2026-03", *HEAP, "--as", "foreman")
    assert "a second person must" in say("stocktake", "2026-03", "--approve", "5", "--as", "foreman", code=5)
    offered = say("investigate", "suggest", "2026-03")
    assert offered == "stock/heap/Cu: Reverts was counted −300 ± 89 t Cu off the book.\n"
    assert "the values are in the records" in say("stocktake", "2026-03", "--approve", "5", "--as", "accountant")
    found = json.loads(say("adjust", "2026-03", "--json"))
    assert [one["state"] for one in found["proposals"]] == ["approved"]
    assert json.loads(say("stocktake", "2026-03", *HEAP, "--json"))["differences"][1]["status"] == "beyond"


def test_an_adjustment_shows_the_old_value_and_needs_another_person(say):
    wrong = ("adjust", "2026-03", "--point", "conc.receipt", "--value", "19 950,5", "--reason", "weights")
    assert "say who signs" in say(*wrong, code=5)
    shown = say(*wrong, "--as", "accountant")
    assert shown.splitlines()[2].split()[-2:] == ["20,000", "19,950.5"]  # t, at the time of the plant
    assert "record 5 waits for a second person: zveno adjust 2026-03 --approve 5" in shown
    conflict = say(*wrong, "--as", "chief", "--seen", "0", code=9)
    assert "was changed meanwhile" in conflict
    assert "a second person must" in say("adjust", "2026-03", "--approve", "5", "--as", "accountant", code=5)
    assert "the values are in the records" in say("adjust", "2026-03", "--approve", "5", "--as", "chief")
    refused = say(
        "adjust", "2026-03", "--point", "conc.wagon", "--value", "n/a", "--reason", "typing slip", "--as", "chief"
    )
    assert "record 7 waits" in refused
    assert "nothing was changed" in say("adjust", "2026-03", "--refuse", "7", "--reason", "no", "--as", "accountant")
    assert "one at a time" in say("adjust", "2026-03", "--refuse", "7", "--approve", "7", "--as", "chief", code=5)
    limit = say(
        "adjust", "2026-03", "--point", "slag.assay", "--value", "<0,5", "--reason", "limit", "--as", "accountant"
    )
    assert limit.splitlines()[2].split()[-2:] == ["0.6", "<0.5"]  # per cent
    listed = say("adjust", "2026-03")
    for words in ("approved; weights", "refused; typing slip", "decided by accountant (record 8) no", "--seen 4"):
        assert words in listed


def test_an_investigation_is_named_by_the_close_and_signed_off_by_another(say, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"heap")
    opened = ("investigate", "open", "2026-03", "--owner", "metro", "--due", DUE, "--as", "accountant")
    say(*opened, "--question", "Is the heap measured right?", "--file", "photo.jpg", "--figure", "flows/conc/Cu/mass_t")
    say("adjust", "2026-03", "--point", "conc.receipt", "--value", "19950", "--reason", "weights", "--as", "accountant")
    closing = say("close", "2026-03", "--as", "accountant")
    assert "! investigation 5 of 2026-03 is open: Is the heap measured right?; owner metro" in closing
    assert "! what record 6 proposes waits for a second person and is not in these figures" in closing
    say("approve", "2026-03", "--as", "chief")
    assert "! investigation 5 of 2026-03" in say("stages")
    assert json.loads(say("stages", "--json"))["2026-03"]["investigations"] == [5]
    shown = re.search(r"data known on (.+):", say("stages"))
    assert shown is not None
    assert datetime.strptime(shown[1], "%d %b %Y %H:%M")  # plant time, as clocks there show it
    late = say("adjust", "2026-03", "--approve", "6", "--as", "chief")
    assert "! 2026-03 is closed: they wait for a restatement" in late
    assert "no outcome yet" in say("investigate", "close", "5", "--as", "chief", code=5)
    assert "another person signs it off" in say("investigate", "add", "5", "--outcome", "It is.", "--as", "metro")
    assert "a second person must" in say("investigate", "close", "5", "--as", "metro", code=5)
    assert "is signed off" in say("investigate", "close", "5", "--as", "chief")
    shown = say("investigate", "show", "5", "--out", "evidence")
    for words in ("figure flows/conc/Cu/mass_t = 5,000", "file photo.jpg", "outcome: It is.", "signed off by chief"):
        assert words in shown
    assert Path("evidence/5_photo.jpg").read_bytes() == b"heap"
    assert say("investigate", "list") == "nothing is looked into\n"
    assert json.loads(say("investigate", "list", "--all", "--json"))[0]["state"] == "closed"
    assert "investigation" not in say("stages")


def test_books_as_known_and_what_a_restatement_moves(say):
    say("close", "2026-03", "--as", "accountant")
    say("approve", "2026-03", "--as", "chief")
    moment = datetime.now(UTC).isoformat()
    say("adjust", "2026-03", "--point", "conc.assay", "--value", "24.65", "--reason", "umpire", "--as", "accountant")
    number = json.loads(say("adjust", "2026-03", "--json"))["proposals"][0]["record"]
    say("adjust", "2026-03", "--approve", str(number), "--as", "chief")
    now = say("books", "2026-03")
    assert "Closed, version 1" in now
    assert "1 value came after the close" in now
    before = say("books", "2026-03", "--as-known", moment)
    assert "1,000 ± 84" in before
    assert "1 value came after" not in before
    assert "version 1 of 2026-03 was in force" in before
    assert "25.00 ±" in say("reconcile", "2026-03", "--as-known", moment)
    assert "24.65 ±" in say("reconcile", "2026-03", "--as-known", DUE)
    assert "give one of them" in say("reconcile", "2026-03", "--as-known", DUE, "--data", ".", code=5)
    for step in (
        ("restate", "2026-03", "--reason", "umpire", "--as", "accountant"),
        ("approve", "2026-03", "--as", "chief"),
    ):
        moved = say(*step)
        assert "to look at, because it stands on what was restated" in moved
        assert "closing stock  Reverts         Cu  1,000.000  930.000" in moved
        assert "2026-04" in moved
