import numpy as np
import pytest

from dashboard.neighbours import like_neighbours


def naive(xy: np.ndarray, codes: np.ndarray, k: int) -> float:
    shares = []
    for i in range(len(xy)):
        distance = np.linalg.norm(xy - xy[i], axis=1)
        distance[i] = np.inf
        shares.append((codes[np.argsort(distance)[:k]] == codes[i]).mean())
    return float(np.mean(shares))


def test_equals_the_naive_count_across_blocks():
    rng = np.random.default_rng(0)
    xy, codes = rng.normal(size=(700, 2)), rng.integers(0, 3, 700)
    xy[:, 0] += codes
    share, chance = like_neighbours(xy, codes)
    assert share == pytest.approx(naive(xy.astype(np.float32), codes, 10), abs=1e-4)
    assert 0.32 < chance < 0.35


def test_chance_is_exact_for_small_groups():
    codes = np.array([0] * 12 + [1] * 8)
    _, chance = like_neighbours(np.random.default_rng(0).normal(size=(20, 2)), codes)
    assert chance == pytest.approx((12 * 11 + 8 * 7) / (20 * 19))


def test_undisclosed_people_are_left_out_and_too_few_have_no_share():
    xy = np.random.default_rng(0).normal(size=(30, 2))
    assert like_neighbours(xy, np.zeros(30, int)) == (1.0, 1.0)
    share, chance = like_neighbours(xy, np.array([0] * 10 + [-1] * 20))
    assert np.isnan(share)
    assert np.isnan(chance)
