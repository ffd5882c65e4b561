"""Problem files that cannot be meant: each is refused with one message that names the file and the entry."""

import json
from pathlib import Path
from typing import Any

import pytest

from zveno.chain import solve_problem
from zveno.errors import DataError
from zveno.sources import read_problem


def line(quantity: str, value: float, sigma: float = 1.0, stream: str = "f", **others: Any) -> dict[str, Any]:
    return {"stream": stream, "quantity": quantity, "value": value, "sigma": sigma, **others}


READ = [line("mass", 100), line("mass", 30, stream="c"), line("mass", 69, stream="t")]


def splitter(**others: Any) -> dict[str, Any]:
    """One node with a feed and two products, all of them weighed."""
    streams = [{"id": "f", "from": None, "to": "A"}, *({"id": one, "from": "A", "to": None} for one in "ct")]
    return {"nodes": [{"id": "A"}], "streams": streams, "measurements": READ, **others}


def free(**others: Any) -> dict[str, Any]:
    read = [{"id": name, "measured": size, "sigma": 0.1} for name, size in (("a", 2.0), ("b", 3.0), ("c", 6.0))]
    return {"kind": "nonlinear", "variables": read, "constraints": ["a*b - c"], **others}


def written(tmp_path: Path, content: dict[str, Any] | str) -> Path:
    path = tmp_path / "p.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def refused(tmp_path: Path, content: dict[str, Any] | str) -> str:
    with pytest.raises(DataError) as caught:
        read_problem(written(tmp_path, content))
    (one,) = caught.value.faults
    return str(one)


CU = {"components": ["Cu"]}
END = {"stream": "f", "quantity": "mass"}
TERM = {"stream": "f", "quantity": "mass", "coef": 1}
IMPOSSIBLE: dict[str, tuple[dict[str, Any], str]] = {
    "assay above pure": (
        splitter(**CU, fixed=[{"stream": "f", "quantity": "Cu", "value": 1.5}]),
        "p.json: fixed[0].value: the fixed assay 1.5 lies above 'assay_total' (1)",
    ),
    "total of a closure": (
        splitter(components=["Cu", "Fe"], closure={"components": ["Cu", "Fe"], "total": 2.5}),
        "p.json: closure.total: 2.5 cannot be reached in stream 'f': it carries 2 of the components",
    ),
    "total of a closure of what a stream carries": (
        {**splitter(components=["Cu", "Fe"], closure={"total": 1.5}),
         "streams": [{"id": "f", "from": None, "to": "A"}, {"id": "c", "from": "A", "to": None, "components": ["Cu"]}],
         "measurements": [line("mass", 100)]},
        "p.json: closure.total: 1.5 cannot be reached in stream 'c': it carries 1 of the components",
    ),
    "equation that fixes an assay above pure": (
        splitter(**CU, linear_constraints=[{"terms": [{"stream": "c", "quantity": "Cu", "coef": 1}], "rhs": 1.25}]),
        "p.json: linear_constraints[0]: no masses of zero or above and no assays from 0 to 1 meet this equation",
    ),
    "masses that sum up below nothing": (
        splitter(linear_constraints=[{"terms": [TERM, {**TERM, "stream": "c"}], "rhs": -5}]),
        "p.json: linear_constraints[0]: no masses of zero or above",
    ),
    "equation of nothing": (
        splitter(linear_constraints=[{"terms": [{**TERM, "coef": 0}], "rhs": 1}]),
        "p.json: linear_constraints[0]: no masses of zero or above",
    ),
    "limit of nothing": (
        splitter(**CU, measurements=[*READ, {"stream": "f", "quantity": "Cu", "below": -0.1, "sigma": 0.01}]),
        "p.json: measurements[3].below: nothing lies below -0.1",
    ),
    "sigma beyond squares": (
        splitter(measurements=[line("mass", 100, 1e300), *READ[1:]]),
        "p.json: measurements[0].sigma: 'sigma' is out of all bounds: a number may be as large as 1e+150",
    ),
    "value beyond squares": (
        splitter(measurements=[line("mass", -1e200), *READ[1:]]),
        "p.json: measurements[0].value: 'value' is out of all bounds",
    ),
    "sigma that says nothing": (
        splitter(measurements=[line("mass", 100, 1e13), *READ[1:]]),
        "p.json: measurements[0].sigma: 'sigma' is 1e+13 where the largest reading of the kind is 100",
    ),
    "sigma of an assay that says nothing": (
        splitter(**CU, measurements=[*READ, line("Cu", 0.01, 1e10)]),
        "p.json: measurements[3].sigma: 'sigma' is 10000000000 where the largest reading of the kind is 1",
    ),
    "sigma below the last digit": (
        splitter(measurements=[line("mass", 100, 1e-12), *READ[1:]]),
        "p.json: measurements[0].sigma: 'sigma' is 1e-12 at a reading of 100: below 1e-09 of the reading it is known",
    ),
    "sigma below any digit": (
        splitter(measurements=[line("mass", 0, 1e-300), *READ[1:]]),
        "p.json: measurements[0].sigma: 'sigma' is 1e-300 at a reading of 0",
    ),
    "sigma of a variable beyond squares": (
        {**free(), "variables": [{"id": "a", "measured": 2.0, "sigma": 1e300}, *free()["variables"][1:]]},
        "p.json: variables[0].sigma: 'sigma' is out of all bounds",
    ),
    "sigma of a variable that says nothing": (
        {**free(), "variables": [{"id": "a", "measured": 2.0, "sigma": 1e12}, *free()["variables"][1:]]},
        "p.json: variables[0].sigma: 'sigma' is 1e+12 where the largest reading of the kind is 6",
    ),
    "covariance with itself": (
        splitter(covariances=[{"a": END, "b": END, "cov": 0.3}]),
        "p.json: covariances[0]: a covariance joins two readings, but both ends are the same one",
    ),
    "covariance with itself, once by its meter": (
        splitter(measurements=[line("mass", 100, meter="belt"), *READ[1:]],
                 covariances=[{"a": END, "b": {**END, "meter": "belt"}, "cov": 0.3}]),
        "p.json: covariances[0]: a covariance joins two readings, but both ends are the same one",
    ),
    "covariance of a variable with itself": (
        free(covariances=[{"a": "a", "b": "a", "cov": 0.001}]),
        "p.json: covariances[0]: a covariance joins two readings, but both ends are the same one",
    ),
    "covariances that contradict each other": (
        splitter(covariances=[{"a": {**END, "stream": a}, "b": {**END, "stream": b}, "cov": cov}
                              for a, b, cov in (("f", "c", 0.9), ("f", "t", 0.9), ("c", "t", -0.9))]),
        "p.json: covariances: the covariances of these readings contradict each other, no errors can be correlated like "
        "this: c.mass, f.mass, t.mass",
    ),
    "covariances of variables that contradict each other": (
        free(covariances=[{"a": a, "b": b, "cov": cov} for a, b, cov in
                          (("a", "b", 0.009), ("b", "c", 0.009), ("a", "c", -0.009))]),
        "p.json: covariances: the covariances of these readings contradict each other, no errors can be correlated like "
        "this: a, b, c",
    ),
    "key that nothing reads": (
        {**splitter(), "readings": READ},
        "p.json: readings: 'readings' is not known here; did you mean 'measurements'?",
    ),
    "key like no other": ({**splitter(), "zzz": 1}, "p.json: zzz: 'zzz' is not known here"),
    "key of free equations like no other": (
        {**free(), "measurments": []}, "p.json: measurments: 'measurments' is not known here"
    ),
    "terms that are no list": (
        splitter(linear_constraints=[{"terms": "x", "rhs": 0}]),
        "p.json: linear_constraints[0].terms: 'terms' must be a list",
    ),
    "component without a name": (
        splitter(components=["Cu", ""]), "p.json: components[1]: a name is empty here: write one, or leave it out"
    ),
    "stream without a name": (
        splitter(measurements=[], streams=[{"id": "", "from": None, "to": "A"}]),
        "p.json: streams[0].id: 'id' is empty: give it a name",
    ),
    "meters as a list": (
        splitter(measurements=[line("mass", 100, meter=["a"]), *READ[1:]]),
        "p.json: measurements[0].meter: 'meter' must be a text",
    ),
    "name of the problem as a list": (splitter(id=["a"]), "p.json: id: 'id' must be a text"),
    "linear with components": (
        splitter(kind="linear", **CU),
        "p.json: kind: a linear problem holds masses only: write the kind bilinear, or leave 'components' out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_is_refused_by_file_and_entry(tmp_path, name):
    content, said = IMPOSSIBLE[name]
    assert refused(tmp_path, content).startswith(said)


@pytest.mark.parametrize("digits", ["1" + 400 * "0", "1" + 5000 * "0", "-1" + 5000 * "0", "1e400"])
def test_a_number_of_endless_digits_is_refused(tmp_path, digits):
    text = json.dumps(splitter()).replace("100", digits, 1)
    assert refused(tmp_path, text).startswith("p.json: measurements[0].value: 'value' is out of all bounds")


@pytest.mark.parametrize(("text", "where"), [("[" * 100_000, 1), ('\n\n{"a":' * 30_000, 201 + 2)])
def test_brackets_too_deep_to_be_read_are_refused_by_line(tmp_path, text, where):
    assert refused(tmp_path, text) == f"p.json:{where}: brackets stand in brackets more than 100 deep"


def test_a_key_that_comes_twice_is_refused_by_line(tmp_path):
    text = json.dumps(splitter(), indent=1).replace('"value": 30', '"value": 3,\n"val\\u0075e": 30')
    where = text.splitlines().index('"val\\u0075e": 30,') + 1
    assert refused(tmp_path, text) == f"p.json:{where}: 'value' stands twice in one object: leave one of them"
    text = json.dumps(splitter())[:-1] + ', "measurements": []}'
    assert refused(tmp_path, text) == "p.json:1: 'measurements' stands twice in one object: leave one of them"


def test_a_mark_of_the_byte_order_and_remarks_of_the_writer_are_passed_over(tmp_path):
    path = written(tmp_path, splitter())
    plain = solve_problem(path)
    path.write_text(json.dumps({**splitter(), "note": "n", "_mine": [1]}), encoding="utf-8-sig")
    assert solve_problem(path) == plain


@pytest.mark.parametrize("share", [1e-5, 1e-3, 1e3, 1e8])
def test_errors_within_reason_are_solved(tmp_path, share):
    answer = solve_problem(written(tmp_path, splitter(measurements=[line("mass", 100, 100 * share), *READ[1:]])))
    off, total = 1.0, (100 * share) ** 2 + 2
    assert answer["objective"] == pytest.approx(off / total, rel=1e-6)
    assert answer["reconciled"]["c"]["mass"] == pytest.approx(30 + 1 / total, rel=1e-9)
