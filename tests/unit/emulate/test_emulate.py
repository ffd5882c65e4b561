"""The played plant: truth that closes, errors as described, planted events and nothing else."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from openpyxl import load_workbook

from zveno.emulate import emulate, write_plant
from zveno.emulate.truth import closure, play_truth
from zveno.errors import DataError
from zveno.model.load import load_description, load_play
from zveno.model.play import Bias, Delivery, Play, Silence, Swap
from zveno.model.types import Widened
from zveno.periods import Period
from zveno.sources import read_files

EXAMPLE = Path(__file__).parents[3] / "src" / "zveno" / "examples" / "one_concentrator"


@pytest.fixture(scope="module")
def model():
    return load_description(EXAMPLE)


@pytest.fixture(scope="module")
def play():
    return load_play(EXAMPLE)


@pytest.fixture(scope="module")
def week(model):
    return Period.parse("2026-03-01/2026-03-08", model.tz)


@pytest.fixture(scope="module")
def played(model, play, week):
    return emulate(model, play, week, seed=7)


def biased(play: Play, meter: str, size: float, week: Period) -> Play:
    bias = Bias(kind="bias", id="X", meter=meter, start=week.start, end=week.end, size_rel_pct=size)
    return play.model_copy(update={"events": (*play.events, bias)})


def test_the_truth_closes(model, played):
    assert closure(model, played.truth) < 1e-9


def test_stocks_carry_over_from_shift_to_shift(model, played):
    content = played.truth.stocks["balk_conc.conc_bin"]
    assert content[0, 0] == pytest.approx(8000.0)
    assert content.shape[0] == len(played.truth.shifts) + 1
    assert (content > 0).all()


def test_the_same_seed_gives_the_same_plant(model, play, week, played):
    again = emulate(model, play, week, seed=7)
    assert again.said == played.said
    assert again.readings.equals(played.readings)
    other = emulate(model, play, week, seed=8)
    assert other.said != played.said


def test_a_planted_bias_changes_its_meter_and_nothing_else(model, play, week, played):
    other = emulate(model, biased(play, "balk_conc.conc.wagon", 10.0, week), week, seed=7)
    changed = {a.meter for a, b in zip(played.said, other.said, strict=True) if a.value != b.value}
    assert changed == {"balk_conc.conc.wagon"}
    ratios = [
        b.value / a.value for a, b in zip(played.said, other.said, strict=True) if a.meter == "balk_conc.conc.wagon"
    ]
    # the week ends at midnight, in the middle of the last night shift, and with it the planted bias
    assert ratios[:-1] == pytest.approx([1.1] * (len(ratios) - 1), abs=1e-3)
    assert ratios[-1] == pytest.approx(1 + 0.1 * 4 / 12, abs=1e-3)


def test_swapped_samples_exchange_their_values(model, play, week, played):
    meters = ("balk_conc.ore.assay", "balk_conc.conc.assay")
    swap = Swap(kind="swap", id="Y", meters=meters, day=date(2026, 3, 3), slot="day")
    other = emulate(model, play.model_copy(update={"events": (*play.events, swap)}), week, seed=7)

    def values(said, meter):
        return {
            one.quantity: one.value
            for one in said
            if one.meter == meter and one.shift.day == date(2026, 3, 3) and one.shift.slot == "day"
        }

    for quantity in ("Cu", "Fe", "S"):
        assert values(other.said, meters[0])[quantity] == values(played.said, meters[1])[quantity]
        assert values(other.said, meters[1])[quantity] == values(played.said, meters[0])[quantity]
    assert values(other.said, meters[0])["Ag"] == values(played.said, meters[0])["Ag"]  # the other has no Ag


def test_meter_noise_has_the_size_described(model, play):
    month = Period.parse("2026-03", model.tz)
    errors: dict[str, list[float]] = {}
    for seed in range(3):
        played = emulate(model, play, month, seed=seed)
        assay = [one.value for one in played.said if (one.meter, one.quantity) == ("balk_conc.tail.assay", "Cu")]
        tail = sum(played.truth.flows[one.id] for one in model.chain.streams if one.group == "balk.tail")
        true = tail[:, 2] / tail[:, 0]
        errors.setdefault("tail", []).append(float(np.std(np.array(assay) / true)))
    # 62 readings a month, three months: 4 % to within about a fifth
    assert np.mean(errors["tail"]) == pytest.approx(0.04, rel=0.2)


def test_lines_stop_and_their_feed_falls_with_the_hours(model, play, played):
    running = played.truth.flows["balk.line1.mill_feed"][:, 0]
    assert running.max() == pytest.approx(248.16 * 12, rel=1e-3)
    stops = played.truth.stops["balk_conc.line1"]
    first = played.truth.shifts[0].period.start
    for index, shift in enumerate(played.truth.shifts):
        begin = (shift.period.start - first) / timedelta(hours=1)
        stood = stops.standing_h(begin, begin + 12)
        assert running[index] == pytest.approx(248.1636 * (12 - stood), rel=1e-4, abs=1e-6)


def test_tags_leave_their_limits_only_where_planted(model, played):
    ph = played.readings.filter(pl.col("tag") == "balk_conc.line3.cleaner1.ph", pl.col("value") < 10.8)
    start, end = datetime(2026, 3, 7, 6, tzinfo=model.tz), datetime(2026, 3, 7, 18, tzinfo=model.tz)
    assert ph["ts"].min() > start - timedelta(minutes=10)
    assert ph["ts"].max() < end + timedelta(minutes=10)
    assert ph["value"].min() == pytest.approx(9.5, abs=0.15)


def test_a_tag_moves_the_unit_it_drives(model, play, week):
    quiet = play_truth(model, play.model_copy(update={"events": ()}), week, 7)
    breached = play_truth(model, play, week, 7)
    at = [one.day == date(2026, 3, 7) and one.slot == "day" for one in quiet.shifts].index(True)

    def conc_grade(truth):
        flows = sum(truth.flows[one.id] for one in model.chain.streams if one.group == "balk.flotation_conc")
        return flows[at, 2] / flows[at, 0]

    assert conc_grade(breached) < 0.985 * conc_grade(quiet)  # less lime, more pyrite in the concentrate


def test_tags_that_drive_one_parameter_count_alike(model, play, week):
    def ends(*levels):
        """What line 1 makes where its two first cleaners' pH stand at these levels, and both drive its first one."""
        drive = {"unit": "balk_conc.line1.cleaner1", "parameter": "ph"}
        first = (one for one in model.chain.tags if one.id == "balk_conc.line1.cleaner1.ph")
        (tag,) = (one.model_dump(by_alias=True) | {"drives": [drive]} for one in first)
        tags = [{**tag, "id": f"ph{n}", "normal": level} for n, level in enumerate(levels)]
        chain = type(model.chain).model_validate({**model.chain.model_dump(by_alias=True), "tags": tags, "plans": []})
        changed = model.model_copy(update={"chain": chain})
        truth = play_truth(changed, play.model_copy(update={"events": (), "trains": ()}), week, 7)
        return truth.flows["balk.line1.cleaner1_conc"]

    assert ends(10.8, 11.6) == pytest.approx(ends(11.2))
    assert ends(10.8, 11.6) != pytest.approx(ends(11.6), rel=1e-4)


def test_written_files_read_back_to_the_same_values(model, played, tmp_path):
    write_plant(played, tmp_path, lang="kk")
    for path in (tmp_path / "plant").rglob("*.xlsx"):
        assert load_workbook(path).worksheets[0]["C1"].value == model.chain.notice["kk"]
    batches = list(read_files(model, [tmp_path / "plant"]))
    assert [str(fault) for one in batches for fault in one.faults] == []
    read = pl.concat([one.records for one in batches])
    said = {(one.meter, one.quantity, one.start): one.value for one in played.said}
    found = {
        (row["point"], row["quantity"], row["start"]): row["value"]
        for row in read.iter_rows(named=True)
        if model.meters[row["point"]].period != "month"
    }
    assert found == pytest.approx({key: value for key, value in said.items() if model.meters[key[0]].period != "month"})
    readings = pl.concat([one.readings for one in batches])
    assert readings.sort("tag", "ts").equals(played.readings.sort("tag", "ts"))


def test_nothing_is_written_over_an_earlier_plant(played, tmp_path):
    write_plant(played, tmp_path)
    with pytest.raises(DataError, match="already holds a played plant"):
        write_plant(played, tmp_path)


def test_a_period_without_a_shift_is_refused(model, play):
    with pytest.raises(DataError, match="no shift begins"):
        emulate(model, play, Period.parse("2026-03-01T09:00/2026-03-01T10:00", model.tz))


def test_tags_that_fall_silent_give_no_reading_and_others_go_on(model, play, week, played):
    tag = "balk_conc.filter.moisture_pct"
    begin, end = week.start + timedelta(hours=30), week.start + timedelta(hours=37)
    gap = Silence(kind="silence", id="G", tags=tag, start=begin, end=end)
    other = emulate(model, play.model_copy(update={"events": (*play.events, gap)}), week, seed=7)
    lost = played.readings.join(other.readings, on=["tag", "ts"], how="anti")
    assert set(lost["tag"]) == {tag}
    assert lost["ts"].min() >= begin
    assert lost["ts"].max() < end
    assert lost.height == 7


def test_where_no_lot_came_none_is_weighed(model, play, week):
    rare = Delivery(stream="balk.ore", lot_dry_t=40_000.0)
    lots = tuple(
        one.model_copy(update={"period": "lot"}) if one.id.endswith("weightometer") else one
        for one in model.chain.meters
    )
    other = model.model_copy(update={"chain": model.chain.model_copy(update={"meters": lots})})
    passed = emulate(other, play.model_copy(update={"deliveries": (rare,)}), week, seed=7)
    assert set(passed.truth.flows["balk.ore"][:, 0].round(3)) == {0.0, 40_000.0}
    said = [one for one in passed.said if one.meter == "balk_conc.line1.weightometer"]
    assert all(one.value > 0 for one in said)


def test_a_time_of_wider_errors_widens_what_the_meter_says(model, play, week, played):
    wide = Widened.model_validate({"from": week.start.date(), "to": week.end.date(), "factor": 50})
    meters = tuple(
        one.model_copy(update={"widened": (wide,)}) if one.id == "balk_conc.conc.wagon" else one
        for one in model.chain.meters
    )
    other = emulate(
        model.model_copy(update={"chain": model.chain.model_copy(update={"meters": meters})}), play, week, seed=7
    )
    pairs = [
        (a.value, b.value) for a, b in zip(played.said, other.said, strict=True) if a.meter == "balk_conc.conc.wagon"
    ]
    off = np.array([b / a - 1 for a, b in pairs])
    assert 0.03 < off.std() < 0.15  # fifty times 0.15 %
