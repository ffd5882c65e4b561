"""The dated rulebook as written in YAML: rules, their versions, clause texts, sources."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr

from zveno.model.record import Record, Titles, UomName

ALWAYS = "any"


class Slope(Record):
    """How much the parameter moves for one unit of measure outside the limit."""

    value: float
    uom: UomName
    per: str


class ActsOn(Record):
    """What a breach does to the copper: the parameter it moves and how, or why it has no price.

    ``via`` names a parameter that holds the sensitivity, or is ``direct`` (the tag is the parameter) or
    ``model`` (the simulation carries it); ``slope`` stands in its place where the clause gives the
    sensitivity itself. With ``not_priced`` they are kept for the record but not looked up: an ``outcome``
    is moved by other rules' breaches, ``outside_chain`` acts on a plant that this chain does not hold.
    """

    parameter: str = Field(default="", description="parameter that moves; * for every mineral or element")
    via: str = ""
    slope: Slope | None = None
    not_priced: Literal["", "safety", "environment", "data_quality", "outcome", "outside_chain"] = ""


class Condition(Record):
    """A state of the plant: the tag stands above or below a level, in the tag's unit of measure."""

    tag: str
    above: float | None = None
    below: float | None = None
    equals: float | None = Field(default=None, description="the state is on at just this value, such as a grade")
    of_normal: bool = Field(default=False, description="levels are shares of the tag's normal value")


class RuleException(Record):
    """Other levels for as long as a condition holds."""

    when: Condition
    params: dict[str, float]
    why: Titles


class Version(Record):
    """What a rule demands from a date on. Days begin at midnight of plant time."""

    version: Annotated[int, Field(ge=1)]
    start: date = Field(alias="from", description="first day in force")
    end: date | None = Field(default=None, alias="to", description="first day no longer in force")
    params: dict[str, Any] = {}
    exceptions: tuple[RuleException, ...] = ()
    text: Titles = Field(description="the clause as people read it")
    source: str = ""
    status: Literal["verified", "inferred", "estimate", "unverified"]
    approver_role: str = ""
    accepted_by: str = Field(default="", description="role that accepts a number nobody has verified")
    temporary: bool = Field(default=False, description="a rule for a time, which ends by itself")
    _written: tuple[date | None] | None = PrivateAttr(default=None)

    def ended(self, day: date) -> Version:
        """The same text, ended by an amendment: it holds until a day, and its hash stays as it was."""
        found = self.model_copy(update={"end": day})
        found._written = self._written or (self.end,)
        return found

    @property
    def cut_on(self) -> date | None:
        """Day on which an amendment ended it; None where none did."""
        return self.end if self._written is not None else None

    @property
    def written_end(self) -> date | None:
        """Its end as it was written, whatever an amendment made of it."""
        return self.end if self._written is None else self._written[0]


class RuleCase(Record):
    """A small example beside a rule: readings, and the episodes that must be found in them.

    Readings are numbers of the tag, ``*3`` repeats one, ``-`` is none. They begin at midnight of the first day on
    which the version is in force (or of ``day``). Without readings of its gate a rule binds all the time.
    """

    of: str | dict[str, str] = Field(description="readings of the first tag, or by a, b, c, d those of all of them")
    beside: dict[str, str] = Field(default={}, description="readings of other tags: gates, conditions of exceptions")
    tag: str = Field(default="", description="which of the tags that a star stands for; the first, if not given")
    version: Annotated[int, Field(ge=1)] | None = Field(default=None, description="version; the last, if not given")
    day: date | None = None
    every_min: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="minutes between readings; as the first tag has them, if not given"
    )
    finds: tuple[str, ...] = Field(
        description="episodes as hours and minutes from the start: 0:15-1:15; still open: 0:15-"
    )
    note: str = ""


class Rule(Record):
    """A rule over tags; ``*`` in the tag stands for the line, furnace, section or plant.

    An ``owner_role`` or ``unit`` that begins with ``*.`` is that of the tag's plant.
    """

    id: Annotated[str, Field(pattern=r"^\S+$")]
    kind: str
    unit: str = Field(description="section or unit it binds")
    tag: str | tuple[str, ...] = Field(default=(), description="signals it watches; none for a mere number")
    uom: UomName
    gate: str = Field(default=ALWAYS, description="operating state in which the rule binds")
    owner_role: str
    severity: Literal["low", "medium", "high", "critical"]
    acts_on: ActsOn = ActsOn()
    versions: Annotated[tuple[Version, ...], Field(min_length=1)]
    cases: tuple[RuleCase, ...] = Field(default=(), description="small examples that `zveno validate` runs")

    @property
    def tags(self) -> tuple[str, ...]:
        """The tag patterns, however many there are."""
        return (self.tag,) if isinstance(self.tag, str) else self.tag

    def text_of(self, version: Version) -> dict[str, Any]:
        """One version with all that makes it binding, as it was written.

        The other versions of the rule, its examples and the day on which an amendment ended it do not enter it.
        """
        said = version.model_dump(mode="json", by_alias=True)
        said["to"] = None if version.written_end is None else version.written_end.isoformat()
        return {
            "rule": self.model_dump(mode="json", by_alias=True, exclude={"versions", "cases"}),
            "version": _without_later_keys(said),
        }

    def hash_of(self, version: Version) -> str:
        """SHA-256 of the canonical text of one version: an amendment leaves old hashes as they are."""
        canonical = json.dumps(self.text_of(version), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def _without_later_keys(version: dict[str, Any]) -> dict[str, Any]:
    """A version without the keys that came later and are not used, so that hashes of old texts stay as they are."""
    kept = {key: one for key, one in version.items() if one or key not in ("accepted_by", "temporary")}
    for exception in kept["exceptions"]:
        if exception["when"]["equals"] is None:
            del exception["when"]["equals"]
    return kept


class RulesFile(Record):
    """The content of one file under rules/."""

    format: Literal["zveno/rules-1"] = "zveno/rules-1"
    kk_reviewed: bool = Field(default=False, description="a speaker has checked the Kazakh texts")
    rules: tuple[Rule, ...]


class Rulebook(Record):
    """All rules of a chain.

    ``states`` are the books that were known one after the other, each with the moment from which it was; none where
    nothing was amended.
    """

    rules: tuple[Rule, ...] = ()
    kk_reviewed: bool = False
    states: tuple[tuple[datetime, Rulebook], ...] = Field(default=(), exclude=True, repr=False)

    def as_known(self, moment: datetime) -> Rulebook:
        """The book as it was known at a moment: without what was approved later."""
        found = [book for known, book in self.states if known <= moment.astimezone(UTC)]
        return found[-1] if found else self

    @classmethod
    def of(cls, files: Iterable[RulesFile]) -> Self:
        """One rulebook from the files of a chain; reviewed only if every file is."""
        kept = tuple(files)
        rules = tuple(rule for file in kept for rule in file.rules)
        return cls(rules=rules, kk_reviewed=all(file.kk_reviewed for file in kept))

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        """Rules by id."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def repeated(self) -> tuple[str, ...]:
        """Ids that stand more than once."""
        return tuple(id_ for id_, n in Counter(rule.id for rule in self.rules).items() if n > 1)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the hashes of all versions; the order of rules and files does not matter."""
        parts = sorted(
            rule.hash_of(version) + (f" until {version.cut_on}" if version.cut_on else "")
            for rule in self.rules
            for version in rule.versions
        )
        return hashlib.sha256("".join(parts).encode()).hexdigest()
