"""Laws of reading by mappings: every cell has one fate, spoilt cells change no other, and moving things changes nothing."""

from __future__ import annotations

from datetime import date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.sources.sheets import HEAD, MERGED, mapped_file, read, sheet

from zveno.sources.fates import counted
from zveno.sources.grid import Book, RawCell
from zveno.sources.settled import settled

ROWS = [[f"{day:02d}.03.26", shift, 400.0 + day, 4.0, 0.8, 3.0, 410.0, "тихо"]
        for day in range(1, 6) for shift in ("ночь", "день")]  # fmt: skip
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.text(max_size=20), st.floats(allow_nan=False), st.integers(),
    st.dates(date(1990, 1, 1), date(2060, 1, 1)).map(lambda day: datetime(day.year, day.month, day.day)),
    st.sampled_from(["н/д", "-", "<0,01", "1,234", "3,456,", "5 %", "Итого", "черновик", "01.04.26", "ночь", "* сноска"]),
)  # fmt: skip
CELLS = st.builds(RawCell, ANYTHING.filter(lambda one: one is not None and str(one).strip() != ""),
                  st.sampled_from(["", "=A1"]), st.booleans(), st.booleans(), st.sampled_from(["", "по среднему"]))  # fmt: skip
PLACES = st.tuples(st.integers(3, 14), st.integers(0, 9))


@given(st.dictionaries(PLACES, CELLS, max_size=30), st.frozensets(st.integers(0, 14), max_size=3))
@settings(max_examples=150, deadline=None)
def test_every_cell_has_one_fate_whatever_stands_in_it(spoilt, hidden):
    page = sheet([*HEAD, *ROWS], hidden_rows=hidden)
    cells = {**page.cells, **spoilt}
    found = read(Book((type(page)(page.name, cells, page.merged, page.hidden_rows),)))
    assert len({(one.row, one.column) for one in found.fates}) == len(found.fates) == len(cells)
    assert sum(counted(found.fates).values()) == len(cells)
    assert all(
        one.value is not None and one.start is not None and one.point for one in found.fates if one.status == "imported"
    )
    assert all(one.reason for one in found.fates if one.status == "rejected")


@given(st.integers(3, 12), st.integers(2, 5), CELLS)
@settings(max_examples=150, deadline=None)
def test_a_spoilt_value_changes_no_other_cell(row, column, cell):
    page = sheet([*HEAD, *ROWS])
    before = {one.cell: one for one in read(page).fates}
    cells = {**page.cells, (row, column): cell}
    after = {one.cell: one for one in read(Book((type(page)(page.name, cells, page.merged),))).fates}
    spoilt = next(one.cell for one in after.values() if (one.row, one.column) == (row, column))
    assert {name: one for name, one in before.items() if name != spoilt} == {
        name: one for name, one in after.items() if name != spoilt
    }


@given(st.integers(0, 8), st.integers(0, 4), st.text(min_size=1, max_size=10))
@settings(max_examples=60, deadline=None)
def test_inserted_columns_rows_and_other_names_change_no_value(column, above, name):
    page = sheet([*HEAD, *ROWS])
    moved = {(r + above if r else r, c + (c >= column)): cell for (r, c), cell in page.cells.items()}
    merged = {
        (r + above, c + (c >= column)): (tr + above, tc + (tc >= column)) for (r, c), (tr, tc) in page.merged.items()
    }
    if column == 5:  # an inserted column inside a merged heading becomes part of it
        merged[1 + above, 5] = (1 + above, 4)
    shifted = type(page)(name, moved, merged)
    assert values(read(Book((shifted,)))) == values(read(page))
    assert MERGED


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.lists(st.integers(1, 3), min_size=1, max_size=4), st.booleans()),
        max_size=5,
    )
)
@settings(max_examples=80, deadline=None)
def test_no_time_has_two_different_values_and_no_cell_is_lost(given_files):
    files = []
    for n, (stem, numbers, corrects) in enumerate(given_files):
        rows = [[f"0{day}.03.26", "день", float(value)] for day, value in enumerate(numbers, start=1)]
        title = "Журнал фабрики" + (", исправление" if corrects else "")
        name = f"{stem}{n}.xlsx"
        found = read(sheet([[title], *HEAD[1:], *rows]), name=name)
        files.append(mapped_file(name, found, f"{numbers}{corrects}"))
    done, _, _ = settled(files, [])
    assert [len(one.fates) for one in done] == [len(one.fates) for one in files]
    said: dict[object, set[float]] = {}
    for one in done:
        for fate in one.fates:
            if fate.status == "imported":
                said.setdefault(fate.key, set()).add(fate.value)
    assert all(len(values) == 1 for values in said.values())
    asked = {fate.key for one in files for fate in one.fates if fate.status == "imported"}
    assert said.keys() == asked


def values(found):
    """What was taken, without the places."""
    return sorted((one.point, one.quantity, one.start, one.value) for one in found.fates if one.status == "imported")
