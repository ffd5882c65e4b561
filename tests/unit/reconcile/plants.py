"""A small plant in the description's own types, and records of its meters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.people import People
from zveno.model.types import ChainFile
from zveno.periods import Period, zone
from zveno.tables import frame

TZ = zone("UTC+05:00")
MONTH = Period.parse("2026-03", TZ)
COMPONENTS = ["Cu", "Fe"]


def model(meters: list[dict[str, Any]] | None = None, **changes: Any) -> ChainModel:
    """Mill and filter in one plant, with a concentrate stock; two lines of tailings are one group."""
    content: dict[str, Any] = {
        "format": "zveno/chain-1", "id": "small", "title": {"en": "Small"}, "timezone": "UTC+05:00",
        "components": COMPONENTS,
        "plants": [{"id": "plant", "kind": "concentrator", "sections": [{"id": "mill"}, {"id": "filter"}]}],
        "boundaries": [{"id": "mine"}, {"id": "pond"}, {"id": "smelter"}, {"id": "river"}],
        "units": [{"id": "m1", "section": "mill"}, {"id": "m2", "section": "mill"}, {"id": "f1", "section": "filter"}],
        "groups": [{"id": "tail"}],
        "streams": [
            {"id": "ore", "from": "mine", "to": "m1", "kind": "ore"},
            {"id": "inner", "from": "m1", "to": "m2"},
            {"id": "slurry", "from": "m2:conc", "to": "f1"},
            {"id": "tail1", "from": "m1:tail", "to": "pond", "group": "tail"},
            {"id": "tail2", "from": "m2:tail", "to": "pond", "group": "tail"},
            {"id": "cake", "from": "f1", "to": "smelter"},
            {"id": "water", "from": "f1:water", "to": "river", "kind": "water"},
        ],
        "stocks": [{"id": "bin", "section": "filter", "material": "cake"}],
        "meters": METERS if meters is None else meters,
        "recoveries": [{"plant": "plant", "components": ["Cu"], "feeds": ["ore"], "products": ["cake"], "stocks": ["bin"]}],
    }  # fmt: skip
    people = People.model_validate(
        {
            "shifts": {
                "slots": [{"id": "day", "start": "08:00", "hours": 12}, {"id": "night", "start": "20:00", "hours": 12}],
                "crews": ["A", "B"], "cycle": ["day", "night"], "reference": {"day": "2026-01-01"},
            },
            "roles": [],
        }
    )  # fmt: skip
    return ChainModel(chain=ChainFile.model_validate({**content, **changes}), people=people)


def meter(id_: str, stream: str, quantity: str, **more: Any) -> dict[str, Any]:
    """A meter in shifts, by default with 1 % error and no systematic part."""
    uom = "t" if "mass" in quantity else "%"
    return {"id": id_, "stream": stream, "quantity": quantity, "uom": uom, "sd_rel_pct": 1.0, **more}


METERS = [
    meter("ore.belt", "ore", "wet_mass"),
    meter("ore.moisture", "ore", "moisture", sd_rel_pct=5.0),
    meter("ore.assay", "ore", "assay", components=COMPONENTS, sd_rel_pct=2.0),
    meter("tail.assay", "tail", "assay", components=COMPONENTS, sd_rel_pct=4.0),
    meter("cake.scale", "cake", "mass", sd_rel_pct=0.2),
    meter("cake.assay", "cake", "assay", components=COMPONENTS, sd_rel_pct=0.8),
    meter("bin.survey", "bin", "survey_mass", sd_rel_pct=5.0, period="month_end"),
]


def shift_starts(period: Period = MONTH) -> list[datetime]:
    """Starts of the shifts of a period."""
    days = round(period.hours / 24)
    return [period.start + timedelta(days=d, hours=h) for d in range(days) for h in (8, 20)]


Values = Mapping[tuple[str, str], float | list[float | None]]

# ore 1000 t dry a shift at 1 % Cu, 4 % Fe; concentrate 40 t at 22 % Cu, 30 % Fe, half of it dispatched at once
TRUTH: Values = {
    ("ore.belt", "wet_mass"): 1250.0,
    ("ore.moisture", "moisture"): 0.20,
    ("ore.assay", "Cu"): 0.010,
    ("ore.assay", "Fe"): 0.040,
    ("tail.assay", "Cu"): (10 - 8.8) / 960,
    ("tail.assay", "Fe"): (40 - 12) / 960,
    ("cake.scale", "mass"): 40.0,
    ("cake.assay", "Cu"): 0.22,
    ("cake.assay", "Fe"): 0.30,
}


def row(point: str, quantity: str, start: datetime, value: float, **more: Any) -> dict[str, Any]:
    """One record."""
    return {
        "point": point, "quantity": quantity, "start": start.astimezone(UTC),
        "end": (start + timedelta(hours=more.pop("hours", 12))).astimezone(UTC), "value": value, "qualifier": "",
        "file": "", "sheet": "", "cell": "", "file_hash": "", "known": None, **more,
    }  # fmt: skip


def records(values: Values = TRUTH, stocks: tuple[float, float] | None = (100.0, 100.0)) -> pl.DataFrame:
    """Records of every shift of March; None in a list is a missing one."""
    rows = []
    starts = shift_starts()
    for (point, quantity), value in values.items():
        series = value if isinstance(value, list) else [value] * len(starts)
        rows += [row(point, quantity, at, one) for at, one in zip(starts, series, strict=True) if one is not None]
    if stocks is not None:
        for at, mass in zip((MONTH.start, MONTH.end), stocks, strict=True):
            rows.append(row("bin.survey", "survey_mass", at, mass, hours=0))
    return frame("records", rows)
