"""Where a pass-phrase comes from: the terminal, or, for machines, a file descriptor or the environment.

Never the command line, which others on the machine can see and which the shell keeps.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from getpass import getpass
from typing import TYPE_CHECKING

from zveno.errors import DataError
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.log import Log, Signer

DESCRIPTOR, PRESENT, NEW = "ZVENO_PASSPHRASE_FD", "ZVENO_PASSPHRASE", "ZVENO_NEW_PASSPHRASE"


class Passphrases:
    """Asks for pass-phrases in the order in which they are needed.

    Parameters
    ----------
    text
        Language in which the terminal is asked.
    """

    def __init__(self, text: Catalogue) -> None:
        self._text = text
        self._lines: Iterator[str] | None = None

    def present(self, person: str) -> str:
        """The pass-phrase of a person who has one.

        Raises
        ------
        DataError
            If it cannot be asked for, or none is given.
        """
        given = self._given(PRESENT)
        return given if given is not None else self._asked(tr("Pass-phrase of {person}: "), person)

    def new(self, person: str) -> str:
        """A pass-phrase for a new key; the terminal is asked twice.

        Raises
        ------
        DataError
            If it cannot be asked for, or the two differ.
        """
        given = self._given(NEW)
        if given is not None:
            return given
        first = self._asked(tr("New pass-phrase of {person}: "), person)
        if self._asked(tr("Once more: "), person) != first:
            raise DataError("the two pass-phrases differ: try again")
        return first

    def _given(self, variable: str) -> str | None:
        """What a machine gives: the next line of the file descriptor, or the variable."""
        number = os.environ.get(DESCRIPTOR)
        if number is None:
            return os.environ.get(variable)
        if self._lines is None:
            try:
                self._lines = iter(os.fdopen(int(number), encoding="utf-8", closefd=False).read().splitlines())
            except (OSError, ValueError):
                raise DataError(
                    "{variable} is '{number}', which is no open file", variable=DESCRIPTOR, number=number
                ) from None
        line = next(self._lines, None)
        if line is None:
            raise DataError("the file of {variable} has too few lines: one for each pass-phrase", variable=DESCRIPTOR)
        return line

    def _asked(self, message: str, person: str) -> str:
        if not sys.stdin.isatty():
            raise DataError(
                "there is no terminal to ask for the pass-phrase of '{person}': set {descriptor} or {present}, {new}",
                person=person,
                descriptor=DESCRIPTOR,
                present=PRESENT,
                new=NEW,
            )
        return getpass(self._text(message, person=person))


def unlocked(log: Log, person: str, text: Catalogue) -> Signer:
    """A person with an opened key, after the pass-phrase was asked for."""
    from zveno.log import Persons

    return Persons(log).unlock(person, Passphrases(text).present(person))
