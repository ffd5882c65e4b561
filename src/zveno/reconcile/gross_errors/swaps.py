"""Two samples whose labels were exchanged: all assays of two streams read as each other's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import ndtr

from zveno.errors import DataError, SolveError
from zveno.model.network import MASS, NetCommon, NetReading, Network
from zveno.reconcile.arrays import Floats
from zveno.reconcile.fit import Fit
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.gross_errors.adjusted import Adjusted
from zveno.reconcile.gross_errors.nodal import balance_tests

FALSE_SWAP = 0.02
"""Chance that any two samples of a period are said to be swapped although none are."""
_POWER = 0.8
_TRIED, _FEW = 8, 40
"""Pairs solved of each ranking; so few pairs are all solved where no ranking finds one."""
_WORTH = 0.5
_MOST_PAIRS = 5000
_ALIKE = 2 * np.log(20)


@dataclass(frozen=True)
class Swap:
    """Two samples, swapped.

    Parameters
    ----------
    first, second
        What was swapped: the meters, or where these have no names, the streams.
    streams
        Streams of the two.
    components
        Assays that both have.
    gain
        Twice the logarithm of how much likelier the readings are if they are taken as each other's: the fall of the
        objective, less what wider errors in more telling places make of any readings.
    needed
        How much of it chance explains, whatever pair is looked at.
    objective, p_value
        Of the network with the two exchanged back.
    instead
        Other pairs that explain the readings about as well: these data cannot tell them apart.
    """

    first: str
    second: str
    streams: tuple[str, str]
    components: tuple[str, ...]
    gain: float
    needed: float
    objective: float
    p_value: float | None
    instead: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Sample:
    """One sample's assays: the reading of each component that stands for it, and all readings made from it."""

    label: str
    stream: str
    main: Mapping[str, int]
    copies: Mapping[str, tuple[int, ...]]


def samples(network: Network) -> list[_Sample]:
    """Samples with their assays: those of one meter, or of one stream where meters have no names.

    What was made from a sample, such as the assay of a stock by its material, goes with it.
    """
    roles = {one.id: one.role for one in network.streams}
    found: dict[str, dict[str, list[int]]] = {}
    for n, one in enumerate(network.readings):
        if one.quantity != MASS and one.value is not None:
            found.setdefault(one.meter or one.stream, {}).setdefault(one.quantity, []).append(n)
    made = []
    for label, by in found.items():
        main = {
            quantity: min(numbers, key=lambda n: (bool(roles[network.readings[n].stream]), n))
            for quantity, numbers in by.items()
        }
        streams = {network.readings[n].stream for n in main.values()}
        if len(streams) == 1:
            copies = {quantity: tuple(numbers) for quantity, numbers in by.items()}
            made.append(_Sample(label, streams.pop(), main, copies))
    return made


def swapped(network: Network, first: str, second: str) -> Network:
    """The network with the assays of two samples exchanged, for all components that both have.

    A value goes with its standard deviation; what was made from it and what it shares with others, in proportion.
    """
    by = {one.label: one for one in samples(network)}
    a, b = by[first], by[second]
    readings = list(network.readings)
    value, sigma = np.ones((2, len(readings)))
    for quantity in _both(a, b):
        for one, other in ((a, b), (b, a)):
            mine, theirs = network.readings[one.main[quantity]], network.readings[other.main[quantity]]
            for n in one.copies[quantity]:
                value[n] = (theirs.value or 0.0) / (mine.value or 1.0)
                sigma[n] = theirs.sigma / mine.sigma
    for n in (int(k) for k in np.flatnonzero((value != 1) | (sigma != 1))):
        old = readings[n]
        readings[n] = replace(old, value=float((old.value or 0.0) * value[n]), sigma=float(old.sigma * sigma[n]))
    number = {_key(one): n for n, one in enumerate(network.readings)}
    only = {(one.stream, one.quantity): n for n, one in enumerate(network.readings)}

    def scale(end: tuple[str, str], meter: str) -> float:
        return float(sigma[number.get((*end, meter), only.get(end, 0))])

    covariances = tuple(
        replace(one, value=one.value * scale(one.first, one.first_meter) * scale(one.second, one.second_meter))
        for one in network.covariances
    )
    common = tuple(
        NetCommon(one.name, tuple((n, float(moved * value[n])) for n, moved in one.effects)) for one in network.common
    )
    return replace(network, readings=tuple(readings), covariances=covariances, common=common)


def _key(one: NetReading) -> tuple[str, str, str]:
    """Name of a reading."""
    return one.stream, one.quantity, one.meter


def _both(first: _Sample, second: _Sample) -> tuple[str, ...]:
    """Components that two samples are both assayed for."""
    return tuple(one for one in first.main if one in second.main)


def pairs(network: Network) -> list[tuple[_Sample, _Sample]]:
    """Samples of two streams that can be exchanged: some component is assayed in both, and above zero."""

    def usable(a: _Sample, b: _Sample) -> bool:
        both = _both(a, b)
        values = [network.readings[one.main[c]].value or 0.0 for one in (a, b) for c in both]
        return a.stream != b.stream and bool(both) and min(values) > 0

    return [(a, b) for a, b in combinations(samples(network), 2) if usable(a, b)]


def needed(count: int) -> float:
    """Gain that chance explains with at most 2 % for any of ``count`` pairs.

    The gain is twice the logarithm of a likelihood ratio without a free parameter, whose mean is one where nothing is
    swapped: so it passes ``t`` with a chance of at most ``exp(-t / 2)``.

    Examples
    --------
    >>> round(needed(1), 2), round(needed(100), 2)
    (7.82, 17.03)
    """
    return float(2 * np.log(max(count, 1) / FALSE_SWAP))


def find_swap(network: Network, fit: Fit, adjusted: Adjusted) -> Swap | None:
    """The two samples whose exchange explains the readings best, if it explains more than chance could.

    Pairs are ranked by what an exchange makes of the balances at the readings, then by the fall of the objective at
    the present slopes; the best are solved with the two exchanged.
    """
    found = pairs(network)
    if not found or len(found) > _MOST_PAIRS:
        return None
    least = needed(len(found))
    shifts = np.array([_shift(network, pair) for pair in found]).T
    made: list[Swap] = []
    tried: set[int] = set()
    rankings = [
        (falls, [int(n) for n in np.argsort(-falls, kind="stable")[:_TRIED] if falls[n] > _WORTH * least])
        for falls in (_falls_of_balances(network, shifts), _falls(fit, adjusted, shifts))
    ]
    if len(found) <= _FEW and fit.objective > least:  # far from the truth no ranking is to be trusted
        rankings.append((np.zeros(len(found)), list(range(len(found)))))
    for falls, leading in rankings:
        for k in leading:
            if k not in tried and not (made and made[0].gain >= least and falls[k] < _WORTH * falls.max()):
                tried.add(k)
                made += filter(None, [solved_swap(network, fit, found[k], least)])
        made.sort(key=lambda one: -one.gain)
        if made and made[0].gain >= least:
            close = tuple((one.first, one.second) for one in made[1:] if one.gain > made[0].gain - _ALIKE)
            return replace(made[0], instead=close)
    return None


def _falls_of_balances(network: Network, shifts: Floats) -> Floats:
    """Falls of the squared residuals of all balances at the readings, (pairs,).

    They are exact in the assays however far the readings are from any balance, but leave out what is not read.
    """
    tests = balance_tests(network)
    if not tests:
        return np.zeros(shifts.shape[1])
    before = np.array([one.z for one in tests])
    slopes = np.array([one.slopes / one.sd for one in tests])
    return np.asarray(before @ before - np.sum((before[:, None] + slopes @ shifts) ** 2, axis=0))


def _falls(fit: Fit, adjusted: Adjusted, shifts: Floats) -> Floats:
    """Falls of the objective at the present slopes, (pairs,)."""
    used = adjusted.along(shifts[fit.linear.used])
    return np.asarray(-2 * used.reading.T @ adjusted.pull - adjusted.variances(used))


def _shift(network: Network, pair: tuple[_Sample, _Sample]) -> Floats:
    """How far the readings move if two samples are exchanged."""
    shift = np.zeros(len(network.readings))
    for quantity in _both(*pair):
        for one, other in (pair, pair[::-1]):
            ratio = (network.readings[other.main[quantity]].value or 0.0) / (
                network.readings[one.main[quantity]].value or 1.0
            )
            for n in one.copies[quantity]:
                shift[n] = (network.readings[n].value or 0.0) * (ratio - 1)
    return shift


def solved_swap(network: Network, fit: Fit, pair: tuple[_Sample, _Sample], least: float) -> Swap | None:
    """Two samples exchanged, and all solved again."""
    a, b = pair
    try:
        other = fit_any(swapped(network, a.label, b.label))
    except (SolveError, DataError):
        return None
    gain = fit.objective - other.objective - _widening(fit, other)
    return Swap(
        a.label, b.label, (a.stream, b.stream), _both(a, b), gain, least, other.objective, other.p_value
    )  # fmt: skip


def _widening(fit: Fit, other: Fit) -> float:
    """How much wider, as a logarithm of variances, the readings' disagreement may be by chance after an exchange.

    Where a value with a large error takes the place of a telling one, any readings agree better.
    """
    linear = other.linear
    along = linear.rows * linear.scale @ linear.seen

    def spread(of: Fit) -> float:
        V = np.diag(of.problem.sigma[linear.used] ** 2)
        if of.problem.correlation is not None:
            V = of.problem.correlation[np.ix_(linear.used, linear.used)] * np.sqrt(np.outer(np.diag(V), np.diag(V)))
        root = np.linalg.cholesky(V)
        R = solve_triangular(root, along, lower=True)
        return float(2 * np.log(np.diag(root)).sum() + np.linalg.slogdet(R.T @ R)[1])

    return spread(other) - spread(fit)


def unseen(network: Network, fit: Fit, adjusted: Adjusted) -> tuple[tuple[str, str], ...]:
    """Pairs of samples that could be swapped without these readings showing it, four times out of five.

    The nearer their assays, and the less the balances say of them, the less an exchange moves the objective.
    """
    found = pairs(network)
    if not found or len(found) > _MOST_PAIRS:
        return ()
    shifts = np.array([_shift(network, pair) for pair in found]).T
    moved = np.maximum(adjusted.variances(adjusted.along(shifts[fit.linear.used])), 1e-300)
    blind = ndtr((moved - needed(len(found))) / (2 * np.sqrt(moved))) < _POWER
    return tuple((a.label, b.label) for (a, b), hidden in zip(found, blind, strict=True) if hidden)
