"""The command line: a door to the facade."""

from zveno.cli import (
    adjust,
    archive,
    calibrate,
    close,
    daily,
    detect,
    export,
    imports,
    investigate,
    person,
    quality,
    store,
)
from zveno.cli.app import run

__all__ = [
    "adjust",
    "archive",
    "calibrate",
    "close",
    "daily",
    "detect",
    "imports",
    "investigate",
    "person",
    "run",
    "store",
]
__all__ = ["archive", "calibrate", "close", "detect", "imports", "person", "quality", "run", "store"]
__all__ = ["archive", "calibrate", "close", "detect", "export", "imports", "person", "run", "store"]
