"""Readings of a large network that do not fit: classes that cannot be told apart, and the search for several errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.special import chdtrc

from zveno.model.network import Network
from zveno.reconcile.fit import SIGNIFICANCE
from zveno.reconcile.gross_errors import Elimination, GrossErrors, Suspect, SuspectClass
from zveno.reconcile.gross_errors.classes import TIED, ordered, suspect, suspect_class
from zveno.reconcile.gross_errors.critical import Correction, limit_of
from zveno.reconcile.names import Bools, Floats, Ints
from zveno.reconcile.sparse.fit import LargeFit
from zveno.reconcile.sparse.hypotheses import LargeFamily, large_family

_ALL, _LOUD, _STEPS = 600, 60, 20
_LEFT = 1e-9


@dataclass(frozen=True)
class _Now:
    """All hypotheses with what is left of them, of the objective, and of the degrees of freedom.

    ``whole`` (k, k) are the covariances of all scores where the hypotheses are few; else columns are solved for one by
    one, and ``columns`` of what is ``gone`` taken off.
    """

    family: LargeFamily
    live: Bools
    objective: float
    dof: int
    correction: Correction
    whole: Floats | None
    gone: tuple[int, ...] = ()
    columns: tuple[Floats, ...] = ()

    @cached_property
    def z(self) -> Floats:
        """Standardised scores, zero where nothing is tested any more."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(self.live, self.family.score / np.sqrt(self.family.weight), 0.0))

    @property
    def p_value(self) -> float | None:
        """Chance of a larger objective."""
        return float(chdtrc(self.dof, self.objective)) if self.dof > 0 else None

    @cached_property
    def classes(self) -> list[Ints] | None:
        """What can be told apart, loudest first; None where there are too many to compare all with all."""
        if self.whole is None:
            return None
        live = np.flatnonzero(self.live)
        root = np.sqrt(self.family.weight[live])
        tied = np.abs(self.whole[np.ix_(live, live)] / np.outer(root, root)) > TIED
        count, label = connected_components(tied, directed=False) if len(live) else (0, live)
        groups = [live[label == k] for k in range(count)]
        return sorted(groups, key=lambda one: -float(np.abs(self.z[one]).max()))

    @cached_property
    def limit(self) -> float:
        """Limit of ``|z|`` over all classes; over all hypotheses where there are too many to compare."""
        if self.classes is None:
            return limit_of(self.z[self.live], self.correction, self.dof)
        loudest = np.array([np.abs(self.z[one]).max() for one in self.classes])
        return limit_of(loudest, self.correction, self.dof)

    @property
    def rejected(self) -> bool:
        """Whether the global test or any hypothesis says that something is wrong."""
        if self.p_value is None or not self.live.any():
            return False
        return self.p_value < SIGNIFICANCE or float(np.abs(self.z).max()) > self.limit

    def columns_of(self, which: Ints) -> Floats:
        """Covariances of all scores with those of some, (k, some)."""
        if self.whole is not None:
            return self.whole[:, which]
        out = self.family.products(which)
        for at, earlier in zip(self.gone, self.columns, strict=True):
            out = out - np.outer(earlier, out[at] / earlier[at])
        return out

    def tied_to(self, number: int, column: Floats) -> Ints:
        """Hypotheses that cannot be told from one, itself among them."""
        if self.classes is not None:
            return next(one for one in self.classes if number in one)
        with np.errstate(invalid="ignore", divide="ignore"):
            tied = self.live & (np.abs(column) > TIED * np.sqrt(self.family.weight * column[number]))
        tied[number] = True
        return np.flatnonzero(tied)

    def named(self, members: Ints) -> SuspectClass:
        """A class by names."""
        return suspect_class(self.family.network, self.family.named(members), np.arange(len(members)))

    def without(self, number: int, column: Floats) -> _Now:
        """With one error let go; ``column`` is its covariance with all scores."""
        share, family = column / column[number], self.family
        weight = family.weight - share * column
        score = family.score - share * family.score[number]
        live = self.live & (weight > _LEFT * family.weight) & (weight >= family.least)
        live[number] = False
        return replace(
            self, family=replace(family, score=score, weight=weight), live=live, dof=self.dof - 1,
            objective=max(self.objective - family.score[number] ** 2 / column[number], 0.0),
            whole=None if self.whole is None else self.whole - np.outer(column, share),
            gone=(*self.gone, number), columns=(*self.columns, column),
        )  # fmt: skip


def suspects(network: Network, fit: LargeFit, correction: Correction = "sidak") -> GrossErrors:
    """Suspect classes of a large network and the steps of the search; nothing where all tests pass.

    At each step the error of the loudest class is let go, by the linearised solution: nothing is solved anew. Up to 600
    hypotheses are all compared with each other; of more only the loud ones are, and the limit of ``|z|`` counts each by
    itself.
    """
    family = large_family(network, fit)
    whole = family.products(np.arange(len(family))) if 0 < len(family) <= _ALL else None
    now = _Now(family, np.ones(len(family), dtype=bool), fit.objective, fit.dof, correction, whole)
    limit = now.limit
    if not now.rejected:
        return GrossErrors(limit=limit)
    classes = _classes(now)
    steps: list[Elimination] = []
    while now.rejected and len(steps) < _STEPS:
        loudest = int(np.argmax(np.abs(now.z)))
        members = now.tied_to(loudest, now.columns_of(np.array([loudest]))[:, 0])
        number = int(members[ordered(now.family.named(members), np.arange(len(members)))[0]])
        group = now.named(members)
        now = now.without(number, now.columns_of(np.array([number]))[:, 0])
        steps.append(Elimination(group, now.objective, now.dof, now.p_value))
    return GrossErrors(classes, tuple(steps), _together(family, np.array(now.gone, dtype=np.int64)), limit)


def _classes(now: _Now) -> tuple[SuspectClass, ...]:
    """Classes above the limit, loudest first; the loudest one where none is above."""
    if now.classes is not None:
        loud = [one for one in now.classes if np.abs(now.z[one]).max() > now.limit] or now.classes[:1]
        return tuple(now.named(one) for one in loud)
    order = np.argsort(-np.abs(now.z), kind="stable")[:_LOUD]
    numbers = [int(k) for k in order if abs(now.z[k]) > now.limit] or [int(order[0])]
    columns = now.columns_of(np.array(numbers))
    seen: set[int] = set()
    found = []
    for place, number in enumerate(numbers):
        if number not in seen:
            members = now.tied_to(number, columns[:, place])
            seen.update(members.tolist())
            found.append(now.named(members))
    return tuple(found)


def _together(family: LargeFamily, gone: Ints) -> tuple[Suspect, ...]:
    """Sizes of all errors that were let go, where all of them are there together."""
    if not len(gone):
        return ()
    inverse = np.linalg.pinv(family.products(gone)[gone])
    bias, sd = inverse @ family.score[gone], np.sqrt(np.diag(inverse))
    named = family.named(gone)
    return tuple(
        suspect(family.network, one, size / spread**2, spread**-2)
        for one, size, spread in zip(named.members, bias.tolist(), sd.tolist(), strict=True)
    )
