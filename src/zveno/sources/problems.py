"""Self-contained reconciliation problems: JSON files of the schema ``recon-problem/1``."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from zveno.errors import DataError
from zveno.model.free import FreeProblem
from zveno.model.network import Network
from zveno.sources.free_problem import FREE_KEYS, free_problem_of
from zveno.sources.network_problem import NETWORK_KEYS, NetworkSource, network_of
from zveno.sources.problem_file import ProblemSource, load

SCHEMA = "recon-problem/1"
_EVERY = frozenset({"schema", "id", "kind", "covariances", "bounds"}) | NETWORK_KEYS | FREE_KEYS
_TOLD = frozenset(
    {
        "name", "title", "description", "note", "notes", "comment", "source", "source_note", "units", "reference",
        "reference_solution", "reference_vs_truth", "truth", "true_values", "true_values_note", "expected", "published",
        "gross_errors",
    }
)  # fmt: skip
"""Keys for readers only: where a problem comes from, what it was compared with; so is any that begins with ``_``."""
_MEANT = {"readings": "measurements", "measured": "measurements", "equations": "constraints", "constants": "parameters"}
_NEAR = 0.6
_NETWORK, _FREE = ("linear", "bilinear"), "nonlinear"


def read_problem(path: Path | str) -> Network | FreeProblem:
    """Read a problem file into a network, or into free equations where its kind is ``nonlinear``.

    Raises
    ------
    DataError
        With every fault of the file, each with the file and the JSON path (``problem.json:
        measurements[3].sigma``), and the position within an expression.
    """
    path = Path(path)
    source = NetworkSource(path.name)
    content = load(path)
    free = _kind(source, content) == _FREE
    _require_place(source, content, NETWORK_KEYS if free else FREE_KEYS, _FREE if free else "linear / bilinear")
    problem = free_problem_of(source, content) if free else network_of(source, content)
    if source.faults:
        raise DataError(source.faults)
    return problem


def _kind(source: ProblemSource, content: Mapping[str, Any]) -> str:
    """The kind, where schema and kind are known; without one, what the file holds decides."""
    if content.get("schema", SCHEMA) != SCHEMA:
        raise DataError(
            "schema '{schema}' is not known: '{known}' is needed",
            source.at("schema"), schema=content["schema"], known=SCHEMA,
        )  # fmt: skip
    kind = content.get("kind")
    if kind is None:
        return _FREE if content.get("variables") else _NETWORK[-1]
    if kind not in (*_NETWORK, _FREE):
        raise DataError("kind '{kind}' is not known: write linear, bilinear or nonlinear", source.at("kind"), kind=kind)
    return str(kind)


def _require_place(source: ProblemSource, content: Mapping[str, Any], foreign: frozenset[str], kind: str) -> None:
    """A fault for what only problems of another kind can hold, and for keys that nothing reads and that are no remark:
    what a slip of the pen leaves out must not be missing without a word.
    """
    for key in content:
        if key not in _EVERY | _TOLD and not key.startswith("_"):
            near = [_MEANT[key]] if key in _MEANT else get_close_matches(key, _EVERY - foreign, n=1, cutoff=_NEAR)
            source.report("'{key}' is not known here", key, key=key, near=near[0] if near else "")
        if key in foreign and content[key] not in (None, [], {}):
            source.report("'{key}' has no place in a problem of the kind {kind}", key, key=key, kind=kind)
