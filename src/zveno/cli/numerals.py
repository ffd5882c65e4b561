"""Numbers as they are shown: how many decimals, and in which unit of measure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from zveno.text.catalogue import Catalogue

_SMALL_FRACTION = 1e-4
_SHOWN_DIGITS = 4
_MOST_DECIMALS = 7


def shown_uom(uom: str, values: Iterable[float]) -> tuple[str, float]:
    """Unit of measure on the screen and the factor to it: fractions as per cent, small ones as g/t."""
    if uom != "frac":
        return uom, 1.0
    largest = max((abs(one) for one in values if math.isfinite(one)), default=0.0)
    return ("g/t", 1e6) if 0 < largest < _SMALL_FRACTION else ("%", 100.0)


def decimals(values: Sequence[float], kept: int = _SHOWN_DIGITS) -> int:
    """Decimals that keep so many digits of the largest number, and one fewer of the differences."""
    known = [one for one in values if math.isfinite(one)]
    largest = max(map(abs, known), default=0.0)
    if not largest:
        return 2
    found = kept - 1 - math.floor(math.log10(largest))
    apart = max(known) - min(known)
    if apart > largest * 1e-9:
        found = max(found, kept - 2 - math.floor(math.log10(apart)))
    return max(0, min(_MOST_DECIMALS, found))


def plain(value: float, text: Catalogue) -> str:
    """A number that somebody set: no more decimals than it has."""
    if not math.isfinite(value):
        return "–"
    _, _, digits = f"{value:.{_MOST_DECIMALS}g}".partition(".")
    if "e" in digits:
        return text.plain(value, 4)
    return text.number(value, len(digits))
