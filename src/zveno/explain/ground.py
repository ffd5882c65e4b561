"""What figures are explained from: a solved period, its readings, the records behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zveno.errors import DataError
from zveno.model.network import MASS, Network
from zveno.periods import Period
from zveno.reconcile import MonthInput, NetworkResult
from zveno.reconcile.figures import Views
from zveno.reconcile.measured import Measured
from zveno.reconcile.names import covariance_pairs
from zveno.reconcile.tested import pull_of
from zveno.tables.figure import (
    ErrorOf,
    Figure,
    Figures,
    Handed,
    Leaf,
    Of,
    Read,
    Recorded,
    Score,
    Solved,
    slopes_of,
    value_of,
)

Floats = NDArray[np.float64]
REPORTS = ("metal_balance", "link.")
"""How groups of figures begin that a report works out itself: all of the report has to be made for them."""
Key = tuple[str, str, str]
"""A reading: stream, quantity, meter."""


@dataclass(frozen=True)
class Ground:
    """A period with its figures.

    Parameters
    ----------
    period
        The period.
    figures
        Figures by their addresses.
    views
        The balances that they follow from.
    month
        The readings of the period with what they were made from.
    records
        Table ``records`` from which the readings were made.
    """

    period: Period
    figures: Figures
    views: Views = field(repr=False)
    month: MonthInput = field(repr=False)
    records: pl.DataFrame = field(repr=False)

    @property
    def network(self) -> Network:
        """The network with all readings."""
        return self.month.network

    @cached_property
    def readings(self) -> Mapping[Key, int]:
        """Number of each reading of the network."""
        return {(one.stream, one.quantity, one.meter): n for n, one in enumerate(self.network.readings)}

    def measured(self, key: Key) -> Measured:
        """The value of a reading with the parts of its error and what it was made from."""
        return self.month.measured[self.readings[key]]

    @cached_property
    def covariance(self) -> Floats:
        """Covariance of the readings, (readings, readings)."""
        V = np.diag([one.sigma**2 for one in self.network.readings])
        pairs = covariance_pairs(self.network)
        V[pairs.first, pairs.second] = V[pairs.second, pairs.first] = pairs.value
        return V

    def figure(self, address: str) -> Figure:
        """The figure at an address.

        Raises
        ------
        DataError
            If there is none: names near ones.
        """
        found = self.figures.get(address)
        if found is None:
            raise DataError(
                "'{address}' is no figure of {period}: zveno explain --list {period} shows them all",
                address=address, period=self.period.name, near=_near(address, self.figures),
            )  # fmt: skip
        return found

    def result(self, view: str) -> NetworkResult:
        """The balance of a view."""
        found = self.views[view]
        assert found is not None, view  # figures are declared of balances that were solved
        return found

    def listed(self, like: str = "") -> dict[str, Figure]:
        """Figures whose address holds every word; what reports work out themselves only where they are named."""
        words = like.lower().split()
        found = self.figures.of(lambda group: not group.startswith(REPORTS) or any(one in like for one in REPORTS))
        return {name: one for name, one in found.items() if all(word in name.lower() for word in words)}

    # ---- leaves ------------------------------------------------------------------------------------------------------

    def known(self, leaf: Leaf) -> float:
        """Value of a leaf, as published or solved."""
        if isinstance(leaf, Of):
            return self.figure(leaf.address).value
        if isinstance(leaf, ErrorOf):
            return self.figure(leaf.address).sd or 0.0
        if isinstance(leaf, Solved):
            return solved_value(self.result(leaf.view), leaf)
        if isinstance(leaf, Read):
            one = self.measured((leaf.stream, leaf.quantity, leaf.meter))
            return one.sd if leaf.sd else one.value
        if isinstance(leaf, Score):
            return pull_of(self.result(""), leaf)[0]
        if isinstance(leaf, Handed):
            return float(self.handed(leaf)["value"].sum())
        if isinstance(leaf, Recorded):
            return float(self.recorded(leaf)["value"].item())
        return leaf.value

    def handed(self, leaf: Handed) -> pl.DataFrame:
        """Records that a sum of what was handed over is made of."""
        start, end = self.period.instants
        return self.records.filter(
            pl.col("start") >= start, pl.col("end") <= end, pl.col("quantity") == leaf.quantity,
            pl.col("point").is_in(list(leaf.meters)), pl.col("value").is_not_null(),
        )  # fmt: skip

    def recorded(self, leaf: Recorded) -> pl.DataFrame:
        """The record of a cell."""
        return self.records.filter(
            *(pl.col(name) == one for name, one in vars(leaf).items()), pl.col("value").is_not_null()
        )

    def by_leaves(self, figure: Figure) -> dict[Leaf, float]:
        """Derivatives of a figure by what was solved, read or handed over: other figures are followed to the end."""
        found: dict[Leaf, float] = {}
        for leaf, slope in slopes_of(figure.formula, self.known).items():
            inner = self.by_leaves(self.figure(leaf.address)) if isinstance(leaf, Of) else {leaf: 1.0}
            for one, by in inner.items():
                found[one] = found.get(one, 0.0) + slope * by
        return found

    def by_readings(self, figure: Figure) -> Floats:
        """Derivatives of a figure by the readings of the network, (readings,), as the balance linearised at the
        reconciled point has them: those from which the standard deviation of the figure follows.
        """
        out = np.zeros(len(self.network.readings))
        functionals: dict[str, Floats] = {}
        for leaf, slope in self.by_leaves(figure).items():
            if isinstance(leaf, Read) and not leaf.sd:
                out[self.readings[leaf.stream, leaf.quantity, leaf.meter]] += slope
            elif isinstance(leaf, Score):
                for key, pull in pull_of(self.result(""), leaf)[1].items():
                    out[self.readings[key]] += slope * pull
            elif isinstance(leaf, Solved):
                by = slope * _functional(self.result(leaf.view), leaf)
                functionals[leaf.view] = functionals.get(leaf.view, 0.0) + by
        for view, functional in functionals.items():
            result = self.result(view)
            linear = result.fit.linear
            for number, by in zip(linear.used, linear.by_readings(functional), strict=True):
                one = result.network.readings[int(number)]
                out[self.readings[one.stream, one.quantity, one.meter]] += by
        return out

    def value(self, figure: Figure) -> float:
        """The figure by its formula, from what was solved."""
        return value_of(figure.formula, self._followed)

    def _followed(self, leaf: Leaf) -> float:
        return self.value(self.figure(leaf.address)) if isinstance(leaf, Of) else self.known(leaf)


def solved_value(result: NetworkResult, leaf: Solved) -> float:
    """Value of what was solved."""
    if not leaf.grade:
        found = result.sloped([(leaf.stream, leaf.quantity, 1.0)])
        assert found is not None  # without a denominator there is always a value
        return found[0]
    value = result.value(leaf.stream, leaf.quantity)
    return 0.0 if value is None else value


def _functional(result: NetworkResult, leaf: Solved) -> Floats:
    """Its slopes by the variables of the balance."""
    if not leaf.grade or leaf.quantity == MASS:
        return result.slopes([(leaf.stream, leaf.quantity, 1.0)])
    return result.grade_slopes(leaf.stream, leaf.quantity)


def _near(address: str, figures: Mapping[str, Figure]) -> str:
    """An address that looks alike."""
    return next(iter(get_close_matches(address, list(figures), n=1)), "")
