"""``python -m benchmarks.detection``: how surely errors planted in the demonstration chain are found, by seeds.

Months are played with the truth of the example and meters of other seeds, or drawn from the covariance of a month's
readings around its reconciled values; that both say the same is checked. A wrong name, a missed swap and a false alarm
each count; nothing is left out of the shares.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import ncx2, norm

from zveno.chain import example, load
from zveno.emulate.instruments import Said, read_meters
from zveno.emulate.truth import Truth, play_truth
from zveno.model.chain import ChainModel
from zveno.model.load import load_play
from zveno.model.network import NetReading, Network
from zveno.model.play import Bias, Event, Play, Swap
from zveno.model.types import Meter
from zveno.periods import Period
from zveno.reconcile import NetworkResult, lasting_errors, solve_network
from zveno.reconcile.build import month_of, plan_of
from zveno.reconcile.fit import fit_network
from zveno.reconcile.gross_errors import Scrutiny
from zveno.reconcile.gross_errors.search import Trial
from zveno.reconcile.names import covariance_pairs
from zveno.reconcile.sample_swaps import SampleSwaps, sample_swaps
from zveno.tables import frame

BELTS, BIAS = "balk_conc.belt_calibration", 1.03
_LINES = frozenset(f"balk.line{n}.mill_feed" for n in range(1, 5))
_FEED_TAIL = tuple((f"{one}.ore.assay", f"{one}.tail.assay") for one in ("zhez_conc", "balk_conc"))
_FIRST_SEED = 1000


# ---- the chain, its variants, its months ------------------------------------------------------------------------


@dataclass(frozen=True)
class Variant:
    """A description of the chain with other meters, and how long a period is balanced."""

    name: str
    meters: Callable[[Sequence[Meter]], Sequence[Meter]] = tuple
    months: int = 1


def tails_and_receipts(meters: Sequence[Meter]) -> Sequence[Meter]:
    """Sulphur and iron assayed in the tailings as in the feed; the smelter weighs and assays what it receives."""
    found = []
    for one in meters:
        if one.id == "balk_conc.tail.assay":
            sds = {"Fe": 1.8, "S": 1.8}
            one = one.model_copy(update={"components": ("Cu", "Fe", "S"), "sd_rel_pcts": sds})  # noqa: PLW2901
        found.append(one)
        for source, name in (("bmz.toll_b.wagon", "receipt.wagon"), ("bmz.toll_b.assay", "receipt.assay")):
            if one.id == source:
                parts = tuple(c for c in one.components if c not in ("Ag", "Au"))
                more = {"id": f"bmz.{name}", "stream": "balk.conc", "components": parts}
                found.append(one.model_copy(update=more))
    return found


def surveyed_well(meters: Sequence[Meter]) -> Sequence[Meter]:
    """The concentrate bin of Balkhash surveyed to 1 % instead of 6 %, besides."""
    better = {"sd_rel_pct": 1.0, "bias_limit_pct": 1.0}
    return [
        one.model_copy(update=better) if one.id == "balk_conc.conc.stock" else one for one in tails_and_receipts(meters)
    ]  # fmt: skip


def copper_only(meters: Sequence[Meter]) -> Sequence[Meter]:
    """Masses, moistures and copper alone."""
    return [
        one.model_copy(update={"components": tuple(c for c in one.components if c == "Cu")})
        for one in meters
        if one.quantity != "assay" or "Cu" in one.components
    ]  # fmt: skip


VARIANTS = (
    Variant("as described", tuple),
    Variant("copper only", copper_only),
    Variant("S, Fe in tailings, receipts", tails_and_receipts),
    Variant("the same, bin surveyed to 1 %", surveyed_well),
)
LASTING = (
    Variant("as described, 3 months", tuple, 3),
    Variant("S, Fe in tailings, receipts, 3 months", tails_and_receipts, 3),
    Variant("S, Fe in tailings, receipts, 12 months", tails_and_receipts, 12),
)


@dataclass(frozen=True)
class Months:
    """Months of one variant: the truth is played once, meters err by seed."""

    variant: Variant

    @cached_property
    def model(self) -> ChainModel:
        """The description with the variant's meters."""
        base = load(example("zhez_balkhash")).model
        meters = tuple(self.variant.meters(base.chain.meters))
        parts = {name: getattr(base, name) for name in ChainModel.model_fields}
        return ChainModel(**{**parts, "chain": base.chain.model_copy(update={"meters": meters})})

    @cached_property
    def play(self) -> Play:
        """The play without gross errors; breaches and stops stay."""
        play = load_play(load(example("zhez_balkhash")).folder)
        return play.model_copy(
            update={"events": tuple(one for one in play.events if not isinstance(one, (Bias, Swap)))}
        )

    @cached_property
    def period(self) -> Period:
        """From March 2026 on."""
        after = (2 + self.variant.months) % 12 + 1
        return Period.parse(f"2026-03-01/{2026 + (2 + self.variant.months) // 12}-{after:02d}-01", self.model.tz)

    @cached_property
    def truth(self) -> Truth:
        """What happened."""
        return play_truth(self.model, self.play, self.period, 1)

    def said(self, seed: int, *events: Event) -> list[Said]:
        """What the meters say with errors of a seed."""
        play = self.play.model_copy(update={"events": (*self.play.events, *events)})
        return read_meters(self.model, play, self.truth, seed)[0]

    def network(self, said: Sequence[Said], wrong: float = 1.0) -> Network:
        """The network of the period; belts of Balkhash times a factor."""
        rows = records(said, wrong)
        return month_of(plan_of(self.model, rows), self.period).network

    def swaps(self, said: Sequence[Said]) -> SampleSwaps:
        """Swaps found among the samples."""
        return sample_swaps(self.model, plan_of(self.model, records(said)).book, self.period)

    @cached_property
    def true(self) -> Network:
        """A month whose readings are the reconciled values of one: exact, with the errors that are described."""
        network = self.network(self.said(_FIRST_SEED - 1))
        result = NetworkResult(network, fit_network(network))
        readings = tuple(
            one if one.value is None else replace(one, value=float(result.value(one.stream, one.quantity) or one.value))
            for one in network.readings
        )
        return replace(network, readings=readings)

    @cached_property
    def root(self) -> np.ndarray:
        """Cholesky factor of the covariance of the readings."""
        return np.linalg.cholesky(covariance(self.true))

    def drawn(self, seed: int, wrong: float = 1.0) -> Network:
        """The true month with errors drawn from their covariance; belts times a factor."""
        noise = self.root @ np.random.default_rng(seed).standard_normal(len(self.root))
        values = [
            None if one.value is None else one.value + e for one, e in zip(self.true.readings, noise, strict=True)
        ]
        for n, main in self._copies.items():
            values[n] = values[main]
        readings = tuple(
            one if value is None else replace(one, value=value * (wrong if one.stream in _LINES else 1.0))
            for one, value in zip(self.true.readings, values, strict=True)
        )
        return replace(self.true, readings=readings)

    @cached_property
    def _copies(self) -> dict[int, int]:
        """Assays of stocks that are those of their material, by number, with the reading that they are taken from."""
        roles = {one.id: one.role for one in self.true.streams}
        main = {(one.meter, one.quantity): n for n, one in enumerate(self.true.readings) if not roles[one.stream]}
        return {
            n: main[one.meter, one.quantity]
            for n, one in enumerate(self.true.readings)
            if roles[one.stream] and (one.meter, one.quantity) in main
        }


def records(said: Sequence[Said], wrong: float = 1.0) -> pl.DataFrame:
    """What meters said as the store would hold it."""
    rows = [
        {
            "point": one.meter, "quantity": one.quantity, "start": one.start, "end": one.end,
            "value": one.value * (wrong if one.meter.startswith("balk_conc.line") else 1.0), "qualifier": "",
            "file": "", "sheet": "", "cell": "", "file_hash": "", "known": one.end,
        }
        for one in said
    ]  # fmt: skip
    return frame("records", rows)


def covariance(network: Network) -> np.ndarray:
    """Covariance of all readings."""
    V = np.diag([one.sigma**2 for one in network.readings])
    pairs = covariance_pairs(network)
    V[pairs.first, pairs.second] = V[pairs.second, pairs.first] = pairs.value
    return V


# ---- a bias that the four belts share ---------------------------------------------------------------------------


def belts(network: Network) -> np.ndarray:
    """Numbers of the readings of the four belts."""
    return np.flatnonzero([one.stream in _LINES for one in network.readings])


def theory(network: Network) -> dict[str, float]:
    """What the best test could do: z of the bias, and the power of tests at 5 %."""
    tested = Trial(network, fit_network(network))
    found = tested.family
    (k,) = (k for k, one in enumerate(found.members) if one.name == BELTS)
    z = (BIAS - 1) / BIAS * float(np.sqrt(found.weight[k]))
    chi2 = float(ncx2.sf(ncx2.isf(0.05, tested.dof, 1e-12), tested.dof, z**2))
    return {"z": z, "alone": beyond(z, 1.96), "limit": tested.limit, "family": beyond(z, tested.limit), "global": chi2}


def beyond(z: float, limit: float) -> float:
    """Chance that a score around ``z`` lies beyond a limit."""
    return float(norm.sf(limit - z) + norm.cdf(-limit - z))


@dataclass(frozen=True)
class Verdict:
    """What was said of a month: whether it was flagged, what the loudest class is, and the belts tested alone."""

    flagged: bool
    word: str
    alone: bool


def judged(network: Network) -> Verdict:
    """The tests of a month, without the search."""
    tested = Trial(network, fit_network(network))
    loud = tested.classes[0]
    found = [tested.family.members[k] for k in loud if tested.family.members[k].kind != "loss"]
    numbers = set(belts(network))
    named = any(one.name == BELTS for one in found)
    within = all(set(one.readings) <= numbers for one in found)
    single = len(found) == 1 and found[0].kind == "reading"
    word = "right" if named and within else "tied" if named else "single" if single else "other"
    alone = any(
        abs(z) > 1.96 for one, z in zip(tested.family.members, tested.family.z, strict=True) if one.name == BELTS
    )
    return Verdict(tested.rejected, word, alone)


def lasted(months: Months, seed: int, wrong: float) -> tuple[Verdict, float]:
    """The tests of several months together, and the standard deviation of the belts' error."""
    found = lasting_errors(months.model, records(months.said(seed), wrong), list(months.period.split("month"))).errors
    first = set(found.filter(pl.col("class_id") == 1)["name"])
    mine = {BELTS, "balk_conc.ore.moisture", *(f"balk_conc.line{n}.weightometer" for n in range(1, 5))}
    word = "right" if BELTS in first and first <= mine else "tied" if BELTS in first else "other"
    (belt,) = found.filter(pl.col("name") == BELTS).rows(named=True)
    return Verdict(bool(found["off"].any()), word, abs(belt["z"]) > 1.96), belt["size_sd_frac"]


def told(found: Sequence[Verdict]) -> str:
    """Shares in a line; names are shares of the months flagged."""
    flagged = [one for one in found if one.flagged]
    words = Counter(one.word for one in flagged)
    share = {one: words[one] / max(len(flagged), 1) for one in ("right", "tied", "single", "other")}
    return (
        f"flagged {len(flagged) / len(found):.1%} (the belts and nothing else {share['right']:.0%}, in a class with "
        f"others {share['tied']:.0%}, another single reading {share['single']:.0%}, another class "
        f"{share['other']:.0%}); tested alone {np.mean([one.alone for one in found]):.1%}"
    )


def bias_of_belts(seeds: int, played: int) -> None:
    """Single months, drawn and played."""
    print(f"A bias of 3 % common to the four belts of Balkhash; {seeds} drawn months, {played} fully played")
    print("z: size over its standard deviation; alone: tested by itself at 5 %; among all: as a suspect")
    for variant in VARIANTS:
        months = Months(variant)
        said = theory(months.drawn(0))
        print(f"\n{variant.name}: z {said['z']:.2f}; power alone {said['alone']:.0%}, among all (|z| > "
              f"{said['limit']:.2f}) {said['family']:.0%}, global test {said['global']:.0%}", flush=True)  # fmt: skip
        for word, factor in (("biased", BIAS), ("clean", 1.0)):
            drawn = [judged(months.drawn(_FIRST_SEED + k, factor)) for k in range(seeds)]
            print(f"  {word}, drawn:  {told(drawn)}", flush=True)
            if played:
                lived = [judged(months.network(months.said(_FIRST_SEED + k), factor)) for k in range(played)]
                print(f"  {word}, played: {told(lived)}", flush=True)


def lasting_bias_of_belts(seeds: int) -> None:
    """Several months tested together, all of them played."""
    print("\nThe same bias over several months tested together, all of them played")
    for variant in LASTING:
        months = Months(variant)
        count = max(seeds * 3 // variant.months, 1)
        for word, factor in (("biased", BIAS), ("clean", 1.0)):
            found = [lasted(months, _FIRST_SEED + k, factor) for k in range(count)]
            if word == "biased":
                z = (BIAS - 1) / BIAS / float(np.median([sd for _, sd in found]))
                print(
                    f"\n{variant.name}: z {z:.2f}; power alone {beyond(z, 1.96):.0%}, among all {beyond(z, 3.38):.0%}"
                )
            print(f"  {word}: {told([one for one, _ in found])}", flush=True)


# ---- swaps ------------------------------------------------------------------------------------------------------


def swap_of(pair: tuple[str, str], k: int) -> Swap:
    """A swap in one shift, another one for each number."""
    day = date(2026, 3, 1) + timedelta(days=(7 * k) % 31)
    return Swap(kind="swap", id="X", meters=pair, day=day, slot=("day", "night")[k % 2])


def swaps_of_shifts(seeds: int) -> None:
    """The planted swap, feed for tailings, any other pair, and none."""
    months = Months(VARIANTS[0])
    planted = Swap(kind="swap", id="G02", meters=("zhez_conc.conc.assay", "zhmz.toll_a.assay"), day=date(2026, 3, 17),
                   slot="day")  # fmt: skip
    found: Counter[str] = Counter()
    by_told: dict[bool, list[bool]] = {True: [], False: []}
    rng = np.random.default_rng(1)
    for k in range(seeds):
        seed = _FIRST_SEED + k
        clean = months.swaps(months.said(seed))
        found["false"] += bool(clean.found)
        found["planted"] += _pairs(months.swaps(months.said(seed, planted))) == {frozenset(planted.meters)}
        for pair in _FEED_TAIL:
            found[pair[0]] += _pairs(months.swaps(months.said(seed, swap_of(pair, k)))) == {frozenset(pair)}
        meters = _alike(months.model, rng)
        seen = {frozenset(one) for one in clean.unseen}
        hit = frozenset(meters) in _pairs(months.swaps(months.said(seed, swap_of(meters, k))))
        by_told[frozenset(meters) in seen].append(hit)
    print(f"\nSwaps of one shift; {seeds} played months each")
    print(f"  planted swap G02 named as these two and nothing else: {found['planted'] / seeds:.1%}")
    for pair in _FEED_TAIL:
        print(f"  {pair[0]} and {pair[1]}, named as these two and nothing else: {found[pair[0]] / seeds:.1%}")
    for word, hits in (("told unseen", by_told[True]), ("not told unseen", by_told[False])):
        print(f"  any pair of shift assays, {word}: found {sum(hits)} of {len(hits)}")
    print(f"  clean months with a swap: {found['false'] / seeds:.1%}", flush=True)


def _pairs(found: SampleSwaps) -> set[frozenset[str]]:
    """Pairs that were found swapped."""
    return {frozenset((one.first, one.second)) for one in found.found}


def _alike(model: ChainModel, rng: np.random.Generator) -> tuple[str, str]:
    """Two meters that assay a component alike each shift."""
    meters = [one for one in model.chain.meters if one.quantity == "assay" and one.accounting and one.period == "shift"]
    while True:
        a, b = (meters[int(k)] for k in rng.choice(len(meters), 2, replace=False))
        if set(a.components) & set(b.components) and a.stream != b.stream:
            return a.id, b.id


def swaps_of_months(seeds: int) -> None:
    """Feed and tailings swapped all month, seen by the balance alone; and none."""
    months = Months(VARIANTS[0])
    found: Counter[str] = Counter()
    for k in range(seeds):
        network = months.drawn(_FIRST_SEED + k)
        result = solve_network(network)
        found["false"] += bool(result.gross_errors.swaps)
        found["accused"] += bool(result.suspect_classes)
        found["global"] += bool((result.p_value or 1.0) < 0.05)
        for pair in _FEED_TAIL:
            wrong = labels_exchanged(network, *pair)
            told = [frozenset((one.first, one.second)) for one in solve_network(wrong).gross_errors.swaps]
            found[pair[0]] += told == [frozenset(pair)]
    print(f"\nSwaps of a whole month, by the balance; {seeds} drawn months each")
    for pair in _FEED_TAIL:
        print(f"  {pair[0]} and {pair[1]}, named as these two and nothing else: {found[pair[0]] / seeds:.1%}")
    print(f"  clean months: a swap {found['false'] / seeds:.1%}, suspects {found['accused'] / seeds:.1%}, global test "
          f"{found['global'] / seeds:.1%}", flush=True)  # fmt: skip


def labels_exchanged(network: Network, first: str, second: str) -> Network:
    """The month of a laboratory that writes copper of two samples under each other's name."""
    at = {one.meter: one for one in network.readings if one.quantity == "Cu" and one.meter in (first, second)}

    def other(one: NetReading) -> NetReading:
        if one.quantity != "Cu" or one.meter not in at:
            return one
        partner: Any = at[second if one.meter == first else first]
        return replace(one, value=partner.value, sigma=one.sigma * partner.value / (one.value or 1.0))

    return replace(network, readings=tuple(map(other, network.readings)))


# ---- corrections ------------------------------------------------------------------------------------------------


def corrections(seeds: int) -> None:
    """Clean months that are accused under each correction."""
    months = Months(VARIANTS[0])
    print(f"\nClean months accused, by correction; {seeds} drawn months")
    for name in ("sidak", "bonferroni", "fdr"):
        accused = sum(
            bool(solve_network(months.drawn(_FIRST_SEED + k), Scrutiny(name)).suspect_classes) for k in range(seeds)
        )
        print(f"  {name}: {accused / seeds:.1%}", flush=True)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--played", type=int, default=20, help="fully played months of each variant of one month")
    parser.add_argument("--only", choices=("belts", "lasting", "shifts", "months", "corrections"))
    asked = parser.parse_args()
    for name, run in (
        ("belts", lambda: bias_of_belts(asked.seeds, asked.played)),
        ("lasting", lambda: lasting_bias_of_belts(asked.seeds)),
        ("shifts", lambda: swaps_of_shifts(asked.seeds)),
        ("months", lambda: swaps_of_months(asked.seeds)),
        ("corrections", lambda: corrections(asked.seeds)),
    ):
        if asked.only in (None, name):
            run()


if __name__ == "__main__":
    main()
