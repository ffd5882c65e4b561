"""The command line: a door to the facade."""

from zveno.cli import archive, calibrate, close, detect, explain, imports, person, store
from zveno.cli.app import run

__all__ = ["archive", "calibrate", "close", "detect", "explain", "imports", "person", "run", "store"]
