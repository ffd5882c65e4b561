"""A rougher and a cleaner on an ore of three minerals: the smallest plant with a loop that is not linear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from zveno.model.chain import ChainModel
from zveno.model.types import ChainFile, Figure

Changes = dict[str, Any]
Make = Callable[..., ChainModel]

MINERALS = [
    {"id": "bornite", "sg": 5.0, "composition": {"Cu": 0.6, "S": 0.25}, "group": "cu_sulphide"},
    {"id": "pyrite", "sg": 5.0, "composition": {"Fe": 0.45, "S": 0.55}, "group": "pyrite"},
    {"id": "quartz", "sg": 2.65, "composition": {}, "group": "gangue"},
]
ORE = {
    "id": "ore",
    "grade": "ore.cu",
    "moisture": "ore.moisture",
    "copper": {"bornite": "ore.copper_in_bornite"},
    "minerals": {"pyrite": "ore.pyrite"},
    "balance": "quartz",
    "trace": {"Ag": "ore.silver"},
    "carriers": "carrier",
    "kinetics": "float",
}
UNITS: dict[str, Changes] = {
    "rougher": {
        "model": "bank",
        "parameters": {"cells": 5, "cell_m3": 40.0, "conc_solids": 0.25, "entrain": 0.1, "feed_solids": 0.33},
    },
    "cleaner": {
        "model": "bank",
        "parameters": {"cells": 3, "cell_m3": 8.0, "conc_solids": 0.3, "entrain": 0.2, "feed_solids": 0.2},
    },
    "filter": {"model": "filter", "parameters": {"moisture": 0.1}},
}
STREAMS: dict[str, Changes] = {
    "feed": {"from": "mine", "to": "rougher", "ore": "ore", "feed": 200.0},
    "rougher_conc": {"from": "rougher:conc", "to": "cleaner"},
    "rougher_tail": {"from": "rougher:tail", "to": "pond", "group": "waste"},
    "cleaner_tail": {"from": "cleaner:tail", "to": "rougher"},
    "conc": {"from": "cleaner:conc", "to": "filter"},
    "cake": {"from": "filter:cake", "to": "smelter"},
    "filtrate": {"from": "filter:filtrate", "to": "pond", "group": "waste"},
}
FIGURES = {
    "ore.cu": (1.2, "%"), "ore.moisture": (5.0, "%"), "ore.copper_in_bornite": (1.0, "frac"), "ore.pyrite": (4.0, "%"),
    "ore.silver": (10.0, "g/t"), "carrier.Ag.cu_sulphides": (0.8, "frac"), "carrier.Ag.pyrite": (0.15, "frac"),
    "carrier.Ag.gangue": (0.05, "frac"),
    **{
        f"float.{mineral}.{name}": (value, "1/min" if name.startswith("k") else "frac")
        for mineral, values in {
            "bornite": (0.8, 0.12, 0.7, 0.05), "pyrite": (0.3, 0.3, 0.3, 0.03), "quartz": (0.02, 0.03, 0.15, 0.02),
        }.items()
        for name, value in zip(("share_fast", "share_slow", "k_fast", "k_slow"), values, strict=True)
    },
}  # fmt: skip


def _make(
    *,
    units: Changes | None = None,
    streams: Changes | None = None,
    ore: Changes | None = None,
    figures: dict[str, Figure] | None = None,
    places: dict[str, str] | None = None,
) -> ChainModel:
    """The plant with units, streams, keys of the ore and figures added or replaced; None takes one away."""
    chain = ChainFile.model_validate(
        {
            "format": "zveno/chain-1",
            "id": "small",
            "title": {"en": "small"},
            "timezone": "UTC+05:00",
            "components": ["Cu", "Fe", "S", "Ag"],
            "minerals": MINERALS,
            "ores": [{**ORE, **(ore or {})}],
            "plants": [{"id": "plant", "kind": "concentrator", "sections": [{"id": "line"}]}],
            "boundaries": [{"id": one} for one in ("mine", "smelter", "pond")],
            "units": [{"id": name, "section": "line", **one} for name, one in _merged(UNITS, units).items()],
            "streams": [{"id": name, **one} for name, one in _merged(STREAMS, streams).items()],
        }
    )
    base = {name: Figure(value=value, uom=uom) for name, (value, uom) in FIGURES.items()}
    return ChainModel(chain=chain, parameters={**base, **(figures or {})}, places=places or {}, hash="abc")


def _merged(base: Changes, changes: Changes | None) -> Changes:
    return {name: one for name, one in {**base, **(changes or {})}.items() if one is not None}


@pytest.fixture
def make() -> Make:
    """Builder of variants of the small plant."""
    return _make


@pytest.fixture
def plant() -> ChainModel:
    """The small plant as it is."""
    return _make()
