"""Episodes as tables: who was on duty, which text they were judged by, what was not judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zveno.model.chain import ChainModel
from zveno.model.worktime import shifts_of
from zveno.periods import Period
from zveno.rules.build import EPOCH, Lack, microseconds
from zveno.rules.kinds.kind import Shown
from zveno.rules.runs import Ints
from zveno.rules.solve import Cover, Episodes
from zveno.tables import frame, schema

_HOUR = 3600e6
_SURE = 2
_SPAN = ("start", "end", "known", "peak", "limit", "count")


@dataclass(frozen=True)
class Breaches:
    """What the readings of a period say about the rules.

    ``breaches``, ``not_checked`` and ``coverage`` (``rule_coverage``) are tables of ``zveno.tables``: what
    broke a rule, which rules were not judged and why, and for how long each rule was judged at all.
    ``counts`` sums up: rules, tags, readings, bad_readings, breaches, open, not_checked. The hashes name
    what it was made from: description, rulebook and the readings judged, whatever their order.
    """

    breaches: pl.DataFrame
    not_checked: pl.DataFrame
    coverage: pl.DataFrame
    period: Period
    counts: Mapping[str, int]
    model_hash: str
    rulebook_hash: str
    readings_hash: str


def breach_table(model: ChainModel, episodes: Iterable[Episodes]) -> pl.DataFrame:
    """Table ``breaches``, in order of time, rule and tag.

    A breach belongs to the shift in which it began; ``crews`` lists all that were on duty while it
    lasted. It says who was on duty, not who did it. A role that does not work in shifts has no crew.
    """
    groups = [one for one in episodes if len(one.spans.start)]
    if not groups:
        return frame("breaches")
    facts = pl.DataFrame(
        [_facts(model, one) for one in groups], schema_overrides={"error_sd": pl.Float64}, infer_schema_length=None
    ).with_row_index("group")
    size = [len(one.spans.start) for one in groups]
    spans = pl.DataFrame(
        {
            "group": np.repeat(np.arange(len(groups), dtype=np.uint32), size),
            **{name: np.concatenate([getattr(one.spans, name) for one in groups]) for name in _SPAN},
        }
    )
    plants = np.repeat(facts["plant"].to_numpy(), size)
    shift, crew, crews = _duty(model, plants, spans["start"].to_numpy(), spans["end"].to_numpy())
    on_shift, has_crew = pl.col("on_shift"), pl.col("crew") != ""
    table = (
        spans.with_columns(shift=pl.Series(shift), first_crew=pl.Series(crew), all_crews=pl.Series(crews))
        .join(facts, on="group", how="left", maintain_order="left")
        .with_columns(
            peak=pl.col("peak") * pl.col("scale") + pl.col("offset"),
            limit=pl.col("limit") * pl.col("scale") + pl.col("offset"),
            duration_h=(pl.col("end") - pl.col("start")) / _HOUR,
            known_h=pl.col("known") / _HOUR,
            unknown_h=(pl.col("end") - pl.col("start") - pl.col("known")) / _HOUR,
            crew=pl.when(on_shift).then("first_crew").otherwise(pl.lit("")),
            crews=pl.when(on_shift).then("all_crews").otherwise(pl.lit("")),
        )
        .with_columns(
            surety=_surety(), person=pl.when(has_crew).then(pl.format("{}:{}", "role", "crew")).otherwise("role")
        )
        .sort("start", "rule", "tag", "side", "version")
    )
    return frame("breaches", table.select(*schema("breaches")))


def not_checked_table(lacks: Iterable[Lack]) -> pl.DataFrame:
    """Table ``not_checked``: each reason once."""
    rows = {(one.rule, one.version, one.kind, one.reason, one.detail) for one in lacks}
    names = ("rule", "version", "kind", "reason", "detail")
    return frame("not_checked", [dict(zip(names, row, strict=True)) for row in sorted(rows)])


def coverage_table(covers: Iterable[Cover]) -> pl.DataFrame:
    """Table ``rule_coverage``, in order of rule and tag."""
    ordered = sorted(covers, key=lambda one: (one.rule, one.tag, one.version))
    return frame(
        "rule_coverage",
        [
            {
                "rule": one.rule,
                "version": one.version,
                "tag": one.tag,
                "judged_h": one.judged / _HOUR,
                "off_h": one.off / _HOUR,
                "unknown_h": (one.length - one.judged - one.off) / _HOUR,
            }
            for one in ordered
        ],
    )


def role_of(model: ChainModel, owner_role: str, plant: str) -> str:
    """The role that answers in a plant: ``*.instrument_fitter`` is that plant's own.

    A role that the description does not know stays as it is written.
    """
    own = f"{plant}.{owner_role.removeprefix('*.')}"
    return own if owner_role.startswith("*.") and own in model.roles else owner_role


def _facts(model: ChainModel, one: Episodes) -> dict[str, Any]:
    """What all episodes of a binding share; scale and offset lead back into the rule's unit of measure."""
    key = one.binding.key
    rule, tag = model.rulebook.by_id[key.rule], model.tags[key.tag]
    (version,) = (each for each in rule.versions if each.version == key.version)
    plant = model.plant_of(tag.unit)
    role = role_of(model, rule.owner_role, plant)
    kind = one.binding.kind
    shown = kind.shown(rule.uom, tag.uom) if kind else Shown(rule.uom)
    answers = role not in model.roles or model.roles[role].on_shift
    return {
        "rule": key.rule,
        "version": key.version,
        "kind": rule.kind,
        "tag": key.tag,
        "plant": plant,
        "unit": tag.unit,
        "side": key.side,
        "open": one.open,
        "severity": rule.severity,
        "role": role,
        "rule_hash": rule.hash_of(version),
        "on_shift": answers and (kind is None or kind.on_shift(_shift_min(model))),
        "uom": shown.uom,
        "scale": shown.scale,
        "offset": shown.offset,
        "error_sd": _error_sd(model, one),
    }


def _error_sd(model: ChainModel, one: Episodes) -> float | None:
    """Standard deviation of what was judged, from the errors of the instruments; None where one is not known."""
    kind = one.binding.kind
    tags = [model.tags[tag] for tag in (one.binding.key.tag, *(other for other, _ in one.binding.others))]
    sds = tuple(each.error_sd for each in tags)
    if kind is None:
        return sds[0]
    return kind.sd_of(sds, tuple(model.number(each.normal, each.uom) for each in tags))


def _surety() -> pl.Expr:
    """How sure it is that the limit was passed: beyond two standard deviations, beyond one, or within.

    Two are the guard band that ISO 14253-1 and ILAC-G8 take where no other is agreed: 97.7 % for one side.
    """
    beyond = (pl.col("peak") - pl.col("limit")).abs()
    sd = pl.col("error_sd") * pl.col("scale")
    return (
        pl.when(sd.is_null())
        .then(pl.lit(""))
        .when(beyond >= _SURE * sd)
        .then(pl.lit("sure"))
        .when(beyond >= sd)
        .then(pl.lit("likely"))
        .otherwise(pl.lit("within_error"))
    )


def _shift_min(model: ChainModel) -> float:
    """Length of the longest shift in minutes."""
    return max((slot.hours for slot in model.people.shifts.slots), default=24.0) * 60 if model.people else 24.0 * 60


def _duty(
    model: ChainModel, plants: NDArray[np.object_], start: Ints, end: Ints
) -> tuple[list[str], list[str], list[str]]:
    """Shift and crew at the start of each episode, and all crews at work while it lasted, by the clock of its plant."""
    nobody = [""] * len(start)
    found = (nobody.copy(), nobody.copy(), nobody.copy())
    if model.people is None:
        return found
    for plant in dict.fromkeys(plants.tolist()):
        (rows,) = np.nonzero(plants == plant)
        for column, values in zip(found, _duty_at(model, plant, start[rows], end[rows]), strict=True):
            for row, value in zip(rows.tolist(), values, strict=True):
                column[row] = value
    return found


def _duty_at(model: ChainModel, plant: str, start: Ints, end: Ints) -> tuple[list[str], list[str], list[str]]:
    """The same of one plant; a moment at which nobody works has no shift."""
    span = Period(_moment(model, int(start.min())), _moment(model, int(end.max()) + 1))
    shifts = list(shifts_of(model, plant, span))
    begun = np.array([microseconds(one.period.start) for one in shifts], np.int64)
    over = np.array([microseconds(one.period.end) for one in shifts], np.int64)
    first = np.searchsorted(over, start, side="right")
    last = np.searchsorted(begun, np.maximum(end - 1, start), side="right")
    pairs = zip(first.tolist(), start.tolist(), strict=True)
    at_work = [a if a < len(shifts) and begun[a] <= moment else None for a, moment in pairs]
    crews = {
        (a, b): ", ".join(dict.fromkeys(one.crew for one in shifts[a:b] if one.crew))
        for a, b in set(zip(first.tolist(), last.tolist(), strict=True))
    }
    return (
        ["" if a is None else f"{shifts[a].day.isoformat()} {shifts[a].slot}" for a in at_work],
        ["" if a is None else shifts[a].crew for a in at_work],
        [crews[pair] for pair in zip(first.tolist(), last.tolist(), strict=True)],
    )


def _moment(model: ChainModel, us: int) -> datetime:
    """Plant time of a moment in microseconds."""
    return (EPOCH + timedelta(microseconds=us)).astimezone(model.tz)
