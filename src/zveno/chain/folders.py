"""The rules over a folder of Parquet files: groups of signals judged one beside the other, slice by slice of time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

from zveno.errors import StoreError
from zveno.model.chain import ChainModel
from zveno.rules import Episodes, Signal, Watchlist, WatchState, breach_table, open_episodes, watch, watchlist
from zveno.store.folders import Slice, rows_by_tag, slices_of

Through = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]
"""A map of a function over tasks: ``through(function, tasks)`` gives the answers in the order of the tasks."""
_PARTS_A_PROCESS = 4
_PARTS_OF_A_CLUSTER = 64
_PATIENCE = "30s"


@dataclass(frozen=True)
class Task:
    """What one process judges: groups of signals that need no others, over all slices of time."""

    parts: tuple[Watchlist, ...]
    slices: tuple[Slice, ...]

    def run(self) -> list[Episodes]:
        """Episodes of the groups, one group after the other, so that the readings of one alone are held."""
        files: dict[str, Any] = {}
        return [one for part in self.parts for one in _judged(part, self.slices, files)]


def check_folder(
    model: ChainModel, folder: Path | str, *, processes: int = 1, cluster: str = "", through: Through | None = None
) -> pl.DataFrame:
    """Breaches (table ``breaches``) in all readings of a folder of Parquet files.

    Each file holds the columns of ``readings``, best sorted by tag and time with a row group for each tag. Files may
    part the time, the signals, or both. At no time more is held in memory than one slice of time of signals that
    hang together by rules.

    Parameters
    ----------
    processes
        How many judge at once on this machine.
    cluster
        Address of the scheduler of a ``dask.distributed`` cluster, such as ``tcp://server:8786``, whose workers judge
        in place of this machine; they see the same folder and have the same version of the program.
    through
        Any other map.

    Raises
    ------
    DataError
        If the folder holds no readings.
    StoreError
        If the cluster cannot be reached, or its package is not installed.
    """
    slices = tuple(slices_of(Path(folder)))
    parts = watchlist(model).parts()
    shares = _PARTS_A_PROCESS * processes
    if cluster:
        through, shares = on_cluster(cluster), _PARTS_OF_A_CLUSTER
    elif through is None and processes > 1:
        through = in_processes(processes)
    if through is None:
        episodes = Task(tuple(parts), slices).run()
    else:
        tasks = [Task(tuple(each), slices) for each in _shared_out(parts, slices, shares)]
        episodes = [one for found in through(Task.run, tasks) for one in found]
    return breach_table(model, episodes)


def in_processes(processes: int) -> Through:
    """A map over processes of this machine."""

    def through(function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterable[Any]:
        with ProcessPoolExecutor(min(processes, os.cpu_count() or 1), get_context("spawn")) as pool:
            yield from pool.map(function, tasks)

    return through


def on_cluster(address: str) -> Through:
    """A map over the workers of a ``dask.distributed`` cluster."""

    def through(function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterable[Any]:
        try:
            from distributed import Client  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise StoreError(
                "a cluster needs the package distributed, which is not installed: pip install 'zveno[cluster]'"
            ) from error
        try:
            connect: Any = Client
            client = connect(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise StoreError(
                "no cluster answers at '{address}': {reason}", address=address, reason=str(error).partition("\n")[0]
            ) from error
        with client:
            answers: list[Any] = client.gather(client.map(function, tasks, pure=False))
        return answers

    return through


def _judged(part: Watchlist, slices: Sequence[Slice], files: dict[str, Any]) -> list[Episodes]:
    """Episodes of one group of signals over all slices of time."""
    state, found = WatchState(), []
    for one in slices:
        signals = {tag: Signal.of(*columns) for tag, columns in one.read(part.tags, files).items()}
        closed, state = watch(part, signals, state, until=one.until)
        found += closed
    return [*found, *open_episodes(part, state)]


def _shared_out(parts: Sequence[Watchlist], slices: Sequence[Slice], count: int) -> list[list[Watchlist]]:
    """Groups of signals in as many shares of about the same number of readings."""
    rows = rows_by_tag(slices)
    shares: list[list[Watchlist]] = [[] for _ in range(max(count, 1))]
    loads = [0] * len(shares)
    for part in sorted(parts, key=lambda one: -sum(rows.get(tag, 0) for tag in one.tags)):
        least = loads.index(min(loads))
        shares[least].append(part)
        loads[least] += sum(rows.get(tag, 0) for tag in part.tags) + 1
    return [share for share in shares if share]
