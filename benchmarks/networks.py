"""Generated concentrator balances of any size, whose truth closes exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zveno.model.network import MASS, NetNode, NetReading, NetStream, Network

Floats = NDArray[np.float64]

_FEED_T = 1000.0
_MASS_SD, _ASSAY_SD = 0.01, 0.02
_UNWEIGHED, _UNASSAYED = 0.3, 0.1
_EXIT_EVERY = 4


def bank_line(banks: int, components: int = 4, seed: int = 0, *, all_read: bool = False) -> Network:
    """A line of flotation banks: tailings go on, concentrates go back, every fourth leaves the line.

    Of the streams, 30 % are not weighed and 10 % not assayed, unless ``all_read``; the feed always is both.
    Gangue is followed by nobody, so that assays do not sum to one.
    """
    rng = np.random.default_rng(seed)
    names = tuple(f"C{k}" for k in range(components))
    streams = _streams(banks)
    flows = _flows(streams, banks, components, rng)
    mass = flows.sum(axis=1)
    readings: list[NetReading] = []
    for n, stream in enumerate(streams):
        if all_read or n == 0 or rng.random() > _UNWEIGHED:
            readings.append(_read(stream.id, MASS, mass[n], _MASS_SD, rng))
        if all_read or n == 0 or rng.random() > _UNASSAYED:
            readings += [_read(stream.id, c, flows[n, k] / mass[n], _ASSAY_SD, rng) for k, c in enumerate(names)]
    nodes = tuple(NetNode(f"bank{n}") for n in range(banks))
    return Network(nodes, streams, tuple(readings), names, name=f"{banks} banks")


def concentrator(seed: int = 0) -> Network:
    """A copper concentrator of ten streams, four banks and four elements, all assayed, six of the streams weighed.

    Ore and converter slag are floated; scavenger concentrate and cleaner tailings return.
    """
    rng = np.random.default_rng(seed)
    ends = {
        "ore": (None, "rougher"), "slag": (None, "rougher"),
        "rougher_conc": ("rougher", "cleaner"), "rougher_tail": ("rougher", "scavenger"),
        "scavenger_conc": ("scavenger", "rougher"), "tailings": ("scavenger", None),
        "cleaner_conc": ("cleaner", "recleaner"), "cleaner_tail": ("cleaner", "scavenger"),
        "concentrate": ("recleaner", None), "recleaner_tail": ("recleaner", "cleaner"),
    }  # fmt: skip
    streams = tuple(NetStream(name, *one) for name, one in ends.items())
    parts = ("Cu", "Fe", "S", "Zn")
    pulled = {  # of copper, iron, sulphur, zinc and the rest: what each bank lifts into its concentrate
        "rougher": (0.80, 0.30, 0.55, 0.40, 0.06), "scavenger": (0.45, 0.15, 0.25, 0.20, 0.05),
        "cleaner": (0.85, 0.45, 0.75, 0.50, 0.25), "recleaner": (0.88, 0.60, 0.80, 0.55, 0.35),
    }  # fmt: skip
    fed = {"ore": (9.0, 60.0, 40.0, 3.0, 888.0), "slag": (2.5, 40.0, 1.5, 2.0, 54.0)}
    flows = _circuit(streams, pulled, fed)
    mass = flows.sum(axis=1)
    readings = []
    for n, stream in enumerate(streams):
        if not stream.id.endswith("tail") and stream.id != "tailings":
            readings.append(_read(stream.id, MASS, mass[n], _MASS_SD, rng))
        readings += [_read(stream.id, c, flows[n, k] / mass[n], _ASSAY_SD, rng) for k, c in enumerate(parts)]
    return Network(tuple(NetNode(one) for one in pulled), streams, tuple(readings), parts, name="concentrator")


def _circuit(
    streams: tuple[NetStream, ...], pulled: dict[str, tuple[float, ...]], fed: dict[str, tuple[float, ...]]
) -> Floats:
    """Flows (streams, components): a bank's concentrate, listed before its tailings, takes its share of what enters."""
    number, width = {one.id: n for n, one in enumerate(streams)}, len(next(iter(fed.values())))
    flows = np.zeros((len(streams), width))
    first = {one.source: one.id for one in reversed(streams) if one.source}
    for k in range(width):
        system, right = np.eye(len(streams)), np.zeros(len(streams))
        for one in streams:
            if one.source is None:
                right[number[one.id]] = fed[one.id][k]
                continue
            share = pulled[one.source][k]
            for other in streams:
                if other.target == one.source:
                    system[number[one.id], number[other.id]] -= share if one.id == first[one.source] else 1 - share
        flows[:, k] = np.linalg.solve(system, right)
    return flows


def hours(network: Network, count: int, seed: int = 1, *, missing: float = 0.05) -> tuple[Floats, Floats]:
    """Readings of many periods of a network and their standard deviations, each (count, readings).

    Errors are drawn anew every hour, the feed moves by 10 %, and of the readings 5 % (``missing``) are missing.
    """
    rng = np.random.default_rng(seed)
    value = np.array([one.value for one in network.readings], dtype=float)
    sigma = np.array([one.sigma for one in network.readings])
    weighed = np.array([one.quantity == MASS for one in network.readings])
    scale = np.where(weighed, 1 + 0.1 * rng.standard_normal((count, 1)), 1.0)
    values = scale * (value + sigma * rng.standard_normal((count, len(value))))
    values[rng.random(values.shape) < missing] = np.nan
    values[:, 0] = np.where(np.isnan(values[:, 0]), scale[:, 0] * value[0], values[:, 0])
    return values, scale * sigma


def _streams(banks: int) -> tuple[NetStream, ...]:
    """Feed, then tailings and concentrate of each bank."""
    streams = [NetStream("feed", None, "bank0")]
    for n in range(banks):
        ahead = f"bank{n + 1}" if n + 1 < banks else None
        back = None if n % _EXIT_EVERY == 0 else f"bank{n - 1}"
        streams += [NetStream(f"tail{n}", f"bank{n}", ahead), NetStream(f"conc{n}", f"bank{n}", back)]
    return tuple(streams)


def _flows(streams: tuple[NetStream, ...], banks: int, components: int, rng: np.random.Generator) -> Floats:
    """True flows (streams, components and gangue): what enters a bank leaves it by fixed shares."""
    recovered = rng.uniform(0.05, 0.6, (banks, components + 1))
    recovered[:, -1] *= 0.2
    assays = rng.uniform(0.005, 0.1, components)
    feed = _FEED_T * np.append(assays, 1 - assays.sum())
    number = {f"bank{n}": n for n in range(banks)}
    shares = np.stack([1 - recovered, recovered], axis=1).reshape(2 * banks, -1)
    flows = np.zeros((len(streams), components + 1))
    flows[0] = feed
    for k in range(components + 1):
        system, right = np.eye(banks), np.zeros(banks)
        right[0] = feed[k]
        for n, one in enumerate(streams[1:]):
            if one.target is not None:
                system[number[one.target], n // 2] -= shares[n, k]
        entering = np.linalg.solve(system, right)
        flows[1:, k] = np.repeat(entering, 2) * shares[:, k]
    return flows


def _read(stream: str, quantity: str, true: float, sd: float, rng: np.random.Generator) -> NetReading:
    """A reading with its error."""
    return NetReading(stream, quantity, float(true * (1 + sd * rng.standard_normal())), float(sd * true))
