"""What an import says aloud while it keeps everything."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from tests.unit.sources.test_files import HEAD, JOURNAL, model, read, workbook  # noqa: F401

from zveno.model.chain import ChainModel
from zveno.model.types import ChainFile
from zveno.sources import SourceBatch, remarks
from zveno.tables import frame

CHAIN = ChainModel(
    chain=ChainFile.model_validate(
        {
            "format": "zveno/chain-1", "id": "a", "title": {}, "timezone": "UTC+05:00", "components": ["Cu"], "plants": [],
            "units": [], "streams": [],
            "meters": [{"id": "lab", "stream": "ore", "quantity": "assay", "components": ["Cu"], "uom": "%", "sd_rel_pct": 1}],
        }
    )
)  # fmt: skip
START = datetime(2026, 3, 1, 8, tzinfo=UTC)


def records(*values: float | None, file="a.xlsx", point="scale", quantity="mass", start=START, digest=""):
    return frame(
        "records",
        [
            {
                "point": point, "quantity": quantity, "value": value, "qualifier": "", "file": file, "sheet": "S",
                "start": start + timedelta(hours=12 * n), "end": start + timedelta(hours=12 * n + 12),
                "cell": f"B{n + 1}", "file_hash": digest or file, "known": None,
            }
            for n, value in enumerate(values)
        ],
    )  # fmt: skip


def batch(rows: pl.DataFrame, file="a.xlsx"):
    return SourceBatch(file, "new", rows, frame("rejected"), frame("readings"), ())


def said(new=(), known=(), kept=None):
    kept = frame("records") if kept is None else kept
    return [str(one) for one in remarks(CHAIN, [batch(one) for one in new], [batch(one) for one in known], kept)]


def test_a_usual_import_says_nothing():
    assert said([records(60.0, 61.0, 0.0, 59.0, 60.0, 62.0)], kept=records(60.0, start=START - timedelta(days=3))) == []


def test_replaced_values_are_counted_with_the_old_one():
    (line,) = said([records(70.0, 60.0, digest="new")], kept=records(60.0, 60.0))
    assert line == "a.xlsx, S, B1: values that replace earlier ones: 1 (first: 'scale' was 60.0 at a.xlsx, S, B1)"


def test_a_replaced_assay_is_told_in_the_unit_of_its_meter():
    (line,) = said(
        [records(0.18, point="lab", quantity="Cu", digest="new")], kept=records(0.1772, point="lab", quantity="Cu")
    )
    assert "'lab' was 17.72 at" in line


def test_a_sheet_whose_date_was_changed_leaves_its_old_values_and_it_is_said():
    wrong = records(60.0, start=START + timedelta(days=1))
    (line,) = said([records(60.0, digest="new")], kept=wrong)
    assert "no longer has: 1" in line
    month = records(*[60.0] * 62, start=START - timedelta(days=31))
    assert said([records(*[60.0] * 62, digest="new")], kept=month) == []


def test_a_limit_in_place_of_a_mass_is_far_from_the_usual():
    rows = records(60.0, 61.0, 59.0, 60.0, 60.0, 0.05).with_columns(qualifier=pl.Series(["", "", "", "", "", "<"]))
    assert "values far from the usual of 'scale'" in said([rows])[0]


def test_an_emptied_shift_is_a_fault_for_what_is_read_by_shifts(model, tmp_path):  # noqa: F811
    rows = [HEAD[0], ["Смена", ""], HEAD[2], ["scale", "влажная масса", "т", 60]]
    found = read(model, workbook(tmp_path / "a.xlsx", rows))
    assert "the shift is empty, but 'scale' is read by shifts: write one of day, день, night, ночь" in str(
        found.faults[0]
    )
    assert found.records.is_empty()


def test_an_emptied_cell_does_not_withdraw_and_it_is_said():
    (line,) = said([records(60.0, digest="new")], kept=records(60.0, 61.0))
    assert "no longer has: 1 (first: 'scale', a.xlsx, S, B2)" in line
    assert "write 'n/a'" in line


def test_a_file_that_was_overruled_does_not_come_back_and_it_is_said():
    (line,) = said(known=[records(60.0)], kept=records(70.0, file="b.xlsx"))
    assert "known before; values that a later file replaced go on counting instead: 1 (first: b.xlsx, S, B1)" in line


@pytest.mark.parametrize(
    ("quantity", "last", "times"),
    [("mass", 720.0, 12), ("mass", 0.06, 0.001), ("mass", 0.5, None), ("Cu", 0.5, 0.0083), ("Cu", 700.0, 12)],
)
def test_values_far_from_the_usual_are_named(quantity, last, times):
    word = "dry mass" if quantity == "mass" else quantity
    found = said([records(60.0, 61.0, 59.0, 60.0, 60.0, last, quantity=quantity)])
    if times is None:
        assert found == []
    else:
        assert found == [
            f"a.xlsx, S, B6: values far from the usual of 'scale' ({word}): 1 (here {times} times it); they were kept"
        ]


def test_four_values_are_too_few_to_know_what_is_usual():
    assert said([records(60.0, 61.0, 59.0, 7200.0)]) == []


def test_a_date_far_from_all_others_is_named():
    (line,) = said([records(60.0, start=START.replace(year=2062))], kept=records(60.0, 61.0, file="b.xlsx"))
    assert "values dated 2062-03-01, more than 60 days from all others: 1" in line


@pytest.mark.parametrize(("crew", "doubts"), [("A", 0), ("а", 0), ("B", 1), ("Z", 1)])
def test_another_crew_than_the_calendar_has_is_named(model, tmp_path, crew, doubts):  # noqa: F811
    rows = [HEAD[0], ["Смена", "день"], ["Бригада", crew], HEAD[2], ["scale", "влажная масса", "т", 60]]
    found = read(model, workbook(tmp_path / "a.xlsx", rows))
    assert found.faults == ()
    assert len(found.doubts) == doubts


def test_a_heading_in_a_far_unit_is_doubted(model, tmp_path):  # noqa: F811
    rows = [*JOURNAL, ["Точка", "Cu, г/т"], ["lab", 1.0]]
    found = read(model, workbook(tmp_path / "a.xlsx", rows))
    assert ["is it so?" in str(one) for one in found.doubts] == [True]
    assert found.records["value"].to_list() == [pytest.approx(1e-6)]


@pytest.mark.parametrize("title", ["Сu, %", "Медь, %", "медь", "CU, %", "Мыс, %"])
def test_a_component_is_known_by_its_name_and_in_letters_that_look_alike(model, tmp_path, title):  # noqa: F811
    found = read(model, workbook(tmp_path / "a.xlsx", [*JOURNAL, ["Точка", title], ["lab", 1.0]]))
    assert found.records["quantity"].to_list() == ["Cu"]


@pytest.mark.parametrize(
    ("text", "value"), [("2 898,5", 2898.5), ("2\u00a0898.5", 2898.5), ("0,148", 0.148), ("1e3", 1000.0)]
)
def test_numbers_written_as_text_are_read(model, tmp_path, text, value):  # noqa: F811
    found = read(model, workbook(tmp_path / "a.xlsx", [*HEAD, ["scale", "влажная масса", "т", text]]))
    assert found.records["value"].to_list() == [value]


def test_a_rate_is_no_reading_of_a_scale_that_weighs_tonnes(model, tmp_path):  # noqa: F811
    found = read(model, workbook(tmp_path / "a.xlsx", [*HEAD, ["scale", "влажная масса", "т/ч", 250]]))
    assert "C4: 't/h' is no unit for 'scale', which chain.yaml describes in 't'" in str(found.faults[0])
