"""Observations: values of a balance with their covariance, and what the simulation makes of the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zveno.couple.coordinates import Floats
from zveno.model.network import MASS
from zveno.reconcile import NetworkResult

Term = tuple[str, str, float]
VAGUE = 0.5
"""Relative standard deviation above which a value of the balance says nothing that a straight line could hold."""


@dataclass(frozen=True)
class Observed:
    """One quantity: a flow (t), or a ratio of two sums of flows.

    Parameters
    ----------
    name
        As results are named: ``stream:Cu``, ``stream:grade.Cu``, ``recovery.Cu:product/feed``; and
        ``stream:share.Cu`` of what leaves a section.
    above, below
        Terms (stream, component, sign) in the balance; none below: the sum itself.
    made_above, made_below
        The same in a steady state, where stocks do not change.
    """

    name: str
    above: tuple[Term, ...]
    below: tuple[Term, ...] = ()
    made_above: tuple[Term, ...] = ()
    made_below: tuple[Term, ...] = ()

    @property
    def quantity(self) -> str:
        """Solids or component."""
        return self.name.partition(":")[2].removeprefix("grade.").removeprefix("share.")

    @property
    def uom(self) -> str:
        """Unit of measure."""
        return "frac" if self.below else "t"


@dataclass(frozen=True)
class Observations:
    """What is compared (M), with errors ``spread @ e`` of independent unit errors ``e`` (K).

    Parameters
    ----------
    values
        As the balance has them, t or ratios, shape (M,).
    spread
        Shape (M, K).
    hours
        Time in which flows of the simulation pass.
    weights
        Of masses (places x quantities) in the sums above and below, each (M, places x quantities).
    """

    observed: tuple[Observed, ...]
    values: Floats
    spread: Floats
    hours: float
    weights: tuple[Floats, Floats]

    def __len__(self) -> int:
        """Number of values."""
        return len(self.observed)

    @property
    def sds(self) -> Floats:
        """Standard deviations, shape (M,)."""
        return np.asarray(np.linalg.norm(self.spread, axis=1))

    def predicted(self, masses: Floats) -> Floats:
        """What the simulation makes of them, shape (S, M), from masses (S, places, quantities)."""
        flat = masses.reshape(len(masses), -1)
        above, below = (flat @ one.T for one in self.weights)
        is_ratio = np.array([bool(one.below) for one in self.observed])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(is_ratio, above / below, above * self.hours))

    def and_also(self, other: Observations) -> Observations:
        """These and others of the same balance, each once."""
        names = {one.name for one in self.observed}
        rest = other.take([n for n, one in enumerate(other.observed) if one.name not in names])
        above, below = (np.concatenate(of) for of in zip(self.weights, rest.weights, strict=True))
        return Observations(
            (*self.observed, *rest.observed), np.concatenate([self.values, rest.values]),
            np.concatenate([self.spread, rest.spread]), self.hours, (above, below),
        )  # fmt: skip

    def take(self, rows: Sequence[int]) -> Observations:
        """Some of them."""
        at = np.asarray(rows, dtype=int)
        return Observations(
            tuple(self.observed[n] for n in at), self.values[at], self.spread[at], self.hours,
            (self.weights[0][at], self.weights[1][at]),
        )  # fmt: skip


def observations(
    result: NetworkResult,
    asked: Sequence[Observed],
    places: Sequence[str],
    quantities: Sequence[str],
    hours: float,
    *,
    repeats: bool = False,
) -> Observations:
    """Those of the quantities asked for that the balance determines, to within half of their value.

    Parameters
    ----------
    repeats
        Whether a component is told both by its flow and by its content.
    places, quantities
        Axes of the masses that the simulation will give.
    """
    found: list[tuple[Observed, float, Floats]] = []
    spread = result.fit.linear.spread
    for one in asked:
        known = result.linearised(one.above, one.below or None)
        if known is None:
            continue
        errors = known[1] @ spread
        sd = float(np.linalg.norm(errors))
        if 0 < sd <= VAGUE * abs(known[0]):
            found.append((one, known[0], errors))
    found = found if repeats else _without_repeats(found)
    at = {name: n for n, name in enumerate(places)}
    column = {MASS: 0, **{name: n for n, name in enumerate(quantities)}}
    sums = ([one.made_above for one, _, _ in found], [one.made_below for one, _, _ in found])
    shape = (len(found), len(at) * len(quantities))
    above, below = (np.array([_weights(one, at, column, len(quantities)) for one in of]).reshape(shape) for of in sums)
    return Observations(
        observed=tuple(one for one, _, _ in found),
        values=np.array([value for _, value, _ in found]),
        spread=np.array([errors for _, _, errors in found]).reshape(len(found), spread.shape[1]),
        hours=hours,
        weights=(above, below),
    )


def _without_repeats(found: list[tuple[Observed, float, Floats]]) -> list[tuple[Observed, float, Floats]]:
    """A component by its content where the mass of its stream is known as well, else by its flow.

    Contents keep their meaning where a mass is known badly: a flow would be as uncertain as the mass.
    """
    names = {one.name for one, _, _ in found}

    def told(one: Observed) -> bool:
        stream, _, quantity = one.name.partition(":")
        return not one.below and {f"{stream}:solids", f"{stream}:grade.{quantity}"} <= names

    return [row for row in found if not told(row[0])]


def _weights(terms: Sequence[Term], at: Mapping[str, int], column: Mapping[str, int], width: int) -> Floats:
    """Weights of the masses in a sum, flat."""
    found = np.zeros((len(at), width))
    for stream, component, sign in terms:
        found[at[stream], column[component]] += sign
    return found.ravel()
