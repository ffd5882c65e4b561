"""What cannot be in a contract with an owner, and in what is said of whose metal a stock holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from zveno.errors import Fault, fault
from zveno.model.chain import ChainModel
from zveno.model.checks import line_of, unknown
from zveno.model.contracts import Contract
from zveno.model.types import Stock

_ALL_PCT, _ROUNDED = 100.0, 0.01


def contract_faults(model: ChainModel) -> list[Fault]:
    """Contracts name components and meters that exist, and no day has two terms or limits for one component."""
    found: list[Fault] = []
    for owner in model.chain.owners:
        if owner.contract is not None:
            found += _terms_faults(model, owner.id, owner.contract)
            found += _limit_faults(model, owner.id, owner.contract)
            found += _meter_faults(model, owner.id, owner.contract)
    for stock in model.chain.stocks:
        found += _stock_owner_faults(model, stock)
    return found


def _stock_owner_faults(model: ChainModel, stock: Stock) -> Iterator[Fault]:
    """Shares of owners that exist, of components that exist, together 100 %, said once for each day."""
    owners = [one.id for one in model.chain.owners]
    seen: set[tuple[date, str]] = set()
    for one in stock.owners:
        for owner in one.share_pct:
            if owner not in owners:
                yield unknown(model, stock.id, "owners", owner, owners)
        for component in one.components:
            if component not in model.chain.components:
                yield unknown(model, stock.id, "owners", component, model.chain.components)
        total = sum(one.share_pct.values())
        if abs(total - _ALL_PCT) > _ROUNDED:
            yield fault(
                "the owners of '{stock}' on {day} have {total} % together: their shares must give 100 %",
                line_of(model, stock.id, "owners"), stock=stock.id, day=str(one.on), total=round(total, 4),
            )  # fmt: skip
        for component in one.components or ("",):
            if (one.on, component) in seen:
                yield fault(
                    "the owners of '{stock}' on {day} are stated twice: keep one",
                    line_of(model, stock.id, "owners"), stock=stock.id, day=str(one.on),
                )  # fmt: skip
            seen.add((one.on, component))


def _terms_faults(model: ChainModel, owner: str, contract: Contract) -> Iterator[Fault]:
    """Terms of components that exist, one for each day."""
    seen: set[tuple[str, date]] = set()
    for one in contract.terms:
        if one.component not in model.chain.components:
            yield unknown(model, owner, "component", one.component, model.chain.components)
        if (one.component, one.start) in seen:
            yield fault(
                "the contract of '{owner}' has two terms for {component} from {day}: keep one",
                line_of(model, owner, "contract"), owner=owner, component=one.component, day=str(one.start),
            )  # fmt: skip
        seen.add((one.component, one.start))


def _limit_faults(model: ChainModel, owner: str, contract: Contract) -> Iterator[Fault]:
    """Limits of components that exist, one for each day."""
    seen: set[tuple[str, date]] = set()
    for one in contract.limits:
        if one.component not in model.chain.components:
            yield unknown(model, owner, "limits", one.component, model.chain.components)
        if (one.component, one.start) in seen:
            yield fault(
                "the contract of '{owner}' has two limits for {component} from {day}: keep one",
                line_of(model, owner, "contract"), owner=owner, component=one.component, day=str(one.start),
            )  # fmt: skip
        seen.add((one.component, one.start))


def _meter_faults(model: ChainModel, owner: str, contract: Contract) -> Iterator[Fault]:
    """Meters of what is returned weigh a component that exists."""
    for component, names in contract.returned.items():
        if component not in model.chain.components:
            yield unknown(model, owner, "returned", component, model.chain.components)
        for name in names:
            meter = model.meters.get(name)
            if meter is None:
                yield unknown(model, owner, "returned", name, model.meters)
            elif meter.quantity != "mass":
                yield fault(
                    "'{meter}' weighs what is returned to '{owner}', but reads {quantity}: it needs quantity: mass",
                    line_of(model, name, "quantity"), meter=name, owner=owner, quantity=meter.quantity,
                )  # fmt: skip
