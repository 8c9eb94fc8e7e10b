"""Exposure: every formula by hand on lists of three, the jackknife by leaving people out."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix

from fmm_core.metrics import exposure
from fmm_core.metrics.ranking import NO_ITEM

LISTS = np.array([[0, 1, 2], [0, 1, 3], [0, 4, NO_ITEM], [NO_ITEM] * 3], np.int32)
N_ITEMS = 6
FLAGS = np.array([[1, 0], [0, 1], [1, 1], [0, 0], [1, 0], [0, 1]])


def test_the_popular_fifth_is_rounded_up_and_ties_keep_their_order() -> None:
    assert_array_equal(np.flatnonzero(exposure.popular_items(np.array([5, 7, 7, 7, 0, 1]))), [1, 2])
    assert exposure.popular_items(np.zeros(10)).sum() == 2


def test_popular_share_by_hand() -> None:
    """Items 0 and 3 are popular; the third list has two places filled, the fourth none."""
    popular = np.isin(np.arange(N_ITEMS), [0, 3])
    found = exposure.popular_share(LISTS, popular, (1, 3))
    assert_allclose(found[1], [1, 1, 1, np.nan])
    assert_allclose(found[3], [1 / 3, 2 / 3, 1 / 2, np.nan])


def test_popular_share_does_not_count_the_filling_as_the_last_item() -> None:
    popular = np.arange(N_ITEMS) == N_ITEMS - 1
    assert_allclose(exposure.popular_share(LISTS, popular, (3,))[3], [0, 0, 0, np.nan])


def test_an_item_is_spread_over_its_categories() -> None:
    assert_allclose(exposure.item_categories(FLAGS), [[1, 0], [0, 1], [0.5, 0.5], [0, 0], [1, 0], [0, 1]])


def test_categories_of_lists_and_histories_by_hand() -> None:
    """Item 3 has no category and counts nowhere."""
    categories = exposure.item_categories(FLAGS)
    found = exposure.list_categories(LISTS, categories, (2, 3))
    assert_allclose(found[2], [[0.5, 0.5], [0.5, 0.5], [1, 0], [np.nan] * 2])
    assert_allclose(found[3], [[0.5, 0.5], [0.5, 0.5], [1, 0], [np.nan] * 2])
    history = csr_matrix(np.array([[1, 0, 1, 1, 0, 0], [0, 0, 0, 1, 0, 0]], np.float32))
    assert_allclose(exposure.history_categories(history, categories), [[0.75, 0.25], [np.nan, np.nan]])


def test_miscalibration_by_hand() -> None:
    """Alike: 0. A list without the second category: q̃ = (0.995, 0.005). What is new costs by its share."""
    history = np.array([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0], [np.nan, np.nan], [0.5, 0.5]])
    listed = np.array([[0.5, 0.5], [1.0, 0.0], [0.5, 0.5], [1.0, 0.0], [np.nan, np.nan]])
    one_sided = 0.5 * np.log(0.5 / 0.995) + 0.5 * np.log(0.5 / 0.005)
    diluted = np.log(1 / (0.99 * 0.5 + 0.01))
    assert_allclose(exposure.miscalibration(history, listed), [0, one_sided, diluted, np.nan, np.nan], atol=1e-12)


def test_the_worst_list_costs_the_logarithm_of_the_smoothing() -> None:
    assert_allclose(exposure.miscalibration(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])), [np.log(100)])


def test_share_of_the_favourite_category_by_hand() -> None:
    history = np.array([[0.7, 0.3], [0.2, 0.8], [np.nan, np.nan], [1.0, 0.0]])
    listed = np.array([[0.6, 0.4], [0.6, 0.4], [0.6, 0.4], [np.nan, np.nan]])
    assert_allclose(exposure.favourite_share(history, listed), [0.6, 0.4, np.nan, np.nan])


def test_coverage_by_hand() -> None:
    """Five of six items are shown; items 2, 3 and 4 in one list only."""
    found = exposure.coverage(LISTS, N_ITEMS)
    assert_allclose(found.value, 5 / 6)
    assert_allclose(found.influence, [1 / 6, 1 / 6, 1 / 6, 0])


def test_gini_by_hand() -> None:
    """Exposures 3, 2, 1, 1, 1, 0: Σ (2i − 7) e = −5·0 − 3 − 1 + 1 + 3·2 + 5·3 = 18, of 6 · 8."""
    assert_allclose(exposure.gini(LISTS, N_ITEMS).value, 18 / 48)


def test_gini_is_0_for_equals_and_nearly_1_for_one_star() -> None:
    assert exposure.gini(np.arange(6, dtype=np.int32).reshape(2, 3), 6).value == pytest.approx(0)
    assert exposure.gini(np.zeros((9, 1), np.int32), 100).value == pytest.approx(0.99)
    assert np.isnan(exposure.gini(np.full((2, 3), NO_ITEM, np.int32), 6).value)


@pytest.mark.parametrize(
    ("measure", "people", "tolerance"), [(exposure.coverage, 8, 1e-12), (exposure.gini, 200, 2e-4)]
)
def test_influences_are_what_leaving_a_list_out_does(
    measure: Callable[[np.ndarray, int], exposure.Aggregate], people: int, tolerance: float
) -> None:
    """Exactly for coverage; for the Gini index, a smooth function of many lists, nearly."""
    rng = np.random.default_rng(0)
    weights = np.arange(1, 31) / np.arange(1, 31).sum()
    lists = np.array([rng.choice(30, 5, replace=False, p=weights) for _ in range(people)], np.int32)
    whole = measure(lists, 30)
    without = [whole.value - measure(np.delete(lists, user, axis=0), 30).value for user in range(people)]
    assert_allclose(whole.influence, without, atol=tolerance)
    assert np.ptp(whole.influence) > 5 * tolerance


def test_the_jackknife_of_gini_is_as_wide_as_fresh_samples() -> None:
    rng = np.random.default_rng(1)
    weights = np.arange(1, 41) / np.arange(1, 41).sum()

    def sample() -> exposure.Aggregate:
        return exposure.gini(np.array([rng.choice(40, 5, replace=False, p=weights) for _ in range(150)], np.int32), 40)

    drawn = [sample() for _ in range(150)]
    spread = np.std([each.value for each in drawn])
    assert_allclose(np.mean([each.reach() for each in drawn]) / 1.96, spread, rtol=0.25)


def test_a_change_of_nothing_is_nothing() -> None:
    found = exposure.gini(LISTS, N_ITEMS)
    change = found.minus(found)
    assert (change.value, change.reach()) == (0, 0)


def test_one_person_has_no_interval() -> None:
    assert np.isnan(exposure.coverage(LISTS[:1], N_ITEMS).reach())
