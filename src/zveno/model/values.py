"""Checks of the numbers of a description: each has a value and a unit of measure that fits, and can be true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Literal

from zveno.errors import Fault, QuantityError, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import line_of, numbers_of, unknown, uom_faults
from zveno.model.types import Figure, Number, Stock, Stream
from zveno.model.uncertainty import uncertainty_faults
from zveno.quantities import convert, uom_of, uom_phrase
from zveno.text.mark import tr

Bound = Literal["any", "amount", "positive", "share", "below_one", "moisture", "ph"]
"""Which values a number can have: all, from 0, above 0, from 0 to 1, from 0 to less than 1 (twice), a pH."""
_LARGEST_PH = 14.0


def value_faults(model: ChainModel) -> list[Fault]:
    """Every number that has no value, no fitting unit of measure, or cannot be true."""
    checks: tuple[Callable[[ChainModel], Iterator[Fault]], ...] = (
        _figures_faults,
        _feed_faults,
        _stock_faults,
        _ore_faults,
        _composition_faults,
        _tag_faults,
        _meter_faults,
        _gate_faults,
        _foundry_faults,
    )
    return [one for check in checks for one in check(model)]


def days_of_change(model: ChainModel) -> tuple[date | None, ...]:
    """Days on which a number of the description changes; first None, which is what holds before them.

    Where a figure has no value before its first date, the days begin when all figures have one.

    Examples
    --------
    >>> from zveno.model.types import ChainFile
    >>> chain = ChainFile(format="zveno/chain-1", id="a", title={}, timezone="UTC+00:00",
    ...     components=(), plants=(), units=(), streams=())
    >>> load = Figure(value=90, dated=({"from": date(2026, 3, 18), "value": 95},))
    >>> days_of_change(ChainModel(chain=chain, parameters={"load": load}))
    (None, datetime.date(2026, 3, 18))
    """
    figures = [*model.parameters.values(), *(one for _, _, one in numbers_of(model) if isinstance(one, Figure))]
    starts = sorted({step.start for one in figures for step in one.dated})
    late = [min(step.start for step in one.dated) for one in figures if one.value is None and one.dated]
    return tuple(day for day in starts if day >= max(late)) if late else (None, *starts)


def line_of_figure(model: ChainModel, name: str, key: str = "") -> str:
    """Place of a key of a figure in parameters.yaml, else of the figure."""
    return model.places.get(f"parameters/{name}/{key}") or model.places.get(f"parameters/{name}", "")


def number_faults(
    model: ChainModel, owner: str, key: str, reference: Number | None, *, uom: str, bound: Bound
) -> Iterator[Fault]:
    """A number, figure or name of a figure that is not of the dimension of ``uom``, or not within its bound.

    Every dated value is looked at. A name that leads nowhere is left to others.
    """
    figure = model.parameters.get(reference) if isinstance(reference, str) else reference
    where = _line_of_number(model, owner, key)
    if isinstance(figure, Figure):
        values, own = _values(figure), figure.uom
        wrong = _other_dimension(own, uom)
        if wrong:
            message = tr("'{key}' of '{owner}' is given in '{uom}', but must be in '{wanted}' or a unit like it")
            yield fault(message, where, key=key, owner=owner, uom=uom_phrase(own), wanted=uom_phrase(uom))
        if wrong or _other_dimension(own, own):
            return
        place = line_of_figure(model, reference) if isinstance(reference, str) else where
    else:
        values, own, place = [] if figure is None else [figure], uom, where
    for value in values:
        message = _out_of_bound(convert(value, own, uom), bound)
        if message:
            yield fault(message, place or where, key=key, owner=owner, value=value, uom=uom_phrase(own))


def _out_of_bound(value: float, bound: Bound) -> str:
    """What is wrong with a value; empty if nothing is."""
    if bound != "any" and value < 0:
        return tr("'{key}' of '{owner}' is {value} {uom}, but cannot be less than 0")
    if bound == "positive" and value == 0:
        return tr("'{key}' of '{owner}' is 0, but must be more than 0")
    if bound == "below_one" and value >= 1:
        return tr("'{key}' of '{owner}' is {value} {uom}, but must be less than 1, which is 100 %")
    if bound == "share" and value > 1:
        return tr("'{key}' of '{owner}' is {value} {uom}, but a share cannot be more than 1, which is 100 %")
    if bound == "ph" and value > _LARGEST_PH:
        return tr("'{key}' of '{owner}' is pH {value}, but no pulp or solution has a pH above 14")
    if bound == "moisture" and value >= 1:
        return tr("'{key}' of '{owner}' is {value} {uom}, but a moisture must be less than 1, which is 100 %")
    return ""


def _other_dimension(uom: str, wanted: str) -> bool:
    """A known unit of measure measures something else than the wanted one; an unknown one equals only itself."""
    try:
        return uom_of(uom).dimension != uom_of(wanted).dimension
    except QuantityError:
        return uom == wanted


def _values(figure: Figure) -> list[float]:
    """All values of a figure, whenever they hold."""
    return [one for one in (figure.value, *(step.value for step in figure.dated)) if one is not None]


def _line_of_number(model: ChainModel, owner: str, key: str) -> str:
    """Place of a number; ``copper.bornite`` stands under ``copper``."""
    return line_of(model, owner, "parameters" if owner in model.units else key)


# ---- figures -------------------------------------------------------------------------------------------------


def _figures_faults(model: ChainModel) -> Iterator[Fault]:
    """Figures of parameters.yaml, and those written in chain.yaml where they are used."""
    for name, figure in model.parameters.items():
        yield from _figure_faults(model, name, figure, partial(line_of_figure, model, name))
    for owner, key, one in numbers_of(model):
        if isinstance(one, Figure):
            where = _line_of_number(model, owner, key)
            yield from (replace(each, where=where) for each in _figure_faults(model, f"{owner}.{key}", one, str))


def _figure_faults(model: ChainModel, name: str, figure: Figure, line: Callable[[str], str]) -> Iterator[Fault]:
    """A figure has a value, a known uom, listed sources, and lies in its range; ``line`` is the place of a key."""
    yield from uom_faults(line("uom"), name, figure.uom)
    values = _values(figure)
    if not values:
        yield fault("parameter '{name}' has no value", line(""), name=name)
    for value in values:
        if (figure.low is not None and value < figure.low) or (figure.high is not None and value > figure.high):
            yield fault(
                "parameter '{name}' is {value}, outside its own range {low} to {high}",
                line(""),
                name=name,
                value=value,
                low=figure.low,
                high=figure.high,
            )
    for source in filter(None, (part.strip() for part in figure.source.split(","))):
        if source not in model.chain.sources:
            yield replace(unknown(model, name, "source", source, model.chain.sources), where=line("source"))
    days = [one.start for one in figure.dated]
    if len(set(days)) < len(days):
        yield fault("parameter '{name}' has two values from the same day", line("dated"), name=name)
    yield from uncertainty_faults(name, figure, line)


# ---- feeds, stocks, ores -------------------------------------------------------------------------------------


def _feed_faults(model: ChainModel) -> Iterator[Fault]:
    """Feeds are mass flows, their moistures less than 1."""
    for stream in model.chain.streams:
        yield from number_faults(model, stream.id, "feed", stream.feed, uom="t/h", bound="amount")
        yield from number_faults(model, stream.id, "feed_water", stream.feed_water, uom="frac", bound="moisture")
        if stream.feed_water is not None and stream.feed is None and _is_simulated_feed(model, stream):
            message = tr("stream '{stream}' has 'feed_water' without 'feed': give the dry mass flow too")
            yield fault(message, line_of(model, stream.id, "feed_water"), stream=stream.id)


def _is_simulated_feed(model: ChainModel, stream: Stream) -> bool:
    """Whether the simulation needs a stream's mass flow; else its moisture only serves its scale."""
    unit = model.units.get(stream.target.partition(":")[0])
    return bool(stream.ore or stream.material or (unit is not None and unit.model))


def _stock_faults(model: ChainModel) -> Iterator[Fault]:
    """Stocks are masses, and hold no more than they can."""
    for stock in model.chain.stocks:
        found = [
            *number_faults(model, stock.id, "opening", stock.opening, uom="t", bound="amount"),
            *number_faults(model, stock.id, "capacity", stock.capacity, uom="t", bound="amount"),
        ]
        yield from found or _overfull(model, stock)


def _overfull(model: ChainModel, stock: Stock) -> Iterator[Fault]:
    """A stock that opens with more than its capacity, on the first day on which it does."""
    for day in days_of_change(model) if stock.capacity is not None else ():
        try:
            opening, capacity = model.number(stock.opening, "t", day), model.number(stock.capacity or 0.0, "t", day)
        except ZvenoError:  # a name that leads nowhere, told elsewhere
            return
        if opening > capacity:
            message = tr("stock '{stock}' opens with {opening} t, more than its capacity of {capacity} t")
            where = line_of(model, stock.id, "opening")
            yield fault(message, where, stock=stock.id, opening=opening, capacity=capacity)
            return


def _ore_faults(model: ChainModel) -> Iterator[Fault]:
    """Grades and contents are shares of the whole."""
    for ore in model.chain.ores:
        yield from number_faults(model, ore.id, "grade", ore.grade, uom="frac", bound="share")
        yield from number_faults(model, ore.id, "moisture", ore.moisture, uom="frac", bound="moisture")
        for key, given in (("copper", ore.copper), ("minerals", ore.minerals), ("trace", ore.trace)):
            for name, reference in given.items():
                yield from number_faults(model, ore.id, f"{key}.{name}", reference, uom="frac", bound="share")


def _composition_faults(model: ChainModel) -> Iterator[Fault]:
    """The parts of a mineral do not exceed it."""
    for mineral in model.chain.minerals:
        total = sum(mineral.composition.values())
        if total > 1.0005:
            yield fault(
                "the composition of '{mineral}' sums to {total}, more than 1",
                line_of(model, mineral.id),
                mineral=mineral.id,
                total=round(total, 5),
            )


# ---- tags, meters, gates -------------------------------------------------------------------------------------


def _tag_faults(model: ChainModel) -> Iterator[Fault]:
    """The usual value of a tag is of the dimension of the tag, and one that can be."""
    signed: dict[str, Bound] = dict.fromkeys(("temperature", "pressure", "number"), "any")
    bounds: dict[str, Bound] = {**signed, "fraction": "share", "ph": "ph"}
    for tag in model.chain.tags:
        if not _other_dimension(tag.uom, tag.uom):
            dimension = uom_of(tag.uom).dimension
            uom = "frac" if dimension == "fraction" else tag.uom
            bound = bounds.get(dimension, "amount")
            plain = isinstance(tag.normal, (int, float))
            normal = Figure(value=tag.normal, uom=tag.uom) if plain else tag.normal
            yield from number_faults(model, tag.id, "normal", normal, uom=uom, bound=bound)


def _meter_faults(model: ChainModel) -> Iterator[Fault]:
    """A meter has values that it can read."""
    for meter in model.chain.meters:
        low, high = meter.valid_low, meter.valid_high
        if low is not None and high is not None and low >= high:
            message = tr("meter '{meter}' can read nothing: 'valid_low' is {low}, 'valid_high' is {high}")
            yield fault(message, line_of(model, meter.id, "valid_low"), meter=meter.id, low=low, high=high)


def _gate_faults(model: ChainModel) -> Iterator[Fault]:
    """There are values at which a gate is on."""
    for gate in model.chain.gates:
        if gate.above is not None and gate.below is not None and gate.above >= gate.below:
            message = tr("gate '{gate}' is never on: 'above' is {above}, 'below' is {below}")
            yield fault(message, line_of(model, gate.id), gate=gate.id, above=gate.above, below=gate.below)


# ---- foundry -------------------------------------------------------------------------------------------------


def _foundry_faults(model: ChainModel) -> Iterator[Fault]:
    """Every number of foundry.yaml is of its dimension, and one that can be."""
    for one in model.foundry.numbers if model.foundry else ():
        yield from number_faults(model, one.owner, one.key, one.value, uom=one.uom, bound=one.bound)
