"""A folder of readings of many signals with a rulebook over them: six families of signals, each with its kind of rule.

``python -m benchmarks.rule_folder --readings 10 --rules 200`` writes the folder (millions of readings), judges it, and
sets DuckDB and Polars beside Zveno where they are installed.
"""

from __future__ import annotations

import argparse
import math
import resource
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zveno.chain import ChainModel
from zveno.chain.folders import check_folder
from zveno.model.rulebook import Rulebook, RulesFile

TAGS, STEP_S, SLICES, BAD = 400, 10, 4, 0.005
START = 1_767_225_600_000_000  # 2026-01-01 UTC
_PULL = 0.995
_TEXTS = {"en": "text", "ru": "текст", "kk": "мәтін"}

FAMILIES: dict[str, tuple[str, Callable[[float], dict[str, Any]]]] = {
    # family: kind of rule, parameters for a strictness from 0 to 1 in standard deviations of the signal
    "level": ("limit", lambda x: {"high": 3.6 + x}),
    "delayed": ("limit", lambda x: {"low": -3.0 - x, "on_delay_min": 1}),
    "held": ("sustained", lambda x: {"high": 2.6 + x, "hold_min": 3}),
    "mean": ("window_mean", lambda x: {"high": 2.8 + x, "window_min": 10}),
    "rate": ("rate", lambda x: {"max_per_h": 150.0 + 40 * x, "window_min": 1}),
    "silent": ("no_data", lambda x: {"gap_min": 2 + round(2 * x)}),
}
FURTHER: dict[str, tuple[str, Callable[[float], dict[str, Any]]]] = {
    "gated": ("limit", lambda x: {"high": 3.2 + x, "on_delay_min": 1}),
    "back": ("limit", lambda x: {"high": 3.2 + x, "deadband": 0.4, "off_delay_min": 5}),
    "merged": ("sustained", lambda x: {"low": -2.6 - x, "hold_min": 2, "merge_gap_min": 30}),
    "pair": ("cross_tag", lambda x: {"expr": "a - b", "high": 4.0 + x, "hold_min": 1}),
}
"""Beside the six: a gate, an off-delay with a dead band, a merge gap, a relation of two signals."""
BOOKS = {"six": FAMILIES, "ten": {**FAMILIES, **FURTHER}}


def plant(rules: int, days: int, book: str = "six") -> ChainModel:
    """A chain of nothing but signals, and rules that each watch ten of them; every other rule changes midway."""
    families = BOOKS[book]
    names = list(families)
    tags = [
        {"id": f"p.{n // 10}.s{n}", "unit": "p.u", "uom": "-", "normal": 0, "every_min": STEP_S / 60}
        for n in range(TAGS)
    ]
    found = []
    for n in range(rules):
        name, group = names[n % len(names)], n % (TAGS // 10)
        kind, params = families[name]
        middle = str(np.datetime64("2026-01-01") + days // 2)
        dated = n % 9 < 5
        versions = [_version(1, "2025-12-01", middle if dated else None, params((n % 7) / 7))]
        versions += [_version(2, middle, None, params(((n + 3) % 7) / 7))] if dated else []
        found.append(
            {
                "id": f"R-{n}", "kind": kind, "unit": "p.s",
                "tag": [f"p.{group}.s*", f"p.{group}.s{10 * group}"] if name == "pair" else f"p.{group}.s*",
                "gate": f"on{group}" if name == "gated" else "any",
                "uom": "min" if kind == "no_data" else "-", "owner_role": "r", "severity": "low",
                "acts_on": {"not_priced": "safety"}, "versions": versions,
            }
        )  # fmt: skip
    chain = {
        "format": "zveno/chain-1", "id": "bench", "title": _TEXTS, "timezone": "UTC+05:00", "components": ["Cu"],
        "plants": [{"id": "p", "kind": "concentrator", "sections": [{"id": "p.s"}]}],
        "units": [{"id": "p.u", "section": "p.s"}], "streams": [], "tags": tags,
        "gates": [{"id": f"on{n}", "tag": f"p.{n}.s{10 * n}", "above": -1.0} for n in range(TAGS // 10)],
    }  # fmt: skip
    book = Rulebook.of([RulesFile.model_validate({"rules": found})])
    return ChainModel.model_validate({"chain": chain, "rulebook": book})


def _version(number: int, start: str, end: str | None, params: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": number, "from": start, "to": end, "params": params, "text": _TEXTS, "source": "made up",
        "status": "estimate",
    }  # fmt: skip


def write_folder(folder: Path, readings: int, seed: int = 1) -> None:
    """Files that part the time, each sorted by tag with a row group for each; values of 0.01, some bad, some lost."""
    per_tag = readings // TAGS
    edges = np.linspace(0, per_tag, SLICES + 1).astype(int)
    kept = [_values(np.random.default_rng([seed, n]), per_tag) for n in range(TAGS)]
    schema = pa.schema(
        [("tag", pa.string()), ("ts", pa.timestamp("us", "UTC")), ("value", pa.float64()), ("quality", pa.int8())]
    )
    names = sorted(range(TAGS), key=lambda n: f"p.{n // 10}.s{n}")
    for k, (a, b) in enumerate(pairwise(edges.tolist())):
        with pq.ParquetWriter(
            folder / f"slice{k}.parquet", schema, compression="NONE", use_dictionary=["tag", "value", "quality"],
            column_encoding={"ts": "DELTA_BINARY_PACKED"},
        ) as file:  # fmt: skip
            for n in names:
                value, bad, lost = (one[a:b] for one in kept[n])
                stays = ~lost
                ts = (START + np.arange(a, b) * STEP_S * 1_000_000)[stays]
                columns = [
                    pa.array([f"p.{n // 10}.s{n}"] * len(ts)),
                    pa.array(ts, pa.timestamp("us", "UTC")),
                    pa.array(value[stays].astype(np.float64) / 100),
                    pa.array(bad[stays].astype(np.int8)),
                ]
                file.write_table(pa.table(columns, schema=schema), row_group_size=len(ts))


def _values(rng: np.random.Generator, count: int) -> tuple[Any, Any, Any]:
    """A walk that is pulled back, of unit size, in hundredths; bad readings; a few stretches lost."""
    from scipy.signal import lfilter  # noqa: PLC0415

    walk = lfilter([math.sqrt(1 - _PULL**2)], [1.0, -_PULL], rng.standard_normal(count))
    lost = np.zeros(count, bool)
    for at in rng.integers(0, count, max(count // 50_000, 1)):
        lost[at : at + rng.integers(5, 40)] = True
    return np.round(100 * walk).astype(np.int16), rng.random(count) < BAD, lost


def decode(folder: Path) -> int:
    """All columns but the tags, decoded and dropped: the floor."""
    rows = 0
    for path in sorted(folder.glob("*.parquet")):
        file = pq.ParquetFile(path, memory_map=True, pre_buffer=False)
        for n in range(file.num_row_groups):
            rows += file.read_row_group(n, ["ts", "value", "quality"], use_threads=False).num_rows
    return rows


def main() -> int:
    """Write, judge, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rule_folder")
    parser.add_argument("--readings", type=float, default=2, help="millions of readings")
    parser.add_argument("--rules", type=int, default=200)
    parser.add_argument("--book", choices=list(BOOKS), default="six", help="families of rules")
    parser.add_argument("--folder", type=Path, help="where the files are kept between runs")
    parser.add_argument("--peers", nargs="*", default=[], choices=["duckdb", "polars"])
    asked = parser.parse_args()
    readings = round(asked.readings * 1e6)
    with TemporaryDirectory() as made:
        folder = asked.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        if not list(folder.glob("*.parquet")):
            write_folder(folder, readings)
        model = plant(asked.rules, readings // TAGS * STEP_S // 86_400, asked.book)
        floor, rows = _timed("Parquet decoded", lambda: decode(folder))
        ours, found = _timed("Zveno", lambda: check_folder(model, folder))
        print(f"{rows:,} readings, {asked.rules} rules, {found.height:,} breaches; {ours / floor:.2f} x bare decode")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        return _peers(asked.peers, model, folder, found, ours)


def _peers(names: list[str], model: ChainModel, folder: Path, found: Any, ours: float) -> int:
    """Each peer beside Zveno, and whether it found the same."""
    from benchmarks import rule_peers  # noqa: PLC0415

    wanted, same = rule_peers.rows_of(found), True
    for name in names:
        cpu, theirs = _timed(name, lambda name=name: getattr(rule_peers, name)(model, folder))
        equal = theirs == wanted
        same &= equal
        print(f"  {name}: {cpu / ours:.1f} x the processor time of Zveno; the same breaches: {equal}")
        if not equal:
            print(f"  only Zveno: {sorted(wanted - theirs)[:5]}\n  only {name}: {sorted(theirs - wanted)[:5]}")
    return int(not same)


def _timed(name: str, run: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of a run, told, and its answer."""
    clock, cpu = perf_counter(), process_time()
    answer = run()
    spent = process_time() - cpu
    print(f"{name}: {spent:.2f} CPU s, {perf_counter() - clock:.2f} s")
    return spent, answer


if __name__ == "__main__":
    sys.exit(main())
