"""A command line that cannot be understood: what is wrong with it and how to call it, in the language of the user.

The command-line library has English sentences of its own; its errors are told apart by class and by those.
"""

from __future__ import annotations

import re
from typing import Any

from zveno.cli.spoken import Text, parameter_names
from zveno.errors import Fault, Phrase, fault
from zveno.text.catalogue import Catalogue
from zveno.text.mark import tr

_SENTENCES = (
    (r"No such command '?(?P<command>[^']*)'?\.", tr("there is no command '{command}'")),
    (r"No such option:? '?(?P<option>[^' ]+)'?", tr("there is no option '{option}'")),
    (r"Option '?(?P<option>[^' ]+)'? requires", tr("option '{option}' needs a value after it")),
    (r"Option '?(?P<option>[^' ]+)'? does not take a value", tr("option '{option}' takes no value")),
    (
        r"Got unexpected extra arguments?(?:\(s\))? \((?P<arguments>.*)\)",
        tr("more was written than is needed: {arguments}"),
    ),
    (r"Missing command", tr("the command is missing")),
)
_SUGGESTED = re.compile(r"Did you mean:? '?([^',?]+)")


def told(error: Any, text: Catalogue) -> str:
    """What is wrong, how the command is called, and where its help is."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error.format_message())
    lines = [text(tr("Error: {problem}"), problem=text.fault(misuse(error, text)))]
    context = getattr(error, "ctx", None)
    if context is not None:
        lines += [context.get_usage(), text(tr("Help: {command}"), command=f"{context.command_path} --help")]
    return "\n".join(lines)


def misuse(error: Any, text: Text) -> Fault:
    """The complaint as a sentence of the catalogues; the library's own where it is not known."""
    said, parameter = str(error.format_message()), getattr(error, "param", None)
    if parameter is not None and type(error).__name__ == "MissingParameter":
        return fault("{name} is missing", name=parameter_names(parameter, text))
    if parameter is not None and "integer" in said:
        wanted = Phrase("a whole number, such as 3")
        return fault("{name}: write {wanted}", name=parameter_names(parameter, text), wanted=wanted)
    for pattern, message in _SENTENCES:
        found = re.search(pattern, said)
        if found:
            return Fault(message, {**found.groupdict(), "near": _suggested(error, said)})
    return Fault(said.replace("{", "{{").replace("}", "}}"))


def _suggested(error: Any, said: str) -> str:
    """The word that was perhaps meant."""
    possible = sorted(getattr(error, "possibilities", None) or ())
    found = _SUGGESTED.search(said)
    return str(possible[0]) if possible else found[1] if found else ""
