"""A plant of two cells with a roster, readings made by hand, and persons who sign; times are of April 2026."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from tests.signed_books import PASSPHRASE, Books, books, enter
from tests.unit.rules import small_plant
from tests.unit.rules.small_plant import rule, version

from zveno.chain import Chain
from zveno.chain.answering import Answering
from zveno.chain.closing import Closing
from zveno.chain.shiftwork import Shiftwork
from zveno.duty.breach import Breach
from zveno.log import Signer
from zveno.model.chain import ChainModel
from zveno.model.roster import DutyFile, RosterFile
from zveno.store import Batch, MemoryStore
from zveno.tables import frame

MONTH = "2026-04"
PERSONS = {
    "floater.a": ("operator",), "floater.b": ("operator",), "floater.c": ("operator",), "floater.d": ("operator",),
    "foreman": ("foreman",), "tech": ("technologist",), "head": ("head",), "metro": ("metrologist",),
    "chief_eng": ("chief_engineer",),
}  # fmt: skip
ROSTER: dict[str, Any] = {
    "persons": [{"id": one} for one in (*PERSONS, "spare", "deputy")],
    "posts": [
        *({"role": "conc.floater", "crew": crew, "person": f"floater.{crew.lower()}"} for crew in "ABCD"),
        {"role": "conc.head", "person": "head"},
    ],
}
RULES = (rule(version(high=11.8), acts_on={"parameter": "x", "via": "direct"}),)


def on(text: str) -> datetime:
    """A moment of plant time in April 2026: ``05 10:00``."""
    return datetime.fromisoformat(f"2026-04-{text[:2]}T{text[3:]}:00+05:00")


def plant(
    *rules: Mapping[str, Any], roster: Mapping[str, Any] = ROSTER, duty: Mapping[str, Any] | None = None
) -> ChainModel:
    """The plant with rules, a roster and terms."""
    made = small_plant.model(*(dict(one) for one in rules or RULES))
    return made.model_copy(
        update={"roster": RosterFile.model_validate(roster), "duty": DutyFile.model_validate(duty or {})}
    )


def readings(
    tag: str, out: Callable[[datetime], bool], *, start: str = "05 00:00", hours: float = 72, every_min: float = 5
):
    """Readings of a pH: 12.5 while it is out, 11.0 otherwise."""
    moments = [on(start) + n * timedelta(minutes=every_min) for n in range(round(hours * 60 / every_min))]
    rows = [{"tag": tag, "ts": one, "value": 12.5 if out(one) else 11.0, "quality": 0} for one in moments]
    return frame("readings", rows)


def between(start: str, end: str) -> Callable[[datetime], bool]:
    """True from one moment of April up to another."""
    return lambda ts: on(start) <= ts < on(end)


@dataclass
class Desk:
    """Everybody at one table."""

    signed: Books
    closing: Closing
    signers: dict[str, Signer]

    @property
    def answering(self) -> Answering:
        return Answering(self.closing)

    @property
    def work(self) -> Shiftwork:
        return Shiftwork(self.closing)

    def bring(self, name: str, table: pl.DataFrame, known: datetime) -> None:
        """Import readings as a file."""
        batch = Batch(name, f"{name:0<64}"[:64], frame("records"), frame("rejected"), table)
        self.closing.chain.store.append([batch], known)

    def enter(self, at: datetime, by: str = "tech") -> dict[str, Breach]:
        """Enter what the rules find in the month."""
        return self.answering.enter(self.answering.review(MONTH), self.signers[by], at)

    def step(self, id_: str, kind: str, by: str, at: datetime, **body: Any) -> Breach:
        """One signed step."""
        return self.answering.step(id_, kind, body, self.signers[by], at)


def desk(folder: Path, model: ChainModel, *tables: pl.DataFrame, known: str = "08 00:00") -> Desk:
    """A store in memory with readings, and a log on the disk."""
    signed = books(folder)
    for name, roles in PERSONS.items():
        enter(signed.persons, name, name, roles, signed.registrar)
    store = MemoryStore()
    chain = Chain(model, folder, store, lambda: on("28 00:00"))
    made = Desk(signed, Closing(chain, folder), {one: signed.persons.unlock(one, PASSPHRASE) for one in PERSONS})
    if tables:
        made.bring("first", pl.concat(tables), on(known))
    return made
