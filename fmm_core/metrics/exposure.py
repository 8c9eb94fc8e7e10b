"""What lists show: popular items, the catalogue's breadth, categories, and how far a list is like its owner's history.

Lists are `items`, int32, users × ranks, best first, filled up with `NO_ITEM`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.metrics.ranking import NO_ITEM

POPULAR = 0.2
"""The most popular fifth, the "short head" of Abdollahpouri et al. (2019)."""

SMOOTHING = 0.01
"""Share of the history mixed into a list's categories: a category that is missing costs much, not everything."""

NORMAL = 1.96

Lists = NDArray[np.int32]
Values = NDArray[np.float64]


# one value a user --------------------------------------------------------------------------------------------------


def popular_items(clicks: NDArray, share: float = POPULAR) -> NDArray[np.bool_]:
    """The `share` of all items with the most clicks, rounded up; equal ones in the order of items.

    Examples
    --------
    >>> popular_items(np.array([3, 9, 0, 9, 1])).tolist()
    [False, True, False, False, False]
    """
    most = np.argsort(-clicks, kind="stable")[: int(np.ceil(share * len(clicks)))]
    popular = np.zeros(len(clicks), bool)
    popular[most] = True
    return popular


def popular_share(items: Lists, popular: NDArray[np.bool_], ks: Sequence[int]) -> dict[int, Values]:
    """Share of each list that is popular (Abdollahpouri, Burke and Mobasher 2019, per user); NaN if it is empty.

    Parameters
    ----------
    popular : one flag per item
    """
    there = items != NO_ITEM
    shown, hit = there.cumsum(axis=1), (there & popular[items]).cumsum(axis=1)
    return {k: _divided(hit[:, k - 1].astype(np.float64), shown[:, k - 1]) for k in ks}


def item_categories(flags: NDArray) -> Values:
    """``p(c | i)``, items × categories: an item's weight spread evenly over its categories; rows of 0 without any."""
    total = flags.sum(axis=1, keepdims=True)
    return np.divide(flags, total, out=np.zeros(flags.shape), where=total > 0)


def history_categories(history: csr_matrix, categories: Values) -> Values:
    """``p(c | u) = Σ p(c | i) / n`` over the items chosen that have a category, users × categories; NaN without any."""
    return _normalised(np.asarray(history @ categories))


def list_categories(items: Lists, categories: Values, ks: Sequence[int]) -> dict[int, Values]:
    """``q(c | u)``: the same of the first k items of each list."""
    found, total = {}, np.zeros((len(items), categories.shape[1]))
    for rank in range(max(ks)):  # a rank at a time: users × ranks × categories would not fit
        there = items[:, rank] != NO_ITEM
        total[there] += categories[items[there, rank]]
        if rank + 1 in ks:
            found[rank + 1] = _normalised(total)
    return found


def miscalibration(history: Values, listed: Values, smoothing: float = SMOOTHING) -> Values:
    """``KL(p, q̃) = Σ_c p(c|u) log(p(c|u) / q̃(c|u))``, ``q̃ = (1 − α) q + α p`` (Steck, RecSys 2018, eq. 6 and 7).

    0: a list has its owner's categories in the proportions of their history; in nats, at most ``log(1 / α)``.

    Parameters
    ----------
    history, listed : p and q, users × categories

    Returns
    -------
    One value a user; NaN where history or list has no category.
    """
    mixed = (1 - smoothing) * listed + smoothing * history
    share = np.divide(history, mixed, out=np.ones_like(history), where=history > 0)
    divergence = (history * np.log(share)).sum(axis=1)
    return np.where(np.isnan(history + listed).any(axis=1), np.nan, np.maximum(divergence, 0.0))


def favourite_share(history: Values, listed: Values) -> Values:
    """Share of each list in the category most frequent in its owner's history; NaN where either has no category."""
    favourite = np.nan_to_num(history).argmax(axis=1)
    share = listed[np.arange(len(listed)), favourite]
    return np.where(np.isnan(history).any(axis=1), np.nan, share)


def _normalised(weights: Values) -> Values:
    return _divided(weights, weights.sum(axis=1, keepdims=True))


def _divided(part: Values, whole: NDArray) -> Values:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


# all lists at once -------------------------------------------------------------------------------------------------


class Aggregate(NamedTuple):
    """A figure of all lists together, and by how much it would be less without each user's list."""

    value: float
    influence: Values

    def minus(self, other: "Aggregate") -> "Aggregate":
        """The change of the figure, user by user."""
        return Aggregate(self.value - other.value, self.influence - other.influence)

    def reach(self) -> float:
        """Half the 95 % interval: ``1.96 √((n − 1)/n Σ (uᵢ − ū)²)``, the jackknife.

        Drawing users with replacement would not do: fewer different people always show fewer items. The jackknife's
        variance is never too small on average (Efron and Stein 1981).
        """
        n = len(self.influence)
        return NORMAL * float(np.sqrt((n - 1) * self.influence.var())) if n > 1 else float("nan")


def coverage(items: Lists, n_items: int) -> Aggregate:
    """Share of the catalogue that stands in at least one list (Ge, Delgado-Battenfeld and Jannach, RecSys 2010).

    More lists show more items: compare before with after, not a large group with a small one.
    """
    exposure = _exposure(items, n_items)
    only_here = _summed(items, (exposure == 1) / n_items)
    return Aggregate(float((exposure > 0).mean()), only_here)


def gini(items: Lists, n_items: int) -> Aggregate:
    """Inequality of exposure: 0, every item stands in as many lists as any other; near 1, few items fill all lists.

    ``G = Σᵢ (2i − I − 1) eᵢ / (I Σ e)`` with exposures e in ascending order (Fleder and Hosanagar 2009, after Gini).
    A user's influence is to first order ``Σ ∂G/∂eⱼ`` over the list, ``∂G/∂eⱼ = ((2i − I − 1)/I − G) / Σ e``, where
    equal exposures share their mean place i.
    """
    exposure = _exposure(items, n_items)
    total = exposure.sum()
    if total == 0:
        return Aggregate(float("nan"), np.zeros(len(items)))
    _, place, ties = np.unique(exposure, return_inverse=True, return_counts=True)
    middle = (ties.cumsum() - (ties - 1) / 2)[place]  # mean place among equals, from 1
    lean = (2 * middle - n_items - 1) / n_items
    value = float((lean * exposure).sum() / total)
    return Aggregate(value, _summed(items, (lean - value) / total))


def _exposure(items: Lists, n_items: int) -> NDArray[np.int64]:
    return np.bincount(items[items != NO_ITEM], minlength=n_items)


def _summed(items: Lists, worth: Values) -> Values:
    """Every list's sum of what its items are worth."""
    return np.where(items == NO_ITEM, 0.0, worth[items]).sum(axis=1)
