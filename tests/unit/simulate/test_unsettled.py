"""What is said of a scenario that does not settle: unit, driver in words, values, loop, and what to try."""

from __future__ import annotations

import re

import numpy as np
import pytest

from zveno.errors import SolveError
from zveno.simulate import UNIT_MODELS, simulate
from zveno.simulate.accelerate import Settled
from zveno.simulate.driver_words import DRIVER_WORDS
from zveno.simulate.scaling import Scaling
from zveno.simulate.solve import Solution
from zveno.simulate.units.anode_furnace import AnodeFurnace
from zveno.simulate.units.bank import Bank
from zveno.simulate.units.mixer import Mixer
from zveno.simulate.units.unit import Driver
from zveno.simulate.unsettled import Unsettled, unsettled, unsettled_fuel
from zveno.text.catalogue import catalogue

IMPATIENT = {"tolerance": 0.0, "iterations": 1}
BANK = Bank(cells=5, cell_m3=40.0, conc_solids=0.25)


def test_the_worst_driver_is_told_in_words_with_its_loop(plant):
    with pytest.raises(SolveError) as caught:
        simulate(plant, **IMPATIENT)
    told = str(caught.value)
    found = re.search(
        r"unit '(rougher|cleaner)', (pulp flow|water recovery|water added to a tonne of solids), still goes from ([\d.e-]+)"
        r" to ([\d.e-]+) (m3/h|%|t) \(residual ([\d.e-]+)\) in the loop of '\w+', '\w+'\. ",
        told,
    )
    assert found is not None, told
    assert told.endswith("one may lie far from where such units work")
    russian = catalogue("ru").error(caught.value)
    assert "в контуре 'rougher', 'cleaner'" in russian or "в контуре 'cleaner', 'rougher'" in russian
    assert not re.search("pulp|water|unit", russian)


def test_what_the_scenario_sets_is_named_as_what_to_try(plant):
    with pytest.raises(SolveError, match=r"Bring what the scenario sets \('rougher.cell_m3'\) nearer"):
        simulate(plant, scenarios={"odd": {"rougher.cell_m3": 500.0}}, **IMPATIENT)


def test_scenarios_of_later_batches_are_told_by_their_own_number(plant):
    cases = {f"s{n}": {"rougher.cell_m3": 30.0 + n / 10} for n in range(300)}
    found = simulate(plant, scenarios=cases, allow_unconverged=True, **IMPATIENT)
    rows = [row for row, _, _ in found.unsettled()]
    assert rows == np.flatnonzero(~found.converged).tolist()
    assert max(rows) > 256
    alone = simulate(plant, scenarios={"s299": cases["s299"]}, allow_unconverged=True, **IMPATIENT)
    (_, _, one), (_, _, other) = list(found.unsettled())[-1], next(iter(alone.unsettled()))
    assert (one.unit, one.driver, one.loop) == (other.unit, other.driver, other.loop)
    assert (one.before, one.after) == pytest.approx((other.before, other.after))


def test_values_are_those_of_the_driver_not_of_its_logarithm():
    gap = np.array([[np.log(1.1), 0.0, 0.0], [0.0, np.nan, 0.0]])
    settled = Settled(np.array([[np.log(550.0), 0.0, 0.3], [1.0, 0.0, 0.0]]), gap, np.ones(2), np.zeros(2, dtype=bool))
    one, other = unsettled(settled, Scaling((Mixer(), BANK)), [7, 4])
    assert (one.unit, one.driver.name, one.loop) == (4, "pulp_m3h", (7, 4))
    assert (one.before, one.after) == pytest.approx((500.0, 550.0))
    assert other.driver.name == "water_recovery_frac"
    assert np.isnan(other.after)


def test_fuel_that_does_not_come_to_rest_names_its_furnace():
    def furnace(*fuel):
        ready = np.zeros((1, 3, 2))
        ready[:, :, 0] = 1
        return AnodeFurnace(heat="fuel", supplies=ready, fuel_tph=np.array(fuel))

    before, after = ((Mixer(), furnace(3.0, 2.0)), (Mixer(), furnace(3.0, 2.5)))
    (found,) = unsettled_fuel(before, after, [5, 9], 2)
    assert (found.row, found.unit, found.driver.name) == (1, 9, "fuel_tph")
    assert (found.before, found.after, found.residual) == pytest.approx((2.0, 2.5, 0.2))


def test_of_several_things_that_move_the_worst_is_kept():
    nothing = np.zeros(2)
    solution = Solution(None, (), np.ones(2, dtype=bool), nothing.copy(), nothing.astype(int), np.full(2, -1))
    driver = Driver("pulp_m3h", "log")
    for unit, residual in ((3, 0.1), (4, 0.5), (5, 0.2)):
        solution.note([Unsettled(1, unit, (unit,), driver, 1.0, 2.0, residual)])
    assert solution.converged.tolist() == [True, False]
    assert (solution.worst[1], solution.residual[1], solution.unsettled[1].unit) == (4, 0.5, 4)


def test_every_driver_of_every_unit_model_has_its_words():
    names = {driver.name for model in UNIT_MODELS.values() for driver in model.drivers}
    assert names - set(DRIVER_WORDS) == set()
    for lang in ("ru", "kk"):
        said = {name: catalogue(lang).phrase(words.name) for name, words in DRIVER_WORDS.items()}
        assert not [name for name, words in DRIVER_WORDS.items() if said[name] == str(words.name)]
