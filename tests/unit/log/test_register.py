"""Who may sign what: decided from the log alone."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.signed_books import LIGHT, PASSPHRASE, T0, books, enter

from zveno.errors import DataError, StoreError
from zveno.log import Draft, Log, Newcomer, Persons, Signer, stamp
from zveno.log.keys import new_key
from zveno.text.mark import LANGUAGES


@pytest.fixture
def our(tmp_path):
    return books(tmp_path / "store")


def draft(kind="provisional", days=0, **body):
    return Draft(kind, body, T0 + timedelta(days=days))


def test_a_log_begins_with_a_registrar_who_enters_the_own_key(tmp_path):
    persons = Persons(Log(tmp_path), LIGHT)
    with pytest.raises(StoreError, match="begins with a registrar"):
        enter(persons, "accountant", "Metal accountant", ("accountant",), None)
    assert not list((tmp_path / "persons").glob("*.key"))
    assert not persons.all
    enter(persons, "registrar", "Registrar", ("registrar", "accountant"), None)
    assert persons.all["registrar"].roles == ("registrar", "accountant")


def test_nobody_else_enters_persons(our):
    with pytest.raises(DataError, match="a registrar must enter"):
        enter(our.persons, "helper", "Helper", ("accountant",), None)
    with pytest.raises(StoreError, match="may not sign this"):
        enter(our.persons, "helper", "Helper", ("accountant",), our.chief)
    with pytest.raises(StoreError, match="in the register already"):
        enter(our.persons, "chief", "Another", ("chief_accountant",), our.registrar)


def test_a_key_that_nobody_has_shown_to_own_is_not_entered(our):
    stolen = our.accountant.key.public
    body = {"name": "X", "person": "x", "possession": "00" * 64, "public_key": stolen.hex(), "roles": ["auditor"],
            "valid_from": "2026-01-01", "valid_to": None}  # fmt: skip
    with pytest.raises(StoreError, match="has been used before"):
        our.log.enter(our.registrar, draft("person_added", **body))
    body["public_key"] = new_key().public.hex()
    with pytest.raises(StoreError, match="nobody has shown"):
        our.log.enter(our.registrar, draft("person_added", **body))


@pytest.mark.parametrize(
    ("field", "value"),
    [("roles", ["king"]), ("valid_from", "spring"), ("name", " "), ("public_key", "ab"), ("roles", None)],
)
def test_what_is_said_of_a_person_must_be_whole(our, field, value):
    key = new_key()
    body = {"name": "X", "person": "x", "possession": "00" * 64, "public_key": key.public.hex(), "roles": ["auditor"],
            "valid_from": "2026-01-01", "valid_to": None, field: value}  # fmt: skip
    with pytest.raises(StoreError):
        our.log.enter(our.registrar, draft("person_added", **body))
    assert "x" not in our.persons.all


def test_roles_decide_what_may_be_signed(our):
    with pytest.raises(StoreError, match="one of the roles chief_accountant"):
        our.log.enter(our.accountant, draft("closed", period="2026-03"))
    assert our.log.enter(our.chief, draft("closed", period="2026-03")).proven()
    with pytest.raises(DataError, match="not a kind of record"):
        our.log.enter(our.chief, draft("conquered"))


def test_a_revoked_key_signs_nothing_more_and_what_it_signed_stays(our):
    our.note("before")
    our.persons.revoke("accountant", "card lost", our.registrar, T0)
    with pytest.raises(StoreError, match=r"revoked on 2026-04-02 09:15 \(record 4\): card lost"):
        our.note("after")
    with pytest.raises(DataError, match="was revoked: card lost"):
        our.persons.unlock("accountant", PASSPHRASE)
    with pytest.raises(StoreError, match="no key in use"):
        our.persons.revoke("accountant", "again", our.registrar, T0)
    assert our.log.verify() == ()


def test_a_new_key_ends_the_former_one_and_its_file(our):
    our.persons.rekey("accountant", "another pass-phrase of words", "new machine", our.accountant, T0)
    with pytest.raises(StoreError, match="key was replaced"):
        our.note("with the old key")
    signer = our.persons.unlock("accountant", "another pass-phrase of words")
    assert our.log.enter(signer, draft()).proven()
    assert len(list((our.folder / "persons").glob("accountant-*.key"))) == 1
    assert [key.ended for key in our.persons.all["accountant"].keys] == ["replaced", ""]
    assert our.log.verify() == ()


def test_a_registrar_gives_a_new_key_to_somebody_whose_key_was_revoked(our):
    our.persons.revoke("accountant", "card lost", our.accountant, T0)
    our.persons.rekey("accountant", PASSPHRASE, "found again", our.registrar, T0)
    assert our.log.enter(our.persons.unlock("accountant", PASSPHRASE), draft()).proven()


def test_nobody_changes_the_key_of_somebody_else(our):
    with pytest.raises(StoreError, match="no key but the own one"):
        our.persons.revoke("chief", "I would like to", our.accountant, T0)


def test_the_last_registrar_stays(our):
    with pytest.raises(StoreError, match="the last one who can enter persons"):
        our.persons.revoke("registrar", "leaves", our.registrar, T0)
    with pytest.raises(StoreError, match="the last one who can enter persons"):
        our.persons.amend("registrar", ("auditor",), None, our.registrar, T0)


def test_authority_has_its_days(our):
    our.persons.amend("accountant", ("accountant",), date(2026, 4, 30), our.registrar, T0)
    assert our.log.enter(our.accountant, draft(days=28)).proven()
    with pytest.raises(StoreError, match="authority from 2026-01-01 to 2026-04-30 only"):
        our.log.enter(our.accountant, draft(days=29))


def test_a_changed_role_counts_from_its_record_on(our):
    with pytest.raises(StoreError):
        our.log.enter(our.accountant, draft("closed"))
    our.persons.amend("accountant", ("accountant", "chief_accountant"), None, our.registrar, T0)
    assert our.log.enter(our.accountant, draft("closed")).proven()


def test_a_record_is_not_dated_back(our):
    our.log.enter(our.chief, draft(days=3))
    with pytest.raises(StoreError, match="before the record that it follows"):
        our.log.enter(our.accountant, draft(days=2))


def test_somebody_elses_name_is_not_printed(our):
    liar = Signer("accountant", "Главный бухгалтер", our.accountant.key)
    with pytest.raises(StoreError, match="printed name is not that of the register"):
        our.log.enter(liar, draft())
    with pytest.raises(StoreError, match="its key is foreign"):
        our.log.enter(Signer("chief", "Главный бухгалтер", our.accountant.key), draft("closed"))


def test_a_passphrase_is_changed_and_the_key_stays(our):
    before = our.log.head
    our.persons.change_passphrase("chief", PASSPHRASE, "quite different words")
    assert our.log.head == before
    assert our.persons.unlock("chief", "quite different words").key == our.chief.key
    with pytest.raises(DataError, match="pass-phrase is wrong"):
        our.persons.unlock("chief", PASSPHRASE)


def test_key_files_are_for_their_owner_only(our):
    for path in (our.folder / "persons").iterdir():
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("newcomer", "problem"),
    [
        (Newcomer("Иванова", "X", ("auditor",), date(2026, 1, 1)), "cannot be the id"),
        (Newcomer("x", " ", ("auditor",), date(2026, 1, 1)), "name that can be printed"),
        (Newcomer("x", "X", (), date(2026, 1, 1)), "at least one role"),
        (Newcomer("x", "X", ("king",), date(2026, 1, 1)), "'king' is not a role"),
        (Newcomer("x", "X", ("auditor",), date(2026, 1, 2), date(2026, 1, 1)), "end before it begins"),
    ],
)
def test_newcomers_without_sense_are_refused(our, newcomer, problem):
    with pytest.raises(DataError, match=problem):
        our.persons.add(newcomer, PASSPHRASE, T0, our.registrar)


def test_a_signature_carries_its_meaning_in_every_language(our):
    record = our.log.enter(our.chief, draft("closed", period="2026-03")).record
    assert set(record.meaning) == set(LANGUAGES)
    for lang in LANGUAGES:
        assert record.meaning[lang] in stamp(record, lang)
    assert stamp(record, "ru").startswith(
        "Главный бухгалтер, 2026-04-02 09:15:00 +00:00: Проверил(а) этот баланс и закрываю период ("
    )
    assert not replace(record, meaning={"en": "I like it"}).holds()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"at": T0.replace(tzinfo=None)}, "needs a zone"),
        ({"bound": {"flows.csv": "12"}}, "no SHA-256"),
        ({"meaning": {"en": "I like it"}}, "in each language"),
        ({"meaning": {"en": "I like it", "ru": "Нравится", "kk": ""}}, "in each language"),
    ],
)
def test_a_draft_without_zone_hash_or_meaning_is_not_signed(our, changes, problem):
    with pytest.raises(DataError, match=problem):
        our.log.enter(our.accountant, replace(draft(), **changes))


def test_a_meaning_of_its_own_is_signed_in_every_language(our):
    words = {"en": "I have seen it", "ru": "Видел(а)", "kk": "Көрдім"}
    record = our.log.enter(our.accountant, replace(draft(), meaning=words)).record
    assert "Көрдім" in stamp(record, "kk")
