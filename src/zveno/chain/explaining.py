"""Figures of a period explained: where each comes from, made again from its cells, and why it moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path

import polars as pl

from zveno.chain.closing import Closing, as_known
from zveno.chain.entered import signed_values
from zveno.chain.facade import Chain
from zveno.close import Books, Carried
from zveno.close.figures import BOOKS, book_figures
from zveno.errors import DataError
from zveno.explain import Explanation, Ground, Recomputed, unfold
from zveno.explain.again import Cells
from zveno.explain.recompute import Again, recompute
from zveno.log import Log
from zveno.periods import Period
from zveno.reconcile import Balance, MonthInput, month_network, solve_month
from zveno.reconcile.figures import Views, balance_figures, unaccounted_figures
from zveno.reports import LINK, MonthResults, document_figures, place_of
from zveno.sources.reread import LEDGER, SourceFiles, read_again
from zveno.tables import frame
from zveno.tables.figure import Figure, Figures, Recorded


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
    folder
        Folder of the store, in which the signed log lies; None without one.
    """

    chain: Chain
    span: Period
    before: Carried | None = None
    folder: Path | None = None

    @cached_property
    def records(self) -> pl.DataFrame:
        """Records from which the period is reconciled."""
        return self.chain.records_for(self.span)

    @cached_property
    def _solved(self) -> tuple[MonthInput, Balance]:
        return solve_month(self.chain.model_for(self.span), self.records, self.span)

    @cached_property
    def books(self) -> Books:
        """The books of the period."""
        return self.chain.books(self.span, self.before, self._solved[1])

    @cached_property
    def _results(self) -> MonthResults:
        return self.chain.results(self.span)

    @property
    def _links(self) -> tuple[str, ...]:
        return self.chain.links if len(self.chain.links) > 1 else ()

    @cached_property
    def ground(self) -> Ground:
        """All figures with what they follow from; each group of them is made when it is asked for."""
        month, balance = self._solved
        views = Views({"": lambda: balance.result})

        def flows() -> Iterable[Figure]:
            return balance_figures(self.chain.model, month, balance)

        def books() -> Iterable[Figure]:
            return book_figures(self.chain.model, balance, self.books, views, self.before)

        def report(link: str) -> Iterable[Figure]:
            name = LINK if link else "metal_balance"
            made = self.chain.report_of(name, self._results, link=link)
            return document_figures(made.document, place_of(name, self._results, link))

        left = unaccounted_figures(self.chain.model, month, balance.result, self.span.name, views)
        groups: dict[str, Callable[[], Iterable[Figure]]] = {**dict.fromkeys(BOOKS, books), **left}
        groups["metal_balance"] = partial(report, "")
        groups |= {f"{LINK}.{one}": partial(report, one) for one in self._links}
        groups[""] = flows
        return Ground(self.span, Figures(self.span.name, groups), views, month, self.records)

    def figures(self, like: str = "") -> list[Figure]:
        """All figures, or those whose address holds every word of ``like``.

        What reports work out themselves is listed only where ``like`` names ``metal_balance`` or ``link.``.
        """
        return list(self.ground.listed(like).values())

    def explain(self, address: str) -> Explanation:
        """A figure unfolded.

        Raises
        ------
        DataError
            If there is none with the address.
        """
        return unfold(self.ground, self._named(address))

    def superseded(self, found: Explanation) -> pl.DataFrame:
        """Earlier versions of the records behind a figure, which later files replaced."""
        return superseded(self.chain, found.records)

    def persons(self, found: Explanation) -> pl.DataFrame:
        """Values behind a figure that persons put in: ``point``, ``person`` who approved, ``record`` of the log."""
        return put_in(found.records, self.folder)

    def tables(self, found: Explanation) -> dict[str, pl.DataFrame]:
        """A figure as tables: ``figure_inputs``, ``figure_readings``, ``records``."""
        address = found.figure.address
        inputs = [
            {"address": address, "role": one.role, "sign": one.sign, "input": _input_words(one.leaf),
             "value": one.value, "of": one.address}
            for one in found.inputs
        ]  # fmt: skip
        readings = [
            {"address": address, **dict(zip(("stream", "quantity", "meter"), one.key, strict=True)),
             "reading": one.value, "sd": one.sd, "reconciled": one.reconciled, "slope": one.slope,
             "variance_frac": one.share_frac, "moved": one.moved}
            for one in found.bearings
        ]  # fmt: skip
        return {
            "figure_inputs": frame("figure_inputs", inputs),
            "figure_readings": frame("figure_readings", readings),
            "records": found.records,
        }

    def again(self, folders: Sequence[Path]) -> Again:
        """What makes figures again from the cells of the source files in some folders.

        Raises
        ------
        DataError
            If a file is not there as it was imported, or a cell holds no number.
        """
        used = self.records.filter(pl.col("value").is_not_null())
        files = SourceFiles.within(self.chain.model, folders, used["file"].unique().to_list())
        signed = None if self.folder is None else signed_values(Log(self.folder))
        fresh = read_again(files, used, self.chain.store.read("mapped_cells"), signed)
        reread = used.with_columns(value=pl.Series(fresh, dtype=pl.Float64))
        month = month_network(self.chain.model_for(self.span), reread, self.span)
        lots = frozenset(one.id for one in self.chain.model.chain.meters if one.period == "lot")
        return Again(self.ground, Cells(_by_key(reread, lots), _by_cell(reread)), month)

    def recompute(self, again: Again, address: str) -> Recomputed:
        """A figure made again."""
        return recompute(again, self._named(address))

    def _named(self, address: str) -> str:
        """The address with the period as it is named here, however it was written."""
        _, _, rest = address.partition("/")
        return f"{self.span.name.replace('/', '..')}/{rest}"


def explaining(chain: Chain, period: str | Period, folder: Path | None = None) -> Explaining:
    """The figures of a period as all values known now make them; ``folder`` is that of the store with its log."""
    span = period if isinstance(period, Period) else chain.period(period)
    before = None if folder is None else Closing(chain, folder).taken_over(span, chain.now())
    return Explaining(chain, span, before, folder)


def as_known_on(chain: Chain, folder: Path, period: str, moment: str) -> Explaining:
    """The same as they were known on a date (at its end) or at a moment.

    Raises
    ------
    DataError
        If it is neither.
    """
    return explaining(as_known(chain, moment_of(chain, moment)), period, folder)


def moment_of(chain: Chain, text: str) -> datetime:
    """A moment, or the end of a day in plant time.

    Raises
    ------
    DataError
        If the text is neither.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise DataError("'{text}' is no date: write 2026-04-01 or 2026-04-01T12:00", text=text) from error
    if "T" not in text and " " not in text:
        found += timedelta(days=1)
    return found if found.tzinfo else found.replace(tzinfo=chain.model.tz)


def of_version(chain: Chain, folder: Path, period: str, number: int) -> Explaining:
    """The figures as a version of a closed period has them: its data, its description.

    Raises
    ------
    DataError
        If the period has no such version.
    """
    closing = Closing(chain, folder)
    stage = closing.stage(chain.period(period).name)
    every = (*stage.versions, *([stage.draft] if stage.draft else []))
    version = next((one for one in every if one.number == number), None)
    if version is None:
        raise DataError("{period} has no version {number}: zveno stages shows them", period=period, number=number)
    with closing.as_made(version) as made:
        view = as_known(made, version.cut)
        return Explaining(view, view.period(period), closing.taken_over(view.period(period), version.cut), folder)


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


def put_in(records: pl.DataFrame, folder: Path | None) -> pl.DataFrame:
    """Records that signed entries of the log put in, with who approved them."""
    mine = records.filter(pl.col("file") == LEDGER)
    if mine.is_empty() or folder is None:
        return pl.DataFrame(schema={"point": pl.String, "person": pl.String, "record": pl.Int64})
    log = Log(folder)
    rows = [
        {"point": point, "person": log.records[int(cell)].name, "record": int(cell)}
        for point, cell in mine.select("point", "cell").unique(maintain_order=True).iter_rows()
    ]
    return pl.DataFrame(rows)


def _input_words(leaf: object) -> str:
    """An input by its names."""
    return "/".join(str(one) for one in vars(leaf).values() if isinstance(one, str) and one)


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


def _by_cell(records: pl.DataFrame) -> Mapping[Recorded, float]:
    """Values by meter, quantity and cell."""
    names = ("point", "quantity", "file", "sheet", "cell")
    return {Recorded(*key): value for *key, value in records.select(*names, "value").iter_rows()}
