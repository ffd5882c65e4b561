"""Every changed byte of an archive is found and placed, every truncation named, every forgery of its log told."""

import os
import random
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from tests.depth import deep
from tests.signed_books import LIGHT, PASSPHRASE, T0, Books, books, enter

from zveno.errors import DataError, StoreError
from zveno.log import (
    Draft,
    Head,
    Log,
    Persons,
    SignedHead,
    SignedRecord,
    Signer,
    Trusted,
    verify_archive,
    write_archive,
)
from zveno.log.archive import ABOUT, FILES, MANIFEST, README, log_members
from zveno.log.container import BLOCK, Member, read_layout, write_container
from zveno.log.keys import new_key
from zveno.log.manifest import SMALLEST_BLOCK, hash_source, manifest
from zveno.log.merkle import Tree

FILES_GIVEN: dict[str, bytes | Path] = {
    "flows.csv": b"period,stream,mass_t\n" + b"2026-03,conc,12.5\n" * 700,
    "баланс/отчёт.txt": "Металл, т\n".encode() * 30,
    "empty.csv": b"",
    "one_block.bin": bytes(BLOCK),
}


@pytest.fixture(scope="module")
def our(tmp_path_factory) -> Books:
    """Books whose log ends with two archives; no test writes to them."""
    folder = tmp_path_factory.mktemp("books")
    found = books(folder / "store")
    found.note("first")
    found.log.enter(found.chief, Draft("closed", {"period": "2026-03"}, T0))
    for _ in range(2):
        write_archive(found.log, found.chief, T0, FILES_GIVEN, folder / "march.tar")
    return found


@pytest.fixture(scope="module")
def packed(our) -> Path:
    return our.folder.parent / "march.tar"


@pytest.fixture
def mine(tmp_path) -> Books:
    return books(tmp_path / "mine")


def test_a_sound_archive_verifies_and_tells_what_it_holds(our, packed):
    found = verify_archive(packed, Trusted(keys=(our.chief.key.public,)))
    assert found.findings == ()
    assert found.files == ("empty.csv", "flows.csv", "one_block.bin", "баланс/отчёт.txt")
    assert found.record.person == "chief"
    assert len(found.records) == found.head.head.size == 7


def test_any_tar_program_opens_it(packed, tmp_path):
    with tarfile.open(packed) as tar:
        assert {one.mtime for one in tar} == {0}
        held = {one.name: tar.extractfile(one) for one in tar if one.isfile()}
        found = {name: file.read() for name, file in held.items() if file is not None}
    for name, content in FILES_GIVEN.items():
        assert found[f"files/{name}"] == content
    assert found["README.txt"].decode("utf-8") == ABOUT


def test_the_same_books_give_the_same_bytes(tmp_path, packed, our):
    for name in ("a", "b"):
        records, heads = our.log.records, our.log.signed_heads
        repack(tmp_path / f"{name}.tar", records, heads, FILES_GIVEN)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    assert (tmp_path / "a.tar").read_bytes() == packed.read_bytes()


# ---- every byte ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [200, deep(1000)])
def test_random_changes_of_one_byte_are_found_and_placed(packed, tmp_path, times):
    content, chance, path = packed.read_bytes(), random.Random(15), tmp_path / "changed.tar"
    seen = set()
    for _ in range(times):
        at = chance.randrange(len(content))
        changed = bytearray(content)
        changed[at] ^= chance.randrange(1, 256)
        seen |= must_find(path, bytes(changed), at)
    assert {"log/entries.jsonl", "log/heads.jsonl", "log/leaves.txt", "manifest.json", "files/flows.csv"} <= seen


def test_a_change_of_any_header_or_gap_is_placed_to_the_byte(packed, tmp_path):
    content, path = packed.read_bytes(), tmp_path / "changed.tar"
    with packed.open("rb") as file:
        parts = read_layout(file).parts
    frames = [
        at for part in parts for at in (*range(part.at - BLOCK, part.at), *range(part.at + part.size, _end(part)))
    ]
    frames += range(_end(parts[-1]), len(content))
    for at in frames[::23]:
        changed = bytearray(content)
        changed[at] ^= 0x41
        path.write_bytes(changed)
        assert [(one.start, one.end) for one in verify_archive(path).findings] == [(at, at)], at


def test_a_change_of_any_byte_of_the_log_names_its_record(packed, tmp_path):
    content, path = packed.read_bytes(), tmp_path / "changed.tar"
    start = content.index(b'{"record":{"after"')
    rows = content[start:].split(b"\n")[:7]
    at = start
    for number, row in enumerate(rows):
        for offset in range(at, at + len(row), 41):
            changed = bytearray(content)
            changed[offset] ^= 1
            path.write_bytes(changed)
            assert {one.record for one in verify_archive(path).findings} == {number}
        at += len(row) + 1


def must_find(path: Path, content: bytes, at: int) -> set[str]:
    """One changed byte is placed by every finding, to a record, a block of a file, or the byte itself."""
    path.write_bytes(content)
    findings = verify_archive(path).findings
    assert findings, at
    assert any(one.start <= at <= one.end for one in findings), at
    for one in findings:
        assert one.kind == "altered"
        assert one.end - one.start < SMALLEST_BLOCK
    return {one.member for one in findings}


def _end(part) -> int:
    return part.at + part.size + -part.size % BLOCK


@pytest.mark.parametrize("step", [29, deep(1)])
def test_every_truncation_is_named_with_what_is_missing(tmp_path, step):
    log = Log(tmp_path / "store")
    persons = Persons(log, LIGHT)
    enter(persons, "registrar", "Registrar", ("registrar",), None)
    small, path = tmp_path / "small.tar", tmp_path / "cut.tar"
    write_archive(log, persons.unlock("registrar", PASSPHRASE), T0, {"a.txt": b"12.5 t\n"}, small)
    content = small.read_bytes()
    with small.open("rb") as file:
        parts = read_layout(file).parts
    path.write_bytes(content)
    for length in reversed(range(0, len(content), step)):
        os.truncate(path, length)
        (found,) = verify_archive(path).findings
        assert found.kind == "truncated"
        told = str(found.fault)
        assert f"cut off at byte {length}" in told
        if length >= parts[0].at + parts[0].size:
            missing = [one.name for one in parts if one.at + one.size > length]
            assert told.endswith(", ".join(missing) or "the end mark")


def test_bytes_behind_the_end_are_found(packed, tmp_path):
    path = tmp_path / "longer.tar"
    content = packed.read_bytes()
    for more in (b"x", bytes(512), bytes(9000)):
        path.write_bytes(content + more)
        assert [(one.start, one.end) for one in verify_archive(path).findings] == [
            (len(content), len(content) + len(more) - 1)
        ]


@pytest.mark.parametrize("content", [b"PK\x03\x04 a workbook", b"x" * 5000, bytes(10240)])
def test_another_file_is_no_archive(tmp_path, content):
    (tmp_path / "x.tar").write_bytes(content)
    with pytest.raises(DataError, match="no archive that Zveno has made"):
        verify_archive(tmp_path / "x.tar")


def test_two_bytes_changed_are_both_placed(packed, tmp_path):
    content = packed.read_bytes()
    places = [content.index(b'{"record":{"after"') + 40, content.rindex(b"2026-03,conc")]
    changed = bytearray(content)
    for at in places:
        changed[at] ^= 1
    (tmp_path / "x.tar").write_bytes(changed)
    found = verify_archive(tmp_path / "x.tar").findings
    for at in places:
        assert any(one.start <= at <= one.end for one in found)


def test_any_damage_is_told_and_none_breaks_the_verifier(packed, tmp_path):
    """Pieces overwritten, taken out, put in, doubled, exchanged, cut off."""
    content, chance, path = packed.read_bytes(), random.Random(7), tmp_path / "x.tar"
    for _ in range(300):
        found = content
        for _ in range(chance.randrange(1, 5)):
            found = damaged(found, chance)
        if found != content:
            path.write_bytes(found)
            try:
                assert verify_archive(path).findings
            except DataError as error:
                assert "no archive" in str(error)  # noqa: PT017 - either answer is right


def damaged(content: bytes, chance: random.Random) -> bytes:
    """One more damage."""
    at, length = chance.randrange(len(content)), chance.choice([1, 2, 10, 512, 1024])
    head, piece, rest = content[:at], content[at : at + length], content[at + length :]
    block = chance.randrange(len(content) // BLOCK) * BLOCK
    return chance.choice(
        [
            head + chance.randbytes(length) + rest,
            head + rest,
            head + chance.randbytes(length) + piece + rest,
            head + piece + piece + rest,
            content[:block] + content[block + BLOCK :] + content[block : block + BLOCK],
            head + b"\0",
        ]
    )


def test_a_changed_block_of_a_large_file_is_named(mine, tmp_path):
    large = tmp_path / "readings.parquet"
    large.write_bytes(random.Random(3).randbytes(3_000_000))
    write_archive(mine.log, mine.chief, T0, {"readings.parquet": large}, tmp_path / "large.tar")
    changed = bytearray((tmp_path / "large.tar").read_bytes())
    at = len(changed) - 1_500_000
    changed[at] ^= 1
    (tmp_path / "large.tar").write_bytes(changed)
    (found,) = verify_archive(tmp_path / "large.tar").findings
    assert found.member == "files/readings.parquet"
    assert found.start <= at <= found.end < found.start + SMALLEST_BLOCK


# ---- forgeries: archives that are whole in form, but not what was signed ---------------------------------------------


def repack(
    path: Path, records: Sequence[SignedRecord], heads: Sequence[SignedHead], files: dict[str, bytes | Path]
) -> Path:
    """An archive in which everything fits but what only the owners of the keys can make."""
    listed = manifest([hash_source(name, files[name]) for name in sorted(files)])
    members = [Member.of(README, ABOUT.encode()), Member.of(MANIFEST, listed), *log_members(records, heads)]
    members += [Member.of(FILES + name, files[name]) for name in sorted(files)]
    write_container(path, "archive", members)
    return path


def kinds(path: Path, trusted: Trusted | None = None) -> list[str]:
    return [one.kind for one in verify_archive(path, trusted).findings]


def resigned(signer: Signer, record: SignedRecord, **changes: object) -> SignedRecord:
    """A record changed and signed anew."""
    changed = replace(record, **changes)
    return signer.sign(Draft(changed.kind, changed.body, changed.at, changed.bound, changed.meaning), changed.after)


def test_a_record_changed_by_its_own_signer_does_not_fit_the_heads(our, packed, tmp_path):
    """The owner of a key can sign anything, but not change what others have signed over since."""
    records, heads = list(our.log.records), our.log.signed_heads
    records[3] = resigned(our.accountant, records[3], body={"period": "2026-03", "note": "altered"})
    found = verify_archive(repack(tmp_path / "x.tar", records, heads, FILES_GIVEN)).findings
    assert {one.kind for one in found} == {"forked"}
    assert {one.record for one in found if one.record is not None} == {4, 5, 6}


def test_a_log_without_its_last_records_is_told_by_the_heads(our, packed, tmp_path):
    records, heads = our.log.records, our.log.signed_heads
    path = repack(tmp_path / "x.tar", records[:-2], heads, FILES_GIVEN)
    found = verify_archive(path).findings
    assert {one.kind for one in found} == {"truncated"}
    size = len(records)
    assert any(f"records {size - 2} to {size - 1} are missing" in str(one.fault) for one in found)


def test_a_log_cut_together_with_its_heads_has_nobody_who_signs(our, packed, tmp_path):
    records, heads = our.log.records[:5], our.log.signed_heads[:5]
    path = repack(tmp_path / "x.tar", records, heads, FILES_GIVEN)
    assert kinds(path) == ["unsigned"]
    assert kinds(path, Trusted(heads=(our.log.head,))) == ["unsigned", "truncated"]


def test_without_the_last_head_the_end_may_be_missing(our, packed, tmp_path):
    path = repack(tmp_path / "x.tar", our.log.records, our.log.signed_heads[:-1], FILES_GIVEN)
    assert kinds(path) == ["unsigned"]
    path = repack(tmp_path / "x.tar", our.log.records, [], FILES_GIVEN)
    assert kinds(path) == ["unsigned"]


def test_a_whole_log_forged_with_other_keys_is_foreign_to_whoever_has_the_key(our, packed, tmp_path):
    forged = books(tmp_path / "forged")
    write_archive(forged.log, forged.chief, T0, FILES_GIVEN, tmp_path / "x.tar")
    assert kinds(tmp_path / "x.tar") == []  # on its own it is whole: that is what --key is for
    assert kinds(tmp_path / "x.tar", Trusted(keys=(our.chief.key.public,))) == ["foreign"]
    assert kinds(tmp_path / "x.tar", Trusted(keys=(forged.registrar.key.public,))) == []
    assert kinds(tmp_path / "x.tar", Trusted(earlier=(packed,))) == ["forked"]


def crafted(our: Books, tmp_path: Path, record: SignedRecord) -> Path:
    """An archive whose log has one more record, which the log itself would have refused, and all heads anew."""
    records = [*our.log.records, record]
    tree = Tree(one.leaf for one in records)
    body = {"bytes": sum(len(one) for one in FILES_GIVEN.values()), "files": len(FILES_GIVEN)}
    listed = manifest([hash_source(name, FILES_GIVEN[name]) for name in sorted(FILES_GIVEN)])
    last = our.chief.sign(
        Draft("archived", body, T0, {MANIFEST: sha256(listed).hexdigest()}), Head(len(tree), tree.root())
    )
    tree.append(last.leaf)
    head = our.chief.sign_head(Head(len(tree), tree.root()), T0)
    return repack(tmp_path / "x.tar", [*records, last], [*our.log.signed_heads, head], FILES_GIVEN)


def test_a_missing_a_foreign_a_revoked_and_an_unlawful_signature_are_told_apart(tmp_path):
    our = books(tmp_path / "store")
    our.persons.revoke("accountant", "card lost", our.registrar, T0)
    number, head = len(our.log.records), our.log.head
    draft = Draft("provisional", {"period": "2026-03"}, T0)
    honest = our.chief.sign(draft, head)
    cases = {
        "unsigned": replace(honest, signature=b""),
        "altered": replace(honest, body={"period": "2026-04"}),
        "foreign": Signer("chief", "Главный бухгалтер", new_key()).sign(draft, head),
        "revoked": our.accountant.sign(draft, head),
        "unlawful": our.registrar.sign(draft, head),
        "forked": our.chief.sign(draft, Head(head.size, bytes(32))),
    }
    assert kinds(crafted(our, tmp_path, honest)) == []
    for kind, record in cases.items():
        found = verify_archive(crafted(our, tmp_path, record)).findings
        assert [(one.kind, one.record) for one in found] == [(kind, number)]


def test_a_head_signed_with_a_key_that_had_ended_is_told(tmp_path):
    our = books(tmp_path / "store")
    our.persons.revoke("accountant", "card lost", our.registrar, T0)
    our.log.enter(our.chief, Draft("provisional", {}, T0))
    write_archive(our.log, our.chief, T0, FILES_GIVEN, tmp_path / "x.tar")
    heads = [*our.log.signed_heads, our.accountant.sign_head(our.log.head, T0)]
    assert kinds(repack(tmp_path / "x.tar", our.log.records, heads, FILES_GIVEN)) == ["revoked"]
    heads[-1] = Signer("chief", "X", new_key()).sign_head(our.log.head, T0)
    assert kinds(repack(tmp_path / "x.tar", our.log.records, heads, FILES_GIVEN)) == ["foreign"]


def test_two_archives_of_a_log_that_was_copied_and_went_two_ways_fork(tmp_path):
    our = books(tmp_path / "store")
    saved = {path: path.read_bytes() for path in (our.folder / "log").iterdir()}
    our.note("one way")
    write_archive(our.log, our.chief, T0, FILES_GIVEN, tmp_path / "one.tar")
    for path, content in saved.items():
        path.write_bytes(content)
    other = Log(our.folder)
    other.enter(our.accountant, Draft("provisional", {"note": "the other way"}, T0))
    write_archive(other, our.chief, T0, FILES_GIVEN, tmp_path / "other.tar")
    assert kinds(tmp_path / "one.tar") == kinds(tmp_path / "other.tar") == []
    (found,) = verify_archive(tmp_path / "other.tar", Trusted(earlier=(tmp_path / "one.tar",))).findings
    assert (found.kind, found.record) == ("forked", 3)
    one = verify_archive(tmp_path / "one.tar").head.head
    assert kinds(tmp_path / "other.tar", Trusted(heads=(one,))) == ["forked"]
    mixed = [*other.signed_heads, our.chief.sign_head(one, T0)]
    path = repack(tmp_path / "mixed.tar", other.records, mixed, FILES_GIVEN)
    assert "forked" in kinds(path)


def test_a_later_archive_continues_an_earlier_one(mine, tmp_path):
    first, later = tmp_path / "first.tar", tmp_path / "later.tar"
    write_archive(mine.log, mine.chief, T0, FILES_GIVEN, first)
    mine.note("goes on")
    write_archive(mine.log, mine.chief, T0, FILES_GIVEN, later)
    head = verify_archive(first).head.head
    assert kinds(later, Trusted(earlier=(first,), heads=(head,))) == []
    assert kinds(first, Trusted(earlier=(later,))) == []


@pytest.mark.parametrize(
    ("change", "kind", "name"),
    [
        (lambda files: files.pop("flows.csv"), "altered", "manifest"),
        (lambda files: files.update({"new.csv": b"1"}), "altered", "manifest"),
        (lambda files: files.update({"flows.csv": b"1"}), "altered", "manifest"),
    ],
)
def test_files_exchanged_together_with_the_manifest_are_not_those_that_were_signed(
    our, packed, tmp_path, change, kind, name
):
    files = dict(FILES_GIVEN)
    change(files)
    records = verify_archive(packed).records
    heads = our.log.signed_heads[: len(records)]
    (found,) = verify_archive(repack(tmp_path / "x.tar", records, heads, files)).findings
    assert found.kind == kind
    assert name in str(found.fault)


def test_files_exchanged_under_the_signed_manifest_are_named(packed, tmp_path):
    def changed(keep, add=()):
        with packed.open("rb") as file:
            parts = read_layout(file).parts[1:]
            members = [Member.of(one.name, _content(file, one)) for one in parts if keep(one.name)]
        write_container(tmp_path / "x.tar", "archive", [*members, *add])
        return [(one.kind, one.member) for one in verify_archive(tmp_path / "x.tar").findings]

    assert changed(lambda _: True) == []
    assert changed(lambda name: name != "files/flows.csv") == [("truncated", "files/flows.csv")]
    assert changed(lambda _: True, [Member.of("files/more.csv", b"1")]) == [("foreign", "files/more.csv")]
    assert changed(lambda _: True, [Member.of("keys/thief.pem", b"1")]) == [("foreign", "keys/thief.pem")]
    assert changed(lambda _: True, [Member.of("virus.exe", b"1")]) == [("foreign", "virus.exe")]
    assert changed(lambda name: name != "log/proofs.json") == [("truncated", "log/proofs.json")]
    assert changed(lambda name: name != "manifest.json") == [("truncated", "manifest.json")]
    assert changed(lambda name: name != "README.txt") == [("truncated", "README.txt")]
    assert changed(lambda name: name != "log/leaves.txt") == [("unsigned", "")]
    shorter = Member.of("files/flows.csv", b"1")
    assert changed(lambda name: name != "files/flows.csv", [shorter]) == [("altered", "files/flows.csv")]


def _content(file, part) -> bytes:
    file.seek(part.at)
    return file.read(part.size)


# ---- making ----------------------------------------------------------------------------------------------------------


def test_who_may_not_hand_over_makes_no_archive(tmp_path):
    our = books(tmp_path / "store")
    our.persons.amend("accountant", ("foreman",), None, our.registrar, T0)
    with pytest.raises(StoreError, match="may not sign this"):
        write_archive(our.log, our.accountant, T0, FILES_GIVEN, tmp_path / "x.tar")
    assert not (tmp_path / "x.tar").exists()


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up.txt", "a/" + "b" * 300])
def test_names_that_do_not_fit_are_refused_before_anything_is_signed(mine, tmp_path, name):
    before = mine.log.head
    with pytest.raises(DataError, match="cannot be the name of a file in an archive"):
        write_archive(mine.log, mine.chief, T0, {name: b"x"}, tmp_path / "x.tar")
    assert mine.log.head == before
    assert not (tmp_path / "x.tar").exists()


def test_a_missing_file_is_told_before_anything_is_signed(mine, tmp_path):
    before = mine.log.head
    with pytest.raises(DataError, match="does not exist"):
        write_archive(mine.log, mine.chief, T0, {"a.csv": tmp_path / "a.csv"}, tmp_path / "x.tar")
    assert mine.log.head == before
