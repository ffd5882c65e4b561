"""Help pages in the language of the user: headings, defaults and all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typer.core import TyperCommand, TyperGroup

from zveno.text.mark import tr

Text = Callable[..., str]
PLACES = (
    tr("FOLDER"),
    tr("PATH"),
    tr("NAME"),
    tr("NAME=VALUE"),
    tr("NAME=VALUES"),
    tr("NAME=LOW:HIGH"),
    tr("SHARE|feed"),
    tr("RESULT=VALUE"),
    tr("KEY[=LOW:HIGH]"),
    tr("NUMBER"),
    tr("DATE"),
    tr("PERIOD"),
    tr("[PERIOD]"),
    tr("FILE"),
    tr("FILE.json"),
    tr("PATH..."),
    tr("ID"),
    tr("TEXT"),
    tr("ARCHIVE"),
    tr("PUBLIC.pem"),
    tr("SIZE:ROOT"),
    tr("STORE"),
    tr("CAUSE"),
    tr("DATABASE"),
    tr("DRAFT"),
    tr("ENTRY"),
    tr("FILE.xlsx"),
    tr("FILE|FOLDER"),
    tr("IDS"),
    tr("KEY"),
    tr("METER"),
    tr("NAME=VALUE±ERROR"),
    tr("PARTY"),
    tr("PLANT"),
    tr("RECORD"),
    tr("ROLE"),
    tr("RULE"),
    tr("SECONDS"),
    tr("SHARE"),
    tr("SHIFT"),
    tr("STATUS"),
    tr("TAG"),
    tr("TIME"),
    tr("UNIT"),
    tr("UNIT=WHY"),
    tr("[DAY]"),
    tr("[FIGURE]"),
    tr("[FILE]"),
    tr("[NAME]"),
    tr("[PLACE]"),
)
"""What stands for a value in help."""


def _english(message: str, **fields: object) -> str:
    """The sentence itself: what help says until it is told another language."""
    return message.format(**fields) if fields else message


class SpokenCommand(TyperCommand):
    """A command whose help page is written by ``text``."""

    text: Text = staticmethod(_english)

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The line on how to call it."""
        write_usage(self, ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments and options."""
        write_options(self, ctx, formatter)


class SpokenGroup(TyperGroup):
    """The program itself, whose help page is written by ``text``."""

    text: Text = staticmethod(_english)

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The line on how to call it."""
        write_usage(self, ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Options and commands."""
        write_options(self, ctx, formatter)
        rows = [(name, command.help or "") for name, command in self.commands.items()]
        with formatter.section(self.text(tr("Commands"))):
            formatter.write_dl(rows)


def write_usage(command: Any, ctx: Any, formatter: Any) -> None:
    """How to call a command."""
    pieces = [command.text(tr("[OPTIONS]"))]
    pieces += [parameter_names(one, command.text) for one in command.params if one.param_type_name == "argument"]
    if isinstance(command, SpokenGroup):
        pieces.append(command.text(tr("COMMAND [ARGS]...")))
    formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=command.text(tr("Usage: ")))


def write_options(command: Any, ctx: Any, formatter: Any) -> None:
    """Arguments, then options, each with its default."""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.get_params(ctx) if one.param_type_name != "argument"]
    for heading, parts in ((command.text("Arguments"), arguments), (command.text("Options"), options)):
        if parts:
            with formatter.section(heading):
                formatter.write_dl([(parameter_names(one, command.text), _meaning(one, command.text)) for one in parts])


def parameter_names(parameter: Any, text: Text) -> str:
    """How a parameter is written."""
    metavar = text(parameter.metavar or parameter.name.upper())
    if parameter.param_type_name == "argument":
        return str(metavar)
    return ", ".join(parameter.opts) + ("" if parameter.is_flag else f" {metavar}")


def _meaning(parameter: Any, text: Text) -> str:
    """What it is for; the default where it tells something."""
    if parameter.name == "help":
        return text(tr("Show this page."))
    default = parameter.default
    words = str(parameter.help or "")
    if isinstance(default, bool) or default in (None, "", ".", ()) or callable(default):
        return words
    return f"{words} [{text(tr('default: {value}'), value=default)}]"
