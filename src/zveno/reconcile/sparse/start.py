"""A starting point for a large network, from the readings alone."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array

from zveno.reconcile.names import Bools, Floats
from zveno.reconcile.sparse.layout import Layout

_SWEEPS = 60


def start(layout: Layout) -> Floats:
    """Variables strictly inside their bounds.

    Readings are taken where there are any; what is missing is the average of the logarithms over the streams that
    share a node, repeated until it has spread through the network.
    """
    near = _near(layout)
    read = _read(layout)
    known = np.where(np.isnan(layout.mass_fixed), read[: layout.n_streams], layout.mass_fixed)
    mass = np.exp(_spread(np.log(known)[:, None], near)[:, 0])
    assay = np.where(np.isnan(layout.assay_fixed), read[layout.n_streams :], layout.assay_fixed)
    shape = (layout.n_streams, layout.n_components)
    table, carried = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    table[layout.pair_stream, layout.pair_component] = np.where(assay > 0, assay, np.nan)
    carried[layout.pair_stream, layout.pair_component] = True
    middle = _median(table, layout.assay_total)
    filled = np.exp(_spread(np.log(table), near, np.log(middle), carried))
    filled = np.clip(filled, 1e-3 * middle, 0.9 * layout.assay_total)
    assay = filled[layout.pair_stream, layout.pair_component]
    return np.concatenate([mass[layout.mass_free], assay[layout.flow_free] * mass[layout.owner]])


def _near(layout: Layout) -> csr_array:
    """1 where a stream begins or ends at a node, (streams, nodes)."""
    stream, end = np.nonzero(layout.ends >= 0)
    node = layout.ends[stream, end]
    shape = (layout.n_streams, int(node.max(initial=0)) + 1)
    return coo_array((np.ones(len(stream)), (stream, node)), shape=shape).tocsr()


def _read(layout: Layout) -> Floats:
    """Mean positive reading of each quantity, NaN where there is none; a limit counts half."""
    read = layout.readings
    value = np.where(read.censored, 0.5 * read.value, read.value)
    some = value > 0
    total = np.bincount(read.of[some], value[some], minlength=layout.n_quantities)
    count = np.bincount(read.of[some], minlength=layout.n_quantities)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / count)


def _median(known: Floats, total: float) -> Floats:
    """Middle of the known assays of each component; 1 % of the total where there are none."""
    found = np.full(known.shape[1], 0.01 * total)
    some = np.isfinite(known).any(axis=0)
    found[some] = np.nanmedian(known[:, some], axis=0)
    return found


def _spread(logs: Floats, near: csr_array, default: Floats | None = None, carried: Bools | None = None) -> Floats:
    """Fill NaN of each column by repeated averages over the other streams of the same nodes."""
    known = np.isfinite(logs)
    count = np.maximum(known.sum(axis=0), 1)
    middle = np.where(known, logs, 0.0).sum(axis=0) / count
    if default is not None:
        middle = np.where(known.any(axis=0), middle, default)
    filled = np.where(known, logs, middle)
    there = np.ones(logs.shape, dtype=bool) if carried is None else carried
    if known[there].all():
        return filled
    own = np.asarray(near.sum(axis=1)).ravel()[:, None]
    back = csr_array(near.T)
    neighbours = near @ (back @ there.astype(float)) - own * there
    lonely = neighbours == 0
    fixed = known | lonely
    for _ in range(_SWEEPS):
        around = near @ (back @ (filled * there)) - own * filled * there
        filled = np.where(fixed, filled, around / np.where(lonely, 1.0, neighbours))
    return filled
