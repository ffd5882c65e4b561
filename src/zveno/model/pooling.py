"""A blending problem through pools of unknown quality, as its file or a chain states it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PoolSource:
    """What can be bought or drawn: between ``low`` and ``high``, of known quality."""

    id: str
    low: float
    high: float
    quality: tuple[float, ...]


@dataclass(frozen=True)
class Pool:
    """A tank, heap or bin in which everything mixes; ``high`` is what may pass through it."""

    id: str
    high: float


@dataclass(frozen=True)
class Terminal:
    """What is delivered: between ``low`` and ``high``, each quality at most ``quality_max``."""

    id: str
    low: float
    high: float
    quality_max: tuple[float, ...]


@dataclass(frozen=True)
class Arc:
    """A way from one place to another and its cost for a unit of flow; income is negative."""

    origin: str
    target: str
    cost: float


@dataclass(frozen=True)
class PoolingProblem:
    """Minimise the cost of the flows.

    Every flow leaves with the quality of what has mixed where it leaves; qualities mix by mass. Pools may feed pools,
    in circles too.
    """

    name: str
    sources: tuple[PoolSource, ...]
    pools: tuple[Pool, ...]
    terminals: tuple[Terminal, ...]
    arcs: tuple[Arc, ...]

    @property
    def places(self) -> tuple[PoolSource | Pool | Terminal, ...]:
        """Sources, then pools, then terminals."""
        return (*self.sources, *self.pools, *self.terminals)
