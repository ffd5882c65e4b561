"""How badly masses and assays miss the readings, with slopes and curvature, for many periods at once."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from scipy.special import erfcx, log_ndtr

from zveno.reconcile.arrays import Bools, Floats, Ints, Problem

_HOLD = 1e3
_FAR = 1e4
_ROOT_2, _ROOT_2_BY_PI = np.sqrt(2.0), np.sqrt(2 / np.pi)


@dataclass(frozen=True)
class Data:
    """Readings of P periods as the solver sees them.

    Parameters
    ----------
    value, sigma, present
        Shape (P, readings); what is not present has no weight.
    inverse
        Inverse covariance matrices (P, readings, readings) where readings are correlated, else None. Rows of
        censored and missing readings are zero.
    correlation
        Correlation matrices (P, readings, readings) to go with it.
    anchor
        Masses (P, streams) that are held at a size where none is known; 0 where nothing is held.
    censored
        Readings that are limits, (readings,); None where none is.
    """

    value: Floats
    sigma: Floats
    present: Bools
    inverse: Floats | None = None
    correlation: Floats | None = None
    anchor: Floats | None = None
    censored: Bools | None = None

    @cached_property
    def used(self) -> Bools:
        """Readings with a value, (P, readings)."""
        return self.present if self.censored is None else self.present & ~self.censored

    @cached_property
    def weight(self) -> Floats:
        """One over the variance of each reading with a value, else 0."""
        return np.asarray(np.where(self.used, self.sigma**-2.0, 0.0))

    def take(self, periods: Ints) -> Data:
        """The same for some of the periods."""
        inverse, correlation, anchor = (
            None if one is None else one[periods] for one in (self.inverse, self.correlation, self.anchor)
        )
        value, sigma, present = self.value[periods], self.sigma[periods], self.present[periods]
        return Data(value, sigma, present, inverse, correlation, anchor, self.censored)


@dataclass(frozen=True)
class Misfit:
    """Half the sum of squares at a point, in terms of quantities (P, quantities).

    ``slope`` and ``curve`` are first and second derivatives by mass or assay; ``by_reading`` the slopes by
    reading.
    """

    half: Floats
    slope: Floats
    curve: Floats
    by_reading: Floats
    curve_by_reading: Floats

    def take(self, periods: Ints) -> Misfit:
        """The same for some of the periods."""
        return Misfit(*(getattr(self, one.name)[periods] for one in fields(self)))


def data_of(problem: Problem, value: Floats, sigma: Floats, correlation: Floats | None = None) -> Data:
    """Readings of periods (P, readings); NaN means that there is none.

    ``correlation`` (P, readings, readings) stands in for the problem's own where it changes with the period.
    """
    present = np.isfinite(value) & np.isfinite(sigma)
    sigma = np.where(present, sigma, 1.0)
    value = np.where(present, value, 0.0)
    if correlation is None:
        correlation = problem.correlation
    censored = problem.censored if problem.censored.any() else None
    if correlation is None:
        return Data(value, sigma, present, censored=censored)
    matrices = np.broadcast_to(correlation, (len(value), value.shape[1], value.shape[1]))
    inverse = inverse_covariance(matrices, sigma, present & ~problem.censored)
    return Data(value, sigma, present, inverse, matrices, censored=censored)


def inverse_covariance(correlation: Floats, sigma: Floats, used: Bools) -> Floats:
    """Inverse covariance of the readings in use, zero elsewhere."""
    both = used[:, :, None] & used[:, None, :]
    V = np.where(both, correlation, np.eye(correlation.shape[1]))
    return np.where(both, np.linalg.inv(V), 0.0) / (sigma[:, :, None] * sigma[:, None, :])


def misfit(problem: Problem, data: Data, mass: Floats, assay: Floats) -> Misfit:
    """Distance from the readings at masses (P, streams) and assays (P, pairs).

    A censored reading adds ``-ln Phi((limit - x) / sigma)``.
    """
    at = np.concatenate([mass, assay], axis=1)[:, problem.reading_of]
    error = np.where(data.used, at - data.value, 0.0)
    if data.inverse is None:
        curve = data.weight
        slope = curve * error
    else:
        slope = (data.inverse @ error[:, :, None])[:, :, 0]
        curve = np.einsum("pii->pi", data.inverse)
    half = 0.5 * np.einsum("pi,pi->p", error, slope)
    if data.censored is not None:
        curve = curve.copy()
        half = half + _add_censored(problem, data, at, slope, curve)
    return Misfit(half, slope @ problem.select, curve @ problem.select, slope, curve)


def anchor(miss: Misfit, data: Data, mass: Floats) -> Misfit:
    """Add a pull on masses that are held; it vanishes at the solution, since nothing else depends on the size."""
    if data.anchor is None or not data.anchor.any():
        return miss
    n = mass.shape[1]
    weight = np.divide(_HOLD, data.anchor, out=np.zeros_like(mass), where=data.anchor > 0) ** 2
    slope, curve = miss.slope.copy(), miss.curve.copy()
    slope[:, :n] += weight * (mass - data.anchor)
    curve[:, :n] += weight
    half = miss.half + 0.5 * np.sum(weight * (mass - data.anchor) ** 2, axis=1)
    return replace(miss, half=half, slope=slope, curve=curve)


def _add_censored(problem: Problem, data: Data, at: Floats, slope: Floats, curve: Floats) -> Floats:
    """Fill in slopes and curvatures of "less than" readings; returns what they add."""
    which = np.flatnonzero(problem.censored)
    sigma, present = data.sigma[:, which], data.present[:, which]
    z = (data.value[:, which] - at[:, which]) / sigma
    log_cdf = log_ndtr(z)
    near = np.maximum(z, -_FAR)
    hazard = _ROOT_2_BY_PI / erfcx(-near / _ROOT_2)  # Mills' ratio, upside down
    bend = np.where(z < -_FAR, 1.0, hazard * (hazard + near))  # a parabola, where the difference would drown
    hazard = np.where(z < -_FAR, -z, hazard)
    slope[:, which] = np.where(present, hazard / sigma, 0.0)
    curve[:, which] = np.where(present, bend / sigma**2, 0.0)
    added: Floats = -np.sum(np.where(present, log_cdf, 0.0), axis=1)
    return added
