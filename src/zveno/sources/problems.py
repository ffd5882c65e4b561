"""Self-contained reconciliation problems: JSON files of the schema ``recon-problem/1``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zveno.errors import DataError, Fault, Phrase, fault, refusal
from zveno.model.network import (
    MASS,
    NetClosure,
    NetConstraint,
    NetCovariance,
    NetNode,
    NetReading,
    NetStream,
    NetTerm,
    Network,
)
from zveno.text.mark import tr
from zveno.text.words import quantity_phrase

SCHEMA = "recon-problem/1"
_KINDS = ("linear", "bilinear")


def read_problem(path: Path | str) -> Network:
    """Read a problem file into a network.

    Raises
    ------
    DataError
        With every fault of the file, each with the file and the JSON path (``problem.json:
        measurements[3].sigma``); also when the problem is of the kind ``nonlinear``.
    """
    path = Path(path)
    source = _Source(path.name)
    content = _load(path)
    _require_kind(source, content)
    network = _network(source, content)
    if source.faults:
        raise DataError(source.faults)
    return network


_BROKEN = (
    ("Expecting value", Phrase("a value is missing here, or a comma stands before a closing bracket")),
    ("Expecting ',' delimiter", Phrase("a comma or a closing bracket is missing here")),
    ("Expecting ':' delimiter", Phrase("a colon is missing here")),
    ("Expecting property name", Phrase("a key in double quotes is needed here")),
    ("Unterminated string", Phrase("a quotation mark has no closing one")),
    ("Extra data", Phrase("something stands after the last closing bracket: remove it")),
    ("Illegal trailing comma", Phrase("a comma stands before a closing bracket: remove it")),
)


def _broken(said: str) -> Phrase | str:
    """What is wrong with the JSON; the reader's own words where it has no others."""
    return next((phrase for start, phrase in _BROKEN if said.startswith(start)), said)


def _load(path: Path) -> dict[str, Any]:
    """Content of the file as a JSON object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError("the file cannot be read: {reason}", str(path), reason=refusal(error)) from error
    except UnicodeDecodeError as error:
        raise DataError("the file is not UTF-8 text: save it as UTF-8", path.name) from error
    except json.JSONDecodeError as error:
        raise DataError(
            "the file is not JSON: {reason}", f"{path.name}:{error.lineno}", reason=_broken(error.msg)
        ) from error
    if not isinstance(content, dict):
        raise DataError("the file must hold one JSON object that describes a problem", path.name)
    return content


def _require_kind(source: _Source, content: Mapping[str, Any]) -> None:
    """Only linear and bilinear problems of the known schema can be read."""
    if content.get("schema", SCHEMA) != SCHEMA:
        raise DataError(
            "schema '{schema}' is not known: '{known}' is needed",
            source.at("schema"), schema=content["schema"], known=SCHEMA,
        )  # fmt: skip
    kind = content.get("kind")
    if kind == "nonlinear":
        raise DataError(
            "problems of the kind 'nonlinear' (free equations) are not supported yet: only balances of flows "
            "and assays are",
            source.at("kind"),
        )
    if kind is not None and kind not in _KINDS:
        raise DataError("kind '{kind}' is not known: write linear or bilinear", source.at("kind"), kind=kind)


@dataclass
class _Source:
    """The file being read: collects faults and knows the names declared so far."""

    name: str
    faults: list[Fault] = field(default_factory=list)
    nodes: set[str] = field(default_factory=set)
    carried: dict[str, tuple[str, ...]] = field(default_factory=dict)
    components: tuple[str, ...] = ()

    def at(self, path: str) -> str:
        """Place of a JSON path in messages."""
        return f"{self.name}: {path}"

    def report(self, message: str, path: str, **fields: object) -> None:
        """Note a fault."""
        self.faults.append(fault(message, self.at(path), **fields))

    def get(self, item: Mapping[str, Any], key: str, path: str) -> Any:
        """A required value; a fault where it is missing."""
        if key not in item:
            self.report("'{key}' is missing", path, key=key)
        return item.get(key)

    def text(self, item: Mapping[str, Any], key: str, path: str) -> str:
        """A required text."""
        value = self.get(item, key, path)
        if key in item and not isinstance(value, str):
            self.report("'{key}' must be a text", f"{path}.{key}", key=key)
        return value if isinstance(value, str) else ""

    def number(self, item: Mapping[str, Any], key: str, path: str) -> float:
        """A required finite number; NaN stands for one that was reported as a fault."""
        value = self.get(item, key, path)
        usable = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if key in item and not usable:
            self.report("'{key}' must be a number", f"{path}.{key}", key=key)
        return float(value) if usable else math.nan

    def items(self, content: Mapping[str, Any], key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Objects of an optional list with their paths."""
        found = content.get(key) or []
        if not isinstance(found, list):
            self.report("'{key}' must be a list", key, key=key)
            return
        for k, item in enumerate(found):
            if isinstance(item, dict):
                yield f"{key}[{k}]", item
            else:
                self.report("an object in braces is needed here", f"{key}[{k}]")

    def names(self, value: Any, path: str, known: Sequence[str]) -> tuple[str, ...] | None:
        """A list of known names; None for ``all`` or null."""
        if value is None or value == "all":
            return None
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.report('a list of names, or "all", is needed here', path)
            return None
        for one in value:
            if one not in known:
                self.report("'{name}' does not exist", path, name=one)
        return tuple(value)

    def quantity(self, item: Mapping[str, Any], path: str) -> tuple[str, str]:
        """Stream and quantity of an entry, checked against what was declared."""
        stream, quantity = self.text(item, "stream", path), self.text(item, "quantity", path)
        if stream and stream not in self.carried:
            self.report("stream '{stream}' does not exist", f"{path}.stream", stream=stream)
        elif quantity and stream and quantity not in (MASS, *self.carried[stream]):
            self.report(
                "quantity '{quantity}' is neither 'mass' nor a component of stream '{stream}'",
                f"{path}.quantity", quantity=quantity, stream=stream,
            )  # fmt: skip
        return stream, quantity

    def unique(self, name: object, seen: set[object], path: str, message: str, **fields: object) -> None:
        """A fault where a name comes a second time."""
        if name in seen:
            self.report(message, path, **fields)
        seen.add(name)


def _network(source: _Source, content: Mapping[str, Any]) -> Network:
    """All parts, in the order in which they name each other."""
    source.components = source.names(content.get("components") or [], "components", _Any()) or ()
    nodes = tuple(_nodes(source, content))
    streams = tuple(_streams(source, content))
    if not streams:
        source.report("'{key}' is missing", "streams", key="streams")
    readings = tuple(_readings(source, content))
    total = source.number(content, "assay_total", "") if content.get("assay_total") is not None else 1.0
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


class _Any(Sequence[str]):
    """A list that holds every name."""

    def __contains__(self, name: object) -> bool:
        return True

    def __len__(self) -> int:
        return 0

    def __getitem__(self, index: Any) -> Any:
        raise IndexError(index)


def _nodes(source: _Source, content: Mapping[str, Any]) -> Iterator[NetNode]:
    for path, item in source.items(content, "nodes"):
        name = source.text(item, "id", path)
        source.unique(name, source.nodes, f"{path}.id", tr("node '{node}' is declared twice"), node=name)  # type: ignore[arg-type]
        balance = item.get("balance") or {}
        if not isinstance(balance, dict):
            source.report("an object in braces is needed here", f"{path}.balance")
            balance = {}
        components = source.names(balance.get("components"), f"{path}.balance.components", source.components)
        yield NetNode(name, bool(balance.get("mass", True)), components)


def _streams(source: _Source, content: Mapping[str, Any]) -> Iterator[NetStream]:
    for path, item in source.items(content, "streams"):
        name = source.text(item, "id", path)
        if name in source.carried:
            source.report("stream '{stream}' is declared twice", f"{path}.id", stream=name)
        ends = [source.get(item, key, path) for key in ("from", "to")]
        for key, end in zip(("from", "to"), ends, strict=True):
            if end is not None and end not in source.nodes:
                source.report("node '{node}' does not exist", f"{path}.{key}", node=end)
        components = source.names(item.get("components"), f"{path}.components", source.components)
        source.carried[name] = source.components if components is None else components
        yield NetStream(name, ends[0], ends[1], components, str(item.get("role") or ""))


def _readings(source: _Source, content: Mapping[str, Any]) -> Iterator[NetReading]:
    seen: set[object] = set()
    for path, item in source.items(content, "measurements"):
        stream, quantity = source.quantity(item, path)
        source.unique(
            (stream, quantity, item.get("meter", "")), seen, path,
            tr("{quantity} of stream '{stream}' is measured twice: give each reading its own 'meter'"),
            quantity=quantity_phrase(quantity), stream=stream,
        )  # fmt: skip
        sigma = source.number(item, "sigma", path)
        if sigma <= 0:
            source.report("'sigma' must be above zero", f"{path}.sigma")
        if ("value" in item) == ("below" in item):
            source.report("either 'value' or 'below' is needed", path)
        value = source.number(item, "value", path) if "value" in item else None
        below = source.number(item, "below", path) if "below" in item else None
        yield NetReading(stream, quantity, value, sigma, below, str(item.get("meter", "")))


def _fixed(source: _Source, content: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], float]]:
    seen: set[object] = set()
    for path, item in source.items(content, "fixed"):
        stream, quantity = source.quantity(item, path)
        source.unique(
            (stream, quantity), seen, path, tr("{quantity} of stream '{stream}' is fixed twice"),
            quantity=quantity_phrase(quantity), stream=stream,
        )  # fmt: skip
        value = source.number(item, "value", path)
        if value < 0:
            source.report("a fixed value cannot be negative", f"{path}.value")
        yield (stream, quantity), value


def _closure(source: _Source, content: Mapping[str, Any], assay_total: float) -> NetClosure | None:
    item = content.get("closure")
    if not item:
        return None
    if not isinstance(item, dict):
        source.report("an object in braces is needed here", "closure")
        return None
    components = source.names(item.get("components"), "closure.components", source.components)
    streams = source.names(item.get("streams"), "closure.streams", list(source.carried))
    total = source.number(item, "total", "closure") if "total" in item else assay_total
    return NetClosure(source.components if components is None else components, total, streams)


def _covariances(
    source: _Source, content: Mapping[str, Any], readings: Sequence[NetReading]
) -> Iterator[NetCovariance]:
    sigma = {(one.stream, one.quantity): one.sigma for one in readings if one.value is not None}
    seen: set[object] = set()
    for path, item in source.items(content, "covariances"):
        ends: list[tuple[str, str]] = []
        for key in ("a", "b"):
            end = source.get(item, key, path)
            ends.append(source.quantity(end, f"{path}.{key}") if isinstance(end, dict) else ("", ""))
            if all(ends[-1]) and ends[-1][0] in source.carried and ends[-1] not in sigma:
                source.report("there is no reading of {quantity} of stream '{stream}'", f"{path}.{key}",
                              quantity=quantity_phrase(ends[-1][1]), stream=ends[-1][0])  # fmt: skip
        value = source.number(item, "cov", path)
        source.unique(frozenset(ends), seen, path, tr("this covariance is given twice"))
        if all(end in sigma for end in ends) and not abs(value) < sigma[ends[0]] * sigma[ends[1]]:
            source.report("'cov' must be smaller than the product of the two standard deviations", f"{path}.cov")
        yield NetCovariance(ends[0], ends[1], value)


def _constraints(source: _Source, content: Mapping[str, Any]) -> Iterator[NetConstraint]:
    for path, item in source.items(content, "linear_constraints"):
        terms = []
        for at, term in source.items({f"{path}.terms": item.get("terms")}, f"{path}.terms"):
            stream, quantity = source.quantity(term, at)
            terms.append(NetTerm(stream, quantity, source.number(term, "coef", at)))
        if not terms:
            source.report("'{key}' is missing", path, key="terms")
        yield NetConstraint(tuple(terms), source.number(item, "rhs", path) if "rhs" in item else 0.0)
