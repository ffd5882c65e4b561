"""Patterns of headings and labels: ``*`` for anything, ``{name}`` catches a word, ``|`` parts alternatives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from zveno.text.sheetwords import tidy
from zveno.text.words import as_latin

_PART = re.compile(r"\*|\{(\w+)\}")
_CAUGHT = r"[^\s/,;()|.]+?"
_OTHERS = {
    "shift": ".+?", "text": ".+?", "el": "[a-z][a-z0-9]{0,5}", "day": r"\d{1,2}",
    "date": r"\d{1,4}[./-]\d{1,2}(?:[./-]\d{1,4})?(?: ?[^\W\d]{1,4}\.?)?"
            r"|\d{1,2} [^\W\d]+(?: \d{4})?(?: [^\W\d]{1,4}\.?)?",
    "month": r"[^\W\d]+\.? \d{4}(?: [^\W\d]{1,4}\.?)?|\d{4} ?(?:ж\.|жыл\w*)? ?[^\W\d]+|\d{1,2}[./-]\d{4}",
}  # fmt: skip
"""What other names catch: several words, the symbol of an element or oxide, a day of the month, a date, a month."""


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> tuple[re.Pattern[str], ...]:
    """One expression for every alternative."""
    return tuple(re.compile(_expression(one.strip()), re.IGNORECASE | re.DOTALL) for one in pattern.split(" | "))


def _expression(pattern: str) -> str:
    """A pattern as a regular expression over a text made alike by :func:`alike`."""
    text, end, names = "", 0, set()
    for found in _PART.finditer(pattern):
        text += re.escape(alike(pattern[end : found.start()], strip=False))
        name = found[1]
        text += (
            ".*?" if name is None else f"(?P={name})" if name in names else f"(?P<{name}>{_OTHERS.get(name, _CAUGHT)})"
        )
        names |= {name} - {None}
        end = found.end()
    return rf"{text}{re.escape(alike(pattern[end:], strip=False))}"


@lru_cache(maxsize=65536)
def alike(text: str, *, strip: bool = True) -> str:
    """A text without the differences that eyes do not see: spaces, case, letters of two alphabets that look alike.

    It is as long as the text with single spaces, so that places in one are places in the other.
    """
    plain = as_latin(re.sub(r"[\s\u00a0\u2007\u2009\u202f]+", " ", text).lower().replace("ё", "е"))
    return plain.strip().rstrip(":").rstrip() if strip else plain


@lru_cache(maxsize=65536)
def caught(pattern: str, text: str) -> Mapping[str, str] | None:
    """What a pattern catches of a text; None where it does not fit.

    >>> caught("руда с*{line} | питание с*{line}", "Питание секц.2")
    {'line': '2'}
    >>> caught("Cu, %", "Fe, %") is None
    True
    """
    shown = tidy(text)
    plain = alike(shown)
    for one in _compiled(pattern):
        match = one.fullmatch(plain)
        if match is not None:
            return {name: _original(shown, match.span(name)) for name in match.groupdict()}
    return None


def _original(text: str, span: tuple[int, int]) -> str:
    """A caught word as it is written; a symbol with a Cyrillic letter in it in Latin letters."""
    word = text[slice(*span)]
    latin = as_latin(word)
    return latin if latin.isascii() else word


def fill(template: str, names: Mapping[str, str]) -> str | None:
    """A template with its names filled in; None where a name is not known.

    >>> fill("zhf.l{line}.feed", {"line": "2"}), fill("{lot}", {})
    ('zhf.l2.feed', None)
    """
    missing = [one for one in re.findall(r"\{(\w+)\}", template) if one not in names]
    return None if missing else re.sub(r"\{(\w+)\}", lambda found: names[found[1]], template)
