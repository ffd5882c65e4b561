"""Stocks that were counted: compared with the book, spread over what may be wrong, signed, booked by another person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from zveno.chain.desk import Desk, Paper
from zveno.chain.entered import records_until
from zveno.chain.evidence import keep_evidence
from zveno.close.counted import Count, counted, streams_counted, with_counts
from zveno.close.proposals import Proposal, PutIn
from zveno.errors import DataError, refusal
from zveno.log import Signer
from zveno.periods import Period
from zveno.reconcile import month_network, stock_difference
from zveno.sources import read_act, write_act
from zveno.tables import frame
from zveno.text.catalogue import catalogue

_LOOK_BACK = timedelta(days=100)
_KEPT_ROWS = 40


@dataclass(frozen=True)
class Act:
    """What was counted, and the file that says so, if there is one."""

    counts: tuple[Count, ...]
    name: str = ""
    content: bytes = b""


@dataclass(frozen=True)
class Stocktake:
    """An act beside the balance: tables ``stock_differences`` and ``stock_spread``, and what would be booked.

    ``checks`` are (stream, quantity, whether it is read already) whose reading by other means would part best what
    cannot be told apart, of all stocks together.
    """

    period: Period
    act: Act
    values: tuple[PutIn, ...]
    differences: pl.DataFrame
    spread: pl.DataFrame
    checks: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True)
class Stocktaking:
    """Stocktakes over a desk."""

    desk: Desk

    def template(self, path: Path, stocks: Sequence[str] = (), lang: str = "en") -> Path:
        """Write an empty act for some stocks, or for all."""
        model = self.desk.closing.chain.model
        unknown = [one for one in stocks if one not in model.stocks]
        if unknown:
            raise DataError("'{stock}' is not a stock of this chain", stock=unknown[0])
        wanted = [one for one in model.chain.stocks if not stocks or one.id in stocks]
        if not wanted:
            raise DataError("the description has no stocks, so there is nothing to count")
        write_act(model, wanted, path, catalogue(lang))
        return path

    def read(self, path: Path) -> Act:
        """An act from a workbook or text table."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError("'{path}' cannot be read: {problem}", path=str(path), problem=refusal(error)) from error
        model = self.desk.closing.chain.model
        values = read_act(model, content, path.name)
        moments = [None if one.moment is None else one.moment.replace(tzinfo=model.tz) for one in values]
        counts = tuple(
            Count(one.stock, one.quantity, one.value, one.error, one.uom, at, one.place)
            for one, at in zip(values, moments, strict=True)
        )
        return Act(counts, path.name, content)

    def compare(self, period: str, act: Act) -> Stocktake:
        """An act beside what the balance expects without it; nothing is kept.

        Raises
        ------
        DataError
            If a count fits no stock, meter or moment, or the period has no data.
        """
        chain = self.desk.closing.chain
        span = chain.period(period)
        values = counted(chain.model, records_until(chain.store, span), span, act.counts)
        records = records_until(chain.store, Period(span.start - _LOOK_BACK, span.end))
        network = month_network(chain.model, with_counts(records, values), span).network
        found = [
            stock_difference(network, stream, meters, (span.name, stock))
            for stock, stream, meters in streams_counted(chain.model, values)
        ]
        differences = pl.concat([frame("stock_differences"), *(one.differences for one in found)])
        spread = pl.concat([frame("stock_spread"), *(one.spread for one in found)])
        checks = tuple(dict.fromkeys(check for one in found for check in one.checks))
        return Stocktake(span, act, values, differences, spread, checks)

    def sign(self, taken: Stocktake, signer: Signer, at: datetime, seen: int | None = None) -> Proposal:
        """The counter signs; the values wait for a second person (``Desk.approve``).

        Raises
        ------
        ConflictError, StoreError
            As ``Desk.propose``.
        """
        bound = keep_evidence(self.desk.closing.folder, {taken.act.name: taken.act.content}) if taken.act.name else {}
        known = self.desk.closing.chain.now().isoformat()
        body = {
            "reason": taken.act.name,
            "counted": [
                {"stock": one.stock, "quantity": one.quantity, "value": one.value, "error": one.error, "uom": one.uom,
                 "moment": (one.moment or taken.period.end).isoformat(), "where": one.where}
                for one in taken.act.counts
            ],
            "differences": taken.differences.drop("period").to_dicts(),
            "spread": taken.spread.drop("period").head(_KEPT_ROWS).to_dicts(),
            "book_known": known,
        }  # fmt: skip
        return self.desk.propose(Paper("stock_taken", taken.period.name, taken.values, body, bound), signer, at, seen)
