"""The Newton system of a large network, condensed to its equations.

Of each stream the curvature is an arrow: the mass meets every component flow, flows do not meet each other. With
``v = (1, ratio)`` its inverse is ``diag(0, 1/d) + v v'/sigma``, and the condensed matrix ``K = G inv(H) G'`` joins
equations that share a stream. Common factors of correlated errors are kept beside the equations, with the opposite
sign: the matrix is quasidefinite, and factors in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array, csr_array, vstack

from zveno.reconcile.names import Floats, Ints
from zveno.reconcile.sparse.frontal import Factors, Pattern, dependent, factor, pattern
from zveno.reconcile.sparse.layout import Layout

_LIFT = 1e-15
_DEPENDENT = 1e-9


@dataclass(frozen=True)
class Condensation:
    """What does not change between the Newton systems of one layout.

    Rows are the equations and then the factors. ``touch_row``, ``touch_stream`` list which rows touch which streams;
    ``flow_row``, ``flow_column`` the entries of the rows in the flows, and ``flow_touch`` the touch that each one
    belongs to. Products of two entries of one stream, or of one flow, add up to the entries of the matrix.
    """

    layout: Layout
    rows: int
    touch_row: Ints
    touch_stream: Ints
    flow_row: Ints
    flow_column: Ints
    flow_touch: Ints
    first: Ints
    second: Ints
    starts: Ints
    entry_row: Ints
    entry_column: Ints
    summed: Ints
    stiff: tuple[Ints, Floats]
    places: tuple[Ints, Ints]

    def entries(self, extended: csr_array) -> tuple[Floats, Floats]:
        """Entries of equations and factors in the masses, by touch, and in the flows."""
        keys, at = self.places
        found = extended.tocoo()
        mine = np.searchsorted(keys, found.col.astype(np.int64) * self.rows + found.row)
        values = np.zeros(len(keys))
        values[mine] = found.data
        n_touch = len(self.touch_row)
        by_mass = np.bincount(at[at < n_touch], values[at < n_touch], minlength=n_touch)
        return by_mass.astype(np.float64), values[at >= n_touch]

    @cached_property
    def constant(self) -> tuple[Floats, Floats]:
        """Entries of the equations, where there are no common factors."""
        return self.entries(self.layout.G)

    @cached_property
    def pattern(self) -> Pattern:
        """Order of elimination."""
        vertex = self.layout.vertex
        factors = self.rows - len(vertex)
        all_of_them = np.concatenate([vertex, vertex.max(initial=-1) + 1 + np.arange(factors)])
        negative = np.arange(int(all_of_them.max(initial=-1)) + 1) > vertex.max(initial=-1)
        return pattern(all_of_them, self.entry_row, self.entry_column, negative)

    def factor(self, touches: Floats, flows: Floats) -> tuple[Factors, Floats]:
        """Factor ``E E'`` less the stiffness of the factors, for entries ``E`` of touches and flows.

        The matrix is scaled to a unit diagonal; also gives the scale of its rows.
        """
        values, scale = self.matrix(touches, flows)
        on_diagonal = self.diagonal_entries
        values[on_diagonal] += np.sign(values[on_diagonal]) * _LIFT
        return factor(self.pattern, values), scale

    def matrix(self, touches: Floats, flows: Floats, *, stiff: bool = True) -> tuple[Floats, Floats]:
        """Entries of the same matrix after scaling, and the scale of its rows.

        Without stiffness, rows of the common factors are empty but for a diagonal of -1.
        """
        entries = np.concatenate([touches, flows])
        of = np.concatenate([self.touch_row, self.flow_row])
        diagonal = np.bincount(of, entries**2, minlength=self.rows)
        stiff_at, stiffness = self.stiff
        own = self.entry_row[stiff_at] == self.entry_column[stiff_at]
        if not stiff:
            stiffness = np.where(own, 1.0, 0.0)
        diagonal[self.entry_row[stiff_at[own]]] -= stiffness[own]
        scale = 1 / np.sqrt(np.where(diagonal == 0, 1.0, np.abs(diagonal)))
        entries *= scale[of]
        values = np.zeros(len(self.entry_row))
        values[self.summed] = np.add.reduceat(entries[self.first] * entries[self.second], self.starts)
        values[stiff_at] -= stiffness * scale[self.entry_row[stiff_at]] * scale[self.entry_column[stiff_at]]
        return values, scale

    @cached_property
    def diagonal_entries(self) -> Ints:
        """Numbers of the entries on the diagonal."""
        return np.flatnonzero(self.entry_row == self.entry_column)


def condensation(layout: Layout) -> Condensation:
    """Analyse the equations of a layout and the factors of its correlated errors."""
    extended = csc_array(vstack([layout.G, _factor_rows(layout)]))
    extended.sum_duplicates()  # also sorts
    rows, n_m = extended.shape[0], len(layout.mass_free)
    column = np.repeat(np.arange(extended.shape[1]), np.diff(extended.indptr))
    is_flow = column >= n_m
    stream = np.where(is_flow, layout.owner[np.maximum(column - n_m, 0)] if len(layout.owner) else 0,
                      layout.mass_free[np.minimum(column, n_m - 1)] if n_m else 0)  # fmt: skip
    key = stream * rows + extended.indices.astype(np.int64)
    touches, touch = np.unique(key, return_inverse=True)
    touch_row, touch_stream = (touches % rows).astype(np.int64), (touches // rows).astype(np.int64)
    flow_row, flow_column = extended.indices[is_flow].astype(np.int64), (column[is_flow] - n_m).astype(np.int64)
    a, b = _pairs(touch_stream)
    c, d = _pairs(flow_column)
    stiff = layout.readings.tied.stiffness.tocoo()
    lower = stiff.row >= stiff.col
    base = layout.G.shape[0]
    stiff_key = (base + stiff.row[lower]).astype(np.int64) * rows + base + stiff.col[lower]
    first, second = np.concatenate([a, len(touches) + c]), np.concatenate([b, len(touches) + d])
    of = np.concatenate([touch_row, flow_row])
    product_key = np.maximum(of[first], of[second]) * rows + np.minimum(of[first], of[second])
    order = np.argsort(product_key, kind="stable")
    product_key = product_key[order]
    starts = np.flatnonzero(np.diff(product_key, prepend=-1))
    summed_key = product_key[starts]
    entries = np.union1d(summed_key, stiff_key) if len(stiff_key) else summed_key
    return Condensation(
        layout=layout,
        rows=rows,
        touch_row=touch_row,
        touch_stream=touch_stream,
        flow_row=flow_row,
        flow_column=flow_column,
        flow_touch=touch[is_flow],
        first=first[order],
        second=second[order],
        starts=starts,
        entry_row=entries // rows,
        entry_column=entries % rows,
        summed=np.searchsorted(entries, summed_key),
        stiff=(np.searchsorted(entries, stiff_key), stiff.data[lower]),
        places=(column * rows + extended.indices, np.where(is_flow, len(touches), touch)),
    )


def _pairs(group: Ints) -> tuple[Ints, Ints]:
    """Numbers (i, j), i >= j, of all pairs of neighbours in a sorted list that belong to one group."""
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    sizes = np.diff(starts, append=len(group))
    empty = np.zeros(0, dtype=np.int64)
    firsts, seconds = [empty], [empty]
    for size in np.unique(sizes):
        i, j = np.tril_indices(int(size))
        at = starts[sizes == size][:, None]
        firsts.append((at + i).ravel())
        seconds.append((at + j).ravel())
    return np.concatenate(firsts), np.concatenate(seconds)


def _factor_rows(layout: Layout) -> csr_array:
    """Where factors pull at masses and flows: a pattern of ones; the numbers change with the point."""
    tied = layout.readings.tied
    rows = slopes_of_readings(layout, layout.readings.of[tied.number], None)
    pull = csr_array((np.ones(tied.pull.nnz), tied.pull.indices, tied.pull.indptr), shape=tied.pull.shape[::-1])
    return csr_array(pull @ rows)


def slopes_of_readings(layout: Layout, of: Ints, point: tuple[Floats, Floats] | None) -> csr_array:
    """Slopes of quantities as read (masses or assays) by the variables, (readings, variables).

    Without a point (masses, assays) a pattern of ones.
    """
    n_s, n_m = layout.n_streams, len(layout.mass_free)
    is_mass = of < n_s
    pair = np.maximum(of - n_s, 0)
    stream = np.where(is_mass, of, layout.pair_stream[pair] if len(layout.pair_stream) else 0)
    number = np.full(len(layout.pair_stream), -1)
    number[layout.flow_free] = np.arange(len(layout.flow_free))
    flow = np.where(is_mass | (len(number) == 0), -1, number[pair] if len(number) else -1)
    by_mass, by_flow = np.ones(len(of)), np.ones(len(of))
    if point is not None:
        mass, assay = point
        by_flow = 1 / mass[stream]
        by_mass = np.where(is_mass, 1.0, -(assay[pair] if len(assay) else 0.0) * by_flow)
    column = layout.mass_column[stream]
    some_m = (column >= 0) & (is_mass | (flow >= 0))
    some_f = flow >= 0
    at = np.arange(len(of))
    row = np.concatenate([at[some_m], at[some_f]])
    col = np.concatenate([column[some_m], n_m + flow[some_f]])
    data = np.concatenate([by_mass[some_m], by_flow[some_f]])
    return csr_array((data, (row, col)), shape=(len(of), layout.n_variables))


def independent(analysed: Condensation) -> Ints:
    """Equations that do not follow from others."""
    masses, flows = analysed.entries(analysed.layout.G)
    values, _ = analysed.matrix(masses, flows)
    return np.flatnonzero(~dependent(analysed.pattern, values, _DEPENDENT)[: len(analysed.layout.b)])
