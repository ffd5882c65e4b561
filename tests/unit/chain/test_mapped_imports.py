"""Imports by mappings into a store: versions, withdrawals, a second import, what a broken file does to the others."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook
from tests.stores import KINDS_ABOVE, Place

from zveno.chain import Chain, example, load
from zveno.store import MemoryStore

HERE = example("workbooks_march_2026")
DAY = "ЖОФ_суточный_12.03.2026.xlsx"
CORRECTION = "ЖОФ_суточный_12.03.2026 испр.xlsx"
MOMENT = ["zhf.l2.feed.weight", "wet_mass"]


@pytest.fixture(params=KINDS_ABOVE)
def chain(request, tmp_path):
    """The example with an empty store; every import is known a minute later than the one before."""
    if request.param == "postgres":
        request.getfixturevalue("postgres")  # skips where there is no server
    place = Place(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))
    store = MemoryStore() if request.param == "memory" else place.store()
    found = load(HERE)
    ticks = count()
    yield Chain(
        found.model, found.folder, store, lambda: datetime(2026, 4, 1, tzinfo=UTC) + timedelta(minutes=next(ticks))
    )
    place.clear()


def files(folder: Path, *names: str) -> list[Path]:
    """Copies of workbooks of the example."""
    folder.mkdir(exist_ok=True)
    return [Path(shutil.copy(HERE / "workbooks" / name, folder / name)) for name in names]


def state(chain: Chain) -> dict[str, str]:
    return dict(chain.store.read("mapped_files").select("file", "state").iter_rows())


def counts(chain: Chain) -> dict[str, int]:
    cells = chain.store.read("mapped_cells").filter(status="imported")
    return dict(cells.group_by("file").len().iter_rows())


def test_correction_sent_later_replaces_and_the_old_version_stays(chain, tmp_path):
    chain.import_files(files(tmp_path / "in", DAY))
    first = chain.store.read("records").filter(point=MOMENT[0]).sort("start")["value"].to_list()
    between = chain.now()
    chain.import_files(files(tmp_path / "in", CORRECTION))
    assert state(chain) == {DAY: "superseded", CORRECTION: "corrects"}
    assert counts(chain) == {CORRECTION: 77}
    now = chain.store.read("records").filter(point=MOMENT[0]).sort("start")
    assert now["value"].to_list() != first
    assert set(now["file"]) == {CORRECTION}
    before = chain.store.read("records", None, between).filter(point=MOMENT[0]).sort("start")
    assert before["value"].to_list() == first
    old = chain.store.read("mapped_cells", None, between).filter(status="imported")
    assert old["file"].unique().to_list() == [DAY]


def test_order_of_a_file_and_its_correction_makes_no_difference_in_one_import(chain, tmp_path):
    chain.import_files(list(reversed(files(tmp_path / "in", DAY, CORRECTION))))
    assert counts(chain) == {CORRECTION: 77}


def test_copy_kept_later_adds_no_value(chain, tmp_path):
    chain.import_files(files(tmp_path / "in", DAY))
    records = chain.store.read("records")
    other = tmp_path / "in" / "под другим именем.xlsx"
    shutil.copy(HERE / "workbooks" / DAY, other)
    done = chain.import_files([other])
    assert state(chain)[other.name] == "copy"
    assert done.records == 0
    assert chain.store.read("records").equals(records)


def test_one_broken_file_does_not_stop_the_others(chain, tmp_path):
    paths = files(tmp_path / "in", DAY, "ЖОФ_суточный_17.03.2026.xlsx", "~$ЖОФ_суточный_20.03.2026.xlsx")
    done = chain.import_files([tmp_path / "in"])
    assert len(paths) == 3
    assert state(chain) == {DAY: "read", "ЖОФ_суточный_17.03.2026.xlsx": "unreadable"}
    assert done.rejected.filter(pl.col("cell") == "")["file"].to_list() == ["ЖОФ_суточный_17.03.2026.xlsx"]


def test_layout_that_no_mapping_knows_is_held_and_named(chain, tmp_path):
    book = Workbook()
    book.active.append(["Неведомое", "число"])
    book.active.append(["а", 5])
    book.save(tmp_path / "x.xlsx")
    done = chain.import_files([tmp_path / "x.xlsx"])
    assert done.cells["status"].to_list() == ["context", "context", "context", "rejected"]
    assert done.cells["reason"].to_list()[-1] == "unknown_layout"
    assert any("--learn" in str(one) for one in done.remarks)


def test_changed_mapping_reads_a_file_again_and_withdraws_what_it_no_longer_gives(tmp_path):
    folder = tmp_path / "chain"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("workbooks"))
    paths = files(tmp_path / "in", DAY)
    store = MemoryStore()
    first = load(folder)
    Chain(first.model, folder, store).import_files(paths)
    path = folder / "mappings" / "zhf_daily.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("Влажность руды: .feed moisture", "Влажность руды: derived"),
        encoding="utf-8",
    )
    done = Chain(load(folder).model, folder, store).import_files(paths)
    assert done.files == 1
    believed = store.read("records")
    given = believed.filter(pl.col("quantity") == "moisture", pl.col("point").str.contains("feed"))
    assert given.height
    assert given["value"].null_count() == given.height
    weights = believed.filter(pl.col("point") == MOMENT[0])
    assert weights.height == weights.unique(["start"]).height == 3
    cells = store.read("mapped_cells")
    assert cells.height == cells.unique(["file", "sheet", "cell"]).height


def test_wagons_count_for_the_receipt_of_their_source(chain, tmp_path):
    chain.import_files(files(tmp_path / "in", "Реестр вагонов 03.2026.xls"))
    weights = chain.store.read("records").filter(pl.col("point") == "sm.receipt.zhf.weight")
    cells = chain.store.read("mapped_cells").filter(counts_for="sm.receipt.zhf", status="imported")
    assert weights["value"].sum() == pytest.approx(cells["value"].sum() / 1000)
    assert weights.height == cells.height > 100


def test_stocks_weighed_wet_are_given_dry(chain, tmp_path):
    chain.import_files(files(tmp_path / "in", "Инвентаризация НЗП на 31.03.2026.xlsx"))
    survey = chain.store.read("records").filter(point="stock.zhf.wh.survey").sort("start")["value"].to_list()
    assert survey == pytest.approx([458 * (1 - 0.089), 262.5 * (1 - 0.09)])
