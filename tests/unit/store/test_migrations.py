"""Stores of the first layout open, whole; those of a newer program are refused."""

import hashlib
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.stores import KNOWN, T0, batch, entry, mapped_batch, mapped_cell, mapped_file, record

from zveno.errors import StoreError
from zveno.store import EmbeddedStore, check_store, write_readings
from zveno.store.database import writing
from zveno.store.layout import GUARDED, LAYOUT, META, micros
from zveno.store.migrations import VERSION

# as the first layout was written
FIRST = """\
CREATE TABLE records (
    id INTEGER NOT NULL, point VARCHAR, quantity VARCHAR, start BIGINT, "end" BIGINT, value FLOAT, qualifier VARCHAR,
    file VARCHAR, sheet VARCHAR, cell VARCHAR, file_hash VARCHAR, known BIGINT, PRIMARY KEY (id)
);
CREATE INDEX ix_records_point ON records (point);
CREATE INDEX ix_records_start ON records (start);
CREATE TABLE rejected (
    id INTEGER NOT NULL, file VARCHAR, sheet VARCHAR, cell VARCHAR, text VARCHAR, reason VARCHAR, file_hash VARCHAR,
    known BIGINT, PRIMARY KEY (id)
);
CREATE TABLE files (file_hash VARCHAR(64) NOT NULL, file VARCHAR NOT NULL, known BIGINT NOT NULL, PRIMARY KEY (file_hash));
CREATE TABLE reading_files (
    id INTEGER NOT NULL, path VARCHAR NOT NULL, day VARCHAR(10) NOT NULL, known BIGINT NOT NULL, PRIMARY KEY (id)
);
CREATE INDEX ix_reading_files_day ON reading_files (day);
"""
HASH = "a" * 64


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A store of the first layout: one file with a record, a rejected cell, readings."""
    folder = tmp_path / "store"
    path = folder / "readings" / "2026-03-01" / f"{HASH[:16]}-0123abcd.parquet"
    path.parent.mkdir(parents=True)
    write_readings(batch(HASH, tags=3).readings, path)
    known = micros(KNOWN)
    row = {**record(1.5, file_hash=HASH), "known": known}
    row = {name: micros(one) if name in ("start", "end") else one for name, one in row.items()}
    with sqlite3.connect(folder / "records.sqlite") as database:
        database.executescript(FIRST)
        names = ", ".join(f'"{one}"' for one in row)
        database.execute(f"INSERT INTO records ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
        database.execute(
            "INSERT INTO rejected VALUES (1, 'f.xlsx', 'S', 'B3', '?', 'not a number', ?, ?)", (HASH, known)
        )
        database.execute("INSERT INTO files VALUES (?, 'f.xlsx', ?)", (HASH, known))
        place = path.relative_to(folder).as_posix()
        database.execute("INSERT INTO reading_files VALUES (1, ?, '2026-03-01', ?)", (place, known))
    database.close()
    return folder


def test_a_store_of_the_first_layout_keeps_all_it_has_and_takes_more(first):
    store = EmbeddedStore(first)
    assert store.read("records")["value"].to_list() == [1.5]
    assert store.read("rejected")["cell"].to_list() == ["B3"]
    assert store.read("readings")["value"].to_list() == [0.0, 1.0, 2.0]
    assert store.has(HASH)
    assert store.entries() == ()
    assert store.append([batch(HASH, 9.0)], KNOWN) == 0
    assert store.append([batch("b" * 64, 1.7)], KNOWN + timedelta(days=1)) == 1
    assert store.read("records")["value"].to_list() == [1.7]
    assert store.read("records", known=KNOWN)["value"].to_list() == [1.5]
    assert store.append_entries([entry(a=1)], KNOWN)[0].id == 1


def test_its_readings_lead_to_their_file_and_are_guarded_by_their_hash(first):
    store = EmbeddedStore(first)
    assert store.versions("readings", {"tag": "t", "ts": T0})["file"].to_list() == ["f.xlsx"]
    found = check_store(store)
    assert (found.layout, found.files, found.reading_files, found.faults, found.orphans) == (VERSION, 1, 1, (), ())
    path = next(first.glob("readings/*/*.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert [one.where for one in check_store(store).faults] == [path.relative_to(first).as_posix()]


def test_a_file_of_readings_that_was_lost_before_does_not_stop_it(first):
    next(first.glob("readings/*/*.parquet")).unlink()
    store = EmbeddedStore(first)
    assert store.read("records")["value"].to_list() == [1.5]
    assert [one.message for one in check_store(store).faults] == ["the file of readings cannot be read: {problem}"]


def test_a_step_that_is_cut_off_leaves_the_old_layout(first, monkeypatch):
    before = hashlib.sha256((first / "records.sqlite").read_bytes()).hexdigest()

    def cut_off(*_: object) -> str:
        raise OSError("no space left")

    monkeypatch.setattr("zveno.store.migrations._store_id", cut_off)  # the last thing before the end
    with pytest.raises(StoreError, match="no space left"):
        EmbeddedStore(first).read("records")
    with sqlite3.connect(first / "records.sqlite") as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        triggers = database.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()
        assert tables == {"records", "rejected", "files", "reading_files"}
        assert triggers == (0,)
    database.close()
    monkeypatch.undo()
    assert before
    assert EmbeddedStore(first).read("records")["value"].to_list() == [1.5]


def test_a_store_of_the_second_layout_only_gains_tables(lasting):
    lasting.append([batch(HASH, 1.5, tags=3, entries=(entry(a=1),))], KNOWN)
    _as_of_the_second_layout(lasting)
    before, held = _columns(lasting), _rows(lasting)
    assert not {"mapped_cells", "mapped_files"} & before.keys()
    later = type(lasting)(_address(lasting))
    assert later.read("mapped_cells").is_empty()
    after = _columns(later)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"mapped_cells", "mapped_files"}
    now = _rows(later)
    assert now.pop("layout")[:1] == held.pop("layout")
    assert {name: now[name] for name in held} == held
    assert later.append([mapped_batch("b" * 64, [mapped_cell()], [mapped_file()])], KNOWN) == 1
    found = check_store(later)
    assert (found.layout, found.files, found.entries, found.faults) == (VERSION, 2, 1, ())
    with pytest.raises(sa.exc.DBAPIError, match="never changed"), writing(later.database) as connection:
        connection.execute(sa.delete(META.tables["mapped_cells"]))


def _as_of_the_second_layout(store):
    """Take away what the third layout added."""
    with writing(store.database) as connection:
        for table in ("mapped_cells", "mapped_files", "layout"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        LAYOUT.create(connection)
        connection.execute(sa.insert(LAYOUT), {"version": 2, "store_id": _owner(store), "known": 0})
        for statement in store.database.guard("layout"):
            connection.exec_driver_sql(statement)


def _owner(store):
    return (store.folder / "readings" / "store-id").read_text(encoding="ascii").strip()


def _rows(store):
    with store.database.connection() as connection:
        there = sa.inspect(connection).get_table_names()
        return {name: connection.execute(sa.select(META.tables[name])).all() for name in GUARDED if name in there}


def test_a_store_of_a_newer_program_is_refused_and_left_alone(lasting, place):
    lasting.append([batch(HASH, 1.0)], KNOWN)
    later = type(lasting)(_address(lasting))
    with lasting.database.connection() as connection:
        row = {"version": VERSION + 1, "store_id": "x", "known": 0}
        connection.execute(sa.insert(LAYOUT), row)
    for act in (
        lambda: later.read("records"),
        lambda: later.append([batch("b" * 64, 1.0)], KNOWN),
        lambda: later.append_entries([entry(a=1)], KNOWN),
        lambda: lasting.append([batch("b" * 64, 1.0)], KNOWN),  # it was open before
        lambda: check_store(later),
    ):
        with pytest.raises(StoreError, match="written by a newer version of Zveno"):
            act()


def _address(store):
    database = store.database
    if hasattr(database, "schema"):
        query = {**database._url.query, "schema": database.schema, "readings": str(database.folder)}
        return database._url.set(drivername="postgresql", query=query).render_as_string(hide_password=False)
    return database.folder


def test_all_stores_of_one_layout_have_the_same_columns(first, lasting):
    lasting.append([batch(HASH, 1.0)], KNOWN)
    old = EmbeddedStore(first)
    assert old.has(HASH)
    assert _columns(old) == _columns(lasting)


def _columns(store):
    with store.database.connection() as connection:
        look = sa.inspect(connection)
        return {
            table: ({one["name"] for one in look.get_columns(table)}, {one["name"] for one in look.get_indexes(table)})
            for table in look.get_table_names()
        }
