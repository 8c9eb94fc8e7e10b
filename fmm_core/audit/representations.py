"""What is attacked: everything a stranger might hold about a person, as one row of numbers each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.data.splitting import row_normalised
from fmm_core.types import Floats, Representations

MOST_DIMENSIONS = 256
PEOPLE_PER_DIMENSION = 8
"""Wide tables are reduced to at most one dimension per so many people; more is noise to every attacker here."""

TOP = 20
"""Length of the recommendation list that is attacked."""


@dataclass(frozen=True)
class Target:
    """One representation: its names in contract C4, and users × d numbers.

    `sparse` is the unreduced table where there is one (the history, the list); the plain logistic attacker uses it.
    """

    representation: str
    modality: str
    phase: str
    matrix: Floats
    sparse: csr_matrix | None = None


def data_targets(train: csr_matrix, modalities: Mapping[str, Floats]) -> list[Target]:
    """What can be read from the data before any model: the history, and the profile ``R X`` of every modality."""
    targets = [Target("history", "", "data", reduce(train), train), *profile_targets(train, modalities)]
    if len(modalities) > 1:
        targets.append(Target("profile_raw", "all", "data", joint(list(profiles(train, modalities).values()))))
    return targets


def joint(several: Sequence[Floats]) -> Floats:
    """Profiles side by side, each column standardised; people × d."""
    return reduce_dense(np.column_stack([standardise(profile) for profile in several]))


def profile_targets(train: csr_matrix, modalities: Mapping[str, Floats]) -> list[Target]:
    """The profile of every modality alone."""
    found = profiles(train, modalities)
    return [Target("profile_raw", name, "data", reduce_dense(profile)) for name, profile in found.items()]


def split_targets(train: csr_matrix, split: Mapping[tuple[str, str], Floats]) -> list[Target]:
    """The profiles of disentangled modalities; `split` is {(modality, "biased" | "filtered"): items × d}."""
    return [
        Target(f"profile_{kind}", modality, "after", reduce_dense(profiles(train, {modality: features})[modality]))
        for (modality, kind), features in split.items()
    ]


def profiles(train: csr_matrix, modalities: Mapping[str, Floats]) -> dict[str, Floats]:
    """``R X`` of every modality: the mean features of what a person chose, people × d."""
    average = row_normalised(train)
    return {name: np.asarray(average @ features, np.float32) for name, features in modalities.items()}


def model_targets(
    representations: Representations, train: csr_matrix, top_items: NDArray[np.int32], phase: str
) -> list[Target]:
    """What a model stores or shows: the person vector, the mean item vector of a history, the top list.

    Parameters
    ----------
    top_items : users × at least `TOP`, best first, −1 where candidates ran out; own items masked
    phase : "before" or "after" mitigation
    """
    return [
        Target("user_vector", "", phase, representations.user),
        item_mean_target(train, representations.item, phase),
        list_target(top_items, train.shape[1], phase),
    ]


def item_mean_target(train: csr_matrix, item: Floats, phase: str) -> Target:
    """The mean of the item vectors (items × d) of a history."""
    return Target("item_mean", "", phase, np.asarray(row_normalised(train) @ item, np.float32))


def list_target(top_items: NDArray[np.int32], n_items: int, phase: str, length: int = TOP) -> Target:
    """The first `length` of a list, users × places, best first, −1 where there is none."""
    lists = _multi_hot(top_items[:, :length], n_items)
    return Target("top_k", "", phase, reduce(lists), lists)


def _multi_hot(items: NDArray[np.int32], n_items: int) -> csr_matrix:
    rows, places = np.nonzero(items >= 0)
    ones = np.ones(len(rows), np.float32)
    return csr_matrix((ones, (rows, items[rows, places])), shape=(len(items), n_items))


def reduce(table: csr_matrix) -> Floats:
    """Leading left singular directions of a sparse table, scaled; users × at most `MOST_DIMENSIONS`."""
    from sklearn.decomposition import TruncatedSVD

    rank = min(MOST_DIMENSIONS, table.shape[0] // PEOPLE_PER_DIMENSION, min(table.shape) - 1)
    return TruncatedSVD(max(rank, 1), random_state=0).fit_transform(table).astype(np.float32)


def reduce_dense(matrix: Floats) -> Floats:
    """Principal directions of a dense table that is too wide for its people; a narrow one is returned as it is."""
    rank = min(MOST_DIMENSIONS, matrix.shape[0] // PEOPLE_PER_DIMENSION)
    if matrix.shape[1] <= max(rank, 1):
        return matrix
    centred = standardise(matrix).astype(np.float64)
    values, axes = np.linalg.eigh(centred.T @ centred)
    del values  # ascending
    return (centred @ axes[:, ::-1][:, : max(rank, 1)]).astype(np.float32)


def standardise(matrix: Floats) -> Floats:
    """Every column to mean 0 and standard deviation 1, without labels; a constant column to 0."""
    return standardise_like(matrix, matrix)


def standardise_like(known: Floats, matrix: Floats) -> Floats:
    """`matrix` by the columns' means and standard deviations among `known`; columns constant there to 0."""
    mean = known.mean(axis=0)
    spread = (known - mean).std(axis=0)
    return ((matrix - mean) / np.where(spread > 1e-8, spread, np.inf)).astype(np.float32)
