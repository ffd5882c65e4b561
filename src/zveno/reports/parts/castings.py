"""What the foundry is to cast for each customer in the period."""

from __future__ import annotations

from collections import defaultdict

import polars as pl

from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reports.document import Block, Cell, Column, Heading, Kind, Ref, Row, TableBlock, Total
from zveno.reports.parts.words import words
from zveno.reports.shown import plants_in_order
from zveno.text.catalogue import Catalogue

_TABLE = "castings"
_YEAR_H = 8760.0


def castings_part(model: ChainModel, needs: pl.DataFrame | None, period: Period, text: Catalogue) -> list[Block]:
    """Castings that the throughput of the chain asks for, by customer; nothing where the chain has no foundry.

    Parameters
    ----------
    needs
        Table ``foundry_needs`` of one scenario; a period takes its share of the year.
    """
    if needs is None or needs.is_empty():
        return []
    share = period.hours / _YEAR_H
    lines = needs.group_by("customer", "product", maintain_order=True).agg(pl.col("need_t_y", "pieces_y").sum() * share)
    by_customer: dict[str, list[Row]] = defaultdict(list)
    for row in lines.iter_rows(named=True):
        by_customer[row["customer"]].append(
            Row(
                f"{row['customer']}.{row['product']}",
                {
                    "product": words(model.title(row["product"], text.lang)),
                    "mass": Cell(row["need_t_y"], digits=_digits(row["need_t_y"])),
                    "pieces": Cell(row["pieces_y"], digits=_digits(row["pieces_y"])),
                },
            )
        )
    order = [one.id for one in plants_in_order(model)]
    rows: list[Row] = []
    for customer in sorted(by_customer, key=lambda one: order.index(one) if one in order else len(order)):
        own = by_customer[customer]
        rows.append(Row(f"head.{customer}", {"product": words(model.title(customer, text.lang))}, "head"))
        rows.extend(own)
        rows.append(_total(f"total.{customer}", text("Together"), [one.key for one in own]))
    rows.append(_total("total", text("Total"), [one.key for own in by_customer.values() for one in own]))
    table = TableBlock(
        _TABLE,
        text("Orders of the period"),
        (
            Column("product", text("Casting"), broad=True),
            Column("mass", text("Needed"), Kind.MASS),
            Column("pieces", text("Pieces"), Kind.COUNT, digits=0),
        ),
        tuple(rows),
        notes=(text("What the simulated throughput of the chain wears away; a calculation, not a reading."),),
    )
    return [Heading("castings", text("Castings needed"), text("Castings")), table]


def _digits(size: float) -> int:
    """Decimals of an amount: three figures of it."""
    return 0 if size >= 100 else 1 if size >= 10 else 2


def _total(key: str, title: str, parts: list[str]) -> Row:
    """Masses added up; pieces of different castings are not."""
    mass = Total(tuple(Ref(_TABLE, one, "mass") for one in parts))
    return Row(key, {"product": words(title), "mass": Cell(formula=mass, digits=0), "pieces": Cell()}, "total")
