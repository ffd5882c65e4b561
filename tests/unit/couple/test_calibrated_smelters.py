"""The whole chain's month: copper in slag and matte grade of both smelters, behind stocks and toll trains."""

from __future__ import annotations

import pytest
from tests.unit.couple.small_plant import records_of

from zveno.chain import example
from zveno.couple import Choices, calibrate
from zveno.emulate.instruments import read_meters
from zveno.emulate.truth import play_truth
from zveno.model.load import load_description, load_play
from zveno.periods import Period
from zveno.reconcile import reconcile

pytestmark = [pytest.mark.slow, pytest.mark.long]
PLANTED = {"bmz.vf.slag_cu_pct": 0.70, "zhmz.ef.slag_cu_pct": 0.60}
MATTE = "bmz.vf.matte_cu_pct"


@pytest.fixture(scope="module")
def played():
    """March without events and gross errors; the set point of matte goes from 48 to 50 % on the 23rd."""
    model = load_description(example("zhez_balkhash"))
    play = load_play(example("zhez_balkhash")).model_copy(update={"events": ()})
    figures = {key: model.parameters[key].model_copy(update={"value": value}) for key, value in PLANTED.items()}
    planted = model.model_copy(update={"parameters": {**model.parameters, **figures}})
    month = Period.parse("2026-03", model.tz)
    truth = play_truth(planted, play, month, 1)
    return model, reconcile(model, records_of(read_meters(planted, play, truth, 1)[0]), month), truth


def test_slags_and_matte_of_both_smelters(played):
    model, balance, truth = played
    found = calibrate(model, balance, Choices((*PLANTED, MATTE)))
    assert found.status == "agrees"
    assert found.dof > 100
    for key, planted in PLANTED.items():
        value, sd = found.value(key)
        assert abs(value - planted) < 3 * sd
        assert sd < 0.05 * planted
    matte = truth.flows["bmz.matte"].sum(axis=0)
    grade = 100 * matte[truth.columns.index("Cu")] / matte[0]
    value, sd = found.value(MATTE)
    assert grade == pytest.approx(48.5, abs=0.1)
    assert abs(value - grade) < 3 * sd
    assert not any("does not keep a balance" in str(one) for one in found.doubts)
