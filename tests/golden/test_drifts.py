"""A wagon scale of the played month that reads high from the tenth on: no day shows it, the month says since when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.golden.tables import as_text
from tests.golden.test_planted_month import played

from zveno.chain import Chain
from zveno.cli.answers import Answers
from zveno.model.load import load_play
from zveno.model.play import Bias
from zveno.periods import Period


@pytest.fixture(scope="module")
def drifting_month(tmp_path_factory) -> Chain:
    folder = tmp_path_factory.mktemp("drift")
    plain = played(folder / "plain")
    play = load_play(plain.folder)
    span = Period.parse("2026-03-10/2026-04-02", plain.model.tz)
    bias = Bias(kind="bias", id="X", meter="balk_conc.conc.wagon", start=span.start, end=span.end, size_rel_pct=12.0)
    return played(folder / "biased", play.model_copy(update={"events": (*play.events, bias)}))


def test_the_class_of_the_scale_is_named_with_its_beginning(drifting_month):
    found = drifting_month.drifts("2026-03").errors
    assert set(found["class_id"]) == {1}
    scale = found.row(by_predicate=pl.col("meter") == "balk_conc.conc.wagon", named=True)
    assert scale["since_first"] <= "2026-03-10" <= scale["since_last"]
    assert abs(scale["bias_rel_frac"] - 0.12) < 3 * scale["bias_rel_sd_frac"]
    # copper is the only check of the month: whoever has to do with it may be the one
    assert {"balk_conc.ore.assay", "balk_conc.tail.assay", "balk_conc.conc.assay"} <= set(found["meter"])


def test_the_month_as_played_shows_no_lasting_error(tmp_path):
    assert played(tmp_path).drifts("2026-03").errors.is_empty()


def test_the_drift_as_reviewed(drifting_month, golden, capsys):
    found = drifting_month.drifts("2026-03")
    columns = ("class_id", "meter", "component", "since", "bias_rel_frac", "bias_rel_sd_frac", "limit_rel_frac", "z")
    parts = [as_text(found.errors, *columns)]
    for lang in ("en", "ru", "kk"):
        Answers.of(lang).drifts(drifting_month.model, found, as_json=False)
        Answers.of(lang).drifts(drifting_month.model, replace(found, errors=found.errors.clear()), as_json=False)
        parts.append(capsys.readouterr().out)
    golden(Path(__file__).with_name("drifts.txt"), "\n".join(parts))
