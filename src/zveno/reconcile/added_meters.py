"""What one more reading would buy: certainty of the numbers that count, smaller errors shown, suspects parted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zveno.model.network import MASS, Network
from zveno.reconcile.arrays import Floats, Ints, Names
from zveno.reconcile.detectability import Watched, class_numbers, correlations, spreads
from zveno.reconcile.fit import Fit
from zveno.reconcile.gross_errors.checks import usual_sd
from zveno.reconcile.gross_errors.critical import critical_z, smallest_shown
from zveno.reconcile.gross_errors.hypotheses import Hypothesis, shown
from zveno.reconcile.observability import SEEN, Linear

AimKind = Literal["recovery", "unaccounted", "product"]
_ALIKE = 2
"""Digits to which gains count as the same: one per cent."""
_SMALL = 1e-4
_SURVEY_SD = 0.05


@dataclass(frozen=True)
class Aim:
    """A number that a balance is made for, with its slopes by the variables of the balance that gives it."""

    kind: AimKind
    place: str
    component: str
    value: float
    slopes: Floats
    linear: Linear

    @property
    def sd(self) -> float | None:
        """Its standard deviation; None where it is not observable."""
        return self.linear.sd(self.slopes) if self.linear.observable(self.slopes) else None


@dataclass(frozen=True)
class AimGain:
    """Standard deviation of an aim without and with one more reading; ``newly``: it is known only then.

    The standard deviation of what is newly known depends on values that nobody knows: None.
    """

    aim: Aim
    before: float | None
    after: float | None
    newly: bool = False

    @property
    def share(self) -> float:
        """Share of the standard deviation that goes."""
        return 1 - self.after / self.before if self.before and self.after is not None else 0.0


@dataclass(frozen=True)
class ReadingGain:
    """Smallest error of a reading that shows without and with one more reading, and whether it is told by name."""

    what: Hypothesis
    before: float | None
    after: float | None
    named_before: bool
    named_after: bool

    @property
    def share(self) -> float:
        """How much smaller it is, as a natural logarithm; an error that does not show counts as all of the reading."""
        if not self.what.size:
            return 0.0
        before, after = (self.what.size if one is None else one for one in (self.before, self.after))
        return float(np.log(before / after))


@dataclass(frozen=True)
class AddedMeter:
    """One more reading of a quantity with what it would buy.

    ``read`` says that there is a reading already; ``sd`` is the standard deviation it is tried with, None where the
    quantity is not known. ``separated`` counts the classes into which those that it parts fall, less their number;
    ``limit`` is the limit of ``|z|`` that then holds: more tests and checks may raise it.
    """

    stream: str
    quantity: str
    read: bool
    sd: float | None
    relative_sd: float
    aims: tuple[AimGain, ...]
    readings: tuple[ReadingGain, ...]
    separated: int
    limit: float

    @property
    def aim_gain(self) -> float:
        """Share of their standard deviation that aims lose, on the mean."""
        known = [one.share for one in self.aims if one.before]
        return float(np.mean(known)) if known else 0.0

    @property
    def watch_gain(self) -> float:
        """Logarithm by which the smallest errors of readings that show become smaller, on the mean."""
        return float(np.mean([one.share for one in self.readings])) if self.readings else 0.0

    @property
    def order(self) -> tuple[float, ...]:
        """What it is ranked by: aims made known, certainty of aims, errors shown, suspects parted."""
        newly = sum(one.newly for one in self.aims)
        return -newly, -round(self.aim_gain, _ALIKE), -round(self.watch_gain, _ALIKE), -self.separated, -self.aim_gain

    @property
    def useful(self) -> bool:
        """Whether it buys anything."""
        newly = any(one.newly for one in self.aims)
        return newly or self.separated > 0 or self.aim_gain > _SMALL or self.watch_gain > _SMALL


@dataclass(frozen=True)
class _Candidates:
    """Quantities that could be read once more: ``at`` numbers them, ``sd`` is the usual one."""

    names: tuple[tuple[str, str], ...]
    at: Ints
    sd: Floats
    relative: Floats
    read: tuple[bool, ...]


def added_meters(
    network: Network, fit: Fit, watched: Watched, aims: Sequence[Aim], hidden: frozenset[str] = frozenset()
) -> tuple[AddedMeter, ...]:
    """What one more reading of each quantity would buy, the best first; those that buy nothing are left out.

    Each quantity is tried as one more reading, independent of the others, with the usual relative standard deviation
    of its kind in this network. Covariances and scores follow by a change of rank one at the reconciled point; nothing
    is solved again. The limit of ``|z|`` is the one that holds with the reading.

    Parameters
    ----------
    watched
        All that may be wrong, over one period.
    aims
        Numbers that the balance is made for.
    hidden
        Streams that cannot be measured.

    References
    ----------
    Kretsovalis & Mah (1987), AIChE J. 33, 1975-1982 (one measurement more or less as a change of rank one).
    """
    candidates = _candidates(network, fit, hidden)
    if not candidates.names:
        return ()
    gains = [_aim_gains(one, candidates) for one in aims]
    shift = _surprises(watched, candidates)
    known = fit.linear.observables(fit.linear.slopes[candidates.at])
    found = []
    for k, (stream, quantity) in enumerate(candidates.names):
        readings, separated, limit = _watch(watched, shift[k]) if known[k] else ((), 0, watched.limit)
        found.append(
            AddedMeter(
                stream, quantity, candidates.read[k], float(candidates.sd[k]) if known[k] else None,
                float(candidates.relative[k]), tuple(one[k] for one in gains), readings, separated, limit,
            )
        )  # fmt: skip
    return tuple(sorted((one for one in found if one.useful), key=lambda one: one.order))


def _candidates(network: Network, fit: Fit, hidden: frozenset[str]) -> _Candidates:
    """Everything that could be read once more."""
    values = np.concatenate([fit.mass, fit.assay])
    usual = usual_sd(fit, values) | _surveys(network, fit, values)
    read = set(map(int, fit.linear.of))
    stocks = {one.id for one in network.streams if one.role}
    found = [one for one in _quantities(network, hidden) if _readable(fit, one[2])]
    at = np.array([one[2] for one in found], dtype=np.int64)
    kinds = [("mass", "survey")[stream in stocks] if quantity == MASS else "assay" for stream, quantity, _ in found]
    relative = np.array([usual[kind] for kind in kinds])
    sd = np.maximum(relative * np.abs(values[at]), 1e-300) if found else np.zeros(0)
    names = tuple((stream, quantity) for stream, quantity, _ in found)
    return _Candidates(names, at, sd, relative, tuple(int(n) in read for n in at))


def _surveys(network: Network, fit: Fit, values: Floats) -> dict[str, float]:
    """Middle relative standard deviation of the masses of stocks, as surveyed."""
    stocks = np.array([bool(one.role) for one in network.streams], dtype=bool)
    at = fit.linear.of
    surveyed = np.append(stocks, np.zeros(len(values) - len(stocks), dtype=bool))[at] & (values[at] > 0)
    relative = fit.problem.sigma[fit.linear.used][surveyed] / values[at][surveyed]
    return {"survey": float(np.median(relative)) if len(relative) else _SURVEY_SD}


def _quantities(network: Network, hidden: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    """Masses and assays that are not fixed, with their numbers."""
    names = Names(network)
    for stream in network.streams:
        for quantity in (MASS, *network.carries(stream)) if stream.id not in hidden else ():
            at = names.quantity(stream.id, quantity)
            if at is not None and (stream.id, quantity) not in network.fixed:
                yield stream.id, quantity, at


def _readable(fit: Fit, at: int) -> bool:
    """Whether a quantity has a size: nothing can be read of a stream at rest."""
    slopes = fit.linear.slopes[at]
    value = float(np.concatenate([fit.mass, fit.assay])[at])
    return bool(np.isfinite(slopes).all() and np.any(slopes) and np.isfinite(value) and value > 0)


def _aim_gains(aim: Aim, candidates: _Candidates) -> list[AimGain]:
    """An aim with each candidate."""
    linear, before = aim.linear, aim.sd
    slopes = linear.slopes[candidates.at]
    seen = linear.observables(slopes)
    if before is None:
        return [AimGain(aim, None, None, not one and _opens(aim, by)) for one, by in zip(seen, slopes, strict=True)]
    along, mine = slopes @ linear.spread, aim.slopes @ linear.spread
    less = (along @ mine) ** 2 / (candidates.sd**2 + np.sum(along**2, axis=1))
    after = np.where(seen, np.sqrt(np.maximum(before**2 - less, 0.0)), before)
    return [AimGain(aim, before, float(one)) for one in after]


def _opens(aim: Aim, slopes: Floats) -> bool:
    """Whether reading an unobservable quantity makes an unobservable aim known: they hide in the same direction."""
    linear = aim.linear
    mine, its = ((linear.scale * one) @ linear.hidden for one in (aim.slopes, slopes))
    if not np.isfinite(its).all() or not np.any(its):
        return False
    left = mine - (mine @ its) / (its @ its) * its
    return bool(np.linalg.norm(left) <= SEEN * np.linalg.norm(linear.scale * aim.slopes))


def _surprises(watched: Watched, candidates: _Candidates) -> Floats:
    """How far each candidate would lie from what is foreseen, in its own standard deviations, for an error of one
    unit in each member: (candidates, members).
    """
    linear = watched.adjusted.fit.linear
    slopes = linear.slopes[candidates.at]
    along = slopes @ linear.spread
    gain = watched.adjusted.followed(watched.columns)
    total = np.sqrt(candidates.sd**2 + np.sum(along**2, axis=1))
    return np.asarray((slopes @ watched.columns.state - along @ gain) / total[:, None])


def _watch(watched: Watched, shift: Floats) -> tuple[tuple[ReadingGain, ...], int, float]:
    """What shows with one more reading, how many more classes there are among what was told already, and the limit.

    The score of the new reading is its surprise, so its covariance with the others is ``shift`` and its variance one.
    """
    products = np.block([[watched.products + np.outer(shift, shift), shift[:, None]], [shift[None], np.ones((1, 1))]])
    old = shown(watched.members, np.diag(products)[:-1], watched.lengths)
    tested = np.append(old, True)
    label = class_numbers(correlations(products, tested), tested)
    limit = critical_z(int(label.max()) + 1, dof=watched.dof + 1)
    shows = smallest_shown(spreads(products, tested), limit)
    size = np.bincount(label[label >= 0])
    readings = []
    for k, one in enumerate(watched.members):
        if one.kind != "reading":
            continue
        before, after = (_below(float(shown_from[k]), one.size) for shown_from in (watched.shows, shows))
        alone = after is not None and size[label[k]] == 1
        readings.append(
            ReadingGain(one, before, after, before is not None and bool(np.isfinite(watched.named[k])), bool(alone))
        )  # fmt: skip
    was = watched.tested
    separated = len(np.unique(label[:-1][was])) - len(np.unique(watched.classes[was]))
    return tuple(readings), max(separated, 0), limit


def _below(value: float, size: float) -> float | None:
    """None for NaN, and for an error that would be larger than all of it."""
    return value if value <= size else None
