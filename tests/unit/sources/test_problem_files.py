"""Problem files: what the schema holds, and the place of every fault in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from zveno.chain import solve_problem
from zveno.errors import DataError
from zveno.model.free import FreeProblem
from zveno.model.network import NetClosure, NetCovariance, NetNode, Network
from zveno.sources import read_problem

BALANCE: dict[str, Any] = {
    "schema": "recon-problem/1",
    "id": "small",
    "kind": "bilinear",
    "components": ["Cu", "Fe"],
    "assay_total": 1.0,
    "bounds": {"mass": [0, None], "assay": [0, 1.0]},
    "nodes": [{"id": "mill"}, {"id": "cells", "balance": {"mass": False, "components": ["Cu"]}}],
    "streams": [
        {"id": "ore", "name": "ore of the day", "from": None, "to": "mill"},
        {"id": "feed", "from": "mill", "to": "cells"},
        {"id": "conc", "from": "cells", "to": None, "components": ["Cu"]},
        {"id": "stock", "from": None, "to": "cells", "role": "opening_stock"},
    ],
    "closure": {"components": ["Cu", "Fe"], "total": 0.9, "streams": ["ore"]},
    "fixed": [{"stream": "stock", "quantity": "mass", "value": 5.0}],
    "measurements": [
        {"stream": "ore", "quantity": "mass", "value": 100.0, "sigma": 1.0, "meter": "belt"},
        {"stream": "ore", "quantity": "mass", "value": 101.0, "sigma": 1.0, "meter": "trucks"},
        {"stream": "feed", "quantity": "Cu", "below": 0.01, "sigma": 0.001},
        {"stream": "conc", "quantity": "mass", "value": 4.0, "sigma": 0.1},
    ],
    "covariances": [
        {"a": {"stream": "ore", "quantity": "mass", "meter": "belt"}, "b": {"stream": "conc", "quantity": "mass"},
         "cov": 0.05, "correlation": 0.5}
    ],
    "linear_constraints": [
        {"name": "share", "terms": [{"stream": "conc", "quantity": "mass", "coef": 1}], "rhs": 4.1}
    ],
    "published": [{"label": "where it comes from"}],
}  # fmt: skip
FREE: dict[str, Any] = {
    "kind": "nonlinear",
    "variables": [
        {"id": "a", "measured": 2.0, "sigma": 0.1, "start": 1.0},
        {"id": "b", "measured": 3.0, "sigma": 0.1},
        {"id": "c", "measured": None, "sigma": None, "lower": 0.0, "upper": 100.0},
    ],
    "parameters": {"g": 9.81},
    "constraints": ["c - g*a*b", {"expr": "c - 60", "name": "as agreed"}],
    "covariances": [{"a": "a", "b": "b", "cov": 0.002}],
}


def read(tmp_path: Path, content: dict[str, Any]) -> Network | FreeProblem:
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return read_problem(path)


def changed(content: dict[str, Any], *places: tuple[str, Any]) -> dict[str, Any]:
    """A copy with other values at JSON paths such as ``streams.0.to``."""
    copy = json.loads(json.dumps(content))
    for path, value in places:
        *way, last = path.split(".")
        at = copy
        for key in way:
            at = at[int(key) if isinstance(at, list) else key]
        at[int(last) if isinstance(at, list) else last] = value
    return copy


def test_everything_that_a_balance_holds_is_read(tmp_path):
    network = read(tmp_path, BALANCE)
    assert isinstance(network, Network)
    assert network.nodes == (NetNode("mill"), NetNode("cells", False, ("Cu",)))
    assert [one.components for one in network.streams] == [None, None, ("Cu",), None]
    assert network.streams[3].role == "opening_stock"
    assert network.closure == NetClosure(("Cu", "Fe"), 0.9, ("ore",))
    assert network.fixed == {("stock", "mass"): 5.0}
    assert [one.meter for one in network.readings] == ["belt", "trucks", "", ""]
    assert network.readings[2].value is None
    assert network.readings[2].below == 0.01
    assert network.covariances == (NetCovariance(("ore", "mass"), ("conc", "mass"), 0.05, "belt", ""),)
    assert network.constraints[0].rhs == 4.1
    assert network.constraints[0].terms[0].coef == 1.0


def test_wet_masses_and_moistures_are_read_and_solved(tmp_path):
    wet = [
        {"stream": "ore", "quantity": "wet_mass", "value": 110.0, "sigma": 1.0},
        {"stream": "ore", "quantity": "moisture", "value": 0.08, "sigma": 0.005, "meter": "oven"},
        {"stream": "feed", "quantity": "wet_mass", "value": 130.0, "sigma": 1.0},
    ]
    shared = [
        {"a": {"stream": "ore", "quantity": "wet_mass"}, "b": {"stream": "feed", "quantity": "wet_mass"}, "cov": 0.3}
    ]
    content = changed(
        BALANCE, ("measurements", BALANCE["measurements"] + wet), ("covariances", shared), ("linear_constraints", []),
        ("fixed", [{"stream": "feed", "quantity": "moisture", "value": 0.2}]), ("closure", {}), ("streams.1.to", None),
    )  # fmt: skip
    network = read(tmp_path, content)
    assert isinstance(network, Network)
    assert [(one.quantity, one.value) for one in network.readings[-3:]] == [
        ("wet_mass", 110.0),
        ("moisture", 0.08),
        ("wet_mass", 130.0),
    ]
    answer = solve_problem(tmp_path / "problem.json")
    values = answer["reconciled"]["ore"]
    assert values["mass"] == pytest.approx(values["wet_mass"] * (1 - values["moisture"]))
    assert answer["reconciled"]["feed"]["mass"] == pytest.approx(answer["reconciled"]["feed"]["wet_mass"] * 0.8)
    assert answer["sigma_reconciled"]["feed"]["moisture"] == pytest.approx(0.0, abs=1e-12)
    assert answer["classification"]["measured"]["ore"]["moisture"] == "redundant"
    assert "moisture" not in answer["classification"]["unmeasured"]["feed"]


BALANCE_FAULTS = [
    ("measurements.3", {"stream": "conc", "quantity": "moisture", "value": 8.0, "sigma": 0.5},
     "problem.json: measurements[3].value: a wet mass must be above zero and a moisture below one"),
    ("measurements.3", {"stream": "conc", "quantity": "moisture", "below": 0.1, "sigma": 0.5},
     "problem.json: measurements[3].below: moisture is read as a value, not as a limit"),
    ("measurements.3.quantity", "humidity",
     "problem.json: measurements[3].quantity: quantity 'humidity' is no mass, wet_mass or moisture, and no component of stream 'conc'"),
    ("linear_constraints.0.terms.0.quantity", "wet_mass",
     "problem.json: linear_constraints[0].terms[0].quantity: extra equations join dry masses and assays only, not wet mass of stream 'conc'"),
    ("components", ["Cu", "moisture"], "problem.json: components: no component can be called 'moisture'"),
    ("nodes.0.balance", {"mass": "false"}, "problem.json: nodes[0].balance.mass: 'mass' must be true or false"),
    ("nodes.1.id", "mill", "problem.json: nodes[1].id: node 'mill' is declared twice"),
    ("nodes.1.balance", {"component": ["Cu"]},
     "problem.json: nodes[1].balance: 'component' is not known here; did you mean 'components'?"),
    ("streams.1.to", ["cells"], "problem.json: streams[1].to: node '['cells']' does not exist"),
    ("streams.3.role", "stock",
     "problem.json: streams[3].role: role 'stock' is not known: write opening_stock, closing_stock, or leave it out"),
    ("components", ["Cu", "Fe", "Cu"], "problem.json: components: component 'Cu' is listed twice"),
    ("components", ["Cu", "Fe", "mass"], "problem.json: components: no component can be called 'mass'"),
    ("assay_total", -1.0, "problem.json: assay_total: 'assay_total' must be above zero"),
    ("assay_total", "all", "problem.json: assay_total: 'assay_total' must be a number"),
    ("bounds", {"mass": [1, None]},
     "problem.json: bounds.mass: masses are kept at 0 or above and assays from 0 to 'assay_total' (1): other bounds "
     "are not supported"),
    ("measurements.0.sigma", 0, "problem.json: measurements[0].sigma: 'sigma' must be above zero"),
    ("measurements.0.value", None, "problem.json: measurements[0]: either 'value' or 'below' is needed"),
    ("measurements.0.value", True, "problem.json: measurements[0].value: 'value' must be a number"),
    ("measurements.2.value", 0.02, "problem.json: measurements[2]: either 'value' or 'below' is needed"),
    ("measurements.1.meter", "belt",
     "problem.json: measurements[1]: dry mass of stream 'ore' is measured twice: give each reading its own 'meter'"),
    ("measurements.0", {"stream": "ore", "quantity": "mass", "value": 1.0, "sgima": 1.0, "sigma": 1.0},
     "problem.json: measurements[0]: 'sgima' is not known here; did you mean 'sigma'?"),
    ("closure.total", 0, "problem.json: closure.total: 'total' must be above zero"),
    ("closure.streams", ["rock"], "problem.json: closure.streams: 'rock' does not exist"),
    ("covariances.0.a.meter", "scales", "problem.json: covariances[0].a: there is no reading of dry mass of stream 'ore'"),
    ("covariances.0.b", {"stream": "feed", "quantity": "Cu"},
     "problem.json: covariances[0].b: there is no reading of Cu of stream 'feed'"),
    ("covariances.0.cov", 0.1,
     "problem.json: covariances[0].cov: 'cov' must be smaller than the product of the two standard deviations"),
    ("linear_constraints.0.terms", [], "problem.json: linear_constraints[0]: 'terms' is missing"),
    ("linear_constraints.0.terms.0.coef", "1", "problem.json: linear_constraints[0].terms[0].coef: 'coef' must be a number"),
    ("kind", "cubic", "problem.json: kind: kind 'cubic' is not known: write linear, bilinear or nonlinear"),
    ("schema", "recon-problem/2", "problem.json: schema: schema 'recon-problem/2' is not known: 'recon-problem/1' is needed"),
    ("constraints", ["x - 1"], "problem.json: constraints: 'constraints' has no place in a problem of the kind linear / bilinear"),
    ("mesurements", [], "problem.json: mesurements: 'mesurements' is not known here; did you mean 'measurements'?"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "said"), BALANCE_FAULTS, ids=[one[2][:60] for one in BALANCE_FAULTS])
def test_a_fault_of_a_balance_is_told_with_its_place(tmp_path, place, value, said):
    with pytest.raises(DataError) as error:
        read(tmp_path, changed(BALANCE, (place, value)))
    assert said in str(error.value).split("\n")


def test_everything_that_free_equations_hold_is_read(tmp_path):
    problem = read(tmp_path, FREE)
    assert isinstance(problem, FreeProblem)
    assert [(one.id, one.reading, one.sigma, one.start) for one in problem.variables] == [
        ("a", 2.0, 0.1, 1.0),
        ("b", 3.0, 0.1, None),
        ("c", None, None, None),
    ]
    assert (problem.variables[2].lower, problem.variables[2].upper) == (0.0, 100.0)
    assert [one.text for one in problem.equations] == ["c - g*a*b", "c - 60"]
    assert problem.equations[0].numbers == (9.81,)
    assert problem.covariances == (("a", "b", 0.002),)


FREE_FAULTS = [
    ("constraints.1.expr", "c - d", "problem.json: constraints[1].expr: 'd' at position 5 is neither a variable nor a parameter"),
    ("constraints.0", "c -", "problem.json: constraints[0]: the expression cannot be read at position 3: an operator, a value or a bracket is missing there"),
    ("constraints.0", 5, "problem.json: constraints[0]: an expression is needed here, as a text"),
    ("constraints.1", {"exp": "c"}, "problem.json: constraints[1]: 'exp' is not known here; did you mean 'expr'?"),
    ("constraints", "c - 60", "problem.json: constraints: 'constraints' must be a list"),
    ("constraints", [], "problem.json: constraints: 'constraints' is missing"),
    ("variables", [], "problem.json: variables: 'variables' is missing"),
    ("variables.0.id", "feed.mass",
     "problem.json: variables[0].id: 'feed.mass' cannot stand in an expression: a name has letters, digits and _, begins with a letter, and is no function"),
    ("variables.1.id", "a", "problem.json: variables[1].id: 'a' is declared twice"),
    ("variables.1.sigma", -0.1, "problem.json: variables[1].sigma: 'sigma' must be above zero"),
    ("variables.1.sigma", None, "problem.json: variables[1].sigma: 'sigma' must be a number"),
    ("variables.2.lower", 200.0, "problem.json: variables[2]: 'lower' must be below 'upper'"),
    ("variables.2", {"id": "c", "mesured": 3.0}, "problem.json: variables[2]: 'mesured' is not known here; did you mean 'measured'?"),
    ("parameters", {"a": 1.0}, "problem.json: parameters.a: 'a' is declared twice"),
    ("parameters", {"g": "nine"}, "problem.json: parameters.g: 'g' must be a number"),
    ("covariances.0.a", "c", "problem.json: covariances[0].a: there is no reading of 'c'"),
    ("bounds", {"c": [0, 1]}, "problem.json: bounds: bounds of free equations stand at each variable: write 'lower' and 'upper' there"),
    ("streams", [{"id": "s"}], "problem.json: streams: 'streams' has no place in a problem of the kind nonlinear"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "said"), FREE_FAULTS, ids=[one[2][:60] for one in FREE_FAULTS])
def test_a_fault_of_free_equations_is_told_with_its_place(tmp_path, place, value, said):
    with pytest.raises(DataError) as error:
        read(tmp_path, changed(FREE, (place, value)))
    assert said in str(error.value).split("\n")


def test_all_faults_come_at_once(tmp_path):
    with pytest.raises(DataError) as error:
        read(
            tmp_path,
            changed(FREE, ("constraints", ["a +", "q", "open(a)"]), ("variables.0.sigma", 0), ("covariances", [])),
        )
    assert len(error.value.faults) == 4


def test_without_a_kind_the_content_decides(tmp_path):
    copy = {key: value for key, value in FREE.items() if key != "kind"}
    assert isinstance(read(tmp_path, copy), FreeProblem)
    copy = {key: value for key, value in BALANCE.items() if key != "kind"}
    assert isinstance(read(tmp_path, copy), Network)
