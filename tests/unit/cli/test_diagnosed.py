"""Origins, specifications and degrees of freedom on the command line; answers and errors in three languages."""

import json
import re

import pytest
from python_calamine import CalamineWorkbook

from zveno.cli import run

ONE = ["simulate", "-c", "one_concentrator"]
TWO = ["--spec", "recovery.Cu:balk.conc=86%", "--spec", "balk.conc:grade.Cu=0.18", "--free", "balk_conc.rougher.cells",
       "--free", "balk_conc.line*.cleaner1.cells"]  # fmt: skip


@pytest.fixture(autouse=True)
def quiet_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZVENO_LANG", "en")


def answer(capsys, *words, lang="en"):
    assert run([*ONE, *words, "--lang", lang]) == 0, capsys.readouterr().err
    return capsys.readouterr()


def refusal(capsys, *words, code=5, lang="en"):
    assert run([*ONE, *words, "--lang", lang]) == code
    return capsys.readouterr().err


def cells(out):
    return [re.split(r"\s{2,}", line) for line in out.splitlines()]


def test_a_stream_is_explained_in_three_tables(capsys):
    rows = cells(answer(capsys, "--explain", "balk.conc").out)
    assert rows[0] == ["Concentrate dispatched: where it came from"]
    assert rows[1][:4] == ["origin", "what it is", "solids, t/h", "%"]
    assert rows[3][:2] == ["Ore", "feed"]
    assert rows[3][3] == "100.00"
    assert ["Launder, thickener 1", "water added in the unit"] in [row[:2] for row in rows]
    assert ["what of it came round, and how often"] in rows
    assert next(row for row in rows if row[0] == "Cyclone underflow, line 2")[2] == "0.700"
    assert ["by what it came into the unit that it leaves (Filters)"] in rows


def test_components_can_be_chosen_and_all_comes_as_json(capsys):
    found = json.loads(answer(capsys, "--explain", "balk.conc", "--component", "Cu", "--json").out)
    assert set(found) == {"origins", "last_steps", "recycled"}
    assert [(row["origin"], row["kind"]) for row in found["origins"]] == [("balk.ore", "feed")]
    assert found["origins"][0]["share_frac"] == pytest.approx(1, rel=1e-12)
    everything = json.loads(answer(capsys, "--explain", "balk.conc", "--json").out)
    assert {"solids", "water", "Cu", "Au"} <= {row["component"] for row in everything["origins"]}


def test_scenarios_of_a_file_are_explained_those_named_of_them(capsys, tmp_path):
    (tmp_path / "cases.csv").write_text("scenario,balk_conc.rougher.cells\nlong,8\nshort,3\n", "utf-8")
    asked = ["--explain", "balk.conc", "--component", "Cu", "--cases", "cases.csv"]
    out = answer(capsys, *asked).out
    assert out.index("scenario: long") < out.index("scenario: short")
    found = json.loads(answer(capsys, *asked, "--scenario", "short", "--json").out)
    assert {row["scenario"] for row in found["origins"]} == {"short"}
    assert "there is no scenario 'shorn'; did you mean 'short'" in refusal(
        capsys, *asked, "--scenario", "shorn", code=3
    )


@pytest.mark.parametrize(("lang", "words"), [("ru", "откуда пришло"), ("kk", "қайдан келді")])
def test_explanations_speak_every_language(capsys, lang, words):
    out = answer(capsys, "--explain", "balk.line1.scavenger_tail", "--component", "Cu", lang=lang).out
    assert words in out
    assert not re.search(r"\b(came|feed|stream|recycle|unit)\b", out)


def test_specifications_are_met_and_the_scenario_is_written_and_gives_the_same(capsys, tmp_path):
    shown = answer(capsys, *TWO, "--out", "met.csv")
    assert "written: met.csv" in shown.err
    rows = cells(shown.out)
    assert rows[0] == ["free parameter", "as described", "to be set", "unit of measure", "least", "most"]
    assert rows[2][:2] == ["balk_conc.rougher.cells", "5"]
    again = ["--cases", "met.csv", "--result", "recovery.Cu:balk.conc", "--result", "balk.conc:grade.Cu", "--json"]
    (case,) = json.loads(answer(capsys, *again).out)["cases"]
    assert case["recovery.Cu:balk.conc"] == pytest.approx(0.86, rel=1e-9)
    assert case["balk.conc:grade.Cu"] == pytest.approx(0.18, rel=1e-9)


def test_a_workbook_of_what_is_met_can_be_read_again(capsys, tmp_path):
    given = ["--spec", "balk.conc:Cu=9", "--free", "balk.ore.feed", "--set", "balk_conc.ore.cu_pct=1.1"]
    found = json.loads(answer(capsys, *given, "--out", "met.xlsx", "--json").out[0:])
    assert found["met_specifications"][0]["value"] == pytest.approx(9, rel=1e-9)
    book = CalamineWorkbook.from_path(str(tmp_path / "met.xlsx"))
    assert book.sheet_names == ["cases", "met_parameters", "met_specifications"]
    again = json.loads(answer(capsys, "--cases", "met.xlsx", "--result", "balk.conc:Cu", "--json").out)
    assert again["cases"][0]["balk.conc:Cu"] == pytest.approx(9, rel=1e-9)
    assert again["cases"][0]["balk_conc.ore.cu_pct"] == 1.1


def test_each_scenario_of_a_file_is_met(capsys, tmp_path):
    (tmp_path / "cases.csv").write_text("scenario,balk_conc.ore.cu_pct\npoor,0.9\nrich,1.1\n", "utf-8")
    shown = answer(capsys, "--spec", "balk.conc:Cu=8", "--free", "balk.ore.feed", "--cases", "cases.csv")
    assert "scenario: poor" in shown.out
    assert "scenario: rich" in shown.out
    assert "--out FILE.csv writes the scenario" in shown.out


def test_degrees_of_freedom_are_counted(capsys):
    out = answer(capsys, "--dof").out
    assert re.search(r"unknowns of the steady state .*: ([\d,]+); equations: \1", out)
    assert "free: 0; specified: 0; degrees of freedom: 0" in out
    out = answer(capsys, "--dof", *TWO[:2], *TWO[4:]).out
    assert "free: 2; specified: 1; degrees of freedom: 1" in out
    assert "degrees of freedom left: 1" in out
    found = json.loads(answer(capsys, "--dof", *TWO, "--json").out)
    assert (found["dof"], found["rank"], found["faults"]) == (0, 2, [])
    assert len(found["dependences"]) == 4


def written(figure):
    """A figure with a decimal comma, names in guillemets."""
    return re.sub(r"'(.*)'", r"«\1»", re.sub(r"(?<=\d)\.(?=\d)", ",", figure))


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("cannot be met: 95 % is wanted", "the upper end of the range that its figure states")),
        ("ru", ("выполнить нельзя: требуется 95 %", "верхний конец диапазона, указанного у величины")),
        ("kk", ("орындау мүмкін емес: талап 95 %", "шамада көрсетілген ауқымның жоғарғы шегі")),
    ],
)
def test_what_cannot_be_met_is_said_in_every_language(capsys, lang, words):
    given = ["--spec", "recovery.Cu:balk.conc=95%", "--free", "balk_conc.rougher.cells"]
    said = refusal(capsys, *given, code=8, lang=lang)
    figures = ("9.27 %", "'balk.line*.scavenger_tail' 10.3 %")
    for one in (*words, "balk_conc.line*.rougher", *(one if lang == "en" else written(one) for one in figures)):
        assert one in said
    if lang != "en":
        assert not re.search(r"\b(specification|wanted|units|leaves|stands)\b", said)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--explain", "balk.conc", "--dof"], "ask different things"),
        (["--component", "Cu"], "add --explain STREAM"),
        (["--scenario", "a", "--explain", "balk.conc"], "add --cases FILE"),
        (["--spec", "balk.conc:Cu=9"], "give both"),
        (["--free", "balk.ore.feed"], "give both"),
        (["--explain", "balk.conc", "--units"], "alone"),
        (["--explain", "balk.conc", "--draws", "4"], "alone"),
        (["--explain", "balk.conc", "--out", "x.csv"], "alone"),
        ([*TWO, "--result", "balk.conc:Cu"], "alone"),
        (["--dof", "--cases", "x.csv"], "--set instead of --cases"),
        (["--explain", "balk.conc", "--period", "2026-03"], "--period gives masses"),
        ([*TWO, "--out", "met.txt"], "must end in .csv or .xlsx"),
        (["--spec", "conc", "--free", "a"], "is not RESULT=VALUE"),
        (["--spec", "balk.conc:Cu=9", "--free", "a="], "is not KEY or KEY=LOW:HIGH"),
        (["--explain", "balk.cnc"], "did you mean 'balk.conc'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(capsys, words, message):
    assert message in refusal(capsys, *words)
