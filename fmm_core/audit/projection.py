"""Pictures of representations: one UMAP layout for all slices that are to be compared."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fmm_core.audit.representations import standardise
from fmm_core.types import Codes, Floats

NEIGHBOURS = 15
LEAST_ROWS = 20
"""Fewer points than this are drawn on their two main axes: UMAP needs neighbours."""

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
    places : {key: float32, people drawn × 2}
    """
    some = next(iter(slices.values()))
    people = stratified(len(some), list(strata.values()), max_users, seed)
    stacked = standardise(np.concatenate([matrix[people] for matrix in slices.values()]))
    plane = _umap(stacked, seed) if len(stacked) >= LEAST_ROWS and stacked.any() else _main_axes(stacked)
    parts = np.split(plane.astype(np.float32), len(slices))
    return people, dict(zip(slices, parts, strict=True))


def _umap(stacked: Floats, seed: int) -> Floats:
    from umap import UMAP

    start = _main_axes(stacked)
    start = 10 * start / max(float(np.abs(start).max()), 1e-9)
    model = UMAP(
        n_neighbors=min(NEIGHBOURS, len(stacked) - 1), init=start, random_state=seed, n_jobs=1, low_memory=False
    )
    return model.fit_transform(stacked)


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
