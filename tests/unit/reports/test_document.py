"""Formulas of a document: computed, kept where they hold, dropped where they do not."""

import math

import pytest

from zveno.reports.document import (
    Calc,
    Cell,
    Column,
    Document,
    Fact,
    Facts,
    Heading,
    Kind,
    Ref,
    Row,
    TableBlock,
    Total,
    digits_for,
    evaluate,
    measured,
)


def table(**cells: Cell) -> TableBlock:
    """A table of one row."""
    return TableBlock("t", "T", tuple(Column(key, key, Kind.NUMBER) for key in cells), (Row("r", cells),))


def settled(**cells: Cell) -> dict[str, Cell]:
    document = Document("d", "", "en", blocks=(Heading("h", "H"), table(**cells))).settled()
    return dict(document.tables["t"].rows[0].cells)


def ref(column: str) -> Ref:
    return Ref("t", "r", column)


def test_empty_cells_with_a_formula_are_computed_through_each_other():
    cells = settled(
        a=Cell(6.0),
        b=Cell(formula=Calc("*", ref("a"), 2.0)),
        c=Cell(formula=Calc("/", Total((ref("a"), ref("b"))), 9.0)),
    )
    assert (cells["b"].value, cells["c"].value) == (12.0, 2.0)


def test_a_formula_that_disagrees_with_the_given_figure_is_dropped_and_the_figure_kept():
    cells = settled(a=Cell(6.0), b=Cell(12.001, formula=Calc("*", ref("a"), 2.0)))
    assert (cells["b"].value, cells["b"].formula) == (12.001, None)


def test_a_formula_that_agrees_is_kept_with_the_given_figure():
    given = 12.0 * (1 + 1e-9)
    cells = settled(a=Cell(6.0), b=Cell(given, formula=Calc("*", ref("a"), 2.0)))
    assert cells["b"].value == given
    assert cells["b"].formula is not None


@pytest.mark.parametrize("unknown", [Cell(word="unobservable"), Cell("text")])
def test_nothing_is_computed_from_what_cannot_be_known(unknown):
    cells = settled(a=unknown, b=Cell(formula=Total((ref("a"), 1.0)), word="unobservable"))
    assert (cells["b"].value, cells["b"].formula, cells["b"].word) == (None, None, "unobservable")


def test_a_missing_cell_and_a_division_by_zero_give_nothing():
    assert evaluate(Ref("t", "r", "none"), {"t": table(a=Cell(1.0))}) is None
    assert evaluate(Ref("none", "r", "a"), {}) is None
    assert evaluate(Calc("/", 1.0, 0.0), {}) is None


def test_facts_are_settled_too():
    fact = Fact("x", Cell(formula=Calc("-", ref("a"), 1.0)), Kind.NUMBER)
    document = Document("d", "", "en", blocks=(Heading("h", "H"), Facts((fact,)), table(a=Cell(3.0)))).settled()
    block = document.parts[0].blocks[0]
    assert isinstance(block, Facts)
    assert block.items[0].cell.value == 2.0


@pytest.mark.parametrize(
    ("half", "digits"),
    [(0.018, 3), (0.06, 2), (0.34, 2), (0.36, 1), (2.9, 1), (4.0, 0), (350.0, 0), (None, 2), (0.0, 2), (math.inf, 2)],
)
def test_digits_suit_the_interval(half, digits):
    assert digits_for(half, 2) == digits


def test_measured_figures_carry_half_the_95_percent_interval():
    cell = measured(0.859, 0.0021, Kind.FRACTION)
    assert cell.half_width == pytest.approx(1.96 * 0.0021)
    assert cell.digits == 1


def test_parts_hold_the_blocks_up_to_the_next_heading():
    document = Document("d", "", "en", blocks=(Heading("a", "A"), table(a=Cell(1.0)), Heading("b", "B")))
    assert [(part.heading.id, len(part.blocks)) for part in document.parts] == [("a", 1), ("b", 0)]
