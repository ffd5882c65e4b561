"""The frozen description of a producer: what people write in YAML, checked once, read by every engine.

Numbers carry their unit of measure where they are written and are turned into fixed units on loading.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, Strict

from zveno.model.contracts import Owner, StockOwners
from zveno.model.record import Id, Record, Titles, UomName

Share = Annotated[float, Field(ge=0, le=1)]
DayStart = Annotated[float, Field(gt=-24, lt=24)]
COPPER = "Cu"
COUNTER = ("counter_start", "counter_end")
"""Quantities of a counter: what it shows at the beginning and at the end of a shift."""


class Status(StrEnum):
    """How sure a number is."""

    SOURCED = "sourced"
    DERIVED = "derived"
    RECALLED = "recalled"
    ESTIMATE = "estimate"
    UNVERIFIED = "unverified"


class Step(Record):
    """A value in force from a date."""

    start: date = Field(alias="from", description="first day on which the value holds")
    value: float


class Figure(Record):
    """A number with its unit of measure, status and source; it may change on dates.

    ``value`` holds before the first of ``dated``; with ``dated`` alone there is no value before it. How uncertain it
    is, is said by ``sd`` or ``sd_rel_pct``, or by ``distribution`` with ``low`` and ``high``; without them it is never
    varied.
    """

    value: Annotated[float, Strict()] | None = None
    uom: UomName = "-"
    status: Status = Status.ESTIMATE
    source: str = ""
    note: str = ""
    low: float | None = Field(default=None, description="lower end of the range in which it lies")
    high: float | None = Field(default=None, description="upper end of that range")
    sd: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="standard deviation of what is known of it, in its uom"
    )
    sd_rel_pct: Annotated[float, Field(ge=0)] | None = Field(default=None, description="the same in % of the value")
    distribution: Literal["normal", "lognormal", "uniform", "triangular"] | None = Field(
        default=None,
        description="shape of what is known: normal (if left out) or lognormal, cut at low and high; uniform or "
        "triangular between them",
    )
    dated: tuple[Step, ...] = ()

    @property
    def is_uncertain(self) -> bool:
        """Whether it says how uncertain it is."""
        return self.distribution in ("uniform", "triangular") or bool(self.sd or self.sd_rel_pct)

    def on(self, day: date | None = None) -> float | None:
        """The value in force on a day (None: the value without date), in the figure's own uom."""
        found = self.value
        for step in sorted(self.dated, key=lambda one: one.start):
            if day is not None and step.start <= day:
                found = step.value
        return found


Number = Annotated[float, Strict()] | str | Figure
"""A number in the uom of its key, the name of a figure under ``parameters``, or a figure; true and false are none."""


class Mineral(Record):
    """A mineral with its composition in mass fractions; what is not listed is not followed."""

    id: Id
    title: Titles = {}
    formula: str = Field(default="", description="chemical formula, for readers")
    sg: Annotated[float, Field(gt=0, le=25, description="t/m3")]
    composition: dict[str, Share] = Field(description="mass fraction of each element, 0 to 1")
    group: Literal["cu_sulphide", "sulphide", "pyrite", "cu_oxide", "gangue"] = Field(
        description="how it behaves in flotation"
    )


class Ore(Record):
    """An ore: head grades, which minerals hold them, how they float. Texts name parameters or prefixes.

    ``copper`` gives the share of copper in each copper mineral; ``minerals`` the mass fraction of others;
    ``balance`` is the mineral that closes to 100 %. ``trace`` lists elements carried in small amounts by
    groups of minerals; ``kinetics`` is the prefix of the rate parameters, ``sizes`` that of the distribution of sizes.
    """

    id: Id
    title: Titles = {}
    grade: str = Field(description="parameter: copper grade")
    moisture: str = Field(description="parameter: moisture of the wet ore")
    copper: dict[str, str] = Field(description="share of the copper by copper mineral: names of parameters")
    minerals: dict[str, str] = Field(description="mass fraction of other minerals: names of parameters")
    copper_balance: str = Field(
        default="", description="copper mineral that gives up the copper of `minerals`; empty: all of them"
    )
    balance: str = Field(description="mineral that closes to 100 %")
    trace: dict[str, str] = Field(default={}, description="content of elements carried in small amounts: parameters")
    carriers: str = Field(default="", description="prefix of the carrier shares of trace elements")
    kinetics: str = Field(
        default="",
        description="prefix of share_fast, share_slow, k_fast, k_slow; any of them may be given by sieve (k_fast.150)",
    )
    sizes: str = Field(
        default="",
        description="prefix of p80_um and slope (Rosin-Rammler), or of the shares passing each sieve (passing.150)",
    )
    breakage: str = Field(default="", description="parameter: factor on the rates at which mills break it; empty: 1")
    entrainment: str = Field(default="", description="parameter: size of grains of which a fifth follows the water")


class Material(Record):
    """What a concentrate, flux or blast is made of, by element or oxide; what they leave is followed as ``other``."""

    id: Id
    title: Titles = {}
    contents: dict[str, Number] = Field(
        description="mass fraction of each element or oxide; elements and oxides must not overlap"
    )


class Section(Record):
    """A part of a plant over which a balance is drawn.

    ``mass`` and ``components`` say what is balanced there: a furnace that takes air has ``mass: false``.
    """

    id: Id
    title: Titles = {}
    mass: bool = Field(default=True, description="whether dry mass is balanced")
    components: tuple[str, ...] | None = Field(default=None, description="components balanced; empty: all")


class Site(Record):
    """A place where plants stand side by side; the flowsheet gives it a lane."""

    id: Id
    title: Titles = {}


class Plant(Record):
    """A division of the company: a link of the chain."""

    id: Id
    title: Titles = {}
    site: str = Field(default="", description="site that it stands on; empty: a place of its own")
    kind: Literal["concentrator", "smelter", "refinery", "foundry", "other"] = Field(description="what it does")
    day_starts_h: DayStart = Field(
        default=0.0, description="hours after midnight at which its report day begins; -4: 20:00 of the day before"
    )
    sections: tuple[Section, ...] = Field(description="parts over which balances are drawn")


class Boundary(Record):
    """A place outside the chain: a mine, a tailings pond, a market."""

    id: Id
    title: Titles = {}


class Unit(Record):
    """A piece of equipment. ``model`` names its unit model; without one it is measured, not simulated.

    A parameter is a number in the model's own uom, the name of a figure under ``parameters``, or a figure.
    """

    id: Id
    title: Titles = {}
    section: Id = Field(description="section that it stands in")
    model: str = Field(default="", description="unit model; empty: measured, not simulated")
    parameters: dict[str, Number] = {}
    repeat: dict[str, tuple[int, ...]] = Field(default={}, exclude=True)


class Stream(Record):
    """A flow from one place to another; ``unit:port`` where a unit has several outlets.

    Streams of one ``group`` are measured and balanced as one flow. ``ore`` names what a boundary feed is
    made of; ``feed`` its dry mass flow.
    """

    id: Id
    title: Titles = {}
    source: str = Field(alias="from", description="unit, unit:outlet, or boundary")
    target: str = Field(alias="to", description="unit, unit:inlet, or boundary")
    group: str = Field(default="", description="group with which it is measured and balanced as one")
    kind: Literal["solids", "water", "gas", "ore", "concentrate", "tailings", "product"] = "solids"
    components: tuple[str, ...] | None = Field(default=None, description="components it can carry; empty: all")
    content: str = Field(default="", description="component whose mass alone is followed and measured, as of a gas")
    owner: str = Field(default="", description="who owns what flows here")
    transport_h: Annotated[float, Field(ge=0, description="hours on the way")] = 0
    ore: str = Field(default="", description="ore that a boundary feed is made of")
    material: str = Field(default="", description="material that a boundary feed, flux or blast is made of")
    assayed_as: str = Field(
        default="", description="stream of the same material, whose assays count where it has none of its own"
    )
    feed: Number | None = Field(default=None, description="dry mass flow of a boundary feed")
    feed_water: Number | None = Field(
        default=None, description="moisture of a feed, or of a stream that no moisture meter follows"
    )
    repeat: dict[str, tuple[int, ...]] = Field(default={}, exclude=True)

    @property
    def carries(self) -> tuple[str, ...] | None:
        """Components that a balance follows in it; None: all."""
        return (self.content,) if self.content else self.components

    @property
    def is_balanced(self) -> bool:
        """Whether a balance follows it: its mass at least; water and gas only where they name what they carry."""
        return self.kind not in ("water", "gas") or bool(self.carries)


class Group(Record):
    """Several streams measured and balanced as one."""

    id: Id
    title: Titles = {}


class Stock(Record):
    """Material that lies in a section between periods; ``material`` names the stream it is made of."""

    id: Id
    title: Titles = {}
    section: Id = Field(description="section that it lies in")
    material: str = Field(description="stream it is made of")
    content: str = Field(default="", description="component whose mass alone is followed and surveyed, as of a bath")
    opening: Number = Field(default=0.0, description="dry mass before the first survey; of the content, where given")
    capacity: Number | None = Field(default=None, description="largest dry mass")
    unassayed_sd_pct: Annotated[float, Field(ge=0, le=100)] = Field(
        default=0.0, description="how far what is not assayed in it may at least be from its material, % (one sd)"
    )
    kind: Literal["stock", "in_process", "transit"] = Field(
        default="stock", description="lying, within units, on the way"
    )
    owners: tuple[StockOwners, ...] = Field(default=(), description="whose metal it holds, by day, where no close says")


class SharedError(Record):
    """An error common to several meters, such as one calibration of all belts."""

    name: str
    sd_rel_pct: Annotated[float, Field(ge=0, le=100)]


class Widened(Record):
    """A time in which a meter errs more than usual, and why: frozen samples, an expired verification."""

    start: date = Field(alias="from", description="first day")
    end: date = Field(alias="to", description="first day on which it errs as usual again")
    factor: Annotated[float, Field(gt=1, le=100, description="by what the standard deviation grows")]
    why: Titles = {}


class Meter(Record):
    """A scale, a sampler with its laboratory, or a survey, with the errors of one period's reading.

    ``sd_rel_pct`` is the standard deviation of one reading, ``bias_limit_pct`` the largest systematic error
    that would pass unnoticed between calibrations (taken as two standard deviations), both in per cent of
    the value; ``sd_abs`` is a floor in the uom of the meter. A stream or stock with a ``content`` is read by the
    mass of that component.
    """

    id: Id
    title: Titles = {}
    stream: str = Field(description="stream, group or stock that is measured")
    quantity: Literal["wet_mass", "mass", "moisture", "survey_mass", "assay", "counter"] = Field(
        description="what it reads; a counter is checked against the scale of its stream and counts for no balance"
    )
    point: str = Field(default="", description="point under which mappings give its values, where not its stream")
    turns_over_at: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="of a counter: at which it begins again from zero, in its uom"
    )
    components: tuple[str, ...] = Field(default=(), description="components that an assay gives")
    uom: UomName = Field(description="unit of measure of its readings")
    uoms: dict[str, UomName] = Field(default={}, description="uom of a component where it differs")
    sd_rel_pct: Annotated[float, Field(ge=0, le=100, description="standard deviation of one reading, % of it")]
    sd_rel_pcts: dict[str, Annotated[float, Field(ge=0, le=100)]] = Field(
        default={}, description="standard deviation of a component where it differs, %"
    )
    sd_abs: Annotated[float, Field(ge=0, description="its floor, in the uom of the meter")] = 0.0
    widened: tuple[Widened, ...] = Field(default=(), description="times in which it errs more than usual")
    bias_limit_pct: Annotated[float, Field(ge=0, le=100, description="largest bias that passes unnoticed, %")] = 0.0
    shared_error: SharedError | None = Field(default=None, description="error it has in common with others")
    period: Literal["hour", "shift", "day", "lot", "month_end", "month"] = Field(
        default="shift", description="what one reading stands for"
    )
    day_starts_h: DayStart | None = Field(
        default=None, description="when its report day begins, where that is not as in its plant"
    )
    accounting: bool = Field(default=True, description="whether balances use it")
    instrument: str = Field(default="", description="what it is, for readers")
    column: str | dict[str, str] = Field(default="", description="column of a text file, by component for assays")
    valid_low: float | None = Field(default=None, description="lower values are instrument faults, uom of the meter")
    valid_high: float | None = Field(default=None, description="higher values are instrument faults")
    note: str = ""
    status: Status = Status.ESTIMATE
    repeat: dict[str, tuple[int, ...]] = Field(default={}, exclude=True)


class NotMeasured(Record):
    """Something that nobody measures, and why: told in reports, so that nobody takes it for forgotten."""

    what: Titles
    why: Titles


class Drive(Record):
    """A parameter of a unit that a tag moves when the plant is played."""

    unit: Id
    parameter: str


class Tag(Record):
    """A signal of the control system; rules watch tags.

    ``normal`` is the usual value, ``sd`` the noise around it, ``every_min`` the sampling interval.
    """

    id: Id
    title: Titles = {}
    unit: Id = Field(description="unit it belongs to")
    uom: UomName = Field(description="unit of measure")
    normal: Number = Field(description="usual value")
    sd: Annotated[float, Field(ge=0, description="noise around it when the plant is played")] = 0.0
    every_min: Annotated[float, Field(gt=0, description="minutes between readings")] = 1.0
    error_sd: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="standard deviation of the instrument's error; empty: not known"
    )
    running: bool = Field(default=False, description="zero while the line of its unit stands")
    phase_min: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="minutes from the start of the played period to its first reading"
    )
    clock: bool = Field(
        default=False, description="a moment as hours since 1970; played as `normal` hours before the reading"
    )
    drives: tuple[Drive, ...] = ()
    meter: str = Field(default="", description="meter of a balance that reads the same instrument")
    column: str = ""
    note: str = ""
    repeat: dict[str, tuple[int, ...]] = Field(default={}, exclude=True)


class Gate(Record):
    """An operating state that switches rules on: the tag is above (or below) a level."""

    id: Id
    title: Titles = {}
    tag: str = Field(default="", description="tag, with * for the part that the rule's tag fixes")
    above: float | None = None
    below: float | None = None
    of_normal: bool = Field(default=False, description="levels are shares of the tag's normal value")


class PlanLine(Record):
    """A target of a period, spread evenly over its days; ``per`` makes it a consumption per tonne of that."""

    id: Id
    title: Titles = {}
    period: str = Field(description="period of the target: 2026-03")
    meter: str = Field(default="", description="meters whose sum is the fact; * allowed")
    tag: str = Field(default="", description="tag whose time integral is the fact; * allowed")
    value: Annotated[float, Field(ge=0, description="target of the whole period")]
    uom: UomName = Field(description="unit of measure of the target")
    per: str = Field(default="", description="plan line by which this one is divided")
    status: Status = Status.ESTIMATE
    source: str = ""


class Published(Record):
    """A figure that somebody published about a period, to stand beside the simulated one.

    With an ``owner`` it counts as much of the streams as that owner has of what enters their plants.
    """

    id: Id
    title: Titles = {}
    period: str = Field(description="period of the figure: 2019")
    streams: tuple[str, ...] = Field(description="streams or groups whose sum it is", min_length=1)
    component: str = Field(default="solids", description="component of them; solids: their dry mass")
    owner: str = Field(default="", description="whose part of it")
    value: Annotated[float, Field(gt=0)]
    uom: UomName = Field(description="unit of a mass")
    source: str = Field(description="where it was published")
    note: str = ""


class DataFile(Record):
    """A text table that the plant sends as it is: one row a period, columns named by meters and tags."""

    name: str = Field(description="file name, * allowed")
    time: str = Field(description="column with the time")
    stamp: Literal["start", "end"] = "start"
    hours: Annotated[float, Field(gt=0)] = 1
    separator: str = ","
    encoding: str = "utf-8"


class ChainFile(Record):
    """The content of chain.yaml."""

    format: Literal["zveno/chain-1"]
    id: Id
    title: Titles
    notice: Titles = {}
    about: Titles = {}
    timezone: str
    parts: tuple[str, ...] = Field(default=(), description="files beside this one that hold more of its lists")
    sources: dict[str, str] = {}
    components: tuple[str, ...] = Field(description="what assays and balances follow")
    sieves_um: tuple[float, ...] = Field(
        default=(), description="openings that divide ore into size classes, falling; empty: no size classes"
    )
    minerals: tuple[Mineral, ...] = ()
    ores: tuple[Ore, ...] = ()
    materials: tuple[Material, ...] = ()
    owners: tuple[Owner, ...] = ()
    sites: tuple[Site, ...] = ()
    plants: tuple[Plant, ...]
    boundaries: tuple[Boundary, ...] = ()
    units: tuple[Unit, ...]
    groups: tuple[Group, ...] = ()
    streams: tuple[Stream, ...]
    stocks: tuple[Stock, ...] = ()
    meters: tuple[Meter, ...] = ()
    not_measured: tuple[NotMeasured, ...] = ()
    tags: tuple[Tag, ...] = ()
    gates: tuple[Gate, ...] = ()
    files: tuple[DataFile, ...] = ()
    plans: tuple[PlanLine, ...] = ()
    published: tuple[Published, ...] = ()
    recoveries: tuple[Recovery, ...] = ()


class Recovery(Record):
    """A recovery to report: products over feeds of a plant (streams or groups; stocks by name).

    Without a ``plant`` it is that of the whole chain.
    """

    plant: str = Field(default="", description="plant; empty: the whole chain")
    components: tuple[str, ...]
    feeds: tuple[str, ...]
    products: tuple[str, ...]
    stocks: tuple[str, ...] = Field(default=(), description="stocks whose change counts as product")


class ParametersFile(Record):
    """The content of parameters.yaml: figures by name."""

    parameters: dict[str, Figure]


ChainFile.model_rebuild()
