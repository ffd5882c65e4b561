"""A rule changed on the 15th, a shift over midnight, a reading that came late for the 12th, clocks that were set back."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.signed_books import LIGHT
from zveno.chain import Chain, example, load
from zveno.chain.answering import Answering
from zveno.chain.closing import Closing, as_known
from zveno.cli import run
from zveno.log import persons
from zveno.store import Batch, EmbeddedStore
from zveno.tables import frame

WORDS = "a pass-phrase of several words"
PH, AIR = "balk_conc.line1.cleaner1.ph", "balk_conc.line2.cleaner1.ph"
RULES = """
rules:
  - id: R-1
    kind: limit
    unit: balk_conc.flotation
    tag: balk_conc.line1.cleaner1.ph
    uom: pH
    owner_role: balk_conc.flotation_operator
    severity: high
    acts_on: {not_priced: outcome}
    versions:
      - {version: 1, from: 2024-01-01, to: 2024-02-15, params: {high: 11.8}, source: made up, status: estimate, text: {en: "pH at most 11.8.", ru: "pH не выше 11,8.", kk: "pH 11,8-ден аспайды."}}
      - {version: 2, from: 2024-02-15, params: {high: 12.2}, source: made up, status: estimate, text: {en: "pH at most 12.2.", ru: "pH не выше 12,2.", kk: "pH 12,2-ден аспайды."}}
  - id: R-2
    kind: limit
    unit: balk_conc.flotation
    tag: balk_conc.line2.cleaner1.ph
    uom: pH
    owner_role: balk_conc.flotation_operator
    severity: high
    acts_on: {not_priced: outcome}
    versions:
      - {version: 1, from: 2024-01-01, to: 2024-03-01, params: {high: 11.8}, source: made up, status: estimate, text: {en: "pH at most 11.8.", ru: "pH не выше 11,8.", kk: "pH 11,8-ден аспайды."}}
      - {version: 2, from: 2024-03-01, params: {high: 12.2}, source: made up, status: estimate, text: {en: "pH at most 12.2.", ru: "pH не выше 12,2.", kk: "pH 12,2-ден аспайды."}}
"""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=UTC)


def readings(tag: str, start: str, end: str, out: tuple[str, str], value: float = 12.0) -> pl.DataFrame:
    """A reading a minute; the value between two moments, 11.0 otherwise. All in UTC."""
    first, last, (a, b) = utc(start), utc(end), map(utc, out)
    moments = [first + n * timedelta(minutes=1) for n in range(round((last - first).total_seconds() / 60))]
    return frame(
        "readings", [{"tag": tag, "ts": one, "value": value if a <= one < b else 11.0, "quality": 0} for one in moments]
    )


def batch(name: str, *tables: pl.DataFrame) -> Batch:
    return Batch(name, f"{name:0<64}", frame("records"), frame("rejected"), pl.concat(tables))


@pytest.fixture
def folder(tmp_path) -> Path:
    """The concentrator at Almaty's time with two rules; the readings of the 12th come on the 20th."""
    made = tmp_path / "chain"
    shutil.copytree(example("one_concentrator"), made, ignore=shutil.ignore_patterns("store", "rules", "data"))
    (made / "rules").mkdir()
    (made / "rules" / "own.yaml").write_text(RULES, "utf-8")
    text = (made / "chain.yaml").read_text("utf-8")
    assert 'timezone: "UTC+05:00"' in text
    (made / "chain.yaml").write_text(text.replace('"UTC+05:00"', "Asia/Almaty", 1), "utf-8")
    store = EmbeddedStore(made / "store")
    # 22:00 on the 14th to 04:00 on the 15th (UTC+6): one night shift, two versions
    midnight = readings(PH, "02-14T14:00", "02-15T02:00", ("02-14T16:00", "02-14T22:00"))
    # 23:00 on 29 February (UTC+6) to 01:00 on 1 March (UTC+5): three hours, since 23 o'clock came twice
    clocks = readings(AIR, "02-29T14:00", "03-01T02:00", ("02-29T17:00", "02-29T20:00"))
    store.append([batch("first", midnight, clocks)], utc("03-02T00:00"))
    return made


def late(made: Path) -> None:
    """10:00 to 11:00 on the 12th (UTC+6), imported later; and the same value on the 16th, when it was allowed."""
    store = EmbeddedStore(made / "store")
    twelfth = readings(PH, "02-12T03:00", "02-12T07:00", ("02-12T04:00", "02-12T05:00"))
    sixteenth = readings(PH, "02-16T03:00", "02-16T07:00", ("02-16T04:00", "02-16T05:00"))
    store.append([batch("late", twelfth, sixteenth)], utc("03-20T00:00"))


def found(chain: Chain) -> list[tuple[str, int, str, str, str, str]]:
    rows = chain.check("2024-02-01/2024-03-02").breaches.iter_rows(named=True)
    return [
        (
            one["rule"],
            one["version"],
            f"{one['start']:%m-%dT%H:%M}",
            f"{one['end']:%m-%dT%H:%M}",
            one["shift"],
            one["crew"],
        )
        for one in rows
    ]


def test_each_moment_is_judged_by_the_rule_of_its_day_at_the_time_of_the_plant(folder):
    told = found(load(folder))
    # version 1 up to midnight of the 15th at UTC+6 (18:00 UTC), version 2 allows what comes after it
    assert told[0][:5] == ("R-1", 1, "02-14T16:00", "02-14T18:00", "2024-02-14 night")
    # version 1 up to midnight of 1 March, which came an hour later (19:00 UTC): the clocks had been set back
    assert told[1][:5] == ("R-2", 1, "02-29T17:00", "02-29T19:00", "2024-02-29 night")
    assert len(told) == 2


def test_a_reading_that_comes_late_is_judged_by_the_rule_of_its_own_day(folder):
    before = found(load(folder))
    late(folder)
    chain = load(folder)
    told = found(chain)
    assert ("R-1", 1, "02-12T04:00", "02-12T05:00", "2024-02-12 day") in [one[:5] for one in told]
    assert [one for one in told if one[2].startswith("02-16")] == []  # allowed from the 15th on
    assert [one for one in told if not one[2].startswith("02-12")] == before
    assert found(as_known(chain, utc("03-19T00:00"))) == before  # as it was known before it came


def test_run_again_everything_is_the_same_to_the_last_bit(folder):
    late(folder)
    one, other = (load(folder).check("2024-02").breaches for _ in range(2))
    assert one.equals(other)
    first, second = (Answering(Closing(load(folder), folder / "store")).review("2024-02") for _ in range(2))
    assert {id_: each.said() for id_, each in first.new.items()} == {
        id_: each.said() for id_, each in second.new.items()
    }


def test_the_night_of_the_change_of_clocks_is_one_shift_of_thirteen_hours(folder):
    chain = load(folder)
    review = Answering(Closing(chain, folder / "store")).review("2024-02-29/2024-03-02")
    (one,) = review.new.values()
    assert [(part["shift"], part["start"], part["end"]) for part in one.parts] == [
        ("2024-02-29 night", "2024-02-29T17:00:00+00:00", "2024-02-29T19:00:00+00:00")
    ]
    assert list(review.new) == ["R-2/2024-02-29/1"]


def test_both_texts_are_shown_and_a_breach_that_came_late_is_told_as_new(folder, monkeypatch, capsys):
    heavy = persons.Persons
    monkeypatch.setattr("zveno.log.Persons", lambda log: heavy(log, LIGHT))
    for name, value in (("ZVENO_LANG", "en"), ("ZVENO_PASSPHRASE", WORDS), ("ZVENO_NEW_PASSPHRASE", WORDS)):
        monkeypatch.setenv(name, value)

    def say(*arguments: str, code: int = 0) -> str:
        assert (
            run([*arguments, *(() if arguments[0] == "person" and "list" in arguments else ("-c", str(folder)))])
            == code
        )
        return capsys.readouterr().out

    say("person", "add", "registrar", "--name", "Registrar", "--role", "registrar", "--from", "2020-01-01")
    say("person", "add", "tech", "--name", "T", "--role", "technologist", "--from", "2020-01-01", "--as", "registrar")
    assert "1 new, 0 changed" in say("breaches", "2024-02-14/2024-02-16", "--enter", "--as", "tech")
    shown = say("breach", "show", "R-1/2024-02-14/1")
    assert "judged by R-1, version 1: pH at most 11.8." in shown
    assert "in force today is version 2: pH at most 12.2." in shown
    late(folder)
    told = json.loads(say("breaches", "2024-02", "--json"))
    assert told["new"] == ["R-1/2024-02-12/1", "R-2/2024-02-29/1"]
    assert (told["changed"], told["gone"]) == ([], [])
    # readings put right later take the breach away: said, with the text that it was judged by
    store = EmbeddedStore(folder / "store")
    right = readings(PH, "02-14T14:00", "02-15T02:00", ("02-14T16:00", "02-14T22:00"), value=11.5)
    store.append([batch("right", right)], utc("03-25T00:00"))
    shown = say("breaches", "2024-02-14/2024-02-16")
    assert "R-1/2024-02-14/1 is no longer found" in shown
    assert "version 1: pH at most 11.8." in shown
