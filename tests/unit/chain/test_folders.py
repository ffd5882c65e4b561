"""Rules over a folder of Parquet files: however the files part the readings, the breaches are those of one table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from tests.unit.rules.small_plant import at, model, rule, version

from zveno.chain.folders import check_folder, in_processes
from zveno.errors import DataError, StoreError
from zveno.periods import Period
from zveno.rules import check
from zveno.rules.build import microseconds
from zveno.store import write_readings
from zveno.tables import frame

PLANT = model(
    rule(version(low=10.6, high=11.8, on_delay_min=3), tag="conc.line*.ph", gate="pumping"),
    rule(version(high=11.5, window_min=60), id="R-2", kind="window_mean", tag="conc.line*.ph"),
    rule(version(gap_min=8), id="R-3", kind="no_data", tag="conc.line*.ph", uom="min"),
    rule(version(high=13.1), id="R-4", tag="conc.moisture", uom="%"),
)
TAGS = {"conc.line1.ph": 1, "conc.line2.ph": 1, "conc.line1.pump": 5, "conc.line2.pump": 5, "conc.moisture": 10}


@pytest.fixture(scope="module")
def readings() -> pl.DataFrame:
    """Two days of wandering values and switches, some bad, some lost."""
    rng = np.random.default_rng(5)
    parts = []
    for tag, every in TAGS.items():
        minutes = np.arange(0, 2 * 1440, every)
        walk = np.cumsum(rng.normal(0, 0.1, len(minutes)))
        usual = {"ph": 11.2, "moisture": 0.13}.get(tag.split(".")[-1], 0)
        value = np.where(walk > -1, 1.0, 0.0) if usual == 0 else usual * (1 + 0.02 * walk)
        lost = (minutes // 30) % 23 == 0
        rows = {
            "tag": [tag] * len(minutes),
            "ts": microseconds(at("07 00:00")) + minutes * 60_000_000,
            "value": value,
            "quality": (rng.random(len(minutes)) < 0.02).astype(np.int8),
        }
        parts.append(pl.DataFrame(rows).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC"))).filter(~lost))
    return frame("readings", pl.concat(parts))


@pytest.fixture(scope="module")
def whole(readings: pl.DataFrame) -> pl.DataFrame:
    found = check(PLANT, readings, Period(at("07 00:00"), at("09 00:00"))).breaches
    assert set(found["rule"]) == {"R-1", "R-2", "R-3", "R-4"}
    return found


def by_days(readings: pl.DataFrame, folder: Path) -> None:
    days = readings.with_columns(day=pl.col("ts").dt.date()).partition_by("day", as_dict=True, include_key=False)
    for (day,), rows in days.items():
        write_readings(rows, folder / f"{day}.parquet")


def by_tags(readings: pl.DataFrame, folder: Path) -> None:
    for (tag,), rows in readings.partition_by("tag", as_dict=True).items():
        write_readings(rows, folder / f"{tag}.parquet")


def by_both_in_small_groups(readings: pl.DataFrame, folder: Path) -> None:
    parts = readings.with_columns(part=pl.col("ts").dt.truncate("7h")).partition_by("part", include_key=False)
    for n, rows in enumerate(parts):
        pq.write_table(rows.sort("tag", "ts").to_arrow(), folder / f"{n}.parquet", row_group_size=97)


@pytest.mark.parametrize("parted", [by_days, by_tags, by_both_in_small_groups])
def test_a_folder_gives_the_breaches_of_one_table(
    readings: pl.DataFrame, whole: pl.DataFrame, tmp_path: Path, parted: Any
) -> None:
    parted(readings, tmp_path)
    assert check_folder(PLANT, tmp_path).equals(whole)


@pytest.mark.parametrize("unit", ["ms", "ns"])
def test_moments_may_be_written_in_other_units(
    readings: pl.DataFrame, whole: pl.DataFrame, tmp_path: Path, unit: Any
) -> None:
    rows = readings.sort("tag", "ts").with_columns(pl.col("ts").dt.cast_time_unit(unit))
    pq.write_table(rows.to_arrow(), tmp_path / "a.parquet", row_group_size=500)
    assert check_folder(PLANT, tmp_path).equals(whole)


def test_any_map_may_share_out_the_work(readings: pl.DataFrame, whole: pl.DataFrame, tmp_path: Path) -> None:
    by_days(readings, tmp_path)
    tasks = []

    def through(function: Any, given: Any) -> Any:
        tasks.extend(given)
        return [function(one) for one in given]

    assert check_folder(PLANT, tmp_path, processes=2, through=through).equals(whole)
    assert len(tasks) == 3  # two lines with their pumps, and the moisture


@pytest.mark.slow
@pytest.mark.long
def test_processes_find_the_same(readings: pl.DataFrame, whole: pl.DataFrame, tmp_path: Path) -> None:
    by_days(readings, tmp_path)
    assert check_folder(PLANT, tmp_path, through=in_processes(2)).equals(whole)


@pytest.mark.slow
@pytest.mark.long
def test_workers_of_a_cluster_find_the_same(readings: pl.DataFrame, whole: pl.DataFrame, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    by_days(readings, tmp_path)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        assert check_folder(PLANT, tmp_path, cluster=cluster.scheduler_address).equals(whole)


def test_a_cluster_that_does_not_answer_is_named(
    readings: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_days(readings, tmp_path)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(StoreError, match=r"pip install 'zveno\[cluster\]'"):
        check_folder(PLANT, tmp_path, cluster="tcp://nowhere.invalid:1")


@pytest.mark.slow
@pytest.mark.long
def test_a_cluster_at_a_wrong_address_is_named(readings: pl.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    by_days(readings, tmp_path)
    with pytest.raises(StoreError, match="no cluster answers at"):
        check_folder(PLANT, tmp_path, cluster="tcp://127.0.0.1:9")


def test_a_folder_without_readings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no Parquet files"):
        check_folder(PLANT, tmp_path)
    pl.DataFrame({"tag": ["a"], "ts": [1]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="no column 'value'"):
        check_folder(PLANT, tmp_path)
