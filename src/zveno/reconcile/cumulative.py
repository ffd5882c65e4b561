"""Small errors that last: what no single period shows, many of them together do.

Each period says how large an error of a meter would have to be for it to fit best, and how well it knows that. Over
many periods the sums tell of an error far below what one balance can find, and since when it has been there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.sparse.csgraph import connected_components

from zveno.reconcile.arrays import Floats, Ints
from zveno.reconcile.batch import BatchResult
from zveno.reconcile.change_points import crossing_bound, crossing_chance

SIGNIFICANCE = 0.05
TIED, _AKIN = 0.99, 0.7
_LEAST = 1e-9
_STEPS = 10
_AGREES = 3.84
_FEW = 6


class Evidence(Protocol):
    """What consecutive periods say of errors that may last, by the period in which each may have begun.

    An error that began with the look ``o`` (one of ``onsets``) and lasts to the end has a score, the slope of the
    likelihood by it at none, and information, its variance: of the size ``b`` it moves the score by information times
    ``b``.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The errors, (J,)."""

    @property
    def onsets(self) -> Ints:
        """Periods of beginning that are looked at, (O,)."""

    def scores(self) -> Floats:
        """Score of every error from every beginning, (O, J)."""

    def own(self) -> Floats:
        """Information of every error from every beginning, (O, J)."""

    def joint(self, look: int, error: int) -> Floats:
        """Covariance of all scores with that of one error from one beginning, (O, J)."""

    def together(self, look: int) -> Floats:
        """Covariance of the scores of all errors from one beginning, (J, J)."""

    def neighbours(self, error: int) -> Floats:
        """Covariance of an error's scores from beginnings that follow each other, (O - 1,)."""

    def chance(self, error: int, z: float) -> float:
        """Chance, or a bound of it, that the largest ``z`` of an error over all beginnings is as large."""


@dataclass(frozen=True)
class Apart:
    """Evidence of periods that do not hang together.

    Parameters
    ----------
    score
        Slope of the likelihood of each period by each error at none, (T, J).
    information
        Its covariance, (T, J, J).
    """

    names: tuple[str, ...]
    score: Floats
    information: Floats

    @property
    def onsets(self) -> Ints:
        """Every period may be the first."""
        return np.arange(len(self.score))

    @cached_property
    def _from(self) -> Floats:
        """Information from each period to the last one, (T, J, J)."""
        return _back(self.information)

    def scores(self) -> Floats:
        """Sums from each period to the last one."""
        return _back(self.score)

    def own(self) -> Floats:
        """The same of the information of each error."""
        return np.asarray(np.einsum("tjj->tj", self._from))

    def joint(self, look: int, error: int) -> Floats:
        """What two errors share lies in the periods in which both have begun."""
        return self._from[np.maximum(np.arange(len(self.score)), look), :, error]

    def together(self, look: int) -> Floats:
        """Information from one period on."""
        return np.asarray(self._from[look])

    def neighbours(self, error: int) -> Floats:
        """What two beginnings share is what the later one knows."""
        return np.asarray(self._from[1:, error, error])

    def chance(self, error: int, z: float) -> float:
        """Exact, by quadrature from look to look."""
        return crossing_chance(self.information[::-1, error, error], z)


def evidence(batch: BatchResult, names: Sequence[str], loadings: Floats) -> Apart:
    """Collect what solved periods say.

    Parameters
    ----------
    batch
        The periods in order, solved with standard deviations of what is new in each of them.
    names, loadings
        What one unit of each error adds to every reading, (T, readings, J).

    References
    ----------
    Narasimhan & Mah (1987), AIChE J. 33, 1514-1521 (generalised likelihood ratio); Tamhane, Iordache & Mah (1988),
    Chemom. Intell. Lab. Syst. 4, 33-45 and 131-146 (many periods together).
    """
    pull, covariance = batch.pulls()
    score = np.einsum("tr,trj->tj", pull, loadings)
    return Apart(tuple(names), score, loadings.transpose(0, 2, 1) @ covariance @ loadings)


def widened(found: Apart) -> Apart:
    """The same, with the scatter that the periods show where it is larger than the stated one.

    It is judged by differences of consecutive periods, which a lasting error leaves alone, and counts where it lies 1.5
    of its own standard deviations above the stated one.

    References
    ----------
    Von Neumann, Kent, Bellinson & Hart (1941), Ann. Math. Stat. 12, 153-162 (mean square of successive differences).
    """
    own = np.einsum("tjj->tj", found.information)
    factor = np.ones(own.shape[1])
    for j in range(len(factor)):
        told = np.flatnonzero(own[:, j] > 0)
        if len(told) <= _FEW:
            continue
        steps = np.diff(found.score[told, j] / np.sqrt(own[told, j]))
        seen = float(np.mean(steps**2)) / 2
        factor[j] = seen if seen > 1 + 1.5 * np.sqrt(3 / len(steps)) else 1.0
    return Apart(found.names, found.score / factor, found.information / np.sqrt(factor[:, None] * factor))


@dataclass(frozen=True)
class Drifting:
    """An error that lasts: its size in its own unit, with its standard deviation, and ``z``."""

    name: str
    bias: float
    bias_sd: float
    z: float


@dataclass(frozen=True)
class Drift:
    """One finding: since when something is off, and what it may be.

    Parameters
    ----------
    suspects
        Errors that these periods cannot tell apart (at 95 %), what is expected of each counted in its standard
        deviation; each bias is what it would be if that one alone were off.
    onset
        First period of it, by the best fit.
    onset_range
        First and last period with which the beginning agrees at 95 %.
    p_value
        Chance that anything as large is found without any error, all meters and beginnings counted.
    """

    suspects: tuple[Drifting, ...]
    onset: int
    onset_range: tuple[int, int]
    p_value: float

    @property
    def z(self) -> float:
        """Largest absolute ``z`` of the class."""
        return max(abs(one.z) for one in self.suspects)


def drifts(found: Evidence, *, expected: Floats | None = None, chance: float = SIGNIFICANCE) -> tuple[Drift, ...]:
    """Errors that last to the end of the periods, the clearest first.

    What is expected of a meter is no finding: each of the errors ``expected`` may be there in all periods, and only
    what they do not explain counts. Every error is tried from every beginning. The chance of the largest ``z`` over all
    beginnings is computed for each error; for all errors together it is ``1 - (1 - p)**m``, which by the inequality of
    Gaussian correlation is never too small. What is found is then allowed for, and the rest is tried again.

    Parameters
    ----------
    expected
        Standard deviation of each lasting error by the description, (J,); 0 or None where none is expected.
    chance
        Chance of any finding where there is nothing, for the first one.

    References
    ----------
    Royen (2014), Far East J. Theor. Stat. 48, 139-145, after Sidak (1967), J. Am. Stat. Assoc. 62, 626-633; Willsky &
    Jones (1976), IEEE Trans. Autom. Control 21, 108-112 (generalised likelihood ratio over beginnings).
    """
    out: list[Drift] = []
    sds = np.zeros(len(found.names)) if expected is None else np.asarray(expected, dtype=float)
    looks = _Looks.of(found, (), sds)
    for _ in range(min(_STEPS, len(found.names))):
        one = _finding(looks)
        if one is None or one[0].p_value > chance:
            break
        out.append(one[0])
        looks = _Looks.of(found, (*looks.found_before, one[1]), sds)
    return tuple(out)


@dataclass(frozen=True)
class _Looks:
    """Scores and information of every error from every beginning, (O, J), after those (look, error) ``allowed`` are
    free to be what fits best: ``joint`` (O, J, allowed) is their covariance, ``share`` how much of each of them every
    score contains. Allowed are errors found before, and what the description expects of each in all periods.
    """

    found: Evidence
    found_before: tuple[tuple[int, int], ...]
    score: Floats
    information: Floats
    joint: Floats
    share: Floats

    @classmethod
    def of(cls, found: Evidence, before: tuple[tuple[int, int], ...], expected: Floats) -> _Looks:
        """What is left to be looked at."""
        score, own = found.scores(), found.own()
        lasting = [(0, int(j)) for j in np.flatnonzero((expected > 0) & (own[0] > 0))] if len(own) else []
        allowed = [*before, *lasting]
        information, joint = own.copy(), np.zeros((*own.shape, len(allowed)))
        share = joint
        if allowed:
            joint = np.stack([found.joint(*one) for one in allowed], axis=2)
            known = np.array([joint[one] for one in allowed])
            known += np.diag([*[0.0] * len(before), *[expected[j] ** -2 for _, j in lasting]])
            size = 1 / np.sqrt(np.diag(known))
            turned = np.linalg.solve(known * size[:, None] * size, (joint * size).reshape(-1, len(allowed)).T)
            share = turned.T.reshape(joint.shape) * size
            score = score - share @ np.array([score[one] for one in allowed])
            information = information - np.einsum("ojk,ojk->oj", share, joint)
        information = np.where(information > _LEAST * own.max(axis=0, initial=0.0), information, 0.0)
        information[:, [error for _, error in before]] = 0.0
        return cls(found, before, score, information, joint, share)

    def chance(self, error: int, z: float) -> float:
        """Chance, or a bound of it, of a ``z`` as large at any beginning."""
        if not self.share.shape[2]:
            return self.found.chance(error, z)
        near = self.found.neighbours(error) - np.sum(self.share[1:, error] * self.joint[:-1, error], axis=1)
        sizes = self.information[:, error]
        told = np.flatnonzero(sizes > 0)
        follow = np.diff(told) == 1
        correlation = near[told[:-1]] / np.sqrt(sizes[told[:-1]] * sizes[told[1:]])
        return crossing_bound(np.where(follow, correlation, 0.0), z)

    @property
    def z(self) -> Floats:
        """Standardised scores, (O, J); 0 where nothing is told."""
        told = self.information > 0
        return np.where(told, self.score / np.sqrt(np.where(told, self.information, 1.0)), 0.0)

    def together(self, look: int) -> Floats:
        """Covariance of the scores of all errors from one beginning, (J, J)."""
        return np.asarray(self.found.together(look) - self.share[look] @ self.joint[look].T)


def _back(values: Floats) -> Floats:
    """Sums from each period to the last one."""
    return np.asarray(np.cumsum(values[::-1], axis=0)[::-1])


def _finding(looks: _Looks) -> tuple[Drift, tuple[int, int]] | None:
    """The clearest error as a finding with all that cannot be told from it, and the look at which it is clearest."""
    if not looks.information.any():
        return None
    size = np.abs(looks.z)
    look, error = (int(one) for one in np.unravel_index(np.argmax(size), size.shape))
    z, onsets = size[:, error], looks.found.onsets
    tried = int(np.sum(looks.information.max(axis=0) > 0))
    p = 1 - (1 - looks.chance(error, float(z[look]))) ** tried
    agree = np.flatnonzero((z > 0) & (z[look] ** 2 - z**2 <= _AGREES))
    suspects = [
        Drifting(
            looks.found.names[j], float(looks.score[look, j] / looks.information[look, j]),
            float(looks.information[look, j] ** -0.5), float(looks.z[look, j]),
        )
        for j in _alike(looks, look, error)
    ]  # fmt: skip
    suspects.sort(key=lambda one: abs(one.bias))
    begun = (int(onsets[agree[0]]), int(onsets[agree[-1]]))
    return Drift(tuple(suspects), int(onsets[look]), begun, float(p)), (look, error)


def _alike(looks: _Looks, look: int, error: int) -> list[int]:
    """Errors that cannot be told from one: those whose scores go with its own, directly or through others, and those
    that go with it in part and explain what is seen about as well.
    """
    told = np.flatnonzero(looks.information[look] > 0)
    root = np.sqrt(looks.information[look, told])
    correlation = np.abs(looks.together(look)[np.ix_(told, told)] / np.outer(root, root))
    _, label = connected_components(correlation > TIED, directed=False)
    own = int(np.flatnonzero(told == error)[0])
    best = np.max(looks.z[:, told] ** 2, axis=0)
    near = (correlation[own] > _AKIN) & (best[own] - best <= _AGREES)
    return [int(j) for j in told[(label == label[own]) | near]]


def standardised(batch: BatchResult) -> Floats:
    """Standardised adjustments of all readings, (T, readings), for cumulative sums; NaN where nothing checks them."""
    slope, covariance = batch.pulls()
    variance = np.einsum("trr->tr", covariance)
    return np.where(variance > 0, slope / np.sqrt(np.where(variance > 0, variance, 1.0)), np.nan)
