"""What a figure is: its address, and the formula by which it follows from what was solved, read or described.

Whoever makes a table of figures declares their formulas beside it, with the same terms from which the numbers of the
table were made. A formula is a tree; its leaves are what the reconciliation gives (:class:`Solved`), values of meters
(:class:`Read`), what was handed over (:class:`Handed`), single records (:class:`Recorded`), other figures and their
errors (:class:`Of`, :class:`ErrorOf`), tests of the readings (:class:`Score`) and numbers as described
(:class:`Given`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STEP = 1e-6


@dataclass(frozen=True)
class Solved:
    """A mass or component flow of a stream, t, or where ``grade`` its mass fraction, in a balance of some readings.

    ``view`` names that balance; empty is that of the period with all readings.
    """

    stream: str
    quantity: str
    view: str = ""
    grade: bool = False


@dataclass(frozen=True)
class Read:
    """The value of a period that a meter gives: t or mass fraction; ``sd`` names its standard deviation instead."""

    stream: str
    quantity: str
    meter: str
    sd: bool = False


@dataclass(frozen=True)
class Handed:
    """Sum of the records of some meters within the period, t."""

    meters: tuple[str, ...]
    quantity: str


@dataclass(frozen=True)
class Recorded:
    """The value of one record: of a meter, by the cell in which it stands."""

    point: str
    quantity: str
    file: str
    sheet: str
    cell: str


@dataclass(frozen=True)
class Of:
    """Another figure, by its address."""

    address: str


@dataclass(frozen=True)
class Given:
    """A number that nobody measured: from the description, a contract, or the period before."""

    value: float
    name: str


@dataclass(frozen=True)
class ErrorOf:
    """The standard deviation of another figure, by its address."""

    address: str


@dataclass(frozen=True)
class Score:
    """An error that may be there, tested against all readings: its size over its standard deviation.

    ``along`` names readings (stream, quantity, meter) with what one unit of the error changes each by. Where ``size``,
    the size itself that explains the readings best, if this error alone is there.
    """

    along: tuple[tuple[str, str, str, float], ...]
    size: bool = False


@dataclass(frozen=True)
class Plus:
    """Sum of terms, each with its coefficient."""

    terms: tuple[tuple[float, Formula], ...]


@dataclass(frozen=True)
class Times:
    """Product."""

    left: Formula
    right: Formula


@dataclass(frozen=True)
class Over:
    """Quotient."""

    above: Formula
    below: Formula


@dataclass(frozen=True)
class Worked:
    """What a calculation makes of its inputs; ``name`` (key of a message) says what it does.

    ``told_sd`` gives, of the same inputs, the standard deviation that comes from what was stated and is not read.
    """

    name: str
    inputs: tuple[Formula, ...]
    work: Callable[[NDArray[np.float64]], float]
    told_sd: Callable[[NDArray[np.float64]], float] | None = None


Leaf = Solved | Read | Handed | Recorded | Of | ErrorOf | Score | Given
Formula = Leaf | Plus | Times | Over | Worked


@dataclass(frozen=True)
class Figure:
    """A number of a table.

    Parameters
    ----------
    address
        Names it for good: period, table or stream, keys, column, joined by ``/``.
    table, column
        Where it stands; ``keys`` are those of its row.
    value, sd
        The number, and its standard deviation where it has one.
    formula
        How it follows from others.
    """

    address: str
    table: str
    column: str
    keys: tuple[str, ...]
    value: float
    sd: float | None
    formula: Formula


NOTHING, CHAIN = "-", "chain"
_SHORT = "flows"


def address_of(period: str, table: str, keys: Sequence[str], column: str) -> str:
    """Address of a figure; those of the table ``flows`` begin with the stream.

    Examples
    --------
    >>> address_of("2026-03", "flows", ("conc", "Cu"), "mass_t")
    '2026-03/conc/Cu/mass_t'
    >>> address_of("2026-03", "recoveries", ("", "Cu", "direct"), "recovery_frac")
    '2026-03/recoveries/chain/Cu/direct/recovery_frac'
    """
    first = [] if table == _SHORT else [table]
    empty = CHAIN if table in ("recoveries", "unaccounted") else NOTHING
    words = [one.replace("/", "|") for one in (one or empty for one in keys)]
    return "/".join([period.replace("/", ".."), *first, *words, column])


FIGURE_KEYS: Mapping[str, tuple[str, ...]] = {
    "flows": ("stream", "component"),
    "recoveries": ("plant", "component", "kind"),
    "unaccounted": ("plant", "component"),
    "adjustments": ("stream", "quantity", "meter"),
    "stock_books": ("stock", "component"),
    "owner_flows": ("stream", "component", "owner"),
    "owner_accounts": ("owner", "component", "line", "stream"),
    "owner_returns": ("owner", "component", "stream"),
    "owner_dues": ("owner", "component"),
    "lot_limits": ("owner", "component", "meter", "file", "sheet", "cell"),
    "discrepancies": ("plant", "component"),
    "suspects": ("kind", "name", "meter", "stream", "quantity"),
}
"""Columns that name a row of each table whose figures have addresses."""


def row_address(table: str, row: Mapping[str, Any], column: str) -> str:
    """Address of a figure of a row; empty where the row does not say which it is.

    Examples
    --------
    >>> row_address("flows", {"period": "2026-03", "stream": "conc", "component": "Cu"}, "grade_frac")
    '2026-03/conc/Cu/grade_frac'
    """
    names = ("period", *FIGURE_KEYS[table])
    if any(row.get(one) is None for one in names):
        return ""
    period, *keys = (str(row[one]) for one in names)
    return address_of(period, table, keys, column)


def leaves(formula: Formula) -> Iterator[Leaf]:
    """Leaves from left to right; one that stands several times comes several times."""
    if isinstance(formula, Plus):
        for _, one in formula.terms:
            yield from leaves(one)
    elif isinstance(formula, Times):
        yield from leaves(formula.left)
        yield from leaves(formula.right)
    elif isinstance(formula, Over):
        yield from leaves(formula.above)
        yield from leaves(formula.below)
    elif isinstance(formula, Worked):
        for one in formula.inputs:
            yield from leaves(one)
    else:
        yield formula


def value_of(formula: Formula, known: Callable[[Leaf], float]) -> float:
    """Value of a formula where ``known`` gives those of its leaves.

    Examples
    --------
    >>> share = Over(Solved("conc", "Cu"), Plus(((1.0, Solved("conc", "Cu")), (1.0, Solved("tail", "Cu")))))
    >>> value_of(share, lambda one: {"conc": 9.0, "tail": 1.0}[one.stream])
    0.9
    """
    if isinstance(formula, Plus):
        return float(sum(coef * value_of(one, known) for coef, one in formula.terms))
    if isinstance(formula, Times):
        return value_of(formula.left, known) * value_of(formula.right, known)
    if isinstance(formula, Over):
        return value_of(formula.above, known) / value_of(formula.below, known)
    if isinstance(formula, Worked):
        return formula.work(np.array([value_of(one, known) for one in formula.inputs]))
    if isinstance(formula, Given):
        return formula.value
    return known(formula)


def slopes_of(formula: Formula, known: Callable[[Leaf], float]) -> dict[Leaf, float]:
    """Derivatives of a formula by its leaves, those of calculations by central differences.

    Examples
    --------
    >>> slopes_of(Over(Solved("a", "Cu"), Given(4.0, "")), lambda one: 8.0)
    {Solved(stream='a', quantity='Cu', view='', grade=False): 0.25}
    """
    found: dict[Leaf, float] = {}
    for factor, part in _parts(formula, known):
        inner = {part: 1.0} if isinstance(part, Leaf) else slopes_of(part, known)
        for leaf, slope in inner.items():
            if not isinstance(leaf, Given | ErrorOf):
                found[leaf] = found.get(leaf, 0.0) + factor * slope
    return found


def _parts(formula: Formula, known: Callable[[Leaf], float]) -> Iterator[tuple[float, Formula]]:
    """What a formula is made of one step down, with the derivative by each."""
    if isinstance(formula, Plus):
        yield from formula.terms
    elif isinstance(formula, Times):
        yield value_of(formula.right, known), formula.left
        yield value_of(formula.left, known), formula.right
    elif isinstance(formula, Over):
        above, below = value_of(formula.above, known), value_of(formula.below, known)
        yield 1 / below, formula.above
        yield -above / below**2, formula.below
    elif isinstance(formula, Worked):
        at = np.array([value_of(one, known) for one in formula.inputs])
        for k, one in enumerate(formula.inputs):
            yield _slope(formula, at, k), one
    else:
        yield 1.0, formula


def _slope(formula: Worked, at: NDArray[np.float64], k: int) -> float:
    """Derivative of a calculation by one of its inputs."""
    step = _STEP * max(abs(at[k]), 1e-6 * float(np.abs(at).max(initial=1.0)))
    up, down = at.copy(), at.copy()
    up[k] += step
    down[k] -= step
    return float((formula.work(up) - formula.work(down)) / (2 * step))


class Figures(Mapping[str, Figure]):
    """Figures of a period by their addresses, each group of them made when one of it is asked for.

    Parameters
    ----------
    period
        Name of the period.
    groups
        What makes the figures of a group, by the beginning of their addresses after the period; the empty one makes
        those that no other does.
    """

    def __init__(self, period: str, groups: Mapping[str, Callable[[], Iterable[Figure]]]) -> None:
        self._start = period.replace("/", "..") + "/"
        self._groups = dict(groups)
        self._made: dict[Callable[[], Iterable[Figure]], None] = {}
        self._found: dict[str, Figure] = {}

    def __getitem__(self, address: str) -> Figure:
        if address not in self._found:
            rest = address.removeprefix(self._start)
            group = next((one for one in self._groups if one and rest.startswith(one + "/")), "")
            self._make(group)
        return self._found[address]

    def __iter__(self) -> Iterator[str]:
        for group in self._groups:
            self._make(group)
        return iter(self._found)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def of(self, wanted: Callable[[str], bool]) -> dict[str, Figure]:
        """Figures of some groups, by their addresses; the others are not made for it."""
        for group in filter(wanted, self._groups):
            self._make(group)
        others = tuple(self._start + one + "/" for one in self._groups if not wanted(one))
        return {name: one for name, one in self._found.items() if not name.startswith(others)}

    def _make(self, group: str) -> None:
        """Make a group, once."""
        make = self._groups[group]
        if make not in self._made:
            self._made[make] = None
            self._found |= {one.address: one for one in make()}
