"""An inspector with the export, a public key and no network: it passes; an altered byte is found, and every cut."""

from __future__ import annotations

import csv
import io
import random
import socket
import tarfile
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from tests.amended_plant import NOON, Plant, draft, plant
from zveno.chain.evidence import keep_evidence
from zveno.chain.inspection import Inspection
from zveno.chain.recording import Recording
from zveno.cli import run
from zveno.log import Draft, Trusted, Verified, pem, verify_archive, write_archive

DAY = "2026-03-07"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Plant:
    """A plant whose adopted rulebook was amended, and whose check of a day was signed."""
    made = plant(tmp_path_factory.mktemp("plant") / "store")
    made.work.adopt(made.people["engineer"], NOON)
    made.approved(draft(10.8, "2026-03-01", correction=True), NOON)
    Recording(made.work.closing).record(made.chain.check(DAY), made.people["author"], NOON + HOUR)
    bound = keep_evidence(made.folder, {"reply.txt": b"the lime bunker hung up"})
    made.signed.log.enter(made.people["checker"], Draft("examined", {"of": 10}, NOON + HOUR, bound))
    return made


@pytest.fixture(scope="module")
def handed(office, tmp_path_factory) -> Path:
    """What the inspector is given."""
    out = tmp_path_factory.mktemp("inspector") / "march.tar"
    Inspection(office.work.closing).export(DAY, office.people["engineer"], NOON + 2 * HOUR, out)
    return out


@pytest.fixture
def alone(monkeypatch):
    """No network."""

    def refused(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)


def verified(path: Path, office: Plant) -> Verified:
    return verify_archive(path, Trusted(keys=(office.people["engineer"].key.public,)))


@pytest.mark.usefixtures("alone")
def test_the_export_passes_with_a_public_key_only(office, handed, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZVENO_LANG", "en")
    Path("engineer.pem").write_bytes(pem(office.people["engineer"].key.public))
    Path("march.tar").write_bytes(handed.read_bytes())
    assert run(["verify", "march.tar", "--key", "engineer.pem"]) == 0
    shown = capsys.readouterr().out
    for words in ("every byte as it was signed", f"check of {DAY}", "breaches 3, texts of rules 2",
                  "I have run this check", "drafts of amendments, as they were signed"):  # fmt: skip
        assert words in shown


def test_it_holds_texts_breaches_readings_drafts_and_proofs(office, handed):
    found = verified(handed, office)
    assert found.findings == ()
    (check,) = found.inspected.checks
    assert (check.breaches, found.inspected.period) == (3, DAY)
    content = {name: _file(handed, name) for name in found.files}
    (line,) = content["rules/rulebook.jsonl"].splitlines()
    rows = list(csv.DictReader(io.StringIO(content[f"rules/checks/{check.number}/breaches.csv"].decode())))
    assert {row["rule_hash"] for row in rows} == {sha256(line).hexdigest()}
    (text,) = csv.DictReader(io.StringIO(content["rules/rulebook.csv"].decode()))
    assert (text["text_en"], text["text_kk"]) == ("at least 10.8", "кемінде 10.8")
    around = list(csv.DictReader(io.StringIO(content["readings/around.csv"].decode())))
    assert len(around) == 240  # an hour about each of three breaches: all of the four hours, each reading once
    (hashes,) = csv.DictReader(io.StringIO(content["readings/hashes.csv"].decode()))
    assert hashes["readings"] == "240"
    amendment = found.inspected.amendments[0]
    assert b"correction: true" in content[f"rules/amendments/{amendment}/draft.yaml"]
    (answer,) = csv.DictReader(io.StringIO(content["answers.csv"].decode()))
    assert content[f"answers/{answer['number']}/reply.txt"] == b"the lime bunker hung up"
    records = list(csv.DictReader(io.StringIO(content["records.csv"].decode())))
    assert {"rules_adopted", "rules_corrected", "breaches_found"} <= {row["kind"] for row in records}


def test_one_altered_byte_is_found_and_placed_wherever_it_is(office, handed, tmp_path):
    content, chance, path = handed.read_bytes(), random.Random(1507), tmp_path / "changed.tar"
    members = set()
    for _ in range(150):
        at = chance.randrange(len(content))
        changed = bytearray(content)
        changed[at] ^= chance.randrange(1, 256)
        path.write_bytes(changed)
        findings = verified(path, office).findings
        placed = [one for one in findings if one.start is not None and one.start <= at <= (one.end or one.start)]
        assert placed, (at, findings)
        members.add(placed[0].member)
    assert {"log/entries.jsonl", "files/readings/around.csv"} <= members


def test_every_truncation_is_found(office, handed, tmp_path):
    content, chance, path = handed.read_bytes(), random.Random(1508), tmp_path / "cut.tar"
    for size in [*(chance.randrange(2000, len(content)) for _ in range(60)), len(content) - 1, len(content) - 1024]:
        path.write_bytes(content[:size])
        assert any(one.kind == "truncated" for one in verified(path, office).findings), size


@pytest.mark.parametrize("what", ["breaches.csv", "rulebook.jsonl", "reply.txt"])
def test_what_nobody_signed_for_is_found_even_in_an_archive_that_is_whole(office, handed, tmp_path, what):
    """The company itself, with all its keys, takes a breach or a text out of a signed check and packs it anew."""
    files = {name: _file(handed, name) for name in verified(handed, office).files}
    (name,) = (one for one in files if one.endswith(f"/{what}") and ("checks" in one or "answers" in one))
    files[name] = b"\n".join(files[name].split(b"\n")[:-2]) + b"\n"
    about = {"export": "rules", "period": DAY}
    out = tmp_path / "forged.tar"
    write_archive(office.signed.log, office.people["engineer"], NOON + 3 * HOUR, files, out, about)
    (found,) = verified(out, office).findings
    assert found.kind == "unsigned"
    assert what in str(found.fault)


def test_a_breach_judged_by_a_text_that_was_never_signed_is_found(office, tmp_path):
    """A record that binds breaches to another book than they were judged by."""
    recording = Recording(office.work.closing)
    found = office.chain.check(DAY)
    other = replace(found, breaches=found.breaches.with_columns(rule_hash=found.breaches["rule_hash"].str.reverse()))
    recording.record(other, office.people["checker"], NOON + 4 * HOUR)
    out = tmp_path / "forged.tar"
    Inspection(office.work.closing).export(DAY, office.people["engineer"], NOON + 5 * HOUR, out)
    assert "names a text that is not among those signed for" in str(verified(out, office).findings[0].fault)


def _file(path: Path, name: str) -> bytes:
    """A file of an archive, as any tar program reads it."""
    with tarfile.open(path) as tar:
        member = tar.extractfile(f"files/{name}")
        assert member is not None
        return member.read()
