"""A starting point for every variable, from the readings alone."""

from __future__ import annotations

import numpy as np

from zveno.reconcile.arrays import Floats, Problem
from zveno.reconcile.objective import Data

_SWEEPS = 60
_STEADY = 1e-6


def start(problem: Problem, data: Data) -> Floats:
    """Variables (P, variables) strictly inside their bounds.

    Readings are taken where there are any; what is missing is the average of the logarithms over the streams
    that share a node, repeated until it has spread through the network.
    """
    readings = _read(problem, data)
    known = readings[:, : problem.n_streams]
    known = np.where(np.isnan(problem.mass_fixed), known, problem.mass_fixed)
    mass = np.exp(_spread(np.log(known), problem.near))
    assay = readings[:, problem.n_streams :]
    assay = np.where(np.isnan(problem.assay_fixed), assay, problem.assay_fixed)
    for component in range(problem.n_components):
        pairs = np.flatnonzero(problem.pair_component == component)
        streams = problem.pair_stream[pairs]
        known = np.where(assay[:, pairs] > 0, assay[:, pairs], np.nan)
        middle = _median(known, problem.assay_total)
        filled = np.exp(_spread(np.log(known), problem.near[np.ix_(streams, streams)], np.log(middle)))
        assay[:, pairs] = np.clip(filled, 1e-3 * middle[:, None], 0.9 * problem.assay_total)
    flow = assay * mass[:, problem.pair_stream]
    return np.concatenate([mass[:, problem.mass_free], flow[:, problem.flow_free]], axis=1)


def _read(problem: Problem, data: Data) -> Floats:
    """Mean positive reading of each quantity, NaN where there is none; a censored one counts half its limit."""
    value = np.where(problem.censored, 0.5 * data.value, data.value)
    used = data.present & (value > 0)
    with np.errstate(invalid="ignore"):
        return np.asarray((np.where(used, value, 0.0) @ problem.select) / (used @ problem.select))


def _median(known: Floats, total: float) -> Floats:
    """Middle of the known assays of each period; 1 % of the total where there are none."""
    count = np.isfinite(known).sum(axis=1)
    if not known.shape[1]:
        return np.full(len(known), 0.01 * total)
    ranked, at = np.sort(known, axis=1), np.arange(len(known))
    middle = (ranked[at, np.maximum(count - 1, 0) // 2] + ranked[at, count // 2]) / 2
    return np.where(count > 0, middle, 0.01 * total)


def _spread(logs: Floats, near: Floats, default: Floats | None = None) -> Floats:
    """Fill NaN by repeated averages over neighbours."""
    known = np.isfinite(logs)
    if known.all():
        return logs
    count = np.maximum(known.sum(axis=1), 1)
    middle = np.where(known, logs, 0.0).sum(axis=1) / count
    if default is not None:
        middle = np.where(known.any(axis=1), middle, default)
    filled = np.where(known, logs, middle[:, None])
    degree = near.sum(axis=1)
    share = (near / np.maximum(degree, 1.0)[:, None]).T
    kept = known | (degree == 0)
    for _ in range(_SWEEPS):
        before, filled = filled, np.where(kept, filled, filled @ share)
        if np.abs(filled - before).max() < _STEADY:
            break
    return filled
