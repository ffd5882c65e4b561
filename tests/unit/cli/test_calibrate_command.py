"""``zveno calibrate`` over a played month: what it shows in three languages, writes, and refuses."""

import json
import re
import shlex
from pathlib import Path

import pytest

from zveno.chain import example, load
from zveno.cli import run

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
CHAIN = ("-c", "one_concentrator")
FIT = ("--fit", "balk_conc.float.pyrite.share_fast", "--fit", "balk_conc.float.chalcopyrite.share_*")


def played(folder: Path, *months: str) -> Path:
    """A store with months of the example."""
    chain = load(example("one_concentrator"), store=folder / "store")
    for seed, month in enumerate(months, start=1):
        chain.emulate(month, folder / month, seed=seed)
        chain.import_files([folder / month / "plant"])
    return folder / "store"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A month of the example."""
    return played(tmp_path_factory.mktemp("month"), "2026-01")


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path):
    monkeypatch.setenv("ZVENO_LANG", "en")
    monkeypatch.chdir(tmp_path)


def calibrate(store, *more: str, fit=FIT) -> int:
    return run(["calibrate", *CHAIN, "--store", str(store), "--period", "2026-01", "--running", "feed", *fit, *more])


@pytest.mark.long
def test_the_commands_of_the_page_do_what_it_says(capsys, tmp_path):
    """Two months of the example, apart, so that each has surveys at both ends."""
    store = played(tmp_path / "months", "2026-01", "2026-03")
    page = (ROOT / "docs/how-to/calibrate.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    answered = []
    for line in lines:
        program, *words = shlex.split(line.replace("--store st", f"--store {store}"))
        assert program == "zveno"
        if words[0] in ("emulate", "import"):  # as is done above
            continue
        assert run(words) == 0, line
        answered.append(capsys.readouterr().out)
    said = answered[0]
    assert "calibrated to 2026-01: 41 values of the balance, 23 of them independent" in said
    shown = re.findall(r"```\n(parameter .*?)```", page, re.DOTALL)[0]  # the answer as the page prints it
    lines_alike = "would be determined"  # the lines of the plant are alike, and which comes first is chance
    assert [one for one in shown.splitlines() if one not in said and lines_alike not in one] == []
    assert "the simulation agrees with the balance" in said
    assert "2026-03, predicted from its feeds:" in said
    assert "not a clean period" in said  # the played March has breaches
    assert "recovery.Cu:balk.conc/balk.ore, %" in said
    assert "calibration_2026_01" in (tmp_path / "found.yaml").read_text(encoding="utf-8")
    assert "calibrated" in answered[-1]
    assert "2026-01" in answered[-1]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ru", ("этими данными не определён", "только вместе:", "расчёт согласуется с балансом")),
        ("kk", ("бұл деректермен анықталмайды", "тек бірге:", "есептеу баланспен келіседі")),
    ],
)
def test_other_languages(store, capsys, lang, words):
    assert calibrate(store, "--lang", lang) == 0
    said = capsys.readouterr().out
    assert all(one in said for one in words)


def test_as_json(store, capsys):
    assert calibrate(store, "--json", "--bound", "*.pyrite.*=0.3:0.4", "--priors") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "agrees"
    assert {row["role"] for row in told["parameters"]} == {"fitted", "input"}
    assert any(row["prior"] for row in told["parameters"])
    assert told["inputs"]["balk.ore.feed"] == pytest.approx(992.65, rel=0.01)
    assert told["widened"] == 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--running", "most"), "'most' is neither a share of time such as 0.92 nor the word feed"),
        (("--bound", "k=low"), "'k=low' is not NAME=LOW:HIGH with two numbers"),
        (("--set", "k"), "'k' is not NAME=VALUE with a number"),
        (("--out", "found.txt"), "must end in .yaml (figures) or .csv (scenarios)"),
        (("--backcast", "2026-01"), "2026-01 cannot test what was calibrated on it"),
        (("--fit", "balk_conc.flot.k"), "cannot be set"),
    ],
)
def test_what_it_refuses(store, capsys, more, message):
    assert calibrate(store, *more) != 0
    assert message in capsys.readouterr().err


def test_the_facade_names_what_it_fits(store):
    chain = load(example("one_concentrator"), store=store)
    found = chain.calibrate("2026-01", ["balk_conc.float.pyrite.share_fast"])
    assert any("say for what share it ran" in str(one) for one in found.doubts)
    with_rates = chain.simulate({"calibrated": found.scenario})
    assert with_rates.recovery("Fe", "balk.conc")[0] != chain.simulate().recovery("Fe", "balk.conc")[0]
