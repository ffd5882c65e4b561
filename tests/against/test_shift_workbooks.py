"""A month of 59 untidy workbooks read by mappings, cell by cell against its exact truth.

The workbooks are those of the example ``workbooks_march_2026``; the truth lies outside the project, in
``../shared/data/shift-workbooks/march-2026/truth``, and is read here alone. Its README says what a correct import is;
the marks it sets are asked for: of 16 556 values 99.5 % right in value, unit, point, quantity, period and qualifier, not
one number taken that must not be, 98 % of the reasons right, and all cells accounted for.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from zveno.chain import Chain, Imported, example
from zveno.quantities import convert

HERE = Path(__file__).parents[2] / "../shared/data/shift-workbooks/march-2026/truth"
pytestmark = pytest.mark.skipif(not HERE.is_dir(), reason="the folder ../shared/data with the cases is absent")
BASE = {
    "A": "A", "V": "V", "g/L": "g/l", "Nm3": "Nm3", "MWh": "MWh", "1": "pcs", "mm": "mm", "degC": "C", "m3": "m3",
    "t/m3": "t/m3", "pH": "pH", "мес": "mo", "h": "h", "t": "t", "%": "%", "g/t": "g/t", "класс": "-",
}  # fmt: skip
"""Units of the truth, as Zveno writes them."""
WORKBOOKS = example("workbooks_march_2026") / "workbooks"


def truth(name: str) -> dict[tuple[str, str, str], dict[str, str]]:
    """A list of the truth by file, sheet and cell."""
    with (HERE / name).open(encoding="utf-8") as file:
        names = {row["file_id"]: row["name"] for row in csv.DictReader((HERE / "files.csv").open(encoding="utf-8"))}
        return {(names[row["file_id"]], row["sheet"], row["cell"]): row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def month(march_workbooks: tuple[Chain, Imported]) -> tuple[Chain, Imported]:
    """The whole folder imported into an empty store."""
    return march_workbooks


@pytest.fixture(scope="module")
def cells(month: tuple[Chain, Imported]) -> dict[tuple[str, str, str], dict[str, object]]:
    """What became of every cell."""
    return {(row["file"], row["sheet"], row["cell"]): row for row in month[1].cells.iter_rows(named=True)}


def wrong_in(row: dict[str, object], wanted: dict[str, str]) -> list[str]:
    """What of an imported cell differs from the truth."""
    found = {
        "value": _value(row, wanted) == wanted["value_base"] or _near(row, wanted),
        "point": str(row["point"]).lower() == wanted["point"].lower(),
        "quantity": row["quantity"] == wanted["quantity"],
        "start": _local(row["start"]) == wanted["start"],
        "end": _local(row["end"]) == wanted["end"],
        "qualifier": row["qualifier"] == wanted["qualifier"],
    }
    return [name for name, right in found.items() if not right]


def _value(row: dict[str, object], wanted: dict[str, str]) -> str:
    """Dates and words as the truth writes them."""
    if wanted["unit_base"] == "date":
        return str(date(1970, 1, 1) + timedelta(days=float(str(row["value"])))) if row["uom"] == "d" else ""
    return str(row["text"]) if row["value"] is None else ""


def _near(row: dict[str, object], wanted: dict[str, str]) -> bool:
    """Whether value and unit are right: equal in the unit of the truth."""
    if row["value"] is None or wanted["unit_base"] == "date":
        return False
    value = convert(float(str(row["value"])), str(row["uom"]), BASE[wanted["unit_base"]])
    return value == pytest.approx(float(wanted["value_base"]), rel=1e-9, abs=1e-12)


def _local(moment: object) -> str:
    """A moment in the plants' time, UTC+5."""
    return f"{moment + timedelta(hours=5):%Y-%m-%dT%H:%M}" if moment is not None else ""  # type: ignore[operator]


def test_workbooks_of_the_example_are_those_of_the_truth():
    for row in csv.DictReader((HERE / "files.csv").open(encoding="utf-8")):
        content = (WORKBOOKS / row["name"]).read_bytes()
        assert sha256(content).hexdigest()[:16] == row["sha256_16"], row["name"]


def test_every_cell_is_imported_rejected_or_context(month, cells):
    wanted = {**truth("import.csv"), **truth("reject.csv"), **truth("context.csv")}
    assert len(wanted) == 37_343
    assert cells.keys() == wanted.keys()
    sums = month[1].sources.select("imported", "rejected", "context").sum().row(0)
    assert sum(sums) == 37_343


def test_values_are_right_in_all_that_is_asked(cells):
    wanted = truth("import.csv")
    assert len(wanted) == 16_556
    missed = [key for key in wanted if cells[key]["status"] != "imported"]
    wrong = {key: found for key in wanted if key not in set(missed) and (found := wrong_in(cells[key], wanted[key]))}
    assert len(missed) + len(wrong) <= 0.005 * len(wanted), (missed[:10], list(wrong.items())[:10])
    kinds = Counter(kind for found in wrong.values() for kind in found)
    quiet = {key: found for key, found in wrong.items() if set(found) & {"value", "point", "quantity", "start", "end"}}
    assert not quiet, kinds


def test_nothing_is_imported_that_must_not_be(cells):
    wanted = {**truth("reject.csv"), **truth("context.csv")}
    assert [key for key in wanted if cells[key]["status"] == "imported"] == []


def test_reasons_are_right(cells):
    wanted = truth("reject.csv")
    wrong = [(key, cells[key]["status"], cells[key]["reason"], row["reason"])
             for key, row in wanted.items() if cells[key]["reason"] != row["reason"]]  # fmt: skip
    assert len(wrong) <= 0.02 * len(wanted), wrong[:10]
    assert [one for one in wrong if one[1] == "context"] == []


def test_context_stays_context(cells):
    wrong = [key for key in truth("context.csv") if cells[key]["status"] != "context"]
    assert wrong == []


def test_numbers_that_were_meant_are_proposed_not_taken(cells):
    asked = {key: float(row["intended"]) for key, row in truth("reject.csv").items()
             if row["reason"] in ("garbage", "date_in_number") and row["intended"]}  # fmt: skip
    proposed = {key: cells[key]["meant"] for key in asked if cells[key]["meant"] is not None}
    assert len(asked) == 31
    assert len(proposed) >= 29  # of the others a comma may part thousands or decimals
    assert proposed == pytest.approx({key: asked[key] for key in proposed})


def test_user_is_told_of_what_is_odd(month):
    said = "\n".join(str(one) for one in month[1].remarks)
    for name in (
        "ЖОФ_суточный_13.03.2026.xlsx",
        "ЖОФ_суточный_17.03.2026.xlsx",
        "Балхаш ОФ 1 декада (1).xlsx",
        "~$ЖОФ_суточный_20.03.2026.xlsx",
    ):
        assert name in said
    states = dict(month[1].sources.select("file", "state").iter_rows())
    assert states["ЖОФ_суточный_17.03.2026.xlsx"] == "unreadable"
    assert states["ЖОФ_суточный_17.03.2026 повторно.xlsx"] == "read"
    assert states["ЖОФ_суточный_12.03.2026.xlsx"] == "superseded"
    assert states["Копия ЖОФ_суточный_09.03.2026.xlsx"] == states["Балхаш ОФ 1 декада (1).xlsx"] == "copy"


def test_second_import_changes_nothing(month):
    chain, first = month
    before = {name: chain.store.read(name) for name in chain.store.tables()}
    again = chain.import_files([WORKBOOKS])
    assert (again.files, again.records, again.cells.height) == (0, 0, 0)
    assert again.known_files == first.files
    for name, table in before.items():
        assert table.equals(chain.store.read(name)), name


def test_mappings_are_short():
    for path in (example("workbooks_march_2026") / "mappings").glob("*.yaml"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 60, path.name
