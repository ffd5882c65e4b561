"""z of readings and suspects of every kind are figures: made from all adjustments, and made again another way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.close.smelter import network

from zveno.explain.recompute import start_of
from zveno.explain.resolve import resolved
from zveno.model.network import MASS, NetCommon
from zveno.reconcile.doubts import suspect_rows
from zveno.reconcile.solve import solve_network
from zveno.reconcile.tested import pull_of, suspect_figures
from zveno.tables import frame
from zveno.tables.figure import Score, leaves


@pytest.fixture(scope="module")
def result():
    """The smelter with two scales of a common error that read far too much: suspects of every kind."""
    one = network()
    high = {"own": 1.15, "toll": 1.15}
    readings = tuple(
        replace(each, value=each.value * high.get(each.stream, 1.0)) if each.quantity == MASS else each
        for each in one.readings
    )
    scales = tuple((n, each.value) for n, each in enumerate(readings) if each.stream in high and each.quantity == MASS)
    return solve_network(replace(one, readings=readings, common=(NetCommon("scales", scales),)))


@pytest.fixture(scope="module")
def figures(result):
    table = frame("suspects", list(suspect_rows(result, "2026-03")))
    found = list(suspect_figures(result, table))
    assert {row.keys[0] for row in found} == {"reading", "common", "loss"}
    assert len(found) > table.height
    return found


def scores(figures):
    return [(one, leaf) for one in figures for leaf in leaves(one.formula) if isinstance(leaf, Score)]


def test_a_suspect_is_its_test_over_the_adjustments_of_all_readings(result, figures):
    for one, leaf in scores(figures):
        if one.column != "bias_rel_frac" or one.keys[0] == "common":
            assert pull_of(result, leaf)[0] == pytest.approx(one.value, rel=1e-9), one.address


def test_a_suspect_comes_out_again_by_other_arithmetic(result, figures):
    again = resolved(result.network, start_of(result))
    for one, leaf in scores(figures):
        value, slopes = again.tested(leaf)
        assert value == pytest.approx(pull_of(result, leaf)[0], rel=1e-7), one.address
        if one.column == "bias":
            assert np.linalg.norm(again.root.T @ slopes) == pytest.approx(one.sd, rel=1e-7), one.address


def test_z_of_a_reading_is_the_sum_of_what_the_adjustments_add(result):
    tested = [one for one in result.readings if one.z is not None]
    assert len(tested) > 8
    for one in tested:
        value, slopes = pull_of(result, Score(((one.stream, one.quantity, one.meter, 1.0),)))
        off = {(each.stream, each.quantity, each.meter): each.value - each.reconciled for each in result.readings}
        assert value == pytest.approx(one.z, rel=1e-9)
        assert sum(by * off[key] for key, by in slopes.items()) == pytest.approx(one.z, rel=1e-6)
