"""The command line: a door to the facade."""

from zveno.cli import archive, calibrate, detect, person
from zveno.cli.app import run

__all__ = ["archive", "calibrate", "detect", "person", "run"]
