"""Bootstrap estimates: means by another library, intervals by their coverage."""

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame
from numpy.testing import assert_allclose, assert_array_equal

from fmm_core.metrics.groups import Estimate, bootstrap


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def everyone(n: int) -> list[np.ndarray]:
    return [np.ones(n, bool)]


def width(estimate: Estimate, column: int) -> float:
    return float(estimate.high[column] - estimate.low[column])


def test_group_means_and_gap_equal_fairlearn(rng: np.random.Generator) -> None:
    code, values = rng.integers(0, 3, 90), rng.random((90, 2))
    groups, gap = bootstrap(values, [code == label for label in range(3)], 0, resamples=20)
    for column in range(2):
        oracle = MetricFrame(
            metrics=lambda _, predicted: float(np.mean(predicted)),
            y_true=np.zeros(90),
            y_pred=values[:, column],
            sensitive_features=code,
        )
        assert_allclose([group.value[column] for group in groups], oracle.by_group.to_numpy(), rtol=1e-12)
        assert_allclose(gap.value[column], oracle.difference(), rtol=1e-12)
    assert [group.n for group in groups] == np.bincount(code).tolist()
    assert gap.n == 90


def test_intervals_cover_a_known_mean(rng: np.random.Generator) -> None:
    """100 samples of 200 from a skewed distribution of mean 1: 95 expected, fewer than 88 once in 500 such tests."""
    covered = 0
    for seed in range(100):
        [estimate], _ = bootstrap(rng.exponential(size=(200, 1)), everyone(200), seed, resamples=300)
        covered += bool(estimate.low[0] <= 1 <= estimate.high[0])
    assert 88 <= covered < 100


def test_paired_change_is_narrower_than_two_figures_apart(rng: np.random.Generator) -> None:
    before = rng.random(400)
    change = 0.1 + 0.05 * rng.normal(size=400)
    values = np.column_stack([before, before + change])
    [estimate], _ = bootstrap(values, everyone(400), 0, before=slice(0, 1), after=slice(1, 2))
    assert_allclose(estimate.value, [*values.mean(axis=0), change.mean()], rtol=1e-12)
    assert width(estimate, 2) < 0.3 * np.hypot(width(estimate, 0), width(estimate, 1))
    assert_allclose(width(estimate, 2), 2 * 1.96 * change.std() / np.sqrt(400), rtol=0.15)


def test_change_of_the_gap_is_gap_after_minus_gap_before() -> None:
    """The larger group changes sides: gaps of 0.4 and 0.2 differ by −0.2, though the groups' difference moved by 0.6."""
    code = np.repeat([0, 1], 10)
    values = np.column_stack([np.where(code == 0, 0.7, 0.3), np.where(code == 0, 0.4, 0.6)])
    _, gap = bootstrap(values, [code == 0, code == 1], 0, before=slice(0, 1), after=slice(1, 2), resamples=20)
    assert_allclose(gap.value, [0.4, 0.2, -0.2], atol=1e-12)


def test_one_seed_gives_one_answer(rng: np.random.Generator) -> None:
    values = rng.random((50, 3))
    first, again, other = (bootstrap(values, everyone(50), seed, resamples=50)[0][0] for seed in (1, 1, 2))
    assert_array_equal(first.low, again.low)
    assert_array_equal(first.high, again.high)
    assert not np.array_equal(first.low, other.low)


def test_a_user_with_nan_counts_nowhere(rng: np.random.Generator) -> None:
    values, half = rng.random((30, 2)), np.arange(30) < 15
    holed = np.insert(values, 4, [np.nan, 0.5], axis=0)
    [with_hole], _ = bootstrap(holed, [np.insert(half, 4, True)], 0, resamples=50)
    [without], _ = bootstrap(values, [half], 0, resamples=50)
    assert with_hole.n == without.n == 15
    assert_array_equal(with_hole.value, without.value)
    assert_array_equal(with_hole.low, without.low)


def test_a_group_without_people_is_nan(rng: np.random.Generator) -> None:
    (full, empty), _ = bootstrap(rng.random((20, 2)), [np.ones(20, bool), np.zeros(20, bool)], 0, resamples=20)
    assert empty.n == 0
    assert np.isnan([empty.value, empty.low, empty.high]).all()
    assert not np.isnan(full.value).any()


def test_nobody_at_all_is_nan() -> None:
    [estimate], gap = bootstrap(np.full((3, 2), np.nan), everyone(3), 0, resamples=20)
    assert (estimate.n, gap.n) == (0, 0)
    assert np.isnan([estimate.value, gap.value]).all()
