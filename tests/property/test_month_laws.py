"""Whatever persons do to a month in whatever order: no value is lost, no version changes, nobody does two people's step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.depth import deep
from tests.signed_books import PASSPHRASE, T0, books, enter
from tests.stores import Place
from tests.unit.close.heap import MONTH, TRUE, chain

from zveno.chain.closing import Closing
from zveno.chain.desk import Desk
from zveno.chain.investigating import Added, Investigating, Question
from zveno.chain.stocktake import Act, Stocktaking
from zveno.close.counted import MASS, Count
from zveno.close.proposals import Proposal
from zveno.close.putin import Asked
from zveno.close.steps import Version
from zveno.errors import ConflictError, ZvenoError
from zveno.log import Signer
from zveno.store import Batch, open_store
from zveno.tables import RECORD_KEY, frame

PERSONS = {
    "clerk": ("accountant",), "second": ("accountant",), "boss": ("chief_accountant",), "foreman": ("foreman",),
    "reader": ("auditor",),
}  # fmt: skip
POINTS = (("conc.receipt", "mass"), ("blister.assay", "Cu"), ("slag.scale", "mass"))
MINUTE = timedelta(minutes=1)

persons = st.sampled_from(("clerk", "boss", "second", "clerk", "boss", "foreman", "reader"))
chiefs = st.sampled_from(("boss", "boss", "boss", "clerk", "reader"))
points = st.sampled_from(POINTS)
relative = st.floats(-0.02, 0.02)


class Month:
    """A month of the smelter, and all that is known of what was done to it."""

    def __init__(self, place: str) -> None:
        store = open_store(place)
        self.folder = Path(store.database.folder)
        self.clock = T0
        self.closing = Closing(replace(chain(store), now=lambda: self.clock), self.folder)
        signed = books(self.folder)
        for name, roles in PERSONS.items():
            enter(signed.persons, name, name, roles, signed.registrar)
        self.signers: dict[str, Signer] = {one: signed.persons.unlock(one, PASSPHRASE) for one in PERSONS}
        self.given: list[pl.DataFrame] = [store.versions("records", {}).drop("known")]
        self.files: list[Batch] = []
        self.versions: list[Version] = []
        self.answers: list[tuple[datetime, pl.DataFrame, int]] = []
        self.seen = 0

    # ---- what persons do ---------------------------------------------------------------------------------------------

    @property
    def desk(self) -> Desk:
        return Desk(self.closing)

    def attempt(self, act: Callable[[datetime], object]) -> object:
        """Do something; if it is refused, nothing has changed."""
        self.clock += MINUTE
        before = self.counts()
        try:
            return act(self.clock)
        except ZvenoError as error:
            refused = error
        assert self.counts() == before, f"refused and yet done: {refused}"
        return refused

    def counts(self) -> tuple[int, int, int]:
        """Size of everything that is kept."""
        store = self.closing.chain.store
        return len(self.closing.log.records), len(store.entries()), store.versions("records", {}).height

    def corrected_file(self, key: tuple[str, str], off: float) -> None:
        store = self.closing.chain.store
        rows = store.read("records").filter(pl.col("point") == key[0], pl.col("quantity") == key[1])
        number = len(self.files) + 1
        rows = rows.with_columns(
            value=pl.lit(TRUE[key] * (1 + off)), file=pl.lit(f"{number}.xlsx"), file_hash=pl.lit(f"{number:064x}"),
            sheet=pl.lit("S"), cell=pl.lit("B2"),
        )  # fmt: skip
        batch = Batch(f"{number}.xlsx", f"{number:064x}", rows, frame("rejected"), frame("readings"))
        self.clock += MINUTE
        assert store.append([batch], self.clock) == 1
        self.files.append(batch)
        self.given.append(rows.drop("known"))

    def same_file_again(self, which: int) -> None:
        if not self.files:
            return
        self.clock += MINUTE
        before = self.counts()
        assert self.closing.chain.store.append([self.files[which % len(self.files)]], self.clock) == 0
        assert self.counts() == before

    def adjust(self, person: str, key: tuple[str, str], off: float, stale: bool) -> None:
        seen, now = self.seen, self.desk.seen(MONTH)
        value = TRUE[key] * (1 + off) * (100 if key[1] == "Cu" else 1)

        def act(at: datetime) -> Proposal:
            paper = self.desk.adjustment(MONTH, [Asked(key[0], value, key[1])], "because")
            return self.desk.propose(paper, self.signers[person], at, seen if stale else None)

        before = self.counts()
        done = self.attempt(act)
        if stale and seen != now and isinstance(done, ConflictError):
            assert done.versions[0].person == person
        if stale and seen != now and isinstance(done, Proposal):  # the same call again gives what it made then
            assert self.counts() == before

    def count(self, person: str, mass: float) -> None:
        taking = Stocktaking(self.desk)

        def act(at: datetime) -> Proposal:
            taken = taking.compare(MONTH, Act((Count("heap", MASS, mass, 50.0), Count("heap", "Cu", 40.0, 1.0))))
            return taking.sign(taken, self.signers[person], at)

        self.attempt(act)

    def decide(self, person: str, refuse: bool, which: int) -> None:
        found = self.desk.proposals(MONTH)
        waiting = [one for one in found if one.state == "waiting"]
        if not found:
            return
        one = [*waiting, *waiting, *found][which % (2 * len(waiting) + len(found))]
        signer = self.signers[person]
        if refuse:
            self.attempt(lambda at: self.desk.refuse(one.number, "no", signer, at))
            return
        done = self.attempt(lambda at: self.desk.approve(one.number, signer, at))
        if isinstance(done, Proposal):
            batch = self.closing.chain.store.versions("records", {"cell": str(done.decided.record), "file": "ledger"})
            assert batch["value"].to_list() == [each.value for each in one.values]
            self.given.append(batch.drop("known"))

    def draw_up(self, person: str, other: str, fitting: bool, both: bool) -> None:
        closed = bool(self.closing.stage(MONTH).versions)
        reason = "a reason" if closed == fitting else None
        done = self.attempt(lambda at: self.closing.draw_up(MONTH, self.signers[person], at, reason))
        if both and isinstance(done, Version):
            self.approve(other)

    def approve(self, person: str) -> None:
        done = self.attempt(lambda at: self.closing.approve(MONTH, self.signers[person], at))
        if isinstance(done, Version):
            self.versions.append(done)

    def look_into(self, asks: str, owner: str, answers: str, closes: str) -> None:
        work, signers = Investigating(self.closing), self.signers
        due = (self.clock + timedelta(days=9)).date()
        question = Question(MONTH, owner, due, text=f"question {len(work.all())}")
        self.attempt(lambda at: work.open(question, signers[asks], at))
        if not work.all():
            return
        number = work.all()[-1].number
        self.attempt(lambda at: work.add(number, Added(outcome=f"by {answers}"), signers[answers], at))
        self.attempt(lambda at: work.close(number, signers[closes], at))

    def answer(self) -> None:
        """Note what is known now; it must be answered so for ever."""
        self.clock += MINUTE
        self.seen = self.desk.seen(MONTH)
        force = self.closing.in_force(MONTH, self.clock)
        records = self.closing.chain.store.read("records", known=self.clock)
        self.answers.append((self.clock, records, force.number if force else 0))
        self.clock += MINUTE

    def reached(self) -> Counter[str]:
        """How far the month came: a law that was never put to the test says nothing."""
        found = self.desk.proposals()
        late = self.closing.late(MONTH)
        return Counter({
            "closed": bool(self.versions), "restated": len(self.versions) > 1,
            "approved": sum(one.state == "approved" for one in found),
            "refused": sum(one.state == "refused" for one in found),
            "signed off": sum(one.closed is not None for one in Investigating(self.closing).all()),
            "late": late is not None and late.records.height > 0,
        })  # fmt: skip

    # ---- what holds --------------------------------------------------------------------------------------------------

    def nobody_does_two_peoples_step(self) -> None:
        for one in self.desk.proposals():
            assert one.state != "approved" or one.decided.person != one.proposed.person
        for one in self.closing.stage(MONTH).versions:
            assert one.approved.person != one.drawn.person
        for one in Investigating(self.closing).all():
            assert one.closed is None or one.closed.person != one.owner

    def no_value_is_lost_and_only_approved_ones_came_in(self) -> None:
        kept = self.closing.chain.store.versions("records", {}).drop("known")
        assert kept.equals(pl.concat(self.given))
        last: dict[tuple[object, ...], object] = {}
        for rows in self.given:
            last |= {tuple(row[one] for one in RECORD_KEY): row["value"] for row in rows.iter_rows(named=True)}
        read = self.closing.chain.store.read("records")
        assert {tuple(row[one] for one in RECORD_KEY): row["value"] for row in read.iter_rows(named=True)} == last

    def versions_only_come_to_those_that_are(self) -> None:
        assert list(self.closing.stage(MONTH).versions) == self.versions

    def holds(self) -> None:
        """What must hold after every step."""
        self.nobody_does_two_peoples_step()
        self.no_value_is_lost_and_only_approved_ones_came_in()
        self.versions_only_come_to_those_that_are()

    def still_holds(self) -> None:
        """Old answers, old versions and the log at the end."""
        for moment, records, force in self.answers:
            assert self.closing.chain.store.read("records", known=moment).equals(records)
            found = self.closing.in_force(MONTH, moment)
            assert (found.number if found else 0) == force
        for one in self.versions:
            assert self.closing.reproduce(one) == ()
        late = self.closing.late(MONTH)
        if self.versions:
            assert set(late.records["known"] > self.versions[-1].cut) <= {True}
        assert self.closing.log.verify() == ()
        assert not any(one.void for one in self.desk.proposals())


whole = st.integers(0, 1000)
steps = st.one_of(
    st.tuples(st.just("corrected_file"), points, relative),
    st.tuples(st.just("same_file_again"), whole),
    st.tuples(st.just("adjust"), persons, points, relative, st.booleans()),
    st.tuples(st.just("count"), persons, st.floats(2000, 3000)),
    st.tuples(st.just("decide"), chiefs, st.sampled_from([False, False, False, True]), whole),
    st.tuples(st.just("decide"), persons, st.just(False), whole),
    st.tuples(st.just("draw_up"), persons, chiefs, st.sampled_from([True, True, True, False]), st.booleans()),
    st.tuples(st.just("draw_up"), persons, chiefs, st.just(True), st.just(True)),
    st.tuples(st.just("approve"), chiefs),
    st.tuples(st.just("look_into"), persons, persons, persons, persons),
    st.tuples(st.just("answer")),
)


A_YEAR_OF_A_MONTH = [
    ("adjust", "clerk", POINTS[0], 0.01, False), ("decide", "clerk", False, 0), ("decide", "boss", True, 0),
    ("draw_up", "clerk", "clerk", True, True), ("approve", "boss"),
    ("adjust", "clerk", POINTS[0], 0.01, False), ("decide", "boss", False, 0),
    ("look_into", "clerk", "clerk", "clerk", "boss"),
    ("draw_up", "clerk", "clerk", True, True), ("approve", "boss"), ("corrected_file", POINTS[1], 0.004), ("answer",),
]  # fmt: skip
"""Steps that reach everything: closed, adjusted after the close, restated, late values; whoever may not do a step tries it first."""


@pytest.mark.parametrize(("kind", "months"), [("embedded", 2), deep("embedded", 16), deep("postgres", 8)])
def test_a_month_in_many_hands(kind, months, request, tmp_path):
    place = Place(kind, tmp_path, lambda: request.getfixturevalue("postgres"))
    done: Counter[str] = Counter()

    @example(A_YEAR_OF_A_MONTH)
    @given(st.lists(steps, min_size=14, max_size=22))
    @settings(max_examples=months, deadline=None, suppress_health_check=list(HealthCheck))
    def acts(wanted):
        month = Month(place.new())
        month.answer()
        for name, *given_with in wanted:
            getattr(month, name)(*given_with)
            month.holds()
        month.still_holds()
        done.update(month.reached())

    try:
        acts()
    finally:
        place.clear()
    assert min(done[one] for one in ("closed", "restated", "approved", "refused", "signed off", "late")) > 0, done
