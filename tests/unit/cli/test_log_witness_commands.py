"""The commands ``zveno log``, a check that is signed, and the export for an inspector."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.unit.cli.test_rules_commands import draft, office, say

from zveno.log import keys

__all__ = ["office", "say"]


@pytest.fixture
def light(monkeypatch):
    """Keys that are opened with little effort."""
    heavy = keys.seal
    monkeypatch.setattr("zveno.log.keys.seal", lambda *given: heavy(*given, keys.Effort(1, 8 << 10)))


@pytest.mark.usefixtures("light")
def test_an_outside_party_cosigns_the_head_and_finds_a_fork_later(office, tmp_path):
    assert "not witnessed yet: the last 4 of 4 records" in office("log", "head")
    assert "made auditor.key" in office("log", "key", "auditor.key", "--name", "Audit bureau")
    assert "is there already" in office("log", "key", "auditor.key", "--name", "Audit bureau", code=5)
    assert "witnessed by Audit bureau" in office("log", "witness", "--key", "auditor.key", "--out", "notebook.jsonl")
    assert "not witnessed yet" not in office("log", "head")
    office("rules", "propose", draft(), "--as", "author")
    assert "the last 1 of 5 records" in office("log", "head")
    assert "witnessed by Audit bureau" in office("verify", "store")
    shutil.rmtree(tmp_path / "store")  # all of it is made anew, by whoever can
    office("person", "add", "registrar", "--name", "Registrar", "--role", "registrar", "--from", "2020-01-01")
    for name in ("author", "checker", "engineer"):
        office(
            "person", "add", name, "--name", name, "--role", "technologist", "--as", "registrar", "--from", "2020-01-01"
        )
    assert "the log forks" in office("verify", "store", "--witness", "notebook.jsonl", code=1)
    refused = office("log", "witness", "--key", "auditor.key", "--out", "notebook.jsonl", code=1)
    assert "nothing was signed" in refused
    assert Path("notebook.jsonl").read_bytes().count(b"\n") == 1
    assert "the log forks" in office("log", "accept", "notebook.jsonl", code=1)


@pytest.mark.usefixtures("light")
def test_a_witness_far_away_signs_an_archive_and_the_company_takes_the_statement_in(office, tmp_path):
    office("check", "2026-03-07", "--as", "author")
    office("rules", "export", "2026-03-07", "--out", "march.tar", "--as", "engineer")
    office("log", "key", "auditor.key", "--name", "Audit bureau")
    assert "name your notebook" in office("log", "witness", "march.tar", "--key", "auditor.key", code=5)
    office("log", "witness", "march.tar", "--key", "auditor.key", "--out", "notebook.jsonl")
    assert "kept with the log: 1" in office("log", "accept", "notebook.jsonl")
    assert json.loads(office("log", "head", "--json"))["witnessed"][0]["name"] == "Audit bureau"


def test_a_person_of_the_register_witnesses_too_and_somebody_must(office):
    assert "witnessed by checker" in office("log", "witness", "--as", "checker")
    assert "say who witnesses" in office("log", "witness", code=5)


def test_a_check_is_signed_by_who_ran_it_and_once(office):
    assert "no check of 2026-03-07 was signed yet" in office(
        "rules", "export", "2026-03-07", "--out", "a.tar", "--as", "engineer", code=5
    )
    first = office("check", "2026-03-07", "--as", "author")
    assert "signed as record 4: breaches 2" in first
    assert "signed as record 4" in office("check", "2026-03-07", "--as", "author")
    assert "signed as record 5" in office("check", "2026-03-07", "--as", "checker")
    refused = office("check", "2026-03-07", "--as", "author", "--as-known", "2026-03-31", code=5)
    assert "only a check of the store as it is now" in refused
    office("rules", "export", "2026-03-07", "--out", "a.tar", "--as", "engineer")
    found = json.loads(office("verify", "a.tar", "--json"))["inspected"]
    assert [(one["record"], one["breaches"]) for one in found["checks"]] == [(4, 2), (5, 2)]
