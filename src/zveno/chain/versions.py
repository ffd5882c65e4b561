"""A period as one of its versions, or as it is known now: results, books and values, with where the period stands."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from zveno.chain.closing import Closing, as_known
from zveno.chain.facade import Chain
from zveno.close import Books, Carried
from zveno.close.steps import PeriodStage, Version
from zveno.errors import DataError
from zveno.log import SignedRecord, fingerprint
from zveno.periods import Period
from zveno.reports import MonthResults, Report
from zveno.reports.standing import Signature, Standing
from zveno.reports.workbook import PeriodBooks

NOW, DRAFT = "now", "draft"


@dataclass(frozen=True)
class Versions:
    """The versions of a chain's periods.

    A version is asked for by its number; ``draft`` is one that waits for approval, ``now`` what is known now. Without
    any it is the version in force, else a draft, else what is known now.
    """

    closing: Closing

    def books(self, period: str | Period, version: str = "") -> PeriodBooks:
        """A version of a period, from the store and the description it was made with, compared with what was signed.

        Raises
        ------
        DataError
            If the period has no such version.
        StoreError
            If its file is missing, or not what was signed.
        """
        span = period if isinstance(period, Period) else self.closing.chain.period(period)
        found = self.asked(span, version)
        if found is None:
            return self._of(self.closing.chain, span, self.standing(span, None), self._carried(span))
        with self.chain_of(found) as chain:
            made = self._of(chain, span, self.standing(span, found), self._carried(span, found))
        return _as_kept(made, self.closing.packed(found))

    def known(self, span: Period, moment: datetime) -> PeriodBooks:
        """A period as it was known at a moment, with what the one before had handed on by then."""
        chain, in_force = as_known(self.closing.chain, moment), self.closing.in_force(span.name, moment)
        standing = Standing(in_force=in_force.number if in_force else 0)
        return self._of(chain, span, standing, self.closing.taken_over(span, moment))

    def results(self, period: str | Period, version: str = "") -> MonthResults:
        """What the month's report says of a version."""
        return self.books(period, version).results

    def report(self, name: str, period: str | Period, version: str = "", *, link: str = "", lang: str = "en") -> Report:
        """A report of a version, as it was closed."""
        self.closing.chain.require_report(name, link)
        return self.closing.chain.report_of(name, self.results(period, version), link=link, lang=lang)

    def asked(self, span: Period, version: str) -> Version | None:
        """The version that is meant; None for what is known now.

        Raises
        ------
        DataError
            If the period has no such version.
        """
        stage = self.closing.stage(span.name)
        if version == NOW:
            return None
        if version == "":
            return stage.closed or stage.draft
        if version == DRAFT and stage.draft is not None:
            return stage.draft
        known = {str(one.number): one for one in _all(stage)}
        if version not in known:
            raise DataError(
                "{period} has no version '{version}': there are {known}",
                period=span.name, version=version, known=", ".join([*known, *([DRAFT] if stage.draft else []), NOW]),
            )  # fmt: skip
        return known[version]

    def standing(self, span: Period, version: Version | None) -> Standing:
        """Where a period stands with a version, or with what is known now."""
        stage = self.closing.stage(span.name)
        in_force = stage.closed.number if stage.closed else 0
        if version is None:
            return Standing(in_force=in_force)
        late = self.closing.late(span.name) if version == stage.closed else None
        steps = [one for one in (version.drawn, version.approved) if one is not None]
        stand = "drawn" if version.approved is None else "closed" if version == stage.closed else "replaced"
        return Standing(
            stand,  # type: ignore[arg-type]
            version.number, version.content, version.cut, version.reason,
            tuple(signature(one.record, self.closing.log.records[one.record], self.closing.chain.model.tz)
                  for one in steps),
            in_force, 0 if late is None else late.records.height,
        )  # fmt: skip

    @contextmanager
    def chain_of(self, version: Version) -> Iterator[Chain]:
        """The chain as a version was made from: its description, and the store as it was known."""
        with self.closing.as_made(version) as chain:
            yield as_known(chain, version.cut)

    def _carried(self, span: Period, version: Version | None = None) -> Carried:
        """What the period before handed on, as known when the version was made."""
        cut = version.cut if version is not None else self.closing.chain.now()
        return self.closing.taken_over(span, cut)

    def _of(self, chain: Chain, span: Period, standing: Standing, carried: Carried) -> PeriodBooks:
        balance = chain.reconcile(span)
        results = replace(chain.results(span, balance), standing=standing)
        return PeriodBooks(results, chain.books(span, carried, balance), chain.records_for(span))


def signature(number: int, record: SignedRecord, tz: tzinfo) -> Signature:
    """A signed record as it is printed, in the time of the plant wherever it was signed."""
    return Signature(record.name, record.at.astimezone(tz), record.meaning, number, fingerprint(record.key))


def _all(stage: PeriodStage) -> tuple[Version, ...]:
    return (*stage.versions, *([stage.draft] if stage.draft else []))


def _as_kept(made: PeriodBooks, packed: bytes) -> PeriodBooks:
    """The same, with the tables that were kept wherever this program makes others."""
    with zipfile.ZipFile(io.BytesIO(packed)) as kept:
        said = {Path(one).stem: kept.read(one) for one in kept.namelist() if one.startswith("tables/")}
        told = json.loads(kept.read("version.json"))
    tested = {name: told[name] for name in ("objective", "dof", "p_value")}
    results, first = _kept_in(replace(made.results, **tested), said)
    books, second = _kept_in(made.books, said)
    return replace(made, results=results, books=books, differing=tuple(sorted({*first, *second})))


Held = TypeVar("Held", MonthResults, Books)


def _kept_in(held: Held, said: Mapping[str, bytes]) -> tuple[Held, list[str]]:
    """Tables of results or books, those that differ read from what was kept; and the names of these."""
    swapped: dict[str, Any] = {}
    for one in fields(held):
        table = getattr(held, one.name)
        if isinstance(table, pl.DataFrame) and one.name in said and table.write_csv().encode() != said[one.name]:
            swapped[one.name] = _read_as(table, said[one.name])
    return replace(held, **swapped), list(swapped)


def _read_as(table: pl.DataFrame, content: bytes) -> pl.DataFrame:
    """A kept table with the types of its like; a column that it does not have is empty."""
    found = pl.read_csv(content, infer_schema=False)
    columns = []
    for name, kind in table.schema.items():
        one = found[name] if name in found.columns else pl.Series(name, [None] * found.height, dtype=pl.String)
        if isinstance(kind, pl.Datetime):
            one = one.str.to_datetime(time_unit=kind.time_unit, time_zone=kind.time_zone, strict=False)
        elif kind == pl.Date:
            one = one.str.to_date(strict=False)
        elif kind == pl.Boolean:
            one = one == "true"
        elif kind == pl.String:
            one = one.fill_null("")
        else:
            one = one.cast(kind, strict=False)
        columns.append(one.alias(name))
    return pl.DataFrame(columns)
