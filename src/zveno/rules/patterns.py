"""Tag patterns: ``*`` stands for one line, furnace, section or plant, the same wherever it is named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Names that a pattern stands for; a star does not reach over a dot.

    Examples
    --------
    >>> matching("mill.line*.ph", ["mill.line1.ph", "mill.line2.ph", "mill.line2.kw"])
    ['mill.line1.ph', 'mill.line2.ph']
    """
    head, star, _ = pattern.partition("*")
    if not star:
        return [name for name in names if name == pattern]
    expression = _expression(pattern)
    return [name for name in names if name.startswith(head) and expression.fullmatch(name)]


def star_of(pattern: str, name: str) -> str:
    """What the last star of a pattern stands for in a name; empty without a star or where they do not match.

    Examples
    --------
    >>> star_of("*.cathode.lot.*_ppm", "shop.cathode.lot.as_ppm")
    'as'
    """
    found = _expression(pattern).fullmatch(name)
    return found.group(found.re.groups) if found and found.re.groups else ""


def beside(tag: str, pattern: str) -> str:
    """The pattern with its stars bound to the line, furnace or plant that a tag belongs to.

    Stars are bound as far as tag and pattern go the same way; those beyond stay stars.

    Examples
    --------
    >>> beside("mill.line2.cleaner1.ph", "mill.line*.feed_pump.on")
    'mill.line2.feed_pump.on'
    >>> beside("mill.tailings.cu_pct", "mill.line*.feed_pump.on")
    'mill.line*.feed_pump.on'
    >>> beside("shop.line2.ph", "mill.line*.feed_pump.on")
    'mill.line*.feed_pump.on'
    """
    ways, parts = pattern.split("."), tag.split(".")
    for index, (way, part) in enumerate(zip(ways, parts, strict=False)):
        if not _expression(way).fullmatch(part):
            break
        ways[index] = part
    return ".".join(ways)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """Regular expression of a pattern."""
    return re.compile("([^.]+)".join(re.escape(part) for part in pattern.split("*")))
