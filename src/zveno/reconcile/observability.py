"""What the readings can tell: rank, redundancy, and the covariance of everything that is observable.

All tests are local, at the reconciled point, by singular values of scaled matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cholesky, qr, solve_triangular

from zveno.reconcile.arrays import Bools, Floats, Ints, Problem
from zveno.reconcile.newton import jacobian
from zveno.reconcile.objective import Data, Misfit

RANK = 1e-8
SEEN = 1e-6
ALONE = 1e-12


@dataclass(frozen=True)
class Linear:
    """The solution map linearised at the reconciled point of one period.

    Readings are those in use ("used"): present and not censored. Errors are whitened with the Cholesky factor
    of their covariance; in whitened space the adjustments lie in the space of ``rest``.

    Parameters
    ----------
    used, of
        Numbers of the readings in use, and the quantity that each one reads.
    slopes
        Slopes of all quantities as read by the variables, (quantities, variables).
    scale
        Size of each variable; directions below are of the variables over it.
    rows
        Slopes of the readings in use.
    seen, hidden
        Orthonormal directions that the readings determine and do not determine, (variables, k).
    root
        Lower Cholesky factor of the covariance of the readings in use.
    redundant
        Which readings in use can be checked by the others.
    """

    used: Ints
    of: Ints
    slopes: Floats
    scale: Floats
    seen: Floats
    hidden: Floats
    rows: Floats
    root: Floats
    redundant: Bools

    @property
    def dof(self) -> int:
        """Readings in use less the directions that they determine."""
        return len(self.used) - int(self.seen.shape[1])

    @cached_property
    def _factors(self) -> tuple[Floats, Floats]:
        """``Q`` and ``R`` of the whitened slopes of the readings along the directions seen."""
        along = self.rows * self.scale @ self.seen
        if 0 in along.shape:
            return np.eye(len(along)), np.zeros((along.shape[1], along.shape[1]))
        Q, R = qr(solve_triangular(self.root, along, lower=True))
        return np.asarray(Q, dtype=float), np.asarray(R[: along.shape[1]], dtype=float)

    @cached_property
    def spread(self) -> Floats:
        """Factor with ``cov(u) = spread spread'`` over the directions seen, (variables, rank)."""
        R = self._factors[1]
        inverse = solve_triangular(R, np.eye(len(R))) if len(R) else R
        return np.asarray(self.scale[:, None] * (self.seen @ inverse))

    @cached_property
    def rest(self) -> Floats:
        """Orthonormal basis of what is left for adjustments, (used, dof): they are ``rest rest' errors``."""
        return self._factors[0][:, self.seen.shape[1] :]

    def by_readings(self, functional: Floats) -> Floats:
        """Slopes of a linear function of the variables by the readings in use, (used,)."""
        along = self._factors[0][:, : self.seen.shape[1]] @ (functional @ self.spread)
        return np.asarray(solve_triangular(self.root, along, lower=True, trans="T"))

    def observable(self, functional: Floats) -> bool:
        """Whether a linear function of the variables, given by its slopes, is determined by the readings."""
        return bool(self.observables(functional[None])[0])

    def observables(self, functionals: Floats) -> Bools:
        """The same for several functions, (k, variables)."""
        scaled = functionals * self.scale
        size = np.linalg.norm(scaled, axis=1)
        unseen = np.linalg.norm(scaled @ self.hidden, axis=1)
        return np.asarray(np.isfinite(size) & (unseen <= SEEN * size))

    def sd(self, functional: Floats) -> float:
        """Standard deviation of a linear function of the variables."""
        return float(np.linalg.norm(functional @ self.spread))

    def sds(self, functionals: Floats) -> Floats:
        """The same for several functions, (k, variables)."""
        return np.asarray(np.linalg.norm(functionals @ self.spread, axis=1))


def linearise(problem: Problem, data: Data, mass: Floats, assay: Floats, size: Floats) -> Linear:
    """Linearise the solution of a single period (arrays with one period first).

    ``size`` (1, streams) is a usual mass of each stream, for scaling.

    Columns are scaled by the mass and by one assay per component (its largest), so that a component at zero
    in one stream does not upset the ranks. Active bounds are left out: a bound that holds says nothing about
    how large the errors of the readings are, so a standard deviation is never made smaller by it.

    References
    ----------
    Narasimhan & Jordache (2000), Data Reconciliation and Gross Error Detection, ch. 3 and 5.
    """
    used = np.flatnonzero(data.present[0] & ~problem.censored)
    scale, read_scale = (one[0] for one in scales(problem, size, assay))
    slopes = jacobian(problem, mass, assay)[0]
    rows = slopes[problem.reading_of[used]]
    null = null_space(problem.G * scale)
    seen, hidden, leverage = split(rows * scale / read_scale[problem.reading_of[used], None] @ null)
    return Linear(
        used=used,
        of=problem.reading_of[used],
        slopes=slopes,
        scale=scale,
        seen=null @ seen,
        hidden=null @ hidden,
        rows=rows,
        root=_root(data, used),
        redundant=1 - leverage > ALONE,
    )


def scales(problem: Problem, mass: Floats, assay: Floats) -> tuple[Floats, Floats]:
    """Size of each variable (P, variables), and of each quantity as read (P, quantities).

    Assays are measured by one size per component, its largest, so that a component at zero in one stream does not
    upset the ranks.
    """
    top = np.full((len(mass), problem.n_components), problem.assay_total)
    for component in range(problem.n_components):
        found = assay[:, problem.pair_component == component]
        largest = np.max(found, axis=1, initial=0.0, where=~np.isnan(found))
        top[:, component] = np.where(largest > 0, largest, problem.assay_total)
    mass = np.maximum(mass, 1e-12 * mass.max(axis=1, keepdims=True, initial=1e-300))
    by_pair = top[:, problem.pair_component]
    flow = mass[:, problem.carrier] * by_pair[:, problem.flow_free]
    return np.concatenate([mass[:, problem.mass_free], flow], axis=1), np.concatenate([mass, by_pair], axis=1)


def null_space(G: Floats) -> Floats:
    """Orthonormal directions in which no equation changes; rows of ``G`` are independent."""
    rows = G / np.maximum(np.abs(G).max(axis=1, initial=0.0), 1e-300)[:, None]
    if len(rows) == 0:
        return np.eye(G.shape[1])
    full = qr(rows.T)[0]
    return np.asarray(full[:, len(rows) :])


def split(M: Floats) -> tuple[Floats, Floats, Floats]:
    """Directions that the rows of ``M`` see and do not see, and how far each row stands alone (1 = wholly)."""
    n = M.shape[1]
    if 0 in M.shape:
        return np.zeros((n, 0)), np.eye(n), np.zeros(M.shape[0])
    U, size, V = np.linalg.svd(M)
    rank = int(np.sum(size > RANK * size[0])) if size[0] > 0 else 0
    return V[:rank].T, V[rank:].T, np.sum(U[:, :rank] ** 2, axis=1)


def _root(data: Data, used: Ints) -> Floats:
    """Cholesky factor of the covariance of the readings in use."""
    sigma = data.sigma[0, used]
    if data.correlation is None:
        return np.diag(sigma)
    return np.asarray(cholesky(data.correlation[0][np.ix_(used, used)] * np.outer(sigma, sigma), lower=True))


@dataclass(frozen=True)
class Adjustments:
    """Adjustments (reading less reconciled) of the readings in use with their tests.

    ``z`` is the standardised adjustment of the maximum-power test, NaN where a reading is not redundant;
    ``bias`` the size of a gross error in that reading alone that explains the data best, with ``bias_sd``;
    ``correlation`` is that of ``z``.
    """

    z: Floats
    bias: Floats
    bias_sd: Floats
    correlation: Floats


def adjustments(linear: Linear, miss: Misfit, held: Bools) -> Adjustments:
    """Standardise the adjustments of one period.

    A reading of a quantity that a bound holds (``held``, by quantity) is not tested: how far it lies beyond what is
    possible says nothing about the other readings.

    References
    ----------
    Tamhane & Mah (1985), Technometrics 27, 409-422 (maximum-power test); Narasimhan & Mah (1987), AIChE J. 33,
    1514-1521 (generalised likelihood ratio: ``z**2``, and the bias estimate).
    """
    cov = slope_covariance(linear)
    # the push of a bound that holds is no error of a reading: only what lies in the space of errors is tested
    slope = -cov @ linear.root @ linear.root.T @ miss.by_reading[0, linear.used]
    tested = linear.redundant & ~held[linear.of]
    variance = np.where(tested, np.diag(cov), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(variance)
        return Adjustments(slope / sd, slope / variance, 1 / sd, cov / np.outer(sd, sd))


def slope_covariance(linear: Linear, lost: Floats | None = None) -> Floats:
    """Covariance of ``inv(V) adjustments``; ``lost`` adds what further readings would leave unexplained."""
    if len(linear.used) == 0:
        return np.zeros((0, 0))
    freed = linear.rest if lost is None else np.column_stack([linear.rest, lost])
    turned = solve_triangular(linear.root.T, freed)
    return np.asarray(turned @ turned.T)
