"""``zveno report``: the chain's report, and the pages of its links."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.golden.reports.two_plants import FOLDER, PERIOD, chain

from zveno.cli import run
from zveno.store import EmbeddedStore


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that holds the month of the two plants, in a quiet place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZVENO_LANG", "en")
    folder = tmp_path / "store"
    chain(EmbeddedStore(folder))
    return folder


def report(*words: str) -> int:
    return run(["report", *words, "-c", str(FOLDER), "--store", "store"])


def made(folder: str = ".") -> set[str]:
    return {path.name for path in Path(folder).iterdir() if path.suffix in (".html", ".xlsx", ".pdf")}


def test_a_page_of_a_link_goes_where_it_is_asked(capsys):
    assert report("link", PERIOD, "--link", "smelter", "--out", "page.html") == 0
    page = Path("page.html").read_text("utf-8")
    assert "<h1>Smelter, March 2026</h1>" in page
    assert "written: page.html" in capsys.readouterr().out


def test_without_a_name_every_link_has_its_files(capsys):
    assert report("link", PERIOD) == 0
    assert made("out") == {
        f"link_{one}_{PERIOD}_en.{suffix}" for one in ("mill", "smelter") for suffix in ("html", "xlsx", "pdf")
    }
    assert capsys.readouterr().out.count("written: ") == 6


def test_files_asked_for_get_the_names_of_the_links():
    assert report("link", PERIOD, "--out", "page.html") == 0
    assert made() == {"page_mill.html", "page_smelter.html"}


def test_in_a_folder_the_files_have_their_usual_names():
    Path("there.d").mkdir()
    assert report("link", PERIOD, "--link", "mill", "--out", "pages", "--out", "there.d", "--out", "one.html") == 0
    usual = {f"link_mill_{PERIOD}_en.{suffix}" for suffix in ("html", "xlsx", "pdf")}
    assert made("pages") == made("there.d") == usual
    assert made() == {"one.html"}


@pytest.mark.parametrize("words", [(PERIOD,), ("metal_balance", PERIOD), (PERIOD, "--name", "metal_balance"), ()])
def test_the_chains_report_may_be_named_or_not(words):
    assert report(*words) == 0
    assert {name.partition("_20")[0] for name in made("out")} == {"metal_balance"}


def test_a_report_may_be_named_by_the_option():
    assert report(PERIOD, "--name", "link", "--link", "mill", "--out", "mill.xlsx") == 0
    assert made() == {"mill.xlsx"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("link", PERIOD, "--link", "smeltr"), "no link of the chain is named 'smeltr': use smelter, mill; did you mean 'smelter'?"),
        ((PERIOD, "--link", "mill"), "report 'metal_balance' is of the whole chain: leave the link 'mill' out"),
        (("lnk", PERIOD), "report 'lnk' is not known: use metal_balance, link; did you mean 'link'?"),
        (("2026-03", "2026-04"), "'2026-03' and '2026-04' cannot both be the period"),
        (("link", PERIOD, "--name", "metal_balance"), "'link' and 'metal_balance' cannot both be the report"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_said(capsys, words, message):
    assert report(*words) == 5
    assert message in capsys.readouterr().err
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("lang", "title"), [("ru", "Обогатительная фабрика, март 2026"), ("kk", "Байыту фабрикасы, 2026")]
)
def test_a_page_speaks_the_language(lang, title):
    assert report("link", PERIOD, "--link", "mill", "--lang", lang, "--out", "page.html") == 0
    assert title in Path("page.html").read_text("utf-8")
