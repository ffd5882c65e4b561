"""The command line: a door to the facade."""

from zveno.cli import (
    adjust,
    archive,
    calibrate,
    close,
    daily,
    detect,
    explain,
    export,
    imports,
    investigate,
    person,
    plan,
    quality,
    recheck,
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
    "explain",
    "export",
    "imports",
    "investigate",
    "person",
    "plan",
    "quality",
    "recheck",
    "run",
    "store",
]
