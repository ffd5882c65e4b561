"""A month of two plants, reconciled and checked by the engines from round readings; one wagon scale lies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from zveno import tables
from zveno.chain import Chain
from zveno.model.load import load_description
from zveno.periods import Period
from zveno.store import Batch, MemoryStore, Store

FOLDER = Path(__file__).with_name("two_plants")
PERIOD = "2026-03"

# dry t; Cu, Ag as fractions; they balance, but for the wagon scale of the smelter
FLOWS: dict[str, tuple[float, float, float]] = {
    "ore": (60_000.0, 0.0120, 20e-6),
    "rich_slag": (1_000.0, 0.0800, 60e-6),
    "conc": (2_880.0, 0.2500, 0.0),
    "toll": (9_000.0, 0.2600, 150e-6),
    "slag": (8_000.0, 0.0050, 4e-6),
    "anode": (3_700.0, 0.9920, 0.0),
    "scrap": (640.0, 0.9920, 0.0),
    "cathode": (3_000.0, 0.9999, 1e-6),
    "slimes": (20.0, 0.2000, 0.08),
}
STOCK_T = 25.0
"""Copper laid down in the baths over the month."""
RECEIPT = 1.03
"""How much more the wagon scale of the smelter reads."""


def _balanced() -> dict[str, tuple[float, float, float]]:
    """The flows with what follows from the others: tailings, silver, the copper of anodes."""
    found = dict(FLOWS)
    ore, slag_in, conc = found["ore"], found["rich_slag"], found["conc"]
    silver = 0.8 * (ore[0] * ore[2] + slag_in[0] * slag_in[2]) / conc[0]
    found["conc"] = conc = (conc[0], conc[1], silver)
    tail_t = ore[0] + slag_in[0] - conc[0]
    found["tail"] = (
        tail_t,
        *((ore[0] * ore[k] + slag_in[0] * slag_in[k] - conc[0] * conc[k]) / tail_t for k in (1, 2)),
    )
    toll, slag, cathode, slimes, scrap = (found[one] for one in ("toll", "slag", "cathode", "slimes", "scrap"))
    net = [conc[0] * conc[k] + toll[0] * toll[k] - slag[0] * slag[k] - slag_in[0] * slag_in[k] for k in (1, 2)]
    grade = 0.9920
    anode_t = (net[0] + scrap[0] * grade) / grade
    silver_in_anode = net[1] / (anode_t - scrap[0])
    found["scrap"] = (scrap[0], grade, silver_in_anode)
    found["anode"] = (anode_t, grade, silver_in_anode)
    left = net[0] - slimes[0] * slimes[1]
    found["cathode"] = (left / cathode[1] - STOCK_T, cathode[1], cathode[2])
    found["slimes"] = (slimes[0], slimes[1], (net[1] - left / cathode[1] * cathode[2]) / slimes[0])
    return found


def _records(period: Period) -> list[dict[str, object]]:
    """Readings of the meters and the survey at the end; on the 5th the ore scale tells nothing."""
    flows = _balanced()
    flows["bath_stock"] = (STOCK_T, *flows["cathode"][1:])
    rows = []
    for meter in load_description(FOLDER).chain.meters:
        mass, *grades = flows[meter.stream]
        start, end = period.instants
        if meter.quantity == "assay":
            rows += [_record(meter.id, name, one, start, end) for name, one in zip(("Cu", "Ag"), grades, strict=True)]
        elif meter.period == "day":
            rows += _days(meter.id, mass, period)
        elif meter.quantity == "survey_mass":
            rows.append(_record(meter.id, "survey_mass", mass, start, end))
        else:
            rows.append(_record(meter.id, "mass", mass * (RECEIPT if meter.id == "conc.receipt" else 1.0), start, end))
    return rows


def _days(point: str, mass_t: float, period: Period) -> list[dict[str, object]]:
    """The month day by day, falling and rising by a twentieth."""
    days = list(period.split("day"))
    share = [1 + 0.05 * (-1) ** k for k in range(len(days))]
    rows = [
        _record(point, "mass", mass_t * one / sum(share), *day.instants) for one, day in zip(share, days, strict=True)
    ]
    return rows[:4] + rows[5:] if point == "ore.belt" else rows


def _record(point: str, quantity: str, value: float, start: datetime, end: datetime) -> dict[str, object]:
    return {
        "point": point, "quantity": quantity, "start": start, "end": end, "value": value, "qualifier": "",
        "file": "month.xlsx", "sheet": "", "cell": "A1", "file_hash": "ab" * 32, "known": None,
    }  # fmt: skip


def _readings(period: Period) -> list[dict[str, object]]:
    """Hourly signals: pH low for five hours of the 10th, a hot bath for three of the 20th, no current efficiency."""
    start = period.instants[0]
    rows = []
    for hour in range(int(period.hours)):
        ts, day, at = start + timedelta(hours=hour), hour // 24 + 1, hour % 24
        low, hot = day == 10 and 6 <= at < 11, day == 20 and 2 <= at < 5
        rows.append({"tag": "mill.ph", "ts": ts, "value": 9.5 if low else 10.2, "quality": 0})
        rows.append({"tag": "smelter.bath_c", "ts": ts, "value": 1320.0 if hot else 1220.0, "quality": 0})
    return rows


def chain(store: Store | None = None) -> Chain:
    """The two plants with a store (in memory, if none is given) that holds the month."""
    model = load_description(FOLDER)
    period = Period.parse(PERIOD, model.tz)
    known = datetime(2026, 4, 2, 4, 30, tzinfo=UTC)
    records = tables.frame("records", _records(period))
    batch = Batch(
        "month.xlsx", "ab" * 32, records, tables.frame("rejected"), tables.frame("readings", _readings(period))
    )
    store = store or MemoryStore()
    store.append([batch], known)
    return Chain(model, FOLDER, store, lambda: known)
