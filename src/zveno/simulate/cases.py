"""Cases: named scenarios as columns, one array for each key that any of them sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType

import numpy as np
import polars as pl

from zveno.errors import Fault, ModelError, fault
from zveno.model.checks import near_match
from zveno.simulate.basis import Floats, Ints
from zveno.text.mark import tr

BASE = "base"
SCENARIO = "scenario"
_LONG = {SCENARIO, "key", "value"}


@dataclass(frozen=True)
class Cases:
    """Scenarios (S) and what each sets.

    Parameters
    ----------
    names
        Names of the scenarios, each once.
    values
        Key -> values, shape (S,); NaN where a scenario leaves the key as it is. A key is ``unit.parameter`` (in the
        uom of the unit model), ``stream.feed`` (t/h dry), ``stream.feed_water`` (mass fraction) or the name of a
        figure (in its own uom); ``*`` stands for any letters.

    Raises
    ------
    ModelError
        If a name stands twice, a value is infinite, or a column has another length.

    Examples
    --------
    >>> Cases(("low", "high"), {"ore.cu": np.array([0.9, 1.1])}).table["ore.cu"].to_list()
    [0.9, 1.1]
    """

    names: tuple[str, ...]
    values: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = list(_faults(self.names, self.values))
        if faults:
            raise ModelError(faults)

    def __len__(self) -> int:
        """Number of scenarios."""
        return len(self.names)

    @staticmethod
    def of(scenarios: Given | None) -> Cases:
        """Cases from scenario -> {key: value}, or from a table; none at all are one, ``base``.

        A table is long, with the columns scenario, key, value, or wide, with the column scenario and one for each key;
        in a wide table an empty cell leaves the key as it is.

        Raises
        ------
        ModelError
            If a value is no finite number, or a scenario sets a key twice.
        """
        if scenarios is None or not len(scenarios):
            return Cases((BASE,))
        if isinstance(scenarios, Cases):
            return scenarios
        if isinstance(scenarios, pl.DataFrame):
            return _of_long(scenarios) if set(scenarios.columns) == _LONG else _of_wide(scenarios)
        return _of_mapping(scenarios)

    def take(self, rows: Ints | slice) -> Cases:
        """Some of the scenarios."""
        at = np.arange(len(self))[rows]
        return Cases(tuple(self.names[int(one)] for one in at), {key: one[at] for key, one in self.values.items()})

    def named(self, names: Sequence[str]) -> Cases:
        """The scenarios with these names, in this order; raises ModelError where there is none."""
        for name in names:
            if name not in self.names:
                near = near_match(name, self.names)
                raise ModelError("there is no scenario '{scenario}'", scenario=name, near=near)
        return self.take(np.array([self.names.index(name) for name in dict.fromkeys(names)]))

    @property
    def table(self) -> pl.DataFrame:
        """A row for each scenario: its name, and a column for each key; empty where it leaves the key as it is."""
        columns = {key: pl.Series(key, one).fill_nan(None) for key, one in self.values.items()}
        return pl.DataFrame({SCENARIO: list(self.names), **columns}, schema_overrides={SCENARIO: pl.String})

    def with_results(self, results: Sequence[str], values: Floats) -> pl.DataFrame:
        """The table with a column for each result, from values (S, results); empty where a result has no meaning."""
        columns = {name: pl.Series(values[:, n]).fill_nan(None) for n, name in enumerate(results)}
        return self.table.with_columns(**columns)


Given = Mapping[str, Mapping[str, float]] | pl.DataFrame | Cases
"""How scenarios may be given."""


def sweep(values: Mapping[str, Sequence[float]], *, base: bool = True) -> Cases:
    """Keys varied one at a time, each over its values, all else as described; first the description itself.

    Parameters
    ----------
    values
        Key -> values that it takes, in the uom in which it is set.
    base
        Whether the first case is the description as it is.

    Examples
    --------
    >>> sweep({"mill.p80_um": [90, 130], "ore.cu": [1.1]}).names
    ('base', 'p80_um=90', 'p80_um=130', 'cu=1.1')
    """
    short = _short_names(tuple(values))
    given = [{key: float(one)} for key, ones in values.items() for one in ones]
    return _named([{}, *given] if base else given, short)


def grid(values: Mapping[str, Sequence[float]]) -> Cases:
    """All combinations of the values of several keys; the last key moves fastest.

    Examples
    --------
    >>> grid({"mill.p80_um": [90, 130], "ore.cu": [0.9, 1.1]}).names[1:3]
    ('p80_um=90, cu=1.1', 'p80_um=130, cu=0.9')
    """
    short = _short_names(tuple(values))
    return _named([dict(zip(values, map(float, one), strict=True)) for one in product(*values.values())], short)


def span(start: float, stop: float, count: int) -> Floats:
    """Values evenly spaced from one end to the other, both in it."""
    if count < 2:
        raise ModelError("a span has two ends, so it needs at least 2 values, not {n}", n=count)
    return np.linspace(start, stop, count)


def _named(rows: Sequence[Mapping[str, float]], short: Mapping[str, str]) -> Cases:
    """Cases named by what they set."""
    names = [", ".join(f"{short[key]}={_said(one)}" for key, one in row.items()) or BASE for row in rows]
    return _of_rows(names, rows)


def _said(value: float) -> str:
    """A number for a name: short if that says the same."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def _short_names(keys: Sequence[str]) -> Mapping[str, str]:
    """The last words of each key, as many as tell them apart."""
    short: dict[str, str] = {}
    for key in keys:
        words = key.split(".")
        tails = [".".join(words[-n:]) for n in range(1, len(words) + 1)]
        short[key] = next((tail for tail in tails if not _is_shared(tail, key, keys)), key)
    return MappingProxyType(short)


def _is_shared(tail: str, key: str, keys: Sequence[str]) -> bool:
    """Whether another key ends alike."""
    return any(one != key and f".{one}".endswith(f".{tail}") for one in keys)


def _of_rows(names: Sequence[str], rows: Sequence[Mapping[str, float]]) -> Cases:
    """Cases from a mapping for each."""
    values: dict[str, Floats] = {}
    for n, row in enumerate(rows):
        for key, value in row.items():
            if key not in values:
                values[key] = np.full(len(rows), np.nan)
            values[key][n] = value
    return Cases(tuple(names), values)


def _of_mapping(scenarios: Mapping[str, Mapping[str, float]]) -> Cases:
    """Cases from scenario -> {key: value}; every value that is given must be a number."""
    faults = [
        _no_number(name, key)
        for name, row in scenarios.items()
        for key, value in row.items()
        if not np.isfinite(value)
    ]  # fmt: skip
    if faults:
        raise ModelError(faults)
    return _of_rows(tuple(map(str, scenarios)), tuple(scenarios.values()))


def _of_long(table: pl.DataFrame) -> Cases:
    """Cases from a table with a row for each value that is set."""
    table = table.select(pl.col(SCENARIO, "key").cast(pl.String), pl.col("value").cast(pl.Float64))
    wrong = table.filter(~pl.col("value").is_finite().fill_null(value=False))
    twice = table.filter(pl.struct(SCENARIO, "key").is_duplicated()).unique([SCENARIO, "key"], maintain_order=True)
    faults = [_no_number(name, key) for name, key, _ in wrong.iter_rows()]
    faults += [
        fault("scenario '{scenario}' sets '{key}' twice", scenario=name, key=key) for name, key, _ in twice.iter_rows()
    ]
    if faults:
        raise ModelError(faults)
    wide = table.pivot(on="key", index=SCENARIO, values="value", maintain_order=True)
    return _of_wide(wide)


def _of_wide(table: pl.DataFrame) -> Cases:
    """Cases from a table with a row for each scenario."""
    if SCENARIO not in table.columns:
        raise ModelError("a table of scenarios needs the column 'scenario'")
    keys = [one for one in table.columns if one != SCENARIO]
    for key in keys:
        if not (table[key].dtype.is_numeric() or table[key].dtype == pl.Null):
            raise ModelError("the column '{key}' of a table of scenarios holds no numbers", key=key)
    names = tuple(table[SCENARIO].cast(pl.String).fill_null(""))
    return Cases(names, {key: table[key].cast(pl.Float64).fill_null(np.nan).to_numpy() for key in keys})


def _faults(names: Sequence[str], values: Mapping[str, Floats]) -> list[Fault]:
    """What keeps names and values from being cases."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    faults = [fault("two scenarios are named '{scenario}'", scenario=name) for name, n in counts.items() if n > 1]
    faults += [fault("a scenario has no name") for name in counts if not name]
    for key, column in values.items():
        if column.shape != (len(names),):
            message = tr("'{key}' has {got} values, but there are {wanted} scenarios")
            faults.append(fault(message, key=key, got=column.size, wanted=len(names)))
        elif np.isinf(column).any():
            faults.append(_no_number(names[int(np.argmax(np.isinf(column)))], key))
    return faults


def _no_number(scenario: str, key: str) -> Fault:
    """A value that is no finite number."""
    return fault("scenario '{scenario}' sets '{key}' to no number", scenario=scenario, key=key)
