"""Pooling problems as files: JSON with ``sources``, ``pools``, ``terminals`` and ``arcs``."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isnan
from pathlib import Path
from typing import Any

from zveno.errors import DataError
from zveno.model.pooling import Arc, Pool, PoolingProblem, PoolSource, Terminal
from zveno.sources.problem_file import ProblemSource, load
from zveno.text.mark import tr

_KEYS = {
    "sources": frozenset({"id", "lo", "hi", "quality"}),
    "pools": frozenset({"id", "hi"}),
    "terminals": frozenset({"id", "lo", "hi", "quality_max"}),
}
_KNOWN = frozenset(
    {"name", "kind", "sense", "source", "note", "optimum", "best_known", "optimum_from", "verified", "n_qualities",
     "pool_to_pool", *_KEYS, "arcs"}
)  # fmt: skip


def read_pooling(path: Path | str) -> PoolingProblem:
    """Read a pooling problem.

    Raises
    ------
    DataError
        With every fault of the file, each with the file and the JSON path (``blend.json: pools[1].hi``).
    """
    path = Path(path)
    source = ProblemSource(path.name)
    content = load(path)
    source.keys(content, "", _KNOWN)
    if content.get("kind", "pooling") != "pooling":
        source.report(
            "kind '{kind}' is not known: a blending problem has the kind pooling", "kind", kind=content["kind"]
        )
    qualities = _qualities(source, content)
    found = PoolingProblem(
        str(content.get("name", path.stem)),
        tuple(PoolSource(*one, _levels(source, item, "quality", at, qualities))
              for one, item, at in _places(source, content, "sources")),
        tuple(Pool(name, high) for (name, _, high), _, _ in _places(source, content, "pools")),
        tuple(Terminal(*one, _levels(source, item, "quality_max", at, qualities))
              for one, item, at in _places(source, content, "terminals")),
        _arcs(source, content),
    )  # fmt: skip
    if source.faults:
        raise DataError(source.faults)
    return found


def _qualities(source: ProblemSource, content: Mapping[str, Any]) -> int:
    """How many qualities there are: as many as the first source has."""
    first = next((item for _, item in source.items(content, "sources")), {})
    quality = first.get("quality", [])
    if not first:
        source.report("'{key}' is missing", "sources", key="sources")
    return len(quality) if isinstance(quality, list) else 0


def _places(
    source: ProblemSource, content: Mapping[str, Any], key: str
) -> list[tuple[tuple[str, float, float], Mapping[str, Any], str]]:
    """Name, low and high of each place of a list; no high is no limit."""
    found = []
    for at, item in source.items(content, key):
        source.keys(item, at, _KEYS[key])
        low = source.optional(item, "lo", at) or 0.0
        high = source.optional(item, "hi", at)
        high = inf if high is None else high
        if low < 0 or high < low:
            source.report("'lo' must be 0 or more and no more than 'hi'", at)
        found.append(((str(source.get(item, "id", at)), low, high), item, at))
    return found


def _levels(source: ProblemSource, item: Mapping[str, Any], key: str, at: str, count: int) -> tuple[float, ...]:
    """One number for each quality; null is no limit."""
    found = source.get(item, key, at)
    if not isinstance(found, list) or len(found) != count:
        source.report("a list of {count} numbers is needed here, one for each quality", f"{at}.{key}", count=count)
        return (0.0,) * count
    if key == "quality_max":
        found = [inf if one is None else one for one in found]
    if not all(isinstance(one, (int, float)) and not isinstance(one, bool) and not isnan(one) for one in found):
        source.report("a list of {count} numbers is needed here, one for each quality", f"{at}.{key}", count=count)
        return (0.0,) * count
    return tuple(float(one) for one in found)


def _arcs(source: ProblemSource, content: Mapping[str, Any]) -> tuple[Arc, ...]:
    """Arcs as ``[from, to, cost]``."""
    ids = {key: [str(one.get("id")) for _, one in source.items(content, key)] for key in _KEYS}
    seen: set[object] = set()
    for key, names in ids.items():
        for k, name in enumerate(names):
            source.unique(name, seen, f"{key}[{k}].id", tr("'{name}' stands here a second time"), name=name)
    arcs, listed = [], content.get("arcs")
    if not isinstance(listed, list):
        source.report("'{key}' must be a list", "arcs", key="arcs")
        return ()
    known: set[object] = set()
    for k, one in enumerate(listed):
        at = f"arcs[{k}]"
        if not (isinstance(one, list) and len(one) == 3 and isinstance(one[2], (int, float)) and not isnan(one[2])):
            source.report("an arc is a list of three: from, to, cost", at)
            continue
        origin, target = str(one[0]), str(one[1])
        if origin not in ids["sources"] + ids["pools"]:
            source.report("an arc begins at a source or a pool: '{name}' is neither", at, name=origin)
        if target not in ids["pools"] + ids["terminals"]:
            source.report("an arc ends at a pool or a terminal: '{name}' is neither", at, name=target)
        source.unique((origin, target), known, at, tr("an arc from '{origin}' to '{target}' stands here a second time"),
                      origin=origin, target=target)  # fmt: skip
        arcs.append(Arc(origin, target, float(one[2])))
    return tuple(arcs)


def arcs_as_written(path: Path | str) -> list[list[Any]]:
    """From and to of each arc as the file writes them: numbers as numbers."""
    return [list(one[:2]) for one in load(Path(path))["arcs"]]
