"""Owners of metal: what each has in every stream and stock, by hand and by law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import deep
from tests.unit.close.smelter import TRUE_T, model, solved

from zveno.close.owners import owner_books
from zveno.reconcile import NetworkResult
from zveno.reconcile.fit import fit_network


def shares(books, stream: str) -> dict[str, float]:
    rows = books.flows.filter(pl.col("stream") == stream)
    return dict(rows.select("owner", "mass_t").iter_rows())


def test_owners_of_a_loop_are_those_solved_by_hand():
    network, result = solved()
    books = owner_books(model(), network, result, "2026-03", {("bath", "Cu"): {"company": 1.0}})
    # furnace: y (120 + 40 + 30 + 18) = 40 + 18 z for the toller, and the converter only passes on: z = y
    toller = 40.0 / (208.0 - 18.0)
    for stream, mass in (("matte", 180.0), ("blister", 161.0), ("slag", 3.0), ("dust", 1.0), ("bath.closing", 25.0)):
        assert shares(books, stream)["toller"] == pytest.approx(mass * toller, rel=1e-9)
        assert sum(shares(books, stream).values()) == pytest.approx(mass, rel=1e-9)
    assert shares(books, "toll") == {"company": 0.0, "toller": pytest.approx(40.0)}
    assert books.closing["bath", "Cu"]["toller"] == pytest.approx(toller)


def test_every_account_closes_and_adds_up_to_the_physical_balance():
    network, result = solved()
    books = owner_books(model(), network, result, "2026-03")
    lines = books.accounts.group_by("line").agg(pl.col("mass_t").sum())
    sums = dict(lines.iter_rows())
    assert sums["received"] == pytest.approx(160.0)
    assert sums["opening"] + sums["received"] == pytest.approx(sums["delivered"] + sums["lost"] + sums["closing"])
    left = books.accounts.filter(pl.col("line") == "left")["mass_t"]
    assert np.abs(left.to_numpy()).max() < 1e-9
    assert dict(books.accounts.filter(pl.col("line") == "delivered").group_by("stream").len().iter_rows()) == {
        "blister": 2
    }


def test_a_stock_of_which_nothing_is_known_is_the_mixture_that_comes_in():
    network, result = solved()
    books = owner_books(model(), network, result, "2026-03")
    assert shares(books, "bath.opening")["toller"] == pytest.approx(30.0 * 40 / 160)
    assert shares(books, "blister")["toller"] == pytest.approx(161.0 * 40 / 160)


def test_sections_are_one_stage_where_what_passes_between_them_is_unread():
    network, result = solved(unread=("matte", "conv_slag"))
    books = owner_books(model(), network, result, "2026-03")
    assert books.flows.filter(pl.col("stream") == "matte").is_empty()
    assert shares(books, "blister")["toller"] == pytest.approx(161.0 * 40 / 160)


def test_losses_known_together_only_are_told_together():
    network, result = solved(unread=("slag", "dust", "matte", "conv_slag"))
    books = owner_books(model(), network, result, "2026-03")
    lost = books.accounts.filter(pl.col("line") == "lost")
    assert set(lost["stream"]) == {"dust+slag"} or set(lost["stream"]) == {"slag+dust"}
    assert lost["mass_t"].sum() == pytest.approx(4.0)


def test_owners_are_unobservable_where_something_unknown_comes_in():
    network, result = solved(unread=("own", "slag"))
    books = owner_books(model(), network, result, "2026-03")
    assert books.flows.filter(pl.col("stream") == "blister")["mass_t"].null_count() == 2
    assert books.flows.filter(pl.col("stream") == "toll")["mass_t"].null_count() == 0
    assert ("bath", "Cu") not in books.closing


@pytest.mark.parametrize(("months", "within"), [(80, 0.25), deep(400, 0.12)])
def test_standard_deviations_are_those_of_repeated_months(months, within):
    network, result = solved()
    opening = {("bath", "Cu"): {"company": 0.9, "toller": 0.1}}
    books = owner_books(model(), network, result, "2026-03", opening)
    rng, seen = np.random.default_rng(1), []
    for _ in range(months):
        readings = tuple(replace(one, value=one.value + one.sigma * rng.standard_normal()) for one in network.readings)
        noisy = replace(network, readings=readings)
        again = owner_books(model(), noisy, NetworkResult(noisy, fit_network(noisy)), "2026-03", opening)
        seen.append(shares(again, "blister")["toller"])
    (sd,) = books.flows.filter(pl.col("stream") == "blister", pl.col("owner") == "toller")["mass_sd_t"]
    assert np.std(seen) == pytest.approx(sd, rel=within)


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_the_sum_of_owners_is_the_physical_metal_whatever_the_stock_was(share, other):
    network, result = solved()
    books = owner_books(model(), network, result, "2026-03", {("bath", "Cu"): {"company": share, "toller": 1 - share}})
    for stream in books.flows["stream"].unique():
        name = stream.replace("bath", "furnace")
        assert sum(shares(books, stream).values()) == pytest.approx(TRUE_T[name], rel=1e-9)
    assert books.flows["mass_t"].min() >= 0
