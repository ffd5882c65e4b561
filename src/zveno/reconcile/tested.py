"""Tests of single readings and of suspects as figures: from the adjustments of all readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from zveno.reconcile.gross_errors.adjusted import DenseAdjusted
from zveno.reconcile.gross_errors.hypotheses import columns_of, everything
from zveno.reconcile.observability import slope_covariance
from zveno.reconcile.result import NetworkResult
from zveno.tables.figure import FIGURE_KEYS, Figure, Formula, Given, Over, Read, Score, row_address
from zveno.text.mark import tr

Key = tuple[str, str, str]
Along = tuple[tuple[str, str, str, float], ...]
Wrong = tuple[str, str, str, tuple[int, ...]]
"""What may be wrong: kind, name, quantity, numbers of the readings."""
_SAME = 1e-7
EXCHANGED = tr("tested in a balance in which samples that were swapped are exchanged back")


def pull_of(result: NetworkResult, leaf: Score) -> tuple[float, Mapping[Key, float]]:
    """Value of a test, and its slopes by the readings: the value is their sum times the adjustments of the readings.

    With W the covariance of inv(V) adjustments and e the change of the readings by the error, that is e W (as read -
    reconciled), over the root of e W e, or over e W e for the size.
    """
    fit = result.fit
    names = [result.network.readings[int(n)] for n in fit.linear.used]
    keys = [(one.stream, one.quantity, one.meter) for one in names]
    effects = {(stream, quantity, meter): by for stream, quantity, meter, by in leaf.along}
    e = np.array([effects.get(key, 0.0) for key in keys])
    W = slope_covariance(fit.linear)
    weight = float(e @ W @ e)
    slopes = W @ e / (weight if leaf.size else np.sqrt(weight))
    at = np.concatenate([fit.mass, fit.assay])[fit.linear.of]
    value = float(slopes @ (fit.data.value[0, fit.linear.used] - at))
    return value, {key: float(one) for key, one in zip(keys, slopes, strict=True)}


def suspect_figures(result: NetworkResult, table: pl.DataFrame) -> Iterator[Figure]:
    """Figures of the table ``suspects``: the test of each, the error it would have."""
    rows = table.to_dicts()
    if not rows:
        return
    along = _effects(result)
    suspects = [one for group in result.suspect_classes for one in group.everything]
    for row, one in zip(rows, suspects, strict=True):
        error = along.get((one.kind, one.name, one.quantity, one.readings))
        if error is None or not np.isclose(pull_of(result, Score(error))[0], one.z, rtol=_SAME, atol=_SAME):
            yield from _told(row)
            continue
        size: Formula = Score(error, size=True)
        first = result.network.readings[one.reading] if one.kind == "reading" else None
        made: dict[str, Formula] = {"z": Score(error)}
        if row["bias"] is not None:
            made["bias"] = size
        if first is not None:
            made["bias_rel_frac"] = Over(size, Read(first.stream, first.quantity, first.meter))
        elif one.kind == "common":
            made["bias_rel_frac"] = size
        yield from (_figure(row, column, formula) for column, formula in made.items() if row[column] is not None)


def _told(row: Mapping[str, Any]) -> Iterator[Figure]:
    """A suspect that another balance tells of."""
    for column in ("z", "bias", "bias_rel_frac"):
        if row[column] is not None:
            yield _figure(row, column, Given(row[column], EXCHANGED))


def _figure(row: Mapping[str, Any], column: str, formula: Formula) -> Figure:
    keys = tuple(str(row[name]) for name in FIGURE_KEYS["suspects"])
    sd = row["bias_sd"] if column == "bias" else None
    return Figure(row_address("suspects", row, column), "suspects", column, keys, row[column], sd, formula)


def _effects(result: NetworkResult) -> Mapping[Wrong, Along]:
    """What one unit of everything that may be wrong changes readings by, as the tests take it."""
    network, fit = result.network, result.fit
    members = everything(network, fit)
    columns = columns_of(members, fit, DenseAdjusted.of(fit)).reading
    names = [network.readings[int(n)] for n in fit.linear.used]
    return {
        (one.kind, one.name, one.quantity, one.readings): tuple(
            (names[n].stream, names[n].quantity, names[n].meter, float(columns[n, k]))
            for n in np.flatnonzero(columns[:, k])
        )
        for k, one in enumerate(members)
    }
