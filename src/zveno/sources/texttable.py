"""Text tables as control systems export them: one row a period, one column a meter or tag."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from zveno.errors import fault
from zveno.model.types import DataFile, Meter
from zveno.sources.cells import Cells, Place, number
from zveno.text.mark import tr


def read_text_table(content: bytes, name: str, layout: DataFile, cells: Cells) -> list[dict[str, Any]]:
    """Take the meters' columns into ``cells``; the tags' columns come back as readings."""
    try:
        text = content.decode(layout.encoding)
    except UnicodeDecodeError:
        message = tr(
            "the file is not text in the encoding '{encoding}' that chain.yaml names for it: save it in that "
            "encoding, or name its own"
        )
        cells.faults.append(fault(message, name, encoding=layout.encoding))
        return []
    rows = csv.reader(io.StringIO(text), delimiter=layout.separator)
    header = next(rows, [])
    index = {title.strip(): column for column, title in enumerate(header)}
    meters = list(_meter_columns(cells))
    tags = {tag.column: tag.id for tag in cells.model.chain.tags if tag.column}
    wanted = [layout.time, *(column for column, *_ in meters), *tags]
    missing = [one for one in wanted if one not in index]
    if missing:
        message = tr("columns that chain.yaml names are missing in the heading: {columns}")
        cells.faults.append(fault(message, f"{name}, 1", columns=", ".join(missing)))
        return []
    readings: list[dict[str, Any]] = []
    seen: set[datetime] = set()
    for line, row in enumerate(rows, start=2):
        moment = _moment(row, line, index, layout, name, cells)
        if moment is None:
            continue
        if moment in seen:  # clocks were set back: the same hour comes a second time
            moment = moment.replace(fold=1)
        seen.add(moment)
        length = timedelta(hours=layout.hours)
        span = (moment, _later(moment, length)) if layout.stamp == "start" else (_later(moment, -length), moment)
        for column, meter, quantity, uom in meters:
            at = index[column]
            raw = row[at] if at < len(row) else None
            cells.add(meter, quantity, raw, uom, span, Place(name, "", f"{line}:{at + 1}"))
        readings += _tag_rows(row, index, tags, span)
    return readings


def _meter_columns(cells: Cells) -> Iterator[tuple[str, Meter, str, str]]:
    """Column, meter, quantity and uom of every value that a row holds."""
    for meter in cells.model.chain.meters:
        if isinstance(meter.column, str):
            if meter.column:
                yield meter.column, meter, meter.quantity, meter.uom
        else:
            for component, column in meter.column.items():
                yield column, meter, component, meter.uoms.get(component, meter.uom)


def _later(moment: datetime, length: timedelta) -> datetime:
    """A moment so much real time later, also where clocks are changed in between."""
    return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)


def _moment(
    row: list[str], number: int, index: Mapping[str, int], layout: DataFile, name: str, cells: Cells
) -> datetime | None:
    """Time of a row; one that cannot be read is a fault."""
    if not any(one.strip() for one in row):
        return None
    at = index[layout.time]
    text = row[at].strip() if at < len(row) else ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = tr("'{text}' is not a time: write it as 2026-03-01 08:00")
        cells.faults.append(fault(message, str(Place(name, "", f"{number}:{at + 1}")), text=text))
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=cells.model.tz)


def _tag_rows(
    row: list[str], index: Mapping[str, int], tags: Mapping[str, str], span: tuple[datetime, datetime]
) -> Iterator[dict[str, Any]]:
    """Readings of the tags of one row; an empty cell is a bad reading, not a missing one."""
    for column, tag in tags.items():
        value = number(row[index[column]]) if index[column] < len(row) else None
        good = isinstance(value, float)
        yield {"tag": tag, "ts": span[0], "value": value if good else None, "quality": 0 if good else 1}
