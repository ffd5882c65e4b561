"""Many cases at once: parts of them in as many processes as the machine has, gathered as one table of results."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from zveno.errors import SolveError
from zveno.model.chain import ChainModel
from zveno.simulate import CaseResults, Cases, Given, UnitModel, joined, tabulate
from zveno.simulate.unit_models import add_unit_model, added_unit_models

PART = 200
"""Cases in one part: enough to be worth a batch, few enough to stay in the cache."""
WORTH = 5
"""Parts that are worth a process of their own: it takes about as long to start."""


@dataclass(frozen=True)
class _Task:
    """What every part is asked."""

    model: ChainModel
    results: tuple[str, ...]
    day: date | None
    allow_unconverged: bool
    unit_models: Mapping[str, type[UnitModel]] = field(default_factory=added_unit_models)

    def part(self, cases: Cases) -> CaseResults:
        """Results of a part."""
        return tabulate(self.model, cases, self.results, day=self.day, allow_unconverged=self.allow_unconverged)


_TASK: ContextVar[_Task] = ContextVar("_TASK")
"""The task of a worker process, sent to it once."""


def simulate_many(
    model: ChainModel,
    scenarios: Given | None,
    results: Sequence[str],
    *,
    day: date | None = None,
    processes: int | None = None,
    allow_unconverged: bool = False,
    part: int = PART,
) -> CaseResults:
    """Results of many cases, in parts that one or several processes work through.

    The numbers do not depend on the number of processes: parts are the same, and each is one batch (between batches
    of other sizes there is round-off of 1e-14). A script that asks
    for several processes must have its own code under ``if __name__ == "__main__":``, as Python wants it.

    Parameters
    ----------
    scenarios
        Cases, scenario -> {key: value}, or a table of them, as for ``simulate``.
    results
        Names of results, see ``zveno.simulate.results``; nothing else comes back.
    processes
        How many; None: one for every five parts, and no more than there are processors. A single part takes none
        beside this one.
    allow_unconverged
        Mark cases that did not settle instead of raising.
    part
        Cases in one part.

    Raises
    ------
    ModelError, SolveError
        If a case cannot be simulated or did not settle; names it.
    DataError
        If a result is not known.
    """
    cases = Cases.of(scenarios)
    task = _Task(model, tuple(results), day, allow_unconverged)
    parts = [cases.take(slice(start, start + part)) for start in range(0, len(cases), part)]
    count = min(processes, len(parts)) if processes else min(processors(), len(parts) // WORTH)
    if count < 2:
        return joined([task.part(one) for one in parts], cases)
    task.part(cases.take(slice(0, 1)))  # a wrong result is told at once
    return joined(list(_shared(task, parts, count)), cases)


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _shared(task: _Task, parts: Sequence[Cases], count: int) -> Iterator[CaseResults]:
    """Results of the parts, in their order, from several processes.

    The task goes through a file: one as large in the arguments of a process would block this one for ever where the
    other dies before it reads them.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "task"
        path.write_bytes(pickle.dumps(task))
        pool = ProcessPoolExecutor(count, get_context("spawn"), _receive, (path,))
        try:
            waiting = [pool.submit(_worked, one) for one in parts]
            for one in waiting:
                yield one.result()
        except BrokenProcessPool:
            raise SolveError(
                "a process that simulated a part of the cases ended before it was done: ask for fewer processes, or "
                "put the calling script under 'if __name__ == \"__main__\":'"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _receive(path: Path) -> None:
    """Keep the task in a worker process."""
    task: _Task = pickle.loads(path.read_bytes())
    for name, model in task.unit_models.items():
        add_unit_model(name, model)
    _TASK.set(task)


def _worked(cases: Cases) -> CaseResults:
    """A part, in a worker process."""
    return _TASK.get().part(cases)
