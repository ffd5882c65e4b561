"""``zveno import``: what a user sees of mapped files, and what ``--learn`` shows and writes."""

from __future__ import annotations

import json

import pytest

from zveno.chain import example
from zveno.cli import run

HERE = example("workbooks_march_2026")
DAY = str(HERE / "workbooks" / "ЖОФ_суточный_12.03.2026.xlsx")
GAS = str(HERE / "workbooks" / "asutp_gaz_2026-03.csv")


def test_import_says_what_became_of_all_cells(tmp_path, capsys):
    assert run(["import", DAY, GAS, "-c", "workbooks_march_2026", "--store", str(tmp_path), "--lang", "ru"]) == 0
    said = capsys.readouterr().out
    assert "принято 354 + отклонено 44 + пояснения 170" in said.replace("\xa0", " ")
    assert "испорченное число" in said
    assert "150,7" in said


def test_import_as_json_lists_the_files(tmp_path, capsys):
    assert run(["import", GAS, "-c", "workbooks_march_2026", "--store", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["file"], one["mapping"], one["imported"]) for one in found["mapped_files"]] == [
        ("asutp_gaz_2026-03.csv", "gas", 277)
    ]


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_learn_shows_and_writes_a_mapping(lang, tmp_path, capsys):
    out = tmp_path / "gas.yaml"
    assert run(["import", "--learn", GAS, "-c", "workbooks_march_2026", "--out", str(out), "--lang", lang]) == 0
    said = capsys.readouterr().out
    assert "804,8; 660,0; 770,4" in said
    assert said.rstrip().splitlines()[-1].endswith(f'zveno import "{GAS}" -c "{HERE}"')
    assert out.read_text(encoding="utf-8").startswith("# Proposed from 'asutp_gaz_2026-03.csv'")
    assert run(["import", "--learn", GAS, "-c", "workbooks_march_2026", "--out", str(out)]) != 0
    assert "gas.yaml" in capsys.readouterr().err


def test_learn_as_json(tmp_path, capsys):
    out = tmp_path / "gas.yaml"
    assert run(["import", "--learn", GAS, "-c", "workbooks_march_2026", "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["cells"]["imported"], found["questions"]) == (0, 2)  # nothing is taken before it is answered
    assert found["columns"][1]["quantity"] == "volume"


@pytest.mark.parametrize(
    "arguments", [[DAY, GAS, "--learn"], [DAY, "--learn", "--keep-going"], [DAY, "--out", "x.yaml"]]
)
def test_options_that_do_not_go_together_are_refused(arguments, tmp_path, capsys):
    assert run(["import", *arguments, "-c", "workbooks_march_2026", "--store", str(tmp_path)]) != 0
    assert capsys.readouterr().err


def test_validate_counts_the_mappings(capsys):
    assert run(["validate", "-c", "workbooks_march_2026"]) == 0
    assert "12" in capsys.readouterr().out
