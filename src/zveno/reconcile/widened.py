"""How much wider a balance gets because verifications of instruments have expired."""

from __future__ import annotations

import polars as pl

from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reconcile.balance import Balance, flow_rows
from zveno.reconcile.build import month_of, plan_of
from zveno.reconcile.fitting import fit_any
from zveno.reconcile.moisture import has_water
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.wet_result import WetResult
from zveno.tables import frame

_LEAST_WIDER = 1e-3


def widened_flows(model: ChainModel, records: pl.DataFrame, period: Period, balance: Balance) -> pl.DataFrame:
    """Table ``widened_flows``: flows whose intervals are wider because verifications have expired, the most first.

    The period is solved once more as if every verification held; its masses are not kept, for the balance has the
    better ones: they know which readings to trust less.
    """
    if not model.overdue:
        return frame("widened_flows")
    held = model.model_copy(update={"overdue": {}})
    month = month_of(plan_of(held, records), period)
    kind = WetResult if has_water(month.network) else NetworkResult
    result = kind(month.network, fit_any(month.network))
    verified = frame("flows", list(flow_rows(model, month.carried, result, period.name)))
    both = balance.flows.join(
        verified.select("stream", "component", verified_sd_t="mass_sd_t"), on=["stream", "component"]
    ).filter(pl.col("mass_sd_t").is_not_null(), pl.col("verified_sd_t") > 0)
    wider = both.with_columns(wider_frac=pl.col("mass_sd_t") / pl.col("verified_sd_t") - 1)
    wanted = frame("widened_flows").columns
    found = wider.filter(pl.col("wider_frac") > _LEAST_WIDER).select(wanted)
    return frame("widened_flows", found.sort("wider_frac", descending=True, maintain_order=True))
