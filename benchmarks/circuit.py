"""The circuit of eight nodes that simulators are compared on, read from its one definition.

Rougher, scavenger, cleaner, cleaner-scavenger and recleaner with three mixing boxes: ten components, four recycles,
residence times and water that make it non-linear. Zveno's circuit, the units of BioSTEAM and the equations that CasADi
and JAX differentiate are all built from ``Definition``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zveno.simulate.basis import basis_of
from zveno.simulate.plan import OUTSIDE, Link
from zveno.simulate.solve import Circuit
from zveno.simulate.units.bank import Bank
from zveno.simulate.units.mixer import Mixer

Floats = NDArray[np.float64]

DEFINITION = "simulation/circuit-8-node.json"
"""Its file in the data beside the project."""

_FEED_SD, _VOLUME_SD = 0.08, 0.05  # of the logarithms, as the definition's ``scenarios`` says


@dataclass(frozen=True)
class MixingBox:
    """What enters, with wash water in proportion to the solids."""

    name: str
    wash_t_t: float


@dataclass(frozen=True)
class FlotationBank:
    """A row of equal cells; ``volume_m3`` is that of the whole row."""

    name: str
    volume_m3: float
    cells: int
    effective_frac: float
    rate_factor: float
    conc_solids_frac: float


@dataclass(frozen=True)
class Definition:
    """The circuit; the last component is water, nodes stand in the order of flow, a link is (node, outlet, node)."""

    components: tuple[str, ...]
    density_t_m3: Floats
    k_per_min: Floats
    entrainment: Floats
    feed_tph: Floats
    nodes: tuple[MixingBox | FlotationBank, ...]
    links: tuple[tuple[str, int, str], ...]
    feed_to: str
    products: tuple[tuple[str, int], ...]

    @cached_property
    def recycled(self) -> tuple[str, ...]:
        """Nodes that a later node returns to: with their recycles known, all else follows in one sweep."""
        place = {one.name: n for n, one in enumerate(self.nodes)}
        targets = [target for source, _, target in self.links if place[source] > place[target]]
        return tuple(one.name for one in self.nodes if one.name in targets)


class Table(NamedTuple):
    """Scenarios: feed (S, C), t/h, and the factor on all volumes (S,)."""

    feed_tph: Floats
    volume_factor: Floats

    def take(self, rows: list[int]) -> Table:
        """Some of the scenarios."""
        return Table(self.feed_tph[rows], self.volume_factor[rows])


def read(path: Path) -> Definition:
    """The circuit as its file defines it."""
    given = json.loads(path.read_text(encoding="utf-8"))["circuit"]
    if given["water_index"] != len(given["components"]) - 1:
        raise ValueError(f"{path.name}: water must be the last component")
    return Definition(
        components=tuple(given["components"]),
        density_t_m3=np.array(given["rho"]),
        k_per_min=np.array(given["k"]),
        entrainment=np.array(given["ent"]),
        feed_tph=np.array(given["feed"]),
        nodes=tuple(_node(one) for one in given["nodes"]),
        links=tuple((source, port, target) for source, port, target in given["links"]),
        feed_to=given["feed_to"],
        products=tuple((source, port) for source, port in given["products"].values()),
    )


def _node(given: dict[str, Any]) -> MixingBox | FlotationBank:
    """A node of the file."""
    if given["type"] == "mix":
        return MixingBox(given["id"], given["wash"])
    return FlotationBank(given["id"], given["V"], given["N"], given["eff"], given["kmul"], given["cs"])


def base(definition: Definition) -> Table:
    """The circuit as defined: one scenario."""
    return Table(definition.feed_tph[None, :], np.ones(1))


def drawn(definition: Definition, count: int, seed: int = 8) -> Table:
    """Scenarios drawn as the definition says."""
    rng = np.random.default_rng(seed)
    feed = definition.feed_tph * np.exp(rng.normal(0, _FEED_SD, (count, len(definition.components))))
    return Table(feed, np.exp(rng.normal(0, _VOLUME_SD, count)))


def circuit_of(definition: Definition, table: Table) -> Circuit:
    """The circuit of Zveno's unit models; stream 0 is the feed, the products come last."""
    solids = definition.components[:-1]
    basis = basis_of(
        [(one, "fast") for one in solids],
        sg=definition.density_t_m3[:-1].tolist(),
        k_per_min=definition.k_per_min[:-1].tolist(),
        groups=["sulphide"] * len(solids),
        entrainment=definition.entrainment[:-1].tolist(),
    )
    ids = tuple(one.name for one in definition.nodes)
    links = [Link(OUTSIDE, 0, ids.index(definition.feed_to))]
    links += [Link(ids.index(source), port, ids.index(target)) for source, port, target in definition.links]
    links += [Link(ids.index(source), port, OUTSIDE) for source, port in definition.products]
    units = tuple(_unit(one, table.volume_factor) for one in definition.nodes)
    names = tuple(map(str, range(len(table.volume_factor))))
    return Circuit(basis, ids, units, tuple(links), {0: table.feed_tph}, names)


def _unit(node: MixingBox | FlotationBank, volume_factor: Floats) -> Mixer | Bank:
    """Zveno's unit model of a node."""
    if isinstance(node, MixingBox):
        return Mixer(water_t_t=node.wash_t_t)
    return Bank(
        cells=node.cells,
        cell_m3=node.volume_m3 / node.cells * volume_factor,
        effective_volume=node.effective_frac,
        k_mult_sulphide=node.rate_factor,
        conc_solids=node.conc_solids_frac,
        entrain=1.0,
        water_rule="floated_solids",
        water_recovery_cap=0.999999,
    )


class Algebra(NamedTuple):
    """What the equations need of the library that evaluates or differentiates them.

    ``vector`` makes a constant of an array, ``total`` sums a vector, ``join`` puts vectors or numbers end to end.
    """

    vector: Callable[[Floats], Any]
    total: Callable[[Any], Any]
    join: Callable[..., Any]


NUMPY = Algebra(np.asarray, np.sum, lambda *parts: np.concatenate([np.atleast_1d(one) for one in parts]))


def sweep(definition: Definition, algebra: Algebra, recycles: Any, feed: Any, volume_factor: Any) -> tuple[Any, Any]:
    """Run the nodes once, in the order of flow, in one scenario.

    ``recycles`` are the flows that return to the nodes ``recycled``, end to end; they come back as the run gives
    them, followed by the products end to end.
    """
    width = len(definition.components)
    came: dict[str, Any] = {definition.feed_to: feed}
    for n, name in enumerate(definition.recycled):
        part = recycles[n * width : (n + 1) * width]
        came[name] = came[name] + part if name in came else part
    returned: dict[str, Any] = {}
    outlets: dict[tuple[str, int], Any] = {}
    done: set[str] = set()
    for node in definition.nodes:
        done.add(node.name)
        for port, flow in enumerate(_products(definition, algebra, node, came[node.name], volume_factor)):
            outlets[node.name, port] = flow
            for source, outlet, target in definition.links:
                if (source, outlet) == (node.name, port):
                    where = returned if target in done else came
                    where[target] = where[target] + flow if target in where else flow
    back = algebra.join(*(returned[name] for name in definition.recycled))
    return back, algebra.join(*(outlets[one] for one in definition.products))


def _products(
    definition: Definition, algebra: Algebra, node: MixingBox | FlotationBank, feed: Any, volume_factor: Any
) -> tuple[Any, ...]:
    """Outlets of a node: the equations of the definition."""
    if isinstance(node, MixingBox):
        return (algebra.join(feed[:-1], feed[-1] + node.wash_t_t * algebra.total(feed[:-1])),)
    pulp_m3h = algebra.total(feed / algebra.vector(definition.density_t_m3))
    minutes = 60 * node.volume_m3 * volume_factor * node.effective_frac / pulp_m3h
    kt = algebra.vector(definition.k_per_min) * (node.rate_factor / node.cells) * minutes
    floated = 1 - (1 + kt) ** (-node.cells)
    carried = algebra.total((feed * floated)[:-1]) * (1 / node.conc_solids_frac - 1)
    water = carried / (carried + feed[-1])
    recovered = floated + (1 - floated) * algebra.vector(definition.entrainment) * water
    share = algebra.join(recovered[:-1], water)
    return feed * share, feed * (1 - share)
