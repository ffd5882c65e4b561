"""Cases: columns of values, however they are given; sweeps and grids named by what they set."""

import numpy as np
import polars as pl
import pytest

from zveno.errors import ModelError
from zveno.model.types import Figure
from zveno.simulate import Cases, grid, simulate, span, sweep
from zveno.simulate.keys import with_common
from zveno.simulate.scenario import read_scenarios


def test_mapping_long_and_wide_tables_are_the_same_cases():
    mapping = {"rich": {"ore.cu": 2.0}, "fast": {"ore.cu": 1.5, "float.bornite.k_fast": 0.9}}
    long = pl.DataFrame(
        {
            "scenario": ["rich", "fast", "fast"],
            "key": ["ore.cu", "ore.cu", "float.bornite.k_fast"],
            "value": [2.0, 1.5, 0.9],
        }
    )
    wide = pl.DataFrame({"scenario": ["rich", "fast"], "ore.cu": [2.0, 1.5], "float.bornite.k_fast": [None, 0.9]})
    tables = [Cases.of(one).table for one in (mapping, long, wide)]
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])
    assert Cases.of(Cases.of(wide)).table.equals(tables[0])


def test_no_scenarios_are_the_description_as_it_is():
    for nothing in (None, {}, Cases(()), pl.DataFrame()):
        assert Cases.of(nothing).names == ("base",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": {"ore.cu": float("inf")}}, "scenario 'a' sets 'ore.cu' to no number"),
        ({"a": {"ore.cu": float("nan")}}, "scenario 'a' sets 'ore.cu' to no number"),
        ({"": {"ore.cu": 1.0}}, "a scenario has no name"),
        (pl.DataFrame({"scenario": ["a", "a"], "key": ["k", "k"], "value": [1.0, 2.0]}), "'a' sets 'k' twice"),
        (pl.DataFrame({"scenario": ["a"], "key": ["k"], "value": [None]}), "scenario 'a' sets 'k' to no number"),
        (pl.DataFrame({"scenario": ["a", "a"], "k": [1.0, 2.0]}), "two scenarios are named 'a'"),
        (pl.DataFrame({"name": ["a"], "k": [1.0]}), "needs the column 'scenario'"),
        (pl.DataFrame({"scenario": ["a"], "k": ["x"]}), "the column 'k' of a table of scenarios holds no numbers"),
    ],
)
def test_what_is_no_case_is_refused(given, message):
    with pytest.raises(ModelError) as caught:
        Cases.of(given)
    assert message in str(caught.value)


def test_a_column_of_another_length_is_refused():
    with pytest.raises(ModelError, match="'k' has 2 values, but there are 1 scenarios"):
        Cases(("a",), {"k": np.array([1.0, 2.0])})


def test_a_sweep_varies_one_key_at_a_time_and_a_grid_all():
    one = sweep({"a.mill.p80_um": [90, 130], "b.mill.p80_um": [100]})
    assert one.names == ("base", "a.mill.p80_um=90", "a.mill.p80_um=130", "b.mill.p80_um=100")
    assert np.isnan(one.values["b.mill.p80_um"][:3]).all()
    both = grid({"mill.p80_um": [90, 130], "ore.cu": [0.9, 1.0, 1.1]})
    assert len(both) == 6
    assert both.names[:2] == ("p80_um=90, cu=0.9", "p80_um=90, cu=1")
    assert both.values["ore.cu"].tolist() == [0.9, 1.0, 1.1] * 2


def test_names_of_close_values_stay_apart():
    assert sweep({"k": [1.0, 1.0 + 1e-9]}, base=False).names == ("k=1", "k=1.000000001")


def test_a_span_has_both_ends():
    assert span(90, 130, 5).tolist() == [90, 100, 110, 120, 130]
    with pytest.raises(ModelError, match="at least 2 values, not 1"):
        span(1, 2, 1)


def test_what_is_common_gives_way_to_what_a_scenario_sets(plant):
    cases = with_common(plant, Cases.of({"a": {"ore.cu": 2.0}, "b": {}}), {"ore.cu": 1.0, "ore.pyrite": 5.0})
    assert cases.values["ore.cu"].tolist() == [2.0, 1.0]
    assert cases.values["ore.pyrite"].tolist() == [5.0, 5.0]


def test_cases_can_be_cut():
    cases = Cases.of({name: {"ore.cu": value} for name, value in zip("abc", (1.0, 2.0, 3.0), strict=True)})
    assert cases.take(slice(0, 1)).table.equals(cases.table[:1])
    assert cases.take(np.array([2, 1])).table.equals(cases.table[[2, 1]])


def test_many_scenarios_are_read_as_columns_and_as_rows_alike(plant):
    rng = np.random.default_rng(1)
    keys = ["ore.cu", "ore.pyrite", "rougher.cell_m3", "feed.feed"]
    values = {key: rng.uniform(1, 2, 300) for key in keys}
    columns = Cases(tuple(f"s{n}" for n in range(300)), values)
    rows = {f"s{n}": {key: float(values[key][n]) for key in keys} for n in range(300)}
    one, other = (read_scenarios(plant, given, None, None) for given in (columns, rows))
    assert one.names == other.names
    for kind in ("figures", "units", "streams"):
        assert {key: one.tolist() for key, one in getattr(one, kind).items()} == {
            key: one.tolist() for key, one in getattr(other, kind).items()
        }


def test_a_star_sets_all_that_it_stands_for_unless_one_is_named(plant):
    found = simulate(plant, scenarios={"wide": {"*.cell_m3": 30.0}, "own": {"*.cell_m3": 30.0, "cleaner.cell_m3": 8.0}})
    alone = simulate(
        plant,
        scenarios={
            "wide": {"rougher.cell_m3": 30.0, "cleaner.cell_m3": 30.0},
            "own": {"rougher.cell_m3": 30.0, "cleaner.cell_m3": 8.0},
        },
    )
    assert found.recovery("Cu", "cake").tolist() == alone.recovery("Cu", "cake").tolist()


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("mill*.p80_um", "no feed, parameter or figure is named 'mill*.p80_um'"),
        (
            "rougher.cell*",
            "'rougher.cell*' stands for things of several units of measure: 'rougher.cells' is in -, 'rougher.cell_m3' in m3",
        ),
    ],
)
def test_a_star_that_stands_for_nothing_or_for_too_much_is_refused(plant, key, message):
    with pytest.raises(ModelError) as caught:
        simulate(plant, scenarios={"s": {key: 1.0}})
    assert message in str(caught.value)


def test_values_beyond_the_range_of_a_figure_are_one_doubt(make):
    plant = make(figures={"ore.cu": Figure(value=1.2, uom="%", low=1.0, high=1.5)})
    found = simulate(plant, scenarios={f"s{n}": {"ore.cu": 1.0 + n / 5} for n in range(6)})
    assert [str(one) for one in found.doubts] == [
        "'ore.cu' is set to 3 values of 1.6 to 2 %, outside the range 1 to 1.5 that its figure states"
    ]


def test_what_is_common_in_full_gives_way_to_a_star_of_a_scenario(plant):
    common = {"rougher.cell_m3": 10.0}
    cases = with_common(plant, Cases.of({"a": {"rougher.cell_*3": 30.0}, "b": {}}), common)
    found = read_scenarios(plant, cases, None, None)
    assert found.units["rougher", "cell_m3"].tolist() == [30.0, 10.0]
    fed = read_scenarios(plant, {"a": {"fee*.feed": 1.0}, "b": {}}, {"feed": 9.0}, None)
    assert fed.streams["feed", "feed"].tolist() == [1.0, 9.0]


def test_feeds_outside_their_range_are_doubted(make):
    figure = {"value": 200.0, "uom": "t/h", "low": 150.0, "high": 250.0}
    plant = make(streams={"feed": {"from": "mine", "to": "rougher", "ore": "ore", "feed": figure}})
    (doubt,) = simulate(plant, scenarios={"a": {"feed.feed": 900.0}}).doubts
    assert doubt.fields["key"] == "feed.feed"


def test_wrong_feeds_and_wrong_keys_are_told_together(plant):
    with pytest.raises(ModelError) as caught:
        read_scenarios(plant, {"a": {"ore.cuu": 1.0}}, {"conc": 1.0}, None)
    assert len(caught.value.faults) == 2
