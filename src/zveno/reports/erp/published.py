"""What an ERP reads: the form of the JSON file, from which its JSON Schema is made."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from zveno.model.record import Record

Mass = float | None


class ErpPeriod(Record):
    """The period."""

    name: str
    start: datetime
    end: datetime = Field(description="first moment after it")


class ErpSignature(Record):
    """A signature under the version."""

    name: str
    at: datetime
    meaning: str
    record: int = Field(description="number of the record of the log")
    key: str = Field(description="fingerprint of the key")


class ErpVersion(Record):
    """Which version of the books this is, and who signed it."""

    stand: Literal["open", "drawn", "closed", "replaced"] = Field(
        description="open: what is known now; drawn: a draft; closed: in force; replaced: by a restatement"
    )
    provisional: bool = Field(description="figures may change without a restatement: do not post them")
    number: int = Field(description="number of the version; 0: none")
    content_sha256: str = Field(description="SHA-256 of the version that was signed; empty: none")
    cut: datetime | None = Field(description="data known later do not count")
    reason: str = Field(description="why the version before was replaced")
    signatures: tuple[ErpSignature, ...]


class ErpQuantity(Record):
    """In which unit, with how many decimals the masses of a quantity are published."""

    quantity: str = Field(description="mass (dry) or a component")
    uom: str
    decimals: int


class ErpStream(Record):
    """A stream, or a stock at one end (``.opening``, ``.closing``): mass and its parts by owner."""

    stream: str
    title: str
    quantity: str
    mass: Mass = Field(description="null: unobservable; else the sum of owners, where there are any")
    owners: dict[str, Mass] = Field(description="parts by owner")


class ErpSection(Record):
    """Movement of a section: opening + into = out + closing, each the sum of its published streams."""

    section: str
    plant: str
    quantity: str
    opening: float
    into: float
    out: float
    closing: float


class ErpLine(Record):
    """A part of an account."""

    line: Literal["opening", "received", "delivered", "lost", "closing"]
    stream: str
    mass: float


class ErpAccount(Record):
    """Account of an owner: opening + received = delivered + lost + closing, each the sum of its parts."""

    owner: str
    quantity: str
    opening: float
    received: float
    delivered: float
    lost: float
    closing: float
    parts: tuple[ErpLine, ...]


class ErpDue(Record):
    """What a contract makes owed: closing = opening + returnable − returned; returnable is the sum of its parts."""

    owner: str
    contract: str
    quantity: str
    opening: float
    returnable: float
    returned: float
    closing: float
    parts: dict[str, float] = Field(description="returnable metal by stream received")


class ErpRecovery(Record):
    """A recovery, rounded by itself: it is not to be computed from rounded masses."""

    plant: str = Field(description="empty: the whole chain")
    component: str
    kind: Literal["direct", "overall"]
    value_pct: float | None
    half_width_pct: float | None = Field(description="half of the 95 % interval")


class ErpMoved(Record):
    """A figure that is not the nearest one, so that sums hold; it is off by less than one of its last place."""

    what: str
    exact: float = Field(description="in the unit of its quantity")
    nearest: float
    published: float


class ErpExport(Record):
    """The file."""

    format: Literal["zveno/erp-1"] = "zveno/erp-1"
    program: str
    chain: str
    title: str
    notice: str
    period: ErpPeriod
    version: ErpVersion
    rule: Literal["controlled"] = Field(
        default="controlled",
        description="each figure is one of its two neighbours of the last place; every total is the sum of its parts",
    )
    quantities: tuple[ErpQuantity, ...]
    streams: tuple[ErpStream, ...]
    sections: tuple[ErpSection, ...]
    accounts: tuple[ErpAccount, ...]
    dues: tuple[ErpDue, ...]
    recoveries: tuple[ErpRecovery, ...]
    moved: tuple[ErpMoved, ...]
