"""Lots received from owners against what their contract lets them hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import erfc, sqrt
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.contracts import Owner
from zveno.model.types import Meter
from zveno.periods import Period
from zveno.tables import frame

Lots = Mapping[tuple[str, str, str], str]
"""Names of lots by the cell (file, sheet, cell) that holds their assay."""
_SURE = 1.959963984540054


def lot_limits(model: ChainModel, records: pl.DataFrame, period: Period, lots: Lots | None = None) -> pl.DataFrame:
    """Table ``lot_limits``: every assay of a lot that is beyond the limit of its owner's contract.

    The limit in force on the day of the lot counts. ``beyond`` also with the error of the assay (95 %), else
    ``doubtful``: the assay is above the limit, but its error lets the lot be within.
    """
    start, end = period.instants
    within = records.filter(pl.col("start") >= start, pl.col("start") < end, pl.col("value").is_not_null())
    rows = [row for owner in model.chain.owners if owner.contract for row in _rows(model, owner, within, lots or {})]
    return frame("lot_limits", [{"period": period.name, **row} for row in rows]).sort("start", "owner", "component")


def _rows(model: ChainModel, owner: Owner, records: pl.DataFrame, lots: Lots) -> Iterator[dict[str, Any]]:
    """Assays of an owner's streams beyond the limits of the contract."""
    assert owner.contract is not None
    mine = {name for one in model.chain.streams if one.owner == owner.id for name in (one.id, one.group) if name}
    meters = {one.id: one for one in model.chain.meters if one.stream in mine and one.quantity == "assay"}
    limited = sorted({one.component for one in owner.contract.limits})
    found = records.filter(pl.col("point").is_in(list(meters)), pl.col("quantity").is_in(limited))
    for row in found.iter_rows(named=True):
        limit = owner.limit(row["quantity"], _day(model, row["start"]))
        if limit is None or row["qualifier"] == "<" or row["value"] <= limit.max_pct / 100:
            continue
        most, meter = limit.max_pct / 100, meters[row["point"]]
        sd = _sd(meter, row["quantity"], row["value"])
        yield {
            "owner": owner.id, "contract": owner.contract.number, "stream": meter.stream, "component": row["quantity"],
            "lot": lots.get((row["file"], row["sheet"], row["cell"]), ""), "start": row["start"],
            "grade_frac": row["value"], "grade_sd_frac": sd, "limit_frac": most,
            "chance_within": 0.5 * erfc((row["value"] - most) / (sd * sqrt(2))) if sd > 0 else 0.0,
            "status": "beyond" if row["value"] - most > _SURE * sd else "doubtful",
            "meter": meter.id, "file": row["file"], "sheet": row["sheet"], "cell": row["cell"],
        }  # fmt: skip


def _day(model: ChainModel, moment: datetime) -> Any:
    """Plant date of a moment."""
    return moment.astimezone(model.tz).date()


def _sd(meter: Meter, component: str, value: float) -> float:
    """Standard deviation of one assay, its bias included."""
    relative = meter.sd_rel_pcts.get(component, meter.sd_rel_pct) / 100
    return value * sqrt(relative**2 + (meter.bias_limit_pct / 200) ** 2)
