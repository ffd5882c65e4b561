"""Scenarios on the command line: sweeps, files, draws, sensitivities; answers and errors in three languages."""

import csv
import json
import re

import pytest
from python_calamine import CalamineWorkbook

from zveno.cli import run

FEW = ["simulate", "-c", "one_concentrator", "--processes", "1"]
RECOVERY = ["--result", "recovery.Cu:balk.conc"]


@pytest.fixture(autouse=True)
def quiet_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZVENO_LANG", "en")


def answer(capsys, *words, lang="en"):
    assert run([*FEW, *words, "--lang", lang]) == 0, capsys.readouterr().err
    return capsys.readouterr()


def refusal(capsys, *words, code=5):
    assert run([*FEW, *words]) == code
    return capsys.readouterr().err


def test_a_sweep_is_a_table_with_the_description_first(capsys):
    out = answer(capsys, "--sweep", "balk_conc.line*.mill.p80_um=90:130:3").out
    rows = [re.split(r"\s{2,}", line) for line in out.splitlines()]
    assert rows[0] == [
        "scenario", "balk_conc.line*.mill.p80_um", "balk.conc:solids, t/h", "balk.conc:grade.Cu, %",
        "recovery.Cu:balk.conc/balk.ore, %",
    ]  # fmt: skip
    assert [row[0] for row in rows[2:]] == ["base", "p80_um=90", "p80_um=110", "p80_um=130"]
    recovery = [float(row[-1]) for row in rows[2:]]
    assert recovery[0] == recovery[1] > recovery[2] > recovery[3]


def test_a_grid_has_all_combinations_over_what_is_set(capsys):
    given = ["--sweep", "balk_conc.ore.cu_pct=0.9,1.1", "--sweep", "balk_conc.rougher.cells=4,5,6", "--grid"]
    found = json.loads(answer(capsys, *given, "--set", "balk_conc.ore.moisture_pct=4", *RECOVERY, "--json").out)
    assert found["uoms"] == {"recovery.Cu:balk.conc": "frac"}
    assert len(found["cases"]) == 6
    assert {row["balk_conc.ore.moisture_pct"] for row in found["cases"]} == {4.0}
    assert 0.8 < found["cases"][0]["recovery.Cu:balk.conc"] < 0.9


def test_cases_of_a_file_are_simulated_and_written(capsys, tmp_path):
    (tmp_path / "cases.csv").write_text("scenario,key,value\nhard,balk_conc.ore.bond_wi,17\nas it is,,\n", "utf-8")
    shown = answer(capsys, "--cases", "cases.csv", "--result", "balk_conc.line1.mill:power", "--out", "done/all.csv")
    assert "written: done/all.csv" in shown.err
    rows = list(csv.DictReader((tmp_path / "done" / "all.csv").read_text("utf-8").splitlines()))
    assert [row["scenario"] for row in rows] == ["hard", "as it is"]
    assert float(rows[0]["balk_conc.line1.mill:power"]) == pytest.approx(
        float(rows[1]["balk_conc.line1.mill:power"]) * 17 / 15
    )


def test_draws_show_each_statistic_with_its_error_and_what_was_varied(capsys, tmp_path):
    shown = answer(capsys, "--draws", "64", "--seed", "2", *RECOVERY, "--out", "drawn.xlsx")
    row = next(line for line in shown.out.splitlines() if line.startswith("recovery.Cu:balk.conc, %"))
    assert row.count("±") == 5
    assert "64 draws of 23 figures" in shown.out
    assert "varied: balk_conc.ore.cu_pct, " in shown.out
    assert re.search(r"not varied: \d+ figures", shown.out)
    book = CalamineWorkbook.from_path(str(tmp_path / "drawn.xlsx"))
    assert book.sheet_names == ["result_spreads", "draws"]
    assert len(book.get_sheet_by_name("draws").to_python()) == 65


def test_a_workbook_of_cases_says_in_what_its_results_are(capsys, tmp_path):
    answer(capsys, "--sweep", "balk_conc.ore.bond_wi=14,16", *RECOVERY, "--out", "cases.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "cases.xlsx"))
    assert len(book.get_sheet_by_name("cases").to_python()) == 4
    assert book.get_sheet_by_name("uoms").to_python() == [["result", "uom"], [RECOVERY[1], "frac"]]


def test_the_same_seed_gives_the_same_answer(capsys):
    given = ["--draws", "40", "--vary", "balk_conc.ore.cu_pct", *RECOVERY, "--json"]
    first, again = (answer(capsys, *given, "--seed", "5").out for _ in range(2))
    assert first == again
    found = json.loads(first)
    assert (found["varied"], found["draws"], found["not_counted"]) == (["balk_conc.ore.cu_pct"], 40, 0)
    assert found != json.loads(answer(capsys, *given, "--seed", "6").out)


def test_what_is_set_is_not_varied(capsys):
    found = json.loads(answer(capsys, "--draws", "8", "--set", "balk_conc.ore.cu_pct=1.1", *RECOVERY, "--json").out)
    assert "balk_conc.ore.cu_pct" not in found["varied"]


def test_sensitivities_rank_keys_and_tell_kinks_and_what_was_left_out(capsys):
    keys = [
        "flotation.entrain.cleaner",
        "balk_conc.grind.p80_um",
        "balk_conc.ore.cu_share.bornite",
        "balk_conc.rougher.cells",
    ]
    vary = [word for key in keys for word in ("--vary", key)]
    out = answer(capsys, "--sensitivity", *vary, *RECOVERY).out
    assert out.startswith("recovery.Cu:balk.conc: 85.79 %")
    rows = [line for line in out.splitlines() if line.split(" ")[0] in keys]
    assert [row.split(" ")[0] for row in rows] == [
        "balk_conc.grind.p80_um", "flotation.entrain.cleaner", "balk_conc.rougher.cells"
    ]  # fmt: skip
    assert re.search(r"105 +µm +\+5\.87 .*0\.0000; −0\.2373", rows[0])
    assert "+1 %" in rows[2]
    assert "'balk_conc.ore.cu_share.bornite' cannot be changed by itself: chain.yaml:" in out
    assert "standard deviation of the result, to first order" in out


def test_results_alone_are_those_of_the_description(capsys):
    out = answer(capsys, "--result", "balk.conc:grade.Au", "--result", "balk_conc.line1.mill:power").out
    assert out.splitlines()[0].endswith("balk.conc:grade.Au, g/t  balk_conc.line1.mill:power, kW")
    assert out.splitlines()[2].startswith("base ")


def test_many_scenarios_are_cut_on_the_screen_and_that_is_said(capsys):
    out = answer(capsys, "--sweep", "balk_conc.ore.cu_pct=0.8:1.2:45", *RECOVERY).out
    assert "6 scenarios more: --out FILE.csv or --json gives all" in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--sweep", "k=1", "--draws", "3"], 5, "--sweep and --draws each give their own scenarios: use one"),
        (["--sweep", "k=one"], 5, "'k=one' is not NAME=VALUES"),
        (["--sweep", "k=1:2"], 5, "'k=1:2' is not NAME=VALUES"),
        (["--sweep", "k=1:2:1"], 3, "a span has two ends, so it needs at least 2 values, not 1"),
        (["--sweep", "balk_conc.ore.cu_pt=1"], 3, "did you mean 'balk_conc.ore.cu_pct'"),
        (["--grid"], 5, "--grid combines the values of --sweep"),
        (["--vary", "k"], 5, "--vary says what --draws or --sensitivity change"),
        (["--draws", "-3"], 3, "-3 draws cannot be made"),
        (["--draws", "3", "--out", "x.txt"], 5, "'x.txt' must end in .csv or .xlsx"),
        (["--result", "balk.con:Cu"], 5, "did you mean 'balk.conc'?"),
        (["--result", "balk.conc:Cu", "--units"], 5, "name results with --result instead"),
        (["--draws", "3", "--period", "2026-03"], 5, "--period gives masses of a whole period"),
        (["--cases", "none.csv"], 5, "'none.csv' cannot be read: it does not exist"),
        (["--draws", "10", "--vary", "balk_conc.lines"], 3, "'balk_conc.lines' states no uncertainty"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_message(capsys, words, code, message):
    err = refusal(capsys, *words, code=code)
    assert message in err
    assert "Traceback" not in err


def test_wrong_rows_and_keys_of_a_file_are_told_with_their_lines(capsys, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("scenario,key,value\na,balk_conc.ore.cu_pct,x\nb,,3\n", "utf-8")
    assert refusal(capsys, "--cases", "cases.csv").splitlines() == [
        "cases.csv:2: 'x' is not a number: write a number, or leave the cell empty",
        "cases.csv:3: this row of scenario 'b' needs both a key and a value",
    ]
    path.write_text("scenario,balk_conc.ore.cu_pct,balk.conc\na,1,2\n", "utf-8")
    err = refusal(capsys, "--cases", "cases.csv")
    assert err.startswith("cases.csv:1: stream 'balk.conc' is calculated and cannot be set")


@pytest.mark.parametrize("lang", ["ru", "kk"])
@pytest.mark.parametrize(
    "words",
    [
        ["--sweep", "balk_conc.rougher.cells=4:6:3"],
        ["--draws", "32", "--vary", "balk_conc.ore.cu_pct"],
        ["--sensitivity", "--vary", "balk_conc.grind.p80_um", "--vary", "balk_conc.ore.cu_share.bornite"],
    ],
)
def test_nothing_is_left_in_english(capsys, words, lang):
    shown = answer(capsys, *words, *RECOVERY, lang=lang)
    plain = re.sub(r"[\w*]+\.[\w.*:/+]+|\w+=[\d.,]+|\bbase\b|\bbalk_ore\b|'copper'|«copper»", "", shown.out + shown.err)
    assert re.findall(r"[A-Za-z]{2,}", plain) == []


def test_where_no_key_can_be_changed_the_reasons_are_told(capsys):
    out = answer(capsys, "--sensitivity", "--vary", "balk_conc.ore.cu_share.bornite", *RECOVERY).out
    assert out.startswith("recovery.Cu:balk.conc: 85.79 %")
    assert "'balk_conc.ore.cu_share.bornite' cannot be changed by itself: chain.yaml:" in out
