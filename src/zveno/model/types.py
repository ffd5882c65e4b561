"""The frozen description of a producer: what people write in YAML, checked once, read by every engine.

Numbers carry their unit of measure where they are written and are turned into fixed units on loading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, tzinfo
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from zveno.errors import ModelError
from zveno.model.record import Id, Record, Titles
from zveno.model.rulebook import Rulebook
from zveno.periods import ShiftPattern, ShiftSlot, zone
from zveno.quantities import convert

Share = Annotated[float, Field(ge=0, le=1)]


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

    ``value`` holds before the first of ``dated``; with ``dated`` alone there is no value before it.
    """

    value: float | None = None
    uom: str = "-"
    status: Status = Status.ESTIMATE
    source: str = ""
    note: str = ""
    low: float | None = None
    high: float | None = None
    dated: tuple[Step, ...] = ()

    def on(self, day: date | None = None) -> float | None:
        """The value in force on a day (None: the value without date), in the figure's own uom."""
        found = self.value
        for step in sorted(self.dated, key=lambda one: one.start):
            if day is not None and step.start <= day:
                found = step.value
        return found


class Mineral(Record):
    """A mineral with its composition in mass fractions; what is not listed is not followed."""

    id: Id
    title: Titles = {}
    formula: str = ""
    sg: Annotated[float, Field(gt=0, le=25, description="t/m3")]
    composition: dict[str, Share]
    group: Literal["cu_sulphide", "sulphide", "pyrite", "cu_oxide", "gangue"]


class Ore(Record):
    """An ore: head grades, which minerals hold them, how they float. Texts name parameters or prefixes.

    ``copper`` gives the share of copper in each copper mineral; ``minerals`` the mass fraction of others;
    ``balance`` is the mineral that closes to 100 %. ``trace`` lists elements carried in small amounts by
    groups of minerals; ``kinetics`` is the prefix of the rate parameters.
    """

    id: Id
    title: Titles = {}
    grade: str = Field(description="parameter: copper grade")
    moisture: str = Field(description="parameter: moisture of the wet ore")
    copper: dict[str, str]
    minerals: dict[str, str]
    copper_balance: str = Field(
        default="", description="copper mineral that gives up the copper of `minerals`; empty: all of them"
    )
    balance: str
    trace: dict[str, str] = {}
    carriers: str = Field(default="", description="prefix of the carrier shares of trace elements")
    kinetics: str = Field(default="", description="prefix of share_fast, share_slow, k_fast, k_slow")


class Owner(Record):
    """Who owns metal in the chain."""

    id: Id
    title: Titles = {}


class Section(Record):
    """A part of a plant over which a balance is drawn.

    ``mass`` and ``components`` say what is balanced there: a furnace that takes air has ``mass: false``.
    """

    id: Id
    title: Titles = {}
    mass: bool = True
    components: tuple[str, ...] | None = None


class Plant(Record):
    """A division of the company: a link of the chain."""

    id: Id
    title: Titles = {}
    kind: Literal["concentrator", "smelter", "refinery", "foundry", "other"]
    sections: tuple[Section, ...]


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
    section: Id
    model: str = ""
    parameters: dict[str, float | str | Figure] = {}
    repeat: dict[str, tuple[int, ...]] = Field(default={}, exclude=True)


class Stream(Record):
    """A flow from one place to another; ``unit:port`` where a unit has several outlets.

    Streams of one ``group`` are measured and balanced as one flow. ``ore`` names what a boundary feed is
    made of; ``feed`` its dry mass flow.
    """

    id: Id
    title: Titles = {}
    source: str = Field(alias="from", description="unit, unit:outlet, or boundary")
    target: str = Field(alias="to", description="unit or boundary")
    group: str = ""
    kind: Literal["solids", "water", "gas", "ore", "concentrate", "tailings", "product"] = "solids"
    components: tuple[str, ...] | None = None
    owner: str = ""
    transport_h: Annotated[float, Field(ge=0)] = 0
    ore: str = ""
    feed: float | str | Figure | None = None
    feed_water: float | str | Figure | None = Field(default=None, description="moisture of the feed")
    repeat: dict[str, tuple[int, ...]] = Field(default={}, exclude=True)


class Group(Record):
    """Several streams measured and balanced as one."""

    id: Id
    title: Titles = {}


class Stock(Record):
    """Material that lies in a section between periods; ``material`` names the stream it is made of."""

    id: Id
    title: Titles = {}
    section: Id
    material: str
    opening: float | str | Figure = 0.0
    capacity: float | str | Figure | None = None


class SharedError(Record):
    """An error common to several meters, such as one calibration of all belts."""

    name: str
    sd_rel_pct: Annotated[float, Field(ge=0, le=100)]


class Meter(Record):
    """A scale, a sampler with its laboratory, or a survey, with the errors of one period's reading.

    ``sd_rel_pct`` is the standard deviation of one reading, ``bias_limit_pct`` the largest systematic error
    that would pass unnoticed between calibrations (taken as two standard deviations), both in per cent of
    the value; ``sd_abs`` is a floor in the uom of the meter.
    """

    id: Id
    title: Titles = {}
    stream: str = Field(description="stream, group or stock that is measured")
    quantity: Literal["wet_mass", "mass", "moisture", "survey_mass", "assay"]
    components: tuple[str, ...] = ()
    uom: str
    uoms: dict[str, str] = Field(default={}, description="uom of a component where it differs")
    sd_rel_pct: Annotated[float, Field(ge=0, le=100)]
    sd_abs: Annotated[float, Field(ge=0)] = 0.0
    bias_limit_pct: Annotated[float, Field(ge=0, le=100)] = 0.0
    shared_error: SharedError | None = None
    period: Literal["hour", "shift", "day", "lot", "month_end", "month"] = "shift"
    accounting: bool = True
    instrument: str = ""
    column: str | dict[str, str] = Field(default="", description="column of a text file, by component for assays")
    valid_low: float | None = Field(default=None, description="lower values are instrument faults, uom of the meter")
    valid_high: float | None = None
    note: str = ""
    status: Status = Status.ESTIMATE
    repeat: dict[str, tuple[int, ...]] = Field(default={}, exclude=True)


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
    unit: Id
    uom: str
    normal: float | str | Figure
    sd: Annotated[float, Field(ge=0)] = 0.0
    every_min: Annotated[float, Field(gt=0)] = 1.0
    running: bool = Field(default=False, description="zero while the line of its unit stands")
    drives: tuple[Drive, ...] = ()
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
    period: str
    meter: str = Field(default="", description="meters whose sum is the fact; * allowed")
    tag: str = Field(default="", description="tag whose time integral is the fact; * allowed")
    value: float
    uom: str
    per: str = Field(default="", description="plan line by which this one is divided")
    status: Status = Status.ESTIMATE
    source: str = ""


class Role(Record):
    """A post in a plant; ``on_shift`` roles are held by the crew at work."""

    id: Id
    title: Titles = {}
    plant: str = ""
    on_shift: bool = True


class Slot(Record):
    """A shift of the day."""

    id: str
    title: Titles = {}
    start: Annotated[str, Field(pattern=r"^\d{2}:\d{2}$")]
    hours: Annotated[float, Field(gt=0, le=24)]


class Reference(Record):
    """The day on which the first crew stands at the first place of the cycle."""

    day: date


class Shifts(Record):
    """Shift pattern: slots of the day, crews, and the cycle they go through."""

    slots: tuple[Slot, ...]
    crews: tuple[str, ...]
    cycle: tuple[str, ...]
    reference: Reference


class Duty(Record):
    """Which role answers for a unit or section, from a date."""

    unit: str
    role: str
    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")


class People(Record):
    """Roles, shifts and duties: the content of people.yaml."""

    shifts: Shifts
    roles: tuple[Role, ...]
    duties: tuple[Duty, ...] = ()


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
    sources: dict[str, str] = {}
    components: tuple[str, ...] = Field(description="what assays and balances follow")
    minerals: tuple[Mineral, ...] = ()
    ores: tuple[Ore, ...] = ()
    owners: tuple[Owner, ...] = ()
    plants: tuple[Plant, ...]
    boundaries: tuple[Boundary, ...] = ()
    units: tuple[Unit, ...]
    groups: tuple[Group, ...] = ()
    streams: tuple[Stream, ...]
    stocks: tuple[Stock, ...] = ()
    meters: tuple[Meter, ...] = ()
    tags: tuple[Tag, ...] = ()
    gates: tuple[Gate, ...] = ()
    files: tuple[DataFile, ...] = ()
    plans: tuple[PlanLine, ...] = ()
    recoveries: tuple[Recovery, ...] = ()


class Recovery(Record):
    """A recovery to report: products over feeds of a plant (streams or groups; stocks by name)."""

    plant: Id
    components: tuple[str, ...]
    feeds: tuple[str, ...]
    products: tuple[str, ...]
    stocks: tuple[str, ...] = Field(default=(), description="stocks of product inside the plant")


class ParametersFile(Record):
    """The content of parameters.yaml: figures by name."""

    parameters: dict[str, Figure]


ChainFile.model_rebuild()


class ChainModel(Record):
    """The whole description, checked and frozen; look-ups by id. The only thing engines know.

    ``places`` tells where in the files an id or key stands (``chain.yaml:41``); ``hash`` is the SHA-256 of
    all files of the description.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    chain: ChainFile
    parameters: dict[str, Figure] = {}
    people: People | None = None
    rulebook: Rulebook = Rulebook()
    places: Mapping[str, str] = Field(default={}, repr=False)
    hash: str = ""

    @cached_property
    def units(self) -> dict[str, Unit]:
        """Units by id."""
        return {one.id: one for one in self.chain.units}

    @cached_property
    def streams(self) -> dict[str, Stream]:
        """Streams by id."""
        return {one.id: one for one in self.chain.streams}

    @cached_property
    def stocks(self) -> dict[str, Stock]:
        """Stocks by id."""
        return {one.id: one for one in self.chain.stocks}

    @cached_property
    def sections(self) -> dict[str, Section]:
        """Sections of all plants by id."""
        return {one.id: one for plant in self.chain.plants for one in plant.sections}

    @cached_property
    def boundaries(self) -> dict[str, Boundary]:
        """Boundaries by id."""
        return {one.id: one for one in self.chain.boundaries}

    @cached_property
    def minerals(self) -> dict[str, Mineral]:
        """Minerals by id."""
        return {one.id: one for one in self.chain.minerals}

    @cached_property
    def ores(self) -> dict[str, Ore]:
        """Ores by id."""
        return {one.id: one for one in self.chain.ores}

    @cached_property
    def meters(self) -> dict[str, Meter]:
        """Meters by id."""
        return {one.id: one for one in self.chain.meters}

    @cached_property
    def tags(self) -> dict[str, Tag]:
        """Tags by id."""
        return {one.id: one for one in self.chain.tags}

    @cached_property
    def roles(self) -> dict[str, Role]:
        """Roles by id."""
        return {one.id: one for one in self.people.roles} if self.people else {}

    @cached_property
    def titles(self) -> dict[str, Titles]:
        """Names in all languages of everything that has an id."""
        chain = self.chain
        groups: tuple[Sequence[Any], ...] = (
            chain.minerals, chain.ores, chain.owners, chain.plants, chain.boundaries, chain.units,
            chain.groups, chain.streams, chain.stocks, chain.meters, chain.tags, chain.gates, chain.plans,
            tuple(self.sections.values()), tuple(self.roles.values()),
        )  # fmt: skip
        return {one.id: one.title for group in groups for one in group}

    @property
    def tz(self) -> tzinfo:
        """Time zone of the plants."""
        return zone(self.chain.timezone)

    @cached_property
    def shift_pattern(self) -> ShiftPattern:
        """Shifts and crews; raises ModelError where people.yaml is missing."""
        if self.people is None:
            raise ModelError("people.yaml is missing: it holds the shift pattern and the roles")
        shifts = self.people.shifts
        slots = tuple(ShiftSlot(one.id, time.fromisoformat(one.start), one.hours) for one in shifts.slots)
        return ShiftPattern(slots, shifts.crews, shifts.cycle, shifts.reference.day)

    def title(self, id_: str, lang: str) -> str:
        """Name of a thing in a language; the id where none is given."""
        titles = self.titles.get(id_, {})
        return titles.get(lang) or titles.get("en") or id_  # type: ignore[call-overload]

    def title_of_chain(self, lang: str) -> str:
        """Name of the chain in a language."""
        titles = self.chain.title
        return titles.get(lang) or titles.get("en") or self.chain.id  # type: ignore[call-overload]

    def place_of(self, unit: str) -> str:
        """Section id of a unit or of ``unit:port``; a boundary or section stands for itself."""
        name = unit.partition(":")[0]
        return self.units[name].section if name in self.units else name

    def plant_of(self, id_: str) -> str:
        """Plant that holds a unit or section; empty for boundaries."""
        section = self.place_of(id_)
        for plant in self.chain.plants:
            if any(one.id == section for one in plant.sections):
                return plant.id
        return ""

    def number(self, reference: float | str | Figure, uom: str, day: date | None = None) -> float:
        """Resolve a number, a figure or the name of a figure into a float in ``uom``.

        Raises
        ------
        ModelError
            If the name is not known or no value holds on that day.
        QuantityError
            If the units of measure do not fit.
        """
        if isinstance(reference, (int, float)):
            return float(reference)
        figure = self.parameters.get(reference) if isinstance(reference, str) else reference
        if figure is None:
            raise ModelError("parameter '{name}' does not exist", name=reference)
        value = figure.on(day)
        if value is None:
            raise ModelError("parameter '{name}' has no value on {day}", name=reference, day=day)
        return convert(value, figure.uom, uom)
