"""Persons of a store: their keys on the disk, their register in the log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from zveno.errors import DataError, StoreError, refusal
from zveno.log.journal import replace_whole
from zveno.log.keys import USUAL_EFFORT, Effort, PrivateKey, fingerprint, new_key, seal, unseal
from zveno.log.kinds import ROLES
from zveno.log.log import Entry, Log
from zveno.log.records import Draft, Signer
from zveno.log.register import Person, possession

_ID = re.compile(r"[a-z][a-z0-9_.-]*")


@dataclass(frozen=True)
class Newcomer:
    """Who is to be entered.

    Parameters
    ----------
    id
        Lower-case name by which commands know the person.
    name
        As it is printed beside signatures.
    roles
        Of :data:`zveno.log.ROLES`.
    valid_from, valid_to
        First and last day of authority; no last day if None.
    """

    id: str
    name: str
    roles: tuple[str, ...]
    valid_from: date
    valid_to: date | None = None


class Persons:
    """Persons who sign in a store.

    The register is made by the records of the log; the folder ``persons`` holds the sealed private keys.

    Parameters
    ----------
    log
        The log of the store.
    effort
        What opening a new key shall cost.
    """

    def __init__(self, log: Log, effort: Effort = USUAL_EFFORT) -> None:
        self.log = log
        self._folder = log.folder / "persons"
        self._effort = effort

    @property
    def all(self) -> Mapping[str, Person]:
        """Everybody who was ever entered, by id."""
        return self.log.register.persons

    def add(self, newcomer: Newcomer, passphrase: str, at: datetime, registrar: Signer | None = None) -> Entry:
        """Enter a person with a new key; the first one, who must be a registrar, enters the own key.

        Raises
        ------
        DataError
            If the id is not a name, a role is not known, or the pass-phrase is too short.
        StoreError
            If the registrar may not, the person is there already, or the disk refuses.
        """
        _require_sense(newcomer)
        if registrar is None and self.all:
            raise DataError("a registrar must enter '{person}': name one with --as", person=newcomer.id)
        key = new_key()
        body = {
            "name": newcomer.name,
            "person": newcomer.id,
            "possession": possession(key, newcomer.id),
            "public_key": key.public.hex(),
            "roles": list(newcomer.roles),
            "valid_from": newcomer.valid_from.isoformat(),
            "valid_to": newcomer.valid_to.isoformat() if newcomer.valid_to else None,
        }
        signer = registrar or Signer(newcomer.id, newcomer.name, key)
        return self._with_key_file(key, newcomer.id, passphrase, signer, Draft("person_added", body, at))

    def unlock(self, person: str, passphrase: str) -> Signer:
        """Open the key of a person, to sign with it.

        Raises
        ------
        DataError
            If there is no such person, the key has ended, or the pass-phrase is wrong.
        StoreError
            If the key file is missing or damaged.
        """
        found = self._known(person)
        if found.key is None:
            raise DataError("the key of '{person}' was revoked: {reason}", person=person, reason=found.keys[-1].reason)
        path = self._path(person, found.key.public)
        return Signer(found.id, found.name, unseal(_content(path), passphrase, str(path)))

    def enter(self, person: str, passphrase: str, draft: Draft) -> Entry:
        """Sign a draft as a person and put it into the log.

        Raises
        ------
        DataError, StoreError
            As ``unlock`` and ``Log.enter``.
        """
        return self.log.enter(self.unlock(person, passphrase), draft)

    def revoke(self, person: str, reason: str, signer: Signer, at: datetime) -> Entry:
        """End the key of a person; what was signed before stays signed."""
        self._known(person)
        return self.log.enter(signer, Draft("key_revoked", {"person": person, "reason": reason}, at))

    def rekey(self, person: str, passphrase: str, reason: str, signer: Signer, at: datetime) -> Entry:
        """Give a person a new key with a new pass-phrase; the former key is ended and its file removed."""
        old = self._known(person).keys[-1].public
        key = new_key()
        body = {
            "person": person,
            "possession": possession(key, person),
            "public_key": key.public.hex(),
            "reason": reason,
        }
        entry = self._with_key_file(key, person, passphrase, signer, Draft("key_replaced", body, at))
        self._path(person, old).unlink(missing_ok=True)
        return entry

    def amend(self, person: str, roles: Sequence[str], valid_to: date | None, signer: Signer, at: datetime) -> Entry:
        """Change what a person may do, and until when."""
        _require_roles(roles)
        self._known(person)
        until = valid_to.isoformat() if valid_to else None
        body = {"person": person, "roles": list(roles), "valid_to": until}
        return self.log.enter(signer, Draft("person_amended", body, at))

    def change_passphrase(self, person: str, old: str, new: str) -> None:
        """Seal the same key with another pass-phrase; nothing changes for the log."""
        signer = self.unlock(person, old)
        self._keep(signer.key, person, new)

    def _known(self, person: str) -> Person:
        found = self.all.get(person)
        if found is None:
            raise DataError("there is no person '{person}': zveno person list shows them", person=person)
        return found

    def _with_key_file(self, key: PrivateKey, person: str, passphrase: str, signer: Signer, draft: Draft) -> Entry:
        """Keep a key, then enter it: a key without a record is nobody's, a record without a key would be useless."""
        path = self._keep(key, person, passphrase)
        try:
            return self.log.enter(signer, draft)
        except (StoreError, DataError):
            path.unlink(missing_ok=True)
            raise

    def _keep(self, key: PrivateKey, person: str, passphrase: str) -> Path:
        content = seal(key, person, passphrase, self._effort)
        path = self._path(person, key.public)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_whole(path, content)
            path.chmod(0o600)
        except OSError as error:
            raise StoreError(
                "the key could not be written to '{path}': {problem}", path=str(path), problem=refusal(error)
            ) from error
        return path

    def _path(self, person: str, public: bytes) -> Path:
        return self._folder / f"{person}-{fingerprint(public)}.key"


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(
            "the key file '{path}' cannot be read: {problem}; restore it from a backup, or have a new key entered",
            path=str(path),
            problem=refusal(error),
        ) from error


def _require_sense(newcomer: Newcomer) -> None:
    if not _ID.fullmatch(newcomer.id):
        raise DataError(
            "'{person}' cannot be the id of a person: take lower-case Latin letters, digits, dots", person=newcomer.id
        )
    if not newcomer.name.strip():
        raise DataError("'{person}' needs a name that can be printed", person=newcomer.id)
    if newcomer.valid_to is not None and newcomer.valid_to < newcomer.valid_from:
        raise DataError("the authority of '{person}' would end before it begins", person=newcomer.id)
    _require_roles(newcomer.roles)


def _require_roles(roles: Sequence[str]) -> None:
    for one in roles:
        if one not in ROLES:
            raise DataError("'{role}' is not a role: choose among {roles}", role=one, roles=", ".join(ROLES))
    if not roles:
        raise DataError("a person needs at least one role: choose among {roles}", roles=", ".join(ROLES))
