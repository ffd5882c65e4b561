"""What a restatement moves besides the balance itself: next opening stocks, what is payable, what is taxed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from zveno.close.books import Carried
from zveno.model.chain import ChainModel
from zveno.reconcile.topology import CLOSING
from zveno.tables import frame

_MOVED = 1e-9
_LEAST_T = 1e-9
Key = tuple[str, str, str, str]
"""Kind, stock or stream, owner, component."""


def dependants(
    model: ChainModel,
    tables: tuple[Mapping[str, pl.DataFrame], Mapping[str, pl.DataFrame]],
    carried: tuple[Carried, Carried],
    names: tuple[str, str],
) -> pl.DataFrame:
    """Table ``dependants``: figures of other periods, contracts and declarations that stand on a restated period.

    Parameters
    ----------
    tables
        Tables of the former version and of the new one.
    carried
        What both hand on.
    names
        Of the period, and of the one that begins with its end.
    """
    before, after = (
        {**_stocks(model, each), **_payable(each), **_taxed(model, each), **_shares(_stocks(model, each), handed)}
        for each, handed in zip(tables, carried, strict=True)
    )
    period, following = names
    return frame("dependants", list(_rows(before, after, period, following)))


def _rows(
    before: Mapping[Key, float | None], after: Mapping[Key, float | None], period: str, following: str
) -> Iterator[dict[str, Any]]:
    """Figures that differ, the largest of each kind first."""
    found = []
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old == new or (old is not None and new is not None and abs(new - old) <= _MOVED * abs(old) + _LEAST_T):
            continue
        kind, name, owner, component = key
        found.append({
            "period": period, "kind": kind, "name": name, "owner": owner, "component": component, "before_t": old,
            "after_t": new, "difference_t": None if old is None or new is None else new - old,
            "moves_into": following if kind in ("closing_stock", "owner_stock", "owed") else "",
        })  # fmt: skip
    order = ("closing_stock", "owner_stock", "owed", "returnable", "tax_base")
    yield from sorted(found, key=lambda one: (order.index(str(one["kind"])), -abs(_size(one))))


def _size(row: Mapping[str, Any]) -> float:
    """How far a figure moved; one that came or went moved by all of it."""
    known = [row[one] for one in ("difference_t", "after_t", "before_t") if row[one] is not None]
    return float(known[0]) if known else 0.0


def _stocks(model: ChainModel, tables: Mapping[str, pl.DataFrame]) -> dict[Key, float | None]:
    """What lies at the end of the period."""
    ends = {one.id + CLOSING: one.id for one in model.chain.stocks}
    rows = tables["flows"].filter(pl.col("stream").is_in(sorted(ends)))
    known = rows.select("stream", "component", pl.col("mass_t").cast(pl.Float64)).iter_rows()
    return {("closing_stock", ends[stream], "", component): value for stream, component, value in known}


def _payable(tables: Mapping[str, pl.DataFrame]) -> dict[Key, float | None]:
    """What contracts make of the period, and what is owed at its end."""
    found: dict[Key, float | None] = {}
    for kind, column in (("returnable", "returnable_t"), ("owed", "closing_due_t")):
        rows = tables["owner_dues"].select("owner", "component", pl.col(column).cast(pl.Float64)).iter_rows()
        found |= {(kind, "", owner, component): value for owner, component, value in rows}
    return found


def _taxed(model: ChainModel, tables: Mapping[str, pl.DataFrame]) -> dict[Key, float | None]:
    """Metal in the ore that comes from outside."""
    mined = {
        name for one in model.chain.streams if one.kind == "ore" and one.source in model.boundaries
        for name in (one.id, one.group) if name
    }  # fmt: skip
    rows = tables["flows"].filter(pl.col("stream").is_in(sorted(mined)), pl.col("component") != "mass")
    return {
        ("tax_base", stream, "", component): value
        for stream, component, value in rows.select(
            "stream", "component", pl.col("mass_t").cast(pl.Float64)
        ).iter_rows()
    }


def _shares(lies: Mapping[Key, float | None], carried: Carried) -> dict[Key, float | None]:
    """Metal of each owner in the closing stocks, where there are several owners."""
    found: dict[Key, float | None] = {}
    for (stock, component), by in carried.shares.items():
        total = lies.get(("closing_stock", stock, "", component))
        for owner, share in by.items() if len(by) > 1 else ():
            known = None if share.low < share.high else share.low
            found["owner_stock", stock, owner, component] = None if total is None or known is None else known * total
    return found
