"""Sparse graphs against dense algebra."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from fmm_core.recommenders import graphs
from fmm_core.recommenders.graphs import Graph

CPU = torch.device("cpu")


def neighbours(features: torch.Tensor, k: int, **settings: int) -> list[list[int]]:
    """Who each row keeps, in ascending order."""
    rows, columns = graphs.nearest(features, k, **settings)
    return [sorted(columns[rows == row].tolist()) for row in range(len(features))]


def test_product_and_its_gradient_equal_dense_autograd() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(7, 5)) * (rng.random((7, 5)) < 0.5)
    dense = torch.from_numpy(matrix.astype(np.float32))
    vectors, weights = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), torch.arange(21.0).reshape(7, 3)

    def gradient(product: object) -> tuple[torch.Tensor, torch.Tensor]:
        start = vectors.clone().requires_grad_()
        result = product @ start
        (weights * result.square()).sum().backward()
        return result.detach(), start.grad

    result, found = gradient(Graph(sparse.csr_matrix(matrix), CPU))
    expected_result, expected = gradient(dense)
    assert_allclose(result, expected_result, rtol=1e-5, atol=1e-6)
    assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


def test_bipartite_by_hand() -> None:
    train = sparse.csr_matrix(np.array([[1, 0], [1, 1]], np.float32))
    expected = [[0, 0, 1, 0], [0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 0]]
    assert_array_equal(graphs.bipartite(train).toarray(), expected)
    assert_array_equal(graphs.bipartite(train, self_loops=True).toarray(), np.array(expected) + np.eye(4))


def test_norm_by_hand() -> None:
    """Row sums 4, 9, 0 and −1: the last two count as 0."""
    matrix = sparse.csr_matrix(np.array([[1.0, 3, 0, 0], [2, 7, 0, 0], [0, 0, 0, 0], [-1, 0, 0, 0]]))
    expected = [[1 / 4, 3 / 6, 0, 0], [2 / 6, 7 / 9, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert_allclose(graphs.symmetric_normalised(matrix).toarray(), expected)


def test_row_average_by_hand() -> None:
    matrix = sparse.csr_matrix(np.array([[1.0, 3], [0, 0]]))
    assert_allclose(graphs.row_average(matrix).toarray(), [[1 / 4, 3 / 4], [0, 0]])


def test_nearest_keeps_the_row_itself_and_the_most_alike() -> None:
    features = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 5.0], [-1.0, 0.0]])
    assert neighbours(features, 2) == [[0, 1], [0, 1], [2, 3], [2, 3], [2, 4]]


def test_nearest_in_blocks_is_the_same() -> None:
    features = torch.randn(23, 4, generator=torch.Generator().manual_seed(1))
    assert neighbours(features, 5) == neighbours(features, 5, block=4)


def test_a_zero_row_keeps_only_itself_and_is_nobodys_neighbour() -> None:
    features = torch.tensor([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.1]])
    assert neighbours(features, 3) == [[0, 2], [1], [0, 2]]
    rows, columns = graphs.nearest(features, 3)
    weights = graphs.cosines(features, rows, columns)
    assert_allclose(weights[rows == columns], torch.ones(3))


def test_ties_are_tolerated_and_settled_the_same_way_every_time() -> None:
    """As for items without features, who all share one mean vector."""
    features = torch.ones(60, 3)
    found = neighbours(features, 5)
    assert all(len(set(kept)) == 5 and row in kept for row, kept in enumerate(found))
    assert neighbours(features, 5) == found


def test_cosines_have_the_gradient_of_a_cosine() -> None:
    features = torch.randn(4, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64, requires_grad=True)
    rows, columns = torch.tensor([0, 1, 3]), torch.tensor([2, 0, 1])
    expected = torch.nn.functional.cosine_similarity(features[rows], features[columns])
    assert_allclose(graphs.cosines(features, rows, columns).detach(), expected.detach())
    assert torch.autograd.gradcheck(lambda table: graphs.cosines(table, rows, columns), features)


def test_normalised_edges_are_the_norm_of_their_matrix() -> None:
    """Repeated edges (0 → 1 twice) add up, and a row that sums below 0 counts as 0."""
    rows, columns = torch.tensor([0, 0, 0, 1, 2]), torch.tensor([1, 1, 0, 2, 0])
    weights = torch.tensor([0.5, 1.0, 2.5, 4.0, -1.0])
    expected = graphs.symmetric_normalised(graphs.edges_to_matrix(weights, rows, columns, 3)).toarray()
    found = graphs.edges_to_matrix(graphs.normalised_edges(weights, rows, columns, 3), rows, columns, 3).toarray()
    assert expected[0, 1] == pytest.approx(1.5 / np.sqrt(4 * 4))
    assert_allclose(found, expected, rtol=1e-6)
