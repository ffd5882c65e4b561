"""Small errors that last: what no single period shows, many of them together do.

Each period says how large an error of a meter would have to be for it to fit best, and how well it knows that. Over
many periods the sums tell of an error far below what one balance can find, and since when it has been there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from zveno.reconcile.arrays import Floats
from zveno.reconcile.batch import BatchResult
from zveno.reconcile.change_points import crossing_chance

SIGNIFICANCE = 0.05
TIED = 0.99
_LEAST = 1e-9
_STEPS = 10
_AGREES = 3.84
_FEW = 6


@dataclass(frozen=True)
class Evidence:
    """What each period says of each error that may last.

    Parameters
    ----------
    names
        The errors, (J,): of meters, scales, laboratories.
    score
        Slope of the likelihood by each error at none, (T, J).
    information
        Its covariance, (T, J, J): an error of size ``b`` in period ``t`` moves the scores by ``information[t] @ b``.
    """

    names: tuple[str, ...]
    score: Floats
    information: Floats


def evidence(batch: BatchResult, names: Sequence[str], loadings: Floats) -> Evidence:
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
    return Evidence(tuple(names), score, loadings.transpose(0, 2, 1) @ covariance @ loadings)


def widened(found: Evidence) -> Evidence:
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
    return Evidence(found.names, found.score / factor, found.information / np.sqrt(factor[:, None] * factor))


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
        Errors that these periods cannot tell apart; each bias is what it would be if that one alone were off.
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


def drifts(found: Evidence, *, chance: float = SIGNIFICANCE, latest: int = 1) -> tuple[Drift, ...]:
    """Errors that last to the end of the periods, the clearest first.

    Every error is tried from every beginning. The chance of the largest ``z`` over all beginnings is computed for each
    error; for all errors together it is ``1 - (1 - p)**m``, which by the inequality of Gaussian correlation is never
    too small. What is found is then allowed for, and the rest is tried again.

    Parameters
    ----------
    chance
        Chance of any finding where there is nothing, for the first one.
    latest
        How many periods an error must have lasted at least.

    References
    ----------
    Royen (2014), Far East J. Theor. Stat. 48, 139-145, after Sidak (1967), J. Am. Stat. Assoc. 62, 626-633; Willsky &
    Jones (1976), IEEE Trans. Autom. Control 21, 108-112 (generalised likelihood ratio over beginnings).
    """
    out: list[Drift] = []
    allowed: list[tuple[int, int]] = []
    for _ in range(_STEPS):
        looked = _Looks.of(found, allowed, latest)
        if not len(looked.names):
            break
        best = int(np.argmax(np.abs(looked.z).max(axis=0)))
        one = _finding(found, looked, best, allowed)
        if one is None or one.p_value > chance:
            break
        out.append(one)
        allowed.append((best, one.onset))
    return tuple(out)


@dataclass(frozen=True)
class _Looks:
    """Scores and information of every error from every beginning to the end, (T, J), what was found allowed for."""

    names: tuple[str, ...]
    score: Floats
    information: Floats

    @classmethod
    def of(cls, found: Evidence, allowed: Sequence[tuple[int, int]], latest: int) -> _Looks:
        """Look back from the end, past what is already explained."""
        score, information = _back(found.score), _back(np.einsum("tjj->tj", found.information)).copy()
        if allowed:
            score, information = _beyond(found, allowed, score, information)
        top = information.max(axis=0, initial=0.0)
        own = _back(np.einsum("tjj->tj", found.information))[0]
        information = np.where(information > _LEAST * np.maximum(own, top), information, 0.0)
        information[len(information) - latest + 1 :] = 0.0
        for j, _ in allowed:
            information[:, j] = 0.0
        return cls(found.names, score, information)

    @property
    def z(self) -> Floats:
        """Standardised scores; 0 where nothing is told."""
        return np.where(
            self.information > 0, self.score / np.sqrt(np.where(self.information > 0, self.information, 1)), 0
        )


def _back(values: Floats) -> Floats:
    """Sums from each period to the last one."""
    return np.asarray(np.cumsum(values[::-1], axis=0)[::-1])


def _beyond(
    found: Evidence, allowed: Sequence[tuple[int, int]], score: Floats, information: Floats
) -> tuple[Floats, Floats]:
    """What scores and information are left where errors found before are free to be what fits best."""
    back = _back(found.information)
    which = np.array([j for j, _ in allowed])
    since = np.array([t for _, t in allowed])
    known = back[np.maximum(since[:, None], since), which[:, None], which]
    told = _back(found.score)[since, which]
    T = len(score)
    # joint information of an error since t and one of those found, (T, J, found)
    joint = np.stack(
        [back[np.maximum(np.arange(T), begun), :, one] for one, begun in zip(which, since, strict=True)], axis=2
    )
    share = np.linalg.solve(known, joint.reshape(-1, len(which)).T).T.reshape(joint.shape)
    return score - share @ told, information - np.einsum("tjk,tjk->tj", share, joint)


def _finding(found: Evidence, looked: _Looks, best: int, allowed: Sequence[tuple[int, int]]) -> Drift | None:
    """The clearest error as a finding, with all that cannot be told from it."""
    z = np.abs(looked.z[:, best])
    onset = int(np.argmax(z))
    if not z[onset] > 0:
        return None
    steps = np.maximum(-np.diff(looked.information[:, best], append=0.0), 0.0)[::-1]
    tried = int(np.sum(looked.information.max(axis=0) > 0))
    p = 1 - (1 - crossing_chance(steps, float(z[onset]))) ** tried
    agree = np.flatnonzero((z > 0) & (z[onset] ** 2 - z**2 <= _AGREES))
    suspects = []
    for j in _tied(found, looked, best, (onset, allowed)):
        size = looked.information[onset, j]
        suspects.append(
            Drifting(found.names[j], float(looked.score[onset, j] / size), float(size**-0.5), float(looked.z[onset, j]))
        )
    suspects.sort(key=lambda one: abs(one.bias))
    return Drift(tuple(suspects), onset, (int(agree[0]), int(agree[-1])), float(p))


def _tied(found: Evidence, looked: _Looks, best: int, where: tuple[int, Sequence[tuple[int, int]]]) -> list[int]:
    """Errors whose scores from the onset on go with that of one, directly or through others."""
    onset, allowed = where
    matrix = found.information[onset:].sum(axis=0)
    if allowed:
        which = [j for j, _ in allowed]
        back = _back(found.information)
        since = np.array([t for _, t in allowed])
        known = back[np.maximum(since[:, None], since), np.array(which)[:, None], which]
        joint = np.stack([back[max(onset, t)][:, j] for j, t in allowed], axis=1)
        matrix = matrix - joint @ np.linalg.solve(known, joint.T)
    told = np.flatnonzero(looked.information[onset] > 0)
    root = np.sqrt(looked.information[onset, told])
    tied = np.abs(matrix[np.ix_(told, told)] / np.outer(root, root)) > TIED
    _, label = connected_components(tied, directed=False)
    return [int(j) for j in told[label == label[np.flatnonzero(told == best)[0]]]]


def standardised(batch: BatchResult) -> Floats:
    """Standardised adjustments of all readings, (T, readings), for cumulative sums; NaN where nothing checks them."""
    slope, covariance = batch.pulls()
    variance = np.einsum("trr->tr", covariance)
    return np.where(variance > 0, slope / np.sqrt(np.where(variance > 0, variance, 1.0)), np.nan)
