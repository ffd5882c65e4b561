"""Mill by size class whose pulp passes as a plug: batch grinding for the residence time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.simulate.basis import Floats
from zveno.simulate.units.breakage import SizeMill

_TERMS = 14  # of the series after halving; (1/2)^14 / 14! is below rounding
_MOST_PER_STEP = 0.5  # transitions in the time that the series covers
_MOST_BROKEN = 1e9  # an empty mill grinds for ever; what this leaves unbroken is nothing


def batch_grinding(broken: Floats, fragments: Floats) -> Floats:
    """Matrices (..., n, n) from feed to product of grinding for a time, all grains alike: Reid's solution.

    dw_i/dt = -S_i w_i + sum over j < i of b_ij S_j w_j. Reid divides by differences of rates and fails where two are
    alike; the same solution is the exponential of the matrix (B - I) S t, found here by uniformization: a Poisson
    mixture of powers of a stochastic matrix, in which nothing is subtracted, squared until the whole time is covered.

    Parameters
    ----------
    broken
        S t of each class, shape (..., n).
    fragments
        B, parents in columns, shape (..., n, n), lower triangular, columns sum to 1.

    References
    ----------
    Reid (1965), Chem. Eng. Sci. 20, 953-963; Jensen (1953), Skand. Aktuarietidskr. 36, 87-91 (uniformization).

    Examples
    --------
    >>> batch_grinding(np.array([2.0, 0.0]), np.array([[0.0, 0.0], [1.0, 1.0]])).round(6)
    array([[0.135335, 0.      ],
           [0.864665, 1.      ]])
    """
    count = broken.shape[-1]
    broken = np.minimum(broken, _MOST_BROKEN)
    fastest = broken.max(axis=-1, keepdims=True)
    halvings = np.ceil(np.log2(np.maximum(fastest / _MOST_PER_STEP, 1.0)))
    step = fastest / 2**halvings  # each scenario by itself, whatever stands beside it
    speed = np.divide(broken, fastest, out=np.zeros_like(broken), where=fastest > 0)[..., None, :]
    jump = fragments * speed + np.eye(count) * (1 - speed)
    power, weight = np.broadcast_to(np.eye(count), jump.shape), np.exp(-step)[..., None]
    found = weight * power
    for n in range(1, _TERMS + 1):
        power, weight = jump @ power, weight * step[..., None] / n
        found = found + weight * power
    found = found / found.sum(axis=-2, keepdims=True)
    for n in range(int(halvings.max(initial=0))):
        found = np.where(n < halvings[..., None], found @ found, found)
        found = found / found.sum(axis=-2, keepdims=True)
    return np.asarray(found)


@dataclass(frozen=True, kw_only=True)
class ReidMill(SizeMill):
    """A mill through which the pulp passes as a plug, or a batch mill: all grains are ground for the same time.

    Rates and fragments are those of the perfectly mixed mill; the time is the volume of pulp over its flow.

    References
    ----------
    Reid (1965), Chem. Eng. Sci. 20, 953-963; Austin, Klimpel & Luckie (1984), Process Engineering of Size Reduction.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")] * 3, sg=[2.65] * 3, k_per_min=[0.0] * 3, groups=["gangue"] * 3,
    ...     sizes=([300.0, 150.0], [0, 1, 2]))
    >>> mill = ReidMill(pulp_m3=5.0, solids=0.7, rate_per_min=2.0, rate_exponent=0.8)
    >>> mill.run(np.array([60.0, 30.0, 10.0, 40.0]), ore)["product"].round(2)
    array([[ 2.97, 12.8 , 84.23, 42.86]])
    """

    def ground(self, broken: Floats, fragments: Floats) -> Floats:
        """Matrices (S, K, n, n) from feed to product."""
        return batch_grinding(broken, fragments[:, None])
