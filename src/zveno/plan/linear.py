"""A linear programme kept in the solver: bounds, costs and coefficients change, the basis stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

INF = float(highspy.kHighsInf)


@dataclass
class Rows:
    """Rows of a programme while they are written: ``low <= sum(coefficient * column) <= high``."""

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    columns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, columns: Sequence[int] | Ints, values: Sequence[float] | Floats, low: float, high: float) -> int:
        """One row; its number."""
        self.columns.extend(int(one) for one in columns)
        self.values.extend(float(one) for one in values)
        self.starts.append(len(self.columns))
        self.low.append(low)
        self.high.append(high)
        return len(self.low) - 1

    def __len__(self) -> int:
        return len(self.low)


@dataclass(frozen=True)
class Answer:
    """What came of a solve: ``status`` is ``optimal``, ``infeasible``, ``limit`` or ``failed``."""

    status: str
    objective: float
    values: Floats
    bound: float = np.nan


class Program:
    """A minimisation held by HiGHS.

    Parameters
    ----------
    cost, low, high
        One entry a column.
    rows
        The rows.
    integer
        Columns that take whole numbers.
    """

    def __init__(self, cost: Floats, low: Floats, high: Floats, rows: Rows, integer: Ints | None = None) -> None:
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(cost), len(rows)
        model.col_cost_, model.col_lower_, model.col_upper_ = cost, low, high
        model.row_lower_, model.row_upper_ = np.array(rows.low), np.array(rows.high)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array(rows.starts, dtype=np.int32)
        model.a_matrix_.index_ = np.array(rows.columns, dtype=np.int32)
        model.a_matrix_.value_ = np.array(rows.values, dtype=float)
        if integer is not None and len(integer):
            kinds = [highspy.HighsVarType.kContinuous] * len(cost)
            for column in integer:
                kinds[int(column)] = highspy.HighsVarType.kInteger
            model.integrality_ = kinds
        self.integer = integer is not None and len(integer) > 0
        self.highs.passModel(model)

    def option(self, name: str, value: Any) -> None:
        """An option of the solver."""
        self.highs.setOptionValue(name, value)

    def bound(self, columns: Ints, low: Floats, high: Floats) -> None:
        """New bounds of columns."""
        self.highs.changeColsBounds(len(columns), columns.astype(np.int32), low, high)

    def price(self, columns: Ints, cost: Floats) -> None:
        """New costs of columns."""
        self.highs.changeColsCost(len(columns), columns.astype(np.int32), cost)

    def coefficient(self, row: int, column: int, value: float) -> None:
        """A new coefficient."""
        self.highs.changeCoeff(row, column, value)

    def row(self, row: int, low: float, high: float) -> None:
        """New bounds of a row."""
        self.highs.changeRowBounds(row, low, high)

    def limit_cost(self, cost: Floats, most: float) -> int:
        """A row more: the columns from the first on may cost ``most`` at most. Its number."""
        used = np.flatnonzero(cost)
        self.highs.addRow(-INF, most, len(used), used.astype(np.int32), cost[used])
        return int(self.highs.getNumRow()) - 1

    def add_column(self, cost: float, high: float, rows: Sequence[int], values: Sequence[float]) -> int:
        """A column more, from 0 to ``high``; its number."""
        self.highs.addCol(cost, 0.0, high, len(rows), np.array(rows, dtype=np.int32), np.array(values))
        return int(self.highs.getNumCol()) - 1

    def begin_at(self, basis: Any) -> None:
        """Begin from a basis, if it is one of a programme of this size."""
        size = (self.highs.getNumCol(), self.highs.getNumRow())
        if basis is not None and (len(basis.col_status), len(basis.row_status)) == size:
            self.highs.setBasis(basis)

    def forget(self) -> None:
        """Begin from nothing."""
        self.highs.clearSolver()

    def begin_with(self, values: Floats) -> None:
        """Begin from an answer that is known already."""
        solution = highspy.HighsSolution()
        solution.col_value = values.tolist()
        self.highs.setSolution(solution)

    def basis(self) -> Any:
        """The basis of the last solve."""
        return self.highs.getBasis()

    def duals(self) -> Floats:
        """What one unit more on each row's side is worth, in the costs of the last solve."""
        return np.array(self.highs.getSolution().row_dual)

    def solve(self) -> Answer:
        """Solve from the last basis."""
        self.highs.run()
        status = self.highs.getModelStatus()
        info = self.highs.getInfo()
        kinds = highspy.HighsModelStatus
        if status == kinds.kOptimal:
            word = "optimal"
        elif status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
            return Answer("infeasible", INF, np.empty(0), INF)
        elif status in (kinds.kTimeLimit, kinds.kIterationLimit, kinds.kSolutionLimit, kinds.kObjectiveBound):
            word = "limit"
        else:
            return Answer("failed", INF, np.empty(0), -INF)
        values = np.array(self.highs.getSolution().col_value)
        bound = info.mip_dual_bound if self.integer else info.objective_function_value
        return Answer(word, float(info.objective_function_value), values, float(bound))


def solver_version() -> str:
    """Name and version of the solver."""
    return f"HiGHS {highspy.Highs().version()}"
