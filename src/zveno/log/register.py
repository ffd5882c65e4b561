"""The register of persons, as the records of the log make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from zveno.errors import Fault, Phrase, fault
from zveno.log.canonical import Json, canonical
from zveno.log.keys import PrivateKey, signature_holds
from zveno.log.kinds import KINDS, REGISTRAR, ROLES
from zveno.log.records import SignedRecord

POSSESSION = "zveno/possession-1"
CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far the clocks of two machines may differ before a record is refused as dated back."""


@dataclass(frozen=True)
class Key:
    """A public key of a person, and how it ended.

    Parameters
    ----------
    since, until
        Numbers of the records that brought it in and ended it (the latter None while it is in use).
    ended
        ``replaced``, ``revoked`` or empty.
    reason, ended_at
        Why and when it ended.
    """

    public: bytes
    since: int
    until: int | None = None
    ended: str = ""
    reason: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Person:
    """A person who can sign.

    Parameters
    ----------
    valid_from, valid_to
        First and last day of authority; no last day if None.
    """

    id: str
    name: str
    roles: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    keys: tuple[Key, ...]

    @property
    def key(self) -> Key | None:
        """The key in use."""
        return self.keys[-1] if not self.keys[-1].ended else None

    def valid_on(self, day: date) -> bool:
        """Whether the person has authority on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Register:
    """Persons by id after some records of the log.

    ``number`` is that of the next record; ``latest`` the time of the last one.
    """

    persons: Mapping[str, Person] = field(default_factory=dict)
    number: int = 0
    latest: datetime | None = None

    def objection(self, record: SignedRecord) -> Fault | None:
        """Why a record may not come next; None if it may."""
        return _not_signed(record) or _not_entitled(self, record) or _not_in_order(self, record)

    def with_record(self, record: SignedRecord) -> Register:
        """The register after one more record, which must be free of objection."""
        after = self.with_other(record.at)
        if record.kind not in _APPLIED:
            return after
        changed = _APPLIED[record.kind](self, record)
        return replace(after, persons={**self.persons, changed.id: changed})

    def with_other(self, at: datetime) -> Register:
        """The register after one more record that is not about persons."""
        return Register(self.persons, self.number + 1, at if self.latest is None else max(self.latest, at))

    def owner(self, public: bytes) -> tuple[Person, Key] | None:
        """The person who has or had a key."""
        for person in self.persons.values():
            for key in person.keys:
                if key.public == public:
                    return person, key
        return None

    def registrars(self) -> tuple[Person, ...]:
        """Persons who can enter others."""
        return tuple(one for one in self.persons.values() if REGISTRAR in one.roles and one.key)


def about_persons(kind: str) -> bool:
    """Whether records of a kind change the register."""
    return kind in _APPLIED


def possession(key: PrivateKey, person: str) -> str:
    """Proof that whoever enters a key for a person has its private half."""
    return key.sign(POSSESSION, _owned(person, key.public)).hex()


def _owned(person: str, public: bytes) -> bytes:
    return canonical({"person": person, "public_key": public.hex()})


# ---- objections ------------------------------------------------------------------------------------------------------


def _not_signed(record: SignedRecord) -> Fault | None:
    if not record.signature:
        return fault("it has no signature")
    if not record.holds():
        return fault("its signature does not fit: record or signature were altered")
    return None


def _not_entitled(register: Register, record: SignedRecord) -> Fault | None:
    """Whether person, key, name, time and role allow it."""
    if not register.persons:
        return _not_founding(record)
    owner = register.owner(record.key)
    if owner is None or owner[0].id != record.person:
        return fault("its key is foreign: it was never entered for '{person}'", person=record.person)
    person, key = owner
    if key.ended:
        return fault(
            "its key was {ended} on {when:%Y-%m-%d %H:%M} (record {number}): {reason}",
            ended=_ended(key),
            when=key.ended_at,
            number=key.until,
            reason=key.reason,
        )
    if person.name != record.name:
        return fault("its printed name is not that of the register, '{name}'", name=person.name)
    if not person.valid_on(record.at.date()):
        return fault(
            "'{person}' has authority from {first} to {last} only",
            person=person.id,
            first=person.valid_from,
            last=person.valid_to or "…",
        )
    return _not_permitted(register, person, record)


def _ended(key: Key) -> Phrase:
    return Phrase("revoked") if key.ended == "revoked" else Phrase("replaced")


def _not_permitted(register: Register, person: Person, record: SignedRecord) -> Fault | None:
    """Whether a role allows the kind, and the register the change."""
    kind = KINDS.get(record.kind)
    if kind is None:
        return fault("'{kind}' is not a kind of record", kind=record.kind)
    if not set(kind.roles) & set(person.roles):
        return fault(
            "'{person}' may not sign this: it takes one of the roles {roles}",
            person=person.id,
            roles=", ".join(kind.roles),
        )
    if record.kind not in _APPLIED:
        return None
    body, own = record.body, record.body.get("person") == person.id
    if not own and REGISTRAR not in person.roles:
        return fault("'{person}' may change no key but the own one", person=person.id)
    known = register.persons.get(str(body.get("person")))
    if (known is None) != (record.kind == "person_added"):
        return (
            fault("there is no person '{person}'", person=body.get("person"))
            if known is None
            else fault("'{person}' is in the register already", person=known.id)
        )
    if known is not None and record.kind == "key_revoked" and known.key is None:
        return fault("'{person}' has no key in use", person=known.id)
    return _not_sound(register, record) or _not_last(register, record)


def _not_sound(register: Register, record: SignedRecord) -> Fault | None:
    """Whether what a record says of a person can be entered."""
    try:
        _APPLIED[record.kind](register, record)
    except (KeyError, TypeError, ValueError, IndexError):
        return fault("what it says of a person is not complete")
    if record.kind in ("person_added", "key_replaced"):
        public = bytes.fromhex(record.body["public_key"])
        if register.owner(public) is not None:
            return fault("the key that it brings in has been used before")
        proof = bytes.fromhex(record.body["possession"])
        if not signature_holds(POSSESSION, _owned(record.body["person"], public), proof, public):
            return fault("nobody has shown to have the private half of the key that it brings in")
    unknown = [one for one in record.body.get("roles", ()) if one not in ROLES]
    return fault("'{role}' is not a role", role=unknown[0]) if unknown else None


def _not_last(register: Register, record: SignedRecord) -> Fault | None:
    """Somebody must stay who can enter others."""
    after = register.with_record(record)
    if register.registrars() and not after.registrars():
        return fault(
            "'{person}' is the last one who can enter persons: enter another first", person=record.body["person"]
        )
    return None


def _not_founding(record: SignedRecord) -> Fault | None:
    """The first record is that of a person who enters the own key."""
    body = record.body
    own = body.get("person") == record.person and body.get("public_key") == record.key.hex()
    named = body.get("name") == record.name and REGISTRAR in (body.get("roles") or ())
    if record.kind != "person_added" or not own or not named:
        return fault("a log begins with a registrar who enters the own key")
    return _not_sound(Register(), record)


def _not_in_order(register: Register, record: SignedRecord) -> Fault | None:
    if register.latest is not None and record.at < register.latest - CLOCK_TOLERANCE:
        return fault(
            "it is dated {at:%Y-%m-%d %H:%M %z}, before the record that it follows ({latest:%Y-%m-%d %H:%M %z})",
            at=record.at,
            latest=register.latest,
        )
    return None


# ---- changes ---------------------------------------------------------------------------------------------------------


def _added(register: Register, record: SignedRecord) -> Person:
    body = record.body
    return Person(
        id=_text(body["person"]),
        name=_text(body["name"]),
        roles=tuple(_text(one) for one in body["roles"]),
        valid_from=date.fromisoformat(body["valid_from"]),
        valid_to=_day(body["valid_to"]),
        keys=(_new_key(register, body),),
    )


def _amended(register: Register, record: SignedRecord) -> Person:
    body = record.body
    return replace(
        register.persons[body["person"]],
        roles=tuple(_text(one) for one in body["roles"]),
        valid_to=_day(body["valid_to"]),
    )


def _replaced(register: Register, record: SignedRecord) -> Person:
    person = register.persons[record.body["person"]]
    old = person.keys[-1]
    ended = old if old.ended else _with_end(register, old, record, "replaced")
    return replace(person, keys=(*person.keys[:-1], ended, _new_key(register, record.body)))


def _revoked(register: Register, record: SignedRecord) -> Person:
    person = register.persons[record.body["person"]]
    old = person.keys[-1]
    return replace(person, keys=(*person.keys[:-1], _with_end(register, old, record, "revoked")))


def _with_end(register: Register, key: Key, record: SignedRecord, how: str) -> Key:
    if key.ended:
        raise ValueError("ended before")
    return replace(key, until=register.number, ended=how, reason=_text(record.body["reason"]), ended_at=record.at)


def _new_key(register: Register, body: Mapping[str, Json]) -> Key:
    public = bytes.fromhex(body["public_key"])
    if len(public) != 32:
        raise ValueError("no key")
    return Key(public, register.number)


def _text(value: Json) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("no text")
    return value


def _day(value: Json) -> date | None:
    return None if value is None else date.fromisoformat(value)


_APPLIED = {
    "person_added": _added,
    "person_amended": _amended,
    "key_replaced": _replaced,
    "key_revoked": _revoked,
}
