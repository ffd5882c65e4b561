"""Results as lines for a person and as JSON."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import polars as pl

from benchmarks.measure import Compared, Outcome, Phased, Timing

_PACKAGES = ("zveno", "numpy", "scipy", "polars", "openpyxl", "python-calamine")


def machine() -> dict[str, str]:
    """What the figures depend on."""
    algebra = os.environ.get("OPENBLAS_NUM_THREADS", "not set")
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {_load()}",
        "python": platform.python_version(),
        "packages": ", ".join(f"{one} {version(one)}" for one in _PACKAGES),
        "threads": f"linear algebra {algebra}, polars {pl.thread_pool_size()}",
    }


def lines(name: str, outcome: Outcome) -> Iterator[str]:
    """A case as lines."""
    yield f"{name}: {outcome.size}"
    if isinstance(outcome, Phased):
        for phase in outcome.phases:
            memory = "" if phase.peak_mb is None else f"   peak {phase.peak_mb:5.0f} MB"
            yield f"    {phase.name:44s} {_times(phase.seconds)}{memory}"
        return
    for one in outcome.timings:
        beside = "" if one is outcome.timings[0] else f"   x {outcome.ratio(one):<6.3g} {_answer(outcome, one)}"
        scaled = "" if one.share == 1 else f" [{one.share:.1%} done]"
        yield f"    {one.name + scaled:44s} {_times(one.seconds)}{beside}"


def closing(found: dict[str, Outcome], skipped: dict[str, str]) -> Iterator[str]:
    """What to take note of at the end."""
    compared = [(name, one) for name, one in found.items() if isinstance(one, Compared)]
    for name, one in compared:
        for peer in one.timings[1:]:
            if peer.peer and peer.agrees and one.ratio(peer) < 1:
                yield f"FASTER THAN ZVENO  {name}: {peer.name} takes {one.ratio(peer):.2g} of the time"
    for name, one in compared:
        for peer in one.timings:
            if not peer.agrees:
                yield f"ANOTHER ANSWER     {name}: {peer.name} {_answer(one, peer)}"
    for name, reason in skipped.items():
        yield f"SKIPPED            {name}: {reason}"


def as_json(found: dict[str, Outcome], skipped: dict[str, str]) -> dict[str, Any]:
    """Everything that was measured."""
    return {"about": machine(), "cases": {name: asdict(one) for name, one in found.items()}, "skipped": skipped}


def _times(seconds: tuple[float, ...]) -> str:
    """Least and middle of the repeats."""
    ordered = sorted(seconds)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return f"{ordered[0]:9.4f} s   median {middle:9.4f} s   {len(ordered):2d} runs"


def _answer(outcome: Compared, one: Timing) -> str:
    """How a peer's answer compares."""
    if one.error:
        return f"FAILED: {one.error}"
    verdict = "same answer" if one.agrees else "ANOTHER ANSWER"
    return f"{verdict}, largest difference {one.difference:.2g} {outcome.unit}"


def _load() -> str:
    """Load of the machine in the last minute."""
    return f"{os.getloadavg()[0]:.2f}" if sys.platform != "win32" else "unknown"
