"""Discrepancy of the two balances, contracts, stocks: the month as books."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from tests.unit.close.smelter import model as smelter
from tests.unit.close.smelter import solved
from tests.unit.reconcile.plants import METERS, MONTH, TRUTH, meter, model, records

from zveno.close import Carried, books_of
from zveno.close.returns import owner_dues, owner_returns
from zveno.close.shares import Share
from zveno.model.contract_checks import contract_faults
from zveno.reconcile import reconcile
from zveno.tables import frame


def books(values=TRUTH, meters=METERS):
    described, rows = model(meters), records(values)
    return books_of(described, reconcile(described, rows, MONTH), rows)


def test_the_technological_recovery_of_one_product_is_the_two_product_formula():
    copper = [{**one, "components": ["Cu"]} if one["quantity"] == "assay" else one for one in METERS]
    wrong = {key: value for key, value in TRUTH.items() if key[1] != "Fe"} | {("tail.assay", "Cu"): 0.0020}
    (row,) = books(wrong, copper).discrepancies.rows(named=True)
    a, b, t = 0.01, 0.22, 0.0020
    assert row["technological_frac"] == pytest.approx(b * (a - t) / (a * (b - t)), rel=1e-6)
    commodity = 2480.0 * 0.22 / (62 * 1000 * 0.01)
    assert row["commodity_frac"] == pytest.approx(commodity, rel=1e-6)
    assert row["difference_frac"] == pytest.approx(row["technological_frac"] - commodity, rel=1e-6)
    assert row["difference_t"] == pytest.approx(row["difference_frac"] * 620.0, rel=1e-6)


def test_the_allowance_is_that_of_the_meters():
    (plain,) = books().discrepancies.rows(named=True)
    assert plain["status"] == "within"
    worse = [{**one, "sd_rel_pct": 3.0} if one["id"] == "cake.scale" else one for one in METERS]
    (wide,) = books(meters=worse).discrepancies.rows(named=True)
    assert wide["allowance_t"] > plain["allowance_t"]
    (far,) = books({**TRUTH, ("cake.scale", "mass"): TRUTH["cake.scale", "mass"] * 1.3}).discrepancies.rows(named=True)
    assert far["status"] == "beyond"
    assert abs(far["difference_t"]) > far["allowance_t"]


def test_without_an_assay_of_the_tailings_there_is_no_technological_balance():
    fewer = [one for one in METERS if one["id"] != "tail.assay"]
    rest = {key: value for key, value in TRUTH.items() if key[0] != "tail.assay"}
    (row,) = books(rest, fewer).discrepancies.rows(named=True)
    assert (row["status"], row["technological_frac"]) == ("unobservable", None)
    assert row["commodity_frac"] is not None


def test_the_owners_of_one_plant_are_the_company():
    found = books()
    assert set(found.owner_flows["owner"]) == {"own"}
    assert found.owner_returns.is_empty()
    stock = found.stock_books.filter(pl.col("stock") == "bin", pl.col("component") == "mass").row(0, named=True)
    assert stock["change_t"] == pytest.approx(stock["closing_t"] - stock["opening_t"])


@pytest.mark.parametrize(("day", "recovery"), [(date(2026, 3, 1), 0.96), (date(2026, 4, 1), 0.97)])
def test_a_contract_returns_by_the_terms_of_its_day(day, recovery):
    network, result = solved()
    (row,) = owner_returns(smelter(), network, result, "2026-03", day).rows(named=True)
    # 160 t of concentrate at 25 % less one point
    assert row["returnable_t"] == pytest.approx(recovery * 160.0 * 0.24)
    assert (row["owner"], row["contract"], row["status"]) == ("toller", "T-1", "by contract")


def test_before_a_contract_begins_nothing_is_returned_and_it_is_said():
    network, result = solved()
    (row,) = owner_returns(smelter(), network, result, "2025-12", date(2025, 12, 1)).rows(named=True)
    assert (row["status"], row["returnable_t"]) == ("no terms in force", None)


def test_what_is_owed_goes_on_from_month_to_month():
    network, result = solved()
    returns = owner_returns(smelter(), network, result, "2026-03", date(2026, 3, 1))
    accounts = frame("owner_accounts")
    dues = owner_dues(returns, accounts, {("toller", "Cu"): 30.0}, {("toller", "Cu"): 5.0}, "2026-03")
    (row,) = dues.rows(named=True)
    assert row["closing_due_t"] == pytest.approx(5.0 + 0.96 * 160 * 0.24 - 30.0)
    assert row["gain_t"] is None  # its metal was not followed


def test_what_was_handed_over_is_weighed_by_the_meters_of_the_contract():
    owners = [
        {"id": "own"},
        {"id": "toller", "contract": {"number": "T", "returned": {"Cu": ["handed"]},
                                      "terms": [{"from": "2026-01-01", "component": "Cu", "recovery_pct": 90}]}},
    ]  # fmt: skip
    meters = [*METERS, meter("handed", "cake", "mass", accounting=False)]
    streams = model().chain.model_dump(mode="json")["streams"]
    for one in streams:
        one["from"], one["to"] = one.pop("source"), one.pop("target")
        if one["id"] == "ore":
            one["owner"] = "toller"
    described, rows = model(meters, owners=owners, streams=streams), records({**TRUTH, ("handed", "mass"): 2.0})
    found = books_of(described, reconcile(described, rows, MONTH), rows, Carried(dues={("toller", "Cu"): 10.0}))
    (row,) = found.owner_dues.rows(named=True)
    assert (row["opening_due_t"], row["returned_t"]) == (
        10.0,
        pytest.approx(122.0),
    )  # the shift that crosses the end of the month is not the month's
    assert found.carried.dues["toller", "Cu"] == pytest.approx(row["closing_due_t"])
    assert found.carried.shares["bin", "Cu"] == {"own": Share(0.0, 0.0), "toller": Share(1.0, 1.0)}


def test_a_contract_that_cannot_be_is_named():
    owners = [
        {"id": "company"},
        {"id": "toller", "contract": {"number": "T", "returned": {"Cu": ["nobody"], "Xx": []},
                                      "terms": [{"from": "2026-01-01", "component": "Cu", "recovery_pct": 90},
                                                {"from": "2026-01-01", "component": "Cu", "recovery_pct": 91},
                                                {"from": "2026-01-01", "component": "Zz", "recovery_pct": 91}]}},
    ]  # fmt: skip
    said = [str(one) for one in contract_faults(smelter(owners=owners))]
    assert len(said) == 4
    assert any("two terms" in one for one in said)
