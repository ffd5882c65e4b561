"""Result: what a calibration found, by names, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl
from scipy.special import chdtrc

from zveno.couple.backcast import Predicted
from zveno.couple.build import Setup
from zveno.couple.choices import Parameter
from zveno.couple.coordinates import Bools, Floats
from zveno.couple.identify import Identified
from zveno.couple.solve import Found, seen
from zveno.couple.written import figures_yaml
from zveno.errors import Fault
from zveno.simulate import Cases
from zveno.tables import frame

Row = dict[str, Any]
Status = Literal["agrees", "misfit", "not testable"]
WIDE = 1.959963984540054
"""Standard normal quantile of a 95 % interval: the covariance is known, so the intervals are normal ones."""
SIGNIFICANCE = 0.05
_FITTED = 1e-3


@dataclass(frozen=True)
class Calibration:
    """Parameters calibrated to a period: tables ``parameters``, ``correlations``, ``groups``, ``checks``, ``residuals``
    and ``backcast``, and how well the simulation fits.

    Parameters
    ----------
    period, model_hash
        Period calibrated to; hash of the description.
    objective, dof, iterations
        Sum of squared independent errors, its degrees of freedom, and steps taken.
    set_aside
        Meters whose readings were left out of the balance as suspects.
    doubts
        What may be wrong.
    """

    period: str
    model_hash: str
    objective: float
    dof: int
    iterations: int
    set_aside: tuple[str, ...]
    doubts: tuple[Fault, ...]
    checks: pl.DataFrame
    backcast: pl.DataFrame
    _setup: Setup = field(repr=False)
    _found: Found = field(repr=False)
    _identified: Identified = field(repr=False)
    _rough: Bools = field(repr=False)

    @property
    def p_value(self) -> float | None:
        """Chance of a larger objective if the simulation is right; None without degrees of freedom."""
        return float(chdtrc(self.dof, self.objective)) if self.dof > 0 else None

    @property
    def independent(self) -> int:
        """How many of the values compared are independent of each other."""
        return len(self._setup.problem.whitener.matrix)

    @property
    def status(self) -> Status:
        """Whether the simulation agrees with the balance (at 5 %)."""
        if self.p_value is None:
            return "not testable"
        return "misfit" if self.p_value < SIGNIFICANCE else "agrees"

    @property
    def widened(self) -> float:
        """Factor by which all standard deviations are widened: where the simulation does not agree, the Birge ratio.

        References
        ----------
        Birge (1932), Phys. Rev. 40, 207-227.
        """
        return float(np.sqrt(self.objective / self.dof)) if self.status == "misfit" else 1.0

    @property
    def scenario(self) -> dict[str, float]:
        """What a scenario sets to run calibrated: all parameters that belong to the plant, by key.

        It reproduces the period. Of parameters that only move together it is one choice of many.
        """
        return {key: value for one, value in self._values("fitted", "uncertain") for key in one.targets}

    @property
    def figures_yaml(self) -> str:
        """Determined figures as parameters.yaml holds them, with their standard deviations and where they come from."""
        setup = self._setup
        rows = {row["key"]: row for row in self.parameters.iter_rows(named=True)}
        found = [
            (one, value, rows[one.key]["sd"], (rows[one.key]["low_95"], rows[one.key]["high_95"]))
            for one, value in self._values("fitted")
        ]
        return figures_yaml(setup.forward.model, self.period, setup.period.start.date(), found)

    @property
    def inputs(self) -> dict[str, float]:
        """Feeds and head grades of the period, by key; with them a scenario runs as the period did."""
        return {key: value for one, value in self._values("input") for key in one.targets}

    @property
    def cases(self) -> Cases:
        """Two scenarios: ``calibrated``, and that of the period itself."""
        both = {**self.inputs, **self.scenario}
        columns = {key: np.array([self.scenario.get(key, np.nan), value]) for key, value in both.items()}
        return Cases(("calibrated", self.period), columns)

    @cached_property
    def parameters(self) -> pl.DataFrame:
        """Table ``calibration_parameters``: those asked for, those that are uncertain, the inputs."""
        rows = [self._parameter(n, one) for n, one in enumerate(self._setup.parameters)]
        return frame("calibration_parameters", rows)

    @cached_property
    def correlations(self) -> pl.DataFrame:
        """Table ``calibration_correlations``: of pairs of determined parameters that were asked for."""
        names, identified = [one.key for one in self._setup.parameters], self._identified
        known = [n for n in range(self._setup.asked) if identified.determined[n]]
        rows = [
            {
                "period": self.period, "key": names[i], "other": names[j],
                "correlation": float(identified.covariance[i, j] / (identified.sds[i] * identified.sds[j])),
            }
            for n, i in enumerate(known) for j in known[n + 1 :]
        ]  # fmt: skip
        return frame("calibration_correlations", rows)

    @cached_property
    def groups(self) -> pl.DataFrame:
        """Table ``calibration_groups``: parameters that only move together."""
        return frame("calibration_groups", list(self._group_rows()))

    @cached_property
    def residuals(self) -> pl.DataFrame:
        """Table ``calibration_residuals``: what was compared, those that fit worst first."""
        return frame("calibration_residuals", residual_rows(self._setup, self._found))

    @property
    def point(self) -> Floats:
        """Coordinates found, of all parameters."""
        return self._found.point

    @property
    def predicted(self) -> Floats:
        """What the calibrated simulation makes of all that is compared."""
        return self._found.predicted

    @property
    def covariance(self) -> Floats:
        """Their covariance, widened where the simulation does not agree."""
        return np.asarray(self._identified.covariance * self.widened**2)

    def value(self, key: str) -> tuple[float | None, float | None]:
        """Value and standard deviation of a parameter; None where the data do not determine it."""
        row = self.parameters.row(by_predicate=pl.col("key") == key, named=True)
        return row["value"], row["sd"]

    def backcast_error(self, result: str) -> tuple[float, float, int] | None:
        """Of a result over clean periods: root mean square error, the one expected, and how many periods.

        In the unit of measure of the result; None if no clean period predicts it.
        """
        rows = self.backcast.filter(pl.col("clean") & pl.col("error").is_not_null(), result=result)
        if rows.is_empty():
            return None
        rms = [float(np.sqrt(np.mean(rows[name].to_numpy() ** 2))) for name in ("error", "error_sd")]
        return rms[0], rms[1], rows.height

    def _values(self, *roles: str) -> Iterator[tuple[Parameter, float]]:
        """Parameters of some roles with the values found."""
        for one, coordinate in zip(self._setup.parameters, self._found.point, strict=True):
            if one.role in roles:
                yield one, float(one.scale.value(coordinate))

    def _parameter(self, n: int, one: Parameter) -> Row:
        """A row of the parameters."""
        centre, sd = float(self._found.point[n]), float(self._identified.sds[n]) * self.widened
        used = float(one.scale.value(np.array(centre)))
        ends = one.scale.value(np.array([centre - WIDE * sd, centre + WIDE * sd]))
        known = bool(self._identified.determined[n])
        return {
            "period": self.period, "key": one.key, "role": one.role, "uom": one.uom, "described": one.described,
            "value": used if known else None,
            "sd": sd * abs(one.scale.slope(used)) if known else None,
            "low_95": float(ends[0]) if known else None,
            "high_95": float(ends[1]) if known else None,
            "used": used, "scale": one.scale.name, "prior": one.prior is not None, "status": self._status(n),
        }  # fmt: skip

    def _status(self, n: int) -> str:
        """What the data say of a parameter."""
        if self._found.at_bound[n]:
            return "at bound"
        if not self._identified.determined[n]:
            return "not determined"
        return "rough" if self._rough[n] else "determined"

    def _group_rows(self) -> Iterator[Row]:
        """Open moves, then known combinations, of each group."""
        names = [one.key for one in self._setup.parameters]
        for number, group in enumerate(self._identified.groups, start=1):
            moves: list[tuple[str, Floats, float | None]] = [("open", row, None) for row in group.open_moves]
            moves += [("known", row, sd * self.widened) for row, sd in group.known]
            for place, (kind, row, sd) in enumerate(moves, start=1):
                for member, coefficient in zip(group.members, row, strict=True):
                    if coefficient:
                        yield {
                            "period": self.period, "group": number, "kind": kind, "number": place,
                            "key": names[member], "coefficient": float(coefficient), "sd": sd,
                        }  # fmt: skip


def degrees_of_freedom(found: Found) -> int:
    """Independent errors less directions that they determine."""
    free = ~found.at_bound
    return len(found.residual) - len(seen(found.jacobian[:, free], found.limit)[1])


def residual_rows(setup: Setup, found: Found) -> list[Row]:
    """What was compared with the difference that is left, over the standard deviation that it should have.

    With ``d = G e`` of the independent errors, their covariance after the fit is ``I - J K J'``, K being the
    covariance of the parameters (Seber & Wild 2003, ch. 4).
    """
    observations, whitener = setup.observations, setup.problem.whitener
    directions, sds = seen(found.jacobian[:, ~found.at_bound], found.limit)
    spread = (found.jacobian[:, ~found.at_bound] @ directions) * sds
    rank = len(whitener.matrix)
    left = (np.eye(len(spread)) - spread @ spread.T)[:rank, :rank]
    back = np.linalg.pinv(whitener.matrix * observations.sds) * observations.sds[:, None]
    own = np.sqrt(np.maximum(np.einsum("mr,rs,ms->m", back, left, back), 0.0))
    difference = observations.values - found.predicted
    rows = [
        {
            "period": setup.period.name, "result": one.name, "uom": one.uom, "balance": float(observations.values[n]),
            "balance_sd": float(observations.sds[n]), "simulated": float(found.predicted[n]),
            "difference": float(difference[n]),
            "z": float(difference[n] / own[n]) if own[n] > _FITTED * observations.sds[n] else None,
        }
        for n, one in enumerate(observations.observed)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: -abs(row["z"] or 0.0))


def backcast_rows(period: str, predicted: Predicted, *, clean: bool) -> Iterator[Row]:
    """Rows of a predicted period."""
    for n, name in enumerate(predicted.names):
        known = bool(predicted.known[n])
        error, sd = float(predicted.balance[n] - predicted.predicted[n]), float(predicted.error_sd[n])
        yield {
            "period": period, "clean": clean, "result": name, "uom": predicted.uoms[n],
            "balance": float(predicted.balance[n]), "predicted": float(predicted.predicted[n]) if known else None,
            "error": error if known else None, "error_sd": sd if known else None,
            "z": error / sd if known and sd else None,
        }  # fmt: skip


def check_rows(period: str, group: int, names: Sequence[str], found: Sequence[tuple[int, float]]) -> Iterator[Row]:
    """Measurements that would part a group."""
    for number, left in found:
        yield {"period": period, "group": group, "result": names[number], "sd_left": left}
