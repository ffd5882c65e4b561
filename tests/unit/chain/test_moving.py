"""What moved between two moments or versions, and what moved it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from tests.golden.reports.two_plants import chain
from tests.signed_books import books
from tests.stores import LASTING_ABOVE, Place

from zveno.chain.closing import Closing
from zveno.chain.explaining import as_known_on, explaining, of_version
from zveno.chain.moving import Moving
from zveno.errors import DataError
from zveno.store import Batch
from zveno.tables import frame

PERIOD = "2026-03"
DAY = datetime(2026, 4, 3, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 4, 6, 9, 0, tzinfo=UTC)


class Office:
    """The two plants in a store, with persons; values can be corrected by later files."""

    def __init__(self, place: Place) -> None:
        self.chain = replace(chain(place.store()), now=lambda: LATER + timedelta(days=1))
        self.folder = self.chain.store.database.folder
        self.signed = books(self.folder)

    def corrected(self, name: str, points: dict[tuple[str, str], float], moment: datetime = LATER) -> None:
        """A later file with other values of some meters."""
        records = self.chain.store.read("records", self.chain.period(PERIOD))
        parts = [
            records.filter(pl.col("point") == point, pl.col("quantity") == quantity)
            .with_columns(value=pl.col("value") * factor)
            for (point, quantity), factor in points.items()
        ]  # fmt: skip
        digest = f"{sum(map(ord, name)):064x}"
        late = pl.concat(parts).with_columns(file=pl.lit(name), file_hash=pl.lit(digest), known=pl.lit(moment))
        assert late.height
        batch = Batch(name, digest, frame("records", late), frame("rejected"), frame("readings"))
        self.chain.store.append([batch], moment)

    def moving(self, like: str = "") -> Moving:
        before = as_known_on(self.chain, self.folder, PERIOD, DAY.isoformat())
        return Moving(before, explaining(self.chain, PERIOD, self.folder), like)

    def close(self, moment: datetime, reason: str | None = None) -> None:
        closing = Closing(self.chain, self.folder)
        closing.draw_up(PERIOD, self.signed.accountant, moment, reason)
        closing.approve(PERIOD, self.signed.chief, moment + timedelta(hours=1))


@pytest.fixture(params=LASTING_ABOVE)
def office(request, tmp_path) -> Iterator[Office]:
    if request.param == "postgres":
        request.getfixturevalue("postgres")
    place = Place(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))
    yield Office(place)
    place.clear()


def test_nothing_moved_where_nothing_came(office):
    moving = office.moving()
    assert moving.figures == []
    assert moving.causes.causes == ()


def test_a_corrected_cell_moves_figures_and_is_named(office):
    office.corrected("umpire.xlsx", {("toll.assay", "Cu"): 0.99})
    moving = office.moving()
    found = moving.with_causes(1000)
    assert found
    for one in found:
        assert {cause.file for cause, _ in one.contributions} <= {"umpire.xlsx"}
        assert one.named + one.rest == pytest.approx(one.moved)
    toll = next(one for one in found if one.address == f"{PERIOD}/toll/Cu/grade_frac")
    assert toll.moved < 0
    assert abs(toll.rest) < 0.05 * abs(toll.moved)
    tables = moving.tables(found)
    assert tables["moved_causes"]["cells"].str.len_chars().min() > 0
    assert tables["moved_causes"]["known"].null_count() == 0


def test_two_causes_share_what_moved_whatever_their_order(office):
    office.corrected("first.xlsx", {("toll.assay", "Cu"): 0.99})
    office.corrected("second.xlsx", {("toll.scale", "mass"): 1.01}, LATER + timedelta(hours=1))
    moving = office.moving("toll/cu/mass_t")
    (one,) = moving.with_causes(10)
    by_file = {cause.file: by for cause, by in one.contributions}
    assert set(by_file) == {"first.xlsx", "second.xlsx"}
    assert by_file["first.xlsx"] < 0 < by_file["second.xlsx"]
    backward = Moving(moving.after, moving.before, "toll/cu/mass_t")
    (back,) = backward.with_causes(10)
    assert back.moved == pytest.approx(-one.moved)
    assert sorted(by for _, by in back.contributions) == pytest.approx(sorted(-by for by in by_file.values()), rel=1e-9)
    assert abs(one.rest) < 0.05 * max(map(abs, by_file.values()))


def test_a_version_is_explained_as_it_was_closed(office):
    office.close(DAY)
    address = f"{PERIOD}/toll/Cu/grade_frac"
    first = of_version(office.chain, office.folder, PERIOD, 1).explain(address)
    office.corrected("umpire.xlsx", {("toll.assay", "Cu"): 0.97})
    assert of_version(office.chain, office.folder, PERIOD, 1).explain(address).figure == first.figure
    assert explaining(office.chain, PERIOD, office.folder).explain(address).figure.value < first.figure.value
    office.close(LATER + timedelta(hours=2), "umpire assay")
    frozen = Closing(office.chain, office.folder)
    version = frozen.stage(PERIOD).versions[1]
    kept = frozen.frozen(version).tables["flows"].filter(pl.col("stream") == "toll", pl.col("component") == "Cu")
    second = of_version(office.chain, office.folder, PERIOD, 2)
    assert second.explain(address).figure.value == kept["grade_frac"].item()
    moving = Moving(of_version(office.chain, office.folder, PERIOD, 1), second, "toll/cu/grade_frac")
    (one,) = moving.with_causes(5)
    assert [cause.file for cause, _ in one.contributions] == ["umpire.xlsx"]
    with pytest.raises(DataError, match="has no version 3"):
        of_version(office.chain, office.folder, PERIOD, 3)


def test_earlier_values_are_kept_and_told(office):
    address = f"{PERIOD}/toll/Cu/grade_frac"
    office.corrected("umpire.xlsx", {("toll.assay", "Cu"): 0.99})
    about = explaining(office.chain, PERIOD, office.folder)
    old = about.superseded(about.explain(address))
    assert set(old["point"]) == {"toll.assay"}
    assert old.height == about.records.filter(pl.col("file") == "umpire.xlsx").height


def test_a_moment_must_be_a_date(office):
    with pytest.raises(DataError, match="is no date"):
        as_known_on(office.chain, office.folder, PERIOD, "yesterday")
