"""Reads a PDF as typst writes it: pages, the words on each and where they stand. Only what our tests need."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\s*(.*?)\s*endobj", re.DOTALL)
_PAIR = re.compile(r"<([0-9A-F]{4})> <([0-9A-F]+)>")
_SHOWN = re.compile(
    rb"q 1 0 0 -1 (?P<x>-?[\d.]+) -?[\d.]+ cm|/(?P<font>f\d+) (?P<size>[\d.]+) Tf|(?P<aside>/(?:ActualText|Alt)\()|(?P<open>\()|(?P<end>\nET)",
)
_STRING_SIGN = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True)
class Word:
    """A piece of text with the left end of its base line, pt from the left edge, and its size."""

    text: str
    x: float
    size: float


@dataclass(frozen=True)
class Page:
    """Width and height in pt, and the pieces of text in the order of drawing."""

    width: float
    height: float
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """All words, one space between them."""
        return re.sub(" +", " ", " ".join(word.text for word in self.words))

    @property
    def letters(self) -> str:
        """All words without spaces and breaks: what was said, however the lines fell."""
        return squeezed("".join(word.text for word in self.words))


def squeezed(text: str) -> str:
    """A text without spaces and places to break."""
    return re.sub(r"[\s\u00ad\u200b\u2060]+", "", text)


class Pdf:
    """Objects of a file by number."""

    def __init__(self, content: bytes) -> None:
        self.objects = {int(found[1]): found[2] for found in _OBJECT.finditer(content)}
        self.pages = [self._page(one) for one in self.objects.values() if re.search(rb"/Type\s*/Page\b", one)]

    @property
    def outline(self) -> list[str]:
        """Titles of the bookmarks."""
        found = (
            re.search(rb"/Title<FEFF([0-9A-F]+)>|/Title\(([^)]*)\)", one)
            for one in self.objects.values()
            if b"/Dest" in one
        )
        return [
            bytes.fromhex(one[1].decode()).decode("utf-16-be") if one[1] else one[2].decode() for one in found if one
        ]

    @property
    def drawn(self) -> str:
        """Every letter that any stream, drawings included, draws with a glyph of its own."""
        return "".join(
            sorted(
                {
                    letter
                    for one in self.objects.values()
                    if b"/ToUnicode" in one
                    for text in self._letters(one).values()
                    for letter in text
                }
            )
        )

    def _page(self, page: bytes) -> Page:
        box = [float(one) for one in re.search(rb"/MediaBox\[([^\]]*)\]", page)[1].split()]
        contents = self._stream(int(re.search(rb"/Contents (\d+)", page)[1]))
        return Page(box[2], box[3], tuple(self._words(contents, self._fonts(page))))

    def _fonts(self, page: bytes) -> dict[bytes, dict[int, str]]:
        resources = self.objects[int(re.search(rb"/Resources (\d+)", page)[1])]
        fonts = re.search(rb"/Font<<(.*?)>>", resources)
        return {name: self._letters(self.objects[int(k)]) for name, k in re.findall(rb"/(f\d+) (\d+) 0 R", fonts[1])}

    def _letters(self, font: bytes) -> dict[int, str]:
        cmap = self._stream(int(re.search(rb"/ToUnicode (\d+)", font)[1])).decode("latin-1")
        return {
            int(one, 16): bytes.fromhex(text).decode("utf-16-be")
            for one, text in _PAIR.findall(cmap.partition("beginbfchar")[2])
        }

    def _stream(self, number: int) -> bytes:
        whole = self.objects[number]
        return zlib.decompress(whole.partition(b"stream\n")[2].rpartition(b"endstream")[0].rstrip(b"\n"))

    def _words(self, contents: bytes, fonts: dict[bytes, dict[int, str]]):
        x, size, letters, text, at = 0.0, 0.0, {}, "", 0
        while found := _SHOWN.search(contents, at):
            at = found.end()
            if found["x"]:
                x = float(found["x"])
            elif found["font"]:
                letters, size = fonts[found["font"]], float(found["size"])
            elif found["open"]:
                codes, at = _string(contents, at)
                text += "".join(letters[int.from_bytes(codes[k : k + 2], "big")] for k in range(0, len(codes), 2))
            elif found["aside"]:  # said to those who can't see
                _, at = _string(contents, at)
            elif text:
                yield Word(text, x, size)
                text = ""


def _string(contents: bytes, start: int) -> tuple[bytes, int]:
    """The string that begins after an opening bracket, and the place after it; inner brackets come in pairs."""
    depth = 1
    for found in _STRING_SIGN.finditer(contents, start):
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        if depth == 0:
            return _ESCAPE.sub(_unescaped, contents[start : found.start()]), found.end()
    raise ValueError("a string without end")


def _unescaped(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    return bytes([int(sign, 8)]) if sign.isdigit() else _NAMED.get(sign, sign)
