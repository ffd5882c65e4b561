"""Whose metal it is: by stream with its check against the physical mass, by owner, and what contracts return."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import polars as pl

from zveno.reports.document import (
    Block,
    Calc,
    Cell,
    Column,
    Expr,
    Heading,
    Kind,
    Paragraph,
    Ref,
    Row,
    TableBlock,
    Total,
    measured,
)
from zveno.reports.parts.words import words
from zveno.reports.shown import MASS
from zveno.reports.streams import stream_title
from zveno.reports.workbook.given import PeriodBooks
from zveno.reports.workbook.raw import RAW, RawRows
from zveno.reports.workbook.reconciled import grade_ref, mass_ref
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr

OWNERS, PARTS, ACCOUNTS, RETURNS, DUES = "owners", "owner_parts", "accounts", "returns", "dues"
_LINES = {
    "opening": tr("Opening stock"), "received": tr("Received"), "delivered": tr("Delivered"), "lost": tr("Lost"),
    "closing": tr("Closing stock"),
}  # fmt: skip


def _owner(given: PeriodBooks, owner: str, text: Catalogue) -> str:
    """Name of an owner; of the company itself where the description names none."""
    return given.model.title(owner, text.lang) if given.model.chain.owners else text("the company's own")


def owners_part(given: PeriodBooks, text: Catalogue) -> list[Block]:
    """Metal of each owner in every stream; the sum of owners less the physical mass is the check."""
    owners = list(dict.fromkeys(given.books.owner_flows["owner"]))
    by_place: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in given.books.owner_flows.iter_rows(named=True):
        by_place[row["stream"], row["component"]][row["owner"]] = row
    rows = []
    for (stream, component), found in by_place.items():
        key = f"{stream}|{component}"
        mine = {one: _mass(found[one], text) for one in owners if one in found}
        known = all(one["mass_t"] is not None for one in found.values())
        apart = Calc("-", Ref(OWNERS, key, "sum"), Ref(OWNERS, key, "physical"))
        whole = Total(tuple(Ref(OWNERS, key, one) for one in mine))
        rows.append(Row(key, {
            "stream": words(stream_title(given.model, stream, text)), "component": words(component), **mine,
            "sum": Cell(formula=whole if known else None, word="–"),
            "physical": Cell(formula=mass_ref(stream, component), word="–"),
            "check": Cell(formula=apart if known else None, word="–"),
        }))  # fmt: skip
    columns = (
        Column("stream", text("Stream"), broad=True),
        Column("component", text("Component")),
        *(Column(one, _owner(given, one, text), Kind.MASS, paired=True) for one in owners),
        Column("sum", text("Sum of owners"), Kind.MASS, digits=3),
        Column("physical", text("Physical mass"), Kind.MASS, digits=3),
        Column("check", text("Check: owners − physical"), Kind.MASS, digits=6),
    )
    return [
        Heading("owners", text("Metal by owner"), text("Owners")),
        Paragraph(text(
            "A second view of the same balance. Whose metal it is within a plant is a calculation: day by day, each "
            "stage mixes what comes in with what lies there, and its losses carry the same mixture. Where nobody tells "
            "whose the stocks were at the beginning, what depends on it is given by its limits."
        )),
        TableBlock(OWNERS, "", columns, tuple(rows)),
    ]  # fmt: skip


def accounts_part(given: PeriodBooks, text: Catalogue) -> list[Block]:
    """What each owner had, received, got, lost and has left, and the lines that make it."""
    table = given.books.owner_accounts.filter(pl.col("line") != "left")
    parts = tuple(_part_row(given, row, text) for row in table.iter_rows(named=True))
    sums = tuple(_account_rows(given, text))
    columns = (
        Column("owner", text("Owner")),
        Column("component", text("Component")),
        *(Column(line, text(title), Kind.MASS, digits=3) for line, title in _LINES.items()),
        Column("check", text("Check: opening + received − delivered − lost − closing"), Kind.MASS, digits=6),
    )
    detail = (
        Column("owner", text("Owner")),
        Column("component", text("Component")),
        Column("line", text("Line")),
        Column("stream", text("Stream"), broad=True),
        Column("mass", text("Mass"), Kind.MASS, paired=True),
    )
    return [
        Heading("accounts", text("Accounts of owners"), text("Accounts of owners")),
        TableBlock(ACCOUNTS, text("Accounts of owners"), columns, sums),
        TableBlock(PARTS, text("Lines of the accounts"), detail, parts),
    ]


def _part_key(row: dict[str, Any]) -> str:
    return f"{row['owner']}|{row['component']}|{row['line']}|{row['stream']}"


def _part_row(given: PeriodBooks, row: dict[str, Any], text: Catalogue) -> Row:
    streams = " + ".join(stream_title(given.model, one, text) for one in row["stream"].split("+") if one)
    return Row(_part_key(row), {
        "owner": words(_owner(given, row["owner"], text)), "component": words(row["component"]),
        "line": words(text(_LINES[row["line"]])), "stream": words(streams),
        "mass": _mass(row, text),
    })  # fmt: skip


def _mass(row: dict[str, Any], text: Catalogue) -> Cell:
    """An owner's metal; its limits where it is unobservable."""
    word = text("unobservable")
    if row["mass_t"] is None and row["low_t"] is not None and row["high_t"] is not None:
        word = f"{text.number(row['low_t'], 1)} … {text.number(row['high_t'], 1)}"
    return measured(row["mass_t"], row["mass_sd_t"], Kind.MASS, word=word)


def _account_rows(given: PeriodBooks, text: Catalogue) -> Iterator[Row]:
    for (owner, component), part in given.books.owner_accounts.group_by("owner", "component", maintain_order=True):
        key = f"{owner}|{component}"
        lines: dict[str, Expr] = {
            line: Total(tuple(
                Ref(PARTS, _part_key(row), "mass") for row in part.filter(pl.col("line") == line).iter_rows(named=True)
            ))
            for line in _LINES
        }  # fmt: skip
        known = {line: not part.filter(pl.col("line") == line)["mass_t"].null_count() for line in _LINES}
        cells = {
            line: Cell(formula=formula if known[line] else None, word=text("unobservable"))
            for line, formula in lines.items()
        }  # fmt: skip
        opening, received, delivered, lost, closing = (Ref(ACCOUNTS, key, line) for line in _LINES)
        left = Calc("-", Calc("-", Calc("-", Calc("+", opening, received), delivered), lost), closing)
        named = {"owner": words(_owner(given, str(owner), text)), "component": words(str(component))}
        yield Row(key, {**named, **cells, "check": Cell(formula=left if all(known.values()) else None, word="–")})


# ---- contracts -------------------------------------------------------------------------------------------------------


def contracts_part(given: PeriodBooks, rows: RawRows, text: Catalogue) -> list[Block]:
    """Returnable metal by the terms in force, what was handed over, and what is owed."""
    returns = (
        Column("owner", text("Owner")),
        Column("contract", text("Contract")),
        Column("component", text("Component")),
        Column("stream", text("Received"), broad=True),
        Column("received", text("Dry mass received"), Kind.MASS, digits=3),
        Column("grade", text("Grade"), Kind.FRACTION, digits=4),
        Column("deduct", text("Deduction"), Kind.FRACTION, digits=4),
        Column("recovery", text("Returned by contract"), Kind.FRACTION, digits=2),
        Column("returnable", text("Returnable metal"), Kind.MASS, paired=True),
        Column("status", text("Status")),
    )
    dues = (
        Column("owner", text("Owner")),
        Column("component", text("Component")),
        Column("opening", text("Owed before"), Kind.MASS, digits=3),
        Column("returnable", text("Returnable metal"), Kind.MASS, digits=3),
        Column("returned", text("Handed over"), Kind.MASS, digits=3),
        Column("closing", text("Owed now"), Kind.MASS, digits=3),
        Column("physical", text("Lies in stocks"), Kind.MASS, digits=3),
        Column("gain", text("Kept or added by the processor"), Kind.MASS, digits=3),
    )
    none = text("No owner has a contract.")
    return [
        Heading("contracts", text("Contracts"), text("Contracts")),
        Paragraph(text("Returnable metal = dry mass × (grade − deduction) × share by contract.")),
        TableBlock(RETURNS, text("Returnable metal"), returns, tuple(_return_rows(given, text)), empty=none),
        TableBlock(DUES, text("Metal owed"), dues, tuple(_due_rows(given, rows, text)), empty=none),
    ]


_STATUS = {
    "by contract": tr("by contract"), "no terms in force": tr("no terms in force"), "unobservable": tr("unobservable"),
}  # fmt: skip


def _return_rows(given: PeriodBooks, text: Catalogue) -> Iterator[Row]:
    unknown = text("unobservable")
    for row in given.books.owner_returns.iter_rows(named=True):
        stream, component = row["stream"], row["component"]
        key = f"{row['owner']}|{component}|{stream}"
        received, grade, deduct, recovery = (
            Ref(RETURNS, key, one) for one in ("received", "grade", "deduct", "recovery")
        )
        due = Calc("*", recovery, Calc("*", received, Calc("-", grade, deduct)))
        yield Row(key, {
            "owner": words(_owner(given, row["owner"], text)), "contract": words(row["contract"]),
            "component": words(component), "stream": words(stream_title(given.model, stream, text)),
            "received": Cell(row["received_t"], formula=mass_ref(stream, MASS), word=unknown),
            "grade": Cell(row["grade_frac"], formula=grade_ref(stream, component), word=unknown),
            "deduct": Cell(row["deduct_frac"], word="–"), "recovery": Cell(row["recovery_frac"], word="–"),
            "returnable": measured(row["returnable_t"], row["returnable_sd_t"], Kind.MASS, word=unknown, formula=due),
            "status": words(text(_STATUS[row["status"]])),
        })  # fmt: skip


def _due_rows(given: PeriodBooks, rows: RawRows, text: Catalogue) -> Iterator[Row]:
    for row in given.books.owner_dues.iter_rows(named=True):
        owner, component = row["owner"], row["component"]
        key = f"{owner}|{component}"
        mine = given.books.owner_returns.filter(pl.col("owner") == owner, pl.col("component") == component)
        due = Total(tuple(Ref(RETURNS, f"{owner}|{component}|{one}", "returnable") for one in mine["stream"]))
        opening, returnable, returned = (Ref(DUES, key, one) for one in ("opening", "returnable", "returned"))
        owed: Expr = Calc("+", opening, returnable)
        if row["returned_t"] is not None:
            owed = Calc("-", owed, returned)
        received, lost = (Ref(ACCOUNTS, key, line) for line in ("received", "lost"))
        unknown = text("unobservable")
        yield Row(key, {
            "owner": words(_owner(given, owner, text)), "component": words(component),
            "opening": Cell(row["opening_due_t"]),
            "returnable": Cell(row["returnable_t"], formula=due, word=unknown),
            "returned": Cell(row["returned_t"], formula=_handed_over(given, rows, owner, component),
                             word=text("no reading")),
            "closing": Cell(row["closing_due_t"], formula=owed, word=unknown),
            "physical": _unless_unknown(row["physical_t"], Ref(ACCOUNTS, key, "closing")),
            "gain": _unless_unknown(row["gain_t"], Calc("-", Calc("-", received, lost), returnable)),
        })  # fmt: skip


def _unless_unknown(value: float | None, formula: Expr) -> Cell:
    """A figure with its formula; none of it where a part is unobservable."""
    return Cell(value, formula=None if value is None else formula, word="–")


def _handed_over(given: PeriodBooks, rows: RawRows, owner: str, component: str) -> Expr | None:
    """The readings of the meters that weigh what is handed over."""
    contract = next((one.contract for one in given.model.chain.owners if one.id == owner), None)
    meters = contract.returned.get(component, ()) if contract else ()
    start, end = given.results.period.instants
    refs = tuple(
        Ref(RAW, str(k), "value")
        for k, row in enumerate(rows.rows)
        if row["point"] in meters and row["quantity"] == MASS and row["start"] >= start and row["end"] <= end
    )
    return Total(refs) if refs else None
