"""Expressions of free equations, read without ever being run.

The text is parsed by Python's own grammar into a syntax tree, and only numbers, names, ``+ - * / **`` and a few
functions are let through. What comes out is a list of steps, each a number, a variable or one operation on earlier
steps, so that neither reading nor calculating can call anything or go too deep.
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from zveno.errors import DataError, Fault
from zveno.text.mark import tr

FUNCTIONS: Mapping[str, str] = {
    "abs": "abs",
    "atan": "atan",
    "cos": "cos",
    "cosh": "cosh",
    "exp": "exp",
    "ln": "log",
    "log": "log",
    "log10": "log10",
    "sin": "sin",
    "sinh": "sinh",
    "sqrt": "sqrt",
    "tan": "tan",
    "tanh": "tanh",
}
"""Functions by the name that people write; ``log`` and ``ln`` are the natural logarithm."""
_FOLDED: Mapping[str, Callable[..., float]] = {
    "neg": operator.neg,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": math.pow,
    "abs": abs,
    **{name: getattr(math, name) for name in FUNCTIONS.values() if name != "abs"},
}
_OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
}
MOST_CHARACTERS, MOST_STEPS, LARGEST_POWER = 10_000, 4_000, 100
_FOREIGN = re.compile(r"[^\w\s.+\-*/()]")


@dataclass(frozen=True)
class Step:
    """One step of a calculation: ``number`` or ``variable`` with its place in their lists, or an operation.

    ``first`` and ``second`` are places in ``numbers`` or ``variables`` for those two, else earlier steps; a ``power``
    raises step ``first`` to the number ``second``.
    """

    operation: str
    first: int
    second: int = -1


@dataclass(frozen=True)
class Expression:
    """Steps of which the last is the value, over variables by name (in order of their first use) and numbers."""

    text: str
    variables: tuple[str, ...]
    numbers: tuple[float, ...]
    steps: tuple[Step, ...]


def usable_name(name: str) -> bool:
    """Whether an expression can name this: letters, digits and ``_``, not a word of the grammar or a function.

    Examples
    --------
    >>> usable_name("k_1"), usable_name("feed.mass"), usable_name("exp")
    (True, False, False)
    """
    return name.isidentifier() and not keyword.iskeyword(name) and name not in FUNCTIONS


def plain_name(name: str) -> str:
    """A name in the one form in which letters that look the same are the same, as Python's grammar reads it."""
    return unicodedata.normalize("NFKC", name)


def parse(text: str, variables: frozenset[str], parameters: Mapping[str, float], where: str = "") -> Expression | Fault:
    """Read an expression; a fault with its position where that cannot be done.

    Parameters
    ----------
    variables, parameters
        Names that may be used, and the values of those that are numbers.
    where
        Place of the expression, for the fault.

    Examples
    --------
    >>> parse("a*x**2 - y", frozenset("xy"), {"a": 3.0}).variables
    ('x', 'y')
    >>> print(parse("x - open('f')", frozenset("x"), {}))
    the sign ' at position 10 cannot stand in an expression: there are numbers, names, brackets and + - * / **
    """
    try:
        return _Reader(variables, parameters).expression(_tree(text), text)
    except DataError as error:
        return replace(error.faults[0], where=where)


_SIGN = tr(
    "the sign {sign} at position {position} cannot stand in an expression: there are numbers, names, brackets and "
    "+ - * / **"
)
_SIGNS: Mapping[str, str] = {
    "^": tr("a power is written **, not {sign} (position {position})"),
    "=": tr("an expression equals zero by itself: write left - (right), without the sign {sign} (position {position})"),
    ",": tr("the comma at position {position} cannot stand there: decimals have a point, functions take one value"),
}


def _tree(text: str) -> ast.expr:
    """Syntax tree of a text that holds no signs but those of expressions."""
    if not text.strip():
        raise DataError("the expression is empty")
    if len(text) > MOST_CHARACTERS:
        raise DataError(
            "the expression has {length} characters, at most {most} are read: split it with further variables",
            length=len(text),
            most=MOST_CHARACTERS,
        )
    strange = _FOREIGN.search(text)
    if strange:
        sign = strange[0] if strange[0].isprintable() else f"U+{ord(strange[0]):04X}"
        raise DataError(_SIGNS.get(sign, _SIGN), sign=sign, position=strange.start() + 1)
    lead = len(text) - len(text.lstrip())
    try:
        tree = ast.parse(re.sub(r"\s", " ", text[lead:]), mode="eval").body
    except SyntaxError as error:
        raise DataError(
            "the expression cannot be read at position {position}: an operator, a value or a bracket is missing there",
            position=min(lead + error.offset, len(text)) if error.offset else len(text),
        ) from error
    except (MemoryError, RecursionError, ValueError) as error:
        raise DataError("the expression is nested too deeply: split it with further variables") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):  # from bytes to letters of the text as written, counted from 1
            node.col_offset = lead + 1 + len(text[lead:].encode()[: node.col_offset].decode(errors="ignore"))
    return tree


@dataclass
class _Reader:
    """Turns a syntax tree into steps, whatever its depth.

    A value is a number (float), folded as long as only numbers meet, or the place of a step (int).
    """

    known: frozenset[str]
    parameters: Mapping[str, float]
    variables: dict[str, int] = field(default_factory=dict)
    numbers: list[float] = field(default_factory=list)
    steps: dict[Step, int] = field(default_factory=dict)

    def expression(self, tree: ast.expr, text: str) -> Expression:
        """Every node after its parts, with a stack instead of calls."""
        values: list[float | int] = []
        for node in _post_order(tree):
            values.append(self._value(node, values))
        if not self.variables:
            raise DataError("the expression holds no variable")
        return Expression(text, tuple(self.variables), tuple(self.numbers), tuple(self.steps))

    def _value(self, node: ast.expr, values: list[float | int]) -> float | int:
        """Value of a node whose parts are the last values."""
        if isinstance(node, ast.Constant):
            return _constant(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.BinOp):
            second, first = values.pop(), values.pop()
            return self._combine(node, _OPERATORS[type(node.op)], first, second)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._combine(node, FUNCTIONS[node.func.id], values.pop())
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self._combine(node, "neg", values.pop())
        return values.pop()

    def _name(self, node: ast.Name) -> float | int:
        """A variable, or the value of a parameter."""
        if node.id in self.parameters:
            return float(self.parameters[node.id])
        if node.id in self.known:
            return self._step(Step("variable", self.variables.setdefault(node.id, len(self.variables))))
        near = get_close_matches(node.id, [*self.known, *self.parameters], n=1)
        raise DataError(
            "'{name}' at position {position} is neither a variable nor a parameter",
            position=node.col_offset,
            name=node.id,
            near=near[0] if near else "",
        )

    def _combine(self, node: ast.expr, operation: str, *parts: float | int) -> float | int:
        """An operation on steps; on numbers alone it is done at once."""
        numbers = [one for one in parts if isinstance(one, float)]
        if len(numbers) == len(parts):
            return _folded(node, operation, numbers)
        if operation == "div" and numbers and numbers[0] == 0 and isinstance(parts[1], float):
            raise DataError(_NO_VALUE, position=node.col_offset)
        if operation == "pow" and isinstance(parts[1], float):
            if abs(parts[1]) > LARGEST_POWER:
                raise DataError(
                    "the power {power} at position {position} is too large: at most {most}",
                    position=node.col_offset,
                    power=parts[1],
                    most=LARGEST_POWER,
                )
            return self._step(Step("power", self._place(parts[0]), self._number(parts[1])))
        return self._step(Step(operation, *(self._place(one) for one in parts)))

    def _place(self, value: float | int) -> int:
        """Step of a value; a number becomes one."""
        return self._step(Step("number", self._number(value))) if isinstance(value, float) else value

    def _number(self, value: float) -> int:
        """A number's place; each has its own, so that equations of one form have one list of steps."""
        self.numbers.append(value)
        return len(self.numbers) - 1

    def _step(self, step: Step) -> int:
        """Place of a step; the same step is taken once."""
        if step not in self.steps and len(self.steps) >= MOST_STEPS:
            raise DataError(
                "the expression has more than {most} operations: split it with further variables", most=MOST_STEPS
            )
        return self.steps.setdefault(step, len(self.steps))


_NO_VALUE = tr(
    "the part of the expression at position {position} has no value: it divides by zero, or takes a root, a logarithm "
    "or a power that does not exist"
)


def _folded(node: ast.expr, operation: str, numbers: list[float]) -> float:
    """A number made of numbers."""
    try:
        value = float(_FOLDED[operation](*numbers))
    except (ValueError, ArithmeticError) as error:
        raise DataError(_NO_VALUE, position=node.col_offset) from error
    if not math.isfinite(value):
        raise DataError(_NO_VALUE, position=node.col_offset)
    return value


def _constant(node: ast.Constant) -> float:
    """A number."""
    if isinstance(node.value, (bool, complex)) or not isinstance(node.value, (int, float)):
        raise DataError(_ARITHMETIC, position=node.col_offset)
    try:
        value = float(node.value)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise DataError("the number at position {position} is too large", position=node.col_offset)
    return value


def _post_order(tree: ast.expr) -> Iterator[ast.expr]:
    """Every node after its parts."""
    stack: list[tuple[ast.expr, bool]] = [(tree, False)]
    while stack:
        node, done = stack.pop()
        if done:
            yield node
            continue
        stack.append((node, True))
        stack += [(one, False) for one in reversed(_parts(node))]


_ARITHMETIC = tr(
    "only numbers, names, brackets, + - * / ** and functions of one value can stand at position {position}"
)


def _parts(node: ast.expr) -> tuple[ast.expr, ...]:
    """What a node is made of; anything that is not arithmetic is refused here."""
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return node.left, node.right
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return (node.operand,)
    if isinstance(node, ast.Call):
        return (_argument(node),)
    if isinstance(node, (ast.Constant, ast.Name)):
        return ()
    raise DataError(_ARITHMETIC, position=node.col_offset)


def _argument(node: ast.Call) -> ast.expr:
    """The one value of a known function."""
    if not isinstance(node.func, ast.Name):
        raise DataError(
            "an operator is missing between the brackets or values at position {position}", position=node.col_offset
        )
    if node.func.id not in FUNCTIONS:
        raise DataError(
            "function '{name}' at position {position} is not known: there are {known}",
            position=node.col_offset,
            name=node.func.id,
            known=tuple(FUNCTIONS),
        )
    if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
        raise DataError(
            "function '{name}' at position {position} takes one value", position=node.col_offset, name=node.func.id
        )
    return node.args[0]
