"""What the readings of a large network can tell: which quantities are observable, and which readings others check.

Judged before any error is looked at, and locally at the point given. Unmeasured quantities span the columns ``U`` of
the equations in local coordinates (masses; assays, or component flows where the assay is not read). A random vector
that ``U`` sends to zero moves exactly what is unobservable, and a random combination of equations from which ``U``
vanishes meets exactly the readings that others check: both hold with probability one, whatever the vectors, and take
a few solutions with one factored matrix.

References
----------
Crowe (1989), AIChE J. 35, 209-223 (projection); Kretsovalis & Mah (1988), Comput. Chem. Eng. 12, 671-687 (classes of
bilinear networks). The random vectors are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from zveno.reconcile.names import Bools, Floats, Ints
from zveno.reconcile.sparse.condensed import Condensation
from zveno.reconcile.sparse.frontal import factor
from zveno.reconcile.sparse.layout import Layout

_TAU, _SWEEPS, _VECTORS = 1e-11, 5, 3
_SEEN, _NOISE, _ROUNDING = 1e-6, 1e-9, 1e-10


@dataclass(frozen=True)
class Structure:
    """Classes of all quantities.

    Parameters
    ----------
    read
        Quantities with a reading that counts, (quantities,).
    observable
        Quantities that the readings determine (read ones among them), (quantities,).
    redundant
        Read quantities that other readings check, (quantities,).
    null
        Changes of the variables that no reading and no equation sees, (variables, k).
    """

    read: Bools
    observable: Bools
    redundant: Bools
    null: Floats

    def sees(self, slopes: Floats) -> bool:
        """Whether the readings determine a quantity with these slopes by the variables."""
        along = slopes @ self.null
        size = np.abs(slopes) @ np.abs(self.null)
        return bool(np.all(np.abs(along) <= _SEEN * np.maximum(size, 1e-300)) or not np.any(size))


def structure(analysed: Condensation, mass: Floats, assay: Floats, closed: Bools) -> Structure:
    """Classify every quantity at a point.

    Parameters
    ----------
    analysed
        The network, with independent equations.
    mass, assay
        The point: masses (streams,) and assays (pairs,); usual ones where a stream is empty.
    closed
        Streams that carry nothing, (streams,): their assays tell nothing.
    """
    layout = analysed.layout
    read = _read(layout, closed)
    scale, local = _local(layout, mass, assay, read)
    columns = csr_array(layout.G @ local)
    free_read = _of_variables(layout, read)
    U = csr_array(columns.tocsc()[:, ~free_read])
    values, row_scale = _gram(analysed, mass, assay, read, scale)
    on_diagonal = analysed.diagonal_entries
    values[on_diagonal] += np.sign(values[on_diagonal] + 0.5) * _TAU
    factors = factor(analysed.pattern, values)
    rng = np.random.default_rng(0)
    row_scale = row_scale[:, None]
    n_rows = len(layout.b)

    def condensed(rows: Floats) -> Floats:
        """Solve with the scaled matrix, common factors of errors left out."""
        full = np.zeros((analysed.rows, rows.shape[1]))
        full[:n_rows] = rows
        return factors.solve(full)[:n_rows]

    z = rng.uniform(0.5, 1.5, (U.shape[1], _VECTORS)) * rng.choice([-1.0, 1.0], (U.shape[1], _VECTORS))
    left = rng.standard_normal((n_rows, _VECTORS))
    for _ in range(_SWEEPS):
        z = z - U.T @ (row_scale[:n_rows] * condensed(row_scale[:n_rows] * (U @ z)))
        left = _TAU * condensed(left)
    moved = np.zeros((layout.n_variables, _VECTORS))
    moved[~free_read] = z
    null = np.asarray(local @ moved)
    unseen = _unseen(layout, mass, assay, null)
    checked = _checked(csr_array(columns.multiply(row_scale[:n_rows])), left) & free_read
    redundant = read & (_on_quantities(layout, checked, fixed=True) | _twice(layout))
    return Structure(read, read | ~unseen, redundant, null)


def _read(layout: Layout, closed: Bools) -> Bools:
    """Quantities with a value read; of an empty stream only the mass counts."""
    read = np.zeros(layout.n_quantities, dtype=bool)
    read[layout.readings.of[layout.readings.values]] = True
    read[layout.n_streams :] &= ~closed[layout.pair_stream]
    return read


def _free_quantities(layout: Layout) -> Ints:
    """Quantity of each variable."""
    return np.concatenate([layout.mass_free, layout.n_streams + layout.flow_free])


def _of_variables(layout: Layout, by_quantity: Bools) -> Bools:
    """Values of quantities by variable."""
    return np.asarray(by_quantity[_free_quantities(layout)])


def _on_quantities(layout: Layout, by_variable: Bools, *, fixed: bool) -> Bools:
    """Values of variables by quantity, with one value for what is fixed."""
    out = np.full(layout.n_quantities, fixed)
    out[_free_quantities(layout)] = by_variable
    return out


def _twice(layout: Layout) -> Bools:
    """Quantities with two readings or more."""
    return np.asarray(np.bincount(layout.readings.of[layout.readings.values], minlength=layout.n_quantities) > 1)


def assay_scale(layout: Layout, assay: Floats) -> Floats:
    """One size per component, the largest assay of it, (pairs,): an assay at zero must not upset the ranks."""
    top = np.zeros(layout.n_components)
    np.maximum.at(top, layout.pair_component, np.nan_to_num(assay))
    return np.asarray(np.where(top > 0, top, layout.assay_total)[layout.pair_component])


def _local(layout: Layout, mass: Floats, assay: Floats, read: Bools) -> tuple[Floats, csr_array]:
    """Sizes of the local coordinates, and their change into the variables.

    A mass takes along the flows whose assays are read; each flow has a coordinate of its own beside it.
    """
    n_m, n = len(layout.mass_free), layout.n_variables
    size = assay_scale(layout, assay)
    scale = np.concatenate([mass[layout.mass_free], mass[layout.owner] * size[layout.flow_free]])
    flows = np.arange(len(layout.owner))
    carried = read[layout.n_streams + layout.flow_free] & (layout.mass_column[layout.owner] >= 0)
    row = np.concatenate([np.arange(n), n_m + flows[carried]])
    column = np.concatenate([np.arange(n), layout.mass_column[layout.owner[carried]]])
    along = assay[layout.flow_free[carried]] * mass[layout.owner[carried]]
    return scale, coo_array((np.concatenate([scale, along]), (row, column)), shape=(n, n)).tocsr()


def _gram(analysed: Condensation, mass: Floats, assay: Floats, read: Bools, scale: Floats) -> tuple[Floats, Floats]:
    """Entries of ``U U'`` after scaling to a unit diagonal, and the scale of the rows."""
    layout = analysed.layout
    n_m, of = len(layout.mass_free), layout.n_streams + layout.flow_free
    masses, flows = analysed.entries(layout.G)
    column = analysed.flow_column
    share = np.where(read[of], assay[layout.flow_free], 0.0)[column]
    along = masses + np.bincount(analysed.flow_touch, flows * share, minlength=len(masses))
    size = np.abs(masses) + np.bincount(analysed.flow_touch, np.abs(flows * share), minlength=len(masses))
    along[np.abs(along) < _ROUNDING * size] = 0.0  # a closed stream adds up: nothing is left of it but rounding
    hidden = np.where(read[: layout.n_streams] | ~np.isnan(layout.mass_fixed), 0.0, mass)
    weight = np.where(read[of], 0.0, scale[n_m:])
    return analysed.matrix(along * hidden[analysed.touch_stream], flows * weight[column], stiff=False)


def _unseen(layout: Layout, mass: Floats, assay: Floats, null: Floats) -> Bools:
    """Quantities that move along the null vectors, (quantities,)."""
    n_m = len(layout.mass_free)
    by_mass = np.zeros((layout.n_streams, null.shape[1]))
    by_mass[layout.mass_free] = null[:n_m] / mass[layout.mass_free, None]
    by_assay = np.zeros((len(layout.pair_stream), null.shape[1]))
    flow = null[n_m:] / mass[layout.owner, None]
    by_assay[layout.flow_free] = flow - assay[layout.flow_free, None] * by_mass[layout.owner]
    by_assay /= assay_scale(layout, assay)[:, None]
    return np.asarray(np.abs(np.concatenate([by_mass, by_assay])).max(axis=1) > _SEEN, dtype=bool)


def _checked(columns: csr_array, left: Floats) -> Bools:
    """Columns that meet a combination of equations, (variables,); ``left`` has entries of about one or next to none."""
    along = np.abs(columns.T @ left)
    size = abs(columns).T @ np.abs(left)
    whole = abs(columns).max(axis=0).toarray().reshape(-1, 1)
    return np.asarray(((along > _SEEN * size) & (size > _NOISE * whole)).any(axis=1))


def free_quantities(layout: Layout) -> Bools:
    """Quantities that are variables, not fixed, (quantities,)."""
    return np.asarray(np.isnan(np.concatenate([layout.mass_fixed, layout.assay_fixed])))
