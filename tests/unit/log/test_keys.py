"""Keys open with their pass-phrase and with nothing else, and no byte of their file can be exchanged."""

import random
import shutil
import subprocess

import pytest
from tests.signed_books import LIGHT, PASSPHRASE

from zveno.errors import DataError, StoreError
from zveno.log.keys import Effort, new_key, pem, read_pem, seal, signature_holds, unseal


def test_a_key_opens_with_its_passphrase_and_signs_the_same():
    key = new_key()
    opened = unseal(seal(key, "accountant", PASSPHRASE, LIGHT), PASSPHRASE)
    assert opened == key
    assert opened.sign("zveno/test", b"x") == key.sign("zveno/test", b"x")


def test_the_usual_effort_is_that_of_the_documentation():
    assert Effort() == Effort(passes=3, memory_bytes=256 * 1024 * 1024)


def test_neither_the_file_nor_the_text_of_a_key_shows_the_private_half():
    key = new_key()
    secret = key._secret[:32]
    content = seal(key, "accountant", PASSPHRASE, LIGHT)
    assert secret.hex().encode() not in content
    assert secret not in content
    assert secret.hex() not in repr(key)


def test_a_wrong_passphrase_is_refused():
    with pytest.raises(DataError, match="pass-phrase is wrong"):
        unseal(seal(new_key(), "accountant", PASSPHRASE, LIGHT), PASSPHRASE + "s")


def test_letters_that_look_alike_count_alike():
    """й typed as one sign or as и with a breve."""
    content = seal(new_key(), "accountant", "сложный пароль", LIGHT)
    assert unseal(content, "сложный пароль".replace("й", "и\u0306"))


def test_a_short_passphrase_is_refused():
    with pytest.raises(DataError, match="at least 12 letters"):
        seal(new_key(), "accountant", "short", LIGHT)


def test_every_changed_byte_of_a_key_file_is_refused():
    content = seal(new_key(), "accountant", PASSPHRASE, LIGHT)
    chance = random.Random(1)
    for at in range(len(content) - 1):
        changed = bytearray(content)
        changed[at] ^= chance.randrange(1, 256)
        with pytest.raises((DataError, StoreError)):
            unseal(bytes(changed), PASSPHRASE)


def test_a_file_that_asks_for_all_the_memory_of_the_machine_is_refused():
    content = seal(new_key(), "accountant", PASSPHRASE, LIGHT).replace(
        b'"memory_bytes":8192', b'"memory_bytes":99999999999'
    )
    with pytest.raises(StoreError, match="damaged"):
        unseal(content, PASSPHRASE)


def test_a_signature_holds_for_its_data_key_and_purpose_only():
    key, other = new_key(), new_key()
    signature = key.sign("zveno/record-1", b"data")
    assert signature_holds("zveno/record-1", b"data", signature, key.public)
    assert not signature_holds("zveno/head-1", b"data", signature, key.public)
    assert not signature_holds("zveno/record-1", b"Data", signature, key.public)
    assert not signature_holds("zveno/record-1", b"data", signature, other.public)
    assert not signature_holds("zveno/record-1", b"data", signature[:-1], key.public)
    for at in range(64):
        changed = bytearray(signature)
        changed[at] ^= 1
        assert not signature_holds("zveno/record-1", b"data", bytes(changed), key.public)


def test_a_key_of_small_order_signs_nothing():
    """With the neutral element as public key some signatures would fit any data; they must not."""
    neutral = bytes([1]) + bytes(31)
    assert not signature_holds("zveno/record-1", b"data", neutral + bytes(32), neutral)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", b"hello"])
def test_what_is_no_public_key_is_refused(content):
    with pytest.raises(DataError, match="no Ed25519 public key"):
        read_pem(content)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_other_programs_read_the_public_key(tmp_path):
    key = new_key()
    (tmp_path / "key.pem").write_bytes(pem(key.public))
    done = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", str(tmp_path / "key.pem"), "-outform", "DER"],
        capture_output=True,
        check=True,
    )
    assert done.stdout[-32:] == key.public
