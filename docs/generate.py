"""Writes the reference part of the documentation from the program itself: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer

from zveno.chain import schemas
from zveno.cli.app import app
from zveno.quantities import UOMS
from zveno.tables import TABLES

REFERENCE = Path(__file__).parent / "reference"
_MADE = "<!-- made by `make docs`; do not edit -->\n"


def pages() -> dict[str, str]:
    """The generated pages by file name."""
    found = schemas()
    return {
        "commands.md": _commands(),
        "tables.md": _tables(),
        "units-of-measure.md": _uoms(),
        "unit-models.md": _models("Unit models", found["unit_models"]),
        "rule-kinds.md": _models("Kinds of rules", found["rule_kinds"]),
        "description.md": _description(found),
    }


def _commands() -> str:
    """Every command with its options."""
    lines = [_MADE, "# Commands", ""]
    command: Any = typer.main.get_command(app)
    for name, inner in command.commands.items():
        lines += [f"## zveno {name}", "", inner.help or "", "", "| option | meaning |", "|---|---|"]
        for one in inner.params:
            words = " ".join(one.opts) if one.param_type_name == "option" else (one.metavar or one.name.upper())
            lines.append(f"| `{words}` | {getattr(one, 'help', None) or ''} |")
        lines.append("")
    lines += [
        "Exit codes: 0 done; 2 wrong command; 3 description, 4 rulebook, 5 data, 6 store, 7 unit of measure, "
        "8 not solved; 70 a fault of the program; 130 interrupted.",
        "",
    ]
    return "\n".join(lines)


def _tables() -> str:
    """Every table with its columns."""
    lines = [_MADE, "# Tables", "", "One row is one fact; keys first. Times are UTC instants.", ""]
    for name, columns in TABLES.items():
        lines += [f"## {name}", "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{one.name}` | {_dtype(one.dtype)} | {one.meaning} |" for one in columns]
        lines.append("")
    return "\n".join(lines)


def _dtype(dtype: Any) -> str:
    """Short name of a column type."""
    return str(dtype).replace("Datetime(time_unit='us', time_zone='UTC')", "instant")


def _uoms() -> str:
    """Units of measure by dimension."""
    lines = [_MADE, "# Units of measure", "", "| dimension | units |", "|---|---|"]
    by_dimension: dict[str, list[str]] = {}
    for name, one in UOMS.items():
        by_dimension.setdefault(one.dimension, []).append(f"`{name}`")
    lines += [f"| {dimension.replace('_', ' ')} | {', '.join(names)} |" for dimension, names in by_dimension.items()]
    return "\n".join([*lines, ""])


def _models(title: str, found: dict[str, Any]) -> str:
    """Models or kinds with their parameters."""
    lines = [_MADE, f"# {title}", ""]
    for name, schema in found.items():
        lines += [f"## {name}", "", str(schema.get("description", "")).partition("\n\n")[0].replace("\n", " "), ""]
        if schema.get("x-outlets"):
            lines += ["Outlets: " + ", ".join(f"`{one}`" for one in schema["x-outlets"]) + ".", ""]
        lines += _properties(schema)
    return "\n".join(lines)


def _properties(schema: dict[str, Any]) -> list[str]:
    """Parameters of a schema as a table."""
    if not schema.get("properties"):
        return []
    lines = ["| key | meaning | default |", "|---|---|---|"]
    for key, one in schema["properties"].items():
        default = "required" if key in schema.get("required", ()) else one.get("default", "")
        meaning = str(one.get("description", "")).replace("\n", " ").replace("|", "or")
        lines.append(f"| `{key}` | {meaning} | {'' if default in ('', None, [], {}) else default} |")
    return [*lines, ""]


def _description(found: dict[str, Any]) -> str:
    """Keys of the files of a description."""
    lines = [_MADE, "# Files of a description", ""]
    for name in ("chain.yaml", "parameters.yaml", "people.yaml", "rules", "play.yaml"):
        schema = found[name]
        lines += [f"## {name}", "", str(schema.get("description", "")).replace("\n", " "), "", *_properties(schema)]
        for inner, part in schema.get("$defs", {}).items():
            if part.get("properties"):
                lines += [
                    f"### {inner}",
                    "",
                    str(part.get("description", "")).replace("\n", " "),
                    "",
                    *_properties(part),
                ]
    return "\n".join(lines)


def main() -> None:
    """Write the pages, or with ``--check`` say which are out of date."""
    stale = []
    for name, content in pages().items():
        path = REFERENCE / name
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(content, encoding="utf-8")
    sys.stdout.write(f"{'stale' if '--check' in sys.argv else 'written'}: {', '.join(stale) or 'none'}\n")
    sys.exit(1 if stale and "--check" in sys.argv else 0)


if __name__ == "__main__":
    main()
