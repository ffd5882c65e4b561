"""Job shops as files: JSON with ``machines`` and ``jobs`` as lists of ``[machine, duration]``."""

from __future__ import annotations

from pathlib import Path

from zveno.errors import DataError
from zveno.model.jobshop import JobShop
from zveno.sources.problem_file import ProblemSource, load

_KNOWN = frozenset({"name", "kind", "sense", "source", "note", "optimum", "best_known", "verified", "machines", "jobs"})
_LONGEST = 10**9


def read_jobshop(path: Path | str) -> JobShop:
    """Read a job shop.

    Raises
    ------
    DataError
        With every fault of the file, each with the file and the JSON path (``shop.json: jobs[1][0]``).
    """
    path = Path(path)
    source = ProblemSource(path.name)
    content = load(path)
    source.keys(content, "", _KNOWN)
    if content.get("kind", "jobshop") != "jobshop":
        source.report("kind '{kind}' is not known: a shop has the kind jobshop", "kind", kind=content["kind"])
    listed = content.get("jobs")
    if not isinstance(listed, list) or not listed:
        source.report("'{key}' must be a list with one entry at least", "jobs", key="jobs")
        listed = []
    count = content.get("machines")
    if not _whole(count):
        source.report("'{key}' must be a whole number", "machines", key="machines")
    jobs = []
    for j, job in enumerate(listed):
        if not isinstance(job, list):
            source.report("a job is a list of operations, each a list of two: machine, duration", f"jobs[{j}]")
            continue
        jobs.append(tuple(_operation(source, one, f"jobs[{j}][{k}]", count) for k, one in enumerate(job)))
    if source.faults:
        raise DataError(source.faults)
    return JobShop(str(content.get("name", path.stem)), int(content["machines"]), tuple(jobs))


def _operation(source: ProblemSource, one: object, at: str, machines: object) -> tuple[int, int]:
    """Machine and duration."""
    if not (isinstance(one, list) and len(one) == 2 and all(_whole(part) for part in one)):
        source.report("an operation is a list of two whole numbers: machine, duration", at)
        return 0, 0
    machine, duration = one
    if isinstance(machines, int) and machine >= machines:
        source.report("machine {machine} does not exist: they are counted from 0 to {last}", at,
                      machine=machine, last=machines - 1)  # fmt: skip
    if duration > _LONGEST:
        source.report("a duration of {duration} is out of all bounds", at, duration=duration)
    return int(machine), int(duration)


def _whole(one: object) -> bool:
    """Whether something is a whole number from 0."""
    return isinstance(one, int) and not isinstance(one, bool) and one >= 0
