"""Results by name: what each name means, and what is said where it means nothing."""

import numpy as np
import pytest

from zveno.errors import DataError
from zveno.simulate import read_result, simulate, usual_results


@pytest.fixture
def found(plant):
    return simulate(plant, scenarios={"base": {}, "rich": {"ore.cu": 2.0}})


def test_every_kind_of_name_gives_what_python_gives(found):
    wanted = {
        "cake:Cu": (found.component("cake", "Cu"), "t/h"),
        "waste:solids": (found.solids("waste"), "t/h"),
        "cake:water": (found.water("cake"), "t/h"),
        "cake:grade.Ag": (found.grade("cake", "Ag"), "frac"),
        "cake:mineral.pyrite": (found.minerals("cake")["pyrite"], "t/h"),
        "recovery.Cu:cake": (found.recovery("Cu", "cake"), "frac"),
        "recovery.Cu:cake/feed": (found.recovery("Cu", "cake", "feed"), "frac"),
        "recovery.Cu:cake + waste": (np.ones(2), "frac"),
        "recovery.solids:cake": (found.solids("cake") / found.solids("feed"), "frac"),
        "rougher:residence_time": (found.unit_result("rougher", "residence_time"), "min"),
    }
    for name, (values, uom) in wanted.items():
        got, got_uom = read_result(name).read(found)
        assert got == pytest.approx(values), name
        assert got_uom == uom, name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cake", "'cake' is not the name of a result"),
        (":Cu", "':Cu' is not the name of a result"),
        ("cak:Cu", "there is no simulated stream or unit 'cak'; did you mean 'cake'?"),
        ("recovery.Cu:cake/fed", "there is no simulated stream or unit 'fed'; did you mean 'feed'?"),
        ("cake:Au", "there is no 'Au' in it; it has solids, water, Cu, Fe, S, Ag"),
        ("cake:grade.solids", "there is no 'solids' in it; it has Cu, Fe, S, Ag"),
        ("cake:mineral.pyrit", "there is no 'pyrit' in it; it has bornite, pyrite, quartz; did you mean 'pyrite'?"),
        ("rougher:residence_tim", "did you mean 'residence_time'?"),
        ("rougher:grade.Cu", "there is no 'grade.Cu' in it"),
    ],
)
def test_a_wrong_name_is_told_with_what_was_meant(found, name, message):
    with pytest.raises(DataError) as caught:
        found.table([name])
    assert message in str(caught.value)


def test_the_table_has_a_row_for_each_scenario_with_what_was_set(found):
    table = found.table(["cake:grade.Cu", "recovery.Cu:cake"])
    assert table.columns == ["scenario", "ore.cu", "cake:grade.Cu", "recovery.Cu:cake"]
    assert table["scenario"].to_list() == ["base", "rich"]
    assert table["ore.cu"].to_list() == [None, 2.0]
    assert table["recovery.Cu:cake"].to_list() == found.recovery("Cu", "cake").tolist()


def test_a_grade_of_nothing_is_empty_in_the_table(plant):
    table = simulate(plant, scenarios={"stopped": {"feed.feed": 0.0}}).table(["cake:grade.Cu"])
    assert table["cake:grade.Cu"].to_list() == [None]


def test_usual_results_are_those_of_the_recoveries_that_are_reported(make):
    plant = make()
    assert usual_results(plant) == ("rougher_tail:solids", "cake:solids", "filtrate:solids")
    told = [{"components": ("Cu", "Ag"), "feeds": ("feed",), "products": ("cake",)}]
    chain = plant.chain.model_copy(update={"recoveries": type(plant.chain).model_validate(
        {**plant.chain.model_dump(by_alias=True), "recoveries": told}).recoveries})  # fmt: skip
    model = plant.model_copy(update={"chain": chain})
    names = usual_results(model)
    assert names == ("cake:solids", "cake:grade.Cu", "recovery.Cu:cake/feed")
    assert simulate(model).table(names).height == 1


@pytest.mark.parametrize("text", ["cake: Cu", "cake: grade. Cu", "recovery. Cu: cake", "rougher: pulp"])
def test_blanks_in_the_name_of_a_result_do_not_matter(plant, text):
    found = simulate(plant)
    plain = text.replace(" ", "")
    assert read_result(text).read(found)[0].tolist() == read_result(plain).read(found)[0].tolist()
