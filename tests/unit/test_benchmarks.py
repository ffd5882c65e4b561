"""Both sides of a benchmark give the same answer; how long they take is not judged here."""

import pytest
from benchmarks import reconciliation, ruling
from benchmarks.phases import phases


@pytest.mark.parametrize("subject", [reconciliation.pairs, ruling.pairs], ids=["reconcile", "rules"])
def test_both_ways_agree(subject):
    found = list(subject(small=True))
    assert found
    assert max(one.difference for one in found) < 1e-8


@pytest.mark.slow
def test_every_phase_of_the_main_job_is_timed():
    names = [one.phase for one in phases(small=True)]
    assert {"load the description", "emulate and write", "import", "reconcile", "report: xlsx"} <= set(names)
