"""Networks solved from what was factored for one near by: the same as solved anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zveno.model.network import NetCovariance, NetNode, NetReading, NetStream, Network
from zveno.reconcile.arrays import arrays
from zveno.reconcile.fit import Fit, fit_network, quantities, refit
from zveno.reconcile.kernel import interior_point
from zveno.reconcile.newton import bounds
from zveno.reconcile.result import NetworkResult

NODES, COMPONENTS = 5, ("Cu", "Fe", "S")
CARRIED = (*COMPONENTS, "rest")


def circuit(seed: int, *, limits: bool = False) -> Network:
    """Five sections one after the other, each with tailings, and a stream back from the fourth to the second; some
    readings are missing, some err together. With ``limits`` the last assays of sulphur are only known to be below.
    """
    rng = np.random.default_rng(seed)
    ends = [(None, "n0"), *((f"n{k}", f"n{k + 1}") for k in range(NODES - 1)), (f"n{NODES - 1}", None)]
    ends += [(f"n{k}", None) for k in range(NODES)] + [("n3", "n1")]
    streams = tuple(NetStream(f"s{k}", *one) for k, one in enumerate(ends))
    flows = {name: _flows(rng, ends, 100.0 * size) for name, size in zip(CARRIED, (1.0, 4.0, 3.0, 60.0), strict=True)}
    mass = sum(flows.values())
    readings: list[NetReading] = []
    for k, one in enumerate(streams):
        truth = {"mass": float(mass[k]), **{name: float(flows[name][k] / mass[k]) for name in COMPONENTS}}
        for quantity, value in truth.items():
            if rng.random() < 0.75 or k == 0:
                sd = (0.01 if quantity == "mass" else 0.03) * value
                below = 0.8 * value if limits and quantity == "S" and k > 9 else None
                read = None if below else value + 1.5 * sd * float(rng.standard_normal())
                readings.append(NetReading(one.id, quantity, read, sd, below=below))
    plain = [k for k, one in enumerate(readings) if one.below is None and one.quantity == "Cu"]
    together = tuple(
        NetCovariance(
            (readings[a].stream, "Cu"), (readings[b].stream, "Cu"), 0.4 * readings[a].sigma * readings[b].sigma
        )
        for a, b in zip(plain[::2], plain[1::2], strict=False)
    )
    nodes = tuple(NetNode(f"n{k}") for k in range(NODES))
    return Network(nodes, streams, tuple(readings), COMPONENTS, covariances=together)


def _flows(rng: np.random.Generator, ends: list[tuple[str | None, str | None]], feed: float) -> np.ndarray:
    """Flows of one component at random shares of what enters each section."""
    share, number = np.zeros(len(ends)), {f"n{k}": k for k in range(NODES)}
    for node in number:
        out = [k for k, (source, _) in enumerate(ends) if source == node]
        share[out] = rng.dirichlet(3 * np.ones(len(out)))
    inside = np.eye(NODES)
    for k, (source, target) in enumerate(ends):
        if source is not None and target is not None:
            inside[number[target], number[source]] -= share[k]
    through = np.linalg.solve(inside, feed * np.eye(NODES)[0])
    return np.array(
        [feed if source is None else share[k] * through[number[source]] for k, (source, _) in enumerate(ends)]
    )


def released(network: Network, sections: set[str], component: str) -> Network:
    """The network in which some sections no longer balance a component."""
    rest = tuple(one for one in network.components if one != component)
    return replace(
        network, nodes=tuple(replace(one, components=rest) if one.id in sections else one for one in network.nodes)
    )


def assert_same(near: Fit, anew: Fit) -> None:
    """Everything that the readings tell is the same."""
    assert near.objective == pytest.approx(anew.objective, rel=1e-7, abs=1e-7)
    assert near.dof == anew.dof
    np.testing.assert_array_equal(near.linear.redundant, anew.linear.redundant)
    (flow, sd, _, read_sd), (flow_anew, sd_anew, _, read_sd_anew) = quantities(near), quantities(anew)
    np.testing.assert_array_equal(np.isnan(flow), np.isnan(flow_anew))
    known = ~np.isnan(flow)
    np.testing.assert_allclose(sd[known], sd_anew[known], rtol=1e-4)
    np.testing.assert_allclose(read_sd[known], read_sd_anew[known], rtol=1e-4)
    assert np.max(np.abs(flow - flow_anew)[known] / sd_anew[known]) < 1e-3


def spied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows with every network that is solved from a start of its own."""
    begun: list[int] = []

    def counted(*given, **named):
        begun.append(1)
        return interior_point(*given, **named)

    monkeypatch.setattr("zveno.reconcile.fit.interior_point", counted)
    return begun


@pytest.mark.parametrize("limits", [False, True], ids=["readings", "with limits"])
@pytest.mark.parametrize("seed", range(6))
def test_balances_released_from_near_by_are_the_same_as_solved_anew(seed, limits, monkeypatch):
    network, rng = circuit(seed, limits=limits), np.random.default_rng(100 + seed)
    fit = fit_network(network)
    begun, pairs = spied(monkeypatch), []
    for component in COMPONENTS:
        sections = {f"n{k}" for k in rng.choice(NODES, int(rng.integers(1, NODES + 1)), replace=False)}
        other = released(network, sections, component)
        pairs.append((other, refit(other, fit)))
    at_bounds = any(not np.array_equal(one.active, fit.active) for _, one in pairs)
    assert not begun or at_bounds or limits, "without a bound that changes nothing is solved anew"
    for other, near in pairs:
        assert_same(near, fit_network(other))


@pytest.mark.parametrize("seed", range(3))
def test_arrays_without_their_zeros_give_the_same_solution(seed, monkeypatch):
    network = circuit(seed, limits=seed == 2)
    dense = fit_network(network)
    for module in ("newton", "polish"):
        monkeypatch.setattr(f"zveno.reconcile.{module}._MANY", 0)
    assert_same(fit_network(network), dense)
    other = released(network, {"n0", "n3"}, "Cu")
    assert_same(refit(other, dense), fit_network(other))


def test_a_bound_that_holds_is_let_go_or_met_on_the_way():
    """Sulphur of the last tailings: at nothing while more is read to leave than to enter, free without the balance."""
    network = circuit(4)
    usual = NetworkResult(network, fit_network(network))
    ends = ("s4", "s5", "s10")
    kept = [one for one in network.readings if one.quantity not in {"S", "mass"} or one.stream not in ends]
    for stream, factor, sd in zip(ends, (0.1, 4.0, 1.0), (0.03, 0.03, 0.5), strict=True):
        sulphur, mass = factor * (usual.value(stream, "S") or 0.0), usual.value(stream, "mass") or 0.0
        kept += [NetReading(stream, "S", sulphur, sd * sulphur), NetReading(stream, "mass", mass, 0.01 * mass)]
    network = replace(network, readings=tuple(kept), covariances=())
    held = fit_network(network)
    assert held.active.sum() == 1
    seen = set()
    for k in range(NODES):
        other = released(network, {f"n{k}"}, "S")
        near = refit(other, held)
        seen.add(int(near.active.sum()))
        assert_same(near, fit_network(other))
    assert seen == {0, 1}


def test_what_is_kept_gives_the_linearisation_of_a_point():
    """Directions seen and hidden are orthonormal and together all that the balances leave free."""
    network = circuit(1)
    fit = fit_network(network)
    other = released(network, {"n1", "n2"}, "Fe")
    problem = arrays(other, like=fit.problem)
    u, active = fit.kept.solved(problem)
    assert len(active) == len(bounds(problem))
    linear = fit.kept.linearised(problem, u)
    both = np.column_stack([linear.seen, linear.hidden])
    np.testing.assert_allclose(both.T @ both, np.eye(both.shape[1]), atol=1e-10)
    assert both.shape[1] == len(u[0]) - len(problem.G)
    assert np.abs(problem.G * linear.scale @ both).max() < 1e-8 * np.abs(problem.G * linear.scale).max()
    assert np.abs(problem.G @ u[0]).max() < 1e-9 * np.abs(u).max()
