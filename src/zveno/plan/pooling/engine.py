"""The verb: the cheapest blend of a pooling problem, with its proven bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zveno.model.pooling import PoolingProblem
from zveno.plan.linear import INF
from zveno.plan.pooling.build import relax
from zveno.plan.pooling.mixing import excess, shares_of
from zveno.plan.pooling.solve import Search, Terms, seek


@dataclass(frozen=True)
class BlendFlow:
    """What goes along one arc."""

    origin: str
    target: str
    flow: float


@dataclass(frozen=True)
class Blend:
    """The answer.

    Parameters
    ----------
    status
        ``optimal`` (proven to the gap asked), ``limit`` (time or nodes were up first) or ``infeasible``.
    objective, bound
        Cost of the flows, None where none were found; no flows cost less than ``bound`` (None where there are none).
    flows
        Flow of each arc, as the problem lists them.
    shares
        Share of each source in each pool through which anything passes.
    excess
        Largest breach of any limit when the mixture is worked out anew from the flows alone.
    nodes
        Relaxations solved.
    """

    status: str
    objective: float | None
    bound: float | None
    flows: tuple[BlendFlow, ...]
    shares: dict[str, dict[str, float]]
    excess: float
    nodes: int

    @property
    def gap(self) -> float | None:
        """How far the cost may be above the least one, as a part of its size (of 1 where it is smaller)."""
        if self.objective is None or self.bound is None:
            return None
        return max(0.0, self.objective - self.bound) / max(1.0, abs(self.objective))


def blend(problem: PoolingProblem, spent: Callable[[], float], terms: Terms | None = None) -> Blend:
    """Minimise the cost of a pooling problem.

    Spatial branch and bound on the shares of sources in pools; lower bounds from the multi-commodity relaxation, flows
    from successive linear programmes; every answer is checked by mixing the flows anew.

    Parameters
    ----------
    spent
        Seconds since the work began.
    terms
        When to stop.

    References
    ----------
    Alfaki & Haugland (2013), J. Global Optim. 56, 917-936 (the form); Misener & Floudas (2009), Appl. Comput. Math. 8
    (pooling problems and their relaxations).
    """
    relaxation = relax(problem)
    search = Search(problem, relaxation, terms or Terms(), spent)
    bound = seek(search)
    if search.flows is None:
        return Blend(
            "infeasible" if bound == INF else "limit", None, None if bound == INF else bound, (), {}, 0.0, search.nodes
        )
    layout = relaxation.layout
    mixed = shares_of(layout, search.flows)
    shares = {
        pool.id: {one.id: float(part) for one, part in zip(problem.sources, mixed[k], strict=True) if part > 0}
        for k, pool in enumerate(problem.pools)
        if mixed[k].sum() > 0
    }
    return Blend(
        "optimal" if search.closed(bound) else "limit",
        search.best, min(bound, search.best),
        tuple(BlendFlow(arc.origin, arc.target, float(flow))
              for arc, flow in zip(problem.arcs, search.flows, strict=True)),
        shares, excess(problem, layout, search.flows), search.nodes,
    )  # fmt: skip
