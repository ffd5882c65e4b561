"""The quick parser and the careful one agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from zveno.chain import example, example_names
from zveno.errors import Fault
from zveno.model import yamlfile

FILES = sorted(path for name in example_names() for path in Path(example(name)).rglob("*.yaml"))
TEXT = """\
a: 2026-03-01
b: [1, 2.5, "off", yes, 010, 1e3, ~, true]
t: 12:30
c:
  - {id: x}
  - when: 2026-03-01T06:00:00+05:00
  - id: y
    n: 1_000
"""


@pytest.mark.parametrize("path", FILES, ids=[f"{one.parent.name}/{one.name}" for one in FILES])
def test_both_parsers_read_the_examples_alike(path):
    text = path.read_text(encoding="utf-8")
    assert yamlfile._quickly(text, "file") == yamlfile._carefully(text, "file")


def test_both_parsers_read_numbers_dates_and_words_alike():
    assert yamlfile._quickly(TEXT, "file") == yamlfile._carefully(TEXT, "file")


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2\n", "a: [1\nb: 2\n", "a: 2026-02-30\n", "\t- x\n", "a: &x 1\nb: {<<: *x}\n"]
)
def test_what_is_wrong_is_told_by_the_careful_parser(text):
    assert yamlfile._quickly(text, "file") is None
    assert isinstance(yamlfile._carefully(text, "file"), Fault)


def test_an_empty_file_holds_nothing(tmp_path):
    (tmp_path / "empty.yaml").write_text("", encoding="utf-8")
    read = yamlfile.read_yaml(tmp_path / "empty.yaml", "empty.yaml")
    assert isinstance(read, yamlfile.YamlFile)
    assert read.data is None


def test_a_file_that_changed_is_read_anew_and_one_that_did_not_is_not(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n", "utf-8")
    first = yamlfile.read_yaml(path, "a.yaml")
    assert yamlfile.read_yaml(path, "a.yaml") is first
    assert yamlfile.read_yaml(path, "b.yaml").where(("a",)) == "b.yaml:1"
    path.write_text("\na: 2\n", "utf-8")
    again = yamlfile.read_yaml(path, "a.yaml")
    assert (again.data, again.where(("a",))) == ({"a": 2}, "a.yaml:2")
