"""A job shop as its file states it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JobShop:
    """Jobs of operations in order, each on one machine for a whole number of time units."""

    name: str
    machines: int
    jobs: tuple[tuple[tuple[int, int], ...], ...]
    """Machine and duration of each operation."""
