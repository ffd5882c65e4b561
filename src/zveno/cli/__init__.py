"""The command line: a door to the facade."""

from zveno.cli import calibrate, detect, imports
from zveno.cli.app import run

__all__ = ["calibrate", "detect", "imports", "run"]
