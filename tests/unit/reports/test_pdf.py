"""The paper: every word on it, none of it markup, every letter drawn, nothing off the page, bytes that repeat."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from importlib import resources

import polars as pl
import pytest
import typst
from tests.unit.reports.pdf_reader import Pdf, squeezed

from zveno.reports import build_report
from zveno.reports.charts import DayPoint, plan_fact_svg
from zveno.reports.document import (
    Callout,
    Cell,
    Column,
    Document,
    Fact,
    Facts,
    Figure,
    Heading,
    Kind,
    Paragraph,
    Row,
    TableBlock,
)
from zveno.reports.render import serif
from zveno.reports.render.pdf import paper_data, printed_svg, render_pdf, typst_inputs
from zveno.text.catalogue import catalogue
from zveno.text.mark import LANGUAGES

HEADING = Heading("h", "Heading")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" font-family="system-ui"><text x="5" y="20">{text}</text></svg>'


def document(
    *blocks, lang: str = "en", notice: str = "Demonstration", footer=("Zveno 0", "2026-03", "0123456789ab")
) -> Document:
    return Document("Title", "Subtitle", lang, notice, (HEADING, *blocks), footer).settled()


def printed(*blocks, lang: str = "en", **more) -> Pdf:
    return Pdf(render_pdf(document(*blocks, lang=lang, **more), catalogue(lang)))


def data(*blocks, lang: str = "en") -> dict:
    return paper_data(document(*blocks, lang=lang), catalogue(lang))


def only(laid: dict, kind: str) -> dict:
    (found,) = [block for run in laid["runs"] for block in run["blocks"] if block["is"] == kind]
    return found


def table(rows, columns=None, **more) -> TableBlock:
    columns = columns or (Column("name", "Name"), Column("mass", "Mass", Kind.MASS, digits=1, paired=True))
    return TableBlock("t", "Table of masses", columns, tuple(rows), **more)


def figure(w=400, h=100, text="Ә", *, wide=False) -> Figure:
    return Figure(SVG.format(w=w, h=h, text=text), "Caption", wide=wide)


# ---- the month ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=LANGUAGES)
def month(request, balkhash_month):
    report = build_report("metal_balance", balkhash_month, request.param)
    return report, Pdf(report.render(".pdf"))


def test_every_page_bears_the_notice_its_number_and_the_footer(month):
    report, book = month
    pattern = report.text("page {n} of {total}")
    assert len(book.pages) > 5
    for n, page in enumerate(book.pages, start=1):
        assert report.document.notice in page.text
        assert pattern.format(n=n, total=len(book.pages)) in page.text
        assert " · ".join(one for one in report.document.footer if one) in page.text


def test_headings_are_numbered_and_stand_in_the_outline(month):
    report, book = month
    titles = [part.heading.text for part in report.document.parts]
    assert book.outline[: len(titles)] == [f"{k} {title}" for k, title in enumerate(titles, start=1)]


def test_every_table_is_printed_whole(month):
    report, book = month
    said = "".join(page.letters for page in book.pages)
    for one in report.document.tables.values():
        values = {cell.value for row in one.rows for cell in row.cells.values() if isinstance(cell.value, str)}
        assert [value for value in values if squeezed(value) not in said] == [], one.id


def test_wide_tables_turn_the_page_and_text_stands_upright(month):
    _, book = month
    assert (book.pages[0].width, book.pages[0].height) == pytest.approx((595.3, 841.9), abs=0.1)
    turned = [page for page in book.pages if page.width > page.height]
    assert 0 < len(turned) < len(book.pages)


def test_nothing_runs_off_the_page(month):
    for page in month[1].pages:
        for word in page.words:
            assert 50 < word.x < page.width
            assert word.x + serif.serif_width(word.text, word.size) < page.width - 10, word


def test_every_letter_is_drawn(month, balkhash_month):
    report, _ = month
    template = resources.files("zveno.reports.render").joinpath("page.typ").read_bytes()
    inputs = typst_inputs(report.document, report.text)
    assert typst.compile(template, sys_inputs=inputs, ignore_system_fonts=True, pdf_standards="ua-1")


def test_every_drawing_takes_the_font_and_the_colours_of_the_paper(month):
    report, _ = month
    drawn = [b["svg"] for run in paper_data(report.document, report.text)["runs"] for b in run["blocks"] if "svg" in b]
    assert len(drawn) > 2
    for one in drawn:
        assert "var(" not in one
        assert one.count("font-family=") == one.count(f'font-family="{serif.FONT}"') == 1


def test_the_same_report_gives_the_same_bytes_without_a_date(month):
    report, _ = month
    first = report.render(".pdf")
    assert first == report.render(".pdf")
    assert first.startswith(b"%PDF")
    assert b"/CreationDate" not in first


# ---- letters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_all_letters_of_the_catalogues_are_in_the_fonts_that_typst_carries(lang):
    forms = catalogue(lang).messages.items()
    said = (
        "".join(key + (one if isinstance(one, str) else "".join(one)) for key, one in forms) + "ӘәҒғҚқҢңӨөҰұҮүҺһІі▲△±−→"
    )
    letters = "".join(sorted(set(said) - set("\n<>&")))
    blocks = (Paragraph(letters), figure(text=letters), table([Row("r", {"name": Cell(letters)})]))
    template = resources.files("zveno.reports.render").joinpath("page.typ").read_bytes()

    def strict(*blocks) -> bytes:
        inputs = typst_inputs(document(*blocks, lang=lang), catalogue(lang))
        return typst.compile(template, sys_inputs=inputs, ignore_system_fonts=True, pdf_standards="ua-1")

    assert set(letters) - set(" \u00ad\u200b") <= set(Pdf(strict(*blocks)).drawn)
    for missing in (Paragraph("中"), figure(text="中")):  # the standard would speak up
        with pytest.raises(typst.TypstError, match="could not be displayed"):
            strict(missing)


def test_widths_of_letters_are_those_of_the_font():
    letters = sorted(letter for letter in serif._EM if letter not in " \u00a0\u202f")
    source = f"""#set text(font: "{serif.FONT}", size: 100pt, number-width: "tabular")
#let letters = json(bytes(sys.inputs.data))
#context [#metadata(letters.map(it => measure(text(it)).width / 100pt)) <widths>]"""
    options = {"sys_inputs": {"data": json.dumps(letters)}, "ignore_system_fonts": True}
    found = json.loads(typst.query(source.encode(), "<widths>", field="value", one=True, **options))
    for letter, em in zip(letters, found, strict=True):
        assert em - 0.003 < serif._EM[letter] < em + 0.03, letter


# ---- words are words ---------------------------------------------------------------------------------------

SIGNS = "#panic() $x$ *b* _i_ <l> @r \\ \" ' `c` = - + / ~ [x] {y} // /* */ https://a.b --- ..."


def test_signs_of_markup_come_out_as_they_went_in():
    book = printed(
        Heading("<&#", "H " + SIGNS),
        Paragraph("P " + SIGNS),
        Callout("C " + SIGNS),
        figure(),
        table([Row("r", {"name": Cell("T " + SIGNS)})], notes=("N " + SIGNS,)),
        notice="M " + SIGNS,
    )
    said = " ".join(page.text for page in book.pages).replace("\u200b", "")
    for letter in "PCNM":
        assert f"{letter} {SIGNS}" in said
    assert "2 H " + SIGNS in said
    assert all(word in said for word in SIGNS.split())


def test_line_ends_break_lines_and_control_signs_vanish():
    (page,) = printed(Paragraph("first\nsecond\x00\x1b third")).pages
    words = [word.text.strip() for word in page.words]
    assert "first" in words
    assert "second   third" in words


def test_words_from_files_are_no_markup(balkhash_month):
    bad = balkhash_month.rejected.with_columns(pl.lit('#panic("read")').alias("text"))
    content = build_report("metal_balance", replace(balkhash_month, rejected=bad)).render(".pdf")
    assert any('#panic("read")' in page.text.replace("\u200b", "") for page in Pdf(content).pages)


def test_a_word_too_long_for_its_room_is_cut():
    book = printed(Paragraph("W" * 300), table([Row("r", {"name": Cell("long_part_" * 40)})]))
    for page in book.pages:
        assert all(word.x + serif.serif_width(word.text, word.size) < page.width for word in page.words)
    assert "long_part_" * 40 in book.pages[0].letters
    assert "W" * 300 in book.pages[0].letters.replace("-", "")


# ---- blocks ------------------------------------------------------------------------------------------------


def test_numbers_follow_the_language_and_carry_their_interval():
    (page,) = printed(table([Row("a", {"name": Cell("x"), "mass": Cell(1234.5, 2.25, digits=1)})]), lang="ru").pages
    words = [word.text for word in page.words]
    assert words[words.index("1\u00a0234,5") + 1] == "±\u00a02,2"


def test_numbers_lean_right_and_their_intervals_left():
    rows = [Row(str(k), {"name": Cell("x"), "mass": Cell(10.0**k, 0.5)}) for k in range(4)]
    laid = only(data(table(rows)), "table")
    assert laid["sides"] == ["left", "right", "beside"]
    (page,) = printed(table(rows)).pages
    halves = {word.x for word in page.words if word.text.startswith("±")}
    ends = [word.x for word in page.words if word.text in ("1.0", "1,000.0")]
    assert len(halves) == 1
    assert ends[0] > ends[1]


def test_what_cannot_be_known_is_a_word_over_both_cells():
    (row,) = only(data(table([Row("a", {"name": Cell("x"), "mass": Cell(word="unobservable")})])), "table")["rows"]
    assert row["cells"] == ["x", {"text": "unobservable", "tone": "muted", "span": 2}]


def test_tones_are_seen_without_colour():
    rows = [Row(tone, {"name": Cell(f"is {tone}", tone=tone)}) for tone in ("plain", "good", "warn", "bad")]
    book = printed(table(rows), Callout("call", "bad"), Facts((Fact("fact", Cell(1.0, tone="warn"), Kind.COUNT),)))
    said = book.pages[0].text
    for words in ("▲\u00a0is bad", "△\u00a0is warn", "▲\u00a0call", "△\u00a01", "▲ serious, △ worth a look"):
        assert words in said, words
    assert "▲\u00a0is good" not in said
    quiet = printed(table([Row("a", {"name": Cell("x")})]))
    assert "serious" not in quiet.pages[0].text


def test_a_long_table_repeats_its_head_and_says_that_it_goes_on():
    rows = [Row("part", {"name": Cell("Group")}, "head")]
    rows += [Row(str(k), {"name": Cell(f"line {k}"), "mass": Cell(float(k))}) for k in range(120)]
    book = printed(table([*rows, Row("sum", {"name": Cell("Sum")}, "total")]))
    assert len(book.pages) > 2
    for k, page in enumerate(book.pages):
        assert page.text.count("Mass,\u00a0t") == 1
        assert ("Table 1. Table of masses (continued)" in page.text) == (k > 0)
        assert "Group" in page.text
    assert "Sum" in book.pages[-1].text


def test_long_folded_tables_stand_in_the_appendix_and_are_pointed_at():
    rows = [Row(str(k), {"name": Cell(f"line {k}")}) for k in range(40)]
    book = printed(table(rows, folded=True), Heading("end", "End"), Paragraph("last words"))
    assert book.outline == ["1 Heading", "2 End", "3 Appendix: long tables"]
    where = next(k for k, page in enumerate(book.pages, start=1) if "line 39" in page.text)
    assert f"Table 1. Table of masses: in the appendix, page {where}" in book.pages[0].text
    assert "last words" in book.pages[0].text


def test_short_folded_tables_stand_open_in_their_place():
    book = printed(table([Row("a", {"name": Cell("inside")})], folded=True), Paragraph("after"))
    said = book.pages[0].text
    assert said.index("inside") < said.index("after")


def test_an_empty_table_says_why():
    assert "Table of masses: nothing here" in printed(table([], empty="nothing here")).pages[0].text


def test_a_table_of_too_many_columns_is_cut_into_pieces_with_its_first_column():
    columns = (Column("name", "Name"), *(Column(f"k{k}", f"K{k}", Kind.MASS, digits=3, paired=True) for k in range(20)))
    cells = {f"k{k}": Cell(1e11 + k, 1e9, digits=3) for k in range(20)}
    book = printed(table([Row("r", {"name": Cell("first"), **cells})], columns))
    said = " ".join(page.text for page in book.pages)
    pieces = said.count("first")
    assert pieces > 1
    assert f"Table 1. Table of masses (1/{pieces})" in said
    for k in range(20):
        assert said.count(f"100,000,000,{k:03d}.000") == 1
    for page in book.pages:
        assert all(word.x + serif.serif_width(word.text, word.size) < page.width - 10 for word in page.words)


def test_facts_are_cards_of_equal_width():
    facts = Facts(tuple(Fact(f"label {k}", Cell(float(k), 0.5), Kind.MASS, "t", "words") for k in range(6)))
    (page,) = printed(facts).pages
    at = {word.text: word.x for word in page.words if word.text.startswith("label")}
    assert at["label 0"] == at["label 3"]
    assert at["label 1"] - at["label 0"] == pytest.approx(at["label 2"] - at["label 1"])
    assert "±\u00a00\u00a0t" in page.text


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Figure 1. Caption"), ("ru", "Рис. 1. Caption"), ("kk", "1-сурет. Caption")]
)
def test_figures_are_numbered_in_the_language(lang, words):
    assert words in printed(figure(), lang=lang).pages[0].text


@pytest.mark.parametrize(("w", "h", "is_turned"), [(2000, 800, True), (500, 2000, False), (300, 200, False)])
def test_a_wide_figure_turns_the_page_only_where_it_gains_by_it(w, h, is_turned):
    laid = data(figure(w, h, wide=True))
    drawn = only(laid, "figure")
    assert laid["runs"][-1]["flipped"] == is_turned
    assert drawn["width"] / drawn["height"] == pytest.approx(w / h, rel=0.01)
    assert drawn["width"] <= (751.3 if is_turned else 504.7)
    assert drawn["height"] <= (488 if is_turned else 732)


@pytest.mark.parametrize(("letters", "paper"), [(13, "a3"), (40, "a4")])
def test_a_wide_figure_with_letters_too_fine_for_a4_has_a_sheet_of_a3(letters, paper):
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1500 1500" font-size="{letters}"><path d="M0 0"/></svg>'
    )
    laid = data(Figure(svg, "Caption", wide=True), Heading("b", "B"), Paragraph("after"))
    assert laid["runs"][0]["paper"] == paper
    assert laid["runs"][-1]["paper"] == "a4"


def test_drawings_take_the_font_and_the_colours_of_the_paper():
    points = [DayPoint(date(2026, 3, k), 10.0, 8.0 + k, 10.0 * k, 9.0 * k) for k in range(1, 5)]
    drawn = printed_svg(plan_fact_svg(points, title="Ore", uom="t", text=catalogue("en")))
    assert "var(" not in drawn
    assert f'font-family="{serif.FONT}"' in drawn
    bars = {one.partition('fill="')[2][:7] for one in drawn.split("<rect")[1:]}
    grey = {one: sum(w * int(one[k : k + 2], 16) for w, k in ((0.3, 1), (0.59, 3), (0.11, 5))) for one in bars}
    assert len(bars) == 2
    assert abs(max(grey.values()) - min(grey.values())) > 80  # met and missed differ on a printer without colour


def test_few_upright_lines_between_turned_pages_are_turned_with_them():
    wide = replace(figure(2000, 800, wide=True))
    laid = data(
        wide, Heading("b", "B"), Paragraph("few"), Heading("c", "C"), wide, Heading("d", "D"), *[Paragraph("p")] * 40
    )
    assert [run["flipped"] for run in laid["runs"]] == [True, False]
    opened = data(Paragraph("few"), Heading("b", "B"), wide)
    assert [run["flipped"] for run in opened["runs"]] == [False, True]


def test_a_long_notice_gets_room():
    said = "a warning that goes on and on " * 12
    book = printed(Paragraph("p"), notice=said)
    assert data()["margin"]["top"] < paper_data(document(notice=said), catalogue("en"))["margin"]["top"]
    assert said.strip() in book.pages[0].text


def test_metadata_name_the_report():
    content = render_pdf(document(Paragraph("p"), lang="ru"), catalogue("ru"))
    assert b"/Lang(ru)" in content
    assert "Title · Subtitle".encode() in content  # in the XMP packet
    assert b"/Author(Zveno)" in content


def test_the_compiler_is_loaded_only_for_paper():
    said = "import sys, zveno.reports; print('typst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
