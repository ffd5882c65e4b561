"""``zveno detect`` over a played month: as its page prints it, in three languages, as JSON and as a workbook."""

import json
import re
import shlex
from pathlib import Path

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from zveno.chain import example, load
from zveno.cli import run
from zveno.errors import DataError

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A month of the example."""
    folder = tmp_path_factory.mktemp("month")
    chain = load(example("one_concentrator"), store=folder / "store")
    chain.emulate("2026-03", folder / "out", seed=1, lang="en")
    chain.import_files([folder / "out" / "plant"])
    return folder / "store"


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    monkeypatch.setenv("ZVENO_LANG", "en")
    monkeypatch.chdir(tmp_path)


def detect(store, *more: str) -> int:
    return run(["detect", "2026-03", "-c", "one_concentrator", "--store", str(store), *more])


def test_the_command_of_the_page_answers_as_it_prints(store, capsys):
    page = (ROOT / "docs/how-to/see-what-meters-show.md").read_text(encoding="utf-8")
    *before, line = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)[0].splitlines()
    assert [one.split()[1] for one in before] == ["emulate", "import"]  # as the fixture has done
    assert run(shlex.split(line.replace("--store st", f"--store {store}"))[1:]) == 0
    assert capsys.readouterr().out == re.findall(r"```\n(smallest error.*?)```", page, re.DOTALL)[0]


@pytest.mark.parametrize(("lang", "said"), [("ru", "наименьшая ошибка"), ("kk", "ең кіші қате"), ("en", "smallest")])
def test_it_answers_in_three_languages(store, capsys, lang, said):
    assert detect(store, "--lang", lang, "--months", "2") == 0
    answer = capsys.readouterr().out
    assert said in answer
    assert "class 1" not in answer or lang == "en"


def test_json_and_the_workbook_hold_everything(store, capsys, tmp_path):
    assert detect(store, "--json", "--out", str(tmp_path / "all.xlsx")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["dof"], found["period"]) == (1, "2026-03")
    assert {row["months"] for row in found["detectability"]} == {1, 3, 12}
    sheets = CalamineWorkbook.from_path(tmp_path / "all.xlsx")
    heights = {name: len(sheets.get_sheet_by_name(name).to_python()) - 1 for name in sheets.sheet_names}
    assert heights == {name: len(found[name]) for name in ("detectability", "added_meters", "added_gains")}


def test_one_month_shows_what_the_balance_says_and_more_months_show_more(store):
    chain = load(example("one_concentrator"), store=store)
    balance, found = chain.reconcile("2026-03"), chain.detect("2026-03")
    keys = ["meter", "stream", "quantity"]
    single = found.detectability.filter(kind="reading")
    both = balance.adjustments.join(single.filter(months=1), on=keys, how="inner", suffix="_told")
    within = both.filter(pl.col("shows_from") < pl.col("reading"))
    assert within.height == 12
    assert within["shows_from_told"].to_list() == pytest.approx(within["shows_from"].to_list(), rel=1e-9)
    wide = single.filter(pl.col("shows_from").is_not_null()).pivot(on="months", index=keys, values="shows_from_frac")
    assert wide.select((pl.col("12") < pl.col("3")).all(), (pl.col("3") < pl.col("1")).all()).row(0) == (True, True)
    assert single.filter(pl.col("shows_from").is_null())["reason"].ne("").all()


def test_a_stretch_of_days_counts_by_its_hours(store):
    chain = load(example("one_concentrator"), store=store)
    month, days = chain.detect("2026-03", [1]), chain.detect("2026-03-01/2026-04-01", [1])
    first, second = (one.detectability["shows_from_frac"].drop_nulls().to_numpy() for one in (month, days))
    assert second == pytest.approx(first, rel=0.05)  # 31 days are a little more than a twelfth of a year
    assert (second > first).all()


def test_refusals_say_what_to_do(store, capsys):
    assert detect(store, "--months", "0") != 0
    assert "whole numbers from 1 on" in capsys.readouterr().err
    assert detect(store, "--out", "all.pdf") != 0
    assert "must end in .csv or .xlsx" in capsys.readouterr().err
    with pytest.raises(DataError, match="whole numbers"):
        load(example("one_concentrator"), store=store).detect("2026-03", [])


def test_nothing_is_said_of_added_readings_where_none_is_asked_for(store, capsys):
    assert detect(store, "--months", "1") == 0
    assert "what one more reading would buy" in capsys.readouterr().out
    assert detect(store, "--months", "1", "--added", "0") == 0
    said = capsys.readouterr().out
    assert "smallest error that is found four times out of five" in said
    assert "more reading" not in said
    assert "added" not in said
    assert detect(store, "--added", "-1") == 5
    assert "--added counts added readings: write 0 or more" in capsys.readouterr().err
