"""What the command line shows: aligned tables, short sentences, JSON, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import typer

from zveno.errors import Fault
from zveno.text.catalogue import Catalogue, catalogue
from zveno.text.mark import tr

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Screen:
    """Shows answers in one language."""

    text: Catalogue
    tz: tzinfo | None = None

    @classmethod
    def of(cls, lang: str, tz: tzinfo | None = None) -> Self:
        """The screen of a language, which tells moments in the time of a plant."""
        return cls(catalogue(lang), tz)

    def moment(self, moment: datetime) -> str:
        """A moment in the time of the plant, wherever it was signed."""
        return self.text.moment(moment.astimezone(self.tz))

    @property
    def lang(self) -> str:
        """Language shown."""
        return self.text.lang

    def say(self, message: str, *, err: bool = False, **fields: object) -> None:
        """One sentence."""
        typer.echo(self.text(message, **fields), err=err)

    def line(self, content: str = "", *, err: bool = False) -> None:
        """A line as it is."""
        typer.echo(content, err=err)

    def json(self, content: Any) -> None:
        """An answer as JSON."""
        typer.echo(json.dumps(content, ensure_ascii=False, indent=1, default=_plain))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """An aligned table; the first column to the left, the others to the right."""
        texts = [[self.text(one) for one in head], *rows]
        widths = [max(len(row[column]) for row in texts) for column in range(len(head))]
        for number, row in enumerate(texts):
            cells = [
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            typer.echo("  ".join(cells).rstrip())
            if number == 0:
                typer.echo("  ".join("-" * width for width in widths))

    def doubts(self, doubts: Sequence[Fault]) -> None:
        """What may be wrong, on the error stream."""
        for one in doubts:
            typer.echo(self.text.fault(one), err=True)

    def save(self, tables: Mapping[str, pl.DataFrame], out: Path | None, *, alone: str) -> None:
        """Write tables, that named ``alone`` where the file holds one only, and say where."""
        if out is None:
            return
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix.lower() == ".csv":
            tables[alone].write_csv(out)
        else:
            _write_workbook(tables, out)
        self.say(tr("written: {path}"), err=True, path=out)

    @contextmanager
    def progress(self, message: str) -> Iterator[Callable[[float | None], None]]:
        """A progress bar on the error stream, where that is a terminal; call it with the share done."""
        if not sys.stderr.isatty():
            yield lambda _: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(self.text(message), total=None)
            yield lambda share: bar.update(task, total=1.0 if share is not None else None, completed=share or 0.0)

    def measured(self, value: float | None, sd: float | None, scale: float = 1.0, digits: int = 2) -> str:
        """A value with the half width of its 95 % interval, which sets the digits; words where it is unknown."""
        from zveno.reports import digits_for, half_width  # heavy, and not every screen has measured values

        if value is None:
            return self.text(tr("unobservable"))
        half = half_width(sd)
        digits = digits_for(None if half is None else half * scale, digits)
        shown = self.text.number(value * scale, digits)
        return shown if half is None else f"{shown} ± {self.text.number(half * scale, digits)}"

    def chance(self, p: float) -> str:
        """A chance with four digits, or that it is smaller still."""
        least = 1e-4
        sign, shown = ("=", p) if p >= least else ("<", least)
        return f"{sign} {self.text.number(shown, 4)}"


def _write_workbook(tables: Mapping[str, pl.DataFrame], path: Path) -> None:
    """A sheet for each table; the same tables give the same bytes."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})
        for name, table in tables.items():
            table.write_excel(book, name, autofit=True, float_precision=6)


def _plain(value: Any) -> Any:
    """Times for JSON."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    raise TypeError(type(value).__name__)
