"""A figure unfolded: its formula, the readings that bear on it, the records that they were made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from zveno.explain.ground import Ground, Key
from zveno.model.network import MASS
from zveno.reconcile.origin import Origin, Use, uses
from zveno.reconcile.records import Series
from zveno.tables import frame
from zveno.tables.figure import (
    ErrorOf,
    Figure,
    Formula,
    Given,
    Handed,
    Leaf,
    Of,
    Over,
    Plus,
    Read,
    Recorded,
    Score,
    Solved,
    Times,
    Worked,
    row_address,
)

_NO_SHARE = 1e-12


@dataclass(frozen=True)
class Input:
    """What a figure is calculated from, one step down.

    ``sign`` is the coefficient in a sum; ``role`` one of sum, factor, above, below, input, itself; ``address`` of the
    figure that it is, where it is one.
    """

    role: str
    sign: float
    leaf: Formula
    value: float
    address: str = ""


@dataclass(frozen=True)
class Bearing:
    """A reading that bears on a figure.

    Parameters
    ----------
    value, sd, reconciled
        As read with its standard deviation, and after reconciliation, t or mass fraction; null where not observable.
    slope
        Change of the figure for a change of 1 of the reading.
    share_frac
        Part of the figure's variance that is this reading's, with half of what it shares with others; may be below 0.
    moved
        slope x (as read - reconciled): what the figure would gain if this reading were taken as it is. Only of figures
        of the period's own balance.
    origin
        What the reading was made from.
    """

    key: Key
    value: float
    sd: float
    reconciled: float | None
    slope: float
    share_frac: float
    moved: float | None
    origin: Origin | None = field(repr=False)

    @property
    def uses(self) -> tuple[Use, ...]:
        """Records that it was made from."""
        return tuple(uses(self.origin)) if self.origin is not None else ()


@dataclass(frozen=True)
class Explanation:
    """A figure with everything that it follows from.

    ``formula_value`` is the figure by its formula; ``bearings`` are sorted by what they contribute to the variance;
    ``records`` are those behind all of them, with file, sheet, cell, file hash and the moment they became known.
    """

    figure: Figure
    formula_value: float
    inputs: tuple[Input, ...]
    bearings: tuple[Bearing, ...]
    records: pl.DataFrame

    @property
    def files(self) -> tuple[str, ...]:
        """Files that hold a cell behind the figure."""
        return tuple(self.records["file"].unique().sort())


def unfold(ground: Ground, address: str) -> Explanation:
    """Unfold a figure.

    Raises
    ------
    DataError
        If there is no figure with the address.
    """
    figure = ground.figure(address)
    bearings = _bearings(ground, figure)
    return Explanation(
        figure, ground.value(figure), tuple(_inputs(ground, figure.formula)), bearings,
        records_behind(ground, figure, bearings),
    )  # fmt: skip


def _bearings(ground: Ground, figure: Figure) -> tuple[Bearing, ...]:
    """Readings with a slope, the weightiest first."""
    slopes = ground.by_readings(figure)
    pull = ground.covariance @ slopes
    variance = float(slopes @ pull)
    base = ground.result("") if _of_the_period(ground, figure) else None
    found = []
    for key, n in ground.readings.items():
        if slopes[n] == 0:
            continue
        one = ground.month.measured[n]
        share = float(slopes[n] * pull[n] / variance) if variance > 0 else 0.0
        stream, quantity, _ = key
        reconciled = base.value(stream, quantity) if base is not None else None
        found.append(
            Bearing(
                key, one.value, one.sd, reconciled, float(slopes[n]), share,
                None if reconciled is None else float(slopes[n]) * (one.value - reconciled), one.origin,
            )
        )  # fmt: skip
    found.sort(key=lambda one: (-abs(one.share_frac), one.key))
    return tuple(one for one in found if abs(one.share_frac) > _NO_SHARE or variance == 0)


def _of_the_period(ground: Ground, figure: Figure) -> bool:
    """Whether a figure follows from the balance of the period itself, not from one of some of the readings."""
    return any(
        isinstance(one, Read | Score) or (isinstance(one, Solved) and not one.view) for one in ground.by_leaves(figure)
    )


# ---- one step down -------------------------------------------------------------------------------------------------


def _inputs(ground: Ground, formula: Formula) -> Iterator[Input]:
    """What a formula is made of, one step down; sums of sums and quotients of sums are shown in one."""
    if isinstance(formula, Score):
        for stream, quantity, meter, _ in formula.along:
            yield from _tested(ground, stream, quantity, meter)
        return
    for role, sign, one in _steps(formula):
        yield _input(ground, role, sign, one)


def _steps(formula: Formula) -> Iterator[tuple[str, float, Formula]]:
    """Parts of a formula with their roles and signs."""
    if isinstance(formula, Plus):
        yield from (("sum", sign, one) for sign, one in formula.terms)
    elif isinstance(formula, Times):
        yield from (("factor", 1.0, one) for one in (formula.left, formula.right))
    elif isinstance(formula, Over):
        for role, part in (("above", formula.above), ("below", formula.below)):
            terms = part.terms if isinstance(part, Plus) else ((1.0, part),)
            yield from ((role, sign, one) for sign, one in terms)
    elif isinstance(formula, Worked):
        yield from (("input", 1.0, one) for one in formula.inputs)
    else:
        yield "itself", 1.0, formula


def _tested(ground: Ground, stream: str, quantity: str, meter: str) -> Iterator[Input]:
    """A reading that is tested: as read, and reconciled."""
    row = {"period": ground.period.name, "stream": stream, "quantity": quantity, "meter": meter}
    leaves: tuple[tuple[str, Leaf], ...] = (
        ("reading", Read(stream, quantity, meter)),
        ("reconciled", Solved(stream, quantity, grade=quantity != MASS)),
    )
    for column, leaf in leaves:
        address = row_address("adjustments", row, column)
        found = _input(ground, "input", 1.0, leaf)
        yield replace(found, address=address if address in ground.figures else found.address)


def _input(ground: Ground, role: str, sign: float, formula: Formula) -> Input:
    """One of them with its value; a sum of one term is that term."""
    if isinstance(formula, Plus) and len(formula.terms) == 1 and formula.terms[0][0] == 1:
        formula = formula.terms[0][1]
    probe = Figure("", "", "", (), 0.0, None, formula)
    address = formula.address if isinstance(formula, Of | ErrorOf) else _published(ground, formula)
    return Input(role, sign, formula, ground.value(probe), address)


def _published(ground: Ground, formula: Formula) -> str:
    """Address of the figure of the flows that a leaf is, where it is published."""
    if not isinstance(formula, Solved) or formula.view:
        return ""
    column = "grade_frac" if formula.grade and formula.quantity != MASS else "mass_t"
    address = f"{ground.period.name.replace('/', '..')}/{formula.stream}/{formula.quantity}/{column}"
    return address if address in ground.figures else ""


# ---- records -------------------------------------------------------------------------------------------------------


def records_behind(ground: Ground, figure: Figure, bearings: tuple[Bearing, ...]) -> pl.DataFrame:
    """Records behind a figure: of its readings, and those that it sums directly."""
    leaves = ground.by_leaves(figure)
    handed = [ground.handed(leaf) for leaf in leaves if isinstance(leaf, Handed)]
    handed += [ground.recorded(leaf) for leaf in leaves if isinstance(leaf, Recorded)]
    read = [
        use for leaf in _read_leaves(ground, figure)
        for use in uses(ground.measured((leaf.stream, leaf.quantity, leaf.meter)).origin or ())  # type: ignore[arg-type]
    ]  # fmt: skip
    found = [use for one in bearings for use in one.uses]
    return pl.concat([records_of(ground.records, [*found, *read]), *handed]).unique(maintain_order=True)


def _read_leaves(ground: Ground, figure: Figure) -> Iterator[Read]:
    """Readings that a figure names itself."""
    yield from (leaf for leaf in ground.by_leaves(figure) if isinstance(leaf, Read))


def records_of(records: pl.DataFrame, found: list[Use]) -> pl.DataFrame:
    """Rows of the table ``records`` that some uses name."""
    if not found:
        return frame("records")
    keys = pl.concat([_keys(one.point, one.quantity, one.series) for one in found]).unique(maintain_order=True)
    return records.filter(pl.col("value").is_not_null()).join(
        keys, on=["point", "quantity", "start", "end"], how="semi", maintain_order="left"
    )


def _keys(point: str, quantity: str, series: Series) -> pl.DataFrame:
    """Point, quantity and times of records."""
    moment = pl.Datetime("us", "UTC")
    times = {
        name: pl.Series(np.round(one * 1e6).astype(np.int64)).cast(moment)
        for name, one in (("start", series.start), ("end", series.end))
    }
    return pl.DataFrame({"point": [point] * len(series), "quantity": [quantity] * len(series), **times})


def leaf_words(leaf: Leaf | Formula) -> str:
    """What kind of thing an input is, in one word."""
    if isinstance(leaf, Given):
        return "given"
    return type(leaf).__name__.lower()
