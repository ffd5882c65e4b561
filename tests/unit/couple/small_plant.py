"""A rougher and a cleaner in three sections with meters and a bin: the smallest plant that can be played and balanced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl
from tests.unit.reconcile.plants import meter

from zveno.emulate.instruments import Said, read_meters
from zveno.emulate.truth import Truth, play_truth
from zveno.model.chain import ChainModel
from zveno.model.people import People
from zveno.model.play import Play
from zveno.model.types import ChainFile, Figure
from zveno.periods import Period
from zveno.simulate import simulate
from zveno.tables import frame

MINERALS = [
    {"id": "bornite", "sg": 5.0, "composition": {"Cu": 0.6, "S": 0.25, "Fe": 0.11}, "group": "cu_sulphide"},
    {"id": "pyrite", "sg": 5.0, "composition": {"Fe": 0.46, "S": 0.54}, "group": "pyrite"},
    {"id": "quartz", "sg": 2.65, "composition": {}, "group": "gangue"},
]
BANK = {"feed_solids": 0.33, "effective_volume": 0.85}
UNITS: list[dict[str, Any]] = [
    {"id": "crusher", "section": "crushing", "model": "crusher", "parameters": {"energy_kwh_t": 2.0}},
    {
        "id": "rougher", "section": "flotation", "model": "bank",
        "parameters": {**BANK, "cells": 5, "cell_m3": 40.0, "conc_solids": 0.25, "entrain": 0.1},
    },
    {
        "id": "cleaner", "section": "flotation", "model": "bank",
        "parameters": {**BANK, "cells": 3, "cell_m3": 8.0, "conc_solids": 0.3, "entrain": 0.2, "feed_solids": 0.2},
    },
    {"id": "filter", "section": "filtering", "model": "filter", "parameters": {"moisture": 0.1}},
]  # fmt: skip
STREAMS = [
    {"id": "ore", "from": "mine", "to": "crusher", "kind": "ore", "ore": "ore", "feed": "feed_tph"},
    {"id": "crushed", "from": "crusher", "to": "rougher"},
    {"id": "rougher_conc", "from": "rougher:conc", "to": "cleaner"},
    {"id": "tail", "from": "rougher:tail", "to": "pond", "kind": "tailings"},
    {"id": "cleaner_tail", "from": "cleaner:tail", "to": "rougher"},
    {"id": "conc", "from": "cleaner:conc", "to": "filter"},
    {"id": "cake", "from": "filter:cake", "to": "smelter", "kind": "concentrate"},
    {"id": "filtrate", "from": "filter:filtrate", "to": "pond", "kind": "water"},
]
METERS = [
    meter("ore.belt", "ore", "wet_mass", bias_limit_pct=1.0),
    meter("ore.moisture", "ore", "moisture", sd_rel_pct=5.0, bias_limit_pct=3.0),
    meter("feed.assay", "crushed", "assay", components=["Cu", "Fe", "S"], sd_rel_pct=1.8, bias_limit_pct=0.8),
    meter("tail.assay", "tail", "assay", components=["Cu", "Fe", "S"], sd_rel_pct=3.0, bias_limit_pct=1.5),
    meter("cake.scale", "cake", "mass", sd_rel_pct=0.3, bias_limit_pct=0.2),
    meter("cake.assay", "cake", "assay", components=["Cu", "Fe", "S"], sd_rel_pct=0.8, bias_limit_pct=0.4),
    meter("bin.survey", "bin", "survey_mass", sd_rel_pct=5.0, bias_limit_pct=2.0, period="month_end"),
]
FIGURES = {
    "feed_tph": (200.0, "t/h"), "ore.cu": (1.2, "%"), "ore.moisture": (5.0, "%"), "ore.copper": (1.0, "frac"),
    "ore.pyrite": (4.0, "%"),
    **{
        f"float.{mineral}.{name}": (value, "1/min" if name.startswith("k") else "frac")
        for mineral, values in {
            "bornite": (0.8, 0.12, 0.7, 0.05), "pyrite": (0.3, 0.3, 0.3, 0.03), "quartz": (0.02, 0.03, 0.15, 0.02),
        }.items()
        for name, value in zip(("share_fast", "share_slow", "k_fast", "k_slow"), values, strict=True)
    },
}  # fmt: skip
PLAY = Play.model_validate(
    {
        "variations": [
            {"parameter": "ore.cu", "sd_rel_pct": 4, "persistence": 0.7},
            {"parameter": "ore.pyrite", "sd_rel_pct": 5, "persistence": 0.7},
            {"parameter": "feed_tph", "sd_rel_pct": 4, "persistence": 0.7},
        ],
        "dispatches": [{"stock": "bin", "stream": "cake", "lot_wet_t": 20.0}],
    }
)


def plant(
    figures: Mapping[str, float | Figure] | None = None, *, meters: list[dict[str, Any]] | None = None, **changes: Any
) -> ChainModel:
    """The plant with values of figures replaced."""
    content: dict[str, Any] = {
        "format": "zveno/chain-1", "id": "small", "title": {"en": "small"}, "timezone": "UTC+05:00",
        "components": ["Cu", "Fe", "S"],
        "minerals": MINERALS,
        "ores": [
            {
                "id": "ore", "grade": "ore.cu", "moisture": "ore.moisture", "copper": {"bornite": "ore.copper"},
                "minerals": {"pyrite": "ore.pyrite"}, "balance": "quartz", "kinetics": "float",
            }
        ],
        "plants": [
            {
                "id": "plant", "kind": "concentrator",
                "sections": [{"id": "crushing"}, {"id": "flotation"}, {"id": "filtering"}],
            }
        ],
        "boundaries": [{"id": one} for one in ("mine", "smelter", "pond")],
        "units": UNITS, "streams": STREAMS, "meters": METERS if meters is None else meters,
        "stocks": [{"id": "bin", "section": "filtering", "material": "cake", "opening": 300.0}],
        "recoveries": [
            {"plant": "plant", "components": ["Cu"], "feeds": ["ore"], "products": ["cake"], "stocks": ["bin"]}
        ],
    }  # fmt: skip
    people = {
        "shifts": {
            "slots": [{"id": "day", "start": "08:00", "hours": 12}, {"id": "night", "start": "20:00", "hours": 12}],
            "crews": ["A", "B"], "cycle": ["day", "night"], "reference": {"day": "2026-01-01"},
        },
        "roles": [],
    }  # fmt: skip
    given = {name: Figure(value=value, uom=uom) for name, (value, uom) in FIGURES.items()}
    for name, value in (figures or {}).items():
        given[name] = value if isinstance(value, Figure) else given[name].model_copy(update={"value": value})
    return ChainModel(
        chain=ChainFile.model_validate({**content, **changes}), parameters=given, people=People.model_validate(people)
    )


MODEL = plant()
MONTH = Period.parse("2026-03", MODEL.tz)


def records_of(said: list[Said]) -> pl.DataFrame:
    """What meters said, as the store would hold it."""
    return frame("records", [_row(one.meter, one.quantity, Period(one.start, one.end), one.value) for one in said])


def played(planted: ChainModel, seed: int, period: Period = MONTH, play: Play = PLAY) -> tuple[pl.DataFrame, Truth]:
    """Records of a played period, and its truth."""
    truth = play_truth(planted, play, period, seed)
    return records_of(read_meters(planted, play, truth, seed)[0]), truth


def exact_records(planted: ChainModel, stock_t: tuple[float, float] = (300.0, 300.0)) -> pl.DataFrame:
    """Records of a month in which nothing moves and every meter is right; what is not put in stock is dispatched."""
    found = simulate(planted)
    shifts = [one for one in planted.shift_pattern.shifts(MONTH) if MONTH.start <= one.period.start < MONTH.end]
    gained = (stock_t[1] - stock_t[0]) / MONTH.hours
    rows = []
    for one in planted.chain.meters:
        if one.stream == "bin":
            continue
        mass = dict(zip(found.quantities, found.mass(one.stream)[0], strict=True))
        share = 1 - gained / mass["solids"] if one.stream == "cake" else 1.0
        solids, water = mass["solids"] * share, mass["water"] * share
        values = {
            "mass": 12 * solids, "wet_mass": 12 * (solids + water), "moisture": water / (solids + water),
            **{name: mass[name] / mass["solids"] for name in planted.chain.components},
        }  # fmt: skip
        for quantity in one.components or (one.quantity,):
            rows += [_row(one.id, quantity, shift.period, values[quantity]) for shift in shifts]
    ends = ((MONTH.start, stock_t[0]), (MONTH.end, stock_t[1])) if planted.stocks else ()
    rows += [_row("bin.survey", "survey_mass", Period(at, at + timedelta(0)), level) for at, level in ends]
    return frame("records", rows)


def _row(point: str, quantity: str, period: Period, value: float) -> dict[str, Any]:
    """One record."""
    return {
        "point": point, "quantity": quantity, "start": period.start, "end": period.end, "value": value,
        "qualifier": "", "file": "", "sheet": "", "cell": "", "file_hash": "", "known": None,
    }  # fmt: skip
