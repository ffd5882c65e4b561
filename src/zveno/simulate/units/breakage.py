"""Breakage by size class: how fast grains break, what they become, and the mill models that use both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.moves import Moves
from zveno.simulate.sizing import Sizing, bounds, mean_sizes
from zveno.simulate.units.unit import (
    WATER_ADDED,
    Driver,
    Report,
    Spec,
    UnitModel,
    Values,
    per_basis,
    vector,
    water_needed,
)
from zveno.text.mark import tr

Appearance = Literal["broadbent_callcott", "austin"]

_LEAST_PULP_M3H = 1e-9  # an empty mill still has a residence time
_NO_PEAK_UM = 1e6
_REFERENCE_UM = 1000.0  # rates are stated for grains of one millimetre


def broadbent_callcott(sieves_um: Floats) -> Floats:
    """Appearance matrix (n, n), parents in columns, of B(x/y) = (1 - exp(-x/y)) / (1 - 1/e).

    ``y`` is the size that stands for the parent's class, so part of the fragments stays in it. Columns sum to 1; the
    pan does not break.

    References
    ----------
    Broadbent & Callcott (1956), J. Inst. Fuel 29, 524-528.

    Examples
    --------
    >>> broadbent_callcott(np.array([200.0, 100.0]))[:, 0].round(4)
    array([0.198 , 0.3308, 0.4711])
    """
    lower, _ = bounds(sieves_um)
    finer = np.minimum(lower[:, None] / mean_sizes(sieves_um), 1.0)
    return _by_class(-np.expm1(-finer) / -np.expm1(-1))


def austin(sieves_um: Floats, share: Floats, fine: Floats, coarse: Floats) -> Floats:
    """Appearance matrices (S, n, n) of B = share (x/y)^fine + (1 - share) (x/y)^coarse, of parameters (S,).

    ``x`` is the upper bound of a class of fragments, ``y`` the lower bound of the parent's class: every fragment
    leaves it. Columns sum to 1; the pan does not break.

    References
    ----------
    Austin, Klimpel & Luckie (1984), Process Engineering of Size Reduction: Ball Milling, ch. 4.

    Examples
    --------
    >>> austin(np.array([200.0, 100.0]), np.array([0.5]), np.array([1.0]), np.array([3.0]))[0, :, 0]
    array([0.    , 0.6875, 0.3125])
    """
    lower, _ = bounds(sieves_um)
    finer = np.zeros((1, len(lower), len(lower)))  # nothing is finer than the pan
    finer[0, :-1] = np.minimum(lower[:-1, None] / np.maximum(lower, lower[-2]), 1.0)
    share, fine, coarse = (one[:, None, None] for one in (share, fine, coarse))
    passed = share * finer**fine + (1 - share) * finer**coarse
    return _by_class(passed)


def _by_class(passed: Floats) -> Floats:
    """Fragments (..., n, n) of a parent (last axis) in each class, from what is finer than its lower bound."""
    count = passed.shape[-1]
    above = np.concatenate([np.ones((*passed.shape[:-2], 1, count)), passed[..., :-1, :]], axis=-2)
    found = np.tril(above - passed)
    # what is coarser than the parent is the parent's own; the pan keeps all
    found[..., np.arange(count), np.arange(count)] += 1 - found.sum(axis=-2)
    return np.asarray(found)


@dataclass(frozen=True, kw_only=True)
class SizeMill(UnitModel, ABC):
    """What mills by size class share: rates of breakage, fragments, residence time, water, energy."""

    by_size: ClassVar[bool] = True
    drivers: ClassVar = (WATER_ADDED, Driver("pulp_m3h", "log", _LEAST_PULP_M3H))

    pulp_m3: Annotated[Values, Spec("m3", "volume of pulp in the mill", low=0.001, high=2000.0)]
    solids: Annotated[
        Values, Spec("frac", "water is added to the feed down to this share of solids by mass", low=0.2, high=1.0)
    ]
    rate_per_min: Annotated[
        Values, Spec("1/min", "rate of breakage of grains of 1 mm, or the prefix of rates by sieve", by_size=True)
    ]
    rate_factor: Annotated[Values, Spec("-", "factor on all rates", high=100.0)] = 1.0
    rate_exponent: Annotated[Values, Spec("-", "power of the grain size that the rate grows with", high=3.0)] = 0.0
    rate_peak_um: Annotated[Values, Spec("um", "size at which half the rate is lost to coarseness", low=1.0)] = (
        _NO_PEAK_UM
    )
    rate_fall: Annotated[Values, Spec("-", "how steeply the rate falls beyond rate_peak_um", high=10.0)] = 3.0
    appearance: Annotated[Appearance, Spec("", "law by which fragments are distributed")] = "broadbent_callcott"
    fragment_share: Annotated[Values, Spec("frac", "law of Austin: share of the flat part", high=1.0)] = 0.5
    fragment_fine: Annotated[Values, Spec("-", "law of Austin: slope of the flat part", low=0.1, high=5.0)] = 0.8
    fragment_coarse: Annotated[Values, Spec("-", "law of Austin: slope of the steep part", low=0.1, high=10.0)] = 4.0
    power_kw: Annotated[Values, Spec("kW", "power that the mill draws while it runs; 0: not stated")] = 0.0
    running: Annotated[
        Values, Spec("frac", "share of the time in which the feed comes; it is a mean over all time", low=0.01, high=1)
    ] = 1.0

    @abstractmethod
    def ground(self, broken: Floats, fragments: Floats) -> Floats:
        """Matrices (S, K, n, n) from feed to product, of ``broken`` (S, K, n) = rate x residence time."""

    def observe(self, feed: Floats, basis: Basis) -> Floats:
        """Water to reach the density in the mill, and the pulp flow."""
        added = water_needed(feed, basis, self.solids)
        pulp = basis.volume(feed) + added * basis.solids(feed)
        return np.stack([added, np.maximum(pulp, _LEAST_PULP_M3H)], axis=1)

    def water_added(self, drivers: Floats) -> Floats | None:
        """Water to reach the density in the mill."""
        return drivers[:, 0]

    def convert(self, drivers: Floats, basis: Basis) -> Moves | None:
        """Grains that become finer ones."""
        if basis.sizing is None or not len(basis.broken[0]):
            return None
        source, target, place, share = self._fragments_at(basis)
        minutes = self._minutes(drivers)
        matrix = self.ground(self._rates(basis) * minutes[:, None, None], self._appearance(basis))
        return Moves(source, target, matrix.reshape(len(matrix), -1)[:, place] * share)

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:
        """Residence time, pulp, energy per tonne that passes, where the power is stated."""
        solids = basis.solids(feed)
        energy = np.divide(
            vector(self.power_kw) * vector(self.running), solids, out=np.zeros(len(feed)), where=solids > 0
        )
        return {
            "residence_time": (self._minutes(drivers), "min"),
            "pulp": (drivers[:, 1], "m3/h"),
            "water_added": (drivers[:, 0] * solids, "t/h"),
            "energy_per_pass": (energy, "kWh/t"),
        }

    def conflict(self) -> str:
        """Rates by sieve beside the law that would give them."""
        by_size = np.ndim(self.rate_per_min) == 2
        if by_size and (np.any(vector(self.rate_exponent) != 0) or np.any(vector(self.rate_peak_um) != _NO_PEAK_UM)):
            return tr(
                "unit '{unit}' has rates by sieve, which stand by themselves: leave out rate_exponent and rate_peak_um"
            )
        return ""

    def _minutes(self, drivers: Floats) -> Floats:
        """Mean residence time while the mill runs, min, shape (S,)."""
        return 60 * vector(self.pulp_m3) * vector(self.running) / drivers[:, 1]

    @per_basis
    def _rates(self, basis: Basis) -> Floats:
        """Rates of breakage of each ore, 1/min, shape (S or 1, K, n); the pan does not break."""
        sizing = _sizing_of(basis)
        grain = mean_sizes(sizing.sieves_um)
        given = np.asarray(self.rate_per_min, dtype=float)
        rate = given if given.ndim == 2 else np.repeat(vector(given)[:, None], len(grain), axis=1)
        rate = rate * vector(self.rate_factor)[:, None] * (grain / _REFERENCE_UM) ** vector(self.rate_exponent)[:, None]
        rate = rate / (1 + (grain / vector(self.rate_peak_um)[:, None]) ** vector(self.rate_fall)[:, None])
        found = rate[:, None, :] * sizing.breakage[:, :, None]
        found[..., -1] = 0
        return np.asarray(found)

    @per_basis
    def _appearance(self, basis: Basis) -> Floats:
        """Fragments of the grains of each class, shape (S or 1, n, n)."""
        sieves = _sizing_of(basis).sieves_um
        if self.appearance == "broadbent_callcott":
            return broadbent_callcott(sieves)[None]
        law = (self.fragment_share, self.fragment_fine, self.fragment_coarse)
        return austin(sieves, *np.broadcast_arrays(*(vector(one) for one in law)))

    @per_basis
    def _fragments_at(self, basis: Basis) -> tuple[np.ndarray, np.ndarray, np.ndarray, Floats]:
        """Sources and targets of breakage, the place of each in the flattened matrices, and the share of its class."""
        sizing = _sizing_of(basis)
        source, target = basis.broken
        count = len(sizing)
        place = (sizing.ore[source] * count + sizing.at[target]) * count + sizing.at[source]
        share = np.where(sizing.redrawn[target], sizing.class_share[:, target], 1.0)
        return source, target, place, share


def _sizing_of(basis: Basis) -> Sizing:
    """Size classes of a basis that has them."""
    if basis.sizing is None:
        raise TypeError("a basis without size classes has no breakage")
    return basis.sizing
