"""Room that text takes: widths by letter, and wrapping, without a font at hand."""

from __future__ import annotations

# Advance in em, rounded up to 0.05: the widest of DejaVu Sans, Liberation Sans and Noto Sans, so that a
# text never takes more room than counted, whatever of these the reader's machine has.
_WIDTHS: dict[float, str] = {
    0.3: "'ijlі",
    0.35: " \u00a0\u202f,.:;IІ·",
    0.4: "()-/[\\]ft",
    0.45: "!r",
    0.5: '"J`°',
    0.55: "cszгзсэ",
    0.6: "*?L_kvxy|втухьғұү–",
    0.65: "$0123456789FTabdeghnopqu{}ГЗТУабеийклорчяёәқөҰҮһ«»",
    0.7: "ABEKPSVXYZАБВЕРХЧЬднпцЁҒңҺΔ",
    0.75: "CRUКСЭЯъҚ",
    0.8: "&DGHNOQДИЙЛНОПЦмыӘҢӨ",
    0.85: "#+<=>^w~Ъю±−×≤≥",
    0.9: "ФЫф",
    0.95: "MМжшщ",
}
_EM = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_WIDEST = 1.1
_BOLD = 1.12


def text_width(text: str, size_px: float, *, bold: bool = False) -> float:
    """Upper bound of the width of a line of sans-serif text, px.

    Letters outside the table (other scripts) count as the widest one known.

    Examples
    --------
    >>> text_width("кен", 10)
    20.0
    """
    em = sum(_EM.get(letter, _WIDEST) for letter in text)
    return round(em * size_px * (_BOLD if bold else 1.0), 2)


def wrap(text: str, size_px: float, width_px: float, *, bold: bool = False) -> tuple[str, ...]:
    """Break a text at its spaces into lines no wider than ``width_px``; a longer word is cut with a hyphen.

    No-break spaces hold their words together.

    Examples
    --------
    >>> wrap("copper concentrate", 10, 60)
    ('copper', 'concentr-', 'ate')
    """
    lines: list[str] = []
    for word in filter(None, text.split(" ")):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size_px, bold=bold) <= width_px:
            lines[-1] = joined
        else:
            lines.extend(_cut(word, size_px, width_px, bold=bold))
    return tuple(lines)


def _cut(word: str, size_px: float, width_px: float, *, bold: bool) -> list[str]:
    """Pieces of a word that fit, with no stump of one or two letters left over where that can be helped."""
    pieces = []
    while text_width(word, size_px, bold=bold) > width_px and len(word) > 1:
        fits = (text_width(word[: k + 1] + "-", size_px, bold=bold) <= width_px for k in range(len(word) - 1))
        kept = max(1, min(sum(fits), max(len(word) - 3, 1)))
        pieces.append(word[:kept] + "-")
        word = word[kept:]
    return [*pieces, word]
