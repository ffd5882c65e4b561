"""What ``zveno explain`` and ``zveno moved`` say."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from zveno.chain import example, load
from zveno.cli import run

PERIOD = "2026-03-01/2026-03-04"
PREFIX = "2026-03-01T00:00..2026-03-04T00:00"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Three days of files, imported."""
    folder = tmp_path_factory.mktemp("days")
    chain = load(example("one_concentrator"), store=folder / "store")
    chain.emulate(PERIOD, folder, seed=1)
    chain.import_files([folder / "plant"])
    return folder


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("ZVENO_LANG", "en")


def answered(capsys, made: Path, *words: str) -> tuple[int, str, str]:
    code = run([*words, "-c", "one_concentrator", "--store", str(made / "store")])
    return code, *capsys.readouterr()


@pytest.mark.slow
def test_addresses_are_listed_and_searched(made, capsys):
    code, out, _ = answered(capsys, made, "explain", "--list", PERIOD, "--like", "balk.conc cu mass_t", "--json")
    found = {one["address"]: one for one in json.loads(out)}
    assert code == 0
    assert f"{PREFIX}/balk.conc/Cu/mass_t" in found
    assert all("balk.conc" in one and "Cu" in one for one in found)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_a_figure_unfolds_in_three_languages(made, capsys, lang):
    address = f"{PREFIX}/recoveries/balk_conc/Cu/direct/recovery_frac"
    assert (
        answered(capsys, made, "explain", address.replace("T00:00", ""))[1]
        == answered(capsys, made, "explain", address)[1]
    )
    code, out, err = answered(capsys, made, "explain", address, "--lang", lang)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == address
    assert "balk_conc.conc.assay" in out
    assert "laboratory_journal.xlsx" in out


@pytest.mark.slow
def test_deep_shows_every_record_and_a_workbook_holds_them(made, capsys, tmp_path):
    address, path = f"{PREFIX}/balk.conc/Cu/mass_t", tmp_path / "why.xlsx"
    code, out, _ = answered(capsys, made, "explain", address, "--deep", "--out", str(path))
    _, plain, _ = answered(capsys, made, "explain", address, "--json")
    records = json.loads(plain)["tables"]["records"]
    assert code == 0
    assert sum(out.count(f"  {one['cell']}  ") > 0 for one in records) == len(records)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["figure_inputs", "figure_readings", "records"]
    assert book["records"].max_row == len(records) + 1


@pytest.mark.slow
def test_a_figure_is_made_again_from_its_files(made, capsys):
    address = f"{PREFIX}/balk.conc/Cu/mass_t"
    code, out, _ = answered(capsys, made, "explain", address, "--files", str(made / "plant"))
    assert code == 0
    assert "made again from the cells of the source files: the same" in out
    code, _, err = answered(capsys, made, "explain", address, "--files", str(made / "store"))
    assert code != 0
    assert "as it was imported" in err


@pytest.mark.slow
def test_what_moved_names_file_and_cell(made, capsys, tmp_path):
    place = next((made / "plant" / "shifts").glob("*_day.xlsx"))
    corrected = tmp_path / "again" / "shifts" / place.name
    corrected.parent.mkdir(parents=True)
    book = openpyxl.load_workbook(place)
    page = book.active
    cell = next(row[4] for row in page.iter_rows() if row[0].value == "balk_conc.line1.weightometer")
    cell.value = float(cell.value) * 1.1
    book.save(corrected)
    code, out, _ = answered(capsys, made, "moved", PERIOD, "--since", "2100-01-01")
    assert (code, out) == (0, "nothing moved\n")
    before = load(example("one_concentrator"), store=made / "store").store.read("records")["known"].max()
    assert answered(capsys, made, "import", str(tmp_path / "again"))[0] == 0
    code, out, _ = answered(capsys, made, "moved", PERIOD, "--since", before.isoformat())
    assert code == 0
    assert f"shifts/{place.name}" in out
    assert cell.coordinate in out
    code, out, _ = answered(capsys, made, "moved", PERIOD, "--since", before.isoformat(), "--json")
    found = json.loads(out)
    assert found["moved_figures"]
    assert {one["file"] for one in found["moved_causes"]} == {f"shifts/{place.name}"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain",), "name one figure"),
        (("explain", "2026-03/a/Cu/mass_t", "--version", "1", "--known", "2026-04-01"), "not both"),
        (("explain", "nothing"), "is no figure"),
        (("moved", "2026-03"), "say since when"),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path, capsys, words, said):
    code, _, err = answered(capsys, tmp_path, *words)
    assert code != 0
    assert said in err
