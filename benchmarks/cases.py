"""Every case by name: one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import chains, files, peers, phases, reconcile, rules, simulate, start
from benchmarks.measure import Job
from benchmarks.networks import concentrator
from benchmarks.room import CHAIN, DAYS, MONTH, YEAR, Room


@dataclass(frozen=True)
class Case:
    """A job that can be made ready and measured; ``small`` ones take a second or two."""

    name: str
    make: Callable[[Room], Job]
    small: bool = False


CASES = (
    Case("reconcile.bil_09", reconcile.problem("bil_09_concentrator4")),
    Case("reconcile.bil_14", reconcile.problem("bil_14_smelter_month")),
    Case("reconcile.line_4", reconcile.line(4), small=True),
    Case("reconcile.line_12", reconcile.line(12)),
    Case("reconcile.line_30", reconcile.line(30)),
    Case("reconcile.line_30_all_read", reconcile.line(30, all_read=True)),
    Case("reconcile.hours_24", reconcile.batch(24, 4), small=True),
    Case("reconcile.hours_744", reconcile.batch(744, 8)),
    Case("reconcile.hours_1000", reconcile.batch(1000, 25, concentrator())),
    Case("reconcile.plant_hours", reconcile.plant_hours(24)),
    Case("networks.20x4", reconcile.recycles(20, 4, scipy=True)),
    Case("networks.20x4_all_sorts", reconcile.recycles(20, 4, closure=True, fixed=2, covariances=2, censored=0.05)),
    Case("networks.200x10", reconcile.recycles(200, 10)),
    Case(
        "networks.200x10_all_sorts", reconcile.recycles(200, 10, closure=True, fixed=10, covariances=10, censored=0.05)
    ),
    Case("networks.2000x10", reconcile.recycles(2000, 10, times=1)),
    Case("networks.2000x10_closure", reconcile.recycles(2000, 10, times=1, closure=True)),
    Case("networks.2000x10_tied", reconcile.recycles(2000, 10, times=1, fixed=100, covariances=200)),
    Case("networks.10000x10", reconcile.recycles(10_000, 10, times=0)),
    Case("simulate.solver", simulate.solver(280), small=True),
    Case("simulate.solver_high_load", simulate.solver(2000)),
    Case("simulate.scenarios_1", simulate.scenarios(1, 1), small=True),
    Case("simulate.scenarios_62", simulate.scenarios(62, 15)),
    Case("simulate.scenarios_1000", simulate.scenarios(1000, 20)),
    Case("chain.scenarios_1", chains.scenarios(1, 1)),
    Case("chain.scenarios_1000", chains.scenarios(1000, 10)),
    Case("chain.scenarios_10000", chains.scenarios(10_000, 10)),
    Case("circuit.scenarios_1", peers.scenarios(1, 1)),
    Case("circuit.scenarios_1000", peers.scenarios(1000, 200)),
    Case("circuit.scenarios_10000", peers.scenarios(10_000, 200)),
    Case("import.cells_days", files.cells(DAYS), small=True),
    Case("import.records_days", files.records(DAYS), small=True),
    Case("import.cells_month", files.cells(MONTH)),
    Case("import.records_month", files.records(MONTH)),
    Case("import.readings_month", files.readings(MONTH)),
    Case("store.records_month", files.kept(MONTH)),
    Case("rules.played_days", rules.played(DAYS), small=True),
    Case("rules.restless_days", rules.restless(DAYS), small=True),
    Case("rules.played_month", rules.played(MONTH)),
    Case("rules.restless_month", rules.restless(MONTH)),
    Case("rules.restless_year", rules.restless(YEAR)),
    Case("phases.days", phases.month(DAYS), small=True),
    Case("phases.month", phases.month(MONTH)),
    Case("phases.chain_month", phases.month(MONTH, CHAIN)),
    Case("phases.plant_hours", phases.hours()),
    Case("start.imports", start.imports),
    Case("phases.commands", phases.commands, small=True),
)


def chosen(*only: str, small: bool = False) -> tuple[Case, ...]:
    """Cases whose name begins with one of some texts; all of them, or the small ones."""
    return tuple(one for one in CASES if one.name.startswith(only or "") and (one.small or not small))
