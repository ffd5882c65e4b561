"""The plan of a chain over its periods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.plan.small_chain import T, offer, problem

from zveno.plan import Event, PlanTerms, check, clip, improve, plan, replan, smallest_relaxation
from zveno.plan.horizon.mixing import play

EXACT = PlanTerms(gap=1e-6, seconds=60)


def test_the_best_blend_stands_at_its_limit_of_arsenic():
    found = plan(problem(), EXACT)
    verdict = found.verdict
    assert found.status == "optimal"
    assert verdict.accepted
    assert found.margin <= found.bound + 1e-6
    rich, poor = (found.decisions.feed[brand, "works"] for brand in ("rich", "poor"))
    running = [t for t in range(T) if found.decisions.on["works"][t]]
    assert sum(found.decisions.on["works"]) == T - 1  # the furnace is relined once
    for t in running[1:]:
        # 0.002 r + 0.006 p = 0.003 (r + p) where poor concentrate is the cheaper copper
        assert 0.001 * rich[t] >= 0.003 * poor[t] - 1e-6


def test_a_relining_waits_for_its_castings_and_its_window():
    found = plan(problem(), EXACT)
    start = found.decisions.start["furnace"]
    cast = found.decisions.cast["furnace", "blocks"]
    assert 1 <= start <= 2
    assert cast[:start].sum() >= 30 - 1e-6  # what is cast in a period lies there in the next
    assert not found.decisions.on["works"][start]


def test_bought_concentrate_is_taken_when_it_pays():
    base = problem()
    cheap, dear = (offer(price) for price in (1000.0, 9000.0))
    taken = []
    for one in (cheap, dear):
        wide = replace(base, offers=(one[0],), brands=(*base.brands, one[1]), routes=(*base.routes, one[2]))
        found = plan(wide, EXACT)
        assert found.verdict.accepted
        taken.append(float(found.decisions.bought["bought"].sum()))
    assert taken[0] > 1
    assert taken[1] == pytest.approx(0, abs=1e-6)


def test_the_checker_finds_what_is_broken():
    base = problem()
    found = plan(base, EXACT).decisions
    feed = {key: series * 1.5 for key, series in found.feed.items()}
    kinds = {one.kind for one in check(base, replace(found, feed=feed)).broken}
    assert {"most feed", "yard"} <= kinds
    assert {one.kind for one in check(base, replace(found, start={"furnace": 0})).broken} >= {"window", "castings"}
    more = {key: series + 1.0 for key, series in found.refined.items()}
    assert {one.kind for one in check(base, replace(found, refined=more)).broken} >= {"anode"}
    mode = dict.fromkeys(found.mode, ("",) * T)
    assert {one.kind for one in check(base, replace(found, mode=mode)).broken} >= {"mode"}


def test_where_nothing_is_possible_the_smallest_relaxation_is_named():
    base = problem()
    works = replace(base.smelters[0], relinings=(replace(base.smelters[0].relinings[0], first=1, last=1),))
    tight = replace(base, smelters=(works,))  # 20 t of castings are there by then, 30 t are needed
    assert plan(tight, EXACT).status == "infeasible"
    (found,) = smallest_relaxation(tight, 30)
    assert found.kind in ("castings", "foundry", "window")
    assert found.size == pytest.approx({"castings": 10.0, "foundry": 10.0, "window": 1.0}[found.kind], rel=1e-3)
    assert smallest_relaxation(base, 30) == ()


def test_mixed_heaps_never_beat_the_bound_and_keep_all_limits():
    base = problem()
    one = offer(1000.0)
    # the market's concentrate is mixed with poor concentrate on one heap
    shared = replace(base, brands=(base.brands[0], replace(base.brands[1], site="rich")),
                     routes=(base.routes[0],))  # fmt: skip
    shared = replace(shared, opening=replace(shared.opening, heap={"rich": 30.0, "poor": 10.0}))
    found = plan(shared, EXACT)
    mixed = improve(shared, found.decisions, lambda: False)
    assert mixed.verdict.accepted
    assert mixed.verdict.margin <= found.bound + 1e-6
    played, _ = play(shared, mixed.decisions)
    for key, series in played.ship.items():  # what is played once more is the same
        np.testing.assert_allclose(series, mixed.decisions.ship[key], atol=1e-9)
    assert mixed.verdict.margin >= check(shared, play(shared, found.decisions)[0]).margin
    assert one[0].brand == "bought"


def test_replanning_is_never_worse_than_the_old_plan_clipped():
    base = problem()
    found = plan(base, EXACT)
    event = Event("smelter", "works", {1: 1.0})
    new = replan(base, found.decisions, (event,), 1, EXACT)
    assert new.plan.verdict.accepted
    assert new.plan.margin >= new.clipped - 1e-6
    assert new.cost > 0
    assert not new.plan.decisions.on["works"][1]
    for key, series in new.plan.decisions.feed.items():  # what is done is done
        assert series[0] == pytest.approx(found.decisions.feed[key][0], abs=1e-6)
    assert new.changes
    assert {one.kind for one in new.changes} <= {"ore", "ship", "feed", "relining", "furnace"}


def test_a_price_on_change_keeps_the_plan_as_published():
    base = problem()
    found = plan(base, EXACT)
    event = Event("refinery", "works", {2: 0.2})
    free, bound = (replan(base, found.decisions, (event,), 1, EXACT, price) for price in (0.0, 500.0))

    def moved(one):
        return sum(abs(change.after - change.before) for change in one.changes if change.kind in ("ship", "feed"))

    assert moved(bound) <= moved(free) + 1e-6
    assert bound.plan.margin <= free.plan.margin + 1e-6


def test_binding_limits_are_named_with_what_more_of_them_would_bring():
    base = problem()
    found = replan(base, plan(base, EXACT).decisions, (), 0, EXACT)
    first = found.binding[0]
    assert first.worth > 0
    wider = replace(base.smelters[0], feed_high=(41.0,) * T)
    gain = plan(replace(base, smelters=(wider,)), EXACT).margin - found.plan.margin
    told = sum(one.worth for one in found.binding if one.kind == "most feed")
    assert gain <= told * 1.0 + 1e-6


def test_the_clipped_plan_does_no_more_than_was_published():
    base = problem()
    found = plan(base, EXACT).decisions
    half = replace(base, smelters=(replace(base.smelters[0], feed_high=(20.0,) * T, feed_low=(0.0,) * T),))
    less = clip(half, found)
    assert check(half, less).accepted
    for key, series in less.feed.items():
        assert (series <= found.feed[key] + 1e-6).all()
