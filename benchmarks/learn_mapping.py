"""``python -m benchmarks.learn_mapping``: how well ``zveno import --learn`` understands layouts, what a person edits.

For every layout of the example ``workbooks_march_2026`` a mapping is learnt from ONE file, from the chain and its
report calendars alone (the example's own mappings are taken away), and reads all files of the layout. What it does
with each cell is compared with what the mapping written by hand does: right, held for a question, or a quiet error
(taken with another value, point, quantity, time or mark of the laboratory, or taken though it must not be). The second
figure is the number of lines that a person edits until nothing but right cells is left: a line uncommented from the
candidates of a question (found by trying), or a line written anew (kept here, in ``EDITS``).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

from zveno.chain import example, load
from zveno.errors import DataError
from zveno.model.chain import ChainModel
from zveno.model.mapping import LayoutMapping, Mappings
from zveno.model.yamlfile import YamlFile, read_yaml
from zveno.quantities import UOMS, convert, uom_of
from zveno.sources.books import is_book, open_book, text_books
from zveno.sources.fates import Fate
from zveno.sources.grid import Book
from zveno.sources.learning import learn
from zveno.sources.mapped import read_mapped, recognise

Cell = tuple[str, str, str]
EXAMPLE = example("workbooks_march_2026")
WORKBOOKS = EXAMPLE / "workbooks"
LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "bof_shifts": ("Балхаш ОФ 1", "Балхаш ОФ 2"),
    "bof_shifts_kk": ("Балхаш ОФ 3",),
    "dispatch": ("Concentrate dispatch",),
    "duty_roster": ("График",),
    "gas": ("asutp",),
    "instruments": ("Реестр СИ",),
    "laboratory": ("Лаборатория",),
    "refinery_journal": ("Электролиз",),
    "smelter_shop": ("МПЗ",),
    "stocks": ("Инвентаризация",),
    "wagons": ("Реестр вагонов",),
    "zhf_daily": ("ЖОФ_суточный",),
    "zhf_shift": ("ЖОФ_смена",),
}
"""Beginnings of the names of the files of every layout; Kazakh sheets of the Balkhash shifts are one of their own."""
_UNREADABLE = ("17.03.2026.xlsx",)
EDITS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "laboratory": (
        ('#: "Шихта | Шихта общая | шихта общ.": "?"', '"Шихта | Шихта общая | шихта общ.": sm.feed.blend'),
    ),
    "gas": (
        ('#: point: "?"', "point: gas"),
        ('#: "Күкіртті газ көлемі, *": af.gas volume', '"Күкіртті газ көлемі, *": gas volume'),
        ('"Электр энергиясы, *": power', '"Электр энергиясы, *": sm.furnace power'),
    ),
    "instruments": (("date: above", "date: 2026-03-31"),),
}
"""What a person writes anew in a proposal: old text of a line and its new one."""


@dataclass(frozen=True)
class Score:
    """Cells understood right, held for a question, and taken wrongly; numbers left out with the right reason."""

    right: int
    asked: int
    quiet: tuple[tuple[Cell, str], ...]
    reasons: int
    rejected: int

    @property
    def worth(self) -> int:
        """By which edits are compared: one quiet error weighs more than ten cells held."""
        return self.right - 20 * len(self.quiet)


def files_of(layout: str) -> list[str]:
    """Names of the readable files of a layout, the first one to learn from first."""
    names = sorted(path.name for path in WORKBOOKS.iterdir())
    return [one for one in names if one.startswith(LAYOUTS[layout]) and not one.endswith(_UNREADABLE)]


def bare_model() -> ChainModel:
    """The example's chain with its report calendars, without any mapping."""
    model = load(EXAMPLE).model
    return model.model_copy(update={"mappings": Mappings(calendars=model.mappings.calendars)})


def books(content: bytes, name: str) -> Iterator[Book]:
    """The ways in which a file can be opened."""
    yield from [open_book(content, name)] if is_book(content) else text_books(content)


def fates(opened: Sequence[Book], name: str, mappings: Mappings, model: ChainModel) -> dict[Cell, Fate]:
    """What mappings make of the cells of a file."""
    for book in opened:
        known = recognise(book, mappings)
        if known is not None:
            read = read_mapped(book, name, known, mappings, model.tz).fates
            return {(name, one.sheet, one.cell): one for one in read}
    return {}


def layout_of(text: str) -> LayoutMapping:
    """A mapping from its text."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "m.yaml"
        path.write_text(text, encoding="utf-8")
        read = read_yaml(path, "m.yaml")
    if not isinstance(read, YamlFile):
        raise SystemExit(str(read))
    return LayoutMapping.model_validate(read.data)


def differs(found: Fate, wanted: Fate) -> str:
    """What of a cell that was taken is wrong; empty if nothing."""
    pairs = {"point": (found.point.lower(), wanted.point.lower()), "quantity": (found.quantity, wanted.quantity),
             "start": (found.start, wanted.start), "end": (found.end, wanted.end), "slot": (found.slot, wanted.slot),
             "counts_for": (found.counts_for, wanted.counts_for),
             "marks": (_checks(found), _checks(wanted)), "value": (_base(found), _base(wanted))}  # fmt: skip
    if not wanted.slot:
        del pairs["slot"]
    return "; ".join(f"{name} {one} for {two}" for name, (one, two) in pairs.items() if one != two)


def _checks(one: Fate) -> set[str]:
    return {mark for mark in one.qualifiers if mark.startswith("qc_")}


def _base(one: Fate) -> object:
    """A value in a unit that does not depend on how it was written."""
    if one.value is None or one.uom not in UOMS:
        return one.text if one.value is None else one.value
    base = {"fraction": "frac", "mass": "t"}.get(uom_of(one.uom).dimension)
    return round(convert(one.value, one.uom, base), 12) if base else one.value * uom_of(one.uom).factor


def scored(found: Mapping[Cell, Fate], wanted: Mapping[Cell, Fate]) -> Score:
    """What was done with the cells of files against what should be done."""
    right, asked, reasons, rejected = 0, 0, 0, 0
    quiet: list[tuple[Cell, str]] = []
    for cell, want in wanted.items():
        have = found.get(cell)
        taken = have is not None and have.status == "imported"
        if want.status == "imported":
            wrong = differs(have, want) if taken and have is not None else ""
            right += taken and not wrong
            asked += not taken
            quiet += [(cell, wrong)] if wrong else []
        else:
            quiet += [(cell, f"taken as {have.point} {have.quantity}")] if taken and have is not None else []
            rejected += want.status == "rejected"
            reasons += want.status == "rejected" and have is not None and have.reason == want.reason
    return Score(right, asked, tuple(quiet), reasons, rejected)


@dataclass
class Trial:
    """Files of a layout with what should be made of them; ``read`` tells what a proposal makes."""

    model: ChainModel
    opened: Mapping[str, Sequence[Book]]
    wanted: Mapping[Cell, Fate]
    whole: bool = False
    """Whether cells that are not among the wanted ones must not be taken."""

    def read(self, text: str) -> Score:
        """Score of a mapping's text."""
        mappings = Mappings(layouts=(layout_of(text),), calendars=self.model.mappings.calendars)
        found: dict[Cell, Fate] = {}
        for name, ways in self.opened.items():
            found |= fates(ways, name, mappings, self.model)
        rest = {cell: replace(one, status="context") for cell, one in found.items() if self.whole}
        return scored(found, {**rest, **self.wanted})

    def answered(self, text: str) -> tuple[str, int]:
        """A proposal with its questions answered as the truth would, and how many lines that took."""
        lines, edited, best = text.split("\n"), 0, self.read(text)
        for question in list(questions(lines)):
            tries = [[*lines[:n], line, *lines[n + 1 :]] for n, line in question]
            scores = [self.read("\n".join(one)) for one in tries]
            top = max(range(len(tries)), key=lambda n: scores[n].worth, default=None)
            if top is not None and scores[top].worth > best.worth:
                lines, best, edited = tries[top], scores[top], edited + 1
        return "\n".join(lines), edited


def questions(lines: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """Of every question of a proposal the answers that it offers: a line, and what it becomes."""
    n = 0
    while n < len(lines):
        line, n = lines[n], n + 1
        before, asked, offered = line.partition('"?"  # ? one of: ')
        if asked:
            yield [(n - 1, before + one) for one in offered.split(", ")]
        if line.lstrip().startswith("# ?"):
            found = []
            while n < len(lines) and lines[n].lstrip().startswith("#: "):
                found.append((n, _uncommented(lines[n])))
                n += 1
            yield found


def _uncommented(line: str) -> str:
    return line.replace("#: ", "", 1)


def edited(text: str, edits: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """A proposal after edits by hand, and how many lines they changed or added."""
    changed = text
    for old, new in edits:
        if old not in changed:
            raise SystemExit(f"nothing to edit: {old!r}")
        changed = changed.replace(old, new, 1)
    before = text.split("\n")
    return changed, sum(one not in before for one in changed.split("\n"))


def trial(layout: str, model: ChainModel, own: Mappings) -> tuple[str, Trial]:
    """The text learnt from the first file of a layout, and the trial on all its files."""
    opened = {name: list(books((WORKBOOKS / name).read_bytes(), name)) for name in files_of(layout)}
    wanted: dict[Cell, Fate] = {}
    for name, ways in opened.items():
        wanted |= fates(ways, name, own, model)
    first = next(iter(opened))
    return learn(model, (WORKBOOKS / first).read_bytes(), first).text, Trial(model, opened, wanted)


def main(arguments: Sequence[str]) -> None:
    """Print a line per layout; with ``--show`` the proposals and the errors too."""
    show, only = "--show" in arguments, [one for one in arguments if not one.startswith("--")]
    model, own = bare_model(), load(EXAMPLE).model.mappings
    print(f"{'layout':18} {'cells':>6} | {'right':>6} {'asked':>6} {'quiet':>6} {'reasons':>9} | "
          f"{'edits':>5} {'right':>6} {'asked':>6} {'quiet':>6} | {'lines':>5} {'CPU s':>6}")  # fmt: skip
    for layout in only or LAYOUTS:
        begun = process_time()
        try:
            text, tried = trial(layout, model, own)
        except DataError as error:
            print(f"{layout:18} {error}")
            continue
        took = process_time() - begun
        before = tried.read(text)
        answered, picked = tried.answered(text)
        final, written = edited(answered, EDITS.get(layout, ()))
        after = tried.read(final)
        rules = sum(bool(one.strip()) and not one.lstrip().startswith("#") for one in text.split("\n"))
        print(f"{layout:18} {before.right + before.asked + len(before.quiet):6} | {before.right:6} {before.asked:6} "
              f"{len(before.quiet):6} {before.reasons:4}/{before.rejected:4} | {picked + written:5} {after.right:6} "
              f"{after.asked:6} {len(after.quiet):6} | {rules:5} {took:6.2f}")  # fmt: skip
        if show:
            print(final)
            for name, score in (("before", before), ("after", after)):
                print(name, *dict.fromkeys(f"{cell[1]} {wrong}" for cell, wrong in score.quiet[:15]), sep="\n   ")


if __name__ == "__main__":
    main(sys.argv[1:])
