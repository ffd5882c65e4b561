"""The command line: a door to the facade."""

from zveno.cli import (
    adjust,
    alarms,
    amend,
    archive,
    calibrate,
    close,
    daily,
    detect,
    explain,
    export,
    imports,
    investigate,
    log,
    person,
    quality,
    rules,
    store,
)
from zveno.cli.app import run

__all__ = [
    "adjust",
    "alarms",
    "amend",
    "archive",
    "calibrate",
    "close",
    "daily",
    "detect",
    "explain",
    "export",
    "imports",
    "investigate",
    "log",
    "person",
    "quality",
    "rules",
    "run",
    "store",
]
