"""Means with bootstrap intervals over users, overall, per group, and paired between two models.

All figures of one call share the same resampled users, so differences between models and groups are paired. One matrix
product per block of resamples serves every column at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
BLOCK = 100
"""Resamples per matrix product; bounds memory at BLOCK × users."""


@dataclass(frozen=True)
class Estimate:
    """A figure per column with a 95 % percentile interval; NaN where nobody counts."""

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n: int


def bootstrap(
    values: NDArray[np.float64],
    groups: list[NDArray[np.bool_]],
    seed: int,
    *,
    after: slice = slice(0, 0),
    before: slice = slice(0, 0),
    resamples: int = RESAMPLES,
) -> tuple[list[Estimate], Estimate]:
    """Group means of every column and the gap between the largest and the smallest, with intervals.

    Parameters
    ----------
    values : users × columns; a user with NaN counts nowhere
    groups : one mask over users per group
    after, before : columns whose paired change is appended to the columns of every estimate

    Returns
    -------
    one estimate per group, and the gap; the change of the gap is the gap after minus the gap before
    """
    kept = values[judged := ~np.isnan(values).any(axis=1)]
    masks = np.array([mask[judged] for mask in groups], dtype=np.float64).reshape(len(groups), len(kept))
    means = _means(np.ones((1, len(kept))), masks, kept)  # (1, groups, columns)
    drawn = _resampled(masks, kept, seed, resamples)  # (resamples, groups, columns)
    sizes = masks.sum(axis=1).astype(int)

    def with_change(figures: NDArray) -> NDArray:
        return np.concatenate([figures, figures[..., after] - figures[..., before]], axis=-1)

    def spread(figures: NDArray) -> NDArray:
        return figures.max(axis=1) - figures.min(axis=1)

    group_means, group_draws = with_change(means), with_change(drawn)
    per_group = [_estimate(group_means[0, g], group_draws[:, g], int(sizes[g])) for g in range(len(groups))]
    gap = _estimate(with_change(spread(means))[0], with_change(spread(drawn)), int(sizes.sum()))
    return per_group, gap


def _resampled(masks: NDArray, values: NDArray, seed: int, resamples: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    n = len(values)
    blocks = []
    for start in range(0, resamples, BLOCK):
        count = min(BLOCK, resamples - start)
        weights = rng.multinomial(n, np.full(n, 1 / n), size=count).astype(np.float64)  # (block, users)
        blocks.append(_means(weights, masks, values))
    return np.concatenate(blocks)


def _means(weights: NDArray, masks: NDArray, values: NDArray) -> NDArray[np.float64]:
    """Weighted group means: weights (draws, users), masks (groups, users) -> (draws, groups, columns)."""
    by_group = []
    for mask in masks:
        inside = mask > 0
        chosen = weights[:, inside]
        total = chosen.sum(axis=1, keepdims=True)
        sums = chosen @ values[inside]
        by_group.append(np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0))
    return np.stack(by_group, axis=1)


def _estimate(value: NDArray, drawn: NDArray, n: int) -> Estimate:
    if n == 0:
        nothing = np.full_like(value, np.nan)
        return Estimate(nothing, nothing, nothing, 0)
    low, high = np.nanpercentile(drawn, [2.5, 97.5], axis=0)
    return Estimate(value, low, high, n)
