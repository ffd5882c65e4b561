"""Periods that hang together: what is asked of them, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import chdtrc

from zveno.model.network import Network
from zveno.reconcile.arrays import Bools, Floats
from zveno.reconcile.batch import BatchTable
from zveno.reconcile.names import Names


@dataclass(frozen=True)
class LastingBias:
    """An error that stays with a meter: the standard deviation of what is expected of it before any period, in a unit
    of its own (tonnes, or a share of the reading), and of how far it moves from one period to the next.

    Where a meter's limit of bias is known, half of it is the standard deviation.
    """

    name: str
    sd: float
    walk_sd: float = 0.0


@dataclass(frozen=True)
class LinkedPeriods:
    """Readings of consecutive periods of one network whose stocks hang together.

    Parameters
    ----------
    network
        Its readings say what the columns are; their own values are not used.
    values, sigmas
        Shape (T, readings): t or mass fraction, and the standard deviation of what is new in each period; NaN = no
        reading. An opening stock that was surveyed at the end of the period before is not read a second time.
    links
        Pairs of streams: the closing stock of a period, and the opening stock that it is in the next.
    biases, loadings
        Errors that last, and what one unit of each adds to every reading, (T, readings, biases).
    correlations
        Correlations of the errors that are new in each period, (T, readings, readings), in place of the network's.
    steps
        Standard deviation of how far each stock's mass may move within a period, (T, links), in t; its components
        move with it. Infinite, or None, where nothing is said of it.
    """

    network: Network
    values: Floats
    sigmas: Floats
    links: tuple[tuple[str, str], ...]
    biases: tuple[LastingBias, ...] = ()
    loadings: Floats | None = None
    correlations: Floats | None = None
    steps: Floats | None = None


@dataclass(frozen=True)
class Carried:
    """What is known at the end of a period of its stocks and of the biases, to start the next with.

    Parameters
    ----------
    states
        Stream and quantity of each state of a closing stock: its mass, and masses of components.
    biases
        Names of the biases.
    information
        Equations ``information[:, :-1] @ (states, biases) = information[:, -1]`` with errors of one: states in t,
        biases in their prior standard deviations. There are fewer than unknowns where a state is not known at all.
    periods
        How many periods lie behind.
    """

    states: tuple[tuple[str, str], ...]
    biases: tuple[str, ...]
    information: Floats
    periods: int

    @property
    def known(self) -> int:
        """How many states are known, or combinations of them."""
        return len(self.information) - len(self.biases)

    @property
    def mean(self) -> Floats:
        """States in t, then biases in their prior standard deviations; NaN where unknown."""
        found = np.linalg.lstsq(self.information[:, :-1] * self._sizes, self.information[:, -1], rcond=None)[0]
        return np.where(self._unknown, np.nan, found * self._sizes)

    @property
    def covariance(self) -> Floats:
        """Covariance of states and biases; NaN where unknown."""
        root = np.linalg.pinv(self.information[:, :-1] * self._sizes) * self._sizes[:, None]
        unknown = self._unknown
        return np.where(unknown[:, None] | unknown, np.nan, root @ root.T)

    @property
    def _sizes(self) -> Floats:
        """What makes the columns alike."""
        return np.asarray(1 / np.maximum(np.abs(self.information[:, :-1]).max(axis=0, initial=0.0), 1e-300))

    @property
    def _unknown(self) -> Bools:
        rows = self.information[:, :-1] * self._sizes
        _, size, V = np.linalg.svd(rows)
        rank = int(np.sum(size > 1e-9 * size.max(initial=0.0)))
        return np.asarray(np.any(np.abs(V[rank:]) > 1e-6, axis=0))


@dataclass(frozen=True)
class BiasState:
    """A bias in every period, in its own unit: value, standard deviation and ``z``, each (T,).

    None where the readings say nothing of it.
    """

    name: str
    value: tuple[float | None, ...]
    sd: tuple[float | None, ...]
    z: tuple[float | None, ...]


@dataclass(frozen=True)
class LinkedResult:
    """Reconciled periods that hang together.

    Parameters
    ----------
    table
        Values and standard deviations of all quantities of all periods, NaN where unobservable.
    biases
        Errors that last.
    objective, dof, p_value
        Global test of all periods together, what was known beforehand included.
    carried
        What is known at the end.
    active
        Bounds that hold, (T, bounds): they make tests nominal and no standard deviation smaller.
    """

    network: Network
    table: BatchTable
    biases: tuple[BiasState, ...]
    objective: float
    dof: int
    carried: Carried
    active: Bools

    @property
    def p_value(self) -> float | None:
        """Chance of a larger objective if all errors are as stated; None without degrees of freedom."""
        return float(chdtrc(self.dof, self.objective)) if self.dof > 0 else None

    @cached_property
    def _names(self) -> Names:
        return Names(self.network)

    def track(self, stream: str, quantity: str, *, as_read: bool = False) -> tuple[Floats, Floats]:
        """Mass of a stream or of a component in it (the assay, if ``as_read``) in every period, with its sd."""
        at = self._names.quantity(stream, quantity)
        if at is None:
            return np.zeros(len(self.table.flow)), np.zeros(len(self.table.flow))
        table = self.table
        pair = (table.read, table.read_sd) if as_read else (table.flow, table.flow_sd)
        return pair[0][:, at], pair[1][:, at]
