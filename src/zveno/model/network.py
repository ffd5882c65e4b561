"""A measured network: what the reconciliation solves, whoever made it.

It comes either from the chain description and a period's readings, or from a self-contained problem file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MASS = "mass"
WET_MASS, MOISTURE = "wet_mass", "moisture"
WATER = (WET_MASS, MOISTURE)


@dataclass(frozen=True)
class NetNode:
    """A place where what goes in comes out.

    ``components`` lists the balanced components (None = all); ``mass`` says whether total mass is balanced.
    """

    id: str
    mass: bool = True
    components: tuple[str, ...] | None = None


@dataclass(frozen=True)
class NetStream:
    """A flow between two nodes (None = outside). Stocks are streams with a ``role``.

    ``components`` lists what the stream can carry (None = all components of the network); others are zero.
    """

    id: str
    source: str | None
    target: str | None
    components: tuple[str, ...] | None = None
    role: str = ""


@dataclass(frozen=True)
class NetReading:
    """A reading of a mass (``quantity == "mass"``) or an assay (mass fraction) with its standard deviation.

    Masses are dry; ``wet_mass`` (t) and ``moisture`` (mass fraction of the wet mass) are read too: the dry mass is
    ``wet_mass (1 - moisture)``.

    ``below`` set and ``value`` None: only "less than below" was reported.
    """

    stream: str
    quantity: str
    value: float | None
    sigma: float
    below: float | None = None
    meter: str = ""


@dataclass(frozen=True)
class NetTerm:
    """Coefficient of one quantity in a linear constraint."""

    stream: str
    quantity: str
    coef: float


@dataclass(frozen=True)
class NetConstraint:
    """Sum of the terms equals ``rhs``; where ``of_flows``, a component's term is its flow in t, not its assay."""

    terms: tuple[NetTerm, ...]
    rhs: float = 0.0
    of_flows: bool = False


@dataclass(frozen=True)
class NetCovariance:
    """Covariance between two readings, each named by (stream, quantity).

    Where several meters read one quantity, ``first_meter`` and ``second_meter`` say which is meant.
    """

    first: tuple[str, str]
    second: tuple[str, str]
    value: float
    first_meter: str = ""
    second_meter: str = ""


@dataclass(frozen=True)
class NetCommon:
    """An error that several readings share by name: (number of the reading, how far one unit of it moves it)."""

    name: str
    effects: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class NetClosure:
    """Assays of ``components`` sum to ``total`` in the streams named (None = all)."""

    components: tuple[str, ...]
    total: float = 1.0
    streams: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Network:
    """Nodes, streams and readings; ``components`` empty means flows only.

    ``fixed`` holds exactly known values by (stream, quantity). ``assay_total`` is the largest value an
    assay can take. ``common`` names errors that readings share: what their covariances come from, and what may be
    larger than described.
    """

    nodes: tuple[NetNode, ...]
    streams: tuple[NetStream, ...]
    readings: tuple[NetReading, ...]
    components: tuple[str, ...] = ()
    fixed: Mapping[tuple[str, str], float] = field(default_factory=dict)
    closure: NetClosure | None = None
    covariances: tuple[NetCovariance, ...] = ()
    constraints: tuple[NetConstraint, ...] = ()
    assay_total: float = 1.0
    name: str = ""
    common: tuple[NetCommon, ...] = ()

    def carries(self, stream: NetStream) -> tuple[str, ...]:
        """Components that the stream can hold, in the network's order."""
        if stream.components is None:
            return self.components
        return tuple(one for one in self.components if one in stream.components)
