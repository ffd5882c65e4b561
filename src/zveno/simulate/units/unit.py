"""What every unit model is: frozen parameters and pure functions that return shares, never flows.

A unit mixes what enters it, converts components (a linear, mass-conserving map), adds water in proportion to
the solids, and splits the whole among its outlets by shares. It may ask for materials (flux, blast) at its
inlets. The engine multiplies, so mass is conserved whatever the numbers are. What makes a unit non-linear, such
as the residence time in a bank, is gathered in a few *drivers*, which the engine iterates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from functools import wraps
from typing import Annotated, ClassVar, Literal, Self, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from zveno.simulate.basis import Basis, Bools, FloatClass, Floats, Ints, rows_of
from zveno.simulate.moves import Moves
from zveno.simulate.thermo import PhaseKind
from zveno.text.mark import tr

Values = float | Floats
"""A parameter: one number, or one per scenario."""

TABLE = "table"
"""Stands for the uom of a parameter that is a table of shares."""
_SOUND = 1e-9
TABLE_ROUNDING = 1e-3
"""How far the shares of an element may be from 1, as printed figures are."""

Unit = TypeVar("Unit", bound="UnitModel")
Found = TypeVar("Found")

Report = dict[str, tuple[Floats, str]]
"""What a unit tells of itself: quantity -> values per scenario and their unit of measure."""


@dataclass(frozen=True)
class Spec:
    """What stands beside a parameter of a unit model: unit of measure, meaning, range.

    One ``by_size`` may also be given as the prefix of figures for each size class; it then has the shape (S or 1, n).
    """

    uom: str
    meaning: str
    low: float = 0.0
    high: float = np.inf
    by_size: bool = False


@dataclass(frozen=True, kw_only=True)
class Parameter(Spec):
    """A parameter of a unit model, as docs, checks and forms need it; ``default`` None = required.

    A ``table`` is written as the prefix of the figures that it holds; it may be left out.
    """

    name: str
    default: float | str | None
    choices: tuple[str, ...] = ()
    table: bool = False


def parameters_of(model: type[UnitModel]) -> Iterator[Parameter]:
    """The parameters of a unit model, in the order of its declaration."""
    hints = get_type_hints(model, include_extras=True)
    for one in fields(model):
        if get_origin(hints[one.name]) is not Annotated:  # filled in by the engine
            continue
        kind, spec = get_args(hints[one.name])
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        table = spec.uom == TABLE
        if table and not getattr(model, "words", None):  # nothing that a table could share out
            continue
        default = None if one.default is MISSING else one.default
        yield Parameter(**asdict(spec), name=one.name, default="" if table else default, choices=choices, table=table)


@dataclass(frozen=True)
class Table:
    """Shares by element and outlet: ``shares`` has the shape (S or 1, outlets, elements) and sums to 1 by outlet."""

    elements: tuple[str, ...]
    shares: Floats

    def take(self, rows: Ints) -> Table:
        """The same table for some of the scenarios."""
        return Table(self.elements, rows_of(self.shares, rows))


@dataclass(frozen=True)
class Driver:
    """A number that the engine iterates: how it is scaled, and its bounds."""

    name: str
    scale: Literal["log", "logit", "linear"]
    low: float = 0.0
    high: float = np.inf


WATER_ADDED = Driver("water_added_t_t", "linear")


@dataclass(frozen=True, kw_only=True)
class UnitModel:
    """Base of the unit models; by itself a pipe: what enters leaves at the one outlet.

    ``optional`` outlets may end nowhere as long as ``flows_at`` says that nothing comes out there. ``phases`` says
    what leaves by an outlet, as far as it is not a charge of solids. A unit ``by_size`` needs ores with size classes.
    """

    inlets: ClassVar[tuple[str, ...]] = ()
    outlets: ClassVar[tuple[str, ...]] = ("product",)
    optional: ClassVar[tuple[str, ...]] = ()
    phases: ClassVar[Mapping[str, PhaseKind]] = {}
    drivers: ClassVar[tuple[Driver, ...]] = ()
    by_size: ClassVar[bool] = False

    def observe(self, feed: Floats, basis: Basis) -> Floats:  # noqa: ARG002
        """Values of the drivers that a feed (S, C) implies, shape (S, drivers)."""
        return np.zeros((len(feed), 0))

    def convert(self, drivers: Floats, basis: Basis) -> Moves | None:  # noqa: ARG002
        """Components that become others, and shares of them; None: nothing."""
        return None

    def water_added(self, drivers: Floats) -> Floats | None:  # noqa: ARG002
        """Water added, t per t of solids entering, shape (S or 1,); None: nothing."""
        return None

    def requested(self, drivers: Floats, basis: Basis) -> Floats | None:  # noqa: ARG002
        """What the unit asks for at each of its inlets, t/h, shape (S, inlets, C); None: nothing."""
        return None

    def split(self, drivers: Floats, basis: Basis) -> Floats:
        """Share of each component that goes to each outlet, shape (S or 1, outlets, C), from 0 to 1."""
        return np.ones((len(drivers), 1, len(basis)))

    def report(self, feed: Floats, drivers: Floats, basis: Basis) -> Report:  # noqa: ARG002
        """Results of the unit itself for a feed (S, C)."""
        return {}

    def strained(self, told: Report) -> tuple[str, Bools]:  # noqa: ARG002
        """Sentence about {unit}, and scenarios (S or 1,), where its report shows that its equations no longer hold."""
        return "", np.zeros(1, dtype=bool)

    def conflict(self) -> str:
        """Sentence about {unit} that says why its parameters cannot stand together; empty if they can."""
        return ""

    def flows_at(self, outlet: str) -> bool:  # noqa: ARG002
        """Something may come out of an outlet in some scenario."""
        return True

    def take(self, rows: Ints) -> Self:
        """The same unit for some of the scenarios."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        rowed = {
            name: rows_of(value, rows) if isinstance(value, np.ndarray) else value.take(rows)
            for name, value in values.items()
            if isinstance(value, (np.ndarray, Table))
        }
        return replace(self, **rowed) if rowed else self

    def pick(self, columns: Ints) -> Self:  # noqa: ARG002
        """The same unit for some of the components: for those that hold an array of them."""
        return self

    def run(self, feed: Floats, basis: Basis) -> dict[str, Floats]:
        """The unit alone: products (S, C), by outlet, of a feed (S, C) or (C,), t/h."""
        feed = np.atleast_2d(np.asarray(feed, dtype=float))
        return dict(zip(self.outlets, self.products(feed, self.observe(feed, basis), basis), strict=True))

    def products(self, feed: Floats, drivers: Floats, basis: Basis) -> tuple[Floats, ...]:
        """Flows (S, C) at the outlets for a feed (S, C), without what is asked for, and given drivers."""
        asked = self.requested(drivers, basis)
        feed = feed if asked is None else feed + asked.sum(axis=1)
        water, split = self.water_added(drivers), self.split(drivers, basis)
        mixed = converted(feed, self.convert(drivers, basis))
        if water is not None:
            mixed = mixed.copy()
            mixed[:, -1] += water * basis.solids(feed)
        return tuple(mixed * split[:, n] for n in range(len(self.outlets)))


def unsound(unit: UnitModel, drivers: Floats, basis: Basis) -> str:
    """Sentence about {unit} that says how its shares or conversions would make or lose mass; empty if they do not."""
    split = unit.split(drivers, basis)
    if split.shape[1:] != (len(unit.outlets), len(basis)):
        return tr("the shares of unit '{unit}' have the shape ({shape}), but need (scenarios, {outlets}, {components})")
    within = (split >= -_SOUND) & (split <= 1 + _SOUND)
    if not (within.all() and (np.abs(split.sum(axis=1) - 1) < _SOUND).all()):
        return tr(
            "the shares of the outlets of unit '{unit}' are not all from 0 to 1, or do not add up to 1: it would make "
            "or lose mass"
        )
    moved = unit.convert(drivers, basis)
    if moved is not None and not ((moved.share >= -_SOUND).all() and (moved.kept(len(basis)) >= -_SOUND).all()):
        return tr("unit '{unit}' converts more of a component than there is")
    return ""


def converted(feed: Floats, conversion: Moves | None) -> Floats:
    """Feeds (..., S, C) after a conversion."""
    return feed if conversion is None else conversion.applied(feed, feed.shape[-1])


def column(value: Values) -> Floats:
    """A parameter as a column, shape (S or 1, 1), to stand beside arrays (S, C)."""
    return np.asarray(value, dtype=float).reshape(-1, 1)


def vector(value: Values) -> Floats:
    """A parameter as shape (S or 1,)."""
    return np.asarray(value, dtype=float).reshape(-1)


def two_ways(first: Floats) -> Floats:
    """Shares (S, 2, C) of two outlets from those (S, C) of the first."""
    return np.stack([first, 1 - first], axis=1)


def moves(basis: Basis, *steps: tuple[FloatClass, FloatClass, Floats]) -> Moves:
    """Conversion of a share (S or 1, C) of one floatability class into another, in each of some steps."""
    sources, targets, shares = [], [], []
    for source, target, share in steps:
        n, m = basis.pairs(source, target)
        some = (share[:, n] != 0).any(axis=0)
        sources.append(n[some])
        targets.append(m[some])
        shares.append(share[:, n[some]])
    rows = max(len(one) for one in shares)
    share = np.concatenate([np.broadcast_to(one, (rows, one.shape[1])) for one in shares], axis=1)
    return Moves(np.concatenate(sources), np.concatenate(targets), share)


def per_basis(method: Callable[[Unit, Basis], Found]) -> Callable[[Unit, Basis], Found]:
    """Remember what a unit works out from a basis and its own parameters, both of which are frozen."""
    place = f"_{method.__name__}_of"

    @wraps(method)
    def remembered(unit: Unit, basis: Basis) -> Found:
        known = unit.__dict__.get(place)
        if known is None or known[0] is not basis:
            known = unit.__dict__[place] = (basis, method(unit, basis))
        return known[1]

    return remembered


def water_needed(feed: Floats, basis: Basis, solids_frac: Values) -> Floats:
    """Water to add, t per t of solids, so that a feed (S, C) holds no more than this share of solids."""
    solids = basis.solids(feed)
    there = np.divide(feed[:, -1], solids, out=np.full(len(feed), np.inf), where=solids > 0)
    return np.asarray(np.maximum(1 / vector(solids_frac) - 1 - there, 0.0))
