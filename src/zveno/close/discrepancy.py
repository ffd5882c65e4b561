"""Technological balance, commodity balance, and the discrepancy (nevyazka) between them with its allowance.

The technological balance knows no weight of a product or of its stock, the commodity balance nothing of what was lost.
How far the two may differ is no fixed number: it follows from the errors of the meters that make them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zveno.errors import DataError, SolveError
from zveno.model.chain import ChainModel
from zveno.model.network import MASS, NetReading, Network
from zveno.model.types import Recovery
from zveno.reconcile import NetworkResult
from zveno.reconcile.balance import recovery_terms
from zveno.reconcile.fit import fit_network
from zveno.reconcile.names import covariance_pairs
from zveno.reconcile.topology import CLOSING, OPENING
from zveno.tables import frame

Floats = NDArray[np.float64]
Key = tuple[str, str, str]
ALLOWED = 1.959963984540054
"""Half of the 95 % interval over the standard deviation."""
_ANYTHING = 0.5


@dataclass(frozen=True)
class _Told:
    """A recovery as some of the readings tell it: value, and slopes by each of them."""

    value: float
    slopes: Mapping[Key, float]


def discrepancies(model: ChainModel, network: Network, place: Mapping[str, str], period: str) -> pl.DataFrame:
    """Table ``discrepancies``: both overall recoveries of every plant and component that the description asks for.

    Each plant is balanced twice by itself. *Technological*: without the weights of its products and of what was
    stored of them, so that they follow from the feed and from all assays; with one product and one waste that is
    the two-product formula. *Commodity*: without any reading of what leaves it otherwise, so that recovery is
    metal weighed and assayed in products and in the change of stocks over that of the feeds. The allowance is 1.96
    standard deviations of their difference: errors of weighing, moisture, sampling and assay, with what both
    balances have in common cancelled.

    Parameters
    ----------
    network
        The network of the period with its readings.
    place
        Balanced stream of each stream and group.

    References
    ----------
    Wills & Finch (2016), Wills' Mineral Processing Technology, ch. 3 (two-product formula).
    """
    rows = []
    for one in model.chain.recoveries:
        if not one.plant:
            continue
        views = {name: make() for name, make in both_views(model, network, one, place).items()}
        covariance = _covariance(_part(model, network, one.plant))
        rows += [_row(views, covariance, one, place, component, period) for component in one.components]
    return frame("discrepancies", rows)


def both_views(
    model: ChainModel, network: Network, one: Recovery, place: Mapping[str, str]
) -> dict[str, Callable[[], NetworkResult | None]]:
    """What makes the two balances of a plant when it is called: the technological and the commodity one."""
    part = _part(model, network, one.plant)
    return {
        "technological": lambda: _solved(_without_products(model, part, one, place)),
        "commodity": lambda: _solved(_without_wastes(part, one, place)),
    }


def _part(model: ChainModel, network: Network, plant: str) -> Network:
    """The plant's sections with all that enters and leaves them."""
    inside = {section.id for one in model.chain.plants if one.id == plant for section in one.sections}
    streams = tuple(
        replace(one, source=one.source if one.source in inside else None,
                target=one.target if one.target in inside else None)
        for one in network.streams if one.source in inside or one.target in inside
    )  # fmt: skip
    mine = {one.id for one in streams}
    nodes = tuple(one for one in network.nodes if one.id in inside)
    fixed = {key: value for key, value in network.fixed.items() if key[0] in mine}
    part = replace(network, nodes=nodes, streams=streams, fixed=fixed, constraints=(), common=())
    return _keeping(part, lambda one: one.stream in mine)


def _keeping(network: Network, keep: Callable[[NetReading], bool]) -> Network:
    """The network with some of its readings."""
    kept = {_key(one) for one in network.readings if keep(one)}
    return replace(
        network, common=(),
        readings=tuple(one for one in network.readings if _key(one) in kept),
        covariances=tuple(
            one for one in network.covariances
            if (*one.first, one.first_meter) in kept and (*one.second, one.second_meter) in kept
        ),
    )  # fmt: skip


def _key(one: NetReading) -> Key:
    return one.stream, one.quantity, one.meter


def _without_products(model: ChainModel, network: Network, one: Recovery, place: Mapping[str, str]) -> Network:
    """Masses of products unread; what was stored of them goes with them."""
    products = {name for each in one.products for name in (each, place.get(each, each))}
    kept = {
        stock.id + end for stock in model.chain.stocks for end in (OPENING, CLOSING)
        if stock.id in one.stocks and place.get(stock.material, stock.material) in products
    }  # fmt: skip
    rest = replace(network, streams=tuple(each for each in network.streams if each.id not in kept))
    return _keeping(
        rest,
        lambda reading: reading.stream not in kept and (reading.stream not in products or reading.quantity != MASS),
    )


def _without_wastes(network: Network, one: Recovery, place: Mapping[str, str]) -> Network:
    """Everything unread that leaves the plant other than as a product."""
    products = {place.get(name, name) for name in one.products}
    wastes = {s.id for s in network.streams if s.target is None and not s.role and s.id not in products}
    return _keeping(network, lambda reading: reading.stream not in wastes)


def _solved(network: Network) -> NetworkResult | None:
    """The balance of some readings; None where they allow none."""
    try:
        return NetworkResult(network, fit_network(network))
    except (DataError, SolveError):
        return None


def _covariance(network: Network) -> Callable[[Mapping[Key, float], Mapping[Key, float]], float]:
    """Covariance of two linear functions of the readings."""
    number = {_key(one): n for n, one in enumerate(network.readings)}
    V = np.diag([one.sigma**2 for one in network.readings])
    pairs = covariance_pairs(network)
    V[pairs.first, pairs.second] = V[pairs.second, pairs.first] = pairs.value

    def of(first: Mapping[Key, float], second: Mapping[Key, float]) -> float:
        a, b = np.zeros(len(number)), np.zeros(len(number))
        for vector, slopes in ((a, first), (b, second)):
            for key, slope in slopes.items():
                vector[number[key]] = slope
        return float(a @ V @ b)

    return of


def _told(result: NetworkResult | None, one: Recovery, place: Mapping[str, str], component: str) -> _Told | None:
    """The overall recovery; None where these readings do not determine it."""
    terms = recovery_terms(one, place, result.network, component, with_stocks=True) if result is not None else None
    if result is None or terms is None:
        return None
    found = result.linearised(*terms)
    if found is None or result.fit.linear.sd(found[1]) > _ANYTHING:
        return None
    linear = result.fit.linear
    slopes = linear.by_readings(found[1])
    keys = [_key(result.network.readings[int(n)]) for n in linear.used]
    return _Told(found[0], dict(zip(keys, map(float, slopes), strict=True)))


def _row(
    views: Mapping[str, NetworkResult | None],
    covariance: Callable[[Mapping[Key, float], Mapping[Key, float]], float],
    one: Recovery, place: Mapping[str, str], component: str, period: str,
) -> dict[str, Any]:  # fmt: skip
    """One plant and component."""
    told = {name: _told(result, one, place, component) for name, result in views.items()}
    row: dict[str, Any] = {"period": period, "plant": one.plant, "component": component, "status": "unobservable"}
    for name, found in told.items():
        row[f"{name}_frac"] = found.value if found else None
        row[f"{name}_sd_frac"] = float(np.sqrt(covariance(found.slopes, found.slopes))) if found else None
    row |= dict.fromkeys(("difference_frac", "difference_sd_frac", "fed_t", "difference_t", "allowance_t"))
    first, second = told["technological"], told["commodity"]
    fed = _fed(views["commodity"], one, place, component)
    if first is None or second is None or fed is None:
        return row
    apart = {key: first.slopes.get(key, 0.0) - second.slopes.get(key, 0.0) for key in {*first.slopes, *second.slopes}}
    difference, sd = first.value - second.value, float(np.sqrt(max(covariance(apart, apart), 0.0)))
    return row | {
        "difference_frac": difference, "difference_sd_frac": sd, "fed_t": fed, "difference_t": difference * fed,
        "allowance_t": ALLOWED * sd * fed, "status": "within" if abs(difference) <= ALLOWED * sd else "beyond",
    }  # fmt: skip


def _fed(result: NetworkResult | None, one: Recovery, place: Mapping[str, str], component: str) -> float | None:
    """Metal of the feeds."""
    terms = recovery_terms(one, place, result.network, component, with_stocks=True) if result is not None else None
    return result.total(terms[1])[0] if result is not None and terms is not None else None
