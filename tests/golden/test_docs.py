"""Descriptions printed in the how-to: one balances a month of a journal written by hand, one simulates a smelter."""

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


def test_the_smelter_of_the_how_to_closes_its_heat_with_fuel_and_scrap(tmp_path):
    page = (ROOT / "docs/how-to/describe-a-smelter.md").read_text(encoding="utf-8")
    for name, text in zip(("chain", "parameters"), re.findall(r"```yaml\n(.*?)```", page, re.DOTALL), strict=True):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    found = zveno.load(tmp_path).simulate()
    for unit in ("furnace", "converter"):
        assert found.unit_result(unit, "heat_surplus")[0] == pytest.approx(0, abs=1e-7)
    assert 0 < found.solids("oil")[0] < 5
    assert 0 < found.solids("scrap")[0] < 0.5 * found.solids("matte")[0]
    assert 1 < found.unit_result("converter", "slag_blow_time")[0] < 6
    entering = sum(
        found.mass(one) for one in ("conc", "quartz", "air", "oxygen", "oil", "conv_flux", "conv_air", "scrap")
    )
    assert sum(found.mass(one) for one in ("slag", "gas", "blister", "conv_gas")) == pytest.approx(entering, rel=1e-10)
