"""What is fitted: names become parameters with coordinates, ranges and, where asked for, prior knowledge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np

from zveno.couple.coordinates import Scale, scale_of, started
from zveno.errors import DataError, Fault, ModelError, fault, rounded
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.quantities import UOMS, convert
from zveno.simulate.draws import known_of
from zveno.simulate.keys import ANY, Target, base_value, require_targets, settable
from zveno.simulate.units import UNIT_PARAMETERS
from zveno.text.mark import tr

Role = Literal["fitted", "uncertain", "input"]
WIDEST = 7.0
"""How far from its start a coordinate may go: a factor of 1,100 for what is above zero."""


@dataclass(frozen=True)
class Choices:
    """What a calibration is asked.

    Parameters
    ----------
    fit
        Keys of feeds, parameters or figures as scenarios set them; what ``*`` stands for is fitted one by one.
    together
        Keys with ``*`` whose things keep one common value.
    inputs
        Feeds and head grades that are fitted beside them, tied by the balance. None: those that it tells of.
    uncertain
        Figures that are not asked for but not sure either: they move as far as their stated uncertainty lets them.
    bounds
        Key (``*`` allowed) -> lowest and highest value, in the uom in which it is set.
    priors
        Whether the stated uncertainty of fitted figures counts as knowledge besides the data.
    known
        What is known of the period and set in all runs, by key.
    running
        Share of the period's time in which the flows pass, or by name of the period; 1: flows are means over all time.
        ``feed``: the one feed keeps its described rate, and its mass tells the time.
    wander
        How feeds and head grades moved within the period: key -> standard deviation between shifts, relative. The
        simulation then is a mean over such moves, not the plant at the mean.
    use
        Patterns ``stream:quantity`` of what is compared, such as ``*:Cu``; none: all.
    without_suspects
        Whether readings that the balance accuses are set aside first.
    """

    fit: tuple[str, ...]
    together: tuple[str, ...] = ()
    inputs: tuple[str, ...] | None = None
    uncertain: tuple[str, ...] = ()
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    priors: bool = False
    known: Mapping[str, float] = field(default_factory=dict)
    running: float | Mapping[str, float] | Literal["feed"] = 1.0
    wander: Mapping[str, float] = field(default_factory=dict)
    use: tuple[str, ...] = ()
    without_suspects: bool = False

    def running_frac(self, period: str) -> float:
        """Share of a period's time in which the flows pass.

        Raises
        ------
        DataError
            If it is no share of time.
        """
        found = self.running.get(period, 1.0) if isinstance(self.running, Mapping) else self.running
        if not isinstance(found, (int, float)):
            return 1.0
        if not 0 < found <= 1:
            raise DataError(
                "the share of time in which the plant ran in {period} is {value}: it lies above 0 and up to 1",
                period=period, value=found,
            )  # fmt: skip
        return float(found)


@dataclass(frozen=True)
class Parameter:
    """A parameter of the fit.

    Parameters
    ----------
    key, targets
        Its name, and the keys of all that it sets.
    uom, described
        Unit of measure in which it is set, and its value in the description.
    start, low, high
        Coordinates: where the search begins, and between which it stays.
    prior
        Coordinate and its standard deviation as known before; None: nothing is.
    """

    key: str
    targets: tuple[str, ...]
    uom: str
    role: Role
    described: float
    scale: Scale
    start: float
    low: float
    high: float
    prior: tuple[float, float] | None = None


def fitted(model: ChainModel, choices: Choices, day: date | None) -> tuple[Parameter, ...]:
    """Parameters that are asked for, in the order in which they are named, then those that are uncertain.

    Raises
    ------
    ModelError
        If nothing is asked for, a key cannot be set, has no value, or is named twice; lists all.
    """
    found: list[Parameter] = []
    faults: list[Fault] = []
    asked: list[tuple[str, bool, Role]] = [
        *((one, False, "fitted") for one in choices.fit),
        *((one, True, "fitted") for one in choices.together),
        *((one, False, "uncertain") for one in choices.uncertain),
    ]
    for key, whole, role in asked:
        try:
            names = _each(model, key, day, choices.known) if not whole else [(key, require_targets(model, key))]
            found += [parameter(model, name, choices, day, targets=of, role=role) for name, of in names]
        except ModelError as error:
            faults += error.faults
    faults += list(_twice(found)) + list(_unused(choices, found))
    if not (faults or any(one.role == "fitted" for one in found)):
        faults.append(fault("nothing is asked for: name the parameters to fit, such as float.*.k_fast"))
    if faults:
        raise ModelError(faults)
    return tuple(found)


def parameter(
    model: ChainModel,
    key: str,
    choices: Choices,
    day: date | None,
    *,
    targets: Sequence[Target] = (),
    role: Role = "fitted",
) -> Parameter:
    """A parameter by its key.

    Raises
    ------
    ModelError
        If it cannot be set, has no value, or its bounds leave nothing; if it is to be uncertain and states nothing.
    """
    of = tuple(targets) or require_targets(model, key)
    value, uom, known = base_value(model, key, day, choices.known), of[0].uom(model), known_of(model, key, day)
    if role == "uncertain" and known is None:
        message = tr(
            "'{key}' states no uncertainty, so nothing says how far it may move: give its figure 'sd' or 'sd_rel_pct'"
        )
        raise ModelError(message, key=key)
    low, high = _ends(model, of, uom, key, choices if role == "fitted" else None)
    scale = scale_of(value, _top(uom, max(_range(model, one, uom)[1] for one in of)), known.sd if known else None)
    start = float(scale.coordinate(np.array(min(max(started(value, scale), low), high))))
    edges = [
        float(scale.coordinate(np.array(one))) if _inside(one, scale) else start + way * WIDEST
        for one, way in ((low, -1), (high, 1))
    ]
    prior = None
    if known is not None and (role == "uncertain" or (role == "fitted" and choices.priors)):
        centre = started(known.centre, scale)
        prior = (float(scale.coordinate(np.array(centre))), known.sd / abs(scale.slope(centre)))
    return Parameter(
        key=key, targets=tuple(one.key for one in of), uom=uom, role=role, described=value, scale=scale, start=start,
        low=max(edges[0], start - WIDEST), high=min(edges[1], start + WIDEST), prior=prior,
    )  # fmt: skip


def _ends(model: ChainModel, of: Sequence[Target], uom: str, key: str, choices: Choices | None) -> tuple[float, float]:
    """Between what a parameter may lie: what its units take, and the bounds that are asked for."""
    ends = [_range(model, one, uom) for one in of]
    low, high = max(one[0] for one in ends), min(one[1] for one in ends)
    for pattern, (least, most) in choices.bounds.items() if choices else ():
        if fnmatchcase(key, pattern):
            low, high = max(low, least), min(high, most)
    if not low < high:
        message = tr("the bounds of '{key}' leave no room: {low} to {high}")
        raise ModelError(message, key=key, low=rounded(low, 6), high=rounded(high, 6))
    return low, high


def _inside(value: float, scale: Scale) -> bool:
    """Whether a bound has a coordinate."""
    if scale.name == "log":
        return 0 < value < np.inf
    return 0 < value < scale.top if scale.name == "logit" else bool(np.isfinite(value))


def _top(uom: str, high: float) -> float | None:
    """One whole, where a value is a share of it: g/t are amounts, and so is what may be above one whole."""
    if UOMS[uom].dimension != "fraction" or uom in ("g/t", "ppm"):
        return None
    whole = convert(1.0, "frac", uom)
    return whole if high <= whole else None


def _range(model: ChainModel, target: Target, uom: str) -> tuple[float, float]:
    """Between what the unit models take a parameter, in the uom in which it is set; a figure of an ore is a share."""
    if target.kind == "stream":
        return (0.0, np.inf) if target.name == "feed" else (0.0, 1.0)
    found = [
        (one.uom, one.low, one.high)
        for unit in model.units.values()
        for one in UNIT_PARAMETERS.get(unit.model, ())
        if (target.kind == "unit" and (unit.id, one.name) == (target.owner, target.name))
        or (target.kind == "figure" and unit.parameters.get(one.name) == target.owner and not one.table)
    ]
    if not found:
        whole = convert(1.0, "frac", uom) if UOMS[uom].dimension == "fraction" else np.inf
        return (0.0, whole) if UOMS[uom].dimension in ("fraction", "rate") else (-np.inf, np.inf)
    lows = [convert(low, unit, uom) if np.isfinite(low) else low for unit, low, _ in found]
    highs = [convert(high, unit, uom) if np.isfinite(high) else high for unit, _, high in found]
    return max(lows), min(highs)


def _each(
    model: ChainModel, key: str, day: date | None, known: Mapping[str, float]
) -> list[tuple[str, tuple[Target, ...]]]:
    """What a key stands for, one by one; of what ``*`` stands for, that which has a value."""
    if ANY not in key:
        return [(key, require_targets(model, key))]
    chosen = [one for one in settable(model) if fnmatchcase(one.key, key)]
    if not chosen:
        near = near_match(key.replace(ANY, ""), model.parameters)
        raise ModelError("no feed, parameter or figure is named '{key}'", key=key, near=near)
    return [(one.key, (one,)) for one in chosen if _has_value(model, one.key, day, known)]


def _has_value(model: ChainModel, key: str, day: date | None, known: Mapping[str, float]) -> bool:
    """Whether the description gives it a value."""
    try:
        base_value(model, key, day, known)
    except ModelError:
        return False
    return True


def _twice(found: Sequence[Parameter]) -> Iterator[Fault]:
    """What two keys stand for."""
    seen: dict[str, str] = {}
    for one in found:
        for target in one.targets:
            if target in seen:
                yield fault("'{key}' is fitted twice, by '{first}' and by '{second}': name it once", key=target,
                            first=seen[target], second=one.key)  # fmt: skip
            seen[target] = one.key


def _unused(choices: Choices, found: Sequence[Parameter]) -> Iterator[Fault]:
    """Bounds of what is not fitted."""
    for pattern in choices.bounds:
        if found and not any(fnmatchcase(one.key, pattern) for one in found):
            near = near_match(pattern, [one.key for one in found])
            yield fault("bounds are given for '{key}', which is not fitted", key=pattern, near=near)
