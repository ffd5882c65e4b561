"""A small store in which three people sign; keys are opened with little effort so that tests are quick."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from zveno.log import Draft, Effort, Log, Newcomer, Persons, Signer

LIGHT = Effort(passes=1, memory_bytes=8 << 10)
T0 = datetime(2026, 4, 2, 9, 15, tzinfo=UTC)
PASSPHRASE = "a pass-phrase of several words"


@dataclass(frozen=True)
class Books:
    """A store with its log, persons and opened keys."""

    folder: Path
    log: Log
    persons: Persons
    registrar: Signer
    accountant: Signer
    chief: Signer

    def note(self, text: str, hours: int = 0) -> None:
        """A record by the accountant."""
        draft = Draft("provisional", {"period": "2026-03", "note": text}, T0 + timedelta(hours=hours))
        self.log.enter(self.accountant, draft)

    def copied_to(self, folder: Path) -> Books:
        """The same persons over a copy of the store."""
        log = Log(folder)
        return replace(self, folder=folder, log=log, persons=Persons(log, LIGHT))


def books(folder: Path) -> Books:
    """A registrar, an accountant, a chief accountant."""
    log = Log(folder)
    persons = Persons(log, LIGHT)
    enter(persons, "registrar", "Registrar", ("registrar",), None)
    registrar = persons.unlock("registrar", PASSPHRASE)
    enter(persons, "accountant", "Metal accountant", ("accountant",), registrar)
    enter(persons, "chief", "Главный бухгалтер", ("chief_accountant",), registrar)
    return Books(
        folder, log, persons, registrar, persons.unlock("accountant", PASSPHRASE), persons.unlock("chief", PASSPHRASE)
    )


def enter(persons: Persons, person: str, name: str, roles: tuple[str, ...], registrar: Signer | None) -> None:
    """Enter a person with the pass-phrase of all."""
    persons.add(Newcomer(person, name, roles, date(2026, 1, 1)), PASSPHRASE, T0, registrar)
