"""What does not fit, as the command line says it: two played months with a swap, a step and a wrong wagon scale."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from tests.depth import deep

from zveno.chain import example, load
from zveno.cli import run
from zveno.model.load import load_play
from zveno.model.play import Bias, Swap
from zveno.periods import Period

WAGON, BELT = "balk_conc.conc.wagon", "balk_conc.line2.weightometer"
FEED, TAIL = "balk_conc.ore.assay", "balk_conc.tail.assay"


@pytest.fixture(scope="module")
def plant(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("doubted") / "plant"
    shutil.copytree(example("one_concentrator"), folder)
    chain = load(folder)
    play, tz = load_play(folder), chain.model.tz
    whole, late = Period.parse("2026-03-01/2026-05-02", tz), Period.parse("2026-03-12/2026-05-02", tz)
    events = (
        Bias(kind="bias", id="X1", meter=WAGON, start=whole.start, end=whole.end, size_rel_pct=10),
        Bias(kind="bias", id="X2", meter=BELT, start=late.start, end=late.end, size_rel_pct=8),
        Swap(kind="swap", id="X3", meters=(FEED, TAIL), day=date(2026, 3, 20), slot="night"),
    )
    quiet = tuple(one for one in play.events if not isinstance(one, (Bias, Swap)))
    out = folder.parent / "out"
    chain.emulate("2026-03-01/2026-05-01", out, seed=3, play=play.model_copy(update={"events": (*quiet, *events)}))
    chain.import_files([out / "plant"])
    return folder


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("ZVENO_LANG", "en")


def said(capsys, plant: Path, *options: str) -> str:
    assert run(["reconcile", "2026-03", "-c", str(plant), *options]) == 0
    return capsys.readouterr().out


def title(plant: Path, meter: str) -> str:
    return load(plant).model.title(meter, "en")


def test_the_month_names_its_suspects_its_swap_and_the_belt_that_stepped(plant, capsys):
    out = said(capsys, plant)
    (group,) = [one for one in out.splitlines() if one.startswith("suspects that these data cannot tell apart")]
    assert "Feed assay (Cu: −" in group
    assert group.endswith(" more")
    assert "to tell them apart, measure " in out
    (swap,) = [one for one in out.splitlines() if one.startswith("Samples swapped")]
    assert "20 Mar 2026 20:00 to 21 Mar 2026 08:00: Feed assay and Tailings assay (Cu)." in swap
    (belt,) = [one for one in out.splitlines() if "reads otherwise than" in one]
    assert belt.startswith("Weightometer, line 2 reads otherwise than Weightometer, line 1, Weightometer, line 3")
    assert "since 1" in belt
    assert "balance at the readings, " in out


def test_json_holds_every_table(plant, capsys):
    answer = json.loads(said(capsys, plant, "--json"))
    assert {row["kind"] for row in answer["suspects"]} >= {"reading", "common"}
    assert [row["status"] for row in answer["swaps"]].count("swapped") == 1
    assert [row["meter"] for row in answer["scale_steps"]] == [BELT]
    assert answer["eliminations"][0]["action"] == "set aside"
    assert answer["gross_errors"]
    assert any(row["off"] for row in answer["balance_tests"])
    assert {"balk_conc.belt_calibration"} <= {row["name"] for row in answer["common_errors"]}


@pytest.mark.parametrize("estimator", ["huber", deep("hampel")])
def test_a_robust_screen_says_what_it_left_out(plant, capsys, estimator):
    answer = json.loads(said(capsys, plant, "--robust", estimator, "--json"))
    gone = [row for row in answer["adjustments"] if row["status"] == "left_out"]
    assert gone
    assert answer["p_value"] is None or answer["p_value"] > 0.05
    assert "set aside by the robust screen: " in said(capsys, plant, "--robust", estimator)


def test_what_is_in_question_is_answered(plant, capsys):
    out = said(capsys, plant, "--suspect", WAGON, "--suspect", "balk_conc.belt_calibration", "--correction", "fdr")
    (wagon,) = [one for one in out.splitlines() if one.startswith(f"in question, {title(plant, WAGON)} (dry mass): ")]
    assert wagon.endswith(" %, beyond chance")
    assert "in question, common error 'balk_conc.belt_calibration' (dry mass): " in out


@pytest.mark.parametrize("options", [["2026-03"], deep(["2026-03-01/2026-05-01", "--lasting", "month"])])
def test_a_name_that_there_is_not_is_refused_and_a_meter_that_nothing_tests_is_told(plant, capsys, options):
    command = ["reconcile", *options, "-c", str(plant), "--suspect"]
    assert run([*command, "balk_conc.conc.wagom"]) == 5
    said = capsys.readouterr().err
    assert (
        "there is no such meter or shared error as 'balk_conc.conc.wagom'; did you mean 'balk_conc.conc.wagon'?" in said
    )
    assert run([*command, "balk_conc.overflow.loss"]) == 0
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("in question")]
    assert line.startswith("in question, Solids in thickener overflow: not tested, ")
    assert line.endswith(("only an error larger than all of it would show", "nothing checks it"))
    assert run([*command, "balk_conc.overflow.loss", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    rows = answer["common_errors" if "common_errors" in answer else "lasting_errors"]
    (row,) = [one for one in rows if one["asked"]]
    assert (row["name"], row["z"], row["off"]) == ("balk_conc.overflow.loss", None, False)
    assert row["reason"]


def test_errors_that_last_are_tested_over_both_months(plant, capsys):
    assert run(["reconcile", "2026-03-01/2026-05-01", "-c", str(plant), "--lasting", "month"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("2 periods tested together")
    lines = [one for one in out.splitlines() if one.startswith("an error that lasts, since 2026-03: ")]
    assert any(title(plant, WAGON) in one for one in lines)
    assert run(["reconcile", "2026-03-01/2026-05-01", "-c", str(plant), "--lasting", "month", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["periods"] == ["2026-03", "2026-04"]
    assert [row["off"] for row in answer["lasting_errors"] if row["name"] == WAGON] == [True]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--correction", "tukey"], "choose sidak, bonferroni, fdr"),
        (["--robust", "cauchy"], "choose huber, hampel"),
        (["--lasting", "year"], "choose month, day or hour"),
    ],
)
def test_what_there_is_not_is_refused_in_a_sentence(plant, capsys, options, words):
    assert run(["reconcile", "2026-03", "-c", str(plant), *options]) == 5
    assert words in capsys.readouterr().err


def test_reports_say_the_same(plant):
    report = load(plant).report("metal_balance", "2026-03", lang="en").render(".html").decode()
    assert "Samples swapped, 20 Mar 2026 20:00 to 21 Mar 2026 08:00" in report
    assert "reads otherwise than" in report
    assert "It would look the same: loss at" in report
