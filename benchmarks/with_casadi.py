"""The circuit of eight nodes in CasADi: Newton on the recycles, exact derivatives, scenarios one by one or mapped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import casadi as ca
import numpy as np

from benchmarks.circuit import Algebra, Definition, Floats, Table, sweep
from benchmarks.measure import Skipped

ALGEBRA = Algebra(ca.DM, ca.sum1, ca.vertcat)
_FIRST_SWEEPS = 4
_SETTLED_TPH = 1e-10


def solver(definition: Definition) -> ca.Function:
    """Feed and volume factor, end to end, into the products: a few sweeps begun empty, then Newton."""
    width = len(definition.components)
    unknown = ca.SX.sym("recycles", width * len(definition.recycled))
    given = ca.SX.sym("scenario", width + 1)
    back, products = sweep(definition, ALGEBRA, unknown, given[:-1], given[-1])
    once = ca.Function("once", [unknown, given], [back])
    end = ca.Function("end", [unknown, given], [products])
    newton = ca.rootfinder(
        "newton",
        "fast_newton",
        {"x": unknown, "p": given, "g": back - unknown},
        {"abstol": _SETTLED_TPH, "max_iter": 50},
    )
    scenario = ca.MX.sym("scenario", width + 1)
    guess: ca.MX = ca.DM.zeros(unknown.numel())
    for _ in range(_FIRST_SWEEPS):
        guess = once(guess, scenario)
    return ca.Function("steady", [scenario], [end(newton(guess, scenario), scenario)])


class Solved:
    """The solver and the scenarios that it is asked for."""

    def __init__(self, definition: Definition, table: Table) -> None:
        self.definition = definition
        self.columns = np.column_stack([table.feed_tph, table.volume_factor]).T
        self.shape = (len(table.volume_factor), len(definition.products), len(definition.components))
        self.steady: Callable[[Floats], ca.DM] | None = None

    def build(self) -> None:
        """Write the equations and their derivatives."""
        self.steady = solver(self.definition)

    def map(self) -> None:
        """The same for all scenarios in one call, on all processors."""
        self.steady = solver(self.definition).map(self.shape[0], "thread", os.cpu_count() or 1)

    def compile(self, folder: Path) -> None:
        """The same as C, compiled.

        Raises
        ------
        Skipped
            If there is no gcc.
        """
        compiler = shutil.which("gcc")
        if compiler is None:
            raise Skipped("gcc is not on the path")
        function = solver(self.definition)
        code = ca.CodeGenerator("steady.c")
        code.add(function)
        source, library = folder / "steady.c", folder / "steady.so"
        source.write_text(code.dump(), encoding="utf-8")
        subprocess.run([compiler, "-O2", "-fPIC", "-shared", str(source), "-o", str(library), "-lm"], check=True)
        self.steady = ca.external(function.name(), str(library)).map(self.shape[0], "thread", os.cpu_count() or 1)

    def loop(self) -> Floats:
        """Products (S, products, components), one call for each scenario."""
        assert self.steady is not None
        found = [np.asarray(self.steady(column)).ravel() for column in self.columns.T]
        return np.array(found).reshape(self.shape)

    def at_once(self) -> Floats:
        """Products (S, products, components), one call."""
        assert self.steady is not None
        return np.asarray(self.steady(self.columns)).T.reshape(self.shape)
