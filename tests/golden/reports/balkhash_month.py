"""A month of one concentrator with round, consistent figures: what the report tests are made from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
from ruamel.yaml import YAML

from zveno import tables
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reports.month import MonthResults, Provenance

ORE_T, CONC_T, DISPATCHED_T, OPENING_T, CLOSING_T = 679_452.0, 33_350.0, 32_900.0, 1_200.0, 1_650.0
FEED_FRAC, CONC_FRAC = 0.0100, 0.175
TAIL_FRAC = (ORE_T * FEED_FRAC - CONC_T * CONC_FRAC) / (ORE_T - CONC_T)
SULPHUR = {"feed": 0.0190, "conc": 0.310}
SULPHUR["tail"] = (ORE_T * SULPHUR["feed"] - CONC_T * SULPHUR["conc"]) / (ORE_T - CONC_T)


def model() -> ChainModel:
    """The concentrator's description."""
    described = YAML(typ="safe").load(Path(__file__).with_name("balkhash.yaml"))
    return ChainModel.model_validate({**described, "hash": "5d41402abc4b2a76b9719d911017c592" * 2})


@dataclass(frozen=True)
class _Flow:
    """Dry mass with relative standard deviation, and grades with theirs."""

    mass_t: float | None
    mass_rel: float
    grades: tuple[tuple[str, float, float], ...]
    status: str = "adjusted"


def _flows() -> dict[str, _Flow]:
    feed = (("Cu", FEED_FRAC, 0.0029), ("S", SULPHUR["feed"], 0.004))
    conc = (("Cu", CONC_FRAC, 0.0016), ("S", SULPHUR["conc"], 0.003))
    tail = (("Cu", TAIL_FRAC, 0.0145), ("S", SULPHUR["tail"], 0.02))
    share = (0.252, 0.249, 0.246, 0.253)
    return {
        "ore": _Flow(ORE_T, 0.0048, feed, "estimated"),
        **{f"mill_feed_{k}": _Flow(ORE_T * share[k - 1], 0.008, feed) for k in range(1, 5)},
        "flotation_feed": _Flow(ORE_T, 0.0048, feed, "estimated"),
        "tailings": _Flow(ORE_T - CONC_T, 0.005, tail, "estimated"),
        "concentrate": _Flow(None, 0.0, (("Cu", math.nan, 0.0), ("S", math.nan, 0.0)), "unobservable"),
        "overflow": _Flow(None, 0.0, (("Cu", math.nan, 0.0), ("S", math.nan, 0.0)), "unobservable"),
        "dispatched": _Flow(DISPATCHED_T, 0.0009, conc),
        "store.opening": _Flow(OPENING_T, 0.03, conc, "measured"),
        "store.closing": _Flow(CLOSING_T, 0.03, conc, "measured"),
    }


def flows() -> pl.DataFrame:
    """Reconciled flows: grades times masses give the component masses exactly."""
    rows = []
    for stream, flow in _flows().items():
        mass = flow.mass_t
        rows.append(_flow_row(stream, "mass", mass, flow.mass_rel, None, None, flow.status))
        for name, grade, rel in flow.grades:
            component = None if mass is None else mass * grade
            rows.append(_flow_row(stream, name, component, math.hypot(flow.mass_rel, rel), grade, rel, flow.status))
    return tables.frame("flows", rows)


def _flow_row(stream, component, mass, mass_rel, grade, grade_rel, status) -> dict[str, object]:
    known = mass is not None
    return {
        "period": "2026-03", "stream": stream, "component": component,
        "mass_t": mass, "mass_sd_t": mass * mass_rel if known else None,
        "grade_frac": grade if known else None,
        "grade_sd_frac": grade * grade_rel if known and grade is not None else None,
        "status": status,
    }  # fmt: skip


# meter, stream, quantity, reading, relative sd, reconciled, relative sd after, z
_READINGS = (
    ("belt_1", "mill_feed_1", "mass", 178_340.0, 0.010, ORE_T * 0.252, 0.008, 4.71),
    ("belt_2", "mill_feed_2", "mass", 168_720.0, 0.010, ORE_T * 0.249, 0.008, -0.36),
    ("belt_3", "mill_feed_3", "mass", 167_510.0, 0.010, ORE_T * 0.246, 0.008, 0.22),
    ("belt_4", "mill_feed_4", "mass", 171_020.0, 0.010, ORE_T * 0.253, 0.008, -0.44),
    ("feed_assay", "flotation_feed", "Cu", 0.009896, 0.006, FEED_FRAC, 0.0029, -4.68),
    ("feed_assay", "flotation_feed", "S", 0.01913, 0.008, SULPHUR["feed"], 0.004, 0.98),
    ("conc_assay", "dispatched", "Cu", 0.17504, 0.0025, CONC_FRAC, 0.0016, 0.12),
    ("conc_assay", "dispatched", "S", 0.3102, 0.004, SULPHUR["conc"], 0.003, 0.20),
    ("tail_assay", "tailings", "Cu", 0.00149, 0.015, TAIL_FRAC, 0.0145, 0.77),
    ("tail_assay", "tailings", "S", 0.0037, 0.02, SULPHUR["tail"], 0.02, None),
    ("wagon_scale", "dispatched", "mass", 33_040.0, 0.001, DISPATCHED_T, 0.0009, 3.42),
)


def adjustments() -> pl.DataFrame:
    """Readings beside their reconciled values."""
    return tables.frame(
        "adjustments",
        [
            {
                "period": "2026-03", "meter": meter, "stream": stream, "quantity": quantity,
                "reading": read, "sd": read * rel, "reconciled": after, "reconciled_sd": after * after_rel,
                "z": z, "shows_from": None if z is None else 4 * read * rel,
                "status": "non_redundant" if z is None else "redundant",
            }
            for meter, stream, quantity, read, rel, after, after_rel, z in _READINGS
        ],
    )  # fmt: skip


def suspects() -> pl.DataFrame:
    """A belt and a sampler that the data can't tell apart, and a scale that stands alone."""
    rows = (
        (1, "belt_1", "mill_feed_1", "mass", 4.71, 7_120.0, 0.0416),
        (1, "feed_assay", "flotation_feed", "Cu", -4.68, -0.000104, -0.0104),
        (2, "wagon_scale", "dispatched", "mass", 3.42, 140.0, 0.0043),
    )
    names = ("class_id", "meter", "stream", "quantity", "z", "bias", "bias_rel_frac")
    told = [dict(zip(names, row, strict=True)) for row in rows]
    return tables.frame(
        "suspects",
        [
            {"period": "2026-03", "kind": "reading", "name": "", "bias_sd": one["bias"] / one["z"], **one}
            for one in told
        ],
    )


def recoveries() -> pl.DataFrame:
    """Direct and overall, of copper and sulphur."""
    rows = []
    for name, feed, conc in (("Cu", FEED_FRAC, CONC_FRAC), ("S", SULPHUR["feed"], SULPHUR["conc"])):
        for kind, product in (("direct", DISPATCHED_T), ("overall", CONC_T)):
            rows.append(
                {
                    "period": "2026-03", "plant": "balkh_conc", "component": name, "kind": kind,
                    "recovery_frac": product * conc / (ORE_T * feed), "recovery_sd_frac": 0.0021,
                }
            )  # fmt: skip
    return tables.frame("recoveries", rows)


def unaccounted() -> pl.DataFrame:
    """Copper within error; sulphur outside; mass not weighed at every exit."""
    rows = (("mass", None, None), ("Cu", 38.0, 44.0), ("S", 512.0, 118.0))
    return tables.frame(
        "unaccounted",
        [
            {"period": "2026-03", "plant": "balkh_conc", "component": name, "mass_t": mass, "mass_sd_t": sd}
            for name, mass, sd in rows
        ],
    )


def gaps() -> pl.DataFrame:
    """Shift assays that did not come."""
    rows = (
        ("tail_assay", "Cu", 62, 58, "filled with the mean of what is there"),
        ("belt_3", "mass", 62, 61, "left out"),
    )
    names = ("meter", "quantity", "expected", "present", "treatment")
    return tables.frame("gaps", [{"period": "2026-03", **dict(zip(names, row, strict=True))} for row in rows])


def breaches() -> pl.DataFrame:
    """One over midnight of UTC, one still open at the end of the month."""
    start = datetime(2026, 3, 9, 20, 40, tzinfo=UTC)
    late = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
    common = {"plant": "balkh_conc", "rule_hash": "ab" * 32, "uom": "", "count": 9, "surety": ""}
    return tables.frame(
        "breaches",
        [
            {
                **common, "rule": "B07", "version": 1, "kind": "limit", "tag": "thickener.torque", "unit": "dewatering",
                "start": start, "end": start + timedelta(hours=2.5), "peak": 71.3, "limit": 60.0, "side": "high",
                "duration_h": 2.5, "known_h": 2.5, "unknown_h": 0.0, "open": False, "severity": "high", "role": "filter_man",
                "shift": "2026-03-09 night", "crew": "A", "crews": "A", "person": "filter_man/A",
            },
            {
                **common, "rule": "B02", "version": 2, "kind": "limit", "tag": "cells.ph", "unit": "flotation",
                "start": late, "end": late + timedelta(hours=3), "peak": 9.41, "limit": 9.8, "side": "low",
                "duration_h": 3.0, "known_h": 2.5, "unknown_h": 0.5, "open": True, "severity": "medium", "role": "float_man",
                "shift": "2026-03-31 night", "crew": "C", "crews": "C", "person": "float_man/C",
            },
        ],
    )  # fmt: skip


def not_checked() -> pl.DataFrame:
    """A rule whose tag gave nothing."""
    row = {
        "rule": "B11",
        "version": 1,
        "kind": "cross_tag",
        "reason": "signal '{detail}' has no usable readings in the period",
        "detail": "mill.power",
    }
    return tables.frame("not_checked", [row])


def plan_fact() -> pl.DataFrame:
    """Thirty-one days; no reading of copper on the 20th."""
    rows = []
    for line, uom, plan, fact in (
        ("ore_milled", "t", 672_000.0, ORE_T),
        ("copper", "t", 5_800.0, CONC_T * CONC_FRAC),
        ("power", "MWh", 10_147.2, 10_421.9),
    ):
        rows += _days(line, uom, plan, fact)
    return tables.frame("plan_fact", rows)


def _days(line: str, uom: str, plan: float, fact: float) -> list[dict[str, object]]:
    days = [date(2026, 3, 1) + timedelta(days=k) for k in range(31)]
    wave = [1 + 0.09 * math.sin(1.3 * k) + 0.05 * math.cos(0.45 * k) for k in range(31)]
    facts: list[float | None] = [fact * one / sum(wave) for one in wave]
    if line == "copper":
        facts[19] = None
    rows, done = [], 0.0
    for k, day in enumerate(days, start=1):
        done += facts[k - 1] or 0.0
        rows.append(
            {
                "day": day, "line": line, "uom": uom,
                "plan_day": plan / 31, "fact_day": facts[k - 1],
                "plan_to_date": plan * k / 31, "fact_to_date": done,
                "coverage_frac": sum(one is not None for one in facts[:k]) / k,
            }
        )  # fmt: skip
    return rows


def rejected() -> pl.DataFrame:
    """A cell with a letter O instead of a nought."""
    row = {"file": "shift_2026-03-12.xlsx", "sheet": "Смена 2", "cell": "F14", "text": "1О,4", "reason": "not a number",
           "file_hash": "cd" * 32, "known": datetime(2026, 4, 1, 3, 0, tzinfo=UTC)}  # fmt: skip
    return tables.frame("rejected", [row])


def coverage() -> pl.DataFrame:
    """How long two rules were judged."""
    names = ("rule", "version", "tag", "judged_h", "off_h", "unknown_h")
    rows = (("B02", 2, "cells.ph", 720.0, 20.0, 4.0), ("B07", 1, "thickener.torque", 744.0, 0.0, 0.0))
    return tables.frame("rule_coverage", [dict(zip(names, row, strict=True)) for row in rows])


def month() -> MonthResults:
    """The whole month."""
    described = model()
    return MonthResults(
        model=described,
        period=Period.parse("2026-03", described.tz),
        flows=flows(),
        adjustments=adjustments(),
        suspects=suspects(),
        eliminations=tables.frame("eliminations"),
        coverage=coverage(),
        recoveries=recoveries(),
        unaccounted=unaccounted(),
        gaps=gaps(),
        breaches=breaches(),
        not_checked=not_checked(),
        plan_fact=plan_fact(),
        rejected=rejected(),
        objective=41.7,
        dof=9,
        p_value=3.7e-6,
        separating=(("mill_feed_1", "mass"), ("dispatched", "mass")),
        provenance=Provenance(
            version="0.1.0", model_hash=described.hash, rulebook_hash="0f" * 32, data_hash="9a" * 32,
            known=datetime(2026, 4, 2, 4, 30, tzinfo=UTC),
        ),
    )  # fmt: skip
