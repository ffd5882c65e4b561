"""A closed and restated period comes out of a store in a folder and out of PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.stores import LASTING_ABOVE, Place
from tests.unit.chain.test_closing import DAY, Office

from zveno.chain import ToArchive, archive
from zveno.chain.exports import ExportForm, export
from zveno.chain.versions import Versions
from zveno.log import verify_archive

LATER = DAY + timedelta(days=10)


@pytest.fixture(params=LASTING_ABOVE)
def office(request, tmp_path) -> Iterator[Office]:
    """The month of the two plants, closed, then restated after an umpire assay."""
    if request.param == "postgres":
        request.getfixturevalue("postgres")  # skips where there is no server
    place = Place(request.param, tmp_path, lambda: request.getfixturevalue("postgres"))
    store = place.store()
    found = Office(store.database.folder, store)
    found.close()
    found.assay_after_the_close(DAY + timedelta(days=9))
    found.closing.draw_up("2026-03", found.signer("clerk"), LATER, "umpire assay")
    found.closing.approve("2026-03", found.signer("chief"), LATER + timedelta(hours=1))
    yield found
    place.clear()


def test_it_is_handed_out_in_every_form_and_archived(office, tmp_path):
    versions = Versions(office.closing)
    for form, name in (("workbook", "a.xlsx"), ("erp", "a.json"), ("csv", "tables")):
        assert export(versions, "2026-03", "1", ExportForm(form), tmp_path / "out" / name)
    first, second = (versions.books("2026-03", number) for number in ("1", "2"))
    assert first.standing.stand == "replaced"
    assert second.standing.stand == "closed"
    assert first.differing == second.differing == ()
    assert not first.results.flows.equals(second.results.flows)
    out = tmp_path / "march.tar"
    wanted = ToArchive((), office.chain, "2026-03")
    archive(office.closing.log, office.signer("chief"), LATER + timedelta(hours=2), wanted, out)
    found = verify_archive(out)
    assert found.sound
    assert [one.number for one in found.closed] == [1, 2]
