"""A month of the smelter with reverts: true figures that balance, and readings of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from zveno.chain import Chain
from zveno.model.chain import ChainModel
from zveno.model.load import load_description
from zveno.periods import Period
from zveno.store import Batch, MemoryStore, Store
from zveno.tables import frame

FOLDER = Path(__file__).with_name("reverts")
MONTH = "2026-03"
KNOWN = datetime(2026, 4, 2, 4, 30, tzinfo=UTC)
CONC, SLAG, OPENING, CLOSING = (20_000.0, 0.25), (12_000.0, 0.006), (2_000.0, 0.40), (2_500.0, 0.40)
"""Dry t and copper of each; blister takes the rest."""
BLISTER_FRAC = 0.985
BLISTER_T = (sum(t * x for t, x in (CONC, OPENING)) - sum(t * x for t, x in (SLAG, CLOSING))) / BLISTER_FRAC
TRUE: dict[tuple[str, str], float] = {
    ("conc.wagon", "mass"): CONC[0], ("conc.receipt", "mass"): CONC[0], ("conc.assay", "Cu"): CONC[1],
    ("blister.scale", "mass"): BLISTER_T, ("blister.assay", "Cu"): BLISTER_FRAC,
    ("slag.scale", "mass"): SLAG[0], ("slag.assay", "Cu"): SLAG[1],
    ("heap.survey", "opening"): OPENING[0], ("heap.assay", "opening"): OPENING[1],
}  # fmt: skip


def model() -> ChainModel:
    """The description."""
    return load_description(FOLDER)


def errors(rng: np.random.Generator) -> dict[tuple[str, str], float]:
    """Relative errors of all readings, as large as described."""
    meters = model().meters
    return {key: float(rng.normal(0, meters[key[0]].sd_rel_pct / 100)) for key in TRUE}


def records(relative: Mapping[tuple[str, str], float] | None = None) -> list[dict[str, object]]:
    """Readings of the month; no count of the heap at its end."""
    period = Period.parse(MONTH, model().tz)
    start, end = period.instants
    rows = []
    for (point, quantity), true in TRUE.items():
        value = true * (1 + (relative or {}).get((point, quantity), 0.0))
        if quantity == "opening":
            rows.append(_record(point, "Cu" if point == "heap.assay" else "survey_mass", value, start, start))
        elif point == "blister.scale":
            days = list(period.split("day"))
            rows += [_record(point, quantity, value / len(days), *day.instants) for day in days]
        else:
            rows.append(_record(point, quantity, value, start, end))
    return rows


def _record(point: str, quantity: str, value: float, start: datetime, end: datetime) -> dict[str, object]:
    return {
        "point": point, "quantity": quantity, "start": start, "end": end, "value": value, "qualifier": "",
        "file": "march.xlsx", "sheet": "S", "cell": "B2", "file_hash": "ab" * 32, "known": None,
    }  # fmt: skip


def chain(
    store: Store | None = None, relative: Mapping[tuple[str, str], float] | None = None, known: datetime = KNOWN
) -> Chain:
    """The smelter over a store that holds the month."""
    store = store or MemoryStore()
    rows = frame("records", records(relative))
    store.append([Batch("march.xlsx", "ab" * 32, rows, frame("rejected"), frame("readings"))], known)
    return Chain(model(), FOLDER, store, lambda: known)
