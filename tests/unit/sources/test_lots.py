"""Tables of lots that both sides assayed."""

from __future__ import annotations

import pytest
import xlsxwriter

from zveno.errors import DataError
from zveno.sources import read_lots

HEAD = "lot;supplier;sampler;component;ours, %;theirs, %;umpire, %;mass, t\n"


def written(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "lots.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_lots_are_read_with_their_units(tmp_path):
    path = written(tmp_path, HEAD + "L1;S;X;Cu;25,4;25.6;;500\nL1;S;X;Ag;0,01;0,011;0,0105;500\n")
    one, two = read_lots(path, ["Cu", "Ag"]).iter_rows(named=True)
    assert (one["ours_frac"], one["theirs_frac"], one["umpire_frac"], one["mass_t"]) == pytest.approx(
        (0.254, 0.256, None, 500)
    )
    assert two["umpire_frac"] == pytest.approx(1.05e-4)


def test_headings_of_any_language_and_other_units(tmp_path):
    text = "Партия;Поставщик;Компонент;Наш анализ, г/т;Анализ поставщика, г/т;Масса, кг\nL1;S;Ag;100;103;2000\n"
    (row,) = read_lots(written(tmp_path, text, "cp1251"), ["Ag"]).iter_rows(named=True)
    assert row["ours_frac"] == pytest.approx(1e-4)
    assert (row["mass_t"], row["sampler"]) == (2.0, "")


def test_workbook_is_read_alike(tmp_path):
    path = tmp_path / "lots.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Lots")
        for k, cells in enumerate([HEAD.strip().split(";"), ["L1", "S", 7, "Cu", 25.4, 25.6, None, 500]]):
            sheet.write_row(k, 0, cells)
    (row,) = read_lots(path, ["Cu"]).iter_rows(named=True)
    assert (row["sampler"], row["theirs_frac"]) == ("7", pytest.approx(0.256))


@pytest.mark.parametrize(("text", "said"), [
    ("lot;supplier;component;ours\n", "theirs is not there"),
    (HEAD.replace("ours, %", "ours, t"), "does not fit this column"),
    (HEAD.replace("ours, %", "ours, parsecs"), "'parsecs' is not a unit"),
    (HEAD + "L1;S;X;Cu;;25;;\n", "lots.csv:2: the assay of this lot is missing"),
    (HEAD + "L1;S;X;Cu;н/д;25;;\n", "lots.csv:2: 'н/д' is not a number"),
    (HEAD + "L1;S;X;Cu;0;25;;\n", "not more than nothing"),
    (HEAD + "L1;S;X;Zn;25;25;;\n", "'Zn' is no component"),
    (HEAD + ";S;X;Cu;25;25;;\n", "names no lot"),
    (HEAD + "L1;;X;Cu;25;25;;\n", "names no supplier"),
    (HEAD + "L1;S;X;Cu;25;25;;\nL1;S;X;Cu;25;26;;\n", "lots.csv:3: lot 'L1' stands twice for Cu: in row 2 too"),
])  # fmt: skip
def test_faults_are_told_with_their_place(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        read_lots(written(tmp_path, text), ["Cu", "Ag"])
