"""The answer to a problem file: closed lines, nominal tests, readings in question, and what cannot be solved."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.depth import deep

from zveno.chain import Scrutiny, solve_problem
from zveno.errors import DataError, SolveError, ZvenoError

Answer = dict[str, Any]


def read(stream: str, quantity: str, value: float | None, sigma: float = 1.0, **others: Any) -> Answer:
    return {"stream": stream, "quantity": quantity, "sigma": sigma, "value": value, **others}


def fixed(stream: str, quantity: str, value: float) -> Answer:
    return {"stream": stream, "quantity": quantity, "value": value}


def equation(rhs: float, **coefs: float) -> Answer:
    return {"terms": [{"stream": one, "quantity": "mass", "coef": coef} for one, coef in coefs.items()], "rhs": rhs}


F, C, T = read("f", "mass", 100.0), read("c", "mass", 30.0), read("t", "mass", 69.0)


def splitter(*readings: Answer, **others: Any) -> Answer:
    streams = [{"id": "f", "from": None, "to": "A"}, *({"id": one, "from": "A", "to": None} for one in "ct")]
    return {"nodes": [{"id": "A"}], "streams": streams, "measurements": [*readings], **others}


def solved(tmp_path: Path, content: Answer, *asked: str) -> Answer:
    path = tmp_path / "p.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return solve_problem(path, Scrutiny(asked=asked))


def refused(tmp_path: Path, content: Answer, kind: type[ZvenoError], *asked: str) -> str:
    with pytest.raises(kind) as caught:
        solved(tmp_path, content, *asked)
    (one,) = caught.value.faults
    return str(one)


def test_a_closed_line_carries_nothing_and_the_rest_balances_without_it(tmp_path):
    answer = solved(tmp_path, splitter(F, T, fixed=[fixed("c", "mass", 0)]))
    assert answer["reconciled"]["c"] == {"mass": 0.0}
    assert answer["sigma_reconciled"]["c"] == {"mass": 0.0}
    for stream in "ft":
        assert answer["reconciled"][stream]["mass"] == pytest.approx(84.5)
    assert (answer["objective"], answer["dof"]) == (pytest.approx(31**2 / 2), 1)
    assert answer["classification"] == {
        "measured": {"f": {"mass": "redundant"}, "t": {"mass": "redundant"}}, "unmeasured": {}
    }  # fmt: skip


def test_a_meter_on_a_closed_line_counts_by_what_it_shows_too_much(tmp_path):
    meter = read("c", "mass", 0.6, 0.2)
    shut = solved(tmp_path, splitter(F, T, meter, fixed=[fixed("c", "mass", 0)]))
    # the same by hand: a line of 5 t that is not in the balance, read as 5.6 t
    beside = splitter(F, T, read("beside", "mass", 5.6, 0.2), fixed=[fixed("beside", "mass", 5)])
    beside["streams"][1:2] = [{"id": "beside", "from": None, "to": None}]
    hand = solved(tmp_path, beside)
    assert shut["objective"] == pytest.approx(hand["objective"])
    assert shut["dof"] == hand["dof"] == 2
    z = {one["stream"]: one["z"] for one in shut["suspects"]}
    assert z["f"] == pytest.approx(31 / 2**0.5)
    alone = solved(tmp_path, splitter(F, read("t", "mass", 100.0), meter, fixed=[fixed("c", "mass", 0)]), "c.mass")
    (asked,) = alone["in_question"]
    assert (asked["z"], asked["bias"], asked["off"]) == (pytest.approx(3.0), pytest.approx(0.6), True)


def test_assays_of_a_closed_line_say_nothing(tmp_path):
    assays = [read("f", "Cu", 0.02, 0.001), read("t", "Cu", 0.02, 0.001), read("c", "Cu", 0.3, 0.01)]
    shares = [{"terms": [{"stream": "c", "quantity": "Cu", "coef": 1.0}], "rhs": 0.25}]
    answer = solved(tmp_path, splitter(F, read("t", "mass", 100.0), *assays, components=["Cu"],
                                       linear_constraints=shares, fixed=[fixed("c", "mass", 0)]))  # fmt: skip
    assert answer["objective"] == pytest.approx(0.0, abs=1e-9)
    assert answer["reconciled"]["c"] == {"mass": 0.0, "Cu": None}
    assert answer["classification"]["measured"]["c"] == {"Cu": "non_redundant"}


def test_what_hangs_on_a_closed_line_is_closed_too(tmp_path):
    content = splitter(F, C, T, fixed=[fixed("in", "mass", 0)])
    content["nodes"].append({"id": "B"})
    content["streams"] += [{"id": "in", "from": None, "to": "B"}, {"id": "out", "from": "B", "to": None}]
    answer = solved(tmp_path, content)
    assert answer["reconciled"]["out"] == {"mass": 0.0}
    assert answer["classification"]["unmeasured"] == {"out": {"mass": "observable"}}
    assert answer["objective"] == pytest.approx(1 / 3)
    content["fixed"].append(fixed("out", "mass", 5))
    assert refused(tmp_path, content, DataError).startswith("p.json: stream 'out' can carry nothing")


UNSOLVED: dict[str, tuple[Answer, type[ZvenoError], str]] = {
    "all is fixed": (
        splitter(F, fixed=[fixed(one, "mass", size) for one, size in (("f", 100), ("c", 30), ("t", 70))]),
        DataError, "p.json: every mass and every assay is fixed: nothing is left to reconcile",
    ),
    "all is fixed and does not balance": (
        splitter(F, fixed=[fixed(one, "mass", size) for one, size in (("f", 100), ("c", 30), ("t", 60))]),
        DataError, "p.json: the fixed values contradict the balance of dry mass at 'A'",
    ),
    "equations that contradict each other": (
        splitter(F, C, T, linear_constraints=[equation(100, f=1), equation(101, f=1)]),
        DataError, "p.json: the extra equation on f.mass contradicts the other equations, the balances or the fixed",
    ),
    "a product larger than the feed": (
        splitter(F, C, T, linear_constraints=[equation(-5, f=1, c=-1)]),
        SolveError, "p.json: no masses and flows of zero and above meet all equations; these are in the way: the extra "
        "equation on f.mass + c.mass",
    ),
    "a closure that fixed assays leave too much": (
        splitter(F, components=["Cu", "Fe"], closure={"total": 1.8}, fixed=[fixed("f", "Cu", 0.5)]),
        DataError, "p.json: the fixed assays of stream 'f' leave 1.3 for the others",
    ),
    "an equation on closed lines": (
        splitter(F, C, T, fixed=[fixed("c", "mass", 0)], linear_constraints=[equation(4, c=2)]),
        DataError, "p.json: the equation on c.mass wants 4, but all of these streams are fixed at zero",
    ),
    "free equations that nothing meets": (
        {"kind": "nonlinear", "variables": [{"id": "a", "measured": 2.0, "sigma": 0.1}], "constraints": ["a**2 + 1"]},
        SolveError, "p.json: ",
    ),
}  # fmt: skip


NOTHING_MEETS = "free equations that nothing meets"  # found only when every start has been tried


@pytest.mark.parametrize("name", [deep(one) if one == NOTHING_MEETS else one for one in UNSOLVED])
def test_what_cannot_be_solved_is_said_with_the_file_and_the_equation(tmp_path, name):
    content, kind, said = UNSOLVED[name]
    assert refused(tmp_path, content, kind).startswith(said)


@pytest.mark.parametrize("share", [1e-6, 1e-7, 1e-9])
def test_one_reading_far_finer_than_the_others_is_solved(tmp_path, share):
    fine = read("f", "mass", 100.0, 100 * share)
    assays = [read("f", "Cu", 0.01, 0.01 * share), read("c", "Cu", 0.03, 0.001), read("t", "Cu", 0.002, 1e-4)]
    plain = solved(tmp_path, splitter(fine, C, T))
    assert plain["objective"] == pytest.approx(0.5, rel=1e-6)
    assert plain["reconciled"]["c"]["mass"] == pytest.approx(30.5)
    told = splitter(C, T, *assays[1:], components=["Cu"], fixed=[fixed("f", "mass", 100), fixed("f", "Cu", 0.01)])
    exact = solved(tmp_path, told)
    near = solved(tmp_path, splitter(fine, C, T, *assays, components=["Cu"]))
    assert near["objective"] == pytest.approx(exact["objective"], rel=1e-5)
    assert near["reconciled"]["c"]["Cu"] == pytest.approx(exact["reconciled"]["c"]["Cu"], rel=1e-6)


def test_a_bound_that_holds_makes_the_tests_nominal(tmp_path):
    answer = solved(tmp_path, splitter(F, read("c", "mass", -3.0), read("t", "mass", 99.0)))
    assert answer["tests"] == "nominal"
    assert answer["nominal_because"] == {"bounds": [{"stream": "c", "quantity": "mass"}], "limits": []}
    free = solved(tmp_path, splitter(F, C, T))
    assert (free["tests"], free["nominal_because"]) == ("as stated", {"bounds": [], "limits": []})


def test_an_assay_at_pure_makes_the_tests_nominal(tmp_path):
    assays = [read("c", "Cu", 1.3, 0.01), read("f", "Cu", 0.33, 0.01)]
    answer = solved(tmp_path, splitter(F, C, T, *assays, components=["Cu"]))
    assert answer["nominal_because"]["bounds"] == [{"stream": "c", "quantity": "Cu"}]


@pytest.mark.parametrize(("limit", "counts"), [(29.0, True), (32.0, True), (40.0, False)])
def test_a_limit_makes_the_tests_nominal_where_it_counts(tmp_path, limit, counts):
    answer = solved(tmp_path, splitter(F, C, T, read("c", "mass", None, 1.0, below=limit, meter="b")))
    assert answer["nominal_because"]["limits"] == ([{"stream": "c", "quantity": "mass"}] if counts else [])
    assert answer["tests"] == ("nominal" if counts else "as stated")


def test_a_variable_at_its_bound_makes_the_tests_nominal(tmp_path):
    variables = [{"id": "x", "measured": 1.0, "sigma": 0.1}, {"id": "y", "measured": -0.5, "sigma": 0.1},
                 {"id": "a", "lower": 0.0}]  # fmt: skip
    answer = solved(tmp_path, {"kind": "nonlinear", "variables": variables, "constraints": ["y - a*x"]})
    assert answer["nominal_because"] == {"bounds": [{"variable": "a"}], "limits": []}


def test_a_reading_in_question_is_tested_for_itself(tmp_path):
    belt = read("f", "mass", 104.0, meter="belt")
    answer = solved(tmp_path, splitter(belt, C, T), "belt")
    (one,) = answer["in_question"]
    # 104 - 99 over the root of three, held against the limit of one test
    assert one["z"] == pytest.approx(5 / 3**0.5)
    assert one["off"]
    assert one["shows_from"] == pytest.approx((1.95996 + 0.84162) * 3**0.5, rel=1e-4)
    assert solved(tmp_path, splitter(belt, C, T), "belt", "c.mass")["in_question"][1]["stream"] == "c"


def test_a_reading_in_question_that_nothing_checks_is_told_without_numbers(tmp_path):
    (one,) = solved(tmp_path, splitter(F), "f.mass")["in_question"]
    assert (one["z"], one["off"], one["status"]) == (None, None, "non_redundant")


def test_a_name_of_no_meter_is_refused(tmp_path):
    content = splitter(read("f", "mass", 100.0, meter="belt"), C, T)
    assert refused(tmp_path, content, DataError, "blt") == (
        "p.json: there is no meter 'blt' in this problem: name a meter, or a reading as stream.quantity; did you mean "
        "'belt'?"
    )
    variables = [{"id": "width", "measured": 1.0, "sigma": 0.1}, {"id": "height", "measured": 1.0, "sigma": 0.1}]
    free = {"kind": "nonlinear", "variables": variables, "constraints": ["width - height"]}
    assert "did you mean 'width'?" in refused(tmp_path, free, DataError, "widht")
    assert solved(tmp_path, free, "width")["in_question"][0]["off"] is False


@pytest.mark.parametrize("scrutiny", [Scrutiny(robust="huber"), Scrutiny("fdr")])
def test_free_equations_have_one_way_of_testing(tmp_path, scrutiny):
    variables = [{"id": "a", "measured": 1.0, "sigma": 0.1}, {"id": "b", "measured": 1.0, "sigma": 0.1}]
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"kind": "nonlinear", "variables": variables, "constraints": ["a - b"]}))
    choice = scrutiny.robust or scrutiny.correction
    with pytest.raises(DataError, match=rf"p\.json: free equations have one way of testing: leave --\w+ {choice} out"):
        solve_problem(path, scrutiny)
