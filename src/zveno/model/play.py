"""How a description is played as a real plant: variations, stops, dispatches and planted events."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from zveno.model.record import Id, Record, Titles

Percent = Annotated[float, Field(ge=-99, le=1000)]


class Variation(Record):
    """A parameter that wanders from shift to shift: first-order autoregression around its value."""

    parameter: str
    sd_rel_pct: Annotated[float, Field(ge=0, le=100)]
    persistence: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Train(Record):
    """Units that run and stop together, fed by a share of one feed.

    ``share`` names the splitter parameter of the train's part; empty = what the others leave. ``scaled``
    are the unit parameters (volumes) that shrink with the hours run, so that a shift with stops has the
    residence times of the hours at work.
    """

    id: Id
    units: str = Field(description="units of the train, * allowed")
    feed: Id
    share: str = ""
    availability: str = Field(description="parameter: share of time at work")
    mean_stop_h: Annotated[float, Field(gt=0, le=8760, description="mean length of a stop")] = 4.0
    scaled: tuple[str, ...] = ("cell_m3",)


class Dispatch(Record):
    """A stock that is loaded out: each shift about what came in, in whole lots of wet mass."""

    stock: Id
    stream: Id
    lot_wet_t: Annotated[float, Field(gt=0)] = 60.0
    spread_rel_pct: Annotated[float, Field(ge=0, le=100)] = 5.0


class Excursion(Record):
    """Tags that leave their limit from ``start`` to ``end`` and reach ``value`` in between."""

    kind: Literal["excursion"]
    id: str
    tags: str = Field(description="tags, * allowed")
    start: AwareDatetime
    end: AwareDatetime
    limit: float
    value: float
    shape: Literal["step", "plateau", "ramp", "drift"] = "step"
    rule: str = ""
    cause: Titles = {}


class Bias(Record):
    """A meter that reads wrong by a share of the value."""

    kind: Literal["bias"]
    id: str
    meter: Id
    start: AwareDatetime
    end: AwareDatetime
    size_rel_pct: Percent
    cause: Titles = {}


class Swap(Record):
    """Two samples of one shift whose labels were exchanged."""

    kind: Literal["swap"]
    id: str
    meters: tuple[Id, Id]
    day: date
    slot: str
    cause: Titles = {}


Event = Annotated[Excursion | Bias | Swap, Field(discriminator="kind")]


class Play(Record):
    """The content of a play file (``data/play.yaml``)."""

    variations: tuple[Variation, ...] = ()
    trains: tuple[Train, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    events: tuple[Event, ...] = ()
