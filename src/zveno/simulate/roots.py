"""Roots of functions of one unknown, many scenarios at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zveno.simulate.moves import Floats

_STEPS, _HALVING_EVERY, _SETTLED = 60, 8, 1e-13


def falling_root(value: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Where a falling function is zero between bounds (S,); the bound that is nearer to it where it is not.

    False position with the Illinois rule, which keeps the root in its bracket (Dowell & Jarratt 1971, BIT 11,
    168-174); every eighth step halves, for functions that jump where a species melts.
    """
    a, b, at_a, at_b = low, high, value(low), value(high)
    scale = np.maximum(np.abs(at_a), np.abs(at_b))
    inside = (at_a > 0) & (at_b < 0)
    found = np.where(at_a <= 0, low, high)
    for step in range(1, _STEPS + 1):
        slope = np.where(inside, at_b - at_a, 1.0)
        found = np.where(inside, b - at_b * (b - a) / slope if step % _HALVING_EVERY else (a + b) / 2, found)
        now = value(found)
        inside = inside & (np.abs(now) > _SETTLED * scale)  # a scenario that has settled waits for the others
        if not inside.any():
            break
        crossed = now * at_b < 0
        a, at_a = np.where(crossed, b, a), np.where(crossed, at_b, at_a / 2)
        b, at_b = np.where(inside, found, b), np.where(inside, now, at_b)
    return np.asarray(found)
