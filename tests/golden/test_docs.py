"""What the how-to pages print works: descriptions balance a journal and close a smelter's heat, commands run."""

import json
import re
import shlex
from pathlib import Path

import pytest
import xlsxwriter
from ruamel.yaml import YAML

import zveno
from zveno.chain import solve_problem
from zveno.cli import run
from zveno.errors import DataError
from zveno.model.types import ParametersFile

ROOT = Path(__file__).parents[2]


@pytest.fixture
def chain(tmp_path):
    page = (ROOT / "docs/how-to/describe-a-plant.md").read_text(encoding="utf-8")
    (tmp_path / "chain.yaml").write_text(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0], encoding="utf-8")
    return zveno.load(tmp_path)


def test_the_smallest_description_balances(chain, tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "days.xlsx")) as book:
        masses, assays = book.add_worksheet("Масса"), book.add_worksheet("Анализы")
        masses.write_row(0, 0, ["Дата", "Точка", "Показатель", "Единица измерения", "Значение"])
        assays.write_row(0, 0, ["Дата", "Точка", "Cu, %"])
        for day in range(31):
            date = f"2026-03-{day + 1:02}"
            masses.write_row(2 * day + 1, 0, [date, "ore.belt", "сухая масса", "т", 10_000])
            masses.write_row(2 * day + 2, 0, [date, "conc.scale", "сухая масса", "т", 450])
            for n, (point, grade) in enumerate((("ore.lab", 1.0), ("tail.lab", 0.12), ("conc.lab", 19.5))):
                assays.write_row(3 * day + n + 1, 0, [date, point, grade])
    done = chain.import_files([tmp_path / "days.xlsx"])
    assert (done.faults, done.remarks) == ((), ())
    balance = chain.reconcile("2026-03")
    recovery = balance.recoveries.row(0, named=True)
    assert recovery["recovery_frac"] == pytest.approx(0.88, abs=0.01)
    assert balance.flows.filter(stream="tail", component="Cu")["grade_frac"][0] == pytest.approx(0.0012, rel=0.05)
    assert balance.status == "consistent"


def test_the_smelter_of_the_how_to_closes_its_heat_with_fuel_and_scrap(tmp_path):
    page = (ROOT / "docs/how-to/describe-a-smelter.md").read_text(encoding="utf-8")
    for name, text in zip(("chain", "parameters"), re.findall(r"```yaml\n(.*?)```", page, re.DOTALL), strict=True):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    found = zveno.load(tmp_path).simulate()
    for unit in ("furnace", "converter"):
        assert found.unit_result(unit, "heat_surplus")[0] == pytest.approx(0, abs=1e-7)
    assert 0 < found.solids("oil")[0] < 5
    assert 0 < found.solids("scrap")[0] < 0.5 * found.solids("matte")[0]
    assert 1 < found.unit_result("converter", "slag_blow_time")[0] < 6
    entering = sum(
        found.mass(one) for one in ("conc", "quartz", "air", "oxygen", "oil", "conv_flux", "conv_air", "scrap")
    )
    assert sum(found.mass(one) for one in ("slag", "gas", "blister", "conv_gas")) == pytest.approx(entering, rel=1e-10)


def _blocks(page: str, kind: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def test_the_commands_of_run_scenarios_do_what_the_page_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZVENO_LANG", "en")
    page = "how-to/run-scenarios.md"
    (tmp_path / "cases.csv").write_text(_blocks(page, "csv")[0], encoding="utf-8")
    lines = [line for block in _blocks(page, "sh") for line in block.splitlines()]
    said = [
        "p80_um=130 ", "cu_pct=1.1, cells=6 ", "balk_conc.line1.mill:power, kW", "hard ore ", "200 draws of 23 figures",
        "64 draws of 2 figures", "share of the variance, %", '"effect_per": "%"',
    ]  # fmt: skip
    for line, wanted in zip(lines, said, strict=True):
        program, *words = shlex.split(line)
        assert program == "zveno"
        assert run(words) == 0, line
        assert wanted in capsys.readouterr().out, line
    assert (tmp_path / "results.xlsx").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (
            "how-to/find-where-it-came-from.md",
            ["Anode scrap, Balkhash", "Cyclone underflow, line 1", '"kind": "asked"'],
        ),
        ("how-to/meet-a-specification.md", ["86.0000", "18.00", "degrees of freedom: 0"]),
    ],
)
def test_the_commands_and_the_python_of_a_page_do_what_it_says(tmp_path, monkeypatch, capsys, page, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZVENO_LANG", "en")
    lines = [line for block in _blocks(page, "sh") for line in block.splitlines()]
    for line, wanted in zip(lines, said, strict=True):
        assert run(shlex.split(line)[1:]) == 0, line
        assert wanted in capsys.readouterr().out, line
    (code,) = _blocks(page, "python")
    exec(compile(code, page, "exec"), {})
    assert capsys.readouterr().out


def test_what_cannot_be_met_is_told_as_the_page_prints_it(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZVENO_LANG", "en")
    printed = _blocks("how-to/meet-a-specification.md", "text")[0].splitlines()
    given = ["--spec", "recovery.Cu:balk.conc=95%", "--free", "balk_conc.rougher.cells"]
    assert run(["simulate", "-c", "one_concentrator", *given]) == 8
    for said, line in zip(capsys.readouterr().err.splitlines(), printed, strict=True):
        assert said.startswith(line.removesuffix("…"))


def test_the_problem_files_of_the_page_are_solved(tmp_path):
    wet, rate = _blocks("how-to/solve-a-problem-file.md", "json")
    for name, text in (("wet.json", wet), ("rate.json", rate)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    conc = solve_problem(tmp_path / "wet.json")["reconciled"]["conc"]
    assert conc["mass"] == pytest.approx(conc["wet_mass"] * (1 - conc["moisture"]))
    answer = solve_problem(tmp_path / "rate.json")
    assert answer["dof"] == 2
    assert answer["reconciled"]["k"] == pytest.approx(0.352, abs=0.001)


def test_the_fault_of_the_problem_page_is_told_as_printed(tmp_path):
    page = (ROOT / "docs/how-to/solve-a-problem-file.md").read_text(encoding="utf-8")
    printed = next(line.strip() for line in page.splitlines() if "constraints[2]" in line)
    problem = json.loads(_blocks("how-to/solve-a-problem-file.md", "json")[1])
    problem["constraints"][2] = "r3 - k1*t3"
    (tmp_path / "problem.json").write_text(json.dumps(problem), encoding="utf-8")
    with pytest.raises(DataError) as error:
        solve_problem(tmp_path / "problem.json")
    assert str(error.value) == printed


def test_the_python_of_run_scenarios_runs(capsys):
    (code,) = _blocks("how-to/run-scenarios.md", "python")
    exec(compile(code, "run-scenarios.md", "exec"), {})
    assert "recovery.Cu:balk.conc" in capsys.readouterr().out


def test_the_figures_of_run_scenarios_are_uncertain():
    text = next(one for one in _blocks("how-to/run-scenarios.md", "yaml") if one.startswith("parameters:"))
    figures = ParametersFile.model_validate(YAML(typ="safe").load(text)).parameters
    assert len(figures) == 3
    assert all(one.is_uncertain for one in figures.values())


def test_the_mapping_of_the_how_to_is_sound(tmp_path):
    page = (ROOT / "docs/how-to/map-your-reports.md").read_text(encoding="utf-8")
    mapping, calendars = (
        one for one in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if one.startswith(("id:", "calendars:"))
    )
    smallest = (ROOT / "docs/how-to/describe-a-plant.md").read_text(encoding="utf-8")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "chain.yaml").write_text(re.findall(r"```yaml\n(.*?)```", smallest, re.DOTALL)[0], encoding="utf-8")
    (tmp_path / "mappings" / "mill_journal.yaml").write_text(mapping, encoding="utf-8")
    (tmp_path / "mappings" / "calendars.yaml").write_text(calendars, encoding="utf-8")
    layout = zveno.load(tmp_path).model.mappings.layouts[0]
    assert layout.tables[0].columns["Руда, *"].point == ".ore"
