"""The stack of attackers against scikit-learn and against small differences."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from torch import Tensor

from fmm_core.fairness.features import View
from fmm_core.fairness.inquiry import Inquiry, question
from fmm_core.fairness.read_outs import Reading, Sight, regress
from fmm_core.fairness.witness import SHRINKAGE, Witness

N, D, RIDGE = 120, 3, 4.0


def world(groups: int, shift: float = 0.7) -> tuple[Tensor, np.ndarray, list[Tensor]]:
    """Vectors, codes and folds; group g lies `shift` · g away."""
    rng = np.random.default_rng(0)
    codes = (np.arange(N) % groups).astype(np.int16)
    x = rng.normal(size=(N, D)) + shift * codes[:, None] * np.array([1, -0.5, 0])
    return torch.from_numpy(x - x.mean(axis=0)).float(), codes, list(torch.from_numpy(rng.permutation(N)).chunk(5))


def straight(x: Tensor, inquiry: Inquiry, ridges: tuple[float, ...] = (RIDGE,)) -> Reading:
    given = x.clone().requires_grad_()
    sight = Sight(given, View(given * 1))
    return Reading(sight, regress(sight, inquiry, ridges))


def weights(x: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return Ridge(RIDGE, fit_intercept=False).fit(x, targets).coef_.reshape(targets.shape[1], -1).T


def by_scikit_learn(x: np.ndarray, targets: np.ndarray, folds: list[Tensor]) -> np.ndarray:
    scores = np.empty(targets.shape)
    for rows in folds:
        others = np.setdiff1d(np.arange(N), rows)
        scores[rows] = x[rows] @ weights(x[others], targets[others])
    return scores


def test_everyone_is_scored_by_ridge_regressions_of_the_other_folds() -> None:
    x, codes, folds = world(3)
    inquiry = Inquiry({"group": question(codes)}, folds)
    found = straight(x, inquiry)
    assert_allclose(found.scores[:, 0], by_scikit_learn(x.numpy(), inquiry.columns.numpy(), folds), atol=1e-4)


def test_a_question_centres_what_is_known_and_leaves_out_what_is_not() -> None:
    asked = question(np.array([5, 2, -1, 2, 2], np.int16))
    assert asked.known.tolist() == [True, True, False, True, True]
    assert_allclose(asked.columns[:, 0], [0.75, -0.25, 0, -0.25, -0.25])
    x = np.array([4.0, 1.0, 100.0, 2.0, 6.0])
    assert_allclose((asked.contrast * x[:, None]).mean(dim=0), [3 - 4, 4 - 3], atol=1e-6)


def test_three_groups_have_a_column_each() -> None:
    assert question(np.array([0, 1, 2, 0], np.int16)).columns.shape == (4, 3)


def told(readings: list[Reading], codes: np.ndarray, folds: list[Tensor]) -> np.ndarray:
    """Centred and scaled log posteriors of scikit-learn's discriminant over all scores, out of fold."""
    table = torch.cat([each.scores.flatten(1) for each in readings], dim=1).numpy().astype(np.float64)
    found = np.empty((N, codes.max() + 1))
    for rows in folds:
        others = np.setdiff1d(np.arange(N), rows)
        scale = table[others].std(axis=0)
        model = LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=_Shrunk(len(others), codes.max() + 1))
        found[rows] = model.fit(table[others] / scale, codes[others]).predict_log_proba(table[rows] / scale)
        found[rows] = (found[rows] - found[rows].mean(axis=0)) / found[rows].std(axis=0)
    return found


class _Shrunk:
    """The witness's own within-group covariance: n − groups in the denominator, a share of the mean variance added.

    scikit-learn asks for one covariance per group and averages them by the groups' shares.
    """

    def __init__(self, n: int, groups: int) -> None:
        self.correct = n / (n - groups)

    def fit(self, x: np.ndarray) -> "_Shrunk":
        within = np.cov(x.T, bias=True).reshape(x.shape[1], -1) * self.correct
        self.covariance_ = within + SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
        return self


def test_the_difference_is_that_of_a_discriminant_over_all_scores() -> None:
    x, codes, folds = world(3)
    inquiry = Inquiry({"group": question(codes)}, folds)
    readings = [straight(x, inquiry, (1.0, 50.0)), straight(x**2, inquiry)]
    found = Witness(inquiry, "group", readings).difference
    expected = told(readings, codes, folds)
    by_hand = [expected[codes == g, g].mean() - expected[codes != g, g].mean() for g in range(3)]
    assert_allclose(found, by_hand, atol=5e-3)


def test_labels_that_mean_nothing_make_no_difference_on_average() -> None:
    x, codes, folds = world(2, shift=0.0)
    found = []
    for seed in range(30):
        inquiry = Inquiry({"group": question(np.random.default_rng(seed).permutation(codes))}, folds)
        found.append(float(Witness(inquiry, "group", [straight(x, inquiry)]).difference[0]))
    assert abs(np.mean(found)) < 0.2 < np.std(found) + 0.15


@pytest.mark.parametrize("person", [0, 7, 50])
def test_the_gradient_is_that_of_the_attackers_held_fixed(person: int) -> None:
    """Two groups, one straight read-out: everything by hand, one person moved."""
    x, codes, folds = world(2)
    asked = question(codes)
    inquiry = Inquiry({"group": asked}, folds)
    excess = np.array([-0.4, 0.9])
    witness = Witness(inquiry, "group", [straight(x, inquiry)])
    with ThreadPoolExecutor() as workers:
        found = witness.gradient(torch.from_numpy(excess).float(), workers)[person]
    z, targets = x.numpy().astype(np.float64), asked.columns.numpy()
    rows = next(rows.numpy() for rows in folds if person in rows)
    others = np.setdiff1d(np.arange(N), rows)
    weight = weights(z[others], targets[others]).ravel()
    scores = by_scikit_learn(z, targets, folds)[others].ravel()
    means = [scores[codes[others] == g].mean() for g in (0, 1)]
    residual = scores - np.array(means)[codes[others]]
    variance = (residual**2).sum() / (len(others) - 2) * (1 + SHRINKAGE)
    shares = np.bincount(codes[others]) / len(others)

    def log_posteriors(vectors: np.ndarray) -> np.ndarray:
        s = vectors @ weight
        lines = [np.log(shares[g]) + means[g] * s / variance - means[g] ** 2 / variance / 2 for g in (0, 1)]
        return np.stack(lines, axis=1) - np.logaddexp(*lines)[:, None]

    spread = log_posteriors(z[rows]).std(axis=0)
    factor = excess * asked.contrast[person].numpy() / spread / N

    def objective(vector: np.ndarray) -> float:
        return float((factor * log_posteriors(vector[None])[0]).sum())

    expected = [(objective(z[person] + e) - objective(z[person] - e)) / 2e-4 for e in 1e-4 * np.eye(D)]
    assert_allclose(found, expected, rtol=2e-3, atol=1e-6)
