"""The solution of one network, by names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from zveno.model.network import MASS, NetReading, Network
from zveno.reconcile.arrays import Floats, Names
from zveno.reconcile.fit import Fit
from zveno.reconcile.gross_errors import (
    Elimination,
    GrossErrors,
    SuspectClass,
    limit,
    smallest_shown,
)

Known = tuple[float | None, float | None]
Term = tuple[str, str, float]
ReadingStatus = Literal["redundant", "non_redundant", "censored"]


@dataclass(frozen=True)
class ReadingResult:
    """A reading with what reconciliation made of it; ``z`` is None where nothing checks the reading.

    ``shows_from`` is the error of this reading alone that its test would find four times out of five.
    """

    stream: str
    quantity: str
    meter: str
    value: float
    sigma: float
    reconciled: float | None
    reconciled_sd: float | None
    z: float | None
    bias: float | None
    shows_from: float | None
    status: ReadingStatus


@dataclass(frozen=True)
class NetworkResult:
    """Reconciled values of a network. What the readings do not determine is None, never a number.

    ``left_out`` are readings that a robust screen set aside, where the user asked for one. ``other_optima`` are local
    optima with a larger objective that other starts ended at.
    """

    network: Network
    fit: Fit = field(repr=False)
    gross_errors: GrossErrors = field(default_factory=GrossErrors, repr=False)
    left_out: tuple[NetReading, ...] = ()
    other_optima: tuple[Fit, ...] = field(default=(), repr=False)

    @property
    def objective(self) -> float:
        """Sum of squared standardised adjustments: the statistic of the global test."""
        return self.fit.objective

    @property
    def dof(self) -> int:
        """Degrees of freedom: how many independent checks the readings give."""
        return self.fit.dof

    @property
    def p_value(self) -> float | None:
        """Chance of a larger objective if every error is as stated; None without degrees of freedom."""
        return self.fit.p_value

    @property
    def iterations(self) -> int:
        """Steps of the interior point method."""
        return self.fit.iterations

    @property
    def suspect_classes(self) -> tuple[SuspectClass, ...]:
        """Readings that do not fit, grouped by what the data cannot tell apart, loudest first."""
        return self.gross_errors.classes

    @property
    def eliminations(self) -> tuple[Elimination, ...]:
        """Steps of the search for several gross errors; what it lets go still counts in every published number."""
        return self.gross_errors.eliminations

    @cached_property
    def _names(self) -> Names:
        return Names(self.network)

    def value(self, stream: str, quantity: str) -> float | None:
        """Reconciled mass, or assay as mass fraction; None if unobservable, 0 for what is not carried."""
        return self._quantity(stream, quantity)[0]

    def sd(self, stream: str, quantity: str) -> float | None:
        """Standard deviation of the reconciled value; None if unobservable."""
        return self._quantity(stream, quantity)[1]

    def component_flow(self, stream: str, component: str) -> Known:
        """Mass of a component in a stream with its standard deviation."""
        return self.total([(stream, component, 1.0)])

    def total(self, terms: Iterable[Term]) -> Known:
        """Sum of component flows ``(stream, component, sign)``; the component may be ``mass``."""
        return self._known(self.linearised(terms))

    def ratio(self, numerator: Iterable[Term], denominator: Iterable[Term]) -> Known:
        """Ratio of two sums of component flows; None if unobservable or if the denominator is zero."""
        return self._known(self.linearised(numerator, denominator))

    def linearised(self, terms: Iterable[Term], over: Iterable[Term] | None = None) -> tuple[float, Floats] | None:
        """A sum of component flows, or its ratio to another, with its slopes by the variables; None if unobservable.

        The covariance of several such quantities is ``slopes @ fit.linear.spread`` times its own transpose.
        """
        found = self.sloped(terms, over)
        return found if found is not None and self.fit.linear.observable(found[1]) else None

    def sloped(self, terms: Iterable[Term], over: Iterable[Term] | None = None) -> tuple[float, Floats] | None:
        """The same whether or not it is observable: the value is then none; None without a denominator."""
        value, slopes = self._sum(terms)
        if over is not None:
            below, below_slopes = self._sum(over)
            if below == 0 or not np.isfinite(value / below):
                return None
            value, slopes = value / below, (slopes - value / below * below_slopes) / below
        return value, slopes

    def _known(self, found: tuple[float, Floats] | None) -> Known:
        """A quantity with its standard deviation."""
        return (None, None) if found is None else (found[0], self.fit.linear.sd(found[1]))

    def slopes(self, terms: Iterable[Term]) -> Floats:
        """Slopes of a sum of component flows by the variables."""
        return self._sum(terms)[1]

    def grade_slopes(self, stream: str, component: str) -> Floats:
        """Slopes of an assay by the variables; none where the stream does not carry the component."""
        at = self._names.quantity(stream, component)
        return np.zeros(self.fit.linear.slopes.shape[1]) if at is None else self.fit.linear.slopes[at]

    def _sum(self, terms: Iterable[Term]) -> tuple[float, Floats]:
        """A sum of flows with its slopes by the variables."""
        value, slopes = 0.0, np.zeros(self.fit.linear.slopes.shape[1])
        for stream, component, sign in terms:
            at = self._names.quantity(stream, component)
            if at is None:
                continue
            one, by = self._flow(at)
            value, slopes = value + sign * one, slopes + sign * by
        return value, slopes

    def _flow(self, at: int) -> tuple[float, Floats]:
        """A mass or component flow with its slopes."""
        fit = self.fit
        if at < fit.problem.n_streams:
            return (0.0 if fit.closed[at] else float(fit.mass[at])), fit.linear.slopes[at]
        pair = at - fit.problem.n_streams
        stream = int(fit.problem.pair_stream[pair])
        return (0.0 if fit.closed[stream] else float(fit.flow[pair])), fit.flow_slopes[at]

    def _quantity(self, stream: str, quantity: str) -> Known:
        """A mass or assay with its standard deviation."""
        at = self._names.quantity(stream, quantity)
        if at is None:
            return 0.0, 0.0
        if at < self.fit.problem.n_streams:
            return self.total([(stream, MASS, 1.0)])
        pair = at - self.fit.problem.n_streams
        slopes = self.fit.linear.slopes[at]
        if self.fit.closed[self.fit.problem.pair_stream[pair]] or not self.fit.linear.observable(slopes):
            return None, None
        return float(self.fit.assay[pair]), self.fit.linear.sd(slopes)

    @cached_property
    def readings(self) -> tuple[ReadingResult, ...]:
        """Every reading of the network in its order."""
        fit, position = self.fit, {int(number): k for k, number in enumerate(self.fit.linear.used)}
        known = self.gross_errors.limit
        shows = smallest_shown(fit.tests.bias_sd, known if np.isfinite(known) else limit(self.network, fit))
        rows = []
        for number, one in enumerate(self.network.readings):
            k = position.get(number)
            value, sd = self._quantity(one.stream, one.quantity)
            redundant = k is not None and bool(fit.linear.redundant[k])
            status: ReadingStatus = "redundant" if redundant else "non_redundant"
            rows.append(
                ReadingResult(
                    stream=one.stream, quantity=one.quantity, meter=one.meter,
                    value=float(fit.problem.value[number]), sigma=one.sigma, reconciled=value, reconciled_sd=sd,
                    z=_finite(fit.tests.z[k]) if k is not None else None,
                    bias=_finite(fit.tests.bias[k]) if k is not None else None,
                    shows_from=_finite(shows[k]) if k is not None else None,
                    status="censored" if one.below is not None else status,
                )
            )  # fmt: skip
        return tuple(rows)

    @cached_property
    def classification(self) -> dict[str, dict[str, dict[str, str]]]:
        """``measured``: redundant or non_redundant; ``unmeasured``: observable or unobservable.

        Fixed values are in neither part; a quantity with a censored reading only counts as unmeasured.
        """
        measured: dict[str, dict[str, str]] = {}
        for one in self.readings:
            if one.status != "censored":
                status = measured.setdefault(one.stream, {})
                if status.get(one.quantity) != "redundant":
                    status[one.quantity] = one.status
        unmeasured: dict[str, dict[str, str]] = {}
        for stream in self.network.streams:
            for quantity in self.quantities(stream.id):
                if quantity in measured.get(stream.id, {}) or self._fixed(stream.id, quantity):
                    continue
                seen = self.value(stream.id, quantity) is not None
                unmeasured.setdefault(stream.id, {})[quantity] = "observable" if seen else "unobservable"
        return {"measured": measured, "unmeasured": unmeasured}

    def quantities(self, stream: str) -> tuple[str, ...]:
        """Mass and the components that a stream carries."""
        return (MASS, *self.network.carries(self.network.streams[self._names.streams[stream]]))

    def _fixed(self, stream: str, quantity: str) -> bool:
        return (stream, quantity) in self.network.fixed


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
