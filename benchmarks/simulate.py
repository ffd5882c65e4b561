"""Steady states: many scenarios at once, and one circuit beside the plain ways to close its loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from benchmarks.measure import Contender, Match
from benchmarks.room import EXAMPLE, Room
from zveno.chain import ChainModel, example, load
from zveno.simulate import simulate
from zveno.simulate.build import Build, build
from zveno.simulate.plan import OUTSIDE
from zveno.simulate.scenario import read_scenarios
from zveno.simulate.solve import Circuit, solve

Floats = NDArray[np.float64]
Scenarios = Mapping[str, Mapping[str, float]]

_PRODUCT = "balk.conc"
_LOAD = "balk_conc.grind.circulating_load_pct"
_SAME = 1e-8  # of the largest flow of a stream
_SETTLED = 1e-12  # of the largest flow: steps stop here, so that answers are as exact as Zveno's
_MOST_SWEEPS = 20_000
_FIRST_SWEEPS = 4


def scenarios(count: int, looped: int) -> Callable[[Room], Match]:
    """Scenarios on the leading axis beside a loop; the loop does ``looped`` of them."""

    def make(_: Room) -> Match:
        model = load(example(EXAMPLE)).model
        table = _feeds(count)
        some = dict(list(table.items())[:: count // looped][:looped])
        rows = [list(table).index(name) for name in some]
        ours = Contender("Zveno, all scenarios at once", lambda: simulate(model, scenarios=table).mass(_PRODUCT))
        loop = Contender(
            "loop of Zveno, one scenario each",
            lambda: [simulate(model, scenarios={name: one}).mass(_PRODUCT)[0] for name, one in some.items()],
            looped / count,
            peer=False,
        )
        peer = Contender("plain substitution in numpy, all at once", lambda: _substituted(model, table))
        return Match(
            f"{count} scenarios of 43 units" + ("" if looped == count else f"; loop: {looped}, scaled to {count}"),
            (ours, loop, peer) if count > 1 else (ours, peer),
            lambda ours, theirs: _gap(ours[rows] if len(theirs) == looped else ours, np.array(theirs)),
            _SAME,
            "of the largest flow",
        )

    return make


def solver(load_pct: float) -> Callable[[Room], Match]:
    """One scenario from the built circuit to its flows, beside the fixed-point solvers of SciPy."""

    def make(_: Room) -> Match:
        model = load(example(EXAMPLE)).model
        circuit = _circuit(model, {"base": {_LOAD: load_pct}})
        return Match(
            f"1 scenario of 43 units, circulating load {load_pct:g} %",
            (
                Contender("Zveno, inside out", lambda: solve(circuit).flows),
                Contender("plain substitution", lambda: Sweep(circuit).substituted()),
                Contender("scipy fixed_point (iteration)", lambda: Sweep(circuit).fixed_point()),
                Contender("scipy anderson", lambda: Sweep(circuit).rooted(_anderson)),
                Contender("scipy newton_krylov", lambda: Sweep(circuit).rooted(_krylov)),
                Contender("scipy df-sane", lambda: Sweep(circuit).rooted(_df_sane)),
            ),
            _gap,
            _SAME,
            "of the largest flow",
        )

    return make


class Sweep:
    """A circuit as users write it: units run one after another, torn streams guessed and run again.

    Units go in the order that Zveno found, which leaves few streams torn.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.order = [unit for part in circuit.parts for unit in part.units]
        place = {unit: n for n, unit in enumerate(self.order)}
        self.inlets = {unit: [n for n, one in enumerate(circuit.links) if one.target == unit] for unit in self.order}
        self.torn = [
            n
            for n, one in enumerate(circuit.links)
            if OUTSIDE not in (one.source, one.target) and place[one.source] >= place[one.target]
        ]
        self.flows = np.zeros((len(circuit.links), len(circuit.scenarios), len(circuit.basis)))
        for n, feed in circuit.feeds.items():
            self.flows[n] = feed
        self.floor = _SETTLED * max(float(feed.max()) for feed in circuit.feeds.values())

    def run(self, guess: Floats) -> Floats:
        """Flows of the torn streams that follow from a guess of them."""
        self.flows[self.torn] = np.maximum(guess, 0)
        for unit in self.order:
            model = self.circuit.units[unit]
            products = model.run(self.flows[self.inlets[unit]].sum(axis=0), self.circuit.basis)
            for n, one in self.circuit.outlets(unit):
                self.flows[n] = products[model.outlets[one.outlet]]
        return np.array(self.flows[self.torn])

    def begin(self) -> Floats:
        """A guess after a few sweeps that begin with empty streams."""
        guess = np.zeros_like(self.flows[self.torn])
        for _ in range(_FIRST_SWEEPS):
            guess = self.run(guess)
        return guess

    def substituted(self) -> Floats:
        """All flows, by running the units until nothing changes."""
        guess = self.begin()
        for _ in range(_MOST_SWEEPS):
            before, guess = guess, self.run(guess)
            if np.abs(guess - before).max() < self.floor:
                return self.flows
        raise RuntimeError(f"not settled in {_MOST_SWEEPS} sweeps")

    def fixed_point(self) -> Floats:
        """All flows, by ``scipy.optimize.fixed_point`` without its acceleration, which does not settle here."""
        found = optimize.fixed_point(self.run, self.begin(), xtol=1e-11, maxiter=_MOST_SWEEPS, method="iteration")
        self.run(np.asarray(found))
        return self.flows

    def rooted(self, method: Callable[[Any, Floats, float], Any]) -> Floats:
        """All flows, by a root finder on what the torn streams lack."""
        begin = self.begin()
        found = method(lambda x: (self.run(x.reshape(begin.shape)) - x.reshape(begin.shape)).ravel(),
                       begin.ravel(), self.floor)  # fmt: skip
        self.run(np.asarray(found).reshape(begin.shape))
        return self.flows


def _anderson(gap: Any, begin: Floats, floor: float) -> Any:
    """Anderson mixing of depth 5, as Zveno's own outer iteration."""
    return optimize.anderson(gap, begin, f_tol=floor, M=5, maxiter=_MOST_SWEEPS)


def _krylov(gap: Any, begin: Floats, floor: float) -> Any:
    """Newton with Krylov subspaces."""
    return optimize.newton_krylov(gap, begin, f_tol=floor, maxiter=200)


def _df_sane(gap: Any, begin: Floats, floor: float) -> Any:
    """Spectral residuals."""
    options: Any = {"maxfev": _MOST_SWEEPS, "fatol": floor, "ftol": 0.0, "fnorm": lambda f: float(np.abs(f).max())}
    found = optimize.root(gap, begin, method="df-sane", options=options)
    if not found.success:
        raise RuntimeError(str(found.message))
    return found.x


def _feeds(count: int) -> dict[str, dict[str, float]]:
    """Scenarios that differ in the feed and in the copper of the ore."""
    rng = np.random.default_rng(0)
    feed = rng.uniform(900, 1200, count)
    copper = rng.uniform(0.35, 0.6, count)
    return {f"s{n}": {"balk.ore.feed": float(feed[n]), "balk_conc.ore.cu_pct": float(copper[n])} for n in range(count)}


def _circuit(model: ChainModel, table: Scenarios) -> Circuit:
    """The one circuit of the example."""
    (built,) = build(model, read_scenarios(model, table, None, None))
    return built.circuit


def _substituted(model: ChainModel, table: Scenarios) -> Floats:
    """Solids, water and elements of the product, by plain substitution in all scenarios together."""
    (built,) = build(model, read_scenarios(model, table, None, None))
    return measured(built, Sweep(built.circuit).substituted()[built.streams.index(_PRODUCT)])


def measured(built: Build, flow: Floats) -> Floats:
    """Solids, water and elements of a stream, as ``Simulation.mass`` gives them."""
    elements = (built.elements @ flow[:, :, None])[:, :, 0]
    solids = built.circuit.basis.solids(flow)
    return np.concatenate([solids[:, None], flow[:, -1:], elements], axis=1)


def _gap(ours: Floats, theirs: Floats) -> float:
    """Largest difference of a flow, relative to the largest flow of its stream and scenario."""
    size = np.maximum(ours.max(axis=-1, keepdims=True), 1e-6)
    return float((np.abs(ours - theirs) / size).max())
