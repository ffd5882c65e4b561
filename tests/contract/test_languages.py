"""Every sentence stands in every language, with the same places."""

from datetime import date

import pytest

from tests.contract.messages import SOURCE, TEXTS, Message, collect, hidden, places, read, written
from zveno.errors import DataError, Fault
from zveno.quantities import DIMENSIONS, UOMS
from zveno.rules.kinds import RULE_KINDS
from zveno.text.catalogue import catalogue
from zveno.text.mark import LANGUAGES
from zveno.text.words import HEADINGS, QUANTITIES, RULE_KIND_WORDS, UOM_WORDS, spoken, uom_code


@pytest.fixture(scope="module")
def messages() -> dict[str, Message]:
    return collect()


def test_the_collector_sees_the_sources(messages):
    assert len(messages) > 200
    assert "stream '{stream}' ends at '{end}', which does not exist" in messages
    assert messages["{n} breach"].many == "{n} breaches"


def test_no_sentence_hides_from_the_collector():
    assert hidden() == []


def test_every_language_has_a_catalogue():
    assert {"en", *TEXTS} == set(LANGUAGES)


@pytest.mark.parametrize("lang", TEXTS)
def test_no_message_is_missing(lang, messages):
    assert sorted(set(messages) - set(catalogue(lang).messages)) == []


@pytest.mark.parametrize("lang", TEXTS)
def test_no_translation_is_left_over(lang, messages):
    assert sorted(set(catalogue(lang).messages) - set(messages)) == []


@pytest.mark.parametrize("lang", TEXTS)
def test_places_are_kept_with_their_formats(lang):
    for message, translated in catalogue(lang).messages.items():
        for one in (translated,) if isinstance(translated, str) else translated:
            assert places(one) == places(message), message


@pytest.mark.parametrize("lang", TEXTS)
def test_plural_messages_have_every_form(lang, messages):
    wanted = read(lang).num_plurals
    for key, message in messages.items():
        forms = catalogue(lang).messages[key]
        assert (1 if isinstance(forms, str) else len(forms)) == (wanted if message.many else 1), key


@pytest.mark.parametrize("lang", TEXTS)
def test_the_file_is_in_the_order_of_the_sources(lang):
    found = (SOURCE / "text" / f"{lang}.po").read_text("utf-8")
    assert found == written(lang), "run: python -m tests.contract.messages --sort"


@pytest.mark.parametrize("kind", ["headings", "quantities", "uoms"])
def test_words_of_workbooks_lead_back_to_their_keys(kind):
    words = {"headings": HEADINGS, "quantities": QUANTITIES, "uoms": UOM_WORDS}[kind]
    for lang in LANGUAGES:
        for key, word in words.items():
            assert spoken(kind)[catalogue(lang)(word).lower()] == key


def test_units_of_measure_of_descriptions_lead_back_to_their_codes():
    for lang in LANGUAGES:
        for key, word in UOM_WORDS.items():
            assert uom_code(catalogue(lang)(word)) == key
            assert uom_code(key) == key


def test_dimensions_have_their_words():
    assert set(DIMENSIONS) == {one.dimension for one in UOMS.values()}


def test_every_kind_of_rule_has_its_words():
    assert set(RULE_KIND_WORDS) == set(RULE_KINDS)


def test_every_unit_of_measure_has_its_word():
    assert set(UOM_WORDS) == set(UOMS) - {"frac", "fraction", "-"}


def test_an_error_speaks_every_language():
    error = DataError("'{path}' does not exist: give a file or a folder with files", path="x")
    assert "не существует" in catalogue("ru").error(error)
    assert "«x» табылмады" in catalogue("kk").error(error)


def test_what_was_kept_in_english_is_not_taken_for_a_sentence_of_places_alone():
    assert catalogue("ru").retold("not a number") == "not a number"


def test_the_word_perhaps_meant_is_translated_too():
    one = Fault("'{point}' is not a meter of this chain", {"point": "scal", "near": "scale"}, "a.xlsx")
    said = "a.xlsx: «scal» не является прибором этой цепочки; возможно, имелось в виду «scale»?"
    assert catalogue("ru").fault(one) == said


def test_numbers_and_dates_follow_the_language():
    ru, en = catalogue("ru"), catalogue("en")
    assert en.number(1234567.891, 1) == "1,234,567.9"
    assert ru.number(-1234.5, 1) == "−1\xa0234,5"
    assert ru.number(-0.001, 1) == "0,0"
    assert ru.number(None) == "–"
    months = [catalogue(lang).month(date(2026, 3, 1)) for lang in LANGUAGES]
    assert [" ".join(one.split()) for one in months] == ["March 2026", "март 2026 г.", "2026 ж. наурыз"]


def test_plurals_follow_the_rules_of_the_language():
    ru = catalogue("ru")
    forms = [ru.count("{n} breach", "{n} breaches", n) for n in (1, 2, 5, 11, 21, 22)]
    assert forms == ["1 нарушение", "2 нарушения", "5 нарушений", "11 нарушений", "21 нарушение", "22 нарушения"]


def test_an_unknown_language_is_refused():
    with pytest.raises(DataError, match="choose en, ru or kk"):
        catalogue("de")
