"""What of a chain's results belongs to one plant: a link of the chain."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.rulebook import Rule
from zveno.reports.streams import CLOSING, OPENING, balanced_name


@dataclass(frozen=True)
class Belongings:
    """Ids that belong to a plant.

    Parameters
    ----------
    plant
        The plant.
    streams
        Streams and groups that touch its sections, and its stocks at both ends of a period; a stream between
        two plants belongs to both.
    sections
        Its sections.
    meters
        Meters of those.
    tags
        Signals of its units; ``foreign`` are those of other plants.
    lines
        Plan lines whose fact one of these tells.
    rules
        Rules over one of these signals, or over its units where no signal of the chain is named.
    """

    plant: str
    streams: frozenset[str]
    sections: frozenset[str]
    meters: frozenset[str]
    tags: frozenset[str]
    foreign: frozenset[str]
    lines: frozenset[str]
    rules: frozenset[str]

    @classmethod
    def of(cls, model: ChainModel, plant: str) -> Belongings:
        """What belongs to a plant of a description."""
        chain = model.chain
        streams: set[str] = set()
        for one in chain.streams:
            if plant in (model.plant_of(one.source), model.plant_of(one.target)):
                streams |= {one.id, balanced_name(model, one.id)}
        stocks = {one.id for one in chain.stocks if model.plant_of(one.section) == plant}
        streams |= {one + end for one in stocks for end in ("", OPENING, CLOSING)}
        meters = {one.id for one in chain.meters if one.stream in streams}
        tags = {one.id for one in chain.tags if model.plant_of(one.unit) == plant}
        lines = {one.id for one in chain.plans if _told(one.meter, meters) or _told(one.tag, tags)}
        rules = {one.id for one in model.rulebook.rules if _binds(model, one, plant, tags)}
        foreign = {one.id for one in chain.tags} - tags
        sections = {one.id for mine in chain.plants if mine.id == plant for one in mine.sections}
        return cls(plant, *map(frozenset, (streams, sections, meters | stocks, tags, foreign, lines, rules)))

    def rows(self, table: str, found: pl.DataFrame) -> pl.DataFrame:
        """Rows of a table of ``zveno.tables`` that belong to the plant.

        Readings that can't be told apart (``suspects``), or were set aside together (``eliminations``), stay
        together if one of them belongs.
        """
        if table in ("suspects", "eliminations"):
            group = "class_id" if table == "suspects" else "step"
            kept = found.filter(self._of_streams())[group].unique()
            return found.filter(pl.col(group).is_in(kept.to_list()))
        if table == "not_checked":
            elsewhere = [bool(named) and named <= self.foreign for named in map(_names, found["detail"])]
            return found.filter(pl.col("rule").is_in(sorted(self.rules)), ~pl.Series(elsewhere, dtype=pl.Boolean))
        keys: dict[str, pl.Expr] = {
            "flows": self._of_streams(),
            "adjustments": self._of_streams(),
            "swaps": pl.col("first_meter").is_in(sorted(self.meters))
            | pl.col("second_meter").is_in(sorted(self.meters)),
            "counters": pl.col("meter").is_in(sorted(self.meters)),
            "scale_steps": pl.col("meter").is_in(sorted(self.meters)),
            "overdue_readings": self._of_streams(),
            "widened_flows": self._of_streams(),
            "gaps": pl.col("meter").is_in(sorted(self.meters)),
            "plan_fact": pl.col("line").is_in(sorted(self.lines)),
            "rule_coverage": pl.col("tag").is_in(sorted(self.tags)),
        }
        return found.filter(keys.get(table, pl.col("plant") == self.plant))

    def _of_streams(self) -> pl.Expr:
        """Whether a row's stream belongs, one of several joined by +, or the section of a loss."""
        own = pl.Series([*sorted(self.streams), *sorted(self.sections)], dtype=pl.String).implode()
        return pl.col("stream").str.split("+").list.set_intersection(own).list.len() > 0


def _names(detail: str | None) -> set[str]:
    """Signals that a lack of a rule names."""
    return set(filter(None, (detail or "").split(", ")))


def _told(pattern: str, names: Iterable[str]) -> bool:
    """Whether a pattern names one of them."""
    return bool(pattern) and any(fnmatchcase(one, pattern) for one in names)


def _binds(model: ChainModel, rule: Rule, plant: str, tags: Collection[str]) -> bool:
    """Whether a rule watches signals of the plant; one that watches none of the chain is judged by what it names."""
    if any(_told(pattern, model.tags) for pattern in rule.tags):
        return any(_told(pattern, tags) for pattern in rule.tags)
    role = model.roles.get(rule.owner_role)
    home = model.plant_of(rule.unit) or (role.plant if role else "")
    return home == plant if home else any(one.startswith(f"{plant}.") for one in (rule.unit, *rule.tags))
