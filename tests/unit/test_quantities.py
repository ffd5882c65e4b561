import pytest

from zveno.errors import QuantityError
from zveno.quantities import UOMS, convert


def test_rates_of_a_year_and_an_hour_agree():
    assert convert(8.0, "Mt/y", "t/h") == pytest.approx(8e6 / 8760)


def test_temperature_keeps_its_offset_both_ways():
    assert convert(25.0, "C", "K") == pytest.approx(298.15)
    assert convert(298.15, "K", "C") == pytest.approx(25.0)


@pytest.mark.parametrize("uom", UOMS)
def test_every_uom_converts_to_itself_exactly(uom):
    assert convert(0.1 + 0.2, uom, uom) == 0.1 + 0.2


def test_unlike_dimensions_are_refused_with_both_named():
    with pytest.raises(QuantityError, match="'t/h' measures mass flow, but mass is needed"):
        convert(1.0, "t/h", "t")


def test_unknown_uom_is_refused():
    with pytest.raises(QuantityError, match="'pud' is not known"):
        convert(1.0, "pud", "t")
