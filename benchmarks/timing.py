"""Two ways to one answer, timed side by side in one run."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class Pair:
    """Seconds of both ways (median and least of the repeats), and how far their answers differ.

    ``scaled`` says that the peer did only a part and its time was multiplied.
    """

    subject: str
    case: str
    ours_s: float
    ours_least_s: float
    peer: str
    peer_s: float
    peer_least_s: float
    difference: float
    scaled: str = ""

    @property
    def ratio(self) -> float:
        """How many times longer the peer takes."""
        return self.peer_s / self.ours_s


@dataclass(frozen=True)
class Phase:
    """Seconds of one phase of an example."""

    example: str
    phase: str
    seconds: float
    peak_mb: float


def side_by_side(
    subject: str,
    case: str,
    ours: Callable[[], A],
    peer: Callable[[], B],
    *,
    peer_name: str,
    difference: Callable[[A, B], float],
    repeats: int = 3,
    share: float = 1.0,
) -> Pair:
    """Run both in turn, so that whatever else the machine does meets both; ``share`` of the work the peer does."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        begin = time.perf_counter()
        mine = ours()
        middle = time.perf_counter()
        theirs = peer()
        took[0].append(middle - begin)
        took[1].append((time.perf_counter() - middle) / share)
    scaled = "" if share == 1.0 else f"peer did {share:.0%} of the work, scaled up"
    return Pair(
        subject, case, statistics.median(took[0]), min(took[0]), peer_name, statistics.median(took[1]), min(took[1]),
        difference(mine, theirs), scaled,
    )  # fmt: skip


def peak_mb() -> float:
    """Largest memory of this process so far, MB."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
