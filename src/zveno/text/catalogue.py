"""Catalogues read from gettext files; numbers and dates by the habits of each language."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from importlib import resources

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from zveno.errors import DID_YOU_MEAN, DataError, Fault, Phrase, ZvenoError, filled
from zveno.text.mark import LANGUAGES

_GROUPED = 10_000
_DECIMAL = re.compile(r"-?(\d+\.\d+(e[+-]\d+)?|\d+e[+-]\d+)")
_PLACE = re.compile(r"\{(\w+)\}")
_NEAR = "; " + DID_YOU_MEAN.partition("{")[0]


@dataclass(frozen=True)
class Catalogue:
    """Messages, numbers and dates of one language."""

    lang: str
    messages: Mapping[str, str | tuple[str, ...]] = field(repr=False)

    def __call__(self, message: str, **fields: object) -> str:
        """Translate a sentence and fill its places; English where no translation is kept."""
        found = self.messages.get(message, message)
        sentence = found if isinstance(found, str) else found[0]
        return sentence.format(**{name: self.told(one) for name, one in fields.items()}) if fields else sentence

    def told(self, value: object) -> object:
        """A field of a sentence: numbers by the habits of the language, all others as they are."""
        if isinstance(value, float):
            return self.plain(value)
        if isinstance(value, int) and abs(value) >= _GROUPED and self.lang != "en":
            return self.number(value, 0)
        return value

    def plain(self, value: float | None, digits: int = 12) -> str:
        """A number with no more digits than it has, such as 0,0123 or 1,2e-10; a dash where there is none."""
        if value is None or math.isnan(value):
            return "–"
        general = f"{value:.{digits}g}"
        if "e" not in general and math.isfinite(value):
            return self.number(value, len(general.partition(".")[2]))
        comma = general if self.lang == "en" else general.replace(".", ",")
        return comma.replace("-", "−", 1) if value < 0 else comma

    def count(self, one: str, many: str, n: int, **fields: object) -> str:
        """Translate a sentence whose words depend on the number ``n``."""
        found = self.messages.get(one, (one, many))
        forms = (found,) if isinstance(found, str) else found
        index = min(_plural_index(self.lang, n), len(forms) - 1)
        return forms[index].format(n=self.number(n, 0), **{name: self.told(one) for name, one in fields.items()})

    def number(self, value: float | None, digits: int = 2) -> str:
        """A number with a fixed count of decimals; a dash where there is none."""
        if value is None or math.isnan(value):
            return "–"
        return _number(value, digits, self.lang)

    def percent(self, fraction: float | None, digits: int = 2) -> str:
        """A fraction as a number of per cent, without the sign."""
        return self.number(None if fraction is None else fraction * 100, digits)

    def day(self, day: date) -> str:
        """A date in the usual short form."""
        return format_date(day, "dd.MM.yyyy" if self.lang != "en" else "d MMM yyyy", locale=self.lang)

    def month(self, day: date) -> str:
        """Month and year in words."""
        return format_skeleton("yMMMM", day, locale=self.lang)

    def moment(self, moment: datetime) -> str:
        """Date and time to the minute, as given (convert to plant time first)."""
        form = "dd.MM.yyyy HH:mm" if self.lang != "en" else "d MMM yyyy HH:mm"
        return format_datetime(moment.replace(tzinfo=None), form, locale=self.lang)

    def phrase(self, one: Phrase) -> str:
        """A word or clause that fills a place of a sentence."""
        return self(one.message, **filled(one.fields, self.phrase))

    def fault(self, one: Fault) -> str:
        """One fault as a line of text."""
        fields = filled(one.fields, self.phrase)
        sentence = self(one.message, **fields)
        if fields.get("near"):
            sentence += "; " + self(DID_YOU_MEAN, **fields)
        return f"{one.where}: {sentence}" if one.where else sentence

    def retold(self, sentence: str) -> str:
        """A sentence that was kept in English with its places filled, such as why a cell was not read."""
        sentence = sentence.replace("{{", "{").replace("}}", "}")
        if sentence in self.messages or not self.messages:
            return self(sentence)
        told, _, near = sentence.partition(_NEAR)
        for pattern, message in _patterns():
            found = pattern.fullmatch(told)
            if found:
                fields = {name: self._again(message, name, value) for name, value in found.groupdict().items()}
                near = near.removesuffix("'?")
                return self.fault(Fault(message, {**fields, "near": near}))
        return sentence

    def _again(self, message: str, name: str, value: str) -> object:
        """What stood in a place of a kept sentence: a number as a number, unless it is quoted as somebody wrote it."""
        quoted = f"'{{{name}}}'" in message
        return float(value) if _DECIMAL.fullmatch(value) and not quoted else self(value)

    def error(self, error: ZvenoError) -> str:
        """All faults of an error, a line each."""
        return "\n".join(self.fault(one) for one in error.faults)


@lru_cache(maxsize=1 << 16)
def _number(value: float, digits: int, lang: str) -> str:
    """A number in the habits of a language; kept, since a page, a workbook and a document say the same numbers."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    text = format_decimal(value, format=pattern, locale=lang)
    return text.replace("-", "−") if set(text) & set("123456789") else text.replace("-", "")


@lru_cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Sentences with places as patterns, those with most words of their own first; places alone would fit anything."""
    known = {key for lang in LANGUAGES for key in catalogue(lang).messages if _PLACE.search(key)}
    messages = {key for key in known if _PLACE.sub("", key).strip()}
    ordered = sorted(messages, key=lambda one: (-len(_PLACE.sub("", one)), one))
    return [(re.compile(_pattern(one), re.DOTALL), one) for one in ordered]


def _pattern(message: str) -> str:
    """A sentence as a pattern: each place takes any words, the same place always the same."""
    parts, names = [], set()
    for index, part in enumerate(_PLACE.split(message)):
        if index % 2 == 0:
            parts.append(re.escape(part))
        else:
            parts.append(f"(?P={part})" if part in names else f"(?P<{part}>.*)")
            names.add(part)
    return "".join(parts)


def _plural_index(lang: str, n: int) -> int:
    """Which plural form of the catalogue file a whole number takes."""
    if lang == "ru":
        if n % 10 == 1 and n % 100 != 11:
            return 0
        return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2
    return 0 if n == 1 else 1


@lru_cache
def catalogue(lang: str = "en") -> Catalogue:
    """The catalogue of a language: ``en``, ``ru`` or ``kk``."""
    if lang not in LANGUAGES:
        raise DataError("language '{lang}' is not known: choose en, ru or kk", lang=lang)
    if lang == "en":
        return Catalogue("en", {})
    with resources.files("zveno.text").joinpath(f"{lang}.po").open("rb") as file:
        entries = read_po(file, locale=Locale.parse(lang))
    messages: dict[str, str | tuple[str, ...]] = {}
    for entry in entries:
        if entry.id and entry.string:
            key = entry.id if isinstance(entry.id, str) else entry.id[0]
            messages[key] = entry.string if isinstance(entry.string, str) else tuple(entry.string)
    return Catalogue(lang, messages)


def title_in(titles: Mapping[str, str], lang: str, default: str) -> str:
    """A name in the language asked for, else in English, else the default (the id)."""
    return titles.get(lang) or titles.get("en") or default
