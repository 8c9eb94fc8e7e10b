"""Relations on examples small enough for a pencil, and against scikit-learn's neighbours."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix
from sklearn.neighbors import NearestNeighbors

from fmm_core.fairness.relations import profile_graph, related, relation_graph


def test_a_graph_by_hand() -> None:
    """Profiles (1,0), (1,0), (0,1), uncentred, 2 neighbours: 0 and 1 know each other, 2 itself and one at cosine 0.

    Rows sum to 2, 2 and 1, so an edge between the first two weighs 1/2 and the third's loop 1.
    """
    features = np.array([[1, 0], [0, 1]], np.float32)
    train = csr_matrix(np.array([[1, 0], [1, 0], [0, 1]], np.float32))
    found = profile_graph(train, features, 2, centred=False).toarray()
    assert_allclose(found[:2, :2], [[0.5, 0.5], [0.5, 0.5]], atol=1e-6)
    assert_allclose(found[2], [0, 0, 1], atol=1e-6)


def test_centring_finds_neighbours_that_a_large_common_part_hides() -> None:
    rng = np.random.default_rng(0)
    features = (rng.normal(size=(30, 5)) + 50).astype(np.float32)
    train = csr_matrix((rng.random((20, 30)) < 0.3).astype(np.float32))
    profiles = train.toarray() / train.toarray().sum(axis=1, keepdims=True) @ features
    profiles -= profiles.mean(axis=0)
    expected = NearestNeighbors(n_neighbors=4, metric="cosine").fit(profiles).kneighbors(profiles)[1]
    found = profile_graph(train, features, 4)
    for user in range(20):
        assert set(found[user].indices) == set(expected[user])


def test_a_user_without_interactions_is_related_to_nobody_else() -> None:
    rng = np.random.default_rng(0)
    dense = (rng.random((10, 8)) < 0.5).astype(np.float32)
    dense[3] = 0
    found = profile_graph(csr_matrix(dense), rng.normal(size=(8, 4)).astype(np.float32), 3).toarray()
    assert_allclose(found[3], np.eye(10)[3])
    assert_allclose(found[:, 3], np.eye(10)[3])


def test_graphs_are_mixed_by_weights_that_sum_to_1() -> None:
    first, second = csr_matrix(np.eye(2)), csr_matrix(np.ones((2, 2)))
    found = relation_graph({"text": first, "audio": second}, {"text": 3.0})
    assert_allclose(found.toarray(), 0.75 * np.eye(2) + 0.25)


@pytest.mark.parametrize(
    ("fair", "unfair", "expected"),
    [
        (True, True, [[1.1 - 0.05, 0.0 - 0.05 + 0.0], [0.1 - 0.05, 1 - 0.05]]),
        (True, False, [[1.1, 0.0], [0.1, 1.0]]),
        (False, True, [[0.95, -0.05], [-0.05, 0.95]]),
        (False, False, [[1.0, 0.0], [0.0, 1.0]]),
    ],
)
def test_people_are_drawn_to_one_side_and_pushed_from_the_other(
    fair: bool, unfair: bool, expected: list[list[float]]
) -> None:
    user = np.eye(2, dtype=np.float32)
    to_first = csr_matrix(np.array([[1.0, 0.0], [1.0, 0.0]]))  # both are drawn to the first
    mean = csr_matrix(np.full((2, 2), 0.5))  # and pushed from the mean
    found = related(user, to_first if fair else None, mean if unfair else None, 0.1)
    assert_allclose(found, expected, atol=1e-6)
