"""What quality.yaml says: instruments, their verification, how an expired one counts, standards of the laboratory."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from zveno.model.record import Record, Titles, UomName
from zveno.model.types import Status

Percent = Annotated[float, Field(gt=0, le=100)]
Quantity = Literal["wet_mass", "mass", "moisture", "survey_mass", "assay"]


class Verification(Record):
    """A verification of an instrument: the day it was done, and the last day on which it holds."""

    on: date = Field(description="day of the verification")
    until: date | None = Field(default=None, description="last day on which it holds; from the interval if left out")
    certificate: str = Field(default="", description="number of the certificate")


class Instrument(Record):
    """An instrument of the register with its verifications; ``meters`` are those whose readings it gives."""

    id: str = Field(min_length=1, description="serial number or name, as the register has it")
    title: Titles = {}
    site: str = Field(default="", description="where it stands")
    point: str = Field(default="", description="accounting point it belongs to")
    meters: tuple[str, ...] = Field(default=(), description="meters whose readings it gives")
    accuracy_class: str = Field(default="", description="accuracy class, as written on it")
    limit_pct: Percent | None = Field(default=None, description="largest permissible error, %; the class if left out")
    interval_mo: Annotated[float, Field(gt=0, description="months between verifications")] = 12
    verified: tuple[Verification, ...] = Field(default=(), description="its verifications, of any age")
    retired: date | None = Field(default=None, description="first day on which it is no longer in use")


class RegisterColumns(Record):
    """Where an imported register has what its mapping reads as context: headings of its columns."""

    mapping: str = Field(description="mapping that reads the register; its points are instr.SERIAL")
    name: str = Field(default="", description="heading of the column with the name of the instrument")
    site: str = Field(default="", description="heading of the column with the site")
    point: str = Field(default="", description="heading of the column with the accounting point")


class InstrumentLink(Record):
    """Which meters the instruments of an imported register give readings of: those at their accounting point.

    A meter is at the point if its stream is the point, or begins with it and a dot.
    """

    name: str = Field(description="pattern of the name: * stands for anything, | parts alternatives")
    quantities: tuple[Quantity, ...] = Field(description="what they read", min_length=1)
    points: tuple[str, ...] = Field(
        default=(), description="accounting points where they do, with * for anything; at all of them if left out"
    )
    limit_pct: Percent | None = Field(default=None, description="largest permissible error, %; the class if left out")


class OverdueRule(Record):
    """How the permissible error of an instrument is taken to grow once its verification has expired.

    The largest permissible error D holds to the end of the interval T. At an age a > T it is taken as D x a/T
    (``linear``: a steady drift), D x sqrt(a/T) (``square_root``: a random walk), or D still (``none``).
    """

    growth: Literal["linear", "square_root", "none"] = "linear"
    status: Status = Status.ESTIMATE
    source: str = Field(default="", description="by which document or study")
    owner: str = Field(default="", description="who answers for the choice")


class Standard(Record):
    """A standard sample (certified reference material) that the laboratory assays among its samples."""

    id: str = Field(min_length=1, description="as in the point lab.crm.ID of the mapping")
    component: str = Field(description="component it is certified for")
    certified: Annotated[float, Field(gt=0, description="certified value")]
    uom: UomName = "%"
    expanded_uncertainty: Annotated[float, Field(ge=0, description="of the certified value, 95 %, in the same uom")] = (
        0.0
    )
    sd_rel_pct: Percent | None = Field(
        default=None, description="standard deviation of one assay of it, % of it; from moving ranges if left out"
    )
    source: str = Field(default="", description="certificate")


class Blank(Record):
    """The most of a component that a blank sample may show."""

    component: str
    limit: Annotated[float, Field(gt=0, description="largest content that is no contamination")]
    uom: UomName = "%"


class QualityFile(Record):
    """The content of quality.yaml."""

    instruments: tuple[Instrument, ...] = ()
    register_: RegisterColumns | None = Field(
        default=None, alias="register", description="columns of an imported register"
    )
    links: tuple[InstrumentLink, ...] = Field(
        default=(), description="which meters the instruments of an imported register belong to; the first that fits"
    )
    overdue: OverdueRule = Field(default=OverdueRule(), description="how an expired verification counts")
    due_soon_days: Annotated[
        int, Field(ge=0, description="days before the end in which a verification is due soon")
    ] = 30
    standards: tuple[Standard, ...] = ()
    blanks: tuple[Blank, ...] = ()


class Overdue(Record):
    """A time in which a meter is read by an instrument whose verification has expired.

    ``limit_pct`` is the largest permissible error while the verification held, ``since`` the first day after it and
    ``until`` the day of the next one.
    """

    instrument: str
    since: date
    until: date | None = None
    interval_days: Annotated[float, Field(gt=0)]
    limit_pct: Annotated[float, Field(ge=0)]
    growth: Literal["linear", "square_root", "none"] = "linear"
