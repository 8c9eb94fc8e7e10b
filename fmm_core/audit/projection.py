"""Pictures of representations: one UMAP layout for all slices that are to be compared."""

import warnings
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fmm_core.audit.representations import standardise
from fmm_core.threads import one_torch_thread
from fmm_core.types import Codes, Floats

NEIGHBOURS = 15
"""Neighbours per point that UMAP keeps, the point itself among them."""

EPOCHS = 300
"""Of UMAP's layout: 1.0 s and trustworthiness 0.860 at 1886 × 64; its default of 500 takes 1.7 s for 0.865."""

LEAST_ROWS = 20
"""Fewer points than this are drawn on their two main axes: UMAP needs neighbours. So are points on one line."""

SAME = 1e-5
"""Distances below are rounding: the points are the same."""

Key = TypeVar("Key")


def project(
    slices: Mapping[Key, Floats], strata: Mapping[str, Codes], *, max_users: int = 3000, seed: int = 0
) -> tuple[NDArray[np.int64], dict[Key, Floats]]:
    """Place the people of all slices in one plane, fitted once on the slices stacked, so positions are comparable.

    Parameters
    ----------
    slices : {key: people × d}, all of one width and one order of people
    strata : {attribute: codes}; a sample keeps the share of every joint group

    Returns
    -------
    people : rows that were drawn
    places : {key: float32, people drawn × 2}; bit-equal for equal input and seed on one machine
    """
    some = next(iter(slices.values()))
    people = stratified(len(some), list(strata.values()), max_users, seed)
    stacked = standardise(np.concatenate([matrix[people] for matrix in slices.values()]))
    start = _main_axes(stacked)
    plane = len(start) >= LEAST_ROWS and np.ptp(start[:, 1]) > SAME
    places = _umap(stacked, start, seed) if plane else start
    parts = np.split(places.astype(np.float32), len(slices))
    return people, dict(zip(slices, parts, strict=True))


def _umap(stacked: Floats, start: Floats, seed: int) -> Floats:
    from umap import UMAP  # seconds to import, and only a worker ever draws

    neighbours = _neighbour_table(stacked, min(NEIGHBOURS, len(stacked) - 1))
    model = UMAP(
        n_neighbors=neighbours[0].shape[1],
        n_epochs=EPOCHS,
        init=10 * start / np.abs(start).max(),
        precomputed_knn=neighbours,
        random_state=seed,
        n_jobs=1,
    )
    # without this, torch has as many threads as there are cores from here on
    with one_torch_thread(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="precomputed_knn", category=UserWarning)  # we place no new points
        return model.fit_transform(stacked)


def _neighbour_table(stacked: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
    """Each point and its `count` − 1 nearest others, exactly: indices and distances, points × count.

    Handing it to UMAP spares compiling its approximate search, which takes longer than everything else here: 5 s for
    the first map of 2 × 943 points instead of 14 s.
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=count - 1, algorithm="brute").fit(stacked.astype(np.float64))
    distances, indices = search.kneighbors()  # of other points: the point itself is put first, at exactly 0
    distances[distances < SAME] = 0
    itself = np.arange(len(stacked))[:, None]
    return np.hstack([itself, indices]), np.hstack([np.zeros_like(distances[:, :1]), distances]).astype(np.float32)


def _main_axes(stacked: Floats) -> Floats:
    """The two leading principal directions; zeros where there is no second one."""
    left, values, _ = np.linalg.svd(stacked.astype(np.float64), full_matrices=False)
    plane = np.zeros((len(stacked), 2), np.float32)
    width = min(2, len(values))
    plane[:, :width] = left[:, :width] * values[:width]
    return plane


def stratified(n: int, codes: list[Codes], count: int, seed: int) -> NDArray[np.int64]:
    """At most `count` of n people, each joint group with its share (largest remainders), in ascending order."""
    if n <= count:
        return np.arange(n)
    joint = np.unique(np.column_stack([np.zeros(n, np.int16), *codes]), axis=0, return_inverse=True)[1].ravel()
    sizes = np.bincount(joint)
    exact = sizes * count / n
    quota = np.floor(exact).astype(int)
    quota[np.argsort(quota - exact, kind="stable")[: count - quota.sum()]] += 1
    order = np.lexsort((np.random.default_rng(seed).random(n), joint))
    rank = np.arange(n) - (np.cumsum(sizes) - sizes)[joint[order]]
    return np.sort(order[rank < quota[joint[order]]])
