"""What a figure says of its uncertainty has to make sense; each fault comes with the line of its key."""

import shutil

import pytest

from zveno.chain import example, load
from zveno.errors import ModelError
from zveno.model.types import Figure

OLD = 'balk_conc.ore.moisture_pct: {value: 3, uom: "%", low: 2, high: 5, sd: 0.5,'


@pytest.fixture
def plant(tmp_path):
    shutil.copytree(example("one_concentrator"), tmp_path / "plant")
    return tmp_path / "plant"


def spoil(plant, new):
    path = plant / "parameters.yaml"
    text = path.read_text(encoding="utf-8")
    assert OLD in text
    path.write_text(text.replace(OLD, f"balk_conc.ore.moisture_pct: {{{new},"), encoding="utf-8")
    return next(n for n, line in enumerate(text.splitlines(), start=1) if OLD in line)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ('value: 3, uom: "%", sd: -0.5', "-0.5 is out of range for 'parameters.balk_conc.ore.moisture_pct.sd'"),
        ('value: 3, uom: "%", sd_rel_pct: -1', "-1 is out of range"),
        ('value: 3, uom: "%", sd: 0.5, sd_rel_pct: 10', "has both 'sd' and 'sd_rel_pct': leave one out"),
        ('value: 3, uom: "%", distribution: lognormal', "the distribution 'lognormal' of parameter"),
        ('value: 3, uom: "%", distribution: normal', "needs 'sd' or 'sd_rel_pct'"),
        ('value: 3, uom: "%", low: 2, distribution: uniform', "needs 'low' and 'high'"),
        ('value: 3, uom: "%", low: 3, high: 3, distribution: triangular', "must be less than its 'high'"),
        (
            'value: 3, uom: "%", low: 2, high: 5, sd: 1, distribution: uniform',
            "follows from 'low' and 'high': leave 'sd' out",
        ),
        ('value: 0, uom: "%", sd: 1, distribution: lognormal', "cannot be lognormal, for its value is not above 0"),
        ('value: 0, uom: "%", sd_rel_pct: 10', "is 0, so 'sd_rel_pct' says nothing: give 'sd'"),
        ('value: 3, uom: "%", sd: 1, distribution: gaussian', "use normal, lognormal, uniform, triangular"),
    ],
)
def test_an_uncertainty_that_cannot_be_is_refused_with_its_line(plant, given, message):
    line = spoil(plant, given)
    with pytest.raises(ModelError) as caught:
        load(plant)
    assert message in str(caught.value)
    assert f"parameters.yaml:{line}" in str(caught.value)


@pytest.mark.parametrize(
    ("figure", "is_uncertain"),
    [
        (Figure(value=1.0, low=0.0, high=2.0), False),
        (Figure(value=1.0, sd=0.0), False),
        (Figure(value=1.0, sd=0.1), True),
        (Figure(value=1.0, sd_rel_pct=5.0), True),
        (Figure(value=1.0, low=0.0, high=2.0, distribution="uniform"), True),
    ],
)
def test_only_what_is_stated_is_uncertain(figure, is_uncertain):
    assert figure.is_uncertain is is_uncertain


@pytest.mark.parametrize("name", ["one_concentrator", "zhez_balkhash"])
def test_examples_state_uncertainties_of_estimates_and_recalled_figures_only(name):
    figures = load(example(name)).model.parameters
    stated = {key: one for key, one in figures.items() if one.is_uncertain}
    assert len(stated) >= 10
    assert {one.status for one in stated.values()} <= {"estimate", "recalled"}
    assert all(one.low is not None and one.high is not None for one in stated.values())
