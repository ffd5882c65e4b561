"""Suppliers' assays against ours: the guilty pair is found, nobody else is accused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.depth import deep
from tests.unit.quality.lots import GUILTY, lots

from zveno.quality.holm import holm
from zveno.quality.suppliers import Lot, supplier_biases


def accused(found: pl.DataFrame) -> list[tuple[str, str, str]]:
    return list(found.filter(pl.col("verdict") == "biased").select("kind", "supplier", "sampler").iter_rows())


def verdicts(seeds: range, **month: float) -> tuple[float, float, float]:
    """Shares of months in which the pair is found, it alone, and somebody else is accused."""
    right = alone = wrong = 0
    for seed in seeds:
        named = accused(supplier_biases(lots(seed, **month)))
        right += ("pair", *GUILTY) in named
        alone += named == [("pair", *GUILTY)]
        wrong += any(one != ("pair", *GUILTY) for one in named)
    return right / len(seeds), alone / len(seeds), wrong / len(seeds)


def test_supplier_that_over_assays_2_percent_with_one_sampler_is_found():
    right, alone, wrong = verdicts(range(40))
    assert right == 1.0
    assert alone >= 0.9
    assert wrong <= 0.1


@pytest.mark.slow
@pytest.mark.long
def test_over_200_months_the_pair_is_found_and_the_clean_are_left_alone():
    right, alone, wrong = verdicts(range(200))
    assert right >= 0.99
    assert alone >= 0.95
    assert wrong <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize("months", [30, deep(200)])
def test_where_nobody_is_biased_at_most_one_month_in_twenty_accuses(months):
    accusing = [bool(accused(supplier_biases(lots(seed, bias=0.0)))) for seed in range(1000, 1000 + months)]
    assert np.mean(accusing) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / months)


def test_bias_is_told_with_an_interval_and_the_metal_that_it_is_worth():
    covered, worth = [], []
    for seed in range(40):
        found = supplier_biases(lots(seed))
        row = found.filter(pl.col("kind") == "pair", pl.col("supplier") == "S2", pl.col("sampler") == "X1").row(
            0, named=True
        )
        covered.append(row["bias_low_frac"] <= np.log(1.02) <= row["bias_high_frac"])
        metal = sum(one.mass_t * one.ours_frac for one in lots(seed) if (one.supplier, one.sampler) == GUILTY)
        worth.append(row["content_t"] / metal / row["bias_rel_frac"])
        assert row["content_low_t"] < row["content_t"] < row["content_high_t"]
    assert np.mean(covered) >= 0.85
    assert worth == pytest.approx([1.0] * 40)


def test_sampler_that_errs_with_everybody_accuses_no_supplier():
    named = []
    for seed in range(80):
        wrong = [replace(one, theirs_frac=one.theirs_frac * (1.02 if one.sampler == "X3" else 1.0))
                 for one in lots(seed, bias=0.0)]  # fmt: skip
        named.append(accused(supplier_biases(wrong)))
    assert all(("sampler", "", "X3") in one for one in named)
    assert np.mean([len(one) > 1 for one in named]) <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 80)


def test_supplier_who_is_high_with_all_samplers_is_named_alone():
    wrong = [
        replace(one, theirs_frac=one.theirs_frac * (1.02 if one.supplier == "S4" else 1.0)) for one in lots(3, bias=0)
    ]
    found = supplier_biases(wrong)
    assert accused(found) == [("supplier", "S4", "")]
    pairs = found.filter(pl.col("supplier") == "S4", pl.col("kind") == "pair")
    assert set(pairs["verdict"]) <= {"explained", "clean"}


def test_own_laboratory_that_is_low_accuses_nobody():
    found = supplier_biases(lots(5, bias=0.0, ours=-0.03))
    assert accused(found) == []
    common = found.row(0, named=True)
    assert (common["kind"], common["verdict"]) == ("all", "common")
    assert common["bias_rel_frac"] == pytest.approx(0.03, abs=0.004)


def test_supplier_of_one_sampler_cannot_be_told_from_the_pair():
    alone = [replace(one, supplier="S9", theirs_frac=one.theirs_frac * 1.03)
             for one in lots(4, bias=0.0) if (one.supplier, one.sampler) == ("S0", "X0")]  # fmt: skip
    rest = [one for one in lots(4, bias=0.0) if (one.supplier, one.sampler) != ("S0", "X0")]
    found = supplier_biases([*rest, *alone])
    named = found.filter(pl.col("verdict") == "biased")
    assert set(named["kind"]) == {"supplier", "pair"}
    assert "S9/X0" in named.filter(pl.col("kind") == "supplier")["instead"].item()


def test_umpire_says_whose_assay_is_off():
    umpired = [replace(one, umpire_frac=one.ours_frac) for one in lots(6) if (one.supplier, one.sampler) == GUILTY]
    rest = [one for one in lots(6) if (one.supplier, one.sampler) != GUILTY]
    row = supplier_biases([*rest, *umpired]).filter(pl.col("verdict") == "biased").row(0, named=True)
    assert row["umpired"] == 10
    assert row["ours_to_umpire_frac"] == 0.0
    assert row["theirs_to_umpire_frac"] == pytest.approx(0.02 - 0.003, abs=0.012)


def test_components_are_judged_apart_and_corrected_together():
    silver = [replace(one, component="Ag", ours_frac=1e-4, theirs_frac=1e-4 * one.theirs_frac / one.ours_frac)
              for one in lots(8, bias=0.0)]  # fmt: skip
    found = supplier_biases([*lots(8), *silver])
    assert accused(found.filter(pl.col("component") == "Cu")) == [("pair", *GUILTY)]
    assert accused(found.filter(pl.col("component") == "Ag")) == []
    one = supplier_biases(lots(8)).filter(pl.col("verdict") == "biased")["p_holm"].item()
    assert found.filter(pl.col("verdict") == "biased")["p_holm"].item() == pytest.approx(2 * one, rel=0.02)


def test_few_lots_are_said_to_be_few():
    found = supplier_biases([Lot(str(k), f"S{k % 2}", "X", "Cu", 0.25, 0.25 + 0.001 * k) for k in range(4)])
    assert set(found.filter(pl.col("kind") != "all")["verdict"]) == {"too_few"}
    assert supplier_biases([]).is_empty()


def test_lots_without_mass_have_no_worth():
    found = supplier_biases([replace(one, mass_t=None) for one in lots(2)])
    assert found["content_t"].null_count() == found.height


def test_holm_is_never_below_the_plain_chance_and_keeps_the_order():
    p = [0.001, 0.2, 0.04, 0.5]
    corrected = holm(p)
    assert all(a >= b for a, b in zip(corrected, p, strict=True))
    assert sorted(range(4), key=corrected.__getitem__) == sorted(range(4), key=p.__getitem__)
    assert holm([]) == []
