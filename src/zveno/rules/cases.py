"""Small examples beside the rules, run: readings in, episodes out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta

import polars as pl

from zveno.errors import DataError, Fault, Phrase, fault
from zveno.model.chain import ChainModel
from zveno.model.rulebook import ALWAYS, Rule, Rulebook, RuleCase, Version
from zveno.periods import Period
from zveno.rules.build import gate_of
from zveno.rules.engine import check
from zveno.rules.patterns import beside, matching
from zveno.tables import frame
from zveno.text.mark import tr

_PART = re.compile(r"(-?\d+(?:\.\d+)?|-)(?:\*(\d+))?")
_FOUND = re.compile(r"(\d+):(\d\d)-(?:(\d+):(\d\d))?")


def case_faults(model: ChainModel) -> list[Fault]:
    """Examples in which something else is found than they say, each with the line of its rule."""
    return [one for rule in model.rulebook.rules for case in rule.cases for one in _faults(model, rule, case)]


def readings_of(text: str) -> list[float | None]:
    """Readings of an example.

    Raises
    ------
    DataError
        If a part is neither a number nor ``-``, repeated or not.

    Examples
    --------
    >>> readings_of("1.5*2 - -3")
    [1.5, 1.5, None, -3.0]
    """
    values: list[float | None] = []
    for part in text.split():
        found = _PART.fullmatch(part)
        if not found:
            raise DataError("'{part}' is no reading: write 1.5, 1.5*12 or -", part=part)
        values += [None if found[1] == "-" else float(found[1])] * int(found[2] or 1)
    return values


def _faults(model: ChainModel, rule: Rule, case: RuleCase) -> Iterator[Fault]:
    """What is wrong with one example."""
    where = model.places.get(f"{rule.id}/cases/{rule.cases.index(case)}") or model.places.get(rule.id, "")
    try:
        wanted = [_span(one) for one in case.finds]
        found = _found(model, rule, case)
    except DataError as error:
        yield from (Fault(one.message, one.fields, where) for one in error.faults)
        return
    if found != wanted:
        message = tr("rule '{rule}': its example {case} finds {found}, but should find {wanted}")
        told = {name: _told(spans) for name, spans in (("found", found), ("wanted", wanted))}
        yield fault(message, where, rule=rule.id, case=rule.cases.index(case) + 1, **told)


def _told(spans: list[tuple[int, int | None]]) -> str | Phrase:
    """Episodes as a message says them."""
    return ", ".join(map(_written, spans)) or Phrase("nothing")


def _span(text: str) -> tuple[int, int | None]:
    """Minutes from the start to an episode and to its end, None where it is still open."""
    found = _FOUND.fullmatch(text)
    if not found:
        raise DataError("'{part}' is no episode: write 0:15-1:15, or 0:15- for one still open", part=text)
    start, end = int(found[1]) * 60 + int(found[2]), found[3]
    return start, None if end is None else int(end) * 60 + int(found[4])


def _written(span: tuple[int, int | None]) -> str:
    """An episode as it is written."""
    start, end = span
    return f"{start // 60}:{start % 60:02d}-" + ("" if end is None else f"{end // 60}:{end % 60:02d}")


def _found(model: ChainModel, rule: Rule, case: RuleCase) -> list[tuple[int, int | None]]:
    """Episodes that the rule finds in the readings of an example."""
    version = _version(rule, case)
    tags = _tags(model, rule, case)
    begin = datetime.combine(case.day or version.start, time(), model.tz)
    series = {"a": case.of} if isinstance(case.of, str) else case.of
    unknown = sorted(set(series) - set("abcd"[: len(tags)]))
    if unknown:
        raise DataError("the example names '{name}', but the rule has {n} tags", name=unknown[0], n=len(tags))
    texts = {tags["abcd".index(name)]: text for name, text in series.items()} | dict(case.beside)
    every = timedelta(minutes=case.every_min or model.tags[tags[0]].every_min)
    parts = [_readings(tag, text, begin, every) for tag, text in texts.items()]
    readings = pl.concat(parts)
    end = begin + every * max(len(readings_of(text)) for text in texts.values())
    gates = gate_of(model, rule, tags[0])
    given = bool(gates) and any(one.tag in case.beside for one in gates or ())
    alone = rule.model_copy(update={"gate": rule.gate if given else ALWAYS})
    numbers = [one for one in model.rulebook.rules if one.kind == "parameter"]
    judged = model.model_copy(update={"rulebook": Rulebook(rules=(alone, *numbers))})
    found = check(judged, readings, Period(begin, end))
    rows = found.breaches.select("start", "end", "open").rows()
    return sorted((_minutes(start - begin), None if still else _minutes(stop - begin)) for start, stop, still in rows)


def _version(rule: Rule, case: RuleCase) -> Version:
    """The version that judges an example."""
    for one in rule.versions:
        if one.version == case.version or (case.version is None and one is rule.versions[-1]):
            return one
    raise DataError("rule '{rule}' has no version {version}", rule=rule.id, version=case.version)


def _tags(model: ChainModel, rule: Rule, case: RuleCase) -> tuple[str, ...]:
    """The concrete tags of an example."""
    first = [one for one in matching(rule.tags[0], model.tags) if case.tag in ("", one)] if rule.tags else []
    found = [matching(beside(first[0], one), model.tags) for one in rule.tags[1:]] if first else []
    if not first or not all(found):
        raise DataError("the example of rule '{rule}' has no signal in this chain: give 'tag'", rule=rule.id)
    return (first[0], *(one[0] for one in found))


def _readings(tag: str, text: str, begin: datetime, every: timedelta) -> pl.DataFrame:
    """Readings of one tag from a moment on."""
    rows = [
        {"tag": tag, "ts": begin + n * every, "value": value, "quality": 0}
        for n, value in enumerate(readings_of(text))
        if value is not None
    ]
    return frame("readings", rows)


def _minutes(length: timedelta) -> int:
    """Whole minutes of a stretch of time."""
    return round(length.total_seconds() / 60)
