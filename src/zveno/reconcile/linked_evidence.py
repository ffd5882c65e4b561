"""Lasting errors over periods that hang together: what a scale takes too much is missing in the next survey."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import qr

from zveno.errors import DataError
from zveno.reconcile.arrays import Bools, Floats, Ints
from zveno.reconcile.change_points import crossing_bound
from zveno.reconcile.fit import held_quantities
from zveno.reconcile.linear_batch import Weights
from zveno.reconcile.linked_periods import LinkedPeriods
from zveno.reconcile.linked_rows import rows_of
from zveno.reconcile.linked_steps import settle
from zveno.reconcile.linked_task import begin, task_of

_MOST, _FEWEST = 1500, 6
"""Errors times beginnings that are tried, and the fewest beginnings."""


@dataclass(frozen=True)
class Linked:
    """Evidence of periods that hang together by their stocks: scores and information of every error from every
    beginning with those of every other, (O, J) and (O, J, O, J).
    """

    names: tuple[str, ...]
    onsets: Ints
    score: Floats
    information: Floats

    def scores(self) -> Floats:
        """Score of every error from every beginning, (O, J)."""
        return self.score

    def own(self) -> Floats:
        """Information of every error from every beginning, (O, J)."""
        return np.asarray(np.einsum("ojoj->oj", self.information))

    def joint(self, look: int, error: int) -> Floats:
        """Covariance of all scores with one of them, (O, J)."""
        return np.asarray(self.information[:, :, look, error])

    def together(self, look: int) -> Floats:
        """Covariance of the scores from one beginning, (J, J)."""
        return np.asarray(self.information[look, :, look])

    def neighbours(self, error: int) -> Floats:
        """Covariance of the scores of an error from beginnings that follow each other, (O - 1,)."""
        return np.asarray(np.diagonal(self.information[:, error, :, error], offset=1))

    def chance(self, error: int, z: float) -> float:
        """A bound by neighbouring beginnings."""
        own = self.information[:, error, :, error]
        size = np.diag(own)
        told = np.flatnonzero(size > 1e-9 * size.max(initial=0.0))
        if not len(told):
            return 1.0
        near = own[told[1:], told[:-1]] / np.sqrt(size[told[1:]] * size[told[:-1]])
        return crossing_bound(near, z)


def linked_evidence(asked: LinkedPeriods, names: tuple[str, ...], loadings: Floats) -> Linked:
    """Collect what periods that hang together say of errors that may last.

    All periods are solved at once without any lasting error; then every error from every beginning is fitted to what
    is left, by the same equations. Where there are many errors, fewer beginnings are tried, at even distances.

    Parameters
    ----------
    asked
        The periods, without biases of their own.
    names, loadings
        What one unit of each error adds to every reading, (T, readings, J).

    Raises
    ------
    DataError, SolveError
        As ``solve_linked`` does.

    References
    ----------
    Willsky & Jones (1976), IEEE Trans. Autom. Control 21, 108-112 (signatures of a jump in the residuals).
    """
    if asked.biases:
        raise DataError("lasting errors are looked for in periods without any: leave the biases out")
    task = task_of(asked, None)
    looks = min(len(loadings), max(_MOST // max(len(names), 1), _FEWEST))
    onsets = np.unique(np.linspace(0, len(loadings) - 1, looks).astype(np.int64))
    with np.errstate(all="ignore"):
        place, active = settle(task, begin(task))
        data = task.given.data
        # how far a reading lies beyond what is possible says nothing of its error
        held = held_quantities(task.plan.problem, active)[:, task.plan.problem.reading_of]
        data = replace(data, present=data.present & ~held, inverse=_without(data.inverse, held))
        given = replace(task.given, data=data)
        place = given.at(place.u, place.biases)
        weights = Weights.of(task.plan.problem, data, place.at, place.miss.curve_by_reading)
        begun = np.arange(len(loadings))[:, None] >= onsets
        tried = (loadings[:, :, None, :] * begun[:, None, :, None]).reshape(*loadings.shape[:2], -1)
        whitened = weights.whiten(np.where(weights.used[:, :, None], tried / weights.size[:, :, None], 0.0))
        gram = _left_over(rows_of(given, place, extra=whitened).R, task.prior(place), (task.plan.f, task.plan.q))
    shape = len(onsets), loadings.shape[2]
    return Linked(names, onsets, gram[0, 1:].reshape(shape), gram[1:, 1:].reshape(shape + shape))


def _without(inverse: Floats | None, held: Bools) -> Floats | None:
    """Inverse covariances without some of the readings."""
    if inverse is None:
        return None
    return np.where(held[:, :, None] | held[:, None, :], 0.0, inverse)


def _left_over(R: Floats, prior: Floats, sizes: tuple[int, int]) -> Floats:
    """Products of what the equations leave over of each right-hand side, (right-hand sides, right-hand sides).

    ``R`` (T, rows, f + 2 q + right-hand sides) are the equations of the periods in triangular form.
    """
    f, q = sizes
    first = f + 2 * q
    rest = R[:, first:, first:].reshape(-1, R.shape[2] - first)
    gram: Floats = rest.T @ rest
    carry = np.zeros((len(prior), q + rest.shape[1]))
    carry[:, :q] = prior[:, :q]
    for link in R[:, f:first, f:] if q else ():
        stacked = np.zeros((len(carry) + len(link), 2 * q + rest.shape[1]))
        stacked[: len(carry), :q], stacked[: len(carry), 2 * q :] = carry[:, :q], carry[:, q:]
        stacked[len(carry) :] = link
        turned = qr(stacked, mode="r", check_finite=False)[0]
        carry, left = np.asarray(turned[q : 2 * q, q:], dtype=float), turned[2 * q :, 2 * q :]
        gram += left.T @ left
    return np.asarray(gram)
