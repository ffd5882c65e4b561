"""Where the two databases differ: words of SQL, one entry each; all else is written once for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ROWS_A_STATEMENT = 500
TYPES = {"i": "BIGINT", "f": "FLOAT8", "t": "TEXT"}


@dataclass(frozen=True)
class Dialect:
    """Words of one database.

    ``functions`` are its names of functions where they are not the usual ones; ``settled`` is what is run after a
    table was filled, with the place ``{table}``.
    """

    name: str
    functions: Mapping[str, str]
    settled: tuple[str, ...] = ()

    def function(self, name: str, *arguments: str) -> str:
        """A call."""
        return f"{self.functions.get(name, name)}({', '.join(arguments)})"

    def table(self, name: str, select: str) -> list[str]:
        """A table of this session made of a query; an earlier one of the name is dropped."""
        made = [f"DROP TABLE IF EXISTS {name}", f"CREATE TEMP TABLE {name} AS\n{select.strip()}"]
        return [*made, *(one.format(table=name) for one in self.settled)]

    def filled(self, name: str, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> list[str]:
        """A table of this session with rows written out; ``columns`` are ``i``, ``f`` or ``t`` by name."""
        kinds = list(columns.values())
        declared = ", ".join(f"{column} {TYPES[kind]}" for column, kind in columns.items())
        made = [f"DROP TABLE IF EXISTS {name}", f"CREATE TEMP TABLE {name} ({declared})"]
        for n in range(0, len(rows), _ROWS_A_STATEMENT):
            lines = ",\n  ".join(
                f"({', '.join(literal(one, kind) for one, kind in zip(row, kinds, strict=True))})"
                for row in rows[n : n + _ROWS_A_STATEMENT]
            )
            made.append(f"INSERT INTO {name} VALUES\n  {lines}")
        return [*made, *(one.format(table=name) for one in self.settled)]


DUCKDB = Dialect("duckdb", {})
POSTGRESQL = Dialect("postgresql", {"log10": "log"}, settled=("ANALYZE {table}",))
DIALECTS: Mapping[str, Dialect] = {one.name: one for one in (DUCKDB, POSTGRESQL)}


def literal(value: Any, kind: str) -> str:
    """A value as SQL writes it; every figure of a number is kept.

    Examples
    --------
    >>> literal(0.1, "f"), literal(float("-inf"), "f"), literal("o'clock", "t"), literal(None, "i")
    ("'0.1'::FLOAT8", "'-Infinity'::FLOAT8", "'o''clock'", 'NULL::BIGINT')
    """
    if value is None:
        return f"NULL::{TYPES[kind]}"
    if kind == "i":
        return str(int(value))
    if kind == "f":
        return real(float(value))
    return "'" + str(value).replace("'", "''") + "'"


def real(value: float) -> str:
    """A number with a fraction as SQL writes it."""
    text = {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(value, repr(value))
    return f"'{text}'::FLOAT8"
