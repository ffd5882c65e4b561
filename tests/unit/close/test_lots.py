"""Lots beyond what their contract lets them hold."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from tests.unit.close.smelter import OWNERS, model
from tests.unit.reconcile.plants import MONTH

from zveno.close.figures import lot_figures
from zveno.close.lots import lot_limits
from zveno.model.contract_checks import contract_faults
from zveno.tables import frame
from zveno.tables.figure import Given, Recorded, leaves, value_of

LIMITS = [
    {"from": "2026-01-01", "component": "As", "max_pct": 0.5},
    {"from": "2026-03-20", "component": "As", "max_pct": 0.4},
]
METER = {"id": "toll.assay", "stream": "toll", "quantity": "assay", "components": ["As"], "uom": "%", "sd_rel_pct": 5.0,
         "period": "lot"}  # fmt: skip


def described(limits=LIMITS):
    toller = {**OWNERS[1], "contract": {**OWNERS[1]["contract"], "limits": limits}}
    own = {**METER, "id": "own.assay", "stream": "own"}
    return model(owners=[OWNERS[0], toller], components=["Cu", "As"], meters=[METER, own])


def assays(*values: tuple[int, float, str], point: str = "toll.assay") -> pl.DataFrame:
    rows = [
        {"point": point, "quantity": "As", "start": datetime(2026, 3, day, tzinfo=UTC), "end": datetime(2026, 3, day, tzinfo=UTC),
         "value": value / 100, "qualifier": mark, "file": "lots.xls", "sheet": "s", "cell": f"A{day}", "file_hash": "0",
         "known": MONTH.start}
        for day, value, mark in values
    ]  # fmt: skip
    return frame("records", rows)


def test_a_rich_lot_is_named_with_its_cell_and_others_are_not():
    found = lot_limits(described(), assays((6, 0.45, ""), (12, 0.62, "")), MONTH, {("lots.xls", "s", "A12"): "T2-106"})
    (row,) = found.rows(named=True)
    assert (row["lot"], row["owner"], row["cell"], row["status"]) == ("T2-106", "toller", "A12", "beyond")
    assert (row["grade_frac"], row["limit_frac"]) == pytest.approx((0.0062, 0.005))
    assert row["chance_within"] < 0.001


def test_within_the_error_of_the_assay_a_lot_is_doubtful():
    (row,) = lot_limits(described(), assays((12, 0.51, "")), MONTH).rows(named=True)
    assert (row["status"], row["lot"]) == ("doubtful", "")
    assert row["chance_within"] == pytest.approx(0.35, abs=0.01)


def test_every_figure_of_a_lot_follows_from_its_one_cell():
    model, rows = described(), assays((12, 0.62, ""), (14, 0.51, ""))
    table = lot_limits(model, rows, MONTH)
    figures = {one.address: one for one in lot_figures(MONTH.name, table)}
    assert len(figures) == 4 * table.height == 8
    value = {one["cell"]: one["value"] for one in rows.iter_rows(named=True)}
    for one in figures.values():
        (leaf,) = {leaf for leaf in leaves(one.formula) if not isinstance(leaf, Given)} or {None}
        assert leaf == (
            None if one.column == "limit_frac" else Recorded("toll.assay", "As", "lots.xls", "s", leaf.cell)
        )
        assert value_of(one.formula, lambda known: value[known.cell]) == pytest.approx(one.value, rel=1e-12)
    assert "2026-03/lot_limits/toller/As/toll.assay/lots.xls/s/A12/grade_frac" in figures


def test_the_limit_in_force_on_the_day_of_the_lot_counts():
    found = lot_limits(described(), assays((19, 0.48, ""), (21, 0.48, "")), MONTH)
    assert found["start"].dt.day().to_list() == [21]


def test_limits_below_detection_and_metal_of_others_are_passed_over():
    assert lot_limits(described(), assays((12, 0.62, "<")), MONTH).is_empty()
    assert lot_limits(described(), assays((12, 0.62, ""), point="own.assay"), MONTH).is_empty()


def test_limits_of_components_that_do_not_exist_or_stand_twice_are_faults():
    wrong = [*LIMITS, LIMITS[0], {"from": "2026-01-01", "component": "Xx", "max_pct": 1}]
    said = [str(one) for one in contract_faults(described(wrong))]
    assert any("two limits for As" in one for one in said)
    assert any("Xx" in one for one in said)
    assert not [one for one in contract_faults(described()) if "limit" in str(one)]
