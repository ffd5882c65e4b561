"""Options of ``zveno reconcile`` that do not go together are refused by name, before anything is read."""

import json

import pytest

from zveno.cli import run


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    monkeypatch.setenv("ZVENO_LANG", "en")
    monkeypatch.chdir(tmp_path)


def line(name: str, start: str | None, end: str | None) -> dict[str, object]:
    return {"id": name, "from": start, "to": end}


def read(stream: str, quantity: str, **others: object) -> dict[str, object]:
    return {"stream": stream, "quantity": quantity, "sigma": 1.0, **others}


STREAMS = [line("f", None, "A"), line("c", "A", None), line("t", "A", None)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--each", "hour", "--robust", "huber"], ("--each", "--robust")),
        (["--each", "hour", "--correction", "fdr"], ("--each", "--correction")),
        (["--each", "day", "--suspect", "belt"], ("--each", "--suspect")),
        (["--lasting", "day", "--each", "day"], ("--lasting", "--each")),
        (["--lasting", "month", "--robust", "huber"], ("--lasting", "--robust")),
        (["--lasting", "hour", "--correction", "fdr"], ("--lasting", "--correction")),
        (["--lasting", "hour", "--suspect", "belt"], ("--lasting", "--suspect")),
        (["2026-03", "--problem", "p.json"], ("--problem", "PERIOD")),
        (["--chain", "one_concentrator", "--problem", "p.json"], ("--problem", "--chain")),
        (["--store", "s", "--problem", "p.json"], ("--problem", "--store")),
        (["--data", "d", "--problem", "p.json"], ("--problem", "--data")),
        (["--each", "day", "--problem", "p.json"], ("--problem", "--each")),
        (["--lasting", "day", "--problem", "p.json"], ("--problem", "--lasting")),
    ],
)
def test_options_that_mean_nothing_together_are_refused_by_name(capsys, options, words):
    assert run(["reconcile", *options]) == 5
    (said,) = capsys.readouterr().err.splitlines()
    assert all(one in said for one in words)


def test_a_problem_says_what_leaves_its_tests_a_guide_only_and_what_was_in_question(capsys, tmp_path):
    readings = [
        read("f", "mass", value=100.0), read("t", "mass", value=69.0), read("t", "Cu", value=-0.03, sigma=0.01),
        read("f", "Cu", value=0.1, sigma=0.01), read("c", "mass", below=29.0),
    ]  # fmt: skip
    problem = {"nodes": [{"id": "A"}], "streams": STREAMS, "components": ["Cu"], "measurements": readings}
    (tmp_path / "p.json").write_text(json.dumps(problem))
    asked = ["--suspect", "t.Cu", "--suspect", "c.mass"]
    assert run(["reconcile", "--problem", "p.json", *asked]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "p and z are a guide only, for a bound holds: t Cu" in said
    assert 'p and z are a guide only, for a limit ("less than") counts: c mass' in said
    assert "in question, c mass: not tested, only a limit was reported" in said
    assert [one for one in said if one.startswith("in question, t Cu: not tested, ")]
    assert run(["reconcile", "--problem", "p.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tests"] == "nominal"


def test_a_reading_in_question_is_told_with_its_size_and_with_what_would_show(capsys, tmp_path):
    readings = [read(name, "mass", value=size) for name, size in (("f", 109.0), ("c", 30.0), ("t", 69.0))]
    (tmp_path / "p.json").write_text(json.dumps({"nodes": [{"id": "A"}], "streams": STREAMS, "measurements": readings}))
    assert run(["reconcile", "--problem", "p.json", "--suspect", "f.mass"]) == 0
    assert "in question, f mass: 10, z = 5.77, beyond chance" in capsys.readouterr().out
    readings[0]["value"] = 100.0
    (tmp_path / "p.json").write_text(json.dumps({"nodes": [{"id": "A"}], "streams": STREAMS, "measurements": readings}))
    assert run(["reconcile", "--problem", "p.json", "--suspect", "f.mass"]) == 0
    assert "in question, f mass: 1, z = 0.58, within chance; 4.85249 would show" in capsys.readouterr().out
