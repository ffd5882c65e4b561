"""Size classes: which sieve a component lies on, and what is read from a distribution of sizes.

Sieves are named by their openings from coarse to fine. Class 0 lies on the first sieve, the last class passes all:
n - 1 sieves make n classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from zveno.simulate.moves import Bools, Floats, Ints, rows_of

PAN = "0"
"""How the class that passes all sieves is named in a figure."""
_PAN_SIZE = 0.5  # what passes the last sieve counts as half its opening
_LONE_RATIO = 2.0  # of the sieve above a lone one
_TOLD = 1e-4  # a sieve tells shares no finer


@dataclass(frozen=True)
class Sizing:
    """Size classes of the components of a basis.

    Parameters
    ----------
    sieves_um
        Openings, um, falling, shape (n - 1,).
    at
        Size class of each component, -1 for those without one, shape (C,).
    ore
        Which of K ores a component belongs to, shape (C,).
    class_share
        Share of a mineral in its size class that floats as the component does, shape (S or 1, C).
    redrawn
        Grains that are broken into this component's class take its shares of floatability, shape (C,); others keep
        their own.
    breakage
        How fast the grains of each ore break, relative to the rates of a mill, shape (S or 1, K).
    """

    sieves_um: Floats
    at: Ints
    ore: Ints
    class_share: Floats
    redrawn: Bools
    breakage: Floats

    def __len__(self) -> int:
        return len(self.sieves_um) + 1

    def take(self, rows: Ints) -> Sizing:
        """The same classes for some of the scenarios."""
        if len(self.class_share) == len(self.breakage) == 1:
            return self
        return replace(self, class_share=rows_of(self.class_share, rows), breakage=rows_of(self.breakage, rows))

    def pick(self, columns: Ints) -> Sizing:
        """The same classes for some of the components."""
        return replace(
            self, at=self.at[columns], ore=self.ore[columns], class_share=self.class_share[:, columns],
            redrawn=self.redrawn[columns],
        )  # fmt: skip

    @cached_property
    def sized(self) -> Bools:
        """Components that have a size class, shape (C,)."""
        return self.at >= 0

    @cached_property
    def grain_um(self) -> Floats:
        """Size of the grains of each component, um, shape (C,); that of the pan where there is no class."""
        return mean_sizes(self.sieves_um)[self.at]

    def by_class(self, flow: Floats) -> Floats:
        """Mass in each size class of flows (..., C), shape (..., n)."""
        found = np.zeros((*flow.shape[:-1], len(self)))
        for size in range(len(self)):
            found[..., size] = flow[..., self.at == size].sum(axis=-1)
        return found


def class_names(sieves_um: Floats | Sequence[float]) -> tuple[str, ...]:
    """Names of the size classes: the sieve that each lies on, ``0`` for the pan.

    >>> class_names(np.array([300.0, 150.0, 37.5]))
    ('300', '150', '37.5', '0')
    """
    return (*(f"{one:g}" for one in sieves_um), PAN)


def sized_names(name: str, sieves_um: Floats | Sequence[float]) -> tuple[str, ...]:
    """Figures that give a value by size class, coarse first.

    >>> sized_names("float.quartz.k_fast", [150.0])
    ('float.quartz.k_fast.150', 'float.quartz.k_fast.0')
    """
    return tuple(f"{name}.{one}" for one in class_names(sieves_um))


def bounds(sieves_um: Floats) -> tuple[Floats, Floats]:
    """Lower and upper bound of each class, um, shape (n,); above the coarsest sieve the series goes on one step.

    >>> bounds(np.array([400.0, 200.0]))
    (array([400., 200.,   0.]), array([800., 400., 200.]))
    """
    step = sieves_um[0] / sieves_um[1] if len(sieves_um) > 1 else _LONE_RATIO
    return np.append(sieves_um, 0.0), np.concatenate([[sieves_um[0] * step], sieves_um])


def mean_sizes(sieves_um: Floats) -> Floats:
    """Size that stands for each class, um, shape (n,): the geometric mean of its bounds; half the last opening."""
    low, high = bounds(sieves_um)
    return np.append(np.sqrt(low[:-1] * high[:-1]), _PAN_SIZE * high[-1])


def retained(passing: Floats) -> Floats:
    """Share of each class (..., n) from the shares (..., n - 1) that pass each sieve.

    >>> retained(np.array([0.9, 0.5])).round(3)
    array([0.1, 0.4, 0.5])
    """
    ends = np.ones((*passing.shape[:-1], 1))
    return np.asarray(-np.diff(np.concatenate([ends, passing, 0 * ends], axis=-1), axis=-1))


def passing(amounts: Floats) -> Floats:
    """Share that passes each sieve, shape (..., n - 1), from the mass (..., n) of each class; NaN of nothing."""
    total = amounts.sum(axis=-1, keepdims=True)
    finer = np.cumsum(amounts[..., ::-1], axis=-1)[..., ::-1][..., 1:]
    return np.asarray(np.divide(finer, total, out=np.full(finer.shape, np.nan), where=total > 0))


def rosin_rammler(sieves_um: Floats, p80_um: Floats, slope: Floats) -> Floats:
    """Share 1 - exp(-ln 5 (x / P80)^slope) that passes each sieve, shape (S, n - 1), of P80 and slope (S,).

    References
    ----------
    Rosin & Rammler (1933), J. Inst. Fuel 7, 29-36.

    Examples
    --------
    >>> rosin_rammler(np.array([200.0, 100.0]), np.array([200.0]), np.array([1.0])).round(4)
    array([[0.8   , 0.5528]])
    """
    return np.asarray(-np.expm1(-np.log(5) * (sieves_um / p80_um[:, None]) ** slope[:, None]))


def size_at(share: float, passed: Floats, sieves_um: Floats) -> Floats:
    """Size that a share of the mass passes, um, shape (S,), from the shares (S, n - 1) that pass the sieves.

    Between two sieves it lies on the curve of Rosin and Rammler through both, where a sieve that passes more than
    99.99 % or less than 0.01 % counts as passing that. NaN where the sieves do not hold the size between them: what
    lies on the coarsest or below the finest is not known.

    Examples
    --------
    >>> size_at(0.8, np.array([[0.9, 0.6], [0.7, 0.5]]), np.array([200.0, 100.0])).round(1)
    array([152.8,   nan])
    """
    found = np.full(len(passed), np.nan)
    for n in range(len(sieves_um) - 1):
        high, low = passed[:, n], passed[:, n + 1]
        coarse, fine = sieves_um[n], sieves_um[n + 1]
        ends = [np.log(-np.log1p(-np.clip(one, _TOLD, 1 - _TOLD))) for one in (low, high, share)]
        span = np.where(ends[1] > ends[0], ends[1] - ends[0], 1.0)
        here = fine * (coarse / fine) ** np.clip((ends[2] - ends[0]) / span, 0, 1)
        found = np.where((high >= share) & (low < share), here, found)
    return np.where(passed[:, -1] == share, sieves_um[-1], found)


def share_at(size_um: float, passed: Floats, sieves_um: Floats) -> Floats:
    """Share that a sieve of any opening between the finest and the coarsest would pass, shape (S,); as ``size_at``.

    Examples
    --------
    >>> share_at(152.8, np.array([[0.9, 0.6]]), np.array([200.0, 100.0])).round(3)
    array([0.8])
    """
    n = int(np.searchsorted(-sieves_um, -size_um, side="right")) - 1
    if sieves_um[n] == size_um:
        return np.asarray(passed[:, n])
    part = np.log(size_um / sieves_um[n + 1]) / np.log(sieves_um[n] / sieves_um[n + 1])
    high, low = (np.log(-np.log1p(-np.clip(passed[:, one], _TOLD, 1 - _TOLD))) for one in (n, n + 1))
    between = -np.expm1(-np.exp(low + part * (high - low)))
    return np.asarray(np.clip(between, passed[:, n + 1], passed[:, n]))
