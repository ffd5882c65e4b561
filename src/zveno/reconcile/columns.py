"""Readings of many periods of one network as columns, each with what it shares with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from zveno.model.network import Network
from zveno.reconcile.batch import BatchResult, solve_batch
from zveno.reconcile.build import Found, fitting, reading, shared_pairs
from zveno.reconcile.measured import Measured
from zveno.reconcile.names import Floats

Key = tuple[str, str, str, bool]
"""Stream, quantity and meter of a reading, and whether it is a limit."""


@dataclass(frozen=True)
class Columns:
    """What each period reads: ``rows`` by key, ``keys`` in the order of the columns."""

    keys: tuple[Key, ...]
    rows: tuple[dict[Key, Measured], ...]


def columns(network: Network, found: Sequence[Found]) -> Columns:
    """Readings of periods that fit a network."""
    rows = tuple(
        {(stream, quantity, one.meter, one.below): one for stream, quantity, one in fitting(network, part)}
        for part in found
    )
    return Columns(tuple(dict.fromkeys(key for row in rows for key in row)), rows)


def solved(network: Network, read: Columns) -> BatchResult:
    """All periods side by side."""
    named, value, sigma, correlations = laid_out(network, read)
    return solve_batch(named, value, sigma, correlations=correlations)


def laid_out(network: Network, read: Columns) -> tuple[Network, Floats, Floats, Floats | None]:
    """The network with its readings, their values and standard deviations (T, readings), and correlations (T, readings,
    readings), None where nothing is shared.
    """
    keys, rows = read.keys, read.rows
    at = {key: k for k, key in enumerate(keys)}
    value, sigma = np.full((2, len(rows), len(keys)), np.nan)
    correlation = np.broadcast_to(np.eye(len(keys)), (len(rows), len(keys), len(keys))).copy()
    for p, row in enumerate(rows):
        for key, one in row.items():
            value[p, at[key]], sigma[p, at[key]] = one.value, one.sd
        ones = list(row.values())
        places = [at[key] for key in row]
        for i, j, shared in shared_pairs(ones):
            a, b = places[i], places[j]
            correlation[p, a, b] = correlation[p, b, a] = shared / (ones[i].sd * ones[j].sd)
    readings = tuple(reading(key[0], key[1], next(row[key] for row in rows if key in row)) for key in keys)
    independent = np.count_nonzero(correlation) == len(rows) * len(keys)
    return replace(network, readings=readings), value, sigma, None if independent else correlation
