"""Balances: one network, and many hours of one network, beside the minimisers of SciPy and IPOPT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.measure import Contender, Match, Skipped
from benchmarks.networks import Floats, bank_line, hours
from benchmarks.plain_balance import PlainBalance
from benchmarks.recycle_networks import recycle_network
from benchmarks.room import Room, shared
from zveno.chain import Chain, example, load
from zveno.model.network import Network
from zveno.periods import Period
from zveno.reconcile import LargeResult, NetworkResult, solve, solve_batch, solve_network
from zveno.reconcile.arrays import arrays
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.kernel import interior_point
from zveno.reconcile.objective import data_of
from zveno.reconcile.solve import MIDDLE
from zveno.reconcile.sparse.fit import large_point
from zveno.sources.problems import read_problem

_IPOPT = "CasADi + IPOPT"
_SAME_OBJECTIVE = 1e-6
_SAME = 1e-3  # of a reading's standard deviation: far below anything that is shown


def problem(name: str) -> Callable[[Room], Match]:
    """A published problem that lies beside the project."""
    return lambda _: _one(read_problem(shared(f"reconciliation/{name}.json")))


def line(banks: int, *, all_read: bool = False) -> Callable[[Room], Match]:
    """A generated line of banks; with ``all_read`` every flow is weighed and assayed."""
    return lambda _: _one(bank_line(banks, all_read=all_read))


def recycles(
    streams: int, components: int, seed: int = 0, *, scipy: bool = False, times: int | None = None, **extras: Any
) -> Callable[[Room], Match]:
    """A generated flowsheet with recycles beside IPOPT, and beside SciPy where it is small enough for that.

    ``extras`` are those of :func:`benchmarks.recycle_networks.recycle_network`; ``times`` is how often IPOPT runs: 1
    where it takes long, 0 where it does not end within minutes.
    """

    def make(_: Room) -> Match:
        network = recycle_network(streams, components, seed, **extras)
        results: list[NetworkResult | LargeResult] = []

        def run() -> tuple[float, Floats]:
            results[:] = [solve(network)]
            return results[0].objective, _point(results[0])

        contenders = [
            Contender("Zveno, all answers", run, note=lambda: f"objective {results[0].objective:.10g}"),
            Contender("Zveno, point only", lambda: _point_only(network), peer=False),
        ]
        if times != 0:
            contenders.append(_ipopt(network, once=times == 1))
        if scipy:
            peer = PlainBalance.of(network)
            contenders += [
                Contender(f"scipy {name}, point only", lambda run=run_it: (peer.cost(found := run()), found))
                for name, run_it in (("SLSQP", peer.slsqp), ("trust-constr", peer.trust_constr))
            ]
        return Match(
            network.name, contenders, lambda ours, theirs: abs(theirs[0] / ours[0] - 1), _SAME_OBJECTIVE,
            "of the objective",
        )  # fmt: skip

    return make


def _ipopt(network: Network, *, once: bool) -> Contender:
    """CasADi + IPOPT; skipped, with the reason, where it is not installed."""
    try:
        peer = import_module("benchmarks.with_ipopt").IpoptBalance(network)
    except ImportError as error:
        reason = f"{error} ('make bench-peers' installs the peers)"
        return Contender(_IPOPT, lambda: None, ready=lambda: _skip(reason))

    def run() -> tuple[float, Floats]:
        found = peer.solve()
        return found.objective, found.shown

    return Contender(f"{_IPOPT}, point only", run, ready=peer.build, keep=True, once=once, note=peer.told)


def _point_only(network: Network) -> tuple[float, Floats]:
    """The balanced point from names, without standard deviations, classes, tests and suspects."""
    if sum(1 + len(network.carries(one)) for one in network.streams) <= MIDDLE:
        fit = fit_any(network)
        return fit.objective, np.concatenate([fit.mass, fit.assay])
    built, solved = large_point(network)
    return 2 * solved.half, np.concatenate(built.expand(solved.u))


def _skip(reason: str) -> None:
    raise Skipped(reason)


def _one(network: Network) -> Match:
    """One balance; the peers give the balanced point only, and their matrices are ready beforehand."""
    peer = PlainBalance.of(network)
    contenders = [
        Contender("Zveno solve_network", lambda: _point(solve_network(network))),
        Contender("Zveno, balanced point only", lambda: _bare_point(network), peer=False),
        Contender("scipy SLSQP, point only", peer.slsqp),
        Contender("scipy trust-constr, point only", peer.trust_constr),
    ]
    return Match(
        f"{len(network.streams)} streams, {len(network.nodes)} nodes, {len(network.components)} components",
        contenders,
        lambda ours, theirs: _gap(peer, ours, theirs),
        _SAME,
        "sd of a reading",
    )


def batch(count: int, every: int, network: Network | None = None) -> Callable[[Room], Match]:
    """Many hours of a small generated circuit, from readings to values, standard deviations, classes and tests.

    Each peer does one hour of ``every``.
    """
    network = network or bank_line(4)

    def make(_: Room) -> Match:
        values, sigmas = hours(network, count)
        some = range(0, count, every)
        peer = PlainBalance.of(network)
        return Match(
            f"{count} hours of {len(network.streams)} streams; single balances: {len(some)} hours, scaled to {count}",
            (
                Contender("Zveno solve_batch", lambda: _points(network, values, sigmas)),
                Contender(
                    "loop of Zveno solve_network",
                    lambda: [_point(solve_network(_at(network, values[k], sigmas[k]))) for k in some],
                    len(some) / count,
                    peer=False,
                ),
                Contender(
                    "loop of scipy SLSQP, point only",
                    lambda: [peer.hour(values[k], sigmas[k]).slsqp() for k in some],
                    len(some) / count,
                ),
            ),
            lambda ours, theirs: max(
                _gap(peer.hour(values[k], sigmas[k]), ours[k], one) for k, one in zip(some, theirs, strict=True)
            ),
            _SAME,
            "sd of a reading",
        )

    return make


def plant_hours(every: int) -> Callable[[Room], Match]:
    """All hours of a working plant, from its store to tables."""

    def make(_: Room) -> Match:
        chain = load(example("flotation_plant")).with_data([shared("flotation-plant/readings.csv")])[0]
        spans = list(chain.period().split("hour"))
        solved = {one.name for one in _with_answer(chain, spans)}
        some = [one for one in spans if one.name in solved][::every]
        return Match(
            f"{len(spans)} hours, {len(solved)} with a balance; single balances: {len(some)} hours, scaled",
            (
                Contender("Zveno reconcile_each", lambda: _masses(chain.reconcile_each(chain.period(), "hour"))),
                Contender(
                    "loop of Zveno reconcile",
                    lambda: {k: v for one in some for k, v in _masses(chain.reconcile(one)).items()},
                    len(some) / len(solved),
                    peer=False,
                ),
            ),
            lambda ours, theirs: max(abs(value - ours[key]) / max(abs(value), 1.0) for key, value in theirs.items()),
            1e-6,
            "of the mass",
        )

    return make


def _with_answer(chain: Chain, spans: Sequence[Period]) -> list[Period]:
    """Hours that have a balance."""
    table = chain.reconcile_each(chain.period(), "hour").periods
    status = dict(table.select("period", "objective").iter_rows())
    return [one for one in spans if status.get(one.name) is not None]


def _masses(found: Any) -> dict[tuple[str, str], float]:
    """Mass of each stream by period, where it is known."""
    rows = found.flows.select("period", "stream", "component", "mass_t").iter_rows()
    return {(period, stream): mass for period, stream, part, mass in rows if part == "mass" and mass is not None}


def _point(result: NetworkResult | LargeResult) -> Floats:
    """Masses and assays of an answer."""
    return np.concatenate([result.fit.mass, result.fit.assay])


def _bare_point(network: Network) -> Floats:
    """The balanced point without standard deviations, classes, tests and suspects."""
    built = arrays(network)
    found = interior_point(built, data_of(built, built.value[None], built.sigma[None]))
    mass, _, assay = built.expand(found.u)
    return np.concatenate([mass[0], assay[0]])


def _points(network: Network, values: Floats, sigmas: Floats) -> list[Floats | None]:
    """Masses and assays of every hour, NaN where unobservable."""
    found = solve_batch(network, values, sigmas)
    read = found.table().read
    return [None if one == "not solved" else read[k] for k, one in enumerate(found.status)]


def _at(network: Network, values: Floats, sigmas: Floats) -> Network:
    """The network with the readings of one hour."""
    there = [
        replace(one, value=float(value), sigma=float(sigma))
        for one, value, sigma in zip(network.readings, values, sigmas, strict=True)
        if np.isfinite(value)
    ]
    return replace(network, readings=tuple(there))


def _gap(peer: PlainBalance, ours: Floats | None, theirs: Floats) -> float:
    """Largest difference of what a reading is adjusted to, in its standard deviations.

    What nothing reads may be unobservable, and then any value is as good as another.
    """
    if ours is None:
        return float("inf")
    return float(np.max(np.abs(ours - theirs)[peer.read] / peer.scale[peer.read]))
