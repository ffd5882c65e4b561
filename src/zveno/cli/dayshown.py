"""How the provisional balance of a day is shown on a screen."""

from __future__ import annotations

import polars as pl

from zveno.chain import ChainModel
from zveno.cli.answers import KIND_WORDS, STATUS_WORDS, Answers
from zveno.cli.booked import STOCK_HEADS
from zveno.close.daily import Daily
from zveno.model.network import MASS
from zveno.reports import stream_title
from zveno.text.mark import tr


class DailyAnswers(Answers):
    """A screen that knows how a day is shown."""

    def daily(self, model: ChainModel, found: Daily, *, as_json: bool) -> None:
        """The day beside the month to date: flows, recoveries, book stocks, plan, what is missing, suspects."""
        if as_json:
            self.json({
                "day": found.day.name, "to_date": found.to_date.name, "status": list(found.status),
                **{name: one.to_dicts() for name, one in found.tables().items()},
            })  # fmt: skip
            return
        self.say(tr("{day}, provisional: from all that is known now; month to date: {start} to {day}"),
                 day=self.text.day(found.day.start.date()), start=self.text.day(found.to_date.start.date()),
                 )  # fmt: skip
        for label, status in ((tr("day: {status}"), found.status[0]), (tr("month to date: {status}"), found.status[1])):
            self.say(label, status=self.text(STATUS_WORDS.get(status, status)))
        self._streams(model, found)
        self._recoveries(model, found)
        self._stocks(model, found)
        self._plan(model, found)
        self._missing(model, found)
        self.suspects(model, found.so_far)
        self.swaps(model, found.so_far.swaps, unseen=False)

    def _streams(self, model: ChainModel, found: Daily) -> None:
        first = model.chain.components[0]
        rows = []
        by = {(row["stream"], row["component"]): row for row in found.daily_flows.iter_rows(named=True)}
        for (stream, component), mass in by.items():
            metal = by.get((stream, first))
            if component != MASS or metal is None:
                continue
            cells = [stream_title(model, stream, self.text)]
            for span in ("day", "to_date"):
                cells += [
                    self.measured(mass[f"{span}_mass_t"], mass[f"{span}_mass_sd_t"], 1, 0),
                    self.measured(metal[f"{span}_grade_frac"], metal[f"{span}_grade_sd_frac"], 100, 3),
                    self.measured(metal[f"{span}_mass_t"], metal[f"{span}_mass_sd_t"], 1, 1),
                ]
            rows.append(cells)
        heads = [tr("t dry"), tr("{component}, %"), tr("{component}, t")]
        self.line("")
        self.table(
            ["", *(self.text(one, component=first) for one in heads),
             *(self.text(tr("{head}, to date"), head=self.text(one, component=first)) for one in heads)],
            rows,
        )  # fmt: skip

    def _recoveries(self, model: ChainModel, found: Daily) -> None:
        first = model.chain.components[0]
        differ = {one.plant for one in model.chain.recoveries if one.stocks}
        rows = [
            [
                model.title(row["plant"], self.lang) if row["plant"] else model.title_of_chain(self.lang),
                self.text(KIND_WORDS[row["kind"]]),
                *(self.measured(row[f"{span}_frac"], row[f"{span}_sd_frac"], 100, 2) for span in ("day", "to_date")),
            ]
            for row in found.daily_recoveries.iter_rows(named=True)
            if row["component"] == first and row["to_date_frac"] is not None
            and (row["kind"] == "overall" or row["plant"] in differ)
        ]  # fmt: skip
        if rows:
            self.line("")
            self.table(
                [self.text(tr("recovery of {component}, %"), component=first), "", tr("day"), tr("to date")], rows
            )

    def _stocks(self, model: ChainModel, found: Daily) -> None:
        """Book stocks that are told, and all of a link together."""
        first = model.chain.components[0]
        rows = []
        for row in found.daily_stocks.iter_rows(named=True):
            if row["component"] != first or (row["closing_t"] is None and row["change_t"] is None):
                continue
            title = (
                stream_title(model, row["stock"], self.text) if row["stock"]
                else self.text(tr("all stocks, {plant}"), plant=model.title(row["plant"], self.lang))
            )  # fmt: skip
            ends = ("opening", "closing", "change")
            rows.append([title, *(self.measured(row[f"{one}_t"], row[f"{one}_sd_t"], 1, 0) for one in ends)])
        if rows:
            self.line("")
            self.table([tr("book stock"), *(self.text(one, component=first) for one in STOCK_HEADS)], rows)
        unknown = found.daily_stocks.filter(
            pl.col("stock") != "", pl.col("component") == first, pl.col("closing_t").is_null()
        )
        if unknown.height:
            self.line(self.text.count(
                "the book does not tell {n} stock alone: what moves it is not weighed on both sides",
                "the book does not tell {n} stocks alone: what moves them is not weighed on both sides",
                unknown.height,
            ))  # fmt: skip

    def _plan(self, model: ChainModel, found: Daily) -> None:
        """Plan and fact, of the day and to date."""
        lines = {one.id: one for one in model.chain.plans}
        rows = [
            [
                model.title(row["line"], self.lang), self.text("frac" if row["uom"] == "fraction" else row["uom"]),
                *(self._or_dash(row[name]) for name in ("plan_day", "fact_day", "plan_to_date", "fact_to_date")),
                "–" if not row["plan_to_date"] or row["fact_to_date"] is None
                else self.text.number(100 * row["fact_to_date"] / row["plan_to_date"], 1),
            ]
            for row in found.plan_fact.iter_rows(named=True) if row["line"] in lines
        ]  # fmt: skip
        if rows:
            self.line("")
            heads = [tr("plan"), tr("fact"), tr("plan, to date"), tr("fact, to date"), tr("% of plan, to date")]
            self.table(["", "", *heads], rows)

    def _missing(self, model: ChainModel, found: Daily) -> None:
        """Readings that have not come yet."""
        today = found.daily_missing.filter(pl.col("span") == "day")
        if today.is_empty():
            return
        self.line("")
        for (meter,), part in today.group_by("meter", maintain_order=True):
            self.say(
                tr("not there yet: {meter}, {missing} of {expected} readings of the day"),
                meter=model.title(str(meter), self.lang),
                missing=self.text.number(part.select(pl.max("expected") - pl.min("present")).item(), 0),
                expected=self.text.number(part.select(pl.max("expected")).item(), 0),
            )

    def _or_dash(self, value: float | None, digits: int = 2) -> str:
        return "–" if value is None else self.text.number(value, digits)
