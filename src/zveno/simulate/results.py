"""Results by name: one small grammar for any number that a simulation gives.

======================================  ==================================================  ==========
name                                    result                                              uom
======================================  ==================================================  ==========
``balk.conc:Cu``                        mass flow of a component in a stream or group       t/h
``balk.conc:solids``, ``:water``        dry mass flow, water                                t/h
``balk.conc:grade.Cu``                  mass fraction of a component in dry solids          frac
``balk.conc:mineral.pyrite``            mass flow of a mineral                              t/h
``cyclone_overflow:p80``                size that 80 % of the solids passes                 um
``cyclone_overflow:passing.74``         share of the solids that passes a sieve             frac
``recovery.Cu:balk.conc``               share of the component of all feeds in a product    frac
``recovery.Cu:cathode/ore_a+ore_b``     the same of some feeds; ``+`` joins several         frac
``balk_conc.line1.mill:power``          what a unit reports of itself                       its own
======================================  ==================================================  ==========
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.simulate.basis import Floats
from zveno.simulate.checks import is_simulated
from zveno.simulate.sizing import share_at

FRACTION, FLOW, SIZE = "frac", "t/h", "um"
_RECOVERY, _GRADE, _MINERAL, _PASSING = "recovery.", "grade.", "mineral.", "passing."
_SIZE_AT = re.compile(r"p([1-9]\d?)")


class Simulated(Protocol):
    """What a result is read from: a :class:`~zveno.simulate.result.Simulation`."""

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios."""

    @property
    def places(self) -> tuple[str, ...]:
        """Streams, groups and units that can stand before the colon."""

    @property
    def quantities(self) -> tuple[str, ...]:
        """Solids, water and the components."""

    def component(self, stream: str, quantity: str) -> Floats:
        """Mass flow of solids, water or a component."""

    def grade(self, stream: str, component: str) -> Floats:
        """Mass fraction of a component in dry solids."""

    def minerals(self, stream: str) -> dict[str, Floats]:
        """Mass flow of each mineral."""

    def recovery(self, component: str, products: str | Sequence[str], feeds: str | Sequence[str] = ()) -> Floats:
        """Share of a component of the feeds in the products."""

    @property
    def sieves_um(self) -> tuple[float, ...]:
        """Openings that divide the ores into size classes, um, falling."""

    def passing(self, stream: str) -> Floats:
        """Share of the solids that passes each sieve."""

    def size_at(self, stream: str, share: float = 0.8) -> Floats:
        """Size that a share of the solids passes."""

    def unit_report(self, unit: str) -> Mapping[str, tuple[Floats, str]] | None:
        """What a unit reports of itself; None where there is no such unit."""


@dataclass(frozen=True)
class Result:
    """A result that was asked for by name; ``kind`` says how ``quantity`` is to be read.

    Examples
    --------
    >>> read_result("recovery.Cu:conc/ore_a+ore_b")
    Result(text='recovery.Cu:conc/ore_a+ore_b', kind='recovery', of=('conc',), quantity='Cu', feeds=('ore_a', 'ore_b'))
    """

    text: str
    kind: Literal["amount", "grade", "mineral", "passing", "recovery", "size"]
    of: tuple[str, ...]
    quantity: str
    feeds: tuple[str, ...] = ()

    def read(self, found: Simulated) -> tuple[Floats, str]:
        """Values of the result in every scenario, shape (S,), and their uom; NaN where it has no meaning (0/0).

        Raises
        ------
        DataError
            If the simulation has no such stream, component, unit or quantity.
        """
        for one in (*self.of, *self.feeds):
            if one not in found.places:
                raise DataError(
                    "result '{result}': there is no simulated stream or unit '{name}'",
                    result=self.text, name=one, near=near_match(one, found.places),
                )  # fmt: skip
        if self.kind == "recovery":
            self._require(found.quantities)
            return found.recovery(self.quantity, self.of, self.feeds), FRACTION
        report = found.unit_report(self.of[0])
        if report is not None:
            self._require(tuple(report), self.text.partition(":")[2].strip())
            values, uom = report[self.quantity]
            return np.array(np.broadcast_to(values, (len(found.scenarios),))), uom
        if self.kind == "size":
            return found.size_at(self.of[0], int(self.quantity) / 100), SIZE
        if self.kind == "passing":
            return self._passing(found), FRACTION
        if self.kind == "mineral":
            minerals = found.minerals(self.of[0])
            self._require(tuple(minerals))
            return minerals[self.quantity], FLOW
        if self.kind == "grade":
            self._require(found.quantities[2:])
            return found.grade(self.of[0], self.quantity), FRACTION
        by_size = ("p80", "p50", *(f"passing.{one:g}" for one in found.sieves_um)) if found.sieves_um else ()
        self._require((*found.quantities, *by_size))
        return found.component(self.of[0], self.quantity), FLOW

    def _passing(self, found: Simulated) -> Floats:
        """Share that passes a sieve, which may lie between those of the description."""
        sieves = np.array(found.sieves_um)
        try:
            size_um = float(self.quantity)
        except ValueError:
            size_um = np.nan
        if not (len(sieves) and sieves[-1] <= size_um <= sieves[0]):
            self._require([f"{one:g}" for one in sieves])
        return share_at(size_um, found.passing(self.of[0]), sieves)

    def _require(self, known: Sequence[str], asked: str = "") -> None:
        """The quantity is one that is there."""
        if (asked or self.quantity) not in known:
            raise DataError(
                "result '{result}': there is no '{quantity}' in it; it has {known}",
                result=self.text,
                quantity=asked or self.quantity,
                known=", ".join(known) or "–",
                near=near_match(asked or self.quantity, known),
            )


def read_result(text: str) -> Result:
    """Read the name of a result; whether it exists is seen when it is read from a simulation.

    Raises
    ------
    DataError
        If the text is no name of a result.
    """
    before, colon, after = (part.strip() for part in text.partition(":"))
    if not (before and colon and after):
        raise DataError(
            "'{result}' is not the name of a result: write stream:Cu, stream:grade.Cu, recovery.Cu:stream or "
            "unit:quantity",
            result=text,
        )
    if before.startswith(_RECOVERY):
        products, _, feeds = after.partition("/")
        return Result(text, "recovery", _joined(products), before.removeprefix(_RECOVERY).strip(), _joined(feeds))
    if after.startswith(_GRADE):
        return Result(text, "grade", (before,), after.removeprefix(_GRADE).strip())
    if after.startswith(_MINERAL):
        return Result(text, "mineral", (before,), after.removeprefix(_MINERAL).strip())
    if after.startswith(_PASSING):
        return Result(text, "passing", (before,), after.removeprefix(_PASSING).strip())
    if size := _SIZE_AT.fullmatch(after):
        return Result(text, "size", (before,), size[1])
    return Result(text, "amount", (before,), after)


def read_results(found: Simulated, results: Sequence[str]) -> tuple[Floats, tuple[str, ...]]:
    """Values of several results, shape (S, results), and their uoms."""
    pairs = [read_result(one).read(found) for one in results]
    if not pairs:
        return np.zeros((len(found.scenarios), 0)), ()
    return np.stack([values for values, _ in pairs], axis=1), tuple(uom for _, uom in pairs)


def usual_results(model: ChainModel) -> tuple[str, ...]:
    """Results worth a look where none is named.

    Of each recovery that the description reports, these are the mass and grade of its products and the recovery itself;
    where it reports none, the mass of what leaves the simulated units.
    """
    found: dict[str, None] = {}
    streams = {name for one in model.streams.values() if _flows(model, one.id) for name in (one.id, one.group)}
    for one in model.chain.recoveries:
        if streams.issuperset((*one.products, *one.feeds)):
            main = one.components[0]
            for product in one.products:
                found[f"{product}:solids"] = None
                found[f"{product}:grade.{main}"] = None
            found[f"recovery.{main}:{'+'.join(one.products)}/{'+'.join(one.feeds)}"] = None
    return tuple(found) or tuple(f"{one}:solids" for one in _leaving(model))


def _flows(model: ChainModel, stream: str) -> bool:
    """Whether a stream is part of the simulation."""
    one = model.streams[stream]
    return is_simulated(model, one.source) or is_simulated(model, one.target)


def _leaving(model: ChainModel) -> Iterator[str]:
    """Streams from simulated units to places outside."""
    for one in model.streams.values():
        if is_simulated(model, one.source) and one.target in model.boundaries:
            yield one.id


def _joined(text: str) -> tuple[str, ...]:
    """Names joined by ``+``."""
    return tuple(one.strip() for one in text.split("+") if one.strip())
