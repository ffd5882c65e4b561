"""The database itself refuses to change or remove what is kept."""

import pytest
import sqlalchemy as sa
from tests.stores import KNOWN, batch, entry, mapped_batch, mapped_cell, mapped_file, record

from zveno.store import Batch, check_store
from zveno.store.database import writing
from zveno.store.layout import GUARDED, META
from zveno.tables import frame

REFUSED = "what is kept is never changed or removed"


@pytest.fixture
def full(lasting):
    """A store with a row in each table."""
    rejected = [{"file": "f", "sheet": "S", "cell": "A1", "text": "?", "reason": "r", "file_hash": "a", "known": None}]
    part = batch("a" * 64, tags=3, entries=(entry(a=1),))
    rows = frame("records", [record(1.0)])
    more = mapped_batch("a" * 64, [mapped_cell()], [mapped_file()]).more
    lasting.append(
        [Batch(part.file, part.file_hash, rows, frame("rejected", rejected), part.readings, part.entries, more)], KNOWN
    )
    return lasting


def refused(store, statement) -> str:
    """What the database says."""
    with pytest.raises(sa.exc.DBAPIError) as caught, writing(store.database) as connection:
        connection.execute(statement)
    return str(caught.value.orig)


def rows_of(store, table) -> list:
    with store.database.connection() as connection:
        return connection.execute(sa.select(META.tables[table])).all()


@pytest.mark.parametrize("table", GUARDED)
def test_rows_are_neither_changed_nor_removed(full, table):
    before = rows_of(full, table)
    assert len(before) == 1
    source = META.tables[table]
    for column in source.c:
        assert REFUSED in refused(full, sa.update(source).values({column.name: column}))
    assert REFUSED in refused(full, sa.delete(source))
    assert rows_of(full, table) == before


@pytest.mark.parametrize("table", GUARDED)
def test_nothing_is_put_over_a_row(full, table):
    before = rows_of(full, table)
    row = dict(before[0]._mapping)
    if full.database.place.startswith("postgresql"):
        assert REFUSED in refused(full, sa.text(f"TRUNCATE {table}"))
    else:
        assert REFUSED in refused(full, sa.insert(META.tables[table]).prefix_with("OR REPLACE").values(row))
    refused(full, sa.insert(META.tables[table]).values(row))
    assert rows_of(full, table) == before


@pytest.mark.parametrize("table", GUARDED)
def test_a_guard_taken_away_is_noticed(full, table):
    assert check_store(full).faults == ()
    on_server = full.database.place.startswith("postgresql")
    name = f"{table}_no_update"
    with full.database.connection() as connection:
        if on_server:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
            connection.exec_driver_sql(f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} BEGIN SELECT 1; END")
    assert [str(one).rpartition(": ")[2] for one in check_store(full).faults] == [
        f"the table '{table}' is not guarded against changes"
    ]


def test_an_altered_entry_and_a_missing_one_are_named(full):
    full.append_entries([entry(a=2), entry(a=3)], KNOWN)
    with full.database.connection() as connection:
        for name in ("no_update", "no_delete"):
            where = " ON ledger" if full.database.place.startswith("postgresql") else ""
            connection.exec_driver_sql(f"DROP TRIGGER ledger_{name}{where}")
        connection.exec_driver_sql("""UPDATE ledger SET body = '{"a":9}' WHERE id = 3""")
        connection.exec_driver_sql("DELETE FROM ledger WHERE id = 2")
    said = [str(one).rpartition(": ")[2] for one in check_store(full).faults]
    assert said == [
        "the table 'ledger' is not guarded against changes",
        "entry 2 of the ledger is missing",
        "entry 3 of the ledger was altered",
    ]
