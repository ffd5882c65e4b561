"""What a figure says of its own uncertainty, and whether that can be so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from zveno.errors import Fault, fault
from zveno.model.types import Figure

BETWEEN = ("uniform", "triangular")
"""Distributions that are given by their ends."""


def uncertainty_faults(name: str, figure: Figure, line: Callable[[str], str]) -> Iterator[Fault]:
    """An uncertainty is stated once, and with all that its distribution needs; ``line`` is the place of a key."""
    stated = [key for key in ("sd", "sd_rel_pct") if getattr(figure, key) is not None]
    kind = figure.distribution
    if len(stated) > 1:
        yield fault("parameter '{name}' has both 'sd' and 'sd_rel_pct': leave one out", line("sd_rel_pct"), name=name)
    if kind in BETWEEN:
        yield from _between_faults(name, figure, line, stated)
    elif kind is not None and not stated:
        yield fault(
            "the distribution '{kind}' of parameter '{name}' needs 'sd' or 'sd_rel_pct'",
            line("distribution"), name=name, kind=kind,
        )  # fmt: skip
    yield from _value_faults(name, figure, line)


def _between_faults(name: str, figure: Figure, line: Callable[[str], str], stated: list[str]) -> Iterator[Fault]:
    """A distribution between two ends has both, one above the other, and no standard deviation of its own."""
    kind = figure.distribution
    if figure.low is None or figure.high is None:
        yield fault(
            "the distribution '{kind}' of parameter '{name}' needs 'low' and 'high'",
            line("distribution"), name=name, kind=kind,
        )  # fmt: skip
    elif figure.low >= figure.high:
        yield fault("'low' of parameter '{name}' must be less than its 'high'", line("low"), name=name)
    if stated:
        yield fault(
            "the distribution '{kind}' of parameter '{name}' follows from 'low' and 'high': leave '{key}' out",
            line(stated[0]), name=name, kind=kind, key=stated[0],
        )  # fmt: skip


def _value_faults(name: str, figure: Figure, line: Callable[[str], str]) -> Iterator[Fault]:
    """A lognormal figure is above zero; one of value zero has no relative standard deviation."""
    values = [one for one in (figure.value, *(step.value for step in figure.dated)) if one is not None]
    if figure.distribution == "lognormal" and any(one <= 0 for one in values):
        yield fault("parameter '{name}' cannot be lognormal, for its value is not above 0", line("value"), name=name)
    if figure.sd_rel_pct and 0 in values:
        yield fault("parameter '{name}' is 0, so 'sd_rel_pct' says nothing: give 'sd'", line("sd_rel_pct"), name=name)
