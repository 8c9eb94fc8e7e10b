"""What an over-correction gives to attackers who know more and more labels."""

import numpy as np
import pytest
from audit_worlds import gaussian, names
from numpy.testing import assert_allclose
from scipy.stats import norm
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from fmm_core.audit.folds import deal
from fmm_core.audit.overcorrection import by_share, exact_match


def test_the_formula_by_hand() -> None:
    """MovieLens-1M, gender: √(64 · 4 · (1/1709 + 1/4331) / 2) = 0.3232, and Φ(−0.3232) = 0.3733 as in AUDIT.md."""
    assert exact_match(64, 5, np.array([1709, 4331])) == pytest.approx(0.3733, abs=5e-5)
    three = [norm.cdf(-np.sqrt(10 * 1 * (1 / m + 1 / (60 - m)) / 2)) for m in (10, 20, 30)]
    assert exact_match(10, 2, np.array([10, 20, 30])) == pytest.approx(np.mean(three))


@pytest.mark.parametrize("classes", [2, 3])
def test_shares_equal_a_scikit_learn_loop(classes: int) -> None:
    vectors, codes = gaussian(240, 5, 0.8, seed=3)
    codes = np.where(np.arange(240) % 3 == 2, 2, codes).astype(np.int16) if classes == 3 else codes
    found = by_share(vectors, codes, names(240))
    assert [each.percent for each in found] == [50, 80, 90]
    for each, count in zip(found, (2, 5, 10), strict=True):
        folds = deal(names(240), [codes], 0, count)
        assert sorted(set(folds)) == list(range(count))
        areas = []
        for label in [1] if classes == 2 else range(3):
            target, per_fold, weights = (codes == label).astype(float), [], []
            for fold in range(count):
                inside = folds == fold
                model = Ridge(alpha=300).fit(vectors[~inside], target[~inside])
                per_fold.append(roc_auc_score(target[inside], model.predict(vectors[inside])))
                weights.append(target[inside].sum())
            areas.append(np.average(per_fold, weights=weights))
        assert each.figure.value == pytest.approx(np.mean(areas), abs=1e-6)


def test_groups_matched_exactly_read_what_the_formula_says() -> None:
    vectors, codes = gaussian(2000, 60, 0, seed=0)
    for group in (0, 1):
        vectors[codes == group] -= vectors[codes == group].mean(axis=0)
    for each in by_share(vectors, codes, names(2000)):
        assert_allclose(each.figure.value, each.matched, atol=0.035)
        assert each.figure.high < 0.5
