"""Storage: append-only tables, every value with the time it is for and the time it was known."""

from zveno.store.backups import backup, restore
from zveno.store.checked import StoreCheck, check_store
from zveno.store.embedded import EmbeddedStore
from zveno.store.entries import Entry, NewEntry, canonical, differences
from zveno.store.memory import MemoryStore
from zveno.store.places import open_store
from zveno.store.postgres import PostgresStore
from zveno.store.protocol import Batch, Known, Store, latest
from zveno.store.readings import write_readings
from zveno.store.relational import RelationalStore

__all__ = [
    "Batch",
    "EmbeddedStore",
    "Entry",
    "Known",
    "MemoryStore",
    "NewEntry",
    "PostgresStore",
    "RelationalStore",
    "Store",
    "StoreCheck",
    "backup",
    "canonical",
    "check_store",
    "differences",
    "latest",
    "open_store",
    "restore",
    "write_readings",
]
