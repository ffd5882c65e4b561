"""Why a balance was not solved: equations that nothing of zero and above meets, or errors too fine for the digits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import linprog

from zveno.errors import Phrase, SolveError, rounded, some_names
from zveno.model.network import MASS, Network
from zveno.reconcile.arrays import Floats, Problem
from zveno.reconcile.equations import CLOSURE, CONSTRAINT, Row
from zveno.reconcile.kernel import Solved
from zveno.reconcile.newton import bounds
from zveno.text.words import quantity_phrase

_MET, _BALANCED = 1e-7, 1e-6
_MOST = 4
_ENDLESS = 1e3
_PRICE = {CONSTRAINT: 1.0, CLOSURE: 3.0}
_PRICE_OF_BALANCE = 10.0


def endless(network: Network, problem: Problem, solved: Solved) -> SolveError | None:
    """What to say where the readings drive masses up without end: names their streams."""
    mass = problem.expand(solved.u)[0][0]
    told = [one.value for one in network.readings if one.quantity == MASS and one.value is not None]
    told += [value for (_, quantity), value in network.fixed.items() if quantity == MASS]
    if not told:
        return None
    far = [one.id for one, m in zip(network.streams, mass, strict=True) if m > _ENDLESS * max(map(abs, told))]
    if not far:
        return None
    return SolveError(
        "the readings drive the mass of {streams} up without end, and no balance stops it: their assays contradict "
        "those around them; check these, or read one of these masses",
        streams=some_names(far),
    )


def not_converged(problem: Problem, solved: Solved) -> SolveError:
    """What to say of a period that did not converge (the first one).

    Equations that cannot be met are named; where all can be and the balances hold, the misfit did not settle.
    """
    unmet = _unmet(problem)
    if unmet:
        return SolveError(
            "no masses and flows of zero and above meet all equations; these are in the way: {equations}",
            equations=tuple(_named(problem.rows[k]) for k in unmet[:_MOST]),
        )
    off = solved.imbalance[0]
    steps = int(solved.iterations[0])
    if len(off) and np.all(np.isfinite(off)) and off.max() > _BALANCED:
        worst = int(np.argmax(off))
        return SolveError(
            "the balance was not solved in {iterations} steps; the worst equation is {quantity} at '{place}', off by "
            "{residual} of its flows: check fixed values, stream directions and standard deviations there",
            iterations=steps, quantity=quantity_phrase(problem.rows[worst][1]), place=problem.rows[worst][0],
            residual=rounded(off[worst], 3),
        )  # fmt: skip
    share = np.abs(problem.sigma / np.where(problem.value == 0, np.inf, problem.value))
    share = np.where(share > 0, share, np.inf)
    return SolveError(
        "no best point was found in {iterations} steps, though the equations can be met: standard deviations go from "
        "{finest} to {coarsest} of the readings, too far apart for the digits of a number; write what is known exactly "
        "as fixed",
        iterations=steps, finest=_rounded(share.min(initial=np.inf)),
        coarsest=_rounded(np.where(np.isfinite(share), share, 0.0).max(initial=0.0)),
    )  # fmt: skip


def _rounded(share: float) -> float:
    """Three digits."""
    return float(f"{share:.3g}")


def _named(row: Row) -> Phrase:
    """An equation in words."""
    place, quantity = row
    if quantity == CONSTRAINT:
        return Phrase("the extra equation on {terms}", {"terms": place})
    if quantity == CLOSURE:
        return Phrase("the closure of stream '{stream}'", {"stream": place})
    return Phrase("the balance of {quantity} at '{place}'", {"quantity": quantity_phrase(quantity), "place": place})


def _unmet(problem: Problem) -> list[int]:
    """Equations that miss where all together miss by the least, extra equations rather than balances."""
    size = float(np.abs(problem.b).max(initial=0.0))
    if size == 0:
        return []  # nothing at all meets them
    limits = bounds(problem)
    count, n = problem.G.shape
    price = np.array([_PRICE.get(quantity, _PRICE_OF_BALANCE) for _, quantity in problem.rows])
    caps = -limits.matrix[n:]
    found = linprog(
        np.concatenate([np.zeros(n), price, price]),
        A_ub=np.hstack([caps, np.zeros((len(caps), 2 * count))]),
        b_ub=limits.fixed / size,
        A_eq=np.hstack([problem.G, np.eye(count), -np.eye(count)]),
        b_eq=problem.b / size,
        method="highs",
    )
    left = found.x
    return [] if left is None else list(_missed(left[n : n + count] + left[n + count :]))


def _missed(left: Floats) -> Iterator[int]:
    """Numbers of the equations that are not met, the worst first."""
    for k in np.argsort(-left, kind="stable"):
        if left[k] > _MET:
            yield int(k)
