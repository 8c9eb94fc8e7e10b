"""The two trainings of a disentanglement by opponents: corrected, and as published (`split_game` says what differs)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from fmm_core.fairness.affine import Affine, AffinePair, Vectors
from fmm_core.fairness.closed_split import main_directions
from fmm_core.fairness.specs import DisentangleConfig
from fmm_core.fairness.split_game import CORRECTED, PUBLISHED, Game
from fmm_core.types import Codes, Progress

STEPS = 10
"""Passes over the people per epoch of the corrected game: between two looks of a fresh attacker."""
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
    """The corrected game, from the identity, in the profiles' main directions; the best epoch by fresh attackers."""
    del interactions  # one vote each
    centre = profiles.mean(axis=0)
    axes, spread, total = main_directions(profiles - centre)
    scale = np.sqrt(max(total, 1e-30) / len(spread)) if len(spread) else 1.0
    rows = (profiles - centre) @ axes / scale  # (people, k)
    judges = np.random.default_rng(seed).permutation(len(rows)) % JUDGES == 0
    players = {name: np.where(judges, -1, code) for name, code in codes.items()}
    with _drawing(seed):
        game = Game(rows.shape[1], _tensors(players), CORRECTED, config.learning_rate, seed)
        game.start_from_identity()
        best, least = game.maps(), np.inf
        table = torch.from_numpy(rows.astype(np.float32))
        for epoch in range(1, config.epochs + 1):
            voters = np.tile(np.flatnonzero(~judges), (STEPS, 1))
            loss = np.mean([game.step(table, part) for part in _batches(voters, config.batch_size, seed + epoch)])
            maps = game.maps()
            filtered = maps.filtered.apply(rows.astype(np.float32))
            told = np.mean([_told(filtered, code, judges) for code in codes.values()])
            badness = 1 - _cosine(filtered, rows)[judges].mean() + told
            if badness < least:
                best, least = maps, badness
            progress(epoch, config.epochs, loss=float(loss), told=float(told))
    return AffinePair(*(_lifted(part, axes, centre, scale) for part in best))


def published_split(
    config: DisentangleConfig,
    profiles: Vectors,
    codes: Mapping[str, Codes],
    interactions: NDArray[np.integer],
    progress: Progress,
    seed: int,
) -> AffinePair:
    """The published game over interactions, from a random start; the maps of the last step."""
    table = torch.from_numpy(profiles.astype(np.float32))
    pairs = np.repeat(np.arange(len(profiles)), interactions)
    with _drawing(seed):
        game = Game(profiles.shape[1], _tensors(codes), PUBLISHED, config.learning_rate, seed)
        for epoch in range(1, config.epochs + 1):
            loss = np.mean([game.step(table, part) for part in _batches(pairs[None], config.batch_size, seed + epoch)])
            progress(epoch, config.epochs, loss=float(loss))
    return game.maps()


@contextmanager
def _drawing(seed: int) -> Iterator[None]:
    """Torch's own generator, which fills layers and drops units, at `seed`; as before afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _tensors(codes: Mapping[str, Codes]) -> dict[str, Tensor]:
    """Codes with groups counted from 0 without gaps, as int64 tensors."""
    found = {}
    for name, code in codes.items():
        present = np.unique(code[code >= 0])
        found[name] = torch.from_numpy(np.where(code >= 0, np.searchsorted(present, code), -1).astype(np.int64))
    return found


def _batches(passes: NDArray[np.int64], size: int, seed: int) -> Iterator[Tensor]:
    """Every row of `passes` in fresh random order, in batches."""
    rng = np.random.default_rng(seed)
    for row in passes:
        yield from torch.from_numpy(rng.permutation(row)).split(size)


def _lifted(part: Affine, axes: Vectors, centre: Vectors, scale: float) -> Affine:
    """A map of main directions as a map of features."""
    matrix = axes @ part.matrix @ axes.T
    return Affine(matrix, centre + scale * part.shift @ axes.T - centre @ matrix)


def _cosine(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(axis=1) / np.maximum(norms, 1e-12)


def _told(filtered: NDArray[np.floating], code: Codes, judges: NDArray[np.bool_]) -> float:
    """How far from ½, twice, a fresh attacker's one-vs-rest AUC is on the judges: 0 nothing, 1 everything.

    Ridge regression on the standardised vectors and a Gaussian kernel at some landmarks, fitted on everybody else.
    """
    learn, ask = ~judges & (code >= 0), judges & (code >= 0)
    z = (filtered - filtered[learn].mean(axis=0)) / (filtered[learn].std(axis=0) + 1e-9)
    marks = z[learn][:LANDMARKS]
    squared = (z**2).sum(axis=1)[:, None] + (marks**2).sum(axis=1) - 2 * z @ marks.T
    features = np.column_stack([z / np.sqrt(z.shape[1]), np.exp(-squared / z.shape[1]), np.ones(len(z))])
    groups = np.unique(code[learn])
    one_hot = (code[learn][:, None] == groups).astype(np.float64)
    known = features[learn]
    system = known.T @ known + np.eye(known.shape[1])
    scores = features[ask] @ np.linalg.solve(system, known.T @ one_hot)
    areas = [_auc(scores[:, place], code[ask] == group) for place, group in enumerate(groups)]
    return float(np.mean([abs(2 * area - 1) for area in areas]))


def _auc(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """½ where there is nobody to compare."""
    inside, outside = int(positive.sum()), int((~positive).sum())
    if min(inside, outside) == 0:
        return 0.5
    return float((rankdata(scores)[positive].sum() - inside * (inside + 1) / 2) / (inside * outside))
