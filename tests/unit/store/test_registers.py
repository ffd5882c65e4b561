"""Registers of instruments in stores of every kind: as they are known now, and as they were on a day."""

from __future__ import annotations

from datetime import date, timedelta

from tests.stores import KNOWN, mapped_batch, mapped_file
from tests.unit.quality.test_register import heads, row

from zveno.chain import example
from zveno.chain.instruments import cells_of_mappings, instrument_list, known_instruments
from zveno.model.load import load_description
from zveno.store.asknown import AsKnown

MODEL = load_description(example("workbooks_march_2026"))
LATER = KNOWN + timedelta(days=2)
DAY = date(2026, 3, 31)


def of_register(cells: list[dict], name: str) -> tuple[list[dict], list[dict]]:
    """Cells of the mapping of registers, and the row of their file."""
    rows = [one | {"mapping": "instruments", "known": None, "file": f"{name}.xlsx", "file_hash": name} for one in cells]
    file = mapped_file() | {"file": f"{name}.xlsx", "file_hash": name, "mapping": "instruments", "content_hash": name}
    return rows, [file]


def states(store) -> dict[str, str]:
    return dict(instrument_list(MODEL, store, (DAY, DAY)).select("instrument", "status").iter_rows())


def test_register_is_read_from_any_store_and_stays_known_as_it_was(store):
    assert known_instruments(MODEL, store) == ()
    cells, files = of_register([*heads(), *row("15", "2025-02-01", 4), *row("16", "2025-11-01", 5)], "old")
    other = mapped_batch("c" * 64, [cells[0] | {"mapping": "laboratory", "file_hash": "x"}], [])
    store.append([mapped_batch("a" * 64, cells, files), other], KNOWN)
    assert states(store) == {"15": "expired", "16": "valid"}
    assert {one.name for one in known_instruments(MODEL, store)} == {"Весы"}
    cells, files = of_register([*heads(), *row("15", "2026-03-20", 4)], "new")
    store.append([mapped_batch("b" * 64, cells, files)], LATER)
    assert states(store) == {"15": "valid", "16": "valid"}
    assert states(AsKnown(store, KNOWN)) == {"15": "expired", "16": "valid"}
    assert cells_of_mappings(store, ["instruments"])["file_hash"].unique().sort().to_list() == ["new", "old"]


def test_register_that_a_correction_replaced_counts_no_more(store):
    cells, files = of_register([*heads(), *row("15", "2026-03-01", 4)], "wrong")
    store.append([mapped_batch("a" * 64, cells, files)], KNOWN)
    gone = [one | {"status": "rejected", "reason": "superseded"} for one in cells]
    right, more = of_register([*heads(), *row("15", "2025-03-01", 4)], "right")
    told = [files[0] | {"state": "superseded"}, *more]
    store.append([mapped_batch("b" * 64, [*gone, *right], told)], LATER)
    assert states(store) == {"15": "expired"}
    assert states(AsKnown(store, KNOWN)) == {"15": "valid"}
