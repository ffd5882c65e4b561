"""``python -m benchmarks [--small] [--only SUBJECT] [--json FILE]``."""

from __future__ import annotations

import argparse
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path

from benchmarks import importing, phases, reconciliation, ruling, simulation
from benchmarks.timing import Pair, Phase

SUBJECTS = {
    "reconcile": reconciliation.pairs,
    "simulate": simulation.pairs,
    "import": importing.pairs,
    "rules": ruling.pairs,
    "phases": phases.phases,
}


def main() -> None:
    """Run and print; with ``--json`` also keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--small", action="store_true", help="the small cases only")
    parser.add_argument("--only", choices=SUBJECTS, help="one subject")
    parser.add_argument("--json", type=Path, help="file to write the figures into")
    asked = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    found: list[Pair | Phase] = []
    for name, run in SUBJECTS.items():
        if asked.only in (None, name):
            for one in run(small=asked.small):
                found.append(one)
                print(_line(one), flush=True)
    if asked.json:
        rows = [{"kind": type(one).__name__, **asdict(one)} for one in found]
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _line(one: Pair | Phase) -> str:
    """A result as a line."""
    if isinstance(one, Phase):
        return f"{one.example}: {one.phase:28s} {one.seconds:8.3f} s   peak so far {one.peak_mb:5.0f} MB"
    note = f" ({one.scaled})" if one.scaled else ""
    return (
        f"{one.subject:10s} {one.case}: {one.ours_s:.4f} s | {one.peer}: {one.peer_s:.4f} s{note} | "
        f"ratio {one.ratio:.1f} | answers differ by {one.difference:.1e}"
    )


if __name__ == "__main__":
    main()
