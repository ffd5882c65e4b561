"""Ball mill by size class, its pulp perfectly mixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.simulate.basis import Floats
from zveno.simulate.units.breakage import SizeMill


def perfect_mixing(broken: Floats, fragments: Floats) -> Floats:
    """Matrices (..., n, n) from feed to product of a perfectly mixed mill.

    The contents s obey f - (I - A) R s - D s = 0 and the product is p = D s. With x = R/D, the rate of breakage over
    that of discharge, it follows from coarse to fine: p_i (1 + x_i (1 - a_ii)) = f_i + sum over j < i of a_ij x_j p_j.

    Parameters
    ----------
    broken
        x of each class, shape (..., n).
    fragments
        A, parents in columns, shape (..., n, n), lower triangular, columns sum to 1.

    References
    ----------
    Whiten (1974), J. South. Afr. Inst. Min. Metall. 74, 257-264; Napier-Munn et al. (1996), Mineral Comminution
    Circuits, ch. 9.

    Examples
    --------
    >>> perfect_mixing(np.array([4.0, 0.0]), np.array([[0.0, 0.0], [1.0, 1.0]]))
    array([[0.2, 0. ],
           [0.8, 1. ]])
    """
    count = broken.shape[-1]
    shape = np.broadcast_shapes(broken.shape[:-1], fragments.shape[:-2])
    found = np.zeros((*shape, count, count))
    spread = fragments * broken[..., None, :]
    for i in range(count):
        arrives = np.einsum("...j,...jk->...k", spread[..., i, :i], found[..., :i, :])
        arrives[..., i] += 1
        found[..., i, :] = arrives / (1 + broken[..., i] * (1 - fragments[..., i, i]))[..., None]
    return found


@dataclass(frozen=True, kw_only=True)
class PerfectMixingMill(SizeMill):
    """A ball mill whose pulp is perfectly mixed; grains of all sizes leave with it.

    Grains of size x break at r (x / 1 mm)^``rate_exponent`` / (1 + (x / ``rate_peak_um``)^``rate_fall``), where r is
    ``rate_per_min``, one number or one for each sieve, times the ``breakage`` of their ore. The rate of
    discharge is one over the mean residence time, volume of pulp over its flow, so that a larger flow grinds coarser.

    References
    ----------
    Whiten (1974), J. South. Afr. Inst. Min. Metall. 74, 257-264 (perfect mixing); Austin, Klimpel & Luckie (1984)
    (rates).

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")] * 3, sg=[2.65] * 3, k_per_min=[0.0] * 3, groups=["gangue"] * 3,
    ...     sizes=([300.0, 150.0], [0, 1, 2]))
    >>> mill = PerfectMixingMill(pulp_m3=5.0, solids=0.7, rate_per_min=2.0, rate_exponent=0.8)
    >>> mill.run(np.array([60.0, 30.0, 10.0, 40.0]), ore)["product"].round(2)
    array([[14.97, 17.81, 67.21, 42.86]])
    """

    def ground(self, broken: Floats, fragments: Floats) -> Floats:
        """Matrices (S, K, n, n) from feed to product."""
        return perfect_mixing(broken, fragments[:, None])
