"""Ore: from head grades to minerals, their floatability, sizes and trace elements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zveno.errors import Fault, ModelError, ZvenoError
from zveno.model.chain import ChainModel
from zveno.model.types import COPPER, Ore
from zveno.model.values import line_of_figure, number_faults
from zveno.simulate.basis import Floats
from zveno.simulate.floatability import Floatability, breakage, floatability, followers, sieves_of, size_shares
from zveno.simulate.scenario import Scenarios

_ROUNDING = 1e-9
_SHARE_ROUNDING = 1e-6


@dataclass(frozen=True)
class OreMake:
    """What an ore consists of, per scenario (S or 1).

    ``fraction`` (S, M) is the mass fraction of each mineral; ``trace`` (S, elements, M) the mass fraction of
    trace elements in each mineral; ``sizes`` (S, n) that of each size class, alike in all minerals; ``breakage`` (S,)
    how fast grains break, ``followers`` (S, n) how they follow the water. ``sieves_um`` divide them; an ore without
    sizes has one class.
    """

    id: str
    minerals: tuple[str, ...]
    fraction: Floats
    trace: Floats
    floats: Floatability
    sieves_um: Floats
    sizes: Floats
    breakage: Floats
    followers: Floats

    @property
    def width(self) -> int:
        """Components of each mineral: floatability classes, each in all sizes."""
        return len(self.floats.classes) * int(self.sizes.shape[1])

    @property
    def mass(self) -> Floats:
        """Mass fraction of each component of the ore, shape (S or 1, M x width)."""
        parts = self.fraction[:, :, None, None] * self.floats.share * self.sizes[:, None, None, :]
        return parts.reshape(len(parts), -1)


def make_of(model: ChainModel, ore: Ore, scenarios: Scenarios, elements: tuple[str, ...]) -> OreMake:
    """Resolve an ore in every scenario.

    Raises
    ------
    ModelError
        If a mineral would have a negative mass, carriers do not add up, or kinetics or sizes are not given in full.
    """
    fractions = mineral_fractions(model, ore, scenarios)
    minerals = tuple(fractions)
    fraction = stacked(list(fractions.values()))
    floats = floatability(ore, minerals, scenarios)
    trace = _trace(model, ore, scenarios, elements, dict(fractions))
    return OreMake(
        ore.id, minerals, fraction, trace, floats,
        sieves_um=sieves_of(model, ore), sizes=size_shares(ore, scenarios), breakage=breakage(ore, scenarios),
        followers=followers(ore, scenarios),
    )  # fmt: skip


def ore_faults(model: ChainModel, ore: Ore, scenarios: Scenarios) -> list[Fault]:
    """What ``make_of`` would refuse, of every stage that can be tried."""
    faults: list[Fault] = []
    fractions: dict[str, Floats] = {}
    try:
        fractions = mineral_fractions(model, ore, scenarios)
    except ZvenoError as error:
        faults += error.faults
    minerals = (*ore.copper, *ore.minerals, ore.balance)
    stages: tuple[Callable[[], object], ...] = (
        lambda: floatability(ore, minerals, scenarios),
        lambda: size_shares(ore, scenarios),
        lambda: breakage(ore, scenarios),
        lambda: followers(ore, scenarios),
    )
    for stage in stages:
        try:
            stage()
        except ZvenoError as error:
            faults += error.faults
    if fractions:
        try:
            _trace(model, ore, scenarios, model.chain.components, fractions)
        except ZvenoError as error:
            faults += error.faults
    return faults


def stacked(columns: list[Floats]) -> Floats:
    """Arrays (S or 1,) side by side, shape (S or 1, columns)."""
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def mineral_fractions(model: ChainModel, ore: Ore, scenarios: Scenarios) -> dict[str, Floats]:
    """Mass fraction of each mineral of an ore, shape (S or 1,).

    Copper minerals follow from the copper grade and their shares of the copper. What copper the minerals
    given by mass hold is taken from ``copper_balance``, or from all copper minerals in proportion.
    """
    grade = scenarios.values(ore.grade, "frac")
    given = {name: scenarios.values(one, "frac") for name, one in ore.minerals.items()}
    elsewhere = sum((one * _copper(model, name) for name, one in given.items()), np.zeros(1))
    shares = {name: scenarios.values(one, "frac") for name, one in ore.copper.items()}
    _require_whole(model, ore, grade, sum(shares.values(), np.zeros(1)))
    gives = (
        {name: np.array([float(name == ore.copper_balance)]) for name in shares}
        if ore.copper_balance
        else {name: one / sum(shares.values()) for name, one in shares.items()}
    )
    copper = {name: (grade * shares[name] - elsewhere * gives[name]) / _copper(model, name) for name in shares}
    found = {**copper, **given}
    found[ore.balance] = 1 - sum(found.values(), np.zeros(1))
    for name, one in found.items():
        if (one < -_ROUNDING).any():
            raise ModelError(
                "ore '{ore}' would hold a negative mass of {mineral}: check its grade, shares and minerals",
                where=model.places.get(ore.id, ""),
                ore=ore.id,
                mineral=name,
            )
    return {name: np.maximum(one, 0) for name, one in found.items()}


def _require_whole(model: ChainModel, ore: Ore, grade: Floats, shares: Floats) -> None:
    """The shares of the copper minerals hold all the copper there is."""
    astray = (np.abs(shares - 1) > _SHARE_ROUNDING) & (grade > 0)
    if astray.any():
        raise ModelError(
            "shares of copper by mineral in ore '{ore}' add up to {total}, but must to 1: see its key 'copper'",
            where=model.places.get(f"{ore.id}/copper") or model.places.get(ore.id, ""),
            ore=ore.id,
            total=round(float(shares[np.argmax(np.abs(shares - 1))]), 6),
        )


def _copper(model: ChainModel, mineral: str) -> float:
    """Copper in a mineral, mass fraction."""
    return model.minerals[mineral].composition.get(COPPER, 0.0)


def _trace(
    model: ChainModel, ore: Ore, scenarios: Scenarios, elements: tuple[str, ...], fractions: dict[str, Floats]
) -> Floats:
    """Mass fraction of trace elements in each mineral, shape (S or 1, elements, M)."""
    rows = [
        _carried(model, ore, scenarios, one, fractions) if one in ore.trace else np.zeros((1, len(fractions)))
        for one in elements
    ]
    return np.stack(np.broadcast_arrays(*rows), axis=1)


def _carried(model: ChainModel, ore: Ore, scenarios: Scenarios, element: str, fractions: dict[str, Floats]) -> Floats:
    """Mass fraction of one trace element in each mineral, shape (S or 1, M).

    A carrier holds its share of the element, spread evenly over the mass of its minerals.
    """
    grade = scenarios.values(ore.trace[element], "frac")
    prefix = f"{ore.carriers}.{element}."
    carriers = [name.removeprefix(prefix) for name in model.parameters if name.startswith(prefix)]
    figures = {name: prefix + name for name in carriers}
    wrong = [one for name in figures.values() for one in number_faults(
        model, ore.id, name, name, uom="frac", bound="share")]  # fmt: skip
    if wrong:
        raise ModelError(wrong)
    contents = {name: np.zeros(1) for name in fractions}
    total = np.zeros(1)
    for carrier in carriers:
        share = scenarios.values(prefix + carrier, "frac")
        total = total + share
        group = carried_by(model, carrier, tuple(fractions))
        mass = sum((fractions[one] for one in group), np.zeros(1))
        if ((share > 0) & (grade > 0) & (mass <= 0)).any():
            raise ModelError(
                "{element} of ore '{ore}' has the carrier '{carrier}', but the ore holds none of it",
                where=line_of_figure(model, prefix + carrier),
                element=element,
                ore=ore.id,
                carrier=carrier,
            )
        held = np.divide(grade * share, mass, out=np.zeros(np.broadcast(grade, share, mass).shape), where=mass > 0)
        for one in group:
            contents[one] = contents[one] + held
    if (np.abs(total - 1) > _SHARE_ROUNDING).any():
        raise ModelError(
            "carrier shares of {element} in ore '{ore}' add up to {total}, but must to 1: see the figures '{prefix}*'",
            where=model.places.get(f"{ore.id}/carriers") or model.places.get(ore.id, ""),
            element=element,
            ore=ore.id,
            total=round(float(total[np.argmax(np.abs(total - 1))]), 6),
            prefix=prefix,
        )
    return stacked(list(contents.values()))


def carried_by(model: ChainModel, carrier: str, minerals: tuple[str, ...]) -> tuple[str, ...]:
    """Minerals that a carrier name means: a mineral, or a mineral group in singular or plural."""
    if carrier in model.minerals:
        return tuple(one for one in minerals if one == carrier)
    return tuple(one for one in minerals if model.minerals[one].group in (carrier, carrier.removesuffix("s")))
