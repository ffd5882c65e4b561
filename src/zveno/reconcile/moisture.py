"""Wet masses and moistures as readings: wet mass times one less moisture is the dry mass that balances.

Each wet stream has water as a further unknown, which no node balances and which is never below zero. It joins nothing
but readings of its own stream, so it is eliminated: where ``m = w (1 - h)`` is replaced by its tangent at the present
wet mass and moisture, the readings of both become readings of the dry mass, with the covariance that follows. That
network is solved, the wet masses and moistures follow from its adjustments, and so on until they stand. There the
tangents touch, so that the point is that of all readings together.

References
----------
Britt & Luecke (1973), Technometrics 15, 233-247 (errors in all variables, by successive tangents).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from zveno.errors import DataError, Fault, SolveError, fault
from zveno.model.network import MASS, MOISTURE, WATER, WET_MASS, NetCovariance, NetReading, Network
from zveno.reconcile.curved import fit_dry
from zveno.reconcile.fit import Fit
from zveno.reconcile.names import Bools, Floats, Ints, reading_number
from zveno.reconcile.objective import misfit
from zveno.text.mark import tr
from zveno.text.words import quantity_phrase

_ROUNDS = 60
_STANDING = 1e-10
_RELEASED = 1e-3


@dataclass(frozen=True)
class WetStream:
    """A stream with readings of its wet mass and moisture, by their numbers, or with one of them known exactly."""

    stream: str
    at: int
    wet: tuple[int, ...]
    moist: tuple[int, ...]
    known_wet: float | None = None
    known_moist: float | None = None

    @property
    def joined(self) -> bool:
        """Whether wet mass and moisture are both there, so that together they say something of the dry mass."""
        return bool(self.wet or self.known_wet) and (bool(self.moist) or self.known_moist is not None)


@dataclass(frozen=True)
class Water:
    """Where the water of the wet streams stands: wet masses, moistures, and which hold none; shapes (wet streams,)."""

    wet_t: Floats
    moisture_frac: Floats
    none: Bools


@dataclass(frozen=True)
class Solved:
    """The fit to readings of dry masses, and what the readings as taken made of them.

    ``made`` (readings of the fit, readings as taken) holds the slopes of the former by the latter; ``beside`` is what
    readings add to the sum of squares that say nothing of any dry mass, and ``slope_beside`` its slopes.
    """

    fit: Fit
    water: Water
    made: csr_array
    beside: float
    slope_beside: Floats


def wet_streams(network: Network) -> tuple[WetStream, ...]:
    """Streams with readings or known values of wet mass or moisture, in the order of the network."""
    read: dict[tuple[str, str], list[int]] = {}
    for number, one in enumerate(network.readings):
        if one.quantity in WATER:
            read.setdefault((one.stream, one.quantity), []).append(number)
    names = {name for name, _ in read} | {name for name, quantity in network.fixed if quantity in WATER}
    wet, moist = (
        {name: tuple(numbers) for (name, kind), numbers in read.items() if kind == quantity} for quantity in WATER
    )
    return tuple(
        WetStream(
            one.id, at, wet.get(one.id, ()), moist.get(one.id, ()),
            network.fixed.get((one.id, WET_MASS)), network.fixed.get((one.id, MOISTURE)),
        )
        for at, one in enumerate(network.streams)
        if one.id in names
    )  # fmt: skip


def has_water(network: Network) -> bool:
    """Whether wet masses or moistures are read or known.

    Examples
    --------
    >>> has_water(Network((), (), ()))
    False
    """
    return any(one.quantity in WATER for one in network.readings) or any(
        quantity in WATER for _, quantity in network.fixed
    )


def check_water(network: Network) -> None:
    """Raise one DataError for everything about wet masses and moistures that cannot be used."""
    faults = [*_reading_faults(network), *_known_faults(network)]
    if faults:
        raise DataError(faults)


_IMPOSSIBLE = tr("stream '{stream}': a wet mass must be above zero and a moisture below one")


def _reading_faults(network: Network) -> Iterator[Fault]:
    """Readings that cannot be used."""
    streams = {one.id for one in network.streams}
    for one in network.readings:
        if one.quantity not in WATER:
            continue
        if one.stream not in streams:
            yield fault("stream '{stream}' does not exist in the network", stream=one.stream)
        if one.value is None or not np.isfinite(one.value) or not one.sigma > 0 or one.below is not None:
            yield fault(
                "the reading of {quantity} of stream '{stream}' needs a value and a standard deviation above zero",
                quantity=quantity_phrase(one.quantity), stream=one.stream,
            )  # fmt: skip
        elif not _possible(one.quantity, one.value):
            yield fault(_IMPOSSIBLE, stream=one.stream)


def _known_faults(network: Network) -> Iterator[Fault]:
    """Known values that cannot be, or that are read besides; extra equations in water."""
    for (name, quantity), value in network.fixed.items():
        if quantity in WATER and not (_possible(quantity, value) and value >= 0):
            yield fault(_IMPOSSIBLE, stream=name)
    for stream in wet_streams(network):
        if (stream.wet and stream.known_wet is not None) or (stream.moist and stream.known_moist is not None):
            yield fault("stream '{stream}': what is known exactly is not read", stream=stream.stream)
    for constraint in network.constraints:
        for term in constraint.terms:
            if term.quantity in WATER:
                yield fault(
                    "extra equations join dry masses and assays only, not {quantity} of stream '{stream}'",
                    quantity=quantity_phrase(term.quantity), stream=term.stream,
                )  # fmt: skip


def _possible(quantity: str, value: float) -> bool:
    """Whether a wet mass or moisture can be so; a moisture read a little below zero is an error of the meter."""
    return value < 1 if quantity == MOISTURE else value > 0


def solve_water(network: Network) -> Solved:
    """Solve a network with wet masses and moistures among its readings.

    Raises
    ------
    DataError
        If the network is not usable.
    SolveError
        If no balanced point was found, or the water of a stream does not come to rest: names the worst.
    """
    check_water(network)
    task = _Task(network, wet_streams(network))
    water = task.begin()
    for _ in range(_ROUNDS):
        dry, made = task.dry_network(water)
        fit = fit_dry(dry)
        now = task.after(fit, made, water)
        moved = np.maximum(np.abs(now.wet_t / water.wet_t - 1), np.abs(now.moisture_frac - water.moisture_frac))
        moved = np.where(now.none == water.none, moved, np.inf)
        if moved.max(initial=0.0) <= _STANDING:
            beside, slope = task.beside(now)
            return Solved(fit, now, made, beside, slope)
        water = now
    raise SolveError(
        "the moisture of stream '{stream}' does not come to rest: check its readings of wet mass and moisture",
        stream=task.streams[int(np.argmax(moved))].stream,
    )


@dataclass(frozen=True)
class _Task:
    """The network as read and its wet streams."""

    network: Network
    streams: tuple[WetStream, ...]

    @cached_property
    def value(self) -> Floats:
        """Values (or limits) of the readings."""
        return np.array(
            [one.value if one.value is not None else one.below for one in self.network.readings], dtype=float
        )

    @cached_property
    def covariance(self) -> csr_array:
        """Covariances of the readings."""
        return covariance_of(self.network)

    def begin(self) -> Water:
        """Means of the readings; a moisture that nobody reads is of no matter."""
        wet = [one.known_wet or self._mean(one.wet, 1.0) for one in self.streams]
        moist = [self._mean(one.moist, 0.0) if one.known_moist is None else one.known_moist for one in self.streams]
        return Water(np.array(wet), np.maximum(np.array(moist), 0.0), np.zeros(len(wet), dtype=bool))

    def dry_network(self, water: Water) -> tuple[Network, csr_array]:
        """The network with readings of dry masses in place of wet ones, and their slopes by the readings as taken."""
        network = self.network
        plain = [k for k, one in enumerate(network.readings) if one.quantity not in WATER]
        rows: list[dict[int, float]] = [{k: 1.0} for k in plain]
        readings = [network.readings[k] for k in plain]
        fixed = {key: value for key, value in network.fixed.items() if key[1] not in WATER}
        for k, one in enumerate(self.streams):
            w, h = float(water.wet_t[k]), float(water.moisture_frac[k])
            for slopes, constant in _made(one, w, h, none=bool(water.none[k])):
                rows.append(slopes)
                value = constant + sum(slope * self.value[at] for at, slope in slopes.items())
                readings.append(NetReading(one.stream, MASS, value, 1.0))
            if one.known_wet is not None and (one.known_moist is not None or water.none[k]):
                fixed[one.stream, MASS] = one.known_wet * (1 - (one.known_moist or 0.0))
        made = _matrix(rows, len(network.readings))
        spread = (made @ self.covariance @ made.T).tocoo()
        sd = np.sqrt(spread.diagonal())
        readings = [replace(one, sigma=float(sd[n]), meter=str(n)) for n, one in enumerate(readings)]
        shared = [
            _covariance(readings[i], readings[j], float(value))
            for i, j, value in zip(*spread.coords, spread.data, strict=True)
            if i < j and value
        ]
        dry = replace(network, readings=tuple(readings), fixed=fixed, covariances=tuple(shared))
        return dry, made

    def after(self, fit: Fit, made: csr_array, water: Water) -> Water:
        """Wet masses and moistures that go with a fit: readings as adjusted, or what follows from the dry mass."""
        adjusted = self.value + self.covariance @ (made.T @ by_reading(fit))
        found = [self._water(one, k, fit, adjusted, water) for k, one in enumerate(self.streams)]
        wet, moist, none = zip(*found, strict=True)
        return Water(np.array(wet), np.array(moist), np.array(none, dtype=bool))

    def _water(self, one: WetStream, k: int, fit: Fit, adjusted: Floats, water: Water) -> tuple[float, float, bool]:
        """Wet mass, moisture, and whether the stream holds no water."""
        dry = max(float(fit.mass[one.at]), 1e-300)
        if water.none[k]:
            push = sum((dry - self.value[at]) / self._variance(at) for at in one.wet)
            push -= sum(self.value[at] / self._variance(at) / dry for at in one.moist)
            if push >= 0:
                return dry, 0.0, True
            return dry / (1 - _RELEASED), _RELEASED, False
        if one.known_moist is not None:
            return dry / (1 - one.known_moist), one.known_moist, False
        wet = one.known_wet or self._settled(one, one.wet, adjusted)
        moist = self._settled(one, one.moist, adjusted)
        if np.isnan(moist):
            moist = 1 - dry / wet
        if np.isnan(wet):
            wet = dry / (1 - moist)
        return (dry, 0.0, True) if moist < 0 else (wet, moist, False)

    def _settled(self, one: WetStream, numbers: Sequence[int], adjusted: Floats) -> float:
        """What readings of one quantity are adjusted to; NaN where there are none."""
        return float(adjusted[numbers[0]]) if one.joined or len(numbers) == 1 else self._mean(numbers, np.nan)

    def beside(self, water: Water) -> tuple[float, Floats]:
        """What is added to the sum of squares by readings that say nothing of the dry mass, with its slopes."""
        cost, slope = 0.0, np.zeros(len(self.value))
        for k, one in enumerate(self.streams):
            for numbers, shown in ((one.wet, water.wet_t[k]), (one.moist, water.moisture_frac[k])):
                used = numbers is one.wet if water.none[k] else one.joined or len(numbers) < 2
                for at in () if used else numbers:
                    if self._shares(at):
                        raise DataError(
                            "stream '{stream}': a reading of {quantity} that says nothing of the dry mass cannot share "
                            "its error with others",
                            stream=one.stream, quantity=quantity_phrase(self.network.readings[at].quantity),
                        )  # fmt: skip
                    slope[at] = float(shown - self.value[at]) / self._variance(at)
                    cost += float(shown - self.value[at]) * float(slope[at])
        return cost, slope

    def _mean(self, numbers: Sequence[int], default: float) -> float:
        """Mean of some readings, weighted with their errors."""
        if not numbers:
            return default
        weight = np.array([1 / self._variance(at) for at in numbers])
        return float(weight @ self.value[list(numbers)] / weight.sum())

    def _variance(self, at: int) -> float:
        return self.network.readings[at].sigma ** 2

    def _shares(self, at: int) -> bool:
        """Whether a reading shares its error with another."""
        return bool(self.covariance.indptr[at + 1] - self.covariance.indptr[at] > 1)


def _made(one: WetStream, w: float, h: float, *, none: bool) -> Iterator[tuple[dict[int, float], float]]:
    """Readings of the dry mass that those of a stream make: slopes by reading, and a constant.

    All combinations that do not depend on the water: as many as there are readings, less one for the water itself.
    """
    if none:
        yield from (({at: 1.0}, 0.0) for at in one.wet)
    elif not one.joined:
        return
    elif one.known_wet is not None:
        yield from (({at: -one.known_wet}, one.known_wet) for at in one.moist)
    elif one.known_moist is not None:
        yield from (({at: 1 - one.known_moist}, 0.0) for at in one.wet)
    else:
        yield from (({at: 1 - h, one.moist[0]: -w}, w * h) for at in one.wet)
        yield from (({one.wet[0]: 1 - h, at: -w}, w * h) for at in one.moist[1:])


def by_reading(fit: Fit) -> Floats:
    """Slopes of half the sum of squares by the readings of a fit."""
    return np.asarray(misfit(fit.problem, fit.data, fit.mass[None], fit.assay[None]).by_reading[0])


def covariance_of(network: Network) -> csr_array:
    """Covariances of all readings of a network, (readings, readings)."""
    rows: list[dict[int, float]] = [{k: one.sigma**2} for k, one in enumerate(network.readings)]
    for one in network.covariances:
        i = reading_number(network, one.first, one.first_meter)
        j = reading_number(network, one.second, one.second_meter)
        rows[i][j] = rows[j][i] = one.value
    return _matrix(rows, len(rows))


def _matrix(rows: Sequence[Mapping[int, float]], columns: int) -> csr_array:
    """A sparse matrix from its rows."""
    pointer = np.cumsum([0, *(len(row) for row in rows)])
    at: Ints = np.array([k for row in rows for k in row], dtype=np.int64)
    value = np.array([one for row in rows for one in row.values()], dtype=float)
    return csr_array((value, at, pointer), shape=(len(rows), columns))


def _covariance(first: NetReading, second: NetReading, value: float) -> NetCovariance:
    """Covariance of two readings, named by their meters too."""
    return NetCovariance(
        (first.stream, first.quantity), (second.stream, second.quantity), value, first.meter, second.meter
    )
