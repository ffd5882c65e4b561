"""Collects every sentence that a person may read from the source, by the calls that mark them.

``python -m tests.contract.messages`` lists what the catalogues lack, and what they hold in vain;
``python -m tests.contract.messages --sort`` writes them anew in the order of the sources.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from zveno.errors import DID_YOU_MEAN

SOURCE = Path(__file__).parents[2] / "src" / "zveno"
TEXTS = ("ru", "kk")
ERRORS = (
    "ZvenoError", "ModelError", "RuleError", "DataError", "StoreError", "ConflictError", "QuantityError", "SolveError",
)  # fmt: skip
MARKS = {"tr", "text", "say", "fault", "Fault", "Phrase", "report", *ERRORS}
_PLACE = re.compile(r"(?<!\{)\{(\w+)([^}]*)\}")


@dataclass(frozen=True)
class Message:
    """A sentence, its plural form if it has one, and where it stands first."""

    one: str
    many: str
    file: str
    line: int


@cache
def collect() -> dict[str, Message]:
    """Every message by its text (plurals by their first form), in the order of files and lines."""
    found = {DID_YOU_MEAN: Message(DID_YOU_MEAN, "", "errors.py", 0)}
    for path in _sources():
        for one in _messages(ast.parse(path.read_text("utf-8")), path.relative_to(SOURCE).as_posix()):
            found.setdefault(one.one, one)
    return found


def hidden() -> list[str]:
    """Sentences that are put together or stored without a mark, so that no catalogue can hold them."""
    found = []
    for path in _sources():
        tree = ast.parse(path.read_text("utf-8"))
        bare = {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and any(_literals(node.value))
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call, name in _marked(tree):
            first = _sentence(call, name)
            if isinstance(first, ast.JoinedStr | ast.BinOp) or (isinstance(first, ast.Name) and first.id in bare):
                found.append(f"{path.relative_to(SOURCE)}:{call.lineno}: {ast.unparse(first)}")
    return found


def places(message: str) -> set[tuple[str, str]]:
    """Names of the places of a message, each with its format."""
    return set(_PLACE.findall(message))


def _sources() -> list[Path]:
    """All source files; the words of workbooks first, since many files share them."""
    return sorted(SOURCE.rglob("*.py"), key=lambda path: (path.parent.name != "text", path))


def _messages(tree: ast.Module, file: str) -> Iterator[Message]:
    """Messages of one file."""
    for call, name in sorted(_marked(tree), key=lambda found: found[0].lineno):
        for one in _literals(_sentence(call, name)):
            many = next(_literals(call.args[1])) if name == "count" else ""
            yield Message(one, many, file, call.lineno)


def _marked(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Calls that mark or say a sentence, with the name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in MARKS or (name == "count" and len(node.args) > 2) or (name == "Spec" and len(node.args) > 1):
                yield node, name


def _sentence(call: ast.Call, name: str) -> ast.expr:
    """Where a call has its sentence: first, but the meaning of a parameter stands after its unit of measure."""
    return call.args[1] if name == "Spec" else call.args[0]


def _literals(node: ast.expr) -> Iterator[str]:
    """The text of a literal, or both texts of a choice between two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def read(lang: str) -> Catalog:
    """The catalogue file of a language."""
    with _file(lang).open("rb") as file:
        return read_po(file, locale=Locale.parse(lang))


def written(lang: str) -> str:
    """How the catalogue file of a language has to look: grouped by source file, in the order of its lines."""
    known = {entry.id if isinstance(entry.id, str) else entry.id[0]: entry.string for entry in read(lang) if entry.id}
    head = _file(lang).read_text("utf-8").partition("\n\n")[0]
    parts, file = [head], ""
    for key, message in collect().items():
        if key not in known:
            continue
        lines = [f"#: {message.file}"] if message.file != file else []
        file = message.file
        lines.append(f"msgid {_quoted(key)}")
        if message.many:
            lines.append(f"msgid_plural {_quoted(message.many)}")
        forms = known[key]
        if isinstance(forms, str):
            lines.append(f"msgstr {_quoted(forms)}")
        else:
            lines += [f"msgstr[{index}] {_quoted(form)}" for index, form in enumerate(forms)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _file(lang: str) -> Path:
    return SOURCE / "text" / f"{lang}.po"


def _quoted(text: str) -> str:
    """A text as a gettext string."""
    for raw, shown in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(raw, shown)
    return f'"{text}"'


def _show_differences() -> None:
    """List what each catalogue lacks and what it holds in vain."""
    messages = collect()
    for lang in TEXTS:
        known = {entry.id if isinstance(entry.id, str) else entry.id[0] for entry in read(lang) if entry.id}
        for title, names in (("missing", messages.keys() - known), ("left over", known - messages.keys())):
            sys.stdout.write(f"{lang}: {len(names)} {title}\n")
            for name in sorted(names, key=lambda one: (messages[one].file if one in messages else "", one)):
                file = messages[name].file if name in messages else "nowhere"
                sys.stdout.write(f"#: {file}\n{name}\n")


if __name__ == "__main__":
    if "--sort" in sys.argv:
        for each in TEXTS:
            _file(each).write_text(written(each), encoding="utf-8")
    _show_differences()
