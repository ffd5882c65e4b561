"""The file of a self-contained problem: JSON, and how its faults are told."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from zveno.errors import DataError, Fault, Phrase, fault, refusal, some_names

REMARKS = frozenset({"name", "title", "note", "source", "uom", "correlation"})
"""Keys of an entry that are for readers only."""
_LARGEST = 1e150
"""Squares of numbers are summed: those of larger ones are no numbers any more."""
_FINEST, _COARSEST = 1e-9, 1e9
"""Standard deviations over the reading, and over the largest reading of the kind.

A computer carries 16 digits: of a reading with an error below 1e-9 of itself, too few are left in its misfit to be
adjusted, so it is known exactly and belongs among what is fixed. One with an error of 1e9 times all there is says
nothing: its weight of 1e-18 is lost beside any other.
"""
_DEEPEST = 100


@dataclass
class ProblemSource:
    """The file being read: collects its faults."""

    name: str
    faults: list[Fault] = field(default_factory=list)

    def at(self, path: str) -> str:
        """Place of a JSON path in messages."""
        return f"{self.name}: {path}" if path else self.name

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
        elif value == "":
            self.report("'{key}' is empty: give it a name", f"{path}.{key}", key=key)
        return value if isinstance(value, str) else ""

    def label(self, item: Mapping[str, Any], key: str, path: str) -> str:
        """A text that may be absent, null or empty."""
        value = item.get(key)
        if value is not None and not isinstance(value, str):
            self.report("'{key}' must be a text", f"{path}.{key}" if path else key, key=key)
        return value if isinstance(value, str) else ""

    def number(self, item: Mapping[str, Any], key: str, path: str) -> float:
        """A required number of a size that can be squared; NaN stands for one that was reported as a fault."""
        value = self.get(item, key, path)
        place = f"{path}.{key}" if path else key
        usable = isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)
        if key in item and not usable:
            self.report("'{key}' must be a number", place, key=key)
        elif usable and abs(value) > _LARGEST:
            self.report("'{key}' is out of all bounds: a number may be as large as {largest}, no larger", place,
                        key=key, largest=_LARGEST)  # fmt: skip
            return math.nan
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

    def require_sensible(self, path: str, sigma: float, value: float, largest: float) -> None:
        """A fault where a standard deviation is too fine or too coarse to be reckoned with.

        ``value`` is what was read; ``largest`` the largest size of all readings of its kind.
        """
        if sigma <= 0:
            return  # reported where it was read
        if sigma < max(_FINEST * abs(value), 1 / _LARGEST):
            self.report(
                "'sigma' is {sigma} at a reading of {value}: below {share} of the reading it is known exactly, so "
                "write it among 'fixed' values, or give a larger sigma",
                f"{path}.sigma", sigma=sigma, value=value, share=_FINEST,
            )  # fmt: skip
        elif largest > 0 and sigma > _COARSEST * largest:
            self.report(
                "'sigma' is {sigma} where the largest reading of the kind is {largest}: such a reading says nothing, "
                "so leave it out, or give a smaller sigma",
                f"{path}.sigma", sigma=sigma, largest=largest,
            )  # fmt: skip

    def require_possible(self, cov: float, sigma: Sequence[float | None], path: str) -> None:
        """A fault where a covariance is larger than two standard deviations allow."""
        first, second = sigma
        if first is not None and second is not None and abs(cov) >= first * second:
            self.report("'cov' must be smaller than the product of the two standard deviations", f"{path}.cov")

    def require_together(self, found: Mapping[tuple[str, str], float], sigma: Mapping[str, float]) -> None:
        """A fault for each group of readings whose covariances no errors can have together.

        ``found`` are the covariances by the words for the two readings, ``sigma`` standard deviations by these words.
        """
        sound = {pair: cov for pair, cov in found.items() if math.isfinite(cov) and all(one in sigma for one in pair)}
        for pairs in _groups(sound):
            names = sorted({name for pair in pairs for name in pair})
            if len(names) > 2 and not _possible(names, pairs, sound, sigma):
                self.report(
                    "the covariances of these readings contradict each other, no errors can be correlated like this: "
                    "{readings}",
                    "covariances", readings=some_names(names),
                )  # fmt: skip

    def keys(self, item: Mapping[str, Any], path: str, known: frozenset[str]) -> None:
        """A fault for every key that nothing reads, so that a slip of the pen is not passed over."""
        for key in item:
            if key not in known and key not in REMARKS:
                near = get_close_matches(key, known, n=1)
                self.report("'{key}' is not known here", path, key=key, near=near[0] if near else "")

    def items(self, content: Mapping[str, Any], key: str, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Objects of an optional list with their paths."""
        found, place = content.get(key) or [], f"{path}.{key}" if path else key
        if not isinstance(found, list):
            self.report("'{key}' must be a list", place, key=key)
            return
        for k, item in enumerate(found):
            if isinstance(item, dict):
                yield f"{place}[{k}]", item
            else:
                self.report("an object in braces is needed here", f"{place}[{k}]")

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
        for k, one in enumerate(value):
            if one == "":
                self.report("a name is empty here: write one, or leave it out", f"{path}[{k}]")
            elif one not in known:
                self.report("'{name}' does not exist", path, name=one)
        return tuple(value)

    def unique(self, one: object, seen: set[object], path: str, message: str, **fields: object) -> None:
        """A fault where something comes a second time."""
        if one in seen:
            self.report(message, path, **fields)
        seen.add(one)


def _groups(pairs: Iterable[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Pairs by the group of names that they join, directly or through others."""
    known = list(pairs)
    at = {name: k for k, name in enumerate(dict.fromkeys(name for pair in known for name in pair))}
    ends = [[at[pair[end]] for pair in known] for end in (0, 1)]
    links = coo_array((np.ones(len(known)), (ends[0], ends[1])), shape=(len(at), len(at)))
    count, label = connected_components(links, directed=False) if known else (0, np.zeros(0, dtype=np.int64))
    found: list[list[tuple[str, str]]] = [[] for _ in range(count)]
    for pair, first in zip(known, ends[0], strict=True):
        found[int(label[first])].append(pair)
    return found


def _possible(
    group: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    cov: Mapping[tuple[str, str], float],
    sigma: Mapping[str, float],
) -> bool:
    """Whether errors of a group of readings can be correlated as told."""
    at = {name: k for k, name in enumerate(group)}
    found = np.eye(len(group)) * (1 - 1e-12)
    for first, second in pairs:
        share = cov[first, second] / (sigma[first] * sigma[second])
        found[at[first], at[second]] = found[at[second], at[first]] = share
    try:
        np.linalg.cholesky(found)
    except np.linalg.LinAlgError:
        return False
    return True


_BROKEN = (
    ("Expecting value", Phrase("a value is missing here, or a comma stands before a closing bracket")),
    ("Expecting ',' delimiter", Phrase("a comma or a closing bracket is missing here")),
    ("Expecting ':' delimiter", Phrase("a colon is missing here")),
    ("Expecting property name", Phrase("a key in double quotes is needed here")),
    ("Unterminated string", Phrase("a quotation mark has no closing one")),
    ("Extra data", Phrase("something stands after the last closing bracket: remove it")),
    ("Illegal trailing comma", Phrase("a comma stands before a closing bracket: remove it")),
)


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:]', re.DOTALL)
_DIGITS = 300


def _broken(said: str) -> Phrase | str:
    """What is wrong with the JSON; the reader's own words where it has no others."""
    return next((phrase for start, phrase in _BROKEN if said.startswith(start)), said)


def load(path: Path) -> dict[str, Any]:
    """Content of the file as a JSON object; a mark of the byte order before it is passed over.

    Raises
    ------
    DataError
        If the file cannot be read as one JSON object in which every key stands once.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        twice: list[str] = []
        content = json.loads(text, parse_int=_whole, object_pairs_hook=lambda pairs: _object(pairs, twice))
    except OSError as error:
        raise DataError("the file cannot be read: {reason}", str(path), reason=refusal(error)) from error
    except UnicodeDecodeError as error:
        raise DataError("the file is not UTF-8 text: save it as UTF-8", path.name) from error
    except json.JSONDecodeError as error:
        raise DataError(
            "the file is not JSON: {reason}", f"{path.name}:{error.lineno}", reason=_broken(error.msg)
        ) from error
    except RecursionError as error:
        line = next((line for line, depth, _ in _walk(text) if depth > _DEEPEST), 1)
        raise DataError("brackets stand in brackets more than {deepest} deep", f"{path.name}:{line}",
                        deepest=_DEEPEST) from error  # fmt: skip
    if not isinstance(content, dict):
        raise DataError("the file must hold one JSON object that describes a problem", path.name)
    if twice:
        raise DataError(
            fault("'{key}' stands twice in one object: leave one of them", f"{path.name}:{line}", key=key)
            for line, _, key in _walk(text) if key
        )  # fmt: skip
    return content


def _object(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    """An object; keys that come again are noted."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice.extend(key for key, _ in pairs)
    return found


def _whole(digits: str) -> int | float:
    """A whole number; one of more digits than any number here may have is endless."""
    return int(digits) if len(digits) <= _DIGITS else math.copysign(math.inf, -1 if digits[0] == "-" else 1)


def _walk(text: str) -> Iterator[tuple[int, int, str]]:
    """Line and depth of each opening bracket, and of each key that comes again in its object, with the key."""
    keys: list[set[str]] = []
    line, end, last = 1, 0, ""
    for token in _TOKEN.finditer(text):
        line, end = line + text[end : token.start()].count("\n"), token.start()
        sign = token[0]
        if sign in "{[":
            keys.append(set())
            yield line, len(keys), ""
        elif sign in "}]":
            keys.pop()
        elif sign != ":":
            last = sign
        else:
            key = str(json.loads(last))
            if key in keys[-1]:
                yield line, len(keys), key
            keys[-1].add(key)
