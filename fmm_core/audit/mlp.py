"""A small neural network as attacker: one for every left-out set, all trained at once (panel full)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fmm_core.audit.attackers import Scores, left_out_sets, per_left_out, spread
from fmm_core.audit.folds import FOLDS, hashed
from fmm_core.threads import one_torch_thread
from fmm_core.types import Floats

if TYPE_CHECKING:
    import torch

HIDDEN = 128
"""On MovieLens-1M vectors gender, age, occupation are read at 0.855, 0.824, 0.685; with 256, half the rate and twenty
epochs at 0.855, 0.823, 0.687 for 2.7 times the work. Chosen there, on out-of-fold scores of the untouched vectors."""
EPOCHS = 15
LARGEST_BATCH = 256
PEOPLE_PER_BATCH = 24
"""Small crowds get small batches, so that an epoch always has some sixteen steps: at 943 people 0.005 higher."""
LEARNING_RATE = 4e-3
"""At the first step; falls to nothing along a straight line."""
WEIGHT_DECAY = 3.0
ORDER_SEED = 3
"""Added to the seed: people are dealt neither as to folds (+ 0), landmarks (+ 1) nor label tables (+ 2)."""


def mlp(
    z: Floats,
    codes: Mapping[str, NDArray[np.integer]],
    classes: Mapping[str, int],
    users: NDArray[np.str_],
    partitions: Sequence[NDArray[np.int64]],
    seed: int,
) -> list[dict[str, Scores]]:
    """One hidden layer that all attributes share, and a softmax for each of them.

    Parameters
    ----------
    z : float32, people × d, standardised
    codes, classes : per attribute
    users : their hash decides who is in which batch, so that the order of rows changes nothing
    partitions : folds of every draw
    seed : of the first weights, which all networks have in common, and of the batches

    Returns
    -------
    Per partition and attribute one array laid out as in `attackers`: log odds of class 1 where there are two classes,
    else log probabilities
    """
    import torch  # seconds to import, and only the panel full needs it

    order = np.argsort(hashed(users, seed + ORDER_SEED), kind="stable")
    back = np.argsort(order)
    features = torch.from_numpy(z[order])
    labels = [torch.from_numpy(code[order].astype(np.int64)) for code in codes.values()]
    widths = [classes[name] for name in codes]
    with one_torch_thread():
        found = [_scores(features, labels, widths, folds[order], seed) for folds in partitions]
    return [dict(zip(codes, (each[back] for each in scores), strict=True)) for scores in found]


def _scores(
    features: "torch.Tensor", labels: list["torch.Tensor"], widths: list[int], folds: NDArray[np.int64], seed: int
) -> list[Scores]:
    """Scores of one partition, an array per attribute."""
    trained_on = [np.flatnonzero(~np.isin(folds, left)) for left in left_out_sets()]
    networks = _train(features, labels, widths, trained_on, seed)
    columns = [1 if width == 2 else width for width in widths]
    found = [np.empty((len(folds), FOLDS, count), np.float32) for count in columns]
    for place, (left, rows) in enumerate(per_left_out(folds)):
        own = [part[place : place + 1] for part in networks]
        outputs = _outputs(own, features[rows][None])[0].split(widths, dim=1)
        for scores, output in zip(found, outputs, strict=True):
            spread(scores, folds, left, rows, _readable(output))
    return found


def _readable(output: "torch.Tensor") -> Floats:
    posterior = output.log_softmax(dim=1).numpy()
    return posterior[:, 1:] - posterior[:, :1] if posterior.shape[1] == 2 else posterior


def _train(
    features: "torch.Tensor",
    labels: list["torch.Tensor"],
    widths: list[int],
    trained_on: list[NDArray[np.int64]],
    seed: int,
) -> list["torch.Tensor"]:
    """Weights and constants of both layers, the networks one behind the other in the first dimension.

    Every network goes round its own people in one fixed order; none sees another's, and all take as many steps.
    """
    import torch
    from torch.nn.functional import cross_entropy

    networks = _first_weights(len(trained_on), features.shape[1], sum(widths), seed)
    size = min(max(len(features) // PEOPLE_PER_BATCH, 1), LARGEST_BATCH)
    steps = int(EPOCHS * np.mean([len(people) for people in trained_on]) / size)
    optimiser = torch.optim.AdamW(networks, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    falling = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    for step in range(steps):
        turn = np.arange(step * size, (step + 1) * size)
        batch = torch.from_numpy(np.stack([people[turn % len(people)] for people in trained_on]))  # (networks, size)
        outputs = _outputs(networks, features[batch]).flatten(0, 1).split(widths, dim=1)
        pairs = zip(outputs, labels, strict=True)
        losses = [cross_entropy(output, label[batch].flatten(), reduction="sum") for output, label in pairs]
        optimiser.zero_grad()
        (torch.stack(losses).sum() / size).backward()
        optimiser.step()
        falling.step()
    return [part.detach() for part in networks]


def _first_weights(count: int, dimensions: int, outputs: int, seed: int) -> list["torch.Tensor"]:
    import torch

    dice = torch.Generator().manual_seed(seed)
    hidden = torch.randn(dimensions, HIDDEN, generator=dice) * (2 / dimensions) ** 0.5
    shapes = (hidden, torch.zeros(1, HIDDEN), torch.zeros(HIDDEN, outputs), torch.zeros(1, outputs))
    return [part.repeat(count, 1, 1).requires_grad_() for part in shapes]


def _outputs(networks: list["torch.Tensor"], inputs: "torch.Tensor") -> "torch.Tensor":
    """(networks, people, d) -> (networks, people, outputs)."""
    first, constant, second, last = networks
    return last.baddbmm(constant.baddbmm(inputs, first).relu(), second)
