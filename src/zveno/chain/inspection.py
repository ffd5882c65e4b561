"""The hand-over to an inspector: rules with their texts, checks as they were signed, readings around breaches, proofs.

All is in one archive that ``zveno verify`` reads with nothing but a public key: what stands in it under the number of a
record is what this record was signed for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from zveno.chain.closing import Closing
from zveno.chain.evidence import evidence
from zveno.chain.recording import FOUND, Recorded, Recording, table_bytes
from zveno.chain.rulebooks import BookOfLog, book_of_log, book_text
from zveno.errors import DataError
from zveno.log import Entry, Signer, fingerprint, write_archive
from zveno.log.canonical import canonical
from zveno.log.inspected import ADOPTED_BOOK, AMENDMENTS, ANSWERS, CHECKS, EXPORT
from zveno.model.chain import ChainModel
from zveno.model.rulebook import Rulebook
from zveno.periods import Period
from zveno.rules.patterns import beside, matching
from zveno.text.mark import LANGUAGES

AROUND = timedelta(hours=1)
"""How far before and after a breach readings are handed over."""
_ANSWERED = ("breach", "shift_", "order_", "alarm_", "examined")
"""How the kinds of records begin by which persons answer."""


@dataclass(frozen=True)
class Inspection:
    """What is handed over of a period.

    Parameters
    ----------
    closing
        The chain with the log of its store.
    """

    closing: Closing

    def require(self, period: str) -> tuple[Recorded, ...]:
        """Checks of the period that were signed: asked before the pass-phrase is.

        Raises
        ------
        DataError
            If there is none.
        """
        found = Recording(self.closing).of(period)
        if not found:
            name = self.closing.chain.period(period).name
            raise DataError(
                "no check of {period} was signed yet: zveno check {period} --as ID signs for one", period=name
            )
        return found

    def export(self, period: str, signer: Signer, at: datetime, out: Path) -> Entry:
        """Write the archive; a person signs for it.

        Raises
        ------
        DataError
            If no check of the period was signed, or the file cannot be named so.
        StoreError
            If the person may not sign, something kept is not what was signed, or the disk refuses.
        """
        checks = self.require(period)
        files = self.files(period, checks)
        about = {"export": EXPORT, "period": self.closing.chain.period(period).name}
        return write_archive(self.closing.log, signer, at, files, out, about)

    def files(self, period: str, checks: Sequence[Recorded]) -> dict[str, bytes | Path]:
        """Content by name."""
        chain, span = self.closing.chain, self.closing.chain.period(period)
        known = book_of_log(chain.model, self.closing.log)
        book = _in_period(chain.model, known.book, span)
        files: dict[str, bytes | Path] = {
            "rules/rulebook.jsonl": book_text(book),
            "rules/rulebook.csv": table_bytes(texts_table(book)),
            "records.csv": table_bytes(self._records()),
        }
        files |= self._answers(span)
        for one in checks:
            files |= self._bound(f"{CHECKS}{one.number}/", one.record.bound)
        files |= self._amendments(known)
        readings = chain.store.read("readings", Period(span.start - AROUND, span.end + AROUND))
        breaches = Recording(self.closing).table(checks[-1], "breaches")
        files["readings/around.csv"] = table_bytes(_around(chain.model, readings, breaches))
        files["readings/checklists.csv"] = table_bytes(_checklists(chain.model, readings, span))
        files["readings/hashes.csv"] = table_bytes(_hashes(readings, span))
        return files

    def _amendments(self, known: BookOfLog) -> dict[str, bytes | Path]:
        """The adopted book and every draft that was proposed, with the protocols of votes."""
        files: dict[str, bytes | Path] = {}
        if known.adopted is not None:
            files |= self._bound(f"{ADOPTED_BOOK}{known.adopted.record}/", known.adopted.signed.bound)
        for motion in known.motions.values():
            files |= self._bound(f"{AMENDMENTS}{motion.number}/", motion.proposed.signed.bound)
            protocol = motion.approved and motion.approved.signed.bound.get("protocol")
            if protocol:
                files[f"rules/protocols/{motion.number}"] = evidence(self.closing.folder, protocol)
        return files

    def _answers(self, span: Period) -> dict[str, bytes | Path]:
        """What persons signed since the period began about breaches, shifts, orders and alarms, with their evidence."""
        rows: list[dict[str, object]] = []
        files: dict[str, bytes | Path] = {}
        for number, one in enumerate(self.closing.log.records):
            if not one.kind.startswith(_ANSWERED) or one.kind == FOUND or one.at < span.start:
                continue
            rows.append({"number": number, "kind": one.kind, "person": one.person, "name": one.name,
                         "at": one.at.isoformat(), "said": canonical(one.body).decode()})  # fmt: skip
            files |= self._bound(f"{ANSWERS}{number}/", one.bound)
        columns = ("kind", "person", "name", "at", "said")
        table = pl.DataFrame(rows, schema={"number": pl.Int64, **dict.fromkeys(columns, pl.String)})
        return {f"{ANSWERS.rstrip('/')}.csv": table_bytes(table), **files}

    def _bound(self, folder: str, bound: object) -> dict[str, bytes | Path]:
        """What a record is bound to, as it is kept."""
        assert isinstance(bound, dict)
        return {f"{folder}{name}": evidence(self.closing.folder, digest) for name, digest in bound.items()}

    def _records(self) -> pl.DataFrame:
        """All records of the log in words, for people; the records themselves lie beside."""
        rows = [
            {"number": number, "kind": one.kind, "person": one.person, "name": one.name, "at": one.at.isoformat(),
             **{f"meaning_{lang}": one.meaning.get(lang, "") for lang in LANGUAGES}, "key": fingerprint(one.key),
             "of": str(one.body.get("of", "")), "period": str(one.body.get("period", ""))}
            for number, one in enumerate(self.closing.log.records)
        ]  # fmt: skip
        return pl.DataFrame(rows, infer_schema_length=None)


def texts_table(book: Rulebook) -> pl.DataFrame:
    """Every version with its text in all languages, dates, source and hash."""
    rows = [
        {"rule": rule.id, "version": one.version, "kind": rule.kind, "from": one.start, "to": one.end,
         **{f"text_{lang}": one.text.get(lang, "") for lang in LANGUAGES}, "source": one.source,  # type: ignore[call-overload]
         "status": one.status, "approver_role": one.approver_role, "accepted_by": one.accepted_by,
         "severity": rule.severity, "owner_role": rule.owner_role, "rule_hash": rule.hash_of(one)}
        for rule in sorted(book.rules, key=lambda each: each.id) for one in rule.versions
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def _in_period(model: ChainModel, book: Rulebook, span: Period) -> Rulebook:
    """The versions in force at any moment of a period."""
    first, last = span.start.astimezone(model.tz).date(), (span.end - timedelta(microseconds=1)).astimezone(model.tz)
    kept = []
    for rule in book.rules:
        versions = tuple(
            one for one in rule.versions if one.start <= last.date() and (one.end is None or one.end > first)
        )
        if versions:
            kept.append(rule.model_copy(update={"versions": versions}))
    return Rulebook(rules=tuple(kept), kk_reviewed=book.kk_reviewed)


def _around(model: ChainModel, readings: pl.DataFrame, breaches: pl.DataFrame) -> pl.DataFrame:
    """Readings of each breach's signals, from an hour before it to an hour after; each once."""
    parts = []
    for row in breaches.iter_rows(named=True):
        rule = model.rulebook.by_id.get(row["rule"])
        patterns = () if rule is None else rule.tags[1:]
        gate = next((one.tag for one in model.chain.gates if rule is not None and one.id == rule.gate and one.tag), "")
        names = [row["tag"]]
        for one in (*patterns, *([gate] if gate else [])):
            names += matching(beside(row["tag"], one), model.tags)
        near = pl.col("ts").is_between(row["start"] - AROUND, row["end"] + AROUND)
        parts.append(readings.filter(pl.col("tag").is_in(names), near))
    if not parts:
        return readings.clear()
    return pl.concat(parts).unique(maintain_order=True).sort("tag", "ts")


def _checklists(model: ChainModel, readings: pl.DataFrame, span: Period) -> pl.DataFrame:
    """Answers of all lists in the period."""
    patterns = [one.tags[0] for one in model.rulebook.rules if one.kind == "checklist" and one.tags]
    names = [tag for one in patterns for tag in matching(one, model.tags)]
    inside = pl.col("ts").is_between(*span.instants, closed="left")
    return readings.filter(pl.col("tag").is_in(names), inside).sort("tag", "ts")


def _hashes(readings: pl.DataFrame, span: Period) -> pl.DataFrame:
    """For each signal in the period: how many readings, and the SHA-256 over them.

    Hashed are, in order of time, the moments (64-bit microseconds since 1970 UTC), the values (64-bit, not a number
    where there is none) and the qualities (8-bit), all little-endian.
    """
    inside = readings.filter(pl.col("ts").is_between(*span.instants, closed="left")).sort("tag", "ts")
    rows = []
    for (tag,), part in inside.partition_by("tag", as_dict=True, maintain_order=True).items():
        digest = hashlib.sha256()
        for array in (
            part["ts"].to_physical().to_numpy().astype("<i8"),
            part["value"].fill_null(np.nan).to_numpy().astype("<f8"),
            part["quality"].to_numpy().astype("<i1"),
        ):
            digest.update(np.ascontiguousarray(array).tobytes())
        rows.append({"tag": str(tag), "readings": part.height, "sha256": digest.hexdigest()})
    return pl.DataFrame(rows, schema={"tag": pl.String, "readings": pl.Int64, "sha256": pl.String})
