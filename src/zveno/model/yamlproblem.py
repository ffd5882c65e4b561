"""What the YAML reader complains about, in words that say what to do."""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError

from zveno.errors import Phrase
from zveno.text.mark import tr

_KNOWN = (
    (
        "while parsing a flow sequence",
        tr("the bracket '[' of line {begin} is not closed by ']', or a comma is missing"),
    ),
    ("while parsing a flow mapping", tr("the brace of line {begin} is not closed, or a comma is missing")),
    (
        "quoted scalar: found unexpected (end of stream|document)",
        tr("the quotation mark of line {begin} has no closing one: add it"),
    ),
    (r"found character '\\t'", tr("a tab stands before the text: indent with spaces")),
    ("found character '(?P<found>.+)' that cannot", tr("a text cannot begin with '{found}': put it in quotes")),
    ("found undefined tag handle '(?P<found>!)", tr("a text cannot begin with '{found}': put it in quotes")),
    (
        "mapping values are not allowed",
        tr(
            "a second colon, or a line that is indented too far: put a text that holds a colon in quotes, and "
            "begin a key right below the key before it"
        ),
    ),
    ("expected <block end>, but found '(?P<found>[]}])'", tr("'{found}' closes nothing: remove it")),
    (
        "expected <block end>, but found '<(scalar|alias|anchor)",
        tr("a text goes on after its closing quotation mark: put all of it in one pair of quotes"),
    ),
    (
        "expected <block end>",
        tr(
            "the line is indented otherwise than its neighbours: begin it right below the key or '-' that it belongs to"
        ),
    ),
    ("could not find expected ':'", tr("line {begin} is a key without a colon: write 'key: value'")),
    (
        "sequence entries are not allowed",
        tr("'-' cannot stand in the line of its key: begin the list on a line of its own"),
    ),
    ("mapping keys are not allowed", tr("'?' cannot stand here: put a text that begins with it in quotes")),
    (
        "found undefined alias '(?P<found>.+)'",
        tr("'*{found}' refers to nothing: put a text that begins with '*' in quotes"),
    ),
    ("found another document", tr("a second document begins here: remove the line '---'")),
    (
        "found unknown escape character '(?P<found>.+)'",
        tr("a backslash and '{found}' mean nothing inside double quotes: use single quotes"),
    ),
)
_TWICE = re.compile(r'found duplicate key "(.*?)" with')


def problem_of(error: MarkedYAMLError) -> Phrase | None:
    """What is wrong and what to do; None where only the reader's own English words are known."""
    said = f"{error.context or ''}: {error.problem or ''}"
    for pattern, message in _KNOWN:
        found = re.search(pattern, said)
        if found:
            return Phrase(message, {**found.groupdict(), "begin": _line(error)})
    return None


def repeated_key(error: MarkedYAMLError) -> str:
    """The key that stands twice."""
    found = _TWICE.search(str(error.problem))
    return found[1] if found else str(error.problem)


def _line(error: MarkedYAMLError) -> int:
    """Line in which the part began that went wrong."""
    mark = error.context_mark or error.problem_mark
    return mark.line + 1 if mark is not None else 1
