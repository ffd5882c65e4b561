"""What the chain makes in a period: its steady state, integrated over the days on which no figure changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.types import Published
from zveno.model.values import days_of_change
from zveno.periods import Period
from zveno.quantities import convert
from zveno.simulate.basis import Floats
from zveno.simulate.engine import simulate
from zveno.simulate.result import Simulation
from zveno.tables import frame

SOLIDS = "solids"


@dataclass(frozen=True)
class PeriodTotals:
    """Masses of a period, and what was published about it.

    Parameters
    ----------
    model, period
        What was simulated.
    steady
        A steady state for each stretch of the period in which no figure changes.
    hours
        Length of each stretch.
    """

    model: ChainModel
    period: Period
    steady: tuple[Simulation, ...]
    hours: tuple[float, ...]

    def mass(self, stream: str, quantity: str = SOLIDS) -> float:
        """Solids, water or a component that passes in a stream or group, t."""
        return float(
            sum(hours * one.component(stream, quantity)[0] for hours, one in zip(self.hours, self.steady, strict=True))
        )

    @cached_property
    def period_totals(self) -> pl.DataFrame:
        """Table ``period_totals``: a row for each stream and quantity."""
        first = self.steady[0]
        masses: Floats = np.zeros((len(first.streams), len(first.quantities)))
        for hours, one in zip(self.hours, self.steady, strict=True):
            masses += hours * np.stack([one.mass(name)[0] for name in one.streams])
        rows = [
            {"period": self.period.name, "stream": stream, "component": quantity, "mass_t": float(masses[n, m])}
            for n, stream in enumerate(first.streams)
            for m, quantity in enumerate(first.quantities)
        ]
        return frame("period_totals", rows)

    @cached_property
    def published_totals(self) -> pl.DataFrame:
        """Table ``published_totals``: published figures of the period beside the simulated ones."""
        return frame("published_totals", list(self._published()))

    def _published(self) -> Iterator[dict[str, object]]:
        for one in self.model.chain.published:
            if Period.parse(one.period, self.model.tz) == self.period:
                simulated = sum(self._owned(one, stream) for stream in one.streams)
                stated = convert(one.value, one.uom, "t")
                yield {
                    "id": one.id, "component": one.component, "stated_t": stated, "simulated_t": simulated,
                    "ratio": simulated / stated, "source": one.source,
                }  # fmt: skip

    def _owned(self, one: Published, stream: str) -> float:
        """Mass of a product; with an owner, as much of it as that owner has of what the plant takes in."""
        whole = self.mass(stream, one.component)
        if not one.owner:
            return whole
        plant = self.model.plant_of(self.model.streams[stream].source)
        taken = [
            each
            for each in self.model.streams.values()
            if each.owner and self.model.plant_of(each.target) == plant and self.model.plant_of(each.source) != plant
        ]
        component = one.component if one.component != SOLIDS else self.model.chain.components[0]
        masses = {each.id: self.mass(each.id, component) for each in taken}
        own = sum(masses[each.id] for each in taken if each.owner == one.owner)
        return whole * own / sum(masses.values())


def simulate_period(model: ChainModel, period: Period, overrides: Mapping[str, float] | None = None) -> PeriodTotals:
    """Masses of a period from the steady states between the days on which figures change.

    Parameters
    ----------
    overrides
        Feeds and parameters set differently for the whole period, by name.

    Raises
    ------
    ModelError, SolveError
        As :func:`simulate`.
    """
    scenarios = {"scenario": dict(overrides)} if overrides else None
    stretches = list(_stretches(model, period))
    return PeriodTotals(
        model=model,
        period=period,
        steady=tuple(simulate(model, scenarios=scenarios, day=day) for day, _ in stretches),
        hours=tuple(hours for _, hours in stretches),
    )


def _stretches(model: ChainModel, period: Period) -> Iterator[tuple[date, float]]:
    """First day and hours of each stretch of a period in which no figure changes."""
    begins = [datetime.combine(day, time(), model.tz) for day in days_of_change(model) if day is not None]
    cuts = [period.start, *(one for one in begins if period.start < one < period.end), period.end]
    for start, end in pairwise(cuts):
        yield start.astimezone(model.tz).date(), (end.timestamp() - start.timestamp()) / 3600
