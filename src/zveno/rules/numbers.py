"""Dated numbers in the place of levels: a rule of the kind ``parameter``, or a figure of the description."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.rulebook import Rule, Version
from zveno.quantities import convert
from zveno.rules.kinds import RULE_KINDS

NUMBER = "parameter"


def legal_number(model: ChainModel, rule: str, day: date, uom: str = "") -> float:
    """The number of a rule of the kind ``parameter`` on a day, in a unit of measure (its own if none is given).

    Raises
    ------
    DataError
        If there is no such rule, or no version of it is in force on that day.
    QuantityError
        If the unit of measure does not fit.
    """
    found = model.rulebook.by_id.get(rule)
    if found is None or found.kind != NUMBER:
        raise DataError("the rulebook holds no number '{rule}'", rule=rule)
    value = _of_rule(found, day)
    if value is None:
        raise DataError("no version of '{rule}' is in force on {day}", rule=rule, day=day)
    return convert(value, found.uom, uom or found.uom)


def named_numbers(rule: Rule, params: Mapping[str, Any]) -> dict[str, str]:
    """Levels that a rule takes from a dated number: parameter to the name of the number."""
    if rule.kind not in RULE_KINDS or rule.kind == NUMBER:
        return {}
    levels = RULE_KINDS[rule.kind].levels()
    return {name: one for name, one in params.items() if name in levels and isinstance(one, str)}


def number_on(model: ChainModel, name: str, day: date, uom: str) -> float | None:
    """Value of a dated number on a day; None where there is none or no such number."""
    rule = model.rulebook.by_id.get(name)
    if rule is not None and rule.kind == NUMBER:
        value, own = _of_rule(rule, day), rule.uom
    elif name in model.parameters:
        value, own = model.parameters[name].on(day), model.parameters[name].uom
    else:
        return None
    return None if value is None else convert(value, own, uom)


def changes_of(model: ChainModel, name: str) -> set[date]:
    """Days on which a dated number changes, begins or ends."""
    rule = model.rulebook.by_id.get(name)
    if rule is not None and rule.kind == NUMBER:
        return {one for version in rule.versions for one in (version.start, version.end) if one}
    return {step.start for step in model.parameters[name].dated} if name in model.parameters else set()


def cut_days(model: ChainModel, rule: Rule, version: Version) -> list[date]:
    """Days inside a version on which a number that it takes changes."""
    days = {day for name in named_numbers(rule, version.params).values() for day in changes_of(model, name)}
    return sorted(day for day in days if version.start < day and (version.end is None or day < version.end))


def numbers_on(model: ChainModel, rule: Rule, params: Mapping[str, Any], day: date) -> dict[str, Any]:
    """The parameters with the dated numbers of a day in place of their names.

    Raises
    ------
    DataError
        If a number has no value on that day; ``rule_faults`` finds that on loading.
    """
    filled = dict(params)
    for key, name in named_numbers(rule, params).items():
        value = number_on(model, name, day, rule.uom)
        if value is None:
            raise DataError(
                "'{name}', which rule '{rule}' takes, has no value on {day}", name=name, rule=rule.id, day=day
            )
        filled[key] = value
    return filled


def _of_rule(rule: Rule, day: date) -> float | None:
    """The number in force on a day."""
    for version in rule.versions:
        if version.start <= day and (version.end is None or day < version.end):
            return float(version.params["value"])
    return None
