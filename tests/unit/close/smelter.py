"""A smelter that melts own and toll concentrate together: furnace and converter, slag back to the furnace."""

from __future__ import annotations

from typing import Any

from zveno.model.chain import ChainModel
from zveno.model.network import MASS, NetNode, NetReading, NetStream, Network
from zveno.model.types import ChainFile
from zveno.reconcile import NetworkResult
from zveno.reconcile.fit import fit_network

TRUE_T = {
    "own": 120.0, "toll": 40.0, "furnace.opening": 30.0, "furnace.closing": 25.0, "matte": 180.0, "slag": 3.0,
    "conv_slag": 18.0, "blister": 161.0, "dust": 1.0,
}  # fmt: skip
"""Copper, t: 120 + 40 + 30 + 18 = 180 + 3 + 25; 180 = 161 + 18 + 1."""

OWNERS = [
    {"id": "company"},
    {
        "id": "toller",
        "contract": {
            "number": "T-1", "returned": {"Cu": ["handed"]},
            "terms": [
                {"from": "2026-01-01", "component": "Cu", "recovery_pct": 96, "deduct_pct": 1},
                {"from": "2026-03-15", "component": "Cu", "recovery_pct": 97, "deduct_pct": 1},
            ],
        },
    },
]  # fmt: skip


def model(**changes: Any) -> ChainModel:
    """The description."""
    content: dict[str, Any] = {
        "format": "zveno/chain-1", "id": "smelter", "title": {"en": "Smelter"}, "timezone": "UTC+05:00",
        "components": ["Cu"], "owners": OWNERS,
        "plants": [{"id": "plant", "kind": "smelter", "sections": [{"id": "furnace"}, {"id": "converter"}]}],
        "boundaries": [{"id": "mill"}, {"id": "customer"}, {"id": "dump"}, {"id": "air"}, {"id": "refinery"}],
        "units": [{"id": "f", "section": "furnace"}, {"id": "c", "section": "converter"}],
        "streams": [
            {"id": "own", "from": "mill", "to": "f", "kind": "concentrate"},
            {"id": "toll", "from": "customer", "to": "f", "kind": "concentrate", "owner": "toller"},
            {"id": "matte", "from": "f", "to": "c"}, {"id": "conv_slag", "from": "c:slag", "to": "f"},
            {"id": "slag", "from": "f:slag", "to": "dump"}, {"id": "dust", "from": "c:dust", "to": "air"},
            {"id": "blister", "from": "c", "to": "refinery"},
        ],
        "stocks": [{"id": "bath", "section": "furnace", "material": "matte", "kind": "in_process"}],
        "recoveries": [{"plant": "plant", "components": ["Cu"], "feeds": ["own", "toll"], "products": ["blister"]}],
    }  # fmt: skip
    return ChainModel(chain=ChainFile.model_validate({**content, **changes}))


def network(unread: tuple[str, ...] = ()) -> Network:
    """Copper of every stream, weighed as copper: pure streams but for the concentrates (a quarter copper)."""
    ends = {
        "own": (None, "furnace", ""), "toll": (None, "furnace", ""), "furnace.opening": (None, "furnace", "opening"),
        "furnace.closing": ("furnace", None, "closing"), "matte": ("furnace", "converter", ""),
        "slag": ("furnace", None, ""), "conv_slag": ("converter", "furnace", ""), "blister": ("converter", None, ""),
        "dust": ("converter", None, ""),
    }  # fmt: skip
    names = {"furnace.opening": "bath.opening", "furnace.closing": "bath.closing"}
    streams, readings = [], []
    for name, (source, target, role) in ends.items():
        stream = names.get(name, name)
        grade = 0.25 if name in ("own", "toll") else 0.5
        streams.append(NetStream(stream, source, target, None, role))
        if name not in unread:
            mass = TRUE_T[name] / grade
            readings.append(NetReading(stream, MASS, mass, 0.01 * mass))
            readings.append(NetReading(stream, "Cu", grade, 0.01 * grade))
    nodes = (NetNode("furnace", mass=False), NetNode("converter", mass=False))
    return Network(nodes, tuple(streams), tuple(readings), ("Cu",))


def solved(unread: tuple[str, ...] = ()) -> tuple[Network, NetworkResult]:
    """The network and its balance; all readings are true, so nothing is adjusted."""
    found = network(unread)
    return found, NetworkResult(found, fit_network(found))
