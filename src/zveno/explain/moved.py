"""What moved between two moments or versions, and which new or changed records moved it by how much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl

from zveno.explain.ground import Ground, Key
from zveno.tables import RECORD_KEY
from zveno.tables.figure import Figure, Handed

Values = Mapping[Key, float]
Reader = Callable[[pl.DataFrame], Values]
"""Values of the readings that records give."""
_MOST_CAUSES = 40
_SAME = 1e-9
_CELLS = 8


@dataclass(frozen=True)
class Cause:
    """Records that are new, changed or withdrawn, of one file and point (of one of them, where there are many).

    ``before`` and ``after`` are the rows of the table ``records`` that stand for their times then and now.
    """

    file: str
    point: str
    before: pl.DataFrame = field(repr=False)
    after: pl.DataFrame = field(repr=False)

    @property
    def count(self) -> int:
        """How many records."""
        return max(self.before.height, self.after.height)

    @property
    def cells(self) -> tuple[str, ...]:
        """Their cells, of the file that spoke last."""
        rows = self.after if self.after.height else self.before
        return tuple(dict.fromkeys(rows["cell"]))

    @property
    def cells_words(self) -> str:
        """The first of the cells."""
        return ", ".join(self.cells[:_CELLS]) + ("…" if len(self.cells) > _CELLS else "")

    @property
    def known(self) -> datetime | None:
        """When the last of them became known."""
        found = (self.after if self.after.height else self.before)["known"].max()
        return found if isinstance(found, datetime) else None


@dataclass(frozen=True)
class Moved:
    """A figure that moved, with what each cause contributed; ``rest`` is what they leave.

    The rest holds what follows from changed errors of the readings (a figure with more readings is weighed otherwise),
    from a changed description or carry-over, and what is not linear.
    """

    address: str
    before: float | None
    after: float | None
    sd: float | None
    contributions: tuple[tuple[Cause, float], ...] = ()

    @property
    def moved(self) -> float:
        """After less before; nothing counts as 0."""
        return (self.after or 0.0) - (self.before or 0.0)

    @property
    def named(self) -> float:
        """Sum of the contributions."""
        return float(sum(one for _, one in self.contributions))

    @property
    def rest(self) -> float:
        """What the causes leave."""
        return self.moved - self.named

    @property
    def in_sd(self) -> float | None:
        """How far it moved in its own standard deviations before."""
        return self.moved / self.sd if self.sd else None


def moved_figures(before: Ground, after: Ground, wanted: Callable[[Figure], bool], like: str = "") -> list[Moved]:
    """Figures whose value differs, the farthest first: in their standard deviations, those without one last."""
    old, new = ({name: one for name, one in each.listed(like).items() if wanted(one)} for each in (before, after))
    found = []
    for address in dict.fromkeys([*new, *old]):
        a, b = old.get(address), new.get(address)
        size = max(abs(one.value) for one in (a, b) if one is not None)
        error = next((one.sd for one in (a, b) if one is not None and one.sd), 0.0)
        if a is None or b is None or abs(b.value - a.value) > max(_SAME * size, 1e-6 * error):
            sd = a.sd if a is not None and a.sd else (b.sd if b is not None else None)
            found.append(Moved(address, None if a is None else a.value, None if b is None else b.value, sd))
    return sorted(found, key=lambda one: (-abs(one.in_sd or 0.0), -abs(one.moved), one.address))


@dataclass
class Causes:
    """Contributions of changed records to figures.

    Parameters
    ----------
    before, after
        Both states.
    read
        Values of readings from records.
    causes
        Groups of changed records.
    """

    before: Ground
    after: Ground
    read: Reader
    causes: tuple[Cause, ...]
    _steps: dict[int, dict[Key, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._old, self._new = self.read(self.before.records), self.read(self.after.records)
        for n, one in enumerate(self.causes):
            self._steps[n] = self._step(one)

    def of(self, moved: Moved) -> Moved:
        """A moved figure with its causes, the weightiest first."""
        slopes = self._slopes(moved.address)
        handed = self._handed(moved.address)
        found = []
        for n, one in enumerate(self.causes):
            by_readings = sum(slopes.get(key, 0.0) * step for key, step in self._steps[n].items())
            directly = sum(slope * _difference(leaf, one) for leaf, slope in handed.items())
            if by_readings + directly != 0:
                found.append((one, float(by_readings + directly)))
        found.sort(key=lambda each: (-abs(each[1]), each[0].file, each[0].point))
        return Moved(moved.address, moved.before, moved.after, moved.sd, tuple(found))

    def _step(self, cause: Cause) -> dict[Key, float]:
        """By how much a cause moves each reading: the mean of coming first and of coming last, so that no order of
        the causes is preferred.
        """
        first = self.read(_exchanged(self.before.records, cause.before, cause.after))
        last = self.read(_exchanged(self.after.records, cause.after, cause.before))
        out = {}
        for key in dict.fromkeys([*first, *last, *self._old, *self._new]):
            steps = [self._apart(one, other, key) for one, other in ((first, self._old), (self._new, last))]
            if any(steps):
                out[key] = sum(steps) / 2
        return out

    def _apart(self, after: Values, before: Values, key: Key) -> float:
        """Difference of a reading; one that is not there stands at the value that all others give it."""
        if after.get(key) == before.get(key):
            return 0.0
        expected = self._expected(key)
        a, b = after.get(key, expected), before.get(key, expected)
        return 0.0 if a is None or b is None else a - b

    def _expected(self, key: Key) -> float | None:
        """What a reading would show by a balance without it, or as near to that as there is."""
        for ground in (self.before, self.after):
            if key not in ground.readings and key[0] in {one.id for one in ground.network.streams}:
                return ground.result("").value(key[0], key[1])
        return None

    def _slopes(self, address: str) -> dict[Key, float]:
        """Mean slopes of a figure before and after; of a reading that is there once only, that slope."""
        found: dict[Key, list[float]] = {}
        for ground in (self.before, self.after):
            if address in ground.figures:
                by = ground.by_readings(ground.figure(address))
                for key, n in ground.readings.items():
                    found.setdefault(key, []).append(float(by[n]))
        return {key: float(np.mean(one)) for key, one in found.items()}

    def _handed(self, address: str) -> dict[Handed, float]:
        ground = self.after if address in self.after.figures else self.before
        leaves = ground.by_leaves(ground.figure(address))
        return {leaf: slope for leaf, slope in leaves.items() if isinstance(leaf, Handed)}


def causes_of(before: Ground, after: Ground, read: Reader) -> Causes:
    """Changed records between two states, grouped by file and point; by file alone, or point alone, where many."""
    old, new = _changed(before.records, after.records)
    both = pl.concat([old.with_columns(_new=False), new.with_columns(_new=True)])
    told = new if new.height else old
    keys = told.group_by(RECORD_KEY).agg(pl.col("file").last().alias("_file"))
    rows = both.join(keys, on=RECORD_KEY, how="left", nulls_equal=True).with_columns(_file=pl.coalesce("_file", "file"))
    by: Sequence[str] = ("_file", "point")
    if rows.select(by).n_unique() > _MOST_CAUSES:
        by = ("_file",) if rows["_file"].n_unique() <= _MOST_CAUSES else ("point",)
    return Causes(before, after, read, tuple(_grouped(rows, by)))


def _grouped(rows: pl.DataFrame, by: Sequence[str]) -> Iterator[Cause]:
    """Causes from changed rows."""
    for _, part in rows.group_by(by, maintain_order=True):
        files, points = (list(dict.fromkeys(part[name])) for name in ("_file", "point"))
        plain = part.drop("_file")
        yield Cause(
            files[0] if len(files) == 1 else f"{files[0]} + {len(files) - 1}",
            points[0] if len(points) == 1 else "+".join(points[:3]) + ("…" if len(points) > 3 else ""),
            plain.filter(~pl.col("_new")).drop("_new"), plain.filter(pl.col("_new")).drop("_new"),
        )  # fmt: skip


def _changed(before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of both of the times for which they say different things."""
    said = [pl.col("value"), pl.col("qualifier")]
    old, new = (
        one.group_by(RECORD_KEY, maintain_order=True).agg(said).with_columns(pl.col("value").list.sort())
        for one in (before, after)
    )
    joined = old.join(new, on=RECORD_KEY, how="full", coalesce=True, suffix="_new", nulls_equal=True)
    same = pl.col("value").eq_missing(pl.col("value_new")) & pl.col("qualifier").eq_missing(pl.col("qualifier_new"))
    keys = joined.filter(~same).select(RECORD_KEY)
    return tuple(one.join(keys, on=RECORD_KEY, how="semi", nulls_equal=True) for one in (before, after))  # type: ignore[return-value]


def _exchanged(records: pl.DataFrame, gone: pl.DataFrame, come: pl.DataFrame) -> pl.DataFrame:
    """Records with some taken out and others put in."""
    kept = records.join(gone, on=RECORD_KEY, how="anti", nulls_equal=True) if gone.height else records
    return pl.concat([kept, come.select(records.columns)])


def _difference(leaf: Handed, cause: Cause) -> float:
    """What a cause changes of a sum of records."""

    def total(rows: pl.DataFrame) -> float:
        mine = rows.filter(pl.col("point").is_in(list(leaf.meters)), pl.col("quantity") == leaf.quantity)
        return float(mine["value"].sum())

    return total(cause.after) - total(cause.before)
