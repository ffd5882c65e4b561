"""How an import and a mapping that was learnt are shown on a screen."""

from __future__ import annotations

from typing import Any

import polars as pl
import typer

from zveno.chain import Imported
from zveno.cli.screen import Screen
from zveno.text.mark import tr

_PROPOSED = 20


class ImportedAnswers(Screen):
    """A screen that knows how an import is shown."""

    def read(self, done: Imported) -> None:
        """What was read for this answer alone, on the error stream."""
        self.line(self.text.count("{n} value read", "{n} values read", done.records + done.readings), err=True)
        self._left_out(done, err=True)

    def imported(self, done: Imported, *, as_json: bool) -> int:
        """What an import did; the exit code."""
        if as_json:
            self.json(self._content(done))
            return 5 if done.faults else 0
        self.line(self.text.count("{n} new file", "{n} new files", done.files))
        if done.known_files:
            self.line(self.text.count("{n} file known before", "{n} files known before", done.known_files))
        self.say(
            tr("kept: values {records}, readings of signals {readings}"),
            records=self.text.number(done.records, 0),
            readings=self.text.number(done.readings, 0),
        )
        self._cells(done)
        self._left_out(done, err=False)
        for one in done.remarks:
            self.line(f"! {self.text.fault(one)}")
        self._proposals(done.cells)
        return 5 if done.faults else 0

    def _content(self, done: Imported) -> dict[str, Any]:
        """An import as JSON: what was kept, and every cell that a mapping left out with a reason to look at it."""
        return {
            "files": done.files,
            "known_files": done.known_files,
            "records": done.records,
            "readings": done.readings,
            "rejected": done.rejected.to_dicts(),
            "mapped_files": done.sources.to_dicts(),
            "faults": [self.text.fault(one) for one in done.faults],
            "remarks": [self.text.fault(one) for one in done.remarks],
        }

    def _cells(self, done: Imported) -> None:
        """Cells that mappings read: imported, rejected by reason, context; together all that are not empty."""
        if done.cells.is_empty():
            return
        counts = dict(done.cells.group_by("status").len().iter_rows())
        numbers = {name: self.text.number(counts.get(name, 0), 0) for name in ("imported", "rejected", "context")}
        self.say(
            tr("cells of the mapped files: {all} = imported {imported} + rejected {rejected} + context {context}"),
            all=self.text.number(done.cells.height, 0),
            imported=numbers["imported"],
            rejected=numbers["rejected"],
            context=numbers["context"],
        )
        quiet = done.cells.filter(pl.col("reason").is_in(list(done.quiet_reasons)))
        for reason, n in quiet.group_by("reason").len().sort("len", descending=True).iter_rows():
            self.line(f"  {self.text.number(n, 0)}: {self.text(done.reasons[reason])}")

    def _left_out(self, done: Imported, *, err: bool) -> None:
        """Cells left out, by reason, and the faults."""
        reasons = done.rejected.group_by("reason", maintain_order=True).agg(
            pl.len(), first=pl.struct("file", "sheet", "cell", "text").first()
        )
        for reason, count, first in reasons.iter_rows():
            place = ", ".join(filter(None, (first["file"], first["sheet"], first["cell"])))
            fields = {"reason": self.text.retold(reason), "place": place, "text": first["text"]}
            if first["cell"]:
                sentence = self.text.count(
                    "{n} cell left out: {reason} (first: {place}, '{text}')",
                    "{n} cells left out: {reason} (first: {place}, '{text}')",
                    count,
                    **fields,
                )
            else:
                sentence = self.text.count(
                    "{n} file left out: {reason} (first: {place})",
                    "{n} files left out: {reason} (first: {place})",
                    count,
                    **fields,
                )
            typer.echo(sentence, err=err)
        for one in done.faults:
            typer.echo(self.text.fault(one), err=True)

    def _proposals(self, cells: pl.DataFrame) -> None:
        """Numbers that were probably meant where something else stands: shown, not taken."""
        asked = cells.filter(pl.col("meant").is_not_null(), pl.col("status") == "rejected")
        asked = asked.filter(~pl.col("reason").is_in(["duplicate_file", "superseded"]))
        if asked.is_empty():
            return
        self.line()
        self.say(tr("not taken, but perhaps meant; correct the file to have them:"))
        rows = [
            [
                f"{row['file']}, {row['sheet']}, {row['cell']}",
                row["text"],
                self.text.plain(row["meant"], 6),
                row["point"],
                row["quantity"],
            ]
            for row in asked.head(_PROPOSED).iter_rows(named=True)
        ]
        self.table([tr("cell"), tr("what stands there"), tr("perhaps"), tr("point"), tr("quantity")], rows)
        if asked.height > _PROPOSED:
            self.say(tr("and {n} more"), n=asked.height - _PROPOSED)
