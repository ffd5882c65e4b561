"""Spread: mean, standard deviation and percentiles of results over draws, each with its own sampling error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import polars as pl

from zveno.errors import DataError
from zveno.simulate.basis import Bools, Floats, Ints
from zveno.simulate.draws import Draws
from zveno.simulate.tabulated import CaseResults
from zveno.tables import frame

PERCENTILES = (5, 50, 95)
_LEAST_GROUPS = 4
Statistic = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Spread:
    """What random figures make of results.

    Parameters
    ----------
    drawn
        The draws, with what was varied and what was not.
    results
        Results of every draw.
    base
        Results of the description itself, shape (R,).
    """

    drawn: Draws
    results: CaseResults
    base: Floats

    @cached_property
    def used(self) -> Bools:
        """Draws that settled and gave every result a value, shape (S,); the others do not count."""
        return np.asarray(np.isfinite(self.results.values).all(axis=1) & self.results.converged)

    @cached_property
    def result_spreads(self) -> pl.DataFrame:
        """Table ``result_spreads``: statistics of each result, with their sampling errors."""
        values, groups = self.results.values, self.drawn.groups
        used = self.used
        if used.sum() < 2:
            empty = np.isnan(values).sum(axis=0)
            names = [one for one, n in zip(self.results.results, empty, strict=True) if n]
            raise DataError(
                "{n} of the draws gave all results: at least 2 are needed for a spread (without a value: {results})",
                n=int(used.sum()), results=", ".join(names) or "–",
            )  # fmt: skip
        rows = []
        for name, statistic in _statistics().items():
            found = statistic(values[used])
            errors = _sampling_error(statistic, values[used], groups[used])
            for n, result in enumerate(self.results.results):
                rows.append(
                    {
                        "result": result, "statistic": name, "value": float(found[n]),
                        "sampling_se": None if errors is None else float(errors[n]), "uom": self.results.uoms[n],
                    }
                )  # fmt: skip
        order = {name: n for n, name in enumerate(self.results.results)}
        return frame("result_spreads", sorted(rows, key=lambda row: order[str(row["result"])]))

    def value(self, result: str, statistic: str) -> tuple[float, float | None]:
        """A statistic (``mean``, ``sd``, ``p5``, ``p50``, ``p95``) of a result, and its sampling error."""
        row = self.result_spreads.row(by_predicate=(pl.col("result") == result) & (pl.col("statistic") == statistic))
        return row[2], row[3]


def _statistics() -> Mapping[str, Statistic]:
    """Statistics over the first axis, by name."""
    found: dict[str, Statistic] = {"mean": lambda one: one.mean(axis=0), "sd": lambda one: one.std(axis=0, ddof=1)}
    for share in PERCENTILES:
        found[f"p{share}"] = _percentile(share)
    return MappingProxyType(found)


def _percentile(share: int) -> Statistic:
    """The value that so many per cent do not exceed, with no bias towards the middle where draws are few.

    References
    ----------
    Hyndman & Fan (1996), The American Statistician 50, 361-365, definition 8.
    """
    return lambda one: np.asarray(np.percentile(one, share, axis=0, method="median_unbiased"))


def _sampling_error(statistic: Statistic, values: Floats, groups: Ints) -> Floats | None:
    """How far a statistic would move from one sample of this size to another: its standard error.

    It is seen from the statistics of the independent groups ("sectioning"), which also holds for stratified draws,
    whose errors are smaller than the usual formulas say. None where there are too few draws to tell.

    References
    ----------
    Asmussen & Glynn (2007), Stochastic Simulation, ch. III.
    """
    labels, counts = np.unique(groups, return_counts=True)
    if len(labels) < _LEAST_GROUPS or counts.min() < 2:
        return None
    each = np.stack([statistic(values[groups == one]) for one in labels])
    return np.asarray(each.std(axis=0, ddof=1) / np.sqrt(len(labels)))
