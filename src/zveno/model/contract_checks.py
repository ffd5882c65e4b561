"""What cannot be in a contract with an owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from zveno.errors import Fault, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import line_of, unknown


def contract_faults(model: ChainModel) -> Iterator[Fault]:
    """Contracts name components and meters that exist, and no day has two terms for one component."""
    for owner in model.chain.owners:
        if owner.contract is None:
            continue
        seen: set[tuple[str, date]] = set()
        for one in owner.contract.terms:
            if one.component not in model.chain.components:
                yield unknown(model, owner.id, "component", one.component, model.chain.components)
            if (one.component, one.start) in seen:
                yield fault(
                    "the contract of '{owner}' has two terms for {component} from {day}: keep one",
                    line_of(model, owner.id, "contract"), owner=owner.id, component=one.component, day=str(one.start),
                )  # fmt: skip
            seen.add((one.component, one.start))
        for component in owner.contract.returned:
            if component not in model.chain.components:
                yield unknown(model, owner.id, "returned", component, model.chain.components)
        for name in (name for names in owner.contract.returned.values() for name in names):
            meter = model.meters.get(name)
            if meter is None:
                yield unknown(model, owner.id, "returned", name, model.meters)
            elif meter.quantity != "mass":
                yield fault(
                    "'{meter}' weighs what is returned to '{owner}', but reads {quantity}: it needs quantity: mass",
                    line_of(model, name, "quantity"), meter=name, owner=owner.id, quantity=meter.quantity,
                )  # fmt: skip
