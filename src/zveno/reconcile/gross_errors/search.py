"""The search for gross errors: one after another, each step with all of them let go together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from zveno.errors import DataError, SolveError
from zveno.model.network import Network
from zveno.reconcile.arrays import Ints
from zveno.reconcile.fit import BOUND_CONFLICT, SIGNIFICANCE, Fit
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.gross_errors.adjusted import Adjusted, DenseAdjusted
from zveno.reconcile.gross_errors.checks import separating
from zveno.reconcile.gross_errors.classes import (
    Suspect,
    SuspectClass,
    loudest,
    ordered,
    suspect,
    suspect_class,
    tied_classes,
)
from zveno.reconcile.gross_errors.critical import Correction, critical_z, limit_of
from zveno.reconcile.gross_errors.freed import freed
from zveno.reconcile.gross_errors.hypotheses import Family, Hypothesis, family
from zveno.reconcile.gross_errors.robust import Screened
from zveno.reconcile.gross_errors.scrutiny import Scrutiny
from zveno.reconcile.gross_errors.swaps import Swap, find_swap, pairs, swapped
from zveno.reconcile.gross_errors.together import sizes

_STEPS = 20
_SWAPS = 3
_LIKELIEST = 2
Action = Literal["set aside", "taken back", "screened out", "not solved"]


@dataclass(frozen=True)
class Elimination:
    """One step of the search for several gross errors: what was let go or taken back, and the test after it.

    *screened out* is what a robust screen left out: the published numbers do without.
    """

    set_aside: SuspectClass
    objective: float
    dof: int
    p_value: float | None
    action: Action = "set aside"


@dataclass(frozen=True)
class GrossErrors:
    """What does not fit. Published numbers use every reading.

    ``classes`` are suspect classes by ``|z|``; ``eliminations`` the steps of the search; ``errors`` what the search
    ends with, each with its size where all of them are there together; ``limit`` is that of ``|z|``. ``swaps`` are
    samples that were taken for each other: all the rest is told with them exchanged back. ``common`` are all named
    errors that several readings share, and meters in question, loud or not.
    """

    classes: tuple[SuspectClass, ...] = ()
    eliminations: tuple[Elimination, ...] = ()
    errors: tuple[Suspect, ...] = ()
    limit: float = np.nan
    swaps: tuple[Swap, ...] = ()
    common: tuple[Suspect, ...] = ()


@dataclass(frozen=True)
class Trial:
    """A solved network with all its tests."""

    network: Network
    fit: Fit
    correction: Correction = "sidak"
    wide: int = 0

    @cached_property
    def adjusted(self) -> Adjusted:
        """Where errors can be seen."""
        return DenseAdjusted.of(self.fit)

    @cached_property
    def family(self) -> Family:
        """All that can be tested."""
        return family(self.network, self.fit, self.adjusted)

    @cached_property
    def classes(self) -> list[Ints]:
        """What can be told apart, loudest first."""
        return sorted(tied_classes(self.family, self.adjusted), key=lambda one: -loudest(self.family, one))

    @cached_property
    def limit(self) -> float:
        """Limit of ``|z|`` over all classes."""
        return limit_of(np.array([loudest(self.family, one) for one in self.classes]), self.correction, self.dof)

    @property
    def dof(self) -> int:
        """Degrees of freedom left."""
        return self.fit.dof - self.wide

    @property
    def p_value(self) -> float | None:
        """Chance of a larger objective; None where nothing is left to test."""
        return float(chdtrc(self.dof, self.fit.objective)) if self.dof > 0 else None

    @property
    def rejected(self) -> bool:
        """Whether the global test or any class says that something is wrong."""
        if self.p_value is None or not self.classes:
            return False
        return self.p_value < SIGNIFICANCE or loudest(self.family, self.classes[0]) > self.limit

    @property
    def contradicted(self) -> bool:
        """The same, or readings that do not fit where no single error can be tested: they would need a negative flow or
        stock, and bounds that hold leave nothing to tell errors by.
        """
        if self.p_value is None:
            return self.fit.objective > BOUND_CONFLICT
        return self.rejected or (not self.classes and self.p_value < SIGNIFICANCE)

    @property
    def loud(self) -> list[Ints]:
        """Classes above the limit; the loudest one where none is above."""
        return [one for one in self.classes if loudest(self.family, one) > self.limit] or self.classes[:1]


def find(network: Network, fit: Fit, scrutiny: Scrutiny | None = None) -> GrossErrors:
    """What does not fit in a solved network; nothing where the global test and every single test pass.

    Swapped samples are looked for first; suspects are those that are left with the samples exchanged back.
    """
    chosen = scrutiny or Scrutiny()
    tested = Trial(network, fit, chosen.correction)
    begun = GrossErrors(limit=tested.limit, common=tuple(_named(tested, chosen.asked)))
    swaps: list[Swap] = []
    while tested.contradicted and len(swaps) < _SWAPS:
        swap = find_swap(tested.network, tested.fit, tested.adjusted)
        if swap is None or not _better(tested, swap):
            break
        swaps.append(swap)
        other = swapped(tested.network, swap.first, swap.second)
        tested = Trial(other, fit_any(other), chosen.correction)
    if not tested.rejected:
        return replace(begun, swaps=tuple(swaps))
    steps, errors = search(tested)
    return replace(begun, classes=suspects(tested), eliminations=steps, errors=errors, swaps=tuple(swaps))


def _named(tested: Trial, asked: Collection[str]) -> Iterator[Suspect]:
    """Errors with a name that several readings share, and meters that are asked for."""
    found = tested.family
    for k, one in enumerate(found.members):
        told = suspect(tested.network, one, found.score[k], found.weight[k])
        if (one.kind == "common" and one.name) or (one.kind == "reading" and told.meter in asked):
            yield told


def suspects(tested: Trial) -> tuple[SuspectClass, ...]:
    """Classes above the limit, each with the checks that would part it; the loudest one where none is above."""
    classes = []
    for members in tested.loud:
        checks, again = separating(tested.network, tested.fit, tested.adjusted, tested.family, members)
        classes.append(replace(suspect_class(tested.network, tested.family, members), checks=checks, again=again))
    return tuple(classes)


def _better(tested: Trial, swap: Swap) -> bool:
    """Whether a swap, which has no size to choose, explains more than any single error.

    An error is large here, and its score only foretells what it explains: every class that is loud enough is solved
    with its likeliest errors let go.
    """
    if not tested.classes:
        return True
    allowed = swap.gain - 2 * np.log(len(pairs(tested.network)) / len(tested.classes))
    loud = [one for one in tested.classes if loudest(tested.family, one) ** 2 > allowed]
    leading = [k for one in loud for k in ordered(tested.family, one)[:_LIKELIEST]]
    solver = _Search(tested)
    for k in leading:
        alone = solver.solved([(tested.family.members[k], float(tested.family.bias_sd[k]))])
        if alone is not None and tested.fit.objective - alone[0].fit.objective > allowed:
            return False
    return True


def screened(network: Network, found: Screened, scrutiny: Scrutiny) -> GrossErrors:
    """What a robust screen left out of a network, and what does not fit in the rest; suspects are those of all.

    Of readings that cannot be told apart the screen leaves out one as well as another.
    """
    rest = find(found.network, found.fit, scrutiny)
    every = Trial(network, fit_any(network), scrutiny.correction)
    rest = replace(rest, classes=suspects(every) if every.rejected else ())
    steps = []
    for one in found.set_aside:
        reading = network.readings[one.reading]
        off = (reading.value or 0.0) - one.fitted
        z, relative = off / reading.sigma, off / reading.value if reading.value else None
        gone = Suspect(-1, reading.stream, reading.quantity, reading.meter, z, off, reading.sigma, relative=relative)
        fit = found.fit
        steps.append(Elimination(SuspectClass((gone,)), fit.objective, fit.dof, fit.p_value, "screened out"))
    return replace(rest, eliminations=(*steps, *rest.eliminations))


@dataclass
class _Search:
    """Hypotheses let go so far, those that were taken back, and the steps."""

    start: Trial
    gone: list[tuple[Hypothesis, float]] = field(default_factory=list)
    barred: list[Hypothesis] = field(default_factory=list)
    steps: list[Elimination] = field(default_factory=list)
    classes: dict[Hypothesis, SuspectClass] = field(default_factory=dict)

    def solved(self, gone: Sequence[tuple[Hypothesis, float]]) -> tuple[Trial, tuple[int, ...]] | None:
        """All solved again with some hypotheses let go, and the numbers that the readings had; None if that fails."""
        part = freed(self.start.network, gone)
        try:
            fit = fit_any(part.network)
        except (SolveError, DataError):
            return None
        return Trial(part.network, fit, self.start.correction, part.wide), part.kept

    def note(self, one: Hypothesis, tested: Trial, action: Action) -> None:
        """Write a step down."""
        step = Elimination(self.classes[one], tested.fit.objective, tested.dof, tested.p_value, action)
        self.steps.append(step)


def search(start: Trial) -> tuple[tuple[Elimination, ...], tuple[Suspect, ...]]:
    """Let the loudest class go and solve again until the tests pass or nothing is left to test.

    At every step all that was let go is estimated anew, together; what is then no longer beyond the limit is taken
    back. What is published uses every reading all the same.

    References
    ----------
    Serth & Heenan (1986), AIChE J. 32, 733-742 (serial elimination); Narasimhan & Jordache (2000), Data
    Reconciliation and Gross Error Detection, ch. 8 (serial and simultaneous strategies).
    """
    state = _Search(start)
    tested, kept = start, tuple(range(len(start.network.readings)))
    while tested.rejected and len(state.steps) < _STEPS:
        chosen = _next(state, tested, kept)
        if chosen is None:
            break
        found = state.solved([*state.gone, chosen])
        if found is None:
            state.barred.append(chosen[0])
            state.note(chosen[0], tested, "not solved")
            continue
        tested, kept = found
        state.gone.append(chosen)
        state.note(chosen[0], tested, "set aside")
        tested, kept = _backward(state, tested, kept)
    bias, sd = sizes(start, [one for one, _ in state.gone], tested.fit)
    return tuple(state.steps), tuple(
        suspect(start.network, one, b / s**2, s**-2) for (one, _), b, s in zip(state.gone, bias, sd, strict=True)
    )


def _next(state: _Search, tested: Trial, kept: tuple[int, ...]) -> tuple[Hypothesis, float] | None:
    """The loudest class that was not taken back before, by the member that needs the smallest error."""
    for members in tested.classes:
        leading = ordered(tested.family, members)[0]
        one = _renumbered(tested.family.members[leading], kept)
        if one not in state.barred:
            state.classes[one] = _class_in(state.start.network, tested.family, members, kept)
            return one, float(tested.family.bias_sd[leading])
    return None


def _renumbered(one: Hypothesis, kept: tuple[int, ...]) -> Hypothesis:
    """A hypothesis by the numbers that its readings had at the start."""
    return replace(one, effects=tuple((kept[n], effect) for n, effect in one.effects))


def _class_in(network: Network, found: Family, members: Ints, kept: tuple[int, ...]) -> SuspectClass:
    """A class by names, its readings by the numbers that they had at the start."""
    renumbered = replace(found, members=tuple(_renumbered(one, kept) for one in found.members))
    return suspect_class(network, renumbered, members)


def _backward(state: _Search, tested: Trial, kept: tuple[int, ...]) -> tuple[Trial, tuple[int, ...]]:
    """Take back what is no longer beyond the limit beside the others, the least first."""
    while len(state.gone) > 1:
        hypotheses = [one for one, _ in state.gone]
        bias, sd = sizes(state.start, hypotheses, tested.fit)
        z = np.abs(bias / sd)
        weakest = int(np.argmin(z[:-1]))  # what was let go last has just been found loud
        if not z[weakest] < critical_z(1, state.start.correction):
            break
        found = state.solved([one for k, one in enumerate(state.gone) if k != weakest])
        if found is None:
            break
        back, _ = state.gone.pop(weakest)
        state.barred.append(back)
        tested, kept = found
        state.note(back, tested, "taken back")
    return tested, kept


def limit(network: Network, fit: Fit) -> float:
    """Limit of ``|z|`` for the tests of a solved network."""
    return Trial(network, fit).limit
