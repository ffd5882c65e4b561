"""The page of a link holds what belongs to its plant and no more; the chain's report sets the links side by side."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from tests.golden.reports.two_plants import PERIOD, chain

from zveno.errors import DataError
from zveno.reports import MonthResults, build_report, month_report, of_plant
from zveno.reports.document import Callout, Document, Facts, Figure, Heading, Paragraph, TableBlock
from zveno.text.catalogue import catalogue

EN = catalogue("en")
TABLES = {
    "flows": "stream", "adjustments": "meter", "suspects": "meter", "gaps": "meter", "breaches": "rule",
    "not_checked": "rule", "coverage": "rule", "plan_fact": "line", "recoveries": "plant", "unaccounted": "plant",
}  # fmt: skip


@pytest.fixture(scope="module")
def month() -> MonthResults:
    return chain().results(PERIOD)


def document(month: MonthResults, link: str, lang: str = "en") -> Document:
    return build_report("link", month, lang, link=link).document


def named(month: MonthResults, table: str) -> set[str]:
    return set(getattr(month, table)[TABLES[table]])


def test_tables_are_cut_down_to_what_touches_the_plant(month):
    mill = of_plant(month, "mill")
    assert named(mill, "flows") == {"ore", "pulp1", "pulp2", "pulp3", "tail", "conc", "rich_slag"}
    assert named(mill, "adjustments") == {
        "ore.belt", "ore.assay", "tail.assay", "conc.wagon", "conc.receipt", "conc.assay", "rich_slag.scale",
        "rich_slag.assay",
    }  # fmt: skip
    assert named(mill, "gaps") == {"ore.belt"}
    assert named(mill, "breaches") == named(mill, "coverage") == {"N1"}
    assert named(mill, "not_checked") == set()
    assert named(mill, "plan_fact") == {"plan.ore"}
    assert named(mill, "recoveries") == named(mill, "unaccounted") == {"mill"}


def test_the_other_plant_has_the_rest_and_its_stock_at_the_end(month):
    smelter = of_plant(month, "smelter")
    assert "bath_stock.closing" in named(smelter, "flows")
    assert named(smelter, "not_checked") == {"S2"}
    assert named(smelter, "gaps") == set()
    assert named(smelter, "plan_fact") == {"plan.cathode"}


@pytest.mark.parametrize("table", TABLES)
def test_every_row_belongs_to_a_plant(month, table):
    parts = pl.concat([getattr(of_plant(month, plant), table) for plant in ("mill", "smelter")])
    whole = getattr(month, table)
    if table in ("recoveries", "unaccounted"):
        whole = whole.filter(pl.col("plant") != "")  # under no plant stand the whole chain's
    assert whole.height > 0
    assert parts.unique().sort(pl.all()).equals(whole.unique().sort(pl.all()))


def test_readings_that_cannot_be_told_apart_stay_together(month):
    tied = month.suspects.with_columns(
        class_id=pl.lit(1, dtype=pl.Int64),
        meter=pl.Series(["tail.assay", "anode.scale"]),
        stream=pl.Series(["tail", "anode"]),
    )
    for plant in ("mill", "smelter"):
        assert named(of_plant(replace(month, suspects=tied), plant), "suspects") == {"tail.assay", "anode.scale"}
    apart = tied.with_columns(class_id=pl.Series([1, 2]))
    assert named(of_plant(replace(month, suspects=apart), "mill"), "suspects") == {"tail.assay"}


def test_a_rule_without_signals_is_that_of_its_unit(month):
    row = {"rule": "N1", "version": 1, "kind": "limit", "reason": "no signal of the chain is named '{detail}'"}
    lacks = pl.DataFrame(
        [{**row, "detail": "mill.ph"}, {**row, "detail": "elsewhere.ph"}, {**row, "detail": "smelter.bath_c"}],
        schema=month.not_checked.schema,
    )
    changed = replace(month, not_checked=lacks)
    assert set(of_plant(changed, "mill").not_checked["detail"]) == {"mill.ph", "elsewhere.ph"}
    assert of_plant(changed, "smelter").not_checked.is_empty()


def test_what_is_of_the_whole_chain_stays(month):
    mill = of_plant(month, "mill")
    assert (mill.objective, mill.dof, mill.p_value) == (month.objective, month.dof, month.p_value)
    assert mill.provenance == month.provenance
    assert mill.link == "mill"


def facts(found: Document) -> dict[str, object]:
    return {one.label: one.cell.value for block in found.blocks if isinstance(block, Facts) for one in block.items}


def test_the_headline_is_the_plants_own(month):
    rows = {(row["plant"], row["kind"]): row["recovery_frac"] for row in
            month.recoveries.filter(pl.col("component") == "Cu").iter_rows(named=True)}  # fmt: skip
    found = facts(document(month, "smelter"))
    assert found["Cu recovery, overall"] == rows["smelter", "overall"]
    assert facts(document(month, "mill"))["Cu recovery, overall"] == rows["mill", "overall"]
    assert found["Breaches"] == 1
    assert "Rejected cells" not in found


def test_the_test_of_the_readings_is_said_to_be_of_all_links(month):
    summary = document(month, "mill").parts[0].blocks
    words = [block.text for block in summary if isinstance(block, (Paragraph, Callout))]
    assert words[0] == "The readings of all links are tested together:"
    assert words[1].startswith("The readings do not fit together")


def test_the_balance_of_a_link_closes_and_no_other_is_there(month):
    found = document(month, "mill")
    assert [name for name in found.tables if name.startswith("balance.")] == ["balance.mill.1"]
    row = found.tables["balance.mill.1"].by_key["closure"]
    assert row.cells["Cu.mass"].value == pytest.approx(0, abs=1e-6)


def test_the_place_in_the_chain_names_neighbours_links_first(month):
    table = document(month, "smelter").tables["neighbours"]
    rows = [[row.cells[key].value for key in ("place", "what", "stream")] for row in table.rows if row.role == "plain"]
    assert rows == [
        ["Concentrator", "link", "Concentrate"],
        ["Toll owner", "outside", "Toll concentrate"],
        ["Quarry", "outside", "Quartz flux"],
        ["Concentrator", "link", "Rich slag"],
        ["Slag dump", "outside", "Slag"],
        ["Market", "outside", "Cathode"],
        ["Market", "outside", "Slimes"],
    ]
    assert [row.cells["place"].value for row in table.rows if row.role == "head"] == ["Receives", "Hands on"]
    flux = table.by_key["in.flux"].cells
    assert (flux["mass"].word, flux["component"].word) == ("unobservable", "–")


def test_the_picture_shows_the_plant_and_its_stock_in_full(month):
    picture = next(block for block in document(month, "smelter").blocks if isinstance(block, Figure))
    assert "Concentrate from Concentrator to Smelting, South: " in picture.svg
    assert "Grinding" not in picture.svg
    assert "→" in picture.svg
    whole = next(block for block in month_report(month, EN).blocks if isinstance(block, Figure))
    assert "→" not in whole.svg
    assert "stock +" in whole.svg.replace("\u00a0", " ")


def test_links_stand_side_by_side_first_in_the_chains_report(month):
    found = month_report(month, EN)
    assert isinstance(found.blocks[0], Heading)
    table = found.blocks[1]
    assert isinstance(table, TableBlock)
    assert table.id == "links"
    assert [row.key for row in table.rows] == ["mill", "smelter"]
    cells = table.by_key["mill"].cells
    rows = month.recoveries.filter(pl.col("plant") == "mill", pl.col("component") == "Cu")
    assert cells["overall"].value == rows.filter(pl.col("kind") == "overall")["recovery_frac"].item()
    lost = month.unaccounted.filter(pl.col("plant") == "mill", pl.col("component") == "Cu").row(0, named=True)
    assert cells["unaccounted"].value == lost["mass_t"]
    assert cells["unaccounted"].half_width == pytest.approx(1.96 * lost["mass_sd_t"])
    assert (cells["suspects"].value, cells["breaches"].value) == (2, 1)
    assert cells["overall"].formula is not None


def test_balances_stand_in_the_order_of_the_process(month):
    names = [name for name in month_report(month, EN).tables if name.startswith("balance.")]
    assert names == ["balance.mill.1", "balance.smelter.1"]


def test_a_chain_of_one_plant_has_no_table_of_links_and_its_page_needs_no_name(balkhash_month):
    assert "links" not in month_report(balkhash_month, EN).tables
    page = build_report("link", balkhash_month).document
    assert page.title == "Balkhash concentrator, March 2026"
    assert "Rejected cells" in facts(page)


def test_a_plant_without_a_recovery_shows_what_is_unaccounted_for(month):
    content = month.model.chain.model_dump(by_alias=True)
    content["recoveries"] = [one for one in content["recoveries"] if one["plant"] != "mill"]
    plain = month.model.model_validate({**month.model.model_dump(by_alias=True), "chain": content})
    found = facts(document(replace(month, model=plain), "mill"))
    assert "Cu recovery, overall" not in found
    assert found["Cu unaccounted"] is not None
    table = month_report(replace(month, model=plain), EN).tables["links"]
    assert table.by_key["mill"].cells["overall"].word == "–"


def test_a_link_that_is_not_there_is_refused_with_the_nearest(month):
    with pytest.raises(DataError, match=r"no link of the chain is named 'smelte': use smelter, mill"):
        build_report("link", month, link="smelte")
    with pytest.raises(DataError, match=r"did you mean 'smelter'\?"):
        chain().report("link", PERIOD, link="smelte")


def test_a_page_of_one_of_several_links_needs_its_name(month):
    with pytest.raises(DataError, match="needs its name: use one of smelter, mill"):
        build_report("link", month)


def test_a_report_of_the_chain_takes_no_link(month):
    with pytest.raises(DataError, match="report 'metal_balance' is of the whole chain: leave the link 'mill' out"):
        build_report("metal_balance", month, link="mill")


def test_the_facade_gives_the_page_of_a_link():
    report = chain().report("link", PERIOD, link="smelter", lang="ru")
    assert report.document.title == "Медеплавильный завод, март 2026\u202fг."
    assert report.document.subtitle == "Звено цепи: Два завода"
    assert chain().links == ("mill", "smelter")
