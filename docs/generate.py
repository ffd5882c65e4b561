"""Writes the reference pages and the picture of the documentation from the program itself: ``make docs``."""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import typer

from zveno import Chain, errors, example, load
from zveno.chain import schemas
from zveno.cli.app import app
from zveno.quantities import DIMENSIONS, UOMS, uom_phrase
from zveno.reports import REPORTS, flowsheet_svg
from zveno.rules import RULE_KINDS
from zveno.simulate.units import UNIT_MODELS
from zveno.tables import TABLES
from zveno.text.catalogue import catalogue

DOCS = Path(__file__).parent
_MADE = "<!-- made by `make docs`; do not edit -->\n"
_SVG = "http://www.w3.org/2000/svg"
_PERIOD = "2026-03"


def pages() -> dict[str, str]:
    """The generated files by their place under ``docs``."""
    found = schemas()
    models = {name: (inspect.getdoc(one) or "") for name, one in UNIT_MODELS.items()}
    kinds = {name: (inspect.getdoc(one) or "") for name, one in RULE_KINDS.items()}
    return {
        "reference/commands.md": _commands(),
        "reference/tables.md": _tables(),
        "reference/units-of-measure.md": _uoms(),
        "reference/unit-models.md": _models("Unit models", _PARAMETER, found["unit_models"], models),
        "reference/rule-kinds.md": _models("Kinds of rules", _LEVEL, found["rule_kinds"], kinds),
        "reference/description.md": _description(found),
        "pictures/flowsheet.svg": flowsheet(),
    }


# ---- commands ----------------------------------------------------------------------------------------------------


def _commands() -> str:
    """Every command with its options, and what the exit codes mean."""
    lines = [_MADE, "# Commands", "", "In every language: `zveno --help`, `zveno COMMAND --help`.", ""]
    command: Any = typer.main.get_command(app)
    for name, inner in _verbs(command):
        places = " ".join(_place(one) for one in inner.params if one.param_type_name == "argument")
        lines += [f"## zveno {name}", "", inner.help, "", f"    zveno {name} {places}".rstrip(), ""]
        lines += ["| option | meaning | default |", "|---|---|---|"]
        lines += [f"| `{_words(one)}` | {_help(one)} | {_default(one)} |" for one in inner.params]
        lines.append("")
    lines += [f"Reports (`NAME`): {', '.join(f'`{one}`' for one in REPORTS)}.", ""]
    return "\n".join([*lines, *_exit_codes(), ""])


def _verbs(command: Any, above: str = "") -> list[tuple[str, Any]]:
    """Commands by all their words, those of groups one by one."""
    found = []
    for name, inner in command.commands.items():
        words = f"{above}{name}"
        found += _verbs(inner, f"{words} ") if hasattr(inner, "commands") else [(words, inner)]
    return found


def _place(one: Any) -> str:
    """An argument as it stands in a command."""
    return (one.metavar or one.name.upper()) + ("..." if one.nargs == -1 else "")


def _words(one: Any) -> str:
    """An argument, or an option with the name of its value."""
    if one.param_type_name == "argument":
        return _place(one)
    value = "" if one.is_flag else f" {one.metavar or one.name.upper()}"
    return ", ".join(sorted(one.opts, key=len)) + value.replace("|", "\\|")


def _help(one: Any) -> str:
    """What an option does; a period by the same words everywhere."""
    return one.help or ("2026, 2026-03, 2026-03-07 or START/END." if one.name == "period" else "")


def _default(one: Any) -> str:
    """Its value when it is not given."""
    if one.required:
        return "required"
    return "" if one.default in (None, "", False) else f"`{one.default}`"


def _exit_codes() -> list[str]:
    """Exit codes from the tree of errors."""
    found = {
        one.exit_code: inspect.getdoc(one)
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.ZvenoError) and one is not errors.ZvenoError
    }
    always = {0: "Done.", 1: "Verified, and something is wrong.", 2: "The command is wrong."}
    said = {**always, **found, 70: "A fault of the program itself.", 130: "Interrupted."}
    rows = [f"| {code} | {meaning} |" for code, meaning in sorted(said.items())]
    return ["## Exit codes", "", "| code | meaning |", "|---|---|", *rows]


# ---- tables and units of measure -----------------------------------------------------------------------------------


def _tables() -> str:
    """Every table with its columns."""
    lines = [_MADE, "# Tables", "", "One row is one fact; keys first. Times are UTC instants.", ""]
    for name, columns in TABLES.items():
        lines += [f"## {name}", "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{one.name}` | {_dtype(one.dtype)} | {one.meaning} |" for one in columns]
        lines.append("")
    return "\n".join(lines)


def _dtype(dtype: Any) -> str:
    """Plain name of a column type."""
    found = str(dtype).replace("Datetime(time_unit='us', time_zone='UTC')", "instant")
    return {"String": "text", "Float64": "number", "Boolean": "true or false"}.get(
        found, "whole number" if found.startswith("Int") else found
    )


def _uoms() -> str:
    """Units of measure by dimension, as they may be written in each language."""
    about = (
        "Each may be written in descriptions and workbooks in any language; in descriptions the case of letters counts."
    )
    lines = [_MADE, "# Units of measure", "", about, "", "| dimension | code | Russian | Kazakh |", "|---|---|---|---|"]
    by_dimension: dict[str, list[str]] = {}
    for name, one in UOMS.items():
        by_dimension.setdefault(one.dimension, []).append(name)
    for dimension, names in by_dimension.items():
        words = [[catalogue(lang).phrase(uom_phrase(one)) for one in names] for lang in ("ru", "kk")]
        cells = [", ".join(f"`{one}`" for one in dict.fromkeys(each)) for each in (names, *words)]
        lines.append(f"| {DIMENSIONS[dimension]} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


# ---- models, kinds, description --------------------------------------------------------------------------------------


_PARAMETER = """\
A parameter is a number in the unit of measure that stands after its meaning, the name of a figure of `parameters.yaml`,
or a figure written out, which may have a unit of measure of its own.
"""
_LEVEL = """\
Levels are numbers in the `uom` of the rule; who writes none sets no limit on that side. In place of a number the id of
a rule of the kind `parameter`, or a figure of `parameters.yaml`, may stand: its value of the day is the level.
"""


def _models(title: str, intro: str, found: dict[str, Any], docs: dict[str, str]) -> str:
    """Models or kinds with what they do, where that comes from, and their parameters."""
    lines = [_MADE, f"# {title}", "", intro]
    for name, schema in found.items():
        lines += [f"## {name}", "", *_prose(docs[name])]
        for key, word in (("x-inlets", "Inlets"), ("x-outlets", "Outlets")):
            if schema.get(key):
                lines += [f"{word}: " + ", ".join(f"`{one}`" for one in schema[key]) + ".", ""]
        lines += _properties(schema)
    return "\n".join(lines)


def _prose(doc: str) -> list[str]:
    """A docstring as paragraphs: its examples left out, its references as one line."""
    doc = re.split(r"\n+(?:Examples|Parameters)\n-+\n", doc)[0]
    said, _, references = re.sub(r"\nReferences\n-+\n", "\0", doc).partition("\0")
    paragraphs = [_line(one) for one in said.split("\n\n")]
    if references:
        paragraphs.append(f"Sources: {_line(references)}")
    return [part for one in paragraphs if one for part in (one, "")]


def _line(text: str) -> str:
    """Wrapped text on one line, code marked as Markdown marks it."""
    return " ".join(text.replace("``", "`").split())


def _properties(schema: dict[str, Any]) -> list[str]:
    """Parameters of a schema as a table."""
    if not schema.get("properties"):
        return []
    lines = ["| key | holds | meaning | default |", "|---|---|---|---|"]
    for key, one in schema["properties"].items():
        default = "required" if key in schema.get("required", ()) else _value(one.get("default"))
        meaning = _line(str(one.get("description", ""))).removesuffix(", -").replace("|", "or")
        lines.append(f"| `{key}` | {_holds(one)} | {meaning} | {default} |")
    return [*lines, ""]


def _value(default: object) -> str:
    """A default; what is empty or a whole record needs no word."""
    if default is None or isinstance(default, dict) or default in ("", []):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _holds(one: dict[str, Any]) -> str:
    """What may stand at a key, in words."""
    if {"type": "object"} in one.get("anyOf", ()):  # a parameter of a unit model: the page says what else it may be
        return _holds(one["anyOf"][0])
    if "anyOf" in one:
        return " or ".join(dict.fromkeys(_holds(part) for part in one["anyOf"] if part.get("type") != "null"))
    if "$ref" in one:
        name = one["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in one or "const" in one:
        return ", ".join(f"`{part}`" for part in one.get("enum", [one.get("const")]) if part)
    if one.get("type") == "array":
        return f"list of {_holds(one.get('items', {}))}"
    if one.get("type") == "object":
        return _holds_by_name(one)
    words = {"string": one.get("format", "text"), "boolean": "`true`, `false`", "integer": "whole number"}
    return words.get(one.get("type", ""), one.get("type", "any")) + _range(one)


def _holds_by_name(one: dict[str, Any]) -> str:
    """What a mapping holds."""
    if one.get("propertyNames", {}).get("enum") == ["en", "ru", "kk"]:
        return "text by language"
    inner = one.get("additionalProperties")
    return f"{_holds(inner)} by name" if isinstance(inner, dict) else "record"


def _range(one: dict[str, Any]) -> str:
    """Bounds of a number."""
    low, high = one.get("minimum"), one.get("maximum")
    if "exclusiveMinimum" in one:
        return f" above {one['exclusiveMinimum']:g}"
    if low is not None and high is not None:
        return f" {low:g} to {high:g}"
    return f" from {low:g}" if low is not None else ""


_EVERYWHERE = """\
Keys that mean the same everywhere: `id` is a lower-case name with dots, unique in the chain; `title` is what people
read; `uom` is a [unit of measure](units-of-measure.md); `status` says how sure a figure is (`sourced`, `derived`,
`recalled`, `estimate`, `unverified`) and `source` where it comes from (of a figure: keys of `sources`);
`repeat: {n: [1, 2]}` writes an entry once for several lines, `{n}` being filled in; `note` is for people. Where
*number or text or [Figure]* is allowed, the text names a figure of `parameters.yaml`.
""".replace("[Figure]", "[Figure](#figure)")


def _description(found: dict[str, Any]) -> str:
    """Keys of the files of a description; a record that several files use is told once."""
    lines = [_MADE, "# Files of a description", "", _EVERYWHERE]
    told: set[str] = set()
    for name in (
        "chain.yaml",
        "parameters.yaml",
        "people.yaml",
        "foundry.yaml",
        "quality.yaml",
        "rules",
        "play.yaml",
        "mappings",
        "calendars.yaml",
        "amendment",
        "alarm_journal",
    ):
        schema = found[name]
        lines += [f"## {name}", "", _line(str(schema.get("description", ""))), "", *_properties(schema)]
        for inner, part in schema.get("$defs", {}).items():
            if part.get("properties") and inner not in told:
                told.add(inner)
                lines += [f"### {inner}", "", _line(str(part.get("description", ""))), "", *_properties(part)]
            elif part.get("enum") and inner not in told:
                told.add(inner)
                lines += [f"### {inner}", "", f"{_line(str(part.get('description', '')))} {_holds(part)}.", ""]
    return "\n".join(lines)


# ---- picture -----------------------------------------------------------------------------------------------------


def flowsheet() -> str:
    """The example's month as a flowsheet: played, imported, balanced, drawn."""
    with tempfile.TemporaryDirectory() as folder:
        chain = load(example("one_concentrator"), store=Path(folder) / "store")
        chain.emulate(_PERIOD, folder, lang="en")
        plant = Path(folder) / "plant"
        chain.import_files([plant / "shifts", *sorted(plant.glob("*.xlsx"))])
        return _on_paper(chain, chain.reconcile(_PERIOD).flows)


def _on_paper(chain: Chain, flows: Any) -> str:
    """A flowsheet on paper of its own, so that it reads on any page, with the notice of its chain below.

    Colours are written out: a picture that stands alone has no page to take them from.
    """
    drawn = flowsheet_svg(chain.model, flows, lang="en", text=catalogue("en"))
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(re.sub(r"var\(--[a-z-]+,\s*(#[0-9a-f]{6})\)", r"\1", drawn))
    width, height = root.attrib["width"], float(root.attrib["height"]) + 22
    root.attrib.update(viewBox=f"0 0 {width} {height:g}", height=f"{height:g}")
    paper = ElementTree.Element(f"{{{_SVG}}}rect", width=width, height=f"{height:g}", rx="10", fill="#ffffff")
    root.insert(2, paper)  # under everything, after title and desc
    words = ElementTree.SubElement(root, f"{{{_SVG}}}text", x="12", y=f"{height - 10:g}", fill="#59636e")
    words.text = f"{chain.model.title_of_chain('en')}, {_PERIOD}, copper. {chain.model.chain.notice['en']}."
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def main() -> None:
    """Write the files, or with ``--check`` say which are out of date."""
    stale = []
    for name, content in pages().items():
        path = DOCS / name
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            stale.append(name)
            if "--check" not in sys.argv:
                path.parent.mkdir(exist_ok=True)
                path.write_text(content, encoding="utf-8")
    sys.stdout.write(f"{'stale' if '--check' in sys.argv else 'written'}: {', '.join(stale) or 'none'}\n")
    sys.exit(1 if stale and "--check" in sys.argv else 0)


if __name__ == "__main__":
    main()
