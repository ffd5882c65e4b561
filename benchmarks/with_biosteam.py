"""The circuit of eight nodes as a System of BioSTEAM, scenario after scenario.

Two ways to write its units. *Stock*: on BioSTEAM's own mixer and splitter, volumes and energy left to its streams, as
its manual shows. *Lean*: units that touch nothing but flows in numpy, the least that a System can be asked to do.
Flows are in kg/h and every molar mass is 1, so that BioSTEAM's moles are kilograms.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import biosteam as bst
import numpy as np
import thermosteam as tmo

from benchmarks.circuit import Definition, Floats, FlotationBank, MixingBox, Table, base

logging.getLogger().setLevel(logging.WARNING)  # chaospy, which it imports, has every package tell what it does

KG_PER_T = 1000
_MOST_SWEEPS = 200  # BioSTEAM's own; Aitken's steps may circle for ever
_NO_TOLERANCE_K = 1e3  # nothing warms up here


class StockBox(bst.Mixer):
    """BioSTEAM's mixer; the last inlet is wash water."""

    def _init(self, wash_t_t: float) -> None:
        super()._init()
        self.wash_t_t = wash_t_t

    def _run(self) -> None:
        *pulps, wash = self.ins
        wash.imass["Water"] = self.wash_t_t * sum(one.F_mass - one.imass["Water"] for one in pulps)
        super()._run()


class StockBank(bst.Splitter):
    """BioSTEAM's splitter with the shares of a flotation bank."""

    def _init(self, node: FlotationBank, definition: Definition) -> None:
        super()._init(0.5)
        self.node, self.definition, self.volume_factor = node, definition, 1.0

    def _run(self) -> None:
        feed = self.ins[0]
        if not feed.isempty():
            self.split = _recovery(self, feed.mass.to_array(), feed.F_vol)
        super()._run()


class LeanBox(bst.Unit):
    """Sum of what enters, with wash water."""

    _N_outs = 1
    _ins_size_is_fixed = False

    def _init(self, wash_t_t: float) -> None:
        self.wash_t_t = wash_t_t

    def _run(self) -> None:
        total = sum(one.mol.to_array() for one in self.ins)
        total[-1] += self.wash_t_t * total[:-1].sum()
        self.outs[0].mol[:] = total


class LeanBank(bst.Unit):
    """A flotation bank on flows alone."""

    _N_outs = 2

    def _init(self, node: FlotationBank, definition: Definition) -> None:
        self.node, self.definition, self.volume_factor = node, definition, 1.0

    def _run(self) -> None:
        feed = self.ins[0].mol.to_array()
        pulp_m3h = (feed / self.definition.density_t_m3).sum() / KG_PER_T
        conc = feed * _recovery(self, feed, pulp_m3h) if pulp_m3h else feed
        self.outs[0].mol[:] = conc
        self.outs[1].mol[:] = feed - conc


def _recovery(bank: StockBank | LeanBank, feed: Floats, pulp_m3h: float) -> Floats:
    """Share of each component that the concentrate carries away: the equations of the definition."""
    node, given = bank.node, bank.definition
    minutes = 60 * node.volume_m3 * bank.volume_factor * node.effective_frac / pulp_m3h
    floated = 1 - (1 + given.k_per_min * node.rate_factor / node.cells * minutes) ** -node.cells
    carried = (feed * floated)[:-1].sum() * (1 / node.conc_solids_frac - 1)
    water = carried / (carried + feed[-1])
    share = floated + (1 - floated) * given.entrainment * water
    share[-1] = water
    return np.asarray(share)


class Flowsheet:
    """The System, and the scenarios that it is converged for one after another.

    Parameters
    ----------
    stock
        Units on BioSTEAM's own mixer and splitter, else lean ones.
    method
        Way to close the recycles: ``aitken`` (BioSTEAM's default), ``fixedpoint``.
    step_kg_h
        A flow of a recycle that moves less than this counts as settled; BioSTEAM's own tolerances if not given.

    A scenario that does not settle in 200 sweeps is done again from empty recycles by fixed point, as a user would;
    ``unsettled`` counts them.
    """

    def __init__(
        self, definition: Definition, table: Table, *, stock: bool, method: str, step_kg_h: float | None
    ) -> None:
        self.definition, self.table = definition, table
        self.stock, self.method, self.step_kg_h = stock, method, step_kg_h
        self.unsettled = 0

    def build(self) -> None:
        """Make chemicals, streams, units and System anew, and converge the circuit as defined.

        The recycles of that state are where the first scenario starts; each further one starts where the last ended.
        """
        bst.main_flowsheet.clear()
        bst.settings.set_thermo(tmo.Chemicals(_chemicals(self.definition)))
        nodes = self.definition.nodes
        self.feed = bst.Stream("feed")
        outs = {
            one.name: [bst.Stream(f"{one.name}_{port}") for port in range(1 if isinstance(one, MixingBox) else 2)]
            for one in nodes
        }
        ins: dict[str, list[Any]] = {one.name: [] for one in nodes}
        ins[self.definition.feed_to].append(self.feed)
        for source, port, target in self.definition.links:
            ins[target].append(outs[source][port])
        units = [self._unit(one, ins[one.name], outs[one.name]) for one in nodes]
        self.banks = [one for one in units if isinstance(one, (StockBank, LeanBank))]
        self.products = [outs[source][port] for source, port in self.definition.products]
        self.system = bst.System.from_units("circuit", units)
        self.system.set_tolerance(method=self.method, maxiter=_MOST_SWEEPS)
        if self.step_kg_h is not None:
            self.system.set_tolerance(mol=self.step_kg_h, rmol=0.0, T=_NO_TOLERANCE_K)
        self._converged(base(self.definition))

    def run(self) -> Floats:
        """Products (S, products, components), t/h."""
        self.unsettled = 0
        return self._converged(self.table)

    def told(self) -> str:
        """What happened in the last run besides."""
        return f"{self.unsettled} did not settle, done again by fixed point" if self.unsettled else ""

    def _converged(self, table: Table) -> Floats:
        """The same for any scenarios."""
        found = []
        for feed, factor in zip(*table, strict=True):
            self.feed.mol[:] = feed * KG_PER_T
            for bank in self.banks:
                bank.volume_factor = factor
            self._converge()
            found.append([one.mol.to_array() for one in self.products])
        return np.array(found) / KG_PER_T

    def _converge(self) -> None:
        """Close the recycles."""
        try:
            self.system.converge()
        except RuntimeError:
            self.unsettled += 1
            self.system.empty_recycles()
            self.system.set_tolerance(method="fixedpoint")
            self.system.converge()
            self.system.set_tolerance(method=self.method)

    def _unit(self, node: MixingBox | FlotationBank, ins: Sequence[Any], outs: Sequence[Any]) -> bst.Unit:
        """The unit of a node."""
        if isinstance(node, FlotationBank):
            return (StockBank if self.stock else LeanBank)(node.name, ins, outs, node=node, definition=self.definition)
        if not self.stock:
            return LeanBox(node.name, ins, outs, wash_t_t=node.wash_t_t)
        if not node.wash_t_t:
            return bst.Mixer(node.name, ins, outs)
        return StockBox(node.name, [*ins, bst.Stream(f"wash_{node.name}")], outs, wash_t_t=node.wash_t_t)


def _chemicals(definition: Definition) -> list[tmo.Chemical]:
    """Components with their densities; the heat capacity of water is BioSTEAM's default."""
    return [
        tmo.Chemical(name, search_db=False, phase="l", MW=1.0, rho=KG_PER_T * float(density), default=True)
        for name, density in zip(definition.components, definition.density_t_m3, strict=True)
    ]
