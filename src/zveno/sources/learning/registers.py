"""Registers of a known trade kind in a layout never seen before: wagons of lots, and measuring instruments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from zveno.sources.learning.columns import Place
from zveno.sources.learning.find import Block
from zveno.sources.learning.found import LearntColumn, LearntRow, LearntTable, Rule
from zveno.sources.patterns import caught
from zveno.text.sheetwords import is_total, tidy
from zveno.text.tradewords import INSTRUMENT_WORDS, SERIAL, VERIFIED, holds

_PREFIX = re.compile(r"^(.*?[^\d])(\d+)$")
_KEPT = ("date", "shift", "person", "total", "derived")


def is_wagons(columns: Sequence[LearntColumn]) -> bool:
    """Whether a table weighs wagons: gross and tare, of a lot."""
    found = {one.guess.quantity for one in columns if one.guess.role == "value"}
    return {"mass_gross", "mass_tare"} <= found and any(one.guess.name == "lot" for one in columns)


def learn_wagons(block: Block, table: LearntTable, columns: Sequence[LearntColumn], place: Place) -> LearntTable:
    """Wagons with their weights, which count for what is received by lots; assays of the lots."""
    rows = _lots(block, columns, place)
    receipts = [stream for one in rows for rule in (one.rule, *one.likely[:1]) if (stream := _receipt(rule))]
    plant = receipts[0].split(".")[0] if receipts else "new"
    done = []
    for one in columns:
        guess, rule = one.guess, one.rule
        if guess.role != "value":
            rule = "label lot" if guess.name == "lot" else f"{guess.role} {guess.name}".strip()
            rule = {"is": "date", "zone": guess.zone} if guess.role == "date" and guess.zone else rule
            done.append(replace(one, rule=rule, guess=replace(guess, sure=True)))
            continue
        weighed = guess.quantity in ("mass_gross", "mass_tare", "mass_wet")
        told: dict[str, str] = {"point": f"{plant}.wagon.{{lot}}.{{wagon}}" if weighed else "{receipt}",
                                "quantity": guess.quantity}  # fmt: skip
        if guess.quantity == "mass_wet":
            told["counts_for"] = "{receipt}"
        if not weighed:
            told["period"] = "day"
        done.append(replace(one, rule=told if guess.sure else "", quantity=guess.quantity, point=told["point"],
                            likely=() if guess.sure else (told,)))  # fmt: skip
    return replace(table, columns=tuple(done), rows=rows, period="moment", slot="{lot}")


def _lots(block: Block, columns: Sequence[LearntColumn], place: Place) -> tuple[LearntRow, ...]:
    """Lots by the letters before their numbers, with the stream that they are received by."""
    at = {one.guess.name or one.cell: one.column for one in columns if one.cell}
    texts = [one.column for one in columns if one.guess.role in ("note", "label") and one.guess.name != "lot"]
    groups: dict[str, dict[int, set[str]]] = {}
    for row, cell in block.cells(at["lot"]).items():
        found = _PREFIX.match(tidy(cell.value))
        if found is None or is_total(tidy(cell.value)):
            continue
        told = groups.setdefault(found[1], {})
        for column in texts:
            beside = block.sheet.cells.get((row, column))
            if beside is not None and isinstance(beside.value, str):
                told.setdefault(column, set()).add(tidy(beside.value))
    quantities = frozenset(
        one.guess.quantity for one in columns if one.guess.quantity.startswith(("grade_", "moist", "mass_wet"))
    )
    rows = []
    for prefix, told in groups.items():
        same = [next(iter(words)) for words in told.values() if len(words) == 1]
        rows.append(_lot(prefix, same, quantities, place))
    return tuple(rows)


def _lot(prefix: str, said: Sequence[str], quantities: frozenset[str], place: Place) -> LearntRow:
    """The rule of the lots of one prefix: what all their rows say tells the stream."""
    arrived = replace(place, around=(*place.around, *said), period="lot")
    tries = [arrived.match((*place.around[-1:], *said[-n:]), quantities, loose=True) for n in range(len(said) + 1)]
    match = next((one for one in reversed(tries) if one.sure), tries[-1])
    rules: list[Rule] = [{"sets": {"receipt": point}} for point in match.likely]
    return LearntRow(f"{prefix}{{n}}", rules[0] if match.sure else "", () if match.sure else tuple(rules))


def _receipt(rule: Rule) -> str:
    """The stream that the lots of a rule are received by."""
    told = rule["sets"] if isinstance(rule, Mapping) and "sets" in rule else ""
    return told["receipt"] if isinstance(told, Mapping) else ""


def is_instruments(columns: Sequence[LearntColumn]) -> bool:
    """Whether a table lists instruments with their verification."""
    heads = [one.heading for one in columns]
    return any(holds(one, SERIAL) for one in heads) and any(holds(one, VERIFIED) for one in heads)


def learn_instruments(table: LearntTable, columns: Sequence[LearntColumn]) -> LearntTable:
    """The class, the last verification and its validity of every instrument, by its serial number."""
    rules: Mapping[str, Rule] = {
        "accuracy_class": {"point": "instr.{serial}", "quantity": "accuracy_class", "kind": "text"},
        "verified_on": {"point": "instr.{serial}", "quantity": "verified_on", "kind": "date"},
        "valid_until": {"point": "instr.{serial}", "quantity": "valid_until", "kind": "date", "typed": "true"},
        "interval": "instr.{serial} interval",
    }
    done = []
    for one in columns:
        name = next((key for key, words in INSTRUMENT_WORDS if holds(one.heading, words)), "")
        plain: Rule = "id serial" if holds(one.heading, SERIAL) else "id" if one.guess.role == "id" else "note"
        rule = rules.get(name, plain)
        done.append(replace(one, rule=rule, likely=(), point="instr.{serial}" if name else "", quantity=name))
    dated = bool(table.date) and not table.undated
    place = table.date if dated else "above"
    return replace(
        table, columns=tuple(done), period="moment", slot="{serial}", shift="", date=place, undated=not dated
    )


def stated_alone(block: Block, table: LearntTable) -> LearntTable:
    """Rows whose mass stands only where others have a computed one: it is stated there, and taken.

    Only where the column is called dry mass, no other mass stands in the row, and it is typed.
    """
    dry = [one for one in table.columns if one.rule == "derived" and holds(one.heading, ("сух", "құрғ", "dry"))
           and holds(one.heading, ("масс", "вес", "салмақ", "mass", "weight"))]  # fmt: skip
    masses = [
        one.column
        for one in table.columns
        if one.quantity.startswith("mass") and one.rule and "unc" not in one.quantity
    ]
    label = next((one.column for one in table.columns if one.rule == "label"), None)
    if len(dry) != 1 or not masses or label is None:
        return table
    column, alone = dry[0].column, []
    for row, cell in block.cells(column).items():
        if (
            not cell.formula
            and isinstance(cell.value, (int, float))
            and not any((row, one) in block.sheet.cells for one in masses)
        ):
            alone.append(tidy(block.sheet.cells[row, label].value) if (row, label) in block.sheet.cells else "")
    rows = []
    for one in table.rows:
        stated = isinstance(one.rule, str) and one.rule and any(caught(one.pattern, text) is not None for text in alone)
        rule: Rule = {"point": one.rule, "also": {dry[0].guess.pattern: "mass_dry"}} if stated else one.rule  # type: ignore[dict-item]
        rows.append(replace(one, rule=rule))
    return replace(table, rows=tuple(rows))
