"""Owners of metal: what each has in every stream and stock, by hand and by law."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import deep
from tests.unit.close.smelter import TRUE_T, model, solved

from zveno.close.mixing import Mixing
from zveno.close.owners import OwnerBooks, mixed_of, owner_books
from zveno.close.shares import Share
from zveno.errors import ModelError
from zveno.periods import Period
from zveno.reconcile import NetworkResult
from zveno.reconcile.fit import fit_network

TZ = timezone(timedelta(hours=5))
MONTH, DAY = Period.parse("2026-03", TZ), Period.parse("2026-03-01", TZ)
BATH = ("bath", "Cu")
STOCK = {"id": "bath", "section": "furnace", "material": "matte", "kind": "in_process"}


def bath(company: float, sd: float = 0.0) -> dict[tuple[str, str], dict[str, Share]]:
    return {BATH: {"company": Share(company, company, sd), "toller": Share(1 - company, 1 - company, sd)}}


def shares(books: OwnerBooks, stream: str, column: str = "mass_t") -> dict[str, float]:
    rows = books.flows.filter(pl.col("stream") == stream)
    return dict(rows.select("owner", column).iter_rows())


def test_owners_of_a_loop_are_those_solved_by_hand():
    books = owner_books(model(), solved()[1], DAY, bath(1.0))
    # furnace: y (120 + 40 + 30 + 18) = 40 + 18 z for the toller, and the converter only passes on: z = y
    toller = 40.0 / (208.0 - 18.0)
    for stream, mass in (("matte", 180.0), ("blister", 161.0), ("slag", 3.0), ("dust", 1.0), ("bath.closing", 25.0)):
        assert shares(books, stream)["toller"] == pytest.approx(mass * toller, rel=1e-9)
        assert sum(shares(books, stream).values()) == pytest.approx(mass, rel=1e-9)
    assert shares(books, "toll") == {"company": 0.0, "toller": pytest.approx(40.0)}
    assert books.closing[BATH]["toller"].low == pytest.approx(toller)


def test_what_lay_there_leaves_day_by_day():
    """Two days by hand: the company's bath is thinned by half the inflow on each."""
    two = Period(DAY.start, DAY.start + timedelta(days=2))
    books = owner_books(model(), solved()[1], two, bath(1.0))
    first = 20.0 / (30.0 + 80.0 + 9.0 - 9.0)  # of the toller: 20 t of 30 t that lay there and 80 t that came
    second = (27.5 * first + 20.0) / (27.5 + 80.0)
    assert shares(books, "blister")["toller"] == pytest.approx(161.0 * (first + second) / 2, rel=1e-9)
    assert books.closing[BATH]["toller"].low == pytest.approx(second, rel=1e-9)


def test_every_account_closes_and_adds_up_to_the_physical_balance():
    books = owner_books(model(), solved()[1], MONTH, bath(0.75))
    lines = books.accounts.group_by("line").agg(pl.col("mass_t").sum())
    sums = dict(lines.iter_rows())
    assert sums["received"] == pytest.approx(160.0)
    assert sums["opening"] + sums["received"] == pytest.approx(sums["delivered"] + sums["lost"] + sums["closing"])
    left = books.accounts.filter(pl.col("line") == "left")["mass_t"]
    assert np.abs(left.to_numpy()).max() < 1e-9
    assert dict(books.accounts.filter(pl.col("line") == "delivered").group_by("stream").len().iter_rows()) == {
        "blister": 2
    }


def test_a_stock_of_which_nobody_tells_whose_it_was_is_unobservable_within_limits():
    result = solved()[1]
    books = owner_books(model(), result, MONTH)
    assert books.untold == (BATH,)
    assert shares(books, "blister") == {"company": None, "toller": None}
    assert shares(books, "toll") == {"company": 0.0, "toller": pytest.approx(40.0)}
    low, high = (shares(books, "blister", end) for end in ("low_t", "high_t"))
    for owner in ("company", "toller"):
        for company in (0.0, 0.3, 1.0):
            assert (
                low[owner] < shares(owner_books(model(), result, MONTH, bath(company)), "blister")[owner] < high[owner]
            )
    widest = owner_books(model(), result, MONTH, bath(0.0))
    sd = shares(widest, "blister", "mass_sd_t")["toller"]
    assert high["toller"] == pytest.approx(shares(widest, "blister")["toller"] + 1.959964 * sd, rel=1e-6)


def test_limits_are_handed_on_and_the_next_month_narrows_them():
    result = solved()[1]
    first = owner_books(model(), result, MONTH)
    handed = first.closing[BATH]["toller"]
    assert 0 < handed.low < handed.high < 1
    second = owner_books(model(), result, MONTH, first.closing)
    width = [shares(one, "blister", "high_t")["toller"] - shares(one, "blister", "low_t")["toller"]
             for one in (first, second)]  # fmt: skip
    assert width[1] < 0.2 * width[0]
    assert second.untold == ()


def test_the_description_tells_of_its_own_day_and_a_close_goes_before_it():
    stated = {**STOCK, "owners": [{"on": "2026-03-01", "share_pct": {"company": 80, "toller": 20}, "sd_pct": 1}]}
    described, result = model(stocks=[stated]), solved()[1]
    books = owner_books(described, result, MONTH)
    assert books.untold == ()
    assert shares(books, "bath.opening")["toller"] == pytest.approx(6.0)
    assert shares(books, "bath.opening", "mass_sd_t")["toller"] > 0.3  # a point of per cent of 30 t
    assert shares(owner_books(described, result, MONTH, bath(1.0)), "bath.opening")["toller"] == 0.0
    april = Period.parse("2026-04", TZ)
    assert owner_books(described, result, april).untold == (BATH,)


def test_a_stock_that_one_owner_alone_can_reach_is_that_owners():
    streams = [
        {"id": "own", "from": "mill", "to": "f", "kind": "concentrate"},
        {"id": "toll", "from": "customer", "to": "c", "kind": "concentrate", "owner": "toller"},
        {"id": "matte", "from": "f", "to": "c"}, {"id": "slag", "from": "f:slag", "to": "dump"},
        {"id": "blister", "from": "c", "to": "refinery"}, {"id": "dust", "from": "c:dust", "to": "air"},
    ]  # fmt: skip
    network = solved()[0]
    lanes = tuple(
        replace(one, target="converter") if one.id == "toll" else one
        for one in network.streams
        if one.id != "conv_slag"
    )
    readings = tuple(one for one in network.readings if one.stream != "conv_slag")
    cut = replace(network, streams=lanes, readings=readings)
    books = owner_books(model(streams=streams), NetworkResult(cut, fit_network(cut)), MONTH)
    assert books.untold == ()
    assert shares(books, "bath.opening")["toller"] == 0.0
    assert shares(books, "blister")["toller"] > 0


def test_an_owner_whose_metal_lies_there_has_to_be_described():
    with pytest.raises(ModelError, match="'gone'"):
        owner_books(model(), solved()[1], MONTH, {BATH: {"company": Share(0.5, 0.5), "gone": Share(0.5, 0.5)}})


def test_sections_are_one_stage_where_what_passes_between_them_is_unread():
    books = owner_books(model(), solved(unread=("matte", "conv_slag"))[1], DAY, bath(0.75))
    assert books.flows.filter(pl.col("stream") == "matte").is_empty()
    assert shares(books, "blister")["toller"] == pytest.approx(161.0 * 47.5 / 190)


def test_losses_known_together_only_are_told_together():
    books = owner_books(model(), solved(unread=("slag", "dust", "matte", "conv_slag"))[1], MONTH, bath(0.75))
    lost = books.accounts.filter(pl.col("line") == "lost")
    assert set(lost["stream"]) == {"dust+slag"} or set(lost["stream"]) == {"slag+dust"}
    assert lost["mass_t"].sum() == pytest.approx(4.0)


def test_owners_are_unobservable_where_something_unknown_comes_in():
    books = owner_books(model(), solved(unread=("own", "slag"))[1], MONTH, bath(0.75))
    assert shares(books, "blister") == {"company": None, "toller": None}
    assert shares(books, "blister", "low_t") == {"company": 0.0, "toller": 0.0}
    assert shares(books, "blister", "high_t")["toller"] == pytest.approx(161.0, rel=0.1)
    assert books.flows.filter(pl.col("stream") == "toll")["mass_t"].null_count() == 0
    assert books.closing[BATH]["toller"] == Share(0.0, 1.0)
    received = books.accounts.filter(pl.col("line") == "received", pl.col("stream") == "own")
    assert dict(received.select("owner", "mass_t").iter_rows()) == {"company": None, "toller": 0.0}


@pytest.mark.parametrize(("months", "within"), [(80, 0.25), deep(400, 0.12)])
@pytest.mark.parametrize("sd", [0.0, 0.03])
def test_standard_deviations_are_those_of_repeated_months(sd, months, within):
    network, result = solved()
    books = owner_books(model(), result, MONTH, bath(0.9, sd))
    rng, seen = np.random.default_rng(1), []
    for _ in range(months):
        readings = tuple(replace(one, value=one.value + one.sigma * rng.standard_normal()) for one in network.readings)
        noisy = replace(network, readings=readings)
        told = bath(0.9 + sd * rng.standard_normal())
        again = owner_books(model(), NetworkResult(noisy, fit_network(noisy)), MONTH, told)
        seen.append((shares(again, "blister")["toller"], again.closing[BATH]["toller"].low))
    (expected,) = books.flows.filter(pl.col("stream") == "blister", pl.col("owner") == "toller")["mass_sd_t"]
    found = np.std(seen, axis=0)
    assert found[0] == pytest.approx(expected, rel=within)
    assert found[1] == pytest.approx(books.closing[BATH]["toller"].sd, rel=within)


def test_slopes_are_those_of_finite_differences():
    mixed = mixed_of(model(), solved()[1], "Cu", MONTH, bath(0.6))
    for steps, blind in ((1, frozenset[int]()), (31, frozenset[int]()), (5, frozenset({0}))):
        mixing, mass = Mixing(mixed.stages, steps, blind), mixed.stages.mass
        low = np.random.default_rng(2).dirichlet([1, 1], len(mass))
        slopes = mixing.slopes(mass, low)
        for k in range(len(mass)):
            step = np.zeros_like(mass)
            step[k] = 1e-5 * mass[k]
            found = (mixing.all_of(mass + step, low) - mixing.all_of(mass - step, low)) / (2 * step[k])
            assert slopes[:, :, k] == pytest.approx(found, rel=1e-5, abs=1e-7)


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_the_sum_of_owners_is_the_physical_metal_whatever_the_stock_was(share, other):
    result = solved()[1]
    books = owner_books(model(), result, MONTH, bath(share))
    for stream in books.flows["stream"].unique():
        name = stream.replace("bath", "furnace")
        assert sum(shares(books, stream).values()) == pytest.approx(TRUE_T[name], rel=1e-9)
    assert books.flows["mass_t"].min() >= 0
    again = owner_books(model(), result, MONTH, bath(other))
    low, high = min(share, other), max(share, other)
    between = owner_books(
        model(), result, MONTH, {BATH: {"company": Share(low, high), "toller": Share(1 - high, 1 - low)}}
    )
    for one in (books, again):
        assert shares(between, "blister", "low_t")["toller"] <= shares(one, "blister")["toller"] + 1e-9
        assert shares(between, "blister", "high_t")["toller"] >= shares(one, "blister")["toller"] - 1e-9
