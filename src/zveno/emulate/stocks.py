"""What lies in stock and on the way while plants run at paces of their own.

The simulation gives each shift's steady state. Stocks cut it: what is made flows in, what the plant behind uses
flows out, with the composition of the stock. Behind a stock every unit divides what it gets as in its steady state:
the shares of each component that its outlets take stay, so that every component closes in every shift.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from zveno.emulate.draws import generator, wandering
from zveno.errors import ModelError
from zveno.model.chain import ChainModel
from zveno.model.play import Dispatch, Draw, Pace, Play
from zveno.periods import Period, Shift

Floats = npt.NDArray[np.float64]
_SOLIDS, _WATER = 0, 1
_NOTHING = 1e-12


@dataclass(frozen=True)
class Passed:
    """Masses that left each place in each shift, and what lay in stock at the start and after each shift."""

    flows: dict[str, Floats]
    stocks: dict[str, Floats]


def pass_through(
    model: ChainModel, play: Play, shifts: Sequence[Shift], steady: dict[str, Floats], seed: int
) -> Passed:
    """Let stocks, lots and transport have their way with a steady state.

    Parameters
    ----------
    steady
        Masses of each stream in each shift's steady state, t, shape (shifts, 2 + components): solids, water, then
        the components of the chain.

    Returns
    -------
    passed
        Flows as their source gave them: dispatched where a stock lies before, delivered where lots come. What is on
        the way lies in the stock named for it.
    """
    flows = dict(steady)
    stocks: dict[str, Floats] = {}
    flows |= {one.stream: _in_lots(one.lot_dry_t, steady[one.stream]) for one in play.deliveries}
    behind = _behind(model, play)
    for dispatch in play.dispatches:
        if model.streams[dispatch.stream].source.partition(":")[0] not in behind:
            stocks[dispatch.stock], flows[dispatch.stream] = _dispatched(model, dispatch, steady, shifts, seed)
    if behind:
        _run(_Run(model, play, tuple(shifts), steady, behind, seed), flows, stocks)
    for dispatch in play.dispatches:
        if dispatch.stock not in stocks:
            stocks[dispatch.stock], flows[dispatch.stream] = _dispatched(model, dispatch, flows, shifts, seed)
    day = shifts[0].day
    for held in play.held:
        mix = sum((share * _mean(steady[stream]) for stream, share in held.mix.items()), np.zeros(()))
        content = mix * _opening_t(model, held.stock, mix, day)
        stocks[held.stock] = np.broadcast_to(content, (len(shifts) + 1, len(content)))
    return Passed(flows, stocks)


# ---- lots and dispatches -------------------------------------------------------------------------------------


def _in_lots(lot_t: float, steady: Floats) -> Floats:
    """The same feed in whole lots: each comes in the shift in which the steady feed has filled it."""
    whole = np.floor(np.cumsum(steady[:, _SOLIDS]) / lot_t + 1e-9)
    lots = np.diff(whole, prepend=0.0)
    return np.asarray((lots * lot_t)[:, None] * _composition(steady))


def _dispatched(
    model: ChainModel, one: Dispatch, made: Mapping[str, Floats], shifts: Sequence[Shift], seed: int
) -> tuple[Floats, Floats]:
    """Content of a stock after each shift and what was loaded out, fully mixed.

    The opening content has the mean composition of what came in; each shift loads about what came in, in
    whole lots of wet mass, never more than there is.
    """
    came_in, rng = made[one.stream], generator(seed, "dispatch", one.stock)
    content = _opening(model, one.stock, came_in, shifts)
    history, out = [content], []
    for inflow in came_in:
        wet = inflow[_SOLIDS] + inflow[_WATER]
        lots = round(wet * (1 + one.spread_rel_pct / 100 * float(rng.standard_normal())) / one.lot_wet_t)
        available = content + inflow
        share = min(lots * one.lot_wet_t / (available[_SOLIDS] + available[_WATER]), 1.0)
        out.append(available * share)
        content = available * (1.0 - share)
        history.append(content)
    return np.array(history), np.array(out)


def _opening(model: ChainModel, stock: str, came_in: Floats, shifts: Sequence[Shift]) -> Floats:
    """Opening content of the mean composition of what comes in.

    Raises
    ------
    ModelError
        If there is a stock, but nothing comes to it.
    """
    mean = came_in.sum(axis=0)
    if mean[_SOLIDS] > 0:
        mix = mean / mean[_SOLIDS]
        return np.asarray(mix * _opening_t(model, stock, mix, shifts[0].day))
    if model.number(model.stocks[stock].opening, "t", shifts[0].day):
        raise ModelError(
            "nothing comes to the stock '{stock}' in {period}, so nobody knows what it is made of: give its plant a "
            "feed",
            model.places.get(stock, ""), stock=stock, period=f"{shifts[0].day}/{shifts[-1].day}",
        )  # fmt: skip
    return np.zeros(came_in.shape[1])


def _opening_t(model: ChainModel, stock: str, mix: Floats, day: object) -> float:
    """Dry mass of the opening, t, from that of its content where the stock is known by it."""
    one = model.stocks[stock]
    mass_t = model.number(one.opening, "t", day)  # type: ignore[arg-type]
    if one.content:
        return mass_t / float(mix[2 + model.chain.components.index(one.content)])
    return mass_t


def _mean(flow: Floats) -> Floats:
    """Mean composition of a stream, per tonne of solids."""
    total = flow.sum(axis=0)
    return np.asarray(total / max(total[_SOLIDS], _NOTHING))


def _composition(flow: Floats) -> Floats:
    """Composition of a stream in each shift; the mean where it stood."""
    solids = flow[:, [_SOLIDS]]
    return np.where(solids > 0, flow / np.where(solids > 0, solids, 1.0), _mean(flow))


# ---- behind stocks -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Run:
    """What the plants behind stocks are run from."""

    model: ChainModel
    play: Play
    shifts: tuple[Shift, ...]
    steady: Mapping[str, Floats]
    behind: frozenset[str]
    seed: int

    def paces(self, draw: Draw) -> Floats:
        """Pace of each shift: wandering around 1, changed by events for their share of the shift."""
        rng = generator(self.seed, "pace", draw.stock)
        path = wandering(rng, len(self.shifts), sd=draw.spread_rel_pct / 100, persistence=draw.persistence)
        factor = np.ones(len(self.shifts))
        for one in self.play.events:
            if isinstance(one, Pace) and one.stock == draw.stock:
                factor += [(one.factor - 1) * _share(one, shift.period) for shift in self.shifts]
        return np.asarray(factor * np.exp(path), dtype=float)

    def delay(self, stream: str) -> int:
        """Shifts from the one in which something leaves, at its end, to the one in which it arrives."""
        arrival = self.shifts[0].period.end + timedelta(hours=self.model.streams[stream].transport_h)
        length = self.shifts[0].period.end - self.shifts[0].period.start
        return max(math.ceil((arrival - self.shifts[0].period.end) / length), 1)


def _share(event: Pace, period: Period) -> float:
    """Share of a period that an event takes."""
    overlap = min(event.end, period.end) - max(event.start, period.start)
    return max(overlap / (period.end - period.start), 0.0)


def _cuts(play: Play) -> frozenset[str]:
    """Streams whose ends differ: a stock or a way lies between."""
    return frozenset(
        [one.stream for one in play.dispatches] + [one.stream for one in play.draws] + [one.stream for one in play.ways]
    )


def _behind(model: ChainModel, play: Play) -> frozenset[str]:
    """Units that lie behind a stock, a way or a delivery in lots."""
    outlets: dict[str, list[str]] = {}
    for stream in model.chain.streams:
        outlets.setdefault(stream.source.partition(":")[0], []).append(stream.target.partition(":")[0])
    found: set[str] = set()
    cuts = [*_cuts(play), *(one.stream for one in play.deliveries)]
    todo = [model.streams[name].target.partition(":")[0] for name in cuts]
    while todo:
        unit = todo.pop()
        if unit in model.units and unit not in found:
            found.add(unit)
            todo += outlets.get(unit, [])
    return frozenset(found)


@dataclass(frozen=True)
class _Net:
    """Streams and units behind stocks as arrays.

    ``streams`` leave a unit behind a stock; ``known`` come from elsewhere or from a stock; ``asked`` are what such
    a unit takes from outside as it needs (flux, blast). ``inside`` (streams, streams) is 1 where one feeds the unit
    that the other leaves; ``fed`` (streams, known) and ``helped`` (streams, asked) likewise.
    """

    streams: tuple[str, ...]
    known: tuple[str, ...]
    asked: tuple[str, ...]
    unit_of: tuple[str, ...]
    inside: Floats
    fed: Floats
    helped: Floats


def _net(run: _Run) -> _Net:
    """The network behind stocks."""
    chain = run.model.chain
    cut = _cuts(run.play)
    delivered = {one.stream for one in run.play.deliveries}
    ends = {one.id: (one.source.partition(":")[0], one.target.partition(":")[0]) for one in chain.streams}
    made = tuple(name for name, (source, _) in ends.items() if source in run.behind)
    entering = {name: target for name, (_, target) in ends.items() if target in run.behind}
    asked = tuple(name for name in entering if ends[name][0] in run.model.boundaries and name not in {*delivered, *cut})
    known = tuple(name for name in entering if name in cut or (name not in made and name not in asked))
    source = np.array([ends[name][0] for name in made], dtype=object)

    def feeds(names: Sequence[str], *, but: frozenset[str] = frozenset()) -> Floats:
        targets = np.array(["" if name in but else entering.get(name, "") for name in names], dtype=object)
        return np.asarray(source[:, None] == targets[None, :], dtype=float)

    return _Net(
        made, known, asked, tuple(source), feeds(made, but=frozenset(cut)), feeds(known), feeds(asked)
    )  # fmt: skip


def _run(run: _Run, flows: dict[str, Floats], stocks: dict[str, Floats]) -> None:
    """Go through the shifts; fills in flows and stocks."""
    net, n = _net(run), len(run.shifts)
    draws = {one.stream: one for one in run.play.draws}
    paces = {name: run.paces(one) for name, one in draws.items()}
    ways = {one.stream: one for one in run.play.ways}
    content = {name: _opening(run.model, one.stock, run.steady[name], run.shifts) for name, one in draws.items()}
    history = {name: [one] for name, one in content.items()}
    before = {name: run.steady[name].mean(axis=0) for name in ways}
    usual = {name: run.steady[name].mean(axis=0) for name in draws}
    left = {name: list(flows[name]) for name in ways if name not in {*net.streams, *draws}}
    left |= {name: [] for name in ways if name not in left}
    out: dict[str, list[Floats]] = {name: [] for name in (*net.streams, *net.asked, *draws)}
    for t in range(n):
        taken = {name: _taken(content[name], usual[name] * paces[name][t]) for name in draws}
        known = {name: taken[name] if name in taken else flows[name][t] for name in net.known if name not in ways}
        for name in ways:
            gone = t - run.delay(name)
            known[name] = left[name][gone] if gone >= 0 else before[name]
        made, asked = _divide(net, run.steady, t, known)
        for name, one in (*zip(net.streams, made, strict=True), *zip(net.asked, asked, strict=True)):
            out[name].append(taken.get(name, one))
        inflow = dict(zip(net.streams, made, strict=True))
        for name in draws:
            content[name] = content[name] - taken[name] + inflow.get(name, flows[name][t])
            history[name].append(content[name])
            if name not in net.streams:
                out[name].append(taken[name])
        for name in ways:
            if len(left[name]) <= t:
                left[name].append(taken[name] if name in taken else inflow[name])
    flows |= {name: np.array(rows) for name, rows in out.items() if rows}
    stocks |= {one.stock: np.array(history[one.stream]) for one in run.play.draws}
    stocks |= {
        one.stock: _on_the_way(np.array(left[name]), before[name], run.delay(name)) for name, one in ways.items()
    }


def _taken(content: Floats, wanted: Floats) -> Floats:
    """As much dry mass as is wanted, of the composition of the stock; never more than there is."""
    if content[_SOLIDS] <= 0:
        return np.zeros_like(content)
    return np.asarray(content * min(float(wanted[_SOLIDS] / content[_SOLIDS]), 1.0))


def _on_the_way(left: Floats, before: Floats, delay: int) -> Floats:
    """What has left and not arrived at the start and after each shift."""
    gone = np.vstack([np.broadcast_to(before, (delay, len(before))), left])
    return np.array([gone[t : t + delay].sum(axis=0) for t in range(len(left) + 1)])


def _divide(net: _Net, steady: Mapping[str, Floats], t: int, known: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """What leaves every unit behind a stock in a shift, and what it asks for, shapes (streams, columns).

    A unit runs at a pace: what it gets, except what it asks for, over the same in its steady state. What is none of the
    components is divided like one of them, and dry masses are their sums: no grade leaves its bounds.
    """
    now = np.array([steady[name][t] for name in net.streams])
    base = np.array([known[name] for name in net.known])
    base_then = np.array([steady[name][t] for name in net.known])
    asked = np.array([steady[name][t] for name in net.asked]).reshape(len(net.asked), now.shape[1])
    pace, of_asked = _paces(net, now, base, base_then)
    now, base, base_then, asked = (_parts(one) for one in (now, base, base_then, asked))
    in_then = net.fed @ base_then + net.inside @ now + net.helped @ asked
    share = np.where(in_then > _NOTHING, now / np.where(in_then > _NOTHING, in_then, 1.0), 0.0)
    fixed = np.where(in_then > _NOTHING, 0.0, now * pace[:, None])
    given = net.fed @ base + net.helped @ (asked * of_asked[:, None])
    matrices = np.eye(len(now)) - share.T[:, :, None] * net.inside
    made = np.asarray(np.linalg.solve(matrices, (share * given + fixed).T[:, :, None])[:, :, 0].T, dtype=float)
    return _whole(made), _whole(asked * of_asked[:, None])


def _parts(flows: Floats) -> Floats:
    """Flows with what is none of the components in place of the dry mass."""
    parts = flows.copy()
    parts[:, _SOLIDS] -= parts[:, 2:].sum(axis=1)
    return parts


def _whole(parts: Floats) -> Floats:
    """The reverse."""
    flows = parts.copy()
    flows[:, _SOLIDS] += flows[:, 2:].sum(axis=1)
    return flows


def _paces(net: _Net, now: Floats, base: Floats, base_then: Floats) -> tuple[Floats, Floats]:
    """Pace of the unit that each stream leaves, and of the unit that each asked stream enters."""
    own_then = net.fed @ base_then + net.inside @ now
    usual = np.where(own_then[:, _SOLIDS] > _NOTHING, own_then[:, _SOLIDS], 1.0)
    factor = np.where(own_then[:, _SOLIDS] > _NOTHING, now[:, _SOLIDS] / usual, 0.0)
    solids = np.linalg.solve(np.eye(len(now)) - factor[:, None] * net.inside, factor * (net.fed @ base)[:, _SOLIDS])
    pace = (net.inside @ solids + (net.fed @ base)[:, _SOLIDS]) / usual
    pace = np.where(own_then[:, _SOLIDS] > _NOTHING, pace, 1.0)
    # each asked stream feeds one unit, whose outlets all run at its pace
    of_asked = np.array([pace[np.argmax(column)] if column.any() else 1.0 for column in net.helped.T])
    return pace, of_asked.reshape(len(net.asked))
