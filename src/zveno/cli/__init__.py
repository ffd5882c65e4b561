"""The command line: a door to the facade."""

from zveno.cli import archive, calibrate, close, detect, imports, person, quality, store
from zveno.cli.app import run

__all__ = ["archive", "calibrate", "close", "detect", "imports", "person", "quality", "run", "store"]
