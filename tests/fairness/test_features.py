"""What attackers read vectors by: kernels multiply out, squares see shapes, gradients match small differences."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from torch import Generator, Tensor

from fmm_core.fairness.features import Look, held_standard, kernel, linear, scale, squares, standardise


def numbers(n: int, m: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(n, m))).float()


def test_standardised_columns_have_mean_0_and_variance_1_and_constant_ones_are_0() -> None:
    x = numbers(50, 4) * torch.tensor([1.0, 20.0, 0.3, 0.0]) + 5
    for found in (standardise(x), held_standard(x)):
        assert_allclose(found[:, :3].mean(dim=0), np.zeros(3), atol=1e-5)
        assert_allclose(found[:, :3].var(dim=0, correction=0), np.ones(3), rtol=1e-5)
        assert_array_equal(found[:, 3], np.zeros(50))


def test_nobody_s_held_gradient_depends_on_anybody_else() -> None:
    x = numbers(20, 3).requires_grad_()
    (found,) = torch.autograd.grad(held_standard(x)[4].sum(), x)
    expected = torch.zeros(20, 3)
    expected[4] = scale(x.detach())
    assert_allclose(found, expected)


def test_kernel_features_multiply_to_a_kernel() -> None:
    """With everyone a landmark the features' inner products are exp(−γ d²), for one γ between the given widths."""
    z = standardise(numbers(12, 3))
    features = kernel((1 / 8, 2.0))(z, 12, Generator().manual_seed(1)).features
    products = (features @ features.T).numpy().astype(np.float64)
    apart = ~np.eye(12, dtype=bool)
    gamma = -np.log(products[apart]) / cdist(z, z, "sqeuclidean")[apart]
    assert_allclose(gamma, gamma.mean(), rtol=0.02)
    assert 1 / 8 <= gamma.mean() * 3 <= 2


def test_squares_see_a_group_that_differs_in_spread_only() -> None:
    z, group = numbers(400, 4), torch.arange(400) % 2
    z = standardise(torch.cat([z[:, :1] * (1.0 + group[:, None]), z[:, 1:]], dim=1))
    features = squares(z, 30, Generator().manual_seed(0)).features
    apart = [np.corrcoef(x.numpy(), group.numpy())[0, 1] for x in (z[:, 0], *features.T)]
    assert abs(apart[0]) < 0.1
    assert max(map(abs, apart[1:])) > 0.25


@pytest.mark.parametrize("look", [linear, kernel((0.5, 1.0)), squares])
def test_weights_of_features_are_the_same_read_out_as_weights_of_raw_ones(look: Look) -> None:
    view = look(standardise(numbers(30, 4)), 10, Generator().manual_seed(2))
    weights = numbers(view.features.shape[1], 2)
    assert_allclose(view.features @ weights, view.raw @ view.raw_weights(weights), atol=2e-3)
