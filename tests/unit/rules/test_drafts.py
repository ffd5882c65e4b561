"""Drafts of amendments: what they make of the book, and every fault with its line in the draft."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from tests.unit.rules.small_plant import model, rule, version

from zveno.errors import DataError
from zveno.model.amendment import draft_of
from zveno.model.overlay import in_force_on, overlaid, stretched
from zveno.rules.drafts import Drafted, draft_faults

HEAD = """format: zveno/amendment-1
id: ph-2026
title: {en: pH of cleaning, ru: pH перечистки, kk: тазалау pH мәні}
reason: {en: new lime, ru: новая известь, kk: жаңа әк}
effective: 2026-05-01
"""
SAID = "text: {en: e, ru: р, kk: к}, source: order 12, status: estimate"
PLANT = model(
    rule(version(low=10.8, high=11.8, on_delay_min=10)),
    rule(version(value=5.0), id="P-1", kind="parameter", tag=[], uom="pH"),
    rule(version(1, end="2026-03-01", high=0.2), version(2, start="2026-03-01", high=0.25), id="R-2",
         tag="conc.moisture", uom="frac"),
)  # fmt: skip
NEW = """rules:
  - id: R-9
    kind: limit
    unit: conc.flotation
    tag: conc.air
    uom: C
    owner_role: conc.floater
    severity: high
    acts_on: {not_priced: safety}
    versions:
      - {version: 1, from: 2026-05-01, params: {low: 0}, text: {en: e, ru: р, kk: к}, source: s, status: estimate}
"""


def drafted(body: str, head: str = HEAD) -> Drafted:
    """A draft over the small plant."""
    return draft_faults(PLANT, draft_of((head + body).encode(), "draft.yaml"))


def versions(found: Drafted, name: str) -> list[tuple[int, str, str | None]]:
    """Number, first day and end of every version of a rule."""
    book = found.overlay.book
    return [(one.version, str(one.start), one.end and str(one.end)) for one in book.by_id[name].versions]


def test_a_change_takes_over_what_it_does_not_name_and_ends_the_old_version() -> None:
    found = drafted(f"changes:\n  - {{rule: R-1, params: {{low: 10.9, on_delay_min: null}}, {SAID}}}\n")
    assert found.faults == ()
    assert versions(found, "R-1") == [(1, "2026-01-01", "2026-05-01"), (2, "2026-05-01", None)]
    assert dict(in_force_on(found.overlay.book.by_id["R-1"], date(2026, 5, 1)).params) == {"low": 10.9, "high": 11.8}


def test_the_text_that_gives_way_keeps_its_hash_and_the_book_gets_another() -> None:
    found = drafted("ends:\n  - {rule: R-1, why: {en: e, ru: р, kk: к}}\n")
    old, new = PLANT.rulebook.by_id["R-1"], found.overlay.book.by_id["R-1"]
    assert new.versions[0].end == date(2026, 5, 1)
    assert new.hash_of(new.versions[0]) == old.hash_of(old.versions[0])
    assert found.overlay.book.hash != PLANT.rulebook.hash


def test_after_a_temporary_version_the_former_text_comes_back() -> None:
    body = f"versions:\n  - {{rule: R-1, params: {{low: 9}}, to: 2026-06-01, temporary: true, {SAID}}}\n"
    found = drafted(body)
    assert found.faults == ()
    assert versions(found, "R-1") == [
        (1, "2026-01-01", "2026-05-01"), (2, "2026-05-01", "2026-06-01"), (3, "2026-06-01", None),
    ]  # fmt: skip
    assert found.overlay.book.by_id["R-1"].versions[2].params["low"] == 10.8


def test_a_number_of_a_version_is_never_given_twice() -> None:
    draft = draft_of((HEAD + f"changes:\n  - {{rule: R-1, params: {{low: 9}}, {SAID}}}\n").encode(), "draft.yaml")
    assert ("R-1", 8) in overlaid(PLANT.rulebook, draft.amendment, numbers={"R-1": 7}).laid


def test_a_rule_is_added() -> None:
    found = drafted(NEW)
    assert found.faults == ()
    assert [one.id for one in found.overlay.book.rules] == ["R-1", "P-1", "R-2", "R-9"]


FAULTS = [
    # gap, overlap
    (f"versions:\n  - {{rule: R-1, params: {{low: 9}}, to: 2026-06-01, {SAID}}}\n"
     f"  - {{rule: R-1, from: 2026-07-01, params: {{low: 9}}, {SAID}}}\n", 8, "no version is in force from 2026-06-01"),
    (f"versions:\n  - {{rule: R-1, from: 2026-06-01, params: {{low: 9}}, {SAID}}}\n"
     f"  - {{rule: R-1, params: {{low: 9}}, {SAID}}}\n", 7, "are both in force from 2026-06-01"),
    # names
    (NEW.replace("conc.air", "conc.aer"), 10, "names 'conc.aer', which does not exist"),
    (f"changes:\n  - rule: r-1\n    params: {{low: 9}}\n    {SAID.replace(', source', chr(10) + '    source').replace(', status', chr(10) + '    status')}\n", 7, "no rule 'r-1'"),
    (f"changes:\n  - {{rule: R-1, params: {{lo: 9}}, {SAID}}}\n", 7, "has no parameter 'lo'"),
    (NEW.replace("kind: limit", "kind: limits"), 8, "'limits', which is not known"),
    (NEW.replace("conc.floater", "conc.flotater"), 12, "names 'conc.flotater'"),
    # unit of measure
    (NEW.replace("uom: C", "uom: g/l"), 11, "'g/l' measures concentration"),
    # source, text, verification
    (NEW.replace("source: s", "source: ''"), 15, "no source is named"),
    (f"changes:\n  - {{rule: R-1, params: {{low: 9}}, {SAID.replace('order 12', chr(39) * 2)}}}\n", 7, "no source"),
    (f"changes:\n  - {{rule: R-1, params: {{low: 9}}, {SAID.replace(', kk: к', '')}}}\n", 7, "text is missing in kk"),
    (f"changes:\n  - {{rule: R-1, params: {{low: 9}}, {SAID.replace('estimate', 'unverified')}}}\n", 7, "is unverified"),
    # parameters
    (f"changes:\n  - {{rule: R-1, params: {{low: P-2}}, {SAID}}}\n", 7, "'low' is 'P-2', but must be a number"),
    (f"changes:\n  - {{rule: R-1, params: {{low: 12}}, {SAID}}}\n", 7, "'low' must be less"),
    # dates and stages of the book
    (f"changes:\n  - {{rule: R-1, from: 2026-04-01, params: {{low: 9}}, {SAID}}}\n", 7, "before the amendment takes effect"),
    (NEW.replace("R-9", "R-1"), 7, "is in the book already"),
    ("ends:\n  - {rule: R-7, why: {en: e, ru: р, kk: к}}\n", 7, "no rule 'R-7'"),
    ("ends:\n  - {rule: R-1, why: {en: e, ru: р}}\n", 7, "'why' is missing in kk"),
    # examples
    (NEW + "    cases:\n      - {of: '-1 -1 5', finds: []}\n", 18, "its example 1 finds 0:00-0:20"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "line", "said"), FAULTS, ids=[said for *_, said in FAULTS])
def test_each_kind_of_fault_is_one_message_with_its_line_in_the_draft(body: str, line: int, said: str) -> None:
    found = [str(one) for one in drafted(body).faults]
    assert len(found) == 1, found
    assert found[0].startswith(f"draft.yaml:{line}: "), found
    assert said in found[0]


def test_a_number_that_a_rule_takes_may_not_end_before_the_rule() -> None:
    plant = PLANT.model_copy(update={"rulebook": model(
        rule(version(low="P-1")), rule(version(value=5.0), id="P-1", kind="parameter", tag=[], uom="pH")).rulebook})  # fmt: skip
    draft = draft_of((HEAD + "ends:\n  - {rule: P-1, why: {en: e, ru: р, kk: к}}\n").encode(), "draft.yaml")
    (found,) = draft_faults(plant, draft).faults
    assert "'low' is that of 'P-1', which has no value on 2026-05-01" in str(found)


def test_all_faults_of_a_draft_come_at_once() -> None:
    body = NEW.replace("conc.air", "conc.aer").replace("source: s", "source: ''")
    body += f"changes:\n  - {{rule: R-1, params: {{lo: 9}}, {SAID}}}\n  - {{rule: R-8, params: {{low: 9}}, {SAID}}}\n"
    assert sorted(one.where for one in drafted(body).faults) == [f"draft.yaml:{n}" for n in (10, 15, 18, 19)]


def test_what_is_wrong_without_the_draft_is_not_told_of_it() -> None:
    plant = model(rule(version(low=1)), rule(version(low=1), id="R-2", tag="conc.line9.ph"))
    draft = draft_of((HEAD + f"changes:\n  - {{rule: R-1, params: {{low: 2}}, {SAID}}}\n").encode(), "draft.yaml")
    assert draft_faults(plant, draft).faults == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "draft.yaml:1: the draft changes nothing"),
        (HEAD + "change: []\n", "draft.yaml:6: key 'change' is not known; did you mean 'changes'?"),
        (HEAD.replace("2026-05-01", "soon"), "draft.yaml:5: 'effective' cannot be read"),
        ("- 1\n", "draft.yaml:1: the file holds no keys"),
        ("a: [", "draft.yaml:1: this is not valid YAML"),
    ],
)
def test_a_file_that_is_no_draft_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        draft_of(text.encode(), "draft.yaml")
    assert str(caught.value).startswith(said)


def test_for_a_replay_the_new_text_holds_at_all_times_and_rules_untouched_keep_theirs() -> None:
    found = drafted(f"changes:\n  - {{rule: R-1, params: {{low: 9}}, {SAID}}}\n").overlay
    always: Callable[[str], list[tuple[int, int]]] = lambda name: [  # noqa: E731
        (one.version, one.start.year) for one in stretched(PLANT.rulebook, found, date(2026, 5, 1)).by_id[name].versions
    ]
    assert always("R-1") == [(2, 1970)]
    assert always("R-2") == [(1, 2026), (2, 2026)]
