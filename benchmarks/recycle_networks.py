"""Generated flowsheets with recycles, from 20 to 10,000 streams, whose truth closes exactly.

Nodes stand along a line in sections. Each splits what it gets into tailings, which go on, and a concentrate, which
goes back (a recycle), skips ahead or leaves; feeds enter all along, so that flows keep their order of size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, eye_array
from scipy.sparse.linalg import splu

from zveno.model.network import MASS, NetClosure, NetCovariance, NetNode, NetReading, NetStream, Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_NODES_PER_STREAM = 0.46
_OUTSIDE = -1
_LEAVING, _GOING_BACK = 0.25, 0.40  # of the concentrates; the others skip ahead
_NEW_SECTION = 0.3  # of the feeds: the tailings before it leave
_UNWEIGHED, _UNASSAYED = 0.3, 0.1
_MASS_SD, _ASSAY_SD = (0.01, 0.02), (0.02, 0.05)
_FLOOR_FRAC = 5e-5
_SHARED_ERROR = (0.3, 0.7)


@dataclass(frozen=True)
class Truth:
    """What the readings were drawn around: masses (streams,) in t and assays (streams, components)."""

    mass_t: Floats
    assay_frac: Floats


@dataclass(frozen=True)
class _Flowsheet:
    """Ends of the streams by node number, -1 outside: feeds first, then tailings and concentrate of each node."""

    nodes: int
    source: Ints
    target: Ints

    @property
    def feeds(self) -> int:
        """Number of streams that enter."""
        return len(self.source) - 2 * self.nodes


def recycle_network(
    streams: int,
    components: int,
    seed: int,
    *,
    closure: bool = False,
    fixed: int = 0,
    covariances: int = 0,
    censored: float = 0.0,
) -> Network:
    """A flowsheet of so many streams and about 0.46 times as many nodes, with its readings.

    Of the streams, 30 % are not weighed and 10 % not assayed. Standard deviations are 1 to 2 % of masses and 2 to 5 %
    of assays, with a floor of 50 g/t.

    Parameters
    ----------
    closure
        The last component is what is left, and assays sum to one; otherwise nobody follows the gangue.
    fixed
        How many quantities are known exactly and not read, masses and assays in turn.
    covariances
        How many pairs of neighbouring readings share part of their errors, masses and assays in turn.
    censored
        Share of each component's assays that lie below its limit, of which only "less than" is told.
    """
    return recycle_case(
        streams, components, seed, closure=closure, fixed=fixed, covariances=covariances, censored=censored
    )[0]


def recycle_case(
    streams: int,
    components: int,
    seed: int,
    *,
    closure: bool = False,
    fixed: int = 0,
    covariances: int = 0,
    censored: float = 0.0,
) -> tuple[Network, Truth]:
    """The network of :func:`recycle_network` with the truth behind it."""
    rng = np.random.default_rng(seed)
    sheet = _flowsheet(streams, rng)
    flow = _flows(sheet, components + (not closure), rng)
    mass = flow.sum(axis=1)
    truth = Truth(mass, flow[:, :components] / mass[:, None])
    names = tuple(f"C{k}" for k in range(components))
    plan = _Plan(truth, names, _read(streams, components, rng), rng)
    known = dict(plan.fix(fixed))
    shared = plan.pair(covariances)
    readings, errors = plan.readings(shared, censored)
    network = Network(
        nodes=tuple(NetNode(f"n{n}") for n in range(sheet.nodes)),
        streams=tuple(
            NetStream(f"s{k}", *(None if end == _OUTSIDE else f"n{end}" for end in ends))
            for k, ends in enumerate(zip(sheet.source.tolist(), sheet.target.tolist(), strict=True))
        ),
        readings=readings,
        components=names,
        fixed=known,
        closure=NetClosure(names) if closure else None,
        covariances=errors,
        name=f"{streams} streams, {components} components, seed {seed}",
    )
    return network, truth


def _flowsheet(streams: int, rng: np.random.Generator) -> _Flowsheet:
    """Who is joined to whom."""
    nodes = round(_NODES_PER_STREAM * streams)
    feeds = streams - 2 * nodes
    entry = np.sort(np.append(0, 1 + rng.choice(nodes - 1, feeds - 1, replace=False)))
    onward = np.append(np.arange(1, nodes), _OUTSIDE)
    begins = entry[1:][rng.random(feeds - 1) < _NEW_SECTION]
    onward[begins - 1] = _OUTSIDE
    here = np.arange(nodes)
    kind, jump = rng.random(nodes), rng.geometric(0.4, nodes)
    back, ahead = np.maximum(here - jump, 0), here + 1 + jump
    aside = np.where(kind < _LEAVING + _GOING_BACK, back, ahead)
    aside[(kind < _LEAVING) | (aside == here) | (aside >= nodes)] = _OUTSIDE
    source = np.concatenate([np.full(feeds, _OUTSIDE), np.repeat(here, 2)])
    target = np.concatenate([entry, np.column_stack([onward, aside]).ravel()])
    return _Flowsheet(nodes, source, target)


def _flows(sheet: _Flowsheet, parts: int, rng: np.random.Generator) -> Floats:
    """True flows (streams, parts), gangue last: what enters a node leaves it by fixed shares."""
    assays = rng.uniform(0.002, 0.6 / max(parts - 1, 1), (sheet.feeds, parts - 1))
    feed = rng.uniform(200.0, 2000.0, sheet.feeds)[:, None] * np.column_stack([assays, 1 - assays.sum(axis=1)])
    recovered = rng.uniform(0.05, 0.6, (sheet.nodes, parts))
    recovered[:, -1] *= 0.3
    shares = np.stack([1 - recovered, recovered], axis=1).reshape(2 * sheet.nodes, parts)
    source, target = sheet.source[sheet.feeds :], sheet.target[sheet.feeds :]
    inside = np.flatnonzero(target != _OUTSIDE)
    entering = np.zeros((sheet.nodes, parts))
    np.add.at(entering, sheet.target[: sheet.feeds], feed)
    for k in range(parts):
        passed = csc_array((shares[inside, k], (target[inside], source[inside])), shape=(sheet.nodes, sheet.nodes))
        entering[:, k] = splu(csc_array(eye_array(sheet.nodes) - passed)).solve(entering[:, k])
    return np.concatenate([feed, entering[source] * shares])


def _read(streams: int, components: int, rng: np.random.Generator) -> Bools:
    """Which quantities (streams, 1 + components) are read: mass first, and all assays of a stream or none."""
    weighed = rng.random(streams) > _UNWEIGHED
    assayed = rng.random(streams) > _UNASSAYED
    weighed[0] = True
    return np.column_stack([weighed, np.repeat(assayed[:, None], components, axis=1)])


@dataclass
class _Plan:
    """Readings being drawn; ``read`` says which quantities (streams, 1 + components) have one."""

    truth: Truth
    names: tuple[str, ...]
    read: Bools
    rng: np.random.Generator

    @property
    def true(self) -> Floats:
        """True masses and assays, (streams, 1 + components)."""
        return np.column_stack([self.truth.mass_t, self.truth.assay_frac])

    def quantity(self, column: int) -> str:
        """Name of a column."""
        return MASS if column == 0 else self.names[column - 1]

    def fix(self, count: int) -> Iterator[tuple[tuple[str, str], float]]:
        """Exactly known values of streams drawn at random; they are no longer read."""
        rows = self.rng.choice(len(self.read), count, replace=False)
        for k, row in enumerate(rows.tolist()):
            column = 0 if k % 2 == 0 else 1 + int(self.rng.integers(len(self.names)))
            self.read[row, column] = False
            yield (f"s{row}", self.quantity(column)), float(self.true[row, column])

    def pair(self, count: int) -> list[tuple[int, int, int]]:
        """Pairs of neighbouring streams with the column of both readings; no reading is in two pairs."""
        found: list[tuple[int, int, int]] = []
        for k in range(count):
            column = 0 if k % 2 == 0 or not self.names else 1 + (k // 2) % len(self.names)
            taken = {row for first, second, at in found if at == column for row in (first, second)}
            rows = [row for row in np.flatnonzero(self.read[:, column]).tolist() if row not in taken]
            at = int(self.rng.integers(len(rows) - 1))
            found.append((rows[at], rows[at + 1], column))
        return found

    def readings(
        self, shared: list[tuple[int, int, int]], censored: float
    ) -> tuple[tuple[NetReading, ...], tuple[NetCovariance, ...]]:
        """Draw all of them, stream by stream."""
        true = self.true
        relative = self.rng.uniform(*_ASSAY_SD, true.shape)
        relative[:, 0] = self.rng.uniform(*_MASS_SD, len(true))
        sigma = relative * true
        sigma[:, 1:] = np.maximum(sigma[:, 1:] * (1 - true[:, 1:]), _FLOOR_FRAC)
        error = self.rng.standard_normal(true.shape)
        linked = []
        for first, second, column in shared:
            rho = self.rng.uniform(*_SHARED_ERROR)
            error[second, column] = rho * error[first, column] + np.sqrt(1 - rho**2) * error[second, column]
            ends = [(f"s{row}", self.quantity(column)) for row in (first, second)]
            linked.append(NetCovariance(ends[0], ends[1], float(rho * sigma[first, column] * sigma[second, column])))
        value = true + sigma * error
        limit = self._limits(shared, censored)
        value[:, 1:] = np.maximum(value[:, 1:], 0.0)
        below = (value < limit) & self.read
        sigma = np.where(below, np.maximum(_ASSAY_SD[1] * limit, _FLOOR_FRAC), sigma)
        told = zip(*(one.tolist() for one in (value, sigma, below, np.broadcast_to(limit, true.shape))), strict=True)
        readings = tuple(
            NetReading(f"s{row}", self.quantity(k), None, sds[k], float(limits[k]))
            if low[k]
            else NetReading(f"s{row}", self.quantity(k), values[k], sds[k])
            for row, (values, sds, low, limits) in enumerate(told)
            for k in np.flatnonzero(self.read[row]).tolist()
        )
        return readings, tuple(linked)

    def _limits(self, shared: list[tuple[int, int, int]], censored: float) -> Floats:
        """Limit below which each quantity is not told, (streams, 1 + components); readings of a pair are always."""
        limit = np.zeros_like(self.true)
        if censored:
            limit[:, 1:] = np.quantile(self.truth.assay_frac, censored, axis=0)
        for first, second, column in shared:
            limit[[first, second], column] = 0.0
        return limit
