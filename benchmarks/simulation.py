"""Many scenarios at once against the same engine one scenario at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import zveno
from benchmarks.timing import Pair, side_by_side
from zveno.simulate import simulate


def pairs(*, small: bool) -> Iterator[Pair]:
    """The example concentrator with copper grades around 1 %."""
    model = zveno.load(zveno.example("one_concentrator")).model
    for count in (1, 62) if small else (1, 62, 1000):
        grades = np.linspace(0.8, 1.2, count)
        scenarios = {f"s{k}": {"balk_conc.ore.cu_pct": float(one)} for k, one in enumerate(grades)}
        part = dict(list(scenarios.items())[: max(1, min(count, 5 if small else 20))])

        def ours(scenarios: dict[str, dict[str, float]] = scenarios) -> np.ndarray:
            return simulate(model, scenarios=scenarios).grade("balk.conc", "Cu")

        def peer(part: dict[str, dict[str, float]] = part) -> np.ndarray:
            return np.array([simulate(model, scenarios={n: s}).grade("balk.conc", "Cu")[0] for n, s in part.items()])

        yield side_by_side(
            "simulate", f"{count} scenarios, 43 units, 78 streams", ours, peer, repeats=3 if count < 1000 else 2,
            peer_name="one scenario at a time", share=len(part) / count,
            difference=lambda a, b: float(np.abs(a[: len(b)] / b - 1).max()),
        )  # fmt: skip
