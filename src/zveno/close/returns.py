"""What contracts return to owners of the metal that was received from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from zveno.model.chain import ChainModel
from zveno.model.contracts import Owner
from zveno.model.network import MASS, NetStream, Network
from zveno.reconcile import NetworkResult
from zveno.reconcile.result import Term
from zveno.tables import frame


def owner_returns(model: ChainModel, network: Network, result: NetworkResult, period: str, day: date) -> pl.DataFrame:
    """Table ``owner_returns``: returnable metal of every stream received from an owner with a contract.

    Returnable metal is dry mass x (grade - deduction) x recovery by the terms in force on ``day``, the first of the
    period; its standard deviation is that of the balance.
    """
    rows = [
        _row(result, owner, contract_stream, component, period, day)
        for owner in model.chain.owners if owner.contract is not None
        for contract_stream in _received(model, network, owner)
        for component in network.carries(contract_stream)
        if component in {one.component for one in owner.contract.terms}
    ]  # fmt: skip
    return frame("owner_returns", rows)


def _received(model: ChainModel, network: Network, owner: Owner) -> Iterator[NetStream]:
    """Streams of the balance that come from outside and are the owner's."""
    mine = {name for one in model.chain.streams if one.owner == owner.id for name in (one.id, one.group) if name}
    for one in network.streams:
        if one.source is None and not one.role and one.id in mine:
            yield one


def _row(
    result: NetworkResult, owner: Owner, stream: NetStream, component: str, period: str, day: date
) -> dict[str, Any]:
    """One stream and component."""
    number = owner.contract.number if owner.contract else ""
    terms = owner.terms(component, day)
    mass, grade = result.value(stream.id, MASS), result.value(stream.id, component)
    row: dict[str, Any] = {
        "period": period, "owner": owner.id, "contract": number, "component": component, "stream": stream.id,
        "received_t": mass, "grade_frac": grade, "deduct_frac": None, "recovery_frac": None, "returnable_t": None,
        "returnable_sd_t": None, "status": "no terms in force",
    }  # fmt: skip
    if terms is None:
        return row
    deduct, recovery = terms.deduct_pct / 100, terms.recovery_pct / 100
    row |= {"deduct_frac": deduct, "recovery_frac": recovery, "status": "unobservable"}
    value, sd = result.total(payable_terms(stream.id, component, deduct))
    if value is None or sd is None:
        return row
    paid = max(value, 0.0)
    return row | {
        "returnable_t": recovery * paid, "returnable_sd_t": recovery * sd if paid else 0.0, "status": "by contract"
    }  # fmt: skip


def payable_terms(stream: str, component: str, deduct_frac: float) -> list[Term]:
    """Metal received less the deduction from its grade, as terms of the balance."""
    return [(stream, component, 1.0), (stream, MASS, -deduct_frac)]


def owner_dues(
    returns: pl.DataFrame, accounts: pl.DataFrame, returned: Mapping[tuple[str, str], float | None],
    opening: Mapping[tuple[str, str], float], period: str,
) -> pl.DataFrame:  # fmt: skip
    """Table ``owner_dues``: what was owed, what the period adds, what was handed over, what is owed now.

    Parameters
    ----------
    returned
        Metal handed over, t, by (owner, component); None where no meter of the contract has a reading.
    opening
        Metal owed at the beginning, t, by (owner, component).
    """
    rows = []
    for (owner, component), part in returns.group_by("owner", "component", maintain_order=True):
        due = None if part["returnable_t"].null_count() else float(part["returnable_t"].sum())
        mine = accounts.filter(pl.col("owner") == owner, pl.col("component") == component)
        given, owed = returned.get((owner, component)), opening.get((owner, component), 0.0)
        followed = mine.filter(pl.col("line") == "received")["stream"].is_in(part["stream"].to_list()).any()
        received, lost, lies = (_line(mine, line) if followed else None for line in ("received", "lost", "closing"))
        rows.append({
            "period": period, "owner": owner, "component": component, "opening_due_t": owed, "returnable_t": due,
            "returned_t": given, "closing_due_t": None if due is None else owed + due - (given or 0.0),
            "physical_t": lies,
            "gain_t": None if due is None or received is None or lost is None else received - lost - due,
        })  # fmt: skip
    return frame("owner_dues", rows)


def _line(account: pl.DataFrame, line: str) -> float | None:
    """Sum of a line of an account; None where a part is unobservable."""
    part = account.filter(pl.col("line") == line)
    return None if part["mass_t"].null_count() else float(part["mass_t"].sum())
