"""Balances of flows and assays in problem files (kinds ``linear`` and ``bilinear``)."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

from zveno.model.network import (
    MASS,
    MOISTURE,
    WATER,
    WET_MASS,
    NetClosure,
    NetConstraint,
    NetCovariance,
    NetNode,
    NetReading,
    NetStream,
    NetTerm,
    Network,
)
from zveno.sources.problem_file import ProblemSource
from zveno.text.mark import tr
from zveno.text.words import quantity_phrase


@dataclass
class NetworkSource(ProblemSource):
    """The file of a network: knows the names declared so far."""

    nodes: set[object] = field(default_factory=set)
    carried: dict[str, tuple[str, ...]] = field(default_factory=dict)
    components: tuple[str, ...] = ()

    def quantity(self, item: Mapping[str, Any], path: str, *, water: bool = False) -> tuple[str, str]:
        """Stream and quantity of an entry, checked against what was declared; ``water``: moistures are possible."""
        stream, quantity = self.text(item, "stream", path), self.text(item, "quantity", path)
        if stream and stream not in self.carried:
            self.report("stream '{stream}' does not exist", f"{path}.stream", stream=stream)
        elif quantity in WATER and not water:
            self.report(
                "extra equations join dry masses and assays only, not {quantity} of stream '{stream}'",
                f"{path}.quantity", quantity=quantity_phrase(quantity), stream=stream,
            )  # fmt: skip
        elif quantity and stream and quantity not in (MASS, *WATER, *self.carried[stream]):
            self.report(
                "quantity '{quantity}' is no mass, wet_mass or moisture, and no component of stream '{stream}'",
                f"{path}.quantity", quantity=quantity, stream=stream,
            )  # fmt: skip
        return stream, quantity

    def possible(self, quantity: str, value: float | None, path: str) -> None:
        """A fault where a moisture or wet mass cannot be so."""
        if value is not None and ((quantity == MOISTURE and value >= 1) or (quantity == WET_MASS and value <= 0)):
            self.report("a wet mass must be above zero and a moisture below one", f"{path}.value")


class _Every(Container[str]):
    """Holds every name."""

    def __contains__(self, name: object) -> bool:
        return True


NETWORK_KEYS = frozenset(
    {"components", "nodes", "streams", "closure", "fixed", "measurements", "linear_constraints", "assay_total"}
)
"""What only balances of flows and assays hold."""
_MASSES = (MASS, WET_MASS)
_ROLES = ("", "opening_stock", "closing_stock")
_KEYS = {
    "nodes": frozenset({"id", "balance"}),
    "balance": frozenset({"mass", "components"}),
    "streams": frozenset({"id", "from", "to", "components", "role"}),
    "measurements": frozenset({"stream", "quantity", "value", "below", "sigma", "meter"}),
    "fixed": frozenset({"stream", "quantity", "value"}),
    "closure": frozenset({"components", "total", "streams"}),
    "covariances": frozenset({"a", "b", "cov"}),
    "end": frozenset({"stream", "quantity", "meter"}),
    "linear_constraints": frozenset({"terms", "rhs"}),
    "terms": frozenset({"stream", "quantity", "coef"}),
}


def network_of(source: NetworkSource, content: Mapping[str, Any]) -> Network:
    """All parts, in the order in which they name each other."""
    source.components = _components(source, content)
    nodes = tuple(_nodes(source, content))
    streams = tuple(_streams(source, content))
    if not streams:
        source.report("'{key}' is missing", "streams", key="streams")
    readings = tuple(_readings(source, content))
    total = _total(source, content)
    _require_usual_bounds(source, content, total)
    fixed = dict(_fixed(source, content, total))
    _require_sensible(source, readings, fixed, total)
    return Network(
        nodes=nodes,
        streams=streams,
        readings=tuple(one for _, one in readings),
        components=source.components,
        fixed=fixed,
        closure=_closure(source, content, total),
        covariances=tuple(_covariances(source, content, [one for _, one in readings])),
        constraints=tuple(_constraints(source, content, total)),
        assay_total=total,
        name=source.label(content, "id", "") or source.name,
    )


def _components(source: NetworkSource, content: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the components, each once."""
    found = source.names(content.get("components") or [], "components", _Every()) or ()
    if found and content.get("kind") == "linear":
        source.report("a linear problem holds masses only: write the kind bilinear, or leave 'components' out", "kind")
    for name in sorted({one for one in found if found.count(one) > 1}):
        source.report("component '{component}' is listed twice", "components", component=name)
    for name in (MASS, *WATER):
        if name in found:
            source.report("no component can be called '{name}'", "components", name=name)
    return tuple(dict.fromkeys(found))


def _total(source: NetworkSource, content: Mapping[str, Any]) -> float:
    """The largest value an assay can take."""
    total = source.optional(content, "assay_total", "")
    if total is not None and total <= 0:
        source.report("'{key}' must be above zero", "assay_total", key="assay_total")
    return 1.0 if total is None else total


def _require_usual_bounds(source: NetworkSource, content: Mapping[str, Any], total: float) -> None:
    """The bounds of a file are those of every balance: a fault where they are others, since no others are kept."""
    usual = {"mass": [0, None], "assay": [0, total]}
    for key, bounds in source.braces(content.get("bounds"), "bounds").items():
        if key not in usual or bounds != usual[key]:
            source.report(
                "masses are kept at 0 or above and assays from 0 to 'assay_total' ({total}): other bounds are not "
                "supported",
                f"bounds.{key}", total=total,
            )  # fmt: skip


def _nodes(source: NetworkSource, content: Mapping[str, Any]) -> Iterator[NetNode]:
    for path, item in source.items(content, "nodes"):
        source.keys(item, path, _KEYS["nodes"])
        name = source.text(item, "id", path)
        source.unique(name, source.nodes, f"{path}.id", tr("node '{node}' is declared twice"), node=name)
        balance = source.braces(item.get("balance"), f"{path}.balance")
        source.keys(balance, f"{path}.balance", _KEYS["balance"])
        mass = balance.get("mass", True)
        if not isinstance(mass, bool):
            source.report("'{key}' must be true or false", f"{path}.balance.mass", key="mass")
        components = source.names(balance.get("components"), f"{path}.balance.components", source.components)
        yield NetNode(name, bool(mass), components)


def _streams(source: NetworkSource, content: Mapping[str, Any]) -> Iterator[NetStream]:
    for path, item in source.items(content, "streams"):
        source.keys(item, path, _KEYS["streams"])
        name = source.text(item, "id", path)
        if name in source.carried:
            source.report("stream '{stream}' is declared twice", f"{path}.id", stream=name)
        source_node, target_node = (_end(source, item, key, path) for key in ("from", "to"))
        components = source.names(item.get("components"), f"{path}.components", source.components)
        source.carried[name] = source.components if components is None else components
        role = item.get("role") or ""
        if role not in _ROLES:
            source.report("role '{role}' is not known: write {known}, or leave it out", f"{path}.role", role=role,
                          known=_ROLES[1:])  # fmt: skip
        yield NetStream(name, source_node, target_node, components, str(role))


def _end(source: NetworkSource, item: Mapping[str, Any], key: str, path: str) -> str | None:
    """The node at one end of a stream; None is outside."""
    end = source.get(item, key, path)
    if end is None:
        return None
    if not isinstance(end, str) or end not in source.nodes:
        source.report("node '{node}' does not exist", f"{path}.{key}", node=end)
    return str(end)


def _readings(source: NetworkSource, content: Mapping[str, Any]) -> Iterator[tuple[str, NetReading]]:
    """Readings with their paths."""
    seen: set[object] = set()
    for path, item in source.items(content, "measurements"):
        source.keys(item, path, _KEYS["measurements"])
        stream, quantity = source.quantity(item, path, water=True)
        meter = source.label(item, "meter", path)
        source.unique(
            (stream, quantity, meter), seen, path,
            tr("{quantity} of stream '{stream}' is measured twice: give each reading its own 'meter'"),
            quantity=quantity_phrase(quantity), stream=stream,
        )  # fmt: skip
        sigma = source.sigma(item, path)
        value, below = (source.optional(item, key, path) for key in ("value", "below"))
        if (value is None) == (below is None):
            source.report("either 'value' or 'below' is needed", path)
        if below is not None and quantity in WATER:
            source.report("{quantity} is read as a value, not as a limit", f"{path}.below",
                          quantity=quantity_phrase(quantity))  # fmt: skip
        if below is not None and below <= 0:
            source.report("nothing lies below {limit}: a limit must be above zero", f"{path}.below", limit=below)
        source.possible(quantity, value, path)
        yield path, NetReading(stream, quantity, value, sigma, below, meter)


def _require_sensible(
    source: NetworkSource,
    readings: Sequence[tuple[str, NetReading]],
    fixed: Mapping[tuple[str, str], float],
    assay_total: float,
) -> None:
    """A fault for each standard deviation that cannot be reckoned with."""
    sizes = [_size(one) for _, one in readings if one.quantity in _MASSES]
    sizes += [value for (_, quantity), value in fixed.items() if quantity in _MASSES]
    heaviest = max((size for size in sizes if isfinite(size)), default=0.0)
    for path, one in readings:
        source.require_sensible(path, one.sigma, _size(one), heaviest if one.quantity in _MASSES else assay_total)


def _size(one: NetReading) -> float:
    """Size of a reading, or of its limit."""
    return abs((one.below if one.value is None else one.value) or 0.0)


def _fixed(
    source: NetworkSource, content: Mapping[str, Any], assay_total: float
) -> Iterator[tuple[tuple[str, str], float]]:
    seen: set[object] = set()
    for path, item in source.items(content, "fixed"):
        source.keys(item, path, _KEYS["fixed"])
        stream, quantity = source.quantity(item, path, water=True)
        source.unique(
            (stream, quantity), seen, path, tr("{quantity} of stream '{stream}' is fixed twice"),
            quantity=quantity_phrase(quantity), stream=stream,
        )  # fmt: skip
        value = source.number(item, "value", path)
        if value < 0:
            source.report("a fixed value cannot be negative", f"{path}.value")
        elif quantity not in (MASS, *WATER) and value > assay_total:
            source.report(
                "the fixed assay {value} lies above 'assay_total' ({total}): nothing can hold more than that",
                f"{path}.value", value=value, total=assay_total,
            )  # fmt: skip
        source.possible(quantity, value, path)
        yield (stream, quantity), value


def _closure(source: NetworkSource, content: Mapping[str, Any], assay_total: float) -> NetClosure | None:
    item = source.braces(content.get("closure"), "closure")
    if not item:
        return None
    source.keys(item, "closure", _KEYS["closure"])
    components = source.names(item.get("components"), "closure.components", source.components)
    streams = source.names(item.get("streams"), "closure.streams", source.carried)
    total = source.optional(item, "total", "closure")
    if total is not None and total <= 0:
        source.report("'{key}' must be above zero", "closure.total", key="total")
    summed = source.components if components is None else components
    _require_reachable(source, assay_total if total is None else total, summed, streams, assay_total)
    return NetClosure(summed, assay_total if total is None else total, streams)


def _require_reachable(
    source: NetworkSource, total: float, summed: Sequence[str], streams: Sequence[str] | None, assay_total: float
) -> None:
    """A fault where not even pure components sum up to the total of the closure."""
    for stream in source.carried if streams is None else streams:
        count = len(set(source.carried.get(stream, ())) & set(summed))
        if count and total > count * assay_total * (1 + 1e-12):
            source.report(
                "{total} cannot be reached in stream '{stream}': it carries {count} of the components, each at most "
                "{most}",
                "closure.total", total=total, stream=stream, count=count, most=assay_total,
            )  # fmt: skip
            return


def _covariances(
    source: NetworkSource, content: Mapping[str, Any], readings: Sequence[NetReading]
) -> Iterator[NetCovariance]:
    sigma: dict[tuple[str, str, str], float] = {}
    for one in readings:
        if one.value is not None:
            for meter in {"", one.meter}:
                sigma[one.stream, one.quantity, meter] = one.sigma
    only = _only_meters(readings)
    seen: set[object] = set()
    found: dict[tuple[str, str], float] = {}
    for path, item in source.items(content, "covariances"):
        source.keys(item, path, _KEYS["covariances"])
        ends = [_reading_named(source, item, key, path, sigma) for key in ("a", "b")]
        value = source.number(item, "cov", path)
        first, second = ((*end[:2], end[2] or only.get(end[:2], "")) for end in ends)
        if first == second and first in sigma:
            source.report("a covariance joins two readings, but both ends are the same one: leave it out", path)
        source.unique(frozenset((first, second)), seen, path, tr("this covariance is given twice"))
        source.require_possible(value, [sigma.get(end) for end in ends], path)
        found[_words(first), _words(second)] = value
        yield NetCovariance(ends[0][:2], ends[1][:2], value, ends[0][2], ends[1][2])
    source.require_together(found, {_words(one): size for one, size in sigma.items()})


def _only_meters(readings: Sequence[NetReading]) -> dict[tuple[str, str], str]:
    """The meter of each quantity that one meter alone reads."""
    meters: dict[tuple[str, str], list[str]] = {}
    for one in readings:
        if one.value is not None:
            meters.setdefault((one.stream, one.quantity), []).append(one.meter)
    return {place: found[0] for place, found in meters.items() if len(found) == 1}


def _words(reading: tuple[str, str, str]) -> str:
    """A reading as one name."""
    return ".".join(part for part in reading if part)


def _reading_named(
    source: NetworkSource, item: Mapping[str, Any], key: str, path: str, sigma: Mapping[tuple[str, str, str], float]
) -> tuple[str, str, str]:
    """Stream, quantity and meter of the reading at one end of a covariance; empty texts where it is none."""
    end = source.get(item, key, path)
    if not isinstance(end, dict):
        if key in item:
            source.report("an object in braces is needed here", f"{path}.{key}")
        return "", "", ""
    source.keys(end, f"{path}.{key}", _KEYS["end"])
    stream, quantity = source.quantity(end, f"{path}.{key}", water=True)
    found = stream, quantity, source.label(end, "meter", f"{path}.{key}")
    if stream in source.carried and quantity and found not in sigma:
        source.report("there is no reading of {quantity} of stream '{stream}'", f"{path}.{key}",
                      quantity=quantity_phrase(quantity), stream=stream)  # fmt: skip
    return found


def _constraints(source: NetworkSource, content: Mapping[str, Any], assay_total: float) -> Iterator[NetConstraint]:
    for path, item in source.items(content, "linear_constraints"):
        source.keys(item, path, _KEYS["linear_constraints"])
        terms = []
        for at, term in source.items(item, "terms", path):
            source.keys(term, at, _KEYS["terms"])
            stream, quantity = source.quantity(term, at)
            terms.append(NetTerm(stream, quantity, source.number(term, "coef", at)))
        if not item.get("terms"):
            source.report("'{key}' is missing", path, key="terms")
        rhs = source.optional(item, "rhs", path) or 0.0
        _require_met(source, terms, rhs, path, assay_total)
        yield NetConstraint(tuple(terms), rhs)


def _require_met(source: NetworkSource, terms: Sequence[NetTerm], rhs: float, path: str, assay_total: float) -> None:
    """A fault where no masses of zero and above, and no assays up to the total, meet an extra equation."""
    if not terms or not isfinite(rhs) or not all(isfinite(term.coef) for term in terms):
        return
    ends = [(term.coef * (inf if term.quantity == MASS else assay_total)) for term in terms if term.coef]
    least, most = (sum(end for end in ends if (end < 0) == low) for low in (True, False))
    slack = 1e-12 * max(abs(rhs), assay_total)
    if not least - slack <= rhs <= most + slack:
        source.report(
            "no masses of zero or above and no assays from 0 to {total} meet this equation: check its signs and 'rhs'",
            path, total=assay_total,
        )  # fmt: skip
