"""Free equations in problem files (kind ``nonlinear``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from zveno.errors import Fault
from zveno.model.expression import Expression, parse, plain_name, usable_name
from zveno.model.free import FreeProblem, FreeVariable
from zveno.sources.problem_file import ProblemSource
from zveno.text.mark import tr

FREE_KEYS = frozenset({"variables", "constraints", "parameters"})
"""What only free equations hold."""
_VARIABLE = frozenset({"id", "measured", "sigma", "start", "lower", "upper"})
_COVARIANCE = frozenset({"a", "b", "cov"})


def free_problem_of(source: ProblemSource, content: Mapping[str, Any]) -> FreeProblem:
    """All parts, in the order in which they name each other."""
    if content.get("bounds"):
        source.report("bounds of free equations stand at each variable: write 'lower' and 'upper' there", "bounds")
    seen: set[object] = set()
    placed = tuple(_variables(source, content, seen))
    variables = tuple(one for _, one in placed)
    _require_sensible(source, placed)
    parameters = dict(_parameters(source, content, seen))
    for key, found in (("variables", variables), ("constraints", content.get("constraints"))):
        if not found:
            source.report("'{key}' is missing", key, key=key)
    names = frozenset(one.id for one in variables)
    return FreeProblem(
        variables=variables,
        equations=tuple(_equations(source, content, names, parameters)),
        covariances=tuple(_covariances(source, content, variables)),
        name=source.label(content, "id", "") or source.name,
    )


def _require_sensible(source: ProblemSource, placed: Sequence[tuple[str, FreeVariable]]) -> None:
    """A fault for each standard deviation that cannot be reckoned with."""
    sizes = [abs(one.reading) for _, one in placed if one.reading is not None and isfinite(one.reading)]
    for path, one in placed:
        if one.reading is not None and one.sigma is not None:
            source.require_sensible(path, one.sigma, one.reading, max(sizes, default=0.0))


def _variables(
    source: ProblemSource, content: Mapping[str, Any], seen: set[object]
) -> Iterator[tuple[str, FreeVariable]]:
    """Variables with their paths."""
    for path, item in source.items(content, "variables"):
        source.keys(item, path, _VARIABLE)
        name = _name(source, source.text(item, "id", path), f"{path}.id", seen)
        reading = source.optional(item, "measured", path)
        sigma = None if item.get("measured") is None else source.sigma(item, path)
        start, lower, upper = (source.optional(item, key, path) for key in ("start", "lower", "upper"))
        if lower is not None and upper is not None and lower >= upper:
            source.report("'lower' must be below 'upper'", path)
        yield path, FreeVariable(name, reading, sigma, start, lower, upper)


def _parameters(source: ProblemSource, content: Mapping[str, Any], seen: set[object]) -> Iterator[tuple[str, float]]:
    """Known numbers by name."""
    found = source.braces(content.get("parameters"), "parameters")
    for key in found:
        name = _name(source, key, f"parameters.{key}", seen)
        yield name, source.number(found, key, "parameters")


def _name(source: ProblemSource, name: str, path: str, seen: set[object]) -> str:
    """A name that expressions can hold, given once."""
    if name and not usable_name(name):
        source.report(
            "'{name}' cannot stand in an expression: a name has letters, digits and _, begins with a letter, and is no "
            "function",
            path, name=name,
        )  # fmt: skip
    name = plain_name(name)
    source.unique(name, seen, path, tr("'{name}' is declared twice"), name=name)
    return name


def _equations(
    source: ProblemSource, content: Mapping[str, Any], names: frozenset[str], parameters: Mapping[str, float]
) -> Iterator[Expression]:
    """Expressions that equal zero: texts, or objects with the text as ``expr``."""
    found = content.get("constraints") or []
    if not isinstance(found, list):
        source.report("'{key}' must be a list", "constraints", key="constraints")
        return
    for k, item in enumerate(found):
        path, text = f"constraints[{k}]", item
        if isinstance(item, dict):
            source.keys(item, path, frozenset({"expr"}))
            path, text = f"{path}.expr", source.get(item, "expr", path)
        if not isinstance(text, str):
            source.report("an expression is needed here, as a text", path)
            continue
        read = parse(text, names, parameters, source.at(path))
        if isinstance(read, Fault):
            source.faults.append(read)
        else:
            yield read


def _covariances(
    source: ProblemSource, content: Mapping[str, Any], variables: tuple[FreeVariable, ...]
) -> Iterator[tuple[str, str, float]]:
    """Covariances of the readings of two variables, named by their ids."""
    sigma = {one.id: one.sigma for one in variables if one.reading is not None and one.sigma is not None}
    seen: set[object] = set()
    found: dict[tuple[str, str], float] = {}
    for path, item in source.items(content, "covariances"):
        source.keys(item, path, _COVARIANCE)
        first, second = (plain_name(source.text(item, key, path)) for key in ("a", "b"))
        for key, name in (("a", first), ("b", second)):
            if name and name not in sigma:
                source.report("there is no reading of '{name}'", f"{path}.{key}", name=name)
        if first == second and first in sigma:
            source.report("a covariance joins two readings, but both ends are the same one: leave it out", path)
        source.unique(frozenset((first, second)), seen, path, tr("this covariance is given twice"))
        value = source.number(item, "cov", path)
        source.require_possible(value, [sigma.get(first), sigma.get(second)], path)
        found[first, second] = value
        yield first, second, value
    source.require_together(found, sigma)
