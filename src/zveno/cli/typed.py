"""What somebody types after an option."""

from __future__ import annotations

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
