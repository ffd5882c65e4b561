"""Phases of the main job, example by example."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import zveno
from benchmarks.timing import Phase, peak_mb

T = TypeVar("T")


def phases(*, small: bool) -> Iterator[Phase]:
    """From the description to the reports; and what the command itself takes to answer."""
    name, period = "one_concentrator", "2026-03-01/2026-03-04" if small else "2026-03"
    found: list[Phase] = []

    def timed(phase: str, work: Callable[[], T]) -> T:
        begin = time.perf_counter()
        answer = work()
        found.append(Phase(name, phase, time.perf_counter() - begin, peak_mb()))
        return answer

    with TemporaryDirectory() as folder:
        chain = timed("load the description", lambda: zveno.load(zveno.example(name), store=Path(folder, "store")))
        timed("simulate", chain.simulate)
        timed("emulate and write", lambda: chain.emulate(period, folder))
        timed("import", lambda: chain.import_files([Path(folder, "plant")]))
        timed("reconcile", lambda: chain.reconcile(period))
        timed("check the rules", lambda: chain.check(period))
        results = timed("all results of a report", lambda: chain.results(period))
        report = timed("report: build", lambda: chain.report_of("metal_balance", results, lang="ru"))
        timed("report: html", lambda: report.render(".html"))
        timed("report: xlsx", lambda: report.render(".xlsx"))
    timed("zveno --help", lambda: _command("--help"))
    timed("zveno validate", lambda: _command("validate", "-c", name))
    yield from found


def _command(*arguments: str) -> None:
    """A whole command in a process of its own."""
    subprocess.run([sys.executable, "-m", "zveno", *arguments], check=True, capture_output=True)
