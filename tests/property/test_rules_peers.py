"""The engine beside expressions written by hand: the same breaches, breach by breach, over files that part the time."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import rule_folder, rule_peers
from tests.depth import deep

from zveno.chain.folders import check_folder


@pytest.mark.parametrize(("seed", "readings"), [(1, 300_000), (1, 1_200_000), deep(2, 1_200_000)])
def test_six_families_of_rules_find_what_expressions_of_polars_find(tmp_path: Path, seed: int, readings: int) -> None:
    rule_folder.write_folder(tmp_path, readings, seed)
    model = rule_folder.plant(60, 2)
    found = check_folder(model, tmp_path)
    assert {"limit", "sustained", "rate", "window_mean", "no_data"} >= set(found["kind"]) >= {"limit", "no_data"}
    assert rule_peers.polars(model, tmp_path) == rule_peers.rows_of(found)
