"""A small chain of periods for tests: ore is milled, concentrate goes through a pile, and scales are off for good."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from zveno.model.network import MASS, NetNode, NetReading, NetStream, Network
from zveno.reconcile.linked import stock_links
from zveno.reconcile.linked_periods import LastingBias, LinkedPeriods

STREAMS = ("ore", "tail", "conc", "cake", "pile.opening", "pile.closing")
RELATIVE = {"ore": 0.01, "tail": 0.02, "conc": 0.02, "cake": 0.005, "pile.opening": 0.03, "pile.closing": 0.03}
ASSAY_SD = 0.02
BIASES = (LastingBias("conc scale", 0.02), LastingBias("cake scale", 0.003, 0.001), LastingBias("tail scale", 0.01))
BIASED = ("conc", "cake", "tail")


def network(components: tuple[str, ...] = ()) -> Network:
    """Mill and shed with a pile; all that streams hold is read."""
    streams = (
        NetStream("ore", None, "mill"), NetStream("tail", "mill", None), NetStream("conc", "mill", "shed"),
        NetStream("cake", "shed", None), NetStream("pile.opening", None, "shed", role="opening_stock"),
        NetStream("pile.closing", "shed", None, role="closing_stock"),
    )  # fmt: skip
    readings = [NetReading(one.id, quantity, 1.0, 1.0) for one in streams for quantity in (MASS, *components)]
    return Network((NetNode("mill"), NetNode("shed")), streams, tuple(readings), components)


@dataclass(frozen=True)
class Played:
    """Periods with their truth: masses and assays (T, readings), biases (T, 3)."""

    asked: LinkedPeriods
    truth: np.ndarray
    biases: np.ndarray


def played(periods: int, seed: int, components: tuple[str, ...] = ()) -> Played:
    """Draw periods: feed and dispatch wander, biases are drawn from what is said of them, surveys come every second
    period, and a tenth of the readings is missing.
    """
    rng = np.random.default_rng(seed)
    made = network(components)
    masses, metal = np.zeros((periods, 6)), np.zeros((periods, 6, len(components)))
    stock, inside = 500.0, np.full(len(components), 500.0 * 0.24)
    for t in range(periods):
        ore = 1000 * (1 + 0.1 * rng.standard_normal())
        conc = 0.1 * ore
        cake = conc * (1 + 0.2 * rng.standard_normal()) + 0.05 * (stock - 500)
        into, left = conc * rng.uniform(0.22, 0.26, len(components)), 0.002 * (ore - conc)
        out = cake * inside / stock
        masses[t] = (ore, ore - conc, conc, cake, stock, stock + conc - cake)
        metal[t] = np.stack([into + left, np.full_like(into, left), into, out, inside, inside + into - out])
        stock, inside = masses[t, 5], metal[t, 5]
    truth = np.concatenate([masses[:, :, None], metal / masses[:, :, None]], axis=2).reshape(periods, -1)
    width = 1 + len(components)
    relative = np.array([RELATIVE[one] if k == 0 else ASSAY_SD for one in STREAMS for k in range(width)])
    sigma = relative * truth
    loading = np.zeros((*truth.shape, 3))
    for j, one in enumerate(BIASED):
        at = width * STREAMS.index(one)
        loading[:, at, j] = truth[:, at]
    biases = np.tile([one.sd for one in BIASES] * rng.standard_normal(3), (periods, 1))
    biases[1:, 1] += np.cumsum(BIASES[1].walk_sd * rng.standard_normal(periods - 1))
    value = truth + sigma * rng.standard_normal(truth.shape) + np.einsum("trj,tj->tr", loading, biases)
    value[rng.random(value.shape) < 0.1] = np.nan
    value[1:, 4 * width : 5 * width] = np.nan
    value[::2, 5 * width :] = np.nan
    return Played(LinkedPeriods(made, value, sigma, stock_links(made), BIASES, loading), truth, biases)


def part(asked: LinkedPeriods, periods: slice) -> LinkedPeriods:
    """Some of the periods."""
    return replace(
        asked, values=asked.values[periods], sigmas=asked.sigmas[periods],
        loadings=None if asked.loadings is None else asked.loadings[periods],
    )  # fmt: skip
