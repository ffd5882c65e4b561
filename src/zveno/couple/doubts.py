"""Doubts: what may be wrong with a calibration, said in sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import numpy as np

from zveno.couple.build import Builder, Setup
from zveno.couple.coordinates import Floats
from zveno.couple.observations import Observations
from zveno.couple.solve import Whitener
from zveno.errors import Fault, fault, rounded, some_names
from zveno.model.types import Figure
from zveno.reconcile import Balance
from zveno.simulate.scenario import doubts as simulated_doubts
from zveno.simulate.scenario import read_scenarios
from zveno.text.mark import tr

if TYPE_CHECKING:
    from zveno.couple.result import Calibration

_BROKEN = 0.01
"""Part of a standard deviation by which the simulation may miss what the balance takes for exact."""
_SLOW = 0.97


def doubts(
    builder: Builder, balance: Balance, setup: Setup, found: Calibration, breached: Collection[str]
) -> Iterator[Fault]:
    """What may be wrong."""
    period = setup.period.name
    if setup.set_aside:
        message = tr("readings of {period} that do not fit were set aside: {meters}")
        yield fault(message, period=period, meters=some_names(setup.set_aside))
    elif balance.status == "suspect":
        meters = list(dict.fromkeys(balance.suspects["meter"]))
        yield fault(
            "readings of {period} do not fit ({meters}), and the parameters take up their errors: mend them, or set "
            "them aside",
            period=period, meters=some_names(meters) if meters else "–",
        )  # fmt: skip
    if period in breached:
        yield fault("rules were broken in {period}: the parameters are those of the period as it ran", period=period)
    yield from _dated(builder, setup)
    yield from _stopped(builder, setup, found)
    yield from _broken(setup.observations, found.predicted)
    scenario = read_scenarios(builder.model, {"calibrated": found.scenario}, None, setup.period.start.date())
    yield from simulated_doubts(scenario)


def _dated(builder: Builder, setup: Setup) -> Iterator[Fault]:
    """Figures that change within the period; the simulation takes those of its first day."""
    first, last = setup.period.start.date(), setup.period.end.date()
    model = builder.model
    given = (*model.parameters.values(), *(one for unit in model.units.values() for one in unit.parameters.values()))
    fed = [end for one in model.streams.values() for end in (one.feed, one.feed_water)]
    days = {step.start for one in (*given, *fed) if isinstance(one, Figure) for step in one.dated}
    changes = sorted(day for day in days if first < day < last)
    if changes:
        yield fault(
            "figures change on {day}, within {period}: the simulation takes those of its first day",
            day=changes[0].isoformat(), period=setup.period.name,
        )  # fmt: skip


def _stopped(builder: Builder, setup: Setup, found: Calibration) -> Iterator[Fault]:
    """An ore that came more slowly than described, while the plant is taken to run all the time."""
    if builder.choices.running == "feed" or builder.choices.running_frac(setup.period.name) < 1:
        return
    for one in setup.parameters:
        stream = builder.model.streams.get(one.key.removesuffix(".feed"))
        value = found.inputs.get(one.key)
        if stream is None or not stream.ore or value is None or value > _SLOW * one.described:
            continue
        yield fault(
            "the feed '{stream}' comes to {value} t/h over all hours of {period}, described are {described}: if the "
            "plant stood part of the time, say for what share it ran ({share} at the described feed)",
            stream=stream.id, period=setup.period.name, value=round(float(value), 1),
            described=round(float(one.described), 1), share=round(float(value / one.described), 3),
        )  # fmt: skip


def _broken(observations: Observations, predicted: Floats) -> Iterator[Fault]:
    """Balances that reconciliation takes for exact and the simulation does not keep."""
    names, values, spread, made = _flows(observations, predicted)
    if not names:
        return
    exact = Whitener.of(spread).fixed
    off = np.abs(exact @ (values - made))
    if len(off) and off.max() > _BROKEN:
        weight = np.abs(exact[int(np.argmax(off))]) * np.linalg.norm(spread, axis=1)
        yield fault(
            "the simulation does not keep a balance of {results} that reconciliation takes for exact, and is off by "
            "{off} standard deviations: a stream is described for one of them only",
            results=tuple(names[int(n)] for n in np.argsort(-weight)[:4]), off=rounded(off.max(), 2),
        )  # fmt: skip


def _flows(observations: Observations, predicted: Floats) -> tuple[list[str], Floats, Floats, Floats]:
    """Names, values, spreads and predictions of all flows: those told, and contents times the mass of their stream."""
    at = {one.name: n for n, one in enumerate(observations.observed)}
    values, spread = observations.values, observations.spread
    names, rows = [], []
    for name, n in at.items():
        stream, _, component = name.partition(":grade.")
        mass = at.get(f"{stream}:solids")
        if not observations.observed[n].below:
            names.append(name)
            rows.append((values[n], spread[n], predicted[n]))
        elif component and mass is not None:
            names.append(f"{stream}:{component}")
            errors = values[mass] * spread[n] + values[n] * spread[mass]
            rows.append((values[mass] * values[n], errors, predicted[mass] * predicted[n]))
    told, errors_of, made = zip(*rows, strict=True) if rows else ((), (), ())
    return names, np.array(told), np.array(errors_of), np.array(made)
