"""Where a period stood when a report of it was made: a draft, or a version with its number and signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from zveno.reports.document import Block, Callout, Column, Heading, Paragraph, Row, TableBlock
from zveno.reports.parts.words import words
from zveno.text.catalogue import Catalogue

Stand = Literal["open", "drawn", "closed", "replaced"]


@dataclass(frozen=True)
class Signature:
    """A signature as it is printed.

    Parameters
    ----------
    name, at
        Who signed, and when, with the zone.
    meaning
        What it means, by language.
    record
        Number of the record of the log.
    key
        Fingerprint of the key.
    """

    name: str
    at: datetime
    meaning: Mapping[str, str]
    record: int
    key: str = ""

    def means(self, lang: str) -> str:
        """The meaning in a language, or in the first that there is."""
        return self.meaning.get(lang) or next(iter(self.meaning.values()), "")


@dataclass(frozen=True)
class Standing:
    """Where a period stood.

    Parameters
    ----------
    stand
        ``open``: not drawn up, or looked at as of now; ``drawn``: a draft that waits for a second person; ``closed``:
        the version in force; ``replaced``: a version that a restatement has replaced.
    number
        Of the version; 0 where there is none.
    content
        SHA-256 of the file of the version.
    cut
        Moment up to which data count in it.
    reason
        Why the version before was replaced.
    signatures
        In the order in which they were given.
    in_force
        Number of the version in force; 0 where there is none.
    late
        Values that came after the version in force and wait for a restatement.
    """

    stand: Stand = "open"
    number: int = 0
    content: str = ""
    cut: datetime | None = None
    reason: str = ""
    signatures: tuple[Signature, ...] = field(default=())
    in_force: int = 0
    late: int = 0

    @property
    def provisional(self) -> bool:
        """Whether the figures may still change without a restatement."""
        return self.stand in ("open", "drawn")


OPEN = Standing()


def standing_words(standing: Standing, text: Catalogue) -> str:
    """Where the period stands in one sentence, with whoever signed and when: what is printed on every page."""
    signed = ", ".join(f"{one.name} ({text.moment(one.at)})" for one in standing.signatures)
    if standing.stand == "open" and standing.in_force:
        return text("DRAFT with all that is known now; version {number} is in force", number=standing.in_force)
    if standing.stand == "open":
        return text("DRAFT: the period is not closed")
    if standing.stand == "drawn":
        return text("DRAFT of version {number}, not approved: {signed}", number=standing.number, signed=signed)
    if standing.stand == "closed":
        return text("Closed, version {number}: {signed}", number=standing.number, signed=signed)
    return text(
        "Version {number}, replaced by version {other}: {signed}",
        number=standing.number, other=standing.in_force, signed=signed,
    )  # fmt: skip


def notice_with(standing: Standing | None, notice: str, text: Catalogue) -> str:
    """What every page and sheet says: where the period stands, then what the description wants to be said."""
    said = [] if standing is None else [standing_words(standing, text)]
    return " · ".join([*said, *([notice] if notice else [])])


def standing_callout(standing: Standing | None, text: Catalogue) -> list[Block]:
    """The sentence that must not be overlooked, beside the key figures."""
    if standing is None:
        return []
    found: list[Block] = [Callout(standing_words(standing, text), "good" if standing.stand == "closed" else "warn")]
    if standing.late:
        found.append(Callout(late_words(standing.late, text), "warn"))
    return found


def late_words(late: int, text: Catalogue) -> str:
    """That values wait which the figures do not have."""
    return text.count(
        "{n} value came after the close and waits for a restatement; it is not in these figures.",
        "{n} values came after the close and wait for a restatement; they are not in these figures.",
        late,
    )


def signatures_part(standing: Standing | None, text: Catalogue) -> list[Block]:
    """Who signed, when, and what it means; nothing where a report knows nothing of it."""
    if standing is None:
        return []
    return [
        Heading("signatures", text("Signatures"), text("Signatures")),
        signatures_table(standing.signatures, text),
        *version_facts(standing, text),
    ]


def signatures_table(signatures: Sequence[Signature], text: Catalogue) -> TableBlock:
    """Name, date and time, meaning, number of the record and fingerprint of the key."""
    columns = (
        Column("name", text("Who signed")), Column("at", text("Date and time")),
        Column("meaning", text("Meaning of the signature"), broad=True),
        Column("record", text("Record")), Column("key", text("Key")),
    )  # fmt: skip
    rows = tuple(
        Row(f"{k}", {
            "name": words(one.name), "at": words(one.at.isoformat(sep=" ", timespec="seconds")),
            "meaning": words(one.means(text.lang)), "record": words(str(one.record)), "key": words(one.key),
        })
        for k, one in enumerate(signatures)
    )  # fmt: skip
    return TableBlock("signatures", text("Signatures"), columns, rows, empty=text("Nobody has signed: a draft."))


def version_facts(standing: Standing, text: Catalogue) -> list[Block]:
    """What is signed, and why a version was replaced."""
    said = []
    if standing.reason:
        said.append(text("Reason of the restatement: {reason}", reason=standing.reason))
    if standing.content:
        said.append(text("SHA-256 of the version that was signed: {hash}", hash=standing.content))
    return [Paragraph(one) for one in said]
