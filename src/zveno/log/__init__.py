"""Persons, keys, signatures, and the log: what was signed, by whom, in which order, provable without this program.

::

    log = Log(store_folder)
    persons = Persons(log)
    signer = persons.unlock("accountant", passphrase)
    entry = log.enter(signer, Draft("provisional", body, at, bound={"flows.csv": sha256}))
    entry.proven(), log.verify(), stamp(entry.record, "ru")
"""

from zveno.log.archive import write_archive
from zveno.log.closes import VERSIONS, ClosedVersion
from zveno.log.findings import Finding
from zveno.log.inspected import Inspected
from zveno.log.keys import Effort, fingerprint, pem, read_pem
from zveno.log.kinds import KINDS, REGISTRAR, ROLES, Kind
from zveno.log.log import Entry, Log
from zveno.log.persons import Newcomer, Persons
from zveno.log.records import Draft, Head, Signed, SignedHead, SignedRecord, Signer, stamp
from zveno.log.register import Key, Person, Register
from zveno.log.verify import Trusted, Verified, verify_archive
from zveno.log.witness import (
    Witnessed,
    add_witnessed,
    against_witnessed,
    kept_witnessed,
    read_notebook,
    verify_store,
    witness,
)

__all__ = [
    "KINDS",
    "REGISTRAR",
    "ROLES",
    "VERSIONS",
    "ClosedVersion",
    "Draft",
    "Effort",
    "Entry",
    "Finding",
    "Head",
    "Inspected",
    "Key",
    "Kind",
    "Log",
    "Newcomer",
    "Person",
    "Persons",
    "Register",
    "Signed",
    "SignedHead",
    "SignedRecord",
    "Signer",
    "Trusted",
    "Verified",
    "Witnessed",
    "add_witnessed",
    "against_witnessed",
    "fingerprint",
    "kept_witnessed",
    "pem",
    "read_notebook",
    "read_pem",
    "stamp",
    "verify_archive",
    "verify_store",
    "witness",
    "write_archive",
]
