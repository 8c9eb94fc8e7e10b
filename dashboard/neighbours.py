"""How often the nearest people on a map are of one's own group, beside what chance would give. Numpy only."""

import numpy as np
from numpy.typing import NDArray

K = 10
_BLOCK = 512


def like_neighbours(
    xy: NDArray[np.floating], codes: NDArray[np.integer], asked: NDArray[np.bool_] | None = None, k: int = K
) -> tuple[float, float]:
    """The share of a person's k nearest neighbours that are of the same group, averaged, and its value by chance.

    Parameters
    ----------
    xy : (people, 2)
    codes : group of each person, −1 undisclosed (left out)
    asked : the people averaged over, everyone by default; their neighbours may be anyone

    Returns
    -------
    share, chance
        Both NaN with fewer than k + 1 people, or nobody asked. Chance: the mean over those asked of (n − 1) / (N − 1),
        n people in the group, exact without order.
    """
    known = codes >= 0
    points, labels = np.asarray(xy[known], np.float32), codes[known]
    people = np.arange(len(points)) if asked is None else np.flatnonzero(asked[known])
    n = len(points)
    if n <= k or not len(people):
        return float("nan"), float("nan")
    blocks = (people[start : start + _BLOCK] for start in range(0, len(people), _BLOCK))
    like = sum(_like_in_block(points, labels, block, k) for block in blocks)
    alike = np.bincount(labels)[labels[people]] - 1
    return like / (len(people) * k), float(alike.mean() / (n - 1))


def _like_in_block(
    points: NDArray[np.floating], labels: NDArray[np.integer], block: NDArray[np.integer], k: int
) -> int:
    some = points[block]
    squares = (some**2).sum(axis=1)[:, None] + (points**2).sum(axis=1) - 2 * some @ points.T  # (block, people)
    squares[np.arange(len(block)), block] = np.inf  # nobody is one's own neighbour
    nearest = np.argpartition(squares, k - 1, axis=1)[:, :k]
    return int((labels[nearest] == labels[block, None]).sum())
