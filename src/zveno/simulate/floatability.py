"""How the minerals of an ore float, by floatability and size class, and how coarse the ore is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zveno.errors import Fault, ModelError, fault, rounded
from zveno.model.chain import ChainModel
from zveno.model.checks import near_match
from zveno.model.types import Ore
from zveno.model.values import line_of_figure, number_faults
from zveno.quantities import uom_phrase
from zveno.simulate.basis import Bools, FloatClass, Floats
from zveno.simulate.by_size import twofold_faults
from zveno.simulate.scenario import Scenarios
from zveno.simulate.sizing import mean_sizes, retained, rosin_rammler, sized_names
from zveno.text.mark import tr

_ROUNDING = 1e-9
_FIFTH = float(np.arccosh(5.0))
_KINETICS = {"share_fast": "frac", "share_slow": "frac", "k_fast": "1/min", "k_slow": "1/min"}
_CURVE = {"p80_um": "um", "slope": "-"}


@dataclass(frozen=True)
class Floatability:
    """Shares and rate constants, 1/min, of the minerals by floatability and size class, shape (S or 1, M, F, n).

    ``share`` sums to 1 over the F classes; ``by_size`` says of each mineral that it was given by size, shape (M,).
    """

    classes: tuple[FloatClass, ...]
    share: Floats
    k_per_min: Floats
    by_size: Bools


def sieves_of(model: ChainModel, ore: Ore) -> Floats:
    """Openings that divide an ore into size classes, um; none for an ore without sizes."""
    return np.array(model.chain.sieves_um if ore.sizes else (), dtype=float)


def floatability(ore: Ore, minerals: tuple[str, ...], scenarios: Scenarios) -> Floatability:
    """Class shares and rates; an ore without kinetics does not float by itself.

    Raises
    ------
    ModelError
        If a figure is missing, is no share or rate, or the shares of a mineral add up to more than 1.
    """
    sieves = sieves_of(scenarios.model, ore)
    still = np.zeros((1, len(minerals), len(sieves) + 1))
    if not ore.kinetics:
        return Floatability(("non",), still[:, :, None] + 1, still[:, :, None], np.zeros(len(minerals), dtype=bool))
    faults = list(_rate_faults(ore, minerals, scenarios))
    if faults:
        raise ModelError(faults)

    def read(what: str, uom: str) -> Floats:
        values = [_by_size(scenarios, f"{ore.kinetics}.{one}.{what}", uom, sieves) for one in minerals]
        return np.stack(np.broadcast_arrays(*values), axis=1)

    fast, slow = read("share_fast", "frac"), read("share_slow", "frac")
    over = np.argwhere(fast + slow > 1 + _ROUNDING)
    if len(over):
        mineral = minerals[over[0, 1]]
        raise ModelError(
            "in ore '{ore}' the fast and slow shares of {mineral} add up to more than 1",
            where=line_of_figure(scenarios.model, f"{ore.kinetics}.{mineral}.share_fast"),
            ore=ore.id, mineral=mineral,
        )  # fmt: skip
    share = np.stack(np.broadcast_arrays(fast, slow, np.maximum(1 - fast - slow, 0)), axis=2)
    rates = np.stack(np.broadcast_arrays(read("k_fast", "1/min"), read("k_slow", "1/min"), still), axis=2)
    given = scenarios.model.parameters
    by_size = [
        any(f"{ore.kinetics}.{one}.{what}" not in given for what in ("share_fast", "share_slow")) for one in minerals
    ]
    return Floatability(("fast", "slow", "non"), share, rates, np.array(by_size))


def size_shares(ore: Ore, scenarios: Scenarios) -> Floats:
    """Mass fraction of an ore in each size class, shape (S or 1, n); the one class of an ore without sizes.

    Raises
    ------
    ModelError
        If figures are missing or do not make a distribution.
    """
    sieves = sieves_of(scenarios.model, ore)
    if not len(sieves):
        return np.ones((1, 1))
    faults = list(_size_faults(ore, scenarios))
    if faults:
        raise ModelError(faults)
    if _is_curve(ore, scenarios.model):
        p80, slope = (scenarios.values(f"{ore.sizes}.{name}", uom) for name, uom in _CURVE.items())
        return retained(rosin_rammler(sieves, *np.broadcast_arrays(p80, slope)))
    found = [scenarios.values(one, "frac") for one in _passing_names(ore, scenarios.model)]
    shares = retained(np.stack(np.broadcast_arrays(*found), axis=-1))
    wrong = np.argwhere(shares < -_ROUNDING)
    if len(wrong):
        raise ModelError(
            "ore '{ore}': less passes the sieve of {coarse} um than the next finer one",
            where=line_of_figure(scenarios.model, _passing_names(ore, scenarios.model)[0]),
            ore=ore.id, coarse=rounded(sieves[max(wrong[0, 1] - 1, 0)], 6),
        )  # fmt: skip
    return np.maximum(shares, 0)


def breakage(ore: Ore, scenarios: Scenarios) -> Floats:
    """How fast the grains of an ore break, relative to the rates of mills, shape (S or 1,).

    Raises
    ------
    ModelError
        If the figure does not exist or is negative.
    """
    if not ore.breakage:
        return np.ones(1)
    faults = list(_named_faults(ore, "breakage", ore.breakage, "-", scenarios))
    if faults:
        raise ModelError(faults)
    return scenarios.values(ore.breakage, "-")


def followers(ore: Ore, scenarios: Scenarios) -> Floats:
    """How grains of each size follow the water, relative to the finest, shape (S or 1, n).

    1 / cosh(2.292 x / x20), where a fifth of grains of size x20 follows; without x20 all follow alike.

    Raises
    ------
    ModelError
        If the figure is not above zero.

    References
    ----------
    Savassi, Alexander, Franzidis & Manlapig (1998), Minerals Engineering 11, 243-256, without delayed drainage.
    """
    sieves = sieves_of(scenarios.model, ore)
    if not ore.entrainment or not len(sieves):
        return np.ones((1, len(sieves) + 1))
    faults = list(_named_faults(ore, "entrainment", ore.entrainment, "um", scenarios, above_zero=True))
    if faults:
        raise ModelError(faults)
    times = _FIFTH * mean_sizes(sieves) / scenarios.values(ore.entrainment, "um")[:, None]
    return np.asarray(2 * np.exp(-times) / (1 + np.exp(-2 * times)))


def _named_faults(
    ore: Ore, key: str, name: str, uom: str, scenarios: Scenarios, *, above_zero: bool = False
) -> Iterator[Fault]:
    """A figure that an ore names, which does not exist or is no amount, in the description or a scenario."""
    model = scenarios.model
    if name not in model.parameters:
        message = tr("ore '{ore}': '{key}' names the figure '{figure}', which does not exist")
        where = model.places.get(f"{ore.id}/{key}") or model.places.get(ore.id, "")
        yield fault(message, where, ore=ore.id, key=key, figure=name, near=near_match(name, model.parameters))
        return
    yield from _amount_faults(ore, name, uom, scenarios, share=False)
    if above_zero and (scenarios.values(name, uom) == 0).any():
        yield fault("'{key}' of '{owner}' must be above 0", line_of_figure(model, name), key=name, owner=ore.id)


def _by_size(scenarios: Scenarios, name: str, uom: str, sieves: Floats) -> Floats:
    """A figure of all sizes, or the figures by size, shape (S or 1, n)."""
    if name in scenarios.model.parameters:
        return np.repeat(scenarios.values(name, uom)[:, None], len(sieves) + 1, axis=1)
    values = [scenarios.values(one, uom) for one in sized_names(name, sieves)]
    return np.stack(np.broadcast_arrays(*values), axis=-1)


def _rate_faults(ore: Ore, minerals: tuple[str, ...], scenarios: Scenarios) -> Iterator[Fault]:
    """Kinetics that are not given, are no shares or rates, or that a scenario makes negative."""
    model, sieves = scenarios.model, sieves_of(scenarios.model, ore)
    names: dict[str, str] = {}
    for mineral in minerals:
        for what, uom in _KINETICS.items():
            name = f"{ore.kinetics}.{mineral}.{what}"
            sized = sized_names(name, sieves) if len(sieves) else ()
            by_size = name not in model.parameters and any(one in model.parameters for one in sized)
            yield from twofold_faults(model, name, sieves)
            names.update(dict.fromkeys(sized if by_size else (name,), uom))
    missing = [one for one in names if one not in model.parameters]
    if missing:
        message = tr(
            "the kinetics '{prefix}' of ore '{ore}' lack {n} figures, first '{name}': parameters.yaml must hold "
            "share_fast, share_slow, k_fast and k_slow of each of its minerals"
        )
        where = model.places.get(f"{ore.id}/kinetics") or model.places.get(ore.id, "")
        yield fault(message, where, prefix=ore.kinetics, ore=ore.id, n=len(missing), name=missing[0])
    for name, uom in names.items():
        if name not in missing:
            yield from _amount_faults(ore, name, uom, scenarios, share=uom == "frac")


def _amount_faults(ore: Ore, name: str, uom: str, scenarios: Scenarios, *, share: bool) -> Iterator[Fault]:
    """A figure that is no share or amount, or that a scenario makes negative."""
    model = scenarios.model
    faults = list(number_faults(model, ore.id, name, name, uom=uom, bound="share" if share else "amount"))
    yield from faults
    if not faults and (scenarios.values(name, uom) < 0).any():
        message = tr("'{key}' of '{owner}' is {value} {uom}, but cannot be less than 0")
        value = float(scenarios.values(name, uom).min())
        yield fault(message, line_of_figure(model, name), key=name, owner=ore.id, value=value, uom=uom_phrase(uom))


def _is_curve(ore: Ore, model: ChainModel) -> bool:
    """Sizes are given by a curve rather than sieve by sieve."""
    return any(f"{ore.sizes}.{one}" in model.parameters for one in _CURVE)


def _passing_names(ore: Ore, model: ChainModel) -> tuple[str, ...]:
    """Figures of the share that passes each sieve."""
    return sized_names(f"{ore.sizes}.passing", np.array(model.chain.sieves_um))[:-1]


def _size_faults(ore: Ore, scenarios: Scenarios) -> Iterator[Fault]:
    """Figures of the distribution of sizes that are missing or have no meaning."""
    model = scenarios.model
    where = model.places.get(f"{ore.id}/sizes") or model.places.get(ore.id, "")
    curve = _is_curve(ore, model)
    names = [f"{ore.sizes}.{one}" for one in _CURVE] if curve else list(_passing_names(ore, model))
    idle = [one for one in model.parameters if curve and one.startswith(f"{ore.sizes}.passing.")]
    if idle:
        message = tr(
            "the sizes '{prefix}' of ore '{ore}' are given as a curve and sieve by sieve: leave one of them out"
        )
        yield fault(message, line_of_figure(model, idle[0]), prefix=ore.sizes, ore=ore.id)
        return
    missing = [one for one in names if one not in model.parameters]
    if missing:
        message = tr(
            "the sizes '{prefix}' of ore '{ore}' lack {n} figures, first '{name}': give p80_um and slope, or the share "
            "that passes each sieve of sieves_um"
        )
        near = near_match(missing[0], model.parameters)
        yield fault(message, where, prefix=ore.sizes, ore=ore.id, n=len(missing), name=missing[0], near=near)
        return
    for name in names:
        uom = _CURVE[name.rpartition(".")[2]] if curve else "frac"
        yield from _amount_faults(ore, name, uom, scenarios, share=not curve)
        if curve and (scenarios.values(name, uom) == 0).any():
            yield fault("'{key}' of '{owner}' must be above 0", line_of_figure(model, name), key=name, owner=ore.id)
