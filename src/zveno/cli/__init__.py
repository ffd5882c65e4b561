"""The command line: a door to the facade."""

from zveno.cli import (
    adjust,
    archive,
    breach,
    calibrate,
    close,
    daily,
    detect,
    explain,
    export,
    handover,
    imports,
    investigate,
    person,
    plan,
    quality,
    shifts,
    store,
)
from zveno.cli.app import run

__all__ = [
    "adjust",
    "archive",
    "breach",
    "calibrate",
    "close",
    "daily",
    "detect",
    "explain",
    "export",
    "handover",
    "imports",
    "investigate",
    "person",
    "plan",
    "quality",
    "run",
    "shifts",
    "store",
]
