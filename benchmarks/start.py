"""How long a fresh process waits for an import: Zveno's simulator beside the packages it is compared with."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from time import perf_counter

from benchmarks.measure import Phase, Phased
from benchmarks.room import Room

_MODULES = ("zveno.simulate", "numpy", "biosteam", "casadi", "jax")
_LEAST, _MOST = 3, 7
_IMPORT = (
    "import time; start, cpu = time.perf_counter(), time.process_time(); import {module};"
    " print(time.perf_counter() - start, time.process_time() - cpu)"
)


@dataclass(frozen=True)
class Imports:
    """Each import in a process of its own, in turns; the start of the interpreter is left out."""

    size: str = "imports, each in a process of its own"

    def measure(self, budget: float, least: int) -> Phased:
        """Take turns; what is not installed is told."""
        there = [one for one in _MODULES if find_spec(one.partition(".")[0])]
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in there}
        begun = perf_counter()
        for turn in range(1, _MOST + 1):
            for name, rows in spent.items():
                command = [sys.executable, "-W", "ignore", "-c", _IMPORT.format(module=name)]
                told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
                rows.append((float(told[-2]), float(told[-1])))
            if turn >= max(least, _LEAST) and perf_counter() - begun > budget:
                break
        phases = (
            Phase(f"import {name}", tuple(wall for wall, _ in rows), cpu_seconds=tuple(cpu for _, cpu in rows))
            for name, rows in spent.items()
        )
        return Phased(
            self.size,
            tuple(phases),
            skipped=tuple(f"{one} is not installed" for one in _MODULES if one not in there),
        )


def imports(_: Room) -> Imports:
    """How long a script waits before its first line of work."""
    return Imports()
