"""Bilinear balances: Zveno against scipy's SLSQP on the same objective, constraints and derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from benchmarks.timing import Pair, side_by_side
from zveno.model.network import NetNode, NetReading, NetStream, Network
from zveno.reconcile import solve_batch, solve_network

COMPONENTS = ("Cu", "Fe", "S")


def line(nodes: int, seed: int = 0) -> Network:
    """Separators in a row: each sends a concentrate out and its tailings on; all is weighed and assayed."""
    draw = np.random.default_rng(seed)
    streams = [NetStream("S0", None, "N0")]
    truth = {"S0": (1000.0, np.array([0.012, 0.06, 0.04]))}
    feed = "S0"
    for k in range(nodes):
        mass, grades = truth[feed]
        pulled, rich = 0.15 * mass, grades * np.array([2.5, 1.2, 1.4])
        conc, tail = f"C{k}", f"S{k + 1}"
        streams += [NetStream(conc, f"N{k}", None), NetStream(tail, f"N{k}", f"N{k + 1}" if k + 1 < nodes else None)]
        truth[conc] = (pulled, rich)
        truth[tail] = (mass - pulled, (mass * grades - pulled * rich) / (mass - pulled))
        feed = tail
    readings = []
    for stream, (mass, grades) in truth.items():
        for quantity, value, error in (("mass", mass, 0.01), *zip(COMPONENTS, grades, (0.02, 0.02, 0.02), strict=True)):
            sigma = error * float(value)
            readings.append(NetReading(stream, quantity, float(value) + sigma * draw.standard_normal(), sigma))
    return Network(tuple(NetNode(f"N{k}") for k in range(nodes)), tuple(streams), tuple(readings), COMPONENTS)


@dataclass(frozen=True)
class Dense:
    """The same problem for a general optimiser: masses, then grades by stream."""

    A: np.ndarray
    value: np.ndarray
    sigma: np.ndarray

    @classmethod
    def of(cls, network: Network) -> Dense:
        """Incidence of streams on nodes, readings in the order of the variables."""
        place = {one.id: k for k, one in enumerate(network.nodes)}
        A = np.zeros((len(place), len(network.streams)))
        for k, one in enumerate(network.streams):
            for end, sign in ((one.source, -1.0), (one.target, 1.0)):
                if end is not None:
                    A[place[end], k] = sign
        read = {(one.stream, one.quantity): one for one in network.readings}
        order = [(one.id, q) for q in ("mass", *network.components) for one in network.streams]
        return cls(A, np.array([read[key].value for key in order]), np.array([read[key].sigma for key in order]))

    def balances(self, x: np.ndarray) -> np.ndarray:
        """In less out of mass and of each component at each node."""
        mass, grades = self._parts(x)
        return np.concatenate([self.A @ mass, *(self.A @ (mass * one) for one in grades)])

    def slopes(self, x: np.ndarray) -> np.ndarray:
        """Derivatives of the balances."""
        mass, grades = self._parts(x)
        rows, n = self.A.shape
        J = np.zeros((rows * (1 + len(grades)), len(x)))
        J[:rows, :n] = self.A
        for k, one in enumerate(grades, start=1):
            J[k * rows : (k + 1) * rows, :n] = self.A * one
            J[k * rows : (k + 1) * rows, k * n : (k + 1) * n] = self.A * mass
        return J

    def solve(self, value: np.ndarray | None = None) -> float:
        """Least sum of squares by SLSQP in standardised variables."""
        value = self.value if value is None else value
        scale = self.sigma
        found = minimize(
            lambda y: float(y @ y), np.zeros(len(value)), jac=lambda y: 2 * y, method="SLSQP",
            constraints={"type": "eq", "fun": lambda y: self.balances(value + scale * y) / 10,
                         "jac": lambda y: self.slopes(value + scale * y) * scale / 10},
            options={"maxiter": 500, "ftol": 1e-12},
        )  # fmt: skip
        return float(found.fun) if found.success else float("nan")

    def _parts(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n = self.A.shape[1]
        return x[:n], x[n:].reshape(-1, n)


def pairs(*, small: bool) -> Iterator[Pair]:
    """One balance of several sizes, and a month of hours."""
    for nodes in (3, 8) if small else (3, 8, 20, 50):
        network = line(nodes)
        dense = Dense.of(network)
        yield side_by_side(
            "reconcile", f"one balance, {len(network.streams)} streams x {len(COMPONENTS)} components",
            lambda network=network: solve_network(network).objective, dense.solve,
            peer_name="scipy SLSQP, exact slopes, values only", difference=lambda a, b: abs(a - b) / a,
        )  # fmt: skip
    yield _hours(48 if small else 744, 8 if small else 40)


def _hours(hours: int, done_by_peer: int) -> Pair:
    """Hourly balances of a line of three nodes."""
    network = line(3)
    dense = Dense.of(network)
    draw = np.random.default_rng(1)
    sigma = np.array([one.sigma for one in network.readings])
    values = np.array([one.value for one in network.readings]) + sigma * draw.standard_normal((hours, len(sigma)))
    keys = [(one.stream, one.quantity) for one in network.readings]
    order = [keys.index((one.id, q)) for q in ("mass", *COMPONENTS) for one in network.streams]

    def ours() -> list[float]:
        batch = solve_batch(replace(network), values, np.broadcast_to(sigma, values.shape))
        return [fit.objective for fit in batch.fits if fit is not None]

    return side_by_side(
        "reconcile", f"{hours} hourly balances, {len(network.streams)} streams", ours,
        lambda: [dense.solve(row[order]) for row in values[:done_by_peer]],
        peer_name="scipy SLSQP, hour by hour, values only", share=done_by_peer / hours, repeats=2,
        difference=lambda a, b: max(abs(x - y) / x for x, y in zip(a, b, strict=False)),
    )  # fmt: skip
