"""What somebody types after an option."""

from __future__ import annotations

from datetime import date

from zveno.errors import DataError
from zveno.quantities import typed_number


def assignment(text: str) -> tuple[str, float]:
    """``name=value`` as a pair.

    Raises
    ------
    DataError
        If the value is no number.
    """
    name, _, value = text.partition("=")
    try:
        return name.strip(), typed_number(value)
    except ValueError:
        raise DataError("'{text}' is not NAME=VALUE with a number", text=text) from None


def typed_day(text: str) -> date:
    """A day.

    Raises
    ------
    DataError
        If it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DataError("'{text}' is no date: write it as 2026-03-07", text=text) from None


def day_or_none(text: str) -> date | None:
    """A day, where one was given."""
    return typed_day(text) if text else None
