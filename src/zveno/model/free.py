"""Free equations: variables, some of them read, and expressions that equal zero."""

from __future__ import annotations

from dataclasses import dataclass

from zveno.model.expression import Expression


@dataclass(frozen=True)
class FreeVariable:
    """A variable; ``reading`` and ``sigma`` are None where nothing reads it.

    ``start`` is where the search begins, if somebody knows; ``lower`` and ``upper`` are what it cannot pass.
    """

    id: str
    reading: float | None = None
    sigma: float | None = None
    start: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class FreeProblem:
    """Readings to be adjusted so that all equations hold; ``covariances`` holds those of two readings by name."""

    variables: tuple[FreeVariable, ...]
    equations: tuple[Expression, ...]
    covariances: tuple[tuple[str, str, float], ...] = ()
    name: str = ""
