"""One value has one form, and no other bytes are read as it."""

import math

import pytest

from zveno.errors import DataError
from zveno.log.canonical import canonical, read_canonical


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1, "a": [True, None, "ё"]}, '{"a":[true,null,"ё"],"b":1}'),
        (0.1 + 0.2, "0.30000000000000004"),
        (12.50, "12.5"),
        (10**30, str(10**30)),
        (("x", 1), '["x",1]'),
        ('\n"\\', '"\\n\\"\\\\"'),
    ],
)
def test_a_value_has_one_form(value, written):
    assert canonical(value).decode() == written


@pytest.mark.parametrize("value", [math.nan, math.inf, {1: "a"}, object(), {"a": b"x"}, "\ud800"])
def test_what_json_cannot_keep_is_refused(value):
    with pytest.raises(DataError, match="cannot hold this exactly"):
        canonical(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"1.50",
        b'"\\u0451"',
        b"NaN",
        b"[1]\n",
        b"\xff",
        b"[" * 5000,
        b"",
    ],
)
def test_other_bytes_are_not_read(data):
    with pytest.raises(ValueError, match="not in the canonical form"):
        read_canonical(data)
