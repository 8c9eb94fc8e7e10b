"""People who were not in training, and the floor everyone is compared with."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge

from fmm_core.recommenders.base import fold_in
from fmm_core.recommenders.popularity import popularity
from fmm_core.types import Representations


def test_a_folded_in_vector_is_a_ridge_regression_on_the_item_vectors() -> None:
    rng = np.random.default_rng(0)
    items = rng.normal(size=(30, 4)).astype(np.float32)
    histories = (rng.random((5, 30)) < 0.3).astype(np.float32)
    found = fold_in(Representations(np.zeros((2, 4), np.float32), items), csr_matrix(histories), ridge=2.5)
    mean_eigenvalue = np.linalg.eigvalsh(items.T.astype(float) @ items).mean()
    expected = Ridge(alpha=2.5 * mean_eigenvalue, fit_intercept=False).fit(items, histories.T).coef_
    assert found.dtype == np.float32
    assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_longer_item_vectors_change_no_ranking() -> None:
    rng = np.random.default_rng(1)
    items, histories = rng.normal(size=(30, 4)).astype(np.float32), csr_matrix(np.eye(30, dtype=np.float32)[:5])
    short, long = (Representations(np.zeros((1, 4), np.float32), scale * items) for scale in (1, 8))
    assert_allclose(fold_in(long, histories) @ long.item.T, fold_in(short, histories) @ short.item.T, rtol=1e-4)


def test_someone_without_a_history_gets_a_zero_vector() -> None:
    items = np.eye(3, dtype=np.float32)
    found = fold_in(Representations(np.zeros((1, 3), np.float32), items), csr_matrix((2, 3), dtype=np.float32))
    assert_array_equal(found, np.zeros((2, 3)))


def test_popularity_scores_everyone_by_counts() -> None:
    train = csr_matrix(np.array([[1, 0, 1], [1, 0, 0]], np.float32))
    found = popularity(train)
    assert_array_equal(found.user @ found.item.T + found.item_bias, [[2, 0, 1], [2, 0, 1]])
