"""Cells and files that mappings read: what was said of each last is believed, what was said before stays known."""

from datetime import timedelta

from tests.stores import KNOWN, T0, mapped_batch, mapped_cell, mapped_file

from zveno.periods import Period
from zveno.store.asknown import AsKnown
from zveno.tables import schema

LATER = KNOWN + timedelta(days=2)
CELL = {"file": "day.xlsx", "file_hash": "m", "sheet": "S", "cell": "B2"}


def test_every_column_comes_back_as_it_was_given(store):
    cell, file = mapped_cell(), mapped_file()
    store.append([mapped_batch("a" * 64, [cell], [file])], KNOWN)
    assert store.read("mapped_cells").to_dicts() == [{**cell, "known": KNOWN}]
    assert store.read("mapped_files").to_dicts() == [{**file, "known": KNOWN}]
    for table in ("mapped_cells", "mapped_files"):
        assert table in store.tables()
        assert dict(store.read(table).schema) == schema(table)


def test_what_was_said_last_of_a_cell_is_believed_and_the_former_word_stays_known_on_its_date(store):
    store.append([mapped_batch("a" * 64, [mapped_cell(), mapped_cell(cell="C2")], [mapped_file()])], KNOWN)
    told = mapped_batch("b" * 64, [mapped_cell(status="rejected")], [mapped_file("superseded", 0)])
    store.append([told], LATER)
    assert dict(store.read("mapped_cells")["cell", "status"].iter_rows()) == {"B2": "rejected", "C2": "imported"}
    assert store.read("mapped_files")["state"].to_list() == ["superseded"]
    for past in (AsKnown(store, KNOWN), AsKnown(store, LATER - timedelta(days=1))):
        assert past.read("mapped_cells")["status"].to_list() == ["imported", "imported"]
        assert past.read("mapped_files")["state"].to_list() == ["read"]
        assert past.versions("mapped_cells", CELL)["status"].to_list() == ["imported"]
    assert store.versions("mapped_cells", CELL)["status"].to_list() == ["imported", "rejected"]
    assert store.versions("mapped_files", {"file": "day.xlsx"})["state"].to_list() == ["read", "superseded"]


def test_a_period_selects_cells_that_overlap_it(store):
    cells = [mapped_cell(hour=0, cell="B2"), mapped_cell(hour=12, cell="B3"), mapped_cell(hour=24, cell="B4")]
    store.append([mapped_batch("a" * 64, cells, [mapped_file()])], KNOWN)
    period = Period(T0 + timedelta(hours=13), T0 + timedelta(hours=14))
    assert store.read("mapped_cells", period)["cell"].to_list() == ["B3"]
    assert store.read("mapped_files", period).height == 1


def test_rows_of_several_files_of_one_write_are_all_kept(store):
    first = mapped_batch("a" * 64, [mapped_cell(cell="B2")], [mapped_file()])
    bare = mapped_batch("b" * 64, [], [])
    third = mapped_batch("c" * 64, [mapped_cell(cell="B3", value=None)], [])
    assert store.append([first, bare, third], KNOWN) == 3
    assert dict(store.read("mapped_cells")["cell", "value"].iter_rows()) == {"B2": 5.0, "B3": None}
