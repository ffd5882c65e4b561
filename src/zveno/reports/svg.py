"""Small pieces of SVG text; colours come from the page, with fall-backs for a picture that stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

INK = "var(--ink,#1f2328)"
SOFT = "var(--soft,#59636e)"
LINE = "var(--line,#d5d9de)"
PAPER = "var(--paper,#ffffff)"
PANEL = "var(--panel,#f5f6f7)"
ACCENT = "var(--accent,#a9561e)"
ACCENT_SOFT = "var(--accent-soft,#f3e3d6)"
GOOD = "var(--good,#2c7a4b)"
BAD = "var(--bad,#b3261e)"
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans','DejaVu Sans',sans-serif"


def number(value: float) -> str:
    """A coordinate without needless digits."""
    return f"{value:.1f}".removesuffix(".0")


def attributes(**pairs: str | float) -> str:
    """Attributes of an element; ``_`` in a name stands for ``-``, a last ``_`` is dropped."""
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value if isinstance(value, str) else number(value))}"'
        for name, value in pairs.items()
    )


def element(name: str, inner: str = "", **pairs: str | float) -> str:
    """An element with its attributes."""
    head = f"<{name}{attributes(**pairs)}"
    return f"{head}>{inner}</{name}>" if inner else f"{head}/>"


def label(lines: Sequence[str], x: float, y: float, leading: float, **pairs: str | float) -> str:
    """Lines of text; ``y`` is the baseline of the first."""
    if len(lines) == 1:
        return element("text", escape(lines[0]), x=x, y=y, **pairs)
    spans = "".join(element("tspan", escape(line), x=x, y=y + leading * k) for k, line in enumerate(lines))
    return element("text", spans, **pairs)


def picture(
    inner: str, width: float, height: float, *, title: str, desc: str, size: float = 12.0, **pairs: str | float
) -> str:
    """A whole picture with its title and description for those who can't see it."""
    said = f"<title>{escape(title)}</title><desc>{escape(desc)}</desc>"
    return element(
        "svg",
        said + inner,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
        aria_label=title,
        font_family=FONT,
        font_size=size,
        fill=INK,
        **pairs,
    )
