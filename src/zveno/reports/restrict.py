"""A month of the chain cut down to one plant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import polars as pl

from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.reports.addresses import SourceCells
from zveno.reports.belongings import Belongings
from zveno.reports.month import MonthResults


def require_link(model: ChainModel, link: str) -> None:
    """Refuse a name that no plant of the chain has."""
    plants = [one.id for one in model.chain.plants]
    if link not in plants:
        known = ", ".join(plants)
        raise DataError(
            "no link of the chain is named '{link}': use {known}", link=link, known=known, near=near_match(link, plants)
        )


def of_plant(results: MonthResults, plant: str) -> MonthResults:
    """The rows of every table whose stream, stock, meter, signal, rule or plan line belongs to a plant.

    What the global test says, and cells that were not read, are of the whole chain and stay: neither
    names a plant.

    Raises
    ------
    DataError
        If no plant has that name.
    """
    require_link(results.model, plant)
    own = Belongings.of(results.model, plant)
    daily = results.daily_recoveries
    suspects = own.rows("suspects", results.suspects)
    return replace(
        results,
        link=plant,
        flows=own.rows("flows", results.flows),
        adjustments=own.rows("adjustments", results.adjustments),
        suspects=suspects,
        eliminations=own.rows("eliminations", results.eliminations),
        swaps=own.rows("swaps", results.swaps),
        scale_steps=own.rows("scale_steps", results.scale_steps),
        counters=own.rows("counters", results.counters),
        recoveries=own.rows("recoveries", results.recoveries),
        unaccounted=own.rows("unaccounted", results.unaccounted),
        gaps=own.rows("gaps", results.gaps),
        breaches=own.rows("breaches", results.breaches),
        not_checked=own.rows("not_checked", results.not_checked),
        coverage=own.rows("rule_coverage", results.coverage),
        plan_fact=own.rows("plan_fact", results.plan_fact),
        daily_recoveries=None if daily is None else own.rows("recoveries", daily),
        overdue=own.rows("overdue_readings", results.overdue),
        widened=own.rows("widened_flows", results.widened),
        castings=results.castings if results.model.foundry and results.model.foundry.plant == plant else None,
        sources=None if results.sources is None else _of_meters(results.sources, own.meters),
        separating=_near(results.separating, {*own.streams, *suspects["stream"].str.split("+").explode()}),
    )


def _of_meters(sources: SourceCells, meters: Iterable[str]) -> SourceCells:
    """Cells of the plant's own meters."""
    return SourceCells(sources.table.filter(pl.col("point").is_in(list(meters))))


def _near(separating: Iterable[tuple[str, str]], streams: set[str]) -> tuple[tuple[str, str], ...]:
    """Measurements on the plant's own streams; all of them where none is there."""
    every = tuple(separating)
    return tuple(one for one in every if one[0] in streams) or every
