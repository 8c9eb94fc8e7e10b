"""The fused adversaries against the plain form: separate modules, separate optimisers, people in rows."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn

from fmm_core.fairness.adversary import (
    Adversaries,
    Gaze,
    Labels,
    OneAdversary,
    TwoAdversaries,
    prior_entropies,
    standardised,
)

WIDTH, PEOPLE, RATE = 8, 30, 0.01
CLASSES = (2, 4)


def fused(views: int, seed: int = 0) -> Adversaries:
    return Adversaries(WIDTH, CLASSES, views, learning_rate=RATE, largest=PEOPLE, seed=seed)


def plain(adversaries: Adversaries, place: int, view: int) -> nn.Sequential:
    """The same adversary as anybody would write it."""
    first, first_offset, second, second_offset = (part[view].detach() for part in adversaries.layers[place])
    answers = len(second)
    module = nn.Sequential(nn.Linear(WIDTH, WIDTH // 2), nn.LeakyReLU(0.2), nn.Linear(WIDTH // 2, answers))
    with torch.no_grad():
        module[0].weight.copy_(first)
        module[0].bias.copy_(first_offset[:, 0])
        module[2].weight.copy_(second)
        module[2].bias.copy_(second_offset[:, 0])
    return module


def plain_loss(module: nn.Sequential, vectors: Tensor, codes: Tensor, votes: Tensor, mask: Tensor | None) -> Tensor:
    hidden = module[1](module[0](vectors))
    answers = module[2](hidden if mask is None else hidden * mask)
    known = votes > 0
    if answers.shape[1] == 1:
        wrong = nn.functional.binary_cross_entropy_with_logits(
            answers[known, 0], codes[known].float(), reduction="none"
        )
    else:
        wrong = nn.functional.cross_entropy(answers[known], codes[known], reduction="none")
    return (wrong * votes[known]).sum() / votes[known].sum()


@pytest.fixture
def people() -> tuple[Tensor, Tensor, Tensor]:
    """Vectors of two views (2 × people × d), codes with some undisclosed, and how often each person counts."""
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(2, PEOPLE, WIDTH, generator=generator)
    codes = torch.stack([torch.randint(0, count, (PEOPLE,), generator=generator) for count in CLASSES])
    codes[0, :5] = -1
    counts = torch.randint(1, 4, (PEOPLE,), generator=generator).float()
    return vectors, codes, counts


@pytest.mark.parametrize("masked", [False, True])
def test_losses_and_weights_are_those_of_the_plain_form(people: tuple[Tensor, Tensor, Tensor], masked: bool) -> None:
    vectors, codes, counts = people
    both = fused(views=2)
    masks = torch.ones(2, WIDTH // 2 * len(CLASSES), PEOPLE)
    if masked:
        masks = (torch.rand(masks.shape, generator=torch.Generator().manual_seed(2)) < 0.8).float() / 0.8
    both._mask = lambda rows, _: masks[:, :rows]  # type: ignore[method-assign]
    singles = {(place, view): plain(both, place, view) for place in (0, 1) for view in (0, 1)}
    labels, columns = Labels.of(codes, counts), vectors.transpose(1, 2)

    found = both.losses(columns, labels, [0, 1], dropout=masked)
    for (place, view), module in singles.items():
        half = slice(place * WIDTH // 2, (place + 1) * WIDTH // 2)
        votes = torch.where(codes[place] >= 0, counts, 0.0)
        mask = masks[view, half].T if masked else None
        expected = plain_loss(module, vectors[view], codes[place], votes, mask)
        assert_allclose(found[place, view].item(), expected.item(), rtol=1e-5)

    both.train(columns, labels, [0, 1], steps=4)
    for (place, view), module in singles.items():
        half = slice(place * WIDTH // 2, (place + 1) * WIDTH // 2)
        votes = torch.where(codes[place] >= 0, counts, 0.0)
        optimiser = torch.optim.Adam(module.parameters(), lr=RATE)
        for _ in range(4):
            optimiser.zero_grad()
            plain_loss(module, vectors[view], codes[place], votes, masks[view, half].T).backward()
            optimiser.step()
        after = plain(both, place, view)
        for mine, theirs in zip(after.parameters(), module.parameters(), strict=True):
            assert_allclose(mine.detach(), theirs.detach(), atol=1e-5)


def test_an_adversary_that_is_not_asked_does_not_move(people: tuple[Tensor, Tensor, Tensor]) -> None:
    vectors, codes, counts = people
    adversaries = fused(views=1)
    before = [[part.detach().clone() for part in layers] for layers in adversaries.layers]
    adversaries.train(vectors[:1].transpose(1, 2), Labels.of(codes, counts), [1], steps=2)
    assert all(torch.equal(old, new) for old, new in zip(before[0], adversaries.layers[0], strict=True))
    assert not any(torch.equal(old, new) for old, new in zip(before[1], adversaries.layers[1], strict=True))


def test_vectors_get_a_gradient_from_losses_and_none_from_training(people: tuple[Tensor, Tensor, Tensor]) -> None:
    vectors, codes, counts = people
    columns = vectors[:1].transpose(1, 2).clone().requires_grad_(True)
    adversaries = fused(views=1)
    adversaries.train(columns, Labels.of(codes, counts), [0], steps=1)
    assert columns.grad is None
    adversaries.losses(columns, Labels.of(codes, counts), [0], dropout=False).sum().backward()
    assert columns.grad is not None
    assert columns.grad.abs().sum() > 0


def test_one_in_five_hidden_values_is_dropped_and_the_rest_scaled_up() -> None:
    masks = fused(views=1).masks
    assert set(masks.unique().tolist()) == {0.0, 1.25}
    assert abs((masks == 0).float().mean().item() - 0.2) < 0.02


def test_votes_sum_to_1_and_the_undisclosed_have_none() -> None:
    labels = Labels.of(torch.tensor([[0, 1, -1], [-1, -1, -1]]), torch.tensor([1.0, 3.0, 4.0]))
    assert_allclose(labels.votes, [[0.25, 0.75, 0.0], [0.0, 0.0, 0.0]])


def test_one_adversary_for_both_counts_the_history_as_it_is_told() -> None:
    """``CE(user) + ½ CE(history)`` of one and the same adversary."""
    generator = torch.Generator().manual_seed(3)
    user, history = torch.randn(2, PEOPLE, WIDTH, generator=generator)
    codes = torch.randint(0, 2, (1, PEOPLE), generator=generator)
    alone, gaze = Labels.of(codes, torch.ones(PEOPLE)), OneAdversary(0.5)
    adversary = Adversaries(WIDTH, (2,), 1, learning_rate=RATE, largest=2 * PEOPLE, seed=0)

    def of(vectors: Tensor) -> float:
        return adversary.losses(Gaze().columns(vectors, None), alone, [0], dropout=False).item()

    together = adversary.losses(gaze.columns(user, history), gaze.labels(alone), [0], dropout=False) @ gaze.weights
    assert_allclose(together.item(), of(user) + 0.5 * of(history), rtol=1e-5)


def test_two_adversaries_look_at_one_kind_of_vector_each() -> None:
    user, history = torch.randn(2, PEOPLE, WIDTH, generator=torch.Generator().manual_seed(3))
    columns = TwoAdversaries(0.5).columns(user, history)
    assert torch.equal(columns[0], user.T)
    assert torch.equal(columns[1], history.T)
    assert TwoAdversaries(0.5).weights.tolist() == [1.0, 0.5]


def test_guessing_costs_the_entropy_of_the_shares() -> None:
    found = prior_entropies(torch.tensor([[0, 1, 0, 1, -1], [0, 0, 0, 1, 1]]))
    assert_allclose(found, [math.log(2), -0.6 * math.log(0.6) - 0.4 * math.log(0.4)], rtol=1e-6)


def test_size_and_place_hide_nothing() -> None:
    vectors = torch.from_numpy(np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32))
    assert_allclose(standardised(20 * vectors + 7), standardised(vectors), atol=1e-4)
