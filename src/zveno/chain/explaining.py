"""Figures of a period explained: where each comes from, made again from its cells, and why it moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from zveno.chain.facade import Chain
from zveno.close import Books, Carried
from zveno.close.figures import book_figures
from zveno.errors import DataError
from zveno.explain import Explanation, Ground, Recomputed, unfold
from zveno.explain.again import Cells
from zveno.explain.recompute import Again, recompute
from zveno.periods import Period
from zveno.reconcile import Balance, month_network
from zveno.reconcile.figures import Views, balance_figures
from zveno.sources.reread import SourceFiles, read_again
from zveno.tables.figure import Figure, by_address


@dataclass(frozen=True)
class Explaining:
    """The figures of a period, as they stand now or as they were known.

    Parameters
    ----------
    chain
        The description with its store (or with the store as it was known at a moment).
    span
        The period.
    before
        What the period before closed with.
    """

    chain: Chain
    span: Period
    before: Carried | None = None

    @cached_property
    def records(self) -> pl.DataFrame:
        """Records from which the period is reconciled."""
        return self.chain.records(self.span)

    @cached_property
    def balance(self) -> Balance:
        """The reconciled period."""
        return self.chain.reconcile(self.span)

    @cached_property
    def books(self) -> Books:
        """Its books."""
        return self.chain.books(self.span, self.before, self.balance)

    @cached_property
    def ground(self) -> Ground:
        """All figures with what they follow from."""
        month = month_network(self.chain.model, self.records, self.span)
        result = self.balance.result
        views = Views({"": lambda: result})
        figures = [
            *balance_figures(self.chain.model, month, self.balance, views),
            *book_figures(self.chain.model, self.balance, self.books, views, self.before),
        ]
        return Ground(self.span, by_address(figures), views, month, self.records)

    def figures(self, like: str = "") -> list[Figure]:
        """All figures, or those whose address contains every word of ``like``."""
        words = like.lower().split()
        return [one for name, one in self.ground.figures.items() if all(word in name.lower() for word in words)]

    def explain(self, address: str) -> Explanation:
        """A figure unfolded.

        Raises
        ------
        DataError
            If there is none with the address.
        """
        return unfold(self.ground, address)

    def superseded(self, found: Explanation) -> pl.DataFrame:
        """Earlier versions of the records behind a figure, which later files replaced."""
        return superseded(self.chain, found.records)

    def again(self, folders: Sequence[Path]) -> Again:
        """What makes figures again from the cells of the source files in some folders.

        Raises
        ------
        DataError
            If a file is not there as it was imported, or a cell holds no number.
        """
        used = self.records.filter(pl.col("value").is_not_null())
        files = SourceFiles.within(self.chain.model, folders, used["file"].unique().to_list())
        fresh = read_again(files, used, self.chain.store.read("mapped_cells"))
        reread = used.with_columns(value=pl.Series(fresh, dtype=pl.Float64))
        month = month_network(self.chain.model, reread, self.span)
        lots = frozenset(one.id for one in self.chain.model.chain.meters if one.period == "lot")
        return Again(self.ground, Cells(_by_key(reread, lots)), month)

    def recompute(self, again: Again, address: str) -> Recomputed:
        """A figure made again."""
        return recompute(again, address)


def explaining(chain: Chain, period: str | Period) -> Explaining:
    """The figures of a period as all values known now make them."""
    span = period if isinstance(period, Period) else chain.period(period)
    return Explaining(chain, span)


def period_of(address: str) -> str:
    """The period that an address begins with.

    Raises
    ------
    DataError
        If it is no address.
    """
    first, slash, _ = address.partition("/")
    if not slash:
        raise DataError(
            "'{address}' is no figure: write PERIOD/... ; zveno explain --list PERIOD shows them all", address=address
        )
    return first.replace("..", "/")


def superseded(chain: Chain, records: pl.DataFrame) -> pl.DataFrame:
    """Earlier versions of records, the oldest first."""
    parts = []
    for point, quantity in records.select("point", "quantity").unique(maintain_order=True).iter_rows():
        mine = records.filter(pl.col("point") == point, pl.col("quantity") == quantity)
        every = chain.store.versions("records", {"point": point, "quantity": quantity})
        old = every.join(mine, on=["start", "end"], how="semi").join(
            mine, on=["start", "end", "file_hash", "sheet", "cell"], how="anti", nulls_equal=True
        )
        parts.append(old)
    return pl.concat([records.clear(), *parts])


def _by_key(records: pl.DataFrame, lots: frozenset[str]) -> Mapping[tuple[str, str, int, int], list[float]]:
    """Values by point, quantity and times, in the order in which they count; lots may have several."""
    found: dict[tuple[str, str, int, int], list[float]] = {}
    rows = records.sort("start", "known", nulls_last=False, maintain_order=True)
    times = [rows[name].dt.epoch("us") for name in ("start", "end")]
    for point, quantity, start, end, value in zip(rows["point"], rows["quantity"], *times, rows["value"], strict=True):
        key = point, quantity, start, end
        if point in lots:
            found.setdefault(key, []).append(value)
        else:
            found[key] = [value]
    return found


