"""The smallest plant that rules can bind: two lines, a shift roster, and readings made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.rulebook import Rulebook, RulesFile
from zveno.periods import Period
from zveno.rules.engine import check
from zveno.rules.result import Breaches
from zveno.tables import frame

TEXTS = {"en": "text", "ru": "текст", "kk": "мәтін"}
_TAGS = [
    {"id": "conc.line1.ph", "unit": "conc.cell1", "uom": "pH", "normal": 11.2},
    {"id": "conc.line2.ph", "unit": "conc.cell2", "uom": "pH", "normal": 11.2},
    {"id": "conc.line1.pump", "unit": "conc.cell1", "uom": "-", "normal": 1, "every_min": 5},
    {"id": "conc.line2.pump", "unit": "conc.cell2", "uom": "-", "normal": 1, "every_min": 5},
    {"id": "conc.line1.power", "unit": "conc.cell1", "uom": "MW", "normal": 4, "every_min": 5},
    {"id": "conc.moisture", "unit": "conc.cell1", "uom": "frac", "normal": 0.12, "every_min": 10},
    {"id": "conc.lot.as_ppm", "unit": "conc.cell1", "uom": "g/t", "normal": 1, "every_min": 60},
    {"id": "conc.lot.pb_ppm", "unit": "conc.cell1", "uom": "%", "normal": 0.0001, "every_min": 60},
    {"id": "conc.lot.zn_ppm", "unit": "conc.cell1", "uom": "g/t", "normal": 1, "every_min": 60},
    {"id": "conc.air", "unit": "conc.cell1", "uom": "C", "normal": -9, "every_min": 10},
]
_CHAIN = {
    "format": "zveno/chain-1",
    "id": "bench",
    "title": TEXTS,
    "timezone": "UTC+05:00",
    "components": ["Cu"],
    "plants": [{"id": "conc", "kind": "concentrator", "sections": [{"id": "conc.flotation"}]}],
    "units": [{"id": f"conc.cell{n}", "section": "conc.flotation"} for n in (1, 2)],
    "streams": [],
    "tags": _TAGS,
    "gates": [
        {"id": "pumping", "tag": "conc.line*.pump", "above": 0.5},
        {"id": "grinding", "tag": "conc.line*.power", "above": 0.6, "of_normal": True},
        {"id": "blind", "tag": ""},
    ],
}
_PEOPLE = {
    "shifts": {
        "slots": [{"id": "day", "start": "08:00", "hours": 12}, {"id": "night", "start": "20:00", "hours": 12}],
        "crews": ["A", "B", "C", "D"],
        "cycle": ["day", "night", "off", "off"],
        "reference": {"day": "2026-03-01"},
    },
    "roles": [
        {"id": "conc.floater", "plant": "conc", "title": {"en": "Floater", "ru": "Флотатор", "kk": "Флотаторшы"}},
        {"id": "conc.head", "plant": "conc", "on_shift": False, "title": {"en": "Head", "ru": "Начальник"}},
    ],
}


def version(number: int = 1, start: str = "2026-01-01", end: str | None = None, **params: Any) -> dict[str, Any]:
    """A version of a rule; ``exceptions`` among the parameters is taken out of them."""
    exceptions = params.pop("exceptions", [])
    return {
        "version": number,
        "from": start,
        "to": end,
        "params": params,
        "exceptions": exceptions,
        "text": TEXTS,
        "source": "made up",
        "status": "estimate",
    }


def rule(*versions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A rule on the pH of line 1, with other fields where given."""
    return {
        "id": "R-1",
        "kind": "limit",
        "unit": "conc.flotation",
        "tag": "conc.line1.ph",
        "uom": "pH",
        "owner_role": "conc.floater",
        "severity": "high",
        "acts_on": {"not_priced": "safety"},
        "versions": list(versions),
        **fields,
    }


def model(*rules: dict[str, Any], people: bool = True, places: dict[str, str] | None = None) -> ChainModel:
    """The plant with these rules."""
    return ChainModel.model_validate(
        {
            "chain": _CHAIN,
            "people": _PEOPLE if people else None,
            "rulebook": Rulebook.of([RulesFile.model_validate({"rules": list(rules)})]),
            "places": places or {},
        }
    )


def description(folder: Path, *rules: dict[str, Any]) -> dict[str, int]:
    """The plant with these rules as files; the line of each key of a rule, by ``id/key``."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "chain.yaml").write_text(json.dumps(_CHAIN, ensure_ascii=False), encoding="utf-8")
    (folder / "people.yaml").write_text(json.dumps(_PEOPLE, ensure_ascii=False), encoding="utf-8")
    lines, places = ["rules:"], {}
    for one in rules:
        for n, (key, value) in enumerate(one.items()):
            lines.append(("  - " if n == 0 else "    ") + f"{key}: {json.dumps(value, ensure_ascii=False)}")
            places[f"{one['id']}/{key}"] = len(lines)
    (folder / "rules" / "book.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return places


def at(text: str) -> datetime:
    """A moment of plant time: ``07 06:00`` of March 2026."""
    return datetime.fromisoformat(f"2026-03-{text[:2]}T{text[3:]}:00+05:00")


def series(
    tag: str,
    value: Callable[[datetime], float | None] | Sequence[float | None] | float,
    *,
    start: str = "07 00:00",
    hours: float = 24,
    every_min: float = 1,
    bad: Callable[[datetime], bool] = lambda _: False,
    lost: Callable[[datetime], bool] = lambda _: False,
) -> pl.DataFrame:
    """Readings of one tag: a function of time, a list, or a constant; some of bad quality, some lost."""
    if isinstance(value, (list, tuple)):
        moments = [at(start) + n * timedelta(minutes=every_min) for n in range(len(value))]
        values = list(value)
    else:
        moments = [at(start) + n * timedelta(minutes=every_min) for n in range(round(hours * 60 / every_min))]
        values = [value(one) if callable(value) else value for one in moments]
    return frame(
        "readings",
        [
            {"tag": tag, "ts": ts, "value": one, "quality": int(bad(ts))}
            for ts, one in zip(moments, values, strict=True)
            if not lost(ts)
        ],
    )


def between(start: str, end: str) -> Callable[[datetime], bool]:
    """True from one moment of March 2026 up to another."""
    return lambda ts: at(start) <= ts < at(end)


def march() -> Period:
    """The month of all tests."""
    return Period(at("01 00:00"), at("31 00:00"))


def judged(one: ChainModel, *readings: pl.DataFrame, period: Period | None = None) -> Breaches:
    """What the rules say about these readings."""
    return check(one, pl.concat(readings), period or march())


def times(breaches: Breaches) -> list[tuple[str, str]]:
    """Start and end of each breach as plant time."""
    zone = march().start.tzinfo
    return [
        (f"{row['start'].astimezone(zone):%d %H:%M}", f"{row['end'].astimezone(zone):%d %H:%M}")
        for row in breaches.breaches.iter_rows(named=True)
    ]
