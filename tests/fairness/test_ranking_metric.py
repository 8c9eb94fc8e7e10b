"""Everyone's list as a geometry, against sums written out for one person."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix
from scipy.special import rel_entr, softmax

from fmm_core.fairness.ranking_metric import RankingMetric
from fmm_core.types import Representations

PEOPLE, ITEMS, D = 6, 30, 4
PRIOR, PERPLEXITY = 0.5, 7.0


@pytest.fixture
def base() -> Representations:
    rng = np.random.default_rng(3)
    user, item, bias = rng.normal(size=(PEOPLE, D)), rng.normal(size=(ITEMS, D)), rng.normal(size=ITEMS)
    return Representations(user.astype(np.float32), item.astype(np.float32), bias.astype(np.float32))


SEEN = csr_matrix((np.random.default_rng(4).random((PEOPLE, ITEMS)) < 0.2).astype(np.float32))
SPREAD = np.diag([1.0, 2.0, 0.5, 1.5])


@pytest.fixture
def metric(base: Representations) -> RankingMetric:
    spread = torch.from_numpy(SPREAD).float()
    return RankingMetric(base, SEEN, spread, prior=PRIOR, perplexity=PERPLEXITY)


def chances(base: Representations, vector: np.ndarray, person: int, temper: float) -> tuple[np.ndarray, np.ndarray]:
    """Chances of choosing every unseen item, and the items' vectors."""
    unseen = SEEN[person].toarray()[0] == 0
    return softmax(temper * (base.item[unseen] @ vector + base.item_bias[unseen])), base.item[unseen]


def temper(base: Representations, person: int) -> float:
    """The factor that gives the perplexity, on a fine grid."""
    grid = np.geomspace(0.05, 20, 20_000)
    unseen = SEEN[person].toarray()[0] == 0
    table = softmax(grid[:, None] * (base.item[unseen] @ base.user[person] + base.item_bias[unseen]), axis=1)
    return float(grid[np.abs(np.exp(-(table * np.log(table)).sum(axis=1)) - PERPLEXITY).argmin()])


def hessians(base: Representations) -> list[np.ndarray]:
    found = []
    for person in range(PEOPLE):
        p, items = chances(base, base.user[person], person, temper(base, person))
        found.append(np.cov(items.T, aweights=p, ddof=0))
    return found


def prior(base: Representations) -> np.ndarray:
    return PRIOR * np.trace(SPREAD @ np.mean(hessians(base), axis=0)) / D * np.linalg.inv(SPREAD)


def test_a_step_is_cheapest_where_the_items_at_stake_are_alike(base: Representations, metric: RankingMetric) -> None:
    gradient = np.random.default_rng(5).normal(size=(PEOPLE, D)).astype(np.float32)
    found = metric.steer(torch.from_numpy(gradient))
    for person, hessian in enumerate(hessians(base)):
        expected = np.linalg.solve(hessian + prior(base), gradient[person])
        assert_allclose(found[person], expected, rtol=5e-3, atol=1e-4)


@pytest.mark.parametrize("person", range(PEOPLE))
def test_the_way_back_is_the_slope_of_how_far_a_list_has_gone(base: Representations, person: int) -> None:
    moved = base.user + np.random.default_rng(6).normal(scale=0.4, size=(PEOPLE, D)).astype(np.float32)
    spread = torch.from_numpy(SPREAD).float()
    found = RankingMetric(base, SEEN, spread, prior=PRIOR, perplexity=PERPLEXITY).back(torch.from_numpy(moved))
    t, before = temper(base, person), prior(base)
    start, _ = chances(base, base.user[person], person, t)

    def distance(vector: np.ndarray) -> float:
        p, _ = chances(base, vector, person, t)
        away = vector - base.user[person]
        return float(rel_entr(start, p).sum() / t**2 + away @ before @ away / 2)

    steps = 1e-3 * np.eye(D)
    slope = [(distance(moved[person] + e) - distance(moved[person] - e)) / 2e-3 for e in steps]
    expected = np.linalg.solve(hessians(base)[person] + before, slope)
    assert_allclose(found[person], expected, rtol=2e-2, atol=2e-3)


def test_whoever_has_not_moved_has_no_way_back(base: Representations, metric: RankingMetric) -> None:
    assert_allclose(metric.back(torch.from_numpy(base.user)), np.zeros((PEOPLE, D)), atol=1e-6)


def test_people_without_unseen_items_and_flat_directions_stay_finite(base: Representations) -> None:
    seen = SEEN.toarray()
    seen[0] = 1
    flat = torch.diag(torch.tensor([1.0, 1.0, 1.0, 0.0]))
    metric = RankingMetric(base, csr_matrix(seen), flat, prior=PRIOR, perplexity=PERPLEXITY)
    assert torch.isfinite(metric.steer(torch.ones(PEOPLE, D))).all()
    assert torch.isfinite(metric.back(torch.from_numpy(base.user) + 1)).all()
