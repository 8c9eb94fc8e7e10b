"""Closed-form attackers against explicit refits without the people they judge."""

import numpy as np
import pytest
from audit_worlds import dealt, gaussian, names
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel

from fmm_core.audit import attackers
from fmm_core.audit.folds import FOLDS, landmarks

N, D = 150, 5
VECTORS, CODES = gaussian(N, D, 1.0, seed=0)
FOLD = dealt(CODES)
AGE = (np.arange(N) % 3).astype(np.int16)
TARGETS = (CODES - CODES.mean())[:, None].astype(np.float32)


def left_out(person_fold: int, column: int) -> np.ndarray:
    """Who may train the attacker behind `scores[person, column]`."""
    return ~np.isin(FOLD, [person_fold, column])


def every_cell() -> list[tuple[int, int]]:
    return [(fold, column) for fold in range(FOLDS) for column in range(FOLDS)]


@pytest.mark.parametrize("strength", [1.0, 300.0])
def test_ridge_equals_a_refit_without_the_two_folds(strength: float) -> None:
    targets = np.column_stack([TARGETS[:, 0], AGE == 1]).astype(np.float32)
    [scores] = attackers.ridge(VECTORS, targets, FOLD, (strength,))
    assert scores.shape == (N, FOLDS, 2)
    for fold, column in every_cell():
        kept, judged = left_out(fold, column), fold == FOLD
        oracle = Ridge(alpha=strength).fit(VECTORS[kept].astype(np.float64), targets[kept])
        assert_allclose(scores[judged, column], oracle.predict(VECTORS[judged]), atol=1e-5)


def test_every_ridge_asked_for_gets_its_own_scores() -> None:
    together = attackers.ridge(VECTORS, TARGETS, FOLD, (1.0, 10.0))
    for scores, strength in zip(together, (1.0, 10.0), strict=True):
        assert_allclose(scores, attackers.ridge(VECTORS, TARGETS, FOLD, (strength,))[0])


def log_posteriors(kept: np.ndarray, codes: np.ndarray, judged: np.ndarray, strength: float) -> np.ndarray:
    """Friedman's regularised discriminant analysis, explicit; columns are unnormalised log posteriors."""
    groups = [VECTORS[kept & (codes == label)].astype(np.float64) for label in np.unique(codes)]
    scatters = [(group - group.mean(axis=0)).T @ (group - group.mean(axis=0)) for group in groups]
    pooled = sum(scatters) / (kept.sum() - len(groups))
    pooled = pooled + 0.02 * np.trace(pooled) / D * np.eye(D)
    columns = []
    for group, scatter in zip(groups, scatters, strict=True):
        own = pooled if np.isinf(strength) else (scatter + strength * pooled) / (len(group) + strength)
        columns.append(multivariate_normal(group.mean(axis=0), own).logpdf(VECTORS[judged]) + np.log(len(group)))
    return np.column_stack(columns)


@pytest.mark.parametrize("codes", [CODES, AGE], ids=["two classes", "three classes"])
def test_discriminant_equals_a_refit_without_the_two_folds(codes: np.ndarray) -> None:
    classes = int(codes.max()) + 1
    found = attackers.discriminant(VECTORS, codes, classes, FOLD)
    assert len(found) == len(attackers.DISCRIMINANT_STRENGTHS)
    for scores, strength in zip(found, attackers.DISCRIMINANT_STRENGTHS, strict=True):
        for fold, column in every_cell():
            judged = fold == FOLD
            density = log_posteriors(left_out(fold, column), codes, judged, strength)
            if classes == 2:
                expected = density[:, 1:] - density[:, :1]
            else:
                expected = density - np.logaddexp.reduce(density, axis=1, keepdims=True)
            assert_allclose(scores[judged, column], expected, atol=1e-3)


def test_landmark_features_reproduce_the_kernel_when_everyone_is_a_landmark() -> None:
    features = attackers.nystroem(VECTORS, np.arange(N), 0.1).astype(np.float64)
    assert_allclose(features @ features.T, rbf_kernel(VECTORS, gamma=0.1), atol=2e-3)


def test_the_kernel_attacker_has_one_array_per_width_and_ridge() -> None:
    found = attackers.kernel(VECTORS, TARGETS, FOLD, landmarks(names(N), 40, 0))
    assert len(found) == len(attackers.KERNEL_WIDTHS) * len(attackers.KERNEL_RIDGES)
    for scores in found:
        own = scores[np.arange(N), FOLD, 0]
        assert roc_auc_score(CODES, own) > 0.6


def scrambled(fold: int) -> np.ndarray:
    """The same labels, dealt otherwise within one fold."""
    codes = CODES.copy()
    codes[fold == FOLD] = np.random.default_rng(fold).permutation(codes[fold == FOLD])
    assert (codes != CODES).sum() > 5
    return codes


def panel(codes: np.ndarray) -> list[np.ndarray]:
    targets = (codes - codes.mean())[:, None].astype(np.float32)
    marks = landmarks(names(N), 40, 0)
    return [
        *attackers.linear(VECTORS, targets, FOLD),
        *attackers.kernel(VECTORS, targets, FOLD, marks),
        *attackers.discriminant(VECTORS, codes, 2, FOLD),
    ]


@pytest.mark.parametrize("fold", range(FOLDS))
def test_attackers_are_blind_to_the_labels_of_those_they_judge(fold: int) -> None:
    """Scrambling a fold's labels moves none of its scores, and none of the scores trained without that fold."""
    for before, after in zip(panel(CODES), panel(scrambled(fold)), strict=True):
        inside = fold == FOLD
        tolerance = 1e-3 * before.std()
        assert_allclose(after[inside], before[inside], atol=tolerance)
        assert_allclose(after[:, fold], before[:, fold], atol=tolerance)
        others = np.delete(np.arange(FOLDS), fold)
        assert np.abs(after[~inside][:, others] - before[~inside][:, others]).max() > 10 * tolerance
