"""The whole chain's month: played, read from its files, balanced and checked; what was planted is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from tests.golden.tables import as_text

from zveno.chain import Chain, example, load
from zveno.chain.answering import Answering, Review
from zveno.chain.closing import Closing
from zveno.chain.fairness import Fairness
from zveno.emulate import Played, emulate
from zveno.model.load import load_play
from zveno.model.play import Bias, Pace, Play, Swap
from zveno.periods import Period
from zveno.reconcile import Balance, reconcile
from zveno.store import MemoryStore
from zveno.tables import frame

pytestmark = pytest.mark.slow
SEED, MONTH = 1, "2026-03"
WAGON = "balk_conc.conc.wagon"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("chain")


@pytest.fixture(scope="module")
def played(folder) -> Played:
    chain = load(example("zhez_balkhash"))
    return chain.emulate(MONTH, folder, seed=SEED)


@pytest.fixture(scope="module")
def chain(folder, played) -> Chain:
    empty = load(example("zhez_balkhash"))
    kept = Chain(empty.model, empty.folder, MemoryStore(), empty.now)
    kept.import_files([folder / "plant"])
    return kept


@pytest.fixture(scope="module")
def balance(chain) -> Balance:
    return chain.reconcile(MONTH)


def records_of(played: Played, wrong: dict[str, float] | None = None) -> pl.DataFrame:
    """What the meters said as the store would hold it; some of them times a factor."""
    rows = [
        {
            "point": one.meter, "quantity": one.quantity, "start": one.start, "end": one.end,
            "value": one.value * (wrong or {}).get(one.meter, 1.0), "qualifier": "", "file": "", "sheet": "",
            "cell": "", "file_hash": "", "known": one.end,
        }
        for one in played.said
    ]  # fmt: skip
    return frame("records", rows)


@pytest.fixture(scope="module")
def faultless(played) -> Played:
    """The same plant, the same seed, without gross errors."""
    kept = tuple(one for one in played.play.events if not isinstance(one, (Bias, Swap)))
    return emulate(played.model, played.play.model_copy(update={"events": kept}), played.period, SEED)


# ---- the plant ---------------------------------------------------------------------------------------------------


def test_everything_planted_is_in_the_play():
    play: Play = load_play(example("zhez_balkhash"))
    ids = {one.id for one in play.events}
    breaches = {*(f"B{n:02d}" for n in range(1, 12)), "B05a", "S01", "S02", "S03", "D01", "N01", "C01"}
    assert ids >= {"G01", "G02", "E01", *breaches}
    assert {one.id: type(one) for one in play.events if one.id in ("G01", "G02", "E01")} == {
        "G01": Bias, "G02": Swap, "E01": Pace,
    }  # fmt: skip


def test_every_section_closes_in_every_shift_with_its_stocks(played):
    truth, model = played.truth, played.model
    columns = [truth.columns.index(one) for one in ("Cu", "Fe", "S", "SiO2", "Ag", "Au")]
    for section in model.sections:
        net = -sum(
            (
                truth.stocks[one.id][1:] - truth.stocks[one.id][:-1]
                for one in model.chain.stocks
                if one.section == section
            ),
            start=0.0 * truth.flows["zhez.ore"],
        )
        size = 0.0 * net
        for stream in model.chain.streams:
            ends = model.place_of(stream.source), model.place_of(stream.target)
            if ends[0] != ends[1] and section in ends:
                net = net + truth.flows[stream.id] * (1.0 if ends[1] == section else -1.0)
                size = size + truth.flows[stream.id]
        off = abs(net[:, columns]).max(axis=0)
        assert (off <= 1e-9 * size[:, columns].mean(axis=0).clip(min=1e-12)).all(), section


def test_the_furnace_stop_shows_as_pigs_and_fewer_anodes(played):
    """Repair of five days: 65 t/d of blister wait as pigs, and anodes run down by as much."""
    shifts = [one.period.start for one in played.truth.shifts]
    at = [datetime.fromisoformat(f"2026-03-{day}T08:00+05:00") for day in ("12", "17")]
    first, last = (shifts.index(one) for one in at)
    pigs, anodes = (played.truth.stocks[f"zhmz.{one}"][:, 0] for one in ("pigs", "anode_stock"))
    assert pigs[last] - pigs[first] == pytest.approx(323.6, rel=0.25)
    assert anodes[first] - anodes[last] == pytest.approx(323.6, rel=0.35)
    cathode = played.truth.flows["zhmz.cathode"][:, 0]
    assert cathode[first:last].mean() == pytest.approx(cathode.mean(), rel=0.02)  # no copper lost by the stop itself


def test_trains_take_days_and_frozen_wagons_blur_moisture(played):
    arrivals = played.truth.flows["toll_a"][:, 0]
    assert set(arrivals.round(6)) == {0.0, 800.0}
    assert played.truth.stocks["zhmz.slimes.way"][0, 0] == pytest.approx(
        4 * played.truth.flows["zhmz.slimes"][:, 0].mean(), rel=0.2
    )
    (wider,) = played.model.meters["bmz.toll_b.moisture"].widened
    assert (wider.start.isoformat(), wider.end.isoformat(), wider.factor) == ("2026-03-01", "2026-03-10", 2)


# ---- the balance -------------------------------------------------------------------------------------------------


def test_the_month_as_reviewed(balance, golden):
    copper = [
        "zhez.ore", "balk.ore", "zhez.conc", "balk.conc", "regional", "toll_a", "toll_b", "zhmz.matte", "bmz.matte",
        "zhmz.slag", "bmz.slag", "zhmz.anode", "bmz.anode", "zhmz.cathode", "bmz.cathode", "zhmz.slimes",
        "bmz.slimes_own", "zhmz.so2", "bmz.so2", "zhmz.electrolyte_stock.closing", "bmz.yard_stock.closing",
    ]  # fmt: skip
    rows = balance.flows.filter(pl.col("stream").is_in(copper), pl.col("component").is_in(["mass", "Cu", "S", "Ag"]))
    parts = [
        as_text(rows, "stream", "component", "mass_t", "mass_sd_t", "grade_frac", "status"),
        as_text(balance.recoveries, "plant", "component", "kind", "recovery_frac", "recovery_sd_frac"),
        as_text(balance.unaccounted, "plant", "component", "mass_t", "mass_sd_t"),
    ]
    golden(Path(__file__).parent / "zhez_balkhash.txt", "\n".join(parts))


def test_copper_of_links_and_of_the_chain_lies_within_its_interval(balance, played):
    """Feeds, products and recoveries of the hidden truth are within three standard deviations."""
    truth, model = played.truth, played.model
    copper = truth.columns.index("Cu")

    def moved(names: tuple[str, ...]) -> float:
        return float(sum(truth.flows[name][:, copper].sum() for name in names))

    for rule in model.chain.recoveries:
        change = float(sum(truth.stocks[one][-1, copper] - truth.stocks[one][0, copper] for one in rule.stocks))
        for kind, more in (("direct", 0.0), ("overall", change)):
            (row,) = balance.recoveries.filter(
                pl.col("plant") == rule.plant, pl.col("component") == "Cu", pl.col("kind") == kind
            ).rows(named=True)
            true = (moved(rule.products) + more) / moved(rule.feeds)
            assert abs(row["recovery_frac"] - true) <= 3 * row["recovery_sd_frac"], (rule.plant, kind)
    for row in balance.unaccounted.filter(pl.col("component") == "Cu").iter_rows(named=True):
        if row["plant"] != "klmz":
            assert row["mass_sd_t"] is not None, row["plant"]


@pytest.mark.long
def test_nothing_is_accused_where_nothing_was_planted(faultless):
    clean = reconcile(faultless.model, records_of(faultless), faultless.period)
    assert clean.status == "consistent"
    assert clean.suspects.is_empty()
    assert clean.scale_steps.is_empty()
    assert clean.swaps.filter(pl.col("status") == "swapped").is_empty()


@pytest.mark.long
def test_a_wagon_scale_ten_per_cent_high_is_flagged(faultless):
    found = reconcile(faultless.model, records_of(faultless, {WAGON: 1.1}), faultless.period)
    assert found.status == "suspect"
    classes = found.suspects.filter(pl.col("meter") == WAGON)
    assert classes.height == 1
    assert classes["bias_rel_frac"][0] == pytest.approx(0.1, abs=0.05)
    assert found.separating


def test_the_scale_that_was_spliced_is_in_a_class_or_too_small_an_error_to_show(balance):
    """Four per cent for three weeks on one belt of four: these meters could only show far more."""
    (row,) = balance.adjustments.filter(pl.col("meter") == "balk_conc.line2.weightometer").rows(named=True)
    accused = row["meter"] in balance.suspects["meter"].to_list()
    assert accused or row["shows_from"] > 0.04 * 23 / 31 * row["reading"]


def test_the_scale_that_was_spliced_steps_away_from_its_fellows(balance):
    (step,) = balance.scale_steps.rows(named=True)
    assert step["meter"] == "balk_conc.line2.weightometer"
    assert abs(step["since"] - datetime.fromisoformat("2026-03-09T06:00+05:00")) <= timedelta(days=1.5)
    assert step["size_frac"] == pytest.approx(0.04, abs=3 * step["size_sd_frac"])


def test_the_swapped_samples_are_named_as_these_two_in_their_shift(balance):
    (swap,) = balance.swaps.filter(pl.col("status") == "swapped").rows(named=True)
    assert {swap["first_meter"], swap["second_meter"]} == {"zhez_conc.conc.assay", "zhmz.toll_a.assay"}
    assert swap["start"] == datetime.fromisoformat("2026-03-17T08:00+05:00")
    assert swap["components"] == "Cu, Fe, S, Zn, Pb, As"
    assert swap["instead"] == ""


def test_tailings_that_look_alike_are_told_to_be_swapped_unseen(balance):
    unseen = balance.swaps.filter(pl.col("status") == "unseen")
    pairs = {frozenset(one) for one in unseen.select("first_meter", "second_meter").iter_rows()}
    assert frozenset(("zhez_conc.tail.assay", "balk_conc.tail.assay")) in pairs
    assert frozenset(("balk_conc.ore.assay", "balk_conc.tail.assay")) not in pairs


@pytest.mark.long
def test_feed_and_tailings_swapped_all_month_are_found_by_the_balance(faultless):
    pair = {"balk_conc.ore.assay": "balk_conc.tail.assay", "balk_conc.tail.assay": "balk_conc.ore.assay"}
    rows = records_of(faultless)
    rows = rows.with_columns(
        point=pl.when(pl.col("quantity") == "Cu").then(pl.col("point").replace(pair)).otherwise(pl.col("point"))
    )
    found = reconcile(faultless.model, rows, faultless.period)
    swaps = found.swaps.filter(pl.col("status") == "swapped").rows(named=True)
    assert [({row["first_meter"], row["second_meter"]}, row["start"]) for row in swaps] == [(set(pair), None)]
    assert swaps[0]["p_value"] > 0.05
    assert found.suspects.is_empty()


@pytest.mark.long
def test_the_belts_of_a_plant_are_a_suspect_by_the_name_of_what_they_share(faultless):
    """As described, copper alone is balanced over the concentrator: its class is named as a whole, never one of it."""
    wrong = {f"balk_conc.line{n}.weightometer": 1.2 for n in range(1, 5)}
    found = reconcile(faultless.model, records_of(faultless, wrong), faultless.period)
    group = found.suspects.filter(
        pl.col("class_id") == found.suspects.filter(name="balk_conc.belt_calibration")["class_id"][0]
    )
    (shared,) = group.filter(name="balk_conc.belt_calibration").rows(named=True)
    assert shared["bias_rel_frac"] == pytest.approx(0.2 / 1.2, abs=0.06)
    assert {"balk_conc.ore.assay", "balk_conc.tail.assay"} <= set(group["meter"])
    assert ("balk.tail", "S") in found.separating
    off = found.balance_tests.filter("off")
    assert "balk_conc.flotation+balk_conc.dewatering" in off["place"].to_list()


# ---- the rules ---------------------------------------------------------------------------------------------------

# planted: rule, start, end, tags, role, crew at the start, crews while it lasted (none for day roles and for weekly
# lists), how much later it may be told in minutes: the delay of the rule, or how long its mean takes to pass the limit
PLANTED = {
    "B01": ("ZC-01", "04T10:00", "06T02:00", {f"zhez_conc.line{n}.cyclone.p80_um" for n in (1, 2, 3)},
            "zhez_conc.mill_operator", "D", "D, C, A", 60),
    "B02": ("ZC-09", "08T21:00", "09T15:00", {f"zhez_conc.line{n}.collector_g_t" for n in range(1, 7)},
            "zhez_conc.reagent_operator", "C", "C, A", 60),
    "B03": ("ZC-07", "11T12:00", "11T22:00", {f"zhez_conc.line{n}.rougher.air_nm3h" for n in (1, 2)},
            "zhez_conc.flotation_operator", "C", "C, B", 20),
    "B04": ("BC-03", "07T06:00", "07T18:00", {f"balk_conc.line{n}.cleaner1.ph" for n in (1, 2, 3, 4)},
            "balk_conc.flotation_operator", "A", "A, C", 10),
    "B05": ("BM-01", "10T02:00", "10T22:00", {"bmz.vf2.matte.cu_pct"}, "bmz.furnace_operator", "D", "D, B, A", 240),
    "B05a": ("BM-05", "10T01:20", "10T21:30", {"bmz.vf2.oxygen_nm3h"}, "bmz.furnace_operator", "D", "D, B, A", 10),
    "B06": ("BM-02", "19T09:00", "20T01:00", {f"bmz.vf{n}.slag.fe_sio2" for n in (1, 2)},
            "bmz.smelter_technologist", None, None, 240),
    "B07": ("ZM-02", "13T00:00", "14T06:00", {"zhmz.ef1.matte_level_mm"}, "zhmz.furnace_operator", "C", "C, A, D", 120),
    "B08": ("BM-12", "22T14:00", "22T21:00", {"bmz.conv3.slag.sio2_pct"}, "bmz.converter_operator", "B", "B, A", 480),
    "B09": ("ER-01", "24T06:00", "26T12:00", {f"zhmz.er.section{n}.current_density_a_m2" for n in (4, 5)},
            "zhmz.tankhouse_technologist", None, None, 120),
    "B10": ("BC-08", "15T20:00", "16T16:00", {"balk_conc.thickener2.overflow_g_l"},
            "balk_conc.filter_operator", "B", "B, D", 30),
    "B11": ("ZM-12", "25T10:00", "25T14:30", {"zhmz.stack.so2_mg_nm3"}, "zhmz.acid_shift_foreman", "A", "A", 20),
    "S01": ("ZM-14", "12T03:10", "12T03:45", {"zhmz.aisle.so2_mg_m3"}, "safety_engineer", "B", "B", 0),
    "S02": ("BM-06", "18T17:42", "18T17:55", {"bmz.vf1.jacket17.dt_k"}, "bmz.shift_foreman", "B", "B", 2),
    "S03": ("SM-02", "21T08:20", "21T08:20", {"bmz.mould.dry_check"}, "bmz.shift_foreman", "A", "A", 0),
    "D01": ("ZC-14", "27T01:00", "27T08:00", {"zhez_conc.analyser.tail_cu_pct"},
            "zhez_conc.instrument_fitter", "A", "A", 0),
    "C01": ("CM-01", "16T00:00", "23T00:00", {"balk_conc.line2.weightometer.zero_check"},
            "balk_conc.instrument_fitter", None, None, 0),
}  # fmt: skip
UNITS = {
    "B01": {f"zhez_conc.line{n}.cyclone" for n in (1, 2, 3)}, "B02": {f"zhez_conc.line{n}.rougher" for n in range(1, 7)},
    "B03": {f"zhez_conc.line{n}.rougher" for n in (1, 2)}, "B04": {f"balk_conc.line{n}.cleaner1" for n in (1, 2, 3, 4)},
    "B05": {"bmz.vf"}, "B05a": {"bmz.vf"}, "B06": {"bmz.vf"}, "B07": {"zhmz.ef"}, "B08": {"bmz.conv"},
    "B09": {"zhmz.er"}, "B10": {"balk_conc.thickener2"}, "B11": {"zhmz.acid"}, "S01": {"zhmz.converting"},
    "S02": {"bmz.vf"}, "S03": {"bmz.fire_refining"}, "D01": {"zhez_conc.flotation"}, "C01": {"balk_conc.line2.mill"},
}  # fmt: skip


def test_each_planted_breach_is_one_episode_per_tag_and_nothing_is_invented(chain):
    found = chain.check(MONTH)
    assert found.not_checked.is_empty()
    assert sorted(found.breaches["rule"].unique()) == sorted(one[0] for one in PLANTED.values())
    for name, (rule, start, end, tags, role, crew, crews, delay) in PLANTED.items():
        rows = found.breaches.filter(pl.col("rule") == rule)
        assert set(rows["tag"]) == tags, name
        assert set(rows["unit"]) == UNITS[name], name
        assert rows.height == len(tags), name
        within = timedelta(minutes=delay + 10)
        for row in rows.iter_rows(named=True):
            for moment, planted in ((row["start"], start), (row["end"], end)):
                assert abs(moment - datetime.fromisoformat(f"2026-03-{planted}+05:00")) <= within, (name, moment)
            assert (row["role"], row["crew"] or None, row["crews"] or None) == (role, crew, crews), name


def test_every_row_of_the_events_is_planted_and_the_new_set_point_is_no_breach(chain):
    play = load_play(example("zhez_balkhash"))
    planted = {one.id for one in play.events if getattr(one, "rule", "")}
    assert planted == {*PLANTED, "N01"}
    found = chain.check(MONTH).breaches.filter(pl.col("rule") == "BM-01")
    assert found["tag"].to_list() == ["bmz.vf2.matte.cu_pct"]
    assert found["version"].to_list() == [1]


def test_under_the_old_version_the_new_set_point_would_be_a_breach(chain):
    rule = chain.model.rulebook.by_id["BM-01"]
    old = rule.model_copy(update={"versions": (rule.versions[0].model_copy(update={"end": None}),)})
    book = chain.model.rulebook.model_copy(update={"rules": (old,)})
    before = Chain(chain.model.model_copy(update={"rulebook": book}), chain.folder, chain.store, chain.now)
    found = before.check(MONTH).breaches.filter(pl.col("tag") == "bmz.vf1.matte.cu_pct")
    (row,) = found.iter_rows(named=True)
    assert datetime.fromisoformat("2026-03-24T00:00+05:00") <= row["start"]
    assert row["start"] <= datetime.fromisoformat("2026-03-24T04:00+05:00")


def test_a_stretch_of_the_month_can_be_checked(chain):
    span = Period.parse("2026-03-12/2026-03-14", chain.model.tz)
    assert set(chain.check(span).breaches["rule"]) == {"ZM-02", "ZM-14"}


@pytest.mark.long
def test_a_stretch_of_the_month_can_be_balanced(chain):
    span = Period.parse("2026-03-12/2026-03-14", chain.model.tz)
    day = chain.reconcile(replace(span, kind="span"))
    assert day.flows.filter(pl.col("stream") == "zhmz.cathode", pl.col("component") == "mass")["mass_t"][0] > 800


# ---- who was on duty -------------------------------------------------------------------------------------------------

# as events.json of the demonstration plants lists them: day of March, shift, crew
ON_DUTY = {
    "B01": "4 day D, 4 night C, 5 day A, 5 night D", "B02": "8 night C, 9 day A", "B03": "11 day C, 11 night B",
    "B04": "6 night A, 7 day C", "B05": "9 night D, 10 day B, 10 night A", "B05a": "9 night D, 10 day B, 10 night A",
    "B06": "19 day C, 19 night B", "B07": "12 night C, 13 day A, 13 night D", "B08": "22 day B, 22 night A",
    "B09": "23 night B, 24 day D, 24 night C, 25 day A, 25 night D, 26 day B", "B10": "15 night B, 16 day D",
    "B11": "25 day A", "S01": "11 night B", "S02": "18 day B", "S03": "21 day A", "D01": "26 night A",
}  # fmt: skip
BY_DAY = {"B06": "bmz.smelter_technologist.1", "B09": "zhmz.tankhouse_technologist.1"}


@pytest.fixture(scope="module")
def review(chain, tmp_path_factory) -> Review:
    return Answering(Closing(chain, tmp_path_factory.mktemp("signed"))).review(MONTH)


def test_each_planted_breach_names_unit_shift_and_person_for_every_shift_that_it_lasted(review):
    by_rule = {rule: name for name, (rule, *_) in PLANTED.items()}
    told: dict[str, set[tuple[str, ...]]] = {}
    for one in review.new.values():
        name = by_rule[one.facts["rule"]]
        assert one.facts["unit"] in UNITS[name]
        told.setdefault(name, set()).add(tuple(f"{part['shift']}: {part['person']}" for part in one.parts))
        assert one.text["ru"]
    assert set(told) == set(PLANTED)
    for name, crews in ON_DUTY.items():
        role = PLANTED[name][4]
        shifts = [one.split() for one in crews.split(", ")]
        if name in BY_DAY:  # a role that works by day: one person, and the crews that were at work meanwhile
            day, slot, _ = shifts[0]
            assert told[name] == {(f"2026-03-{int(day):02d} {slot}: {BY_DAY[name]}",)}, name
            mine = [each for each in review.new.values() if each.facts["rule"] == PLANTED[name][0]]
            (at_work,) = {tuple(each.parts[0]["at_work"]) for each in mine}
            assert at_work == tuple(dict.fromkeys(crew for *_, crew in shifts)), name
            continue
        wanted = tuple(f"2026-03-{int(day):02d} {slot}: {role}.{crew.lower()}" for day, slot, crew in shifts)
        assert told[name] == {wanted}, name


def test_a_weekly_list_is_nobodys_own_and_the_role_answers(review):
    (skipped,) = [one for one in review.new.values() if one.facts["rule"] == "CM-01"]
    (part,) = skipped.parts
    assert (part["person"], part["how"], part["shift"]) == ("balk_conc.instrument_fitter", "role", "")
    assert skipped.facts["unit"] == "balk_conc.line2.mill"


def test_parts_of_a_breach_add_up_to_the_whole_of_it(review):
    for one in review.new.values():
        edges = [(part["start"], part["end"]) for part in one.parts]
        assert (edges[0][0], edges[-1][1]) == (one.facts["start"], one.facts["end"])
        assert all(end == start for (_, end), (start, _) in pairwise(edges))


def test_crews_of_the_month_are_not_told_apart_by_what_was_planted(chain, tmp_path):
    found = Fairness(Closing(chain, tmp_path)).compare(MONTH)
    assert found.events == len(PLANTED) - 1  # the weekly list is no crew's own
    assert found.status == "no difference shown"
    assert set(found.rates["verdict"]) == {"no difference shown"}
    assert {"plant", "slot"} <= set(found.explained_by)
