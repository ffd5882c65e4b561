"""Investigations over a chain: offered by the balance, opened, added to, signed off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from zveno.chain.closing import Closing
from zveno.chain.evidence import keep_evidence, read_evidence
from zveno.chain.signed import Over, last_seen, sign_over
from zveno.close import Books
from zveno.close.investigations import (
    CLOSED,
    NOTED,
    OPENED,
    Investigation,
    investigations,
    require_closable,
    require_open,
)
from zveno.close.proposals import proposals
from zveno.errors import DataError, StoreError, some_names
from zveno.log import Draft, Signer
from zveno.model.checks import near_match
from zveno.reconcile import Balance

_ALLOWED = 1.959963984540054
SuggestionKind = Literal["discrepancy", "unaccounted", "suspects", "swap", "step", "stock"]


@dataclass(frozen=True)
class Suggestion:
    """Something that the balance would have looked into.

    Parameters
    ----------
    key
        Name of it, the same as long as the same thing is off: ``discrepancy/mill/Cu``.
    rows
        Rows of the table of the balance that say so: one, or the members of a class.
    checks
        (stream, quantity) whose reading would tell apart what may be wrong, the best first.
    already
        Number of the open investigation about it; None if there is none.
    """

    kind: SuggestionKind
    key: str
    rows: tuple[Mapping[str, Any], ...]
    checks: tuple[tuple[str, str], ...] = ()
    already: int | None = None


@dataclass(frozen=True)
class Question:
    """What is to be looked into.

    Parameters
    ----------
    about
        Key of a suggestion of the balance; empty for a free question.
    owner
        Person of the register who looks into it.
    due
        Last day for that.
    """

    period: str
    owner: str
    due: date
    about: str = ""
    text: str = ""
    files: tuple[Path, ...] = ()
    figures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Added:
    """What is added to an investigation: words, evidence, the outcome (by its owner), another owner or day."""

    text: str = ""
    outcome: str = ""
    owner: str = ""
    due: date | None = None
    files: tuple[Path, ...] = ()
    figures: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Investigating:
    """Investigations over a chain's close."""

    closing: Closing

    def all(self) -> tuple[Investigation, ...]:
        """Every investigation, in the order of opening."""
        return tuple(investigations(enumerate(self.closing.log.records)).values())

    def get(self, number: int) -> Investigation:
        """One by its number.

        Raises
        ------
        DataError
            If there is none.
        """
        found = investigations(enumerate(self.closing.log.records)).get(number)
        if found is None:
            raise DataError("record {number} of the log opens no investigation: zveno investigate list", number=number)
        return found

    def suggest(self, period: str) -> tuple[Suggestion, ...]:
        """What the balance of a period would have looked into, the allowances of the meters considered."""
        span = self.closing.chain.period(period)
        balance = self.closing.chain.reconcile(span)
        books = self.closing.chain.books(span, None, balance)
        opened = {one.about: one.number for one in self.all() if one.closed is None and one.period == span.name}
        return tuple(
            Suggestion(one.kind, one.key, one.rows, one.checks, opened.get(one.key))
            for one in (*_discrepancies(books), *_unaccounted(balance), *_suspects(balance), *_others(balance),
                        *self._stocks(span.name))
        )  # fmt: skip

    def open(self, asked: Question, signer: Signer, at: datetime) -> Investigation:
        """Open an investigation.

        Raises
        ------
        DataError
            If the owner is not in the register, the day has passed, the balance does not say what it is about, or it
            is open already.
        ConflictError
            If somebody else opened the same one meanwhile.
        StoreError
            If the person may not sign, or the disk refuses.
        """
        span = self.closing.chain.period(asked.period)
        subject = f"investigation/{span.name}/{asked.about or asked.text}"
        seen = last_seen(self.closing, subject)
        self.require_openable(asked, at.date())
        suggested = self._suggested(span.name, asked.about) if asked.about else None
        body = {
            "period": span.name, "about": asked.about, "question": asked.text.strip(), "owner": asked.owner,
            "due": asked.due.isoformat(), "figures": self._figures(span.name, asked.figures),
            "found": {"rows": [_plain(row) for row in suggested.rows]} if suggested else {},
            "checks": [list(one) for one in suggested.checks] if suggested else [],
        }  # fmt: skip
        draft = Draft(OPENED, body, at, keep_evidence(self.closing.folder, read_evidence(asked.files)))
        return self.get(sign_over(self.closing, signer, draft, Over("investigation", subject, seen)))

    def require_openable(self, asked: Question, today: date) -> None:
        """Refuse what cannot be opened, before the pass-phrase is asked for.

        Raises
        ------
        DataError
            As ``open``.
        """
        self._require_person(asked.owner)
        if asked.due < today:
            raise DataError("{due} has passed: give a later day", due=asked.due)
        if not asked.about and not asked.text.strip():
            raise DataError("say what is to be looked into: --about KEY of zveno investigate suggest, or --question")
        name = self.closing.chain.period(asked.period).name
        for one in self.all():
            if asked.about and (one.period, one.about) == (name, asked.about) and one.closed is None:
                raise DataError("'{key}' is looked into already: investigation {n}", key=asked.about, n=one.number)

    def add(self, number: int, added: Added, signer: Signer, at: datetime, seen: int | None = None) -> Investigation:
        """Add words, evidence, an outcome, another owner or day; ``seen`` as for proposals.

        Raises
        ------
        DataError
            If it is closed, the outcome is told by somebody else than its owner, or nothing is added.
        ConflictError, StoreError
            As ``open``.
        """
        found = require_open(investigations(enumerate(self.closing.log.records)), number)
        if added.outcome and signer.person != found.owner:
            raise DataError(
                "the outcome of investigation {number} is told by its owner, '{owner}'",
                number=number,
                owner=found.owner,
            )
        if added.owner:
            self._require_person(added.owner)
        if added == Added():
            raise DataError("nothing is added: give words, a file, a figure, an outcome, an owner or a day")
        body = {
            "of": number, "text": added.text.strip(), "outcome": added.outcome.strip(), "owner": added.owner,
            "due": added.due.isoformat() if added.due else "", "figures": self._figures(found.period, added.figures),
        }  # fmt: skip
        draft = Draft(NOTED, body, at, keep_evidence(self.closing.folder, read_evidence(added.files)))
        return self._after(number, draft, signer, seen)

    def close(self, number: int, signer: Signer, at: datetime, seen: int | None = None) -> Investigation:
        """Sign an investigation off: accept the outcome that its owner told.

        Raises
        ------
        DataError
            If it has no outcome, is closed, or the person owns it.
        ConflictError, StoreError
            As ``open``.
        """
        found = self.require_closable(number, signer.person)
        closed = self._after(number, Draft(CLOSED, {"of": number, "outcome": found.outcome}, at), signer, seen)
        if closed.closed is None:
            raise StoreError("investigation {number} was changed by somebody else meanwhile: look again", number=number)
        return closed

    def require_closable(self, number: int, person: str) -> Investigation:
        """An investigation that a person can sign off: asked before the pass-phrase is."""
        found = require_open(investigations(enumerate(self.closing.log.records)), number)
        require_closable(found, person)
        return found

    def seen(self, number: int) -> int:
        """Last entry of the ledger about an investigation."""
        return last_seen(self.closing, f"investigation/{number}")

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _after(self, number: int, draft: Draft, signer: Signer, seen: int | None) -> Investigation:
        """An investigation after one more act on it."""
        over = Over("investigation", f"investigation/{number}", self.seen(number) if seen is None else seen)
        sign_over(self.closing, signer, draft, over)
        return self.get(number)

    def _require_person(self, person: str) -> None:
        known = self.closing.log.register.persons
        if person not in known:
            raise DataError(
                "there is no person '{person}': zveno person list shows them", person=person,
                near=near_match(person, known),
            )  # fmt: skip

    def _suggested(self, period: str, key: str) -> Suggestion:
        found = {one.key: one for one in self.suggest(period)}
        if key not in found:
            raise DataError(
                "the balance of {period} says nothing of '{key}'; it does of {keys}",
                period=period, key=key, keys=some_names(list(found)) or "–",
            )  # fmt: skip
        return found[key]

    def _stocks(self, period: str) -> Iterator[Suggestion]:
        """Stocks that were counted beyond both errors."""
        for one in proposals(enumerate(self.closing.log.records)).values():
            for row in one.body.get("differences", ()) if one.period == period and one.state != "refused" else ():
                if row["status"] == "beyond":
                    yield Suggestion("stock", f"stock/{row['stock']}/{row['component']}", (row,))

    def _figures(self, period: str, wanted: Sequence[str]) -> list[dict[str, Any]]:
        """Figures of the version in force, or of the balance as it is now: value, version, what it was made from."""
        if not wanted:
            return []
        version = self.closing.stage(period).closed
        if version is not None:
            tables: Mapping[str, pl.DataFrame] = self.closing.frozen(version).tables
            origin = {"version": version.number, "content": version.content, "known": version.cut.isoformat()}
        else:
            results = self.closing.chain.results(period)
            tables = {name: one for name, one in vars(results).items() if isinstance(one, pl.DataFrame)}
            tables = {**tables, **self.closing.books(period).tables()}
            made = results.provenance.data_hash
            origin = {"version": 0, "content": made, "known": self.closing.chain.now().isoformat()}
        return [{"figure": one, "value": figure(tables, one), **origin} for one in wanted]


def figure(tables: Mapping[str, pl.DataFrame], name: str) -> float | str | None:
    """A figure of a period by its name: table, keys, column, as in ``discrepancies/mill/Cu/difference_t``.

    Raises
    ------
    DataError
        If there is no such figure, or several.
    """
    table, *keys, column = name.split("/") if name.count("/") else (name, "")
    rows = tables.get(table)
    if rows is None or column not in rows.columns:
        raise DataError(
            "there is no figure '{name}': write TABLE/KEY/.../COLUMN, such as flows/STREAM/COMPONENT/mass_t", name=name,
            near=near_match(table, tables) if rows is None else near_match(column, rows.columns),
        )  # fmt: skip
    text = [one for one in rows.columns if rows[one].dtype == pl.String and one not in ("period", column)]
    for key, value in zip(text, keys, strict=False):
        rows = rows.filter(pl.col(key) == value)
    if rows.height != 1:
        raise DataError(
            "'{name}' names {n} figures: its keys are {keys}", name=name, n=rows.height, keys=", ".join(text)
        )
    found = rows[column].item()
    return found if isinstance(found, (int, float)) or found is None else str(found)


# ---- what the balance offers -----------------------------------------------------------------------------------------


def _discrepancies(books: Books) -> Iterator[Suggestion]:
    for row in books.discrepancies.filter(pl.col("status") == "beyond").iter_rows(named=True):
        yield Suggestion("discrepancy", f"discrepancy/{row['plant']}/{row['component']}", (row,))


def _unaccounted(balance: Balance) -> Iterator[Suggestion]:
    off = balance.unaccounted.filter(pl.col("mass_t").abs() > _ALLOWED * pl.col("mass_sd_t"), pl.col("plant") != "")
    for row in off.iter_rows(named=True):
        yield Suggestion("unaccounted", f"unaccounted/{row['plant']}/{row['component']}", (row,))


def _suspects(balance: Balance) -> Iterator[Suggestion]:
    classes = balance.result.suspect_classes
    for (number,), rows in balance.suspects.group_by("class_id", maintain_order=True):
        members = tuple(rows.iter_rows(named=True))
        first = members[0]
        name = first["meter"] or first["name"] or first["stream"]
        at = int(str(number)) - 1
        checks = classes[at].checks if at < len(classes) else ()
        yield Suggestion("suspects", f"suspects/{name}/{first['quantity']}", members, checks)


def _others(balance: Balance) -> Iterator[Suggestion]:
    for row in balance.swaps.filter(pl.col("status") == "swapped").iter_rows(named=True):
        yield Suggestion("swap", f"swap/{row['first_meter']}/{row['second_meter']}", (row,))
    for row in balance.scale_steps.iter_rows(named=True):
        yield Suggestion("step", f"step/{row['meter']}", (row,))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON."""
    return {name: one.isoformat() if isinstance(one, (date, datetime)) else one for name, one in row.items()}
