"""The main job, done once by a process that does nothing else; prints its steps as JSON.

``python -m benchmarks.main_job month EXAMPLE/PERIOD FOLDER`` or ``... hours READINGS FOLDER``. Zveno is imported only
when the clock runs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class _Clock:
    """Steps done so far: name, seconds, peak memory in MB."""

    steps: list[tuple[str, float, float | None]] = field(default_factory=list)

    def __call__(self, name: str, work: Callable[[], T]) -> T:
        """Do a step."""
        reset = _reset_peak()
        begun = perf_counter()
        found = work()
        self.steps.append((name, perf_counter() - begun, _peak_mb() if reset else None))
        return found


def _reset_peak() -> bool:
    """Forget the largest memory so far; False where the system can't."""
    try:
        _RESET.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _peak_mb() -> float:
    """Largest resident memory since it was forgotten, MB."""
    line = next(one for one in _STATUS.read_text(encoding="ascii").splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1]) / 1e3


def _imported(step: _Clock) -> None:
    """The packages that every job needs."""
    step("import the program", lambda: import_module("zveno.chain"))


def _month(step: _Clock, subject: str, folder: Path) -> None:
    """Everything that ``zveno demo`` does, and a simulation."""
    _imported(step)
    from zveno.chain import example, load  # noqa: PLC0415
    from zveno.emulate import emulate, write_plant  # noqa: PLC0415
    from zveno.model.load import load_play  # noqa: PLC0415
    from zveno.sources import read_files  # noqa: PLC0415
    from zveno.store import Batch  # noqa: PLC0415

    name, _, period = subject.partition("/")
    chain = step("load the description", lambda: load(example(name), store=folder / "store"))
    span = chain.period(period)
    step("simulate, 1 scenario", chain.simulate)
    played = step("emulate", lambda: emulate(chain.model, load_play(chain.folder), span, 1))
    step("write files", lambda: write_plant(played, folder))
    found = step("import: read files", lambda: list(read_files(chain.model, [folder / "plant"])))
    batches = [Batch(one.file, one.file_hash, one.records, one.rejected, one.readings) for one in found]
    step("store", lambda: chain.store.append(batches, datetime(2026, 4, 2, tzinfo=UTC)))
    step("reconcile", lambda: chain.reconcile(span))
    step("check", lambda: chain.check(span))
    results = step("results of a report", lambda: chain.results(span))
    report = step("report: document", lambda: chain.report_of("metal_balance", results, lang="ru"))
    step("report: html", lambda: report.save(folder / "report.html"))
    step("report: xlsx", lambda: report.save(folder / "report.xlsx"))
    step("report: pdf", lambda: report.save(folder / "report.pdf"))


def _hours(step: _Clock, readings: str, folder: Path) -> None:
    """A plant whose readings stand in one wide text table."""
    _imported(step)
    from zveno.chain import example, load  # noqa: PLC0415

    chain = step("load the description", lambda: load(example("flotation_plant"), store=folder / "store"))
    step("import and store", lambda: chain.import_files([readings]))
    span = chain.period()
    step("reconcile the whole period", lambda: chain.reconcile(span))
    step("reconcile every hour", lambda: chain.reconcile_each(span, "hour"))
    step("report: html", lambda: chain.report("metal_balance", span, lang="ru").save(folder / "report.html"))


def _main() -> None:
    """Do one job and print its steps."""
    job, subject, folder = sys.argv[1:]
    step = _Clock()
    {"month": _month, "hours": _hours}[job](step, subject, Path(folder))
    json.dump(step.steps, sys.stdout)


if __name__ == "__main__":
    _main()
