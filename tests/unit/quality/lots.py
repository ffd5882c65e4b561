"""Months of lots in which one supplier over-assays when one sampler works."""

from __future__ import annotations

import numpy as np

from zveno.quality.suppliers import Lot

GUILTY = ("S2", "X1")


def lots(seed: int, *, bias: float = 0.02, count: int = 10, sd: float = 0.01, ours: float = 0.003) -> list[Lot]:
    """Five suppliers, four samplers, so many lots of each pair.

    Parameters
    ----------
    bias
        By how much the guilty pair is high.
    sd
        Scatter of the difference of the two assays of a lot, relative.
    ours
        What our laboratory has too much of everything.
    """
    rng = np.random.default_rng(seed)
    found = []
    for supplier in range(5):
        for sampler in range(4):
            for _ in range(count):
                true = rng.uniform(0.2, 0.35)
                pair = (f"S{supplier}", f"X{sampler}")
                mine, theirs = rng.normal(0, sd / np.sqrt(2), 2)
                high = bias if pair == GUILTY else 0.0
                found.append(
                    Lot(str(len(found)), *pair, "Cu", true * (1 + ours + mine), true * (1 + high + theirs), None, 500.0)
                )
    return found
