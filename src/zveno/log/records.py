"""Signed records and signed heads: what is bound by a signature, and its bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import ClassVar, Self

from zveno.errors import DataError
from zveno.log.canonical import Json, canonical, read_canonical
from zveno.log.keys import PrivateKey, fingerprint, signature_holds
from zveno.log.kinds import KINDS, meaning_of
from zveno.log.merkle import leaf_hash
from zveno.text.mark import LANGUAGES, tr

_SHA256 = re.compile(r"[0-9a-f]{64}")
RECORD = "zveno/record-1"
HEAD = "zveno/head-1"


@dataclass(frozen=True)
class Head:
    """A state of the log: how many records it has, and the root over them."""

    size: int
    root: bytes

    def said(self) -> dict[str, Json]:
        """As JSON."""
        return {"root": self.root.hex(), "size": self.size}

    def __str__(self) -> str:
        return f"{self.size}:{self.root.hex()}"

    @classmethod
    def read(cls, said: Json) -> Self:
        """A head as JSON has it.

        Raises
        ------
        ValueError
            If it is none.
        """
        found = cls(said["size"], bytes.fromhex(said["root"]))
        if type(found.size) is not int or found.size < 0 or len(found.root) != 32:
            raise ValueError("not a head")
        return found

    @classmethod
    def parse(cls, text: str) -> Self:
        """A head written as ``SIZE:ROOT``.

        Raises
        ------
        DataError
            If it is not written so.
        """
        size, _, root = text.partition(":")
        try:
            found = cls(int(size), bytes.fromhex(root))
        except ValueError:
            found = cls(-1, b"")
        if found.size < 0 or len(found.root) != 32:
            raise DataError("'{text}' is no head of a log: write SIZE:ROOT, as it was printed", text=text)
        return found


@dataclass(frozen=True)
class Draft:
    """What somebody is about to sign.

    Parameters
    ----------
    kind
        One of :data:`zveno.log.KINDS`.
    body
        What the record says: JSON.
    at
        Date and time with zone; kept to the second.
    bound
        SHA-256 (64 digits) of each thing that the signature stands under, by name.
    meaning
        What the signature means, by language; the words of the kind if left out.
    """

    kind: str
    body: Mapping[str, Json]
    at: datetime
    bound: Mapping[str, str] = field(default_factory=dict)
    meaning: Mapping[str, str] | None = None


@dataclass(frozen=True)
class SignedRecord:
    """A record with the signature of a person.

    Parameters
    ----------
    kind, body, at, bound, meaning
        As in :class:`Draft`.
    person, name
        Who signed: id and printed name.
    key
        Public key of the signature.
    after
        State of the log that the person had before the eyes.
    signature
        Ed25519, 64 bytes.
    """

    kind: str
    body: Mapping[str, Json]
    at: datetime
    bound: Mapping[str, str]
    meaning: Mapping[str, str]
    person: str
    name: str
    key: bytes
    after: Head
    signature: bytes = b""

    def said(self) -> dict[str, Json]:
        """What is signed, as JSON."""
        return {
            "after": self.after.said(),
            "at": self.at.isoformat(timespec="seconds"),
            "body": self.body,
            "bound": self.bound,
            "format": RECORD,
            "key": self.key.hex(),
            "kind": self.kind,
            "meaning": self.meaning,
            "name": self.name,
            "person": self.person,
        }

    @cached_property
    def data(self) -> bytes:
        """The canonical bytes of record and signature: a leaf of the log."""
        return canonical({"record": self.said(), "signature": self.signature.hex()})

    @cached_property
    def leaf(self) -> bytes:
        """Hash of the leaf."""
        return leaf_hash(self.data)

    def holds(self) -> bool:
        """Whether the signature is by the key that the record names."""
        return signature_holds(RECORD, canonical(self.said()), self.signature, self.key)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The record of canonical bytes.

        Raises
        ------
        ValueError
            If they are none.
        """
        try:
            whole = read_canonical(data)
            said = whole["record"]
            found = cls(
                kind=str(said["kind"]),
                body=dict(said["body"]),
                at=datetime.fromisoformat(said["at"]),
                bound={name: str(digits) for name, digits in said["bound"].items()},
                meaning={lang: str(words) for lang, words in said["meaning"].items()},
                person=str(said["person"]),
                name=str(said["name"]),
                key=bytes.fromhex(said["key"]),
                after=Head.read(said["after"]),
                signature=bytes.fromhex(whole["signature"]),
            )
            _require_exact(found, data, "not a record")
        except (KeyError, TypeError, AttributeError, DataError) as error:
            raise ValueError("not a record") from error
        return found


@dataclass(frozen=True)
class HeadStatement:
    """A head that somebody answers for with a key; the kinds differ in their format and in who that is."""

    head: Head
    at: datetime
    by: str
    key: bytes
    signature: bytes = b""

    FORMAT: ClassVar[str]
    BY: ClassVar[str]
    """Under which key of the JSON stands who signs."""

    def said(self) -> dict[str, Json]:
        """What is signed, as JSON."""
        return {
            "at": self.at.isoformat(timespec="seconds"), "format": self.FORMAT, "head": self.head.said(),
            "key": self.key.hex(), self.BY: self.by,
        }  # fmt: skip

    @property
    def data(self) -> bytes:
        """The canonical bytes of head and signature."""
        return canonical({"signature": self.signature.hex(), "signed": self.said()})

    def holds(self) -> bool:
        """Whether the signature is by the key that the head names."""
        return signature_holds(self.FORMAT, canonical(self.said()), self.signature, self.key)

    @classmethod
    def signed(cls, head: Head, at: datetime, by: str, key: PrivateKey) -> Self:
        """A head signed at a moment, which is kept to the second."""
        unsigned = cls(head, at.replace(microsecond=0), by, key.public)
        return replace(unsigned, signature=key.sign(cls.FORMAT, canonical(unsigned.said())))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The statement of canonical bytes.

        Raises
        ------
        ValueError
            If they are none.
        """
        try:
            whole = read_canonical(data)
            said = whole["signed"]
            found = cls(
                Head.read(said["head"]),
                datetime.fromisoformat(said["at"]),
                str(said[cls.BY]),
                bytes.fromhex(said["key"]),
                bytes.fromhex(whole["signature"]),
            )
            _require_exact(found, data, f"not of the format {cls.FORMAT}")
        except (KeyError, TypeError, AttributeError, DataError) as error:
            raise ValueError(f"not of the format {cls.FORMAT}") from error
        return found


@dataclass(frozen=True)
class SignedHead(HeadStatement):
    """A head that a person of the register answers for."""

    FORMAT: ClassVar[str] = HEAD
    BY: ClassVar[str] = "person"

    @property
    def person(self) -> str:
        """Id of the person."""
        return self.by


@dataclass(frozen=True)
class Signer:
    """A person with an opened key."""

    person: str
    name: str
    key: PrivateKey = field(repr=False)

    def sign(self, draft: Draft, after: Head) -> SignedRecord:
        """Sign a draft over a state of the log.

        Raises
        ------
        DataError
            If the kind is not known, the time has no zone, a hash is none, a language of the meaning is missing, or the
            draft holds what JSON cannot keep.
        """
        _require_sense(draft)
        unsigned = SignedRecord(
            draft.kind,
            draft.body,
            draft.at.replace(microsecond=0),
            draft.bound,
            draft.meaning or meaning_of(draft.kind),
            self.person,
            self.name,
            self.key.public,
            after,
        )
        signature = self.key.sign(RECORD, canonical(unsigned.said()))
        return SignedRecord.parse(canonical({"record": unsigned.said(), "signature": signature.hex()}))

    def sign_head(self, head: Head, at: datetime) -> SignedHead:
        """Sign a state of the log."""
        return SignedHead.signed(head, at, self.person, self.key)


def _require_sense(draft: Draft) -> None:
    """Refuse a draft that nobody should sign."""
    if draft.kind not in KINDS:
        raise DataError("'{kind}' is not a kind of record", kind=draft.kind)
    if draft.at.utcoffset() is None:
        raise DataError("the time of a signature needs a zone")
    for name, digits in draft.bound.items():
        if not _SHA256.fullmatch(digits):
            message = tr("'{name}' is bound by '{digits}', which is no SHA-256 in 64 digits")
            raise DataError(message, name=name, digits=digits)
    if draft.meaning is not None and (set(draft.meaning) != set(LANGUAGES) or not all(draft.meaning.values())):
        message = tr("the meaning of a signature must be told in each language: {langs}")
        raise DataError(message, langs=", ".join(LANGUAGES))


def stamp(record: SignedRecord, lang: str) -> str:
    """A signature as it is printed: name, time, meaning, key.

    Examples
    --------
    >>> from datetime import UTC
    >>> from zveno.log.keys import new_key
    >>> signer = Signer("acc", "Metal accountant", new_key())
    >>> draft = Draft("provisional", {"period": "2026-03"}, datetime(2026, 4, 2, 9, 15, tzinfo=UTC))
    >>> stamp(signer.sign(draft, Head(0, bytes(32))), "en").rpartition(" (")[0]
    'Metal accountant, 2026-04-02 09:15:00 +00:00: I have drawn up this balance'
    """
    words = record.meaning.get(lang) or next(iter(record.meaning.values()), record.kind)
    when = record.at.isoformat(sep=" ", timespec="seconds")
    return f"{record.name}, {when[:19]} {when[19:]}: {words} ({fingerprint(record.key)})"


def _require_exact(found: SignedRecord | HeadStatement, data: bytes, what: str) -> None:
    """Refuse what makes other bytes than it was read from, or has a time without zone."""
    if found.data != data or found.at.tzinfo is None:
        raise ValueError(what)


@dataclass(frozen=True)
class Signed:
    """Who signed something, when, and which record of the log it is."""

    record: int
    person: str
    name: str
    at: datetime

    @classmethod
    def of(cls, number: int, one: SignedRecord) -> Self:
        """Of a record."""
        return cls(number, one.person, one.name, one.at)
