"""How the metal of several owners mixes on its way through the stages, step by step over a period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zveno.close.stages import OUTSIDE, Floats, Lane, Stages

_NOTHING, _ROUNDING = 1e-12, 1e-14


@dataclass(frozen=True)
class Mixing:
    """Mixing of one component in ``steps`` equal steps, such as the days of a period.

    In each step a stage mixes what lies in it with what comes in, and everything that leaves carries that mixture.
    Streams run evenly through the period, and what lies in a stage goes evenly from its opening to its closing mass.
    All results are linear in the shares given, so limits of shares give limits of masses. What leaves a ``blind``
    stage carries the shares given for each of its lanes, as if it came from outside.
    """

    stages: Stages
    steps: int = 1
    blind: frozenset[int] = frozenset()

    def all_of(self, mass: Floats, given: Floats) -> Floats:
        """Mass of each owner in each lane and, below, in what leaves each stage unseen, (lanes + stages, owners).

        Parameters
        ----------
        mass
            Masses of the lanes, (lanes,).
        given
            Shares of owners in lanes that come from outside or open a stock, (lanes, owners).
        """
        return self._weighed(mass, given, *self._sums(mass, given))

    def closing(self, mass: Floats, given: Floats) -> Floats:
        """Shares of owners in what lies in each stage at the end, (stages, owners)."""
        return self._sums(mass, given)[1]

    def slopes(self, mass: Floats, given: Floats) -> Floats:
        """Slopes of ``all_of`` by the masses of the lanes, (lanes + stages, owners, lanes)."""
        total, last, d_total, d_last = self._tangent(mass, given)
        lanes, n, width = len(mass), len(self.stages.sections), given.shape[1]
        out = np.zeros((lanes + n, width, lanes))
        for lane in self._lanes:
            k, source = lane.number, lane.source
            if source == OUTSIDE:
                out[k, :, k] = given[k]
            elif lane.stock:
                out[k] = mass[k] * d_last[source]
                out[k, :, k] += last[source]
            else:
                out[k] = mass[k] / self.steps * d_total[source]
                out[k, :, k] += total[source] / self.steps
        rest, moved = self._rest(mass), self._moved
        out[lanes:] = (rest[:, None, None] * d_total + total[:, :, None] * moved[:, None, :]) / self.steps
        return out

    # ---- inside ----------------------------------------------------------------------------------------------------

    @cached_property
    def _lanes(self) -> tuple[Lane, ...]:
        """The lanes; those that leave a blind stage come from outside."""
        return tuple(
            replace(one, source=OUTSIDE) if one.source in self.blind else one for one in self.stages.lanes
        )  # fmt: skip

    @cached_property
    def _ends(self) -> tuple[Floats, Floats, Floats]:
        """Which lanes open, close and enter each stage, each (stages, lanes)."""
        n, lanes = len(self.stages.sections), self._lanes
        opens, closes, enters = np.zeros((n, len(lanes))), np.zeros((n, len(lanes))), np.zeros((n, len(lanes)))
        for lane in lanes:
            if lane.target != OUTSIDE:
                (opens if lane.stock else enters)[lane.target, lane.number] = 1.0
            elif lane.stock and lane.source != OUTSIDE:
                closes[lane.source, lane.number] = 1.0
        return opens, closes, enters

    @cached_property
    def _moved(self) -> Floats:
        """By what each lane changes that which leaves a stage unseen, (stages, lanes)."""
        n, lanes = len(self.stages.sections), self.stages.lanes
        out = np.zeros((n, len(lanes)))
        for lane in lanes:
            for stage, sign in ((lane.target, 1.0), (lane.source, -1.0)):
                if stage != OUTSIDE:
                    out[stage, lane.number] += sign
        leaky = np.zeros(n, dtype=bool)
        leaky[[source for _, source, _ in self.stages.unknown if source != OUTSIDE]] = True
        return np.where(leaky[:, None], out, 0.0)

    def _rest(self, mass: Floats) -> Floats:
        """What leaves each stage unseen, (stages,)."""
        return np.asarray(self._moved @ mass)

    def _flows(self, mass: Floats, given: Floats) -> tuple[Floats, Floats]:
        """What passes from stage to stage, (stages, stages), and what comes from outside by owner, (stages, owners)."""
        n = len(self.stages.sections)
        into, fed = np.zeros((n, n)), np.zeros((n, given.shape[1]))
        for lane in self._lanes:
            if lane.target == OUTSIDE or lane.stock:
                continue
            if lane.source == OUTSIDE:
                fed[lane.target] += mass[lane.number] * given[lane.number]
            else:
                into[lane.target, lane.source] += mass[lane.number]
        return into, fed

    def _step(self, mass: Floats, into: Floats, at: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Equations of a step, (stages, stages), and which stages stand idle, (stages,)."""
        opens, closes, enters = self._ends
        done = at / self.steps
        through = ((1 - done) * opens + done * closes + enters / self.steps) @ mass
        idle = through <= _NOTHING * through.max(initial=0.0)
        return np.diag(np.where(idle, 1.0, through)) - np.where(idle[:, None], 0.0, into / self.steps), idle

    def _lies(self, mass: Floats, at: int) -> Floats:
        """Mass in each stage when so many steps are over, (stages,)."""
        opens, closes, _ = self._ends
        done = at / self.steps
        return np.asarray(((1 - done) * opens + done * closes) @ mass)

    def _sums(self, mass: Floats, given: Floats) -> tuple[Floats, Floats]:
        """Shares of owners in what leaves each stage: summed over the steps, and in the last, each (stages, owners)."""
        into, fed = self._flows(mass, given)
        held = (self._ends[0] * mass) @ given
        total, share = np.zeros_like(held), np.zeros_like(held)
        for at in range(self.steps):
            system, idle = self._step(mass, into, at)
            share = _shares(system, np.where(idle[:, None], 0.0, held + fed / self.steps))
            held = self._lies(mass, at + 1)[:, None] * share
            total += share
        return total, share

    def _weighed(self, mass: Floats, given: Floats, total: Floats, last: Floats) -> Floats:
        """Masses by owner from the shares that leave the stages."""
        rows = [
            given[lane.number] if lane.source == OUTSIDE
            else last[lane.source] if lane.stock
            else total[lane.source] / self.steps
            for lane in self._lanes
        ]  # fmt: skip
        lanes = np.array(rows).reshape(len(mass), given.shape[1]) * mass[:, None]
        return np.concatenate([lanes, self._rest(mass)[:, None] * total / self.steps])

    def _tangent(self, mass: Floats, given: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """``_sums`` and their slopes by the masses of the lanes, each (stages, owners) or (stages, owners, lanes)."""
        opens, closes, enters = self._ends
        n, width, lanes = len(self.stages.sections), given.shape[1], len(mass)
        into, fed = self._flows(mass, given)
        held = (opens * mass) @ given
        d_held = opens[:, None, :] * given.T[None, :, :]
        d_fed = self._outside[:, None, :] * given.T[None, :, :] / self.steps
        total, share = np.zeros((n, width)), np.zeros((n, width))
        d_total, d_share = np.zeros((n, width, lanes)), np.zeros((n, width, lanes))
        for at in range(self.steps):
            system, idle = self._step(mass, into, at)
            done, next_done = at / self.steps, (at + 1) / self.steps
            share = _shares(system, np.where(idle[:, None], 0.0, held + fed / self.steps))
            d_through = (1 - done) * opens + done * closes + enters / self.steps
            right = d_held + d_fed + self._passed(share) - share[:, :, None] * d_through[:, None, :]
            right = np.where(idle[:, None, None], 0.0, right).reshape(n, width * lanes)
            d_share = np.asarray(np.linalg.solve(system, right), dtype=float).reshape(n, width, lanes)
            d_lies = (1 - next_done) * opens + next_done * closes
            lies = self._lies(mass, at + 1)
            held = lies[:, None] * share
            d_held = lies[:, None, None] * d_share + share[:, :, None] * d_lies[:, None, :]
            total += share
            d_total += d_share
        return total, share, d_total, d_share

    @cached_property
    def _outside(self) -> Floats:
        """Which lanes come into each stage from outside, stocks apart, (stages, lanes)."""
        out = np.zeros((len(self.stages.sections), len(self.stages.lanes)))
        for lane in self._lanes:
            if lane.source == OUTSIDE and not lane.stock and lane.target != OUTSIDE:
                out[lane.target, lane.number] = 1.0
        return out

    def _passed(self, share: Floats) -> Floats:
        """What a tonne more in each lane brings to its target from the stage it leaves, (stages, owners, lanes)."""
        out = np.zeros((*share.shape, len(self.stages.lanes)))
        for lane in self._lanes:
            if OUTSIDE not in (lane.source, lane.target):
                out[lane.target, :, lane.number] += share[lane.source] / self.steps
        return out


def _shares(system: Floats, right: Floats) -> Floats:
    """Shares that solve the equations of a step; what is only rounding is nothing."""
    found = np.asarray(np.linalg.solve(system, right), dtype=float)
    return np.where(np.abs(found) < _ROUNDING, 0.0, found)
