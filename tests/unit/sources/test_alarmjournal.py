"""Alarm journals of control systems: rows that are alarms, rows that are events, columns mapped, cells at fault told."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from zveno.errors import DataError
from zveno.periods import zone
from zveno.sources.alarmjournal import JournalMapping, read_journal, read_mapping

TZ = zone("UTC+05:00")
ALARMS = """Tag;Kind;On;Off;Prio;Area;Desk;Shelf;By
mill.ph;LO;07.03.2026 08:00:00;07.03.2026 08:05:00;2;mill;A;;
mill.ph;LO;07.03.2026 09:00:00;;1;mill;A;;
fan.kw;HI;07.03.2026 07:00:00;07.03.2026 07:01:00;3;fan;B;S;yes
"""
MAPPED = {
    "alarm": ["Tag", "Kind"], "raised": "On", "returned": "Off", "time": "%d.%m.%Y %H:%M:%S", "priority": "Prio",
    "priorities": {"1": "critical", "2": "high", "3": "low"}, "unit": "Area", "position": "Desk",
    "suppression": "Shelf", "suppressions": {"S": "shelved"}, "authorised": "By", "separator": ";",
}  # fmt: skip
EVENTS = """Tag,Time,Event
a,2026-03-07T08:00:00,RTN
a,2026-03-07T09:00:00,ALM
a,2026-03-07T09:01:00,ACK
a,2026-03-07T09:05:00,RTN
a,2026-03-07T10:00:00,ALM
a,2026-03-07T10:30:00,ALM
b,2026-03-07T09:02:00,ALM
"""
BY_EVENT = {"alarm": ["Tag"], "raised": "Time", "events": {"column": "Event", "raised": ["ALM"], "returned": ["RTN"]}}


def journal(text: str, mapping: dict, folder: Path):
    """A journal read."""
    path = folder / "journal.csv"
    path.write_text(text, encoding="utf-8")
    return read_journal(path, JournalMapping.model_validate(mapping), TZ)


def moments(table: pl.DataFrame) -> list[tuple[str, str, str | None]]:
    return [
        (row["alarm"], f"{row['raised'].astimezone(TZ):%H:%M}",
         row["returned"] and f"{row['returned'].astimezone(TZ):%H:%M}")
        for row in table.iter_rows(named=True)
    ]  # fmt: skip


def test_rows_that_are_alarms_are_read_by_the_mapping(tmp_path):
    table = journal(ALARMS, MAPPED, tmp_path).alarms
    assert moments(table) == [
        ("fan.kw HI", "07:00", "07:01"),
        ("mill.ph LO", "08:00", "08:05"),
        ("mill.ph LO", "09:00", None),
    ]
    assert table["priority"].to_list() == ["low", "high", "critical"]
    assert table["suppression"].to_list() == ["shelved", "", ""]
    assert table["authorised"].to_list()[0] is True


def test_events_are_paired_and_what_is_odd_is_counted(tmp_path):
    found = journal(EVENTS, BY_EVENT, tmp_path)
    assert moments(found.alarms) == [
        ("a", "09:00", "09:05"), ("b", "09:02", None), ("a", "10:00", "10:30"), ("a", "10:30", None),
    ]  # fmt: skip
    assert (found.lonely, found.again) == (1, 1)


def test_parquet_says_the_same_as_csv(tmp_path):
    first = journal(ALARMS, MAPPED, tmp_path).alarms
    table = pl.read_csv(ALARMS.encode(), separator=";", infer_schema=False).with_columns(
        pl.col("On", "Off").str.to_datetime("%d.%m.%Y %H:%M:%S"), pl.col("Prio").cast(pl.Int64)
    )
    table.write_parquet(tmp_path / "journal.parquet")
    second = read_journal(tmp_path / "journal.parquet", JournalMapping.model_validate(MAPPED), TZ).alarms
    assert first.equals(second)


@pytest.mark.parametrize(
    ("text", "change", "said"),
    [
        (ALARMS.replace("07.03.2026 08:00:00", "7 March"), {}, "column 'On': no moment in rows 2, such as '7 March'"),
        (ALARMS.replace("07.03.2026 08:00:00", ""), {}, "column 'On': no moment of plant time in rows 2"),
        (ALARMS.replace(";2;", ";9;"), {}, "column 'Prio': '9' in rows 2 has no meaning"),
        (ALARMS.replace(";S;", ";X;"), {}, "column 'Shelf': 'X' in rows 4"),
        (ALARMS, {"unit": "Zone"}, "has no column Zone: it has Tag, Kind, On"),
        (ALARMS.replace("07.03.2026 07:01:00", "07.03.2026 06:01:00"), {}, "return before they are raised, in rows 4"),
        (
            EVENTS,
            {"events": {"column": "Event", "raised": ["ON"]}, "alarm": ["Tag"], "raised": "Time"},
            "no row says ON",
        ),
    ],
)
def test_a_cell_at_fault_is_told_with_its_row(tmp_path, text, change, said):
    base = {} if "Event" in text else MAPPED
    with pytest.raises(DataError) as caught:
        journal(text, {**base, **change}, tmp_path)
    assert said in str(caught.value)


def test_a_mapping_with_a_wrong_key_says_its_line(tmp_path):
    (tmp_path / "map.yaml").write_text("alarm: [Tag]\nraised: On\nreturnd: Off\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"map.yaml:3: key 'returnd' is not known; did you mean 'returned'"):
        read_mapping(tmp_path / "map.yaml")


def test_an_hour_that_clocks_skip_is_no_moment(tmp_path):
    text = "Tag,On,Off\na,2026-03-29T02:30:00,2026-03-29T04:00:00\n"
    path = tmp_path / "j.csv"
    path.write_text(text, encoding="utf-8")
    mapping = JournalMapping.model_validate({"alarm": ["Tag"], "raised": "On", "returned": "Off"})
    assert read_journal(path, mapping, zone("UTC+01:00")).alarms.height == 1
    with pytest.raises(DataError, match="no moment of plant time in rows 2"):
        read_journal(path, mapping, zone("Europe/Berlin"))
