"""First day: the register of a month of workbooks, 89 instruments of 214 not verified in time; the laboratory's controls.

The workbooks are those of the example ``workbooks_march_2026``; the truth lies outside the project, in
``../shared/data/shift-workbooks/march-2026/truth``.
"""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.signed_books import books, enter

from zveno.chain import Chain, ToArchive, archive, example, load
from zveno.chain.authorising import Authorising
from zveno.chain.closing import Closing
from zveno.chain.instruments import known_instruments, measured
from zveno.chain.quality import assays, instruments_page
from zveno.errors import DataError
from zveno.log import verify_archive
from zveno.quality import overdue_rows
from zveno.reconcile.build import month_network
from zveno.store import MemoryStore

HERE = Path(__file__).parents[2] / "../shared/data/shift-workbooks/march-2026/truth"
pytestmark = pytest.mark.skipif(not HERE.is_dir(), reason="the folder ../shared/data with the cases is absent")
KNOWN, DAY = datetime(2026, 4, 2, tzinfo=UTC), datetime(2026, 4, 3, 9, tzinfo=UTC)
LAST = date(2026, 3, 31)


@pytest.fixture(scope="module")
def chain() -> Chain:
    model = load(example("workbooks_march_2026")).model
    kept = Chain(model, example("workbooks_march_2026"), MemoryStore(), lambda: KNOWN)
    kept.import_files([example("workbooks_march_2026") / "workbooks"])
    return kept


@pytest.fixture(scope="module")
def register() -> dict[str, dict[str, str]]:
    with (HERE / "instruments.csv").open(encoding="utf-8") as file:
        return {row["instrument"]: row for row in csv.DictReader(file)}


def test_89_of_214_instruments_are_expired_and_they_are_the_right_ones(chain, register):
    found = chain.instruments(LAST)
    assert found.height == len(register) == 214
    expired = set(found.filter(pl.col("status") == "expired")["instrument"])
    assert expired == {name for name, row in register.items() if row["expired_at_month_end"] == "1"}
    assert len(expired) == 89


def test_every_instrument_is_read_whole(chain, register):
    for row in chain.instruments(LAST).iter_rows(named=True):
        wanted = register[row["instrument"]]
        assert (row["name"], row["site"], row["point"]) == (wanted["name"], wanted["site"], wanted["point"])
        assert str(row["verified_on"]) == wanted["verified_on"]
        assert str(row["valid_until"]) == wanted["valid_until"]
        assert row["accuracy_class"].replace(".", ",") == wanted["accuracy_class"]
        assert row["interval_mo"] == float(wanted["interval_months"])


def test_readings_of_expired_instruments_are_marked_and_widened(chain, register):
    span = chain.period("2026-03")
    known, late = known_instruments(chain.model, chain.store), measured(chain.model, chain.store, span)
    records = chain.records_for(span)
    marked = overdue_rows(late, records, span, known)
    assert set(marked["instrument"]) <= {name for name, row in register.items() if row["expired_at_month_end"] == "1"}
    assert {"zhf.l2.feed.weight", "bof.l1.feed.weight", "zhf.l2.feed.moisture"} <= set(marked["meter"])
    whole = marked.filter(pl.col("valid_until") < date(2026, 2, 28))
    assert (whole["readings"] == whole["overdue_readings"]).all()
    part = marked.filter(pl.col("instrument") == "17887").row(0, named=True)  # a moisture meter, until 15 March
    assert 0 < part["overdue_readings"] < part["readings"]
    sds = [{(one.stream, one.quantity, one.meter): one.sigma for one in month_network(model, records, span).network.readings}
           for model in (chain.model, late)]  # fmt: skip
    wider = {key for key in sds[0] if sds[1][key] > sds[0][key] * (1 + 1e-9)}
    assert all(sds[1][key] >= sds[0][key] * (1 - 1e-9) for key in sds[0])
    assert {("zhf.l2.feed", "mass"), ("bof.l1.feed", "mass")} <= {key[:2] for key in wider}
    assert not any(key[0] in ("ref.cathode", "sm.anode.out", "sm.slag") for key in wider)  # all verified


def test_close_needs_a_named_authorisation(chain, register, tmp_path):
    signed = books(tmp_path)
    enter(signed.persons, "metrologist", "Metrologist", ("metrologist",), signed.registrar)
    closing = Closing(chain, tmp_path)
    with pytest.raises(DataError, match="89 of 89 instruments"):
        closing.draw_up("2026-03", signed.accountant, DAY)
    assert closing.stage("2026-03").stage == "open"
    metrologist = signed.persons.unlock("metrologist", "a pass-phrase of several words")
    authorising, later = Authorising(closing), DAY + timedelta(hours=1)
    some = [one.instrument for one in authorising.lapsed("2026-03")][:80]
    authorising.authorise("2026-03", some, "verified in April by the schedule", metrologist, DAY)
    with pytest.raises(DataError, match="9 of 89 instruments"):
        closing.require_clear("2026-03", "accountant")
    authorising.authorise("2026-03", ["all"], "verified in April by the schedule", metrologist, later)
    assert closing.obstacles("2026-03", "accountant") == ()
    (said, *_) = authorising.given("2026-03")
    assert (said.name, len(said.instruments)) == ("Metrologist", 80)


def test_list_for_the_inspector_is_handed_over_signed(chain, tmp_path):
    signed = books(tmp_path / "store")
    table = chain.instruments(LAST, "ru")
    page = instruments_page(chain, table, LAST, "ru")
    paths = tuple(page.save(tmp_path / f"list{suffix}") for suffix in (".html", ".xlsx"))
    html = paths[0].read_text(encoding="utf-8")
    assert all(name in html for name in table.filter(pl.col("status") == "expired")["instrument"])
    out = tmp_path / "list.zveno"
    archive(signed.log, signed.accountant, DAY, ToArchive(paths), out)
    assert verify_archive(out).findings == ()


def test_intervals_of_the_precision_hold_the_true_scatter(chain):
    found = assays(chain, "2026-03").duplicates
    assert found.filter(pl.col("material") != "")["pairs"].sum() == 42
    with (HERE / "sigmas.csv").open(encoding="utf-8") as file:
        true = {(row["quantity"], row["point_prefix"]): float(row["relative_sigma"]) for row in csv.DictReader(file)}
    usual, poor = true["grade_Cu", ""], true["grade_Cu", "true below 1.2 %"]
    judged = 0
    for row in found.filter(pl.col("pairs") >= 3, pl.col("material") != "conv.blister").iter_rows(named=True):
        wanted = poor if row["high_frac"] < 0.012 else usual
        assert row["sd_low_frac"] <= wanted <= row["sd_high_frac"], row
        judged += 1
    assert judged >= 10
    assert found.filter(pl.col("verdict") == "worse").is_empty()  # 2 % is described, 1 % and 2.5 % are true


def test_standard_of_the_laboratory_is_charted(chain):
    found = assays(chain, "2026-03")
    (row,) = found.standards.iter_rows(named=True)
    assert (row["assays"], row["certified_frac"], row["verdict"]) == (33, pytest.approx(0.246), "within")
    assert found.points.height == 33
    assert abs(row["bias_frac"]) < 0.0005
