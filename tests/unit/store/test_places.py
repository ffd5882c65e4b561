"""Which store a place means, and that a password is never said."""

import builtins
import traceback
from pathlib import Path

import pytest
from sqlalchemy import make_url
from tests.stores import KNOWN, batch

from zveno.errors import StoreError
from zveno.store import EmbeddedStore, PostgresStore, open_store

SECRET = "s3cr3t-w0rd"


def test_a_folder_is_an_embedded_store(tmp_path):
    assert isinstance(open_store(tmp_path), EmbeddedStore)
    assert open_store(str(tmp_path)).folder == tmp_path


def test_an_address_names_server_schema_and_folder():
    store = open_store("postgres://ledger@server:5433/plant?readings=~/readings&schema=smelter&sslmode=require")
    assert isinstance(store, PostgresStore)
    assert store.folder == Path.home() / "readings"
    assert store.database.place == "postgresql://ledger@server:5433/plant, smelter"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://u@h/db", "names no folder for the readings"),
        ("postgresql://u@h/?readings=r", "cannot be understood"),
        (f"postgresql://u:{SECRET}@h:port/db?readings=r", "cannot be understood"),
        (f"mysql://u:{SECRET}@h/db", "'mysql' is no kind of store"),
    ],
)
def test_an_address_that_does_not_serve_is_refused_with_what_to_write(address, said):
    with pytest.raises(StoreError, match=said) as caught:
        open_store(address)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_does_not_answer_is_named_without_the_password(postgres, tmp_path):
    store = open_store(f"postgresql://ledger:{SECRET}@127.0.0.1:1/plant?readings={tmp_path}&connect_timeout=2")
    for act in (lambda: store.read("records"), lambda: store.append([batch("a" * 64, 1.0)], KNOWN)):
        with pytest.raises(StoreError, match=r"postgresql://ledger@127\.0\.0\.1:1/plant' cannot be read") as caught:
            act()
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in repr(store.database)


def test_without_the_driver_it_says_what_to_install(monkeypatch, tmp_path):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("psycopg"):
            raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StoreError, match=r"pip install 'zveno\[pg\]'"):
        open_store(f"postgresql://u@h/db?readings={tmp_path}").read("records")


def test_a_database_that_lacks_letters_is_refused(postgres, tmp_path):
    store = open_store(f"{postgres}{'&' if '?' in postgres else '?'}readings={tmp_path}")
    with store.database.connection() as connection:
        connection.exec_driver_sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        narrow = open_store(
            make_url(postgres)
            .set(database="latin")
            .update_query_dict({"readings": str(tmp_path)})
            .render_as_string(False)
        )
        with pytest.raises(StoreError, match="keeps text as LATIN1"):
            narrow.append([batch("a" * 64, 1.0)], KNOWN)
        narrow.database._engine.dispose()
    finally:
        with store.database.connection() as connection:
            connection.exec_driver_sql("DROP DATABASE latin")
