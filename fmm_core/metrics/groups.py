"""Means with bootstrap intervals over users: per group, gap and ratio of groups, and paired changes between models.

All figures of one call share the same resampled users, so differences between columns (models) and between groups are
paired. One matrix product per group and block of resamples serves every column at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
BLOCK = 100
"""Resamples per matrix product; bounds memory at BLOCK × users weights."""

DECIMALS = 12
"""A matrix product's last bits depend on where a column stands; rounded, equal columns have equal means."""

CONFIDENCE = 95.0
"""Per cent."""


@dataclass(frozen=True)
class Estimate:
    """A figure per column with its 95 % interval, over `n` users; NaN where nobody counts."""

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n: int


@dataclass(frozen=True)
class Resampled:
    """Group means in the sample and in every resample.

    Attributes
    ----------
    means : groups × columns
    drawn : resamples × groups × columns
    sizes : users per group
    """

    means: NDArray[np.float64]
    drawn: NDArray[np.float64]
    sizes: NDArray[np.int64]

    def of_groups(self, groups: slice) -> "Resampled":
        """The same resamples, some of the groups."""
        return Resampled(self.means[groups], self.drawn[:, groups], self.sizes[groups])

    def of_columns(self, columns: slice) -> "Resampled":
        """The same resamples, some of the columns."""
        return Resampled(self.means[:, columns], self.drawn[..., columns], self.sizes)

    def minus(self, other: "Resampled") -> "Resampled":
        """Paired differences of means, user by user in every resample."""
        return Resampled(self.means - other.means, self.drawn - other.drawn, self.sizes)


def resample(
    values: NDArray[np.float64], groups: Sequence[NDArray[np.bool_]], seed: int, resamples: int = RESAMPLES
) -> Resampled:
    """Draw users with replacement, `resamples` times, and take every group's mean of every column.

    Parameters
    ----------
    values : users × columns; a user with NaN in any column counts nowhere
    groups : one mask over users per group; groups may overlap
    """
    judged = ~np.isnan(values).any(axis=1)
    kept = values[judged]
    members = [np.flatnonzero(mask[judged]) for mask in groups]
    rng = np.random.default_rng(seed)
    n = len(kept)
    drawn = np.empty((resamples, len(groups), kept.shape[1]))
    for start in range(0, resamples, BLOCK):
        part = drawn[start : start + BLOCK]
        chosen = rng.integers(0, max(n, 1), (len(part), n)) + n * np.arange(len(part))[:, None]
        weights = np.bincount(chosen.ravel(), minlength=len(part) * n).reshape(len(part), n)  # (block, users)
        part[:] = _means(weights.astype(np.float64), members, kept)
    sizes = np.array([len(inside) for inside in members], np.int64)
    return Resampled(_means(np.ones((1, n)), members, kept)[0], drawn, sizes)


def _means(weights: NDArray, members: Sequence[NDArray[np.int64]], values: NDArray) -> NDArray[np.float64]:
    """Weighted means of every group: weights (draws, users), values (users, columns) -> (draws, groups, columns)."""
    by_group = []
    for inside in members:
        chosen = weights[:, inside]
        total = chosen.sum(axis=1, keepdims=True)
        sums = chosen @ values[inside]
        by_group.append(np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0))
    return np.stack(by_group, axis=1).round(DECIMALS)


def group_means(sample: Resampled) -> list[Estimate]:
    """Every group's mean (or mean change) with its percentile interval."""
    return [
        _percentile(sample.means[group], sample.drawn[:, group], int(size)) for group, size in enumerate(sample.sizes)
    ]


def gap(sample: Resampled) -> Estimate:
    """The largest group mean minus the smallest, with a simultaneous interval over all pairs of groups.

    Resampling only ever widens a gap, so its percentile interval never covers 0 where groups do not differ. The errors
    of a gap are at most the range of the group means' errors; gap ± the 95th percentile of that range (Tukey's
    range test, bootstrapped) covers at least 95 %, and 0 exactly when no two groups can be told apart.
    """
    value = _spread(sample.means)
    if not sample.sizes.any():
        return _nothing(value)
    reach = np.nanpercentile(_spread(sample.drawn - sample.means), CONFIDENCE, axis=0)
    return Estimate(value, np.maximum(value - reach, 0.0), value + reach, int(sample.sizes.sum()))


def gap_change(after: Resampled, before: Resampled) -> Estimate:
    """How the gap changed, with the percentile interval of the paired change (the widening mostly cancels)."""
    drawn = _spread(after.drawn) - _spread(before.drawn)
    return _percentile(_spread(after.means) - _spread(before.means), drawn, int(after.sizes.sum()))


def ratio(sample: Resampled) -> Estimate:
    """The smallest group mean divided by the largest, with a simultaneous interval; for means of 0 and more.

    The same argument as for `gap`, on a logarithmic scale: a ratio is the exponential of minus the gap of logarithms,
    so it is divided and multiplied by the 95th percentile of the range of the logarithms' errors. A group without any
    success has no logarithm; the interval then is everything from 0 to 1.
    """
    value = _shares(sample.means)
    if not sample.sizes.any():
        return _nothing(value)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.nan_to_num(np.log(sample.drawn) - np.log(sample.means), nan=0.0, neginf=-np.inf)
        reach = np.percentile(_spread(errors), CONFIDENCE, axis=0, method="higher")  # between infinities lies nothing
        low, high = value * np.exp(-reach), np.minimum(value * np.exp(reach), 1.0)
    empty = value == 0
    return Estimate(value, np.where(empty, 0.0, low), np.where(empty, 1.0, high), int(sample.sizes.sum()))


def ratio_change(after: Resampled, before: Resampled) -> Estimate:
    """How the ratio changed, with the percentile interval of the paired change; NaN where there is none."""
    value = _shares(after.means) - _shares(before.means)
    drawn = np.where(np.isnan(value), 0.0, _shares(after.drawn) - _shares(before.drawn))
    found = _percentile(value, drawn, int(after.sizes.sum()))
    return Estimate(value, found.low + 0 * value, found.high + 0 * value, found.n)


def _shares(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smallest divided by largest over groups; NaN where the largest is 0. (…, groups, columns)."""
    low, high = np.fmin.reduce(means, axis=-2), np.fmax.reduce(means, axis=-2)
    return np.divide(low, high, out=np.full_like(low, np.nan), where=high > 0)


def _spread(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest minus smallest over groups; groups nobody counts in are passed over. (…, groups, columns)."""
    return np.fmax.reduce(means, axis=-2) - np.fmin.reduce(means, axis=-2)


def _percentile(value: NDArray, drawn: NDArray, n: int) -> Estimate:
    if n == 0:
        return _nothing(value)
    tail = (100 - CONFIDENCE) / 2
    low, high = np.nanpercentile(drawn, [tail, 100 - tail], axis=0)
    return Estimate(value, low, high, n)


def _nothing(value: NDArray) -> Estimate:
    nan = np.full_like(value, np.nan)
    return Estimate(nan, nan, nan, 0)
