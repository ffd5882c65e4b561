"""Figures for an ERP: every published total is the sum of its published parts, and what moved is told."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import polars as pl
import pytest
from tests.unit.chain.test_closing import Office

from zveno.chain import example, load, schemas
from zveno.chain.closing import Closing
from zveno.chain.exports import rounding_of
from zveno.chain.versions import Versions
from zveno.errors import ModelError
from zveno.model.rounding import LastPlace, Rounding
from zveno.quantities import convert
from zveno.reports.erp import ErpExport, erp_export
from zveno.reports.workbook import PeriodBooks
from zveno.text.catalogue import catalogue

MONTH = "2026-03"
PLACES = [
    Rounding(),
    Rounding(other=LastPlace(decimals=0), quantities={"mass": LastPlace(decimals=-2), "Ag": LastPlace(uom="g", decimals=-3)}),
    Rounding(other=LastPlace(decimals=4), quantities={"Ag": LastPlace(uom="kg", decimals=3)}),
]  # fmt: skip


@pytest.fixture(scope="module")
def closed(tmp_path_factory) -> PeriodBooks:
    office = Office(tmp_path_factory.mktemp("office") / "store")
    office.close()
    return Versions(office.closing).books(MONTH)


def export_of(given: PeriodBooks, rounding: Rounding) -> ErpExport:
    """The export as another program reads it: out of its JSON."""
    return ErpExport.model_validate_json(erp_export(given, rounding, catalogue("ru")).model_dump_json())


def exact(value: float) -> Decimal:
    return Decimal(repr(value))


def require_sums(found: ErpExport) -> int:
    """Adds up everything that is a sum, without an error; how many sums there are."""
    count = 0
    masses = {(one.stream, one.quantity): exact(one.mass) for one in found.streams if one.mass is not None}
    shares = {
        (one.stream, one.quantity, owner): exact(mass) for one in found.streams for owner, mass in one.owners.items()
    }
    for one in found.streams:
        if one.owners:
            assert sum(map(exact, one.owners.values())) == masses[one.stream, one.quantity]
            count += 1
    for one in found.sections:
        assert exact(one.opening) + exact(one.into) == exact(one.out) + exact(one.closing)
        count += 1
    for one in found.accounts:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for part in one.parts:
            sums[part.line] += exact(part.mass)
            assert shares.get((part.stream, one.quantity, one.owner), exact(part.mass)) == exact(part.mass)
        for line in ("opening", "received", "delivered", "lost", "closing"):
            assert sums[line] == exact(getattr(one, line))
        assert exact(one.opening) + exact(one.received) == exact(one.delivered) + exact(one.lost) + exact(one.closing)
        count += 6
    for one in found.dues:
        assert sum(map(exact, one.parts.values())) == exact(one.returnable)
        assert exact(one.opening) + exact(one.returnable) - exact(one.returned) == exact(one.closing)
        count += 2
    return count


def require_near(found: ErpExport, given: PeriodBooks) -> None:
    """No figure is off by one of its last place; those that are not the nearest are told, and no others."""
    places = {one.quantity: one for one in found.quantities}
    moved = {one.what for one in found.moved}
    for one in found.streams:
        mass = given.flows[one.stream, one.quantity]["mass_t"]
        if mass is None:
            assert one.mass is None
            continue
        place = places[one.quantity]
        last = 10.0**-place.decimals
        off = abs(one.mass - convert(mass, "t", place.uom)) / last
        assert off < 1
        if abs(off - 0.5) > 1e-6:  # which of two equally near ones is the nearest, nobody asks
            assert (off > 0.5) == (f"{one.quantity}/stream/{one.stream}" in moved)


@pytest.mark.parametrize("rounding", PLACES)
def test_every_published_total_is_the_sum_of_its_published_parts(closed, rounding):
    found = export_of(closed, rounding)
    assert require_sums(found) >= 30
    require_near(found, closed)
    assert len(found.sections) == 4
    for one in found.moved:
        last = 10.0 ** -next(each.decimals for each in found.quantities if one.what.startswith(f"{each.quantity}/"))
        assert abs(one.published - one.exact) < last
        assert one.published != one.nearest


@pytest.mark.long
def test_the_whole_chain_with_three_owners_adds_up(tmp_path):
    chain = load(example("zhez_balkhash"), store=tmp_path / "store")
    chain.emulate(MONTH, tmp_path, seed=1)
    chain.import_files([tmp_path / "plant"])
    given = Versions(Closing(chain, tmp_path / "store")).books(MONTH)
    for rounding in PLACES:
        found = export_of(given, rounding)
        assert require_sums(found) > 300
        require_near(found, given)
        assert len(found.dues) == 6


def test_it_says_which_version_it_is_and_who_signed(closed):
    found = export_of(closed, Rounding())
    assert (found.version.stand, found.version.number, found.version.provisional) == ("closed", 1, False)
    assert found.version.content_sha256 == closed.standing.content
    assert [one.name for one in found.version.signatures] == ["Metal accountant", "Главный бухгалтер"]
    assert found.version.signatures[1].meaning == "Проверил(а) этот баланс и закрываю период"
    assert found.notice.startswith("Закрыто, версия 1")


def test_units_and_decimals_are_those_that_were_asked_for(closed, tmp_path):
    path = tmp_path / "rounding.yaml"
    path.write_text("quantities:\n  Cu: {uom: кг, decimals: 0}\nother: {decimals: 2}\n", encoding="utf-8")
    found = export_of(closed, rounding_of(path))
    copper = next(one for one in found.quantities if one.quantity == "Cu")
    assert (copper.uom, copper.decimals) == ("kg", 0)
    ore = next(one for one in found.streams if (one.stream, one.quantity) == ("ore", "Cu"))
    assert ore.mass == pytest.approx(closed.flows["ore", "Cu"]["mass_t"] * 1000, abs=1)
    assert ore.mass == int(ore.mass)


@pytest.mark.parametrize(
    ("text", "said"),
    [("quantities: {Cu: {decimals: 20}}", "decimals"), ("other: {precision: 1}", "precision"), ("7", "")],
)
def test_a_file_of_last_places_with_faults_is_refused_with_its_line(tmp_path, text, said):
    path = tmp_path / "rounding.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=rf"(?s)rounding.yaml:1.*{said}"):
        rounding_of(path)


def test_a_file_of_last_places_that_is_missing_is_told(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        rounding_of(tmp_path / "no.yaml")


def test_its_json_schema_is_published(closed):
    schema = schemas()["erp"]
    told = erp_export(closed, Rounding(), catalogue("en")).model_dump(mode="json")
    assert set(schema["properties"]) == set(told)
    assert schema["properties"]["format"]["const"] == "zveno/erp-1"
    for name, kind in (("streams", "ErpStream"), ("sections", "ErpSection"), ("accounts", "ErpAccount")):
        assert set(schema["$defs"][kind]["properties"]) == set(told[name][0])
    assert "rounding.yaml" in schemas()


def test_what_is_unobservable_is_no_number(closed):
    found = export_of(closed, Rounding())
    unknown = closed.results.flows.filter(pl.col("mass_t").is_null()).height
    assert unknown == sum(one.mass is None for one in found.streams)
