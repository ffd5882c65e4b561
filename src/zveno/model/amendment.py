"""A draft of an amendment as written in YAML: what it adds to the rulebook, changes and ends, and from when."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from zveno.errors import DataError, Fault, fault, refusal
from zveno.model.record import Record, Titles
from zveno.model.rulebook import Rule, RuleCase, RuleException
from zveno.model.validation import validation_faults
from zveno.model.yamlfile import Path_, YamlFile, expand, read_text


class DraftVersion(Record):
    """A version that an amendment gives to a rule of the book.

    Without ``from`` it begins on the day on which the amendment takes effect, without ``version`` it has the next
    number. It takes the place of the version in force on its first day. With ``temporary`` it gives way on the day
    ``to`` to what was in force before.
    """

    rule: str
    version: Annotated[int, Field(ge=1)] | None = None
    start: date | None = Field(default=None, alias="from", description="first day in force")
    end: date | None = Field(default=None, alias="to", description="first day no longer in force")
    params: dict[str, Any] = Field(
        default={}, description="parameters; under 'changes' those that change, null takes one away"
    )
    exceptions: tuple[RuleException, ...] | None = Field(
        default=None, description="exceptions; under 'changes' those in force stay if not given"
    )
    text: Titles = Field(description="the clause as people read it")
    source: str = ""
    status: Literal["verified", "inferred", "estimate", "unverified"]
    approver_role: str = ""
    accepted_by: str = Field(default="", description="role that accepts a number nobody has verified")
    temporary: bool = Field(default=False, description="a version for a time; what was in force before comes back")
    cases: tuple[RuleCase, ...] = Field(default=(), description="small examples of this version")


class RuleEnd(Record):
    """A rule that an amendment ends."""

    rule: str
    on: date | None = Field(default=None, description="first day no longer in force; that of the amendment if left out")
    why: Titles


class Amendment(Record):
    """What a draft says: an overlay over the rulebook.

    Rules under ``rules`` are new; ``versions`` gives whole new versions, ``changes`` versions in which only some
    parameters differ from what is in force, and ``ends`` ends rules. A correction says what was wrong from a day in
    the past on: only then may ``effective`` lie before its approval.
    """

    format: Literal["zveno/amendment-1"] = "zveno/amendment-1"
    id: Annotated[str, Field(pattern=r"^\S+$")]
    title: Titles
    reason: Titles
    effective: date = Field(description="first day on which it is in force, from midnight of plant time")
    correction: bool = Field(default=False, description="it corrects the past; what was judged before stays kept")
    kk_reviewed: bool = Field(default=False, description="a speaker has checked the Kazakh texts")
    rules: tuple[Rule, ...] = ()
    versions: tuple[DraftVersion, ...] = ()
    changes: tuple[DraftVersion, ...] = ()
    ends: tuple[RuleEnd, ...] = ()

    @property
    def touched(self) -> tuple[str, ...]:
        """Ids of the rules that it adds, changes or ends, each once."""
        versions = (one.rule for one in (*self.versions, *self.changes))
        named = (*(one.id for one in self.rules), *versions, *(one.rule for one in self.ends))
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True)
class DraftFile:
    """A draft with its bytes, their SHA-256, and the place of every key."""

    amendment: Amendment
    content: bytes = field(repr=False)
    places: Mapping[Path_, str] = field(repr=False)
    name: str

    @property
    def sha256(self) -> str:
        """By which a signature is bound to it."""
        return hashlib.sha256(self.content).hexdigest()

    def where(self, *path: str | int) -> str:
        """``file:line`` of a key."""
        return YamlFile(self.name, None, self.places).where(path)


def read_draft(path: Path) -> DraftFile:
    """A draft from its file.

    Raises
    ------
    DataError
        If the file cannot be read, or is no draft; every fault with its line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError("'{path}' cannot be read: {problem}", path=str(path), problem=refusal(error)) from error
    return draft_of(content, path.name)


def draft_of(content: bytes, name: str) -> DraftFile:
    """A draft from its bytes.

    Raises
    ------
    DataError
        If it is none; every fault with its line.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise DataError("the file is not UTF-8 text: save it as UTF-8", where=name) from None
    read = read_text(text, name)
    if isinstance(read, Fault):
        raise DataError([read])
    if not isinstance(read.data, dict):
        raise DataError([fault("the file holds no keys: 'zveno schema' writes what belongs in it", f"{name}:1")])
    file = expand(read)
    try:
        found = Amendment.model_validate(file.data)
    except ValidationError as error:
        raise DataError(validation_faults(error, file, Amendment)) from None
    if not found.touched:
        raise DataError("the draft changes nothing: give 'rules', 'versions', 'changes' or 'ends'", where=f"{name}:1")
    return DraftFile(found, content, file.places, name)
