"""How proposals and stocktakes are shown on a screen, and how what was typed becomes an act."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import polars as pl

from zveno.chain import ChainModel
from zveno.chain.closing import Late
from zveno.chain.stocktake import Act, Stocktake
from zveno.cli.screen import Screen
from zveno.close.counted import MASS, Count
from zveno.close.proposals import Proposal, PutIn
from zveno.close.putin import moment_of
from zveno.errors import DataError
from zveno.quantities import typed_number
from zveno.reports import half_width, stream_title, suspect_name
from zveno.text.mark import tr
from zveno.text.words import NO_DATA, QUANTITIES

_STATES = {"waiting": tr("waits for a second person"), "approved": tr("approved"), "refused": tr("refused")}
OPENING, CLOSING = ".opening", ".closing"
_MOST_CLASSES = 6
_IN_T = ("mass", "wet_mass", "survey_mass")
_SIDES = ("counted", "book", "difference")
_KINDS = {"adjustment": tr("adjustment"), "stocktake": tr("stocktake")}
_JUDGED = {
    "within": tr("within both errors"),
    "beyond": tr("beyond both errors"),
    "unobservable": tr("unobservable"),
}


def number_or_none(typed: str) -> float | None:
    """A number that was typed; None for 'no data'.

    Raises
    ------
    DataError
        If it is neither.
    """
    if typed.strip().lower() in NO_DATA:
        return None
    try:
        return typed_number(typed)
    except ValueError:
        raise DataError("'{text}' is not a number: write a number, or 'n/a' where there is none", text=typed) from None


def typed_act(model: ChainModel, stocks: Sequence[str], mass: str, error: str, assays: Sequence[str], at: str) -> Act:
    """The count of one stock as it was typed.

    Raises
    ------
    DataError
        If it is not one stock of the chain, or a number is none.
    """
    if len(stocks) != 1 or stocks[0] not in model.stocks:
        raise DataError("'{stock}' is not a stock of this chain", stock=", ".join(stocks))
    moment = moment_of(model, at)[0] if at else None
    counts = [Count(stocks[0], MASS, _typed(mass), _typed(error) if error else None, "t", moment)] if mass else []
    for one in assays:
        name, _, said = one.partition("=")
        value, _, spread = said.replace("+-", "±").partition("±")
        counts.append(Count(stocks[0], name.strip(), _typed(value), _typed(spread) if spread else None, "", moment))
    if not counts:
        raise DataError("say what was counted: --mass, --assay NAME=VALUE±ERROR")
    return Act(tuple(counts))


def _typed(text: str) -> float:
    try:
        return typed_number(text)
    except ValueError:
        raise DataError("'{text}' is not a number", text=text) from None


class DeskAnswers(Screen):
    """A screen that knows how proposals and stocktakes are shown."""

    def proposals(self, model: ChainModel, found: Sequence[Proposal], seen: int, *, as_json: bool) -> None:
        """All proposals of a period, and up to which entry of the ledger they go."""
        if as_json:
            self.json({"seen": seen, "proposals": [_plain(one) for one in found]})
            return
        for one in found:
            self.proposed(model, one)
        if not found:
            self.say(tr("nothing was put in by persons"))
        self.say(tr("last entry of the ledger about this period: {seen} (--seen {seen})"), seen=seen)

    def proposed(self, model: ChainModel, one: Proposal) -> None:
        """A proposal with its values."""
        self.say(
            tr("record {number}, {kind} by {name}: {state}; {reason}"),
            number=one.number, kind=self.text(_KINDS[one.kind]), name=one.proposed.name,
            state=self.text(_STATES[one.state]), reason=one.reason or "–",
        )  # fmt: skip
        self.values(model, one.values)
        if one.decided is not None:
            self.say(
                tr("  decided by {name} (record {record}) {why}"),
                name=one.decided.name, record=one.decided.record, why=one.why_refused,
            )  # fmt: skip

    def values(self, model: ChainModel, values: Sequence[PutIn]) -> None:
        """Old and new values, at the time of the plant: masses in t, all else in per cent."""
        rows = []
        for one in values:
            mass = one.quantity in _IN_T
            number = partial(self._number, scale=1.0 if mass else 100.0)
            rows.append([
                one.point, self.text(QUANTITIES.get(one.quantity, one.quantity)), self.text("t") if mass else "%",
                self.text.moment(one.start.astimezone(model.tz)), " + ".join(map(number, one.was)) or "–",
                f"{'<' if one.qualifier == '<' else ''}{number(one.value)}",
            ])  # fmt: skip
        self.table([tr("point"), tr("quantity"), "", tr("from"), tr("value so far"), tr("new value")], rows)

    def waiting(self, one: Proposal, *, err: bool = False) -> None:
        """What comes next."""
        verb = "adjust" if one.kind == "adjustment" else "stocktake"
        self.say(
            tr("record {number} waits for a second person: zveno {verb} {period} --approve {number} --as ID"), err=err,
            number=one.number, verb=verb, period=one.period,
        )  # fmt: skip

    def approved(self, one: Proposal, late: Late | None) -> None:
        """Values that count from now on, or wait because the period is closed."""
        record = one.decided.record if one.decided else one.number
        self.say(tr("approved (record {record}): the values are in the records"), record=record)
        if late is not None and str(record) in late.records.filter(pl.col("file") == "ledger")["cell"].to_list():
            self.say(
                tr("! {period} is closed: they wait for a restatement: zveno restate {period} --reason TEXT --as ID"),
                period=one.period,
            )

    def refused(self, one: Proposal) -> None:
        """A proposal that comes to nothing."""
        self.say(
            tr("refused (record {record}): nothing was changed"), record=one.decided.record if one.decided else "–"
        )

    def stocktake(self, model: ChainModel, found: Stocktake, *, as_json: bool) -> None:
        """What was counted beside the book, and what would have to be wrong."""
        if as_json:
            self.json({
                "differences": found.differences.to_dicts(), "spread": found.spread.to_dicts(),
                "checks": [list(one) for one in found.checks], "values": [one.said() for one in found.values],
            })  # fmt: skip
            return
        rows = [
            [
                stream_title(model, row["stock"], self.text), row["component"],
                *(self.measured(row[f"{one}_t"], row[f"{one}_sd_t"], 1, 1) for one in _SIDES),
                self.text(_JUDGED[row["status"]]),
            ]
            for row in found.differences.iter_rows(named=True)
        ]  # fmt: skip
        self.table([tr("stock"), "", tr("counted, t"), tr("book, t"), tr("difference, t"), ""], rows)
        for (stock, component), part in found.spread.group_by("stock", "component", maintain_order=True):
            self.line("")
            self.say(
                tr("{stock}, {component}: what would have to be wrong"),
                stock=stream_title(model, str(stock), self.text), component=component,
            )  # fmt: skip
            self._spread(model, part)
        for stream, quantity, again in found.checks:
            self.say(
                tr("to tell them apart, check {quantity} of {stream} by other means")
                if again
                else tr("to tell them apart, measure {quantity} of {stream}"),
                quantity=self.text(QUANTITIES.get(quantity, quantity)), stream=stream_title(model, stream, self.text),
            )  # fmt: skip

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _spread(self, model: ChainModel, part: pl.DataFrame) -> None:
        """Classes with their members."""
        classes = [rows for _, rows in part.group_by("class_id", maintain_order=True)]
        for rows in classes[:_MOST_CLASSES]:
            first = rows.row(0, named=True)
            explains = self.text.percent(first["explains_frac"], 0)
            share = self._share(first["class_share_t"], first["class_share_sd_t"])
            if rows.height > 1:
                self.say(
                    tr("one of these, which cannot be told apart, explains {explains} % alone; together, by their "
                       "stated errors, {share} t of the difference:"),
                    explains=explains, share=share,
                )  # fmt: skip
            else:
                self.say(
                    tr("this explains {explains} % alone; by its stated error, {share} t of the difference:"),
                    explains=explains, share=share,
                )  # fmt: skip
            self.table(
                [tr("what"), tr("wrong alone by"), tr("wrong by, %"), tr("its share, t")],
                [self._member(model, row) for row in rows.iter_rows(named=True)],
            )
        more = len(classes) - _MOST_CLASSES
        if more > 0:
            self.line(self.text.count(
                "and {n} class more that explains less: --json", "and {n} classes more that explain less: --json", more
            ))  # fmt: skip

    def _member(self, model: ChainModel, row: dict[str, Any]) -> list[str]:
        """One thing that may be wrong."""
        loss, reading = row["kind"] == "loss", row["kind"] == "reading"
        name = suspect_name(model, {**row, "stream": row["name"]} if loss else row, self.text)
        if reading and row["stream"].endswith((OPENING, CLOSING)):
            name += f", {stream_title(model, row['stream'], self.text)}"
        mass = loss or row["quantity"] == "mass"
        alone = "–"
        if row["bias"] is not None:
            size = self.measured(row["bias"], row["bias_sd"], 1 if mass else 100)
            alone = f"{size} {self.text('t') if mass else '%'}"
        relative, spread = row["bias_rel_frac"], half_width(row["bias_rel_sd_frac"])
        percent = "–" if relative is None else f"{self.text.percent(relative, 1)} ± {self.text.percent(spread, 1)}"
        return [name, alone, percent, self._share(row["share_t"], row["share_sd_t"])]

    def _share(self, value: float | None, sd: float | None) -> str:
        """Part of a difference; none where only a common error or a loss is told."""
        return "–" if value is None else self.measured(value, sd, 1, 1)

    def _number(self, value: float | None, scale: float = 1.0) -> str:
        """A value as precise as it was told, in the reader's figures."""
        if value is None:
            return "–"
        return self.text.plain(value * scale)


def _plain(one: Proposal) -> dict[str, Any]:
    """A proposal for JSON."""
    signed = {
        name: None if by is None else {"person": by.person, "name": by.name, "at": by.at, "record": by.record}
        for name, by in (("proposed", one.proposed), ("decided", one.decided))
    }
    return {
        "record": one.number, "period": one.period, "kind": one.kind, "state": one.state, "reason": one.reason,
        "values": [each.said() for each in one.values], "why_refused": one.why_refused, "void": list(one.void),
        **signed,
    }  # fmt: skip
