"""Filters against torch's own modules, and the published sizes."""

import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn

from fmm_core.fairness.filters import ITEM, USER, FilterBank

WIDTH, PEOPLE = 6, 5


def bank(count: int = 3, prompt: str = "concat", width: int = WIDTH) -> FilterBank:
    made = FilterBank(count, width, prompt, torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    with torch.no_grad():  # offsets start at 0; give them something to be wrong about
        for parameter in (made.first_offset, made.second_offset):
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    return made


def one(made: FilterBank, place: int) -> nn.Sequential:
    """One filter of the bank as anybody would write it."""
    inputs, width = made.first.shape[1:]
    module = nn.Sequential(nn.Linear(inputs, width), nn.LeakyReLU(0.2), nn.Linear(width, width))
    with torch.no_grad():
        module[0].weight.copy_(made.first[place].T)
        module[0].bias.copy_(made.first_offset[place, 0])
        module[2].weight.copy_(made.second[place].T)
        module[2].bias.copy_(made.second_offset[place, 0])
    return module


@pytest.fixture
def vectors() -> Tensor:
    return torch.randn(PEOPLE, WIDTH, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize(("count", "width", "parameters"), [(3, 64, 37_376), (1, 192, 111_360)])
def test_the_published_sizes(count: int, width: int, parameters: int) -> None:
    assert sum(each.numel() for each in bank(count, "concat", width).parameters()) == parameters


@pytest.mark.parametrize("chosen", [[0], [2], [0, 2], [0, 1, 2]])
def test_the_output_is_the_mean_over_the_chosen_filters(vectors: Tensor, chosen: list[int]) -> None:
    made = bank(prompt="none")
    expected = torch.stack([one(made, place)(vectors) for place in chosen]).mean(dim=0)
    assert_allclose(made(vectors, USER, chosen).detach(), expected.detach(), atol=1e-5)


def test_a_concatenated_prompt_stands_before_the_vector_and_depends_on_the_role(vectors: Tensor) -> None:
    made = bank(prompt="concat")
    for role in (USER, ITEM):
        entered = torch.cat([made.prompt[role].expand(PEOPLE, WIDTH), vectors], dim=1)
        assert_allclose(made(vectors, role, [1]).detach(), one(made, 1)(entered).detach(), atol=1e-5)
    assert not torch.allclose(made(vectors, USER, [1]), made(vectors, ITEM, [1]))


def test_an_added_prompt_is_added(vectors: Tensor) -> None:
    made = bank(prompt="add")
    expected = one(made, 0)(vectors + made.prompt[ITEM])
    assert_allclose(made(vectors, ITEM, [0]).detach(), expected.detach(), atol=1e-5)


def test_weights_lie_within_xaviers_bounds_and_fill_them() -> None:
    first = bank(prompt="concat").first
    bound = (6 / (2 * WIDTH + WIDTH)) ** 0.5
    assert first.abs().max() <= bound
    assert first.abs().max() > 0.9 * bound
