"""Controlled rounding: figures to a stated last place, such that every sum that held before holds after.

Rounding each figure by itself leaves totals that are not the sum of their parts. Here every figure goes to one of its
two neighbours of the last place, and of all such choices that keep the sums the one is taken that moves least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from zveno.errors import SolveError, rounded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Equation = Mapping[int, int]
"""Signs (1 or -1) of the figures, by number, whose sum is zero: a total is -1, its parts are 1."""
_WHOLE = 1e-6
_HELD = 1e-3
_LARGEST = 2.0**53


@dataclass(frozen=True)
class Rounded:
    """Figures in units of their last place.

    ``nearest`` (n,) is what each would be by itself, half to even; ``published`` (n,) keeps the sums.
    """

    nearest: Ints
    published: Ints

    @property
    def moved(self) -> Ints:
        """Numbers of the figures that are not the nearest ones."""
        return np.flatnonzero(self.nearest != self.published)


def controlled_rounding(values: Sequence[float] | Floats, equations: Sequence[Equation]) -> Rounded:
    """Round figures so that equations hold, each to one of its two neighbours, with least change in all.

    A figure that is whole already stays. The sum of distances from the figures as they were is least. Sums of a tree,
    of a table with two margins, and balances of a network always have an answer (their matrix is totally unimodular);
    others are searched, and may have none.

    Parameters
    ----------
    values
        Figures in units of their last place, shape (n,); the equations hold for them.
    equations
        Sums that must hold.

    Raises
    ------
    SolveError
        If the equations do not hold for the figures, or no choice of neighbours keeps them.

    References
    ----------
    Cox & Ernst (1982), Controlled rounding, INFOR 20, 423-432; Causey, Cox & Ernst (1985), Applications of
    transportation theory to statistical problems, JASA 80, 903-909.

    Examples
    --------
    >>> controlled_rounding([1.4, 1.4, 1.4, 4.2], [{0: 1, 1: 1, 2: 1, 3: -1}]).published
    array([1, 1, 2, 4])
    """
    x = np.asarray(values, dtype=float)
    if not np.isfinite(x).all() or np.abs(x).max(initial=0.0) > _LARGEST:
        raise SolveError("figures to be rounded must be numbers of at most 15 digits: ask for fewer decimals")
    whole = np.abs(x - np.rint(x)) <= _WHOLE
    low = np.where(whole, np.rint(x), np.floor(x))
    high = np.where(whole, low, low + 1)
    matrix = _matrix(equations, len(x))
    off = np.abs(matrix @ x).max(initial=0.0)
    if off > _HELD:
        raise SolveError(
            "totals cannot be rounded that are no sums of their parts: off by {off} of the last place",
            off=rounded(off, 2),
        )
    up = _chosen(x, low, high, matrix)
    published = np.rint(low + up).astype(np.int64)
    if (matrix.astype(np.int64) @ published).any():
        raise SolveError("no rounding to the neighbouring figures keeps all totals: ask for more decimals")
    return Rounded(np.rint(x).astype(np.int64), published)


def _chosen(x: Floats, low: Floats, high: Floats, matrix: csr_array) -> Floats:
    """1 where a figure goes up, 0 where it goes down."""
    free = np.flatnonzero(high > low)
    up = np.zeros(len(x))
    if not len(free):
        return up
    share = x[free] - low[free]
    wanted = -(matrix @ low)
    found = milp(
        1.0 - 2.0 * share, integrality=np.ones(len(free), dtype=np.int64), bounds=Bounds(0, 1),
        constraints=[LinearConstraint(matrix[:, free], wanted, wanted)] if matrix.shape[0] else [],
        options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    if found.x is None:
        raise SolveError("no rounding to the neighbouring figures keeps all totals: ask for more decimals")
    up[free] = np.rint(found.x)
    return up


def _matrix(equations: Sequence[Equation], size: int) -> csr_array:
    """Equations as rows."""
    rows = [k for k, one in enumerate(equations) for _ in one]
    columns = [n for one in equations for n in one]
    signs = [float(sign) for one in equations for sign in one.values()]
    return csr_array((signs, (rows, columns)), shape=(len(equations), size))
