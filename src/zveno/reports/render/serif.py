"""Room that text takes in Libertinus Serif, the font of the paper, and breaks inside words that are too long."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

FONT = "Libertinus Serif"

# Advance in em, rounded up to 0.025, with figures of equal width; a test measures them anew with typst.
_WIDTHS: dict[float, str] = {
    0.125: "\u202f",
    0.2: "'",
    0.225: ",.|",
    0.25: " :;\u00a0·",
    0.275: "ijl{}°і’",
    0.3: "!()I\\І",
    0.325: "/Jft²³₂₃₄",
    0.35: '"-\u2011',
    0.375: "*[]r“”„",
    0.4: "`s",
    0.425: "zгғ",
    0.45: "?ce~éезстёә",
    0.475: "#$0123456789a§äаьэ€",
    0.5: "FS_bgvxГбвкхяҒқ",
    0.525: "^dkopqyöлоруө≤≥",
    0.55: "+<=>LPhnu«±»×ßüРдчһ–\u2212▲△",
    0.575: "EYЁЕЗЬцъңҮүҰұ■●",
    0.6: "BRTБВТУЯийнп",
    0.625: "ZКЭ",
    0.65: "%CKVΔЛСЧҚӘ",
    0.675: "UX½ÜДПФХЦфҺ◆",
    0.7: "ADGNOQÄÖАОмҢӨ",
    0.725: "&ИЙЪжы",
    0.75: "HwНю—…",
    0.8: "mЫ",
    0.85: "MМшщ",
    0.9: "@Ж",
    0.925: "Ю‰№",
    0.95: "W",
    0.975: "ШЩ",
    1.15: "←→",
}
_EM = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_WIDEST = 1.0
BOLD = 1.1
_SOFT_HYPHEN, _NO_WIDTH, _JOINER_SLASH = "\u00ad", "\u200b", "/\u2060"
_NO_ROOM = frozenset("\u00ad\u200b\u2060")
_UOM = 8
_ROUNDING = 0.5
_WORD = re.compile(r"[^ \n]+")
_PARTS = re.compile(r"(?<=[_./:\\-])(?=.)")


def serif_width(text: str, size_pt: float, *, bold: bool = False) -> float:
    """Width of a line of text, pt, up to a few per cent too wide; letters outside the table count as wide ones.

    Examples
    --------
    >>> serif_width("руда", 10)
    20.75
    """
    return round(_em(text) * size_pt * (BOLD if bold else 1.0), 2)


@lru_cache(maxsize=4096)
def _em(text: str) -> float:
    """Width of a text in em."""
    return sum(0.0 if letter in _NO_ROOM else _EM.get(letter, _WIDEST) for letter in text)


def widest_word(text: str, size_pt: float, *, bold: bool = False) -> float:
    """Width of the longest piece between spaces, pt; no-break spaces hold their words together."""
    pieces = text.replace("\n", " ").split(" ")
    return max(serif_width(one, size_pt, bold=bold) for one in pieces)


def glued(heading: str) -> str:
    r"""A heading whose unit of measure stays whole and with the word before it.

    Examples
    --------
    >>> print(ascii(glued("Grade, g/t")))
    'Grade,\xa0g/\u2060t'
    """
    title, comma, uom = heading.rpartition(", ")
    return f"{title},\u00a0{uom.replace('/', _JOINER_SLASH)}" if comma and len(uom) <= _UOM else heading


def foldable(text: str, size_pt: float, width_pt: float, *, bold: bool = False) -> str:
    """The same text with places to break inside the words that are wider than their room.

    Between letters a break shows a hyphen (U+00AD), elsewhere nothing (U+200B), so that a code or a path can
    be read as it stands.

    Examples
    --------
    >>> foldable("abc defghij", 10, 25).replace("\\u00ad", "|")
    'abc def|g|hij'
    """
    room = width_pt + _ROUNDING
    if widest_word(text, size_pt, bold=bold) <= room:
        return text

    def fits(piece: str) -> bool:
        return serif_width(piece, size_pt, bold=bold) <= room

    return _WORD.sub(lambda found: found[0] if fits(found[0]) else _cut(found[0], fits), text)


def _cut(word: str, fits: Callable[[str], bool]) -> str:
    """A word with its breaks marked: between its parts, and inside the parts that are too long themselves."""
    parts = [part if fits(part) else _cut_part(part) for part in _PARTS.split(word)]
    return _NO_WIDTH.join(parts)


def _cut_part(part: str) -> str:
    """A part with a break between any two letters; a real word keeps three at each end."""
    if part.isalpha() and len(part) > 6:
        return f"{part[:2]}{_SOFT_HYPHEN.join(part[2:-2])}{part[-2:]}"
    return _NO_WIDTH.join(part)
