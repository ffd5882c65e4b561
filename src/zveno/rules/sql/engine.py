"""The rulebook as statements, and their answer as episodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zveno.rules.build import Binding, Watchlist
from zveno.rules.runs import Spans
from zveno.rules.solve import Episodes
from zveno.rules.sql.book import Book
from zveno.rules.sql.dialect import Dialect
from zveno.rules.sql.islands import of_islands
from zveno.rules.sql.readings import of_readings, of_states
from zveno.rules.sql.series import of_series
from zveno.rules.sql.silences import of_silences, told_silences
from zveno.rules.sql.verdicts import of_verdicts

READINGS = "zv_readings"
"""Table or view over which the statements run: tag, ts (microseconds since 1970 UTC), value, quality."""
_ANSWER = "SELECT id, is_open, since, upto, known, peak, lim, outs FROM zv_breaches ORDER BY id, since"


@dataclass(frozen=True)
class Compiled:
    """Statements to run in order, the query for their answer, and the bindings that its rows name by number."""

    statements: tuple[str, ...]
    answer: str
    bindings: tuple[Binding, ...]

    @property
    def text(self) -> str:
        """All of it as a script."""
        return ";\n".join((*self.statements, self.answer, ""))


def compiled(watched: Watchlist, dialect: Dialect, readings: str = READINGS) -> Compiled:
    """The rulebook bound to tags, as SQL over a table of readings."""
    book = Book.of(watched)
    statements = [
        *book.tables(dialect),
        *of_readings(dialect, readings),
        *of_silences(dialect),
        *of_states(dialect),
        *told_silences(dialect),
        *of_series(book, dialect),
        *of_verdicts(book, dialect),
        *of_islands(dialect),
    ]
    return Compiled(tuple(statements), _ANSWER, tuple(book.bindings))


def episodes(one: Compiled, rows: Iterable[tuple[Any, ...]]) -> list[Episodes]:
    """The answer as episodes, those of a binding together, open ones apart."""
    found: dict[tuple[int, bool], list[tuple[Any, ...]]] = defaultdict(list)
    for number, is_open, *span in rows:
        found[number, bool(is_open)].append(tuple(span))
    told = []
    for (number, is_open), spans in found.items():
        start, end, known, peak, limit, count = zip(*spans, strict=True)
        begun, ended, spoken, outs = (np.array(each, np.int64) for each in (start, end, known, count))
        worst, passed = (np.array(each, np.float64) for each in (peak, limit))
        spans_of = Spans(begun, ended, spoken, worst, passed, outs)
        told.append(Episodes(one.bindings[number], spans_of, open=is_open))
    return told
