"""Whether a large network has a better solution somewhere else: a few more starts, as many as a budget allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zveno.reconcile.fit import SIGNIFICANCE
from zveno.reconcile.names import Floats
from zveno.reconcile.sparse.condensed import Condensation
from zveno.reconcile.sparse.fit import LargeFit, fit_point
from zveno.reconcile.sparse.interior import Solved, interior_point
from zveno.reconcile.sparse.layout import Layout
from zveno.reconcile.sparse.start import start

_STARTS, _WIDE, _BUDGET = 12, 1.0, 24_000
_SAME, _ENDLESS = 1e-6, 1e-2


@dataclass(frozen=True)
class LargeOptima:
    """The best solution found, and the others: each a fit with a larger objective, best first."""

    best: LargeFit
    others: tuple[LargeFit, ...] = ()


def large_optima(analysed: Condensation, solved: Solved) -> LargeOptima:
    """The solution from a converged point, or a better one, and the other local optima that were met.

    Other starts are tried where the global test rejects, or where masses would grow without end: every mass and flow
    is off by a factor exp(N(0, 1)). There are a dozen of them, fewer where together they would have more than 24 000
    unknowns, and none above that. It is a check, not a proof: an optimum that none of them reaches stays unknown.
    Flows alone have one optimum only.
    """
    fit = fit_point(analysed, solved)
    built = analysed.layout
    agree = fit.p_value is None or fit.p_value >= SIGNIFICANCE
    if (agree and not len(fit.unbounded)) or not len(built.flow_free):
        return LargeOptima(fit)
    points = [one for one in (_tried(analysed, origin) for origin in _starts(built)) if one is not None]
    distinct = [solved]
    for one in sorted(points, key=lambda each: each.half):
        twins = [other for other in distinct if _same(one, other)]
        if not twins:
            distinct.append(one)
        elif len(one.unbounded) and one.half < twins[0].half * (1 - _SAME):
            distinct[distinct.index(twins[0])] = one
    found = [fit if one is solved else fit_point(analysed, one) for one in distinct]
    found.sort(key=lambda each: each.objective * (1 - _SAME) if each is fit else each.objective)
    return LargeOptima(found[0], tuple(found[1:]))


def _same(one: Solved, other: Solved) -> bool:
    """Whether two points are one optimum; where the same masses grow without end they are held here or there."""
    apart = abs(one.half - other.half) / max(one.half, other.half, 0.5)
    ends = len(one.unbounded) > 0 and np.array_equal(np.sort(one.unbounded), np.sort(other.unbounded))
    return apart <= (_ENDLESS if ends else _SAME)


def _tried(analysed: Condensation, origin: Floats) -> Solved | None:
    """Where one more start ends; None where it does not converge."""
    solved = interior_point(analysed.layout, analysed, origin)
    return solved if solved.converged else None


def _starts(built: Layout) -> list[Floats]:
    """Starts around the usual one, inside the bounds."""
    usual, n_m = start(built), len(built.mass_free)
    count = min(_STARTS, _BUDGET // max(len(usual), 1))
    away = usual * np.exp(_WIDE * np.random.default_rng(0).standard_normal((count, len(usual))))
    for one in away:
        mass = built.mass_fixed.copy()
        mass[built.mass_free] = one[:n_m]
        one[n_m:] = np.minimum(one[n_m:], 0.9 * built.assay_total * mass[built.owner])
    return list(away)
