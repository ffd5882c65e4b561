"""Owners: a second view of the same physical balance, in which every tonne of a metal has an owner.

Metal of several owners melts together, so whose it is within a plant is a calculation and no measurement. Each stage
mixes what comes in with what lay there, and everything that leaves it, its losses too, carries that mixture. Recycles
make this a system of linear equations. What owners have adds up to the physical metal in every stream and stock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from zveno.close.stages import OUTSIDE, Floats, Lane, Stages, stages_of
from zveno.model.chain import ChainModel
from zveno.model.network import MASS, Network
from zveno.reconcile import NetworkResult
from zveno.reconcile.topology import CLOSING, OPENING
from zveno.tables import frame

OWN = "own"
_STEP = 1e-6
_NOTHING, _ROUNDING = 1e-12, 1e-14
Shares = Mapping[tuple[str, str], Mapping[str, float]]
"""Share of each owner in what a stock holds of a component at the opening, by (stock, component)."""
Lines = dict[tuple[str, str], list[tuple[int, float]]]
"""Lines of an account, by what they are and their stream: rows of ``Mixed.all_of``, each with its sign."""


@dataclass(frozen=True)
class OwnerBooks:
    """Tables ``owner_flows`` (each stream and stock by owner) and ``owner_accounts`` (each owner's metal in and out).

    ``closing`` holds the shares of owners in each stock at the end, which open the next period.
    """

    flows: pl.DataFrame
    accounts: pl.DataFrame
    closing: Mapping[tuple[str, str], Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Mixed:
    """Owners of one component: ``shares`` (stages, owners) of what leaves each stage, ``given`` (lanes, owners) those
    of lanes that come from outside or open a stock; none are given of ``blank`` stocks.
    """

    stages: Stages
    owners: tuple[str, ...]
    given: Floats
    blank: tuple[Lane, ...] = ()

    def opened(self, mass: Floats) -> Floats:
        """The shares given, (lanes, owners); a stock of which nothing is known is the mixture that enters its stage."""
        if not self.blank:
            return self.given
        out, fed = self.given.copy(), mass.copy()
        fed[[one.number for one in self.blank]] = 0.0
        mix = self._shares(fed, self.given)
        for one in self.blank:
            whole = mix[one.target].sum()
            out[one.number] = mix[one.target] / whole if whole > 0 else np.eye(len(self.owners))[0]
        return out

    def shares(self, mass: Floats) -> Floats:
        """Shares of owners in what leaves each stage, (stages, owners); nothing comes in: nobody's."""
        return self._shares(mass, self.opened(mass))

    def _shares(self, mass: Floats, given: Floats) -> Floats:
        n = len(self.stages.sections)
        into, fed, through = np.zeros((n, n)), np.zeros((n, len(self.owners))), np.zeros(n)
        for lane in self.stages.lanes:
            if lane.target == OUTSIDE:
                continue
            through[lane.target] += mass[lane.number]
            if lane.source == OUTSIDE:
                fed[lane.target] += mass[lane.number] * given[lane.number]
            else:
                into[lane.target, lane.source] += mass[lane.number]
        idle = through <= _NOTHING * through.max(initial=0.0)
        system = np.diag(np.where(idle, 1.0, through)) - np.where(idle[:, None], 0.0, into)
        found = np.linalg.solve(system, np.where(idle[:, None], 0.0, fed))
        return np.where(np.abs(found) < _ROUNDING, 0.0, found)

    def by_owner(self, mass: Floats) -> Floats:
        """Mass of each owner in each lane, (lanes, owners)."""
        given = self.opened(mass)
        out = self._shares(mass, given)
        return np.array([
            mass[lane.number] * (given[lane.number] if lane.source == OUTSIDE else out[lane.source])
            for lane in self.stages.lanes
        ]).reshape(len(self.stages.lanes), len(self.owners))  # fmt: skip

    def left(self, mass: Floats) -> Floats:
        """Mass of each owner in what leaves each stage unseen, all such streams together, (stages, owners)."""
        rest = np.zeros(len(self.stages.sections))
        for lane in self.stages.lanes:
            for stage, sign in ((lane.target, 1.0), (lane.source, -1.0)):
                if stage != OUTSIDE:
                    rest[stage] += sign * mass[lane.number]
        leaky = np.zeros(len(rest), dtype=bool)
        leaky[[source for _, source, _ in self.stages.unknown if source != OUTSIDE]] = True
        return np.asarray(np.where(leaky, rest, 0.0)[:, None] * self.shares(mass))

    def all_of(self, mass: Floats) -> Floats:
        """Both, one below the other, (lanes + stages, owners)."""
        return np.concatenate([self.by_owner(mass), self.left(mass)])

    def slopes(self) -> Floats:
        """Slopes of ``all_of`` by the masses of the lanes, (lanes + stages, owners, lanes)."""
        mass = self.stages.mass
        step = _STEP * np.maximum(np.abs(mass), _NOTHING * np.abs(mass).max(initial=1.0))
        out = np.zeros((len(mass) + len(self.stages.sections), len(self.owners), len(mass)))
        for k in range(len(mass)):
            moved = np.zeros_like(mass)
            moved[k] = step[k]
            out[:, :, k] = (self.all_of(mass + moved) - self.all_of(mass - moved)) / (2 * step[k])
        return out


def owner_books(
    model: ChainModel, network: Network, result: NetworkResult, period: str, opening: Shares | None = None
) -> OwnerBooks:
    """Whose metal each stream and stock of a reconciled period is, and what each owner received, got out and lost.

    Parameters
    ----------
    network
        The network that was reconciled: nodes are sections, stocks are streams with a role.
    opening
        Shares of owners in each stock at the beginning, as the period before closed; without them a stock is
        the mixture of what enters its stage in the period.

    Returns
    -------
    books
        Masses of metal in t with standard deviations that follow from the balance alone: that each stage mixes
        wholly is a convention and has no error. Where an inflow is unobservable, so are the owners of what it reaches.
    """
    opening = opening or {}
    owners = tuple(one.id for one in model.chain.owners) or (OWN,)
    flows: list[dict[str, Any]] = []
    accounts: list[dict[str, Any]] = []
    closing: dict[tuple[str, str], dict[str, float]] = {}
    for component in result.network.components:
        if component == MASS:
            continue
        mixed = mixed_of(model, network, result, component, opening)
        stages, blind = mixed.stages, blind_stages(mixed.stages)
        rows = list(_flow_rows(result, mixed, blind, period))
        flows += rows
        accounts += _account_rows(model, result, mixed, blind, period)
        for lane in stages.lanes:
            if lane.stock and lane.target == OUTSIDE and lane.source not in blind:
                share = mixed.shares(stages.mass)[lane.source]
                closing[lane.stock, component] = dict(zip(owners, map(float, share), strict=True))
    return OwnerBooks(frame("owner_flows", flows), frame("owner_accounts", accounts), closing)


def mixed_of(model: ChainModel, network: Network, result: NetworkResult, component: str, opening: Shares) -> Mixed:
    """How the owners of a component mix in the stages of a reconciled period."""
    owners = tuple(one.id for one in model.chain.owners) or (OWN,)
    stages = stages_of(network, result, component)
    given = _given(model, stages, owners, opening)
    blank = tuple(one for one in stages.lanes if one.stock and one.source == OUTSIDE and not given[one.number].any())
    return Mixed(stages, owners, given, blank)


def _given(model: ChainModel, stages: Stages, owners: Sequence[str], opening: Shares) -> Floats:
    """Shares of owners in what comes from outside and in opening stocks as they are known, (lanes, owners)."""
    out = np.zeros((len(stages.lanes), len(owners)))
    at = {name: k for k, name in enumerate(owners)}
    for lane in stages.lanes:
        known = opening.get((lane.stock, stages.component), {}) if lane.stock else {_owner(model, lane): 1.0}
        for owner, share in known.items():
            out[lane.number, at[owner]] = share
    return out


def _owner(model: ChainModel, lane: Lane) -> str:
    """Owner of a stream from outside; the company's own where the description names none."""
    own = model.chain.owners[0].id if model.chain.owners else OWN
    for one in model.chain.streams:
        if lane.stream in (one.id, one.group) and one.owner:
            return one.owner
    return own


def blind_stages(stages: Stages) -> set[int]:
    """Stages whose owners cannot be told: something of unknown mass comes in, there or upstream."""
    blind = {target for _, source, target in stages.unknown if target != OUTSIDE and source == OUTSIDE}
    while True:
        more = {one.target for one in stages.lanes if one.source in blind and one.target != OUTSIDE} - blind
        if not more:
            return blind
        blind |= more


def _flow_rows(result: NetworkResult, mixed: Mixed, blind: set[int], period: str) -> Iterator[dict[str, Any]]:
    """Rows of ``owner_flows``."""
    stages = mixed.stages
    sd = _sds(result, mixed)
    mass = mixed.by_owner(stages.mass)
    for lane in stages.lanes:
        hidden = lane.source in blind
        for k, owner in enumerate(mixed.owners):
            yield {
                "period": period, "stream": lane.stream, "component": stages.component, "owner": owner,
                "mass_t": None if hidden else float(mass[lane.number, k]),
                "mass_sd_t": None if hidden else float(sd[lane.number, k]),
            }  # fmt: skip


def _sds(result: NetworkResult, mixed: Mixed) -> Floats:
    """Standard deviations of ``all_of``."""
    spread = mixed.stages.slopes @ result.fit.linear.spread
    return np.asarray(np.linalg.norm(mixed.slopes() @ spread, axis=2))


def _account_rows(
    model: ChainModel, result: NetworkResult, mixed: Mixed, blind: set[int], period: str
) -> Iterator[dict[str, Any]]:
    """Rows of ``owner_accounts``: opening, received, each way out, closing, and what that leaves.

    What leaves as a product of a recovery is delivered, all else that leaves is lost.
    """
    (lines, dim), hidden = account_lines(model, mixed), blind_terms(mixed, blind)
    mass, slopes = mixed.all_of(mixed.stages.mass), mixed.slopes()
    spread = mixed.stages.slopes @ result.fit.linear.spread
    for k, owner in enumerate(mixed.owners):
        left, dark = 0.0, False
        for (entry, stream), terms in lines.items():
            value = sum(mass[n, k] for n, _ in terms)
            sd = 0.0 if not terms else float(np.linalg.norm(sum(slopes[n, k] for n, _ in terms) @ spread))
            unseen = (entry, stream) in dim or any(n in hidden for n, _ in terms)
            left, dark = left + sum(sign * mass[n, k] for n, sign in terms), dark or unseen
            yield _account(period, owner, mixed.stages.component, entry, stream, None if unseen else (float(value), sd))
        yield _account(period, owner, mixed.stages.component, "left", "", None if dark else (float(left), 0.0))


def account_lines(model: ChainModel, mixed: Mixed) -> tuple[Lines, frozenset[tuple[str, str]]]:
    """Lines of an account in their order, by what they are and their stream: rows of ``Mixed.all_of`` with the sign
    with which each counts in what is left; and those of which a part is unknown.
    """
    stages = mixed.stages
    sold = {name for one in model.chain.recoveries for name in one.products}
    lines: Lines = {}
    for lane in stages.lanes:
        if lane.source == OUTSIDE:
            line = ("opening", "") if lane.stream.endswith(OPENING) else ("received", lane.stream)
            lines.setdefault(line, []).append((lane.number, 1.0))
        elif lane.target == OUTSIDE:
            way = "delivered" if lane.stream in sold else "lost"
            line = ("closing", "") if lane.stock else (way, lane.stream)
            lines.setdefault(line, []).append((lane.number, -1.0))
    dim = set()
    for _, source, _ in stages.unknown:
        names = [name for name, s, _ in stages.unknown if s == source]
        ends = [(entry, end) for entry, end in (("opening", OPENING), ("closing", CLOSING))
                if any(name.endswith(end) for name in names)]  # fmt: skip
        for entry, _ in ends:
            lines.setdefault((entry, ""), [])
            dim.add((entry, ""))
        lost = [name for name in names if not name.endswith((OPENING, CLOSING))]
        if source != OUTSIDE and lost:
            lines.setdefault(("lost", "+".join(lost)), [(len(stages.lanes) + source, -1.0)])
            dim |= {("lost", "+".join(lost))} if ends else set()
    return dict(sorted(lines.items(), key=lambda item: (_ORDER[item[0][0]], item[0][1]))), frozenset(dim)


def blind_terms(mixed: Mixed, blind: set[int]) -> set[int]:
    """Rows of ``Mixed.all_of`` that come from stages whose owners cannot be told."""
    sources = [lane.source for lane in mixed.stages.lanes] + list(range(len(mixed.stages.sections)))
    return {k for k, source in enumerate(sources) if source in blind}


_ORDER = {"opening": 0, "received": 1, "delivered": 2, "lost": 3, "closing": 4}


def _account(
    period: str, owner: str, component: str, line: str, stream: str, known: tuple[float, float] | None
) -> dict[str, Any]:
    """One row."""
    value, sd = known or (None, None)
    return {
        "period": period, "owner": owner, "component": component, "line": line, "stream": stream,
        "mass_t": value, "mass_sd_t": sd,
    }  # fmt: skip
