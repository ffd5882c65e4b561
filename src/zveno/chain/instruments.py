"""Instruments of a chain: the register as the store and the description make it, and what of a period it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.quality import (
    POINT,
    Registered,
    instrument_rows,
    meters_of,
    overdue_meters,
    overdue_rows,
    register,
    with_overdue,
)
from zveno.reconcile import Balance, widened_flows
from zveno.store import Store
from zveno.store.protocol import believed
from zveno.tables import frame
from zveno.tables.mapped import FILE_KEY


def known_instruments(model: ChainModel, store: Store) -> tuple[Registered, ...]:
    """All instruments of the description and of imported registers, as the store knows them."""
    return register(model.quality, cells_of_mappings(store, _registers(model)))


def cells_of_mappings(store: Store, mappings: Sequence[str]) -> pl.DataFrame:
    """Table ``mapped_cells`` of the files that some mappings read, as they are believed now; nothing else is read."""
    if not mappings:
        return frame("mapped_cells")
    files = store.read("mapped_files").filter(pl.col("mapping").is_in(mappings)).select(FILE_KEY).unique()
    parts = [store.versions("mapped_cells", row) for row in files.sort(FILE_KEY).iter_rows(named=True)]
    cells = pl.concat([frame("mapped_cells"), *(frame("mapped_cells", one) for one in parts)])
    return believed("mapped_cells", cells.sort("known", maintain_order=True))


def _registers(model: ChainModel) -> list[str]:
    """Mappings that read registers of instruments."""
    return [
        layout.id
        for layout in model.mappings.layouts
        if any(
            rule.point.startswith(POINT)
            for table in layout.tables
            for rule in (*table.columns.values(), *table.rows.values())
        )
    ]


def measured(model: ChainModel, store: Store, span: Period) -> ChainModel:
    """The model in which meters err as their instruments were verified in a period."""
    return with_overdue(model, overdue_meters(model, known_instruments(model, store), span))


def instrument_list(model: ChainModel, store: Store, days: tuple[date, date], lang: str = "en") -> pl.DataFrame:
    """Table ``instruments``: how every instrument in use stands on the last of some days, from the first on."""
    found = known_instruments(model, store)
    due = model.quality.due_soon_days if model.quality else 30
    return instrument_rows(found, days, meters_of(model, found), due_soon_days=due, lang=lang)


def overdue_tables(
    model: ChainModel, store: Store, records: pl.DataFrame, balance: Balance
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tables ``overdue_readings`` and ``widened_flows`` of a balance."""
    span = balance.period
    known = known_instruments(model, store)
    late = with_overdue(model, overdue_meters(model, known, span))
    return overdue_rows(late, records, span, known), widened_flows(late, records, span, balance)
