"""Mill by size class whose pulp passes as a plug: batch grinding for the residence time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.simulate.basis import Floats
from zveno.simulate.units.breakage import SizeMill

_TERMS = 14  # of the series after halving; (1/2)^14 / 14! is below rounding
_MOST_PER_STEP = 0.5  # transitions in the time that the series covers


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
    most = float(broken.max(initial=0.0))
    halvings = max(int(np.ceil(np.log2(most / _MOST_PER_STEP))), 0) if most > 0 else 0
    fastest = most / 2**halvings
    step = np.broadcast_to(np.eye(count), (*np.broadcast_shapes(broken.shape[:-1], fragments.shape[:-2]), count, count))
    if not fastest:
        return step.copy()
    speed = (broken / 2**halvings / fastest)[..., None, :]
    jump = fragments * speed + np.eye(count) * (1 - speed)
    found, power, weight = np.zeros_like(step), step, np.exp(-fastest)
    for n in range(1, _TERMS + 1):
        found = found + weight * power
        power, weight = jump @ power, weight * fastest / n
    found = found / found.sum(axis=-2, keepdims=True)
    for _ in range(halvings):
        found = found @ found
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
