"""The description printed in the how-to loads and balances a month of a journal written by hand."""

import re
from pathlib import Path

import pytest
import xlsxwriter

import zveno

ROOT = Path(__file__).parents[2]


@pytest.fixture
def chain(tmp_path):
    page = (ROOT / "docs/how-to/describe-a-plant.md").read_text(encoding="utf-8")
    (tmp_path / "chain.yaml").write_text(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0], encoding="utf-8")
    return zveno.load(tmp_path)


def test_the_smallest_description_balances(chain, tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "days.xlsx")) as book:
        masses, assays = book.add_worksheet("Масса"), book.add_worksheet("Анализы")
        masses.write_row(0, 0, ["Дата", "Точка", "Показатель", "Единица измерения", "Значение"])
        assays.write_row(0, 0, ["Дата", "Точка", "Cu, %"])
        for day in range(31):
            date = f"2026-03-{day + 1:02}"
            masses.write_row(2 * day + 1, 0, [date, "ore.belt", "сухая масса", "т", 10_000])
            masses.write_row(2 * day + 2, 0, [date, "conc.scale", "сухая масса", "т", 450])
            for n, (point, grade) in enumerate((("ore.lab", 1.0), ("tail.lab", 0.12), ("conc.lab", 19.5))):
                assays.write_row(3 * day + n + 1, 0, [date, point, grade])
    done = chain.import_files([tmp_path / "days.xlsx"])
    assert (done.faults, done.remarks) == ((), ())
    balance = chain.reconcile("2026-03")
    recovery = balance.recoveries.row(0, named=True)
    assert recovery["recovery_frac"] == pytest.approx(0.88, abs=0.01)
    assert balance.flows.filter(stream="tail", component="Cu")["grade_frac"][0] == pytest.approx(0.0012, rel=0.05)
    assert balance.status == "consistent"
