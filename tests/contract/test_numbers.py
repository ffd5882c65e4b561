"""Numbers in sentences follow the habits of the language: no decimal point in Russian and Kazakh."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

import zveno
from zveno.errors import DataError, Fault, Phrase
from zveno.text.catalogue import catalogue

_SOURCE = Path(zveno.__file__).parent
_TALKS = re.compile(r"^(text|say|count|Phrase|fault|Fault|\w*Error)$")
_DAY = datetime(2026, 3, 31, tzinfo=UTC)
_FLOAT = re.compile(r"\.?\d*[efg]$")


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _spelled(path: Path) -> list[str]:
    """Numbers that are spelled with a point before a sentence takes them."""
    found = []
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call) or not _TALKS.match(_name(call)):
            continue
        for value in [one.value for one in call.keywords] + call.args[1:]:
            for one in ast.walk(value):
                spec = one.format_spec if isinstance(one, ast.FormattedValue) else None
                if isinstance(spec, ast.JoinedStr) and _FLOAT.search("".join(map(_constant, spec.values))):
                    found.append(f"{path.relative_to(_SOURCE)}:{one.lineno}")
    return found


def _constant(one: ast.expr) -> str:
    return str(one.value) if isinstance(one, ast.Constant) else ""


def test_sentences_are_given_numbers_and_not_their_spelling():
    assert [place for path in sorted(_SOURCE.rglob("*.py")) for place in _spelled(path)] == []


@pytest.mark.parametrize("lang", ["ru", "kk"])
def test_every_message_writes_numbers_by_the_habits_of_its_language(lang):
    text = catalogue(lang)
    seen = 0
    for message in text.messages:
        places = {name: spec for _, name, spec, _ in Formatter().parse(message) if name}
        if places and text.messages[message]:
            said = text(message, **{name: _DAY if spec else 12345.625 for name, spec in places.items()})
            assert "12345" not in said, message
            assert "345.625" not in said, message
            seen += "12\u00a0345,625" in said
    assert seen > 1000


@pytest.mark.parametrize(("lang", "told"), [("en", "12,345.625 and 3e-07"), ("ru", "12\u00a0345,625 and 3e-07")])
def test_errors_faults_and_enumerations_say_numbers_alike(lang, told):
    text = catalogue(lang)
    assert text("{a} and {b}", a=12345.625, b=3e-7) == told
    assert text.fault(Fault("{a} and {b}", {"a": 12345.625, "b": Phrase("{c}", {"c": 3e-7})})) == told
    comma = "0.5; 1.5" if lang == "en" else "0,5; 1,5"
    assert text.error(DataError("{all}", all=(0.5, 1.5))).replace(", ", "; ") == comma.replace(", ", "; ")


def test_a_number_somebody_wrote_is_quoted_as_it_was_written():
    kept = "values far from the usual of 'm1' (mass): 3 (here 0.062 times it); they were kept"
    assert "0,062" in catalogue("ru").retold(kept)
    assert "12.5" in catalogue("ru").retold(str(Fault("'{text}' is no number", {"text": "12.5"})))
