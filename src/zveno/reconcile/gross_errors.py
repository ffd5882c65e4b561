"""Readings that do not fit: tests, classes that the data cannot tell apart, and the check that would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_triangular
from scipy.sparse.csgraph import connected_components
from scipy.special import ndtri

from zveno.errors import SolveError
from zveno.model.network import MASS, Network
from zveno.reconcile.arrays import Floats, Ints, Names
from zveno.reconcile.fit import SIGNIFICANCE, Fit
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.observability import slope_covariance

TIED = 0.99
_POWER = 0.8
_CHECKS = 3
_USUAL_SD = {"mass": 0.01, "assay": 0.02}


@dataclass(frozen=True)
class Suspect:
    """A reading that may be wrong: its standardised adjustment, and its bias if it alone is wrong."""

    reading: int
    stream: str
    quantity: str
    meter: str
    z: float
    bias: float
    bias_sd: float


@dataclass(frozen=True)
class SuspectClass:
    """Readings that these data cannot tell apart, and the checks that would separate them best.

    ``checks`` lists (stream, quantity) that is not measured now; the first one lowers the largest correlation
    within the class most.
    """

    suspects: tuple[Suspect, ...]
    checks: tuple[tuple[str, str], ...] = ()

    @property
    def z(self) -> float:
        """Largest absolute standardised adjustment of the class."""
        return max(abs(one.z) for one in self.suspects)


@dataclass(frozen=True)
class Elimination:
    """One step of the search for several gross errors: what was set aside, and the test without it."""

    set_aside: SuspectClass
    objective: float
    dof: int
    p_value: float | None


@dataclass(frozen=True)
class GrossErrors:
    """Suspect classes by ``|z|``, and the steps of serial elimination. Published numbers use every reading."""

    classes: tuple[SuspectClass, ...] = ()
    eliminations: tuple[Elimination, ...] = ()


def critical_z(readings: int) -> float:
    """Two-sided limit of ``|z|`` that keeps the chance of any false alarm among all readings at 5 %.

    References
    ----------
    Sidak (1967), J. Am. Stat. Assoc. 62, 626-633; Mah & Tamhane (1982), AIChE J. 28, 828-830.

    Examples
    --------
    >>> round(critical_z(1), 3), round(critical_z(20), 3)
    (1.96, 3.016)
    """
    each = 1 - (1 - SIGNIFICANCE) ** (1 / max(readings, 1))
    return float(ndtri(1 - each / 2))


def smallest_shown(bias_sd: Floats) -> Floats:
    """Error of each reading alone that its test finds with the power of 80 %; NaN where nothing checks a reading.

    The test of a reading wanders by one around ``error / bias_sd``, and is failed beyond the critical value.

    References
    ----------
    Narasimhan & Jordache (2000), Data Reconciliation and Gross Error Detection, ch. 7 (power of single tests).

    Examples
    --------
    >>> smallest_shown(np.array([1.0, np.nan])).round(2)
    array([2.8, nan])
    """
    return np.asarray((critical_z(int(np.isfinite(bias_sd).sum())) + float(ndtri(_POWER))) * bias_sd)


def find(network: Network, fit: Fit) -> GrossErrors:
    """Suspects of a solved network; none where the global test and every single test pass."""
    if not rejected(fit):
        return GrossErrors()
    classes = tuple(replace(one, checks=separating(network, fit, one)) for one in suspects(network, fit))
    return GrossErrors(classes, eliminate(network, fit))


def rejected(fit: Fit) -> bool:
    """Whether the global test or any single reading says that something is wrong."""
    if fit.p_value is None:
        return False
    z = np.abs(fit.tests.z[np.isfinite(fit.tests.z)])
    return fit.p_value < SIGNIFICANCE or bool(np.any(z > critical_z(len(z))))


def suspects(network: Network, fit: Fit) -> list[SuspectClass]:
    """Classes above the critical value by ``|z|``; the highest one where none is above."""
    z = np.abs(fit.tests.z)
    classes = sorted(_classes(fit), key=lambda members: -float(z[members].max()))
    limit = critical_z(int(np.isfinite(z).sum()))
    loud = [one for one in classes if z[one].max() > limit] or classes[:1]
    return [_suspect_class(network, fit, members) for members in loud]


def _classes(fit: Fit) -> list[Ints]:
    """Groups of redundant readings whose standardised adjustments are tied."""
    tested = np.flatnonzero(np.isfinite(fit.tests.z))
    tied = np.abs(fit.tests.correlation[np.ix_(tested, tested)]) > TIED
    count, label = connected_components(tied, directed=False)
    return [tested[label == k] for k in range(count)]


def _suspect_class(network: Network, fit: Fit, members: Ints) -> SuspectClass:
    """A class by names. All are equally loud: the one that needs the smallest error for its size comes first."""
    size = np.array([network.readings[int(fit.linear.used[k])].value or np.nan for k in members])
    rows = []
    for k in members[np.argsort(np.abs(fit.tests.bias[members] / size), kind="stable")]:
        number = int(fit.linear.used[k])
        one = network.readings[number]
        rows.append(
            Suspect(number, one.stream, one.quantity, one.meter, float(fit.tests.z[k]), float(fit.tests.bias[k]),
                    float(fit.tests.bias_sd[k]))
        )  # fmt: skip
    return SuspectClass(tuple(rows))


def eliminate(network: Network, fit: Fit) -> tuple[Elimination, ...]:
    """Set the loudest class aside and solve again until the tests pass or nothing is left to test.

    References
    ----------
    Serth & Heenan (1986), AIChE J. 32, 733-742 (serial elimination).
    """
    steps: list[Elimination] = []
    while rejected(fit) and len(steps) < 20:
        worst = suspects(network, fit)[0]
        gone = {one.reading for one in worst.suspects}
        network = without(network, gone)
        try:
            fit = fit_any(network)
        except SolveError:
            break
        steps.append(Elimination(worst, fit.objective, fit.dof, fit.p_value))
    return tuple(steps)


def without(network: Network, gone: set[int]) -> Network:
    """The network without some readings and their covariances."""
    names = {(one.stream, one.quantity, one.meter) for k, one in enumerate(network.readings) if k in gone}
    covariances = tuple(
        one for one in network.covariances
        if not any(
            (stream, quantity) == end and meter in ("", name)
            for stream, quantity, name in names
            for end, meter in ((one.first, one.first_meter), (one.second, one.second_meter))
        )
    )  # fmt: skip
    readings = tuple(one for k, one in enumerate(network.readings) if k not in gone)
    return replace(network, readings=readings, covariances=covariances)


def separating(network: Network, fit: Fit, group: SuspectClass) -> tuple[tuple[str, str], ...]:
    """Up to three quantities that are not measured and whose reading would best split a class.

    Each candidate is tried as one more reading with the usual relative error of its kind in this network; the
    correlations within the class are computed anew. The best one leaves the fewest pairs tied, then the lowest
    correlations. A reading of an unobservable quantity only determines that quantity, so it never helps here.
    """
    position = {int(number): k for k, number in enumerate(fit.linear.used)}
    members = np.array([position[one.reading] for one in group.suspects])
    if len(members) < 2:
        return ()
    now = _ties(np.asarray(fit.tests.correlation), members)
    found = []
    for name, slopes, sd in _candidates(network, fit):
        cov = slope_covariance(fit.linear, _explained(fit, slopes / sd))
        root = np.sqrt(np.maximum(np.diag(cov), 1e-300))
        found.append((_ties(cov / np.outer(root, root), members), name))
    found.sort(key=lambda one: one[0])
    return tuple(name for ties, name in found[:_CHECKS] if ties[0] < now[0])


def _ties(correlation: Floats, members: Ints) -> tuple[int, float]:
    """How many pairs of members are tied, and the sum of their absolute correlations."""
    pairs = np.abs(correlation[np.ix_(members, members)])[np.triu_indices(len(members), 1)]
    return int(np.sum(pairs > TIED)), float(pairs.sum())


def _candidates(network: Network, fit: Fit) -> list[tuple[tuple[str, str], Floats, float]]:
    """Observable quantities without a reading: name, slopes by the variables, usual standard deviation."""
    names = Names(network)
    read = {int(fit.problem.reading_of[k]) for k in fit.linear.used}
    values = np.concatenate([fit.mass, fit.assay])
    usual = _usual(fit, values)
    found = []
    for stream in network.streams:
        for quantity in (MASS, *network.carries(stream)):
            at = names.quantity(stream.id, quantity)
            slopes = fit.linear.slopes[at]
            if at is None or at in read or not np.any(slopes) or not fit.linear.observable(slopes):
                continue
            sd = usual["mass" if quantity == MASS else "assay"] * abs(values[at])
            if sd > 0:
                found.append(((stream.id, quantity), slopes, float(sd)))
    return found


def _usual(fit: Fit, values: Floats) -> dict[str, float]:
    """Middle relative standard deviation of the readings of masses and of assays."""
    at = fit.problem.reading_of[fit.linear.used]
    relative = fit.problem.sigma[fit.linear.used] / np.maximum(np.abs(values[at]), 1e-300)
    masses = at < fit.problem.n_streams
    usual = dict(_USUAL_SD)
    for kind, which in (("mass", masses), ("assay", ~masses)):
        if which.any():
            usual[kind] = float(np.median(relative[which]))
    return usual


def _explained(fit: Fit, slopes: Floats) -> Floats:
    """What one more reading (slopes over its sd) takes away from the present fit, as a column."""
    along = slopes @ fit.linear.spread
    rows = solve_triangular(fit.linear.root, fit.linear.slopes[fit.problem.reading_of[fit.linear.used]], lower=True)
    column = rows @ (fit.linear.spread @ along) / np.sqrt(1 + along @ along)
    return np.asarray(column[:, None])


def flat(classes: Sequence[SuspectClass]) -> list[Suspect]:
    """Suspects of all classes in order."""
    return [one for group in classes for one in group.suspects]
