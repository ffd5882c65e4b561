"""What all records of the description share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", description="lower-case name with dots")]
Titles = Annotated[dict[Literal["en", "ru", "kk"], str], Field(description="name in each language")]


class Record(BaseModel):
    """Base of all records: frozen, no unknown keys, numbers that are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
