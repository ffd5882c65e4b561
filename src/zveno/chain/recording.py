"""What a check found, signed by the person who ran it: tables and texts kept, their hashes in the log."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from zveno.chain.closing import Closing
from zveno.chain.evidence import evidence, keep_evidence
from zveno.chain.rulebooks import book_text
from zveno.errors import DataError
from zveno.log import Draft, SignedRecord, Signer
from zveno.rules import Breaches

FOUND = "breaches_found"
TABLES = ("breaches", "not_checked", "coverage")
BOOK = "rulebook.jsonl"


@dataclass(frozen=True)
class Recorded:
    """A check that was signed, with the number of its record."""

    number: int
    record: SignedRecord

    @property
    def period(self) -> str:
        """The period checked."""
        return str(self.record.body.get("period", ""))


@dataclass(frozen=True)
class Recording:
    """Checks of a chain that were signed.

    Parameters
    ----------
    closing
        The chain with the log of its store.
    """

    closing: Closing

    def all(self) -> Iterator[Recorded]:
        """Every check that was signed, in the order of signing."""
        return (Recorded(number, one) for number, one in self.closing.log.of_kinds((FOUND,)))

    def of(self, period: str) -> tuple[Recorded, ...]:
        """Checks of periods that share time with a period."""
        span = self.closing.chain.period(period)
        periods = ((one, self.closing.chain.period(one.period)) for one in self.all())
        return tuple(one for one, other in periods if other.start < span.end and span.start < other.end)

    def record(self, found: Breaches, signer: Signer, at: datetime) -> Recorded:
        """Sign for what a check found. The same outcome of the same period is not recorded twice by one person.

        Raises
        ------
        StoreError
            If the person may not sign, or the disk refuses.
        """
        files = {f"{name}.csv": table_bytes(getattr(found, name)) for name in TABLES}
        files[BOOK] = book_text(self.closing.chain.model.rulebook)
        bound = keep_evidence(self.closing.folder, files)
        body = {
            "period": found.period.name, "model": found.model_hash, "rulebook": found.rulebook_hash,
            "readings": found.readings_hash, "counts": {name: int(n) for name, n in found.counts.items()},
        }  # fmt: skip
        for one in self.all():
            same = one.record.person == signer.person and dict(one.record.body) == body
            if same and dict(one.record.bound) == bound:
                return one
        entry = self.closing.log.enter(signer, Draft(FOUND, body, at, bound))
        return Recorded(entry.number, entry.record)

    def table(self, one: Recorded, name: str) -> pl.DataFrame:
        """A table of a signed check, as it was signed.

        Raises
        ------
        DataError
            If it has no such table.
        StoreError
            If its file is missing, or not what was signed.
        """
        digest = one.record.bound.get(f"{name}.csv")
        if digest is None:
            raise DataError("the check of record {number} has no table '{table}'", number=one.number, table=name)
        return pl.read_csv(
            io.BytesIO(evidence(self.closing.folder, digest)), infer_schema_length=None, try_parse_dates=True
        )


def table_bytes(table: pl.DataFrame) -> bytes:
    """A table as CSV, times in UTC to the microsecond; the same table gives the same bytes."""
    return table.write_csv(datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ").encode()
