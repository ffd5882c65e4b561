"""Ore: from head grades to minerals, from minerals to floatability classes and trace elements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zveno.errors import Fault, ModelError, ZvenoError, fault
from zveno.model.chain import ChainModel
from zveno.model.types import COPPER, Ore
from zveno.model.values import line_of_figure, number_faults
from zveno.quantities import uom_phrase
from zveno.simulate.basis import FloatClass, Floats
from zveno.simulate.scenario import Scenarios
from zveno.text.mark import tr

_ROUNDING = 1e-9
_SHARE_ROUNDING = 1e-6
_KINETICS = {"share_fast": "frac", "share_slow": "frac", "k_fast": "1/min", "k_slow": "1/min"}


@dataclass(frozen=True)
class OreMake:
    """What an ore consists of, per scenario (S or 1).

    ``fraction`` (S, M) is the mass fraction of each mineral; ``trace`` (S, elements, M) the mass fraction of
    trace elements in each mineral; ``share`` and ``k_per_min`` (S, M) by floatability class.
    """

    id: str
    minerals: tuple[str, ...]
    fraction: Floats
    trace: Floats
    share: dict[FloatClass, Floats]
    k_per_min: dict[FloatClass, Floats]

    @property
    def width(self) -> int:
        """Components of each mineral."""
        return len(self.share)


def make_of(model: ChainModel, ore: Ore, scenarios: Scenarios, elements: tuple[str, ...]) -> OreMake:
    """Resolve an ore in every scenario.

    Raises
    ------
    ModelError
        If a mineral would have a negative mass, or carriers do not add up.
    """
    fractions = mineral_fractions(model, ore, scenarios)
    minerals = tuple(fractions)
    fraction = stacked(list(fractions.values()))
    share, k_per_min = _kinetics(ore, minerals, scenarios)
    trace = _trace(model, ore, scenarios, elements, dict(fractions))
    return OreMake(ore.id, minerals, fraction, trace, share, k_per_min)


def ore_faults(model: ChainModel, ore: Ore, scenarios: Scenarios) -> list[Fault]:
    """What ``make_of`` would refuse, of every stage that can be tried."""
    faults: list[Fault] = []
    fractions: dict[str, Floats] = {}
    try:
        fractions = mineral_fractions(model, ore, scenarios)
    except ZvenoError as error:
        faults += error.faults
    try:
        _kinetics(ore, (*ore.copper, *ore.minerals, ore.balance), scenarios)
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


def _kinetics(
    ore: Ore, minerals: tuple[str, ...], scenarios: Scenarios
) -> tuple[dict[FloatClass, Floats], dict[FloatClass, Floats]]:
    """Class shares and rates, each (S or 1, M); an ore without kinetics does not float by itself."""
    still = np.zeros((1, len(minerals)))
    if not ore.kinetics:
        return {"non": still + 1}, {"non": still}

    faults = list(_rate_faults(ore, minerals, scenarios))
    if faults:
        raise ModelError(faults)

    def read(what: str, uom: str) -> Floats:
        return stacked([scenarios.values(f"{ore.kinetics}.{one}.{what}", uom) for one in minerals])

    fast, slow = read("share_fast", "frac"), read("share_slow", "frac")
    over = np.argwhere(fast + slow > 1 + _ROUNDING)
    if len(over):
        raise ModelError(
            "in ore '{ore}' the fast and slow shares of {mineral} add up to more than 1",
            where=line_of_figure(scenarios.model, f"{ore.kinetics}.{minerals[over[0, 1]]}.share_fast"),
            ore=ore.id,
            mineral=minerals[over[0, 1]],
        )
    rates = {"fast": read("k_fast", "1/min"), "slow": read("k_slow", "1/min"), "non": still}
    return {"fast": fast, "slow": slow, "non": np.maximum(1 - fast - slow, 0)}, rates  # type: ignore[return-value]


def _rate_faults(ore: Ore, minerals: tuple[str, ...], scenarios: Scenarios) -> Iterator[Fault]:
    """Kinetics that are not given, are no shares or rates, or that a scenario makes negative."""
    model = scenarios.model
    names = {f"{ore.kinetics}.{one}.{what}": uom for one in minerals for what, uom in _KINETICS.items()}
    missing = [one for one in names if one not in model.parameters]
    if missing:
        message = tr(
            "the kinetics '{prefix}' of ore '{ore}' lack {n} figures, first '{name}': parameters.yaml must hold "
            "share_fast, share_slow, k_fast and k_slow of each of its minerals"
        )
        where = model.places.get(f"{ore.id}/kinetics") or model.places.get(ore.id, "")
        yield fault(message, where, prefix=ore.kinetics, ore=ore.id, n=len(missing), name=missing[0])
    for name, uom in names.items():
        if name in missing:
            continue
        faults = list(number_faults(model, ore.id, name, name, uom=uom, bound="share" if uom == "frac" else "amount"))
        yield from faults
        if not faults and (scenarios.values(name, uom) < 0).any():
            message = tr("'{key}' of '{owner}' is {value} {uom}, but cannot be less than 0")
            value = float(scenarios.values(name, uom).min())
            yield fault(message, line_of_figure(model, name), key=name, owner=ore.id, value=value, uom=uom_phrase(uom))


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
