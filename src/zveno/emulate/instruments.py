"""Meters with errors: what the plant's instruments and laboratory say of the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from zveno.emulate.draws import generator
from zveno.emulate.truth import Truth
from zveno.model.chain import ChainModel
from zveno.model.play import Bias, Play, Swap
from zveno.model.types import Meter
from zveno.periods import Shift

Floats = npt.NDArray[np.float64]
_MASSES = ("wet_mass", "mass", "survey_mass")
_LARGE_T = 100.0


@dataclass(frozen=True)
class Said:
    """One value that an instrument gave: t or mass fraction."""

    meter: str
    quantity: str
    start: datetime
    end: datetime
    value: float
    shift: Shift


@dataclass(frozen=True)
class Drawn:
    """A systematic error drawn for a meter and quantity, relative."""

    meter: str
    quantity: str
    bias_rel: float


def read_meters(model: ChainModel, play: Play, truth: Truth, seed: int) -> tuple[list[Said], list[Drawn]]:
    """Readings of all accounting meters over the played shifts, and the systematic errors behind them."""
    said: list[Said] = []
    drawn: list[Drawn] = []
    for meter in model.chain.meters:
        if not meter.accounting:
            continue
        for quantity in meter.components if meter.quantity == "assay" else (meter.quantity,):
            bias = _systematic(meter, quantity, seed)
            drawn.append(Drawn(meter.id, quantity, bias))
            rng = generator(seed, "noise", meter.id, quantity)
            for shift, true in _true_values(model, meter, quantity, truth):
                noise = float(rng.standard_normal()) * _noise(meter, quantity, shift)
                planted = _planted(play, meter, shift)
                value = max(true * (1 + bias + noise) * (1 + planted), 0.0)
                start, end = shift.period.start, shift.period.end
                said.append(Said(meter.id, quantity, start, end, _rounded(value, quantity), shift))
    return _swapped(play, said), drawn


def _noise(meter: Meter, quantity: str, shift: Shift) -> float:
    """Relative standard deviation of a reading of a shift."""
    wider = [one.factor for one in meter.widened if one.start <= shift.day < one.end]
    return meter.sd_rel_pcts.get(quantity, meter.sd_rel_pct) / 100 * float(np.prod(wider))


def _systematic(meter: Meter, quantity: str, seed: int) -> float:
    """Systematic error of a meter: half its unnoticed limit as standard deviation, and the shared part."""
    bias = float(generator(seed, "bias", meter.id, quantity).standard_normal()) * meter.bias_limit_pct / 200
    if meter.shared_error:
        shared = float(generator(seed, "shared", meter.shared_error.name, quantity).standard_normal())
        bias += shared * meter.shared_error.sd_rel_pct / 100
    return bias


def _true_values(model: ChainModel, meter: Meter, quantity: str, truth: Truth) -> Iterator[tuple[Shift, float]]:
    """Shift by shift (or once a month) what a perfect meter would say.

    A line that stood all shift has a mass of zero, but nothing to sample; where no lot came, none is weighed. Stocks
    are surveyed before the first shift and after the last one of each month.
    """
    content = _content(model, meter.stream) if quantity in _MASSES else ""
    if meter.stream in truth.stocks:
        levels = truth.stocks[meter.stream]
        first = truth.shifts[0]
        before = model.shift_pattern.at(first.period.start - (first.period.end - first.period.start) / 2)
        ends = [(truth.shifts[last - 1], levels[last]) for _, last in _months(truth)]
        for shift, held in ((before, levels[0]), *ends):
            if quantity in _MASSES or held[0] > 0:
                yield shift, _quantity(held, quantity, truth, content)
        return
    moved = _measured(model, meter.stream, truth)
    if meter.period in ("month", "month_end"):
        for begin, last in _months(truth):
            part = moved[begin:last]
            if quantity in _MASSES or part[:, 0].sum() > 0:
                yield truth.shifts[last - 1], _quantity(part.sum(axis=0), quantity, truth, content)
        return
    for index, shift in enumerate(truth.shifts):
        if moved[index, 0] > 0 or (quantity in _MASSES and meter.period != "lot"):
            yield shift, _quantity(moved[index], quantity, truth, content)


def _months(truth: Truth) -> Iterator[tuple[int, int]]:
    """First shift of each month, and the first one after it."""
    first = 0
    for index, (shift, after) in enumerate(zip(truth.shifts, (*truth.shifts[1:], None), strict=True), start=1):
        if after is None or (after.day.year, after.day.month) != (shift.day.year, shift.day.month):
            yield first, index
            first = index


def _content(model: ChainModel, place: str) -> str:
    """Component by whose mass a stream, group or stock is read; empty where it is weighed whole."""
    if place in model.stocks:
        return model.stocks[place].content
    return next((one.content for one in model.chain.streams if place in (one.id, one.group)), "")


def _measured(model: ChainModel, name: str, truth: Truth) -> Floats:
    """What passed a stream, or all streams of a group."""
    if name in truth.flows:
        return truth.flows[name]
    return np.asarray(np.sum([truth.flows[one.id] for one in model.chain.streams if one.group == name], axis=0))


def _quantity(masses: Floats, quantity: str, truth: Truth, content: str = "") -> float:
    """A quantity of a mass vector (solids, water, components); of a content its mass."""
    solids, water = float(masses[0]), float(masses[1])
    if content:
        return float(masses[truth.columns.index(content)])
    if quantity == "wet_mass":
        return solids + water
    if quantity in ("mass", "survey_mass"):
        return solids
    if quantity == "moisture":
        return water / (solids + water)
    return float(masses[truth.columns.index(quantity)]) / solids


def _planted(play: Play, meter: Meter, shift: Shift) -> float:
    """Planted bias of a meter in a shift: its share of the shift's time counts."""
    total = 0.0
    for one in play.events:
        if isinstance(one, Bias) and one.meter == meter.id:
            overlap = min(one.end, shift.period.end) - max(one.start, shift.period.start)
            share = max(overlap.total_seconds() / 3600 / shift.period.hours, 0.0)
            total += one.size_rel_pct / 100 * share
    return total


def _swapped(play: Play, said: list[Said]) -> list[Said]:
    """Exchange the values of two meters in the shifts whose samples were swapped."""
    for event in play.events:
        if not isinstance(event, Swap):
            continue
        first, second = event.meters
        at = {
            (one.meter, one.quantity): one
            for one in said
            if one.meter in event.meters and one.shift.day == event.day and one.shift.slot == event.slot
        }
        other: Mapping[str, str] = {first: second, second: first}
        said = [_exchanged(one, at, other) for one in said]
    return said


def _exchanged(one: Said, at: Mapping[tuple[str, str], Said], other: Mapping[str, str]) -> Said:
    """The reading with the value of its partner, where both samples have one."""
    partner = at.get((other.get(one.meter, ""), one.quantity))
    if partner is None or at.get((one.meter, one.quantity)) is not one:
        return one
    return Said(one.meter, one.quantity, one.start, one.end, partner.value, one.shift)


def _rounded(value: float, quantity: str) -> float:
    """Rounded as plants write: masses to 0.1 t and small ones finer, shares to four significant digits."""
    if quantity in _MASSES and value >= _LARGE_T:
        return round(value, 1)
    return float(f"{value:.5g}" if quantity in _MASSES else f"{value:.4g}")
