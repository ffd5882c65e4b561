"""The commands instruments, authorise, assays and suppliers, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest
from tests.golden.reports.two_plants import FOLDER, chain
from tests.signed_books import PASSPHRASE, books, enter
from tests.unit.quality.cells import cell, table
from tests.unit.quality.lots import lots

from zveno.cli import run
from zveno.store import Batch, EmbeddedStore
from zveno.tables import frame

QUALITY = """
instruments:
  - {id: W-1, title: {en: Belt scale, ru: Конвейерные весы}, meters: [ore.belt], accuracy_class: "0,5", verified: [{on: 2024-03-01}]}
  - {id: W-3, title: {en: Balance}, verified: [{on: 2025-10-01}]}
standards:
  - {id: A, component: Cu, certified: 24.6}
"""


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    copytree(FOLDER, tmp_path / "chain")
    (tmp_path / "chain" / "quality.yaml").write_text(QUALITY, "utf-8")
    store = EmbeddedStore(tmp_path / "chain" / "store")
    chain(store)
    rows = [cell("toll", 26.0, hour=24 * k) for k in range(12)]
    rows += [cell("toll", 26.0 + 3 * (-1) ** k, hour=24 * k, qualifier="qc_duplicate", row=100 + k) for k in range(12)]
    rows += [
        cell("lab.crm.A", 24.6 + 0.1 * k, hour=24 * k + 1, qualifier="qc_standard", row=200 + k) for k in range(12)
    ]
    rows.append(cell("lab.blank", 0.5, hour=7, qualifier="qc_blank"))
    more = {"mapped_cells": table(*rows)}
    store.append([Batch("lab.xlsx", "lab", frame("records"), frame("rejected"), frame("readings"), more=more)],
                 rows[0]["known"])  # fmt: skip
    signed = books(tmp_path / "chain" / "store")
    enter(signed.persons, "metrologist", "Metrologist", ("metrologist",), signed.registrar)
    monkeypatch.setenv("ZVENO_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("ZVENO_LANG", "en")
    return tmp_path


def said(capsys, *words: object) -> tuple[int, str, str]:
    code = run([str(one) for one in words])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_instruments_on_a_day_and_of_a_period(place, capsys):
    code, out, _ = said(capsys, "instruments", "2026-03", "-c", place / "chain")
    assert code == 0
    assert "verification holds 1, expired 1" in out
    assert "W-1" in out
    assert "W-3" not in out
    _, out, _ = said(capsys, "instruments", "--on", "2024-12-31", "-c", place / "chain", "--json")
    told = {row["instrument"]: row["status"] for row in json.loads(out)["instruments"]}
    assert told == {"W-1": "valid", "W-3": "unknown"}


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_list_is_written_in_every_language_and_form(place, capsys, lang):
    files = [place / f"list{suffix}" for suffix in (".html", ".xlsx", ".pdf")]
    words = [word for one in files for word in ("--out", one)]
    code, _, _ = said(capsys, "instruments", "2026-03", "-c", place / "chain", "--lang", lang, *words)
    assert code == 0
    assert all(one.stat().st_size > 2000 for one in files)
    assert ("Конвейерные весы" if lang == "ru" else "Belt scale") in files[0].read_text("utf-8")


@pytest.mark.parametrize(("words", "message"), [
    (("instruments", "2026-03", "--on", "2026-03-01"), "not both"), (("instruments", "--on", "yesterday"), "is no date"),
    (("instruments", "--status", "broken"), "no status"), (("assays", "2026-01"), "no control sample"),
])  # fmt: skip
def test_misuse_is_told(place, capsys, words, message):
    code, _, err = said(capsys, *words, "-c", place / "chain")
    assert code == 5
    assert message in err


def test_close_waits_for_the_authorisation(place, capsys):
    close = ("close", "2026-03", "--as", "accountant", "-c", place / "chain")
    code, _, err = said(capsys, *close)
    assert (code, "zveno authorise 2026-03" in err) == (5, True)
    ask = ("authorise", "2026-03", "--as", "metrologist", "--reason", "verifier comes in April", "-c", place / "chain")
    code, _, err = said(capsys, *ask)
    assert (code, "or 'all'" in err) == (5, True)
    code, out, _ = said(capsys, *ask, "--instruments", "W-1")
    assert code == 0
    assert "Metrologist answers for 1 instrument in 2026-03" in out
    page = place / "list.html"
    _, out, _ = said(capsys, "instruments", "2026-03", "-c", place / "chain", "--out", page)
    assert "Metrologist has answered for 1 of them" in out
    assert "verifier comes in April" in page.read_text("utf-8")
    _, out, _ = said(capsys, "instruments", "2026-03", "-c", place / "chain", "--json")
    assert json.loads(out)["authorised"][0]["instruments"] == ["W-1"]
    code, out, _ = said(capsys, *close)
    assert (code, "version 1 of 2026-03" in out) == (0, True)


def test_balance_says_what_the_expired_verification_does(place, capsys):
    _, out, _ = said(capsys, "reconcile", "2026-03", "-c", place / "chain")
    assert "Readings of 1 meter were taken with instruments whose verification had expired" in out
    _, out, _ = said(capsys, "reconcile", "2026-03", "-c", place / "chain", "--json")
    told = json.loads(out)
    assert told["overdue_readings"][0]["instrument"] == "W-1"
    assert told["widened_flows"][0]["wider_frac"] > 0
    page = place / "month.html"
    said(capsys, "report", "2026-03", "-c", place / "chain", "--out", page)
    text = page.read_text("utf-8")
    assert "Instruments with an expired verification" in text
    assert "Flows that are less sure because of them" in text


def test_assays_of_a_month(place, capsys):
    page = place / "assays.html"
    code, out, _ = said(capsys, "assays", "2026-03", "-c", place / "chain", "--out", page)
    assert code == 0
    assert "the laboratory is worse than described" in out
    assert "biased" in out
    assert "! standard A" in out
    assert "blanks: 0 of 1 contaminated" in out
    html = page.read_text("utf-8")
    assert "<svg" in html
    assert "10_x" in html
    _, out, _ = said(capsys, "assays", "2026-03", "-c", place / "chain", "--json")
    assert set(json.loads(out)) == {
        "assay_duplicates", "assay_precision", "assay_standards", "control_points", "assay_blanks",
    }  # fmt: skip


def test_suppliers_of_a_file(place, capsys):
    path = place / "lots.csv"
    lines = ["lot;supplier;sampler;component;ours;theirs;mass"]
    lines += [f"{one.lot};{one.supplier};{one.sampler};Cu;{100 * one.ours_frac};{100 * one.theirs_frac};{one.mass_t}"
              for one in lots(1)]  # fmt: skip
    path.write_text("\n".join(lines), "utf-8")
    page = place / "lots.html"
    code, out, _ = said(capsys, "suppliers", path, "-c", place / "chain", "--out", page)
    assert code == 0
    assert "! S2 when X1 samples: Cu +" in out
    assert "t of metal" in out
    assert "S2 when X1 samples" in page.read_text("utf-8")
    _, out, _ = said(capsys, "suppliers", path, "-c", place / "chain", "--json")
    assert [row["kind"] for row in json.loads(out) if row["verdict"] == "biased"] == ["pair"]
