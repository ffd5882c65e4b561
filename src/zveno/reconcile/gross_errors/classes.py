"""Suspects by class: what the data cannot tell apart is one class, whatever would be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from zveno.model.network import Network
from zveno.reconcile.arrays import Ints
from zveno.reconcile.gross_errors.adjusted import Adjusted
from zveno.reconcile.gross_errors.hypotheses import Family, Hypothesis, Kind

TIED = 0.99
_ALL = 4000


@dataclass(frozen=True)
class Suspect:
    """One thing that may be wrong: its standardised score, and its size if it alone is wrong.

    A *reading* alone; *common*: several ``readings`` that share an error (``name``) and move together, streams and
    meters joined by +, the size a fraction of the readings; *loss*: something lost at the node ``stream``, in t.
    ``relative`` is the size over the reading, or over what passes the node.
    """

    reading: int
    stream: str
    quantity: str
    meter: str
    z: float
    bias: float
    bias_sd: float
    kind: Kind = "reading"
    name: str = ""
    readings: tuple[int, ...] = ()
    relative: float | None = None


@dataclass(frozen=True)
class SuspectClass:
    """What these data cannot tell apart, and the checks that would separate it best.

    ``everything`` has those first that need the smallest error for their size, losses last. ``checks`` lists (stream,
    quantity) to be measured, the first lowers the correlations within the class most; ``again`` says that they are
    measured already, and that a second reading by other means is meant.
    """

    everything: tuple[Suspect, ...]
    checks: tuple[tuple[str, str], ...] = ()
    again: bool = False

    @property
    def suspects(self) -> tuple[Suspect, ...]:
        """Single readings."""
        return tuple(one for one in self.everything if one.kind == "reading")

    @property
    def others(self) -> tuple[Suspect, ...]:
        """Common errors and losses that would look the same."""
        return tuple(one for one in self.everything if one.kind != "reading")

    @property
    def z(self) -> float:
        """Largest absolute standardised score of the class."""
        return max(abs(one.z) for one in self.everything)


def tied_classes(family: Family, adjusted: Adjusted) -> list[Ints]:
    """Members of a family grouped by what is correlated by more than 0.99 (numbers into the family).

    Of thousands of hypotheses only the loud ones are compared with each other.
    """
    count = len(family.members)
    loud = np.arange(count) if count <= _ALL else np.argsort(-np.abs(family.z), kind="stable")[:_ALL]
    part = family.columns.take(loud)
    root = np.sqrt(family.weight[loud])
    tied = np.abs(adjusted.products(part, part) / np.outer(root, root)) > TIED
    groups, label = connected_components(tied, directed=False)
    quiet = np.setdiff1d(np.arange(count), loud)
    return [np.sort(loud[label == k]) for k in range(groups)] + [np.array([k]) for k in quiet]


def loudest(family: Family, members: Ints) -> float:
    """Largest ``|z|`` of a class."""
    return float(np.abs(family.z[members]).max())


def ordered(family: Family, members: Ints) -> list[int]:
    """Members of a class: all are equally loud, so the one that needs the smallest error for its size comes first.

    A loss that looks like a reading comes after it.
    """
    sizes = np.array([family.members[k].size for k in members])
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.nan_to_num(np.abs(family.bias[members] / sizes), nan=np.inf)

    def place(k: int) -> tuple[bool, float, bool]:
        kind = family.members[members[k]].kind
        return kind == "loss", round(float(needed[k]), 9), kind != "common"

    return [int(members[k]) for k in sorted(range(len(members)), key=place)]


def suspect_class(network: Network, family: Family, members: Ints) -> SuspectClass:
    """A class by names."""
    return SuspectClass(
        tuple(suspect(network, family.members[k], family.score[k], family.weight[k]) for k in ordered(family, members))
    )


def suspect(network: Network, one: Hypothesis, score: float, weight: float) -> Suspect:
    """A hypothesis by names."""
    readings = [network.readings[n] for n in one.readings]
    streams = dict.fromkeys(reading.stream for reading in readings)
    meters = dict.fromkeys(reading.meter for reading in readings if reading.meter)
    return Suspect(
        reading=one.readings[0] if one.readings else -1,
        stream="+".join(streams) if streams else one.name,
        quantity=one.quantity,
        meter="+".join(meters),
        z=float(score / np.sqrt(weight)),
        bias=float(score / weight),
        bias_sd=float(1 / np.sqrt(weight)),
        kind=one.kind,
        name=one.name,
        readings=one.readings,
        relative=float(score / weight / one.size) if one.size else None,
    )


def flat(classes: Sequence[SuspectClass]) -> list[Suspect]:
    """Single readings of all classes in order."""
    return [one for group in classes for one in group.suspects]
