"""A day of the example through the command line, into a folder and onto a server: the same answers."""

import json
from pathlib import Path

import pytest
from tests.stores import LASTING, Place

from zveno.chain import example, load
from zveno.cli import run

CHAIN = ("-c", "one_concentrator")
DAY = "2026-03-02"


@pytest.fixture(scope="module")
def plant(tmp_path_factory) -> Path:
    """Files of one day."""
    folder = tmp_path_factory.mktemp("day")
    load(example("one_concentrator"), store=folder / "none").emulate(DAY, folder / "out", seed=1, lang="en")
    return folder / "out" / "plant"


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    monkeypatch.setenv("ZVENO_LANG", "en")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=LASTING)
def place(request, tmp_path):
    if request.param == "postgres":
        request.getfixturevalue("postgres")
    found = Place(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))
    yield found
    found.clear()


def answered(capsys, *words: str) -> tuple[int, str, str]:
    code = run(words)
    return code, *capsys.readouterr()


def test_a_day_is_kept_once_balanced_and_checked(plant, place, capsys, monkeypatch):
    address = place.new()
    code, first, _ = answered(capsys, "import", str(plant), *CHAIN, "--store", address)
    assert code == 0
    assert "new files" in first
    monkeypatch.setenv("ZVENO_STORE", address)  # the same without the option
    code, second, _ = answered(capsys, "import", str(plant), *CHAIN)
    assert code == 0
    assert "0 new files" in second
    assert not Path("out").exists()
    code, balance, _ = answered(capsys, "reconcile", DAY, *CHAIN, "--json")
    assert code == 0
    _, looked_at, _ = answered(capsys, "reconcile", DAY, *CHAIN, "--data", str(plant), "--json")
    assert json.loads(balance) == json.loads(looked_at)
    code, said, _ = answered(capsys, "store", "check", *CHAIN)
    assert code == 0
    assert "all is as it was kept" in said


def test_a_check_names_what_is_wrong_and_removes_what_nothing_reads(plant, place, capsys):
    address = place.new()
    answered(capsys, "import", str(plant), *CHAIN, "--store", address)
    folder = next(place.folder.glob("s*/readings"))
    orphan = next(folder.glob("2026-*")) / "0123456789abcdef-00000000.parquet"
    orphan.write_bytes(b"half")
    words = ("store", "check", "--store", address)
    code, said, _ = answered(capsys, *words)
    assert code == 0
    assert f"left by a write that was cut off, read by nothing: {orphan}" in said
    code, said, _ = answered(capsys, *words, "--remove-orphans")
    assert f"removed, left by a write that was cut off: {orphan}" in said
    assert not orphan.exists()
    altered = next(folder.glob("2026-*/*.parquet"))
    altered.write_bytes(b"other")
    code, said, problems = answered(capsys, *words)
    assert code == 6
    assert "all is as it was kept" not in said
    assert (
        f"{altered.relative_to(folder.parent).as_posix()}: the file of readings is not the one that was kept"
        in problems
    )
    code, said, _ = answered(capsys, *words, "--json")
    assert code == 6
    found = json.loads(said)
    assert len(found["faults"]) == 1
    assert found["orphans"] == []
    assert found["layout"] == 3


def test_an_empty_store_is_said_to_be_empty(place, capsys):
    code, said, _ = answered(capsys, "store", "check", "--store", place.new())
    assert code == 0
    assert "is empty" in said


def test_what_cannot_be_done_is_refused(capsys):
    code, _, said = answered(capsys, "store", "repair", *CHAIN)
    assert code == 5
    assert "choose check" in said
    code, _, said = answered(capsys, "store", "check", "--store", "mysql://root:secret@h/db")
    assert code == 6
    assert "'mysql' is no kind of store" in said
    assert "secret" not in said
