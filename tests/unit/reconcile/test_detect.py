"""The verb ``detect`` over the small plant, with all its meters and with hardly any."""

import polars as pl
import pytest
from tests.unit.reconcile import plants

from zveno.errors import DataError
from zveno.periods import Period
from zveno.reconcile import detect, reconcile


def only(*names: str):
    """The plant with some of its meters."""
    return plants.model([one for one in plants.METERS if one["id"] in names])


def test_without_a_check_nothing_shows_and_the_unknown_is_made_known_first():
    model = only("ore.belt", "ore.moisture", "ore.assay", "cake.scale", "cake.assay", "bin.survey")
    found = detect(model, plants.records(), plants.MONTH)
    assert found.detectability["shows_from"].null_count() == found.detectability.height
    assert set(found.detectability["reason"]) == {"nothing checks it"}
    known = only("ore.belt", "ore.moisture", "ore.assay", "tail.assay", "cake.scale", "bin.survey")
    opened = detect(known, plants.records(), plants.MONTH)
    best = opened.added_meters.row(0, named=True)
    assert (best["stream"], best["quantity"], best["makes_known"]) == ("cake", "Cu", 1)
    gain = opened.added_gains.filter(rank=1)
    assert gain.select("of", "what", "component", "before", "after").rows() == [("product", "cake", "Cu", None, None)]
    assert opened.added_meters["makes_known"].sum() == 1


def test_all_meters_of_the_small_plant():
    found = detect(plants.model(), plants.records(), plants.MONTH)
    balance = reconcile(plants.model(), plants.records(), plants.MONTH)
    assert found.dof == balance.dof
    cake = found.detectability.filter(meter="cake.scale", months=1).row(0, named=True)
    shown = balance.adjustments.filter(meter="cake.scale").row(0, named=True)
    assert cake["shows_from"] == pytest.approx(shown["shows_from"])
    assert found.detectability.filter(pl.col("shows_from").is_not_null())["never_below_frac"].max() < 1e-3  # no limits
    sd = balance.recoveries.filter(kind="overall")["recovery_sd_frac"][0]
    gains = found.added_gains.filter(of="recovery", component="Cu")
    assert gains["before"].to_list() == pytest.approx([sd] * gains.height)
    assert (gains["after"] <= gains["before"]).all()
    assert found.added_meters["rank"].to_list() == list(range(1, found.added_meters.height + 1))


def test_a_day_without_surveys_has_no_row_of_the_level_that_nobody_knows():
    day = Period.parse("2026-03-07", plants.TZ)
    found = detect(plants.model(), plants.records(), day, [1])
    mass = found.detectability.filter(pl.col("stream").str.starts_with("bin."), pl.col("quantity") == "mass")
    assert mass.is_empty()
    assert not found.added_meters["stream"].str.starts_with("bin.").any()
    month = detect(plants.model(), plants.records(), plants.MONTH, [1])
    name = {"meter": "ore.belt", "kind": "reading"}
    one, other = (each.detectability.filter(**name)["shows_from_frac"][0] for each in (found, month))
    assert one > other  # what was stored is not known, so thirty days alike tell less than a month with surveys


def test_refusals():
    with pytest.raises(DataError, match="whole numbers from 1 on"):
        detect(plants.model(), plants.records(), plants.MONTH, [0, 3])
    with pytest.raises(DataError, match="no meter has a reading"):
        detect(plants.model(), plants.records(), Period.parse("2026-05", plants.TZ))
