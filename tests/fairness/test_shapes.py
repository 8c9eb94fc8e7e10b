"""Discriminants that see how groups vary, against scipy's normal densities and against small differences."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.stats import multivariate_normal
from torch import Tensor

from fmm_core.fairness.features import View
from fmm_core.fairness.inquiry import Inquiry, question
from fmm_core.fairness.read_outs import Reading, Sight, regress
from fmm_core.fairness.shapes import SHRINKAGE, discriminate

PEOPLE, D, STRENGTH = 150, 3, 20.0
RANDOM = np.random.default_rng(4)
FOLDS = list(torch.from_numpy(RANDOM.permutation(PEOPLE)).chunk(5))
TWO, THREE = (np.arange(PEOPLE) % 2).astype(np.int16), (np.arange(PEOPLE) % 5 % 3).astype(np.int16)
X = RANDOM.normal(size=(PEOPLE, D)) * np.where(THREE[:, None] == 1, [2.0, 1.0, 0.5], 1.0) + 0.5 * TWO[:, None]
X -= X.mean(axis=0)
SILENT = np.arange(PEOPLE) % 7 == 0


def inquiry() -> Inquiry:
    """Two attributes; some said nothing about the second."""
    asked = {"two": TWO, "three": np.where(SILENT, -1, THREE)}
    return Inquiry({name: question(codes) for name, codes in asked.items()}, FOLDS)


def sight() -> Sight:
    given = torch.from_numpy(X).float().requires_grad_()
    return Sight(given, View(given * 1))


def laws(codes: NDArray[np.int16], rows: Tensor) -> list[multivariate_normal]:
    """Every group's normal law as those who are not in `rows` show it."""
    others = np.setdiff1d(np.flatnonzero(codes >= 0), rows)
    groups = [X[others][codes[others] == group] for group in range(codes.max() + 1)]
    within = [np.cov(group.T, bias=True) * len(group) for group in groups]
    pooled = sum(within) / (len(others) - len(groups))
    pooled = pooled + SHRINKAGE * np.trace(pooled) / D * np.eye(D)
    return [
        multivariate_normal(group.mean(axis=0), (own + STRENGTH * pooled) / (len(group) + STRENGTH))
        for group, own in zip(groups, within, strict=True)
    ]


def test_everyone_is_scored_by_the_densities_of_the_other_folds() -> None:
    found = discriminate(sight(), inquiry(), STRENGTH).scores[:, 0]
    for rows in FOLDS:
        two = [law.logpdf(X[rows]) for law in laws(TWO, rows)]
        assert_allclose(found[rows, 0], two[1] - two[0], atol=2e-4)
        three = np.stack([law.logpdf(X[rows]) for law in laws(np.where(SILENT, -1, THREE), rows)], axis=1)
        assert_allclose(found[rows, 1:], three - three.mean(axis=1, keepdims=True), atol=2e-4)


@pytest.mark.parametrize("person", [0, 7, 50])
def test_the_pull_is_the_slope_of_the_weighted_scores(person: int) -> None:
    read = Reading(sight(), discriminate(sight(), inquiry(), STRENGTH))
    weights = np.random.default_rng(person).normal(size=(PEOPLE, 4))
    found = sum(
        read.pull(torch.from_numpy(weights[:, columns]).float(), name)[person].numpy()
        for name, columns in inquiry().places.items()
    )
    rows = next(rows for rows in FOLDS if person in rows)
    two, three = laws(TWO, rows), laws(np.where(SILENT, -1, THREE), rows)

    def total(vector: NDArray[np.float64]) -> float:
        own = np.array([law.logpdf(vector) for law in three])
        scores = [two[1].logpdf(vector) - two[0].logpdf(vector), *(own - own.mean())]
        return float(weights[person] @ scores)

    expected = [(total(X[person] + e) - total(X[person] - e)) / 2e-5 for e in 1e-5 * np.eye(D)]
    assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_a_group_that_is_wholly_in_the_fold_left_out_is_an_average_one() -> None:
    codes = np.zeros(PEOPLE, np.int16)
    codes[FOLDS[0][:4]] = 1
    found = discriminate(sight(), Inquiry({"rare": question(codes)}, FOLDS), STRENGTH)
    assert torch.isfinite(found.scores).all()


def test_several_kinds_of_attackers_with_one_sight_are_heard_together() -> None:
    """Regressions first, two scores of three columns each; then the discriminant's three."""
    straight = regress(sight(), inquiry(), (1.0, 10.0))
    shapes = discriminate(sight(), inquiry(), STRENGTH)
    both = Reading(sight(), straight, shapes)
    assert_allclose(both.scores, torch.cat([straight.scores, shapes.scores], dim=1))
    weights = torch.randn(PEOPLE, 9, generator=torch.Generator().manual_seed(0))
    alone = (
        Reading(sight(), straight).pull(weights[:, :6], "three"),
        Reading(sight(), shapes).pull(weights[:, 6:], "three"),
    )
    assert_allclose(both.pull(weights, "three"), alone[0] + alone[1], atol=1e-5)
