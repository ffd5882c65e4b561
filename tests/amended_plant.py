"""The smallest plant with a rulebook that can be amended: persons who may, readings of a day, drafts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.signed_books import PASSPHRASE, Books, books, enter
from tests.unit.rules.small_plant import model, rule, series, version
from zveno.chain.amending import Amending
from zveno.chain.closing import Closing
from zveno.chain.facade import Chain
from zveno.chain.rulebooks import amended_model
from zveno.log import Signer
from zveno.model.amendment import DraftFile, draft_of
from zveno.rules.motions import Motion
from zveno.store import Batch, EmbeddedStore
from zveno.tables import frame

NOON = datetime(2026, 4, 2, 12, tzinfo=UTC)
PEOPLE = {"author": "technologist", "checker": "metallurgist", "engineer": "chief_engineer"}
DRAFT = """format: zveno/amendment-1
id: {id}
title: {{en: pH, ru: pH, kk: pH}}
reason: {{en: new lime, ru: новая известь, kk: жаңа әк}}
effective: {effective}
correction: {correction}
changes:
  - rule: R-1
    from: {effective}
    params: {{low: {low}}}
    text: {{en: at least {low}, ru: не ниже {low}, kk: кемінде {low}}}
    source: order 12
    status: estimate
"""
LOW = [11.0] * 60 + [10.5] * 20 + [11.0] * 40 + [10.7] * 30 + [11.0] * 30 + [10.2] * 10 + [11.0] * 50


@dataclass
class Plant:
    """The plant with opened keys."""

    folder: Path
    signed: Books
    people: dict[str, Signer]

    @property
    def chain(self) -> Chain:
        """The chain with the rulebook in force, as another process would open it."""
        found = amended_model(model(rule(version(low=10.6))), self.folder)
        return Chain(found, self.folder, EmbeddedStore(self.folder), now=lambda: NOON)

    @property
    def work(self) -> Amending:
        return Amending(Closing(self.chain, self.folder))

    def proposed(self, draft: DraftFile, at: datetime = NOON) -> Motion:
        """A draft signed by its author."""
        return self.work.propose(draft, self.people["author"], at)

    def reviewed(self, draft: DraftFile, at: datetime = NOON) -> Motion:
        """A draft signed by its author and reviewer."""
        return self.work.review(self.proposed(draft, at).number, "", self.people["checker"], at)

    def approved(self, draft: DraftFile, at: datetime = NOON) -> Motion:
        """A draft signed by all three."""
        return self.work.approve(self.reviewed(draft, at).number, self.people["engineer"], at)


def plant(folder: Path) -> Plant:
    """The plant in a folder, with the readings of 7 March."""
    signed = books(folder)
    for name, role in PEOPLE.items():
        enter(signed.persons, name, f"Person {name}", (role,), signed.registrar)
    people = {name: signed.persons.unlock(name, PASSPHRASE) for name in PEOPLE}
    readings = series("conc.line1.ph", LOW)
    batch = Batch("day.csv", "0" * 64, frame("records"), frame("rejected"), readings)
    EmbeddedStore(folder).append([batch], lambda: NOON - timedelta(days=20))
    return Plant(folder, signed, people)


def draft(low: float = 10.8, effective: str = "2026-05-01", *, id_: str = "a", correction: bool = False) -> DraftFile:
    """A draft that moves the limit of R-1."""
    text = DRAFT.format(id=id_, low=low, effective=effective, correction=str(correction).lower())
    return draft_of(text.encode(), "draft.yaml")
