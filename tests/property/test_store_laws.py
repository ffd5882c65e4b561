"""Whatever happens in whatever order: what was known stays known, nothing is lost, numbers have no gaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.depth import deep
from tests.stores import KINDS, KNOWN, T0, Place, entry

from zveno.errors import ConflictError
from zveno.store import Batch, MemoryStore, NewEntry, Store, open_store
from zveno.tables import RECORD_KEY, frame

SUBJECTS = ("2026-03", "lot 7")
POINTS = ("scale", "assay")
KEYS = ("records", "rejected", "ledger", "readings")

value = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
body = st.dictionaries(text, st.one_of(st.none(), st.booleans(), st.integers(), value, text), max_size=3)


@dataclass(frozen=True)
class Import:
    """Files that speak of few points and hours, so that they correct each other."""

    records: tuple[tuple[str, int, float | None], ...]
    readings: tuple[tuple[str, int, float | None], ...]
    rejected: str
    said: tuple[str, dict] | None


@dataclass(frozen=True)
class Act:
    """An entry; ``seen`` tells whether the person had seen the last one, an earlier one, or does not say."""

    subject: str
    body: dict
    person: str
    seen: str


imports = st.builds(
    Import,
    st.lists(st.tuples(st.sampled_from(POINTS), st.integers(0, 2), value), max_size=4).map(tuple),
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 40), value), max_size=4).map(tuple),
    text,
    st.none() | st.tuples(st.sampled_from(SUBJECTS), body),
)
acts = st.builds(
    Act,
    st.sampled_from(SUBJECTS),
    body,
    st.sampled_from(["first", "second"]),
    st.sampled_from(["last", "stale", "none"]),
)
steps = st.lists(st.tuples(imports | acts | st.just("again"), st.integers(-40, 40)), min_size=1, max_size=12)


@dataclass
class Told:
    """What was given to a store, and what it answered at each moment."""

    store: Store
    files: list[Batch] = field(default_factory=list)
    kept: list[NewEntry] = field(default_factory=list)
    states: list[tuple[datetime, dict[str, pl.DataFrame]]] = field(default_factory=list)

    def do(self, step: Import | Act | str, clock: datetime) -> None:
        """One step, with a clock that may have been set back."""
        if isinstance(step, Act):
            self.act(step, clock)
        elif isinstance(step, Import):
            one = file_of(step, len(self.files))
            assert self.store.append([one], clock) == 1
            self.files.append(one)
            self.kept += one.entries
        elif self.files:
            assert self.store.append(self.files, clock) == 0
        moment = last_moment(self.store)
        if moment is not None:
            self.states.append((moment, state(self.store, moment)))

    def act(self, step: Act, clock: datetime) -> None:
        """An entry is kept, unless it was made without having seen the last one."""
        here = self.store.entries(subject=step.subject)
        seen = {"none": None, "last": here[-1].id if here else 0, "stale": here[-2].id if len(here) > 1 else 0}[
            step.seen
        ]
        wanted = NewEntry("adjustment", step.subject, step.body, step.person, seen)
        before = self.store.entries()
        answer, refused = kept_or_refused(self.store, wanted, clock)
        if answer and self.store.entries() != before:
            assert step.seen != "stale" or not here
            self.kept.append(wanted)
            return
        assert step.seen == "stale"
        assert here
        assert self.store.entries() == before
        if refused:
            assert refused.versions[0] == wanted
            assert refused.versions[-1] == here[-1]
        else:  # the same act of the same person, told a second time
            assert answer[0] in here


def kept_or_refused(store: Store, wanted: NewEntry, clock: datetime) -> tuple[tuple, ConflictError | None]:
    """What the ledger answers."""
    try:
        return store.append_entries([wanted], clock), None
    except ConflictError as error:
        return (), error


def file_of(step: Import, number: int) -> Batch:
    """A source file with content that no other has."""
    file_hash = f"{number:064x}"
    origin = {"file": f"{number}.xlsx", "sheet": "S", "cell": "B2", "file_hash": file_hash, "known": None}
    records = [
        {"point": point, "quantity": "mass", "start": T0 + timedelta(hours=hour), "end": T0 + timedelta(hours=hour + 1),
         "value": one, "qualifier": "", **origin}
        for point, hour, one in step.records
    ]  # fmt: skip
    readings = {(tag, hour): one for tag, hour, one in step.readings}
    rows = [
        {"tag": tag, "ts": T0 + timedelta(hours=hour), "value": one, "quality": 0}
        for (tag, hour), one in readings.items()
    ]
    rejected = [{**origin, "text": step.rejected, "reason": "r"}] if step.rejected else []
    entries = (entry(step.said[0], said=step.said[1]),) if step.said else ()
    return Batch(
        f"{number}.xlsx",
        file_hash,
        frame("records", records),
        frame("rejected", rejected),
        frame("readings", rows),
        entries,
    )


def last_moment(store: Store) -> datetime | None:
    """When the store learnt something last, as far as its rows tell."""
    moments = [store.versions(table, {})["known"].max() for table in ("records", "rejected", "ledger")]
    return max((one for one in moments if one is not None), default=None)


def state(store: Store, known: datetime | None) -> dict[str, pl.DataFrame]:
    """Everything as known at a moment."""
    return {table: store.read(table, known=known) for table in KEYS}


@pytest.fixture(params=KINDS)
def make(request, tmp_path: Path) -> Iterator:
    """Makes an empty store of a kind, and opens it again."""
    if request.param == "memory":
        yield lambda: (MemoryStore(), None)
        return
    if request.param == "postgres":
        request.getfixturevalue("postgres")
    place = Place(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))

    def made():
        address = place.new()
        return open_store(address), lambda: open_store(address)

    yield made
    place.clear()


@pytest.mark.parametrize("examples", [10, deep(40)])
def test_what_was_known_stays_known_and_nothing_is_lost(make, examples):
    @given(steps)
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def holds(done):
        store, again = make()
        told, clock = Told(store), KNOWN
        for step, hours in done:
            clock += timedelta(hours=hours)
            told.do(step, clock)
        for found in (store, again()) if again else (store,):
            for moment, before in told.states:
                after = state(found, moment)
                for table in KEYS:
                    assert after[table].equals(before[table]), (table, moment)
            nothing_is_lost(found, told)
            the_last_word_counts(found, told)

    holds()


def nothing_is_lost(store: Store, told: Told) -> None:
    """Every value of every file can be read, with its file; every entry, by its number."""
    for table in ("records", "rejected"):
        given_rows = pl.concat([frame(table), *(getattr(one, table) for one in told.files)]).drop("known")
        assert store.versions(table, {}).drop("known").equals(given_rows)
    for one in told.files:
        for tag, ts, reading, quality in one.readings.iter_rows():
            rows = store.versions("readings", {"tag": tag, "ts": ts}).filter(pl.col("file_hash") == one.file_hash)
            assert rows.select("value", "quality", "file").rows() == [(reading, quality, one.file)]
    entries = store.entries()
    assert [one.id for one in entries] == list(range(1, len(told.kept) + 1))
    assert [(one.subject, dict(one.body), one.person) for one in entries] == [
        (one.subject, dict(one.body), one.person) for one in told.kept
    ]
    stamps = [one.known for one in entries]
    assert stamps == sorted(stamps)


def the_last_word_counts(store: Store, told: Told) -> None:
    """What is read now is what the file that spoke last said."""
    expected: dict = {}
    for one in told.files:
        for key, rows in one.records.group_by(RECORD_KEY, maintain_order=True):
            expected[key] = rows["value"].to_list()
    found = store.read("records").group_by(RECORD_KEY, maintain_order=True)
    assert {key: rows["value"].to_list() for key, rows in found} == expected
    last = {(tag, ts): one for part in told.files for tag, ts, one, _ in part.readings.iter_rows()}
    assert {(tag, ts): one for tag, ts, one, _ in store.read("readings").iter_rows()} == last
