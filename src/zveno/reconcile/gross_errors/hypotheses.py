"""What may be wrong: one reading, readings that share an error, or something lost at a node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from zveno.model.network import MASS, NetCommon, Network
from zveno.reconcile.arrays import Bools, Floats
from zveno.reconcile.fit import Fit
from zveno.reconcile.gross_errors.adjusted import Adjusted, Columns

Kind = Literal["reading", "common", "loss"]
_SEEN = 1e-9
_SAME = 1e-9
FAR = 100.0


@dataclass(frozen=True)
class Hypothesis:
    """One thing that may be wrong.

    Parameters
    ----------
    kind
        *reading*: one reading alone. *common*: readings that share an error move together. *loss*: material or a
        component leaves a node unseen.
    name
        Node of a loss; name of a common error; empty for a single reading.
    quantity
        Quantity of the readings, or what is lost.
    effects
        Numbers of the readings in the network that it touches, and how far one unit of it moves each; none for a
        loss.
    size
        A size to compare an error with: the reading, 1 for a common error (it is told as a fraction of the reading
        that it moves most), what passes the node for a loss.
    most
        A size that nobody would believe. Where the data leave a standard deviation larger than that, they do not test
        the hypothesis.
    """

    kind: Kind
    name: str
    quantity: str
    effects: tuple[tuple[int, float], ...]
    size: float
    most: float = np.inf

    @property
    def readings(self) -> tuple[int, ...]:
        """Numbers of the readings that it touches."""
        return tuple(n for n, _ in self.effects)


@dataclass(frozen=True)
class Family:
    """Hypotheses that the data can test, with their columns.

    ``score`` is ``e' pull`` and ``weight`` its variance: ``z = score / sqrt(weight)``, and the error that explains
    the data best has the size ``score / weight``, give or take ``1 / sqrt(weight)``.

    References
    ----------
    Narasimhan & Mah (1987), AIChE J. 33, 1514-1521 (generalised likelihood ratio: biases and leaks alike).
    """

    members: tuple[Hypothesis, ...]
    columns: Columns
    score: Floats
    weight: Floats

    @property
    def z(self) -> Floats:
        """Standardised score of each hypothesis: its square is the statistic of the likelihood ratio."""
        return np.asarray(self.score / np.sqrt(self.weight))

    @property
    def bias(self) -> Floats:
        """Size of each error if it alone is there."""
        return np.asarray(self.score / self.weight)

    @property
    def bias_sd(self) -> Floats:
        """Standard deviation of that size."""
        return np.asarray(1 / np.sqrt(self.weight))


def family(network: Network, fit: Fit, adjusted: Adjusted) -> Family:
    """All hypotheses that these readings can test, single readings first."""
    members = everything(network, fit)
    columns = columns_of(members, fit, adjusted)
    weight = adjusted.variances(columns)
    kept = np.flatnonzero(shown(members, weight, adjusted.lengths(columns)))
    columns = columns.take(kept)
    score = np.asarray(columns.reading.T @ adjusted.pull)
    return Family(tuple(members[k] for k in kept), columns, score, weight[kept])


def everything(network: Network, fit: Fit) -> tuple[Hypothesis, ...]:
    """All hypotheses, single readings that the others check first, whether or not the data test them."""
    tested = np.flatnonzero(np.isfinite(fit.tests.z))
    alone = (single(network, int(fit.linear.used[k])) for k in tested)
    return (*alone, *_commons(network, fit), *_losses(network, fit))


def shown(members: Sequence[Hypothesis], weight: Floats, lengths: Floats) -> Bools:
    """Which hypotheses the data test, by their weights and by what those would be were nothing adjusted."""
    alone = np.array([one.kind == "reading" for one in members], dtype=bool)
    most = np.array([one.most for one in members])
    return np.asarray((alone | (weight > _SEEN * lengths)) & (np.sqrt(np.maximum(weight, 0.0)) >= 1 / most))


def columns_of(hypotheses: Sequence[Hypothesis], fit: Fit, adjusted: Adjusted) -> Columns:
    """Errors of size one, in order."""
    position = {int(number): k for k, number in enumerate(fit.linear.used)}
    equation = {row: k for k, row in enumerate(fit.problem.rows)}
    lost = [k for k, one in enumerate(hypotheses) if one.kind == "loss"]
    at = [equation[hypotheses[k].name, hypotheses[k].quantity] for k in lost]
    losses = adjusted.losses(np.array(at, dtype=np.int64))
    reading = np.zeros((len(fit.linear.used), len(hypotheses)))
    state = np.zeros((losses.state.shape[0], len(hypotheses)))
    reading[:, lost], state[:, lost] = losses.reading, losses.state
    for k, one in enumerate(hypotheses):
        for n, effect in one.effects:
            if n in position:
                reading[position[n], k] = effect
    return Columns(reading, state)


def single(network: Network, number: int) -> Hypothesis:
    """A reading alone."""
    one = network.readings[number]
    size = abs(one.value or 0.0)
    return Hypothesis("reading", "", one.quantity, ((number, 1.0),), size, max(size, FAR * one.sigma))


def _commons(network: Network, fit: Fit) -> list[Hypothesis]:
    """Errors that several readings in use share, each group of readings that move alike once.

    Readings at a bound take no part: how far they lie beyond what is possible is no test.
    """
    used = {int(n) for n, z, checked in zip(fit.linear.used, fit.tests.z, fit.linear.redundant, strict=True)
            if np.isfinite(z) or not checked}  # fmt: skip
    return commons(network, used)


def commons(network: Network, used: Collection[int]) -> list[Hypothesis]:
    """The same among readings by number."""
    found: list[Hypothesis] = []
    for one in (*network.common, *_alike(network)):
        effects = tuple(sorted((n, effect) for n, effect in one.effects if n in used))
        if len(effects) < 2 or any(_same(one.name, effects, other) for other in found):
            continue
        quantities = {network.readings[n].quantity for n, _ in effects}
        quantity = quantities.pop() if len(quantities) == 1 else ""
        found.append(Hypothesis("common", one.name, quantity, effects, 1.0, 1.0))
    return found


def _same(name: str, effects: Sequence[tuple[int, float]], other: Hypothesis) -> bool:
    """Whether a common error moves the same readings alike, or by the same name."""
    if [n for n, _ in effects] != list(other.readings):
        return False
    first, second = (np.array([moved for _, moved in one]) for one in (effects, other.effects))
    alike = float(first @ second) ** 2 > (1 - _SAME) * float(first @ first) * float(second @ second)
    return alike or (bool(name) and name == other.name)


def _alike(network: Network) -> Iterator[NetCommon]:
    """Masses of streams that enter a node from the same place, all wrong by one factor; readings told to be correlated.

    Streams that leave a node for outside have nothing in common.
    """
    sets: dict[tuple[str | None, str | None], list[int]] = {}
    ends = {one.id: (one.source, one.target) for one in network.streams if not one.role and one.target is not None}
    for n, one in enumerate(network.readings):
        if one.quantity == MASS and one.value is not None and one.stream in ends:
            sets.setdefault(ends[one.stream], []).append(n)
    for numbers in sets.values():
        if len({network.readings[n].stream for n in numbers}) > 1:
            yield NetCommon("", tuple((n, float(network.readings[n].value or 0.0)) for n in numbers))
    if not network.common and network.covariances:
        yield from _correlated(network)


def _correlated(network: Network) -> Iterator[NetCommon]:
    """Readings with covariances but without a name for what they share: they err by one factor."""
    number = {(one.stream, one.quantity): n for n, one in enumerate(network.readings) if one.value is not None}
    group = {n: {n} for n in number.values()}
    for pair in network.covariances:
        ends = [number[end] for end in (pair.first, pair.second) if end in number]
        if len(ends) == 2 and pair.value > 0 and group[ends[0]] is not group[ends[1]]:
            joined = group[ends[0]] | group[ends[1]]
            for n in joined:
                group[n] = joined
    for members in {id(one): one for one in group.values()}.values():
        if len(members) > 1:
            yield NetCommon("", tuple((n, float(network.readings[n].value or 0.0)) for n in sorted(members)))


def _losses(network: Network, fit: Fit) -> list[Hypothesis]:
    """A loss at each balance of a node."""
    nodes = {one.id for one in network.nodes}
    known = {MASS, *network.components}
    rows = [row for row in fit.problem.rows if row[0] in nodes and row[1] in known]
    passing = _passing(network, fit, rows)
    return [loss(row, size) for row, size in zip(rows, passing, strict=True)]


def loss(row: tuple[str, str], passing: float) -> Hypothesis:
    """Something lost at the balance of a place and quantity, of which so much passes."""
    return Hypothesis("loss", *row, (), passing, passing or np.inf)


def _passing(network: Network, fit: Fit, rows: Sequence[tuple[str, str]]) -> list[float]:
    """How much of a quantity enters each node."""
    into: dict[tuple[str, str], float] = dict.fromkeys(rows, 0.0)
    pair = 0
    for k, stream in enumerate(network.streams):
        amounts = {MASS: float(np.nan_to_num(fit.mass[k]))}
        for component in network.carries(stream):
            amounts[component] = float(np.nan_to_num(fit.flow[pair]))
            pair += 1
        for quantity, amount in amounts.items():
            if (str(stream.target), quantity) in into:
                into[str(stream.target), quantity] += amount
    return [into[row] for row in rows]
