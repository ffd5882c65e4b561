"""Laws of controlled rounding: all sums hold, no figure is off by one of its last place, nothing moves in vain."""

from __future__ import annotations

from itertools import product

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from zveno.close.rounded import Equation, controlled_rounding
from zveno.errors import SolveError

FIGURES = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-9, -1e-9, 1.0, 1e12 + 0.25])
"""Negative ones, zero, ties, almost whole ones, large ones."""


def held(values: np.ndarray, equations: list[Equation]) -> np.ndarray:
    """The figures as published; asserts what must always be so."""
    found = controlled_rounding(values, equations)
    size = np.maximum(np.abs(values), 1.0)
    for one in equations:
        assert sum(sign * int(found.published[n]) for n, sign in one.items()) == 0
    assert np.all(np.abs(found.published - values) < 1.0 + 1e-9 * size)
    assert np.array_equal(found.moved, np.flatnonzero(found.published != np.rint(values)))
    return found.published


def two_margins(table: np.ndarray) -> tuple[np.ndarray, list[Equation]]:
    """A table with the sums of its rows and columns and of all."""
    rows, columns = table.shape
    cells, n = np.arange(table.size).reshape(table.shape), table.size
    values = np.concatenate([table.ravel(), table.sum(1), table.sum(0), [table.sum()]])
    equations: list[Equation] = [{**dict.fromkeys(cells[i].tolist(), 1), n + i: -1} for i in range(rows)]
    equations += [{**dict.fromkeys(cells[:, j].tolist(), 1), n + rows + j: -1} for j in range(columns)]
    equations.append({**{n + i: 1 for i in range(rows)}, n + rows + columns: -1})
    return values, equations


@settings(max_examples=150, deadline=None)
@given(arrays(float, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=FIGURES))
def test_a_table_with_two_margins_always_has_a_rounding(table):
    held(*two_margins(table))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(FIGURES, min_size=1, max_size=5), min_size=1, max_size=5))
def test_a_tree_of_totals_always_has_a_rounding(branches):
    """Plants of sections: the chain is the sum of plants, each the sum of its parts."""
    leaves = [one for branch in branches for one in branch]
    values, equations, at = list(leaves), [], 0
    for branch in branches:
        values.append(float(np.sum(branch)))
        equations.append({**dict.fromkeys(range(at, at + len(branch)), 1), len(values) - 1: -1})
        at += len(branch)
    plants = range(len(leaves), len(values))
    values.append(float(np.sum(values[len(leaves) :])))
    equations.append({**dict.fromkeys(plants, 1), len(values) - 1: -1})
    held(np.array(values), equations)


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 7), st.integers(0, 2**32 - 1))
def test_a_network_that_closes_still_closes(nodes, seed):
    """Streams between sections, recycles too: opening + in − out − closing stays zero everywhere."""
    chance = np.random.default_rng(seed)
    ends = [(a, b) for a, b in product(range(nodes), repeat=2) if a != b and chance.random() < 0.5]
    # whatever goes around any loop closes: add flows along random cycles
    flow = dict.fromkeys(ends, 0.0)
    for a, b in ends:
        back = [(c, d) for c, d in ends if (c, d) == (b, a)]
        if back:
            amount = chance.normal(0, 30)
            flow[a, b] += amount
            flow[b, a] += amount
    streams = list(flow)
    equations: list[Equation] = [
        {n: 1 if b == node else -1 for n, (a, b) in enumerate(streams) if node in (a, b)} for node in range(nodes)
    ]
    held(np.array([flow[one] for one in streams]), [one for one in equations if one])


@settings(max_examples=60, deadline=None)
@given(arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 3)), elements=st.floats(-9, 9)))
def test_no_other_choice_of_neighbours_moves_less(table):
    """Against every choice there is, tried one by one."""
    values, equations = two_margins(table)
    published = held(values, equations)
    rows, columns = table.shape
    least = min(
        _moved(values, np.floor(table) + np.reshape(ups, table.shape))
        for ups in product((0, 1), repeat=rows * columns)
    )  # fmt: skip
    assert np.abs(published - values).sum() <= least + 1e-6


def _moved(values: np.ndarray, cells: np.ndarray) -> float:
    """How far all figures are moved by a choice; infinite where one is moved by one of the last place or more."""
    made = np.concatenate([cells.ravel(), cells.sum(1), cells.sum(0), [cells.sum()]])
    off = np.abs(made - values)
    whole = np.abs(values - np.rint(values)) <= 1e-6
    return float("inf") if (off >= 1).any() or (whole & (off > 1e-6)).any() else float(off.sum())


def test_what_is_whole_already_stays():
    table = np.array([[1.0, 2.0], [3.0, -4.0]])
    values, equations = two_margins(table)
    assert controlled_rounding(values, equations).published.tolist() == values.tolist()
    assert len(controlled_rounding(values, equations).moved) == 0


def test_a_total_that_is_no_sum_is_refused():
    with pytest.raises(SolveError, match="no sums of their parts"):
        controlled_rounding([1.2, 1.3, 2.7], [{0: 1, 1: 1, 2: -1}])


def test_sums_that_no_neighbours_keep_are_told():
    """A three-way table without a controlled rounding: each pair of three halves is whole."""
    with pytest.raises(SolveError, match="more decimals"):
        controlled_rounding(
            [0.5, 0.5, 0.5, 1.0, 1.0, 1.0], [{0: 1, 1: 1, 3: -1}, {1: 1, 2: 1, 4: -1}, {0: 1, 2: 1, 5: -1}]
        )


def test_figures_with_more_digits_than_numbers_hold_are_refused():
    with pytest.raises(SolveError, match="15 digits"):
        controlled_rounding([1e16], [])
