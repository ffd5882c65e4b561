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
    residence times of the hours at work. Where the feed is a ``calendar`` mean, stops included, a train at work takes
    as much more.
    """

    id: Id
    units: str = Field(description="units of the train, * allowed")
    feed: Id
    share: str = ""
    availability: str = Field(description="parameter: share of time at work")
    mean_stop_h: Annotated[float, Field(gt=0, le=8760, description="mean length of a stop")] = 4.0
    feed_is: Literal["running", "calendar"] = Field(
        default="running", description="whether the feed is that of running hours or the mean over all hours"
    )
    scaled: tuple[str, ...] = ("cell_m3",)


class Dispatch(Record):
    """A stock that is loaded out: each shift about what came in, in whole lots of wet mass."""

    stock: Id
    stream: Id
    lot_wet_t: Annotated[float, Field(gt=0)] = 60.0
    spread_rel_pct: Annotated[float, Field(ge=0, le=100)] = 5.0


class Draw(Record):
    """A stock from which the plant behind it takes what it uses.

    Each shift takes the period's mean steady amount of the stream, times a pace that wanders around 1 and that events
    change: the stock takes up how the plants before it vary.
    """

    stock: Id
    stream: Id
    spread_rel_pct: Annotated[float, Field(ge=0, le=50, description="how far the pace wanders")] = 0.0
    persistence: Annotated[float, Field(ge=0, lt=1)] = 0.5


class Delivery(Record):
    """A boundary feed that comes in whole lots instead of steadily."""

    stream: Id
    lot_dry_t: Annotated[float, Field(gt=0)]


class Way(Record):
    """A stock of what has left and not arrived; the stream says how long it is on the way."""

    stock: Id
    stream: Id


class Held(Record):
    """A stock that stays as it is, of a mixture of streams."""

    stock: Id
    mix: dict[Id, Annotated[float, Field(gt=0, le=1, description="share of dry mass")]]


class Excursion(Record):
    """Tags that leave their limit from ``start`` to ``end`` and reach ``value`` in between."""

    kind: Literal["excursion"]
    id: str
    tags: str = Field(description="tags, * allowed, several apart by commas")
    start: AwareDatetime
    end: AwareDatetime
    limit: float
    value: float
    shape: Literal["step", "plateau", "ramp", "drift"] = "step"
    approach_min: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="minutes from the normal value to the last one, and back; empty: by the shape"
    )
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


class Pace(Record):
    """A time in which a plant takes more or less from a stock than its steady amount."""

    kind: Literal["pace"]
    id: str
    stock: Id
    start: AwareDatetime
    end: AwareDatetime
    factor: Annotated[float, Field(ge=0, le=10)]
    cause: Titles = {}


class Silence(Record):
    """Tags that give no reading for a time."""

    kind: Literal["silence"]
    id: str
    tags: str = Field(description="tags, * allowed, several apart by commas")
    start: AwareDatetime
    end: AwareDatetime
    rule: str = ""
    cause: Titles = {}


class Omission(Record):
    """Something that a rule asks for and nobody did.

    Signatures of its lists between ``start`` and ``end`` are left out; where both are one moment, the last one
    before it is written ``late_min`` after it instead. Without ``tags`` it stands in the hidden truth only.
    """

    kind: Literal["omission"]
    id: str
    rule: str
    tags: str = Field(default="", description="lists, * allowed, several apart by commas")
    late_min: Annotated[float, Field(gt=0)] = Field(
        default=30.0, description="minutes after the moment at which the list is filled in"
    )
    start: AwareDatetime
    end: AwareDatetime
    cause: Titles = {}


Event = Annotated[Excursion | Bias | Swap | Pace | Silence | Omission, Field(discriminator="kind")]


class Play(Record):
    """The content of a play file (``data/play.yaml``)."""

    variations: tuple[Variation, ...] = ()
    trains: tuple[Train, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    draws: tuple[Draw, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    ways: tuple[Way, ...] = ()
    held: tuple[Held, ...] = ()
    events: tuple[Event, ...] = ()
