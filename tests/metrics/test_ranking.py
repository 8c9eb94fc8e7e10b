"""Top lists and per-user accuracy against lists made by hand and a naive ranking."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix

from fmm_core.metrics.ranking import METRICS, NO_ITEM, hits, per_user, recall_at, top_k
from fmm_core.types import Representations


def scored(scores: list[list[float]]) -> Representations:
    """Representations whose scores are exactly `scores`: one dimension per item."""
    user = np.array(scores, np.float32)
    return Representations(user, np.eye(user.shape[1], dtype=np.float32))


def owned(rows: list[list[int]], n_items: int) -> csr_matrix:
    table = np.zeros((len(rows), n_items), np.float32)
    for user, items in enumerate(rows):
        table[user, items] = 1
    return csr_matrix(table)


def test_a_list_is_ordered_by_score() -> None:
    top = top_k(scored([[0.1, 0.9, 0.5]]), owned([[]], 3), 2)
    assert_array_equal(top.items, [[1, 2]])
    assert_allclose(top.scores, [[0.9, 0.5]], rtol=1e-6)
    assert (top.items.dtype, top.scores.dtype) == (np.int32, np.float32)


def test_equal_scores_are_ordered_by_item_even_across_the_last_place() -> None:
    top = top_k(scored([[1, 0, 1, 0, 0, 1], [0, 0, 0, 0, 0, 0]]), owned([[], []], 6), 4)
    assert_array_equal(top.items, [[0, 2, 5, 1], [0, 1, 2, 3]])


def test_masked_items_never_appear() -> None:
    top = top_k(scored([[9, 8, 7, 6], [9, 8, 7, 6]]), owned([[0, 2], []], 4), 2)
    assert_array_equal(top.items, [[1, 3], [0, 1]])


def test_the_item_bias_counts() -> None:
    plain = scored([[1, 2, 3]])
    biased = Representations(plain.user, plain.item, np.array([5, 0, 0], np.float32))
    assert_array_equal(top_k(biased, owned([[]], 3), 3).items, [[0, 2, 1]])


@pytest.mark.parametrize("k", [2, 3, 5], ids=["fewer than items", "as many as items", "more than items"])
def test_places_without_a_candidate_are_marked(k: int) -> None:
    top = top_k(scored([[1, 2, 3], [1, 2, 3]]), owned([[1, 2], [0, 1, 2]], 3), k)
    assert_array_equal(top.items, [[0] + [NO_ITEM] * (k - 1), [NO_ITEM] * k])
    assert np.isneginf(top.scores[top.items == NO_ITEM]).all()


def test_an_empty_place_is_no_hit_for_a_neighbour_who_owns_the_last_item() -> None:
    items = np.array([[2], [NO_ITEM]], np.int32)
    assert_array_equal(hits(items, owned([[2], [0]], 3)), [[True], [False]])


def test_every_metric_by_hand() -> None:
    """Held out {0, 2, 5}; the list 2 1 0 4 hits at ranks 1 and 3."""
    values = per_user(np.array([[2, 1, 0, 4]], np.int32), owned([[0, 2, 5]], 6), (2, 4))
    second, third = 1 / math.log2(3), 1 / math.log2(4)
    expected = {
        ("recall", 2): 1 / 3,
        ("precision", 2): 1 / 2,
        ("ndcg", 2): 1 / (1 + second),
        ("map", 2): 1 / 2,
        ("recall", 4): 2 / 3,
        ("precision", 4): 2 / 4,
        ("ndcg", 4): (1 + third) / (1 + second + third),
        ("map", 4): (1 / 1 + 2 / 3) / 3,
    }
    assert set(values) == set(expected)
    for key, value in expected.items():
        assert_allclose(values[key], [value], rtol=1e-12, err_msg=str(key))


def test_users_without_held_out_items_count_nowhere() -> None:
    items = np.array([[0, 1], [0, 1]], np.int32)
    values = per_user(items, owned([[], [0]], 3), (1, 2))
    assert all(np.isnan(value[0]) and not np.isnan(value[1]) for value in values.values())
    representations = scored([[3, 2, 1], [3, 2, 1]])
    assert recall_at(representations, owned([[], []], 3), owned([[], [0, 2]], 3), 2) == 0.5
    assert recall_at(representations, owned([[], []], 3), owned([[], []], 3), 2) == 0.0


def test_blocks_of_users_change_nothing() -> None:
    rng = np.random.default_rng(0)
    representations = Representations(
        rng.integers(-2, 3, (11, 3)).astype(np.float32), rng.integers(-2, 3, (9, 3)).astype(np.float32)
    )
    masked = csr_matrix((rng.random((11, 9)) < 0.4).astype(np.float32))
    whole, pieces = top_k(representations, masked, 4), top_k(representations, masked, 4, block=3)
    assert_array_equal(whole.items, pieces.items)
    assert_array_equal(whole.scores, pieces.scores)


def naive_list(scores: np.ndarray, masked: np.ndarray, k: int) -> list[int]:
    candidates = [item for item in range(len(scores)) if not masked[item]]
    ranked = sorted(candidates, key=lambda item: (-scores[item], item))[:k]
    return ranked + [NO_ITEM] * (k - len(ranked))


def naive_metrics(ranked: list[int], held: set[int], k: int) -> dict[str, float]:
    hit = [item in held for item in ranked[:k]]
    ideal = sum(1 / math.log2(rank + 2) for rank in range(min(k, len(held))))
    return {
        "recall": sum(hit) / len(held),
        "precision": sum(hit) / k,
        "ndcg": sum(h / math.log2(rank + 2) for rank, h in enumerate(hit)) / ideal,
        "map": sum(sum(hit[: rank + 1]) / (rank + 1) for rank, h in enumerate(hit) if h) / min(k, len(held)),
    }


small = st.integers(-2, 2)  # whole numbers: ties are common and scores exact


@settings(max_examples=80, deadline=None)
@given(data=st.data(), users=st.integers(1, 4), items=st.integers(1, 8), k=st.integers(1, 9))
def test_lists_and_metrics_equal_a_naive_ranking(data: st.DataObject, users: int, items: int, k: int) -> None:
    def table(rows: int, columns: int, values: st.SearchStrategy) -> np.ndarray:
        return data.draw(hnp.arrays(np.float32, (rows, columns), elements=values))

    representations = Representations(table(users, 2, small), table(items, 2, small), table(1, items, small)[0])
    masked, held = table(users, items, st.integers(0, 1)), table(users, items, st.integers(0, 1))
    scores = representations.user @ representations.item.T + representations.item_bias
    found = top_k(representations, csr_matrix(masked), k).items
    values = per_user(found, csr_matrix(held), (k,))
    for user in range(users):
        assert found[user].tolist() == naive_list(scores[user], masked[user], k)
        wanted = set(np.flatnonzero(held[user]).tolist())
        expected = naive_metrics(found[user].tolist(), wanted, k) if wanted else dict.fromkeys(METRICS, math.nan)
        assert_allclose([values[metric, k][user] for metric in METRICS], [expected[metric] for metric in METRICS])
