"""Signals of the control system: the tags of the chain over time, with noise and stops."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import numpy as np
import polars as pl

from zveno.emulate.draws import generator
from zveno.emulate.schedule import Floats, Stops, moved_tags, tag_profile
from zveno.model.chain import ChainModel
from zveno.model.play import Excursion, Omission, Play, Silence
from zveno.model.types import Tag
from zveno.periods import Period
from zveno.tables import INSTANT, frame


def read_tags(model: ChainModel, play: Play, period: Period, stops: Mapping[str, Stops], seed: int) -> pl.DataFrame:
    """Readings of every tag over the period (table ``readings``)."""
    parts = [_tag(model, play, tag, period, stops, seed) for tag in model.chain.tags]
    return pl.concat(parts) if parts else frame("readings")


def _tag(
    model: ChainModel, play: Play, tag: Tag, period: Period, stops: Mapping[str, Stops], seed: int
) -> pl.DataFrame:
    """One tag: profile, noise, zero while its train stands."""
    hours = np.arange(tag.phase_min / 60, period.hours, tag.every_min / 60)
    if not len(hours):
        return frame("readings")
    events = [one for one in play.events if isinstance(one, Excursion) and tag in moved_tags(model, one)]
    value = tag_profile(model, tag, events, period, hours)
    value = value + generator(seed, "tag", tag.id).standard_normal(len(hours)) * tag.sd
    if tag.running:
        for train in play.trains:
            if fnmatchcase(tag.unit, train.units):
                value = np.where(stops[train.id].stands(hours), 0.0, value)
    silent = np.zeros(len(hours), dtype=bool)
    for one in play.events:
        if isinstance(one, Silence) and tag in moved_tags(model, one):
            first, last = ((moment - period.start).total_seconds() / 3600 for moment in (one.start, one.end))
            silent |= (first <= hours) & (hours < last)
    hours, value = hours[~silent], value[~silent]
    if tag.clock:
        value = period.start.timestamp() / 3600 + hours - value
    hours = _undone(hours, model, play, tag, period)
    value = value[: len(hours)]
    micros = np.round(hours * 3.6e9).astype(np.int64)
    start = pl.lit(period.start).cast(INSTANT)
    return pl.DataFrame({"offset": micros, "value": value}).select(
        tag=pl.lit(tag.id),
        ts=start + pl.duration(microseconds=pl.col("offset")),
        value=pl.col("value").round(4),
        quality=pl.lit(0, pl.Int8),
    )


def _undone(hours: Floats, model: ChainModel, play: Play, tag: Tag, period: Period) -> Floats:
    """Moments at which a list was signed, without those left out; one that should have been there is signed late."""
    for one in play.events:
        if isinstance(one, Omission) and one.tags and tag in moved_tags(model, one):
            first, last = ((moment - period.start).total_seconds() / 3600 for moment in (one.start, one.end))
            if last > first:
                hours = hours[(hours < first) | (hours >= last)]
                continue
            due = np.flatnonzero(hours <= first)
            if len(due):
                hours = hours.copy()
                hours[due[-1]] = first + one.late_min / 60
    return hours
