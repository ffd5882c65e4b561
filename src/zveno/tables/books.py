"""Tables of the month as books."""

from __future__ import annotations

import polars as pl

from zveno.tables.column import Column
from zveno.tables.column import columns as _columns

_DAY_FLOW = tuple(
    (f"{span}_{name}", pl.Float64, f"{text}, {when}")
    for span, when in (("day", "of the day"), ("to_date", "of the month to the end of the day"))
    for name, text in (
        ("mass_t", "dry mass of the stream, or of the component, t"),
        ("mass_sd_t", "standard deviation"),
        ("grade_frac", "mass fraction"),
        ("grade_sd_frac", "standard deviation"),
    )
)

BOOKS: dict[str, tuple[Column, ...]] = {
    "daily_flows": _columns(
        ("day", pl.Date, "plant day"),
        ("stream", pl.String, "feed or product of a link"),
        ("component", pl.String, "mass (dry solids) or a component"),
        *_DAY_FLOW,
        ("status", pl.String, "measured, adjusted, estimated or unobservable, in the month to date"),
    ),
    "daily_recoveries": _columns(
        ("day", pl.Date, "plant day"),
        ("plant", pl.String, "link of the chain; empty for the chain"),
        ("component", pl.String, "component"),
        ("kind", pl.String, "overall (change of stocks counts as product) or direct"),
        ("day_frac", pl.Float64, "recovery of the day; null = unobservable"),
        ("day_sd_frac", pl.Float64, "standard deviation"),
        ("to_date_frac", pl.Float64, "recovery of the month to the end of the day"),
        ("to_date_sd_frac", pl.Float64, "standard deviation"),
    ),
    "daily_stocks": _columns(
        ("day", pl.Date, "plant day"),
        ("stock", pl.String, "stock; empty for all of a link together"),
        ("plant", pl.String, "link of the chain it lies in or is on the way to"),
        ("component", pl.String, "mass (dry solids) or a component"),
        ("opening_t", pl.Float64, "at the beginning of the month, t; null = unobservable"),
        ("opening_sd_t", pl.Float64, "standard deviation"),
        ("closing_t", pl.Float64, "at the end of the day, by the book: opening, what came in, what went out"),
        ("closing_sd_t", pl.Float64, "standard deviation"),
        ("change_t", pl.Float64, "closing less opening"),
        ("change_sd_t", pl.Float64, "standard deviation"),
    ),
    "daily_missing": _columns(
        ("day", pl.Date, "plant day"),
        ("span", pl.String, "day or to_date"),
        ("meter", pl.String, "meter"),
        ("quantity", pl.String, "quantity or component"),
        ("expected", pl.Int64, "readings that its description promises"),
        ("present", pl.Int64, "readings that there are"),
        ("treatment", pl.String, "what was done about it (key of a message)"),
    ),
    "stock_books": _columns(
        ("period", pl.String, "period"),
        ("stock", pl.String, "stock"),
        ("plant", pl.String, "link of the chain it lies in or is on the way to"),
        ("kind", pl.String, "stock, in_process or transit"),
        ("component", pl.String, "mass (dry solids) or a component"),
        ("opening_t", pl.Float64, "at the beginning, t; null = unobservable"),
        ("opening_sd_t", pl.Float64, "standard deviation"),
        ("closing_t", pl.Float64, "at the end"),
        ("closing_sd_t", pl.Float64, "standard deviation"),
        ("change_t", pl.Float64, "closing less opening"),
        ("change_sd_t", pl.Float64, "standard deviation, what both ends have in common cancelled"),
    ),
    "owner_flows": _columns(
        ("period", pl.String, "period"),
        ("stream", pl.String, "stream or end of a stock"),
        ("component", pl.String, "component"),
        ("owner", pl.String, "owner"),
        ("mass_t", pl.Float64, "metal of the owner, t; null = unobservable"),
        ("mass_sd_t", pl.Float64, "standard deviation that follows from the balance and from stated opening owners"),
        ("low_t", pl.Float64, "least it may be (95 %), never below nothing; told where it is unobservable too"),
        ("high_t", pl.Float64, "most it may be (95 %)"),
    ),
    "owner_accounts": _columns(
        ("period", pl.String, "period"),
        ("owner", pl.String, "owner"),
        ("component", pl.String, "component"),
        (
            "line",
            pl.String,
            "opening, received, delivered (products), lost (all else that leaves), closing, left (nothing)",
        ),
        ("stream", pl.String, "stream, or several joined by + that are known together only"),
        ("mass_t", pl.Float64, "metal of the owner, t; null = unobservable"),
        ("mass_sd_t", pl.Float64, "standard deviation that follows from the balance and from stated opening owners"),
        ("low_t", pl.Float64, "least it may be (95 %), never below nothing; told where it is unobservable too"),
        ("high_t", pl.Float64, "most it may be (95 %)"),
    ),
    "owner_returns": _columns(
        ("period", pl.String, "period"),
        ("owner", pl.String, "owner"),
        ("contract", pl.String, "number of the contract"),
        ("component", pl.String, "component"),
        ("stream", pl.String, "what was received"),
        ("received_t", pl.Float64, "dry mass received, t; null = unobservable"),
        ("grade_frac", pl.Float64, "its grade"),
        ("deduct_frac", pl.Float64, "deduction from the grade by contract"),
        ("recovery_frac", pl.Float64, "share that is returned by contract"),
        ("returnable_t", pl.Float64, "metal to be returned, t"),
        ("returnable_sd_t", pl.Float64, "standard deviation"),
        ("status", pl.String, "by contract, no terms in force, or unobservable"),
    ),
    "owner_dues": _columns(
        ("period", pl.String, "period"),
        ("owner", pl.String, "owner"),
        ("component", pl.String, "component"),
        ("opening_due_t", pl.Float64, "metal owed at the beginning, t"),
        ("returnable_t", pl.Float64, "what the period adds by contract"),
        ("returned_t", pl.Float64, "what was handed over; null = no meter of the contract has a reading"),
        ("closing_due_t", pl.Float64, "metal owed at the end"),
        (
            "physical_t",
            pl.Float64,
            "metal of the owner in stocks at the end; null = not followed from its receipt",
        ),
        ("gain_t", pl.Float64, "what the processor keeps or adds: owner's metal received less lost less returnable"),
    ),
    "lot_limits": _columns(
        ("period", pl.String, "period"),
        ("owner", pl.String, "owner"),
        ("contract", pl.String, "number of the contract"),
        ("stream", pl.String, "what was received"),
        ("lot", pl.String, "name of the lot; empty = not told by its mapping"),
        ("component", pl.String, "component of which it holds too much"),
        ("start", pl.Datetime("us", "UTC"), "day or moment of the lot"),
        ("grade_frac", pl.Float64, "its assay"),
        ("grade_sd_frac", pl.Float64, "standard deviation of the assay"),
        ("limit_frac", pl.Float64, "most that the contract allows on that day"),
        ("chance_within", pl.Float64, "chance of such an assay or a higher one if the lot is just within"),
        ("status", pl.String, "beyond, or doubtful: the error of the assay lets it be within"),
        ("meter", pl.String, "meter that assayed it"),
        ("file", pl.String, "file of the assay"),
        ("sheet", pl.String, "sheet"),
        ("cell", pl.String, "cell"),
    ),
    "discrepancies": _columns(
        ("period", pl.String, "period"),
        ("plant", pl.String, "link of the chain"),
        ("component", pl.String, "component"),
        (
            "technological_frac",
            pl.Float64,
            "overall recovery without weights of products and stocks; null = unobservable",
        ),
        ("technological_sd_frac", pl.Float64, "standard deviation"),
        ("commodity_frac", pl.Float64, "the same by weights, without what is lost otherwise; null = unobservable"),
        ("commodity_sd_frac", pl.Float64, "standard deviation"),
        ("difference_frac", pl.Float64, "discrepancy: technological less commodity recovery"),
        ("difference_sd_frac", pl.Float64, "standard deviation, what both have in common cancelled"),
        ("fed_t", pl.Float64, "metal in the feeds by the commodity balance, t"),
        ("difference_t", pl.Float64, "discrepancy in metal: difference_frac of fed_t, t"),
        ("allowance_t", pl.Float64, "what the errors of the meters allow, 95 %, t"),
        ("status", pl.String, "within, beyond, or unobservable"),
    ),
}
