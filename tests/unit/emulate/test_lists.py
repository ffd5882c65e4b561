"""Signed lists and moments as signals of the played plant: left out, signed late, counted in hours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
from tests.unit.rules.small_plant import at, model

from zveno.emulate.signals import read_tags
from zveno.model.chain import ChainModel
from zveno.model.play import Omission, Play
from zveno.model.types import Tag
from zveno.periods import Period

DAY = Period(at("07 00:00"), at("08 00:00"))


def plant(**fields: Any) -> ChainModel:
    """The small plant with one list beside its signals."""
    base = model()
    tag = Tag(id="conc.list", unit="conc.cell1", uom="-", normal=4, **fields)
    return base.model_copy(update={"chain": base.chain.model_copy(update={"tags": (tag,)})})


def signed(chain: ChainModel, *events: Omission) -> list[str]:
    """Moments of the signatures of a day."""
    found = read_tags(chain, Play(events=events), DAY, {}, 1)
    return found["ts"].dt.convert_time_zone("+05:00").dt.strftime("%H:%M").to_list()


def omission(start: datetime, end: datetime) -> Omission:
    return Omission(kind="omission", id="X", rule="R", tags="conc.list", start=start, end=end)


def test_a_list_is_signed_every_so_often_from_its_phase_on() -> None:
    assert signed(plant(every_min=480, phase_min=60)) == ["01:00", "09:00", "17:00"]


def test_what_was_left_undone_is_not_there() -> None:
    assert signed(plant(every_min=480), omission(at("07 08:00"), at("07 16:00"))) == ["00:00", "16:00"]


def test_a_list_filled_in_after_the_fact_has_the_time_at_which_it_was() -> None:
    assert signed(plant(every_min=480), omission(at("07 08:20"), at("07 08:20"))) == ["00:00", "08:50", "16:00"]


def test_a_moment_is_told_in_hours_since_1970_before_its_reading() -> None:
    chain = plant(every_min=720, clock=True)
    found = read_tags(chain, Play(), DAY, {}, 1)
    hours = found["ts"].dt.epoch("us").cast(pl.Float64) / 3.6e9
    assert (hours - found["value"]).round(6).to_list() == [4.0, 4.0]
