"""What all tests share: golden files, and the month of the report tests."""

from __future__ import annotations

import os

# before numpy loads: figures of golden files come from one thread, as the program's own do
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.pop("ZVENO_STORE", None)  # a store of value is not for tests

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import postgres_server
from tests.golden.reports.balkhash_month import month
from zveno.chain import Chain, example, load
from zveno.chain.imports import Imported
from zveno.reports import MonthResults
from zveno.store import MemoryStore

settings.register_profile("same", derandomize=True)  # a check says the same of the same code
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew; review their diff as code")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a golden file, or write the file under ``--update-golden``."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(text, "utf-8")
        assert path.is_file(), f"{path.name} is missing: run pytest --update-golden"
        assert text.splitlines() == path.read_text("utf-8").splitlines()

    return compare


@pytest.fixture(scope="session")
def balkhash_month() -> MonthResults:
    """A month of one concentrator with round, consistent figures."""
    return month()


@pytest.fixture(scope="session")
def march_workbooks() -> tuple[Chain, Imported]:
    """The workbooks of March 2026, imported into an empty store; no test changes it."""
    folder = example("workbooks_march_2026")
    kept = Chain(load(folder).model, folder, MemoryStore())
    return kept, kept.import_files([folder / "workbooks"])


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL server for tests; skips where there is none."""
    yield from postgres_server.address()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs on a PostgreSQL server, so that it can be run by itself; what takes long comes first."""
    for item in items:
        given = getattr(getattr(item, "callspec", None), "params", {})
        if "postgres" in (*getattr(item, "fixturenames", ()), *map(str, given.values())):
            item.add_marker(pytest.mark.postgres)
    # files with slow tests first: where several processes share the files out, they end together
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
