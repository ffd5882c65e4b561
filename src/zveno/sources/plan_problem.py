"""Plans of a chain as self-contained files: JSON of the kind ``chain``.

Assays, limits and penalties stand there in per cent; a planning problem has mass fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zveno.errors import DataError
from zveno.model.planning import (
    BlendLimit,
    Brand,
    Concentrator,
    Foundry,
    Load,
    Opening,
    Ore,
    PlanProblem,
    Recipe,
    Relining,
    Route,
    Smelter,
)
from zveno.sources.problem_file import ProblemSource, load

ELEMENTS = ("Cu", "S", "Fe", "SiO2", "As", "Pb", "Zn", "MgO")
_FAMILY = "castings"
_NO_LIMIT = 100.0
_SHAPES = {
    "ore_cap": "CT", "yld": "CK", "assay": "CKE", "ore_cost": "C", "freight": "CS", "hold": "", "heap_cap": "C",
    "yard_cap": "S", "feed_max": "S", "feed_min": "S", "lim_hi": "SE", "lim_lo": "SE", "pen": "E", "rec": "S",
    "ref_cap": "S", "ref_cost": "S", "smelt_cost": "S", "on_cost": "S", "price": "T", "dur": "S", "win": "S2",
    "cast_need": "S", "cast_lead": "", "cast_cap": "T", "switch_cost": "", "s_cap": "S", "heap0": "C", "yard0": "S",
}  # fmt: skip
"""Every key of ``data`` and its shape: concentrators, modes, smelters, elements, periods."""


def read_plan(path: Path | str) -> PlanProblem:
    """Read a planning problem.

    Raises
    ------
    DataError
        With every fault of the file, each with the file and the JSON path (``plan.json: data.yld``).
    """
    path = Path(path)
    source = ProblemSource(path.name)
    content = load(path)
    if content.get("kind", "chain") != "chain":
        source.report("kind '{kind}' is not known: a plan has the kind chain", "kind", kind=content["kind"])
    data = source.braces(source.get(content, "data", ""), "data")
    sizes = {key: data.get(key) for key in "TCSEK"}
    for key, value in sizes.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            source.report("'{key}' must be a whole number from 1", f"data.{key}", key=key)
    if source.faults:
        raise DataError(source.faults)
    source.keys(data, "data", frozenset({*_SHAPES, *sizes}))
    counts = {key: int(value) for key, value in sizes.items() if value is not None}
    arrays = {key: _array(source, data, key, counts) for key in _SHAPES}
    if counts["E"] > len(ELEMENTS):
        source.report("'{key}' can be {most} at most", "data.E", key="E", most=len(ELEMENTS))
    if source.faults:
        raise DataError(source.faults)
    return _problem(str(content.get("name", path.stem)), arrays, counts)


def _array(source: ProblemSource, data: Any, key: str, sizes: dict[str, Any]) -> Any:
    """One entry of the data with the shape it must have."""
    shape = tuple(2 if one == "2" else sizes[one] for one in _SHAPES[key])
    value = source.get(data, key, "data")
    try:
        found = np.array(value, dtype=float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if key in data and (found.shape != shape or not np.isfinite(found).all()):
        wanted = " x ".join(str(one) for one in shape) or "1"
        source.report("numbers of the shape {shape} are needed here", f"data.{key}", shape=wanted)
        return np.zeros(shape)
    return found if key in data else np.zeros(shape)


def _flat(values: Sequence[float] | float, periods: int) -> tuple[float, ...]:
    """The same in every period."""
    return (float(values),) * periods  # type: ignore[arg-type]


def _problem(name: str, a: dict[str, Any], n: dict[str, int]) -> PlanProblem:
    """The problem that the arrays state."""
    mills, works = [f"c{c + 1}" for c in range(n["C"])], [f"s{s + 1}" for s in range(n["S"])]
    brands = tuple(
        Brand(f"{mill}m{k + 1}", mill, {ELEMENTS[e]: float(a["assay"][c, k, e]) / 100 for e in range(n["E"])})
        for c, mill in enumerate(mills)
        for k in range(n["K"])
    )
    return PlanProblem(
        name,
        tuple(str(t + 1) for t in range(n["T"])),
        ELEMENTS[0],
        tuple(a["price"].tolist()),
        brands,
        tuple(Ore(mill, tuple(a["ore_cap"][c].tolist())) for c, mill in enumerate(mills)),
        tuple(_mill(mill, c, a, n) for c, mill in enumerate(mills)),
        (),
        tuple(Route(one, to, float(a["freight"][c, s])) for c, one in enumerate(mills) for s, to in enumerate(works)),
        tuple(_smelter(smelter, s, a, n) for s, smelter in enumerate(works)),
        Foundry(tuple(a["cast_cap"].tolist()), lead=int(a["cast_lead"])),
        Opening(
            {f"{mill}m1": float(a["heap0"][c]) for c, mill in enumerate(mills)},
            {to: {f"{mill}m1": float(a["yard0"][s]) / n["C"] for mill in mills} for s, to in enumerate(works)},
        ),
        float(a["hold"]),
        10 * float(a["hold"]),
    )  # fmt: skip


def _mill(mill: str, c: int, a: dict[str, Any], n: dict[str, int]) -> Concentrator:
    """One concentrator: an ore of its own, a brand for each mode."""
    recipes = tuple(
        Recipe(f"m{k + 1}", mill, f"{mill}m{k + 1}", float(a["yld"][c, k]), float(a["ore_cost"][c]))
        for k in range(n["K"])
    )
    return Concentrator(
        mill, tuple(a["ore_cap"][c].tolist()), recipes, float(a["heap_cap"][c]), float(a["switch_cost"])
    )


def _smelter(name: str, s: int, a: dict[str, Any], n: dict[str, int]) -> Smelter:
    """One smelter; an excess in per cent times mass costs ``pen``, so a hundred times that in fractions."""
    limits = []
    for e in range(n["E"]):
        high, low = float(a["lim_hi"][s, e]), float(a["lim_lo"][s, e])
        limits.append(
            BlendLimit(
                ELEMENTS[e],
                {ELEMENTS[e]: 1.0},
                low / 100 if low > 0 else None,
                high / 100 if high < _NO_LIMIT else None,
                100 * float(a["pen"][e]),
            )
        )
    periods = n["T"]
    first, last = (int(one) for one in a["win"][s])
    return Smelter(
        name,
        _flat(a["feed_min"][s], periods),
        _flat(a["feed_max"][s], periods),
        float(a["yard_cap"][s]),
        float(a["rec"][s]),
        _flat(a["ref_cap"][s], periods),
        float(a["smelt_cost"][s]),
        float(a["on_cost"][s]),
        float(a["ref_cost"][s]),
        tuple(limits),
        (Load("S", {"S": 1.0}, cap=_flat(a["s_cap"][s], periods)),),
        (Relining(f"{name} relining", int(a["dur"][s]), first, last, {_FAMILY: float(a["cast_need"][s])}),),
    )
