"""Figures unfold to their readings and cells, and come out again from the cells of the source files."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree

import numpy as np
import openpyxl
import polars as pl
import pytest

from zveno.chain import Chain, example, load
from zveno.chain.explaining import Explaining, explaining, period_of
from zveno.errors import DataError
from zveno.explain.again import Cells
from zveno.explain.recompute import Again, Recomputed
from zveno.reports.addresses import TOLD, cells_of
from zveno.tables.figure import Figure, Given, Read, leaves

WANTED = 500
PERIOD = "2026-03"


@dataclass(frozen=True)
class Month:
    """A month of files, imported, with its figures and what makes them again."""

    chain: Chain
    plant: Path
    about: Explaining
    again: Again

    @property
    def worked(self) -> list[str]:
        """Addresses of figures that follow from readings, not counts of what the report found."""
        return [name for name, one in self.about.ground.figures.items() if not told(one)]


def told(figure: Figure) -> bool:
    return isinstance(figure.formula, Given) and figure.formula.name == TOLD


def played(name: str, folder: Path) -> Month:
    chain = load(example(name), store=folder / "store")
    chain.emulate(PERIOD, folder, seed=1)
    chain.import_files([folder / "plant"])
    about = explaining(chain, PERIOD)
    return Month(chain, folder / "plant", about, about.again([folder / "plant"]))


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> Month:
    return played("one_concentrator", tmp_path_factory.mktemp("month"))


@pytest.fixture(scope="module")
def worked(month) -> list[str]:
    return month.worked


def off(month: Month, addresses: list[str]) -> Iterator[tuple[str, float, float]]:
    """Figures that do not come out again."""
    for address in addresses:
        found = month.about.recompute(month.again, address)
        if not found.agrees or not sound(found):
            yield address, found.figure.value, found.value


def sound(found: Recomputed) -> bool:
    """Whether the standard deviation comes out again."""
    sd = found.figure.sd or 0.0
    return found.sd is None or abs(found.sd - sd) <= 1e-5 * sd + 1e-8 * found.size


def drawn(addresses: list[str]) -> list[str]:
    return random.Random(20260331).sample(addresses, min(WANTED, len(addresses)))


@pytest.mark.slow
def test_every_figure_of_a_month_comes_out_again_from_the_cells(month, worked):
    assert len(worked) > 450
    assert list(off(month, worked)) == []


@pytest.mark.slow
def test_every_figure_is_its_formula_over_what_was_solved_and_read(month, worked):
    ground = month.about.ground
    for address in worked:
        figure = ground.figure(address)
        assert ground.value(figure) == pytest.approx(figure.value, rel=1e-9, abs=1e-9), address


@pytest.mark.slow
def test_contributions_of_readings_add_up_to_the_published_error(month, worked):
    ground = month.about.ground
    errors = [one for one in map(ground.figure, worked) if one.sd and one.column not in ("reading", "reconciled")]
    assert len(errors) > 100
    for one in errors:
        found = month.about.explain(one.address)
        slopes = ground.by_readings(one)
        assert np.sqrt(slopes @ ground.covariance @ slopes) == pytest.approx(one.sd, rel=1e-5), one.address
        assert sum(each.share_frac for each in found.bearings) == pytest.approx(1.0, abs=1e-6), one.address


@pytest.mark.slow
def test_every_number_of_the_reports_has_an_address_that_unfolds(month):
    figures = month.about.ground.figures
    results = month.chain.results(PERIOD)
    for lang in ("en", "ru"):
        document = month.chain.report_of("metal_balance", results, lang=lang).document
        addresses = [cell.address for _, _, cell in cells_of(document)]
        numbers = [
            cell for block in document.tables.values() for row in block.rows for cell in row.cells.values()
            if isinstance(cell.value, (int, float))
        ]  # fmt: skip
        assert len(addresses) >= len(numbers) > 300
        assert [one for one in addresses if one not in figures] == []


@pytest.mark.slow
def test_every_number_of_the_books_has_an_address(month):
    figures = month.about.ground.figures
    skipped = re.compile(r"_sd_|^low_t$|^high_t$|^deduct_frac$|^recovery_frac$")
    for name, table in month.about.books.tables().items():
        columns = [one for one, kind in table.schema.items() if kind == pl.Float64 and not skipped.search(one)]
        known = {(one.keys, one.column): one for one in figures.values() if one.table == name}
        numbers = sum(table[one].is_not_null().sum() for one in columns)
        assert len(known) == numbers, name


@pytest.mark.slow
def test_a_slope_is_what_a_changed_cell_does_to_the_figure(month):
    address = f"{PERIOD}/recoveries/balk_conc/Cu/overall/recovery_frac"
    found = month.about.explain(address)
    loudest = next(one for one in found.bearings if one.key[1] == "Cu" and one.uses)
    use = loudest.uses[0]
    before = month.about.records
    step = 1e-5
    mine = (pl.col("point") == use.point) & (pl.col("quantity") == use.quantity)
    changed = before.with_columns(value=pl.when(mine).then(pl.col("value") * (1 + step)).otherwise(pl.col("value")))
    other = replace(month.about)
    object.__setattr__(other, "records", changed)
    after = other.ground.figure(address).value
    shifts = [
        (other.ground.measured(key).value - month.about.ground.measured(key).value) * slope
        for key, slope in zip(other.ground.readings, month.about.ground.by_readings(found.figure), strict=True)
    ]
    assert after - found.figure.value == pytest.approx(sum(shifts), rel=1e-2)  # its error grows with the reading too
    assert abs(after - found.figure.value) > 1e-9


@pytest.mark.slow
def test_a_wrong_number_does_not_come_out_again(month, worked):
    """What is published, or what stands in a cell, is altered: the recomputation must say so."""
    address = f"{PERIOD}/balk.conc/Cu/mass_t"
    figure = month.about.ground.figure(address)
    assert month.about.recompute(month.again, address).agrees
    month.about.ground.figures._found[address] = replace(figure, value=figure.value * (1 + 1e-7))
    try:
        assert not month.about.recompute(month.again, address).agrees
    finally:
        month.about.ground.figures._found[address] = figure
    key, values = next(
        (key, one) for key, one in month.again.cells.values.items() if key[0].endswith("conc.assay") and key[1] == "Cu"
    )
    values_of = {**month.again.cells.values, key: [one * 1.001 for one in values]}
    altered = Again(month.about.ground, Cells(values_of), month.again.errors)
    assert not month.about.recompute(altered, address).agrees


@pytest.mark.slow
def test_a_source_file_that_was_altered_is_not_read_again_in_silence(month, tmp_path):
    plant = copytree(month.plant, tmp_path / "plant")
    path = sorted((plant / "shifts").glob("*.xlsx"))[3]
    book = openpyxl.load_workbook(path)
    book.active["E8"] = 1.0
    book.save(path)
    with pytest.raises(DataError, match="as it was imported"):
        month.about.again([plant])


@pytest.mark.slow
def test_an_explanation_names_files_cells_and_moments(month):
    found = month.about.explain(f"{PERIOD}/balk.conc/Cu/mass_t")
    assert found.records["cell"].str.contains(r"^[A-Z]+\d+$|^\d+:\d+$").all()
    assert found.records["known"].null_count() == 0
    assert set(found.files) <= {one.relative_to(month.plant).as_posix() for one in month.plant.rglob("*")}
    tables = month.about.tables(found)
    assert tables["figure_readings"].height == len(found.bearings)
    assert month.about.superseded(found).is_empty()


@pytest.mark.slow
def test_readings_name_their_records(month):
    for address in month.worked:
        figure = month.about.ground.figure(address)
        if figure.table == "adjustments" and figure.column == "reading":
            assert all(isinstance(one, Read) for one in leaves(figure.formula))
            assert month.about.explain(address).records.height, address


@pytest.mark.slow
def test_an_unknown_figure_is_refused_with_a_near_one(month):
    with pytest.raises(DataError, match="is no figure of"):
        month.about.explain(f"{PERIOD}/balk.conc/Cu/mass")
    with pytest.raises(DataError, match="is no figure"):
        period_of("nothing")
    assert period_of("2026-03-01..2026-03-08/conc/Cu/mass_t") == "2026-03-01/2026-03-08"


@pytest.mark.long
@pytest.mark.slow
def test_500_random_figures_of_the_demonstration_month_come_out_again_from_the_cells(tmp_path):
    found = played("zhez_balkhash", tmp_path)
    worked = found.worked
    assert len(worked) > 3000
    assert list(off(found, drawn(worked))) == []


@pytest.mark.long
@pytest.mark.slow
def test_500_random_figures_of_the_shift_workbooks_come_out_again_from_the_cells(tmp_path):
    """Of the balance all of them, with their standard deviations, although bounds hold; what a bound holds at nothing
    has no relative digits. In balances of some of the readings alone rounding moves the published point by some 1e-8.
    """
    folder = Path(example("workbooks_march_2026"))
    chain = load(folder, store=tmp_path / "store")
    chain.import_files([folder / "workbooks"], keep_going=True)
    about = explaining(chain, PERIOD)
    again = about.again([folder / "workbooks"])
    for key in about.ground.readings:
        value = about.ground.measured(key).value
        assert again.reading(key) == pytest.approx(value, rel=1e-9, abs=1e-15), key
    balance = [about.recompute(again, one) for one in drawn(list(about.ground.figures.of(lambda group: not group)))]
    seen = [one for one in balance if abs(one.figure.value) > 1e-9]
    assert len(seen) > 0.9 * WANTED
    assert [one.figure.address for one in seen if not one.agrees] == []
    assert [one.figure.address for one in balance if not sound(one)] == []
    assert sum(one.sd is not None for one in balance) > 0.7 * WANTED
    found = [about.recompute(again, one) for one in drawn(list(about.ground.listed()))]
    real = [one for one in found if abs(one.figure.value) > 1e-9]
    assert len(real) > 0.6 * WANTED
    assert [one.figure.address for one in real if one.apart_frac > 1e-7] == []
    assert sum(one.agrees for one in real) > 0.93 * len(real)
