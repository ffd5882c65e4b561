"""Storage: append-only tables, every value with the time it is for and the time it was known."""

from zveno.store.backups import backup, restore
from zveno.store.embedded import EmbeddedStore, write_readings
from zveno.store.memory import MemoryStore
from zveno.store.protocol import Batch, Store, latest

__all__ = ["Batch", "EmbeddedStore", "MemoryStore", "Store", "backup", "latest", "restore", "write_readings"]
