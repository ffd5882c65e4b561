"""What pydantic found in a file, said in the words of the trade: where, what stands there, what to write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from zveno.errors import Fault, Phrase, fault
from zveno.model.checks import DECIMAL_COMMA, has_decimal_comma, near_match
from zveno.model.yamlfile import Path_, YamlFile
from zveno.text.mark import tr

_SIMPLE = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_QUOTED = re.compile(r"'([^']*)'")

_WHOLE, _NUMBER = Phrase("a whole number, such as 3"), Phrase("a number, such as 1.5")
_TEXT, _YES_NO = Phrase("a text"), Phrase("true or false")
_LIST, _KEYS = Phrase("a list, such as [a, b]"), Phrase("keys with values")
_DAY, _TIME = Phrase("a date, such as 2026-03-01"), Phrase("a date and time, such as 2026-03-01 08:00")
_WANTED: Mapping[str, Phrase] = MappingProxyType(
    {
        **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), _WHOLE),
        **dict.fromkeys(("float_parsing", "float_type", "finite_number"), _NUMBER),
        **dict.fromkeys(("string_type", "string_unicode"), _TEXT),
        **dict.fromkeys(("bool_parsing", "bool_type"), _YES_NO),
        **dict.fromkeys(("list_type", "tuple_type"), _LIST),
        **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), _KEYS),
        **dict.fromkeys(("union_tag_not_found", "union_tag_invalid"), _KEYS),
        **dict.fromkeys(
            ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), _DAY
        ),
        **dict.fromkeys(
            ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "datetime_object_invalid"), _TIME
        ),
    }
)
_PATTERNS: Mapping[str, Phrase] = MappingProxyType(
    {
        r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$": Phrase(
            "a name of small Latin letters, digits, dots and '_' that begins with a letter"
        ),
        r"^\d{2}:\d{2}$": Phrase("a time in quotes, such as '08:00'"),
        r"^\S+$": Phrase("a name without spaces"),
    }
)
_SIZES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "too_short": ("min_length", tr("a list of at least {limit}")),
        "too_long": ("max_length", tr("a list of at most {limit}")),
        "string_too_short": ("min_length", tr("a text of at least {limit} characters")),
        "string_too_long": ("max_length", tr("a text of at most {limit} characters")),
    }
)


def validation_faults(error: ValidationError, file: YamlFile, kind: type[BaseModel]) -> list[Fault]:
    """One fault for each place pydantic complains about; a value that fits no branch of a union is one place."""
    found: dict[Path_, Fault] = {}
    for path, details in _by_place(error.errors(include_url=False), file).items():
        found.setdefault(path, _fault(details, path, file, kind))
    return list(found.values())


def _by_place(details: Iterable[ErrorDetails], file: YamlFile) -> dict[Path_, list[ErrorDetails]]:
    """Complaints by their places; inside the branches of a union only those that came furthest in."""
    places: dict[Path_, list[ErrorDetails]] = {}
    for detail in details:
        path = _known_path(detail["loc"], file)
        if detail["type"] in ("missing", "extra_forbidden"):
            path = (*path, detail["loc"][-1]) if path[-1:] != detail["loc"][-1:] else path
        places.setdefault(path, []).append(detail)
    return {path: found for path, found in places.items() if not _shallow(path, found, places)}


def _shallow(path: Path_, details: list[ErrorDetails], places: Iterable[Path_]) -> bool:
    """Whether all complaints of a place are of branches, and another branch was entered further."""
    inner = any(len(one) > len(path) and one[: len(path)] == path for one in places)
    return inner and all(detail["type"] in _WANTED for detail in details)


def _known_path(loc: tuple[str | int, ...], file: YamlFile) -> Path_:
    """The part of pydantic's location that exists in the file (branch names of unions drop out)."""
    path: Path_ = ()
    data = file.data
    for step in loc:
        if isinstance(data, dict) and step in data:
            data = data[str(step)]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            continue
        path = (*path, step)
    return path


def _fault(details: list[ErrorDetails], path: Path_, file: YamlFile, kind: type[BaseModel]) -> Fault:
    """Say in words what pydantic found at one place."""
    detail, where, key = details[0], file.where(path), ".".join(str(one) for one in path)
    name, got, context = detail["type"], detail.get("input"), detail.get("ctx") or {}
    if name == "missing":
        return fault("key '{key}' is missing", where, key=key)
    if name == "extra_forbidden":
        return _unknown_key(path, got, where, kind)
    if name in {"literal_error", "enum"}:
        choices = tuple(_QUOTED.findall(str(context.get("expected", ""))))
        message = tr("'{got}' is not allowed for '{key}': use {expected}")
        return fault(message, where, got=_shown(got), key=key, expected=choices, near=near_match(str(got), choices))
    if name in _SIMPLE:
        limit = next(iter(context.values()), "")
        return fault("{got} is out of range for '{key}': the limit is {limit}", where, got=got, key=key, limit=limit)
    wanted = tuple(dict.fromkeys(_wanted(details)))
    if not wanted:
        message = tr("'{key}' cannot be read: got '{got}'; {reason}")
        return fault(message, where, key=key, got=_shown(got), reason=str(detail["msg"]).lower())
    return _misfit(key, got, where, wanted)


def _misfit(key: str, got: object, where: str, wanted: tuple[Phrase, ...]) -> Fault:
    """A value of another kind than what is wanted."""
    choice = wanted[0] if len(wanted) == 1 else Phrase("one of these: {choices}", {"choices": wanted})
    if got is None:
        return fault("'{key}' is empty: write {wanted}", where, key=key, wanted=choice)
    if has_decimal_comma(got) and {_NUMBER, _WHOLE} & {*wanted}:
        return fault(DECIMAL_COMMA, where, key=key, got=got, point=str(got).replace(",", "."))
    return fault("'{key}' cannot be read: got '{got}'; write {wanted}", where, key=key, got=_shown(got), wanted=choice)


def _unknown_key(path: Path_, got: object, where: str, kind: type[BaseModel]) -> Fault:
    """A key that no file of this kind has; a number without a value is what follows a decimal comma."""
    key, last = ".".join(str(one) for one in path), str(path[-1])
    if got is None and last.isdigit():
        message = tr("key '{key}' is not known: if {last} follows a decimal comma, write a decimal point")
        return fault(message, where, key=key, last=last)
    return fault("key '{key}' is not known", where, key=key, near=near_match(last, _keys(kind)))


def _wanted(details: Iterable[ErrorDetails]) -> Iterator[Phrase]:
    """What may be written in the place of each complaint; nothing where that has no words."""
    for detail in details:
        name, context = detail["type"], detail.get("ctx") or {}
        if name in _WANTED:
            yield _WANTED[name]
        elif name == "string_pattern_mismatch":
            pattern = str(context.get("pattern", ""))
            yield _PATTERNS.get(pattern, Phrase("a text of the form {pattern}", {"pattern": pattern}))
        elif name in _SIZES:
            limit, message = _SIZES[name]
            yield Phrase(message, {"limit": context.get(limit, "")})


def _shown(got: object) -> object:
    """A value as people see it in the file."""
    if isinstance(got, bool):
        return "true" if got else "false"
    if isinstance(got, dict):
        return _KEYS
    return Phrase("a list") if isinstance(got, (list, tuple)) else got


def _keys(kind: type[BaseModel]) -> list[str]:
    """All key names that a file of this kind can have, for near matches."""
    names: set[str] = set()
    schema = kind.model_json_schema(by_alias=True)
    for part in (schema, *schema.get("$defs", {}).values()):
        names.update(part.get("properties", {}))
    return sorted(names)
