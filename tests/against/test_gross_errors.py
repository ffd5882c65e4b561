"""Gross errors planted in published networks: which readings, and how large they are beside each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zveno.reconcile import Scrutiny, solve_network
from zveno.sources import read_problem

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "reconciliation"
PLANTED = ("lin_06g_rosenberg7_one_bias", "lin_15g_steam28_two_biases")

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder ../shared/data/reconciliation is absent")


def planted(name: str) -> dict[tuple[str, str], float]:
    content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return {(one["stream"], one["quantity"]): one["bias"] for one in content["gross_errors"]}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_biases_are_named_with_their_sizes(name):
    """Rosenberg, Mah & Iordache (1987) with one bias; Serth & Heenan (1986) with two."""
    truth = planted(name)
    found = {
        (one.stream, one.quantity): one
        for one in solve_network(read_problem(FOLDER / f"{name}.json")).gross_errors.errors
    }
    assert set(found) == set(truth)
    for key, bias in truth.items():
        assert found[key].bias == pytest.approx(bias, abs=2 * found[key].bias_sd)


@pytest.mark.parametrize("estimator", ["huber", "hampel"])
@pytest.mark.parametrize("name", PLANTED)
def test_the_robust_screen_leaves_out_what_was_planted_and_nothing_else(name, estimator):
    network = read_problem(FOLDER / f"{name}.json")
    screened = solve_network(network, Scrutiny(robust=estimator))
    assert {(one.stream, one.quantity) for one in screened.left_out} == set(planted(name))
    assert screened.p_value > 0.05


def test_clean_networks_have_no_swap():
    for path in sorted(FOLDER.glob("bil_*.json")):
        assert solve_network(read_problem(path)).gross_errors.swaps == (), path.name
