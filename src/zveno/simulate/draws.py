"""Draws: cases in which uncertain figures take random values, so that the spread of results can be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import scipy
from scipy.special import ndtr, ndtri

from zveno.errors import ModelError
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.simulate.basis import Floats, Ints
from zveno.simulate.cases import Cases
from zveno.simulate.distributions import Distribution, distribution_of
from zveno.simulate.keys import Target, require_targets, settable
from zveno.text.mark import tr

Sampling = Literal["latin", "sobol", "random"]
Correlations = Mapping[tuple[str, str], float]
GROUPS = 16
"""Independent groups that the draws are made in: they tell how far a statistic moves from sample to sample."""
LEAST = 8
"""Draws that a group has at least, where there are so many."""


@dataclass(frozen=True)
class Draws:
    """Cases drawn at random (S).

    Parameters
    ----------
    cases
        What each draw sets.
    varied
        Key -> what is known of it.
    fixed
        Figures that state no uncertainty, or that were not asked for: they stay as they are.
    groups
        Number of the independent group that each draw belongs to, shape (S,).
    """

    cases: Cases
    varied: Mapping[str, Distribution]
    fixed: tuple[str, ...]
    groups: Ints


def draws(
    model: ChainModel,
    count: int,
    seed: int,
    keys: Sequence[str] | None = None,
    *,
    without: Sequence[str] = (),
    day: date | None = None,
    sampling: Sampling = "latin",
    correlations: Correlations | None = None,
) -> Draws:
    """Cases in which every uncertain figure takes values as likely as the description says.

    The sample consists of groups drawn independently of each other, 16 of them or as many as have 8 draws each: Latin
    hypercubes, scrambled Sobol points, or plain random numbers.

    Parameters
    ----------
    count, seed
        Number of draws; the same seed gives the same draws on every machine and in any number of processes.
    keys
        What is varied, as scenarios set it; each must state its uncertainty. None: all that state it.
    without
        Keys that are not varied, though they state their uncertainty.
    day
        Date on which dated figures are read.
    sampling
        ``latin`` covers the range of each figure evenly; ``sobol`` that of all together, if the number of draws is a
        power of two; ``random`` neither.
    correlations
        Of pairs of keys, from -1 to 1, between their normal scores (a Gaussian copula).

    Raises
    ------
    ModelError
        If a key states no uncertainty, none does, or the correlations contradict each other.

    References
    ----------
    McKay, Beckman & Conover (1979), Technometrics 21, 239-245; Owen (1998), ACM TOMACS 8, 71-102.
    """
    known = uncertain(model, day)
    asked = known if keys is None else {key: _stated(model, key, day) for key in keys}
    stays = {one for key in without for one in require_targets(model, key)}
    varied = {key: one for key, one in asked.items() if not stays.intersection(require_targets(model, key))}
    if not varied and (asked or keys is not None):
        raise ModelError("nothing is left to vary: all that was asked for is set or kept")
    if not varied:
        raise ModelError("no figure states its uncertainty: give some of them 'sd', 'sd_rel_pct' or a 'distribution'")
    if count < 1:
        raise ModelError("{n} draws cannot be made: ask for 1 or more", n=count)
    groups = np.arange(count) * min(GROUPS, max(count // LEAST, 1)) // count
    chances = _chances(np.bincount(groups), len(varied), seed, sampling)
    if correlations:
        chances = _correlated(chances, list(varied), correlations)
    values = {key: one.quantiles(chances[:, n]) for n, (key, one) in enumerate(varied.items())}
    width = len(str(count))
    names = tuple(f"draw_{n + 1:0{width}}" for n in range(count))
    return Draws(Cases(names, values), varied, _fixed(model, varied), groups)


def uncertain(model: ChainModel, day: date | None = None) -> dict[str, Distribution]:
    """What is known of every figure that states its uncertainty, by key; named figures before those written out."""
    found: dict[str, Distribution] = {}
    for one in sorted(settable(model), key=lambda target: target.kind != "figure"):
        stated = one.stated(model)
        if one.kind != "figure" and isinstance(stated, str):
            continue  # a named figure is varied under its own name
        distribution = _distribution(model, one, day)
        if distribution is not None:
            found[one.key] = distribution
    return found


def known_of(model: ChainModel, key: str, day: date | None = None) -> Distribution | None:
    """What is known of a key; None where one of the things it stands for states no uncertainty.

    Raises
    ------
    ModelError
        If it cannot be set, or stands for things whose uncertainties differ.
    """
    found = {one: _distribution(model, one, day) for one in require_targets(model, key)}
    first = next(iter(found))
    if None in found.values():
        return None
    for one, distribution in found.items():
        if distribution != found[first]:
            raise ModelError(
                "'{key}' stands for '{first}' and '{second}', whose uncertainties differ: name them one by one",
                key=key, first=first.key, second=one.key,
            )  # fmt: skip
    return found[first]


def _stated(model: ChainModel, key: str, day: date | None) -> Distribution:
    """What is known of a key that has to be uncertain."""
    found = known_of(model, key, day)
    if found is None:
        raise ModelError(
            "'{key}' states no uncertainty, so it cannot be drawn: give its figure 'sd', 'sd_rel_pct' or a "
            "'distribution'",
            key=key,
        )
    return found


def _distribution(model: ChainModel, target: Target, day: date | None) -> Distribution | None:
    """What is known of a target, in the uom in which it is set."""
    figure = target.figure(model)
    return None if figure is None else distribution_of(model, figure, target.uom(model), day)


def _fixed(model: ChainModel, varied: Mapping[str, Distribution]) -> tuple[str, ...]:
    """Figures that stay as they are."""
    drawn = {one.key for key in varied for one in require_targets(model, key)}
    return tuple(one for one in model.parameters if one not in drawn)


def _chances(sizes: Ints, keys: int, seed: int, sampling: Sampling) -> Floats:
    """Uniform numbers between 0 and 1, shape (S, keys), group by group."""
    generators = [np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(len(sizes))]
    return np.concatenate([_group(int(size), keys, one, sampling) for size, one in zip(sizes, generators, strict=True)])


def _group(size: int, keys: int, generator: np.random.Generator, sampling: Sampling) -> Floats:
    """Uniform numbers of one group, shape (size, keys); never 0 or 1, whose quantiles may be infinite."""
    if sampling == "sobol":
        if size & (size - 1):
            raise ModelError("Sobol points come in powers of two: ask for 128, 256, 512, 1024 ... draws")
        found = scipy.stats.qmc.Sobol(keys, seed=generator).random(size)
    else:
        found = generator.random((size, keys))
    if sampling == "latin":
        strata = np.stack([generator.permutation(size) for _ in range(keys)], axis=1)
        found = (strata + found) / size
    least = np.finfo(float).eps
    return np.asarray(np.minimum(np.maximum(found, least), 1 - least))


def _correlated(chances: Floats, keys: Sequence[str], correlations: Correlations) -> Floats:
    """Uniform numbers whose normal scores have these correlations."""
    matrix = np.eye(len(keys))
    for pair, value in correlations.items():
        for one in pair:
            if one not in keys:
                raise ModelError("'{key}' has a correlation but is not varied", key=one, near=near_match(one, keys))
        first, second = (keys.index(one) for one in pair)
        if first == second or not -1 < value < 1:
            message = tr("the correlation of '{first}' and '{second}' must lie between -1 and 1, and they must differ")
            raise ModelError(message, first=pair[0], second=pair[1])
        matrix[first, second] = matrix[second, first] = value
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise ModelError("the correlations contradict each other: no figures can have all of them") from None
    return np.asarray(ndtr(ndtri(chances) @ factor.T))
