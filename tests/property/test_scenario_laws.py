"""Laws of scenarios: neighbours, order and way of writing are irrelevant; derivatives add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_simulate_laws import PLANT

from zveno.model.types import Figure
from zveno.simulate import Cases, draws, sensitivities, simulate, tabulate
from zveno.simulate.keys import with_common

KEYS = {
    "cu": (0.005, 0.03),
    "pyrite": (0.01, 0.12),
    "feed.feed": (50.0, 500.0),
    "rougher.cell_m3": (20.0, 80.0),
    "mill.p80_um": (80.0, 200.0),
}
RESULTS = ("recovery.Cu:conc", "conc:grade.Cu", "conc:solids", "rougher:residence_time")
values = st.fixed_dictionaries({}, optional={key: st.floats(*ends) for key, ends in KEYS.items()})
tables = st.lists(values, min_size=2, max_size=6).map(lambda rows: {f"s{n}": row for n, row in enumerate(rows)})


@given(tables, st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_a_case_is_the_same_alone_in_a_batch_and_in_any_order(table, shuffler):
    whole = tabulate(PLANT, Cases.of(table), RESULTS)
    names = list(table)
    shuffler.shuffle(names)
    mixed = tabulate(PLANT, Cases.of({name: table[name] for name in names}), RESULTS)
    for row, name in enumerate(table):
        alone = tabulate(PLANT, Cases.of({name: table[name]}), RESULTS)
        assert alone.values[0] == pytest.approx(whole.values[row], rel=1e-9)
        assert mixed.values[names.index(name)] == pytest.approx(whole.values[row], rel=1e-9)


@given(tables)
@settings(max_examples=15, deadline=None)
def test_mapping_long_and_wide_say_the_same(table):
    cases = Cases.of(table)
    assert Cases.of(cases.table).table.equals(cases.table)
    long = cases.table.unpivot(index="scenario", variable_name="key").drop_nulls()
    found = Cases.of(long) if long.height else Cases.of(None)
    set_ones = {name: row for name, row in table.items() if row} or {"base": {}}
    assert {
        name: {key: float(one[n]) for key, one in found.values.items() if not np.isnan(one[n])}
        for n, name in enumerate(found.names)
    } == set_ones


@given(values)
@settings(max_examples=10, deadline=None)
def test_what_is_common_is_as_if_every_case_set_it(common):
    table = {"a": {"cu": 0.01}, "b": {}}
    by_common = tabulate(PLANT, with_common(PLANT, Cases.of(table), common), RESULTS)
    by_hand = tabulate(PLANT, Cases.of({name: {**common, **row} for name, row in table.items()}), RESULTS)
    assert np.array_equal(by_common.values, by_hand.values)


@given(st.floats(0.006, 0.025), st.floats(60.0, 400.0))
@settings(max_examples=10, deadline=None)
def test_moving_two_keys_adds_their_derivatives(cu, feed):
    common = {"cu": cu, "feed.feed": feed, "rougher.cell_m3": 50.0, "scavenger.cell_m3": 50.0}
    keys = ["rougher.cell_m3", "scavenger.cell_m3"]
    found = sensitivities(PLANT, RESULTS[:2], keys, common=common)
    step = 1e-3
    at = simulate(
        PLANT,
        scenarios={
            str(sign): {**common, "rougher.cell_m3": 50 + sign * step, "scavenger.cell_m3": 50 + sign * step}
            for sign in (-1, 1)
        },
    )
    both = (at.recovery("Cu", "conc")[1] - at.recovery("Cu", "conc")[0]) / (2 * step)
    each = [found.derivative(RESULTS[0], key) for key in keys]
    assert both == pytest.approx(sum(each), rel=1e-4, abs=1e-9)


@given(st.integers(0, 2**31), st.integers(1, 60))
@settings(max_examples=20, deadline=None)
def test_draws_stay_within_their_range_and_cover_it_evenly(seed, count):
    figures = {"cu": Figure(value=1.2, uom="%", sd=0.4, low=0.6, high=1.5)}
    model = PLANT.model_copy(update={"parameters": {**PLANT.parameters, **figures}})
    drawn = draws(model, count, seed)
    values = drawn.cases.values["cu"]
    assert ((values >= 0.6) & (values <= 1.5)).all()
    known = drawn.varied["cu"]
    for group in np.unique(drawn.groups):
        own = np.sort(values[drawn.groups == group])
        edges = known.quantiles(np.linspace(0, 1, len(own) + 1))
        assert ((own >= edges[:-1] - 1e-9) & (own <= edges[1:] + 1e-9)).all()  # one in each stratum
