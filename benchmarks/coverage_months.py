"""``python -m benchmarks.coverage_months [--months 1000] [--as-files 50]``: do the intervals hold what they promise?

Plays the example ``one_concentrator`` month after month, each with a seed of its own: every shift is simulated, every
meter reads with the errors that its description gives it, no meter lies. Each month is reconciled, and the reconciled
masses, recoveries and unaccounted metal are laid beside the hidden truth. Printed are, by quantity, the share of 95 %
intervals that hold the truth with its own 95 % interval (Clopper & Pearson 1934), the mean and the spread of
(reconciled - true) / standard deviation, and the share of months that the global test refuses at 5 %.

The readings go from the played plant to the balance in memory; ``--as-files`` months are written as workbooks and
imported as well, and must give the same records.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import beta

from zveno.chain import Chain, example, load
from zveno.emulate import Played, emulate
from zveno.model.chain import ChainModel
from zveno.model.load import load_play
from zveno.model.play import Play
from zveno.periods import Period
from zveno.reconcile.balance import flow_rows, recovery_rows
from zveno.reconcile.build import month_network
from zveno.reconcile.fit import fit_network
from zveno.reconcile.result import NetworkResult
from zveno.reconcile.topology import CLOSING, OPENING
from zveno.reconcile.unaccounted import unaccounted_rows
from zveno.store import MemoryStore

Key = tuple[str, str]
Floats = npt.NDArray[np.float64]
PERIOD = "2026-03"
_SIGNIFICANCE = 0.05
_WIDE, _LOW, _HIGH = 1.959963984540054, 0.93, 0.97


@dataclass(frozen=True)
class Month:
    """A played month as the balance sees it: records, and the truth by (stream or figure, component)."""

    seed: int
    records: pl.DataFrame
    truth: Mapping[Key, float]


@dataclass(frozen=True)
class Answer:
    """A reconciled month: value, standard deviation and truth of each figure, and the global test's p."""

    seed: int
    found: Mapping[Key, tuple[float, float, float]]
    p_value: float


@dataclass(frozen=True)
class Covered:
    """How the intervals of one figure did over all months."""

    figure: Key
    months: int
    inside: int
    mean: float
    spread: float

    @property
    def share(self) -> float:
        """Share of intervals that hold the truth."""
        return self.inside / self.months

    @property
    def within(self) -> tuple[float, float]:
        """Interval of the share."""
        return share_interval(self.inside, self.months)


def share_interval(count: int, of: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share (Clopper & Pearson 1934, Biometrika 26, 404-413).

    Examples
    --------
    >>> [round(one, 3) for one in share_interval(95, 100)]
    [0.887, 0.984]
    """
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, count, of - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, of - count)) if count < of else 1.0
    return low, high


# ---- playing -------------------------------------------------------------------------------------------------


def plant() -> tuple[Chain, Play]:
    """The example with an empty store, and how it is played."""
    chain = load(example("one_concentrator"))
    return Chain(chain.model, chain.folder, MemoryStore(), chain.now), load_play(example("one_concentrator"))


def play_month(model: ChainModel, play: Play, seed: int) -> Month:
    """One month from its seed."""
    played = emulate(model, play, Period.parse(PERIOD, model.tz), seed)
    return Month(seed, records_of(played), truth_of(model, played))


def records_of(played: Played) -> pl.DataFrame:
    """The readings as the store would hold them after the import of the played files.

    A figure of the whole month stands in the files under its last day.
    """
    rows = []
    for one in played.said:
        start, end = one.start, one.end
        if played.model.meters[one.meter].period == "month":
            start = datetime.combine(one.shift.day, time(), played.model.tz)
            end = start + timedelta(days=1)
        rows.append((one.meter, one.quantity, start, end, one.value, "", played.period.end))
    columns = ("point", "quantity", "start", "end", "value", "qualifier", "known")
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return table.with_columns(pl.col("start", "end", "known").dt.convert_time_zone("UTC"))


def truth_of(model: ChainModel, played: Played) -> dict[Key, float]:
    """True masses of streams, groups and ends of stocks, recoveries, and unaccounted metal, of which there is none."""
    columns = ("mass", *model.chain.components)
    flows = {name: _solids(one.sum(axis=0)) for name, one in played.truth.flows.items()}
    for group in model.chain.groups:
        flows[group.id] = sum((flows[one.id] for one in model.chain.streams if one.group == group.id), np.zeros(1))
    for name, one in played.truth.stocks.items():
        flows[name + OPENING], flows[name + CLOSING] = _solids(one[0]), _solids(one[-1])
    truth = {(name, column): float(one[k]) for name, one in flows.items() for k, column in enumerate(columns)}
    for asked in model.chain.recoveries:
        for component in asked.components:
            fed = sum(truth[name, component] for name in asked.feeds)
            direct = sum(truth[name, component] for name in asked.products)
            change = sum(truth[one + CLOSING, component] - truth[one + OPENING, component] for one in asked.stocks)
            truth["direct recovery", component] = direct / fed
            truth["overall recovery", component] = (direct + change) / fed
    return truth | {("unaccounted", component): 0.0 for component in model.chain.components}


def _solids(passed: Floats) -> Floats:
    """Dry mass and components of a row of the played plant, which also holds water."""
    return np.delete(passed, 1)


# ---- reconciling ---------------------------------------------------------------------------------------------


def answer_of(model: ChainModel, month: Month) -> Answer:
    """Reconcile a month as ``zveno reconcile`` does, without the search for suspects, which moves no figure."""
    period = Period.parse(PERIOD, model.tz)
    input_ = month_network(model, month.records, period)
    result = NetworkResult(input_.network, fit_network(input_.network))
    rows: list[tuple[Key, float | None, float | None]] = []
    for flow in flow_rows(model, input_.carried, result, PERIOD):
        rows.append(((flow["stream"], flow["component"]), flow["mass_t"], flow["mass_sd_t"]))
    for one in recovery_rows(model, input_.topology.place, result, PERIOD):
        rows.append(((f"{one['kind']} recovery", one["component"]), one["recovery_frac"], one["recovery_sd_frac"]))
    for one in unaccounted_rows(model, input_, result, PERIOD):
        rows.append((("unaccounted", one["component"]), one["mass_t"], one["mass_sd_t"]))
    found = {
        key: (value, sd, month.truth[key]) for key, value, sd in rows if value is not None and sd is not None and sd > 0
    }
    return Answer(month.seed, found, float(result.p_value or 0.0))


def answers(months: int, first: int = 1) -> Iterator[Answer]:
    """Play and reconcile months, one after another."""
    chain, play = plant()
    for seed in range(first, first + months):
        yield answer_of(chain.model, play_month(chain.model, play, seed))


def coverage(of: Iterable[Answer]) -> list[Covered]:
    """Each figure that every month knows, in the order of the tables."""
    done = list(of)
    figures = [key for key in done[0].found if all(key in one.found for one in done)]
    rows = []
    for key in figures:
        value, sd, true = np.array([one.found[key] for one in done]).T
        z = (value - true) / sd
        spread = float(z.std(ddof=1)) if len(z) > 1 else float("nan")
        rows.append(Covered(key, len(z), int(np.sum(np.abs(z) <= _WIDE)), float(z.mean()), spread))
    return rows


def false_alarms(of: Iterable[Answer]) -> tuple[int, int]:
    """Months that the global test refuses at 5 %, and all months."""
    p = [one.p_value for one in of]
    return sum(one < _SIGNIFICANCE for one in p), len(p)


def same_as_files(seed: int) -> bool:
    """Whether a month written as workbooks and imported gives the records that the balance got in memory."""
    chain, play = plant()
    with TemporaryDirectory() as folder:
        played = chain.emulate(PERIOD, Path(folder), seed=seed, play=play)
        chain.import_files([Path(folder) / "plant"])
    keys = ["point", "quantity", "start", "end"]
    mine, theirs = records_of(played), chain.store.read("records")
    if mine.height != theirs.height:
        return False
    beside = mine.join(theirs, on=keys, how="inner", suffix="_file", maintain_order="left")
    off = (beside["value"] - beside["value_file"]).abs() > 1e-9 * beside["value"].abs()
    return beside.height == mine.height and not off.any()


# ---- the door ------------------------------------------------------------------------------------------------


def main() -> int:
    """Play, reconcile and print; 1 where a share lies outside 93 to 97 % or false alarms outside 3.5 to 6.5 %."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage_months", description=__doc__)
    parser.add_argument("--months", type=int, default=1000, help="how many months (seeds)")
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--as-files", type=int, default=0, help="months that are also written, imported and compared")
    asked = parser.parse_args()
    different = [seed for seed in range(asked.first, asked.first + asked.as_files) if not same_as_files(seed)]
    if asked.as_files:
        print(f"{asked.as_files} months as files: {asked.as_files - len(different)} give the same records")
    begun = process_time()
    done = list(answers(asked.months, asked.first))
    outside = _show(done)
    print(f"{process_time() - begun:.0f} CPU s")
    return int(bool(outside or different))


def _show(done: list[Answer]) -> int:
    """Print all figures; how many are outside."""
    print(f"{'figure':36}{'months':>7}{'share':>8}{'its interval':>17}{'mean z':>8}{'sd z':>7}")
    outside = 0
    for one in coverage(done):
        low, high = one.within
        mark = "" if _LOW <= one.share <= _HIGH else "  outside"
        outside += bool(mark)
        name = " ".join(one.figure)
        words = f"{one.months:7}{one.share:8.3f}  {low:6.3f}-{high:6.3f}  {one.mean:8.2f}{one.spread:7.2f}"
        print(f"{name:36}{words}{mark}")
    count, of = false_alarms(done)
    low, high = share_interval(count, of)
    wrong = not 0.035 <= count / of <= 0.065
    print(f"global test at 5 % refuses {count} of {of}: {count / of:.3f} ({low:.3f}-{high:.3f})" + "  outside" * wrong)
    return outside + wrong


if __name__ == "__main__":
    sys.exit(main())
