"""Suppliers' assays against ours: is one of them biased, a sampler, or one supplier when a certain sampler works."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from zveno.tables import frame

Floats = NDArray[np.float64]
Kind = Literal["all", "supplier", "sampler", "pair"]
LEVEL = 0.05
FEW = 3
_ORDER = {"all": 0, "supplier": 1, "sampler": 2, "pair": 3}


@dataclass(frozen=True)
class Lot:
    """A lot that both sides assayed; mass fractions, dry mass in t (None where it is not given)."""

    lot: str
    supplier: str
    sampler: str
    component: str
    ours_frac: float
    theirs_frac: float
    umpire_frac: float | None = None
    mass_t: float | None = None


@dataclass(frozen=True)
class Candidate:
    """What may be biased: the lots of a supplier, of a sampler, or of both together; ``lots`` has shape (n,)."""

    kind: Kind
    supplier: str
    sampler: str
    lots: NDArray[np.bool_] = field(repr=False, hash=False, compare=False)

    @property
    def name(self) -> str:
        """In a word: ``supplier/sampler``."""
        return "/".join(filter(None, (self.supplier, self.sampler)))


@dataclass(frozen=True)
class _Effect:
    """By how much a group of lots differs, with its standard error and degrees of freedom."""

    size: float
    se: float
    dof: int

    @property
    def t(self) -> float:
        return self.size / self.se if self.se > 0 else math.inf

    @property
    def p(self) -> float:
        return float(2 * stdtr(self.dof, -abs(self.t)))

    @property
    def half(self) -> float:
        return float(stdtrit(self.dof, 1 - LEVEL / 2)) * self.se


def supplier_biases(lots: Sequence[Lot]) -> pl.DataFrame:
    """Table ``supplier_biases``, by component: all lots, each supplier, sampler and pair.

    Notes
    -----
    The logarithm of theirs over ours of a lot is what all lots have in common, plus effects of its supplier, its
    sampler or just of both together, plus chance. Every supplier, sampler and pair of three lots or more is compared
    with the rest; that which explains most is taken in if its chance, corrected for all that is compared over all
    components (Holm), is below 5 %; then the others are compared again beside it. So a supplier is not accused for what
    one sampler does, nor a pair for what a supplier does with everybody. What has the same lots (a supplier that one
    sampler alone sees) cannot be told apart and is said with it. What all lots have in common accuses nobody: it may be
    ours.

    References
    ----------
    Holm (1979), Scand. J. Stat. 6, 65-70; Draper & Smith (1998), Applied Regression Analysis, 3rd ed., ch. 15 (forward
    selection).
    """
    by_component: dict[str, list[Lot]] = defaultdict(list)
    for one in lots:
        if one.ours_frac > 0 and one.theirs_frac > 0:
            by_component[one.component].append(one)
    tasks = [_Task(component, tuple(found)) for component, found in sorted(by_component.items())]
    compared = sum(len(task.distinct) for task in tasks)
    rows = [row for task in tasks for row in task.rows(compared)]
    return frame("supplier_biases", rows)


class _Task:
    """The comparison of one component."""

    def __init__(self, component: str, lots: tuple[Lot, ...]) -> None:
        self.component, self.lots = component, lots
        self.ratio = np.log([one.theirs_frac / one.ours_frac for one in lots])
        self.candidates = _candidates(lots)
        self.distinct = _distinct([one for one in self.candidates if _comparable(one)])

    def rows(self, compared: int) -> list[dict[str, Any]]:
        """Rows of the table; ``compared`` counts what is compared over all components."""
        named = self._selected(compared)
        before = {id(one): _effect(self.ratio, [one.lots]) for group in self.distinct for one in group[:1]}
        rows = [self._common(named)]
        for group in self.distinct:
            head = group[0]
            others = [one.lots for one in named if one is not head]
            effect = _effect(self.ratio, [head.lots, *others])
            if effect is None:
                rows += [self._unknown(one) for one in group]
                continue
            is_named = any(one is head for one in named)
            left = compared - (named.index(head) if is_named else len(named))
            p_holm = min(1.0, effect.p * max(left, 1))
            first = before[id(head)]
            explained = not is_named and first is not None and first.p * compared < LEVEL
            verdict = "biased" if is_named else "explained" if explained else "clean"
            for one in group:
                instead = "; ".join(each.name for each in group if each is not one)
                rows.append(self._row(one, effect) | {"p_holm": p_holm, "verdict": verdict, "instead": instead})
        rows += [self._unknown(one) for one in self.candidates if not _comparable(one)]
        return sorted(rows, key=lambda row: (_ORDER[row["kind"]], row["supplier"], row["sampler"]))

    def _selected(self, compared: int) -> list[Candidate]:
        """What explains the differences, the most telling first."""
        named: list[Candidate] = []
        while True:
            best: tuple[float, Candidate] | None = None
            for group in self.distinct:
                head = group[0]
                if any(one is head for one in named):
                    continue
                effect = _effect(self.ratio, [head.lots, *(one.lots for one in named)])
                if effect is not None and effect.se > 0 and (best is None or effect.p < best[0]):
                    best = (effect.p, head)
            if best is None or best[0] * max(compared - len(named), 1) >= LEVEL:
                return named
            named.append(best[1])

    def _common(self, named: Sequence[Candidate]) -> dict[str, Any]:
        """What all lots have in common beside the named ones."""
        everything = Candidate("all", "", "", np.ones(len(self.lots), dtype=bool))
        effect = _effect(self.ratio, [everything.lots, *(one.lots for one in named)], intercept=False)
        verdict = "common" if effect is not None and effect.p < LEVEL else "clean"
        return self._row(everything, effect) | {"p_holm": None, "verdict": verdict, "instead": ""}

    def _unknown(self, one: Candidate) -> dict[str, Any]:
        """Too few lots, or all of them."""
        return self._row(one, None) | {"p_holm": None, "verdict": "too_few", "instead": ""}

    def _row(self, one: Candidate, effect: _Effect | None) -> dict[str, Any]:
        mine = [lot for lot, within in zip(self.lots, one.lots, strict=True) if within]
        size = None if effect is None else effect.size
        low, high = (None, None) if effect is None else (effect.size - effect.half, effect.size + effect.half)
        metal = _metal_t(mine)
        theirs, ours, umpired = _to_umpire(mine)
        worth = [None if metal is None or share is None else share * metal for share in (size, low, high)]
        return {
            "component": self.component, "kind": one.kind, "supplier": one.supplier, "sampler": one.sampler,
            "lots": len(mine), "bias_rel_frac": size, "bias_low_frac": low, "bias_high_frac": high,
            "t": None if effect is None else effect.t, "p_value": None if effect is None else effect.p,
            "content_t": worth[0], "content_low_t": worth[1], "content_high_t": worth[2],
            "umpired": umpired, "theirs_to_umpire_frac": theirs, "ours_to_umpire_frac": ours,
        }  # fmt: skip


def _candidates(lots: Sequence[Lot]) -> list[Candidate]:
    """Every supplier, sampler and pair; the wider ones first."""
    suppliers, samplers = (np.array([getattr(one, name) for one in lots]) for name in ("supplier", "sampler"))
    found = [Candidate("supplier", str(one), "", suppliers == one) for one in np.unique(suppliers)]
    found += [Candidate("sampler", "", str(one), samplers == one) for one in np.unique(samplers) if one]
    pairs = sorted({(one.supplier, one.sampler) for one in lots if one.sampler})
    return found + [
        Candidate("pair", supplier, sampler, (suppliers == supplier) & (samplers == sampler))
        for supplier, sampler in pairs
    ]


def _comparable(one: Candidate) -> bool:
    """Whether it has lots enough, and the rest too."""
    return bool(one.lots.sum() >= FEW and (~one.lots).sum() >= FEW)


def _distinct(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Candidates grouped by their lots, or by the rest: two halves of all lots say the same of each other."""
    groups: dict[bytes, list[Candidate]] = {}
    for one in candidates:
        flipped = one.lots if one.lots[0] else ~one.lots
        groups.setdefault(flipped.tobytes(), []).append(one)
    return list(groups.values())


def _effect(ratio: Floats, columns: Sequence[NDArray[np.bool_]], *, intercept: bool = True) -> _Effect | None:
    """Effect of the first column beside the others, by least squares; None where they cannot be told apart."""
    parts = [*([np.ones(len(ratio))] if intercept else []), *(one.astype(float) for one in columns)]
    matrix = np.stack(parts, axis=1)
    dof = len(ratio) - matrix.shape[1]
    if dof < 1 or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return None
    inverse = np.linalg.inv(matrix.T @ matrix)
    found = inverse @ matrix.T @ ratio
    variance = float(np.sum((ratio - matrix @ found) ** 2)) / dof
    k = 1 if intercept else 0
    return _Effect(float(found[k]), math.sqrt(variance * float(inverse[k, k])), dof)


def _metal_t(lots: Sequence[Lot]) -> float | None:
    """Metal of lots by our assays, t."""
    masses = [one.mass_t for one in lots]
    if any(mass is None for mass in masses):
        return None
    return sum((mass or 0.0) * one.ours_frac for mass, one in zip(masses, lots, strict=True))


def _to_umpire(lots: Sequence[Lot]) -> tuple[float | None, float | None, int]:
    """Mean of theirs and of ours against the umpire, relative; how many lots have one."""
    known = [(one.theirs_frac, one.ours_frac, one.umpire_frac) for one in lots if one.umpire_frac]
    if not known:
        return None, None, 0
    theirs, ours = (float(np.mean([row[k] / row[2] - 1 for row in known])) for k in (0, 1))
    return theirs, ours, len(known)
