"""Readings whose errors hang together: the correlation matrix that a network's covariances make."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zveno.errors import DataError
from zveno.model.network import Network
from zveno.text.words import quantity_phrase


def correlation(network: Network) -> NDArray[np.float64] | None:
    """Correlation matrix of the readings; None where nothing is correlated."""
    if not network.covariances:
        return None
    sigma = np.array([one.sigma for one in network.readings])
    V = np.diag(sigma**2)
    of: dict[tuple[str, str], list[int]] = {}
    for k, reading in enumerate(network.readings):
        of.setdefault((reading.stream, reading.quantity), []).append(k)
    for one in network.covariances:
        i = _reading_number(network, one.first, one.first_meter, of.get(one.first, ()))
        j = _reading_number(network, one.second, one.second_meter, of.get(one.second, ()))
        V[i, j] = V[j, i] = one.value
    found = V / np.outer(sigma, sigma)
    if np.linalg.eigvalsh(found)[0] <= 1e-12:
        raise DataError("the covariances of the readings contradict each other: no errors can be correlated like this")
    return np.asarray(found)


def _reading_number(
    network: Network, quantity: tuple[str, str], meter: str = "", among: Sequence[int] | None = None
) -> int:
    """Number of the only reading of a quantity (by that meter, if one is named); ``among`` those that may be it."""
    found = [
        k for k in (range(len(network.readings)) if among is None else among)
        if (network.readings[k].stream, network.readings[k].quantity) == quantity
        and meter in ("", network.readings[k].meter)
    ]  # fmt: skip
    if len(found) != 1 or network.readings[found[0]].below is not None:
        raise DataError(
            "the covariance names {quantity} of stream '{stream}', which needs exactly one reading with a value",
            stream=quantity[0], quantity=quantity_phrase(quantity[1]),
        )  # fmt: skip
    return found[0]
