"""The file of a self-contained problem: JSON, and how its faults are told."""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from zveno.errors import DataError, Fault, Phrase, fault, refusal

REMARKS = frozenset({"name", "title", "note", "source", "uom", "correlation"})
"""Keys of an entry that are for readers only."""


@dataclass
class ProblemSource:
    """The file being read: collects its faults."""

    name: str
    faults: list[Fault] = field(default_factory=list)

    def at(self, path: str) -> str:
        """Place of a JSON path in messages."""
        return f"{self.name}: {path}"

    def report(self, message: str, path: str, **fields: object) -> None:
        """Note a fault."""
        self.faults.append(fault(message, self.at(path), **fields))

    def get(self, item: Mapping[str, Any], key: str, path: str) -> Any:
        """A required value; a fault where it is missing."""
        if key not in item:
            self.report("'{key}' is missing", path, key=key)
        return item.get(key)

    def text(self, item: Mapping[str, Any], key: str, path: str) -> str:
        """A required text."""
        value = self.get(item, key, path)
        if key in item and not isinstance(value, str):
            self.report("'{key}' must be a text", f"{path}.{key}", key=key)
        return value if isinstance(value, str) else ""

    def number(self, item: Mapping[str, Any], key: str, path: str) -> float:
        """A required finite number; NaN stands for one that was reported as a fault."""
        value = self.get(item, key, path)
        usable = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if key in item and not usable:
            self.report("'{key}' must be a number", f"{path}.{key}" if path else key, key=key)
        return float(value) if usable else math.nan

    def optional(self, item: Mapping[str, Any], key: str, path: str) -> float | None:
        """A number that may be absent or null."""
        return None if item.get(key) is None else self.number(item, key, path)

    def sigma(self, item: Mapping[str, Any], path: str) -> float:
        """A required standard deviation."""
        sigma = self.number(item, "sigma", path)
        if sigma <= 0:
            self.report("'sigma' must be above zero", f"{path}.sigma")
        return sigma

    def require_possible(self, cov: float, sigma: Sequence[float | None], path: str) -> None:
        """A fault where a covariance is larger than two standard deviations allow."""
        first, second = sigma
        if first is not None and second is not None and abs(cov) >= first * second:
            self.report("'cov' must be smaller than the product of the two standard deviations", f"{path}.cov")

    def keys(self, item: Mapping[str, Any], path: str, known: frozenset[str]) -> None:
        """A fault for every key that nothing reads, so that a slip of the pen is not passed over."""
        for key in item:
            if key not in known and key not in REMARKS:
                near = get_close_matches(key, known, n=1)
                self.report("'{key}' is not known here", path, key=key, near=near[0] if near else "")

    def items(self, content: Mapping[str, Any], key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Objects of an optional list with their paths."""
        found = content.get(key) or []
        if not isinstance(found, list):
            self.report("'{key}' must be a list", key, key=key)
            return
        for k, item in enumerate(found):
            if isinstance(item, dict):
                yield f"{key}[{k}]", item
            else:
                self.report("an object in braces is needed here", f"{key}[{k}]")

    def braces(self, value: Any, path: str) -> Mapping[str, Any]:
        """An object that may be absent; empty where it is something else."""
        if value is not None and not isinstance(value, dict):
            self.report("an object in braces is needed here", path)
        return value if isinstance(value, dict) else {}

    def names(self, value: Any, path: str, known: Container[str]) -> tuple[str, ...] | None:
        """A list of known names; None for ``all`` or null."""
        if value is None or value == "all":
            return None
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.report('a list of names, or "all", is needed here', path)
            return None
        for one in value:
            if one not in known:
                self.report("'{name}' does not exist", path, name=one)
        return tuple(value)

    def unique(self, one: object, seen: set[object], path: str, message: str, **fields: object) -> None:
        """A fault where something comes a second time."""
        if one in seen:
            self.report(message, path, **fields)
        seen.add(one)


_BROKEN = (
    ("Expecting value", Phrase("a value is missing here, or a comma stands before a closing bracket")),
    ("Expecting ',' delimiter", Phrase("a comma or a closing bracket is missing here")),
    ("Expecting ':' delimiter", Phrase("a colon is missing here")),
    ("Expecting property name", Phrase("a key in double quotes is needed here")),
    ("Unterminated string", Phrase("a quotation mark has no closing one")),
    ("Extra data", Phrase("something stands after the last closing bracket: remove it")),
    ("Illegal trailing comma", Phrase("a comma stands before a closing bracket: remove it")),
)


def _broken(said: str) -> Phrase | str:
    """What is wrong with the JSON; the reader's own words where it has no others."""
    return next((phrase for start, phrase in _BROKEN if said.startswith(start)), said)


def load(path: Path) -> dict[str, Any]:
    """Content of the file as a JSON object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError("the file cannot be read: {reason}", str(path), reason=refusal(error)) from error
    except UnicodeDecodeError as error:
        raise DataError("the file is not UTF-8 text: save it as UTF-8", path.name) from error
    except json.JSONDecodeError as error:
        raise DataError(
            "the file is not JSON: {reason}", f"{path.name}:{error.lineno}", reason=_broken(error.msg)
        ) from error
    if not isinstance(content, dict):
        raise DataError("the file must hold one JSON object that describes a problem", path.name)
    return content
