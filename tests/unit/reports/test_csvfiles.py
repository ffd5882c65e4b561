"""The books as text tables, with a description of every column."""

from __future__ import annotations

import json
from hashlib import sha256
from io import BytesIO

import polars as pl
import pytest
from tests.unit.chain.test_closing import Office

from zveno.chain.versions import Versions
from zveno.reports.csvfiles import CsvForm, csv_files, tables_of
from zveno.reports.workbook import PeriodBooks
from zveno.text.catalogue import catalogue


@pytest.fixture(scope="module")
def closed(tmp_path_factory) -> PeriodBooks:
    office = Office(tmp_path_factory.mktemp("office") / "store")
    office.close()
    return Versions(office.closing).books("2026-03")


def described(files: dict[str, bytes]) -> dict:
    return json.loads(files["datapackage.json"])


@pytest.mark.parametrize(
    "form", [CsvForm(), CsvForm.for_excel("ru"), CsvForm.for_excel("en"), CsvForm(decimal_comma=True)]
)
def test_each_table_reads_back_to_the_last_digit(closed, form):
    files = csv_files(closed, form, catalogue("ru"))
    for name, table in tables_of(closed).items():
        content = files[f"{name}.csv"]
        assert content.startswith(b"\xef\xbb\xbf") == form.bom
        read = pl.read_csv(BytesIO(content), separator=";" if form.decimal_comma else ",", infer_schema=False)
        assert read.columns == table.columns
        for column, kind in table.schema.items():
            if kind == pl.Float64:
                numbers = read[column].str.replace(",", ".", literal=True) if form.decimal_comma else read[column]
                assert numbers.cast(pl.Float64).to_list() == table[column].to_list()
            elif kind == pl.String:
                assert read[column].fill_null("").to_list() == table[column].fill_null("").to_list()
            elif isinstance(kind, pl.Datetime):
                assert (
                    read[column].str.to_datetime(time_zone="UTC", time_unit="us").to_list() == table[column].to_list()
                )


def test_every_column_is_described_with_its_type(closed):
    files = csv_files(closed, CsvForm.for_excel("ru"), catalogue("ru"))
    package = described(files)
    resources = {one["path"]: one for one in package["resources"]}
    assert set(resources) == set(files) - {"datapackage.json"}
    for path, one in resources.items():
        assert one["hash"] == f"sha256:{sha256(files[path]).hexdigest()}"
        assert one["bytes"] == len(files[path])
        assert one["dialect"]["delimiter"] == ";"
        for field in one["schema"]["fields"]:
            assert field["description"], (path, field)
            assert field.get("decimalChar", ",") == ","
    mass = next(one for one in resources["flows.csv"]["schema"]["fields"] if one["name"] == "mass_t")
    assert mass == {
        "name": "mass_t",
        "type": "number",
        "description": "mass, t; null = unobservable",
        "decimalChar": ",",
    }


def test_the_description_says_which_version_it_is_and_who_signed(closed):
    said = described(csv_files(closed, CsvForm(), catalogue("kk")))["zveno"]
    assert said["period"] == "2026-03"
    assert (said["version"]["stand"], said["version"]["content_sha256"]) == ("closed", closed.standing.content)
    assert [one["name"] for one in said["version"]["signatures"]] == ["Metal accountant", "Главный бухгалтер"]
