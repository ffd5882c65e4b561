"""``python -m benchmarks.draft_month``: from an empty store to a signed draft of the month, as a person does it.

The files of the demonstration month are played first and are not timed, nor are the persons entered. Then each command
runs as a process of its own: its seconds, and its processor seconds. As in an installed program, the modules were
compiled by the first command.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

PERIOD, EXAMPLE = "2026-03", "zhez_balkhash"
PASSPHRASE = "a pass-phrase of several words"


def _zveno(folder: Path, *words: str) -> tuple[float, float]:
    """Seconds and processor seconds of one command."""
    env = {**os.environ, "ZVENO_PASSPHRASE": PASSPHRASE, "ZVENO_NEW_PASSPHRASE": PASSPHRASE}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled once
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    subprocess.run([sys.executable, "-m", "zveno", *words], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return perf_counter() - begun, cpu


def main() -> None:
    """Play, import, draw up, report; print the seconds of each."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _zveno(folder, "new", "plant", "--template", EXAMPLE)
        folder = folder / "plant"
        _zveno(folder, "emulate", PERIOD, "-c", ".", "--out", "files")
        _zveno(folder, "person", "add", "registrar", "--name", "Registrar", "--role", "registrar", "-c", ".")
        _zveno(folder, "person", "add", "accountant", "--name", "Metal accountant A", "--role", "accountant",
               "--as", "registrar", "-c", ".")  # fmt: skip
        steps = {
            "import": ("import", "files/plant", "-c", "."),
            "draft of the close: balance, tests, books, signature": ("close", PERIOD, "-c", ".", "--as", "accountant"),
            "report as page, workbook and PDF": ("report", "metal_balance", PERIOD, "-c", "."),
        }
        total = spent = 0.0
        for name, words in steps.items():
            seconds, cpu = _zveno(folder, *words)
            total, spent = total + seconds, spent + cpu
            print(f"{seconds:8.2f} s {cpu:8.2f} CPU s  {name}")
        print(f"{total:8.2f} s {spent:8.2f} CPU s  in all, from an empty store")


if __name__ == "__main__":
    main()
