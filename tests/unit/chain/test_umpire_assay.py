"""An umpire assay comes after the close, 0.35 points of copper lower: version 2, and all that stands on version 1."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.golden.reports.two_plants import FOLDER, chain
from tests.signed_books import Books, books
from tests.stores import LASTING_ABOVE, Place

from zveno.chain import Chain
from zveno.chain.closing import Closing, as_known
from zveno.model.load import load_description
from zveno.store import Batch, RelationalStore, Store, open_store
from zveno.tables import frame

CLOSED, UMPIRE, RESTATED = (datetime(2026, 4, day, 9, tzinfo=UTC) for day in (3, 14, 15))
HOUR = timedelta(hours=1)
MONTH = "2026-03"
TOLL = """owners:
  - {id: own}
  - id: toller
    contract:
      number: T-17
      terms: [{from: 2026-01-01, component: Cu, recovery_pct: 96.5, deduct_pct: 1.0}]
"""


@dataclass
class Month:
    """March, closed by two persons before the umpire's assay of the toll lot came, and April closed over it."""

    closing: Closing
    signed: Books

    def close(self, period: str, at: datetime, reason: str | None = None) -> None:
        self.closing.draw_up(period, self.signed.accountant, at, reason)
        self.closing.approve(period, self.signed.chief, at + HOUR)

    def umpire(self) -> None:
        """The lot has 25.65 % and not 26 %."""
        store = self.closing.chain.store
        rows = store.read("records", self.closing.chain.period(MONTH))
        rows = rows.filter(pl.col("point") == "toll.assay", pl.col("quantity") == "Cu")
        assert rows["value"].to_list() == [0.26]
        rows = rows.with_columns(value=pl.lit(0.2565), file_hash=pl.lit("cd" * 32), file=pl.lit("umpire.xlsx"))
        store.append([Batch("umpire.xlsx", "cd" * 32, rows, frame("rejected"), frame("readings"))], UMPIRE)


@pytest.fixture(scope="module")
def both_closed(tmp_path_factory) -> Month:
    """The month in a folder; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("closed")
    return made(open_store(folder / "store"), folder / "described")


def made(store: RelationalStore, described: Path) -> Month:
    """Both months, played and closed."""
    signed = books(Path(store.database.folder))
    found = Month(Closing(with_toll(store, described), signed.folder), signed)
    april(found.closing.chain)
    found.close(MONTH, CLOSED)
    found.close("2026-04", CLOSED + timedelta(days=3))
    return found


@pytest.fixture(params=LASTING_ABOVE)
def month(request, tmp_path, both_closed):
    place = Place(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))
    if request.param == "postgres":
        yield made(open_store(place.new()), tmp_path / "described")
        place.clear()
        return
    folder = shutil.copytree(both_closed.signed.folder, tmp_path / "store")
    same = replace(both_closed.closing.chain, store=open_store(folder))
    yield Month(Closing(same, folder), both_closed.signed.copied_to(folder))


def with_toll(store: Store, folder: Path) -> Chain:
    """The two plants with a contract for the toll concentrate."""
    shutil.copytree(FOLDER, folder)
    text = (folder / "chain.yaml").read_text("utf-8").replace("plants:\n", f"{TOLL}plants:\n", 1)
    text = text.replace("{id: toll, from: owner,", "{id: toll, from: owner, owner: toller,")
    (folder / "chain.yaml").write_text(text, "utf-8")
    given = chain(store)
    return Chain(load_description(folder), folder, given.store, given.now)


def april(given: Chain) -> None:
    """The same month again."""
    records = given.store.read("records").with_columns(
        (pl.col(one) + pl.duration(days=31)).alias(one) for one in ("start", "end")
    )
    rows = records.filter(pl.col("end") <= given.period("2026-04").instants[1] + timedelta(days=1))
    rows = rows.with_columns(file_hash=pl.lit("ef" * 32), file=pl.lit("april.xlsx"))
    ends = pl.when(pl.col("end") > given.period("2026-04").instants[1]).then(given.period("2026-04").instants[1])
    rows = rows.with_columns(end=ends.otherwise(pl.col("end")))
    rows = rows.filter(pl.col("start") < pl.col("end"))
    given.store.append([Batch("april.xlsx", "ef" * 32, rows, frame("rejected"), frame("readings"))], given.now())


def test_version_2_has_a_reason_and_two_names_and_version_1_comes_out_byte_for_byte(month):
    first = month.closing.stage(MONTH).closed
    path = month.signed.folder / "closed" / MONTH / f"{first.content}.zip"
    bytes_before = path.read_bytes()
    month.umpire()
    assert month.closing.late(MONTH).records.select("point", "quantity").rows() == [("toll.assay", "Cu")]
    month.close(MONTH, RESTATED, "umpire assay of toll lot 7: 25.65 % Cu")
    one, two = month.closing.stage(MONTH).versions
    assert (one, two.number, two.reason) == (first, 2, "umpire assay of toll lot 7: 25.65 % Cu")
    assert (two.drawn.name, two.approved.name) == ("Metal accountant", "Главный бухгалтер")
    assert month.closing.reproduce(one) == month.closing.reproduce(two) == ()
    view = month.closing._content(month.closing.chain, month.closing.chain.period(MONTH), one.cut)
    assert view == bytes_before == path.read_bytes()
    assert month.signed.log.verify() == ()


def test_next_opening_stock_what_is_payable_and_what_is_taxed_are_flagged(month):
    first = month.closing.stage(MONTH).closed
    month.umpire()
    assert month.closing.to_look_at(MONTH) == ()
    month.close(MONTH, RESTATED, "umpire assay")
    second = month.closing.stage(MONTH).closed
    moved = month.closing.dependants(first, second)
    kinds = set(moved["kind"])
    assert kinds == {"closing_stock", "owner_stock", "owed", "returnable", "tax_base"}
    opening = moved.filter(pl.col("kind") == "closing_stock", pl.col("component") == "Cu").row(0, named=True)
    assert (opening["name"], opening["moves_into"]) == ("bath_stock", "2026-04")
    due = moved.filter(pl.col("kind") == "returnable", pl.col("component") == "Cu").row(0, named=True)
    flows = [month.closing.frozen(one).tables["flows"] for one in (first, second)]
    toll = [one.filter(pl.col("stream") == "toll") for one in flows]
    mass, copper = (
        [one.filter(pl.col("component") == each)["mass_t"].item() for one in toll] for each in ("mass", "Cu")
    )
    by_contract = [0.965 * (c - 0.01 * m) for m, c in zip(mass, copper, strict=True)]
    assert [due["before_t"], due["after_t"]] == pytest.approx(by_contract, rel=1e-9)
    assert due["difference_t"] < -1
    ore = moved.filter(pl.col("kind") == "tax_base", pl.col("component") == "Cu").row(0, named=True)
    assert (ore["name"], ore["before_t"] != ore["after_t"]) == ("ore", True)
    # April was closed over the former version: flagged until it is restated itself
    assert month.closing.to_look_at(MONTH) == ("2026-04",)
    month.close("2026-04", RESTATED + timedelta(days=1), "March was restated")
    assert month.closing.to_look_at(MONTH) == ()
    owed = [month.closing.frozen(one).tables["owner_dues"] for one in month.closing.stage("2026-04").versions]
    opened = [one.filter(pl.col("component") == "Cu")["opening_due_t"].item() for one in owed]
    assert opened[1] - opened[0] == pytest.approx(due["difference_t"], rel=1e-9)


def test_as_known_on_any_date(month):
    month.umpire()
    month.close(MONTH, RESTATED, "umpire assay")
    closing = month.closing
    for moment, version, grade in (
        (CLOSED - HOUR, None, 0.26), (CLOSED + 2 * HOUR, 1, 0.26), (UMPIRE - HOUR, 1, 0.26), (UMPIRE + HOUR, 1, 0.2565),
        (RESTATED + 2 * HOUR, 2, 0.2565),
    ):  # fmt: skip
        found = closing.in_force(MONTH, moment)
        assert (found.number if found else None) == version
        read = as_known(closing.chain, moment).reconcile(MONTH).adjustments
        read = read.filter(pl.col("meter") == "toll.assay", pl.col("quantity") == "Cu")["reading"].item()
        assert read == grade
    first, second = closing.stage(MONTH).versions
    for version in (first, second):
        kept = closing.frozen(version).tables["owner_dues"]
        known = closing.books(MONTH, version.cut).owner_dues
        assert kept["returnable_t"].to_list() == known["returnable_t"].to_list()
