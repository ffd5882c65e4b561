"""Laws of amendments: whatever is approved in whatever order, the book has no gap, and nothing known before changes."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from tests.unit.rules.small_plant import TEXTS, model, rule, version

from zveno.log import Draft, Head, SignedRecord
from zveno.log.keys import new_key
from zveno.log.records import Signer
from zveno.model.amendment import Amendment
from zveno.model.rulebook import Rulebook
from zveno.rules.compare import rules_on
from zveno.rules.faults import rule_faults
from zveno.rules.motions import Motion, Step, amended

BASE = [rule(version(low=10.0 + n / 10), id=f"R-{n}") for n in range(4)]
PLANT = model(*BASE)
FIRST = date(2026, 2, 1)
KEY = new_key()
SAID = {"text": TEXTS, "source": "order", "status": "estimate"}


def amendment(chance: random.Random, n: int) -> Amendment:
    """A draft that changes, stands in for a time, adds or ends; its days lie anywhere in two years."""
    day = FIRST + timedelta(days=chance.randrange(700))
    name = f"R-{chance.randrange(4)}"
    one: dict[str, Any] = {"rule": name, "params": {"low": 10 + chance.random()}, **SAID}
    kind = chance.choice(["changes", "changes", "versions", "temporary", "rules"])
    given: dict[str, Any] = {"changes": [one]}
    if kind == "versions":
        given = {"versions": [one]}
    elif kind == "temporary":
        given = {"versions": [{**one, "to": day + timedelta(days=chance.randrange(1, 90)), "temporary": True}]}
    elif kind == "rules":
        given = {"rules": [rule({**version(low=9), "from": day}, id=f"N-{n}")]}
    return Amendment.model_validate(
        {"id": f"a{n}", "title": TEXTS, "reason": TEXTS, "effective": day, "correction": True, **given}
    )


def step(number: int, at: datetime) -> Step:
    """A signed step; who signed and for what is no matter here."""
    signer = Signer("engineer", "Engineer", KEY)
    record: SignedRecord = signer.sign(Draft("rules_corrected", {"of": number}, at), Head(0, bytes(32)))
    return Step(number, record)


@cache
def history(seed: int) -> tuple[Rulebook, dict[int, Motion], dict[int, Amendment]]:
    """Amendments approved one after the other, each sound over the book of its day; some withdrawn."""
    chance, at = random.Random(seed), datetime(2026, 1, 5, tzinfo=UTC)
    found: dict[int, Motion] = {}
    drafts: dict[int, Amendment] = {}
    for n in range(14):
        at += timedelta(hours=chance.randrange(1, 400))
        draft = amendment(chance, n)
        motion = Motion(
            number=10 * n, id=draft.id, title=dict(draft.title), effective=draft.effective, correction=True, draft="",
            proposed=step(10 * n, at), over={}, reviewed=step(10 * n + 1, at), approved=step(10 * n + 2, at),
        )  # fmt: skip
        book, laid = amended(PLANT.rulebook, {**found, 10 * n: motion}, {**drafts, 10 * n: draft})
        if laid[10 * n].faults or rule_faults(PLANT.model_copy(update={"rulebook": book})):
            continue  # what nobody could have proposed
        found[10 * n], drafts[10 * n] = motion, draft
    book, _ = amended(PLANT.rulebook, found, drafts)
    return book, found, drafts


@pytest.mark.parametrize("seed", range(8))
def test_the_book_never_has_a_gap_an_overlap_or_a_number_twice(seed):
    book, found, _ = history(seed)
    assert len(found) > 3
    for one in book.rules:
        ordered = sorted(one.versions, key=lambda each: each.start)
        assert all(before.end == after.start for before, after in pairwise(ordered)), one
        assert len({each.version for each in ordered}) == len(ordered)


@pytest.mark.parametrize("seed", range(8))
def test_what_was_known_before_stays_known_to_the_last_bit(seed):
    """The book as known before the last approvals is the one that there was then: texts, days, hash."""
    book, found, drafts = history(seed)
    numbers = list(found)
    for count in range(len(numbers)):
        kept = numbers[:count]
        then, _ = amended(PLANT.rulebook, {n: found[n] for n in kept}, drafts)
        moment = found[numbers[count]].approved.signed.at - timedelta(seconds=1)
        assert book.as_known(moment).hash == then.hash
        days = [FIRST + timedelta(days=60 * k) for k in range(14)]
        for day in days:
            now, was = rules_on(book.as_known(moment), day), rules_on(then, day)
            assert {name: (one.version.version, one.hash) for name, one in now.items()} == {
                name: (one.version.version, one.hash) for name, one in was.items()
            }


@pytest.mark.parametrize("seed", range(8))
def test_a_text_keeps_its_hash_in_every_later_book(seed):
    """A version is the same text wherever it is still in the book."""
    book, _, _ = history(seed)
    hashes: dict[tuple[str, int], str] = {}
    for _, state in book.states:
        for one in state.rules:
            for each in one.versions:
                assert hashes.setdefault((one.id, each.version), one.hash_of(each)) == one.hash_of(each)
    assert len(hashes) > 4


@pytest.mark.parametrize("seed", range(5))
def test_a_withdrawal_gives_the_book_without_the_amendment(seed):
    book, found, drafts = history(seed)
    number = list(found)[-1]
    last = found[number]
    at = last.approved.signed.at + timedelta(days=1)
    withdrawn = Motion(**{**vars(last), "ended": step(number + 3, at)})
    after, _ = amended(PLANT.rulebook, {**found, number: withdrawn}, drafts)
    before, _ = amended(PLANT.rulebook, {n: one for n, one in found.items() if n != number}, drafts)
    assert after.hash == before.hash
    assert after.as_known(at - timedelta(seconds=1)).hash == book.hash
