"""Unaccounted metal: what the readings leave open once a component's own balance is released."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from zveno.errors import SolveError
from zveno.model.chain import ChainModel
from zveno.model.network import NetNode, Network
from zveno.reconcile.arrays import Floats, arrays
from zveno.reconcile.build import MonthInput
from zveno.reconcile.fit import refit
from zveno.reconcile.observability import linearise
from zveno.reconcile.result import NetworkResult, Term

_SEEN = 1e-6


def unaccounted_rows(
    model: ChainModel, month: MonthInput, result: NetworkResult, period: str
) -> Iterator[dict[str, Any]]:
    """In less out less stock change by plant and component, and over the whole chain where it has several plants.

    The balance counts the sections in which the component is followed: that of copper leaves out a gas cleaning.
    """
    for plant, component, nodes in _owned(model, month.network, result.network.components):
        opened = released(month.network, result, nodes, component)
        value, sd = opened.total(differences(month.network, nodes, component)) if opened else (None, None)
        yield {"period": period, "plant": plant, "component": component, "mass_t": value, "mass_sd_t": sd}


def _owned(
    model: ChainModel, network: Network, components: Sequence[str]
) -> Iterator[tuple[str, str, Sequence[NetNode]]]:
    """Sections of each plant, and of the chain, in which a component is followed and has a way in or out."""
    owners = [(plant.id, {one.id for one in plant.sections}) for plant in model.chain.plants]
    if len(owners) > 1:
        owners.append(("", set(model.sections)))
    for plant, inside in owners:
        for component in components:
            nodes = [one for one in network.nodes if one.id in inside and component in _followed(network, one)]
            if nodes and differences(network, nodes, component):
                yield plant, component, nodes


def unaccounted_makers(
    model: ChainModel, month: MonthInput, result: NetworkResult
) -> Iterator[tuple[str, str, Callable[[], NetworkResult | None], list[Term]]]:
    """What makes the released balance of each plant and component when it is called, and the terms of the rest."""
    for plant, component, nodes in _owned(model, month.network, result.network.components):
        make = partial(released, month.network, result, nodes, component)
        yield plant, component, make, differences(month.network, nodes, component)


def unaccounted_balances(
    model: ChainModel, month: MonthInput, result: NetworkResult, components: Sequence[str]
) -> Iterator[tuple[str, str, NetworkResult, list[Term]]]:
    """Balances released to see what some components leave unaccounted, and the terms of that, where it is known."""
    for plant, component, nodes in _owned(model, month.network, components):
        opened = released(month.network, result, nodes, component)
        if opened is not None:
            yield plant, component, opened, differences(month.network, nodes, component)


def released(network: Network, result: NetworkResult, nodes: Sequence[NetNode], component: str) -> NetworkResult | None:
    """The balance in which the difference of some sections is as their meters see it; None where they do not.

    The component's balance is released in as many sections as leave the difference observable: where nothing
    upstream is assayed, the first assay stands for what came in.
    """
    names = _releasable(network, result, nodes, component)
    if not names:
        return None
    opened = _release(network, names, component)
    try:
        return NetworkResult(opened, refit(opened, result.fit))
    except SolveError:
        return None


def differences(network: Network, nodes: Sequence[NetNode], component: str) -> list[Term]:
    """Terms of everything that enters some sections less everything that leaves them, stocks included."""
    return _net(network, {one.id for one in nodes}, component)


def _net(network: Network, inside: set[str], component: str) -> list[Term]:
    """Terms of everything that enters less everything that leaves, stocks included."""
    return [
        (one.id, component, float((one.target in inside) - (one.source in inside)))
        for one in network.streams
        if (one.target in inside) != (one.source in inside) and component in network.carries(one)
    ]


def _release(network: Network, released: set[str], component: str) -> Network:
    """The network without a component's balance at some nodes."""
    nodes = tuple(
        replace(one, components=tuple(c for c in _followed(network, one) if c != component))
        if one.id in released else one
        for one in network.nodes
    )  # fmt: skip
    return replace(network, nodes=nodes)


def _followed(network: Network, node: NetNode) -> tuple[str, ...]:
    return network.components if node.components is None else node.components


def _releasable(network: Network, result: NetworkResult, nodes: Sequence[NetNode], component: str) -> set[str]:
    """Sections in which the balance can be released while the difference of all of them stays observable.

    With all of them released, each direction that the readings do not see opens differences in some sections. A
    choice is sound if no such direction that leaves the others closed changes the sum of the differences.
    """
    opened = _opened(network, result, nodes, component)
    size = float(np.abs(opened).max(initial=0.0)) or 1.0
    chosen: list[int] = []
    for k in reversed(range(len(nodes))):
        trial = [*chosen, k]
        closed = [n for n in range(len(nodes)) if n not in trial]
        free = _null(opened[closed], size)
        if np.linalg.norm(opened.sum(axis=0) @ free) <= _SEEN * size:
            chosen = trial
    return {nodes[k].id for k in chosen}


def _opened(network: Network, result: NetworkResult, nodes: Sequence[NetNode], component: str) -> Floats:
    """Differences of each section along the directions that the readings do not see, (sections, directions).

    As few directions as span them: single small entries may be what others cancel.

    Judged at the reconciled point, with the component's balance released in every section.
    """
    fit = result.fit
    problem = arrays(_release(network, {one.id for one in nodes}, component), like=fit.problem)
    linear = fit.linear
    if fit.like(problem):  # along directions that were free before, every section stays closed
        hidden = fit.kept.sight.parted(fit.kept.opened(problem))[1]
    else:
        linear = linearise(problem, fit.data, fit.mass[None], fit.assay[None], fit.mass[None])
        hidden = linear.hidden
    seen = NetworkResult(network, replace(fit, problem=problem, linear=linear))
    rows = np.array([seen.slopes(_net(network, {one.id}, component)) * linear.scale for one in nodes])
    U, size, _ = np.linalg.svd(rows @ hidden, full_matrices=False)
    kept = size > _SEEN * np.linalg.norm(rows)
    return np.asarray(U[:, kept] * size[kept])


def _null(rows: Floats, size: float) -> Floats:
    """Orthonormal directions in which all rows vanish."""
    if rows.shape[0] == 0 or rows.shape[1] == 0:
        return np.eye(rows.shape[1])
    _, values, V = np.linalg.svd(rows)
    rank = int(np.sum(values > _SEEN * size))
    return np.asarray(V[rank:].T)
