"""``zveno recheck``: the rules judged twice, and what is said where the two differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from zveno import example, load
from zveno.chain import rechecked
from zveno.cli import run
from zveno.rules import watchlist
from zveno.rules.build import midnight
from zveno.store import write_readings
from zveno.tables import frame

CHAIN = "one_concentrator"


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of all signals that rules watch, wandering about their usual values, as a file."""
    model, rng = load(example(CHAIN)).model, np.random.default_rng(3)
    start = midnight(model, np.datetime64("2026-03-10").astype(object))
    parts = []
    for tag in sorted(watchlist(model).tags):
        about = model.tags[tag]
        n = round(3 * 1440 / about.every_min)
        usual = model.number(about.normal, about.uom)
        parts.append(
            pl.DataFrame(
                {
                    "tag": [tag] * n,
                    "ts": start + np.round(np.arange(n) * about.every_min * 60e6).astype(np.int64),
                    "value": usual * (1 + 0.02 * np.cumsum(rng.normal(0, 0.5, n))),
                    "quality": (rng.random(n) < 0.02).astype(np.int8),
                }
            ).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))
        )
    path = tmp_path_factory.mktemp("readings") / "readings.parquet"
    write_readings(frame("readings", pl.concat(parts)), path)
    return path


def test_both_find_the_same_and_the_statements_are_written(
    readings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, book = tmp_path / "rules.sql", tmp_path / "both.xlsx"
    asked = ["recheck", "2026-03", "-c", CHAIN, "--data", str(readings), "--json"]
    assert run([*asked, "--sql", str(script), "--out", str(book)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["differences"] == []
    assert found["first"] == found["second"] > 5
    assert book.is_file()
    assert script.read_text("utf-8").count("CREATE TEMP TABLE") > 20


def test_what_differs_is_listed_by_rule_and_breach(
    readings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def altered(*given: Any) -> list[tuple[Any, ...]]:
        rest = _answered(*given)[1:]
        assert len(rest) > 5
        number, is_open, since, upto, known, peak, limit, outs = rest[0]
        return [(number, is_open, since, upto, known, peak * 1.001, limit, outs), *rest[1:]]

    _answered = rechecked.answered
    monkeypatch.setattr(rechecked, "answered", altered)
    assert run(["recheck", "2026-03", "-c", CHAIN, "--data", str(readings), "--lang", "en"]) == 1
    told = capsys.readouterr().out
    assert "differences: 2" in told
    assert "found by the program, not in SQL" in told
    assert "peak is" in told


def test_what_is_no_database_is_refused(readings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["recheck", "2026-03", "-c", CHAIN, "--data", str(readings), "--engine"]
    assert run([*asked, "oracle"]) == 5
    assert "'oracle' is no database" in capsys.readouterr().err
    assert run([*asked, "postgresql://nobody@127.0.0.1:9/nothing"]) != 0
    assert "the database refuses" in capsys.readouterr().err
