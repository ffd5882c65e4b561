"""How what does not fit is shown on a screen: suspects, swapped samples, balances at the readings."""

from __future__ import annotations

from typing import Any

import polars as pl

from zveno.chain import Balance, ChainModel, Drifts, LastingErrors, MonthResults
from zveno.cli.screen import Screen
from zveno.reports import (
    counter_words,
    detectable,
    half_width,
    pair_words,
    place_words,
    step_words,
    stream_title,
    suspect_name,
    swap_words,
)
from zveno.text.mark import tr
from zveno.text.words import QUANTITIES

_MOST_CLASSES = 6
_MOST_NAMES = 6
_MOST_PAIRS = 4
_MOST_ROWS = 12
_MOST_OF_A_CLASS = 12


class DoubtedAnswers(Screen):
    """A screen that knows how doubts about readings are shown."""

    def suspects(self, model: ChainModel, balance: Balance | MonthResults) -> None:
        """Suspects by class, or that there are none."""
        if balance.suspects.is_empty():
            self.say(tr("suspects: none"))
            self._unseen(model, balance.adjustments)
        classes = [rows for _, rows in balance.suspects.group_by("class_id", maintain_order=True)]
        for rows in classes[:_MOST_CLASSES]:
            names = self._names([self._suspect(model, row) for row in rows.iter_rows(named=True)])
            if rows.height == 1:
                self.say(tr("suspect: {name}"), name=names)
            else:
                self.say(tr("suspects that these data cannot tell apart: {names}"), names=names)
        if len(classes) > _MOST_CLASSES:
            more = len(classes) - _MOST_CLASSES
            self.line(
                self.text.count("and {n} class more: see the report", "and {n} classes more: see the report", more)
            )
        read = set(balance.adjustments.select("stream", "quantity").iter_rows())
        for place in balance.separating:
            self.say(
                tr("to tell them apart, check {quantity} of {stream} by other means")
                if place in read
                else tr("to tell them apart, measure {quantity} of {stream}"),
                quantity=self._quantity_name(place[1]),
                stream=stream_title(model, place[0], self.text),
            )

    def asked(self, model: ChainModel, errors: pl.DataFrame) -> None:
        """What was in question beforehand."""
        for row in errors.filter("asked").iter_rows(named=True):
            if row["z"] is None:
                self.say(tr("in question, {name}: not tested, {reason}"),
                         name=self._lasting_name(model, row), reason=self.text.retold(row["reason"]))  # fmt: skip
                continue
            self.say(
                tr("in question, {name}: {size} %, beyond chance")
                if row["off"]
                else tr("in question, {name}: {size} %, within chance; {least} % would show"),
                name=self._lasting_name(model, row),
                size=self.measured(row["size_frac"], row["size_sd_frac"], 100),
                least=self.text.percent(row["shows_from_frac"], 1),
            )

    def together(self, model: ChainModel, balance: Balance) -> None:
        """Several errors that explain the readings together."""
        if balance.gross_errors.height > 1:
            rows = balance.gross_errors.iter_rows(named=True)
            self.say(
                tr("several errors together would explain the readings: {names}"),
                names=self._names([self._sized(model, row) for row in rows]),
            )
        gone = balance.eliminations.filter(pl.col("action") == "screened out")
        for row in gone.iter_rows(named=True):
            self.say(
                tr("set aside by the robust screen: {name}, {z} standard deviations off"),
                name=suspect_name(model, row, self.text), z=self.text.number(abs(row["z"]), 1),
            )  # fmt: skip

    def off_balances(self, model: ChainModel, balance: Balance) -> None:
        """Balances that are off at the readings by more than chance allows."""
        for row in balance.balance_tests.filter("off").iter_rows(named=True):
            self.say(
                tr("balance at the readings, {place}, {quantity}: in less out {value} t"),
                place=place_words(model, row["place"], self.text),
                quantity=self._quantity_name(row["quantity"]),
                value=self.measured(row["residual_t"], row["residual_sd_t"]),
            )

    def scale_steps(self, model: ChainModel, scale_steps: pl.DataFrame) -> None:
        """Scales that step away from their fellows."""
        for row in scale_steps.iter_rows(named=True):
            self.line(step_words(model, row, self.text))

    def counters(self, model: ChainModel, counters: pl.DataFrame) -> None:
        """Rollovers and faults of counters."""
        for row in counters.iter_rows(named=True):
            self.line(counter_words(model, row, self.text))

    def swaps(self, model: ChainModel, swaps: pl.DataFrame, *, unseen: bool = True) -> None:
        """Swapped samples, and pairs of which a swap would not show."""
        for row in swaps.filter(pl.col("status") != "unseen").iter_rows(named=True):
            self.line(swap_words(model, row, self.text))
        hidden = swaps.filter(pl.col("status") == "unseen")
        if unseen and hidden.height:
            pairs = [f"{row['first_meter']}/{row['second_meter']}" for row in hidden.iter_rows(named=True)]
            names = pair_words(model, ", ".join(pairs[:_MOST_PAIRS]), self.text)
            if len(pairs) > _MOST_PAIRS:
                names = self.text(tr("{names} and {n} more"), names=names, n=len(pairs) - _MOST_PAIRS)
            self.say(tr("samples so alike that a swap of one shift would not show: {names}"), names=names)

    def lasting(self, model: ChainModel, found: LastingErrors, *, as_json: bool) -> None:
        """Errors that last, class by class; those beyond the limit, or from which size on some would show."""
        if as_json:
            content = {"periods": list(found.periods), "limit": found.limit, "lasting_errors": found.errors.to_dicts()}
            self.json(content)
            return
        self.line(self.text.count("{n} period tested together", "{n} periods tested together", len(found.periods)))
        self.asked(model, found.errors)
        loud = found.errors.filter(pl.col("class_id").is_in(found.errors.filter("off")["class_id"].unique().to_list()))
        if loud.is_empty():
            self.say(tr("errors that last: none"))
            tested = found.errors.filter(pl.col("class_id").is_not_null())
            self._lasting_table(model, tested.unique("class_id", keep="first", maintain_order=True).head(_MOST_ROWS))
            return
        for (_,), rows in loud.group_by("class_id", maintain_order=True):
            names = self._names([self._lasting_name(model, row) for row in rows.iter_rows(named=True)])
            self.say(tr("an error that lasts, since {since}: {names}"), since=rows["since"][0], names=names)
        self._lasting_table(model, loud)

    def _lasting_table(self, model: ChainModel, errors: pl.DataFrame) -> None:
        """Sizes of errors, and from which size on they would show."""
        rows = [
            [
                self._lasting_name(model, row),
                self.measured(row["size_frac"], row["size_sd_frac"], 100),
                self.text.number(row["z"], 2),
                self.text.percent(row["shows_from_frac"], 1),
            ]
            for row in errors.iter_rows(named=True)
        ]
        self.table([tr("if this alone errs"), tr("error, %"), "z", tr("shows from, %")], rows)

    def _lasting_name(self, model: ChainModel, row: dict[str, Any]) -> str:
        """A meter, or an error that several share by name."""
        quantity = f" ({self._quantity_name(row['quantity'])})" if row["quantity"] else ""
        if row["name"] in model.titles:
            return f"{model.title(row['name'], self.lang)}{quantity}"
        return self.text(tr("common error '{name}'"), name=row["name"]) + quantity

    def _names(self, names: list[str]) -> str:
        """Several names in a row, the first of them where they are many."""
        shown = ", ".join(names[:_MOST_NAMES])
        if len(names) <= _MOST_NAMES:
            return shown
        return self.text(tr("{names} and {n} more"), names=shown, n=len(names) - _MOST_NAMES)

    def _unseen(self, model: ChainModel, adjustments: pl.DataFrame) -> None:
        """From which size on an error of one scale of ore, feeds or products alone would show."""
        names = [
            f"{model.title(row['meter'], self.lang)} {self.text.percent(row['share_frac'], 0)} %"
            for row in detectable(model, adjustments).iter_rows(named=True)
        ]
        if names:
            self.say(
                tr("an error of one scale alone would show, four times out of five, from: {names}"),
                names="; ".join(names),
            )

    def _suspect(self, model: ChainModel, row: dict[str, Any]) -> str:
        """A suspect with the size of its error, were it alone wrong."""
        if row["kind"] != "reading":
            return self._sized(model, row)
        name = " + ".join(model.title(one, self.lang) for one in row["meter"].split("+"))
        if row["stream"] not in model.titles:  # a stock at one end of the period
            name = f"{name}, {stream_title(model, row['stream'], self.text)}"
        quantity, size = self._quantity_name(row["quantity"]), row["bias_rel_frac"]
        if size is None:
            return f"{name} ({quantity})"
        return self.text(
            tr("{name} ({quantity}: {size} % if it alone is wrong)"),
            name=name, quantity=quantity, size=self._signed(size),
        )  # fmt: skip

    def _sized(self, model: ChainModel, row: dict[str, Any]) -> str:
        """A suspect with its size."""
        name = suspect_name(model, row, self.text)
        if row["kind"] == "loss":
            return f"{name}: {self.measured(row['bias'], row['bias_sd'])} {self.text('t')}"
        return name if row["bias_rel_frac"] is None else f"{name}: {self._signed(row['bias_rel_frac'])} %"

    def _signed(self, fraction: float) -> str:
        """Per cent with its sign."""
        return f"{'+' if fraction > 0 else ''}{self.text.percent(fraction, 1)}"

    def _quantity_name(self, quantity: str) -> str:
        """Name of a quantity; a component keeps its symbol."""
        return self.text(QUANTITIES.get(quantity, quantity))

    def drifts(self, model: ChainModel, found: Drifts, *, as_json: bool) -> None:
        """Errors that last from a day or hour on, a sentence a class; the likeliest of a class first."""
        if as_json:
            periods = {"periods": list(found.periods), "checked": list(found.checked)}
            self.json(periods | {"drifts": found.errors.to_dicts()})
            return
        if found.errors.is_empty():
            count = len(found.checked)
            self.line(self.text.count("no lasting error over {n} period", "no lasting error over {n} periods", count))
        for _, rows in found.errors.group_by("class_id", maintain_order=True):
            names = [self._drifting(model, row) for row in rows.head(_MOST_OF_A_CLASS).iter_rows(named=True)]
            since = {name: rows[name][0] for name in ("since", "since_first", "since_last")}
            p = self.chance(rows["p_value"][0])
            if rows.height == 1:
                self.say(tr("off since {since} (between {since_first} and {since_last}), p {p}: {name}"),
                         name=names[0], p=p, **since)  # fmt: skip
            else:
                self.say(
                    tr("one of these is off since {since} (between {since_first} and {since_last}), p {p}, and these "
                       "data cannot tell which: {names}"),
                    names="; ".join(names), p=p, **since,
                )  # fmt: skip
            if rows.height > _MOST_OF_A_CLASS:
                more = rows.height - _MOST_OF_A_CLASS
                self.line(self.text.count(
                    "and {n} more, further beyond what is described", "and {n} more, further beyond what is described",
                    more,
                ))  # fmt: skip

    def _drifting(self, model: ChainModel, row: dict[str, Any]) -> str:
        """A meter with the size of its error, were it alone off."""
        name = " + ".join(model.title(one, self.lang) for one in row["meter"].split("+"))
        name = f"{name} {row['component']}".rstrip()
        size = f"{'+' if row['bias_rel_frac'] > 0 else ''}{self.text.percent(row['bias_rel_frac'], 1)}"
        margin = self.text.percent(half_width(row["bias_rel_sd_frac"]), 1)
        if row["limit_rel_frac"] is None:
            return self.text(tr("{name} {size} % ± {margin} %"), name=name, size=size, margin=margin)
        limit = self.text.percent(row["limit_rel_frac"], 1)
        return self.text(
            tr("{name} {size} % ± {margin} % (described: up to {limit} %)"),
            name=name,
            size=size,
            margin=margin,
            limit=limit,
        )
