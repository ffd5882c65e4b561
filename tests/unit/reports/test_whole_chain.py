"""Reports of the five plants: the chain's own recovery, what is followed by one component, what nobody measures."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import openpyxl
import polars as pl
import pytest

import zveno
from zveno import tables
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reports import MonthResults, Provenance, build_report
from zveno.reports.document import Document, Facts, Paragraph, Ref, TableBlock, Total
from zveno.reports.shown import joint_places, joint_titles

PLANTS = ("zhez_conc", "zhmz", "balk_conc", "bmz", "klmz")


def row(stream: str, component: str, mass: float, grade: float | None = None) -> dict[str, object]:
    return {
        "period": "2026-03", "stream": stream, "component": component, "mass_t": mass, "mass_sd_t": 0.01 * mass,
        "grade_frac": grade, "grade_sd_frac": None if grade is None else 0.001 * grade, "status": "adjusted",
    }  # fmt: skip


def flows(model: ChainModel) -> pl.DataFrame:
    """A simulated month as a balance would tell it: each stream by what it is followed by, each stock without change."""
    totals = zveno.load(zveno.example("zhez_balkhash")).simulate_period("2026-03")
    found: dict[tuple[str, str], float] = {}
    for one in (stream for stream in model.chain.streams if stream.is_balanced):
        parts = (one.content,) if one.content else ("mass", *(one.components or ()))
        for part in parts:
            key = one.group or one.id, part
            found[key] = found.get(key, 0.0) + totals.mass(one.id, "solids" if part == "mass" else part)
    rows = [
        row(stream, part, mass, mass / whole if part != "mass" and (whole := found.get((stream, "mass"))) else None)
        for (stream, part), mass in found.items()
    ]
    for stock in model.chain.stocks:
        material = model.streams[stock.material]
        for end, size in ((".opening", 100.0), (".closing", 150.0)):
            if stock.content:
                rows.append(row(stock.id + end, stock.content, size))
                continue
            rows.append(row(stock.id + end, "mass", size))
            rows += [row(stock.id + end, part, 0.3 * size, 0.3) for part in material.components or ()]
    return tables.frame("flows", rows)


@pytest.fixture(scope="module")
def month() -> MonthResults:
    model = zveno.load(zveno.example("zhez_balkhash")).model
    told = flows(model)
    copper = {one["stream"]: one["mass_t"] for one in told.filter(component="Cu").iter_rows(named=True)}
    rule = next(one for one in model.chain.recoveries if not one.plant)
    into, out = (sum(copper[one] for one in ids) for ids in (rule.feeds, rule.products))
    change = sum(copper[f"{one}.closing"] - copper[f"{one}.opening"] for one in rule.stocks)
    shares = {"direct": out / into, "overall": (out + change) / into}
    readings = [
        {"meter": "zhmz.gas.so2", "stream": "zhmz.so2", "quantity": "mass", "reading": 10_000.0, "z": None},
        {"meter": "bmz.electrolyte", "stream": "bmz.electrolyte_stock.closing", "quantity": "mass", "reading": 150.0,
         "z": 0.4},
        {"meter": "bmz.anode.scale", "stream": "bmz.anode", "quantity": "mass", "reading": 17_000.0, "z": 0.2},
    ]  # fmt: skip
    empty = {name: tables.frame(name) for name in ("suspects", "eliminations", "breaches", "plan_fact", "rejected")}
    return MonthResults(
        model=model,
        period=Period.parse("2026-03", model.tz),
        flows=told,
        adjustments=tables.frame("adjustments", [
            {"period": "2026-03", "sd": 1.0, "reconciled": one["reading"], "reconciled_sd": 1.0, "status": "redundant", "shows_from": None,
             **one} for one in readings
        ]),
        recoveries=tables.frame("recoveries", [
            {"period": "2026-03", "plant": "", "component": "Cu", "kind": kind, "recovery_frac": share,
             "recovery_sd_frac": 0.001} for kind, share in shares.items()
        ]),
        unaccounted=tables.frame("unaccounted", [
            {"period": "2026-03", "plant": plant, "component": "Cu", "mass_t": -254.0, "mass_sd_t": 958.0}
            for plant in ("", "zhmz")
        ]),
        gaps=tables.frame("gaps", [
            {"period": "2026-03", "meter": meter, "quantity": "mass", "expected": 31, "present": 30,
             "treatment": "the mean of the other readings stands for it"} for meter in ("bmz.anode.scale", "zhmz.gas.so2")
        ]),
        not_checked=tables.frame("not_checked", [
            {"rule": f"X-{k}", "version": 1, "kind": "rate", "detail": "rate",
             "reason": "rules of the kind '{detail}' cannot be judged by this version"} for k in range(20)
        ]),
        coverage=tables.frame("rule_coverage", [
            {"rule": "BM-06", "version": 1, "tag": one.id, "judged_h": 740.0 - (one.id.startswith("bmz.vf2")),
             "off_h": 0.0, "unknown_h": 4.0} for one in model.chain.tags if one.id.endswith(".dt_k")
        ]),
        objective=1.0,
        dof=2,
        p_value=0.6,
        separating=(),
        provenance=Provenance(version="0"),
        castings=zveno.load(zveno.example("zhez_balkhash")).foundry_needs().needs,
        **empty,
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(month) -> Document:
    return build_report("metal_balance", month).document


def page(month: MonthResults, link: str) -> Document:
    return build_report("link", month, link=link).document


def test_the_chains_recovery_refers_to_the_tables_of_the_plants(month, whole):
    cells = whole.tables["recoveries"].by_key[".Cu"].cells
    assert cells["plant"].value == "Zhezkazgan and Balkhash"
    assert cells["overall"].formula is not None
    assert cells["direct"].formula is not None
    named = {one.table for one in cells["direct"].formula.left.terms}
    assert named == {"balance.zhmz.1", "balance.bmz.1"}
    copper = {one["stream"]: one["mass_t"] for one in month.flows.filter(component="Cu").iter_rows(named=True)}
    rule = next(one for one in month.model.chain.recoveries if not one.plant)
    change = sum(copper[f"{one}.closing"] - copper[f"{one}.opening"] for one in rule.stocks)
    assert cells["stock"].value == pytest.approx(change)


def test_the_change_of_stocks_follows_from_the_recoveries_where_a_grade_is_unknown(month):
    pigs = (pl.col("component") == "Cu") & pl.col("stream").str.starts_with("bmz.pigs.")
    blind = month.flows.with_columns(
        pl.when(pigs).then(None).otherwise(pl.col(name)).alias(name) for name in ("mass_t", "grade_frac")
    )
    changed = replace(month, flows=blind)
    cells = build_report("metal_balance", changed).document.tables["recoveries"].by_key[".Cu"].cells
    known = build_report("metal_balance", month).document.tables["recoveries"].by_key[".Cu"].cells
    assert cells["overall"].formula is None
    assert cells["stock"].value == pytest.approx(known["stock"].value)


def test_the_chain_stands_first_in_the_headline_and_last_among_the_links(whole):
    first = whole.parts[0].blocks[0]
    assert isinstance(first, Facts)
    labels = [one.label for one in first.items]
    assert labels == ["Cu recovery, overall", "Cu in feed", "Cu in product", "Cu unaccounted"]
    assert first.items[2].words == "Cathode"
    links = whole.tables["links"]
    assert [one.key for one in links.rows] == [*PLANTS, "chain"]
    assert links.rows[-1].role == "total"
    assert links.by_key["klmz"].cells["verdict"].word == "–"
    assert whole.tables["unaccounted"].rows[-1].key == ".Cu"


def test_what_asks_for_attention_comes_before_the_balances(whole):
    order = [part.heading.id for part in whole.parts]
    assert order.index("suspects") < order.index("breaches") < order.index("balance-zhez_conc")


def test_a_gas_and_copper_in_electrolyte_are_told_by_their_component_alone(whole):
    gas = whole.tables["balance.zhmz.1"].by_key["zhmz.so2"].cells
    assert gas["S.mass"].value > 0
    assert [gas[key].word for key in ("mass.mass", "S.grade", "Cu.mass", "Cu.grade")] == ["–"] * 4
    stock = whole.tables["balance.bmz.1"].by_key["bmz.electrolyte_stock.closing"].cells
    assert stock["Cu.mass"].value == 150.0
    assert stock["mass.mass"].word == stock["Cu.grade"].word == "–"


def test_nothing_that_is_followed_nowhere_is_called_unobservable(whole):
    for table in whole.tables.values():
        if table.id.startswith("balance."):
            words = {cell.word for one in table.rows for cell in one.cells.values() if cell.value is None}
            assert "unobservable" not in words, table.id


def test_totals_count_the_component_of_what_has_no_mass(month, whole):
    table = whole.tables["balance.bmz.1"]
    change = sum(
        cell.value if key.endswith(".closing") else -cell.value
        for key, one in table.by_key.items()
        if key.endswith((".opening", ".closing")) and (cell := one.cells["Cu.mass"]).value is not None
    )
    assert table.by_key["total.stock"].cells["Cu.mass"].value == pytest.approx(change)
    terms = table.by_key["total.stock"].cells["Cu.mass"].formula.left
    assert isinstance(terms, Total)
    assert Ref("balance.bmz.1", "bmz.electrolyte_stock.closing", "Cu.mass") in terms.terms


def test_a_smelter_has_no_totals_of_dry_mass_and_says_so(whole):
    table = whole.tables["balance.zhmz.1"]
    assert table.by_key["total.in"].cells["mass.mass"].word == "–"
    assert table.by_key["total.in"].cells["Cu.mass"].value > 0
    assert any(note.startswith("No totals of dry mass:") for note in table.notes)


@pytest.mark.parametrize("plant", PLANTS)
def test_a_column_that_no_row_carries_is_left_out(whole, plant):
    found = [one for one in whole.tables.values() if one.id.startswith(f"balance.{plant}.")]
    for table in found:
        for name in {column.group for column in table.columns if column.group}:
            assert any(one.cells.get(f"{name}.mass") and one.cells[f"{name}.mass"].value is not None
                       for one in table.rows), (table.id, name)  # fmt: skip
    assert (len(found) == 1) == (plant == "klmz")


def test_the_foundrys_page_says_what_is_known_and_no_more(month):
    found = page(month, "klmz")
    assert {"recoveries", "unaccounted", "plan"} & set(found.tables) == set()
    facts = {one.label: one.cell.value for one in found.parts[0].blocks[0].items}
    assert facts["Castings of the foundry"] > 1000
    assert "component" not in {column.key for column in found.tables["neighbours"].columns}
    orders = found.tables["castings"]
    year = month.castings["need_t_y"].sum()
    assert orders.by_key["total"].cells["mass"].value == pytest.approx(year * 744 / 8760)
    assert "castings" not in page(month, "zhmz").tables


def test_readings_stand_by_plant_and_say_what_is_weighed(whole):
    assert "adjustments" not in whole.tables
    gas = whole.tables["adjustments.zhmz"]
    assert gas.folded
    assert [one.cells["quantity"].value for one in gas.rows] == ["mass of S"]
    assert [one.cells["quantity"].value for one in whole.tables["adjustments.bmz"].rows] == ["mass of Cu", "dry mass"]
    assert gas.rows[0].cells["stream"].value == "Cleaned gas to acid"


def test_gaps_stand_by_plant(whole):
    rows = whole.tables["gaps"].rows
    assert [one.cells["meter"].value for one in rows if one.role == "head"] == [
        "Zhezkazgan smelter",
        "Balkhash smelter",
    ]
    assert rows[1].cells["quantity"].value == "mass of S"


def test_what_nobody_measures_is_listed_and_on_a_page_named(month, whole):
    listed = whole.tables["not_measured"]
    assert len(listed.rows) == len(month.model.chain.not_measured) > 5
    own = page(month, "bmz")
    assert "not_measured" not in own.tables
    said = [one.text for part in own.parts for one in part.blocks if isinstance(one, Paragraph)]
    assert any("mass of blister" in one for one in said)


def test_signals_of_a_rule_are_one_row_and_those_that_differ_another_table(whole):
    (one,) = whole.tables["coverage"].rows
    assert "1–44" in one.cells["tag"].value
    assert "(88)" in one.cells["tag"].value
    assert one.cells["judged"].value == pytest.approx(739.5)
    assert [row.cells["judged"].value for row in whole.tables["coverage.signals"].rows] == [740.0, 739.0]


def test_rules_not_checked_for_one_reason_stand_together(whole):
    table = whole.tables["not_checked"]
    assert sum(one.role == "head" for one in table.rows) == 1
    assert len(table.rows) == 21


def test_formulas_of_the_workbook_lead_to_cells_with_their_figures(month):
    content = build_report("metal_balance", month).render(".xlsx")
    told, values = (openpyxl.load_workbook(BytesIO(content), data_only=one) for one in (False, True))
    sheet = told["Recovery"]
    formulas = [cell for line in sheet.iter_rows() for cell in line if cell.data_type == "f"]
    assert len(formulas) == 3
    assert all(len(cell.value) < 8192 for cell in formulas)
    direct = next(cell for cell in formulas if "closing" not in cell.value and cell.value.count("!") == 7)
    shown = values["Recovery"][direct.coordinate].value
    assert shown == pytest.approx(month.recoveries.filter(kind="direct")["recovery_frac"].item())


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_every_page_is_made_in_every_format_of_text(month, lang):
    for link in ("", *PLANTS):
        report = build_report("link" if link else "metal_balance", month, lang, link=link)
        assert b"unobservable" not in report.render(".html") or lang == "en"
        assert report.render(".xlsx")[:2] == b"PK"


def tables_of(document: Document) -> list[TableBlock]:
    return list(document.tables.values())


def test_no_two_tables_of_a_report_have_one_name(month, whole):
    for one in (whole, page(month, "bmz")):
        blocks = [block.id for part in one.parts for block in part.blocks if isinstance(block, TableBlock)]
        assert len(blocks) == len(set(blocks)) == len(tables_of(one))


def test_names_of_many_things_are_said_once():
    assert joint_titles(["Jacket 1, furnace 1", "Jacket 2, furnace 1", "Jacket 1, furnace 2"]) == [
        "Jacket 1, 2, furnace 1", "Jacket 1, furnace 2",
    ]  # fmt: skip
    assert joint_titles(["Acid mist", "Hood"]) == ["Acid mist", "Hood"]
    assert joint_places(["Mines, north", "Market"]) == "Mines, north; Market"
    assert joint_places(["Market"]) == "Market"
