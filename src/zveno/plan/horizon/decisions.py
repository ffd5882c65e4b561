"""What a plan decides, by names: what solvers return, persons edit and the checker reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zveno.model.planning import PlanProblem
from zveno.plan.horizon.columns import Columns
from zveno.plan.linear import Floats


@dataclass(frozen=True)
class Decisions:
    """Each entry by period; stocks follow from them and are not decided.

    Parameters
    ----------
    ore
        Ore milled by concentrator and place of the recipe in its list.
    mode
        The mode that runs, by concentrator; empty where it stands.
    bought
        By brand.
    ship, feed
        By brand and smelter.
    on
        Whether a smelter runs.
    start
        Period in which a relining starts.
    refined
        Metal in the anode that is refined, by smelter.
    cast, spare
        Castings made and bought, by (purpose, family).
    """

    ore: Mapping[tuple[str, int], Floats]
    mode: Mapping[str, tuple[str, ...]]
    bought: Mapping[str, Floats]
    ship: Mapping[tuple[str, str], Floats]
    feed: Mapping[tuple[str, str], Floats]
    on: Mapping[str, tuple[bool, ...]]
    start: Mapping[str, int]
    refined: Mapping[str, Floats]
    cast: Mapping[tuple[str, str], Floats]
    spare: Mapping[tuple[str, str], Floats]


def decided(problem: PlanProblem, columns: Columns, values: Floats) -> Decisions:
    """Decisions from the values of the programme; whole numbers as whole numbers."""

    def of(blocks: Mapping[tuple[str, str], np.ndarray]) -> dict[tuple[str, str], Floats]:
        return {key: np.maximum(values[block], 0.0) for key, block in blocks.items()}

    periods = range(len(problem.periods))
    modes = {
        mill.id: tuple(
            next(
                (mode for name, mode in columns.run if name == mill.id and values[columns.run[name, mode][t]] > 0.5), ""
            )
            for t in periods
        )
        for mill in problem.concentrators
    }
    return Decisions(
        {key: np.maximum(values[block], 0.0) for key, block in columns.ore.items()},
        modes,
        {key: np.maximum(values[block], 0.0) for key, block in columns.bought.items()},
        of(columns.ship), of(columns.feed),
        {key: tuple(bool(one > 0.5) for one in values[block]) for key, block in columns.on.items()},
        {name: int(np.argmax(values[block])) for (_, name), block in columns.start.items()},
        {key: np.maximum(values[block], 0.0) for key, block in columns.refined.items()},
        of(columns.cast), of(columns.spare),
    )  # fmt: skip
