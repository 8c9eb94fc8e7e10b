"""AUC and its interval: against scikit-learn, by hand, and by how often the truth is covered."""

from itertools import combinations, permutations, product

import numpy as np
import pytest
from audit_worlds import dealt, gaussian
from numpy.testing import assert_allclose
from scipy.stats import norm
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from fmm_core.audit import attackers
from fmm_core.audit.folds import FOLDS
from fmm_core.audit.intervals import (
    Estimate,
    auc_columns,
    chance_variance,
    estimate,
    estimate_over_draws,
    influence,
    mann_whitney_variance,
    stability,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_auc_equals_scikit_learn_ties_and_all(rng: np.random.Generator) -> None:
    scores, positive = rng.integers(0, 6, (60, 4)).astype(float), rng.random(60) < 0.3
    expected = [roc_auc_score(positive, column) for column in scores.T]
    assert_allclose(auc_columns(scores, positive), expected, rtol=1e-12)


@pytest.mark.parametrize("value", [True, False])
def test_auc_of_one_class_is_nan(value: bool) -> None:
    assert np.isnan(auc_columns(np.ones((5, 2)), np.full(5, value))).all()


@pytest.mark.parametrize(("m", "n"), [(1, 1), (2, 3), (4, 3)])
def test_variance_of_chance_by_counting_every_arrangement(m: int, n: int) -> None:
    scores = np.arange(m + n, dtype=float)[:, None]
    areas = [auc_columns(scores, np.isin(np.arange(m + n), chosen))[0] for chosen in combinations(range(m + n), m)]
    assert mann_whitney_variance(m, n) == pytest.approx(np.var(areas))
    assert np.mean(areas) == pytest.approx(0.5)


def test_chance_of_several_classes_by_dealing_every_label_out_again(rng: np.random.Generator) -> None:
    """Two folds of five people, three classes, scores with ties: all 30 × 20 tables, and their AUCs' variance."""
    codes, folds = np.array([0, 0, 1, 1, 2, 0, 0, 0, 1, 2]), np.repeat([0, 1], 5)
    scores = rng.integers(0, 4, (10, 3)).astype(float)
    tables = product(*(sorted(set(permutations(codes[folds == fold]))) for fold in (0, 1)))
    found = []
    for table in tables:
        label = np.concatenate(table)
        found.append(np.mean([influence(scores[:, c], label == c, folds)[0] for c in range(3)]))
    assert len(found) == 30 * 20
    assert chance_variance(scores, codes[:, None] == np.arange(3), folds) == pytest.approx(np.var(found))


def test_scores_that_say_nothing_reject_nothing() -> None:
    codes = (np.arange(100) % 2).astype(np.int16)
    found = estimate(np.zeros((100, 1)), None, codes, dealt(codes), np.ones(100, bool))
    assert (found.value, found.p_value) == (0.5, 1.0)


def test_the_estimate_says_over_how_many_classes_it_is_averaged(rng: np.random.Generator) -> None:
    """Of class 2 one person is judged: no AUC of it can be had."""
    codes = (np.arange(90) % 3).astype(np.int16)
    scores, people = rng.normal(size=(90, 3)), (codes < 2) | (np.arange(90) == 2)
    assert estimate(scores, None, codes, dealt(codes), np.ones(90, bool)).classes == 3
    assert estimate(scores, None, codes, dealt(codes), people).classes == 2


def test_auc_is_the_folds_average_weighted_by_positives(rng: np.random.Generator) -> None:
    """Fold 3 has no positives and says nothing."""
    scores, positive, folds = rng.normal(size=100), rng.random(100) < 0.4, rng.integers(0, FOLDS, 100)
    positive[folds == 3] = False
    judged = [folds == fold for fold in range(FOLDS) if fold != 3]
    areas = [roc_auc_score(positive[rows], scores[rows]) for rows in judged]
    expected = np.average(areas, weights=[positive[rows].sum() for rows in judged])
    value, curve = influence(scores, positive, folds)
    assert value == pytest.approx(expected)
    assert_allclose(curve[folds == 3], 0)


def test_influences_are_delongs_placements(rng: np.random.Generator) -> None:
    """One fold, naive placements: how many of the other class a person beats, minus the mean, over the own class."""
    scores, positive = rng.integers(0, 9, 40).astype(float), rng.random(40) < 0.4
    value, curve = influence(scores, positive, np.zeros(40, np.int64))
    for person in range(40):
        others = scores[positive != positive[person]]
        sign = 1 if positive[person] else -1
        beaten = np.mean(0.5 + 0.5 * np.sign(sign * (scores[person] - others)))
        assert curve[person] == pytest.approx((beaten - value) / (positive == positive[person]).sum())


def test_attackers_that_do_not_change_need_no_wider_interval(rng: np.random.Generator) -> None:
    scores, positive, folds = rng.normal(size=200), np.arange(200) % 2 == 0, np.arange(200) // 2 % FOLDS
    assert stability(scores, np.tile(2 * scores[:, None] + 1, FOLDS), positive, folds) == 0
    assert stability(scores, rng.normal(size=(200, FOLDS)), positive, folds) == 1


def test_stability_by_its_formula() -> None:
    """Within every class of every fold the two scores correlate at r = 0.9: ν = 3 (1/0.81 − 1) = 0.704."""
    first, across = np.array([1.0, 1, -1, -1]), np.array([1.0, -1, 1, -1])
    scores = np.tile(first, 2 * FOLDS)
    retrained = np.tile(0.9 * first + np.sqrt(1 - 0.81) * across, 2 * FOLDS)
    folds, positive = np.repeat(np.arange(FOLDS), 8), np.tile(np.repeat([True, False], 4), FOLDS)
    found = stability(scores, np.tile(retrained[:, None], FOLDS), positive, folds)
    assert found == pytest.approx(3 * (1 / 0.81 - 1))


def test_interval_and_p_value_by_hand(rng: np.random.Generator) -> None:
    """Without retrained scores ν = 1: ± 1.96 √(2 Σ IC²); p from √2 times the Mann–Whitney error within folds."""
    codes = (np.arange(200) % 2).astype(np.int16)
    scores, folds = rng.normal(size=200) + 0.5 * codes, dealt(codes)
    found = estimate(scores[:, None], None, codes, folds, np.ones(200, bool))
    value, curve = influence(scores, codes == 1, folds)
    half = 1.959964 * np.sqrt(2 * (curve**2).sum())
    p = 2 * norm.sf(abs(value - 0.5) / np.sqrt(2 * 205 / (12 * 100 * 100)))  # five folds of 20 + 20: N + 5 for N + 1
    expected = Estimate(value, value - half, value + half, p, 200, 2)
    assert_allclose(
        [found.value, found.low, found.high, found.p_value, found.n],
        [expected.value, expected.low, expected.high, expected.p_value, expected.n],
        rtol=1e-9,
    )


def test_several_classes_are_averaged_and_their_influences_too(rng: np.random.Generator) -> None:
    codes = (np.arange(300) % 3).astype(np.int16)
    scores, folds = rng.normal(size=(300, 3)) + np.eye(3)[codes], dealt(codes)
    found = estimate(scores, None, codes, folds, np.ones(300, bool))
    areas, curves = zip(*(influence(scores[:, c], codes == c, folds) for c in range(3)), strict=True)
    assert found.value == pytest.approx(np.mean(areas))
    half = 1.959964 * np.sqrt(2 * (np.mean(curves, axis=0) ** 2).sum())
    assert found.high - found.value == pytest.approx(half)


def test_draws_of_the_folds_are_averaged_person_by_person(rng: np.random.Generator) -> None:
    """AUC: the mean of both. Variance: that of the mean influences, times one plus the mean ν; no retrained scores."""
    n = 120
    codes = (np.arange(n) % 2).astype(np.int16)
    partitions = [dealt(codes), dealt(codes, seed=1)]
    draws = [(codes[:, None] + rng.normal(size=(n, 1)) + rng.normal(size=(n, 1)), None) for _ in partitions]
    everyone = np.ones(n, bool)
    found = estimate_over_draws(draws, codes, partitions, everyone)
    singles = [influence(scores[:, 0], codes == 1, folds) for (scores, _), folds in zip(draws, partitions, strict=True)]
    curve = (singles[0][1] + singles[1][1]) / 2
    value, half = (singles[0][0] + singles[1][0]) / 2, 1.959964 * np.sqrt(2 * (curve**2).sum())
    assert (found.value, found.low, found.high) == pytest.approx((value, value - half, value + half))
    columns = zip(draws, partitions, strict=True)
    chance = np.mean([chance_variance(scores, (codes == 1)[:, None], folds) for (scores, _), folds in columns])
    assert found.p_value == pytest.approx(2 * norm.sf((value - 0.5) / np.sqrt(2 * chance)))


def test_one_draw_twice_is_that_draw(rng: np.random.Generator) -> None:
    codes = (np.arange(90) % 3).astype(np.int16)
    folds, everyone = dealt(codes), np.ones(90, bool)
    scores, retrained = rng.normal(size=(90, 3)), rng.normal(size=(90, FOLDS, 3))
    twice = estimate_over_draws([(scores, retrained)] * 2, codes, [folds] * 2, everyone)
    once = estimate(scores, retrained, codes, folds, everyone)
    assert tuple(vars(twice).values()) == pytest.approx(tuple(vars(once).values()))


def test_a_class_that_one_draw_cannot_judge_is_left_out_of_all(rng: np.random.Generator) -> None:
    """Two people of class 2, both alone with themselves in a fold of the second draw."""
    codes = np.array([0, 1] * 9 + [2, 2])
    first = np.arange(20) % 5
    second = np.where(codes == 2, 4, np.arange(20) // 2 % 4)
    scores, everyone = rng.normal(size=(20, 3)), np.ones(20, bool)
    found = estimate_over_draws([(scores, None)] * 2, codes, [first, second], everyone)
    expected = np.mean([influence(scores[:, c], codes == c, folds)[0] for c in (0, 1) for folds in (first, second)])
    assert found.classes == 2
    assert found.value == pytest.approx(expected)


def test_a_small_class_that_looks_certain_gets_the_variance_of_chance() -> None:
    """Ten positives, all on top: their influences are 0, which is luck, not knowledge."""
    codes = (np.arange(100) < 10).astype(np.int16)
    found = estimate(codes[:, None].astype(float), None, codes, dealt(codes), np.ones(100, bool))
    assert found.value == 1
    assert found.low == pytest.approx(1 - 1.959964 * np.sqrt(2 * mann_whitney_variance(10, 90)))


def test_only_the_people_asked_for_are_judged(rng: np.random.Generator) -> None:
    codes, people = (np.arange(200) % 2).astype(np.int16), np.arange(200) < 120
    scores, folds = rng.normal(size=(200, 1)), dealt(codes)
    changed = scores.copy()
    changed[~people] = rng.normal(size=(80, 1))
    first, second = (estimate(table, None, codes, folds, people) for table in (scores, changed))
    assert first == second
    assert first.n == 120


def test_nobody_to_judge_is_nan() -> None:
    codes = np.zeros(50, np.int16)
    found = estimate(np.ones((50, 1)), None, codes, dealt(codes), np.ones(50, bool))
    assert np.isnan([found.value, found.low, found.high, found.p_value]).all()
    assert found.n == 0


def truth(vectors: np.ndarray, codes: np.ndarray, folds: np.ndarray, shift: float) -> float:
    """True AUC, on new people, of the five ridge attackers fitted on four fifths of these, averaged."""
    areas = []
    for fold in range(FOLDS):
        kept = folds != fold
        weights = Ridge(alpha=attackers.LINEAR_RIDGE).fit(vectors[kept].astype(np.float64), codes[kept]).coef_
        areas.append(norm.cdf(shift * weights[0] / (np.sqrt(2) * np.linalg.norm(weights))))
    return float(np.mean(areas))


@pytest.mark.parametrize("draws", [1, 4])
@pytest.mark.parametrize("shift", [0.0, 0.55, 1.2], ids=["silence", "AUC 0.65", "AUC 0.80"])
def test_intervals_cover_the_truth(shift: float, draws: int) -> None:
    """60 replicates, 300 people, 16 dimensions: at least 87 % (a true 95 % fails this once in 120 such tests).

    In silence the truth is exactly ½. The record has 200 replicates a cell and more cells.
    """
    covered, own = 0, np.arange(300)
    for seed in range(60):
        vectors, codes = gaussian(300, 16, shift, seed)
        partitions = [dealt(codes, seed + 1000 * draw) for draw in range(draws)]
        targets = codes[:, None] - np.float32(0.5)
        scores = [attackers.linear(vectors, targets, folds)[0] for folds in partitions]
        judged = [(each[own, folds], each) for each, folds in zip(scores, partitions, strict=True)]
        found = estimate_over_draws(judged, codes, partitions, np.ones(300, bool))
        covered += found.low <= np.mean([truth(vectors, codes, folds, shift) for folds in partitions]) <= found.high
    assert covered >= 0.87 * 60
