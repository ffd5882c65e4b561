"""From a large network to its solution as arrays: build, solve, classify, spread, test."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array, csc_array
from scipy.special import chdtrc

from zveno.errors import DataError, SolveError
from zveno.model.network import Network
from zveno.reconcile.equations import contradiction
from zveno.reconcile.names import Bools, Floats, Ints
from zveno.reconcile.sparse.condensed import Condensation, condensation, independent, slopes_of_readings
from zveno.reconcile.sparse.interior import Solved, interior_point, reference
from zveno.reconcile.sparse.layout import Layout, layout
from zveno.reconcile.sparse.misfit import misfit
from zveno.reconcile.sparse.spread import Spread, spread
from zveno.reconcile.sparse.structure import Structure, structure
from zveno.text.words import quantity_phrase

_GONE = 1e-5
_HARDLY, _AT_ONCE, _ALONE = 0.01, 256, 1e-12
_TRIES, _CONSISTENT = 3, 1e-8


@dataclass(frozen=True)
class LargeFit:
    """The reconciled point of a large network with its variances and tests.

    Parameters
    ----------
    mass, assay
        The point, (streams,) and (pairs,); usual values where a stream is ``closed`` (carries nothing).
    held
        Quantities that stand at a bound, (quantities,).
    objective
        Sum of squared standardised adjustments.
    slope, slope_variance
        Of each reading: slope of half the objective by its error, with its variance; NaN for limits, (readings,).
    """

    layout: Layout
    mass: Floats
    assay: Floats
    closed: Bools
    held: Bools
    unbounded: Ints
    structure: Structure
    spread: Spread
    objective: float
    iterations: int
    slope: Floats
    slope_variance: Floats

    @property
    def dof(self) -> int:
        """Degrees of freedom of the global test."""
        return self.spread.dof

    @property
    def p_value(self) -> float | None:
        """Chance of a larger objective if all errors are as stated; None without degrees of freedom."""
        return float(chdtrc(self.dof, self.objective)) if self.dof > 0 else None

    @cached_property
    def tested(self) -> Bools:
        """Readings that others check and whose quantity no bound holds, (readings,)."""
        read = self.layout.readings
        checked = ~read.censored & self.structure.redundant[read.of] & ~self.held[read.of]
        return checked & (self.slope_variance * read.sigma**2 > _ALONE)

    @cached_property
    def z(self) -> Floats:
        """Standardised adjustments of the maximum-power test, NaN where nothing checks a reading."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(self.tested, self.slope / np.sqrt(self.slope_variance), np.nan))

    @cached_property
    def bias_sd(self) -> Floats:
        """Standard deviation of the estimated error of each reading if it alone is wrong."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(self.tested, 1 / np.sqrt(self.slope_variance), np.nan))

    @cached_property
    def weights(self) -> csc_array:
        """Inverse of the covariance of the readings that count, (readings, readings)."""
        return _weights(self)

    def pulls(self, errors: csc_array) -> Floats:
        """Expected slopes of all readings with errors of theirs, (readings, k)."""
        pushed = csc_array(self.weights @ errors)
        rows = slopes_of_readings(self.layout, self.layout.readings.of, (self.mass, self.assay))
        out = pushed.toarray()
        for first in range(0, out.shape[1], _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            out[:, some] -= self.weights @ (rows @ self.spread.covariances((rows.T @ pushed[:, some]).toarray()))
        return np.asarray(out)

    def covariances(self, readings: Ints) -> Floats:
        """Covariances of the slopes of all readings with those of some, (readings, k)."""
        at = np.arange(len(readings))
        shape = (len(self.layout.readings.of), len(readings))
        return self.pulls(coo_array((np.ones(len(readings)), (readings, at)), shape=shape).tocsc())


def fit_large(network: Network) -> LargeFit:
    """Solve one large network.

    Raises
    ------
    DataError
        If the network is not usable.
    SolveError
        If no balanced point was found: names the worst balance.
    """
    analysed = prepared(network)
    return fit_point(analysed, solved_point(analysed))


def large_point(network: Network) -> tuple[Layout, Solved]:
    """The balanced point alone.

    Raises
    ------
    DataError, SolveError
        As :func:`fit_large` does.
    """
    analysed = prepared(network)
    return analysed.layout, solved_point(analysed)


def prepared(network: Network) -> Condensation:
    """A network as arrays, with independent equations, ready to be solved.

    Raises
    ------
    DataError
        If the network is not usable.
    """
    return _independent(condensation(layout(network)))


def solved_point(analysed: Condensation) -> Solved:
    """A converged point, or an error."""
    solved = interior_point(analysed.layout, analysed)
    if not solved.converged:
        raise _not_converged(analysed.layout, solved)
    return solved


def _independent(analysed: Condensation) -> Condensation:
    """The same without equations that follow from others."""
    keep = independent(analysed)
    built = analysed.layout
    if len(keep) == len(built.b):
        return analysed
    left = condensation(built.some_rows(keep))
    if built.b.any():
        _require_consistent(built, left, np.setdiff1d(np.arange(len(built.b)), keep))
    return left


def _require_consistent(built: Layout, left: Condensation, rest: Ints) -> None:
    """Equations that were left out must follow from the others."""
    kept = left.layout
    factors, scale = left.factor(*left.entries(kept.G))
    n, u = len(kept.b), np.zeros(built.n_variables)
    for _ in range(_TRIES):
        full = np.zeros(left.rows)
        full[:n] = kept.b - kept.G @ u
        u = u + kept.G.T @ (scale * factors.solve(scale * full))[:n]
    off = np.abs(built.b[rest] - built.G[rest] @ u)
    wrong = np.flatnonzero(off > _CONSISTENT * (1 + np.abs(built.b).max()))
    if len(wrong):
        raise DataError(contradiction(built.rows[rest[k]]) for k in wrong)


def _not_converged(built: Layout, solved: Solved) -> SolveError:
    """What to say of a network that did not converge."""
    off = np.nan_to_num(solved.imbalance, nan=np.inf)
    place, quantity = built.rows[int(np.argmax(off))] if len(off) else ("", "")
    return SolveError(
        "the balance was not solved in {iterations} steps; the worst equation is {quantity} at '{place}', off by "
        "{residual} of its flows: check fixed values, stream directions and standard deviations there",
        iterations=solved.iterations, quantity=quantity_phrase(quantity), place=place,
        residual=float(off.max(initial=0.0)),
    )  # fmt: skip


def fit_point(analysed: Condensation, solved: Solved) -> LargeFit:
    """Classify, spread and test a converged point."""
    built = analysed.layout
    mass, assay = built.expand(solved.u)
    closed, held = _bounds_met(built, solved)
    if closed.any():
        usual, usual_assay = built.expand(solved.origin)
        mass, assay = np.where(closed, usual, mass), np.where(closed[built.pair_stream], usual_assay, assay)
        analysed = _without_idle(analysed, closed)
        built = analysed.layout
    found = structure(analysed, mass, assay, closed)
    spreading = spread(analysed, mass, assay, found)
    counts = np.concatenate([np.ones(built.n_streams), ~closed[built.pair_stream]]).astype(float)
    miss = misfit(built, *_at(built, solved), counts if closed.any() else None)
    slope, variance = _tests(built, found, spreading, *_at(built, solved))
    fit = LargeFit(
        layout=built, mass=mass, assay=assay, closed=closed, held=held, unbounded=solved.unbounded, structure=found,
        spread=spreading, objective=2 * miss.half, iterations=solved.iterations, slope=slope,
        slope_variance=variance,
    )  # fmt: skip
    if held.any() or closed.any() or built.readings.censored.any():
        slope -= _pushed(fit)
    tied = built.readings.tied
    checked = fit.tested[tied.number]
    hardly = tied.number[checked & (variance[tied.number] * tied.own < _HARDLY)]
    if len(hardly):  # the small difference of two variances
        variance[hardly] = np.diag(fit.covariances(hardly)[hardly])
    return fit


def _without_idle(analysed: Condensation, closed: Bools) -> Condensation:
    """The same without correlated assays of streams that carry nothing."""
    left = analysed.layout.without_idle(closed)
    return analysed if left is analysed.layout else condensation(left)


def _at(built: Layout, solved: Solved) -> tuple[Floats, Floats]:
    """Masses and assays where the iterations ended."""
    return built.expand(solved.u)


def _bounds_met(built: Layout, solved: Solved) -> tuple[Bools, Bools]:
    """Streams that carry nothing, and quantities that stand at a bound."""
    n_m, n = len(built.mass_free), built.n_variables
    flows = solved.u[n_m:]
    cap = built.assay_total * built.expand(solved.u)[0][built.owner] - flows
    size_cap = built.assay_total * built.expand(solved.origin)[0][built.owner] - solved.origin[n_m:]
    slack = np.concatenate([solved.u, cap[built.capped]])
    size = np.concatenate([solved.origin, size_cap[built.capped]])
    active = solved.dual * size / reference(solved.half) > slack / size
    closed = np.zeros(built.n_streams, dtype=bool)
    closed[built.mass_free] = active[:n_m] | (solved.u[:n_m] < _GONE * solved.origin[:n_m])
    held = np.zeros(built.n_quantities, dtype=bool)
    held[built.mass_free] = active[:n_m]
    at_bound = active[n_m:n].copy()
    at_bound[built.capped] |= active[n:]
    held[built.n_streams + built.flow_free] = at_bound
    return closed, held


def _tests(built: Layout, found: Structure, spreading: Spread, mass: Floats, assay: Floats) -> tuple[Floats, Floats]:
    """Slope of each reading's error, with its variance."""
    read = built.readings
    x = np.concatenate([mass, assay])
    counts = found.read[read.of] & ~read.censored
    w = np.where(counts, read.sigma**-2.0, np.nan)
    slope = w * (read.value - x[read.of])
    alone = counts.copy()
    alone[read.tied.number] = False
    several = np.bincount(read.of[alone], minlength=built.n_quantities) > 1
    variance = np.where(several[read.of], w - np.nan_to_num(spreading.variance)[read.of] * w**2,
                        np.nan_to_num(spreading.explained)[read.of] * w)  # fmt: skip
    tied = read.tied
    if len(tied.number):
        off = np.where(counts[tied.number], read.value[tied.number] - x[read.of[tied.number]], 0.0)
        slope[tied.number] = tied.inverse @ off
        variance[tied.number] = spreading.tied
    return slope, variance


def _pushed(fit: LargeFit) -> Floats:
    """Push of bounds that hold and of limits ("less than"), (readings,): no error of a reading, for it is no misfit."""
    rows = slopes_of_readings(fit.layout, fit.layout.readings.of, (fit.mass, fit.assay))
    push = rows.T @ np.nan_to_num(fit.slope)
    return np.asarray(fit.weights @ (rows @ fit.spread.covariances(push[:, None])))[:, 0]


def _weights(fit: LargeFit) -> csc_array:
    """Inverse of the covariance of the readings that count, (readings, readings)."""
    read = fit.layout.readings
    counts = fit.structure.read[read.of] & ~read.censored
    alone = counts.copy()
    alone[read.tied.number] = False
    numbers = np.flatnonzero(alone)
    tied = read.tied.inverse.tocoo()
    return coo_array(
        (
            np.concatenate([read.sigma[numbers] ** -2.0, tied.data]),
            (
                np.concatenate([numbers, read.tied.number[tied.row]]),
                np.concatenate([numbers, read.tied.number[tied.col]]),
            ),
        ),
        shape=(len(counts), len(counts)),
    ).tocsc()
