"""Sensitivities: derivatives with their errors, kinks that are called kinks, keys that cannot move alone."""

import numpy as np
import pytest

from zveno.errors import ModelError
from zveno.model.types import Figure
from zveno.simulate import sensitivities, simulate


def test_a_derivative_that_is_known_exactly(plant):
    found = sensitivities(plant, ["feed:Cu", "feed:grade.Cu"], ["feed.feed", "ore.cu"])
    assert found.derivative("feed:Cu", "feed.feed") == pytest.approx(0.012, rel=1e-11)
    assert found.derivative("feed:grade.Cu", "ore.cu") == pytest.approx(0.01, rel=1e-11)
    assert found.derivative("feed:grade.Cu", "feed.feed") == pytest.approx(0, abs=1e-14)
    row = found.sensitivities.row(0, named=True)
    assert (row["result"], row["elasticity"], row["effect_per"]) == ("feed:Cu", pytest.approx(1.0), "%")
    assert row["effect"] == pytest.approx(0.012 * 200 / 100)
    assert row["variance_frac"] is None


def test_bond_power_has_the_derivatives_of_its_formula(make):
    mill = {
        "work_index_kwh_t": 14.0, "f80_um": 12000.0, "p80_um": 100.0, "p80_design_um": 100.0, "solids": 0.7,
        "drive_efficiency": 1.0,
    }  # fmt: skip
    plant = make(
        units={"mill": {"model": "mill", "parameters": mill}},
        streams={
            "feed": {"from": "mine", "to": "mill", "ore": "ore", "feed": 200.0},
            "ground": {"from": "mill", "to": "rougher"},
        },
    )
    found = sensitivities(plant, ["mill:specific_energy"], ["mill.work_index_kwh_t", "mill.p80_um", "mill.f80_um"])
    energy = "mill:specific_energy"
    value = found.results.values[0, 0]
    exact = {
        "mill.work_index_kwh_t": value / 14.0,
        "mill.p80_um": -0.5 * 10 * 14.0 * 100.0**-1.5,
        "mill.f80_um": 0.5 * 10 * 14.0 * 12000.0**-1.5,
    }
    scale = value / (10 * 14.0 * (100.0**-0.5 - 12000.0**-0.5))  # Rowland's factors, which these keys do not move
    assert found.derivative(energy, "mill.work_index_kwh_t") == pytest.approx(exact["mill.work_index_kwh_t"], rel=1e-10)
    assert found.derivative(energy, "mill.p80_um") == pytest.approx(scale * exact["mill.p80_um"], rel=1e-8)
    assert found.derivative(energy, "mill.f80_um") == pytest.approx(scale * exact["mill.f80_um"], rel=1e-6)


def test_the_error_told_holds_for_a_loop_that_is_iterated(plant):
    keys = ["float.bornite.k_fast", "rougher.cell_m3", "cleaner.entrain", "ore.pyrite"]
    found = sensitivities(plant, ["recovery.Cu:cake", "cake:grade.Cu"], keys)
    assert not found.sensitivities["kink"].any()
    for one in found.steps:
        far = one.value * 1e-2  # five points of other steps, good to the fourth power of 1 %
        at = simulate(plant, scenarios={str(k): {one.key: one.value + k * far} for k in (-2, -1, 1, 2)})
        for result, values in (
            ("recovery.Cu:cake", at.recovery("Cu", "cake")),
            ("cake:grade.Cu", at.grade("cake", "Cu")),
        ):
            wanted = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * far)
            row = found.sensitivities.filter(result=result, key=one.key).row(0, named=True)
            assert row["derivative"] == pytest.approx(wanted, rel=1e-5)
            assert abs(row["derivative"] - wanted) < 3 * row["derivative_error"] + 1e-6 * abs(wanted)


@pytest.fixture
def at_design(make):
    """A mill at its design size: a coarser product loses copper, a finer one gains none."""
    mill = {
        "work_index_kwh_t": 14.0, "f80_um": 12000.0, "p80_um": 100.0, "p80_design_um": 100.0, "solids": 0.7,
        "p80_rec": -0.05,
    }  # fmt: skip
    return make(
        units={"mill": {"model": "mill", "parameters": mill}},
        streams={
            "feed": {"from": "mine", "to": "mill", "ore": "ore", "feed": 200.0},
            "ground": {"from": "mill", "to": "rougher"},
        },
    )


def test_a_kink_is_found_and_told_with_both_derivatives(at_design):
    row = sensitivities(at_design, ["recovery.Cu:cake"], ["mill.p80_um"]).sensitivities.row(0, named=True)
    assert row["kink"]
    assert row["left"] == pytest.approx(0, abs=1e-8)
    assert row["right"] < -1e-4
    assert row["derivative"] == pytest.approx((row["left"] + row["right"]) / 2, rel=1e-3)
    assert row["derivative_error"] == pytest.approx(abs(row["right"]) / 2, rel=1e-3)
    assert row["effect"] == pytest.approx(row["right"] * 1.0)


def test_beside_the_kink_there_is_none(at_design):
    found = sensitivities(at_design, ["recovery.Cu:cake"], ["mill.p80_um"], common={"mill.p80_um": 110.0})
    row = found.sensitivities.row(0, named=True)
    assert (row["kink"], row["key_value"]) == (False, 110.0)


def test_a_share_at_its_end_is_changed_to_the_one_side(plant):
    found = sensitivities(plant, ["cake:water"], ["filter.moisture"], common={"filter.moisture": 0.0})
    row = found.sensitivities.row(0, named=True)
    assert row["left"] is None
    # water = solids m / (1 - m), whose derivative at m = 0 is the mass of solids
    assert row["derivative"] == pytest.approx(simulate(plant).solids("cake")[0], rel=1e-3)
    assert abs(row["derivative"] - simulate(plant).solids("cake")[0]) < 2 * row["derivative_error"]


def test_a_share_of_a_whole_is_left_out_and_the_reason_is_told(plant):
    found = sensitivities(plant, ["recovery.Ag:cake"], ["carrier.Ag.pyrite", "ore.silver"])
    assert [one.key for one in found.steps] == ["ore.silver"]
    assert "add up to 1.0003" in str(found.left_out["carrier.Ag.pyrite"][0])


def test_keys_with_a_standard_deviation_come_by_their_effect_and_share_the_variance(make):
    plant = make(
        figures={
            "ore.cu": Figure(value=1.2, uom="%", sd=0.1),
            "ore.pyrite": Figure(value=4.0, uom="%", sd=0.4),
            "ore.moisture": Figure(value=5.0, uom="%", sd=1.0),
        }
    )
    found = sensitivities(plant, ["feed:grade.Fe", "feed:grade.S"])
    table = found.sensitivities.filter(result="feed:grade.S")
    assert table["key"].to_list() == ["ore.pyrite", "ore.cu", "ore.moisture"]
    assert table["variance_frac"].sum() == pytest.approx(1)
    # sulphur: 0.55 of pyrite, and 0.25 / 0.6 of the copper, which bornite holds
    pyrite, copper = 0.55 * 0.004, 0.25 / 0.6 * 0.001
    assert table["effect"].to_list() == pytest.approx([pyrite, copper, 0.0], abs=1e-12)
    assert found.first_order_sd("feed:grade.S") == pytest.approx(np.hypot(pyrite, copper))
    assert table["variance_frac"][0] == pytest.approx(pyrite**2 / (pyrite**2 + copper**2))


def test_a_key_of_value_zero_has_a_step_of_its_own(make):
    plant = make(figures={"ore.moisture": Figure(value=0.0, uom="%", sd=1.0)})
    found = sensitivities(plant, ["feed:water"], ["ore.moisture"])
    assert found.steps[0].length == pytest.approx(0.01)
    assert found.derivative("feed:water", "ore.moisture") == pytest.approx(2.0, rel=1e-3)
    assert found.sensitivities["elasticity"].to_list() == [None]


def test_several_units_are_changed_together_if_they_stand_alike(plant):
    together = sensitivities(plant, ["recovery.Cu:cake"], ["*er.cell_m3"], common={"*er.cell_m3": 30.0})
    alone = sensitivities(
        plant, ["recovery.Cu:cake"], ["rougher.cell_m3", "cleaner.cell_m3"], common={"*er.cell_m3": 30.0}
    )
    each = [alone.derivative("recovery.Cu:cake", key) for key in ("rougher.cell_m3", "cleaner.cell_m3")]
    assert together.derivative("recovery.Cu:cake", "*er.cell_m3") == pytest.approx(sum(each), rel=1e-6)
    with pytest.raises(ModelError, match=r"stands for things of several values: 'rougher.cell_m3' is 40"):
        sensitivities(plant, ["cake:Cu"], ["*.cell_m3"])


def test_a_key_stands_where_the_figure_that_it_names_is_set(make):
    plant = make(
        figures={"wet": Figure(value=10.0, uom="%")},
        units={"filter": {"model": "filter", "parameters": {"moisture": "wet"}}},
    )
    found = sensitivities(plant, ["cake:water"], ["filter.moisture"], common={"wet": 20.0})
    assert found.steps[0].value == pytest.approx(0.2)
    # d/dm of solids m / (1 - m)
    assert found.derivative("cake:water", "filter.moisture") == pytest.approx(
        simulate(plant).solids("cake")[0] / 0.8**2, rel=1e-6
    )


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (None, "no figure states its uncertainty: name the keys"),
        (["ore.coper"], "neither a parameter of a unit"),
        (["cleaner_tail.feed"], "calculated and cannot be set"),
    ],
)
def test_what_cannot_be_changed_is_refused(plant, keys, message):
    with pytest.raises(ModelError) as caught:
        sensitivities(plant, ["cake:Cu"], keys)
    assert message in str(caught.value)


def test_a_description_that_cannot_be_simulated_says_so_itself(make):
    plant = make(figures={"ore.pyrite": Figure(value=99.5, uom="%")})
    with pytest.raises(ModelError, match="negative mass of quartz"):
        sensitivities(plant, ["cake:Cu"], ["feed.feed"])


def test_a_result_without_a_value_is_null_not_nan(plant):
    found = sensitivities(plant, ["cake:grade.Cu", "feed:solids"], ["ore.cu"], common={"feed.feed": 0.0})
    row = found.sensitivities.row(0, named=True)
    for name in ("result_value", "derivative", "derivative_error", "elasticity", "effect", "variance_frac"):
        assert row[name] is None


def test_a_star_moves_what_is_set_in_common_in_full(plant):
    by_star = sensitivities(plant, ["cake:Cu"], ["rougher.cell_*3"], common={"rougher.cell_m3": 30.0})
    by_name = sensitivities(plant, ["cake:Cu"], ["rougher.cell_m3"], common={"rougher.cell_m3": 30.0})
    assert by_star.derivative("cake:Cu", "rougher.cell_*3") == by_name.derivative("cake:Cu", "rougher.cell_m3") != 0
