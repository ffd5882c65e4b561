"""The solution of a large network, by names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from zveno.model.network import MASS, Network
from zveno.reconcile.gross_errors import Elimination, GrossErrors, SuspectClass, smallest_shown
from zveno.reconcile.names import Floats, Names
from zveno.reconcile.result import Known, ReadingResult, ReadingStatus, Term
from zveno.reconcile.sparse.fit import LargeFit


@dataclass(frozen=True)
class LargeResult:
    """Reconciled values of a large network; the same questions as to a :class:`zveno.reconcile.NetworkResult`.

    ``unbounded`` names streams whose masses the readings would let grow without end: they have no value.
    ``other_optima`` are local optima with a larger objective that other starts ended at.
    """

    network: Network
    fit: LargeFit = field(repr=False)
    gross_errors: GrossErrors = field(default_factory=GrossErrors, repr=False)
    other_optima: tuple[LargeFit, ...] = field(default=(), repr=False)

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
    def unbounded(self) -> tuple[str, ...]:
        """Streams whose masses would grow without end."""
        return tuple(self.network.streams[k].id for k in self.fit.unbounded)

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
        return self._known(*self._sum(terms))

    def ratio(self, numerator: Iterable[Term], denominator: Iterable[Term]) -> Known:
        """Ratio of two sums of component flows; None if unobservable or if the denominator is zero."""
        (above, by), (below, by_below) = self._sum(numerator), self._sum(denominator)
        if below == 0 or not np.isfinite(above / below):
            return None, None
        return self._known(above / below, (by - above / below * by_below) / below)

    def _known(self, value: float, slopes: Floats) -> Known:
        """A quantity with its standard deviation, from its slopes by the variables."""
        if not self.fit.structure.sees(slopes):
            return None, None
        column = slopes[:, None]
        variance = float((column.T @ self.fit.spread.covariances(column))[0, 0])
        return value, float(np.sqrt(max(variance, 0.0)))

    def _sum(self, terms: Iterable[Term]) -> tuple[float, Floats]:
        """A sum of masses and component flows with its slopes by the variables."""
        built, value = self.fit.layout, 0.0
        slopes = np.zeros(built.n_variables)
        n_m = len(built.mass_free)
        for stream, component, sign in terms:
            at = self._names.quantity(stream, component)
            if at is None:
                continue
            owner = at if at < built.n_streams else int(built.pair_stream[at - built.n_streams])
            share, column = 1.0, int(built.mass_column[owner])
            if at >= built.n_streams:
                pair = at - built.n_streams
                share = float(self.fit.assay[pair])
                if np.isnan(built.assay_fixed[pair]):
                    column = n_m + int(np.searchsorted(built.flow_free, pair))
            free_flow = at >= built.n_streams and column >= n_m
            if column >= 0:
                slopes[column] += sign * (1.0 if free_flow else share)
            value += 0.0 if self.fit.closed[owner] else sign * share * float(self.fit.mass[owner])
        return value, slopes

    def _quantity(self, stream: str, quantity: str) -> Known:
        """A mass or assay with its standard deviation."""
        at = self._names.quantity(stream, quantity)
        if at is None:
            return 0.0, 0.0
        value = self._values[at]
        return (None, None) if np.isnan(value) else (float(value), float(np.sqrt(self.fit.spread.variance[at])))

    @cached_property
    def _values(self) -> Floats:
        """Masses and assays, NaN where the readings do not determine them."""
        fit, built = self.fit, self.fit.layout
        values = np.concatenate([np.where(fit.closed, 0.0, fit.mass), fit.assay])
        values[built.n_streams :][fit.closed[built.pair_stream]] = np.nan
        values[np.isnan(fit.spread.variance)] = np.nan
        values[fit.unbounded] = np.nan
        return values

    @cached_property
    def readings(self) -> tuple[ReadingResult, ...]:
        """Every reading of the network in its order."""
        fit, read = self.fit, self.fit.layout.readings
        shows = smallest_shown(fit.bias_sd, self.gross_errors.limit)
        bias = fit.z * fit.bias_sd
        sd = np.sqrt(fit.spread.variance)
        rows = []
        for k, one in enumerate(self.network.readings):
            at = int(read.of[k])
            known = not np.isnan(self._values[at])
            redundant = bool(fit.structure.redundant[at])
            status: ReadingStatus = "redundant" if redundant else "non_redundant"
            rows.append(
                ReadingResult(
                    stream=one.stream, quantity=one.quantity, meter=one.meter, value=float(read.value[k]),
                    sigma=one.sigma, reconciled=float(self._values[at]) if known else None,
                    reconciled_sd=float(sd[at]) if known else None, z=_finite(fit.z[k]), bias=_finite(bias[k]),
                    shows_from=_finite(shows[k]), status="censored" if one.below is not None else status,
                )
            )  # fmt: skip
        return tuple(rows)

    @cached_property
    def classification(self) -> dict[str, dict[str, dict[str, str]]]:
        """``measured``: redundant or non_redundant; ``unmeasured``: observable or unobservable.

        Fixed values are in neither part; a quantity with a censored reading only counts as unmeasured.
        """
        fit, built = self.fit, self.fit.layout
        valued = np.zeros(built.n_quantities, dtype=bool)
        valued[built.readings.of[built.readings.values]] = True
        known = ~np.isnan(self._values)
        measured: dict[str, dict[str, str]] = {}
        unmeasured: dict[str, dict[str, str]] = {}
        for stream in self.network.streams:
            for quantity in self.quantities(stream.id):
                at = self._names.quantity(stream.id, quantity)
                if at is None:
                    continue
                if valued[at]:
                    status = "redundant" if fit.structure.redundant[at] else "non_redundant"
                    measured.setdefault(stream.id, {})[quantity] = status
                elif (stream.id, quantity) not in self.network.fixed:
                    unmeasured.setdefault(stream.id, {})[quantity] = "observable" if known[at] else "unobservable"
        return {"measured": measured, "unmeasured": unmeasured}

    def quantities(self, stream: str) -> tuple[str, ...]:
        """Mass and the components that a stream carries."""
        return (MASS, *self.network.carries(self.network.streams[self._names.streams[stream]]))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
