"""How badly masses and assays of a large network miss its readings, with slopes and curvature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from zveno.reconcile.names import Floats
from zveno.reconcile.sparse.layout import Layout

_LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Misfit:
    """Half the sum of squares at a point, with first and second derivatives by mass or assay, (quantities,).

    ``curve`` counts of correlated errors the part that is each reading's own; ``tied`` are the slopes by the tied
    readings, ``limits`` those by the limits with their curvature.
    """

    half: float
    slope: Floats
    curve: Floats
    tied: Floats
    limits: tuple[Floats, Floats]


def misfit(layout: Layout, mass: Floats, assay: Floats, closed: Floats | None = None) -> Misfit:
    """Distance from the readings at masses (streams,) and assays (pairs,).

    A limit L with the error s adds ``-ln Phi((L - x) / s)``. ``closed`` is zero for assays of streams that carry
    nothing, which are left out; those among them that are correlated with others are none of the layout's.
    """
    read = layout.readings
    x = np.concatenate([mass, assay])
    weight = read.weight if closed is None else read.weight * closed
    error = np.where(weight > 0, x - read.centre, 0.0)
    slope = weight * error
    half = 0.5 * (float(slope @ error) + read.apart)
    curve = weight.copy()
    tied = read.tied
    by_tied: Floats = np.zeros(0)
    if len(tied.number):
        of = read.of[tied.number]
        off = x[of] - read.value[tied.number]
        by_tied = np.asarray(tied.inverse @ off, dtype=np.float64)
        half += 0.5 * float(by_tied @ off)
        slope += np.bincount(of, by_tied, minlength=len(x))
        curve += np.bincount(of, 1 / tied.own, minlength=len(x))
    by_limit = np.zeros(0), np.zeros(0)
    if len(read.limits):
        of, sigma = read.of[read.limits], read.sigma[read.limits]
        z = (read.value[read.limits] - x[of]) / sigma
        used = np.ones(len(of)) if closed is None else closed[of]
        log_cdf = log_ndtr(z)
        hazard = np.exp(-0.5 * z**2 - _LOG_ROOT_2PI - log_cdf)
        by_limit = used * hazard / sigma, used * hazard * (hazard + z) / sigma**2
        half -= float(np.sum(used * log_cdf))
        slope += np.bincount(of, by_limit[0], minlength=len(x))
        curve += np.bincount(of, by_limit[1], minlength=len(x))
    return Misfit(half, slope, curve, by_tied, by_limit)


def gradient(layout: Layout, miss: Misfit, mass: Floats, seen: Floats) -> Floats:
    """Slope of half the sum of squares by the variables; ``seen`` is what a growing mass takes each assay for."""
    free = layout.flow_free
    by_flow = miss.slope[layout.n_streams + free] / mass[layout.owner]
    by_mass = miss.slope[: layout.n_streams] - layout.by_owner(by_flow * seen[free])
    return np.concatenate([by_mass[layout.mass_free], by_flow])


def centre_shift(layout: Layout, miss: Misfit, *, frozen: bool = False) -> Floats:
    """How far each quantity is from where its own readings would have it, (quantities,).

    For steps with ``frozen`` masses zero where readings are correlated: what they ask for depends on the others.
    """
    shift = np.divide(miss.slope, miss.curve, out=np.zeros_like(miss.slope), where=miss.curve > 0)
    if frozen and len(layout.readings.tied.number):
        shift[layout.readings.of[layout.readings.tied.number]] = 0.0
    return shift
