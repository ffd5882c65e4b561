"""Expressions of several tags as SQL.

A database stops at a division by zero or the root of a negative number; what has no value is guarded, so that it is
unknown there, as it is for floating-point numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from zveno.errors import Fault, RuleError
from zveno.model.expression import Expression, Step, parse
from zveno.rules.sql.dialect import Dialect, literal

LETTERS = ("a", "b", "c", "d")
_HOURS = re.compile(r"\bhours\s*\(")
_NONE = "'NaN'::FLOAT8"
_LARGEST = 700  # of what e is raised to
_TWO: Mapping[str, str] = {"add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})"}
_ONE: Mapping[str, str] = {"neg": "(-{0})", "abs": "abs({0})", "atan": "atan({0})"}
_FINITE = "{0} > '-Infinity'::FLOAT8 AND {0} < 'Infinity'::FLOAT8"
#: where a function of one value has one
_DOMAIN: Mapping[str, str] = {
    "sqrt": "{0} >= 0", "log": "{0} > 0", "log10": "{0} > 0", "cos": _FINITE, "sin": _FINITE, "tan": _FINITE,
    "tanh": _FINITE, "exp": f"abs({{0}}) < {_LARGEST}", "cosh": f"abs({{0}}) < {_LARGEST}",
    "sinh": f"abs({{0}}) < {_LARGEST}",
}  # fmt: skip
_SQL_NAME = {"log": "ln"}


def calculated(text: str, given: str, dialect: Dialect) -> str:
    """A query over another that holds letters, with the value of an expression added as ``value``.

    Each step is a column of a query around the one before, so that no part is written twice.
    """
    read = parse(_HOURS.sub("1 * (", text), frozenset(LETTERS), {})
    if isinstance(read, Fault):
        raise RuleError([read])
    query = f"({given}) x"
    for n, step in enumerate(read.steps):
        query = f"(SELECT *, {_step(read, step, dialect)} AS x{n} FROM {query}) x"
    return f"(SELECT *, x{len(read.steps) - 1} AS value FROM {query}) x"


def _step(read: Expression, step: Step, dialect: Dialect) -> str:
    """SQL of one step, of letters, numbers and earlier steps."""
    if step.operation == "number":
        return literal(read.numbers[step.first], "f")
    if step.operation == "variable":
        return read.variables[step.first]
    one = f"x{step.first}"
    if step.operation == "power":
        return _power(one, read.numbers[step.second])
    if step.second >= 0:
        return _of_two(step.operation, one, f"x{step.second}")
    if step.operation in _ONE:
        return _ONE[step.operation].format(one)
    call = dialect.function(_SQL_NAME.get(step.operation, step.operation), one)
    return f"CASE WHEN {_DOMAIN[step.operation].format(one)} THEN {call} ELSE {_NONE} END"


def _of_two(operation: str, one: str, other: str) -> str:
    """An operation on two steps."""
    if operation in _TWO:
        return _TWO[operation].format(one, other)
    return _GUARDED[operation](one, other)


def _over(one: str, other: str) -> str:
    return (
        f"CASE WHEN {other} <> 0 THEN {one} / {other} WHEN {one} > 0 THEN 'Infinity'::FLOAT8 "
        f"WHEN {one} < 0 THEN '-Infinity'::FLOAT8 ELSE {_NONE} END"
    )


def _raised(one: str, other: str) -> str:
    """One step to the power of another."""
    return f"CASE WHEN {one} > 0 THEN power({one}, {other}) WHEN {one} = 0 AND {other} > 0 THEN 0 ELSE {_NONE} END"


def _power(one: str, number: float) -> str:
    """A step to the power of a number; of a negative one only where the power is whole."""
    raised = literal(number, "f")
    low = "TRUE" if number.is_integer() else f"{one} >= 0"
    zero = "TRUE" if number >= 0 else f"{one} <> 0"
    return f"CASE WHEN {low} AND {zero} THEN power({one}, {raised}) ELSE {_NONE} END"


_GUARDED: Mapping[str, Callable[[str, str], str]] = {"div": _over, "pow": _raised}
