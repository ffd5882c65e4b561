"""The played month: what was planted is found, and nothing else."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.golden.tables import as_text

from zveno.chain import Chain, example, load
from zveno.model.load import load_play
from zveno.model.play import Bias, Play
from zveno.periods import Period
from zveno.store import MemoryStore

SEED = 1


def played(folder: Path, play: Play | None = None, seed: int = SEED) -> Chain:
    chain = load(example("one_concentrator"))
    chain = Chain(chain.model, chain.folder, MemoryStore(), chain.now)
    chain.emulate("2026-03", folder, seed=seed, play=play)
    chain.import_files([folder / "plant"])
    return chain


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> Chain:
    return played(tmp_path_factory.mktemp("month"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text + "+05:00")


# start, end, tags, role, crew at the start, crews while it lasted, delay of the rule in minutes
PLANTED = {
    "BC-03": (
        "2026-03-07T06:00", "2026-03-07T18:00", {f"balk_conc.line{n}.cleaner1.ph" for n in (1, 2, 3, 4)},
        "balk_conc.flotation_operator", "A", "A, C", 10,
    ),
    "BC-08": (
        "2026-03-15T20:00", "2026-03-16T16:00", {"balk_conc.thickener2.overflow_g_l"},
        "balk_conc.filter_operator", "B", "B, D", 30,
    ),
}  # fmt: skip


def test_each_planted_breach_is_one_episode_per_tag_and_nothing_is_invented(month):
    found = month.check("2026-03").breaches
    assert set(found["rule"]) == set(PLANTED)
    for rule, (start, end, tags, role, crew, crews, delay) in PLANTED.items():
        rows = found.filter(pl.col("rule") == rule)
        assert set(rows["tag"]) == tags
        assert rows.height == len(tags)
        within = timedelta(minutes=delay + 10)
        for row in rows.iter_rows(named=True):
            assert abs(row["start"] - moment(start)) <= within
            assert abs(row["end"] - moment(end)) <= within
            assert (row["role"], row["crew"], row["crews"]) == (role, crew, crews)


def test_the_month_as_reviewed(month, golden):
    balance, found = month.reconcile("2026-03"), month.check("2026-03")
    base = month.simulate()
    parts = {
        "simulated outlets, t/h": as_text(
            base.stream_flows.filter(pl.col("stream").is_in(["balk.ore", "balk.conc"])),
            "stream", "component", "mass_tph", "grade_frac",
        ),
        "flows": as_text(balance.flows, "stream", "component", "mass_t", "mass_sd_t", "grade_frac", "status"),
        "recoveries": as_text(balance.recoveries, "component", "kind", "recovery_frac", "recovery_sd_frac"),
        "unaccounted": as_text(balance.unaccounted, "component", "mass_t", "mass_sd_t"),
        "breaches": as_text(found.breaches, "rule", "tag", "start", "end", "peak", "limit", "person", "crews"),
        "judged": as_text(found.coverage, "rule", "tag", "judged_h", "off_h", "unknown_h"),
        "not checked": as_text(found.not_checked, "rule", "kind", "detail"),
    }  # fmt: skip
    golden(Path(__file__).with_name("one_concentrator.txt"), "\n".join(f"# {k}\n{v}" for k, v in parts.items()))


def test_every_rule_is_judged_or_listed(month):
    found = month.check("2026-03")
    judged = {f"BC-0{n}" for n in range(1, 9)}
    assert judged | set(found.not_checked["rule"]) == {one.id for one in month.model.rulebook.rules}
    assert set(found.not_checked["rule"]) == {"BC-09", "BC-10", "CM-01"}
    assert set(found.coverage.filter(pl.col("judged_h") > 0)["rule"]) == judged


def test_the_clean_month_accuses_nobody(month):
    balance = month.reconcile("2026-03")
    assert balance.suspects.is_empty()
    assert balance.p_value > 0.05


def test_a_wagon_scale_ten_per_cent_high_is_among_the_suspects(tmp_path):
    chain = load(example("one_concentrator"))
    play = load_play(chain.folder)
    span = Period.parse("2026-03-01/2026-04-02", chain.model.tz)
    bias = Bias(kind="bias", id="X", meter="balk_conc.conc.wagon", start=span.start, end=span.end, size_rel_pct=10)
    biased = played(tmp_path, play.model_copy(update={"events": (*play.events, bias)}))
    balance = biased.reconcile("2026-03")
    assert balance.p_value < 1e-6
    suspects = {part for one in balance.suspects["meter"] for part in one.split("+")}
    assert "balk_conc.conc.wagon" in suspects
    # the suspects are told to be indistinguishable, and the balance says what would separate them
    assert balance.suspects["class_id"].n_unique() == 1
    assert balance.separating


@pytest.mark.slow
@pytest.mark.long
def test_intervals_cover_the_hidden_truth(tmp_path):
    """Copper in the feed, the product and the recovery, over seeded months: 95 % intervals hold the truth."""
    inside = []
    for seed in range(20):
        folder = tmp_path / str(seed)
        balance = played(folder, seed=seed).reconcile("2026-03")
        truth = pl.read_parquet(folder / "truth" / "flows.parquet")
        totals = truth.group_by("stream", "component").agg(pl.col("mass_t").sum())
        fact = {(row["stream"], row["component"]): row["mass_t"] for row in totals.iter_rows(named=True)}
        flows = {(row["stream"], row["component"]): row for row in balance.flows.iter_rows(named=True)}
        for stream, component, name in (
            ("balk.ore", "mass", "solids"),
            ("balk.ore", "Cu", "Cu"),
            ("balk.conc", "Cu", "Cu"),
        ):
            row = flows[stream, component]
            inside.append(abs(row["mass_t"] - fact[stream, name]) <= 1.96 * row["mass_sd_t"])
        recovery = balance.recoveries.filter(pl.col("component") == "Cu", pl.col("kind") == "overall").row(
            0, named=True
        )
        stocks = pl.read_parquet(folder / "truth" / "stocks.parquet")
        bin_cu = stocks.filter(pl.col("stock") == "balk_conc.conc_bin", pl.col("component") == "Cu")["mass_t"].to_list()
        true = (fact["balk.conc", "Cu"] + bin_cu[-1] - bin_cu[0]) / fact["balk.ore", "Cu"]
        inside.append(abs(recovery["recovery_frac"] - true) <= 1.96 * recovery["recovery_sd_frac"])
    share = sum(inside) / len(inside)
    assert share >= 0.88  # 80 draws at 95 %: below 0.88 has a probability of 1 %
