"""Values, slopes and curvatures of expressions, exact to rounding, for all equations of one form at once.

Steps run forward with the derivatives by every variable beside them, then backward with those of the adjoint
(forward over reverse), so that nothing is differenced and nothing is expanded.

References
----------
Griewank & Walther (2008), Evaluating Derivatives, 2nd ed., ch. 3 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zveno.model.expression import Expression, Step
from zveno.reconcile.arrays import Bools, Floats, Ints

_STRAIGHT = frozenset({"number", "variable", "neg", "add", "sub"})
_MULTIPLES = {"mul": (0, 1), "div": (1,)}


@dataclass(frozen=True)
class Family:
    """Equations with the same steps.

    Parameters
    ----------
    rows
        Their numbers, shape (equations,).
    variables, numbers
        Which variables, shape (equations, variables of one), and which numbers, (equations, numbers of one).
    """

    steps: tuple[Step, ...]
    rows: Ints
    variables: Ints
    numbers: Floats

    @property
    def straight(self) -> bool:
        """Whether all are sums, differences and multiples, which have no curvature."""
        number = [one.operation == "number" for one in self.steps]
        return all(
            one.operation in _STRAIGHT or any(number[_parts(one)[k]] for k in _MULTIPLES.get(one.operation, ()))
            for one in self.steps
        )

    def forward(self, x: Floats) -> list[Floats]:
        """Value of every step, each (equations,)."""
        v: list[Floats] = []
        for one in self.steps:
            if one.operation == "variable":
                v.append(x[self.variables[:, one.first]])
            elif one.operation == "number":
                v.append(self.numbers[:, one.first])
            elif one.operation == "power":
                v.append(v[one.first] ** self.numbers[:, one.second])
            else:
                v.append(_VALUES[one.operation](*(v[k] for k in _parts(one))))
        return v

    def slopes(self, v: Sequence[Floats]) -> Floats:
        """Slopes of the equations by their own variables, (equations, variables of one)."""
        adjoint = np.zeros((len(v), len(self.rows)))
        adjoint[-1] = 1.0
        found = np.zeros(self.variables.shape)
        for k in range(len(v) - 1, -1, -1):
            one = self.steps[k]
            if one.operation == "variable":
                found[:, one.first] += adjoint[k]
                continue
            for part, slope in zip(_parts(one), self._by_part(one, v), strict=True):
                adjoint[part] += adjoint[k] * slope
        return found

    def curvatures(self, v: Sequence[Floats]) -> Floats:
        """Second derivatives, (equations, variables of one, variables of one)."""
        count, width = self.variables.shape
        along: list[Floats] = []  # of every step by every variable
        for one in self.steps:
            if one.operation == "variable":
                along.append(np.broadcast_to(np.eye(width)[one.first], (count, width)))
                continue
            by_part = zip(_parts(one), self._by_part(one, v), strict=True)
            along.append(sum((slope[:, None] * along[part] for part, slope in by_part), np.zeros((count, width))))
        adjoint = np.zeros((len(v), count))
        moved = np.zeros((len(v), count, width))  # of every adjoint by every variable
        adjoint[-1] = 1.0
        found = np.zeros((count, width, width))
        for k in range(len(v) - 1, -1, -1):
            one = self.steps[k]
            if one.operation == "variable":
                found[:, one.first] += moved[k]
                continue
            parts = _parts(one)
            bends = self._bends(one, v)
            for i, (part, slope) in enumerate(zip(parts, self._by_part(one, v), strict=True)):
                adjoint[part] += adjoint[k] * slope
                moved[part] += moved[k] * slope[:, None]
                for j, other in enumerate(parts):
                    moved[part] += (adjoint[k] * bends[i][j])[:, None] * along[other]
        return found

    def _by_part(self, one: Step, v: Sequence[Floats]) -> tuple[Floats, ...]:
        """Slopes of a step by what it is made of."""
        if one.operation == "power":
            return (_power(v[one.first], self.numbers[:, one.second], 1),)
        return _SLOPES[one.operation](*(v[k] for k in _parts(one))) if _parts(one) else ()

    def _bends(self, one: Step, v: Sequence[Floats]) -> tuple[tuple[Floats, ...], ...]:
        """Second derivatives of a step by what it is made of."""
        if one.operation == "power":
            return ((_power(v[one.first], self.numbers[:, one.second], 2),),)
        return _BENDS[one.operation](*(v[k] for k in _parts(one))) if _parts(one) else ()


@dataclass(frozen=True)
class Equations:
    """Expressions over numbered variables; each should be zero."""

    families: tuple[Family, ...]
    count: int
    width: int

    @property
    def linear(self) -> bool:
        """Whether nothing but sums, differences and multiples is in them."""
        return all(one.straight for one in self.families)

    def values(self, x: Floats) -> Floats:
        """What each equation lacks from zero at a point (variables,); not finite where it has no value."""
        out = np.zeros(self.count)
        with np.errstate(all="ignore"):
            for one in self.families:
                out[one.rows] = one.forward(x)[-1]
        return out

    def jacobian(self, x: Floats) -> Floats:
        """Slopes (equations, variables)."""
        out = np.zeros((self.count, self.width))
        with np.errstate(all="ignore"):
            for one in self.families:
                np.add.at(out, (one.rows[:, None], one.variables), one.slopes(one.forward(x)))
        return out

    def curvature(self, x: Floats, weights: Floats) -> Floats:
        """Second derivatives of the sum of the equations times ``weights``, (variables, variables)."""
        out = np.zeros((self.width, self.width))
        with np.errstate(all="ignore"):
            for one in self.families:
                if not one.straight:
                    found = weights[one.rows, None, None] * one.curvatures(one.forward(x))
                    np.add.at(out, (one.variables[:, :, None], one.variables[:, None, :]), found)
        return out


def equations_of(expressions: Sequence[Expression], names: Sequence[str]) -> Equations:
    """Number the variables and gather expressions with the same steps."""
    place = {name: k for k, name in enumerate(names)}
    groups: dict[tuple[Step, ...], list[int]] = {}
    for row, one in enumerate(expressions):
        groups.setdefault(one.steps, []).append(row)
    families = tuple(
        Family(
            steps,
            np.array(rows, dtype=np.int64),
            np.array([[place[name] for name in expressions[row].variables] for row in rows], dtype=np.int64),
            np.array([expressions[row].numbers for row in rows], dtype=float).reshape(len(rows), -1),
        )
        for steps, rows in groups.items()
    )
    return Equations(families, len(expressions), len(names))


def _parts(one: Step) -> tuple[int, ...]:
    """Earlier steps that a step is made of."""
    if one.operation in ("number", "variable"):
        return ()
    return (one.first,) if one.second < 0 or one.operation == "power" else (one.first, one.second)


def _power(v: Floats, exponent: Floats, order: int) -> Floats:
    """Derivative of ``v ** exponent``; zero at once where the factor is, so that ``0 * inf`` never arises."""
    factor = exponent if order == 1 else exponent * (exponent - 1)
    flat: Bools = factor == 0
    return np.asarray(np.where(flat, 0.0, factor * np.where(flat, 1.0, v) ** np.where(flat, 1.0, exponent - order)))


def _ones(v: Floats) -> Floats:
    return np.ones_like(v)


def _zero(v: Floats) -> Floats:
    return np.zeros_like(v)


_Parts = Callable[..., tuple[Floats, ...]]
_VALUES: Mapping[str, Callable[..., Floats]] = {
    "neg": np.negative, "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power,
    "abs": np.abs, "atan": np.arctan, "cos": np.cos, "cosh": np.cosh, "exp": np.exp, "log": np.log,
    "log10": np.log10, "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt, "tan": np.tan, "tanh": np.tanh,
}  # fmt: skip
_LN10 = float(np.log(10.0))
_ONE: Mapping[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "neg": (lambda v: -_ones(v), _zero),
    "abs": (np.sign, _zero),
    "atan": (lambda v: 1 / (1 + v**2), lambda v: -2 * v / (1 + v**2) ** 2),
    "cos": (lambda v: -np.sin(v), lambda v: -np.cos(v)),
    "cosh": (np.sinh, np.cosh),
    "exp": (np.exp, np.exp),
    "log": (lambda v: 1 / np.where(v > 0, v, np.nan), lambda v: -(v**-2)),
    "log10": (lambda v: 1 / (_LN10 * np.where(v > 0, v, np.nan)), lambda v: -(v**-2) / _LN10),
    "sin": (np.cos, lambda v: -np.sin(v)),
    "sinh": (np.cosh, np.sinh),
    "sqrt": (lambda v: 0.5 / np.sqrt(v), lambda v: -0.25 * v**-1.5),
    "tan": (lambda v: 1 / np.cos(v) ** 2, lambda v: 2 * np.tan(v) / np.cos(v) ** 2),
    "tanh": (lambda v: 1 - np.tanh(v) ** 2, lambda v: -2 * np.tanh(v) * (1 - np.tanh(v) ** 2)),
}
"""First and second derivatives of operations on one value."""
_SLOPES: Mapping[str, _Parts] = {
    "add": lambda a, b: (_ones(a), _ones(b)),
    "sub": lambda a, b: (_ones(a), -_ones(b)),
    "mul": lambda a, b: (b, a),
    "div": lambda a, b: (1 / b, -a / b**2),
    "pow": lambda a, b: (b * a ** (b - 1), a**b * np.log(a)),
    **{name: (lambda v, slope=pair[0]: (slope(v),)) for name, pair in _ONE.items()},
}
_BENDS: Mapping[str, Callable[..., tuple[tuple[Floats, ...], ...]]] = {
    "add": lambda a, b: ((_zero(a), _zero(a)), (_zero(b), _zero(b))),
    "sub": lambda a, b: ((_zero(a), _zero(a)), (_zero(b), _zero(b))),
    "mul": lambda a, b: ((_zero(a), _ones(a)), (_ones(b), _zero(b))),
    "div": lambda a, b: ((_zero(a), -1 / b**2), (-1 / b**2, 2 * a / b**3)),
    "pow": lambda a, b: (
        (b * (b - 1) * a ** (b - 2), a ** (b - 1) * (1 + b * np.log(a))),
        (a ** (b - 1) * (1 + b * np.log(a)), a**b * np.log(a) ** 2),
    ),
    **{name: (lambda v, bend=pair[1]: ((bend(v),),)) for name, pair in _ONE.items()},
}
"""Second derivatives of operations by each two of their values."""
