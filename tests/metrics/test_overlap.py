"""Likeness of lists and scores: by hand, and against a loop that follows the definition."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fmm_core.metrics.overlap import jaccard, rbo, score_shift
from fmm_core.metrics.ranking import NO_ITEM
from fmm_core.types import Representations


def lists(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.int32)


def test_jaccard_by_hand() -> None:
    """Order plays no part; the filling is no item."""
    first = lists([1, 2, 3], [1, 2, 3], [1, 2, NO_ITEM], [NO_ITEM] * 3)
    second = lists([3, 1, 9], [7, 8, 9], [2, NO_ITEM, NO_ITEM], [NO_ITEM] * 3)
    assert_allclose(jaccard(first, second), [2 / 4, 0, 1 / 2, np.nan])


def test_rbo_by_hand() -> None:
    """Depth 1: nothing shared; depth 2: both. With p = 0.5: 1 · 0.25 + 1 · (0 · 0.5 + 1 · 0.25)."""
    assert_allclose(rbo(lists([1, 2]), lists([2, 1]), p=0.5), [0.5])


def test_rbo_of_the_same_order_is_1_and_of_strangers_0() -> None:
    own = lists(list(range(50)), list(range(50)))
    assert_allclose(rbo(own, lists(list(range(50)), list(range(50, 100)))), [1, 0])


def test_rbo_counts_the_top_for_more() -> None:
    own = lists([1, 2, 3, 4], [1, 2, 3, 4])
    other = lists([9, 2, 3, 4], [1, 2, 3, 9])
    low, high = rbo(own, other)
    assert low < high


def test_rbo_follows_its_definition() -> None:
    rng = np.random.default_rng(0)
    first, second = (np.array([rng.permutation(15)[:8] for _ in range(20)], np.int32) for _ in range(2))
    first[3, 6:] = second[3, 5:] = NO_ITEM
    for one, other, found in zip(first, second, rbo(first, second, p=0.8), strict=True):
        shared = [len((set(one[:d]) & set(other[:d])) - {NO_ITEM}) for d in range(1, 9)]
        expected = shared[-1] / 8 * 0.8**8 + 0.2 / 0.8 * sum(x / d * 0.8**d for d, x in enumerate(shared, start=1))
        assert_allclose(found, expected)


def test_score_shift_by_hand() -> None:
    """Scores 1, 2, 3 and 6, 4, 2 are ±√1.5 and 0 at mean 0 and spread 1: opposite at the ends, alike in the middle."""
    items = np.array([[1, 3], [2, 2], [3, 1]], np.float32)
    own = np.array([[1, 0], [1, 0], [1, 0]], np.float32)
    other = np.array([[0, 2], [5, 0], [0, 0]], np.float32)
    end = np.sqrt(1.5)
    expected = [4 * end / 3, 0, 2 * end / 3]  # the last person has no opinion: all scores equal
    assert_allclose(score_shift(Representations(own, items), own, other), expected, rtol=1e-6)


def test_what_everyone_likes_counts_for_both() -> None:
    """The bias of items is part of a score: a large one makes any two people alike."""
    rng = np.random.default_rng(0)
    items, first, second = (rng.normal(size=(n, 4)).astype(np.float32) for n in (60, 5, 5))
    plain = score_shift(Representations(first, items), first, second)
    biased = score_shift(Representations(first, items, 100 * items[:, 0]), first, second)
    assert (biased < 0.2 * plain).all()


@pytest.mark.parametrize("block", [1, 7])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    rng = np.random.default_rng(0)
    items, first, second = (rng.normal(size=(n, 4)).astype(np.float32) for n in (30, 20, 20))
    model = Representations(first, items)
    whole = score_shift(model, first, second)
    monkeypatch.setattr("fmm_core.metrics.overlap.SCORES", 30 * block)
    assert_allclose(score_shift(model, first, second), whole, rtol=1e-6)
