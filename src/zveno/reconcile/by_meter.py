"""Values of a period meter by meter, those too that no balance uses, with what each was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reconcile.build import plan_of
from zveno.reconcile.measured import Measured
from zveno.reconcile.origin import Summed
from zveno.reconcile.period_values import PeriodValues


@dataclass(frozen=True)
class ByMeter:
    """All weights of each scale; the period's mass of each, and its assays by (meter, component)."""

    weights: tuple[Summed, ...]
    masses: Mapping[str, Measured]
    assays: Mapping[tuple[str, str], Measured]


def values_by_meter(model: ChainModel, records: pl.DataFrame, period: Period) -> ByMeter:
    """Values of a period.

    Parameters
    ----------
    records
        As for the balance: of the period, and what is known before it.
    """
    values = PeriodValues(model, plan_of(model, records).book, period)
    used = [one for one in model.chain.meters if one.accounting]
    scales = [one for one in used if one.quantity in ("wet_mass", "mass")]
    weights = tuple(values.weighed(one) for one in scales)
    masses = {one.id: values.mass(one) for one in scales}
    assays = {
        (one.id, component): values.assay(one, component)
        for one in used if one.quantity == "assay" for component in one.components
    }  # fmt: skip
    return ByMeter(
        weights,
        {key: one for key, one in masses.items() if one is not None},
        {key: one for key, one in assays.items() if one is not None},
    )
