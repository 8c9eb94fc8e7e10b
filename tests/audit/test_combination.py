"""The strongest attacker and the combination: what is found, and what must not be looked at."""

import numpy as np
import pytest
from audit_worlds import dealt, gaussian, names, two_groups, xor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import roc_auc_score

from fmm_core.audit import attackers
from fmm_core.audit.combination import Candidate, candidates, choose
from fmm_core.audit.folds import FOLDS, landmarks
from fmm_core.audit.leakage import leakage_table
from fmm_core.audit.representations import Target


def panel(vectors: np.ndarray, codes: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Settings × people × folds × columns, as the leakage table has them."""
    classes = int(codes.max()) + 1
    one_hot = (codes[:, None] == np.arange(classes)).astype(np.float32)
    targets = one_hot[:, 1:] if classes == 2 else one_hot
    marks = landmarks(names(len(codes)), 60, 0)
    return np.stack(
        [
            *attackers.linear(vectors, targets, folds),
            *attackers.kernel(vectors, targets, folds, marks),
            *attackers.discriminant(vectors, codes, classes, folds),
        ]
    )


def fold_average(scores: np.ndarray, codes: np.ndarray, folds: np.ndarray) -> float:
    return float(np.mean([roc_auc_score(codes[folds == f], scores[folds == f]) for f in range(FOLDS)]))


@pytest.mark.parametrize(("d", "least"), [(16, 0.9), (64, 0.7)])
def test_xor_is_found_though_nothing_linear_is_there(d: int, least: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attackers, "LANDMARKS", 300)
    vectors, codes = xor(2000, d, seed=0)
    everyone = np.ones(2000, bool)
    table = leakage_table(
        [Target("user_vector", "", "before", vectors)],
        two_groups(codes),
        names(2000),
        eligible=everyone,
        held_out=~everyone,
    )
    rows = table[(table["metric"] == "auc") & (table["users"] == "all")].set_index("attacker")
    assert rows.loc["strongest", "value"] > least
    assert rows.loc["linear", "ci_low"] < 0.5 < rows.loc["linear", "ci_high"]


def test_two_settings_that_each_see_half_are_combined() -> None:
    """Each setting alone reads 0.76; their difference, which no single one shows, reads 0.92."""
    rng = np.random.default_rng(0)
    codes = (np.arange(1000) % 2).astype(np.int16)
    folds, shared = dealt(codes), rng.normal(size=1000)
    first = codes + shared
    second = shared + 0.5 * rng.normal(size=1000)
    settings = np.stack([np.tile(s[:, None, None], (1, FOLDS, 1)) for s in (first, second)]).astype(np.float32)
    singles, combined = candidates(settings, codes, 2, folds)
    own = np.arange(1000), folds, 0
    best = fold_average(singles[0].scores[own], codes, folds)
    assert fold_average(combined.scores[own], codes, folds) > best + 0.1
    assert_array_equal(choose([*singles, combined], folds).scores[own], combined.scores[own])


def test_the_choice_is_made_per_fold_on_inner_scores_and_turned_round_below_one_half() -> None:
    """Row k of `inner` is about test fold k; column j says what would be known without fold j."""
    folds = np.arange(10) % FOLDS
    first, second = np.full((10, FOLDS, 1), 1.0), np.full((10, FOLDS, 1), 2.0)
    inner_first = np.tile([[0.9], [0.5], [0.1], [0.6], [0.5]], FOLDS)
    inner_second = np.tile([[0.6], [0.7], [0.6], [0.2], [0.4]], FOLDS)
    inner_first[0, 3], inner_first[1, 4] = 0.45, 0.2
    chosen = choose([Candidate(first, inner_first), Candidate(second, inner_second)], folds)
    expected = np.tile(np.array([[1.0], [2], [-1], [-2], [-2]]), FOLDS)
    expected[0, 3], expected[1, 4] = 2, -1
    assert_array_equal(chosen.scores[:FOLDS, :, 0], expected)
    assert_allclose(np.diag(chosen.inner), [0.9, 0.7, 0.9, 0.8, 0.6])


@pytest.mark.parametrize("classes", [2, 3])
def test_a_fold_is_not_looked_at_when_it_is_judged(classes: int) -> None:
    """Scrambling its labels leaves the strongest attacker's scores on it as they were: choice, sign and stack."""
    vectors, codes = gaussian(240, 4, 1.0, seed=1)
    if classes == 3:
        codes = np.where(np.arange(240) % 3 == 0, 2, codes).astype(np.int16)
    folds = dealt(codes)

    def strongest(labels: np.ndarray) -> np.ndarray:
        singles, combined = candidates(panel(vectors, labels, folds), labels, classes, folds)
        own = np.arange(240), folds
        return np.stack([choose([*singles, combined], folds).scores[own], combined.scores[own]])

    before = strongest(codes)
    for fold in (0, 3):
        inside = folds == fold
        other = codes.copy()
        other[inside] = np.random.default_rng(2).permutation(codes[inside])
        after = strongest(other)
        assert_allclose(after[:, inside], before[:, inside], atol=2e-3 * before.std())
        assert np.abs(after - before)[:, ~inside].max() > 0.01 * before.std()


@pytest.mark.parametrize("classes", [2, 3])
def test_what_is_retrained_without_a_fold_does_not_look_at_its_labels(classes: int) -> None:
    """With attackers' scores given, the stack and the read-outs behind ``scores[k, j]`` know neither k nor j.

    Were j looked at, the two scores whose correlation sets the interval's width would agree too well.
    """
    rng = np.random.default_rng(4)
    codes = rng.permutation(np.arange(200) % classes).astype(np.int16)
    folds = dealt(codes)
    columns = 1 if classes == 2 else classes
    settings = rng.normal(size=(4, 200, FOLDS, columns)).astype(np.float32)

    def every_score(labels: np.ndarray) -> np.ndarray:
        singles, stack = candidates(settings, labels, classes, folds)
        return np.stack([c.scores for c in ([stack] if classes == 2 else singles)])

    before, other = every_score(codes), codes.copy()
    other[folds == 2] = rng.permutation(codes[folds == 2])
    after, outside = every_score(other), folds != 2
    assert_allclose(after[:, outside, 2], before[:, outside, 2], atol=1e-6)
    assert not np.allclose(after[:, outside], before[:, outside], atol=1e-3)


def test_several_classes_are_read_as_well_as_by_the_best_rule() -> None:
    """Three groups on a triangle: Bayes' rule is linear, and the blend comes within 0.03 of its AUC."""
    rng = np.random.default_rng(3)
    codes = (np.arange(900) % 3).astype(np.int16)
    corners = 1.2 * np.array([[1, 0], [-0.5, 0.87], [-0.5, -0.87]])
    vectors = np.column_stack([corners[codes] + rng.normal(size=(900, 2)), rng.normal(size=(900, 4))])
    folds = dealt(codes)
    _, combined = candidates(panel(vectors.astype(np.float32), codes, folds), codes, 3, folds)
    bayes = -0.5 * ((vectors[:, None, :2] - corners) ** 2).sum(axis=2)
    posterior = bayes - np.logaddexp.reduce(bayes, axis=1, keepdims=True)
    own = combined.scores[np.arange(900), folds]
    for label in range(3):
        best = fold_average(posterior[:, label], codes == label, folds)
        assert best - 0.03 < fold_average(own[:, label], codes == label, folds) < best + 0.01
