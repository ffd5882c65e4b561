"""Specifications: results that are wanted, and the parameters that are free to move for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np

from zveno.errors import DataError, Fault, ModelError, Phrase, fault, rounded
from zveno.model.chain import ChainModel
from zveno.quantities import convert, typed_number, uom_phrase
from zveno.simulate.keys import Target, base_value, require_targets
from zveno.simulate.results import FRACTION, Result, read_result
from zveno.simulate.units import UNIT_PARAMETERS
from zveno.text.mark import tr

LOWER_END: Mapping[str, Phrase] = MappingProxyType(
    {
        "model": Phrase("lower end of the range of the unit model"),
        "figure": Phrase("lower end of the range that its figure states"),
        "asked": Phrase("lower end of the range asked for"),
        "nature": Phrase("least that there can be"),
    }
)
UPPER_END: Mapping[str, Phrase] = MappingProxyType(
    {
        "model": Phrase("upper end of the range of the unit model"),
        "figure": Phrase("upper end of the range that its figure states"),
        "asked": Phrase("upper end of the range asked for"),
        "nature": Phrase("most that there can be"),
    }
)
"""What sets an end of a range, as messages say it."""
_MOST_MOISTURE = 1 - 1e-6
_WHOLE = 1 + 1e-12  # round-off of a share of all


@dataclass(frozen=True)
class Specification:
    """A result that is wanted: its name (see ``zveno.simulate.results``) and value, in its own uom.

    ``percent``: the value was written in per cent, so the result has to be a fraction.

    Examples
    --------
    >>> read_specification("recovery.Cu:conc = 87%")
    Specification(result='recovery.Cu:conc', wanted=0.87, percent=True)
    """

    result: str
    wanted: float
    percent: bool = False

    @property
    def asked(self) -> Result:
        """What the name stands for."""
        return read_result(self.result)


@dataclass(frozen=True)
class Free:
    """A key that may move, and between what; as far as the description allows where an end is left out.

    Examples
    --------
    >>> read_free("rougher.froth_mm=100:300")
    Free(key='rougher.froth_mm', low=100.0, high=300.0)
    """

    key: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Bound:
    """An end of a range, and what sets it (a key of ``LOWER_END``); infinite where nothing does."""

    value: float
    why: str = "nature"


@dataclass(frozen=True)
class FreeParameter:
    """A free key with its targets, uom, value as described, and the bounds between which it may move."""

    key: str
    targets: tuple[Target, ...]
    uom: str
    start: float
    low: Bound
    high: Bound

    @property
    def width(self) -> float:
        """What counts as a whole move: the range, or the value where the range has no end."""
        if np.isfinite(self.high.value - self.low.value):
            return self.high.value - self.low.value
        return abs(self.start)


def read_specification(text: str) -> Specification:
    """A specification from ``RESULT=VALUE``; raises DataError where it is none."""
    result, _, value = text.rpartition("=")
    percent = value.strip().endswith("%")
    try:
        number = typed_number(value.strip().removesuffix("%"))
    except ValueError:
        number = np.nan
    if not (result.strip() and np.isfinite(number)):
        raise DataError("'{text}' is not RESULT=VALUE: write such as recovery.Cu:conc=0.87 or conc:Cu=8.5", text=text)
    read_result(result.strip())
    return Specification(result.strip(), number / 100 if percent else number, percent)


def read_free(text: str) -> Free:
    """A free key from ``KEY`` or ``KEY=LOW:HIGH``, one end of which may be left out; raises DataError else."""
    key, _, ends = text.partition("=")
    low, colon, high = ends.partition(":")
    try:
        found = Free(
            key.strip(),
            typed_number(low) if low.strip() else None,
            typed_number(high) if high.strip() else None,
        )
    except ValueError:
        found = Free("")
    if not found.key or bool(ends) != bool(colon) or ("=" in text and found.low is None and found.high is None):
        message = tr("'{text}' is not KEY or KEY=LOW:HIGH: write such as mill.p80_um or mill.p80_um=90:130")
        raise DataError(message, text=text)
    return found


def free_parameters(
    model: ChainModel, free: Sequence[Free], common: Mapping[str, float], day: date | None
) -> tuple[FreeParameter, ...]:
    """Free keys with the ranges that unit models, figures and the user give them.

    Raises
    ------
    ModelError
        If a key cannot be set, two keys set the same thing, a range is empty, or a value lies outside its range.
    """
    found = tuple(_free_parameter(model, one, common, day) for one in free)
    owners: dict[Target, str] = {}
    for one in found:
        for target in one.targets:
            if target in owners:
                raise ModelError("'{first}' and '{second}' are both free, but both set '{key}'",
                                 first=owners[target], second=one.key, key=target.key)  # fmt: skip
            owners[target] = one.key
    return found


def _free_parameter(model: ChainModel, one: Free, common: Mapping[str, float], day: date | None) -> FreeParameter:
    """A free key with its range."""
    targets = require_targets(model, one.key)
    start = base_value(model, one.key, day, common)
    uom = targets[0].uom(model)
    lows, highs = [Bound(-np.inf)], [Bound(np.inf)]
    if one.low is not None:
        lows.append(Bound(one.low, "asked"))
    if one.high is not None:
        highs.append(Bound(one.high, "asked"))
    for target in targets:
        for low, high in _ranges(model, target, uom, asked=(one.low is not None, one.high is not None)):
            lows.append(low)
            highs.append(high)
    low, high = max(lows, key=lambda each: each.value), min(highs, key=lambda each: each.value)
    where: dict[str, Any] = {"key": one.key, "low": amount(low.value, uom), "high": amount(high.value, uom)}
    if not low.value < high.value:
        raise ModelError(
            "'{key}' has nothing to move in: its range would be {low} to {high}; give both ends, as KEY=LOW:HIGH",
            **where,
        )
    if not low.value <= start <= high.value:
        raise ModelError(
            "'{key}' stands at {value}, outside the range {low} to {high} in which it may move: set it within, or give"
            " another range as KEY=LOW:HIGH",
            value=amount(start, uom),
            **where,
        )
    if not (start or np.isfinite(high.value - low.value)):
        raise ModelError("'{key}' stands at 0 and its range has no end: give one, as KEY=LOW:HIGH", key=one.key)
    return FreeParameter(one.key, targets, uom, start, low, high)


def _ranges(model: ChainModel, target: Target, uom: str, asked: tuple[bool, bool]) -> Iterator[tuple[Bound, Bound]]:
    """Ranges that hold for a target, in a uom; a range that the user gives comes in place of what a figure states."""
    figure = target.figure(model)
    if figure is not None:
        low = figure.low if not asked[0] else None
        high = figure.high if not asked[1] else None
        yield (
            Bound(-np.inf if low is None else convert(low, figure.uom, uom), "figure"),
            Bound(np.inf if high is None else convert(high, figure.uom, uom), "figure"),
        )
    if target.kind == "unit":
        yield _model_range(model, target.owner, target.name, uom)
    elif target.kind == "stream":
        yield Bound(0.0), Bound(_MOST_MOISTURE if target.name == "feed_water" else np.inf)
    else:
        for unit in model.units.values():
            for name, value in unit.parameters.items():
                if value == target.owner and unit.model in UNIT_PARAMETERS:
                    yield _model_range(model, unit.id, name, uom)


def _model_range(model: ChainModel, unit: str, name: str, uom: str) -> tuple[Bound, Bound]:
    """Range of a parameter in its unit model."""
    one = next((each for each in UNIT_PARAMETERS[model.units[unit].model] if each.name == name), None)
    if one is None or one.choices or one.table:
        return Bound(-np.inf), Bound(np.inf)
    return Bound(convert(one.low, one.uom, uom), "model"), Bound(convert(one.high, one.uom, uom), "model")


def sense_faults(model: ChainModel, specifications: Sequence[Specification], uoms: Sequence[str]) -> Iterator[Fault]:
    """What no plant could meet, whatever is free, and what is specified twice."""
    seen: set[str] = set()
    for one, uom in zip(specifications, uoms, strict=True):
        asked = one.asked
        if one.result in seen:
            yield fault("'{result}' is specified twice", result=one.result)
        seen.add(one.result)
        if one.percent and uom != FRACTION:
            yield fault("'{result}' is in {uom}, so its value cannot be written in %", result=one.result,
                        uom=uom_phrase(uom))  # fmt: skip
        low, high = _possible(model, asked, uom)
        if not low <= one.wanted <= high * _WHOLE:
            yield fault("'{result}' cannot be {wanted}, whatever the parameters are: it lies from {low} to {high}",
                        result=one.result, wanted=amount(one.wanted, uom), low=amount(low, uom),
                        high=Phrase("any size") if np.isinf(high) else amount(high, uom))  # fmt: skip


def _possible(model: ChainModel, asked: Result, uom: str) -> tuple[float, float]:
    """Between what a result can lie: shares of a whole, masses, and what a unit model has a range for by that name."""
    if asked.kind in ("grade", "passing") or (asked.kind == "recovery" and not asked.feeds):
        return 0.0, 1.0
    if asked.of[0] not in model.units:
        return 0.0, np.inf
    parameters = UNIT_PARAMETERS[model.units[asked.of[0]].model]
    one = next((each for each in parameters if each.name == asked.quantity and each.uom == uom), None)
    return (-np.inf, np.inf) if one is None else (one.low, one.high)


def amount(value: float, uom: str, digits: int = 5) -> Phrase:
    """A value with its uom as a message says it, fractions in per cent.

    >>> str(amount(0.87, "frac"))
    '87 %'
    """
    if uom == FRACTION:
        return Phrase("{value} {uom}", {"value": rounded(100 * value, digits), "uom": Phrase("%")})
    if uom == "-":
        return Phrase("{value}", {"value": rounded(value, digits)})
    return Phrase("{value} {uom}", {"value": rounded(value, digits), "uom": uom_phrase(uom)})
