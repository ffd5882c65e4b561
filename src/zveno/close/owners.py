"""Owners: a second view of the same physical balance, in which every tonne of a metal has an owner.

Metal of several owners melts together, so whose it is within a plant is a calculation and no measurement. Day by day,
each stage mixes what comes in with what lies there, and everything that leaves it, its losses too, carries that
mixture. What owners have adds up to the physical metal in every stream and stock. Where nobody tells whose an opening
stock was, the figures that depend on it are unobservable, and their limits are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from zveno.close.mixing import Mixing
from zveno.close.shares import GivenShares, Share, Shares, given_shares, owner_of, owners_of, possible, reaches
from zveno.close.stages import OUTSIDE, Floats, Stages, stages_of
from zveno.model.chain import ChainModel
from zveno.model.network import MASS
from zveno.periods import Period
from zveno.reconcile import NetworkResult
from zveno.reconcile.topology import CLOSING, OPENING
from zveno.tables import frame

SURE = 1.959963984540054
_SAME = 1e-12
Lines = dict[tuple[str, str], list[tuple[int, float]]]
"""Lines of an account, by what they are and their stream: rows of ``Mixed.all_of``, each with its sign."""


@dataclass(frozen=True)
class OwnerBooks:
    """Tables ``owner_flows`` (each stream and stock by owner) and ``owner_accounts`` (each owner's metal in and out).

    ``closing`` holds the shares of owners in each stock at the end, which open the next period; ``untold`` are stocks
    and components of which nobody tells whose they were at the beginning.
    """

    flows: pl.DataFrame
    accounts: pl.DataFrame
    closing: Shares = field(default_factory=dict)
    untold: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Known:
    """An owner's metal, t: ``mass`` with ``sd``, None where unobservable, and its limits."""

    mass: float | None
    sd: float | None
    low: float | None
    high: float | None

    def row(self) -> dict[str, float | None]:
        """As columns of a table."""
        return {"mass_t": self.mass, "mass_sd_t": self.sd, "low_t": self.low, "high_t": self.high}


HIDDEN = Known(None, None, None, None)


@dataclass(frozen=True)
class Mixed:
    """Owners of one component of a reconciled period: how it mixes, and what is known of whose it was before.

    ``blind`` stages take in something of unknown mass: whose metal leaves them is only known within limits.
    """

    stages: Stages
    owners: tuple[str, ...]
    mixing: Mixing
    given: GivenShares
    blind: frozenset[int]
    spread: Floats

    def all_of(self, mass: Floats) -> Floats:
        """Least metal of each owner in each lane, and below in what leaves each stage unseen, (lanes + stages, owners).

        Where the owners are known, it is their metal.
        """
        return self.mixing.all_of(mass, self.given.low)

    def known(self, terms: list[tuple[int, float]], owner: int) -> Known:
        """An owner's metal in some rows of ``all_of`` together."""
        if not terms:
            return Known(0.0, 0.0, 0.0, 0.0)
        low, high = (float(sum(sign * ends[n, owner] for n, sign in terms)) for ends in self._ends)
        sds = [float(np.linalg.norm(sum(sign * each[n, owner] for n, sign in terms))) for each in self._errors]
        told = float(sum(abs(sign) * self._told[n, owner] for n, sign in terms))
        least, most = (float(np.hypot(one, told)) for one in sds)
        limits = (max(low - SURE * least, 0.0), max(high + SURE * most, 0.0))
        if high - low > _SAME * max(abs(high), abs(low)) + _SAME * self._scale:
            return Known(None, None, *limits)
        return Known(low, least, *limits)

    def share(self, lane: int, owner: int) -> Share:
        """Share of an owner in a lane."""
        mass = float(self.stages.mass[lane])
        low, high = (float(ends[lane, owner]) / mass for ends in self._ends) if mass else (0.0, 1.0)
        if not mass or high - low > _SAME:
            return Share(max(low, 0.0), min(high, 1.0))
        error = (self._errors[0][lane, owner] - low * self.spread[lane]) / mass
        return Share(low, low, float(np.hypot(np.linalg.norm(error), self._told[lane, owner] / mass)))

    @cached_property
    def _ends(self) -> tuple[Floats, Floats]:
        """Least and greatest metal of each owner in every row."""
        mass = self.stages.mass
        return self.all_of(mass), self.mixing.all_of(mass, self.given.high)

    @cached_property
    def _errors(self) -> tuple[Floats, Floats]:
        """Errors of both that follow from the balance, (rows, owners, its errors)."""
        mass = self.stages.mass
        least = self.mixing.slopes(mass, self.given.low) @ self.spread
        if np.array_equal(self.given.low, self.given.high):
            return least, least
        return least, self.mixing.slopes(mass, self.given.high) @ self.spread

    @cached_property
    def _told(self) -> Floats:
        """Those that follow from the errors of stated shares, taken as common to all stocks, (rows, owners)."""
        if not self.given.sd.any():
            return np.zeros_like(self._ends[0])
        return self.mixing.all_of(self.stages.mass, self.given.sd)

    @cached_property
    def _scale(self) -> float:
        return float(np.abs(self.stages.mass).max(initial=0.0))


def owner_books(model: ChainModel, result: NetworkResult, period: Period, opening: Shares | None = None) -> OwnerBooks:
    """Whose metal each stream and stock of a reconciled period is, and what each owner received, got out and lost.

    Parameters
    ----------
    result
        The balance: nodes are sections, stocks are streams with a role.
    opening
        Shares of owners in each stock at the beginning, as the period before closed. They go before those that the
        description states; where neither tells, what depends on them is unobservable.

    Returns
    -------
    books
        Masses of metal in t with standard deviations that follow from the balance and from those of stated shares: that
        each stage mixes wholly day by day is a convention and has no error. Limits hold 95 %, never below nothing.
    """
    flows: list[dict[str, Any]] = []
    accounts: list[dict[str, Any]] = []
    closing: dict[tuple[str, str], dict[str, Share]] = {}
    untold: list[tuple[str, str]] = []
    for component in result.network.components:
        if component == MASS:
            continue
        mixed = mixed_of(model, result, component, period, opening or {})
        flows += _flow_rows(mixed, period.name)
        accounts += _account_rows(model, mixed, period.name)
        untold += [(stock, component) for stock in mixed.given.untold]
        for lane in mixed.stages.lanes:
            if lane.stock and lane.target == OUTSIDE:
                closing[lane.stock, component] = {
                    owner: mixed.share(lane.number, k) for k, owner in enumerate(mixed.owners)
                }
    return OwnerBooks(frame("owner_flows", flows), frame("owner_accounts", accounts), closing, tuple(untold))


def mixed_of(model: ChainModel, result: NetworkResult, component: str, period: Period, opening: Shares) -> Mixed:
    """How the owners of a component mix in the stages of a reconciled period, day by day."""
    stages = stages_of(result.network, result, component)
    blind = frozenset(target for _, source, target in stages.unknown if source == OUTSIDE and target != OUTSIDE)
    owners, day = owners_of(model), period.start.date()
    given = _with_blind(model, stages, blind, given_shares(model, stages, day, opening))
    steps = max(1, round(period.hours / 24))
    return Mixed(stages, owners, Mixing(stages, steps, blind), given, blind, stages.slopes @ result.fit.linear.spread)


def _with_blind(model: ChainModel, stages: Stages, blind: frozenset[int], given: GivenShares) -> GivenShares:
    """What leaves a blind stage may be of any owner whose metal reaches it, as if it came from outside."""
    if not blind:
        return given
    low, high = given.low.copy(), given.high.copy()
    reach = reaches(model, stages, owners_of(model))
    for lane in stages.lanes:
        if lane.source in blind:
            low[lane.number], high[lane.number] = possible(reach[lane.source])
    return replace(given, low=low, high=high)


def _flow_rows(mixed: Mixed, period: str) -> Iterator[dict[str, Any]]:
    """Rows of ``owner_flows``."""
    for lane in mixed.stages.lanes:
        for k, owner in enumerate(mixed.owners):
            yield {
                "period": period, "stream": lane.stream, "component": mixed.stages.component, "owner": owner,
                **mixed.known([(lane.number, 1.0)], k).row(),
            }  # fmt: skip


def _account_rows(model: ChainModel, mixed: Mixed, period: str) -> Iterator[dict[str, Any]]:
    """Rows of ``owner_accounts``: opening, received, each way out, closing, and what that leaves.

    What leaves as a product of a recovery is delivered, all else that leaves is lost.
    """
    (lines, dim), hidden = account_lines(model, mixed), hidden_rows(mixed)
    for k, owner in enumerate(mixed.owners):
        found = []
        for key, terms in lines.items():
            unseen = key in dim or any(n in hidden for n, _ in terms)
            unseen = unseen and (key[0] != "received" or owner_of(model, key[1]) == owner)
            found.append(HIDDEN if unseen else mixed.known([(n, 1.0) for n, _ in terms], k))
            yield _account(period, owner, mixed, key, found[-1])
        every = [term for terms in lines.values() for term in terms]
        left = None if any(one.mass is None for one in found) else mixed.known(every, k).mass
        yield _account(period, owner, mixed, ("left", ""), Known(left, None if left is None else 0.0, None, None))


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
    dim = {("received", name) for name, source, _ in stages.unknown
           if source == OUTSIDE and not name.endswith((OPENING, CLOSING))}  # fmt: skip
    lines |= {key: [] for key in dim}
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


def hidden_rows(mixed: Mixed) -> set[int]:
    """Rows of ``Mixed.all_of`` whose mass is unknown: what leaves unseen a stage that takes in something unknown."""
    return {len(mixed.stages.lanes) + stage for stage in mixed.blind}


_ORDER = {"opening": 0, "received": 1, "delivered": 2, "lost": 3, "closing": 4}


def _account(period: str, owner: str, mixed: Mixed, line: tuple[str, str], known: Known) -> dict[str, Any]:
    """One row."""
    return {
        "period": period, "owner": owner, "component": mixed.stages.component, "line": line[0], "stream": line[1],
        **known.row(),
    }  # fmt: skip
