"""Cells as a mapping of a laboratory reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from zveno.tables import frame

START = datetime(2026, 3, 1, tzinfo=UTC)


def cell(point: str, value: float | None, *, hour: int = 0, qualifier: str = "", quantity: str = "grade_Cu", row: int = 0,
         uom: str = "%", text: str = "", status: str = "imported", column: str = "B", file_hash: str = "h",
         role: str = "", days: int = 0) -> dict[str, object]:  # fmt: skip
    start = START + timedelta(hours=hour)
    return {
        "file": f"{file_hash}.xlsx", "file_hash": file_hash, "sheet": "S", "cell": f"{column}{row or hour + 2}",
        "status": status, "reason": "", "role": role, "text": text, "point": point, "quantity": quantity, "start": start,
        "end": start + timedelta(hours=8), "day": start.date(), "slot": "", "value": value, "uom": uom,
        "qualifier": qualifier, "meant": None, "counts_for": "", "mapping": "m", "known": START + timedelta(days=days),
    }  # fmt: skip


def table(*cells: dict[str, object]) -> pl.DataFrame:
    return frame("mapped_cells", list(cells))
