"""Text takes no more room than counted, whatever the alphabet."""

from hypothesis import given
from hypothesis import strategies as st

from zveno.reports.lettering import text_width, wrap

WORDS = st.text("abcWШщқңәөҰүһі ±0123456789.", max_size=60)


@given(WORDS, st.floats(30, 200))
def test_wrapped_lines_fit_and_lose_no_letter(text, width):
    lines = wrap(text, 12, width)
    assert all(text_width(line, 12) <= width for line in lines)
    kept = "".join(lines).replace("-", "").replace(" ", "")
    assert kept == text.replace(" ", "")


def test_a_word_longer_than_the_line_is_cut_with_a_hyphen():
    assert wrap("хвостохранилище", 12, 80) == ("хвостохран-", "илище")


def test_no_break_spaces_hold_a_number_to_its_unit():
    assert wrap("6 795\u00a0±\u00a075\u00a0t", 12, 70) == ("6", "795\u00a0±\u00a075\u00a0t")


def test_letters_are_never_narrower_than_in_common_fonts():
    # advances in DejaVu Sans, em, read from the font: the widest of the fonts the page asks for
    assert {letter: text_width(letter, 1) >= em for letter, em in
            {"Ш": 1.07, "ж": 0.901, "қ": 0.604, "ң": 0.65, "W": 0.989, "5": 0.636, "±": 0.838}.items()
            } == dict.fromkeys("ШжқңW5±", True)  # fmt: skip


def test_unknown_letters_count_as_the_widest():
    assert text_width("銅", 10) == 11.0
    assert text_width("a", 10, bold=True) > text_width("a", 10)
