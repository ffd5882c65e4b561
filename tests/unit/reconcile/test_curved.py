"""Extra equations in assays of several streams, or in assays and masses, against free equations."""

from dataclasses import replace

import numpy as np
import pytest
from tests.depth import deep
from tests.unit.reconcile.as_equations import as_equations
from tests.unit.reconcile.networks import concentrator

from zveno.errors import DataError, SolveError
from zveno.model.network import NetConstraint, NetTerm
from zveno.reconcile import free_report, problem_report, solve_batch, solve_network

BASE = concentrator(3)
UPGRADE = NetConstraint((NetTerm("conc", "Cu", 1.0), NetTerm("feed", "Cu", -20.5)))
BY_MASS = NetConstraint((NetTerm("conc", "Cu", 1000.0), NetTerm("feed", "mass", -0.25)), 0.5)
SUM = NetConstraint((NetTerm("conc", "Fe", 1.0), NetTerm("tail", "Fe", 1.0), NetTerm("feed", "Fe", 1.0)), 0.38)
STRAIGHT = NetConstraint((NetTerm("conc", "Fe", 1.0), NetTerm("conc", "S", -1.0)), -0.04)
CASES = {
    "assays of two streams": (UPGRADE,),
    "assays and masses": (BY_MASS,),
    "assays of three streams": (SUM,),
    "all, with a straight one": (UPGRADE, BY_MASS, SUM, STRAIGHT),
}


ALL_READ, ONE_NOT = (), (("conc", "Cu"),)
LIGHT = {("assays of two streams", ONE_NOT), ("assays and masses", ALL_READ), ("all, with a straight one", ONE_NOT)}


@pytest.mark.parametrize(
    ("equations", "missing"),
    [(CASES[n], m) if (n, m) in LIGHT else deep(CASES[n], m) for n in CASES for m in (ALL_READ, ONE_NOT)],
    ids=[f"{name}-{how}" for name in CASES for how in ("all read", "one not read")],
)
def test_the_answer_is_that_of_free_equations(equations, missing):
    readings = tuple(one for one in BASE.readings if (one.stream, one.quantity) not in missing)
    network = replace(BASE, readings=readings, constraints=equations)
    report = problem_report(network, solve_network(network))
    written, place = as_equations(network, report["reconciled"])
    free = free_report(written)
    assert report["objective"] == pytest.approx(free["objective"], rel=1e-9)
    assert report["dof"] == free["dof"]
    for (stream, quantity), name in place.items():
        assert report["reconciled"][stream][quantity] == pytest.approx(free["reconciled"][name], rel=1e-7)
        assert report["sigma_reconciled"][stream][quantity] == pytest.approx(free["sigma_reconciled"][name], rel=1e-6)


def test_an_equation_can_make_a_value_observable():
    one_stream = tuple(one for one in BASE.readings if one.quantity != "Cu" or one.stream == "feed")
    network = replace(BASE, readings=one_stream)
    assert solve_network(network).value("conc", "Cu") is None
    result = solve_network(replace(network, constraints=(UPGRADE,)))
    assert result.value("conc", "Cu") == pytest.approx(20.5 * result.value("feed", "Cu"), rel=1e-10)


def test_an_equation_that_cannot_be_met_is_told():
    impossible = NetConstraint((NetTerm("conc", "Cu", 1.0), NetTerm("feed", "Cu", 1.0)), 2.5)  # assays end at 1
    with pytest.raises(SolveError, match=r"meets the constraint on conc.Cu \+ feed.Cu"):
        solve_network(replace(BASE, constraints=(impossible,)))


def test_many_periods_at_once_refuse_it():
    value = np.array([[one.value for one in BASE.readings]])
    sigma = np.array([[one.sigma for one in BASE.readings]])
    with pytest.raises(DataError, match="joins assays of several streams"):
        solve_batch(replace(BASE, constraints=(UPGRADE,)), value, sigma)


def test_a_gross_error_is_found_beside_it():
    readings = tuple(
        replace(one, value=one.value * 1.3) if (one.stream, one.quantity) == ("conc", "Cu") else one for one in BASE.readings
    )  # fmt: skip
    result = solve_network(replace(BASE, readings=readings, constraints=(UPGRADE,)))
    assert ("conc", "Cu") in {(one.stream, one.quantity) for one in result.suspect_classes[0].suspects}
