"""Balances of flows and assays in problem files (kinds ``linear`` and ``bilinear``)."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
    return Network(
        nodes=nodes,
        streams=streams,
        readings=readings,
        components=source.components,
        fixed=dict(_fixed(source, content)),
        closure=_closure(source, content, total),
        covariances=tuple(_covariances(source, content, readings)),
        constraints=tuple(_constraints(source, content)),
        assay_total=total,
        name=str(content.get("id", source.name)),
    )


def _components(source: NetworkSource, content: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the components, each once."""
    found = source.names(content.get("components") or [], "components", _Every()) or ()
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


def _readings(source: NetworkSource, content: Mapping[str, Any]) -> Iterator[NetReading]:
    seen: set[object] = set()
    for path, item in source.items(content, "measurements"):
        source.keys(item, path, _KEYS["measurements"])
        stream, quantity = source.quantity(item, path, water=True)
        meter = str(item.get("meter") or "")
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
        source.possible(quantity, value, path)
        yield NetReading(stream, quantity, value, sigma, below, meter)


def _fixed(source: NetworkSource, content: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], float]]:
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
    return NetClosure(
        source.components if components is None else components, assay_total if total is None else total, streams
    )


def _covariances(
    source: NetworkSource, content: Mapping[str, Any], readings: Sequence[NetReading]
) -> Iterator[NetCovariance]:
    sigma: dict[tuple[str, str, str], float] = {}
    for one in readings:
        if one.value is not None:
            for meter in {"", one.meter}:
                sigma[one.stream, one.quantity, meter] = one.sigma
    seen: set[object] = set()
    for path, item in source.items(content, "covariances"):
        source.keys(item, path, _KEYS["covariances"])
        ends = [_reading_named(source, item, key, path, sigma) for key in ("a", "b")]
        value = source.number(item, "cov", path)
        source.unique(frozenset(ends), seen, path, tr("this covariance is given twice"))
        source.require_possible(value, [sigma.get(end) for end in ends], path)
        yield NetCovariance(ends[0][:2], ends[1][:2], value, ends[0][2], ends[1][2])


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
    found = stream, quantity, str(end.get("meter") or "")
    if stream in source.carried and quantity and found not in sigma:
        source.report("there is no reading of {quantity} of stream '{stream}'", f"{path}.{key}",
                      quantity=quantity_phrase(quantity), stream=stream)  # fmt: skip
    return found


def _constraints(source: NetworkSource, content: Mapping[str, Any]) -> Iterator[NetConstraint]:
    for path, item in source.items(content, "linear_constraints"):
        source.keys(item, path, _KEYS["linear_constraints"])
        terms = []
        for at, term in source.items({f"{path}.terms": item.get("terms")}, f"{path}.terms"):
            source.keys(term, at, _KEYS["terms"])
            stream, quantity = source.quantity(term, at)
            terms.append(NetTerm(stream, quantity, source.number(term, "coef", at)))
        if not terms:
            source.report("'{key}' is missing", path, key="terms")
        yield NetConstraint(tuple(terms), source.optional(item, "rhs", path) or 0.0)
