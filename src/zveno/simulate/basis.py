"""What a stream is made of: minerals by floatability and size class, elements in a smelter, and water.

A stream is an array of mass flows, t/h, shape (scenario, component). Components are listed by ore, mineral,
floatability class and size class, then come the elements; water is always the last one. Two ores keep their minerals
apart, because rates and trace contents belong to the ore. In a smelter the elements of a stream say all: which
compounds they form follows from where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from zveno.simulate.moves import NOTHING_MOVES, Bools, Floats, Ints, Moves, rows_of
from zveno.simulate.sizing import Sizing

__all__ = ["ENTRAINMENT", "Basis", "Bools", "FloatClass", "Floats", "Ints", "basis_of", "element_basis", "rows_of"]

FloatClass = Literal["fast", "slow", "non", "element", "water"]

ENTRAINMENT = {"gangue": 1.0, "pyrite": 0.6, "water": 0.0}
"""How a mineral group follows the water, relative to gangue; other groups take 0.5."""


@dataclass(frozen=True)
class Basis:
    """Components of the streams of one circuit.

    Parameters
    ----------
    ores, minerals, classes, groups
        Per component: ore, mineral, floatability class, mineral group; shape (C,).
    sg
        Density, t/m3, shape (C,).
    k_per_min
        Rate constant of flotation, shape (S, C) or (1, C).
    entrainment
        How a component follows the water into froth, relative to fine gangue, shape (S or 1, C).
    composition
        Turns minerals into their elements; None where there are no elements.
    sizing
        Size classes; None where no ore has any.
    """

    ores: tuple[str, ...]
    minerals: tuple[str, ...]
    classes: tuple[FloatClass, ...]
    groups: tuple[str, ...]
    sg: Floats
    k_per_min: Floats
    entrainment: Floats
    composition: Moves | None = None
    sizing: Sizing | None = None

    def __len__(self) -> int:
        return len(self.minerals)

    @cached_property
    def solid(self) -> Bools:
        """True for everything but water, shape (C,)."""
        return np.array([one != "water" for one in self.classes])

    @cached_property
    def elements(self) -> dict[str, int]:
        """Place of each element among the components."""
        named = enumerate(zip(self.minerals, self.classes, strict=True))
        return {one: n for n, (one, name) in named if name == "element"}

    def among(self, *groups: str) -> Bools:
        """True for components of these mineral groups, shape (C,)."""
        return np.array([one in groups for one in self.groups], dtype=bool)

    def pairs(self, source: FloatClass, target: FloatClass) -> tuple[Ints, Ints]:
        """Components of one class, and beside them those of another class of the same ore, mineral and size."""
        found = [(one[source], one[target]) for one in self._classmates if source in one and target in one]
        both = np.array(found, dtype=np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    @cached_property
    def _classmates(self) -> tuple[dict[str, int], ...]:
        """For each mineral of each ore in each size, the component of each class."""
        found: dict[tuple[str, str, int], dict[str, int]] = {}
        sizes = [-1] * len(self) if self.sizing is None else self.sizing.at.tolist()
        for n, (*kind, name) in enumerate(zip(self.ores, self.minerals, sizes, self.classes, strict=True)):
            found.setdefault(tuple(kind), {})[name] = n
        return tuple(found.values())

    @cached_property
    def broken(self) -> tuple[Ints, Ints]:
        """Components of ground minerals, and beside them each that their fragments may be."""
        if self.sizing is None:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        kinds = {one: n for n, one in enumerate(dict.fromkeys(zip(self.ores, self.minerals, strict=True)))}
        kind = np.array([kinds[one] for one in zip(self.ores, self.minerals, strict=True)])
        names = {one: n for n, one in enumerate(dict.fromkeys(self.classes))}
        name = np.array([names[one] for one in self.classes])
        finer = (self.sizing.at[:, None] >= 0) & (self.sizing.at > self.sizing.at[:, None])
        reached = self.sizing.redrawn | (name == name[:, None])
        source, target = np.nonzero((kind == kind[:, None]) & finer & reached)
        return source, target

    def take(self, rows: Ints) -> Basis:
        """The same components for some of the scenarios."""
        composition = None if self.composition is None else self.composition.take(rows)
        sizing = None if self.sizing is None else self.sizing.take(rows)
        same = composition is self.composition and sizing is self.sizing
        if same and len(self.k_per_min) == len(self.entrainment) == 1:
            return self
        rates, follows = rows_of(self.k_per_min, rows), rows_of(self.entrainment, rows)
        return replace(self, k_per_min=rates, entrainment=follows, composition=composition, sizing=sizing)

    def pick(self, columns: Ints) -> Basis:
        """Some of the components, in rising order, water among them."""
        if len(columns) == len(self):
            return self
        ores, minerals, classes, groups = (
            tuple(one[n] for n in columns) for one in (self.ores, self.minerals, self.classes, self.groups)
        )
        return Basis(
            ores, minerals, classes, groups,
            sg=self.sg[columns],
            k_per_min=self.k_per_min[:, columns],
            entrainment=self.entrainment[:, columns],
            composition=None if self.composition is None else self.composition.pick(columns),
            sizing=None if self.sizing is None else self.sizing.pick(columns),
        )  # fmt: skip

    def solids(self, flow: Floats) -> Floats:
        """Dry mass flow of streams (..., C), shape (...)."""
        return np.asarray(flow @ self._solid_weight)

    def volume(self, flow: Floats) -> Floats:
        """Pulp volume flow, m3/h, of streams (..., C), shape (...)."""
        return np.asarray(flow @ self._m3_per_t)

    @cached_property
    def _solid_weight(self) -> Floats:
        return self.solid.astype(float)

    @cached_property
    def _m3_per_t(self) -> Floats:
        return 1 / self.sg


def basis_of(
    minerals: Iterable[tuple[str, FloatClass]],
    *,
    sg: ArrayLike,
    k_per_min: ArrayLike,
    groups: Iterable[str],
    entrainment: ArrayLike | None = None,
    sizes: tuple[ArrayLike, ArrayLike] | None = None,
) -> Basis:
    """A basis for one ore and all scenarios alike, from lists without water; water is added at the end.

    Parameters
    ----------
    minerals
        Mineral and floatability class of each component.
    sg, k_per_min, groups
        Density (t/m3), rate constant and mineral group of each component.
    entrainment
        How each follows the water; by mineral group if left out.
    sizes
        Sieve openings, um, falling, and the size class of each component, 0 the coarsest.

    Examples
    --------
    >>> basis = basis_of([("chalcopyrite", "fast"), ("quartz", "non")],
    ...     sg=[4.2, 2.65], k_per_min=[0.6, 0.0], groups=["cu_sulphide", "gangue"])
    >>> basis.minerals
    ('chalcopyrite', 'quartz', 'water')
    """
    pairs = (*minerals, ("water", "water"))
    names = (*groups, "water")
    given = [ENTRAINMENT.get(one, 0.5) for one in names] if entrainment is None else [*_row(entrainment), 0.0]
    return Basis(
        ores=("",) * len(pairs),
        minerals=tuple(one for one, _ in pairs),
        classes=tuple(name for _, name in pairs),
        groups=names,
        sg=np.array([*_row(sg), 1.0]),
        k_per_min=np.array([[*_row(k_per_min), 0.0]]),
        entrainment=np.array([given]),
        sizing=None if sizes is None else _sizing(np.array(_row(sizes[0])), [*np.asarray(sizes[1]).tolist(), -1]),
    )


def _sizing(sieves_um: Floats, classes: Sequence[int]) -> Sizing:
    """Size classes of one ore whose grains keep their floatability when they break."""
    count = len(classes)
    return Sizing(
        sieves_um, np.array(classes), ore=np.zeros(count, dtype=np.int64), class_share=np.ones((1, count)),
        redrawn=np.zeros(count, dtype=bool), breakage=np.ones((1, 1)),
    )  # fmt: skip


def element_basis(*elements: str) -> Basis:
    """A basis of elements and water, without minerals.

    >>> element_basis("Cu", "S").elements
    {'Cu': 0, 'S': 1}
    """
    names, count = (*elements, "water"), len(elements) + 1
    return Basis(
        ores=("",) * count,
        minerals=names,
        classes=(*("element" for _ in elements), "water"),  # type: ignore[arg-type]
        groups=names,
        sg=np.ones(count),
        k_per_min=np.zeros((1, count)),
        entrainment=np.zeros((1, count)),
        composition=NOTHING_MOVES,
    )


def _row(values: ArrayLike) -> list[float]:
    """Values as a flat list of floats."""
    return [float(one) for one in np.asarray(values, dtype=float)]
