"""How often the nearest people on a map are of one's own group, beside what chance would give. Numpy only."""

import numpy as np
from numpy.typing import NDArray

K = 10
_BLOCK = 512


def like_neighbours(xy: NDArray[np.floating], codes: NDArray[np.integer], k: int = K) -> tuple[float, float]:
    """The share of a person's k nearest neighbours that are of the same group, averaged, and its value by chance.

    Parameters
    ----------
    xy : (people, 2)
    codes : group of each person, −1 undisclosed (left out)

    Returns
    -------
    share, chance
        Both NaN with fewer than k + 1 people. Chance: Σ n(n − 1) / N(N − 1) over the groups, exact without order.
    """
    known = codes >= 0
    points, labels = np.asarray(xy[known], np.float32), codes[known]
    n = len(points)
    if n <= k:
        return float("nan"), float("nan")
    like = sum(_like_in_block(points, labels, start, k) for start in range(0, n, _BLOCK))
    sizes = np.bincount(labels).astype(float)
    return like / (n * k), float((sizes * (sizes - 1)).sum() / (n * (n - 1)))


def _like_in_block(points: NDArray[np.floating], labels: NDArray[np.integer], start: int, k: int) -> int:
    block = points[start : start + _BLOCK]
    squares = (block**2).sum(axis=1)[:, None] + (points**2).sum(axis=1) - 2 * block @ points.T  # (block, people)
    rows = np.arange(len(block))
    squares[rows, start + rows] = np.inf  # nobody is one's own neighbour
    nearest = np.argpartition(squares, k - 1, axis=1)[:, :k]
    return int((labels[nearest] == labels[start : start + _BLOCK, None]).sum())
