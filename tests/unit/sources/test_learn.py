"""Mappings proposed for layouts that were never seen: nothing wrong is taken unasked, and few lines are left to edit.

Of a layout of the example the proposal is learnt from one file, from the chain and its calendars alone, and compared on
all files with the mapping that was written by hand. Layouts unlike those of the example are made from a seed.
"""

from __future__ import annotations

import pytest
from benchmarks.learn_mapping import EDITS, LAYOUTS, Trial, bare_model, books, edited, layout_of, trial
from tests.unit.sources.strange_layouts import STRANGE

from zveno.chain import example, load
from zveno.errors import DataError
from zveno.sources.learning import learn
from zveno.sources.learning.find import title_pattern

WORKBOOKS = example("workbooks_march_2026") / "workbooks"
MODEL = load(example("workbooks_march_2026")).model
BARE = bare_model()
MOST_EDITS = {"gas": 3, "instruments": 1, "laboratory": 2, "refinery_journal": 1, "smelter_shop": 1}
LARGE = ("bof_shifts", "laboratory", "wagons", "zhf_daily")
STRANGE_EDITS = {
    "days_across": 1,
    "plan_and_fact": 0,
    "plant_in_headings_only": 1,
    "units_missing": 4,
    "english_anodes": 1,
    "shifts_across": 1,
}


@pytest.mark.parametrize(
    "layout",
    [pytest.param(one, marks=[pytest.mark.slow, pytest.mark.long] if one in LARGE else []) for one in LAYOUTS],
)
def test_proposal_reads_a_layout_after_few_edits(layout):
    text, tried = trial(layout, BARE, MODEL.mappings)
    assert sum(not line.lstrip().startswith("#") for line in text.splitlines()) <= 60
    assert tried.read(text).quiet == ()
    answered, picked = tried.answered(text)
    final, written = edited(answered, EDITS.get(layout, ()))
    after = tried.read(final)
    assert picked + written <= MOST_EDITS.get(layout, 0)
    assert after.quiet == ()
    assert after.asked <= 0.005 * (after.right + after.asked)


@pytest.mark.parametrize("name", STRANGE)
def test_nothing_wrong_is_taken_from_a_strange_layout(name):
    strange = STRANGE[name](7)
    text = learn(BARE, strange.content, strange.name).text
    opened = {strange.name: list(books(strange.content, strange.name))}
    tried = Trial(BARE, opened, {(strange.name, *key): one for key, one in strange.wanted.items()}, whole=True)
    assert tried.read(text).quiet == ()
    answered, picked = tried.answered(text)
    after = tried.read(answered)
    assert after.quiet == ()
    assert (after.right, after.asked) == (len(strange.wanted), 0)
    assert picked <= STRANGE_EDITS.get(name, 0)


@pytest.mark.parametrize("name", STRANGE)
def test_unasked_proposals_of_other_numbers_take_nothing_wrong_either(name):
    strange = STRANGE[name](20260301)
    text = learn(BARE, strange.content, strange.name).text
    opened = {strange.name: list(books(strange.content, strange.name))}
    wanted = {(strange.name, *key): one for key, one in strange.wanted.items()}
    assert Trial(BARE, opened, wanted, whole=True).read(text).quiet == ()


def test_question_names_cell_values_and_the_likeliest_points():
    name = "МПЗ плавильный цех 1 декада 03.2026.xlsx"
    found = learn(BARE, (WORKBOOKS / name).read_bytes(), name)
    lines = found.text.splitlines()
    at = next(n for n, line in enumerate(lines) if "Конв. шлак залит" in line)
    assert lines[at].strip() == "# ? N6 «Конв. шлак залит, т» 51.4; 74.5; 82"
    assert [line.strip() for line in lines[at + 1 : at + 4]] == [
        f'#: "Конв. шлак залит, *": {point} mass_dry' for point in ("conv.slag", "sm.cslag.return", "stock.sm.cslag")
    ]
    assert found.questions == 1
    assert found.counts["imported"] + found.counts["rejected"] + found.counts["context"] == 1544
    shown = {row["heading"]: row for row in found.columns()}
    assert shown["Оборотные, т"]["values"] == ["13,0", "13.6", "13.4"]
    assert shown["Оборотные, т"]["point"] == "sm.charge.reverts"
    assert shown["Конв. шлак залит, т"]["sure"] is False


def test_answer_that_is_only_a_question_mark_takes_nothing():
    text, tried = trial("gas", BARE, MODEL.mappings)
    marked = text.replace('#: point: "?"', 'point: "?"')
    assert marked != text
    assert tried.read(marked).quiet == ()


def test_layout_that_is_known_already_is_said():
    assert learn(MODEL, (WORKBOOKS / "asutp_gaz_2026-03.csv").read_bytes(), "gas.csv").known_as == "gas"


def test_file_without_a_table_is_refused():
    with pytest.raises(DataError, match="no table"):
        learn(MODEL, b"a letter without numbers", "letter.txt")


@pytest.mark.parametrize(
    ("title", "pattern"),
    [
        ("Журнал за март 2026", "Журнал за *"),
        ("Рапорт цеха", "Рапорт цеха"),
        ("1-я декада", "* декада"),
        ("2026", "2026"),
        ("Секция 2, смена", "Секция 2, смена"),
    ],
)
def test_what_changes_in_a_title_is_left_open(title, pattern):
    assert title_pattern(title) == pattern


def test_proposal_may_be_loaded_as_it_is():
    for name in ("Реестр СИ поверка 2026.xlsx", "График дежурств ИТР 03.xlsx"):
        assert layout_of(learn(BARE, (WORKBOOKS / name).read_bytes(), name).text).tables
