"""Laws of a balance, on random networks with random gaps in what is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zveno.model.network import MASS, NetNode, NetReading, NetStream, Network
from zveno.reconcile import NetworkResult, solve_network

COMPONENTS = ("Cu", "S")


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Separators in a row with a recycle now and then; some of their streams are weighed, some assayed."""
    nodes = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    streams = [NetStream("S0", None, "N0")]
    truth = {"S0": (100.0, np.array([0.02, 0.05]))}
    feed = "S0"
    for k in range(nodes):
        mass, grades = truth[feed]
        pulled = mass * rng.uniform(0.1, 0.4)
        rich = grades * rng.uniform(1.1, 2.0, 2)
        after = f"N{k + 1}" if k + 1 < nodes else None
        streams += [NetStream(f"C{k}", f"N{k}", None), NetStream(f"S{k + 1}", f"N{k}", after)]
        truth[f"C{k}"] = (pulled, rich)
        truth[f"S{k + 1}"] = (mass - pulled, (mass * grades - pulled * rich) / (mass - pulled))
        feed = f"S{k + 1}"
    readings = []
    for stream, (mass, grades) in truth.items():
        for quantity, value in zip((MASS, *COMPONENTS), (mass, *grades), strict=True):
            if (stream, quantity) == ("S0", MASS) or rng.random() < 0.8:
                sigma = 0.02 * float(value)
                readings.append(NetReading(stream, quantity, float(value + sigma * rng.standard_normal()), sigma))
    return Network(tuple(NetNode(f"N{k}") for k in range(nodes)), tuple(streams), tuple(readings), COMPONENTS)


def keys(network: Network) -> list[tuple[str, str]]:
    return [(one.id, quantity) for one in network.streams for quantity in (MASS, *COMPONENTS)]


def table(result: NetworkResult) -> dict[tuple[str, str], tuple[float | None, float | None]]:
    return {key: result.component_flow(*key) for key in keys(result.network)}


@settings(max_examples=40, deadline=None)
@given(networks())
def test_known_flows_balance_at_every_node(network: Network) -> None:
    flows = table(solve_network(network))
    for node in network.nodes:
        for quantity in (MASS, *COMPONENTS):
            terms = [
                (flows[one.id, quantity][0], (one.target == node.id) - (one.source == node.id))
                for one in network.streams
                if node.id in (one.source, one.target)
            ]
            if all(value is not None for value, _ in terms):
                assert abs(sum(value * sign for value, sign in terms)) < 1e-9 * sum(abs(value) for value, _ in terms)


@settings(max_examples=40, deadline=None)
@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_streams_nodes_and_readings_is_irrelevant(network: Network, shuffle) -> None:
    parts = {}
    for name in ("streams", "nodes", "readings"):
        parts[name] = list(getattr(network, name))
        shuffle.shuffle(parts[name])
    other = replace(network, **{name: tuple(part) for name, part in parts.items()})
    first, second = solve_network(network), solve_network(other)
    assert second.objective == pytest.approx(first.objective, rel=1e-7, abs=1e-9)
    assert second.dof == first.dof
    ours, theirs = table(first), table(second)
    for key, (value, sd) in ours.items():
        assert theirs[key] == (
            (None, None) if value is None else (pytest.approx(value, rel=1e-7), pytest.approx(sd, rel=1e-5))
        )


@settings(max_examples=40, deadline=None)
@given(networks(), st.data())
def test_one_more_meter_never_widens_an_uncertainty(network: Network, data) -> None:
    """The new meter reads the reconciled value, so that the point about which all is linear stays where it was."""
    before = solve_network(network)
    flows = table(before)
    stream = data.draw(st.sampled_from([one.id for one in network.streams if flows[one.id, MASS][0]]))
    value = flows[stream, MASS][0]
    after = solve_network(replace(network, readings=(*network.readings, NetReading(stream, MASS, value, 0.01 * value))))
    for key, (_, sd) in table(after).items():
        if flows[key][1] is not None:
            assert sd is not None
            assert sd <= flows[key][1] * (1 + 1e-6)


@settings(max_examples=25, deadline=None)
@given(networks(), st.floats(0.01, 1000.0))
def test_a_larger_plant_of_the_same_kind_scales(network: Network, factor: float) -> None:
    readings = tuple(
        replace(one, value=one.value * factor, sigma=one.sigma * factor) if one.quantity == MASS else one
        for one in network.readings
    )
    first, second = solve_network(network), solve_network(replace(network, readings=readings))
    assert second.objective == pytest.approx(first.objective, rel=1e-6, abs=1e-8)
    for key, (value, sd) in table(first).items():
        found = table(second)[key]
        assert (found[0] is None) == (value is None)
        if value is not None:
            assert found[0] == pytest.approx(value * factor, rel=1e-6)
            assert found[1] == pytest.approx(sd * factor, rel=1e-4)
