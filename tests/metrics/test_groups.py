"""Bootstrap estimates: means by another library, intervals by their coverage."""

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame
from numpy.testing import assert_allclose, assert_array_equal

from fmm_core.metrics.groups import Estimate, Resampled, gap, gap_change, group_means, ratio, ratio_change, resample


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def everyone(n: int) -> list[np.ndarray]:
    return [np.ones(n, bool)]


def column(sample: Resampled, place: int) -> Resampled:
    return sample.of_columns(slice(place, place + 1))


def width(estimate: Estimate, column: int) -> float:
    return float(estimate.high[column] - estimate.low[column])


def test_group_means_and_gap_equal_fairlearn(rng: np.random.Generator) -> None:
    code, values = rng.integers(0, 3, 90), rng.random((90, 2))
    sample = resample(values, [code == label for label in range(3)], 0, resamples=20)
    groups, spread = group_means(sample), gap(sample)
    for place in range(2):
        oracle = MetricFrame(
            metrics=lambda _, predicted: float(np.mean(predicted)),
            y_true=np.zeros(90),
            y_pred=values[:, place],
            sensitive_features=code,
        )
        assert_allclose([group.value[place] for group in groups], oracle.by_group.to_numpy(), atol=1e-11)
        assert_allclose(spread.value[place], oracle.difference(), atol=1e-11)
    assert [group.n for group in groups] == np.bincount(code).tolist()
    assert spread.n == 90


def test_intervals_cover_a_known_mean(rng: np.random.Generator) -> None:
    """100 samples of 200 from a skewed distribution of mean 1: 95 expected, fewer than 88 once in 500 such tests."""
    covered = 0
    for seed in range(100):
        [estimate] = group_means(resample(rng.exponential(size=(200, 1)), everyone(200), seed, resamples=300))
        covered += bool(estimate.low[0] <= 1 <= estimate.high[0])
    assert 88 <= covered < 100


def test_paired_change_is_narrower_than_two_figures_apart(rng: np.random.Generator) -> None:
    before = rng.random(400)
    change = 0.1 + 0.05 * rng.normal(size=400)
    values = np.column_stack([before, before + change])
    sample = resample(values, everyone(400), 0)
    [levels], [paired] = group_means(sample), group_means(column(sample, 1).minus(column(sample, 0)))
    assert_allclose(levels.value, values.mean(axis=0), rtol=1e-10)
    assert_allclose(paired.value, [change.mean()], rtol=1e-10)
    assert width(paired, 0) < 0.3 * np.hypot(width(levels, 0), width(levels, 1))
    assert_allclose(width(paired, 0), 2 * 1.96 * change.std() / np.sqrt(400), rtol=0.15)


def test_change_of_the_gap_is_gap_after_minus_gap_before() -> None:
    """The larger group changes sides: gaps of 0.4 and 0.2 differ by −0.2, though the difference moved by 0.6."""
    code = np.repeat([0, 1], 10)
    values = np.column_stack([np.where(code == 0, 0.7, 0.3), np.where(code == 0, 0.4, 0.6)])
    sample = resample(values, [code == 0, code == 1], 0, resamples=20)
    change = gap_change(column(sample, 1), column(sample, 0))
    assert_allclose(gap(sample).value, [0.4, 0.2], atol=1e-12)
    assert_allclose([change.value[0], change.low[0], change.high[0]], [-0.2, -0.2, -0.2], atol=1e-12)


def test_one_seed_gives_one_answer(rng: np.random.Generator) -> None:
    values = rng.random((50, 3))
    first, again, other = (group_means(resample(values, everyone(50), seed, resamples=50))[0] for seed in (1, 1, 2))
    assert_array_equal(first.low, again.low)
    assert_array_equal(first.high, again.high)
    assert not np.array_equal(first.low, other.low)


def test_a_user_with_nan_counts_nowhere(rng: np.random.Generator) -> None:
    values, half = rng.random((30, 2)), np.arange(30) < 15
    holed = np.insert(values, 4, [np.nan, 0.5], axis=0)
    [with_hole] = group_means(resample(holed, [np.insert(half, 4, True)], 0, resamples=50))
    [without] = group_means(resample(values, [half], 0, resamples=50))
    assert with_hole.n == without.n == 15
    assert_array_equal(with_hole.value, without.value)
    assert_array_equal(with_hole.low, without.low)


def test_a_group_without_people_is_nan(rng: np.random.Generator) -> None:
    groups = [np.arange(20) < 10, np.arange(20) >= 10, np.zeros(20, bool)]
    sample = resample(rng.random((20, 2)), groups, 0, resamples=20)
    full, other, empty = group_means(sample)
    assert empty.n == 0
    assert np.isnan([empty.value, empty.low, empty.high]).all()
    assert not np.isnan(full.value).any()
    assert_allclose(gap(sample).value, np.abs(full.value - other.value))


def test_nobody_at_all_is_nan() -> None:
    sample = resample(np.full((3, 2), np.nan), everyone(3), 0, resamples=20)
    [estimate], spread = group_means(sample), gap(sample)
    assert (estimate.n, spread.n) == (0, 0)
    assert np.isnan([estimate.value, spread.value]).all()


def test_blocks_of_resamples_do_not_repeat(rng: np.random.Generator) -> None:
    drawn = resample(rng.random((50, 1)), everyone(50), 5, resamples=230).drawn
    assert len(np.unique(drawn)) > 220


def test_equal_columns_have_equal_figures(rng: np.random.Generator) -> None:
    """Wherever a column stands: otherwise a model that changes nothing would show a difference of 1e-16."""
    sample = resample(np.tile(rng.random((123, 1)), 7), everyone(123), 0, resamples=20)
    assert (sample.drawn == sample.drawn[..., :1]).all()
    assert (sample.means == sample.means[..., :1]).all()


@pytest.mark.parametrize("apart", [0.0, 0.1])
def test_the_interval_of_a_gap_covers_the_true_gap(rng: np.random.Generator, apart: float) -> None:
    """Six groups alike, or one of them apart: at least 90 of 100 samples; a percentile interval never covers 0."""
    code = np.repeat(np.arange(6), 50)
    covered = 0
    for seed in range(100):
        values = apart * (code == 0)[:, None] + rng.normal(0, 0.2, (len(code), 1))
        estimate = gap(resample(values, [code == label for label in range(6)], seed, resamples=200))
        covered += bool(estimate.low[0] <= apart <= estimate.high[0])
    assert covered >= 90


def test_ratio_by_hand() -> None:
    """0.2 of 0.5 before, 0.3 of 0.4 after; within a group nobody differs, so intervals have no width."""
    code = np.repeat([0, 1], 10)
    values = np.column_stack([np.where(code == 0, 0.2, 0.5), np.where(code == 0, 0.4, 0.3)])
    sample = resample(values, [code == 0, code == 1], 0, resamples=20)
    found = ratio(sample)
    for figures in (found.value, found.low, found.high):
        assert_allclose(figures, [0.4, 0.75])
    change = ratio_change(column(sample, 1), column(sample, 0))
    assert_allclose([change.value[0], change.low[0], change.high[0]], 0.35)


def test_a_ratio_of_nothing_says_nothing() -> None:
    """A group without any success: anything from 0 to 1; nobody with a success: no ratio."""
    code = np.repeat([0, 1], 10)
    sample = resample(np.column_stack([1.0 * (code == 0), 0.0 * code]), [code == 0, code == 1], 0, resamples=20)
    found = ratio(sample)
    assert (found.value[0], found.low[0], found.high[0]) == (0, 0, 1)
    change = ratio_change(column(sample, 1), column(sample, 0))
    for each, place in ((found, 1), (change, 0)):
        assert np.isnan([each.value[place], each.low[place], each.high[place]]).all()


def test_a_group_that_may_have_no_success_has_a_ratio_of_anything() -> None:
    """One success in ten people: a third of the resamples have none."""
    values = np.r_[np.full(10, 0.5), 1.0, np.zeros(9)][:, None]
    code = np.repeat([0, 1], 10)
    found = ratio(resample(values, [code == 0, code == 1], 0, resamples=100))
    assert_allclose([found.value[0], found.low[0], found.high[0]], [0.2, 0, 1])


@pytest.mark.parametrize("true", [1.0, 0.6])
def test_the_interval_of_a_ratio_covers_the_true_ratio(rng: np.random.Generator, true: float) -> None:
    """Six groups alike, or one of them apart: at least 90 of 100 samples."""
    code = np.repeat(np.arange(6), 50)
    covered = 0
    for seed in range(100):
        values = np.where(code == 0, true, 1.0)[:, None] * rng.exponential(0.3, (len(code), 1))
        estimate = ratio(resample(values, [code == label for label in range(6)], seed, resamples=200))
        covered += bool(estimate.low[0] <= true <= estimate.high[0])
    assert covered >= 90
