"""Lists softened at their edge: who belongs to them, and gradients of lists that keep their length."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.sparse import csr_matrix
from scipy.special import expit
from torch import Generator, Tensor

from fmm_core.fairness.soft_lists import SoftLists, _edges, _members, _Memberships, _scores
from fmm_core.types import Representations

PEOPLE, ITEMS, D, LENGTH = 8, 60, 4, 10
RANDOM = np.random.default_rng(2)
USER, ITEM, BIAS = (RANDOM.normal(size=shape).astype(np.float32) for shape in ((PEOPLE, D), (ITEMS, D), (ITEMS,)))
SEEN = RANDOM.random((PEOPLE, ITEMS)) < 0.2
NOTHING = torch.zeros(PEOPLE, 0, dtype=torch.bool)


def tensors(*arrays: np.ndarray) -> list[Tensor]:
    return [torch.from_numpy(array) for array in arrays]


def test_members_are_the_best_items_and_masked_ones_are_none() -> None:
    user, item, bias, hidden = tensors(USER, ITEM, BIAS, SEEN)
    found = _scores(user, item, bias, hidden)
    member = _members(found, _edges(found, LENGTH))
    scores = np.where(SEEN, -np.inf, USER @ ITEM.T + BIAS)
    last = np.sort(scores, axis=1)[:, -LENGTH]
    assert_allclose(member.numpy() >= 0.5 - 1e-4, scores >= last[:, None] - 1e-5)
    assert float(member[hidden].max()) == 0


@pytest.mark.parametrize("person", range(PEOPLE))
def test_the_gradient_is_that_of_a_list_of_constant_length(person: int) -> None:
    """The edge keeps its width; its place is found anew, by bisection, for every step."""
    user, item, bias = tensors(USER, ITEM, BIAS)
    weights = np.random.default_rng(7).normal(size=(PEOPLE, ITEMS))
    given = user.clone().requires_grad_()
    found = _Memberships.apply(given, item, bias, torch.eye(ITEMS), NOTHING, LENGTH)
    (slope,) = torch.autograd.grad(found, given, torch.from_numpy(weights).float())
    soft = _scores(user, item, bias, NOTHING)
    edges = _edges(soft, LENGTH)
    member, edge = (each.numpy().astype(np.float64) for each in (_members(soft, edges), edges[:, 1]))

    def total(vector: np.ndarray) -> float:
        scores = (ITEM @ vector + BIAS) / edge[person]
        place = brentq(lambda theta: expit(scores - theta).sum() - member[person].sum(), -1e3, 1e3, xtol=1e-13)
        return float(weights[person] @ expit(scores - place))

    vector = USER[person].astype(np.float64)
    expected = [(total(vector + e) - total(vector - e)) / 2e-4 for e in 1e-4 * np.eye(D)]
    assert_allclose(slope[person], expected, rtol=1e-3, atol=1e-3)


def test_lists_with_and_without_own_items_come_up_and_are_standardised() -> None:
    lists = SoftLists(Representations(USER, ITEM, BIAS), csr_matrix(SEEN.astype(np.float32)), seed=0)
    random = Generator().manual_seed(0)
    views = [lists.look(torch.from_numpy(USER), masked, random).features for masked in (True, False)]
    assert all(torch.isfinite(view).all() for view in views)
    assert_allclose(views[0].mean(dim=0), np.zeros(views[0].shape[1]), atol=1e-4)
    assert not torch.allclose(*views)


def test_people_who_have_seen_nearly_everything_stay_finite() -> None:
    seen = SEEN.copy()
    seen[0] = True
    seen[1, 3:] = True
    lists = SoftLists(Representations(USER, ITEM, BIAS), csr_matrix(seen.astype(np.float32)), seed=0)
    random = Generator().manual_seed(1)
    for masked in (True, False):
        given = torch.from_numpy(USER).clone().requires_grad_()
        view = lists.look(given, masked, random)
        (slope,) = torch.autograd.grad(view.raw.sum(), given)
        assert torch.isfinite(view.features).all()
        assert torch.isfinite(slope).all()
