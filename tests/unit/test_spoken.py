"""Fields of faults that are words of the catalogues, and rows that hold codes."""

import pytest

from zveno.errors import Fault, Phrase, refusal
from zveno.quantities import convert, uom_of
from zveno.reports import lack_detail
from zveno.text.catalogue import catalogue
from zveno.text.words import quantity_phrase

RU = catalogue("ru")


def test_a_phrase_is_translated_and_a_code_is_not():
    message = "another value of '{meter}' ({quantity}) for the same time stands at {other}: import one, then the other"
    one = Fault(message, {"meter": "mass", "quantity": quantity_phrase("wet_mass"), "other": "a.xlsx"})
    assert "«mass» (влажная масса)" in RU.fault(one)
    assert "'mass' (wet mass)" in str(one)


def test_phrases_fill_phrases_and_lists():
    inner = Phrase("one of these: {choices}", {"choices": (Phrase("a text"), Phrase("a list"))})
    one = Fault("'{key}' is empty: write {wanted}", {"key": "k", "wanted": inner})
    assert RU.fault(one) == "«k» не заполнено, а нужно: одно из этого: текст, список"
    assert str(one) == "'k' is empty: write one of these: a text, a list"


@pytest.mark.parametrize(("quantity", "word"), [("mass", "сухая масса"), ("Cu", "Cu"), ("closure", "сумма содержаний")])
def test_quantities_and_equations_have_words(quantity, word):
    assert RU.phrase(quantity_phrase(quantity)) == word


def test_unlike_units_of_measure_are_told_in_words():
    with pytest.raises(Exception, match="t/h") as caught:
        convert(1.0, "t/h", "frac")
    told = RU.error(caught.value)
    assert told.startswith("«т/ч» — единица величины «массовый расход», а нужна «доля»")
    with pytest.raises(Exception, match="kWh/t") as caught:
        uom_of("x")
    assert "кВт·ч/т" in RU.error(caught.value)


def test_a_kind_of_rule_is_said_in_words_and_a_signal_by_its_name():
    assert lack_detail({"kind": "window_mean", "detail": "window_mean"}, RU) == "среднее за время"
    assert lack_detail({"kind": "limit", "detail": "a.ph"}, RU) == "a.ph"


def test_a_refused_file_has_its_reason_in_words():
    one = Fault("'{path}' cannot be read: {problem}", {"path": "x", "problem": refusal(PermissionError(13, "denied"))})
    assert "нет прав доступа" in RU.fault(one)
    assert refusal(OSError(5, "Input/output error")) == "Input/output error"
