"""Build: a balance and what is asked of it become a problem of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from zveno.couple.choices import Choices, Parameter, fitted, parameter
from zveno.couple.comparable import comparable, stocked_feeds
from zveno.couple.coordinates import Floats
from zveno.couple.forward import Forward
from zveno.couple.inputs import input_keys
from zveno.couple.observations import Observations, Observed, observations
from zveno.couple.solve import Problem, Whitener
from zveno.errors import DataError, ModelError
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.network import MASS
from zveno.periods import Period
from zveno.reconcile import Balance, NetworkResult, solve_network
from zveno.reconcile.gross_errors import without
from zveno.reconcile.topology import topology

USED = 0.1
"""How well it is known, relative, at what pace a feed is used that goes into a stock."""


@dataclass(frozen=True)
class Setup:
    """What a period's search needs, with its names.

    Parameters
    ----------
    parameters
        Those asked for, those that are uncertain, the inputs.
    set_aside
        Meters whose readings were left out as suspects.
    """

    period: Period
    observations: Observations
    forward: Forward
    problem: Problem
    set_aside: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those asked for, those that are uncertain, the inputs."""
        return self.forward.parameters

    @property
    def asked(self) -> int:
        """How many were asked for."""
        return sum(one.role == "fitted" for one in self.parameters)

    @property
    def lasting(self) -> int:
        """How many belong to the plant and not to the period."""
        return sum(one.role != "input" for one in self.parameters)


class Builder:
    """Makes setups; what is the same for all periods of a day's figures is worked out once."""

    def __init__(self, model: ChainModel, choices: Choices) -> None:
        self.model = model
        self.choices = choices
        self._places: dict[date, dict[str, tuple[str, ...]]] = {}
        self._fitted: dict[date, tuple[Parameter, ...]] = {}
        self._inputs: dict[tuple[date, tuple[str, ...]], tuple[Parameter, ...]] = {}

    def setup(self, balance: Balance) -> Setup:
        """The problem of a period.

        Raises
        ------
        ModelError
            If a key cannot be fitted, or the description cannot be simulated.
        DataError
            If the balance and the simulation have nothing in common.
        """
        asked, day = self.asked(balance.period), balance.period.start.date()
        result, set_aside = self.result(balance)
        compared = comparable(self.model, result.network, self.places(day), self.choices.use)
        found = self.observations(result, compared, balance.period)
        if not len(found):
            raise DataError(
                "the balance of {period} determines nothing that the simulation states: describe meters on simulated "
                "streams, or compare more than {use}",
                period=balance.period.name, use=", ".join(self.choices.use) or "*",
            )  # fmt: skip
        inputs = self.inputs([one.name for one in found.observed], asked, day)
        parameters = (*asked, *inputs, *self._stocked(result, (*asked, *inputs), balance.period))
        self._require_wander(parameters)
        return Setup(balance.period, found, self.forward(parameters, day), problem_of(found, parameters), set_aside)

    def asked(self, period: Period) -> tuple[Parameter, ...]:
        """Parameters that are asked for."""
        day = period.start.date()
        if day not in self._fitted:
            self._fitted[day] = fitted(self.model, self.choices, day)
        return self._fitted[day]

    def inputs(self, observed: Sequence[str], asked: Sequence[Parameter], day: date) -> tuple[Parameter, ...]:
        """Inputs beside them: those named, or those that the balance tells of."""
        key = (day, tuple(observed))
        if key not in self._inputs:
            taken = {target for one in asked for target in one.targets}
            named = self.choices.inputs
            keys = input_keys(self.model, observed, day) if named is None else named
            made = (parameter(self.model, one, self.choices, day, role="input") for one in keys)
            self._inputs[key] = tuple(one for one in made if not taken.intersection(one.targets))
        return self._inputs[key]

    def _stocked(self, result: NetworkResult, others: Sequence[Parameter], period: Period) -> Iterator[Parameter]:
        """Feeds that go into a stock: used about as fast as they come, which is known to 10 % only."""
        if self.choices.inputs is not None:
            return
        taken = {target for one in others for target in one.targets}
        day, hours = period.start.date(), self.hours(result, period)
        for stream, place in stocked_feeds(self.model, result.network).items():
            mass, key = result.value(place, MASS), f"{stream}.feed"
            if not mass or place not in self.places(day) or key in taken:
                continue
            made = parameter(self.model, key, self.choices, day, role="input")
            came = float(made.scale.coordinate(np.array(mass / hours)))
            if made.low < came < made.high:
                yield replace(made, start=came, prior=(came, USED))

    def result(self, balance: Balance) -> tuple[NetworkResult, tuple[str, ...]]:
        """The balance, solved again without the readings that it accuses where that is asked for."""
        accused = [
            (one.stream, one.quantity, one.meter)
            for step in balance.result.eliminations
            for one in step.set_aside.suspects
        ]
        if not (self.choices.without_suspects and accused):
            return balance.result, ()
        network = balance.result.network
        rows = {n for n, one in enumerate(network.readings) if (one.stream, one.quantity, one.meter) in set(accused)}
        return solve_network(without(network, rows)), tuple(dict.fromkeys(meter for _, _, meter in accused))

    def observations(
        self, result: NetworkResult, compared: Sequence[Observed], period: Period, *, repeats: bool = False
    ) -> Observations:
        """Values of a balance, for the axes of the simulation's masses."""
        places = self.places(period.start.date())
        quantities = ("solids", "water", *self.model.chain.components)
        hours = self.hours(result, period)
        return observations(result, compared, list(places), quantities, hours, repeats=repeats)

    def hours(self, result: NetworkResult, period: Period) -> float:
        """Time in which the flows pass.

        Raises
        ------
        DataError
            If the time is to follow from the feed, but there is not one feed whose mass is known.
        """
        if self.choices.running != "feed":
            return period.hours * self.choices.running_frac(period.name)
        place, day = topology(self.model).place, period.start.date()
        feeds = {
            place[one.id]: self.model.number(one.feed, "t/h", day)
            for one in self.model.streams.values()
            if one.feed is not None and one.ore and place.get(one.id) in self.places(day)
        }
        mass = result.value(next(iter(feeds)), MASS) if len(feeds) == 1 else None
        if mass is None:
            raise DataError(
                "the time in which the plant ran in {period} follows from its feed only if there is one ore feed whose "
                "mass is known, and there are {n} ore feeds: give the share of time instead",
                period=period.name, n=len(feeds),
            )  # fmt: skip
        return mass / next(iter(feeds.values()))

    def places(self, day: date) -> Mapping[str, tuple[str, ...]]:
        """Balanced streams that the simulation knows whole, with the streams that add up to them."""
        if day not in self._places:
            known = set(Forward(self.model, (), {}, self.choices.known, day).base().streams)
            members = topology(self.model).members
            self._places[day] = {name: of for name, of in members.items() if known.issuperset(of)}
        return self._places[day]

    def _require_wander(self, parameters: Sequence[Parameter]) -> None:
        """What wanders is a parameter of the fit."""
        known = [one.key for one in parameters]
        for key in self.choices.wander:
            if key not in known:
                raise ModelError(
                    "'{key}' is said to wander, but it is neither fitted nor an input that the balance tells of",
                    key=key, near=near_match(key, known),
                )  # fmt: skip

    def forward(self, parameters: Sequence[Parameter], day: date) -> Forward:
        """The simulation as a function of parameters."""
        wander = self.choices.wander
        moves = tuple(wander.get(one.key, 0.0) for one in parameters) if wander else ()
        return Forward(self.model, tuple(parameters), self.places(day), self.choices.known, day, moves)


def problem_of(found: Observations, parameters: Sequence[Parameter]) -> Problem:
    """Arrays of what is compared and what may move."""
    priors = np.array([one.prior or (np.nan, np.nan) for one in parameters]).reshape(-1, 2)
    return Problem(
        values=found.values,
        whitener=Whitener.of(found.spread),
        start=np.array([one.start for one in parameters]),
        low=np.array([one.low for one in parameters]),
        high=np.array([one.high for one in parameters]),
        prior=priors[:, 0],
        prior_sd=priors[:, 1],
    )


def at(parameters: Sequence[Parameter], point: Floats) -> Iterator[Parameter]:
    """The same parameters, begun elsewhere."""
    for one, coordinate in zip(parameters, point, strict=True):
        yield replace(one, start=float(coordinate))


def together(setups: Sequence[Setup], asked: Mapping[int, Floats]) -> dict[int, Floats]:
    """What the simulation makes of points of several setups, as many in one batch as have the same parameters."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for number in asked:
        forward = setups[number].forward
        key = (forward.day, *(one.targets for one in forward.parameters))
        alike.setdefault(key, []).append(number)
    found = {}
    for numbers in alike.values():
        masses = setups[numbers[0]].forward.masses(np.concatenate([asked[one] for one in numbers]))
        ends = np.cumsum([len(asked[one]) for one in numbers])[:-1]
        for one, part in zip(numbers, np.split(masses, ends), strict=True):
            found[one] = setups[one].observations.predicted(part)
    return found
