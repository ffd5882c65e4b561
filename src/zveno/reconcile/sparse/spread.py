"""Standard deviations of a large network: selected entries of one inverse, and refined solutions where those fail.

What is not read gets a weak prior (a standard deviation of many times itself), so that one factored matrix serves all.
Of most quantities the prior takes nothing that could be told. Where it does, or where digits were lost against it, the
variance is solved for by itself, and the prior's pull taken back step by step.

References
----------
Erisman & Tinney (1975), Commun. ACM 18, 177-179 (selected inverse); Rockafellar (1976), SIAM J. Control Optim. 14,
877-898 (proximal point).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from zveno.reconcile.names import Bools, Floats, Ints
from zveno.reconcile.sparse.condensed import Condensation, slopes_of_readings
from zveno.reconcile.sparse.layout import Layout
from zveno.reconcile.sparse.newton import Curvature, System, scaled, system
from zveno.reconcile.sparse.structure import Structure, assay_scale, free_quantities
from zveno.reconcile.sparse.tied import tied_slope_variance

_WEAK, _WEAKEST, _WIDE, _PASSES, _FEW = 10.0, 3e3, 3e2, 5, 40
_PULLED, _DIGITS = 1e-4, 1e-6
_WIDER, _UNCHECKED = 4.0, 1e-2
_SETTLED, _STEPS, _AT_ONCE = 1e-7, 60, 256


@dataclass(frozen=True)
class Spread:
    """Variances of what the readings determine, and the means to get more.

    ``variance`` (quantities,) of masses and assays, NaN where unobservable, 0 where fixed; ``explained`` (quantities,)
    the share of a reading's own variance that the balances take away; ``tied`` (k,) variances of the slopes by the
    errors of tied readings; ``losses`` those of the multipliers of the equations, zero where nothing checks one;
    ``dof`` the degrees of freedom; ``refined`` how many variances were solved for by themselves.
    """

    system: System
    mass: Floats
    assay: Floats
    prior: Floats
    variance: Floats
    explained: Floats
    tied: Floats
    losses: Floats
    dof: int
    refined: int

    def covariances(self, slopes: Floats) -> Floats:
        """Covariance with all variables of quantities given by their slopes by the variables, (variables, k).

        Unobservable directions stay out: ask for observable quantities only.
        """
        return _covariances(self.system, self._pull, slopes)

    def multipliers(self, slopes: Floats) -> Floats:
        """Multipliers of the equations that hold slopes of the objective by the variables, (equations, k)."""
        built = self.system.layout
        return self.system.solve(-slopes, np.zeros((len(built.b), slopes.shape[1])))[1][: len(built.b)]

    def unit_losses(self, equations: Ints) -> tuple[Floats, Floats]:
        """Change of the variables with one unit lost at some of the equations, and covariances of the multipliers of
        all with theirs: (variables, k), (equations, k).
        """
        lost = np.zeros((len(self.system.layout.b), len(equations)))
        lost[equations, np.arange(len(equations))] = 1.0
        du, l = self.system.solve(np.zeros((self.system.layout.n_variables, len(equations))), lost)  # noqa: E741
        return du, -l[: len(lost)]

    def _pull(self, du: Floats) -> Floats:
        """Force of the weak prior on changes of the variables."""
        return _prior_force(self.system.layout, self, du)


def spread(analysed: Condensation, mass: Floats, assay: Floats, found: Structure) -> Spread:
    """Variances of all quantities at a point, which is that of :func:`structure`.

    Priors of what is not read are set by what was found: wide enough to tell nothing, narrow enough to lose no digits.
    """
    prior = _Prior(analysed.layout, mass, assay, found)
    chosen = _by_selection(analysed, mass, assay, prior)
    for _ in range(_PASSES):
        if not prior.fit(chosen.explained):
            break
        chosen = _by_selection(analysed, mass, assay, prior)
    free = free_quantities(analysed.layout)
    explained = np.where(free, chosen.explained, 1.0)
    variance = prior.own * (1 - explained)
    dof = _degrees_of_freedom(analysed.layout, found, prior.weak, explained)
    tied = np.zeros(0)
    if len(analysed.layout.readings.tied.number):
        tied = tied_slope_variance(analysed, chosen.entries, chosen.inverse, prior.own, explained)
    out = Spread(chosen.system, mass, assay, prior.variance, variance, explained, tied, chosen.losses, dof, 0)
    left = 1 - explained
    doubtful = np.flatnonzero(free & found.observable & ((left < _DIGITS) | (prior.weak & (left > _PULLED))))
    for first in range(0, len(doubtful), _AT_ONCE):
        some = doubtful[first : first + _AT_ONCE]
        slopes = quantity_slopes(analysed.layout, mass, assay, some)
        variance[some] = np.einsum("ik,ik->k", slopes, out.covariances(slopes))
    explained, losses = _without_priors(analysed, (mass, assay), prior, explained, chosen.losses)
    variance[~found.observable] = np.nan
    variance[~free], explained[~free] = 0.0, 1.0
    return replace(out, variance=np.maximum(variance, 0.0), explained=explained, losses=losses, refined=len(doubtful))


class _Prior:
    """Variance that each quantity's own readings leave it, ``own``; what has none gets a weak prior."""

    def __init__(self, layout: Layout, mass: Floats, assay: Floats, found: Structure) -> None:
        read = layout.readings
        weight = np.where(found.read, read.weight, 0.0)
        tied = np.bincount(read.of[read.tied.number], 1 / read.tied.own, minlength=len(weight))
        weight = weight + np.where(found.read, tied, 0.0)
        size = np.concatenate([mass, np.maximum(assay, 1e-2 * assay_scale(layout, assay))])
        self.weak = weight == 0
        self.observable = found.observable
        weak = np.where(found.observable, _WEAK, _WEAKEST) * size
        self.own = np.where(self.weak, weak**2, 1 / np.where(self.weak, 1.0, weight))

    @property
    def variance(self) -> Floats:
        """Variances of the priors, infinite where a reading stands."""
        return np.where(self.weak, self.own, np.inf)

    def fit(self, explained: Floats) -> bool:
        """Set priors that are too narrow, or so wide that digits are lost, to a hundred times what was found.

        Says whether there were any; a few that lose digits harm nobody else, and are left.
        """
        left = 1 - explained
        narrow, wide = (self.weak & self.observable & off for off in (left > _PULLED, left < _DIGITS))
        if not narrow.any() and wide.sum() <= _FEW:
            return False
        self.own = np.where(narrow | wide, self.own * np.maximum(left, _DIGITS**2) * _WIDE**2, self.own)
        return True


def _degrees_of_freedom(layout: Layout, found: Structure, weak: Bools, explained: Floats) -> int:
    """Readings that count less the directions that they determine.

    Each equation takes one direction from all variables; what is left of the wide priors of unobservable quantities
    is the number of directions that nothing determines.
    """
    free = free_quantities(layout)
    unseen = round(float(np.sum(1 - explained[free & weak & ~found.observable])))
    readings = int(found.read[layout.readings.of[layout.readings.values]].sum())
    return readings - int(free.sum()) + len(layout.b) + unseen


def _without_priors(
    analysed: Condensation, point: tuple[Floats, Floats], prior: _Prior, explained: Floats, losses: Floats
) -> tuple[Floats, Floats]:
    """What would be explained of each reading's variance with infinitely wide priors, (quantities,), and the variances
    of the multipliers, (equations,).

    The pull of the priors goes as one over their variance: from these and wider ones follows what it goes to. A
    reading that others hardly check would else be told as checked by priors.
    """
    if not prior.weak.any():
        return explained, losses
    prior.own = np.where(prior.weak, _WIDER * prior.own, prior.own)
    wider = _by_selection(analysed, *point, prior)
    limit = (_WIDER * wider.losses - losses) / (_WIDER - 1)
    explained = np.where(prior.weak, explained, (_WIDER * wider.explained - explained) / (_WIDER - 1))
    return explained, np.where(limit > _UNCHECKED * losses, limit, 0.0)


@dataclass(frozen=True)
class _Selected:
    """The factored system, the entries that made it, entries of its inverse, and what each variance loses to it."""

    system: System
    entries: tuple[Floats, Floats]
    inverse: Floats
    explained: Floats
    losses: Floats


def _by_selection(analysed: Condensation, mass: Floats, assay: Floats, prior: _Prior) -> _Selected:
    """Factor with these priors, and select."""
    layout, own = analysed.layout, prior.own
    sigma = np.where(np.isnan(layout.mass_fixed), 1 / own[: layout.n_streams], np.inf)
    of_flow = layout.n_streams + layout.flow_free
    curved = Curvature(1 / (mass[layout.owner] ** 2 * own[of_flow]), assay[layout.flow_free], sigma)
    u = np.concatenate([mass[layout.mass_free], assay[layout.flow_free] * mass[layout.owner]])
    one = system(analysed, curved, u, (mass, assay))
    entries = scaled(analysed, one.G, curved)
    inverse = one.factors.selected(analysed.pattern.positions)
    inverse = inverse * one.scale[analysed.entry_row] * one.scale[analysed.entry_column]
    own_entries = analysed.diagonal_entries
    losses = np.zeros(analysed.rows)
    losses[analysed.entry_row[own_entries]] = inverse[own_entries]
    losses = losses[: len(layout.b)]
    return _Selected(one, entries, inverse, _explained(analysed, *entries, inverse), losses)


def _explained(analysed: Condensation, touches: Floats, flows: Floats, inverse: Floats) -> Floats:
    """Share of each quantity's own variance that the equations take away, (quantities,)."""
    layout = analysed.layout
    entries = np.concatenate([touches, flows])
    products = entries[analysed.first] * entries[analysed.second] * np.repeat(
        inverse[analysed.summed], np.diff(analysed.starts, append=len(analysed.first))
    )  # fmt: skip
    products[analysed.first != analysed.second] *= 2
    owner = np.concatenate([analysed.touch_stream, layout.n_streams + layout.flow_free[analysed.flow_column]])
    return np.bincount(owner[analysed.first], products, minlength=layout.n_quantities).astype(np.float64)


def quantity_slopes(layout: Layout, mass: Floats, assay: Floats, quantities: Ints) -> Floats:
    """Slopes of masses and assays by the variables, (variables, k)."""
    return np.asarray(slopes_of_readings(layout, quantities, (mass, assay)).T.toarray())


def _prior_force(layout: Layout, one: Spread, du: Floats) -> Floats:
    """Slopes by the variables of half the weak prior's sum of squares at changes of the variables."""
    n_m = len(layout.mass_free)
    by_mass = np.zeros((layout.n_streams, du.shape[1]))
    by_mass[layout.mass_free] = du[:n_m]
    x, m = _column(one.assay[layout.flow_free]), _column(one.mass[layout.owner])
    assay_change = (du[n_m:] - x * by_mass[layout.owner]) / m
    pull = assay_change / _column(one.prior[layout.n_streams + layout.flow_free]) / m
    on_mass = by_mass / _column(one.prior[: layout.n_streams]) - layout.owned @ (x * pull)
    return np.concatenate([on_mass[layout.mass_free], pull])


def _column(values: Floats) -> Floats:
    """Values as a column."""
    return values[:, None]


def _covariances(one: System, pull: Callable[[Floats], Floats], slopes: Floats) -> Floats:
    """Proximal point: each solution takes back the prior's pull at the one before."""
    still = np.zeros((len(one.layout.b), slopes.shape[1]))
    found = one.solve(-slopes, still)[0]
    before = np.einsum("ik,ik->k", slopes, found)
    going = np.arange(slopes.shape[1])
    for _ in range(_STEPS):
        found[:, going] = one.solve(-(slopes[:, going] + pull(found[:, going])), still[:, going])[0]
        now = np.einsum("ik,ik->k", slopes[:, going], found[:, going])
        moving = np.abs(now - before[going]) > _SETTLED * np.abs(now)
        before[going] = now
        going = going[moving]
        if not len(going):
            break
    return found
