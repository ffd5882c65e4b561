"""The alarm journal of a company's control system: CSV or Parquet, its columns mapped by a small file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import Field, ValidationError

from zveno.errors import DataError, Fault, fault, some_names
from zveno.model.record import Record
from zveno.model.validation import validation_faults
from zveno.model.yamlfile import read_yaml
from zveno.tables import frame

_MOST = 5
_OPTIONAL = ("plant", "unit", "position", "suppression")
Priority = Literal["low", "medium", "high", "critical"]
Suppression = Literal["shelved", "by_design", "out_of_service", ""]


class Events(Record):
    """A journal with a row for each event: which column says what happened, and its words."""

    column: str
    raised: tuple[str, ...]
    returned: tuple[str, ...] = ()


class JournalMapping(Record):
    """How the columns of an alarm journal are read.

    A row is either an alarm (with ``returned`` beside ``raised``), or an event: then ``raised`` is the column of its
    moment, and ``events`` says what happened.
    """

    format: Literal["zveno/alarm-journal-1"] = "zveno/alarm-journal-1"
    alarm: Annotated[tuple[str, ...], Field(min_length=1, description="columns that name the alarm, joined")]
    raised: str = Field(description="column of the moment at which it was raised, or of the event")
    returned: str = Field(default="", description="column of the moment at which it returned to normal")
    time: str = Field(default="", description="form of the moments, such as %d.%m.%Y %H:%M:%S; ISO 8601 if left out")
    events: Events | None = None
    priority: str = ""
    priorities: dict[str, Priority] = Field(default={}, description="words of the journal for each priority")
    plant: str = ""
    unit: str = ""
    position: str = ""
    suppression: str = ""
    suppressions: dict[str, Suppression] = Field(default={}, description="words of the journal for each suppression")
    authorised: str = Field(default="", description="column that says whether a suppression was authorised")
    yes: tuple[str, ...] = Field(default=("1", "true", "yes"), description="words for yes in that column")
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","


@dataclass(frozen=True)
class Journal:
    """Alarms of a journal, and what was odd in it.

    Parameters
    ----------
    alarms
        Table ``alarms``.
    lonely
        Returns of alarms that were never raised in it: they were active when it begins.
    again
        Alarms raised again before they had returned: each counts, and ends the one before.
    """

    alarms: pl.DataFrame
    lonely: int = 0
    again: int = 0


def read_mapping(path: Path) -> JournalMapping:
    """The mapping of a journal.

    Raises
    ------
    DataError
        If the file cannot be read or has faults, each with its line.
    """
    read = read_yaml(path, path.name)
    if isinstance(read, Fault):
        raise DataError([read])
    if not isinstance(read.data, dict):
        raise DataError([fault("the file holds no keys: 'zveno schema' writes what belongs in it", f"{path.name}:1")])
    try:
        return JournalMapping.model_validate(read.data)
    except ValidationError as error:
        raise DataError(validation_faults(error, read, JournalMapping)) from None


def read_journal(path: Path, mapping: JournalMapping, tz: tzinfo) -> Journal:
    """The alarms of a journal; moments without a zone are of the plant.

    Raises
    ------
    DataError
        If the file cannot be read, lacks a column, or a cell cannot be understood: with rows, counted as in the file.
    """
    table = _read(path, mapping)
    _require_columns(path, table, mapping)
    rows = _columns(path, table, mapping, tz)
    if mapping.events is None:
        return Journal(frame("alarms", rows.drop("row").sort("raised", "alarm")))
    return _from_events(path, rows, table[mapping.events.column].cast(pl.String), mapping.events)


def _read(path: Path, mapping: JournalMapping) -> pl.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path, infer_schema=False, separator=mapping.separator, encoding="utf8")
    except (OSError, pl.exceptions.PolarsError) as error:
        problem = str(error).splitlines()[0]
        raise DataError("'{path}' cannot be read: {problem}", path=str(path), problem=problem) from error


def _require_columns(path: Path, table: pl.DataFrame, mapping: JournalMapping) -> None:
    """Every column that the mapping names is there."""
    singles = ("raised", "returned", "priority", *_OPTIONAL, "authorised")
    named = [*mapping.alarm, *(one for key in singles if (one := getattr(mapping, key)))]
    named += [mapping.events.column] if mapping.events else []
    missing = [one for one in named if one not in table.columns]
    if missing:
        raise DataError(
            "'{path}' has no column {missing}: it has {known}",
            path=path.name, missing=some_names(missing), known=some_names(table.columns),
        )  # fmt: skip


def _columns(path: Path, table: pl.DataFrame, mapping: JournalMapping, tz: tzinfo) -> pl.DataFrame:
    """The columns of the table ``alarms``, and the row of the file."""
    texts = table.select(pl.all().cast(pl.String).fill_null("").str.strip_chars())
    raised = _moments(path, table, mapping.raised, mapping, tz, needed=True)
    empty = pl.Series([""] * table.height, dtype=pl.String)
    found = {
        "row": pl.Series(range(2, table.height + 2), dtype=pl.Int64),
        "alarm": texts.select(pl.concat_str(mapping.alarm, separator=" ")).to_series(),
        "raised": raised,
        "returned": _moments(path, table, mapping.returned, mapping, tz, needed=False) if mapping.returned
        else pl.Series([None] * table.height, dtype=raised.dtype),
        "priority": _coded(path, texts, mapping.priority, dict(mapping.priorities)) if mapping.priority else empty,
        **{key: texts[one] if (one := getattr(mapping, key)) else empty for key in ("plant", "unit", "position")},
        "suppression": _coded(path, texts, mapping.suppression, {"": "", **mapping.suppressions})
        if mapping.suppression else empty,
        "authorised": texts[mapping.authorised].str.to_lowercase().is_in([one.lower() for one in mapping.yes])
        if mapping.authorised else pl.Series([None] * table.height, dtype=pl.Boolean),
    }  # fmt: skip
    rows = pl.DataFrame([one.alias(name) for name, one in found.items()])
    back = rows.filter(pl.col("returned") < pl.col("raised"))
    if back.height:
        raise DataError(
            "'{path}': alarms that return before they are raised, in rows {rows}: check the columns of both moments",
            path=path.name, rows=_some_rows(back["row"]),
        )  # fmt: skip
    return rows


def _moments(
    path: Path, table: pl.DataFrame, column: str, mapping: JournalMapping, tz: tzinfo, *, needed: bool
) -> pl.Series:
    """Moments in UTC; a cell that is none is told with its row."""
    given = table[column]
    if isinstance(given.dtype, pl.Datetime):
        found = given
    else:
        texts = given.cast(pl.String).str.strip_chars()
        form = mapping.time or None
        try:
            found = texts.str.to_datetime(form, time_unit="us", strict=False)
        except pl.exceptions.PolarsError:
            found = pl.Series([None] * len(texts), dtype=pl.Datetime("us"))
        wrong = found.is_null() & texts.is_not_null() & (texts != "")
        if wrong.any():
            rows = pl.Series(range(2, table.height + 2)).filter(wrong)
            raise DataError(
                "'{path}', column '{column}': no moment in rows {rows}, such as '{text}': give 'time', its form",
                path=path.name, column=column, rows=_some_rows(rows), text=texts.filter(wrong)[0],
            )  # fmt: skip
    dtype, empty = found.dtype, found.is_null()
    if not (isinstance(dtype, pl.Datetime) and dtype.time_zone is not None):
        found = _of_plant(found, tz)
    missing = found.is_null() if needed else found.is_null() & ~empty
    if missing.any():
        rows = pl.Series(range(2, table.height + 2)).filter(missing)
        raise DataError(
            "'{path}', column '{column}': no moment of plant time in rows {rows}", path=path.name, column=column,
            rows=_some_rows(rows),
        )  # fmt: skip
    return found.dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC"))


def _of_plant(found: pl.Series, tz: tzinfo) -> pl.Series:
    """Moments of plant time as instants; in the hour that clocks repeat the earlier one, in that they skip none."""
    name = getattr(tz, "key", None)
    if name is not None:
        return found.dt.replace_time_zone(name, ambiguous="earliest", non_existent="null")
    return (found - tz.utcoffset(None)).dt.replace_time_zone("UTC")


def _coded(path: Path, texts: pl.DataFrame, column: str, words: Mapping[str, str]) -> pl.Series:
    """Words of the journal in the words of the table; one that has none is told with its row."""
    given = texts[column]
    known = {one.casefold(): meant for one, meant in words.items()} | {
        one: one for one in ("low", "medium", "high", "critical") if column and not words
    }
    folded = given.str.to_lowercase()
    found = folded.replace_strict(known, default=None, return_dtype=pl.String)
    if found.null_count():
        rows = pl.Series(range(2, len(given) + 2)).filter(found.is_null())
        raise DataError(
            "'{path}', column '{column}': '{word}' in rows {rows} has no meaning in the mapping: name it there",
            path=path.name, column=column, word=given.filter(found.is_null())[0], rows=_some_rows(rows),
        )  # fmt: skip
    return found


def _from_events(path: Path, rows: pl.DataFrame, what: pl.Series, events: Events) -> Journal:
    """Alarms from a journal of events: each raise with the next return of the same alarm."""
    folded = what.fill_null("").str.strip_chars()
    kinds = rows.with_columns(up=folded.is_in(list(events.raised)), down=folded.is_in(list(events.returned))).filter(
        pl.col("up") | pl.col("down")
    )
    if not kinds["up"].any():
        raise DataError(
            "'{path}', column '{column}': no row says {words}: name the words under 'events'",
            path=path.name, column=events.column, words=", ".join(events.raised),
        )  # fmt: skip
    ordered = kinds.sort("alarm", "raised", "row", maintain_order=True)
    nearest = ordered.with_columns(
        after=pl.col("raised").shift(-1).over("alarm"), rises=pl.col("up").shift(-1).over("alarm"),
        before=pl.col("up").shift(1).over("alarm"),
    )  # fmt: skip
    up = nearest.filter(pl.col("up"))
    alarms = up.with_columns(returned=pl.col("after")).select(*frame("alarms").columns).sort("raised", "alarm")
    lonely = nearest.filter(pl.col("down") & ~pl.col("before").fill_null(value=False)).height
    return Journal(frame("alarms", alarms), lonely, int(up["rises"].fill_null(value=False).sum()))


def _some_rows(rows: pl.Series) -> str:
    shown = ", ".join(str(one) for one in rows[:_MOST])
    return shown if len(rows) <= _MOST else f"{shown} … ({len(rows)})"
