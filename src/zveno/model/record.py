"""What all records of the description share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from zveno.text.words import uom_code

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", description="lower-case name with dots")]
Titles = Annotated[dict[Literal["en", "ru", "kk"], str], Field(description="name in each language")]


def _code_of(word: object) -> object:
    return uom_code(word) if isinstance(word, str) else word


UomName = Annotated[str, BeforeValidator(_code_of)]
"""A unit of measure, written as its code or as a word of any language (``t/h`` or ``т/ч``); kept as its code."""


class Record(BaseModel):
    """Base of all records: frozen, no unknown keys, numbers that are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
