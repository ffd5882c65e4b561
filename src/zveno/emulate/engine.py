"""The verb: play a description over a period."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from zveno.emulate.instruments import Drawn, Said, read_meters
from zveno.emulate.signals import read_tags
from zveno.emulate.truth import Truth, play_truth
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.play import Play
from zveno.periods import Period


@dataclass(frozen=True)
class Played:
    """A played period: the hidden truth, and what the plant would show of it."""

    model: ChainModel
    play: Play
    period: Period
    seed: int
    truth: Truth
    said: tuple[Said, ...]
    drawn: tuple[Drawn, ...]
    readings: pl.DataFrame


def emulate(model: ChainModel, play: Play, period: Period, seed: int = 1) -> Played:
    """Play the chain as a real plant.

    Each shift's truth is a simulation with that shift's ore, hours and operating values; stocks and loads on
    the way carry over. Meter errors, as described, and the planted events are laid over it.

    Parameters
    ----------
    model
        The chain, with unit models and shifts.
    play
        Variations, trains, dispatches and events.
    period
        Shifts that begin within it are played.
    seed
        The same seed gives the same plant; adding an event leaves all other draws as they were.

    Raises
    ------
    DataError
        If no shift begins within the period.
    """
    shifts = [one for one in model.shift_pattern.shifts(period) if period.start <= one.period.start < period.end]
    if not shifts:
        raise DataError("no shift begins in {period}: give a longer period", period=period.name)
    truth = play_truth(model, play, period, seed)
    span = Period(shifts[0].period.start, shifts[-1].period.end)
    said, drawn = read_meters(model, play, truth, seed)
    readings = read_tags(model, play, span, truth.stops, seed)
    return Played(model, play, period, seed, truth, tuple(said), tuple(drawn), readings)
