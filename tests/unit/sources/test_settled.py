"""Copies add nothing, corrections replace, contradictions are held."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.sources.sheets import HEAD, mapped_file, read, sheet

from zveno.sources.settled import settled


def journal(name, values, content="", title="Журнал фабрики за март"):
    """A file with an ore mass a day, from the first of March on."""
    rows = [[f"0{day}.03.26", "день", value] for day, value in enumerate(values, start=1)]
    return mapped_file(name, read(sheet([[title], *HEAD[1:], *rows]), name=name), content)


def states(files):
    return {one.file: (one.state, one.other) for one in files}


def values(one):
    return [fate.value for fate in one.fates if fate.status == "imported"]


def test_copy_adds_nothing_whatever_its_name_sorts_before():
    files, _, said = settled([journal("a (1).xlsx", [5, 6], "same"), journal("a.xlsx", [5, 6], "same")], [])
    assert states(files) == {"a (1).xlsx": ("copy", "a.xlsx"), "a.xlsx": ("read", "")}
    assert {fate.reason for fate in files[0].fates if fate.status == "rejected"} == {"duplicate_file"}
    assert len(said) == 1


def test_copy_of_a_file_kept_before_is_the_new_one():
    files, touched, _ = settled([journal("a.xlsx", [5], "same")], [journal("b.xlsx", [5], "same")])
    assert states(files) == {"a.xlsx": ("copy", "b.xlsx")}
    assert touched == []


def test_full_correction_replaces_the_whole_file_and_marks_what_differs():
    old, new = journal("a.xlsx", [5, 6, 7]), journal("a испр.xlsx", [5, 60, 7])
    files, _, _ = settled([old, new], [])
    by_name = {one.file: one for one in files}
    assert values(by_name["a.xlsx"]) == []
    assert [fate.qualifier for fate in by_name["a испр.xlsx"].fates if fate.status == "imported"] == [
        "",
        "corrected",
        "",
    ]


def test_partial_correction_replaces_only_its_cells():
    old, new = journal("a.xlsx", [5, 6, 7, 8, 9, 10]), journal("b.xlsx", [50], title="Журнал фабрики, исправление")
    files, _, _ = settled([old, new], [])
    assert {one.file: values(one) for one in files} == {"a.xlsx": [6, 7, 8, 9, 10], "b.xlsx": [50]}


def test_correction_replaces_a_file_kept_before():
    old, new = journal("a.xlsx", [5, 6]), journal("a испр.xlsx", [5, 60])
    files, touched, _ = settled([new], [old])
    assert [one.state for one in touched] == ["superseded"]
    assert {fate.reason for fate in touched[0].fates if fate.status != "context"} == {"superseded"}
    assert files[0].other == "a.xlsx"


def test_file_sent_again_under_its_name_is_a_correction():
    old = journal("a.xlsx", [5, 6])
    again = replace(journal("a.xlsx", [5, 7], "changed"), file_hash="other", key="other a.xlsx")
    files, touched, _ = settled([again], [old])
    assert files[0].state == "corrects"
    assert touched[0].state == "superseded"


def test_files_that_contradict_each_other_are_a_question():
    files, _, said = settled([journal("a.xlsx", [5, 6]), journal("b.xlsx", [5, 60])], [])
    by_name = {one.file: one for one in files}
    assert values(by_name["a.xlsx"]) == [5, 6]
    assert [fate.reason for fate in by_name["b.xlsx"].fates if fate.status == "rejected"] == ["conflict"]
    assert any("a.xlsx" in str(one) for one in said)
