"""One value, one sequence of bytes: what is hashed and signed can be written in one way only.

The form is JSON in UTF-8 with the keys of every object sorted by code point, no space between the parts, no escape
that is not needed, and numbers as Python prints them: whole numbers in full, others with the fewest digits that
read back as the same double. NaN and infinities are refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from zveno.errors import DataError

Json = Any
"""None, a truth value, a number, a text, a list of these, or a mapping of texts to these."""


def canonical(value: Json) -> bytes:
    """The bytes of a value.

    Raises
    ------
    DataError
        If it holds something that JSON cannot keep exactly.

    Examples
    --------
    >>> canonical({"mass_t": 12.50, "name": "Шихта", "lots": [1, 2]}).decode()
    '{"lots":[1,2],"mass_t":12.5,"name":"Шихта"}'
    """
    try:
        return json.dumps(
            _plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
        ).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError("a record cannot hold this exactly: {problem}", problem=str(error)) from error


def read_canonical(data: bytes) -> Json:
    """The value of bytes that are in the canonical form.

    Raises
    ------
    ValueError
        If they are not: the value could be written in another way, so that somebody has touched them.

    Examples
    --------
    >>> read_canonical(b'{"a":1}')
    {'a': 1}
    >>> read_canonical(b'{"a": 1}')
    Traceback (most recent call last):
    ...
    ValueError: not in the canonical form
    """
    try:
        value = json.loads(data)
        if canonical(value) == data:
            return value
    except (ValueError, RecursionError, DataError):
        pass
    raise ValueError("not in the canonical form")


def _plain(value: Json) -> Json:
    """The value itself, mappings and sequences as JSON has them."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no number")
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys must be texts")
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    raise TypeError(f"{type(value).__name__} is no JSON value")
