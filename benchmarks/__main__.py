"""``python -m benchmarks [--small] [--only NAME ...] [--json FILE]``."""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.cases import Case, chosen
from benchmarks.measure import Outcome, Skipped
from benchmarks.room import Room
from benchmarks.show import as_json, closing, lines, machine

_BUDGET_S, _SMALL_BUDGET_S = 5.0, 0.6
_LEAST, _SMALL_LEAST = 2, 1


def main() -> int:
    """Run, print, and keep the figures if asked; 1 where two answers differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Zveno beside what else there is.")
    parser.add_argument("--small", action="store_true", help="the small cases only")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="cases whose name begins so: rules, import.cells"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="file to write the figures into")
    asked = parser.parse_args()
    cases = chosen(*asked.only, small=asked.small)
    if not cases:
        parser.error(f"no case begins with {' or '.join(asked.only)}: " + ", ".join(one.name for one in chosen()))
    for key, value in machine().items():
        print(f"{key}: {value}")
    print("x = how many times as long as Zveno (its least time over Zveno's); below 1 it is faster")
    print("cpu = median time of the processors; cpu x = the same over Zveno's\n", flush=True)
    begun = perf_counter()
    found, skipped = _run(cases, small=asked.small)
    print(f"\n{perf_counter() - begun:.0f} s in all")
    for line in closing(found, skipped):
        print(line)
    if asked.json:
        asked.json.write_text(json.dumps(as_json(found, skipped), indent=1) + "\n", encoding="utf-8")
    return int(not all(one.agrees for one in found.values()))


def _run(cases: tuple[Case, ...], *, small: bool) -> tuple[dict[str, Outcome], dict[str, str]]:
    """Every case in turn, each printed when it is done."""
    found: dict[str, Outcome] = {}
    skipped: dict[str, str] = {}
    budget, least = (_SMALL_BUDGET_S, _SMALL_LEAST) if small else (_BUDGET_S, _LEAST)
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # peers grumble about balances that are nearly dependent
        room = Room(Path(folder))
        for case in cases:
            try:
                found[case.name] = case.make(room).measure(budget, least)
            except Skipped as reason:
                skipped[case.name] = str(reason)
                continue
            for line in lines(case.name, found[case.name]):
                print(line, flush=True)
    return found, skipped


if __name__ == "__main__":
    raise SystemExit(main())
