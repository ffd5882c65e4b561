"""Nearly half of the concentrate is a third party's: the owners add up to the physical metal, each metal, each stage."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from zveno.chain import Chain
from zveno.close.owners import OwnerBooks, owner_books
from zveno.close.returns import owner_returns
from zveno.close.shares import Share
from zveno.close.stages import stages_of
from zveno.model.network import MASS
from zveno.reconcile.build import month_of, plan_of
from zveno.reconcile.fit import fit_network
from zveno.reconcile.result import NetworkResult

METALS = ("Cu", "Ag", "Au")


@pytest.fixture(scope="module")
def month(march_workbooks) -> tuple[Chain, NetworkResult, OwnerBooks]:
    kept = march_workbooks[0]
    span = kept.period("2026-03")
    made = month_of(plan_of(kept.model, kept.records_for(span)), span)
    result = NetworkResult(made.network, fit_network(made.network))
    untold = owner_books(kept.model, result, span).untold
    opening = {one: {"own": Share(0.5, 0.5, 0.01), "toll1": Share(0.3, 0.3, 0.01), "toll2": Share(0.2, 0.2, 0.01)}
               for one in untold}  # fmt: skip
    return kept, result, owner_books(kept.model, result, span, opening)


def test_two_fifths_of_the_copper_received_are_a_third_partys(month):
    received = month[2].accounts.filter(pl.col("component") == "Cu", pl.col("line") == "received")
    by = dict(received.group_by("owner").agg(pl.col("mass_t").sum()).iter_rows())
    assert sum(mass for owner, mass in by.items() if owner.startswith("toll")) > 0.4 * sum(by.values())


@pytest.mark.parametrize("metal", METALS)
def test_owners_add_up_to_the_physical_metal_in_every_stream_and_stock(month, metal):
    _, result, books = month
    seen = 0
    for (stream,), rows in books.flows.filter(pl.col("component") == metal).group_by("stream"):
        physical = result.total([(str(stream), metal, 1.0)])[0]
        if rows["mass_t"].null_count():
            continue
        assert rows["mass_t"].sum() == pytest.approx(physical, rel=1e-9, abs=1e-9)
        seen += 1
    assert seen > 25


@pytest.mark.parametrize("metal", METALS)
def test_every_owner_keeps_what_comes_and_goes_at_every_stage(month, metal):
    """No loss is moved from one owner to another: in each stage an owner's metal in is the owner's metal out."""
    _, result, books = month
    stages = stages_of(result.network, result, metal)
    open_ = {end for _, source, target in stages.unknown for end in (source, target)}
    mine = books.flows.filter(pl.col("component") == metal)
    mass = {(row["stream"], row["owner"]): row["mass_t"] for row in mine.iter_rows(named=True)}
    closed = 0
    for owner in mine["owner"].unique():
        for stage in range(len(stages.sections)):
            into = [mass[one.stream, owner] for one in stages.lanes if one.target == stage]
            out = [mass[one.stream, owner] for one in stages.lanes if one.source == stage]
            if stage in open_ or None in into or None in out:
                continue
            assert sum(into) == pytest.approx(sum(out), rel=1e-9, abs=1e-9)
            closed += 1
    assert closed >= 3


def test_every_account_closes(month):
    left = month[2].accounts.filter(pl.col("line") == "left", pl.col("component").is_in(METALS))["mass_t"].drop_nulls()
    assert len(left) >= 3
    assert np.abs(left.to_numpy()).max() < 1e-6


def test_where_nobody_tells_whose_the_stocks_were_what_depends_on_them_has_limits_only(month):
    """The piles of each supplier are theirs by the description; the baths, anodes and cathodes are anybody's."""
    chain, result, told = month
    books = owner_books(chain.model, result, chain.period("2026-03"))
    assert {stock for stock, component in books.untold if component == "Cu"} == {
        *(f"stock.sm.{one}" for one in ("reverts", "matte", "slag", "cslag", "blister", "anode")),
        *(f"stock.ref.{one}" for one in ("anode", "cells", "scrap", "cathode", "slimes")), "ref.bath",
    }  # fmt: skip
    keys = ["stream", "component", "owner"]
    both = books.flows.join(told.flows, on=keys, suffix="_told").filter(pl.col("component").is_in(METALS))
    known, unknown = both.filter(pl.col("mass_t").is_not_null()), both.filter(pl.col("mass_t").is_null())
    assert known.filter(pl.col("stream") == "sm.charge.t1").height == 3 * len(METALS)
    assert (known["mass_t"] - known["mass_t_told"]).abs().max() < 1e-9
    assert unknown.filter(pl.col("stream") == "ref.cathode.out", pl.col("component") == "Cu").height == 3
    held = unknown.filter(pl.col("mass_t_told").is_not_null())
    assert held.height > 100
    assert held.filter(pl.col("low_t") > pl.col("mass_t_told") + 1e-9).is_empty()
    assert held.filter(pl.col("high_t") < pl.col("mass_t_told") - 1e-9).is_empty()


def test_returnable_metal_is_that_of_the_contract(month):
    chain, result, _ = month
    rows = owner_returns(chain.model, result.network, result, "2026-03", date(2026, 3, 1))
    terms = {"toll1": (0.97, 0.010), "toll2": (0.97, 0.011)}
    for owner, (recovery, deduct) in terms.items():
        (row,) = rows.filter(pl.col("owner") == owner, pl.col("component") == "Cu").rows(named=True)
        mass, copper = (result.total([(row["stream"], of, 1.0)])[0] for of in (MASS, "Cu"))
        assert row["returnable_t"] == pytest.approx(recovery * (copper - deduct * mass), rel=1e-9)
        assert row["contract"] == {"toll1": "Т-17", "toll2": "Т-22"}[owner]
