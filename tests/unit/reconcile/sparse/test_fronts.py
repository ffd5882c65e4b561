"""Sparse factors by fronts against dense algebra."""

import numpy as np
import pytest

from zveno.reconcile.sparse.frontal import dependent, factor, pattern


def laplacian(vertices, block, seed, *, negative=0):
    """A connected graph of small positive definite blocks, with some vertices of the other sign at the end."""
    rng = np.random.default_rng(seed)
    edges = {(k, k + 1) for k in range(vertices - 1)}
    edges |= {
        tuple(sorted(rng.choice(vertices, 2, replace=False).tolist())) for _ in range(vertices if vertices > 1 else 0)
    }
    n = vertices * block
    A = np.zeros((n, n))
    for i, j in edges:
        root = rng.normal(size=(block, block))
        B = root @ root.T + 0.1 * np.eye(block)
        at = [slice(k * block, (k + 1) * block) for k in (i, j)]
        A[at[0], at[0]] += B
        A[at[1], at[1]] += B
        A[at[0], at[1]] -= B
        A[at[1], at[0]] -= B
    A[:block, :block] += np.eye(block)
    if negative:
        across = np.where(rng.random((n, negative)) < 0.2, rng.normal(size=(n, negative)), 0.0)
        A = np.block([[A, across], [across.T, -2.0 * np.eye(negative)]])
    scale = 1 / np.sqrt(np.abs(np.diag(A)))
    A *= np.outer(scale, scale)
    vertex = np.concatenate([np.repeat(np.arange(vertices), block), vertices + np.arange(negative)])
    return A, vertex


def analysed(A, vertex, negative=None):
    """Pattern of a matrix with its entries."""
    rows, columns = np.nonzero(np.tril(A != 0) | np.eye(len(A), dtype=bool))
    return pattern(vertex, rows, columns, negative), A[rows, columns], rows, columns


@pytest.mark.parametrize("vertices, block", [(1, 3), (2, 1), (12, 1), (12, 4), (150, 3)])
def test_solutions_and_selected_inverse_are_those_of_dense_algebra(vertices, block):
    A, vertex = laplacian(vertices, block, seed=vertices)
    found, values, rows, columns = analysed(A, vertex)
    factors = factor(found, values)
    rhs = np.random.default_rng(0).normal(size=(len(A), 3))
    inverse = np.linalg.inv(A)
    np.testing.assert_allclose(factors.solve(rhs), inverse @ rhs, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(factors.solve(rhs[:, 0]), inverse @ rhs[:, 0], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(factors.selected(found.positions), inverse[rows, columns], rtol=1e-7, atol=1e-10)


def test_a_quasidefinite_matrix_is_factored_in_any_order():
    A, vertex = laplacian(30, 2, seed=5, negative=6)
    found, values, rows, columns = analysed(A, vertex, np.arange(36) >= 30)
    factors = factor(found, values)
    rhs = np.ones(len(A))
    np.testing.assert_allclose(A @ factors.solve(rhs), rhs, atol=1e-10)
    np.testing.assert_allclose(factors.selected(found.positions), np.linalg.inv(A)[rows, columns], rtol=1e-7, atol=1e-9)


def test_an_indefinite_front_is_refused():
    A, vertex = laplacian(5, 2, seed=1)
    A[3, 3] = -4.0
    found, values, _, _ = analysed(A, vertex)
    with pytest.raises(np.linalg.LinAlgError):
        factor(found, values)


def test_dependent_rows_are_those_that_leave_nothing():
    rng = np.random.default_rng(2)
    rows = np.where(rng.random((40, 60)) < 0.15, rng.normal(size=(40, 60)), 0.0)
    rows[np.arange(40), np.arange(40)] = 1.0
    rows[17] = rows[3] - 2 * rows[9]
    rows[31] = rows[5]
    A = rows @ rows.T
    scale = 1 / np.sqrt(np.diag(A))
    A *= np.outer(scale, scale)
    found, values, _, _ = analysed(A, np.repeat(np.arange(10), 4))
    gone = dependent(found, values, 1e-9)
    assert gone.sum() == 2
    assert np.linalg.matrix_rank(rows[~gone]) == 38 == np.linalg.matrix_rank(rows)


def test_an_empty_matrix_has_no_fronts():
    none = np.zeros(0, dtype=np.int64)
    assert pattern(none, none, none).entries == 0
