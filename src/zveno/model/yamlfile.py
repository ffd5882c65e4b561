"""YAML files read with the place of every key, and entries that repeat (one per line, furnace, section)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.resolver import VersionedResolver

from zveno.errors import Fault, fault, refusal
from zveno.model.yamlproblem import problem_of, repeated_key
from zveno.text.mark import tr

_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_MERGE, _TEXT = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class YamlFile:
    """Plain data of a file and the place (``file:line``) of every key and list entry."""

    name: str
    data: Any
    places: Mapping[Path_, str]

    def where(self, path: Path_) -> str:
        """``file:line`` of a key path, or of its nearest parent that has a place."""
        for length in range(len(path), 0, -1):
            place = self.places.get(path[:length])
            if place is not None:
                return place
        return f"{self.name}:1"

    def joined(self, part: YamlFile) -> YamlFile:
        """The file with the lists of another one added to its own lists of the same key."""
        data, places = dict(self.data), dict(self.places)
        for key, entries in part.data.items():
            first = len(data.get(key) or ())
            data[key] = [*(data.get(key) or ()), *entries]
            places.setdefault((key,), part.where((key,)))
            own = [(path, place) for path, place in part.places.items() if path[0] == key and len(path) > 1]
            places.update({(key, first + int(path[1]), *path[2:]): place for path, place in own})
        return YamlFile(self.name, data, places)


def read_yaml(path: Path, name: str) -> YamlFile | Fault:
    """Read one file; a syntax error comes back as a fault with its line."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return fault("the file is not UTF-8 text: save it as UTF-8", name)
    except OSError as error:
        return fault("the file cannot be read: {problem}", name, problem=refusal(error))
    return _quickly(text, name) or _carefully(text, name)


def _carefully(text: str, name: str) -> YamlFile | Fault:
    """Read by the parser that says best what is wrong."""
    try:
        tree = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        return fault("key '{key}' stands twice: leave one", _marked(name, error), key=repeated_key(error))
    except MarkedYAMLError as error:
        known = problem_of(error)
        if known is not None:
            return fault("this is not valid YAML: {problem}", _marked(name, error), problem=known)
        return fault(
            "this is not valid YAML: {problem}. Check indentation, colons and quotes on this line and above",
            _marked(name, error),
            problem=str(error.problem or error.context or ""),
        )
    except ReaderError as error:
        message = tr("the file holds a character that a text cannot have, number {number}: remove it")
        return fault(message, f"{name}:{text.count(chr(10), 0, error.position) + 1}", number=error.character)
    except YAMLError as error:
        return fault("the file cannot be read as UTF-8 YAML: {problem}", name, problem=str(error))
    except ValueError as error:  # a date or number that looks right and is none
        line = _impossible_date(text)
        if line:
            return fault("no calendar has this date: write one such as 2026-03-01", f"{name}:{line}")
        return fault("a value cannot be read: {problem}", f"{name}:1", problem=str(error))
    lines: dict[Path_, int] = {}
    data = _plain(tree, (), lines)
    return YamlFile(name, data, {path: f"{name}:{line}" for path, line in lines.items()})


@lru_cache(maxsize=64)
def _quickly(text: str, name: str) -> YamlFile | None:
    """A sound file by the compiled parser, ten times as fast; None where the careful one must say what is wrong.

    What was read is kept for as long as the text is the same: a process reads a description more than once.
    """
    yaml = YAML(typ="safe", pure=False)
    yaml.Resolver = _RememberingResolver
    places: dict[Path_, str] = {}
    try:
        return YamlFile(name, _built(yaml, yaml.compose(text), (), places, name), places)
    except (YAMLError, ValueError, AttributeError):
        return None


class _RememberingResolver(VersionedResolver):
    """Tells what a plain word is (text, number, date ...) once: a description says it thousands of times."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._known: dict[str, Any] = {}

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The tag of a node."""
        if kind is not ScalarNode or not implicit[0]:
            return super().resolve(kind, value, implicit)
        if value not in self._known:
            self._known[value] = super().resolve(kind, value, implicit)
        return self._known[value]


def _built(yaml: YAML, node: Any, path: Path_, places: dict[Path_, str], name: str) -> Any:
    """Plain data of a node, noting the place of every entry.

    Raises ValueError for what is left to the careful parser: keys that stand twice or merge others in.
    """
    if isinstance(node, MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                raise ValueError
            inner = str(_single(yaml, key))
            if inner in found:
                raise ValueError
            there = (*path, inner)
            places[there] = f"{name}:{key.start_mark.line + 1}"
            found[inner] = _built(yaml, value, there, places, name)
        return found
    if isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            places[*path, index] = f"{name}:{value.start_mark.line + 1}"
        return [_built(yaml, value, (*path, index), places, name) for index, value in enumerate(node.value)]
    return None if node is None else _single(yaml, node)


def _single(yaml: YAML, node: Any) -> Any:
    """The value of a node; a text is as it stands."""
    text = isinstance(node, ScalarNode) and node.tag == _TEXT
    return node.value if text else yaml.constructor.construct_object(node)


def _impossible_date(text: str) -> int:
    """Line of the first date that no calendar has; 0 where there is none."""
    for number, line in enumerate(text.splitlines(), start=1):
        for found in _DATE.findall(line):
            try:
                date.fromisoformat(found)
            except ValueError:
                return number
    return 0


def _marked(name: str, error: MarkedYAMLError) -> str:
    """``file:line`` of a YAML error."""
    mark = error.problem_mark or error.context_mark
    return f"{name}:{mark.line + 1}" if mark is not None else name


def _plain(tree: Any, path: Path_, lines: dict[Path_, int]) -> Any:
    """Turn ruamel's tree into plain dicts and lists, noting the line of every entry."""
    if isinstance(tree, CommentedMap):
        result = {}
        for key, value in tree.items():
            lines[(*path, str(key))] = tree.lc.key(key)[0] + 1
            result[str(key)] = _plain(value, (*path, str(key)), lines)
        return result
    if isinstance(tree, CommentedSeq):
        for index in range(len(tree)):
            lines[(*path, index)] = tree.lc.item(index)[0] + 1
        return [_plain(value, (*path, index), lines) for index, value in enumerate(tree)]
    if isinstance(tree, float) and not isinstance(tree, bool):
        return float(tree)
    if isinstance(tree, int) and not isinstance(tree, bool):
        return int(tree)
    return str(tree) if isinstance(tree, str) else tree


def expand(file: YamlFile) -> YamlFile:
    """Write out every list entry that has ``repeat: {n: [1, 2]}`` once per value, ``{n}`` filled in.

    Copies keep the places of the entry they come from.
    """
    if not isinstance(file.data, dict):
        return file
    data = dict(file.data)
    places = dict(file.places)
    for key, entries in file.data.items():
        if isinstance(entries, list) and any(isinstance(one, dict) and "repeat" in one for one in entries):
            places = {path: place for path, place in places.items() if path[:1] != (key,) or len(path) < 2}
            of: dict[int | str, list[tuple[Path_, str]]] = {}
            for path, place in file.places.items():
                if path[:1] == (key,) and len(path) > 1:
                    of.setdefault(path[1], []).append((path, place))
            data[key] = []
            for index, entry in enumerate(entries):
                for copy in _copies(entry):
                    places.update({(key, len(data[key]), *path[2:]): place for path, place in of.get(index, ())})
                    data[key].append(copy)
    return YamlFile(file.name, data, places)


def _copies(entry: Any) -> Iterator[Any]:
    """The entry once for every combination of its repeat values."""
    repeat = entry.get("repeat") if isinstance(entry, dict) else None
    if not isinstance(repeat, dict) or not all(isinstance(values, list) for values in repeat.values()):
        yield entry
        return
    body = {key: value for key, value in entry.items() if key != "repeat"}
    for values in itertools.product(*repeat.values()):
        yield _filled(body, dict(zip(repeat, values, strict=True)))


def _filled(value: Any, names: Mapping[str, Any]) -> Any:
    """Replace ``{name}`` in all texts of a value."""
    if isinstance(value, dict):
        return {_filled(key, names): _filled(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, names) for one in value]
    if isinstance(value, str) and "{" in value:
        for name, filling in names.items():
            value = value.replace("{" + name + "}", str(filling))
    return value
