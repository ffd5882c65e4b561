"""Elements, oxides and the laws of matte: what furnaces, converters and acid plants are counted with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from zveno.errors import QuantityError
from zveno.simulate.basis import Floats

ATOMIC_WEIGHT: Mapping[str, float] = MappingProxyType(
    {
        "H": 1.008, "C": 12.011, "N": 14.007, "O": 15.999, "Na": 22.990, "Mg": 24.305, "Al": 26.982, "Si": 28.085,
        "P": 30.974, "S": 32.06, "Cl": 35.45, "K": 39.098, "Ca": 40.078, "Ti": 47.867, "Mn": 54.938, "Fe": 55.845,
        "Co": 58.933, "Ni": 58.693, "Cu": 63.546, "Zn": 65.38, "As": 74.922, "Se": 78.971, "Mo": 95.95,
        "Ag": 107.868, "Cd": 112.414, "Sn": 118.71, "Sb": 121.76, "Te": 127.60, "Ba": 137.327, "Re": 186.207,
        "Au": 196.967, "Hg": 200.592, "Tl": 204.38, "Pb": 207.2, "Bi": 208.980,
    }
)  # fmt: skip
"""Conventional standard atomic weights, IUPAC 2021."""

OTHER = "other"
"""What an assay does not name; it is followed like an element."""

_TERM = re.compile(r"([A-Z][a-z]?)(\d*)")


@lru_cache(maxsize=256)
def formula(text: str) -> Mapping[str, float]:
    """Mass fractions of the elements of a compound without brackets.

    Raises
    ------
    QuantityError
        If the text is no formula of known elements.

    Examples
    --------
    >>> {element: round(share, 4) for element, share in formula("Cu2S").items()}
    {'Cu': 0.7986, 'S': 0.2014}
    """
    terms = _TERM.findall(text)
    if "".join(a + b for a, b in terms) != text or not terms or any(a not in ATOMIC_WEIGHT for a, _ in terms):
        raise QuantityError("'{formula}' is neither an element nor the formula of a compound", formula=text)
    weights: dict[str, float] = {}
    for element, count in terms:
        weights[element] = weights.get(element, 0.0) + ATOMIC_WEIGHT[element] * int(count or 1)
    total = sum(weights.values())
    return MappingProxyType({element: weight / total for element, weight in weights.items()})


def contents(name: str) -> Mapping[str, float]:
    """Elements of one assayed component: an element, an oxide, or ``other``."""
    return {OTHER: 1.0} if name == OTHER else formula(name)


def per_mass(compound: str, element: str) -> float:
    """Tonnes of an element's partner per tonne of the element in a compound of two: O per Fe in FeO.

    >>> round(per_mass("SiO2", "Si"), 4)
    1.1393
    """
    share = formula(compound)[element]
    return (1 - share) / share


def matte_of_grade(grade: Floats) -> tuple[Floats, Floats, Floats]:
    """Mass fractions of Fe, S and O in a Cu-Fe-S-O matte of a copper grade (mass fraction, (S,)).

    References
    ----------
    Matousek (1996), CIM Bulletin 89, no. 1002: Fe = 62.0 - 0.775 Cu; S = 28.0 - 0.00125 Cu^2;
    O = 10.0 - 0.225 Cu + 0.00125 Cu^2, all in per cent, under oxidising conditions.

    Examples
    --------
    >>> [one.round(5).tolist() for one in matte_of_grade(np.array([0.5]))]
    [[0.2325], [0.24875], [0.01875]]
    """
    percent = 100 * np.asarray(grade, dtype=float)
    iron, sulphur = 62.0 - 0.775 * percent, 28.0 - 0.00125 * percent**2
    return iron / 100, sulphur / 100, (100 - percent - iron - sulphur) / 100


def grade_of_sulphur(sulphur_per_copper: Floats) -> Floats:
    """Copper grade (mass fraction) of the matte of :func:`matte_of_grade` that holds so much S per Cu.

    >>> grade_of_sulphur(np.array([0.24875 / 0.5])).round(9).tolist()
    [0.5]
    """
    ratio = np.asarray(sulphur_per_copper, dtype=float)
    bend = 0.00125
    return np.asarray((np.sqrt(ratio**2 + 4 * bend * 28.0) - ratio) / (2 * bend) / 100)
