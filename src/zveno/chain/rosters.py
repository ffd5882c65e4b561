"""A roster that is kept as a workbook, written as a file of the description."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from zveno.errors import StoreError, refusal
from zveno.model.chain import ChainModel
from zveno.sources.rosters import RosterRow, roster_rows

_ORDER = ("posts", "absences", "substitutions", "deputies")


def import_roster(model: ChainModel, path: Path, out: Path) -> int:
    """Write the entries of a workbook or text table as a roster file; how many there are.

    Persons that the description does not name yet are entered too. Each entry says in a comment from which cell it is.
    What does not hold together is told, with the line of the new file, when the description is read.

    Raises
    ------
    DataError
        With every wrong cell.
    StoreError
        If the file cannot be written.
    """
    rows = roster_rows(path)
    known = {one.id for one in model.roster.persons}
    named = dict.fromkeys(
        str(row.values[name]) for row in rows for name in ("person", "for") if name in row.values
    )  # fmt: skip
    lines = [f"# made from {path.name}", "format: zveno/roster-1"]
    new = [one for one in named if one not in known]
    if new:
        lines += ["", "persons:", *(f"  - {{id: {_quoted(one)}}}" for one in new)]
    by_kind: dict[str, list[RosterRow]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    for kind in _ORDER:
        if by_kind[kind]:
            lines += ["", f"{kind}:", *(_line(one) for one in by_kind[kind])]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text("\n".join(lines) + "\n", "utf-8")
    except OSError as error:
        raise StoreError("'{path}' cannot be written: {problem}", path=str(out), problem=refusal(error)) from error
    return len(rows)


def _line(row: RosterRow) -> str:
    said = ", ".join(
        f"{name}: {value if name == 'rank' else _quoted(value)}"
        for name, value in row.values.items()
        if value is not None
    )
    return f"  - {{{said}}}   # {row.place}"


def _quoted(value: Any) -> str:
    """A value as YAML takes it in every case: texts in quotes, days as they are."""
    if not isinstance(value, str):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
