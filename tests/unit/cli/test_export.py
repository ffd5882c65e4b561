"""``zveno export``, ``books --out``, ``report --version``, and what ``verify`` says of an archive of a closed period."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from tests.golden.reports.two_plants import FOLDER
from tests.unit.chain.test_closing import DAY, Office

from zveno.chain import ToArchive, archive
from zveno.cli import run


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    """The month of the two plants, closed by two persons."""
    found = Office(tmp_path_factory.mktemp("office") / "store")
    found.close()
    return found


@pytest.fixture(autouse=True)
def quiet_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZVENO_LANG", "en")
    monkeypatch.delenv("ZVENO_STORE", raising=False)


def say(office: Office, *words: str) -> int:
    return run([*words, "-c", str(FOLDER), "--store", str(office.folder)])


def test_a_closed_month_is_handed_out_in_every_form(office, capsys):
    assert say(office, "export", "2026-03", "--out", "march.xlsx") == 0
    assert say(office, "export", "2026-03", "--out", "march.json", "--lang", "ru") == 0
    assert say(office, "export", "2026-03", "--out", "march", "--excel", "--lang", "kk") == 0
    told = capsys.readouterr().out
    assert "written: march.xlsx" in told
    assert load_workbook("march.xlsx").worksheets[0]["A2"].value.startswith("Closed, version 1")
    assert json.loads(Path("march.json").read_text("utf-8"))["version"]["number"] == 1
    assert Path("march/flows.csv").read_bytes().startswith(b"\xef\xbb\xbfperiod;stream;")


def test_the_last_places_of_an_erp_come_from_a_file(office):
    Path("rounding.yaml").write_text("quantities: {Cu: {uom: kg, decimals: 0}}\n", encoding="utf-8")
    assert say(office, "export", "2026-03", "--out", "e.txt", "--as", "erp", "--rounding", "rounding.yaml") == 0
    quantities = json.loads(Path("e.txt").read_text("utf-8"))["quantities"]
    assert {"quantity": "Cu", "uom": "kg", "decimals": 0} in quantities


def test_a_version_that_is_not_there_and_a_form_that_is_none_are_told(office, capsys):
    assert say(office, "export", "2026-03", "--out", "a.xlsx", "--version", "7") != 0
    assert "2026-03 has no version '7': there are 1, now" in capsys.readouterr().err
    assert say(office, "export", "2026-03", "--out", "a.pdf") != 0
    assert "'a.pdf' is no form of an export: use workbook, csv, erp" in capsys.readouterr().err
    assert not Path("a.xlsx").exists()


def test_a_place_that_cannot_be_written_to_is_told(office, capsys):
    Path("taken").write_text("a file", encoding="utf-8")
    assert say(office, "export", "2026-03", "--out", "taken", "--as", "csv") != 0
    assert "Give another place" in capsys.readouterr().err


def test_the_books_are_written_as_the_same_workbook(office, capsys):
    assert say(office, "export", "2026-03", "--out", "a.xlsx") == 0
    assert say(office, "books", "2026-03", "--out", "b.xlsx") == 0
    assert "Closed, version 1" in capsys.readouterr().out
    assert Path("a.xlsx").read_bytes() == Path("b.xlsx").read_bytes()
    assert say(office, "books", "2026-03", "--json") == 0
    assert "owner_flows" in json.loads(capsys.readouterr().out)


def test_a_report_is_of_the_version_that_is_asked_for(office, capsys):
    assert say(office, "report", "2026-03", "--out", "closed.html") == 0
    assert say(office, "report", "2026-03", "--version", "now", "--out", "now.html") == 0
    assert "Closed, version 1" in Path("closed.html").read_text("utf-8")
    assert "DRAFT with all that is known now" in Path("now.html").read_text("utf-8")
    capsys.readouterr()
    assert say(office, "report", "2026-03", "--version", "1", "--data", str(FOLDER)) != 0
    assert "leave --data out" in capsys.readouterr().err


def test_an_archive_tells_who_closed_what(office, capsys):
    wanted = ToArchive((), office.chain, "2026-03", "", "en")
    archive(office.closing.log, office.signer("chief"), DAY + timedelta(days=1), wanted, Path("march.tar"))
    assert run(["verify", "march.tar"]) == 0
    told = capsys.readouterr().out
    assert "2026-03, version 1: closed, byte for byte what was signed:" in told
    assert "Metal accountant, 2026-04-03 09:00:00 +00:00: I have drawn up this balance" in told
    assert run(["verify", "march.tar", "--json"]) == 0
    (closed,) = json.loads(capsys.readouterr().out)["closed"]
    assert (closed["period"], closed["version"], closed["approved"]["person"]) == ("2026-03", 1, "chief")
