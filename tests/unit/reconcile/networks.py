"""Small networks that the tests of reconciliation share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zveno.model.network import NetClosure, NetCommon, NetCovariance, NetNode, NetReading, NetStream, Network


def separator(*masses: tuple[str, float, float]) -> Network:
    """One feed, two products."""
    streams = (NetStream("S1", None, "N1"), NetStream("S2", "N1", None), NetStream("S3", "N1", None))
    return Network((NetNode("N1"),), streams, tuple(NetReading(name, "mass", *one) for name, *one in masses))


def column() -> Network:
    """A binary column: masses and assays of all three streams, assays that sum to one."""
    read = {
        "S1": ((1095.475, 4.8), (0.4822, 0.0048), (0.517, 0.0052)),
        "S2": ((478.402, 3.9), (0.941, 0.0094), (0.0501, 0.0005)),
        "S3": ((488.232, 4.4), (0.0197, 0.0002), (0.9748, 0.0097)),
    }
    readings = tuple(
        NetReading(stream, quantity, *one)
        for stream, values in read.items()
        for quantity, one in zip(("mass", "A", "B"), values, strict=True)
    )
    return replace(separator(), readings=readings, components=("A", "B"), closure=NetClosure(("A", "B")))


def concentrator(seed: int = 0, *, noise: float = 1.0, sd: float = 0.02) -> Network:
    """Feed, concentrate and tailings with three metals; feed and concentrate are weighed."""
    truth = {
        "feed": (1000.0, 0.012, 0.05, 0.030),
        "conc": (40.0, 0.25, 0.28, 0.320),
        "tail": (960.0, (12 - 10) / 960, (50 - 11.2) / 960, (30 - 12.8) / 960),
    }
    rng = np.random.default_rng(seed)
    readings = []
    for stream, values in truth.items():
        for quantity, value in zip(("mass", "Cu", "Fe", "S"), values, strict=True):
            if (stream, quantity) != ("tail", "mass"):
                error = 0.01 if quantity == "mass" else sd
                read = value * (1 + noise * error * float(rng.standard_normal()))
                readings.append(NetReading(stream, quantity, read, error * value))
    streams = (NetStream("feed", None, "mill"), NetStream("conc", "mill", None), NetStream("tail", "mill", None))
    return Network((NetNode("mill"),), streams, tuple(readings), ("Cu", "Fe", "S"))


def biased(network: Network, stream: str, quantity: str, factor: float) -> Network:
    """The network with one reading multiplied."""
    readings = tuple(
        replace(one, value=one.value * factor)
        if (one.stream, one.quantity) == (stream, quantity) and one.value is not None
        else one
        for one in network.readings
    )
    return replace(network, readings=readings)


def without(network: Network, *gone: tuple[str, str]) -> Network:
    """The network without some readings."""
    return replace(network, readings=tuple(one for one in network.readings if (one.stream, one.quantity) not in gone))


def row_of_units() -> Network:
    """Six units in a row, each with a side stream; every flow is weighed to 1 %, without error."""
    nodes = tuple(NetNode(f"n{k}") for k in range(6))
    main = [NetStream(f"m{k}", f"n{k - 1}" if k else None, f"n{k}" if k < 6 else None) for k in range(7)]
    side = [NetStream(f"s{k}", f"n{k}", None) for k in range(6)]
    mass = {one.id: 1000.0 - 100 * k for k, one in enumerate(main)} | {one.id: 100.0 for one in side}
    readings = tuple(NetReading(name, "mass", value, 0.01 * value) for name, value in mass.items())
    return Network(nodes, (*main, *side), readings)


def four_belts(factor: float = 1.0, *, shared: float = 0.004, own: float = 0.005) -> Network:
    """Four belts with one calibration feed four lines, whose products and sum are weighed as well; no other error."""
    belts, lines = [f"belt{k}" for k in range(4)], [f"line{k}" for k in range(4)]
    nodes = (*(NetNode(f"n{k}") for k in range(4)), NetNode("sum"))
    streams = (
        *(NetStream(one, None, f"n{k}") for k, one in enumerate(belts)),
        *(NetStream(one, f"n{k}", "sum") for k, one in enumerate(lines)),
        NetStream("all", "sum", None),
    )
    sd = float(np.hypot(own, shared))
    readings = (
        *(NetReading(one, "mass", 100.0 * factor, 100.0 * sd, meter=one) for one in belts),
        *(NetReading(one, "mass", 100.0, 0.5, meter=one) for one in lines),
        NetReading("all", "mass", 400.0, 1.0, meter="all"),
    )
    pairs = [(a, b) for k, a in enumerate(belts) for b in belts[k + 1 :]]
    covariances = tuple(NetCovariance((a, "mass"), (b, "mass"), (100.0 * shared) ** 2, a, b) for a, b in pairs)
    common = (NetCommon("calibration", tuple((k, 100.0 * factor) for k in range(4))),)
    return Network(nodes, streams, readings, covariances=covariances, common=common)
