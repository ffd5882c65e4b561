"""Tests of readings with correlated errors, from the selected inverse that also gives the standard deviations."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array

from zveno.reconcile.names import Floats, Ints
from zveno.reconcile.sparse.condensed import Condensation


def tied_slope_variance(
    analysed: Condensation, entries: tuple[Floats, Floats], inverse: Floats, own: Floats, explained: Floats
) -> Floats:
    """Variance of the slope of half the objective by the error of each tied reading, (k,).

    With the common factors as unknowns beside masses and flows, a slope is what the reading's own error is left with
    over its variance; masses, flows and factors of one group share rows, so that their covariances are selected too.

    Parameters
    ----------
    entries
        Scaled entries of touches and flows that made the matrix.
    inverse
        Entries of its inverse.
    own, explained
        Of each quantity: the variance that its own readings leave it, and the share that the equations take away.
    """
    layout = analysed.layout
    tied = layout.readings.tied
    of = layout.readings.of[tied.number]
    base = len(layout.b)
    off = analysed.entry_row != analysed.entry_column
    row = np.concatenate([analysed.entry_row, analysed.entry_column[off]])
    column = np.concatenate([analysed.entry_column, analysed.entry_row[off]])
    with_factors = column >= base
    values = np.concatenate([inverse, inverse[off]])[with_factors]
    selected = coo_array(
        (values, (row[with_factors], column[with_factors] - base)), shape=(analysed.rows, analysed.rows - base)
    ).tocsr()
    common = csr_array(tied.common)
    across = np.asarray((_moved(analysed, entries, of, own) @ selected).multiply(common).sum(axis=1)).ravel()
    among = np.asarray((common @ selected[base:]).multiply(common).sum(axis=1)).ravel()
    spread = own[of] * (1 - explained[of]) + 2 * across - among
    return np.asarray((1 - spread / tied.own) / tied.own)


def _moved(analysed: Condensation, entries: tuple[Floats, Floats], of: Ints, own: Floats) -> csr_array:
    """How much one unit of each row moves each quantity, (k, rows)."""
    layout = analysed.layout
    touches, flows = entries
    n_s = layout.n_streams
    number = np.full(len(layout.pair_stream), -1)
    number[layout.flow_free] = np.arange(len(layout.flow_free))
    reading, at, value = [], [], []
    for k, quantity in enumerate(of.tolist()):
        group, key = (
            (analysed.touch_stream, quantity) if quantity < n_s else (analysed.flow_column, number[quantity - n_s])
        )
        first, last = np.searchsorted(group, [key, key + 1])
        source, rows = (touches, analysed.touch_row) if quantity < n_s else (flows, analysed.flow_row)
        reading.append(np.full(last - first, k))
        at.append(rows[first:last])
        value.append(source[first:last] * np.sqrt(own[quantity]))
    shape = (len(of), analysed.rows)
    return coo_array((np.concatenate(value), (np.concatenate(reading), np.concatenate(at))), shape=shape).tocsr()
