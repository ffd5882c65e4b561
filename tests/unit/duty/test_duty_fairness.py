"""What shifts are compared by: hours judged, events, feed, and what does not count."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from tests.unit.duty.desk import MONTH, between, desk, on, plant, readings
from tests.unit.rules.small_plant import rule, version

from zveno.chain.fairness import Fairness
from zveno.duty import acts
from zveno.duty.instruments import Finding
from zveno.errors import DataError, StoreError
from zveno.model.roster import DutyFile
from zveno.store import Batch
from zveno.tables import frame

PH = "conc.line1.ph"


@pytest.fixture
def made(tmp_path):
    """Two breaches over each other in one shift, by two lines; one in the next."""
    two = [rule(version(high=11.8), tag="conc.line*.ph", gate="pumping", acts_on={"parameter": "x", "via": "direct"})]

    def out(ts):
        return between("05 09:00", "05 12:00")(ts) or between("05 21:00", "05 22:00")(ts)

    pumps = [
        readings(f"conc.line{n}.pump", lambda _: False, start="05 00:00").with_columns(
            value=pl.when(pl.col("ts") < on("06 02:00")).then(1.0).otherwise(0.0)
        )
        for n in (1, 2)
    ]
    lines = [readings(PH, out), readings("conc.line2.ph", between("05 10:00", "05 11:00"))]
    return desk(tmp_path, plant(*two), *lines, *pumps)


def exposures(made) -> dict[str, dict[str, object]]:
    return {row["shift"]: row for row in Fairness(made.closing).exposures(MONTH).iter_rows(named=True)}


def test_a_shift_has_the_hours_that_were_judged_and_the_events_that_began_in_it(made):
    found = exposures(made)
    day, night = found["2026-04-05 day"], found["2026-04-05 night"]
    assert (day["crew"], day["events"], day["breach_h"]) == ("D", 1, pytest.approx(3 + 1))
    assert day["exposed_h"] == pytest.approx(2 * 12 * 3 / 5)  # two lines; a reading each five minutes speaks for three
    assert (night["events"], night["exposed_h"]) == (1, pytest.approx(2 * 6 * 3 / 5))  # the pumps stood from two on
    assert night["running_frac"] == pytest.approx(0.5)
    assert day["feed_t"] is None


def test_a_voided_breach_counts_for_nobody(made, monkeypatch):
    entered = made.enter(on("08 09:00"))
    id_ = next(one for one, breach in entered.items() if breach.judged.start == on("05 21:00"))
    said = Finding(MONTH, "suspects/ph1/mass", ("ph1",), on("01 00:00"), on("30 00:00"), True)
    body = {"reason": "x", "evidence": {"period": MONTH, "key": said.key}}
    made.step(id_, acts.VOIDED, "metro", on("08 10:00"), **body)
    assert exposures(made)["2026-04-05 night"]["events"] == 0
    table = {row["cause"]: row["breaches"] for row in Fairness(made.closing).causes(MONTH).iter_rows(named=True)}
    assert (table["void"], table["open"]) == (1, 2)


def test_feed_and_grade_come_from_the_meters_that_the_plant_names(made):
    """Half of a record that lies half in the shift; a limit of detection is no grade."""
    rows = [
        ("belt", "wet_mass", "05 08:00", "05 20:00", 1200.0, ""), ("belt", "wet_mass", "05 20:00", "06 20:00", 2000.0, ""),
        ("sampler", "Cu", "05 08:00", "05 20:00", 0.011, ""), ("sampler", "Cu", "05 20:00", "06 08:00", 0.002, "<"),
    ]  # fmt: skip
    table = frame("records", [
        {"point": point, "quantity": quantity, "start": on(start), "end": on(end), "value": value, "qualifier": sign,
         "file": "", "sheet": "", "cell": "", "file_hash": "r" * 64, "known": None}
        for point, quantity, start, end, value, sign in rows
    ])  # fmt: skip
    made.closing.chain.store.append([Batch("r", "r" * 64, table, frame("rejected"), frame("readings"))], on("09 00:00"))
    duty = DutyFile.model_validate({"conditions": [{"plant": "conc", "feed": ["belt"], "grade": ["sampler"]}]})
    meters = [
        {"id": "belt", "stream": "x", "quantity": "wet_mass", "uom": "t", "sd_rel_pct": 1},
        {"id": "sampler", "stream": "x", "quantity": "assay", "components": ["Cu"], "uom": "%", "sd_rel_pct": 1},
    ]
    model = made.closing.chain.model
    kind = type(model.chain)
    chain = kind.model_validate({**model.chain.model_dump(by_alias=True), "meters": meters})
    told = model.model_copy(update={"duty": duty, "chain": chain})
    made.closing = type(made.closing)(
        type(made.closing.chain)(told, made.closing.folder, made.closing.chain.store, made.closing.chain.now),
        made.closing.folder,
    )
    found = exposures(made)
    assert (found["2026-04-05 day"]["feed_t"], found["2026-04-05 day"]["feed_grade_frac"]) == (1200, 0.011)
    assert (found["2026-04-05 night"]["feed_t"], found["2026-04-05 night"]["feed_grade_frac"]) == (1000, None)


def test_sums_by_person_need_a_role_and_a_reason_and_are_entered_in_the_log(made):
    made.enter(on("08 09:00"))
    fairness = Fairness(made.closing)
    with pytest.raises(DataError, match="for a reason in words"):
        fairness.persons(MONTH, " ", made.signers["head"], on("08 10:00"))
    with pytest.raises(StoreError, match="may not sign"):
        fairness.persons(MONTH, "curious", made.signers["foreman"], on("08 10:00"))
    table = fairness.persons(MONTH, "training", made.signers["head"], on("08 10:00"))
    assert table.rows() == [("floater.c", 1, pytest.approx(1), 0), ("floater.d", 2, pytest.approx(4), 0)]
    last = made.signed.log.records[-1]
    assert (last.kind, last.body["reason"], last.at.date()) == (acts.PERSONS, "training", date(2026, 4, 8))
