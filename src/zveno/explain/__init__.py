"""Explain: any figure unfolded to its formula, its readings and their cells; made again from the cells; what moved."""

from zveno.explain.ground import Ground
from zveno.explain.moved import Cause, Moved, causes_of, moved_figures
from zveno.explain.recompute import Recomputed, recompute
from zveno.explain.unfold import Bearing, Explanation, Input, unfold

__all__ = [
    "Bearing",
    "Cause",
    "Explanation",
    "Ground",
    "Input",
    "Moved",
    "Recomputed",
    "causes_of",
    "moved_figures",
    "recompute",
    "unfold",
]
