"""How readings are tested, as the user chooses."""

from __future__ import annotations

from dataclasses import dataclass

from zveno.errors import DataError
from zveno.reconcile.gross_errors.critical import CORRECTIONS, Correction
from zveno.reconcile.gross_errors.robust import ESTIMATORS, Estimator


@dataclass(frozen=True)
class Scrutiny:
    """How many tests are kept from accusing by chance, and whether a robust screen leaves readings out.

    Parameters
    ----------
    correction
        *sidak* or *bonferroni* keep the chance of any false alarm at 5 %; *fdr* (Benjamini and Hochberg) the share of
        false alarms among all.
    robust
        None: published numbers use every reading. *huber* or *hampel*: readings that such a fit leaves far off are set
        aside, each of them listed.

    asked
        Meters, or errors that meters share by name, that were in question before the readings were seen: these are
        tested among themselves, not among all suspects, and so show with smaller errors.
    exchange
        Whether samples that are named as swapped are exchanged back before anything is balanced.

    Raises
    ------
    DataError
        If there is no such choice.
    """

    correction: Correction = "sidak"
    robust: Estimator | None = None
    asked: tuple[str, ...] = ()
    exchange: bool = False

    def __post_init__(self) -> None:
        for given, known in ((self.correction, CORRECTIONS), (self.robust, (None, *ESTIMATORS))):
            if given not in known:
                names = ", ".join(one for one in known if one)
                raise DataError("'{choice}' is no way to test readings: choose {names}", choice=given, names=names)
