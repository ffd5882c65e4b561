"""Results as lines for a person and as JSON."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

import polars as pl

from benchmarks.measure import Compared, Outcome, Phased, Timing

_PACKAGES = ("zveno", "numpy", "scipy", "polars", "openpyxl", "python-calamine")
_PEERS = ("biosteam", "thermosteam", "casadi", "jax")


def machine() -> dict[str, str]:
    """What the figures depend on."""
    algebra = os.environ.get("OPENBLAS_NUM_THREADS", "not set")
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {_load()}",
        "python": platform.python_version(),
        "packages": ", ".join(f"{one} {version(one)}" for one in _PACKAGES),
        "peers": ", ".join(_found(one) for one in _PEERS),
        "threads": f"linear algebra {algebra}, polars {pl.thread_pool_size()}",
    }


def lines(name: str, outcome: Outcome) -> Iterator[str]:
    """A case as lines."""
    yield f"{name}: {outcome.size}"
    if isinstance(outcome, Phased):
        for phase in outcome.phases:
            memory = "" if phase.peak_mb is None else f"   peak {phase.peak_mb:5.0f} MB"
            yield f"    {phase.name:44s} {_times(phase.seconds, phase.cpu_seconds)}{memory}"
        return
    for one in outcome.timings:
        yield from _contender(outcome, one)


def _contender(outcome: Compared, one: Timing) -> Iterator[str]:
    """A contender: its seconds, what they are to Zveno's, and how long it took to make it ready."""
    if one.skipped:
        yield f"    {one.name:44s} skipped: {one.skipped}"
        return
    scaled = "" if one.share == 1 else f" [{100 * one.share:.3g}% done]"
    if not one.seconds:
        yield f"    {one.name:44s} {_answer(outcome, one)}"
        return
    beside = f"   {one.note}" if one.note else ""
    if one is not outcome.timings[0]:
        beside = f"   x {outcome.ratio(one):<6.3g} cpu x {outcome.cpu_ratio(one):<6.3g} {_answer(outcome, one)}"
    yield f"    {one.name + scaled:44s} {_times(one.seconds, one.cpu_seconds)}{beside}"
    if one.ready_seconds:
        first, rest = (one.ready_seconds[0], one.ready_cpu_seconds[0]), ""
        if len(one.ready_seconds) > 1:
            rest = f", later {min(one.ready_seconds[1:]):.4f} s (cpu {min(one.ready_cpu_seconds[1:]):.4f})"
        yield f"        made ready in {first[0]:.4f} s (cpu {first[1]:.4f}){rest}"


def closing(found: dict[str, Outcome], skipped: dict[str, str]) -> Iterator[str]:
    """What to take note of at the end."""
    compared = [(name, one, peer) for name, one in found.items() for peer in _peers(one)]
    for name, one, peer in compared:
        if peer.peer and peer.agrees and one.ratio(peer) < 1:
            yield f"FASTER THAN ZVENO  {name}: {peer.name} takes {one.ratio(peer):.2g} of the time"
    for name, one, peer in compared:
        if not peer.agrees:
            yield f"ANOTHER ANSWER     {name}: {peer.name} {_answer(one, peer)}"
    for name, reason in skipped.items():
        yield f"SKIPPED            {name}: {reason}"
    for name, outcome in found.items():
        for reason in _left_out(outcome):
            yield f"SKIPPED            {name}: {reason}"
    for name, one, peer in compared:
        if one.headline and peer.name.startswith(one.headline) and peer.agrees:
            ratio = one.cpu_ratio(peer)
            times = f"{ratio:.3g} times less" if ratio >= 1 else f"{1 / ratio:.3g} times more"
            yield f"HEADLINE           {name}: {times} CPU per scenario than {peer.name}"


def _peers(outcome: Outcome) -> tuple[Timing, ...]:
    """Those beside Zveno that took part."""
    return tuple(one for one in outcome.timings[1:] if not one.skipped) if isinstance(outcome, Compared) else ()


def as_json(found: dict[str, Outcome], skipped: dict[str, str]) -> dict[str, Any]:
    """Everything that was measured."""
    return {"about": machine(), "cases": {name: asdict(one) for name, one in found.items()}, "skipped": skipped}


def _left_out(outcome: Outcome) -> Iterator[str]:
    """Contenders and steps that could not be measured, with the reason."""
    if isinstance(outcome, Phased):
        yield from outcome.skipped
        return
    for one in outcome.timings:
        if one.skipped:
            yield f"{one.name}: {one.skipped}"


def _found(package: str) -> str:
    """A peer's version."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} absent"


def _times(seconds: tuple[float, ...], cpu_seconds: tuple[float, ...]) -> str:
    """Least and middle of the repeats, and the middle of their processor time."""
    cpu = f"   cpu {median(cpu_seconds):9.4f} s" if cpu_seconds else ""
    return f"{min(seconds):9.4f} s   median {median(seconds):9.4f} s{cpu}   {len(seconds):2d} runs"


def _answer(outcome: Compared, one: Timing) -> str:
    """How a peer's answer compares."""
    if one.error:
        return f"FAILED: {one.error}"
    same = "same answer" if one.allowed is None else f"same to {one.allowed:g}"
    verdict = same if one.agrees else "ANOTHER ANSWER"
    note = f"; {one.note}" if one.note else ""
    return f"{verdict}, largest difference {one.difference:.2g} {outcome.unit}{note}"


def _load() -> str:
    """Load of the machine in the last minute."""
    return f"{os.getloadavg()[0]:.2f}" if sys.platform != "win32" else "unknown"
