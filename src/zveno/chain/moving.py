"""What moved between two moments or versions of a period."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import polars as pl

from zveno.chain.explaining import Explaining, put_in
from zveno.explain import Cause, Moved, causes_of, moved_figures
from zveno.explain.moved import Causes
from zveno.reconcile import reading_values
from zveno.sources.reread import LEDGER
from zveno.tables import frame
from zveno.tables.figure import Figure

_WITHOUT = ("adjustments", "owner_flows")
"""Tables left out unless they are asked for: readings move by themselves, flows by owner move with the accounts."""


@dataclass(frozen=True)
class Moving:
    """Two states of a period.

    Parameters
    ----------
    before, after
        The figures of both.
    like
        Words that the addresses must hold; without them readings and flows by owner are left out.
    """

    before: Explaining
    after: Explaining
    like: str = ""

    @cached_property
    def figures(self) -> list[Moved]:
        """Figures that moved, the farthest first; without causes."""
        return moved_figures(self.before.ground, self.after.ground, self._wanted, self.like)

    @cached_property
    def causes(self) -> Causes:
        """Changed records."""
        model, span = self.after.chain.model, self.after.span
        return causes_of(self.before.ground, self.after.ground, partial(reading_values, model, period=span))

    def with_causes(self, most: int) -> list[Moved]:
        """The figures that moved farthest, each with what moved it."""
        return [self.causes.of(one) for one in self.figures[:most]]

    def figure(self, one: Moved) -> Figure:
        """The figure itself, as it is now, or as it was."""
        grounds = (self.after.ground, self.before.ground)
        return next(ground.figures[one.address] for ground in grounds if one.address in ground.figures)

    def person(self, cause: Cause) -> str:
        """Who put in the values of a cause; nothing for what files brought."""
        if cause.file != LEDGER:
            return ""
        return ", ".join(dict.fromkeys(put_in(cause.after, self.after.folder)["person"]))

    def tables(self, found: list[Moved]) -> dict[str, pl.DataFrame]:
        """Tables ``moved_figures`` (all) and ``moved_causes`` (of those found with causes)."""
        known = {one.address: one for one in found}
        figures = [_row(known.get(one.address, one), explained=one.address in known) for one in self.figures]
        causes = [
            {"address": one.address, "file": cause.file, "point": cause.point, "cells": cause.cells_words,
             "count": cause.count, "person": self.person(cause), "known": cause.known, "contribution": by}
            for one in found for cause, by in one.contributions
        ]  # fmt: skip
        return {"moved_figures": frame("moved_figures", figures), "moved_causes": frame("moved_causes", causes)}

    def _wanted(self, one: Figure) -> bool:
        return bool(self.like) or (one.table not in _WITHOUT and one.keys[2:3] != ("left",))


def _row(one: Moved, *, explained: bool) -> dict[str, Any]:
    """A row of ``moved_figures``; what the causes say only where they were sought."""
    return {
        "address": one.address, "before": one.before, "after": one.after, "moved": one.moved, "moved_sd": one.in_sd,
        "named": one.named if explained else None, "rest": one.rest if explained else None,
    }  # fmt: skip
