"""A balance written out as free equations in masses and assays, for a second opinion by another solver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zveno.model.expression import Expression, parse
from zveno.model.free import FreeProblem, FreeVariable
from zveno.model.network import MASS, MOISTURE, WET_MASS, NetReading, Network

Place = dict[tuple[str, str], str]


def as_equations(
    network: Network, about: Mapping[str, Mapping[str, float | None]] | None = None
) -> tuple[FreeProblem, Place]:
    """Free equations, and the variable of each mass and assay that is not fixed.

    ``about`` holds what values are about: one digit of them tells the search the order of size.
    """
    names: Place = {}
    for stream in network.streams:
        for quantity in (MASS, *network.carries(stream)):
            names[stream.id, quantity] = f"v{len(names)}"
    water = [one for one in (*network.readings, *(NetReading(*key, None, 1.0) for key in network.fixed))
             if one.quantity in (WET_MASS, MOISTURE)]  # fmt: skip
    for one in dict.fromkeys(one.stream for one in water):
        for quantity in (WET_MASS, MOISTURE):
            names[one, quantity] = f"v{len(names)}"
    read = {(one.stream, one.quantity): one for one in network.readings}
    variables = []
    for key, name in names.items():
        if key not in network.fixed:
            one = read.get(key)
            lower, upper = 0.0, (None if key[1] in (MASS, WET_MASS) else network.assay_total)
            value, sigma = (None, None) if one is None else (one.value, one.sigma)
            size = (about or {}).get(key[0], {}).get(key[1])
            start = None if one is not None or size is None else float(f"{size:.1g}")
            variables.append(FreeVariable(name, value, sigma, start, lower, upper))
    known = {names[key]: value for key, value in network.fixed.items()}
    free = frozenset(one.id for one in variables)
    texts = [text for text in _texts(network, names) if any(name in free for name in _names_in(text))]
    equations = [parse(text, free, known) for text in texts]
    assert all(isinstance(one, Expression) for one in equations), equations
    covariances = tuple((names[one.first], names[one.second], one.value) for one in network.covariances)
    place = {key: name for key, name in names.items() if name in free}
    return FreeProblem(tuple(variables), tuple(equations), covariances), place


def _texts(network: Network, names: Place) -> Iterator[str]:
    """Every balance, closure and constraint, and what wet mass and moisture have to do with the dry mass."""
    yield from _balances(network, names)
    for stream in network.streams:
        if (stream.id, WET_MASS) in names:
            mass, wet, moist = (names[stream.id, quantity] for quantity in (MASS, WET_MASS, MOISTURE))
            yield f"{mass} - {wet}*(1 - {moist})"
    closure = network.closure
    if closure is not None:
        for stream in network.streams:
            inside = [one for one in network.carries(stream) if one in closure.components]
            if inside and (closure.streams is None or stream.id in closure.streams):
                yield " + ".join(names[stream.id, one] for one in inside) + f" - {closure.total}"
    for constraint in network.constraints:
        yield " + ".join(f"({term.coef})*{names[term.stream, term.quantity]}" for term in constraint.terms) + (
            f" - ({constraint.rhs})"
        )


def _balances(network: Network, names: Place) -> Iterator[str]:
    """What enters less what leaves, for each node and quantity."""
    for node in network.nodes:
        ends = [(one, (one.target == node.id) - (one.source == node.id)) for one in network.streams]
        ends = [(one, sign) for one, sign in ends if sign]
        if node.mass:
            yield " + ".join(f"({sign})*{names[one.id, MASS]}" for one, sign in ends)
        for component in network.components if node.components is None else node.components:
            terms = [
                f"({sign})*{names[one.id, MASS]}*{names[one.id, component]}"
                for one, sign in ends
                if (one.id, component) in names
            ]
            if terms:
                yield " + ".join(terms)


def _names_in(text: str) -> set[str]:
    """Variables that an equation holds."""
    for sign in "()*+-":
        text = text.replace(sign, " ")
    return set(text.split())
