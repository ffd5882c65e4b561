"""What really happened: every shift simulated with that shift's parameters; stocks carried over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from zveno.emulate.draws import generator, wandering
from zveno.emulate.schedule import Stops, moved_tags, tag_profile, train_stops
from zveno.emulate.stocks import pass_through
from zveno.model.chain import ChainModel
from zveno.model.play import Excursion, Play
from zveno.model.types import Tag
from zveno.periods import Period, Shift
from zveno.quantities import convert
from zveno.simulate import parameter_uom, simulate

Floats = npt.NDArray[np.float64]
_PROFILE_STEP_H = 1 / 60
_LEAST_RUN = 0.02
"""Share of its hours that a train is taken to run at least when its volumes are worked out."""


@dataclass(frozen=True)
class Truth:
    """The hidden truth of a played period.

    ``flows`` holds, by stream, the masses moved in each shift, t, shape (shifts, 2 + components): dry
    solids, water, then the components of the chain. ``stocks`` holds contents at the start and after each
    shift, shape (shifts + 1, 2 + components), those on the way among them.
    """

    shifts: tuple[Shift, ...]
    components: tuple[str, ...]
    flows: Mapping[str, Floats]
    stocks: Mapping[str, Floats]
    stops: Mapping[str, Stops]

    @property
    def columns(self) -> tuple[str, ...]:
        """What the last axis of the arrays holds."""
        return ("solids", "water", *self.components)


def play_truth(model: ChainModel, play: Play, period: Period, seed: int) -> Truth:
    """Simulate every shift of the period and carry stocks from shift to shift."""
    shifts = tuple(one for one in model.shift_pattern.shifts(period) if period.start <= one.period.start < period.end)
    span = Period(shifts[0].period.start, shifts[-1].period.end)
    stops = {one.id: train_stops(model, play, one, span, generator(seed, "stops", one.id)) for one in play.trains}
    overrides = _overrides(model, play, shifts, span, stops, seed)
    names = [f"{one.day}/{one.slot}" for one in shifts]
    result = simulate(model, scenarios=dict(zip(names, overrides, strict=True)), day=period.start.date())
    hours = np.array([one.period.hours for one in shifts])
    flows = {stream: result.mass(stream) * hours[:, None] for stream in model.streams}
    passed = pass_through(model, play, shifts, flows, seed)
    return Truth(shifts, model.chain.components, passed.flows, passed.stocks, stops)


def closure(model: ChainModel, truth: Truth) -> float:
    """Largest difference of in, out and stock change over the whole chain, relative to the feed."""
    worst = 0.0
    total = np.zeros_like(next(iter(truth.flows.values())))
    feed = np.zeros(total.shape[1])
    for stream in model.chain.streams:
        inward = stream.source.partition(":")[0] in model.boundaries
        outward = stream.target in model.boundaries
        total += truth.flows[stream.id] * (float(inward) - float(outward))
        feed += truth.flows[stream.id].sum(axis=0) * float(inward)
    for content in truth.stocks.values():
        total -= np.diff(content, axis=0)
    solid = [0, *range(2, total.shape[1])]  # water is added in the units and not followed as a feed
    for column in solid:
        worst = max(worst, float(np.abs(total[:, column]).max() / max(feed[column] / len(total), 1e-12)))
    return worst


def _overrides(
    model: ChainModel,
    play: Play,
    shifts: Sequence[Shift],
    span: Period,
    stops: Mapping[str, Stops],
    seed: int,
) -> list[dict[str, float]]:
    """Parameters of each shift: ore, hours run, and what the tags did to the units."""
    rows: list[dict[str, float]] = [{} for _ in shifts]
    for one in play.variations:
        figure = model.parameters[one.parameter]
        value = figure.on(span.start.date()) or 0.0
        path = wandering(
            generator(seed, "variation", one.parameter),
            len(shifts),
            sd=one.sd_rel_pct / 100,
            persistence=one.persistence,
        )
        for row, step in zip(rows, path, strict=True):
            row[one.parameter] = value * float(np.exp(step))
    for index, shift in enumerate(shifts):
        rows[index] |= _running(model, play, shift, span, stops)
    _move_by_tags(model, play, shifts, span, rows)
    return rows


def _running(model: ChainModel, play: Play, shift: Shift, span: Period, stops: Mapping[str, Stops]) -> dict[str, float]:
    """Feeds, shares and volumes of a shift in which trains ran only a part of the hours."""
    row: dict[str, float] = {}
    first = (shift.period.start - span.start).total_seconds() / 3600
    for feed in {one.feed for one in play.trains}:
        trains = [one for one in play.trains if one.feed == feed]
        full = model.number(model.streams[feed].feed or 0.0, "t/h", shift.day) / len(trains)
        run = {}
        for one in trains:
            usual = model.number(one.availability, "frac", shift.day) if one.feed_is == "calendar" else 1.0
            standing = stops[one.id].standing_h(first, first + shift.period.hours) / shift.period.hours
            run[one.id] = (1.0 - standing) / usual
        total = sum(run.values())
        row[f"{feed}.feed"] = full * total
        for one in trains:
            if one.share:
                row[one.share] = run[one.id] / total if total else 0.0
            for unit in model.chain.units:
                if fnmatchcase(unit.id, one.units):
                    scaled = (name for name in one.scaled if name in unit.parameters)
                    size = max(run[one.id], _LEAST_RUN) if one.feed_is == "calendar" else run[one.id]
                    for name in scaled:
                        uom = parameter_uom(unit.model, name)
                        row[f"{unit.id}.{name}"] = model.number(unit.parameters[name], uom, shift.day) * size
    return row


def _move_by_tags(
    model: ChainModel, play: Play, shifts: Sequence[Shift], span: Period, rows: list[dict[str, float]]
) -> None:
    """Set unit parameters to the shift's mean of the tags that drive them.

    Several tags that drive one parameter, such as the furnaces of one unit, count alike.
    """
    events = [one for one in play.events if isinstance(one, Excursion)]
    driven: dict[tuple[str, str], list[Floats]] = {}
    for tag in (one for one in model.chain.tags if one.drives):
        moved = [one for one in events if tag in moved_tags(model, one)]
        means = _shift_means(model, tag, moved, shifts, span)
        for drive in tag.drives:
            uom = parameter_uom(model.units[drive.unit].model, drive.parameter)
            values = np.array([convert(one, tag.uom, uom) for one in means])
            driven.setdefault((drive.unit, drive.parameter), []).append(values)
    for (unit, parameter), values_of_tags in driven.items():
        for row, value in zip(rows, np.mean(values_of_tags, axis=0), strict=True):
            row[f"{unit}.{parameter}"] = float(value)


def _shift_means(
    model: ChainModel, tag: Tag, events: Sequence[Excursion], shifts: Sequence[Shift], span: Period
) -> list[float]:
    """Mean of a tag over each shift, without noise, in its own unit of measure."""
    means = []
    for shift in shifts:
        first = (shift.period.start - span.start).total_seconds() / 3600
        hours = first + np.arange(0, shift.period.hours, _PROFILE_STEP_H)
        means.append(float(tag_profile(model, tag, events, span, hours).mean()))
    return means
