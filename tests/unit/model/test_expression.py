"""Expressions of problem files: what is read, what is refused, and where the fault is said to be."""

import pytest

from zveno.errors import Fault
from zveno.model.expression import MOST_CHARACTERS, Expression, parse

NAMES = frozenset({"x", "y", "k_1", "масса"})


def read(text: str, parameters: dict[str, float] | None = None) -> Expression | Fault:
    return parse(text, NAMES, parameters or {}, "problem.json: constraints[2]")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch broken')",
        "open('broken', 'w')",
        "().__class__.__bases__[0].__subclasses__()",
        "x.__class__",
        "x[0]",
        "[x for x in (1, 2)]",
        "(lambda: 1)()",
        "x if y else 2",
        "x and y",
        "not x",
        "x < y",
        "x is y",
        "x @ y",
        "x // y",
        "x % y",
        "x | y",
        "~x",
        "(z := 3) + x",
        "f'{x}'",
        "b'x' + x",
        "x + 'a' * 99",
        "{x}",
        "x; y",
        "import os",
        "await x",
        "yield x",
        "*x",
        "exp(*x)",
        "exp(x=1)",
        "exp()",
        "exp(x)(y)",
        "eval(x)",
        "exec(x)",
        "getattr(x)",
        "None + x",
        "True + x",
        "... + x",
        "1j * x",
        "x\\",
        "x # y",
        "x\x00",
        "x = y",
        "x == y",
        "x^2",
        "x +",
        "(x",
        "x)",
        "x y",
        "x 2",
        "2x",
        "2(x)",
        "",
        "   ",
        "2 + 3",
        "1/0 + x",
        "x/(3 - 3)",
        "log(0) + x",
        "(-8)**(1/3) + x",
        "9**9**9**9 + x",
        "exp(1000) + x",
        "1e999 + x",
        "9" * 5000 + "+ x",
        "x**101",
        "-" * 9000 + "x",
        "(" * 500 + "x" + ")" * 500,
        "x**" * 3000 + "x",
        "+".join(["x"] * 4500),
        "x + " * MOST_CHARACTERS + "x",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_what_is_not_arithmetic_is_a_fault_and_nothing_runs(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = read(text)
    assert isinstance(found, Fault)
    assert found.where == "problem.json: constraints[2]"
    assert str(found)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("x + z", 5),
        ("  x + z", 7),
        ("масса + z", 9),  # letters, not bytes
        ("x\n + z", 6),
        ("x + foo(y)", 5),
        ("x + y^2", 6),
        ("x + y = 2", 7),
        ("x + max(x, y)", 10),
        ("x + (3)(y)", 5),
        ("x * log(-1)", 5),
    ],
)
def test_the_fault_says_the_position_in_the_text_as_written(text, position):
    assert f"position {position}" in str(read(text))


def test_a_name_that_was_perhaps_meant_is_offered():
    assert str(read("k1 + x")) == (
        "problem.json: constraints[2]: 'k1' at position 1 is neither a variable nor a parameter; did you mean 'k_1'?"
    )


def test_names_that_look_the_same_are_one_name():
    found = read("ｘ + y")  # a full-width x, which Python's grammar reads as x
    assert isinstance(found, Expression)
    assert found.variables == ("x", "y")


def test_parameters_and_numbers_are_folded():
    found = read("a*2*x - sqrt(a) - y", {"a": 9.0})
    assert isinstance(found, Expression)
    assert found.numbers == (18.0, 3.0)
    assert found.variables == ("x", "y")


def test_a_long_sum_is_read_whatever_its_depth():
    found = read(" + ".join(["x*y"] * 600))
    assert isinstance(found, Expression)
    assert found.steps[-1].operation == "add"


def test_what_comes_twice_is_calculated_once():
    found = read("exp(x) + exp(x)*y")
    assert isinstance(found, Expression)
    assert [one.operation for one in found.steps].count("exp") == 1
