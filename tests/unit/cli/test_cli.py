"""The command line: answers, exit codes, and one clear message for everything that goes wrong."""

import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from zveno.chain import example, load
from zveno.cli import run
from zveno.cli.languages import language
from zveno.tables import frame

ROOT = Path(__file__).parents[3]

SIMULATED_ONLY = """\
format: zveno/chain-1
id: small
title: {en: Small}
timezone: UTC+05:00
components: [Fe]
plants: [{id: works, kind: other, sections: [{id: works.shop}]}]
boundaries: [{id: market}]
materials: [{id: scrap, contents: {Fe: 0.98}}]
units: [{id: works.box, section: works.shop, model: mixer}]
streams:
  - {id: scrap.in, from: market, to: works.box, material: scrap, feed: 1.0}
  - {id: scrap.out, from: works.box, to: market}
"""


@pytest.fixture(autouse=True)
def quiet_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZVENO_LANG", "en")
    monkeypatch.delenv("ZVENO_DEBUG", raising=False)


@pytest.fixture
def plant(tmp_path) -> Path:
    folder = tmp_path / "plant"
    shutil.copytree(example("one_concentrator"), folder)
    return folder


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def journal(path: Path, *cells: object, uom: str = "%") -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Journal")
        sheet.write_row(0, 0, ["Date", "Shift", "Point", f"Cu, {uom}"])
        sheet.write_row(1, 0, cells)
    return path


def test_new_then_validate(capsys):
    assert run(["new", "mine"]) == 0
    assert run(["validate", "-c", "mine", "--json"]) == 0
    out = capsys.readouterr().out
    assert "made 'mine'" in out
    assert json.loads(out[out.index("{") :])["units"] == 43


def test_new_refuses_a_folder_that_is_not_empty(capsys, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").touch()
    assert run(["new", "mine"]) == 5
    assert "not empty" in capsys.readouterr().err


def test_simulate_gives_grade_and_recovery(capsys):
    assert run(["simulate", "-c", "one_concentrator", "--json", "--stream", "balk.conc"]) == 0
    rows = json.loads(capsys.readouterr().out)["stream_flows"]
    copper = next(row for row in rows if row["component"] == "Cu")
    assert copper["grade_frac"] == pytest.approx(0.175, rel=0.01)


def test_simulate_takes_a_decimal_comma_and_blanks_between_thousands(capsys):
    changed = ["--set", "balk_conc.ore.cu_pct=1,2", "--set", "balk.ore.feed=1 000,5"]
    assert run(["simulate", "-c", "one_concentrator", "--json", "--stream", "balk.ore", *changed]) == 0
    rows = {row["component"]: row for row in json.loads(capsys.readouterr().out)["stream_flows"]}
    assert rows["Cu"]["grade_frac"] == pytest.approx(0.012)
    assert rows["solids"]["mass_tph"] == pytest.approx(1000.5)


def test_a_steady_state_is_written_as_a_workbook(tmp_path, capsys):
    out = tmp_path / "steady.xlsx"
    assert run(["simulate", "-c", "grinding_by_size", "--units", "--out", str(out), "--lang", "ru"]) == 0
    book = CalamineWorkbook.from_path(str(out))
    assert book.sheet_names == ["stream_flows", "unit_results", "stream_sizes"]
    rows = book.get_sheet_by_name("stream_flows").to_python()
    assert rows[0] == ["scenario", "stream", "title", "component", "mass_tph", "grade_frac"]
    assert ["base", "feed", "Исходное питание", "solids", 250.0, 1.0] in rows
    capsys.readouterr()
    assert run(["simulate", "-c", "grinding_by_size", "--out", "steady.pdf"]) == 5
    assert "must end in .csv or .xlsx" in capsys.readouterr().err


def test_a_sweep_shows_what_settles_and_says_what_does_not(capsys):
    """More feed than the mill can grind has no steady state; the lesser feeds have."""
    asked = ["--sweep", "line.feed_tph=200,400", "--result", "overflow:p80"]
    assert run(["simulate", "-c", "grinding_by_size", *asked]) == 8
    told = capsys.readouterr()
    assert "114.5" in told.out
    assert "'feed_tph=400' did not settle" in told.err
    assert "may be overloaded" in told.err


def test_overloaded_spigots_are_told_beside_the_numbers(capsys):
    asked = ["--set", "cyclone.spigot_mm=80", "--result", "overflow:p80"]
    assert run(["simulate", "-c", "grinding_by_size", *asked]) == 0
    assert "the spigots of 'cyclones' are overloaded" in capsys.readouterr().err


def test_simulate_takes_changes(capsys):
    changed = ["--set", "balk_conc.ore.cu_pct=1.2"]
    assert run(["simulate", "-c", "one_concentrator", "--json", "--stream", "balk.ore", *changed]) == 0
    rows = json.loads(capsys.readouterr().out)["stream_flows"]
    assert next(row for row in rows if row["component"] == "Cu")["grade_frac"] == pytest.approx(0.012)


def test_the_month_by_hand_from_emulate_to_report(plant, capsys, tmp_path):
    assert run(["emulate", "2026-03-01/2026-03-05", "-c", "plant", "--out", "played"]) == 0
    assert run(["import", "played/plant", "-c", "plant"]) == 0
    first = capsys.readouterr().out
    assert "new files" in first
    assert "known before" not in first
    assert run(["import", "played/plant", "-c", "plant", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["files"], again["records"], again["readings"]) == (0, 0, 0)
    assert run(["reconcile", "2026-03-01/2026-03-05", "-c", "plant"]) == 0
    assert "recovery of Cu (overall)" in capsys.readouterr().out
    assert run(["check", "2026-03-01/2026-03-05", "-c", "plant"]) == 0
    assert "breaches: none" in capsys.readouterr().out
    assert (
        run(
            ["report", "2026-03-01/2026-03-05", "-c", "plant", "--lang", "ru"]
            + [part for name in ("a.html", "a.xlsx", "a.pdf") for part in ("--out", name)]
        )
        == 0
    )
    assert "Демонстрационные данные" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert (tmp_path / "a.xlsx").read_bytes().startswith(b"PK")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "message"),
    [
        ("chain.yaml", "components: [Cu", "components: [[Cu", 3, "chain.yaml:"),
        ("chain.yaml", "from: \"balk_conc.crusher\"", "from: \"balk_conc.crushr\"", 3, "did you mean 'balk_conc.crusher'?"),
        ("chain.yaml", "model: thickener", "model: thickner", 3, "did you mean 'thickener'?"),
        ("chain.yaml", "{moisture: balk_conc.filter.moisture_pct}", "{moist: balk_conc.filter.moisture_pct}", 3, "moist"),
        ("parameters.yaml", "value: 50, uom: m3", "value: 50, uom: kW", 3, "'cell_m3' is given in 'kW'"),
        ("people.yaml", "hours: 12", "hours: 11", 3, "the shifts of a day last 23"),
        ("people.yaml", "[day, night, \"off\", \"off\"]", "[day, day, \"off\", \"off\"]", 3, "shift 'night' is without a crew on day 1"),
        ("parameters.yaml", "{value: 0.85, uom: frac", "{value: 0.8, uom: frac", 3, "in ore 'balk_ore' add up to 0.95"),
        ("chain.yaml", "kinetics: balk_conc.float", "kinetics: balk_conc.flaot", 3, "lack 56 figures"),
        ("chain.yaml", "group: balk.flotation_feed, title", "group: balk.tail, title", 3, "of group 'balk.tail' join different sections"),
        ("chain.yaml", "to: \"tailings_balk\", group", "to: \"balk_conc.line{n}.cleaner1\", group", 3, "of group 'balk.tail' join different sections"),
        ("rules/concentrator.yaml", "cleaner1.ph", "cleaner1.hp", 3, "names 'balk_conc.line*.cleaner1.hp', which does not exist"),
        ("data/play.yaml", "stock: balk_conc.conc_bin", "stock: balk_conc.bin", 3, "'balk_conc.bin' is named"),
    ],
)  # fmt: skip
def test_a_broken_description_is_one_message_with_file_and_line(plant, capsys, name, old, new, code, message):
    spoil(plant, name, old, new)
    assert run(["validate", "-c", "plant"]) == code
    shown = capsys.readouterr()
    assert message in shown.err
    assert re.search(r"\.yaml:\d+: ", shown.err)
    assert "Traceback" not in shown.err
    assert shown.out == ""


CLOSED_LOOP = """\
format: zveno/chain-1
id: loop
title: {en: Loop}
timezone: "UTC+05:00"
components: [Cu]
minerals: [{id: bornite, group: cu_sulphide, sg: 5, composition: {Cu: 0.63}}, {id: quartz, group: gangue, sg: 2.6, composition: {}}]
ores: [{id: ore1, grade: g, moisture: w, copper: {bornite: one}, minerals: {}, balance: quartz}]
plants: [{id: mill, kind: concentrator, sections: [{id: mill.a}]}]
boundaries: [{id: mine}, {id: pond}]
units:
  - {id: mill.box, section: mill.a, model: mixer}
  - {id: mill.fork, section: mill.a, model: splitter, parameters: {share_b: none}}
streams:
  - {id: ore, from: mine, to: mill.box, ore: ore1, feed: 100}
  - {id: there, from: mill.box, to: mill.fork}
  - {id: back, from: "mill.fork:a", to: mill.box}
  - {id: out, from: "mill.fork:b", to: pond}
"""
FIGURES = """\
parameters:
  g: {value: 1, uom: "%"}
  w: {value: 3, uom: "%"}
  one: {value: 1, uom: frac}
  none: {value: 0, uom: frac}
"""


def test_a_circuit_without_a_way_out_names_its_units(tmp_path, capsys):
    (tmp_path / "chain.yaml").write_text(CLOSED_LOOP, encoding="utf-8")
    (tmp_path / "parameters.yaml").write_text(FIGURES, encoding="utf-8")
    assert run(["simulate"]) == 8
    shown = capsys.readouterr().err
    assert "'mill.box', 'mill.fork'" in shown
    assert "let one of its streams leave" in shown


@pytest.mark.parametrize(
    ("cells", "uom", "message"),
    [
        (("2026-03-01", "day", "balk_conc.tail.assay", "0,15*"), "%", "j.xlsx, 'Journal', D2: '0,15*' is not a number"),
        (("2026-03-01", "day", "balk_conc.tail.assay", 0.15), "kg", "j.xlsx, 'Journal', D1: 'kg' is no unit"),
        (("2026-03-01", "day", "balk_conc.tail.asay", 0.15), "%", "did you mean 'balk_conc.tail.assay'?"),
    ],
)
def test_a_bad_cell_is_named_and_nothing_is_kept(plant, capsys, tmp_path, cells, uom, message):
    good = journal(tmp_path / "good.xlsx", "2026-03-01", "day", "balk_conc.tail.assay", 0.15)
    bad = journal(tmp_path / "j.xlsx", *cells, uom=uom)
    assert run(["import", str(good), str(bad), "-c", "plant"]) == 5
    assert message in capsys.readouterr().err
    assert not (plant / "store").exists()
    assert run(["import", str(good), str(bad), "-c", "plant", "--keep-going", "--json"]) == 5
    assert json.loads(capsys.readouterr().out)["records"] == 1


def test_a_month_without_data_says_what_to_import(plant, capsys):
    assert run(["reconcile", "2026-03", "-c", "plant"]) == 5
    assert "balk_conc.line1.weightometer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["validate", "-c", "nowhere"], 3, "no chain.yaml in 'nowhere'"),
        (["reconcile", "March", "-c", "one_concentrator"], 5, "period 'March' is not understood"),
        (["simulate", "-c", "one_concentrator", "--set", "balk.conc.feed=3"], 3, "balk.conc"),
        (["simulate", "-c", "one_concentrator", "--set", "x"], 5, "'x' is not NAME=VALUE"),
        (["reconcile", "--problem", "nowhere.json"], 5, "nowhere.json"),
        (["import", "nowhere", "-c", "one_concentrator"], 5, "'nowhere' does not exist"),
        (["report", "2026-03", "-c", "one_concentrator", "--name", "x"], 5, "x"),
        (["frobnicate"], 2, "frobnicate"),
        (["check", "--lang", "de"], 5, "choose en, ru or kk"),
    ],
)
def test_wrong_commands_end_in_a_message_and_a_code(capsys, arguments, code, message):
    assert run(arguments) == code
    assert message in capsys.readouterr().err


def test_a_fault_of_the_program_is_a_sentence_too(capsys, monkeypatch):
    monkeypatch.setattr("zveno.chain.facade.simulate", _broken)
    assert run(["simulate", "-c", "one_concentrator"]) == 70
    shown = capsys.readouterr().err
    assert "a fault inside Zveno: KeyError" in shown
    assert "Traceback" not in shown


def _broken(*_: object, **__: object) -> None:
    raise KeyError("x")


def test_help_and_errors_speak_russian_and_kazakh(capsys):
    assert run(["--help", "--lang", "ru"]) == 0
    assert "Проверить" in capsys.readouterr().out
    assert run(["validate", "-c", "nowhere", "--lang", "kk"]) == 3
    assert "жоқ" in capsys.readouterr().err


def test_language_is_taken_from_option_then_environment(monkeypatch):
    monkeypatch.delenv("ZVENO_LANG")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    assert language() == "ru"
    assert language("kk") == "kk"
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert language() == "en"


def test_schemas_are_written_for_editors(tmp_path):
    assert run(["schema", "--out", "s"]) == 0
    schema = json.loads((tmp_path / "s" / "chain.schema.json").read_text(encoding="utf-8"))
    assert "streams" in schema["properties"]


def test_a_problem_file_is_solved(capsys):
    problem = ROOT / "tests" / "unit" / "cli" / "splitter.json"
    assert run(["reconcile", "--problem", str(problem), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    # one node, three flows of equal sigma: 10.0 = 6.2 + 3.9 is off by -0.1, each takes a third
    assert answer["reconciled"]["feed"]["mass"] == pytest.approx(10.0 + 0.1 / 3)
    assert answer["objective"] == pytest.approx(0.1**2 / 3 / 0.1**2)
    assert answer["dof"] == 1
    assert set(answer) == {
        "objective",
        "dof",
        "p_value",
        "tests",
        "nominal_because",
        "in_question",
        "reconciled",
        "sigma_reconciled",
        "classification",
        "suspects",
        "suspect_classes",
        "eliminations",
        "gross_errors",
        "other_local_optima",
        "swaps",
        "balance_tests",
    }


def test_free_equations_are_solved_and_told(capsys):
    problem = ROOT / "tests" / "unit" / "cli" / "equations.json"
    assert run(["reconcile", "--problem", str(problem), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    side, height, volume = (answer["reconciled"][name] for name in ("side", "height", "volume"))
    assert volume == pytest.approx(side**2 * height, rel=1e-12)
    assert answer["reconciled"]["filled"] == pytest.approx(0.9 * volume, rel=1e-12)
    assert answer["dof"] == 1
    assert run(["reconcile", "--problem", str(problem)]) == 0
    said = capsys.readouterr().out
    assert "filled" in said
    assert "degrees of freedom 1" in said


def test_no_data_in_a_corrected_file_withdraws_the_value(plant, capsys, tmp_path):
    first = journal(tmp_path / "first.xlsx", "2026-03-01", "day", "balk_conc.tail.assay", 0.15)
    corrected = journal(tmp_path / "corrected.xlsx", "2026-03-01", "day", "balk_conc.tail.assay", "n/a")
    for path in (first, corrected):
        assert run(["import", str(path), "-c", "plant"]) == 0
    assert "1 cell left out: marked as 'no data'" in capsys.readouterr().out
    records = load(plant).store.read("records")
    assert records["value"].to_list() == [None]


def test_a_check_without_readings_says_what_to_import(plant, capsys):
    assert run(["check", "2026-03", "-c", "plant"]) == 5
    assert "balk_conc.line1.cleaner1.ph" in capsys.readouterr().err


def test_a_value_beyond_what_its_figure_states_is_doubted_aloud(capsys):
    assert run(["simulate", "-c", "one_concentrator", "--set", "balk_conc.grind.p80_um=200"]) == 0
    shown = capsys.readouterr()
    assert "outside the range 90 to 160" in shown.err
    assert "recovery of Cu, Balkhash concentrator: 81." in shown.out


def test_a_stream_that_does_not_exist_is_refused(capsys):
    assert run(["simulate", "-c", "one_concentrator", "--stream", "balk.con"]) == 5
    assert "did you mean 'balk.conc'?" in capsys.readouterr().err


@pytest.mark.parametrize(("lang", "word"), [("en", "Options:"), ("ru", "Параметры:"), ("kk", "Параметрлер:")])
def test_help_speaks_the_language_throughout(capsys, lang, word):
    assert run(["report", "--help", "--lang", lang]) == 0
    shown = capsys.readouterr().out
    assert word in shown
    assert ("Usage" in shown) == (lang == "en")


def test_a_file_left_with_faults_is_read_anew_once_the_description_is_mended(plant, capsys, tmp_path):
    path = journal(tmp_path / "j.xlsx", "2026-03-01", "day", "balk_conc.tail.asay", 0.15)
    assert run(["import", str(path), "-c", "plant", "--keep-going"]) == 5
    kept = load(plant).store.read("rejected")
    assert kept["cell"].to_list() == ["'Journal', C2"]
    spoil(plant, "chain.yaml", "id: balk_conc.tail.assay", "id: balk_conc.tail.asay")
    assert run(["import", str(path), "-c", "plant"]) == 0
    assert load(plant).store.read("records")["value"].to_list() == [pytest.approx(0.0015)]
    assert capsys.readouterr().out.count("1 new file") == 2


@pytest.mark.parametrize(("verb", "said"), [("reconcile", "has no meters"), ("check", "has no rules")])
def test_a_description_that_is_simulated_only_says_what_it_lacks(capsys, tmp_path, verb, said):
    (tmp_path / "chain.yaml").write_text(SIMULATED_ONLY, encoding="utf-8")
    assert run([verb, "2026-03", "-c", str(tmp_path)]) == 5
    assert said in capsys.readouterr().err


def test_the_foundry_shows_products_customers_and_work_centres(capsys):
    assert run(["foundry", "-c", "zhez_balkhash"]) == 0
    base = capsys.readouterr().out
    for word in ("Cast grinding ball 40-60 mm", "Balkhash concentrator", "Metal-mould ball machine", "in all: 17,7"):
        assert word in base
    assert run(["foundry", "-c", "zhez_balkhash", "--set", "balk_conc.ore.tonnage_mt=6.4", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    ore = {row["customer"]: row["driver_amount"] for row in said["foundry_needs"] if row["driver"] == "ore_milled"}
    assert ore == pytest.approx({"zhez_conc": 17.5e6, "balk_conc": 6.4e6})
    assert {row["work_centre"] for row in said["foundry_loads"]} > {"ball_line", "quality"}


def test_a_description_without_a_foundry_says_so(capsys):
    assert run(["foundry", "-c", "one_concentrator"]) == 3
    assert "write what it casts in foundry.yaml" in capsys.readouterr().err


def test_signals_without_readings_are_named_but_not_all_two_hundred(capsys, tmp_path):
    assert run(["check", "2026-03", "-c", "zhez_balkhash", "--store", str(tmp_path)]) == 5
    said = capsys.readouterr().err
    assert "balk_conc.line1.cyclone.p80_um" in said
    assert said.rstrip().endswith("…")
    assert said.count(",") == 20


def test_a_rule_that_is_not_judged_is_said_once_for_all_its_versions(capsys, tmp_path):
    path, noon = tmp_path / "readings.parquet", datetime.fromisoformat("2026-03-21T12:00:00+05:00")
    reading = {"tag": "zhmz.aisle.so2_mg_m3", "value": 4.0, "quality": 0}
    frame("readings", [{**reading, "ts": noon + timedelta(minutes=n)} for n in range(9)]).write_parquet(path)
    there = ["-c", "zhez_balkhash", "--store", str(tmp_path / "store")]
    assert run(["import", str(path), *there]) == 0
    assert run(["check", "2026-03", *there]) == 0
    told = [one for one in capsys.readouterr().out.splitlines() if one.startswith("not checked: ")]
    assert sum("BM-01" in one for one in told) == 4  # two furnaces, each with its matte and its charge
    assert len(told) == len(set(told))


def test_a_year_stands_beside_what_was_published(capsys):
    assert run(["simulate", "-c", "zhez_balkhash", "--period", "2020", "--stream", "*.cathode"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [one.split("  ")[0] for one in lines[2:4]] == ["Cathode, Zhezkazgan", "Cathode, Balkhash"]
    assert any(one.startswith("Own cathode") and "258,360" in one for one in lines)
    assert run(["simulate", "-c", "zhez_balkhash", "--period", "2020", "--day", "2020-03-01"]) == 5


def test_a_scale_that_tells_a_rate_comes_back_as_the_mass_of_its_shift(tmp_path, capsys):
    assert run(["new", str(tmp_path / "plant")]) == 0
    chain = tmp_path / "plant" / "chain.yaml"
    text = chain.read_text("utf-8")
    at = text.index("uom: t,", text.index("weightometer"))
    chain.write_text(text[:at] + "uom: т/ч," + text[at + len("uom: t,") :], encoding="utf-8")
    there = ["-c", str(tmp_path / "plant")]
    assert run(["emulate", "2026-03-10", *there, "--out", str(tmp_path / "played")]) == 0
    assert run(["import", str(tmp_path / "played" / "plant"), *there]) == 0
    capsys.readouterr()
    assert run(["reconcile", "2026-03-10", *there, "--json"]) == 0
    ore = next(one for one in json.loads(capsys.readouterr().out)["flows"] if one["stream"] == "balk.ore")
    assert 15_000 < ore["mass_t"] < 26_000


def test_a_place_that_cannot_be_written_is_said_in_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(["emulate", "2026-03-01", "-c", "one_concentrator", "--out", str(tmp_path / "file")]) == 6
    assert "a file stands where a folder is needed. Give another place" in capsys.readouterr().err


def test_a_day_without_survey_does_not_name_a_level_and_a_named_zone_serves_as_well(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["new", "plant"]) == 0
    chain = tmp_path / "plant" / "chain.yaml"
    chain.write_text(
        chain.read_text("utf-8").replace('timezone: "UTC+05:00"', "timezone: Asia/Almaty"), encoding="utf-8"
    )
    assert run(["emulate", "2026-03-10/2026-03-13", "-c", "plant", "--out", "played"]) == 0
    assert run(["import", "played/plant", "-c", "plant"]) == 0
    capsys.readouterr()
    assert run(["reconcile", "2026-03-11", "-c", "plant"]) == 0
    level = next(one for one in capsys.readouterr().out.splitlines() if one.startswith("Concentrate bin, opening"))
    assert level.split()[3] == "unobservable"
    assert run(["check", "2026-03-10", "-c", "plant"]) == 0
    assert run(["report", "2026-03-10", "-c", "plant", "--out", str(tmp_path / "day.html")]) == 0
    assert "BC-03" in (tmp_path / "day.html").read_text("utf-8")


def test_a_plant_without_feed_cannot_be_played_and_says_why(tmp_path, capsys):
    assert run(["new", str(tmp_path / "plant")]) == 0
    figures = tmp_path / "plant" / "parameters.yaml"
    text = figures.read_text("utf-8")
    start = text.index("value:", text.index("balk_conc.mill_feed_tph:"))
    figures.write_text(text[:start] + "value: 0" + text[text.index(",", start) :], encoding="utf-8")
    assert run(["emulate", "2026-03-10", "-c", str(tmp_path / "plant"), "--out", str(tmp_path / "played")]) == 3
    assert "nothing comes to the stock 'balk_conc.conc_bin'" in capsys.readouterr().err


def test_a_look_for_lasting_errors_among_days_needs_several_of_them(plant, capsys):
    assert run(["reconcile", "2026-03", "-c", "plant", "--lasting", "day", "--suspect", "any"]) == 5
    assert "--lasting month" in capsys.readouterr().err
    assert run(["emulate", "2026-03-01/2026-03-08", "-c", "plant", "--out", "played"]) == 0
    assert run(["import", "played/plant", "-c", "plant"]) == 0
    capsys.readouterr()
    assert run(["reconcile", "2026-03-01/2026-03-04", "-c", "plant", "--lasting", "day"]) == 5
    assert "many periods" in capsys.readouterr().err
    assert run(["reconcile", "2026-03-01/2026-03-08", "-c", "plant", "--lasting", "day"]) == 0
    assert "no lasting error over 7 periods" in capsys.readouterr().out
    assert run(["reconcile", "2026-03-01/2026-03-08", "-c", "plant", "--lasting", "day", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["drifts"] == []
