"""The main job step by step, without a peer: seconds and memory.

Every repeat is a process of its own, so that neither imports nor leftovers of other cases count.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from benchmarks.measure import Phase, Phased
from benchmarks.room import EXAMPLE, Room, shared

_MOST_REPEATS = 3
_COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "zveno --help": ["-m", "zveno", "--help"],
    "zveno validate": ["-m", "zveno", "validate", "-c", EXAMPLE],
}


@dataclass(frozen=True)
class Script:
    """A job that a fresh process does, with the arguments it takes before a folder of its own."""

    size: str
    arguments: tuple[str, ...]
    room: Room

    def measure(self, budget: float, least: int) -> Phased:
        """Repeat the whole job."""
        begun = perf_counter()
        found: dict[str, list[tuple[float, float | None]]] = {}
        for turn in range(1, _MOST_REPEATS + 1):
            command = [sys.executable, "-m", "benchmarks.main_job", *self.arguments, str(self.room.new())]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            for name, seconds, peak in json.loads(done.stdout):
                found.setdefault(name, []).append((seconds, peak))
            gone = perf_counter() - begun
            if turn >= least and gone * (turn + 1) / turn > budget:
                break
        return Phased(self.size, tuple(_phase(name, rows) for name, rows in found.items()))


@dataclass(frozen=True)
class Commands:
    """Whole commands, from the start of the interpreter to its end."""

    size: str = "whole commands, each a process of its own"

    def measure(self, budget: float, least: int) -> Phased:
        """Take turns."""
        spent: dict[str, list[float]] = {name: [] for name in _COMMANDS}
        begun = perf_counter()
        while len(spent["zveno --help"]) < max(least, 2) or perf_counter() - begun < budget / 2:
            for name, arguments in _COMMANDS.items():
                start = perf_counter()
                subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
                spent[name].append(perf_counter() - start)
        return Phased(self.size, tuple(Phase(name, tuple(seconds)) for name, seconds in spent.items()))


def month(period: str, example: str = EXAMPLE) -> Callable[[Room], Script]:
    """An example, from its description to the reports."""
    return lambda room: Script(f"{example}, {period}", ("month", f"{example}/{period}"), room)


def hours() -> Callable[[Room], Script]:
    """A working plant's readings, hour by hour."""

    def make(room: Room) -> Script:
        path = shared("flotation-plant/readings.csv")
        return Script("flotation_plant, 800 hours of readings", ("hours", str(path)), room)

    return make


def commands(_: Room) -> Commands:
    """How long a person waits for the command line."""
    return Commands()


def _phase(name: str, rows: list[tuple[float, float | None]]) -> Phase:
    """A step of all repeats."""
    peaks = [peak for _, peak in rows if peak is not None]
    return Phase(name, tuple(seconds for seconds, _ in rows), max(peaks, default=None))
