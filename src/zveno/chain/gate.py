"""What stands in the way of a close: a list of named obstacles, to which each matter adds its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zveno.chain.facade import Chain
from zveno.chain.instruments import known_instruments
from zveno.errors import DataError, Fault, fault, some_names
from zveno.log import Log
from zveno.periods import Period
from zveno.quality.authorised import Lapsed, authorisations, lapsed, missing, relied_on
from zveno.text.mark import tr


@dataclass(frozen=True)
class Obstacle:
    """Why a period cannot be closed now: the matter (``instruments``), and a sentence that says what to do."""

    matter: str
    fault: Fault


@dataclass(frozen=True)
class Question:
    """The period that is to be drawn up or approved, and the person who draws it up."""

    chain: Chain
    log: Log
    span: Period
    drawer: str


def _instruments(asked: Question) -> Iterator[Obstacle]:
    """Expired verifications that no other person answers for."""
    wanted = lapsed(known_instruments(asked.chain.model, asked.chain.store), asked.span)
    if not wanted:
        return
    left = missing(wanted, authorisations(enumerate(asked.log.records), asked.span.name), asked.drawer)
    if left.instruments:
        message = tr(
            "{count} of {all} instruments without a verification in force in {period} are not authorised: "
            "{instruments}. Somebody who does not draw the period up signs: zveno authorise {period} --instruments all "
            "--reason '...'"
        )
        yield Obstacle("instruments", _said(message, left.instruments, asked, len(wanted)))
    if left.own:
        message = tr(
            "'{person}' has authorised {count} of {all} instruments without a verification in force in {period} and "
            "cannot draw the period up as well: {instruments}. Another person must do one of the two"
        )
        yield Obstacle("instruments", _said(message, left.own, asked, len(wanted)))


def _said(message: str, left: tuple[Lapsed, ...], asked: Question, wanted: int) -> Fault:
    return fault(
        message, count=len(left), all=wanted, period=asked.span.name, person=asked.drawer,
        instruments=some_names([one.instrument for one in left]),
    )  # fmt: skip


def authorised_by(asked: Question) -> tuple[int, ...]:
    """Records of the log by which persons answer for instruments of the period: what a close relies on."""
    wanted = lapsed(known_instruments(asked.chain.model, asked.chain.store), asked.span)
    return relied_on(wanted, authorisations(enumerate(asked.log.records), asked.span.name), asked.drawer)


CHECKS: tuple[Callable[[Question], Iterator[Obstacle]], ...] = (_instruments,)
"""Every matter that can stand in the way; a further one is a line here."""


def obstacles(asked: Question) -> tuple[Obstacle, ...]:
    """All that stands in the way of a close now."""
    return tuple(one for check in CHECKS for one in check(asked))


def require_clear(asked: Question) -> None:
    """Refuse a close that something stands in the way of.

    Raises
    ------
    DataError
        With every obstacle.
    """
    found = obstacles(asked)
    if found:
        raise DataError([one.fault for one in found])
