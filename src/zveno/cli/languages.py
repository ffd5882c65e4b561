"""In which language a command line is answered."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

from zveno.errors import DataError
from zveno.text.mark import LANGUAGES


def asked_language(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The value of ``--lang``, wherever it stands, and the arguments without it."""
    asked, rest = "", []
    words = iter(arguments)
    for one in words:
        if one == "--lang":
            asked = next(words, "?")
        elif one.startswith("--lang="):
            asked = one.removeprefix("--lang=")
        else:
            rest.append(one)
    return asked, rest


def require_language(asked: str) -> None:
    """Refuse a language that has no catalogue; a locale of another language means English."""
    if asked and asked not in LANGUAGES:
        raise DataError("language '{lang}' is not known: choose en, ru or kk", lang=asked)
    wished = os.environ.get("ZVENO_LANG", "")
    if not asked and wished and _code(wished) not in LANGUAGES:
        raise DataError(
            "ZVENO_LANG is '{lang}', which is not one of en, ru, kk: set it anew, or add --lang", lang=wished
        )


def _code(locale: str) -> str:
    """The language of a locale: ``ru`` of ``ru_RU.UTF-8``."""
    return re.split(r"[-_.@]", locale.lower())[0]


def language(asked: str = "") -> str:
    """Language of this run: the one asked for, else ZVENO_LANG, else the locale, else English."""
    places = (os.environ.get(name, "") for name in ("ZVENO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))
    return next((code for code in map(_code, (asked, *places)) if code in LANGUAGES), "en")


def translate(command: Any, lang: str) -> None:
    """Put the help texts of a command and its parts into the language."""
    from zveno.text.catalogue import catalogue

    text = catalogue(lang)
    command.text = text
    for part in (command, *command.params):
        if getattr(part, "help", None):
            part.help = text(part.help)
    for inner in getattr(command, "commands", {}).values():
        translate(inner, lang)


def with_language(command: Any, arguments: Sequence[str], lang: str) -> list[str]:
    """The arguments with ``--lang`` behind the verb, where that is a command and not a group of them."""
    words = list(arguments)
    for at, word in enumerate(words):
        inner = getattr(command, "commands", {}).get(word)
        if inner is not None and not hasattr(inner, "commands"):
            return [*words[: at + 1], "--lang", lang, *words[at + 1 :]]
        command = inner or command
    return words
