"""The whole description, with look-ups by id: the only thing engines know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, tzinfo
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field

from zveno.errors import ModelError
from zveno.model.foundry import FoundryFile
from zveno.model.mapping import Mappings
from zveno.model.people import People, Role
from zveno.model.quality import Overdue, QualityFile
from zveno.model.record import Record, Titles
from zveno.model.roster import DutyFile, RosterFile
from zveno.model.rulebook import Rulebook
from zveno.model.types import (
    Boundary,
    ChainFile,
    Figure,
    Material,
    Meter,
    Mineral,
    Ore,
    Section,
    Stock,
    Stream,
    Tag,
    Unit,
)
from zveno.periods import ShiftPattern, zone
from zveno.quantities import convert


class ChainModel(Record):
    """The whole description, checked and frozen; look-ups by id. The only thing engines know.

    ``places`` tells where in the files an id or key stands (``chain.yaml:41``); ``hash`` is the SHA-256 of
    all files of the description. ``overdue`` are times in which meters are read by instruments whose verification has
    expired: it is not described, but found in the register of a period.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    chain: ChainFile
    parameters: dict[str, Figure] = {}
    people: People | None = None
    rulebook: Rulebook = Rulebook()
    foundry: FoundryFile | None = None
    mappings: Mappings = Mappings()
    quality: QualityFile | None = None
    roster: RosterFile = RosterFile()
    duty: DutyFile = DutyFile()
    overdue: Mapping[str, tuple[Overdue, ...]] = Field(default={}, repr=False)
    places: Mapping[str, str] = Field(default={}, repr=False)
    hash: str = ""

    def __copy__(self) -> Self:
        """The same fields; look-ups are made anew, as the copy may be given other fields."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields:
            del copied.__dict__[name]
        return copied

    @cached_property
    def units(self) -> dict[str, Unit]:
        """Units by id."""
        return {one.id: one for one in self.chain.units}

    @cached_property
    def streams(self) -> dict[str, Stream]:
        """Streams by id."""
        return {one.id: one for one in self.chain.streams}

    @cached_property
    def leaving(self) -> dict[str, tuple[Stream, ...]]:
        """Streams that begin at a unit or boundary, whatever the outlet."""
        return _by_end(self.chain.streams, "source")

    @cached_property
    def entering(self) -> dict[str, tuple[Stream, ...]]:
        """Streams that end at a unit or boundary, whatever the inlet."""
        return _by_end(self.chain.streams, "target")

    @cached_property
    def parts_of_figures(self) -> dict[str, tuple[str, ...]]:
        """Names of figures by what stands before each of their dots."""
        found: dict[str, list[str]] = {}
        for name in self.parameters:
            for at, letter in enumerate(name):
                if letter == ".":
                    found.setdefault(name[:at], []).append(name)
        return {head: tuple(names) for head, names in found.items()}

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
    def materials(self) -> dict[str, Material]:
        """Materials by id."""
        return {one.id: one for one in self.chain.materials}

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
            chain.minerals, chain.ores, chain.materials, chain.owners, chain.sites, chain.plants, chain.boundaries,
            chain.units, chain.groups, chain.streams, chain.stocks, chain.meters, chain.tags, chain.gates, chain.plans,
            chain.published, tuple(self.sections.values()), tuple(self.roles.values()),
            self.foundry.titled if self.foundry else (),
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
        return self.people.shifts.pattern

    def title(self, id_: str, lang: str) -> str:
        """Name of a thing in a language; the id where none is given. Without an id: the whole chain's."""
        if not id_:
            return self.title_of_chain(lang)
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

    def day_starts_h(self, meter: Meter) -> float:
        """Hours after midnight at which the report day of a meter begins: its own, else that of its plant.

        A stream between plants counts where it comes from. A survey is of the moment for which it is said to be.
        """
        if meter.day_starts_h is not None:
            return meter.day_starts_h
        if meter.stream in self.stocks:
            return 0.0
        for one in self.chain.streams:
            if meter.stream in (one.id, one.group):
                plant = self.plant_of(one.source) or self.plant_of(one.target)
                return next((each.day_starts_h for each in self.chain.plants if each.id == plant), 0.0)
        return 0.0

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
        if value is None and day is None:
            raise ModelError("parameter '{name}' holds from a date on: name a day", name=reference)
        if value is None:
            raise ModelError("parameter '{name}' has no value on {day}", name=reference, day=day)
        return convert(value, figure.uom, uom)


def _by_end(streams: Iterable[Stream], end: Literal["source", "target"]) -> dict[str, tuple[Stream, ...]]:
    """Streams by what stands before the colon at one of their ends."""
    found: dict[str, list[Stream]] = {}
    for one in streams:
        found.setdefault(getattr(one, end).partition(":")[0], []).append(one)
    return {place: tuple(those) for place, those in found.items()}
