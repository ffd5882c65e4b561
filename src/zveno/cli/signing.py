"""Signing for what a check found."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from zveno.chain.closing import Closing
from zveno.chain.recording import Recording
from zveno.cli.passphrase import unlocked
from zveno.errors import DataError
from zveno.text.mark import tr


def sign_check(screen: Any, facade: Any, folder: Path, found: Any, by: str, *, kept: bool) -> None:
    """Sign, as the person who ran the check, and say under which record."""
    if not kept:
        raise DataError("only a check of the store as it is now is signed: leave --data and --as-known out")
    closing = Closing(facade, folder)
    signer = unlocked(closing.log, by, screen.text)
    now = datetime.now(facade.model.tz)
    one = Recording(closing).record(found, signer, now)
    screen.say(
        tr("signed as record {number}: breaches {breaches}, hash of the rulebook {hash}"),
        err=True, number=one.number, breaches=found.breaches.height, hash=found.rulebook_hash[:16],
    )  # fmt: skip
