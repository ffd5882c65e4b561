"""The last digits where a limit alone pulls a component."""

from __future__ import annotations

from zveno.explain.recompute import start_of
from zveno.explain.resolve import resolved
from zveno.model.network import NetNode, NetReading, NetStream, Network
from zveno.reconcile import NetworkResult
from zveno.reconcile.fit import fit_network


def test_a_limit_that_pulls_for_ever_does_not_keep_the_rest_from_its_last_digit():
    """Gold of the feed is not assayed, that of the tailings below a limit: less and less of it would fit ever better.

    The assays of copper contradict each other, so that the interior point alone is some digits short.
    """
    streams = (NetStream("feed", None, "mill"), NetStream("conc", "mill", None), NetStream("tail", "mill", None))
    read = [
        ("feed", "mass", 1000.0, 5.0), ("conc", "mass", 110.0, 1.0), ("tail", "mass", 870.0, 5.0),
        ("feed", "Cu", 0.01, 1e-4), ("conc", "Cu", 0.08, 1e-3), ("tail", "Cu", 5e-4, 3e-5), ("conc", "Au", 2e-5, 1e-6),
    ]  # fmt: skip
    readings = tuple(NetReading(*one, meter=f"m{n}") for n, one in enumerate(read))
    limit = NetReading("tail", "Au", None, 1e-7, 1e-6, "limit")
    network = Network((NetNode("mill"),), streams, (*readings, limit), ("Cu", "Au"))
    result = NetworkResult(network, fit_network(network))
    again = resolved(network, start_of(result))
    assert again.moved < 1e-11
