"""Errors: what could not be asked or answered.

A breach, an outlier or an unobservable stream is an answer, never an exception::

    ZvenoError
      ModelError     the description is wrong: file, line, key
      RuleError      an unlawful amendment, vote or date
      DataError      a reading cannot be used: file, sheet, cell or row
      StoreError     storage
      ConflictError  another person changed the same thing meanwhile
      QuantityError  a unit of measure does not fit
      SolveError     no convergence: residual, worst unit

Every error holds one or more :class:`Fault`. The message of a fault is an English sentence with named
places, which is also its key in the catalogues of ``zveno.text``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DID_YOU_MEAN = "did you mean '{near}'?"


@dataclass(frozen=True)
class Phrase:
    """A word or clause that fills a place of a sentence and is itself translated: ``mass flow``, ``t/h``.

    Its English text is the key of its translations; its own places are filled with ``fields``.
    """

    message: str
    fields: dict[str, object] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return self.message.format(**english(filled(self.fields, str))) if self.fields else self.message


def rounded(value: float, digits: int) -> float:
    """A number to so many significant digits, as a sentence tells it.

    Examples
    --------
    >>> rounded(0.0123456, 3)
    0.0123
    """
    return float(f"{value:.{digits}g}")


def english(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields with numbers as English writes them: 5 and not 5.0."""
    return {name: f"{one:.12g}" if isinstance(one, float) else one for name, one in fields.items()}


def filled(fields: Mapping[str, object], say: Callable[[Phrase], str]) -> dict[str, object]:
    """Fields as they stand in a sentence: phrases said by ``say``, lists as enumerations."""
    return {name: _said(value, say) for name, value in fields.items()}


def _said(value: object, say: Callable[[Phrase], str]) -> object:
    """One field."""
    if isinstance(value, Phrase):
        return say(value)
    if not isinstance(value, tuple):
        return value
    phrases = (Phrase("{value}", {"value": one}) if isinstance(one, float) else one for one in value)
    words = [str(_said(one, say)) for one in phrases]
    return ("; " if any("," in one for one in words) else ", ").join(words)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, where, and what to do.

    Parameters
    ----------
    message
        English sentence with ``{name}`` places; the key of its translations.
    fields
        Values for the places; a :class:`Phrase`, or one in a tuple, is translated with the sentence. ``near``,
        if not empty, is a word that was perhaps meant.
    where
        ``file:line`` or ``file, sheet, cell``; empty where no place can be named.
    """

    message: str
    fields: dict[str, object] = field(default_factory=dict)
    where: str = ""

    def __str__(self) -> str:
        fields = filled(self.fields, str)
        sentence = self.message.format(**english(fields))
        if fields.get("near"):
            sentence += "; " + DID_YOU_MEAN.format(**fields)
        return f"{self.where}: {sentence}" if self.where else sentence


def fault(message: str, where: str = "", **fields: object) -> Fault:
    """Make a fault; the fields are given by name."""
    return Fault(message, fields, where)


def refusal(error: OSError) -> Phrase | str:
    """Why the system would not give a file."""
    if isinstance(error, PermissionError):
        return Phrase("permission is refused, or another program holds the file open")
    if isinstance(error, FileNotFoundError):
        return Phrase("it does not exist")
    if isinstance(error, IsADirectoryError):
        return Phrase("it is a folder")
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return Phrase("a file stands where a folder is needed")
    return error.strerror or str(error)


class ZvenoError(Exception):
    """Base of every error that Zveno raises on purpose."""

    exit_code = 2

    def __init__(self, message: str | Iterable[Fault], where: str = "", **fields: object) -> None:
        if isinstance(message, str):
            self.faults: tuple[Fault, ...] = (Fault(message, fields, where),)
        else:
            self.faults = tuple({str(one): one for one in message}.values())  # each said once
        super().__init__("\n".join(str(one) for one in self.faults))

    def __reduce__(self) -> tuple[Any, ...]:
        """Whole on the way between processes, with its faults as they are."""
        return type(self), (self.faults,)


class ModelError(ZvenoError):
    """The description of the chain is wrong."""

    exit_code = 3


class RuleError(ZvenoError):
    """A rule, an amendment or a date is unlawful."""

    exit_code = 4


class DataError(ZvenoError):
    """A reading or a file of readings cannot be used."""

    exit_code = 5


class StoreError(ZvenoError):
    """Storage failed; nothing was half-written."""

    exit_code = 6


class ConflictError(ZvenoError):
    """Another person changed the same thing meanwhile; nothing was kept, nothing is lost."""

    exit_code = 9

    def __init__(
        self, message: str | Iterable[Fault], where: str = "", *, versions: Sequence[object] = (), **fields: object
    ) -> None:
        super().__init__(message, where, **fields)
        self.versions = tuple(versions)
        """The entry that was refused, then those that came before it, in their order."""

    def __reduce__(self) -> tuple[Any, ...]:
        """With its versions, too."""
        return _conflict_again, (self.faults, self.versions)


def _conflict_again(faults: tuple[Fault, ...], versions: tuple[object, ...]) -> ConflictError:
    """A conflict as it was in another process."""
    return ConflictError(faults, versions=versions)


class QuantityError(ZvenoError):
    """A unit of measure does not fit the quantity."""

    exit_code = 7


class SolveError(ZvenoError):
    """The equations were not solved."""

    exit_code = 8


def some_names(names: Sequence[str], most: int = 20) -> str:
    """Names for a message, the first ones only where they are many.

    Examples
    --------
    >>> some_names(["a", "b", "c"], 2)
    'a, b, …'
    """
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
