"""Power cuts in the close: killed at any moment it leaves a period open or closed, and nothing half."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from tests.golden.reports.two_plants import chain
from tests.signed_books import books

from zveno.chain.closing import Closing
from zveno.store import EmbeddedStore

KILLS = 100
"""Every second one in the close, the others at what goes on at the desk."""


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be killed")
def test_a_close_that_is_killed_leaves_no_half_period(tmp_path):
    folder = tmp_path / "store"
    books(folder)
    chain(EmbeddedStore(folder))
    script = Path(__file__).with_name("killed_close.py")
    paths = os.pathsep.join(one for one in sys.path if one)
    done = subprocess.run(
        [sys.executable, script, folder, str(KILLS)], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    looks = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(looks) == KILLS
    assert all(one["findings"] == one["void"] == [] and one["whole"] and one["seconds"] < 10 for one in looks)
    assert all(one["entered"] and one["once"] for one in looks)  # approved values are in the records, once
    assert len({(one["stage"], one["versions"]) for one in looks}) > 3  # kills met the close at different places
    assert len({tuple(one["acts"]) for one in looks}) > KILLS / 5  # and the work of the desk too
    assert all(
        a <= b for one, two in pairwise(looks) for a, b in zip(one["acts"], two["acts"], strict=True)
    )  # none lost
    closing = Closing(chain(EmbeddedStore(folder)), folder)
    closed = closing.stage("2026-03").closed
    assert closed is not None
    assert closing.reproduce(closed) == ()
