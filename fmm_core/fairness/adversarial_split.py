"""The two trainings of a disentanglement by opponents: corrected, and as published (`split_game` says what differs)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor, nn

from fmm_core.fairness.affine import Affine, AffinePair, Vectors
from fmm_core.fairness.closed_split import FLAT, closed_split, main_directions
from fmm_core.fairness.specs import DisentangleConfig
from fmm_core.fairness.split_game import CORRECTED, PUBLISHED, Game
from fmm_core.recommenders.training import device
from fmm_core.types import Codes, Progress

STEPS = 10
"""Batches of people per epoch of the corrected game: between two looks of a fresh attacker."""
JUDGES = 5
"""One person in so many stays out of the game and judges it."""
LANDMARKS = 200
"""Of the fresh attacker's kernel."""


def adversarial_split(
    config: DisentangleConfig,
    profiles: Vectors,
    codes: Mapping[str, Codes],
    interactions: NDArray[np.integer],
    progress: Progress,
    seed: int,
) -> AffinePair:
    """The corrected game, from the closed form on and of its rank; the best epoch, or the start, by fresh attackers."""
    del interactions  # one vote each
    centre, axes, scale = _frame(profiles)
    rows = ((profiles - centre) @ axes / scale).astype(np.float32)  # (people, k)
    judges = np.random.default_rng(seed).permutation(len(rows)) % JUDGES == 0
    players = {name: np.where(judges, -1, code).astype(np.int16) for name, code in codes.items()}
    voters = np.tile(np.flatnonzero(~judges), (STEPS, 1))
    start = closed_split(rows.astype(np.float64), players, config.energy)
    table = torch.from_numpy(rows).to(device())
    with _drawing(seed):
        layers = _layers(start.biased.matrix), _layers(start.filtered.matrix)
        game = Game(*layers, rows.shape[1], _tensors(players), CORRECTED, config.learning_rate)
        best = _maps(game)
        least = _told(best, rows, codes, judges)
        for epoch in range(1, config.epochs + 1):
            batches = islice(_batches(voters, config.batch_size, seed + epoch), STEPS)
            loss = np.mean([game.step(table, part) for part in batches])
            maps = _maps(game)
            told = _told(maps, rows, codes, judges)
            if told < least:
                best, least = maps, told
            progress(epoch, config.epochs, loss=float(loss), told=told)
    biased, filtered = (_lifted(part, axes, centre, scale) for part in best)
    tail = np.eye(len(centre)) - axes @ axes.T  # what the game did not look at is not filtered
    return AffinePair(Affine(biased.matrix + tail, biased.shift - centre @ tail), filtered)


def published_split(
    config: DisentangleConfig,
    profiles: Vectors,
    codes: Mapping[str, Codes],
    interactions: NDArray[np.integer],
    progress: Progress,
    seed: int,
) -> AffinePair:
    """The published game over interactions, from a random start; the maps of the last step."""
    width = profiles.shape[1]
    table = torch.from_numpy(profiles.astype(np.float32)).to(device())
    pairs = np.repeat(np.arange(len(profiles)), interactions)
    with _drawing(seed):
        layers = nn.Linear(width, width), nn.Linear(width, width)
        game = Game(*layers, width, _tensors(codes), PUBLISHED, config.learning_rate)
        for epoch in range(1, config.epochs + 1):
            loss = np.mean([game.step(table, part) for part in _batches(pairs[None], config.batch_size, seed + epoch)])
            progress(epoch, config.epochs, loss=float(loss))
    return _maps(game)


def _frame(profiles: Vectors) -> tuple[Vectors, Vectors, float]:
    """Centre, main directions (d × k) and mean standard deviation: 1 where nothing varies."""
    centre = profiles.mean(axis=0)
    axes, spread, _ = main_directions(profiles - centre)
    return centre, axes, float(np.sqrt(np.mean(spread**2))) if len(spread) else 1.0


def _layers(matrix: Vectors) -> nn.Sequential:
    """``x @ matrix`` as two layers, through no more dimensions than its rank: it never grows while training."""
    left, values, right = np.linalg.svd(matrix)
    rank = max(int((values > FLAT).sum()), 1)
    root = np.sqrt(values[:rank])
    down, up = nn.Linear(len(matrix), rank, bias=False), nn.Linear(rank, len(matrix))
    with torch.no_grad():
        down.weight.copy_(torch.from_numpy((left[:, :rank] * root).T))
        up.weight.copy_(torch.from_numpy((root[:, None] * right[:rank]).T))
        up.bias.zero_()
    return nn.Sequential(down, up)


def _maps(game: Game) -> AffinePair:
    """The maps as they are now: read off at zero and at the axes, which is exact for whatever is affine."""
    return AffinePair(_read(game.biased, game.width), _read(game.filtered, game.width))


def _read(layers: nn.Module, width: int) -> Affine:
    with torch.no_grad():
        shift = layers(torch.zeros(1, width, device=device()))
        matrix = layers(torch.eye(width, device=device())) - shift
    return Affine(matrix.double().cpu().numpy(), shift[0].double().cpu().numpy())


def _told(maps: AffinePair, rows: NDArray[np.float32], codes: Mapping[str, Codes], judges: NDArray[np.bool_]) -> float:
    """What a fresh attacker reads in the judges' filtered profiles: |2 AUC − 1|, mean over groups, then attributes.

    Ridge regression on the standardised vectors and a Gaussian kernel at some landmarks, fitted on everybody else.
    """
    filtered = maps.filtered.apply(rows)
    z = (filtered - filtered.mean(axis=0)) / (filtered.std(axis=0) + 1e-9)
    marks = z[~judges][:LANDMARKS]
    squared = (z**2).sum(axis=1)[:, None] + (marks**2).sum(axis=1) - 2 * z @ marks.T
    features = np.column_stack([z / np.sqrt(z.shape[1]), np.exp(-squared / z.shape[1]), np.ones(len(z), np.float32)])
    return float(np.mean([_read_out(features, code, judges) for code in codes.values()]))


@contextmanager
def _drawing(seed: int) -> Iterator[None]:
    """Torch's own generator, which fills layers and drops units, at `seed`; as before afterwards."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def _tensors(codes: Mapping[str, Codes]) -> dict[str, Tensor]:
    """Codes with groups counted from 0 without gaps, as int64 tensors."""
    found = {}
    for name, code in codes.items():
        present = np.unique(code[code >= 0])
        counted = np.where(code >= 0, np.searchsorted(present, code), -1).astype(np.int64)
        found[name] = torch.from_numpy(counted).to(device())
    return found


def _batches(passes: NDArray[np.int64], size: int, seed: int) -> Iterator[Tensor]:
    """Every row of `passes` in fresh random order, in batches."""
    rng = np.random.default_rng(seed)
    for row in passes:
        yield from torch.from_numpy(rng.permutation(row)).to(device()).split(size)


def _lifted(part: Affine, axes: Vectors, centre: Vectors, scale: float) -> Affine:
    """A map of main directions as a map of features."""
    matrix = axes @ part.matrix @ axes.T
    return Affine(matrix, centre + scale * part.shift @ axes.T - centre @ matrix)


def _read_out(features: NDArray[np.float32], code: Codes, judges: NDArray[np.bool_]) -> float:
    learn, ask = ~judges & (code >= 0), judges & (code >= 0)
    groups = np.unique(code[learn])
    one_hot = (code[learn][:, None] == groups).astype(np.float32)
    known = features[learn]
    system = known.T @ known + np.eye(known.shape[1], dtype=np.float32)
    scores = features[ask] @ np.linalg.solve(system, known.T @ one_hot)
    areas = [_auc(scores[:, place], code[ask] == group) for place, group in enumerate(groups)]
    return float(np.mean([abs(2 * area - 1) for area in areas]))


def _auc(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """½ where there is nobody to compare."""
    inside, outside = int(positive.sum()), int((~positive).sum())
    if min(inside, outside) == 0:
        return 0.5
    return float((rankdata(scores)[positive].sum() - inside * (inside + 1) / 2) / (inside * outside))
