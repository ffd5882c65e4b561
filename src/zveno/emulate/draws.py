"""Random draws, one independent stream for each purpose, so that one event never disturbs another's draw."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """The random generator of a purpose; the same seed and purpose give the same draws."""
    key = zlib.crc32("/".join(purpose).encode())
    return np.random.default_rng(np.random.SeedSequence([seed, key]))


def wandering(rng: np.random.Generator, n: int, *, sd: float, persistence: float) -> npt.NDArray[np.float64]:
    """First-order autoregression of ``n`` steps with stationary standard deviation ``sd``."""
    shocks = rng.standard_normal(n)
    path = np.empty(n)
    level = 0.0
    for i in range(n):
        level = shocks[0] if i == 0 else persistence * level + np.sqrt(1 - persistence**2) * shocks[i]
        path[i] = level
    return path * sd
