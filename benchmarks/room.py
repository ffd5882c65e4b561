"""What cases share: a folder that is thrown away, and months played into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import Skipped
from zveno.chain import Chain, example, load

EXAMPLE, CHAIN = "one_concentrator", "zhez_balkhash"
YEAR, MONTH, DAYS = "2026", "2026-03", "2026-03-06/2026-03-09"
"""A year; the month that the example plays; three days of it with a planted breach."""

SHARED = Path(__file__).parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Room:
    """A folder for one run of the benchmarks."""

    folder: Path
    _played: dict[str, Path] = field(default_factory=dict)

    def played(self, period: str) -> Path:
        """Folder ``plant`` of the example played over a period, once."""
        if period not in self._played:
            home = self.new()
            self.chain().emulate(period, home)
            self._played[period] = home / "plant"
        return self._played[period]

    def chain(self) -> Chain:
        """The example with an empty store of its own."""
        return load(example(EXAMPLE), store=self.new() / "store")

    def new(self) -> Path:
        """A new empty folder."""
        path = self.folder / f"{sum(1 for _ in self.folder.iterdir())}"
        path.mkdir()
        return path


def shared(name: str) -> Path:
    """A file of the data beside the project.

    Raises
    ------
    Skipped
        If it is not there.
    """
    path = SHARED / name
    if not path.is_file():
        raise Skipped(f"../shared/data/{name} is not beside the project")
    return path
