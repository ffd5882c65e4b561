"""How small an error the readings can show: in one period, in several alike, and however long one waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import cholesky
from scipy.sparse.csgraph import connected_components
from scipy.special import ndtri

from zveno.model.network import Network
from zveno.reconcile.arrays import Bools, Floats, Ints
from zveno.reconcile.fit import Fit
from zveno.reconcile.gross_errors.adjusted import Columns, DenseAdjusted
from zveno.reconcile.gross_errors.classes import TIED
from zveno.reconcile.gross_errors.critical import POWER, critical_z, smallest_shown
from zveno.reconcile.gross_errors.hypotheses import Hypothesis, columns_of, everything, shown, single
from zveno.reconcile.over_periods import ErrorParts
from zveno.text.mark import tr

NOTHING_CHECKS = tr("nothing checks it")
AT_BOUND = tr("it stands at a bound, where errors do not show")
A_LIMIT = tr("only a limit was reported")
TOO_WIDE = tr("only an error larger than all of it would show")
TIED_WITH = tr("the error shows, but not whose it is")
AS_DESCRIBED = tr("waiting does not help: a smaller error is within the lasting one that is described")
_LONG = (1e3, 1e4)
_NOTHING = 1e-6
_STILL = 0.9


@dataclass(frozen=True)
class Detectable:
    """What the readings show of one thing that may be wrong, in its unit (t, mass fraction, or a share).

    Parameters
    ----------
    what
        The reading, the common error of several readings, or the loss at a node.
    shows
        For each number of periods the error that its test finds with a power of 80 %; None where it finds none, or
        one only that is larger than all of what is read.
    named
        The error that is then also louder than its nearest rival four times out of five; None where a rival cannot
        be told from it.
    never_below
        Smaller errors never show, however many periods there are: what lasts is as described. None as for ``shows``.
    reason
        Why there is no number, no name, or no use in waiting (key of a message); empty where there is nothing to say.
    tied
        What cannot be told from it over the most periods.
    """

    what: Hypothesis
    shows: tuple[float | None, ...]
    named: tuple[float | None, ...]
    never_below: float | None
    reason: str
    tied: tuple[Hypothesis, ...]

    @property
    def relative(self) -> tuple[float | None, ...]:
        """``shows`` as a share of the reading, or of what passes the node."""
        return tuple(None if one is None or not self.what.size else one / self.what.size for one in self.shows)


@dataclass(frozen=True)
class Watched:
    """All that may be wrong, as the mean of some periods would show it.

    Readings that nothing checks as yet come last. ``products`` is the covariance of the scores of all ``members``,
    (k, k); ``lengths`` what it would be on its diagonal were nothing adjusted.
    """

    members: tuple[Hypothesis, ...]
    columns: Columns
    adjusted: DenseAdjusted
    products: Floats
    lengths: Floats
    dof: int

    @classmethod
    def of(cls, network: Network, fit: Fit, covariance: Floats) -> Watched:
        """At a solved period, with the covariance of the readings (readings, readings) of the mean of periods alike."""
        members = (*everything(network, fit), *_unseen(network, fit))
        columns = columns_of(members, fit, DenseAdjusted.of(fit))
        linear = fit.linear
        root = linear.root
        if len(linear.used):
            root = cholesky(covariance[np.ix_(linear.used, linear.used)], lower=True)
        adjusted = DenseAdjusted.of(replace(fit, linear=replace(linear, root=root)))
        products = adjusted.products(columns, columns)
        return cls(members, columns, adjusted, products, adjusted.lengths(columns), fit.dof)

    @cached_property
    def tested(self) -> Bools:
        """Which members are tested."""
        return shown(self.members, np.diag(self.products), self.lengths)

    @cached_property
    def correlation(self) -> Floats:
        """Correlation of the scores, zero for what is not tested."""
        return correlations(self.products, self.tested)

    @cached_property
    def classes(self) -> Ints:
        """Number of the class of each member; -1 where it is not tested."""
        return class_numbers(self.correlation, self.tested)

    @cached_property
    def limit(self) -> float:
        """Limit of ``|z|`` that keeps the chance of any false alarm at 5 %."""
        return critical_z(int(self.classes.max(initial=-1)) + 1, dof=self.dof)

    @cached_property
    def sd(self) -> Floats:
        """Standard deviation of the size of each error if it alone is there; NaN where it is not tested."""
        return spreads(self.products, self.tested)

    @cached_property
    def shows(self) -> Floats:
        """Smallest error that its test finds with the power of 80 %; NaN where it is not tested."""
        return smallest_shown(self.sd, self.limit)

    @cached_property
    def named(self) -> Floats:
        """Smallest error that is also louder than the nearest rival with that power; NaN where they are tied.

        Two standardised scores correlated by ``r`` differ by ``(1 - r) error / sd`` on the mean, give or take
        ``sqrt(2 (1 - r))``.
        """
        rival = np.abs(self.correlation)
        same = self.classes[:, None] == self.classes[None, :]
        nearest = np.where(same, 0.0, rival).max(axis=1, initial=0.0)
        alone = np.bincount(self.classes + 1, minlength=1)[self.classes + 1] == 1
        needed = float(ndtri(POWER)) * np.sqrt(2 / (1 - nearest)) * self.sd
        return np.where(alone & self.tested, np.maximum(self.shows, needed), np.nan)


def correlations(products: Floats, tested: Bools) -> Floats:
    """Correlation of scores by their covariance, zero for what is not tested."""
    inverse = np.where(tested, 1 / np.sqrt(np.where(tested, np.diag(products), 1.0)), 0.0)
    return np.asarray(products * np.outer(inverse, inverse))


def class_numbers(correlation: Floats, tested: Bools) -> Ints:
    """Classes of what is correlated by more than 0.99, numbered; -1 for what is not tested."""
    label = np.full(len(tested), -1)
    at = np.flatnonzero(tested)
    if len(at):
        label[at] = connected_components(np.abs(correlation[np.ix_(at, at)]) > TIED, directed=False)[1]
    return label


def detectable(
    network: Network, fit: Fit, parts: ErrorParts, periods: Sequence[float] = (1.0, 3.0, 12.0)
) -> tuple[Detectable, ...]:
    """Smallest errors of a solved network's readings that its tests show over some numbers of periods alike.

    Random errors average out over the periods, what lasts does not: the mean of ``n`` periods is tested with the
    covariance that it has. Readings come first, also those that nothing checks, then common errors, then losses.

    Parameters
    ----------
    parts
        Covariance of the readings in parts.
    periods
        How many periods there are, fewest first.

    References
    ----------
    Narasimhan & Jordache (2000), Data Reconciliation and Gross Error Detection, ch. 7 (power of tests); Bagajewicz
    (2000), Process Plant Instrumentation, ch. 10 (error detectability as a property of a network of meters).

    Examples
    --------
    Two scales of one ore, 1 t each: the test of their difference needs ``(1.96 + 0.84) sqrt(2)`` t.

    >>> from zveno.model.network import NetNode, NetReading, NetStream
    >>> from zveno.reconcile.fit import fit_network
    >>> from zveno.reconcile.over_periods import all_fresh
    >>> streams = (NetStream("in", None, "bin"), NetStream("out", "bin", None))
    >>> readings = (NetReading("in", "mass", 100.0, 1.0), NetReading("out", "mass", 101.0, 1.0))
    >>> network = Network((NetNode("bin"),), streams, readings)
    >>> [round(one, 2) for one in detectable(network, fit_network(network), all_fresh(network), (1, 4))[0].shows]
    [3.96, 1.98]
    """
    over = [Watched.of(network, fit, parts.over(n)) for n in periods]
    long = [Watched.of(network, fit, parts.over(n)) for n in _LONG]
    floor = _floor(long)
    never = smallest_shown(floor, long[-1].limit)
    found = [_told(over, k, _known(never[k], one.size)) for k, one in enumerate(over[0].members)]
    alone = [one for one in found if one.what.kind == "reading"]
    there = {one.what.readings for one in alone}
    alone += [_untestable(network, n, len(over)) for n in range(len(network.readings)) if (n,) not in there]
    ordered = sorted(alone, key=lambda one: one.what.readings)
    return (*ordered, *(one for one in found if one.what.kind != "reading"))


def _told(over: Sequence[Watched], k: int, never: float | None) -> Detectable:
    """What is told of one hypothesis."""
    last = over[-1]
    what = last.members[k]
    shows = tuple(_known(one.shows[k], what.size) for one in over)
    named = tuple(_known(one.named[k], what.size) for one in over)
    tied = [n for n in np.flatnonzero(last.classes == last.classes[k]) if n != k] if last.tested[k] else []
    if shows[-1] is None:
        reason = TOO_WIDE if last.products[k, k] > _NOTHING * last.lengths[k] else NOTHING_CHECKS
    elif tied:
        reason = TIED_WITH
    else:
        reason = AS_DESCRIBED if never is not None and never > _STILL * shows[-1] else ""
    return Detectable(what, shows, named, never, reason, tuple(last.members[n] for n in tied))


def _unseen(network: Network, fit: Fit) -> list[Hypothesis]:
    """Readings that no other checks, so that nothing shows their errors as yet."""
    return [single(network, int(n)) for n, checked in zip(fit.linear.used, fit.linear.redundant, strict=True)
            if not checked]  # fmt: skip


def _untestable(network: Network, n: int, count: int) -> Detectable:
    """A reading that cannot have a test."""
    reason = AT_BOUND if network.readings[n].below is None else A_LIMIT
    nothing = (None,) * count
    return Detectable(single(network, n), nothing, nothing, None, reason, ())


def _floor(long: Sequence[Watched]) -> Floats:
    """Standard deviation of each error over periods without end: its variance is ``lasting + fresh / n``."""
    few, many = (one.sd**2 for one in long)
    ratio = _LONG[1] / _LONG[0]
    left = (ratio * many - few) / (ratio - 1)
    left = np.where(np.isnan(few), many, np.where(left > _NOTHING * few, left, 0.0))
    return np.asarray(np.sqrt(left + 0.0 * many))


def spreads(products: Floats, tested: Bools) -> Floats:
    """Standard deviation of the size of each error, by the covariance of the scores; NaN where it is not tested."""
    return np.asarray(np.where(tested, 1 / np.sqrt(np.where(tested, np.diag(products), 1.0)), np.nan))


def _known(value: float, size: float) -> float | None:
    """None for NaN, and for an error that would be larger than all of it."""
    return float(value) if value <= size else None
