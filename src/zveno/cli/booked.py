"""How the month's books and its close are shown on a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from zveno.chain import Books, ChainModel
from zveno.chain.closing import Closing, Frozen, Late
from zveno.chain.desk import Desk
from zveno.cli.screen import Screen
from zveno.close.investigations import Investigation
from zveno.close.steps import PeriodStage, Version
from zveno.log import Signed
from zveno.reports import half_width, lot_words, stream_title
from zveno.reports.standing import Standing, late_words, standing_words
from zveno.text.mark import tr

_STAGES = {
    "open": tr("open"), "provisional": tr("drawn up, waits for a second person"), "closed": tr("closed"),
    "restating": tr("closed; a restatement waits for a second person"),
}  # fmt: skip
_JUDGED = {
    "within": tr("within the allowance"),
    "beyond": tr("beyond the allowance"),
    "unobservable": tr("unobservable"),
}
_DUES = ("opening_due_t", "returnable_t", "returned_t", "closing_due_t")
_LINES = {
    "opening": tr("opening stock"), "received": tr("received"), "delivered": tr("delivered"), "lost": tr("lost"),
    "closing": tr("closing stock"),
}  # fmt: skip
INVESTIGATED = {"open": tr("open"), "answered": tr("answered, waits for a sign-off"), "closed": tr("signed off")}
OVERDUE = tr("(overdue)")
_DEPENDENT = {
    "closing_stock": tr("closing stock"), "owner_stock": tr("owner's metal in stock"), "owed": tr("metal owed"),
    "returnable": tr("returnable metal"), "tax_base": tr("metal in ore mined (base of the extraction tax)"),
}  # fmt: skip
_MOST_DEPENDANTS = 30
_MOST = 12
_MOST_STOCKS = 4
_MOVED = 1e-9


class BookedAnswers(Screen):
    """A screen that knows how books and their close are shown."""

    def books(self, model: ChainModel, books: Books, *, as_json: bool) -> None:
        """Both balances, stocks of the chain's first component, owners, contracts."""
        if as_json:
            self.json({name: one.to_dicts() for name, one in books.tables().items()})
            return
        self._discrepancies(model, books.discrepancies)
        self._stocks(model, books.stock_books)
        self._owners(model, books)
        self._dues(model, books.owner_dues)
        self._lots(model, books.lot_limits)

    def standing(self, standing: Standing) -> None:
        """Which version is shown, and what waits."""
        self.line(standing_words(standing, self.text))
        if standing.late:
            self.line(late_words(standing.late, self.text))
        self.line()

    def drawn(self, version: Version) -> None:
        """A draft and what comes next."""
        self.say(
            tr("version {number} of {period} is drawn up by {name} from all that was known on {cut}; a second person "
               "closes it: zveno approve {period} --as ID"),
            number=version.number, period=version.period, name=version.drawn.name, cut=self.moment(version.cut),
        )  # fmt: skip

    def closed(self, version: Version, others: tuple[str, ...]) -> None:
        """A version in force, and the later periods that took over what it closed with."""
        approved = version.approved or version.drawn
        self.say(
            tr("{period} is closed: version {number}, drawn up by {drawn}, approved by {approved} (record {record})"),
            number=version.number, period=version.period, drawn=version.drawn.name, approved=approved.name,
            record=approved.record,
        )  # fmt: skip
        self.to_look_at(version.period, others if version.number > 1 else ())

    def to_look_at(self, period: str, others: tuple[str, ...]) -> None:
        """Closed periods that stand on a former version."""
        if others:
            self.say(
                tr("! opening stocks, owners and dues of these closed periods came from a former version of {period}: "
                   "{periods}; restate them"),
                period=period, periods=", ".join(others),
            )  # fmt: skip

    def in_force(self, period: str, version: Version | None) -> None:
        """Which version was in force at the moment that was asked for."""
        if version is not None:
            self.say(
                tr("version {number} of {period} was in force (data known on {cut})"),
                number=version.number, period=period, cut=self.moment(version.cut),
            )  # fmt: skip

    def dependants(self, model: ChainModel, moved: pl.DataFrame) -> None:
        """What else a restatement moves, kind by kind."""
        if moved.is_empty():
            self.say(tr("nothing that other periods, contracts or declarations take from it is moved"))
            return
        self.line("")
        self.say(tr("to look at, because it stands on what was restated:"))
        rows = [
            [self.text(_DEPENDENT[row["kind"]]), ", ".join(_titles(model, self.lang, row)), row["component"],
             *(self._or_dash(row[f"{one}_t"], 3) for one in ("before", "after", "difference")), row["moves_into"]]
            for row in moved.head(_MOST_DEPENDANTS).iter_rows(named=True)
        ]  # fmt: skip
        self.table(
            [
                tr("figure"),
                "",
                tr("component"),
                tr("before, t"),
                tr("now, t"),
                tr("difference, t"),
                tr("begins with it"),
            ],
            rows,
        )
        if moved.height > _MOST_DEPENDANTS:
            self.line(self.text.count("and {n} figure more", "and {n} figures more", moved.height - _MOST_DEPENDANTS))

    def differences(self, model: ChainModel, before: Frozen, after: Frozen) -> None:
        """What a restatement changes, the largest first."""
        keys = ["stream", "component"]
        old, new = (one.tables["flows"].select(*keys, pl.col("mass_t").cast(pl.Float64)) for one in (before, after))
        moved = old.join(new, on=keys, suffix="_new").with_columns(by=pl.col("mass_t_new") - pl.col("mass_t"))
        moved = moved.filter(pl.col("by").abs() > _MOVED * pl.col("mass_t").abs().clip(1e-6)).sort(
            pl.col("by").abs(), descending=True
        )
        if moved.is_empty():
            self.say(tr("no reconciled mass differs from the version before"))
            return
        rows = [
            [stream_title(model, stream, self.text), component, *(self.text.number(one, 3) for one in (a, b, by))]
            for stream, component, a, b, by in moved.head(_MOST).iter_rows()
        ]
        self.table([tr("stream"), tr("component"), tr("before, t"), tr("now, t"), tr("difference, t")], rows)
        if moved.height > _MOST:
            self.line(self.text.count("and {n} mass more", "and {n} masses more", moved.height - _MOST))

    def still_open(self, closing: Closing, period: str, today: date) -> None:
        """What waits or is looked into when a period is drawn up: it is carried over."""
        waiting = [one for one in Desk(closing).proposals(period) if one.state == "waiting"]
        for one in waiting:
            self.say(
                tr("! what record {number} proposes waits for a second person and is not in these figures"),
                number=one.number,
            )
        self.looked_into(closing.open_investigations(period), today)

    def looked_into(self, found: Sequence[Investigation], today: date) -> None:
        """Open investigations, a line each."""
        for one in found:
            if one.closed is None:
                self.say(
                    tr("! investigation {number} of {period} is {state}: {what}; owner {owner}, due {due} {late}"),
                    number=one.number, period=one.period, state=self.text(INVESTIGATED[one.state]),
                    what=one.question or one.about, owner=one.owner, due=one.due,
                    late=self.text(OVERDUE) if one.overdue(today) else "",
                )  # fmt: skip

    def stages(
        self, found: Mapping[str, PeriodStage], late: Mapping[str, Late | None], *, as_json: bool,
        looked_into: Sequence[Investigation], today: date,
    ) -> None:  # fmt: skip
        """Every period with its versions, and what is looked into."""
        if as_json:
            periods = {name: _plain(one, late.get(name)) for name, one in sorted(found.items())}
            for asked in looked_into:
                periods.setdefault(asked.period, {"stage": "open", "versions": [], "void": [], "late": 0})
            for name, period in periods.items():
                mine = [asked for asked in looked_into if asked.period == name and asked.closed is None]
                period["investigations"] = [asked.number for asked in mine]
            self.json(periods)
            return
        self.looked_into(looked_into, today)
        if not found:
            self.say(tr("no period was drawn up yet: zveno close PERIOD --as ID"))
        for name, one in sorted(found.items()):
            self.say(tr("{period}: {stage}"), period=name, stage=self.text(_STAGES[one.stage]))
            for version in (*one.versions, *([one.draft] if one.draft else [])):
                who = [version.drawn.name, *([version.approved.name] if version.approved else [])]
                self.say(
                    tr("  version {number}, data known on {cut}: {who}"),
                    number=version.number, cut=self.moment(version.cut), who=", ".join(who),
                )  # fmt: skip
                if version.reason:
                    self.say(tr("    reason: {reason}"), reason=version.reason)
            waiting = late.get(name)
            if waiting is not None and waiting.records.height:
                points = sorted(set(waiting.records["point"]))
                self.line(self.text.count(
                    "  ! {n} value came after the close and waits for a restatement: {points}",
                    "  ! {n} values came after the close and wait for a restatement: {points}",
                    waiting.records.height, points=", ".join(points[:_MOST]),
                ))  # fmt: skip

    # ---- tables ------------------------------------------------------------------------------------------------------

    def _discrepancies(self, model: ChainModel, table: pl.DataFrame) -> None:
        rows = [
            [
                model.title(row["plant"], self.lang), row["component"],
                *(self._share(row[f"{one}_frac"], row[f"{one}_sd_frac"]) for one in ("technological", "commodity")),
                self._or_dash(row["difference_t"]), self._or_dash(row["allowance_t"]),
                self.text(_JUDGED[row["status"]]),
            ]
            for row in table.iter_rows(named=True)
        ]  # fmt: skip
        if rows:
            self.table(
                [tr("plant"), tr("component"), tr("technological recovery, %"), tr("commodity recovery, %"),
                 tr("discrepancy, t"), tr("allowance, t"), ""],
                rows,
            )  # fmt: skip

    def _stocks(self, model: ChainModel, table: pl.DataFrame) -> None:
        first = model.chain.components[0] if model.chain.components else ""
        rows = [
            [
                stream_title(model, row["stock"], self.text),
                *(self.measured(row[f"{end}_t"], row[f"{end}_sd_t"], 1, 0) for end in ("opening", "closing", "change")),
            ]
            for row in table.filter(pl.col("component") == first).iter_rows(named=True)
        ]  # fmt: skip
        if rows:
            self.line("")
            self.table([tr("stock"), *(self.text(one, component=first) for one in STOCK_HEADS)], rows)

    def _owners(self, model: ChainModel, books: Books) -> None:
        first = model.chain.components[0] if model.chain.components else ""
        mine = books.owner_accounts.filter(pl.col("component") == first, pl.col("line") != "left")
        if mine["owner"].n_unique() < 2:
            return
        rows = []
        for (owner,), part in mine.group_by("owner", maintain_order=True):
            lines = [part.filter(pl.col("line") == line) for line in _LINES]
            rows.append([model.title(str(owner), self.lang), *map(self._sum_or_limits, lines)])
        self.line("")
        self.say(
            tr("{component} by owner, t (a calculation: day by day, each stage mixes what comes in with what lies "
               "there)"),
            component=first,
        )  # fmt: skip
        self.table([tr("owner"), *_LINES.values()], rows)
        untold = list(dict.fromkeys(stock for stock, component in books.untold if component == first))
        if untold:
            named = ", ".join(model.title(one, self.lang) for one in untold[:_MOST_STOCKS])
            if len(untold) > _MOST_STOCKS:
                named = self.text(tr("{stocks} and others"), stocks=named)
            self.say(
                tr("! nobody tells whose metal {n} of the stocks held at the beginning ({stocks}): what depends on it "
                   "is unobservable and given by its limits. State the owners of a stock in the description "
                   "(owners: ...), or close the period before"),
                n=len(untold), stocks=named,
            )  # fmt: skip

    def _sum_or_limits(self, lines: pl.DataFrame) -> str:
        """Sum of some lines of an account, or its limits where it is unobservable."""
        if not lines["mass_t"].null_count():
            return self.text.number(float(lines["mass_t"].sum()), 1)
        if lines["low_t"].null_count() or lines["high_t"].null_count():
            return "–"
        low, high = (self.text.number(float(lines[end].sum()), 1) for end in ("low_t", "high_t"))
        return f"{low} … {high}"

    def _dues(self, model: ChainModel, table: pl.DataFrame) -> None:
        rows = [
            [
                model.title(row["owner"], self.lang), row["component"],
                *(self._or_dash(row[one], 3) for one in _DUES),
            ]
            for row in table.iter_rows(named=True)
        ]  # fmt: skip
        if rows:
            self.line("")
            self.table(
                [tr("owner"), tr("component"), tr("owed before, t"), tr("returnable, t"), tr("returned, t"),
                 tr("owed now, t")],
                rows,
            )  # fmt: skip

    def _lots(self, model: ChainModel, table: pl.DataFrame) -> None:
        for row in table.iter_rows(named=True):
            self.line("! " + lot_words(model, row, self.text))

    def _share(self, value: float | None, sd: float | None) -> str:
        if value is None:
            return "–"
        return f"{self.text.percent(value)} ± {self.text.percent(half_width(sd))}"

    def _or_dash(self, value: float | None, digits: int = 1) -> str:
        return "–" if value is None else self.text.number(value, digits)


STOCK_HEADS = (tr("opening {component}, t"), tr("closing {component}, t"), tr("change, t"))


def _plain(one: PeriodStage, late: Late | None) -> dict[str, Any]:
    """A stage for JSON."""

    def signed(by: Signed | None) -> dict[str, Any] | None:
        return None if by is None else {"person": by.person, "name": by.name, "at": by.at, "record": by.record}

    versions = [
        {
            "number": each.number, "cut": each.cut, "content": each.content, "reason": each.reason,
            "drawn": signed(each.drawn), "approved": signed(each.approved),
        }
        for each in (*one.versions, *([one.draft] if one.draft else []))
    ]  # fmt: skip
    return {"stage": one.stage, "versions": versions, "void": list(one.void),
            "late": 0 if late is None else late.records.height}  # fmt: skip


def _titles(model: ChainModel, lang: str, row: Mapping[str, Any]) -> list[str]:
    """What a dependent figure is about, and whose it is."""
    return [model.title(row[name], lang) for name in ("name", "owner") if row[name]]
