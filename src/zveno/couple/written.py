"""Written: calibrated figures as they stand in parameters.yaml, to be looked at and pasted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from zveno.couple.choices import Parameter
from zveno.model.chain import ChainModel
from zveno.model.types import Figure

Written = tuple[Parameter, float, float | None, tuple[float | None, float | None]]
"""A parameter with its value, standard deviation and the ends of its interval; None: not determined."""
_DIGITS = 3
"""Significant digits of a standard deviation; the value gets as many decimals."""


def figures_yaml(model: ChainModel, period: str, start: date, found: Sequence[Written]) -> str:
    """Determined parameters as figures with value, standard deviation and source; the others as remarks.

    Parameters
    ----------
    start
        First day of the period: dated figures take the value from then on.
    """
    lines = ["# chain.yaml, under 'sources':", f'#   {_source(period)}: "calibrated on {period}"', "parameters:"]
    for one in found:
        for key in one[0].targets:
            lines.append(_line(model.parameters.get(key), key, period, start, one))
    return "\n".join(lines) + "\n"


def _line(figure: Figure | None, key: str, period: str, start: date, found: Written) -> str:
    """One figure, or a remark where it is none or not determined."""
    one, value, sd, (low, high) = found
    if sd is None or low is None or high is None:
        return f"  # {key}: not determined by {period}"
    shown = _rounded(value, sd)
    if figure is None:
        return f"  # {key}: {shown} {one.uom}, sd {sd:.{_DIGITS}g} (a parameter of a unit or stream: write it there)"
    content = list(_dated(figure, start, shown)) if figure.dated else [f"value: {shown}"]
    content += [f'uom: "{one.uom}"', *_range(figure, value), f"sd: {sd:.{_DIGITS}g}"]
    content += ["distribution: lognormal"] if one.scale.name == "log" else []
    note = f"calibrated on {period}: 95 % {_rounded(low, sd)} to {_rounded(high, sd)}; {one.described:g} before"
    content += ["status: derived", f"source: {_source(period)}", f'note: "{note}"']
    return f"  {key}: {{{', '.join(content)}}}"


def _source(period: str) -> str:
    """Id of the source."""
    return f"calibration_{re.sub(r'[^0-9A-Za-z]+', '_', period)}"


def _range(figure: Figure, value: float) -> Iterator[str]:
    """The range that the figure states, unless the value has left it."""
    if (figure.low is None or figure.low <= value) and (figure.high is None or value <= figure.high):
        ends = (("low", figure.low), ("high", figure.high))
        yield from (f"{name}: {end:g}" for name, end in ends if end is not None)


def _dated(figure: Figure, start: date, shown: str) -> Iterator[str]:
    """Values of a dated figure, the new one from the period on."""
    if figure.value is not None:
        yield f"value: {figure.value:g}"
    steps = [f"{{from: {step.start}, value: {step.value:g}}}" for step in figure.dated if step.start != start]
    yield f"dated: [{', '.join([*steps, f'{{from: {start}, value: {shown}}}'])}]"


def _rounded(value: float, sd: float) -> str:
    """A number with as many decimals as its standard deviation has."""
    decimals = max(0, _DIGITS - 1 - int(f"{sd:e}".partition("e")[2])) if sd > 0 else 6
    return f"{value:.{decimals}f}"
