"""Keys of persons: Ed25519, the private half sealed with a pass-phrase and never kept otherwise.

The pass-phrase becomes a key by Argon2id (RFC 9106); the effort stands in the file. The private half is sealed by
XChaCha20-Poly1305 together with everything else that the file says, so that none of it can be exchanged.
"""

from __future__ import annotations

import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import nacl.bindings as sodium
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.utils import random as random_bytes

from zveno.errors import DataError, StoreError
from zveno.log.canonical import Json, canonical, read_canonical

FORMAT = "zveno/key-1"
LEAST_LETTERS = 12
_PEM_HEAD = bytes.fromhex("302a300506032b6570032100")
"""What RFC 8410 puts before the 32 bytes of an Ed25519 public key."""


@dataclass(frozen=True)
class Effort:
    """What opening a key costs: passes over the memory, and its size in bytes (Argon2id, one lane).

    The usual one takes about a second and 256 MiB.
    """

    passes: int = 3
    memory_bytes: int = 256 << 20

    def bearable(self) -> bool:
        """Whether a key file may ask for it: no file shall exhaust the machine."""
        return 1 <= self.passes <= 20 and 8 << 10 <= self.memory_bytes <= 2 << 30


USUAL_EFFORT = Effort()


@dataclass(frozen=True)
class PrivateKey:
    """An opened key: signs until it is forgotten. Its text never shows what it holds."""

    public: bytes
    _secret: bytes

    def __repr__(self) -> str:
        return f"PrivateKey({fingerprint(self.public)})"

    def sign(self, domain: str, data: bytes) -> bytes:
        """Signature over the hash of data, for one purpose: a signature of one domain is none in another."""
        return sodium.crypto_sign(_signed(domain, data), self._secret)[:64]


def new_key() -> PrivateKey:
    """A key from the random source of the machine."""
    public, secret = sodium.crypto_sign_keypair()
    return PrivateKey(public, secret)


def signature_holds(domain: str, data: bytes, signature: bytes, public: bytes) -> bool:
    """Whether a signature over data is by the key and for the domain.

    Examples
    --------
    >>> key = new_key()
    >>> signature = key.sign("zveno/example", b"12.5 t")
    >>> signature_holds("zveno/example", b"12.5 t", signature, key.public)
    True
    >>> signature_holds("zveno/example", b"13.5 t", signature, key.public)
    False
    """
    if len(signature) != 64 or len(public) != 32:
        return False
    try:
        sodium.crypto_sign_open(signature + _signed(domain, data), public)
    except CryptoError:
        return False
    return True


def _signed(domain: str, data: bytes) -> bytes:
    return domain.encode() + b"\x00" + sha256(data).digest()


def fingerprint(public: bytes) -> str:
    """A public key as people compare it: 16 digits in groups of four.

    Examples
    --------
    >>> fingerprint(bytes(32))
    '6668-7aad-f862-bd77'
    """
    digits = sha256(public).hexdigest()[:16]
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))


def pem(public: bytes) -> bytes:
    """A public key as a PEM file (RFC 8410), which other programs read too.

    Examples
    --------
    >>> read_pem(pem(bytes(range(32)))) == bytes(range(32))
    True
    """
    body = b64encode(_PEM_HEAD + public)
    return b"-----BEGIN PUBLIC KEY-----\n" + body + b"\n-----END PUBLIC KEY-----\n"


def read_pem(content: bytes) -> bytes:
    """The public key of a PEM file.

    Raises
    ------
    DataError
        If it is not an Ed25519 public key.
    """
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    try:
        if lines[0] == b"-----BEGIN PUBLIC KEY-----" and lines[-1] == b"-----END PUBLIC KEY-----":
            body = b64decode(b"".join(lines[1:-1]), validate=True)
            if len(body) == 44 and body.startswith(_PEM_HEAD):
                return body[12:]
    except (ValueError, IndexError):
        pass
    raise DataError("this is no Ed25519 public key in PEM form: give a file that begins with BEGIN PUBLIC KEY")


def seal(key: PrivateKey, person: str, passphrase: str, effort: Effort = USUAL_EFFORT) -> bytes:
    """The file of a key: its private half can be read with the pass-phrase only.

    Raises
    ------
    DataError
        If the pass-phrase is shorter than 12 letters.
    """
    if len(passphrase) < LEAST_LETTERS:
        raise DataError(
            "the pass-phrase is too short: take at least {least} letters, best several words", least=LEAST_LETTERS
        )
    salt, nonce = random_bytes(argon2id.SALTBYTES), random_bytes(24)
    said: dict[str, Json] = {
        "format": FORMAT,
        "kdf": {"memory_bytes": effort.memory_bytes, "name": "argon2id", "passes": effort.passes, "salt": salt.hex()},
        "nonce": nonce.hex(),
        "person": person,
        "public_key": key.public.hex(),
    }
    sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
        key._secret[:32], canonical(said), nonce, _stretched(passphrase, salt, effort)
    )
    return canonical({**said, "sealed": sealed.hex()}) + b"\n"


def unseal(content: bytes, passphrase: str, where: str = "") -> PrivateKey:
    """Open the file of a key.

    Raises
    ------
    StoreError
        If it is damaged, or asks for more memory than a key needs.
    DataError
        If the pass-phrase is wrong, or something in the file was changed.
    """
    said, sealed, salt, nonce, effort = _key_file(content, where)
    try:
        seed = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed, canonical(said), nonce, _stretched(passphrase, salt, effort)
        )
    except CryptoError:
        raise DataError("the pass-phrase is wrong, or the key file was changed", where=where) from None
    public, secret = sodium.crypto_sign_seed_keypair(seed)
    if public.hex() != said["public_key"]:
        raise StoreError("the key file is damaged: restore it from a backup", where=where)
    return PrivateKey(public, secret)


def sealed_for(content: bytes, where: str = "") -> str:
    """Name that the file of a key was made for; the seal vouches for it once the key is opened.

    Raises
    ------
    StoreError
        If the file is damaged.
    """
    return str(_key_file(content, where)[0]["person"])


def _key_file(content: bytes, where: str) -> tuple[Mapping[str, Json], bytes, bytes, bytes, Effort]:
    """What a key file says, and what it has sealed."""
    try:
        said = dict(read_canonical(content.removesuffix(b"\n")))
        sealed, nonce = bytes.fromhex(said.pop("sealed")), bytes.fromhex(said["nonce"])
        kdf = said["kdf"]
        salt, effort = bytes.fromhex(kdf["salt"]), Effort(int(kdf["passes"]), int(kdf["memory_bytes"]))
        sound = said["format"] == FORMAT and kdf["name"] == "argon2id" and effort.bearable()
        if sound and len(salt) == argon2id.SALTBYTES and len(nonce) == 24:
            return said, sealed, salt, nonce, effort
    except (ValueError, TypeError, KeyError):
        pass
    raise StoreError("the key file is damaged: restore it from a backup", where=where)


def _stretched(passphrase: str, salt: bytes, effort: Effort) -> bytes:
    """The key that a pass-phrase opens with; letters that look alike count alike (Unicode NFC)."""
    letters = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    return argon2id.kdf(32, letters, salt, opslimit=effort.passes, memlimit=effort.memory_bytes)
