"""The archive of a closed period: whole, bound to what two persons signed, and every change of it found and placed."""

from __future__ import annotations

import io
import os
import random
import tarfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.depth import deep
from tests.unit.chain.test_closing import DAY, Office

from zveno.chain import ToArchive, archive
from zveno.log import Trusted, verify_archive, write_archive
from zveno.log.container import BLOCK, read_layout
from zveno.log.manifest import SMALLEST_BLOCK

UMPIRE = "cd" * 32
"""Hash of the file that came late."""
LATER = DAY + timedelta(days=10)


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    """A month that was closed, and restated after an umpire assay; no test changes it."""
    found = Office(tmp_path_factory.mktemp("office") / "store")
    found.close()
    found.assay_after_the_close(DAY + timedelta(days=9))
    found.closing.draw_up("2026-03", found.signer("clerk"), LATER, "umpire assay of the toll lots")
    found.closing.approve("2026-03", found.signer("chief"), LATER + timedelta(hours=1))
    return found


@pytest.fixture(scope="module")
def packed(office) -> Path:
    out = office.folder.parent / "march.tar"
    archive(office.closing.log, office.signer("chief"), LATER + timedelta(hours=2), wanted(office), out)
    return out


def wanted(office: Office, version: str = "") -> ToArchive:
    return ToArchive((), office.chain, "2026-03", version, "ru")


def held(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {one.name.removeprefix("files/period/"): tar.extractfile(one).read() for one in tar if one.isfile()}


def test_it_holds_the_versions_as_they_were_signed_and_all_that_they_were_made_of(office, packed):
    first, second = office.closing.stage("2026-03").versions
    found = held(packed)
    assert sha256(found["versions/1.zip"]).hexdigest() == first.content
    assert sha256(found["versions/2.zip"]).hexdigest() == second.content
    names = {
        "records.csv", "rejected.csv", "sources.csv", "signatures.txt", "description/chain.yaml", "reports/erp.json",
        "reports/books_ru.xlsx", "reports/metal_balance_ru.html",
    }  # fmt: skip
    assert names <= found.keys()
    with ZipFile(io.BytesIO(found["versions/2.zip"])) as kept:
        assert kept.read("description/chain.yaml") == found["description/chain.yaml"]


def test_its_signatures_are_printed_in_three_languages_and_on_the_reports(packed):
    found = held(packed)
    printed = found["signatures.txt"].decode()
    page = found["reports/metal_balance_ru.html"].decode()
    for said in ("Metal accountant", "Главный бухгалтер", "Проверил(а) этот баланс и закрываю период"):
        assert said in printed
    for said in ("Metal accountant", "Главный бухгалтер", "13.04.2026 15:00"):
        assert said in page
    assert "umpire assay of the toll lots" in printed
    assert "I have checked this restatement and approve it" in printed


def test_it_verifies_offline_and_names_who_closed_each_version(office, packed):
    found = verify_archive(packed, Trusted(keys=(office.signed.chief.key.public,)))
    assert found.findings == ()
    assert [(one.number, one.drawn.person, one.approved.person) for one in found.closed] == [
        (1, "accountant", "chief"), (2, "accountant", "chief"),
    ]  # fmt: skip
    assert found.record.body["version"] == 2
    assert found.record.body["content"] == office.closing.stage("2026-03").closed.content


def test_the_values_of_an_earlier_version_are_those_that_it_knew(office, tmp_path):
    out = tmp_path / "first.tar"
    archive(office.closing.log, office.signer("chief"), LATER + timedelta(hours=3), wanted(office, "1"), out)
    assert verify_archive(out).sound
    first, now = held(out)["records.csv"].decode(), office.chain.store.read("records").write_csv()
    assert UMPIRE not in first
    assert UMPIRE in now


def test_late_values_lie_beside_those_that_counted(tmp_path):
    office = Office(tmp_path / "store")
    office.close()
    office.assay_after_the_close(DAY + timedelta(days=9))
    out = tmp_path / "late.tar"
    archive(office.closing.log, office.signer("chief"), LATER, wanted(office), out)
    found = held(out)
    assert UMPIRE in found["late.csv"].decode()
    assert UMPIRE not in found["records.csv"].decode()


def test_a_draft_is_told_to_be_one(tmp_path):
    office = Office(tmp_path / "store")
    office.closing.draw_up("2026-03", office.signer("clerk"), DAY)
    out = tmp_path / "draft.tar"
    archive(office.closing.log, office.signer("chief"), LATER, wanted(office), out)
    (only,) = verify_archive(out).closed
    assert only.approved is None
    assert "ЧЕРНОВИК" in held(out)["reports/metal_balance_ru.html"].decode()


def test_a_version_that_nobody_closed_is_told(office, tmp_path):
    """An archive of honest bytes under an honest signature, but with another balance in it."""
    found = office.closing.stage("2026-03").closed
    false = office.closing.packed(found).replace(b"tables/flows.csv", b"tables/flowz.csv")
    out = tmp_path / "false.tar"
    about = {"period": "2026-03", "version": 2}
    write_archive(
        office.closing.log,
        office.signer("chief"),
        LATER + timedelta(hours=4),
        {"period/versions/2.zip": false},
        out,
        about,
    )
    (finding,) = verify_archive(out).findings
    assert finding.kind == "unsigned"
    assert "no version that anybody has drawn up" in str(finding.fault)


# ---- every byte ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [150, deep(1000)])
def test_random_changes_of_one_byte_are_found_and_placed(packed, tmp_path, times):
    content, chance, path = packed.read_bytes(), random.Random(8), tmp_path / "changed.tar"
    path.write_bytes(content)
    members = set()
    for _ in range(times):
        at, flip = chance.randrange(len(content)), chance.randrange(1, 256)
        with changed(path, at, content[at] ^ flip, content[at]):
            findings = verify_archive(path).findings
        assert findings, at
        assert all(one.kind == "altered" for one in findings), at
        assert any(one.start <= at <= one.end for one in findings), at
        assert all(one.end - one.start < SMALLEST_BLOCK for one in findings), at
        members |= {one.member for one in findings}
    assert {"files/period/versions/1.zip", "files/period/records.csv", "log/entries.jsonl"} <= members


def test_one_changed_byte_of_every_record_and_file_is_placed(packed, tmp_path):
    """In the middle of each file and of each signed record, which chance may have passed by."""
    content, path = packed.read_bytes(), tmp_path / "changed.tar"
    path.write_bytes(content)
    with packed.open("rb") as file:
        parts = read_layout(file).parts
    places = [part.at + part.size // 2 for part in parts if part.size]
    start = content.index(b'{"record":{"after"')
    for row in content[start : content.index(b"\0", start)].splitlines():
        places.append(content.index(row) + len(row) // 2)
    for at in places:
        with changed(path, at, content[at] ^ 1, content[at]):
            findings = verify_archive(path).findings
        assert any(one.start <= at <= one.end for one in findings), at


@pytest.mark.parametrize("times", [100, deep(1000)])
def test_every_border_and_random_truncations_are_named(packed, tmp_path, times):
    content, chance, path = packed.read_bytes(), random.Random(9), tmp_path / "cut.tar"
    with packed.open("rb") as file:
        parts = read_layout(file).parts
    borders = {end for part in parts for end in (part.at - BLOCK, part.at, part.at + part.size)}
    start = content.index(b'{"record":{"after"')
    at = start
    for row in content[start : content.index(b"\0", start)].splitlines(keepends=True):
        at += len(row)
        borders.add(at)
    lengths = {*(one for one in borders if one < len(content)), *(chance.randrange(len(content)) for _ in range(times))}
    path.write_bytes(content)
    for length in sorted(lengths, reverse=True):
        os.truncate(path, length)
        (finding,) = verify_archive(path).findings
        assert finding.kind == "truncated"
        assert f"cut off at byte {length}" in str(finding.fault)


class changed:  # noqa: N801 - reads as a phrase
    """One byte of a file, put back afterwards."""

    def __init__(self, path: Path, at: int, byte: int, before: int) -> None:
        self.path, self.at, self.byte, self.before = path, at, byte, before

    def __enter__(self) -> None:
        self._put(self.byte)

    def __exit__(self, *_: object) -> None:
        self._put(self.before)

    def _put(self, byte: int) -> None:
        with self.path.open("r+b") as file:
            file.seek(self.at)
            file.write(bytes([byte]))
