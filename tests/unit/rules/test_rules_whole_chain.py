"""The rulebook of the whole chain: complete against its source, bound to its signals, quiet in a usual month."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from zveno.model.chain import ChainModel
from zveno.model.load import read_description
from zveno.model.rulebook import Rule, Version
from zveno.model.types import Tag
from zveno.periods import Period
from zveno.rules.build import kind_params, microseconds, watchlist
from zveno.rules.engine import check
from zveno.rules.faults import rule_faults
from zveno.rules.patterns import beside, matching
from zveno.rules.result import Breaches
from zveno.tables import frame
from zveno.text.mark import LANGUAGES

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "src/zveno/examples/zhez_balkhash"
PACK = ROOT / "../shared/data/example-chain/rules.json"
with_pack = pytest.mark.skipif(not PACK.exists(), reason="the data pack that the example is made from is not here")
MARCH = [date(2026, 3, 1) + timedelta(days=n) for n in range(31)]

# what the chain says in other words than the pack
UOMS = {"ratio": "-", "Fe/SiO2": "-", "converters": "-", "Nm3 O2/t charge": "Nm3/t"}
UNITS = {
    "zhmz.aisle": "zhmz.converting",
    "*.aisle": "*.converting",
    "*.crane": "*.converting",
    "*.casting": "*.fire_refining",
}
PARAMETERS = {"zhmz.ef.s_elimination": "zhmz.ef.s_elimination_of_all"}
STARS = {f"{plant}_conc.thickener.overflow_g_l": f"{plant}_conc.thickener*.overflow_g_l" for plant in ("zhez", "balk")}

# the action before which a list is due is a signal of the chain
ACTIONS = {
    "*.mill.lockout": "*.mill.relining",
    "*.ladle.precheck": "*.ladle.filling",
    "*.mould.dry_check": "*.tap.open",
    "klmz.arc*.charge_check": "klmz.arc*.charging",
}


@pytest.fixture(scope="module")
def chain() -> ChainModel:
    """The example as loaded."""
    model, faults = read_description(EXAMPLE)
    assert model is not None, [str(one) for one in faults]
    assert [str(one) for one in faults] == []
    return model


@pytest.fixture(scope="module")
def pack() -> dict[str, Any]:
    """The rulebook that the example is made from."""
    found: dict[str, Any] = json.loads(PACK.read_text("utf-8"))
    return found


# ---- complete ----------------------------------------------------------------------------------------------------


def test_the_rulebook_fits_its_chain(chain: ChainModel) -> None:
    assert [str(one) for one in rule_faults(chain)] == []


def test_kazakh_texts_are_marked_as_unreviewed_and_stand_in_kazakh(chain: ChainModel) -> None:
    assert not chain.rulebook.kk_reviewed
    for text in (version.text for rule in chain.rulebook.rules for version in rule.versions):
        assert set(text) == set(LANGUAGES)
        assert set(text["kk"].lower()) & set("әғқңөұүһі")
        assert text["kk"] != text["ru"]


@with_pack
def test_every_version_says_what_its_source_says(chain: ChainModel, pack: dict[str, Any]) -> None:
    rules, versions = pack["rules"], [(rule, one) for rule in chain.rulebook.rules for one in rule.versions]
    assert len({one["id"] for one in rules}) == 60
    assert len(rules) == 61
    assert sorted((rule.id, one.version) for rule, one in versions) == sorted((a["id"], a["version"]) for a in rules)
    for wanted in rules:
        rule = chain.rulebook.by_id[wanted["id"]]
        (version,) = (one for one in rule.versions if one.version == wanted["version"])
        assert _said(rule, version) == _wanted(wanted), rule.id


def _said(rule: Rule, version: Version) -> dict[str, Any]:
    """A version as the example has it."""
    return {
        "binds": (rule.kind, rule.unit, rule.tags, rule.uom, rule.gate, rule.owner_role, rule.severity),
        "params": version.params,
        "exceptions": [one.params for one in version.exceptions],
        "text": (version.text["en"], version.text["ru"]),
        "status": version.status,
        "from": version.start.isoformat(),
        "to": version.end and version.end.isoformat(),
        "moves": rule.acts_on.parameter,
        "safety": rule.acts_on.not_priced == "safety",
    }


def _wanted(row: dict[str, Any]) -> dict[str, Any]:
    """A version as the pack has it, in the words of the chain."""
    tags = row["tag"] if isinstance(row["tag"], list) else [STARS.get(row["tag"], row["tag"])]
    tags += [ACTIONS[tags[0]]] if tags[0] in ACTIONS else []
    uom = "%" if row["uom"].startswith("% ") else UOMS.get(row["uom"], row["uom"])
    unit, params, acts = UNITS.get(row["unit"], row["unit"]), dict(row["params"]), row["acts_on"]
    if params.get("high") == "plant_permit":  # the permit is a field of the plant; the example has the demo value
        params["high"] = params.pop("demo_high")
    end = row["effective_to"] and (date.fromisoformat(row["effective_to"][:10]) + timedelta(days=1)).isoformat()
    moves = acts["parameter"] if isinstance(acts, dict) else ""
    return {
        "binds": (row["kind"], unit, tuple(tags), uom, row["gate"], row["owner_role"], row["severity"]),
        "params": params,
        "exceptions": [one["params"] for one in row.get("exceptions", [])],
        "text": (row["text_en"], row["text_ru"]),
        "status": row["status"],
        "from": row["effective_from"][:10],
        "to": end,
        "moves": PARAMETERS.get(moves, moves),
        "safety": acts == "safety: never priced",
    }


@with_pack
def test_roles_and_gates_are_those_of_the_source(chain: ChainModel, pack: dict[str, Any]) -> None:
    roles = pack["organisation"]["roles"]
    assert len(roles) == 59
    assert set(chain.roles) == {one["id"] for one in roles}
    for wanted in roles:
        role = chain.roles[wanted["id"]]
        assert role.on_shift == bool(wanted["per_shift"])
        assert role.plant == wanted["plant"].replace("all", "")
        assert (role.title["en"], role.title["ru"]) == (re.sub(r" \(.*\)$", "", wanted["en"]), wanted["ru"])
        assert role.title["kk"]
    assert {gate.id for gate in chain.chain.gates} == set(pack["gates"]) - {"any"}


# ---- signals -----------------------------------------------------------------------------------------------------


def test_a_month_of_all_signals_is_below_five_and_a_half_million_readings(chain: ChainModel) -> None:
    assert sum(31 * 24 * 60 / tag.every_min for tag in chain.chain.tags) < 5.5e6


def test_every_rule_has_its_signals(chain: ChainModel) -> None:
    without = {rule.id for rule in chain.rulebook.rules if not all(matching(one, chain.tags) for one in rule.tags)}
    assert without == set()


def test_noise_alone_breaks_no_rule(chain: ChainModel) -> None:
    looked_at = set()
    for rule in chain.rulebook.rules:
        for tag, other in _watched(chain, rule):
            for day in MARCH:
                needed = 6 if rule.kind == "limit" and not _params(chain, rule, tag, day).get("on_delay_min") else 5
                low, high = _band(rule, _params(chain, rule, tag, day), tag)
                least, most = _extremes(chain, tag, other, day, needed)
                assert low is None or least >= low, (rule.id, tag.id, day)
                assert high is None or most <= high, (rule.id, tag.id, day)
            looked_at.add(rule.id)
    assert looked_at >= _judged(chain)


def _judged(chain: ChainModel) -> set[str]:
    """Rules that set levels for signals or ratios of them."""
    kinds = ("limit", "sustained", "window_mean", "cross_tag")
    return {rule.id for rule in chain.rulebook.rules if rule.kind in kinds and rule.id != "BC-10"}


def _watched(chain: ChainModel, rule: Rule) -> Iterator[tuple[Tag, Tag | None]]:
    """Tags of a rule that sets levels; of a ratio also the tag below the line."""
    levels = rule.kind in ("limit", "sustained", "window_mean") or (rule.kind == "cross_tag" and rule.id != "BC-10")
    for name in matching(rule.tags[0], chain.tags) if levels else ():
        below = beside(name, rule.tags[1]) if len(rule.tags) == 2 else ""
        yield chain.tags[name], chain.tags.get(below)


def _params(chain: ChainModel, rule: Rule, tag: Tag, day: date) -> Mapping[str, Any]:
    """Parameters in force on a day, with the exceptions whose usual condition holds then."""
    (version,) = (one for one in rule.versions if one.start <= day and (one.end is None or day < one.end))
    params = dict(version.params)
    for one in version.exceptions:
        condition = chain.tags[beside(tag.id, one.when.tag)]
        usual = chain.number(condition.normal, condition.uom, day)
        assert one.when.below is not None
        assert abs(usual - one.when.below) >= 5 * condition.sd
        if usual < one.when.below:
            params |= one.params
    return params


def _band(rule: Rule, params: Mapping[str, Any], tag: Tag) -> tuple[float | None, float | None]:
    """Lowest and highest value allowed."""
    if rule.kind == "cross_tag":
        return params.get("low"), params.get("high")
    by_side = {line.side: line.limit for line in kind_params(rule, params, tag.id, tag.uom).lines()}
    assert by_side
    return by_side.get("low"), by_side.get("high")


def _extremes(chain: ChainModel, tag: Tag, below: Tag | None, day: date, sds: float) -> tuple[float, float]:
    """Usual value of a day less and more so many standard deviations; of a ratio, both parts of it."""
    usual = chain.number(tag.normal, tag.uom, day)
    least, most = usual - sds * tag.sd, usual + sds * tag.sd
    if below is None:
        return least, most
    under = chain.number(below.normal, below.uom, day)
    return least / (under + sds * below.sd), most / (under - sds * below.sd)


@pytest.mark.parametrize("id_", ["ZM-07", "KF-02"])
def test_noise_never_looks_like_a_rising_temperature(chain: ChainModel, id_: str) -> None:
    rule = chain.rulebook.by_id[id_]
    (version,) = rule.versions
    for name in matching(rule.tags[0], chain.tags):
        change = 5 * chain.tags[name].sd * np.sqrt(2)
        assert change <= version.params["max_per_h"] * version.params["window_min"] / 60


# ---- judged ------------------------------------------------------------------------------------------------------


def usual(chain: ChainModel, day: str, moved: Mapping[str, float] | None = None) -> pl.DataFrame:
    """A day's readings of all signals at their usual values, without noise; some signals held elsewhere."""
    begin = microseconds(datetime.fromisoformat(f"{day}T00:00:00+05:00"))
    parts = []
    for tag in chain.chain.tags:
        minutes = np.arange(0, 1440, tag.every_min)
        value = (moved or {}).get(tag.id, chain.number(tag.normal, tag.uom, date.fromisoformat(day)))
        ts = pl.Series((begin + minutes * 60_000_000).astype(np.int64)).cast(pl.Datetime("us", "UTC"))
        if tag.clock:
            value = begin / 3.6e9 + minutes / 60 - value
        row = {"tag": tag.id, "ts": ts, "value": np.full(len(minutes), value), "quality": 0}
        parts.append(pl.DataFrame(row).with_columns(pl.col("quality").cast(pl.Int8)))
    return frame("readings", pl.concat(parts))


def on(chain: ChainModel, day: str, moved: Mapping[str, float] | None = None) -> Breaches:
    """What the rules say about such a day."""
    return check(chain, usual(chain, day, moved), Period.parse(day, chain.tz))


def drawn(tag: str, value: float, start: str, end: str, every_min: float, rest: float) -> pl.DataFrame:
    """Readings of one tag on the days that two moments touch: a value between them, another one else."""
    first, last = (datetime.fromisoformat(f"2026-03-{one}:00+05:00") for one in (start, end))
    begin = first.replace(hour=0, minute=0)
    moments = [
        begin + timedelta(minutes=n * every_min) for n in range(round(((last - begin).days + 1) * 1440 / every_min))
    ]
    rows = [{"tag": tag, "ts": ts, "value": value if first <= ts < last else rest, "quality": 0} for ts in moments]
    return frame("readings", rows)


@pytest.mark.parametrize("day", ["2026-03-17", "2026-03-18", "2026-03-22", "2026-03-23"])
def test_a_usual_day_is_judged_in_full_and_breaks_nothing(chain: ChainModel, day: str) -> None:
    found = on(chain, day)
    assert found.breaches.is_empty()
    assert found.coverage["judged_h"].to_list() == pytest.approx([24.0] * found.coverage.height)
    assert set(found.coverage["rule"]) >= _judged(chain)


def test_every_rule_is_judged_and_none_is_left_out(chain: ChainModel) -> None:
    assert watchlist(chain).lacks == ()
    bound = {one.key.rule for bindings in watchlist(chain).bindings.values() for one in bindings}
    assert bound == {rule.id for rule in chain.rulebook.rules}
    assert len(bound) == 60


def test_pouring_temperatures_of_the_foundry_are_judged(chain: ChainModel) -> None:
    found = on(chain, "2026-03-10")
    assert found.not_checked.filter(pl.col("rule") == "KF-01").is_empty()
    assert set(found.coverage.filter(pl.col("rule") == "KF-01")["tag"]) == {f"klmz.arc{n}.pour_temp_c" for n in (1, 2)}


@pytest.mark.parametrize(("day", "version"), [("2026-03-22", 1), ("2026-03-23", 2)])
def test_the_matte_rule_of_a_day_is_the_version_of_that_day(chain: ChainModel, day: str, version: int) -> None:
    rows = on(chain, day).coverage.filter(pl.col("rule") == "BM-01")
    assert set(rows["version"]) == {version}


def test_a_matte_of_53_per_cent_breaks_the_old_version_and_keeps_the_new_one(chain: ChainModel) -> None:
    readings = pl.concat(
        [
            drawn("bmz.vf1.matte.cu_pct", 53.2, "21 12:00", "24 12:00", 30, rest=50),
            drawn("bmz.vf1.charge_tph", 51, "21 00:00", "24 23:00", 2, rest=51),
        ]
    )
    (row,) = check(chain, readings, Period.parse("2026-03", chain.tz)).breaches.iter_rows(named=True)
    assert (row["version"], row["limit"], row["peak"]) == (1, 52, pytest.approx(53.2))
    assert row["end"].astimezone(chain.tz).isoformat() == "2026-03-23T00:00:00+05:00"


def test_a_day_role_answers_without_a_crew_and_a_shift_role_with_it(chain: ChainModel) -> None:
    readings = pl.concat(
        [
            drawn("zhmz.er.section5.current_density_a_m2", 290, "24 06:00", "26 12:00", 5, rest=250),
            drawn("bmz.vf1.jacket17.dt_k", 18, "18 17:42", "18 17:56", 2, rest=12),
            drawn("bmz.vf1.bath_temp_c", 1270, "18 00:00", "18 23:00", 5, rest=1270),
        ]
    )
    jacket, density = check(chain, readings, Period.parse("2026-03", chain.tz)).breaches.iter_rows(named=True)
    assert (density["rule"], density["plant"], density["unit"]) == ("ER-01", "zhmz", "zhmz.er")
    assert (density["role"], density["person"]) == ("zhmz.tankhouse_technologist",) * 2
    assert (density["crew"], density["crews"], density["duration_h"]) == ("", "", 54.0)
    assert (jacket["rule"], jacket["severity"], jacket["shift"]) == ("BM-06", "critical", "2026-03-18 day")
    assert (jacket["role"], jacket["crew"], jacket["person"]) == ("bmz.shift_foreman", "B", "bmz.shift_foreman:B")


def test_a_cathode_lot_is_judged_by_the_limit_of_each_element(chain: ChainModel) -> None:
    moved = {"bmz.cathode.lot.te_ppm": 2.5, "bmz.cathode.lot.pb_ppm": 4.9, "zhmz.cathode.lot.ag_ppm": 24.0}
    (row,) = on(chain, "2026-03-10", moved).breaches.iter_rows(named=True)
    assert (row["rule"], row["tag"], row["limit"], row["peak"]) == ("ER-05", "bmz.cathode.lot.te_ppm", 2, 2.5)
    assert (row["role"], row["crew"]) == ("bmz.quality_engineer", "")


@pytest.mark.parametrize(("lost", "count"), [((8, 10), 0), ((10,), 1), ((), 1)])
def test_one_tapping_of_rich_slag_is_no_breach_but_two_are(chain: ChainModel, lost: list[int], count: int) -> None:
    slag = drawn("zhmz.ef2.slag.cu_pct", 0.9, "10 06:00", "10 12:00", 120, rest=0.64)
    slag = slag.filter(~pl.col("ts").dt.convert_time_zone("+05:00").dt.hour().is_in(lost))
    readings = pl.concat([slag, drawn("zhmz.ef2.charge_tph", 41, "10 00:00", "10 23:00", 5, rest=41)])
    assert check(chain, readings, Period.parse("2026-03", chain.tz)).breaches["rule"].to_list() == ["ZM-04"] * count
