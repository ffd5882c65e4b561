"""The simulation calibrated to the balance of a period, and other periods predicted with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zveno.couple import Calibration, Choices, calibrate
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.periods import Period
from zveno.reconcile import Balance
from zveno.rules import Breaches


def calibrated(
    model: ChainModel,
    period: Period,
    fit: Sequence[str] | Choices,
    others: Sequence[Period],
    *,
    reconcile: Callable[[Period], Balance],
    check: Callable[[Period], Breaches],
) -> Calibration:
    """Calibrate to a period and predict others.

    Parameters
    ----------
    reconcile, check
        Give the balance of a period, and its breaches over whatever readings there are.

    Raises
    ------
    DataError
        If a period is to be predicted from itself.
    """
    choices = fit if isinstance(fit, Choices) else Choices(tuple(fit))
    if any(one.start < period.end and period.start < one.end for one in others):
        raise DataError(
            "{period} cannot test what was calibrated on it: name other periods to predict", period=period.name
        )
    balance = reconcile(period)
    breached = {one.name for one in (period, *others) if not check(one).breaches.is_empty()}
    return calibrate(model, balance, choices, others=[reconcile(one) for one in others], breached=breached)
