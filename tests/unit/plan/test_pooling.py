"""Blends through pools, against what can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zveno.model.pooling import Arc, Pool, PoolingProblem, PoolSource, Terminal
from zveno.plan import Terms, blend
from zveno.plan.pooling.build import lay_out
from zveno.plan.pooling.mixing import excess, shares_of


def haverly(cost: float = 16.0) -> PoolingProblem:
    """Haverly (1978): two sources through one pool, one past it."""
    return PoolingProblem(
        "haverly",
        (PoolSource("a", 0, 300, (3.0,)), PoolSource("b", 0, 300, (1.0,)), PoolSource("c", 0, 300, (2.0,))),
        (Pool("p", 300),),
        (Terminal("x", 0, 100, (2.5,)), Terminal("y", 0, 200, (1.5,))),
        (
            Arc("a", "p", 6),
            Arc("b", "p", cost),
            Arc("c", "x", 1),
            Arc("c", "y", -5),
            Arc("p", "x", -9),
            Arc("p", "y", -15),
        ),
    )


def answer(problem: PoolingProblem, **terms: float):
    """The blend, without a clock."""
    return blend(problem, lambda: 0.0, Terms(**terms))


def test_haverly_is_proven():
    found = answer(haverly(), gap=1e-6)
    assert (found.status, found.excess) == ("optimal", pytest.approx(0, abs=1e-6))
    assert found.objective == pytest.approx(-400)
    assert found.bound == pytest.approx(-400, abs=1e-3)
    assert found.shares["p"] == {"b": pytest.approx(1.0)}


def test_what_must_be_delivered_and_cannot_is_infeasible():
    base = haverly()
    pure = (Terminal("x", 50, 100, (0.5,)), base.terminals[1])
    found = answer(replace(base, terminals=pure))
    assert (found.status, found.objective, found.bound) == ("infeasible", None, None)


def test_without_time_the_bound_still_holds():
    found = blend(haverly(), lambda: 1.0, Terms(seconds=0.5, gap=1e-9))
    assert found.bound <= -400 + 1e-6
    assert found.objective is None or found.objective >= -400 - 1e-6


def test_pools_in_a_circle_mix_as_they_flow():
    base = haverly()
    ring = replace(
        base, pools=(Pool("p", 300), Pool("q", 300)),
        arcs=(*base.arcs, Arc("p", "q", 0.0), Arc("q", "p", 0.0), Arc("q", "y", -15.0)),
    )  # fmt: skip
    layout = lay_out(ring)
    flows = np.array([60.0, 40.0, 0.0, 0.0, 50.0, 0.0, 80.0, 30.0, 50.0])
    shares = shares_of(layout, flows)
    np.testing.assert_allclose(shares, [[0.6, 0.4, 0.0], [0.6, 0.4, 0.0]], atol=1e-12)
    found = answer(ring, gap=1e-4)
    assert found.status == "optimal"
    assert found.objective <= -400 + 1e-6
    assert found.excess < 1e-4


def test_the_check_sees_a_terminal_that_gets_too_much():
    base = haverly()
    layout = lay_out(base)
    good = np.array([0.0, 100.0, 0.0, 100.0, 0.0, 100.0])
    assert excess(base, layout, good) == pytest.approx(0)
    assert excess(base, layout, np.array([100.0, 0.0, 0.0, 0.0, 0.0, 100.0])) == pytest.approx(150)  # 100 x (3 - 1.5)


@pytest.mark.parametrize("seed", range(6))
def test_no_random_blend_beats_the_bound(seed):
    rng = np.random.default_rng(seed)
    qualities = 2
    sources = tuple(PoolSource(f"s{k}", 0, 60.0, tuple(rng.uniform(0, 10, qualities))) for k in range(4))
    terminals = tuple(Terminal(f"t{k}", 0, 50.0, tuple(rng.uniform(3, 8, qualities))) for k in range(3))
    arcs = [Arc(one.id, pool, float(rng.uniform(1, 6))) for one in sources for pool in ("p", "q") if rng.random() < 0.7]
    arcs += [Arc(pool, one.id, -float(rng.uniform(4, 12))) for pool in ("p", "q") for one in terminals]
    problem = PoolingProblem("random", sources, (Pool("p", 80), Pool("q", 80)), terminals, tuple(arcs))
    found = answer(problem, gap=1e-4)
    assert found.status == "optimal"
    layout = lay_out(problem)
    assert excess(problem, layout, np.array([one.flow for one in found.flows])) < 1e-4
    for _ in range(300):  # mixtures at random, with what sells best at them
        shares = rng.dirichlet(np.ones(4), 2)
        flows = np.zeros(len(arcs))
        for k, one in enumerate(arcs):
            if one.origin in ("p", "q"):
                flows[k] = rng.uniform(0, 20)
        for pool in range(2):
            name = "pq"[pool]
            out = sum(flows[k] for k, one in enumerate(arcs) if one.origin == name)
            into = [k for k, one in enumerate(arcs) if one.target == name]
            part = shares[pool][[int(arcs[k].origin[1]) for k in into]]
            if part.sum() > 0:
                flows[into] = out * part / part.sum()
        if excess(problem, layout, flows) < 1e-9:
            assert layout.cost @ flows >= found.bound - 1e-6
