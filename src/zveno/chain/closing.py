"""Closing a period: drawn up by one person, approved by another, restated with a reason; each version kept whole."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from zveno.chain.entered import enter_approved, records_until
from zveno.chain.facade import Chain, load
from zveno.chain.gate import Obstacle, Question, authorised_by, obstacles, require_clear
from zveno.chain.kept import description_of, same_description
from zveno.close import Books, Carried
from zveno.close.dependants import dependants
from zveno.close.investigations import Investigation, investigations
from zveno.close.shares import Share
from zveno.close.steps import PeriodStage, Version, require_approvable, require_drawable, stages
from zveno.errors import DataError, StoreError, refusal
from zveno.log import Draft, Log, Signer
from zveno.log.canonical import Json
from zveno.log.journal import replace_whole
from zveno.periods import Period
from zveno.store.asknown import AsKnown

_DAY_ZERO = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Frozen:
    """A version of a period as it was kept: its tables, and what it takes over and hands on."""

    version: Version
    tables: Mapping[str, pl.DataFrame]
    carried: Carried


@dataclass(frozen=True)
class Late:
    """Values that became known after a period was closed: they wait for a restatement."""

    period: str
    cut: datetime
    records: pl.DataFrame


@dataclass(frozen=True)
class Closing:
    """The close of a chain's periods, with the log of its store.

    Parameters
    ----------
    chain
        The description and its store.
    folder
        Folder of the store; the log lies in ``log``, the versions in ``closed`` inside.
    """

    chain: Chain
    folder: Path

    @cached_property
    def log(self) -> Log:
        """The signed log."""
        return Log(self.folder)

    def stages(self) -> dict[str, PeriodStage]:
        """Stage of every period that was ever drawn up."""
        return stages(enumerate(self.log.records))

    def stage(self, period: str) -> PeriodStage:
        """Stage of a period."""
        return self.stages().get(period, PeriodStage(period))

    def require_drawable(self, period: str, reason: str | None = None) -> str:
        """Kind of record that draws a period up now: asked before anybody is asked for a pass-phrase.

        Raises
        ------
        DataError
            If the period cannot be drawn up at this stage.
        """
        return require_drawable(self.stage(self.chain.period(period).name), reason)

    def require_approvable(self, period: str, person: str) -> Version:
        """The draft that a person could approve now: asked before the pass-phrase is.

        Raises
        ------
        DataError
            If nothing waits, or the person drew it up.
        """
        return require_approvable(self.stage(self.chain.period(period).name), person)[0]

    def obstacles(self, period: str, person: str) -> tuple[Obstacle, ...]:
        """What stands in the way of a close of a period that a person draws up."""
        return obstacles(Question(self.chain, self.log, self.chain.period(period), person))

    def require_clear(self, period: str, person: str) -> None:
        """Refuse, before a pass-phrase is asked for, a close that something stands in the way of.

        Raises
        ------
        DataError
            With every obstacle.
        """
        require_clear(Question(self.chain, self.log, self.chain.period(period), person))

    def draw_up(self, period: str, signer: Signer, at: datetime, reason: str | None = None) -> Version:
        """Draw up the books of a period from all data known now, and sign them; with a reason, restate a closed one.

        Raises
        ------
        DataError
            If the period cannot be drawn up at this stage, something stands in the way, or it has no data.
        StoreError
            If the person may not sign, or the disk refuses: then nothing has changed.
        """
        span = self.chain.period(period)
        kind = self.require_drawable(period, reason)
        self.require_clear(period, signer.person)
        enter_approved(self.chain.store, self.log, lambda: at)
        newest = records_until(self.chain.store, span)["known"].max()
        if isinstance(newest, datetime) and newest > at:
            raise DataError(
                "values of {period} became known on {newest}, after {now}: set the clock of this machine right",
                period=span.name, newest=newest.isoformat(), now=at.isoformat(),
            )  # fmt: skip
        content = self._content(self.chain, span, at)
        digest = self._keep(span.name, content)
        body: dict[str, Json] = {"period": span.name, "cut": at.isoformat(), "model": self.chain.model.hash}
        if looked_into := [one.number for one in self.open_investigations(span.name)]:
            body["investigations"] = looked_into
        if reason is not None:
            body["reason"] = reason.strip()
        authorised = authorised_by(Question(self.chain, self.log, span, signer.person))
        if authorised:
            body["authorised"] = list(authorised)
        self.log.enter(signer, Draft(kind, body, at, {"version.zip": digest}))
        draft = self.stage(span.name).draft
        if draft is None:
            raise StoreError("{period} was closed by somebody else meanwhile: look again", period=span.name)
        return draft

    def approve(self, period: str, signer: Signer, at: datetime) -> Version:
        """Approve what was drawn up: the period is closed, or its new version takes the place of the former one.

        The version is made again from the store and compared first: what is approved is what anybody can make again.

        Raises
        ------
        DataError
            If nothing waits, the person drew it up, something stands in the way, or the version cannot be made again
            to the last digit.
        StoreError
            If the person may not sign, or the disk refuses.
        """
        span = self.chain.period(period)
        draft, kind = require_approvable(self.stage(span.name), signer.person)
        self.require_clear(period, draft.drawn.person)
        differing = self.reproduce(draft)
        if differing:
            raise DataError(
                "the books of {period} do not come out again as they were drawn up: {tables}: draw them up anew",
                period=span.name, tables=", ".join(differing),
            )  # fmt: skip
        body = {"period": span.name, "of": draft.drawn.record, "version": draft.number}
        self.log.enter(signer, Draft(kind, body, at, {"version.zip": draft.content}))
        closed = self.stage(span.name).closed
        if closed is None or closed.content != draft.content:
            raise StoreError("{period} was changed by somebody else meanwhile: look again", period=span.name)
        return closed

    def frozen(self, version: Version) -> Frozen:
        """A version as it was kept.

        Raises
        ------
        StoreError
            If its file is missing, or not what was signed.
        """
        with zipfile.ZipFile(io.BytesIO(self._bytes(version))) as kept:
            names = [one for one in kept.namelist() if one.startswith("tables/")]
            tables = {
                Path(one).stem: pl.read_csv(kept.read(one), infer_schema_length=None, try_parse_dates=True)
                for one in names
            }
            said = json.loads(kept.read("version.json"))
        return Frozen(version, tables, _carried(said["carried"]))

    def reproduce(self, version: Version) -> tuple[str, ...]:
        """Make a version again from the store and the description it was made with; names of what differs."""
        kept = self._bytes(version)
        with zipfile.ZipFile(io.BytesIO(kept)) as old, self.as_made(version) as chain:
            again = self._content(chain, chain.period(version.period), version.cut)
            with zipfile.ZipFile(io.BytesIO(again)) as new:
                names = sorted({*old.namelist(), *new.namelist()})
                return tuple(
                    one for one in names
                    if one not in old.namelist() or one not in new.namelist() or old.read(one) != new.read(one)
                )  # fmt: skip

    def packed(self, version: Version) -> bytes:
        """The file of a version, as it was signed: its tables and its description.

        Raises
        ------
        StoreError
            If it is missing, or not what was signed.
        """
        return self._bytes(version)

    def late(self, period: str) -> Late | None:
        """What became known after the close; None where the period is not closed."""
        span = self.chain.period(period)
        closed = self.stage(span.name).closed
        if closed is None:
            return None
        records = records_until(self.chain.store, span).filter(pl.col("known") > closed.cut)
        return Late(span.name, closed.cut, records)

    def open_investigations(self, period: str) -> tuple[Investigation, ...]:
        """What is still looked into of a period and of those before it: a close names it and carries it over."""
        end = self.chain.period(period).end
        found = investigations(enumerate(self.log.records)).values()
        return tuple(one for one in found if one.closed is None and self.chain.period(one.period).start < end)

    def to_look_at(self, period: str) -> tuple[str, ...]:
        """Closed periods after this one that were drawn up before its version in force: they stand on a former one."""
        span, closed = self.chain.period(period), self.stage(self.chain.period(period).name).closed
        if closed is None or closed.approved is None:
            return ()
        found = [one for one in self.stages().values() if one.closed and one.closed.cut < closed.approved.at]
        return tuple(sorted(one.period for one in found if self.chain.period(one.period).start >= span.end))

    def dependants(self, before: Version, after: Version) -> pl.DataFrame:
        """Table ``dependants``: what stands on a version and is moved by the one that takes its place."""
        old, new = self.frozen(before), self.frozen(after)
        span = self.chain.period(before.period)
        following = next((one for one in self.stages() if self.chain.period(one).start == span.end), "")
        names = (before.period, following or self._following(span))
        return dependants(self.chain.model, (old.tables, new.tables), (old.carried, new.carried), names)

    def books(self, period: str | Period, known: datetime | None = None) -> Books:
        """The books of a period with what the one before handed on; as they were known at a moment, if one is given."""
        span = period if isinstance(period, Period) else self.chain.period(period)
        view = self.chain if known is None else as_known(self.chain, known)
        return view.books(span, self.taken_over(span, known or self.chain.now()))

    def in_force(self, period: str, known: datetime | None = None) -> Version | None:
        """The version that was in force at a moment (None = now)."""
        versions = self.stage(self.chain.period(period).name).versions
        found = [one for one in versions if known is None or (one.approved is not None and one.approved.at <= known)]
        return found[-1] if found else None

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _following(self, span: Period) -> str:
        """Name of the month after a month; empty after any other stretch."""
        if span.kind != "month":
            return ""
        return next(Period(span.end, span.end + timedelta(days=40)).split("month")).name

    def taken_over(self, span: Period, cut: datetime) -> Carried:
        """What the period that ends where this one starts was closed with, as known at a moment."""
        for one in self.stages().values():
            known = [each for each in one.versions if each.approved is not None and each.approved.at <= cut]
            if known and self.chain.period(one.period).end == span.start:
                return self.frozen(known[-1]).carried
        return Carried()

    @contextmanager
    def as_made(self, version: Version) -> Iterator[Chain]:
        """The chain with the description that a version was made with; its store is that of today."""
        with zipfile.ZipFile(io.BytesIO(self._bytes(version))) as old, TemporaryDirectory() as scratch:
            if self._is_of(old):
                yield self.chain
                return
            old.extractall(scratch, [one for one in old.namelist() if one.startswith("description/")])
            yield replace(load(Path(scratch) / "description", store=self.folder), store=self.chain.store)

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _is_of(self, packed: zipfile.ZipFile) -> bool:
        """Whether the chain at hand is the one that a version was packed from: its files and what was read of them."""
        hashes = json.loads(packed.read("version.json"))
        mine = (self.chain.model.hash, self.chain.model.rulebook.hash)
        return (hashes["model"], hashes["rulebook"]) == mine and same_description(self.chain.folder, packed)

    def _content(self, chain: Chain, span: Period, cut: datetime) -> bytes:
        """The file of a version: tables, description, and what it hands on; the same things make the same bytes."""
        view = as_known(chain, cut)
        balance = view.reconcile(span)
        results = view.results(span, balance)
        books = view.books(span, self.taken_over(span, cut), balance)
        tables = {name: one for name, one in vars(results).items() if isinstance(one, pl.DataFrame)} | books.tables()
        files = {f"tables/{name}.csv": one.write_csv().encode() for name, one in tables.items()}
        for path in description_of(chain.folder):
            files[f"description/{path.relative_to(chain.folder).as_posix()}"] = path.read_bytes()
        said = {
            "period": span.name, "cut": cut.isoformat(), "model": chain.model.hash,
            "rulebook": chain.model.rulebook.hash, "data": results.provenance.data_hash,
            "objective": results.objective, "dof": results.dof, "p_value": results.p_value,
            "carried": _said(books.carried),
        }  # fmt: skip
        files["version.json"] = json.dumps(said, ensure_ascii=False, sort_keys=True, indent=1).encode()
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
            for name in sorted(files):
                packed.writestr(zipfile.ZipInfo(name, _DAY_ZERO), files[name], zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def _path(self, period: str, digest: str) -> Path:
        return self.folder / "closed" / period.replace("/", "_") / f"{digest}.zip"

    def _keep(self, period: str, content: bytes) -> str:
        """Keep a version's file under its own hash; a file that nobody signed for does no harm."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(period, digest)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_whole(path, content)
        except OSError as error:
            raise StoreError(
                "the version could not be written to '{path}': {problem}", path=str(path), problem=refusal(error)
            ) from error
        return digest

    def _bytes(self, version: Version) -> bytes:
        path = self._path(version.period, version.content)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StoreError(
                "the file of version {number} of {period} cannot be read: {problem}; restore the store from a backup",
                number=version.number, period=version.period, problem=refusal(error),
            ) from error  # fmt: skip
        if hashlib.sha256(content).hexdigest() != version.content:
            raise StoreError(
                "the file of version {number} of {period} is not what was signed: restore the store from a backup",
                number=version.number, period=version.period,
            )  # fmt: skip
        return content


def as_known(chain: Chain, cut: datetime) -> Chain:
    """The chain with its store as it was known at a moment; nothing that came later is in any answer."""
    return replace(chain, store=AsKnown(chain.store, cut), now=lambda: cut)


def _said(carried: Carried) -> dict[str, list[list[object]]]:
    """What a period hands on, as JSON."""
    return {
        "shares": [[*key, owner, *share] for key, by in sorted(carried.shares.items()) for owner, share in by.items()],
        "dues": [[*key, due] for key, due in sorted(carried.dues.items())],
    }


def _carried(said: Mapping[str, list[list[object]]]) -> Carried:
    """The same read again; before limits were carried, a share stood alone."""
    shares: dict[tuple[str, str], dict[str, Share]] = {}
    for stock, component, owner, *told in said["shares"]:
        low, high, sd = (float(str(one)) for one in (told if len(told) > 1 else [*told, *told, 0.0]))
        shares.setdefault((str(stock), str(component)), {})[str(owner)] = Share(low, high, sd)
    return Carried(shares, {(str(owner), str(component)): float(str(due)) for owner, component, due in said["dues"]})
